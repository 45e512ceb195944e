//! Recalled rows as typed Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, Decimal128Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::columns::{Column, Kind};
use super::error::IngestError;
use super::recall::{Recalled, Value};

/// Digits and decimals of money in outputs: Decimal(16,2), as the national type N(16,2).
const MONEY: DataType = DataType::Decimal128(16, 2);

/// Builds one Arrow batch of all claim columns from recalled rows.
#[derive(Debug)]
pub struct PendedColumns {
    builders: Vec<Builder>,
    rows: usize,
}

#[derive(Debug)]
enum Builder {
    Text(StringBuilder),
    Money(Decimal128Builder),
    Day(Date32Builder),
    Second(TimestampMicrosecondBuilder),
}

impl Default for PendedColumns {
    fn default() -> Self {
        Self::new()
    }
}

impl PendedColumns {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        let builders = Column::ALL.iter().map(|column| match column.kind() {
            Kind::Identifier | Kind::Code => Builder::Text(StringBuilder::new()),
            Kind::Money => Builder::Money(Decimal128Builder::new().with_data_type(MONEY)),
            Kind::Date => Builder::Day(Date32Builder::new()),
            Kind::Time => Builder::Second(TimestampMicrosecondBuilder::new()),
        });
        Self { builders: builders.collect(), rows: 0 }
    }

    /// Name and type of each column, in the order of [`Column`]: text, Decimal128(16,2), Date32 and
    /// Timestamp(us) without a time zone; all nullable.
    #[must_use]
    pub fn schema() -> SchemaRef {
        let field = |column: &Column| {
            let kind = match column.kind() {
                Kind::Identifier | Kind::Code => DataType::Utf8,
                Kind::Money => MONEY,
                Kind::Date => DataType::Date32,
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            };
            Field::new(column.name(), kind, true)
        };
        Arc::new(Schema::new(Column::ALL.iter().map(field).collect::<Vec<_>>()))
    }

    /// How many rows have been added.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row. A missing value, and one that is not of its column's type, is null.
    pub fn push(&mut self, row: &Recalled) {
        self.rows += 1;
        for (&column, builder) in Column::ALL.iter().zip(&mut self.builders) {
            match (builder, row.value(column)) {
                (Builder::Text(texts), Value::Text(text)) => texts.append_value(text),
                (Builder::Text(texts), _) => texts.append_null(),
                (Builder::Money(amounts), Value::Money(fen)) => amounts.append_value(i128::from(fen.0)),
                (Builder::Money(amounts), _) => amounts.append_null(),
                (Builder::Day(days), Value::Day(day)) => days.append_value(day.0),
                (Builder::Day(days), _) => days.append_null(),
                (Builder::Second(seconds), Value::Second(second)) => seconds.append_value(second.0 * 1_000_000),
                (Builder::Second(seconds), _) => seconds.append_null(),
            }
        }
    }

    /// The batch of the rows added since the last call.
    ///
    /// # Errors
    /// If Arrow refuses the columns: an amount of more than 16 digits, which no accepted row has.
    pub fn finish(&mut self) -> Result<RecordBatch, IngestError> {
        self.rows = 0;
        let columns: Result<Vec<ArrayRef>, _> = self
            .builders
            .iter_mut()
            .map(|builder| {
                Ok(match builder {
                    Builder::Text(texts) => Arc::new(texts.finish()) as ArrayRef,
                    Builder::Money(amounts) => {
                        let amounts = amounts.finish();
                        amounts.validate_decimal_precision(16)?;
                        Arc::new(amounts)
                    }
                    Builder::Day(days) => Arc::new(days.finish()),
                    Builder::Second(seconds) => Arc::new(seconds.finish()),
                })
            })
            .collect();
        columns.and_then(|columns| RecordBatch::try_new(Self::schema(), columns)).map_err(IngestError::Columns)
    }
}
