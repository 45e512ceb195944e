//! Rows that do not fit the memory: persons in ranges of their numbers, each range on a shelf of its own.
//!
//! Bounds are found in the rows that came first, so input in the order of its persons fills the last range alone:
//! a range that is too large is split by what it holds itself, until it fits or has one person.

use rayon::prelude::*;

use super::group::{Entry, Rows, dealt};
use super::records::{CLAIM, GHOST, Told, claims, ghosts, put_claim, put_ghost};
use super::shelf::{Columns, Disk, Packed, Shelf, ShelfError};
use crate::model::settlement::Claim;

/// Bytes that a claim takes in memory beside its text, with what grouping needs.
pub const CLAIM_BYTES: u64 = (size_of::<Claim>() + 64) as u64;
/// Bytes of a ghost.
const GHOST_BYTES: u64 = 64;
/// Most ranges that a set of rows is cut into at once: each has a file and an unfinished block.
const MOST_PARTS: u64 = 256;

/// First and last, exclusive, number of a range of persons; `None`: without end. The first of all is empty text.
#[derive(Debug)]
struct Range {
    from: Box<[u8]>,
    to: Option<Box<[u8]>>,
    claims: Shelf,
    ghosts: Shelf,
    rows: u64,
    bytes: u64,
    sample: Sample,
}

/// Numbers of persons taken at even steps out of all that came, so many at most.
#[derive(Clone, Debug)]
struct Sample {
    names: Vec<Box<[u8]>>,
    step: u64,
    passed: u64,
}

impl Sample {
    const MOST: usize = 2048;

    fn new() -> Self {
        Self { names: Vec::new(), step: 1, passed: 0 }
    }

    fn pass(&mut self, name: &[u8]) {
        if self.passed.is_multiple_of(self.step) {
            self.names.push(name.into());
            if self.names.len() == Self::MOST {
                let mut kept = false;
                self.names.retain(|_| {
                    kept = !kept;
                    kept
                });
                self.step *= 2;
            }
        }
        self.passed += 1;
    }

    /// Numbers that cut what lies between two others into so many parts of about one size. A person who alone
    /// fills a part has it alone.
    fn cuts(&self, from: &[u8], to: Option<&[u8]>, parts: u64) -> Vec<Box<[u8]>> {
        let mut names: Vec<&[u8]> = self.names.iter().map(|name| &**name).collect();
        names.sort_unstable();
        let at = |part: u64| names[(part * names.len() as u64 / parts) as usize];
        let picked: Vec<&[u8]> = if names.is_empty() { Vec::new() } else { (0..parts).map(at).collect() };
        let mut cuts: Vec<Box<[u8]>> = picked.iter().map(|&name| name.into()).collect();
        // Behind the number that stands at two cuts in a row, its next in the order of bytes.
        let behind = |name: &[u8]| [name, b"\0"].concat().into_boxed_slice();
        cuts.extend(picked.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| behind(pair[0])));
        cuts.sort_unstable();
        cuts.dedup();
        cuts.retain(|cut| **cut > *from && to.is_none_or(|to| **cut < *to));
        cuts
    }
}

impl Range {
    fn new(from: Box<[u8]>, to: Option<Box<[u8]>>) -> Self {
        let (claims, ghosts) = (Shelf::new(CLAIM), Shelf::new(GHOST));
        Self { from, to, claims, ghosts, rows: 0, bytes: 0, sample: Sample::new() }
    }

    /// Ranges between the cuts of one.
    fn between(from: Box<[u8]>, to: Option<Box<[u8]>>, cuts: Vec<Box<[u8]>>) -> Vec<Self> {
        let starts: Vec<Box<[u8]>> = std::iter::once(from).chain(cuts).collect();
        let ends = starts[1..].iter().cloned().map(Some).chain(std::iter::once(to));
        starts.iter().cloned().zip(ends.collect::<Vec<_>>()).map(|(from, to)| Self::new(from, to)).collect()
    }

    /// Blocks of claims, then of ghosts.
    fn blocks(&self) -> usize {
        self.claims.blocks() + self.ghosts.blocks()
    }

    fn size(&self, block: usize) -> u64 {
        let claims = self.claims.blocks();
        (if block < claims { self.claims.size(block) } else { self.ghosts.size(block - claims) }) as u64
    }

    /// The rows of some blocks.
    fn read(&self, disk: &Disk, blocks: std::ops::Range<usize>) -> Result<Rows, ShelfError> {
        let count = self.claims.blocks();
        let read: Result<Vec<_>, ShelfError> = blocks
            .into_par_iter()
            .enumerate()
            .map(|(arena, block)| {
                let arena = arena as u32;
                if block < count {
                    let (claims, text) = claims(self.claims.block(disk, block)?, arena);
                    return Ok((claims, Vec::new(), text));
                }
                let (ghosts, text) = ghosts(self.ghosts.block(disk, block - count)?, arena);
                Ok((Vec::new(), ghosts, text))
            })
            .collect();
        let mut rows = Rows::default();
        for (claims, ghosts, text) in read? {
            rows.claims.push(claims);
            rows.ghosts.push(ghosts);
            rows.arenas.0.push(text);
        }
        Ok(rows)
    }
}

