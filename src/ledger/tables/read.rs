//! Reading tables of the ledger: chosen columns, row groups decoded in parallel and handed on in order.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, SchemaRef, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use rayon::prelude::*;
use thiserror::Error;

use crate::model::money::Fen;

/// Why a table of the ledger cannot be read.
#[derive(Debug, Error)]
pub enum TableError {
    /// It cannot be opened.
    #[error("cannot open {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// It is not a Parquet file of the right columns.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: parquet::errors::ParquetError,
    },
    /// A batch cannot be decoded.
    #[error("cannot decode {}", .path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: arrow::error::ArrowError,
    },
    /// A column is missing or of another type.
    #[error("{}: the column {column} is missing or not of its type", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// Its rows do not stand in the order of `psn_no`.
    #[error("{}: its rows are not in the order of psn_no", .path.display())]
    Order {
        /// The file.
        path: PathBuf,
    },
}

/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

/// A Parquet file whose footer was read.
pub struct TableFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl TableFile {
    /// Opens a table.
    ///
    /// # Errors
    /// It is not there or not a Parquet file.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let metadata = ArrowReaderMetadata::load(&handle(path)?, ArrowReaderOptions::new())
            .map_err(|error| TableError::Read { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    /// Number of its rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        usize::try_from(self.metadata.metadata().file_metadata().num_rows()).expect("rows are counted from 0")
    }

    /// Hands every batch of the wanted columns to `sink`, in file order. Decoding runs on rayon's pool.
    ///
    /// # Errors
    /// What the file runs into, and what `sink` says.
    pub fn visit<E: From<TableError>>(
        &self,
        wanted: &[&str],
        sink: &mut dyn FnMut(&Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let groups: Vec<usize> = (0..self.metadata.metadata().num_row_groups()).collect();
        for window in groups.chunks(rayon::current_num_threads().max(1)) {
            let decoded: Vec<Result<Vec<RecordBatch>, TableError>> = window
                .par_iter()
                .map(|&group| self.decode(wanted, |builder| builder.with_row_groups(vec![group])))
                .collect();
            for batches in decoded {
                for batch in batches? {
                    sink(&Batch { path: &self.path, batch: &batch })?;
                }
            }
        }
        Ok(())
    }

    /// Single rows, ascending from 0, of the wanted columns.
    ///
    /// # Errors
    /// What the file runs into.
    pub fn rows_at<E: From<TableError>>(
        &self,
        wanted: &[&str],
        rows: &[usize],
        sink: &mut dyn FnMut(&Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let selection = RowSelection::from_consecutive_ranges(rows.iter().map(|&row| row..row + 1), self.rows());
        for batch in self.decode(wanted, |builder| builder.with_row_selection(selection))? {
            sink(&Batch { path: &self.path, batch: &batch })?;
        }
        Ok(())
    }

    /// Hands the batches of all row groups that may hold rows of a person to `sink`: the groups are found by what
    /// they say of their own first and last number.
    ///
    /// # Errors
    /// What the file runs into, and what `sink` says.
    pub fn visit_person<E: From<TableError>>(
        &self,
        person: &str,
        wanted: &[&str],
        sink: &mut dyn FnMut(&Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let all = self.metadata.metadata().num_row_groups();
        let may_hold = |group: &usize| {
            self.numbers_of(*group).is_none_or(|(first, last)| first <= person.as_bytes() && person.as_bytes() <= last)
        };
        let groups: Vec<usize> = (0..all).filter(may_hold).collect();
        for batch in self.decode(wanted, |builder| builder.with_row_groups(groups))? {
            sink(&Batch { path: &self.path, batch: &batch })?;
        }
        Ok(())
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
    pub fn stream(
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

    fn decode(
        &self,
        wanted: &[&str],
        narrow: impl FnOnce(ParquetRecordBatchReaderBuilder<File>) -> ParquetRecordBatchReaderBuilder<File>,
    ) -> Result<Vec<RecordBatch>, TableError> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), wanted.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle(&self.path)?, self.metadata.clone());
        let reader = narrow(builder)
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| TableError::Read { path: self.path.clone(), error })?;
        reader.collect::<Result<_, _>>().map_err(|error| TableError::Decode { path: self.path.clone(), error })
    }
}

fn handle(path: &Path) -> Result<File, TableError> {
    File::open(path).map_err(|error| TableError::Open { path: path.to_owned(), error })
}

/// A batch of a table, with its columns by name and type.
pub struct Batch<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
}

impl<'a> Batch<'a> {
    /// A batch of a file.
    #[must_use]
    pub fn new(path: &'a Path, batch: &'a RecordBatch) -> Self {
        Self { path, batch }
    }

    /// Number of its rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &'a Path {
        self.path
    }

    fn wrong(&self, column: &'static str) -> TableError {
        TableError::Column { path: self.path.to_owned(), column }
    }

    /// A column as it is.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn column(&self, column: &'static str) -> Result<&'a ArrayRef, TableError> {
        self.batch.column_by_name(column).ok_or_else(|| self.wrong(column))
    }

    /// A text column.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn text(&self, column: &'static str) -> Result<&'a StringArray, TableError> {
        self.column(column)?.as_string_opt::<i32>().ok_or_else(|| self.wrong(column))
    }

    /// A column of whole numbers.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn integer(&self, column: &'static str) -> Result<&'a Int32Array, TableError> {
        self.column(column)?.as_primitive_opt::<Int32Type>().ok_or_else(|| self.wrong(column))
    }

    /// A column of days.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn day(&self, column: &'static str) -> Result<&'a Date32Array, TableError> {
        self.column(column)?.as_primitive_opt::<Date32Type>().ok_or_else(|| self.wrong(column))
    }

    /// A column of seconds.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn second(&self, column: &'static str) -> Result<&'a TimestampMicrosecondArray, TableError> {
        self.column(column)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| self.wrong(column))
    }

    /// A money column, in fen.
    ///
    /// # Errors
    /// It is missing or of another type.
    pub fn money(&self, column: &'static str) -> Result<Vec<Fen>, TableError> {
        money(self.column(column)?).ok_or_else(|| self.wrong(column))
    }
}

/// A money column as the reader gives it, in fen.
pub fn money(array: &ArrayRef) -> Option<Vec<Fen>> {
    let array = array.as_primitive_opt::<Decimal128Type>().filter(|array| array.null_count() == 0)?;
    array.values().iter().map(|&fen| i64::try_from(fen).ok().map(Fen)).collect()
}
