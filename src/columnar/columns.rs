//! Values as columns, and columns as rows of an output.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal64Array, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::datatypes::SchemaRef;
use hashbrown::HashMap;

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

/// A column of few words, each of which is kept once: a row is the number of its word.
#[derive(Debug, Default)]
pub struct WordColumn {
    rows: Vec<u32>,
    words: Vec<Box<str>>,
    by_word: HashMap<Box<str>, u32>,
    /// For the numbers that words have elsewhere, their number here and one more; 0: not met yet.
    known: Vec<u32>,
}

impl WordColumn {
    /// A column that will have so many rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), ..Self::default() }
    }

    /// Adds a row by the number that its word has elsewhere; numbers should be dense.
    #[inline]
    pub fn push_known<T: AsRef<str>>(&mut self, number: u32, word: impl FnOnce() -> T) {
        let key = match self.known.get(number as usize) {
            Some(&key) if key > 0 => key - 1,
            _ => self.learn(number as usize, word().as_ref()),
        };
        self.rows.push(key);
    }

    #[cold]
    fn learn(&mut self, number: usize, word: &str) -> u32 {
        if number >= self.known.len() {
            self.known.resize(number + 1, 0);
        }
        let key = self.key(word);
        self.known[number] = key + 1;
        key
    }

    /// Adds a row by its word.
    #[inline]
    pub fn push(&mut self, word: &str) {
        let key = match self.rows.last() {
            Some(&last) if *self.words[last as usize] == *word => last,
            _ => self.key(word),
        };
        self.rows.push(key);
    }

    /// Adds a row whose word is that of the row before, or was met in no other row.
    #[inline]
    pub fn push_run(&mut self, word: &str) {
        match self.rows.last() {
            Some(&last) if *self.words[last as usize] == *word => self.rows.push(last),
            _ => {
                self.words.push(word.into());
                self.rows.push(self.words.len() as u32 - 1);
            }
        }
    }

    fn key(&mut self, word: &str) -> u32 {
        let next = self.words.len() as u32;
        let key = *self.by_word.entry_ref(word).or_insert(next);
        if key == next {
            self.words.push(word.into());
        }
        key
    }

    /// The column.
    ///
    /// # Panics
    /// Never: every row has the number of a word.
    #[must_use]
    pub fn finish(self) -> ArrayRef {
        let words = Arc::new(StringArray::from_iter_values(&self.words));
        Arc::new(DictionaryArray::try_new(UInt32Array::from(self.rows), words).expect("every row has a word"))
    }
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
