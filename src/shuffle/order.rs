//! Rows in an order, however many they are: sorted in memory, or in runs on the disk that are merged as they are read.

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::shelf::{Columns, Disk, Packed, Shape, Shelf, ShelfError};
use crate::model::outcome::Reasons;

/// A row among others.
pub type At<'a> = (&'a Columns, usize);

/// A kind of rows that has an order.
pub trait Ordered: Sized {
    /// Its columns.
    const SHAPE: Shape;
    /// Sets one down.
    fn put(&self, columns: &mut Columns);
    /// The one in a row.
    fn get(columns: &Columns, row: usize) -> Self;
    /// Which of two comes first.
    fn compare(one: At<'_>, other: At<'_>) -> Ordering;
}

/// A row of the input and why it is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// Why.
    pub reasons: Reasons,
}

/// In input order.
impl Ordered for Position {
    const SHAPE: Shape = Shape { small: 3, wide: 0 };

    fn put(&self, columns: &mut Columns) {
        columns.push(&[], &[self.file, self.row, self.reasons.0], &[]);
    }

    fn get(columns: &Columns, row: usize) -> Self {
        let [file, number, reasons] = std::array::from_fn(|column| columns.small(column)[row]);
        Self { file, row: number, reasons: Reasons(reasons) }
    }

    fn compare(one: At<'_>, other: At<'_>) -> Ordering {
        let key = |(columns, row): At<'_>| (columns.small(0)[row], columns.small(1)[row]);
        key(one).cmp(&key(other))
    }
}

/// Runs that are merged at a time, each with a block in memory.
const MOST_RUNS: usize = 64;
/// Blocks that are packed at a time.
const BLOCKS_AT_A_TIME: usize = 16;

/// Rows as they come; more than so many bytes go to the disk in sorted runs.
#[derive(Debug)]
pub struct Sorter<T> {
    /// Where runs go; `None`: all stays in memory.
    disk: Option<Arc<Disk>>,
    most: usize,
    waiting: Columns,
    /// Sorted runs in memory.
    held: Vec<Arc<Columns>>,
    shelf: Shelf,
    /// Blocks of each sorted run on the disk.
    runs: Vec<Range<usize>>,
    /// The last row of the last of them.
    last: Columns,
    len: u64,
    kind: PhantomData<T>,
}

impl<T: Ordered> Sorter<T> {
    /// Without a disk: text of one set of columns is found by 32 bits.
    const MOST_HELD: usize = 1 << 30;