/// Persons in ranges.
#[derive(Debug)]
pub struct Ranges {
    ranges: Vec<Range>,
    /// Bytes of rows that are set down together.
    window: u64,
}

/// Entries of a batch in the order of the ranges, and where each begins.
type Dealt = (Vec<Entry>, Vec<u32>);

impl Ranges {
    /// About so many ranges, cut by the persons of some rows, which are not taken in.
    #[must_use]
    pub fn cut(rows: &Rows, parts: u64, window: u64) -> Self {
        let mut sample = Sample::new();
        for entry in (0..rows.claims.len()).flat_map(|batch| rows.entries_of_batch(batch)) {
            sample.pass(rows.arenas.person(rows.text(entry)));
        }
        let cuts = sample.cuts(b"", None, parts.clamp(2, MOST_PARTS));
        Self { ranges: Range::between(Box::default(), None, cuts), window }
    }

    /// How many ranges there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Never: there is one at least.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The range of a person.
    #[inline]
    #[must_use]
    pub fn find(&self, person: &[u8]) -> usize {
        find(&self.ranges, person)
    }

    /// The first person behind a range; `None`: it has no end.
    #[must_use]
    pub fn end(&self, range: usize) -> Option<&[u8]> {
        self.ranges[range].to.as_deref()
    }

    /// Sets rows down.
    ///
    /// # Errors
    /// The disk does not take them.
    pub fn put(&mut self, disk: &Disk, rows: &Rows) -> Result<(), ShelfError> {
        put(&mut self.ranges, disk, rows, self.window)
    }

    /// Splits ranges of more than so many bytes; one person stays in one range.
    ///
    /// # Errors
    /// The disk does not give rows back, or not take them.
    pub fn split(&mut self, disk: &Disk, most: u64) -> Result<(), ShelfError> {
        let mut done = Vec::with_capacity(self.ranges.len());
        let mut open: Vec<Range> = std::mem::take(&mut self.ranges).into_iter().rev().collect();
        while let Some(range) = open.pop() {
            let parts = (range.bytes.div_ceil(most.max(1)) * 5 / 4 + 1).min(MOST_PARTS);
            let cuts = if range.bytes > most {
                range.sample.cuts(&range.from, range.to.as_deref(), parts)
            } else {
                Vec::new()
            };
            if cuts.is_empty() {
                done.push(range);
                continue;
            }
            let mut parts = Range::between(range.from.clone(), range.to.clone(), cuts);
            let mut first = 0;
            while first < range.blocks() {
                let mut bytes = 0;
                let here = (first..range.blocks()).take_while(|&block| {
                    bytes += range.size(block);
                    block == first || bytes <= self.window
                });
                let end = first + here.count();
                put(&mut parts, disk, &range.read(disk, first..end)?, self.window)?;
                first = end;
            }
            open.extend(parts.into_iter().rev());
        }
        self.ranges = done;
        Ok(())
    }

    /// The rows of a range, which leave the disk.
    ///
    /// # Errors
    /// The disk does not give them back.
    pub fn take(&mut self, disk: &Disk, range: usize) -> Result<Rows, ShelfError> {
        let range = &mut self.ranges[range];
        let rows = range.read(disk, 0..range.blocks())?;
        (range.claims, range.ghosts) = (Shelf::new(CLAIM), Shelf::new(GHOST));
        Ok(rows)
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.ranges.iter().map(|range| range.rows).sum()
    }
}

fn find(ranges: &[Range], person: &[u8]) -> usize {
    ranges.partition_point(|range| *range.from <= *person) - 1
}

/// Sets rows down, a window of batches at a time: what is packed is in memory beside what it was packed from, and
/// a block that was packed at once is taken up at once.
fn put(ranges: &mut [Range], disk: &Disk, rows: &Rows, window: u64) -> Result<(), ShelfError> {
    let bytes = |batch: usize| rows.claims[batch].len() as u64 * CLAIM_BYTES + rows.arenas.0[batch].len() as u64;
    let mut first = 0;
    while first < rows.claims.len() {
        let mut sum = 0;
        let here = (first..rows.claims.len()).take_while(|&batch| {
            sum += bytes(batch);
            batch == first || sum <= window
        });
        let end = first + here.count();
        put_batches(ranges, disk, rows, first..end)?;
        first = end;
    }
    Ok(())
}

