//! Balances of persons who have no row this night, for the ledger to keep: in the order of persons, however many.

use super::RunError;
use crate::ledger::fold::CHUNK_ROWS;
use crate::model::money::Fen;
use crate::model::reference::AccountBalance;
use crate::shuffle::records::Told as _;
use crate::shuffle::shelf::{Columns, Disk, Shelf, ShelfError};

/// A person's number and balance.
pub type Balance = (Box<[u8]>, Fen);

/// Balances as they come, range after range of persons.
#[derive(Debug)]
pub struct OtherBalances {
    /// Those of the ranges that are done.
    shelf: Shelf,
    /// Those of the last range.
    waiting: Vec<Balance>,
}

impl Default for OtherBalances {
    fn default() -> Self {
        Self { shelf: Shelf::new(AccountBalance::SHAPE), waiting: Vec::new() }
    }
}

/// Rows of a block on the disk.
const BLOCK_ROWS: usize = 8192;

impl OtherBalances {
    /// One more of the last range.
    pub(super) fn put(&mut self, balance: Balance) {
        self.waiting.push(balance);
    }

    /// A range is done: it goes to the disk, and those to come are of persons behind it.
    pub(super) fn end_range(&mut self, disk: &Disk) -> Result<(), ShelfError> {
        self.waiting.sort_unstable();
        for block in self.waiting.chunks(BLOCK_ROWS) {
            let mut columns = Columns::new(AccountBalance::SHAPE);
            for (person, balance) in block {
                AccountBalance { balance: *balance, file: 0, line: 0 }.put(&mut columns, person);
            }
            self.shelf.put(disk, &columns.pack())?;
        }
        self.waiting.clear();
        Ok(())
    }

    /// All of them, so many at a time that they make a row group.
    pub(super) fn in_order(
        mut self,
        disk: Option<&Disk>,
        take: &mut dyn FnMut(&[Balance]) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut group = Vec::new();
        let mut put = |balance: Balance| -> Result<(), RunError> {
            group.push(balance);
            if group.len() == CHUNK_ROWS {
                take(&group)?;
                group.clear();
            }
            Ok(())
        };
        for block in 0..self.shelf.blocks() {
            let columns = self.shelf.block(disk.expect("a disk, as there are rows on it"), block)?;
            let at = |row: usize| (columns.text(row).into(), AccountBalance::get(&columns, row).balance);
            (0..columns.len()).try_for_each(|row| put(at(row)))?;
        }
        self.waiting.sort_unstable();
        self.waiting.into_iter().try_for_each(put)?;
        if group.is_empty() { Ok(()) } else { take(&group) }
    }
}
