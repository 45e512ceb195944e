//! Choosing a row without scanning: rows in falling specificity, one bit each; every key column maps a value
//! to the set of rows that match it, and the period of a day to the set of rows in force. The row is the first bit of the
//! sets' intersection.

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

/// Most key columns a table is looked up by.
const MAX_COLUMNS: usize = 5;

/// The days on which a pool's rules change, rising: between two of them, the rows in force are one set. A period's number
/// says how many of them lie on or before it.
#[derive(Clone, Debug, Default)]
pub struct Calendar(Vec<Date>);

impl Calendar {
    #[cfg(test)]
    pub(super) fn of(changes: Vec<Date>) -> Self {
        Self(changes)
    }

    /// First days of rows, and days after their last days.
    pub fn new<'a>(candidates: impl Iterator<Item = &'a Candidate> + Clone) -> Self {
        let last_days = candidates.clone().map(|row| row.to).filter(|&to| to != Date::MAX);
        let mut changes: Vec<Date> = candidates.map(|row| row.from).chain(last_days.map(Date::succ)).collect();
        changes.retain(|&day| day != Date::MIN);
        changes.sort_unstable();
        changes.dedup();
        Self(changes)
    }

    /// The days.
    #[must_use]
    pub fn changes(&self) -> &[Date] {
        &self.0
    }

    /// How many periods there are.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.0.len() + 1
    }

    /// The period of a day.
    #[must_use]
    pub fn period_of(&self, day: Date) -> u32 {
        self.0.partition_point(|&change| change <= day) as u32
    }

    /// A day of a period.
    fn first_day(&self, period: usize) -> Date {
        period.checked_sub(1).map_or(Date::MIN, |last| self.0[last])
    }
}

/// The rows of one table that a pool (and insurance type) can meet.
///
/// The period is a key column like the others.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    /// Row numbers, most specific first.
    rows: Vec<u32>,
    /// Words in a set.
    words: usize,
    /// Number of sets.
    count: usize,
    /// Word by word, the words of all sets: of every period, then of every value of each column.
    sets: Vec<u64>,
    /// Where each column's sets begin.
    first_set: [u32; MAX_COLUMNS],
    /// Number of key columns.
    columns: usize,
}

impl KeyTable {
    /// Builds the table; `sizes` are the numbers of values of the key columns. Candidates come back in the order of choice.
    #[must_use]
    pub fn build(mut candidates: Vec<Candidate>, sizes: &[usize], calendar: &Calendar) -> (Self, Vec<Candidate>) {
        candidates.sort_by(|a, b| b.rank.cmp(&a.rank).then(a.row.cmp(&b.row)));
        let mut first_set = [0; MAX_COLUMNS];
        let mut count = calendar.periods();
        for (first, size) in first_set.iter_mut().zip(sizes) {
            *first = u32::try_from(count).expect("fewer than 2^32 values of keys");
            count += size;
        }
        let words = candidates.len().div_ceil(64);
        let rows = candidates.iter().map(|candidate| candidate.row).collect();
        let mut table = Self { rows, words, count, sets: vec![0; words * count], first_set, columns: sizes.len() };
        for (index, candidate) in candidates.iter().enumerate() {
            for period in 0..calendar.periods() {
                let day = calendar.first_day(period);
                if candidate.from <= day && day <= candidate.to {
                    table.put(index, period);
                }
            }
            for ((matches, first), &size) in candidate.columns.iter().zip(first_set).zip(sizes) {
                let first = first as usize;
                match matches {
                    Matches::Any => (0..size).for_each(|value| table.put(index, first + value)),
                    Matches::Values(values) => values.iter().for_each(|value| table.put(index, first + value)),
                }
            }
        }
        (table, candidates)
    }

    fn put(&mut self, index: usize, set: usize) {
        self.sets[index / 64 * self.count + set] |= 1 << (index % 64);
    }

