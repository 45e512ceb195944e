//! The totals of both sides (对总账), by polars: exact sums of whole fen, another path than that of the details.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use polars::prelude::{Column, DataFrame, IntoLazy, PolarsError, PolarsResult, col};

use super::details::{Agency, Key, Line, month_text};
use super::exact::summable;
use super::met::Met;
use crate::columnar::columns::{self, text};
use crate::columnar::reconciled::{FieldSet, TOTAL_KEYS, TOTALLED, TOTALS, field, totals};
use crate::model::money::Fen;
use crate::report::balance::yuan;
use crate::report::privacy::formula_safe;

/// Sums of one group: rows, then money. Computed, paid, and the differences without their signs.
type Sums = [[i128; 3]; TOTALS + 1];

/// The compared field of a totalled amount; the first is no compared field.
const FIELD_OF: [Option<usize>; TOTALS] = [
    None,
    Some(field::FUNDS),
    Some(field::ACCOUNT),
    Some(field::BASIC),
    Some(2),
    Some(3),
    Some(4),
    Some(5),
    Some(6),
    Some(7),
];

/// What a line is summed up by.
type GroupKey<'a> = (&'a str, &'a str, Agency<'a>, &'a [u8], Option<i32>);

/// The words of a group, in the order of [`TOTAL_KEYS`].
type Words = [String; TOTAL_KEYS.len()];

/// Lines of a chunk as columns: what is summed, and by what.
#[derive(Debug, Default)]
pub struct Summands {
    /// The groups that were met.
    groups: Vec<Words>,
    /// The group of each line.
    group_of: Vec<u32>,
    sums: Vec<[Vec<i64>; 3]>,
}

impl Summands {
    /// The lines of a chunk.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        let mut summands = Self { sums: (0..=TOTALS).map(|_| Default::default()).collect(), ..Self::default() };
        let mut met: Met<GroupKey> = Met::default();
        for line in lines {
            let Key { insutype, clr_type, clr_optins, institution, month, .. } = line.key;
            summands.group_of.push(met.number((insutype, clr_type, clr_optins, institution, month)));
            summands.add(line);
        }
        summands.groups = met.keys().iter().map(words).collect();
        summands
    }

    /// # Panics
    /// If an amount or the difference of two does not fit 64 bits, of which N(16,2) needs 54.
    fn add(&mut self, line: &Line) {
        let computed = line.computed.as_ref().and_then(|side| side.money.as_ref());
        let paid = line.paid.as_ref();
        let mut put = |column: usize, computed: i64, paid: i64| {
            let values = [computed, paid, (paid - computed).abs()];
            self.sums[column].iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        };
        put(0, computed.map_or(0, |(_, _, count)| *count), paid.map_or(0, |paid| paid.count));
        for (column, field) in FIELD_OF.into_iter().enumerate() {
            let (here, there) = match field {
                None => (computed.map(|(_, total, _)| *total), paid.and_then(|paid| paid.total)),
                Some(field) => (computed.map(|(amounts, ..)| amounts[field]), paid.map(|paid| paid.amounts[field])),
            };
            put(column + 1, here.unwrap_or(Fen::ZERO).0, there.unwrap_or(Fen::ZERO).0);
        }
    }
}

fn words(&(insutype, clr_type, clr_optins, institution, month): &GroupKey) -> Words {
    let agency = match clr_optins {
        Agency::Named(name) => name.to_owned(),
        Agency::Pool(pool) => pool.to_string(),
    };
    let institution = String::from_utf8_lossy(institution).into_owned();
    [insutype.to_owned(), clr_type.to_owned(), agency, institution, month_text(month)]
}

/// Totals in the making.
#[derive(Debug, Default)]
pub struct Totals {
    groups: BTreeMap<Words, Sums>,
}

fn sum_name(column: usize, side: usize) -> String {
    format!("{side}-{column}")
}

