//! Positions of rows in input order, however many there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::shelf::{Columns, Disk, Shape, Shelf, ShelfError};
use crate::model::outcome::Reasons;

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

impl Position {
    const SHAPE: Shape = Shape { small: 3, wide: 0 };

    const fn key(&self) -> (u32, u32) {
        (self.file, self.row)
    }
}

/// Rows of a block on the disk.
const BLOCK_ROWS: usize = 8192;

/// Positions as they come; more than so many go to the disk in sorted runs.
#[derive(Debug)]
pub struct Positions<'a> {
    /// Where runs go; `None`: all stays in memory.
    disk: Option<&'a Disk>,
    most: usize,
    waiting: Vec<Position>,
    runs: Vec<Shelf>,
    len: u64,
}

impl<'a> Positions<'a> {
    /// None yet; at most so many in memory.
    #[must_use]
    pub fn new(disk: Option<&'a Disk>, most: usize) -> Self {
        Self { disk, most, waiting: Vec::new(), runs: Vec::new(), len: 0 }
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
    pub fn put(&mut self, position: Position) -> Result<(), ShelfError> {
        self.waiting.push(position);
        self.len += 1;
        match self.disk {
            Some(disk) if self.waiting.len() >= self.most => self.set_down(disk),
            _ => Ok(()),
        }
    }

    fn set_down(&mut self, disk: &Disk) -> Result<(), ShelfError> {
        self.waiting.sort_unstable_by_key(Position::key);
        let mut run = Shelf::new(Position::SHAPE);
        for block in self.waiting.chunks(BLOCK_ROWS) {
            let mut columns = Columns::new(Position::SHAPE);
            block.iter().for_each(|position| {
                columns.push(&[], &[position.file, position.row, position.reasons.0], &[]);
            });
            run.put(disk, &columns.pack())?;
        }
        self.runs.push(run);
        self.waiting.clear();
        Ok(())
    }

    /// All of them in input order.
    #[must_use]
    pub fn in_order(mut self) -> InOrder<'a> {
        self.waiting.sort_unstable_by_key(Position::key);
        let mut runs: Vec<Run> = self.runs.into_iter().map(Run::of).collect();
        runs.push(Run { left: self.waiting.into_iter(), shelf: Shelf::new(Position::SHAPE), next: 0 });
        InOrder { disk: self.disk, runs, heads: BinaryHeap::new(), opened: false }
    }
}

/// One sorted run.
struct Run {
    left: std::vec::IntoIter<Position>,
    shelf: Shelf,
    next: usize,
}

impl Run {
    fn of(shelf: Shelf) -> Self {
        Self { left: Vec::new().into_iter(), shelf, next: 0 }
    }

    fn next(&mut self, disk: Option<&Disk>) -> Result<Option<Position>, ShelfError> {
        if let Some(position) = self.left.next() {
            return Ok(Some(position));
        }
        let (Some(disk), true) = (disk, self.next < self.shelf.blocks()) else { return Ok(None) };
        let block = self.shelf.block(disk, self.next)?;
        self.next += 1;
        let at = |row: usize| {
            let [file, number, reasons] = std::array::from_fn(|column| block.small(column)[row]);
            Position { file, row: number, reasons: Reasons(reasons) }
        };
        self.left = (0..block.len()).map(at).collect::<Vec<_>>().into_iter();
        Ok(self.left.next())
    }
}

/// File and row, run, and reasons.
type Head = ((u32, u32), usize, u32);

/// Positions in input order.
pub struct InOrder<'a> {
    disk: Option<&'a Disk>,
    runs: Vec<Run>,
    /// The first of what is left of each run.
    heads: BinaryHeap<Reverse<Head>>,
    opened: bool,
}

impl InOrder<'_> {
    fn pull(&mut self, run: usize) -> Result<(), ShelfError> {
        if let Some(position) = self.runs[run].next(self.disk)? {
            self.heads.push(Reverse((position.key(), run, position.reasons.0)));
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<Option<Position>, ShelfError> {
        if !self.opened {
            self.opened = true;
            (0..self.runs.len()).try_for_each(|run| self.pull(run))?;
        }
        let Some(Reverse(((file, row), run, reasons))) = self.heads.pop() else { return Ok(None) };
        self.pull(run)?;
        Ok(Some(Position { file, row, reasons: Reasons(reasons) }))
    }
}

impl Iterator for InOrder<'_> {
    type Item = Result<Position, ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.pop().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_in_memory_gives_one_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        // A walk over 10,007 rows of five files that meets each once.
        let all: Vec<Position> = (0..10_007_u32)
            .map(|step| step * 4_099 % 10_007)
            .map(|number| Position { file: number % 5, row: number / 5 + 1, reasons: Reasons(number) })
            .collect();
        let mut sorted = all.clone();
        sorted.sort_unstable_by_key(Position::key);
        for (disk, most) in [(None, 1), (Some(&disk), 7), (Some(&disk), 4_000), (Some(&disk), 1 << 20)] {
            let mut positions = Positions::new(disk, most);
            all.iter().for_each(|&position| positions.put(position).expect("room"));
            assert_eq!(positions.len(), 10_007);
            let found: Vec<Position> = positions.in_order().map(|position| position.expect("as it was")).collect();
            assert_eq!(found, sorted, "{most} in memory");
        }
        assert!(disk.written() > 0);
    }
}
