//! The paid side by settlement number.

use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashTable;

use crate::columnar::reconciled::{FIELDS, FieldSet};
use crate::ingest::paid::{PaidRow, PaidRows};
use crate::model::money::Fen;
use crate::shuffle::group::text_hash;

/// Nothing follows.
const END: u32 = u32::MAX;

/// Rows of the paid side, found by `setl_id`.
pub struct PaidSide {
    /// The rows.
    pub rows: PaidRows,
    first: HashTable<u32>,
    /// The next row with the same number.
    next: Vec<u32>,
    met: Vec<AtomicBool>,
}

/// All rows of the paid side with one number, summed up.
#[derive(Clone, Copy, Debug)]
pub struct PaidSum {
    /// How many.
    pub rows: u64,
    /// Of them, less those that take a settlement back.
    pub count: i64,
    /// Fields that every row's file has.
    pub columns: FieldSet,
    /// Sum of the totals, where all say so.
    pub total: Option<Fen>,
    /// Sums of the fields.
    pub amounts: [Fen; FIELDS],
}

impl PaidSide {
    /// Puts rows in order.
    #[must_use]
    pub fn new(rows: PaidRows) -> Self {
        let count = rows.rows.len();
        let mut side = Self {
            first: HashTable::with_capacity(count),
            next: vec![END; count],
            met: (0..count).map(|_| AtomicBool::new(false)).collect(),
            rows,
        };
        let mut last: Vec<u32> = (0..count as u32).collect();
        for number in 0..count as u32 {
            let rows = &side.rows;
            let id = |number: u32| rows.setl_id(&rows.rows[number as usize]);
            let hash = text_hash(id(number));
            match side.first.find(hash, |&first| id(first) == id(number)) {
                Some(&first) => {
                    side.next[last[first as usize] as usize] = number;
                    last[first as usize] = number;
                }
                None => {
                    side.first.insert_unique(hash, number, |&other| text_hash(id(other)));
                }
            }
        }
        side
    }

    /// The first row with a number.
    #[must_use]
    pub fn find(&self, setl_id: &[u8]) -> Option<u32> {
        self.first.find(text_hash(setl_id), |&first| self.setl_id(first) == setl_id).copied()
    }

    /// Says that the run has a row with the number.
    pub fn meet(&self, setl_id: &[u8]) {
        if let Some(first) = self.find(setl_id) {
            self.met[first as usize].store(true, Ordering::Relaxed);
        }
    }

    /// `setl_id` of a row.
    #[must_use]
    pub fn setl_id(&self, row: u32) -> &[u8] {
        self.rows.setl_id(&self.rows.rows[row as usize])
    }

    /// `psn_no` of a row.
    #[must_use]
    pub fn psn_no(&self, row: u32) -> &[u8] {
        self.rows.psn_no(&self.rows.rows[row as usize])
    }

    fn all(&self, first: u32) -> impl Iterator<Item = &PaidRow> {
        let mut at = first;
        std::iter::from_fn(move || {
            let row = self.rows.rows.get(at as usize)?;
            at = self.next[at as usize];
            Some(row)
        })
    }

    /// The rows with the number of a first row.
    #[must_use]
    pub fn sum(&self, first: u32) -> PaidSum {
        let mut sum =
            PaidSum { rows: 0, count: 0, columns: FieldSet::ALL, total: Some(Fen::ZERO), amounts: [Fen::ZERO; FIELDS] };
        for row in self.all(first) {
            sum.rows += 1;
            sum.count += if row.is_reversal { -1 } else { 1 };
            sum.columns = sum.columns.and(row.columns);
            sum.total = sum.total.zip(row.total).map(|(sum, total)| sum + total);
            sum.amounts.iter_mut().zip(row.amounts).for_each(|(sum, amount)| *sum += amount);
        }
        sum
    }

    /// The one row of a number that belongs to a claim: the claim's own row, or of files the one that names its person or
    /// nobody. `None` where several do.
    #[must_use]
    pub fn row_of(&self, setl_id: &[u8], is_its: impl Fn(&PaidRow) -> bool) -> Option<&PaidRow> {
        let mut rows = self.all(self.find(setl_id)?).filter(|row| is_its(row));
        let row = rows.next()?;
        rows.next().is_none().then_some(row)
    }

    /// First rows of the numbers that the run does not have, in the order of (`psn_no`, `setl_id`).
    #[must_use]
    pub fn unmet(&self) -> Vec<u32> {
        let mut unmet: Vec<u32> =
            self.first.iter().copied().filter(|&row| !self.met[row as usize].load(Ordering::Relaxed)).collect();
        unmet.sort_unstable_by(|&a, &b| (self.psn_no(a), self.setl_id(a)).cmp(&(self.psn_no(b), self.setl_id(b))));
        unmet
    }
}