impl Totals {
    /// Adds a chunk, summed by polars. Not to be called from the work on a chunk: polars has threads of its own, and one
    /// of ours that waits for them would take up another chunk meanwhile.
    ///
    /// # Errors
    /// polars cannot sum it up.
    pub fn add(&mut self, summands: Summands) -> PolarsResult<()> {
        let rows = summands.group_of.len();
        if rows == 0 {
            return Ok(());
        }
        let mut columns = vec![Column::new("group".into(), summands.group_of)];
        let mut wanted = Vec::new();
        for (column, sides) in summands.sums.into_iter().enumerate() {
            for (side, values) in sides.into_iter().enumerate() {
                let name = sum_name(column, side);
                columns.push(summable(&name, values));
                wanted.push(col(name.as_str()).sum());
            }
        }
        let sums = DataFrame::new(rows, columns)?.lazy().group_by([col("group")]).agg(wanted).collect()?;
        let mut groups = summands.groups;
        let missing = || PolarsError::NoData("a sum".into());
        let numbers = sums.column("group")?.u32()?.clone();
        let mut found: Vec<Sums> = vec![Sums::default(); numbers.len()];
        for column in 0..=TOTALS {
            for side in 0..3 {
                let of_groups = sums.column(&sum_name(column, side))?;
                for (row, group) in found.iter_mut().enumerate() {
                    let sum = match of_groups.i64() {
                        Ok(narrow) => narrow.get(row).map(i128::from),
                        Err(_) => of_groups.decimal()?.phys.get(row),
                    };
                    group[column][side] = sum.ok_or_else(missing)?;
                }
            }
        }
        for (number, sums) in numbers.iter().zip(found) {
            let words = std::mem::take(&mut groups[number.ok_or_else(missing)? as usize]);
            let group = self.groups.entry(words).or_default();
            group.iter_mut().flatten().zip(sums.iter().flatten()).for_each(|(sum, more)| *sum += more);
        }
        Ok(())
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Sum over all groups of a totalled amount, in fen: computed and paid.
    #[must_use]
    pub fn sum(&self, column: usize) -> (i128, i128) {
        let sums = self.groups.values().map(|group| group[column + 1]);
        sums.fold((0, 0), |(computed, paid), sums| (computed + sums[0], paid + sums[1]))
    }

    /// Whether the paid side has an amount.
    fn has(column: usize, fields: FieldSet, has_total: bool) -> bool {
        FIELD_OF[column].map_or(has_total, |field| fields.has(field))
    }

    /// Computed, paid, net and gross of a group's column: rows (0), then money.
    fn four(sums: &Sums, column: usize) -> [i128; 4] {
        let [computed, paid, gross] = sums[column];
        [computed, paid, paid - computed, gross]
    }

    /// The groups as `totals.parquet`. What the paid side does not have at all is null.
    ///
    /// # Panics
    /// If a sum has more than 38 digits.
    #[must_use]
    pub fn batch(&self, fields: FieldSet, has_total: bool) -> RecordBatch {
        let mut arrays: Vec<ArrayRef> =
            (0..TOTAL_KEYS.len()).map(|key| text(self.groups.keys().map(|words| &words[key]))).collect();
        for side in 0..4 {
            let counts = self.groups.values().map(|sums| Self::four(sums, 0)[side]);
            let counts = counts.map(|count| i64::try_from(count).expect("fewer than 2^63 rows"));
            arrays.push(Arc::new(Int64Array::from_iter_values(counts)));
        }
        for column in 0..TOTALS {
            for side in 0..4 {
                let known = side == 0 || Self::has(column, fields, has_total);
                let sums = self.groups.values().map(|sums| known.then(|| Self::four(sums, column + 1)[side]));
                let array = Decimal128Array::from_iter(sums).with_precision_and_scale(38, 2);
                arrays.push(Arc::new(array.expect("38 digits, 2 decimals")));
            }
        }
        columns::rows(totals(), arrays)
    }

    /// The groups as lines of `totals.csv`.
    pub fn lines(&self, fields: FieldSet, has_total: bool) -> impl Iterator<Item = Vec<String>> + '_ {
        self.groups.iter().map(move |(words, sums)| {
            let mut line: Vec<String> = words.iter().map(|word| formula_safe(word).into_owned()).collect();
            line.extend(Self::four(sums, 0).map(|count| count.to_string()));
            for column in 0..TOTALS {
                let known = Self::has(column, fields, has_total);
                let four = Self::four(sums, column + 1).into_iter().enumerate();
                line.extend(four.map(|(side, sum)| if side == 0 || known { yuan(sum) } else { String::new() }));
            }
            line
        })
    }

