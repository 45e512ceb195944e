//! What a footer tells before any page is read: columns that cannot hold a wrong value, and types that are decoded with
//! less work.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Encoding, Type};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;

use super::columns::Kind;
use crate::model::money::MAX_AMOUNT_FEN;

/// Whether no value of a column can be wrong: text always is text, and money is within the bounds that every row group
/// tells of it.
pub(super) fn is_sound(metadata: &ArrowReaderMetadata, position: usize, kind: Kind) -> bool {
    let found = metadata.schema().field(position).data_type();
    match kind {
        Kind::Identifier | Kind::Code => is_text(found) || found.is_integer() || *found == DataType::Boolean,
        Kind::Money if matches!(found, DataType::Decimal64(_, 2) | DataType::Decimal128(_, 2)) => {
            leaf(metadata, position).is_some_and(|leaf| chunks(metadata, leaf).all(is_within))
        }
        Kind::Money | Kind::Date | Kind::Time => false,
    }
}

/// The same file, read in the types that take the least work: keys of dictionaries for codes, views for other texts,
/// 64 bits for money. Values, and how they are shown, are the same.
pub(super) fn hinted(metadata: &ArrowReaderMetadata, columns: &[(usize, usize, Kind)]) -> ArrowReaderMetadata {
    let mut fields = metadata.schema().fields().to_vec();
    for &(_, position, _) in columns {
        if let Some(hint) = hint(metadata, position) {
            fields[position] = Arc::new(fields[position].as_ref().clone().with_data_type(hint));
        }
    }
    let schema = Schema::new_with_metadata(fields, metadata.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    // A file that some writer made with types of its own is read as it says itself.
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).unwrap_or_else(|_| metadata.clone())
}

fn hint(metadata: &ArrowReaderMetadata, position: usize) -> Option<DataType> {
    let found = metadata.schema().field(position).data_type();
    let leaf = leaf(metadata, position)?;
    match found {
        DataType::Decimal128(precision @ ..=18, 2)
            if metadata.parquet_schema().column(leaf).physical_type() == Type::INT64 =>
        {
            Some(DataType::Decimal64(*precision, 2))
        }
        found if is_text(found) => Some(if chunks(metadata, leaf).all(is_dictionary) {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        } else {
            DataType::Utf8View
        }),
        _ => None,
    }
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, value) => is_text(value),
        _ => matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// The leaf of a column; `None` if it is nested.
fn leaf(metadata: &ArrowReaderMetadata, position: usize) -> Option<usize> {
    let schema = metadata.parquet_schema();
    let mut leaves = (0..schema.num_columns()).filter(|&leaf| schema.get_column_root_idx(leaf) == position);
    leaves.next().filter(|_| leaves.next().is_none())
}

fn chunks(metadata: &ArrowReaderMetadata, leaf: usize) -> impl Iterator<Item = &ColumnChunkMetaData> {
    metadata.metadata().row_groups().iter().map(move |group| group.column(leaf))
}

/// Whether every page has keys of a dictionary.
fn is_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    let only = |mask: &parquet::basic::EncodingMask| {
        mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
    };
    chunk.dictionary_page_offset().is_some() && chunk.page_encoding_stats_mask().is_some_and(only)
}

/// Whether the least and the greatest amount are none that does not fit.
fn is_within(chunk: &ColumnChunkMetaData) -> bool {
    let fits = |fen: i128| fen.unsigned_abs() <= u128::from(MAX_AMOUNT_FEN.unsigned_abs());
    let bytes = |bytes: &[u8]| match bytes {
        [first, ..] if bytes.len() <= 16 => {
            let start = if *first >= 0x80 { -1 } else { 0 };
            Some(bytes.iter().fold(start, |number: i128, &byte| number << 8 | i128::from(byte)))
        }
        _ => None,
    };
    let bounds = match chunk.statistics() {
        Some(told) if !(told.min_is_exact() && told.max_is_exact()) => {
            return told.null_count_opt() == Some(chunk.num_values() as u64);
        }
        Some(Statistics::Int32(told)) => told.min_opt().zip(told.max_opt()).map(|(&a, &b)| (a.into(), b.into())),
        Some(Statistics::Int64(told)) => told.min_opt().zip(told.max_opt()).map(|(&a, &b)| (a.into(), b.into())),
        Some(Statistics::FixedLenByteArray(told)) => {
            let bounds = told.min_opt().zip(told.max_opt());
            bounds.and_then(|(a, b)| bytes(a.data()).zip(bytes(b.data())))
        }
        _ => None,
    };
    bounds.is_some_and(|(least, greatest)| fits(least) && fits(greatest))
}