fn put_batches(
    ranges: &mut [Range],
    disk: &Disk,
    rows: &Rows,
    batches: std::ops::Range<usize>,
) -> Result<(), ShelfError> {
    let parts = ranges.len();
    let dealt: Vec<Dealt> = batches
        .into_par_iter()
        .map(|batch| {
            let keyed = rows.entries_of_batch(batch).map(|entry| {
                let person = rows.arenas.person(rows.text(entry));
                (find(ranges, person), entry)
            });
            dealt(keyed.collect(), parts)
        })
        .collect();
    let packed: Vec<(Packed, Packed)> =
        ranges.par_iter_mut().enumerate().map(|(number, range)| pack(range, number, rows, &dealt)).collect();
    for (range, (claims, ghosts)) in ranges.iter_mut().zip(&packed) {
        range.claims.put(disk, claims)?;
        range.ghosts.put(disk, ghosts)?;
    }
    Ok(())
}

/// The rows of one range, made small.
fn pack(range: &mut Range, number: usize, rows: &Rows, dealt: &[Dealt]) -> (Packed, Packed) {
    let (mut claims, mut ghosts) = (Columns::new(CLAIM), Columns::new(GHOST));
    for (entries, starts) in dealt {
        for &entry in &entries[starts[number] as usize..starts[number + 1] as usize] {
            range.sample.pass(rows.arenas.person(rows.text(entry)));
            let batch = entry.batch as usize;
            if entry.index >= Entry::GHOSTS {
                let ghost = &rows.ghosts[batch][(entry.index - Entry::GHOSTS) as usize];
                put_ghost(&mut ghosts, ghost, &rows.arenas);
            } else {
                put_claim(&mut claims, &rows.claims[batch][entry.index as usize], &rows.arenas);
            }
        }
    }
    range.rows += (claims.len() + ghosts.len()) as u64;
    range.bytes += claims.len() as u64 * CLAIM_BYTES + claims.text_len() as u64;
    range.bytes += ghosts.len() as u64 * GHOST_BYTES + ghosts.text_len() as u64;
    (claims.pack(), ghosts.pack())
}

/// What a table tells about persons, range by range.
#[derive(Debug)]
pub struct ToldRanges<T> {
    shelves: Vec<Shelf>,
    waiting: Vec<Columns>,
    bytes: usize,
    window: usize,
    told: std::marker::PhantomData<T>,
}

impl<T: Told> ToldRanges<T> {
    /// Nothing told yet about persons in so many ranges.
    #[must_use]
    pub fn new(ranges: usize, window: u64) -> Self {
        Self {
            shelves: (0..ranges).map(|_| Shelf::new(T::SHAPE)).collect(),
            waiting: vec![Columns::new(T::SHAPE); ranges],
            bytes: 0,
            window: window as usize,
            told: std::marker::PhantomData,
        }
    }