    /// None yet; at most so many bytes of them in memory, if there is a disk.
    #[must_use]
    pub fn new(disk: Option<Arc<Disk>>, most: u64) -> Self {
        let most = if disk.is_some() { most as usize } else { Self::MOST_HELD };
        Self {
            disk,
            most,
            waiting: Columns::new(T::SHAPE),
            held: Vec::new(),
            shelf: Shelf::new(T::SHAPE),
            runs: Vec::new(),
            last: Columns::new(T::SHAPE),
            len: 0,
            kind: PhantomData,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn put(&mut self, row: &T) -> Result<(), ShelfError> {
        row.put(&mut self.waiting);
        self.make_room()
    }

    /// One more, which stands in columns already.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn put_row(&mut self, (columns, row): At<'_>) -> Result<(), ShelfError> {
        self.waiting.push_row(columns, row);
        self.make_room()
    }

    fn make_room(&mut self) -> Result<(), ShelfError> {
        self.len += 1;
        // Beside a row its number, while it is sorted.
        if self.waiting.size() + 4 * self.waiting.len() < self.most {
            return Ok(());
        }
        match self.disk.clone() {
            Some(disk) => self.set_down(&disk),
            None => {
                self.hold();
                Ok(())
            }
        }
    }

    fn hold(&mut self) {
        let waiting = std::mem::replace(&mut self.waiting, Columns::new(T::SHAPE));
        let order = order::<T>(&waiting);
        let is_sorted = order.is_sorted();
        self.held.push(Arc::new(if is_sorted { waiting } else { picked(&waiting, &order, T::SHAPE) }));
    }

    /// What waits goes to the disk. Rows that come in their order make one run, however many they are.
    fn set_down(&mut self, disk: &Disk) -> Result<(), ShelfError> {
        let order = order::<T>(&self.waiting);
        let (Some(&first), Some(&last)) = (order.first(), order.last()) else { return Ok(()) };
        let begin = self.shelf.blocks();
        let block = (self.waiting.len() * block_bytes(self.most)).div_ceil(self.waiting.size().max(1));
        for some in order.chunks(block * BLOCKS_AT_A_TIME) {
            let packed = some.par_chunks(block).map(|rows| picked(&self.waiting, rows, T::SHAPE).pack());
            packed.collect::<Vec<Packed>>().iter().try_for_each(|block| self.shelf.put(disk, block))?;
        }
        let first = (&self.waiting, first as usize);
        let follows = !self.last.is_empty() && T::compare((&self.last, 0), first) != Ordering::Greater;
        match self.runs.last_mut() {
            Some(run) if follows => run.end = self.shelf.blocks(),
            _ => self.runs.push(begin..self.shelf.blocks()),
        }
        self.last = picked(&self.waiting, &[last], T::SHAPE);
        self.waiting.clear();
        Ok(())
    }

    /// All of them are there.
    ///
    /// # Errors
    /// The disk does not take them, or not give them back.
    pub fn finish(mut self) -> Result<Sorted<T>, ShelfError> {
        match self.disk.clone() {
            Some(disk) if !self.runs.is_empty() => self.set_down(&disk)?,
            _ => self.hold(),
        }
        let Self { disk, most, held, shelf, runs, .. } = self;
        let mut sorted = Sorted { disk, held, shelf, runs, kind: PhantomData };
        while sorted.runs.len() > MOST_RUNS {
            sorted = sorted.merged(block_bytes(most))?;
        }
        Ok(sorted)
    }

    /// All of them in their order.
    ///
    /// # Errors
    /// The disk does not take them, or not give them back.
    pub fn in_order(self) -> Result<InOrder<T>, ShelfError> {
        InOrder::of(&Arc::new(self.finish()?))
    }
}

/// Bytes of a block: one of each run that is merged fits what is sorted in memory.
fn block_bytes(most: usize) -> usize {
    (most / MOST_RUNS).clamp(16 << 10, 1 << 20)
}

/// The numbers of rows in their order.
fn order<T: Ordered>(columns: &Columns) -> Vec<u32> {
    let mut order: Vec<u32> = (0..columns.len() as u32).collect();
    let at = |row: u32| (columns, row as usize);
    order.par_sort_unstable_by(|&one, &other| T::compare(at(one), at(other)).then(one.cmp(&other)));
    order
}

fn picked(columns: &Columns, rows: &[u32], shape: Shape) -> Columns {
    let mut picked = Columns::new(shape);
    rows.iter().for_each(|&row| picked.push_row(columns, row as usize));
    picked
}

/// Sorted rows, in memory or on the disk, to be gone through any number of times.
#[derive(Debug)]
pub struct Sorted<T> {
    disk: Option<Arc<Disk>>,
    held: Vec<Arc<Columns>>,
    shelf: Shelf,
    runs: Vec<Range<usize>>,
    kind: PhantomData<T>,
}

impl<T: Ordered> Sorted<T> {
    /// The same in fewer runs.
    fn merged(self, block_bytes: usize) -> Result<Self, ShelfError> {
        let of = Arc::new(self);
        let disk = of.disk();
        let (mut shelf, mut runs) = (Shelf::new(T::SHAPE), Vec::new());
        for some in of.runs.chunks(MOST_RUNS) {
            let begin = shelf.blocks();
            let mut rows = InOrder::of_runs(&of, some)?;
            let mut block = Columns::new(T::SHAPE);
            while let Some((columns, row)) = rows.head()? {
                block.push_row(columns, row);
                rows.pass();
                if block.size() >= block_bytes {
                    shelf.put(disk, &block.pack())?;
                    block.clear();
                }
            }
            shelf.put(disk, &block.pack())?;
            runs.push(begin..shelf.blocks());
        }
        Ok(Self { disk: of.disk.clone(), held: Vec::new(), shelf, runs, kind: PhantomData })
    }

