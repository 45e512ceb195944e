//! The totals of both sides (对总账), by polars: exact sums of whole fen, another path than that of the details.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch};
use polars::prelude::{Column, DataFrame, Int128Chunked, IntoColumn, IntoLazy, PolarsError, PolarsResult, col};

use super::details::{Agency, Key, Line, month_text};
use crate::columnar::columns::{self, text};
use crate::columnar::reconciled::{FieldSet, TOTAL_KEYS, TOTALLED, TOTALS, field, totals};
use crate::columnar::schema::MONEY_SCALE;
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

/// Lines of a chunk as columns: what is summed, and by what.
#[derive(Debug, Default)]
pub struct Summands {
    keys: [Vec<String>; TOTAL_KEYS.len()],
    sums: Vec<[Vec<i128>; 3]>,
}

impl Summands {
    /// The lines of a chunk.
    #[must_use]
    pub fn of(lines: &[Line]) -> Self {
        let mut summands = Self { sums: (0..=TOTALS).map(|_| Default::default()).collect(), ..Self::default() };
        for line in lines {
            summands.add(line);
        }
        summands
    }

    fn add(&mut self, line: &Line) {
        let Key { insutype, clr_type, clr_optins, institution, month, .. } = line.key;
        let agency = match clr_optins {
            Agency::Named(name) => name.to_owned(),
            Agency::Pool(pool) => pool.to_string(),
        };
        let institution = String::from_utf8_lossy(institution).into_owned();
        let words = [insutype.to_owned(), clr_type.to_owned(), agency, institution, month_text(month)];
        self.keys.iter_mut().zip(words).for_each(|(column, word)| column.push(word));
        let computed = line.computed.and_then(|side| side.money);
        let mut put = |column: usize, computed: i64, paid: i64| {
            let (computed, paid) = (i128::from(computed), i128::from(paid));
            let values = [computed, paid, (paid - computed).abs()];
            self.sums[column].iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        };
        put(0, computed.map_or(0, |(_, _, count)| count), line.paid.map_or(0, |paid| paid.count));
        for (column, field) in FIELD_OF.into_iter().enumerate() {
            let (here, there) = match field {
                None => (computed.map(|(_, total, _)| total), line.paid.and_then(|paid| paid.total)),
                Some(field) => {
                    (computed.map(|(amounts, ..)| amounts[field]), line.paid.map(|paid| paid.amounts[field]))
                }
            };
            put(column + 1, here.unwrap_or(Fen::ZERO).0, there.unwrap_or(Fen::ZERO).0);
        }
    }
}

/// Totals in the making.
#[derive(Debug, Default)]
pub struct Totals {
    groups: BTreeMap<[String; 5], Sums>,
}

fn sum_name(column: usize, side: usize) -> String {
    format!("{side}-{column}")
}

impl Totals {
    /// Adds a chunk, summed by polars. Must not be called from inside a rayon closure: polars has threads of its own.
    ///
    /// # Errors
    /// polars cannot sum it up.
    pub fn add(&mut self, summands: Summands) -> PolarsResult<()> {
        let rows = summands.keys[0].len();
        if rows == 0 {
            return Ok(());
        }
        let mut columns: Vec<Column> = Vec::new();
        for (name, words) in TOTAL_KEYS.into_iter().zip(&summands.keys) {
            columns.push(Column::new(name.into(), words.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        let mut wanted = Vec::new();
        for (column, sides) in summands.sums.into_iter().enumerate() {
            for (side, values) in sides.into_iter().enumerate() {
                let name = sum_name(column, side);
                let fen = Int128Chunked::from_vec(name.as_str().into(), values);
                columns.push(fen.into_decimal_unchecked(38, MONEY_SCALE as usize).into_column());
                wanted.push(col(name.as_str()).sum());
            }
        }
        let sums = DataFrame::new(rows, columns)?.lazy().group_by(TOTAL_KEYS.map(col)).agg(wanted).collect()?;
        let keys: Vec<_> =
            TOTAL_KEYS.iter().map(|name| Ok(sums.column(name)?.str()?.clone())).collect::<PolarsResult<_>>()?;
        for row in 0..sums.height() {
            let words = std::array::from_fn(|key| keys[key].get(row).expect("keys are never null").to_owned());
            let group = self.groups.entry(words).or_default();
            for (column, sides) in group.iter_mut().enumerate() {
                for (side, sum) in sides.iter_mut().enumerate() {
                    let found = sums.column(&sum_name(column, side))?.decimal()?;
                    *sum += found.phys.get(row).ok_or_else(|| PolarsError::NoData("a sum".into()))?;
                }
            }
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