    /// The groups: their words, and computed, paid, net and gross of the rows and of each totalled amount.
    pub fn groups(
        &self,
        fields: FieldSet,
        has_total: bool,
    ) -> impl Iterator<Item = (&[String; 5], Vec<[Option<i128>; 4]>)> + '_ {
        self.groups.iter().map(move |(words, sums)| {
            let four = |column: usize| {
                let known = column == 0 || Self::has(column - 1, fields, has_total);
                let mut side = 0..4;
                Self::four(sums, column).map(|sum| (side.next() == Some(0) || known).then_some(sum))
            };
            (words, (0..=TOTALS).map(four).collect())
        })
    }

    /// Names of the totalled amounts.
    #[must_use]
    pub fn names() -> [&'static str; TOTALS] {
        TOTALLED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::details::{Computed, Terms};
    use crate::audit::paid_side::PaidSum;
    use crate::columnar::reconciled::FIELDS;
    use crate::model::money::MAX_AMOUNT_FEN;
    use crate::model::place::Admdvs;
    use crate::report::balance::Tally;

    #[test]
    fn sums_of_64_bits_and_of_more_by_words() {
        let terms = Terms { fields: FieldSet::ALL, tolerance: [Fen::ZERO; FIELDS] };
        for amount in [123, MAX_AMOUNT_FEN] {
            let rows = 3000;
            let lines: Vec<Line> = (0..rows)
                .map(|row| {
                    // A pool and an agency of the same name are one group; every third line is of another.
                    let clr_optins = [Agency::Named("330100"), Agency::Pool(Admdvs(330_100)), Agency::Named("1")];
                    let key = Key {
                        insutype: "310",
                        clr_type: "21",
                        clr_optins: clr_optins[row % 3],
                        institution: b"H1",
                        month: None,
                        pool: None,
                        treated: None,
                        tier: "",
                    };
                    let money = Some(([Fen(amount); FIELDS], Fen(amount), 1));
                    let computed = Computed { rows: Tally { rows: 1, total_fen: amount.into() }, money };
                    let amounts = [Fen(amount - 2 * (row as i64 % 2)); FIELDS];
                    let paid = PaidSum { rows: 1, count: 1, columns: FieldSet::ALL, total: None, amounts };
                    Line::new(b"P1", b"S1", key, Some(computed), Some(paid), &terms)
                })
                .collect();
            let mut totals = Totals::default();
            // As two chunks.
            lines.chunks(2000).for_each(|chunk| totals.add(Summands::of(chunk)).expect("sums"));
            let sums = |rows: i128| {
                let computed = rows * i128::from(amount);
                [computed, computed - rows, rows]
            };
            let found: Vec<(&str, [i128; 3], [i128; 3])> =
                totals.groups.iter().map(|(words, sums)| (&*words[2], sums[0], sums[2])).collect();
            let expected = [("1", 1000), ("330100", 2000)];
            assert_eq!(found, expected.map(|(agency, rows)| (agency, [rows, rows, 0], sums(rows))));
            assert_eq!(totals.sum(1), (3000 * i128::from(amount), 3000 * i128::from(amount) - 3000));
        }
    }
}
