//! A Parquet file in the making, row by row.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::errors::ParquetError;

use super::RunError;
use crate::columnar::row_groups::RowGroups;
use crate::publish::{Staging, Written};

/// Rows of a row group.
const GROUP_ROWS: usize = 131_072;

/// A Parquet file in the making, whose rows come one after the other.
pub(super) struct RowFile<T> {
    name: &'static str,
    file: RowGroups,
    batch: fn(&[T]) -> RecordBatch,
    group: Vec<T>,
}

impl<T> RowFile<T> {
    /// Begins a file; `batch` turns its rows into columns.
    pub(super) fn begin(
        staging: &Staging,
        name: &'static str,
        schema: SchemaRef,
        batch: fn(&[T]) -> RecordBatch,
    ) -> Result<Self, RunError> {
        let file = RowGroups::begin(staging.create(name)?, schema).map_err(failed(name))?;
        Ok(Self { name, file, batch, group: Vec::new() })
    }

    /// One more row.
    pub(super) fn put(&mut self, row: T) -> Result<(), RunError> {
        self.group.push(row);
        if self.group.len() == GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), RunError> {
        self.file.put(&(self.batch)(&self.group)).map_err(failed(self.name))?;
        self.group.clear();
        Ok(())
    }

    /// Finishes the file.
    pub(super) fn finish(mut self) -> Result<Written, RunError> {
        self.flush()?;
        Ok(self.file.finish().map_err(failed(self.name))?.finish()?)
    }
}

fn failed(file: &'static str) -> impl Fn(ParquetError) -> RunError {
    move |error| RunError::Parquet { file, error }
}
