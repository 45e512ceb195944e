//! What a table says of the order of its rows, and reading that makes use of it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::read::{Batch, TableError, TableFile, handle};

/// Persons from one number to another, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between<'a> {
    pub first: &'a [u8],
    pub last: &'a [u8],
}

impl TableFile {
    /// Hands the batches of all row groups that may hold rows of a person to `sink`.
    ///
    /// # Errors
    /// What the file runs into, and what `sink` says.
    pub fn visit_person<E: From<TableError>>(
        &self,
        person: &str,
        wanted: &[&str],
        sink: &mut dyn FnMut(&Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let between = Between { first: person.as_bytes(), last: person.as_bytes() };
        self.visit_groups(&self.groups_of(between), wanted, 1, &mut |_, batch| sink(batch))
    }

    /// The row groups that may hold rows of some persons: they are found by what they say of their own first and
    /// last number.
    pub(super) fn groups_of(&self, persons: Between) -> Vec<usize> {
        let may_hold = |group: &usize| {
            self.numbers_of(*group).is_none_or(|(first, last)| first <= persons.last && persons.first <= last)
        };
        (0..self.metadata.metadata().num_row_groups()).filter(may_hold).collect()
    }

    /// Ranges of row groups within which `psn_no` rises. A group says its first and last number, perhaps cut short,
    /// downwards and upwards: groups that only seem to overlap begin a range of their own.
    #[must_use]
    pub fn rising(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for group in 0..self.metadata.metadata().num_row_groups() {
            let follows = group > 0
                && matches!((self.numbers_of(group - 1), self.numbers_of(group)),
                    (Some((_, last)), Some((first, _))) if last <= first);
            match ranges.last_mut() {
                Some(range) if follows => range.end = group + 1,
                _ => ranges.push(group..group + 1),
            }
        }
        ranges
    }

    /// The first and the last `psn_no` of a row group.
    fn numbers_of(&self, group: usize) -> Option<(&[u8], &[u8])> {
        let group = self.metadata.metadata().row_group(group);
        let column = group.columns().iter().find(|column| column.column_path().string() == "psn_no")?;
        let statistics = column.statistics()?;
        Some((statistics.min_bytes_opt()?, statistics.max_bytes_opt()?))
    }

    /// Number of rows before a row group.
    #[must_use]
    pub fn rows_before(&self, group: usize) -> usize {
        let groups = self.metadata.metadata().row_groups()[..group].iter();
        groups.map(|group| usize::try_from(group.num_rows()).expect("rows are counted from 0")).sum()
    }

    /// The wanted columns of row groups, batch after batch, none before it is asked for.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn batches_of(
        &self,
        wanted: &[&str],
        groups: Range<usize>,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, TableError> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), wanted.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle(&self.path)?, self.metadata.clone());
        builder
            .with_row_groups(groups.collect())
            .with_projection(mask)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|error| TableError::Read { path: self.path.clone(), error })
    }

    /// The columns as the reader gives them.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.metadata.schema())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
