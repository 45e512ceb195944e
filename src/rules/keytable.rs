//! Choosing a row without scanning: rows in falling specificity, one bit each; every key column maps a value
//! to the set of rows that match it. The row is the first bit of the sets' intersection whose period holds the day.

use crate::model::date::Date;

/// The values of a key column that a row matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// Every value.
    Any,
    /// These values (sorted).
    Values(Vec<usize>),
}

impl Matches {
    /// Whether some value matches both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Values(ours), Self::Values(theirs)) => ours.iter().any(|value| theirs.binary_search(value).is_ok()),
        }
    }
}

/// A row as it stands for selection.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Row number in its table.
    pub row: u32,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Rank of every key column, left to right: larger is more specific. Pool and insurance type included.
    pub rank: Vec<i64>,
    /// Key columns that are looked up (pool and insurance type are not: the table is theirs).
    pub columns: Vec<Matches>,
}

/// The rows of one table that a pool (and insurance type) can meet.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    rows: Vec<(u32, Date, Date)>,
    words: usize,
    columns: Vec<Vec<u64>>,
}

impl KeyTable {
    /// Builds the table; `sizes` are the numbers of values of the key columns. Candidates come back in the order of choice.
    #[must_use]
    pub fn build(mut candidates: Vec<Candidate>, sizes: &[usize]) -> (Self, Vec<Candidate>) {
        candidates.sort_by(|a, b| b.rank.cmp(&a.rank).then(a.row.cmp(&b.row)));
        let words = candidates.len().div_ceil(64);
        let mut columns: Vec<Vec<u64>> = sizes.iter().map(|size| vec![0; size * words]).collect();
        for (index, candidate) in candidates.iter().enumerate() {
            let (word, bit) = (index / 64, 1_u64 << (index % 64));
            for ((column, matches), &size) in columns.iter_mut().zip(&candidate.columns).zip(sizes) {
                match matches {
                    Matches::Any => (0..size).for_each(|value| column[value * words + word] |= bit),
                    Matches::Values(values) => values.iter().for_each(|value| column[value * words + word] |= bit),
                }
            }
        }
        let rows = candidates.iter().map(|candidate| (candidate.row, candidate.from, candidate.to)).collect();
        (Self { rows, words, columns }, candidates)
    }

    /// Whether no row can be met.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The most specific row that matches `keys` on a day.
    #[inline]
    #[must_use]
    pub fn choose<const N: usize>(&self, keys: [usize; N], day: Date) -> Option<u32> {
        debug_assert_eq!(N, self.columns.len());
        for word in 0..self.words {
            let mut bits = u64::MAX;
            for (column, key) in self.columns.iter().zip(keys) {
                bits &= column[key * self.words + word];
            }
            if let Some(row) = self.first_in_force(word, bits, day) {
                return Some(row);
            }
        }
        None
    }

    /// As [`choose`](Self::choose), where a value of the first column may match under either of two keys.
    #[inline]
    pub fn rows_matching<'a, const N: usize>(
        &'a self,
        first: [usize; 2],
        keys: [usize; N],
        day: Date,
    ) -> impl Iterator<Item = u32> + 'a {
        (0..self.words).flat_map(move |word| {
            let column = &self.columns[0];
            let mut bits = column[first[0] * self.words + word] | column[first[1] * self.words + word];
            for (column, key) in self.columns[1..].iter().zip(keys) {
                bits &= column[key * self.words + word];
            }
            BitRows { table: self, word, bits, day }
        })
    }

    #[inline]
    fn first_in_force(&self, word: usize, bits: u64, day: Date) -> Option<u32> {
        BitRows { table: self, word, bits, day }.next()
    }
}

/// Rows of one word of bits whose period holds a day.
struct BitRows<'a> {
    table: &'a KeyTable,
    word: usize,
    bits: u64,
    day: Date,
}

impl Iterator for BitRows<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.bits != 0 {
            let index = self.word * 64 + self.bits.trailing_zeros() as usize;
            self.bits &= self.bits - 1;
            // The bits past the last row are set when there is no key column.
            let &(row, from, to) = self.table.rows.get(index)?;
            if from <= self.day && self.day <= to {
                return Some(row);
            }
        }
        None
    }
}