    /// One more row about a person of a range.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn put(&mut self, disk: &Disk, range: usize, person: &[u8], row: &T) -> Result<(), ShelfError> {
        row.put(&mut self.waiting[range], person);
        self.bytes += person.len() + 4 * (1 + T::SHAPE.small) + 8 * T::SHAPE.wide;
        if self.bytes > self.window { self.set_down(disk) } else { Ok(()) }
    }

    /// Everything that waits goes to the disk.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn set_down(&mut self, disk: &Disk) -> Result<(), ShelfError> {
        let packed: Vec<Packed> = self.waiting.par_iter().map(Columns::pack).collect();
        for ((shelf, waiting), packed) in self.shelves.iter_mut().zip(&mut self.waiting).zip(&packed) {
            shelf.put(disk, packed)?;
            *waiting = Columns::new(T::SHAPE);
        }
        self.bytes = 0;
        Ok(())
    }

    /// Every row of a range, in the order of the table.
    ///
    /// # Errors
    /// The disk does not give it back.
    pub fn each(&self, disk: &Disk, range: usize, mut take: impl FnMut(&[u8], T)) -> Result<(), ShelfError> {
        let shelf = &self.shelves[range];
        for block in 0..shelf.blocks() {
            let columns = shelf.block(disk, block)?;
            (0..columns.len()).for_each(|row| take(columns.text(row), T::get(&columns, row)));
        }
        Ok(())
    }

    /// A range is done with: its rows leave the disk.
    pub fn forget(&mut self, range: usize) {
        self.shelves[range] = Shelf::new(T::SHAPE);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::date::{Date, Time};
    use crate::model::place::Admdvs;
    use crate::model::settlement::{Bill, CodeAndParent, Flags, Insutype, TextRef};
    use crate::model::symbol::Sym;
    use crate::shuffle::group::Ghost;

    /// A claim whose every field tells its number.
    fn claim(number: u32, text: TextRef) -> Claim {
        let sym = |of: u32| Sym(number.wrapping_mul(of));
        let fen = |of: i64| crate::model::money::Fen(i64::from(number) * of - 7);
        Claim {
            text,
            file: number % 3,
            row: number,
            institution: number ^ 1,
            setl_time: Time(i64::from(number) - 5),
            begndate: Date(number.cast_signed() - 9),
            enddate: Date(number.cast_signed()),
            brdy: number.is_multiple_of(2).then(|| Date(-number.cast_signed())),
            insured: Admdvs(number % 900_000),
            treated: Admdvs(number % 700_000),
            insutype: Insutype(number % 4),
            psn_type: CodeAndParent { code: sym(3), parent: sym(5) },
            med_type: CodeAndParent { code: sym(7), parent: sym(11) },
            identity: sym(13),
            grade: sym(17),
            disease: sym(19),
            hosp_lv: sym(23),
            dedc_hosp_lv: sym(29),
            filing_type: sym(31),
            flags: Flags(number as u8),
            bill: Bill {
                total: fen(2),
                full_own: fen(3),
                over_limit: fen(5),
                preself: fen(7),
                in_scope: fen(11),
                hospital: fen(13),
            },
        }
    }

    /// Rows of persons, in batches of a few; every seventh is a ghost.
    fn rows(persons: &[u8]) -> Rows {
        let mut rows = Rows::default();
        for (batch, some) in persons.chunks(5).enumerate() {
            let (mut claims, mut ghosts, mut arena) = (Vec::new(), Vec::new(), Vec::new());
            for (index, person) in some.iter().enumerate() {
                let number = (batch * 5 + index) as u32;
                let texts =
                    [format!("P{:0>1$}", person, usize::from(person % 3)), format!("S{number}"), format!("H{person}")];
                let [psn_len, setl_len, inst_len] = [0, 1, 2].map(|at| texts[at].len() as u16);
                let offset = arena.len() as u32;
                let text = TextRef { arena: batch as u32, offset, psn_len, setl_len, ..TextRef::default() };
                if number % 7 == 6 {
                    arena.extend_from_slice(texts[..2].concat().as_bytes());
                    ghosts.push(Ghost { text, file: 9, row: number });
                } else {
                    arena.extend_from_slice(texts.concat().as_bytes());
                    claims.push(claim(number, TextRef { inst_len, ..text }));
                }
            }
            rows.claims.push(claims);
            rows.ghosts.push(ghosts);
            rows.arenas.0.push(arena);
        }
        rows
    }

    /// Every row as text, by its number; and the person of each.
    fn told(rows: &Rows) -> Vec<(u32, Vec<u8>, String)> {
        let claims = rows.claims.iter().flatten().map(|claim| {
            let text = rows.arenas.whole(claim.text).to_vec();
            let lengths = TextRef { arena: 0, offset: 0, ..claim.text };
            (claim.row, text, format!("{:?}", Claim { text: lengths, ..claim.clone() }))
        });
        let ghosts = rows.ghosts.iter().flatten().map(|ghost| {
            let text = rows.arenas.whole(ghost.text).to_vec();
            (ghost.row, text, format!("{:?}", Ghost { text: TextRef { arena: 0, offset: 0, ..ghost.text }, ..*ghost }))
        });
        let mut told: Vec<_> = claims.chain(ghosts).collect();
        told.sort();
        told
    }

    fn persons(rows: &Rows) -> std::collections::BTreeSet<Vec<u8>> {
        let entries = (0..rows.claims.len()).flat_map(|batch| rows.entries_of_batch(batch));
        entries.map(|entry| rows.arenas.person(rows.text(entry)).to_vec()).collect()
    }

    proptest! {
        #[test]
        fn every_row_comes_back_once_in_ranges_that_fit(
            people in proptest::collection::vec(0_u8..40, 1..300),
            first in 1_usize..60,
            parts in 2_u64..9,
            most in 300_u64..20_000,
            window in 1_u64..4_000,
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let disk = Disk::new(folder.path());
            let all = rows(&people);
            let mut ranges = Ranges::cut(&rows(&people[..first.min(people.len())]), parts, window);
            ranges.put(&disk, &all).expect("room");
            ranges.split(&disk, most).expect("room");
            prop_assert_eq!(ranges.rows(), people.len() as u64);
            let (mut found, mut last) = (Vec::new(), Vec::new());
            for range in 0..ranges.len() {
                let bytes = ranges.ranges[range].bytes;
                let held = ranges.take(&disk, range).expect("as it was");
                let here = persons(&held);
                prop_assert!(bytes <= most || here.len() == 1, "{bytes} bytes of {} persons", here.len());
                prop_assert!(here.iter().all(|person| *person > last && ranges.find(person) == range));
                last = here.into_iter().next_back().unwrap_or(last);
                found.extend(told(&held));
            }
            found.sort();
            prop_assert_eq!(found, told(&all));
        }
    }
}
