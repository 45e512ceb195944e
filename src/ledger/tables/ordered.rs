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
        let first = self.rows_before(groups.start);
        self.batches_from(self.mask(wanted), groups, first, batch_rows)
    }

    /// The wanted columns of row groups from a row on, which is numbered in the file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn batches_from(
        &self,
        columns: ProjectionMask,
        groups: Range<usize>,
        row: usize,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, TableError> {
        let begins = groups.clone().find(|group| row < self.rows_before(group + 1)).unwrap_or(groups.end);
        let passed = row - self.rows_before(begins);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle(&self.path)?, self.metadata.clone());
        let builder = if passed > 0 { builder.with_offset(passed) } else { builder };
        builder
            .with_row_groups((begins..groups.end).collect())
            .with_projection(columns)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|error| TableError::Read { path: self.path.clone(), error })
    }

    /// The wanted columns.
    pub(super) fn mask(&self, wanted: &[&str]) -> ProjectionMask {
        ProjectionMask::columns(self.metadata.parquet_schema(), wanted.iter().copied())
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

#[cfg(test)]
mod tests {
    use arrow::array::RecordBatch;
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::columnar::columns::{integer, text};

    /// A hundred persons with three rows each, in row groups of forty rows; every row says its number.
    fn table(folder: &Path) -> TableFile {
        let path = folder.join("table.parquet");
        let fields = [("psn_no", DataType::Utf8), ("row", DataType::Int32)];
        let schema = Schema::new(fields.map(|(name, kind)| Field::new(name, kind, false)).to_vec());
        let columns = vec![text((0..300).map(|row| format!("P{:02}", row / 3))), integer(0..300)];
        let batch = RecordBatch::try_new(Arc::new(schema), columns).expect("columns");
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(40)).build();
        let file = std::fs::File::create(&path).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
        writer.write(&batch).expect("rows");
        writer.close().expect("a footer");
        TableFile::open(&path).expect("a table")
    }

    fn rows_of(batch: &Batch) -> Vec<i32> {
        batch.integer("row").expect("numbers").values().to_vec()
    }

    #[test]
    fn some_persons_are_found_without_reading_the_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = table(folder.path());
        let between = Between { first: b"P20", last: b"P27" };
        let groups = file.groups_of(between);
        assert_eq!(groups, [1, 2], "rows 60 to 83");
        for at_a_time in [0, 1, 2, 8] {
            let mut found = Vec::new();
            let visited =
                file.visit_groups::<TableError>(&groups, &["psn_no", "row"], at_a_time, &mut |first, batch| {
                    let rows = rows_of(batch);
                    assert_eq!(rows.first(), Some(&(first as i32)), "the number of the first row");
                    found.extend(rows);
                    Ok(())
                });
            visited.expect("as it was written");
            assert!(found.into_iter().eq(40..120), "{at_a_time} at a time");
        }
        assert!(file.groups_of(Between { first: b"Q", last: b"R" }).is_empty());
        assert_eq!(file.groups_of(Between { first: b"A", last: b"Z" }), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn single_rows_come_from_whatever_row_groups_have_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = table(folder.path());
        for wanted in [vec![0, 39, 40, 119, 121, 299], vec![81, 82], vec![280], Vec::new()] {
            let mut found = Vec::new();
            let read = file.rows_at::<TableError>(&["row"], &wanted, &mut |batch| {
                found.extend(rows_of(batch));
                Ok(())
            });
            read.expect("as it was written");
            assert!(found.iter().map(|&row| row as usize).eq(wanted.iter().copied()), "{found:?}");
        }
    }
}
