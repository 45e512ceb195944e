//! The columns of `findings.parquet` and `findings.csv`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// The columns, in order. The amount is in fen.
pub const FINDINGS: [(&str, DataType); 12] = [
    ("finding_id", DataType::Utf8),
    ("code", DataType::Utf8),
    ("severity", DataType::Int32),
    ("standing", DataType::Utf8),
    ("subject_type", DataType::Utf8),
    ("subject", DataType::Utf8),
    ("setl_ids", DataType::Utf8),
    ("evidence", DataType::Utf8),
    ("amount_fen", DataType::Int64),
    ("message", DataType::Utf8),
    ("basis", DataType::Utf8),
    ("first_seen", DataType::Date32),
];

/// The arrow schema. No column is null.
#[must_use]
pub fn findings() -> SchemaRef {
    let fields: Vec<Field> = FINDINGS.iter().map(|(name, kind)| Field::new(*name, kind.clone(), false)).collect();
    Arc::new(Schema::new(fields))
}
