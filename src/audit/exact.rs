//! Whole numbers as polars sums them up exactly: its sums of 64 bits wrap around without a word.

use polars::prelude::{Column, Int128Chunked, IntoColumn};

use crate::columnar::schema::MONEY_SCALE;

/// Whether no sum of some of these numbers needs more than 64 bits, which polars is quickest at.
#[must_use]
pub(super) fn fits_64_bits(values: &[i64]) -> bool {
    let largest = values.iter().fold(0, |largest, value| largest.max(value.unsigned_abs()));
    u128::from(largest) * values.len() as u128 <= i64::MAX as u128
}

/// A column to be summed up: of 64 bits where that is enough.
#[must_use]
pub(super) fn summable(name: &str, values: Vec<i64>) -> Column {
    if fits_64_bits(&values) {
        return Column::new(name.into(), values);
    }
    wide(name, values.into_iter().map(i128::from).collect())
}

/// A column of 128 bits to be summed up.
#[must_use]
pub(super) fn wide(name: &str, values: Vec<i128>) -> Column {
    let values = Int128Chunked::from_vec(name.into(), values);
    values.into_decimal_unchecked(38, MONEY_SCALE as usize).into_column()
}
