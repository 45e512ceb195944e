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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_on_the_disk_and_all_in_memory_give_one_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        // More than a row group and than two blocks; a walk that meets each number once.
        let count = CHUNK_ROWS + 3 * BLOCK_ROWS + 7;
        let all = (0..count)
            .map(|step| step * 7_919 % count)
            .map(|number| -> Balance { (format!("{number:08}").into_bytes().into(), Fen(number as i64 - 50)) });
        let all: Vec<Balance> = all.collect();
        for ranges in [0, 1, 5] {
            let mut others = OtherBalances::default();
            let of = |balance: &Balance| (balance.1.0 + 50) as usize * ranges.max(1) / count;
            for range in 0..ranges.max(1) {
                all.iter().filter(|balance| of(balance) == range).for_each(|balance| others.put(balance.clone()));
                if ranges > 0 {
                    others.end_range(&disk).expect("room");
                }
            }
            let mut groups = Vec::new();
            let taken = others.in_order((ranges > 0).then_some(&disk), &mut |group| {
                groups.push(group.to_vec());
                Ok(())
            });
            taken.expect("as they went");
            assert!(groups.iter().map(Vec::len).eq([CHUNK_ROWS, count - CHUNK_ROWS]), "{ranges} ranges");
            let mut sorted = all.clone();
            sorted.sort_unstable();
            assert!(groups.concat() == sorted, "{ranges} ranges");
        }
    }
}