    fn disk(&self) -> &Disk {
        self.disk.as_deref().expect("a disk, as there are rows on it")
    }
}

/// The first row of what is left of a run, its block, and the blocks behind it.
#[derive(Debug)]
struct Head {
    block: Arc<Columns>,
    row: usize,
    behind: Range<usize>,
}

impl Head {
    fn at(&self) -> At<'_> {
        (&self.block, self.row)
    }
}

/// Rows in their order.
#[derive(Debug)]
pub struct InOrder<T> {
    of: Arc<Sorted<T>>,
    /// A heap: none stands before the one at half its place.
    heads: Vec<Head>,
    /// The first of them is done with.
    is_passed: bool,
}

impl<T: Ordered> InOrder<T> {
    /// From the first on.
    ///
    /// # Errors
    /// The disk does not give rows back.
    pub fn of(sorted: &Arc<Sorted<T>>) -> Result<Self, ShelfError> {
        Self::of_runs(sorted, &sorted.runs)
    }

    fn of_runs(of: &Arc<Sorted<T>>, runs: &[Range<usize>]) -> Result<Self, ShelfError> {
        let held = of.held.iter().filter(|run| !run.is_empty());
        let held = held.map(|run| Head { block: Arc::clone(run), row: 0, behind: 0..0 });
        let mut heads: Vec<Head> = held.collect();
        for run in runs {
            let block = Arc::new(of.shelf.block(of.disk(), run.start)?);
            heads.push(Head { block, row: 0, behind: run.start + 1..run.end });
        }
        heads.sort_by(|one, other| T::compare(one.at(), other.at()));
        Ok(Self { of: Arc::clone(of), heads, is_passed: false })
    }

    /// The next row, which stays the next until it is passed; `None` behind the last.
    ///
    /// # Errors
    /// The disk does not give it back.
    pub fn head(&mut self) -> Result<Option<At<'_>>, ShelfError> {
        if std::mem::take(&mut self.is_passed) {
            self.advance()?;
        }
        Ok(self.heads.first().map(Head::at))
    }

    /// The row that [`InOrder::head`] gave is done with.
    pub const fn pass(&mut self) {
        self.is_passed = true;
    }

    fn advance(&mut self) -> Result<(), ShelfError> {
        let Some(head) = self.heads.first_mut() else { return Ok(()) };
        head.row += 1;
        if head.row == head.block.len() {
            match head.behind.next() {
                Some(block) => (head.block, head.row) = (Arc::new(self.of.shelf.block(self.of.disk(), block)?), 0),
                None => drop(self.heads.swap_remove(0)),
            }
        }
        self.sift();
        Ok(())
    }

    /// The first head goes down to its place.
    fn sift(&mut self) {
        let before = |one: &Head, other: &Head| T::compare(one.at(), other.at()) == Ordering::Less;
        let mut at = 0;
        loop {
            let children = (2 * at + 1..self.heads.len()).take(2);
            let least =
                children.reduce(|one, other| if before(&self.heads[other], &self.heads[one]) { other } else { one });
            match least {
                Some(child) if before(&self.heads[child], &self.heads[at]) => {
                    self.heads.swap(at, child);
                    at = child;
                }
                _ => return,
            }
        }
    }
}

impl<T: Ordered> Iterator for InOrder<T> {
    type Item = Result<T, ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.head().map(|head| head.map(|(columns, row)| T::get(columns, row)));
        self.pass();
        next.transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::money::Fen;
    use crate::model::reference::AccountBalance;
    use crate::shuffle::records::Balance;

    fn sorter<T: Ordered>(disk: Option<&Arc<Disk>>, most: u64, rows: &[T]) -> Sorter<T> {
        let mut sorter = Sorter::new(disk.cloned(), most);
        rows.iter().for_each(|row| sorter.put(row).expect("room"));
        assert_eq!((sorter.len(), sorter.is_empty()), (rows.len() as u64, rows.is_empty()));
        sorter
    }