    /// All rows in force in a period, most specific first.
    pub fn in_force(&self, period: u32) -> impl Iterator<Item = u32> + '_ {
        let is_in_force = move |index: usize| self.word(index / 64)[period as usize] & (1 << (index % 64)) != 0;
        self.rows.iter().enumerate().filter(move |&(index, _)| is_in_force(index)).map(|(_, &row)| row)
    }

    /// The set of the rows that match a value of each of the first columns, word by word, whatever the period.
    pub fn rows_of_values<'a>(&'a self, values: &'a [usize]) -> impl Iterator<Item = u64> + 'a {
        let set_of = |column: usize, value: usize| self.first_set[column] as usize + value;
        (0..self.words).map(move |word| {
            let sets = values.iter().enumerate().map(|(column, &value)| self.word(word)[set_of(column, value)]);
            sets.fold(u64::MAX, |bits, set| bits & set)
        })
    }

    /// Adds the set of the rows in force in a period to `seen`.
    pub fn rows_of_period(&self, period: usize, seen: &mut Vec<u64>) {
        seen.extend((0..self.words).map(|word| self.word(word)[period]));
    }

    /// Adds the set of the rows that match a value to `seen`; a column that the table does not have tells nothing apart.
    pub fn rows_of_value(&self, column: usize, value: usize, seen: &mut Vec<u64>) {
        if column < self.columns {
            seen.extend((0..self.words).map(|word| self.word(word)[self.first_set[column] as usize + value]));
        }
    }

    /// The most specific row that matches `keys` in a period.
    #[must_use]
    pub fn choose(&self, keys: &[u32], period: u32) -> Option<u32> {
        (0..self.words).find_map(|word| {
            let sets = self.word(word);
            let of_key = keys.iter().enumerate().map(|(column, &key)| sets[self.set_of(column, key)]);
            let bits = of_key.fold(sets[period as usize], |bits, set| bits & set);
            (bits != 0).then(|| self.rows[word * 64 + bits.trailing_zeros() as usize])
        })
    }

    /// As [`choose`](Self::choose), where a value of the first column may match under either of two keys, and
    /// a row must also hold by what no key says.
    #[inline]
    pub fn find<const N: usize>(
        &self,
        either: [u32; 2],
        keys: [u32; N],
        period: u32,
        mut holds: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        (0..self.words).find_map(|word| {
            let sets = self.word(word);
            let mut bits = sets[period as usize] & (sets[self.set_of(0, either[0])] | sets[self.set_of(0, either[1])]);
            for column in 0..N {
                bits &= sets[self.set_of(column + 1, keys[column])];
            }
            let rows = &self.rows[word * 64..];
            while bits != 0 {
                let row = rows[bits.trailing_zeros() as usize];
                if holds(row) {
                    return Some(row);
                }
                bits &= bits - 1;
            }
            None
        })
    }

    /// The set of the rows that match a key.
    #[inline]
    fn set_of(&self, column: usize, key: u32) -> usize {
        self.first_set[column] as usize + key as usize
    }

    /// That word of every set.
    #[inline]
    fn word(&self, word: usize) -> &[u64] {
        // Nearly every table has one word.
        if word == 0 { &self.sets[..self.count] } else { &self.sets[word * self.count..][..self.count] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with every combination of open and closed periods over 3 columns, against a plain scan.
    #[test]
    fn chooses_what_a_scan_chooses() {
        let sizes = [3, 2, 4];
        let days = [Date::MIN, Date(-5), Date(0), Date(7), Date(8), Date::MAX];
        // Any number will do: a fixed sequence without a pattern in the low bits.
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for rows in [0, 1, 5, 63, 64, 65, 200] {
            let candidates: Vec<Candidate> = (0..rows)
                .map(|row| Candidate {
                    row,
                    from: days[next(days.len())],
                    to: days[next(days.len())],
                    rank: vec![next(5) as i64],
                    columns: sizes
                        .iter()
                        .map(|&size| match next(4) {
                            0 => Matches::Any,
                            _ => Matches::Values(vec![next(size)]),
                        })
                        .collect(),
                })
                .collect();
            let calendar = Calendar::new(candidates.iter());
            let (table, ranked) = KeyTable::build(candidates, &sizes, &calendar);
            let matches = |column: &Matches, key: usize| match column {
                Matches::Any => true,
                Matches::Values(values) => values.contains(&key),
            };
            for _ in 0..2_000 {
                let keys = sizes.map(&mut next);
                let other = next(sizes[0]);
                let [first, second, third] = keys.map(|key| key as u32);
                let day = [Date(-6), Date(-5), Date(-4), Date(0), Date(7), Date(8), Date(9)][next(7)];
                let in_force = |row: &&Candidate| row.from <= day && day <= row.to;
                let rest = |row: &&Candidate| (1..3).all(|column| matches(&row.columns[column], keys[column]));
                let fits = |row: &&Candidate| in_force(row) && rest(row);
                let scanned = ranked.iter().filter(fits).find(|row| matches(&row.columns[0], keys[0]));
                let period = calendar.period_of(day);
                assert_eq!(table.choose(&[first, second, third], period), scanned.map(|row| row.row));
                let even = |row: &&Candidate| {
                    row.row.is_multiple_of(2) && [keys[0], other].iter().any(|&key| matches(&row.columns[0], key))
                };
                let scanned = ranked.iter().filter(fits).find(even);
                let found = table.find([first, other as u32], [second, third], period, |row| row % 2 == 0);
                assert_eq!(found, scanned.map(|row| row.row));
            }
        }
    }
}
