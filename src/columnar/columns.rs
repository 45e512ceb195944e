//! Values as columns, and columns as rows of an output.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Decimal64Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;

use super::schema::{MONEY_PRECISION, MONEY_SCALE};
use crate::model::money::{Fen, MAX_AMOUNT_FEN};

/// Text.
pub fn text<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Text as bytes, checked once for the whole column; ingestion let nothing else in.
///
/// # Panics
/// If it is not UTF-8.
pub fn text_of_bytes<'a>(values: impl Iterator<Item = &'a [u8]>) -> ArrayRef {
    let bytes = BinaryArray::from_iter_values(values);
    Arc::new(StringArray::try_from_binary(bytes).expect("text that was read as UTF-8"))
}

/// Whole numbers.
pub fn integer(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(values))
}

/// The fen of an amount that fits its column: the writer would store a larger number wrongly without a word.
///
/// # Panics
/// If it does not.
#[inline]
#[must_use]
pub fn fitting(amount: Fen) -> i64 {
    assert!(amount.0.unsigned_abs() <= MAX_AMOUNT_FEN as u64, "{amount} does not fit N(16,2)");
    amount.0
}

/// Fen as money.
///
/// # Panics
/// Never: the type is one of the array's.
pub fn money(fen: Decimal64Array) -> ArrayRef {
    Arc::new(fen.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE).expect("16 digits, 2 decimals"))
}

/// Rows of an output.
///
/// # Panics
/// If the columns are not those of the schema.
#[must_use]
pub fn rows(schema: SchemaRef, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(schema, columns).expect("the columns are those of the schema")
}