    #[test]
    fn any_number_in_memory_gives_one_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(Disk::new(folder.path()));
        // A walk over 10,007 rows of five files that meets each once.
        let all: Vec<Position> = (0..10_007_u32)
            .map(|step| step * 4_099 % 10_007)
            .map(|number| Position { file: number % 5, row: number / 5 + 1, reasons: Reasons(number) })
            .collect();
        let mut sorted = all.clone();
        sorted.sort_unstable_by_key(|position| (position.file, position.row));
        // From a run for every row, which are merged three times, to none.
        for (disk, most) in
            [(None, 1), (Some(&disk), 1), (Some(&disk), 140), (Some(&disk), 80_000), (Some(&disk), 1 << 20)]
        {
            let positions = sorter(disk, most, &all);
            let found: Vec<Position> =
                positions.in_order().expect("room").map(|position| position.expect("as it was")).collect();
            assert_eq!(found, sorted, "{most} bytes in memory");
        }
        assert!(disk.written() > 0);
    }

    /// Balances of persons, in the order in which they are given; numbers begin each other and come again.
    fn balances(persons: &[u16]) -> Vec<Balance> {
        let number = |person: u16| format!("{:0>1$}", person / 3, usize::from(person % 3)).into_bytes().into();
        let told =
            |row: usize| AccountBalance { balance: Fen(row as i64 - 9), file: row as u32 / 40, line: row as u64 };
        persons.iter().enumerate().map(|(row, &person)| (number(person), told(row))).collect()
    }

    fn told((person, told): &Balance) -> (Vec<u8>, u32, u64, i64) {
        (person.to_vec(), told.file, told.line, told.balance.0)
    }

    proptest! {
        #[test]
        fn rows_come_by_person_file_and_line_as_often_as_they_are_asked_for(
            persons in proptest::collection::vec(0_u16..400, 0..400),
            most in 1_u64..9_000,
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let disk = Arc::new(Disk::new(folder.path()));
            let all = balances(&persons);
            let mut expected: Vec<_> = all.iter().map(told).collect();
            expected.sort_unstable();
            let sorted = Arc::new(sorter(Some(&disk), most, &all).finish().expect("room"));
            prop_assert!(sorted.runs.len() <= MOST_RUNS);
            for _ in 0..2 {
                let rows = InOrder::of(&sorted).expect("as it was");
                let found: Vec<_> = rows.map(|row| told(&row.expect("as it was"))).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn rows_that_come_in_their_order_are_one_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(Disk::new(folder.path()));
        let mut all = balances(&(0..3_000).map(|person| person * 3 % 9_001).collect::<Vec<_>>());
        all.sort_by_key(told);
        let sorted = sorter(Some(&disk), 2_000, &all).finish().expect("room");
        assert_eq!(sorted.runs.len(), 1);
        assert!(sorted.shelf.blocks() > 30, "{} blocks", sorted.shelf.blocks());
        all.reverse();
        let reversed = sorter(Some(&disk), 2_000, &all);
        assert!(reversed.runs.len() > 30, "{} runs", reversed.runs.len());
        let found: Vec<_> = reversed.in_order().expect("room").map(|row| told(&row.expect("as it was"))).collect();
        assert!(found.iter().rev().eq(all.iter().map(told).collect::<Vec<_>>().iter()));
    }

    #[test]
    fn a_row_stays_the_next_until_it_is_passed() {
        let all = balances(&[5, 3, 4]);
        let mut rows = sorter(None, 1, &all).in_order().expect("memory");
        let line = |rows: &mut InOrder<Balance>| {
            rows.head().expect("memory").map(|(columns, row)| Balance::get(columns, row).1.line)
        };
        let first = line(&mut rows);
        assert_eq!(line(&mut rows), first);
        rows.pass();
        assert_ne!(line(&mut rows), first);
        assert_eq!(rows.by_ref().count(), 2);
        assert_eq!(line(&mut rows), None);
    }
}
