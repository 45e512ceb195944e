//! Reading tables of the ledger: chosen columns, row groups decoded in parallel and handed on in order.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use thiserror::Error;

use crate::diagnostic::{Failure, Text};
use crate::model::date::Date;
use crate::model::money::Fen;

/// Why a table of the ledger cannot be read.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum TableError {
    /// It cannot be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// It is not a Parquet file of the right columns.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: parquet::errors::ParquetError,
    },
    /// A batch cannot be decoded.
    Decode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: arrow::error::ArrowError,
    },
    /// A column is missing or of another type.
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// Its rows do not stand in the order of `psn_no`.
    Order {
        /// The file.
        path: PathBuf,
    },
}

impl Failure for TableError {
    fn text(&self) -> Text {
        let (en, zh, path) = match self {
            Self::Open { path, .. } => ("cannot open", "无法打开", path),
            Self::Read { path, .. } => ("cannot read", "无法读取", path),
            Self::Decode { path, .. } => ("cannot decode", "无法解码", path),
            Self::Order { path } => {
                return Text::new(
                    format!("{}: its rows are not in the order of psn_no", path.display()),
                    format!("{}：各行未按 psn_no 排序", path.display()),
                );
            }
            Self::Column { path, column } => {
                return Text::new(
                    format!("{}: the column {column} is missing or not of its type", path.display()),
                    format!("{}：缺少列 {column}，或其类型不符", path.display()),
                );
            }
        };
        Text::new(format!("{en} {}", path.display()), format!("{zh} {}", path.display()))
    }
}

/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

/// A Parquet file whose footer was read.
#[derive(Clone)]
pub struct TableFile {
    pub(super) path: PathBuf,
    pub(super) metadata: ArrowReaderMetadata,
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

    /// First and last day of a column, where the footer tells; `None` where it does not.
    #[must_use]
    pub fn day_range(&self, column: &str) -> Option<(Date, Date)> {
        let mut range: Option<(Date, Date)> = None;
        for group in self.metadata.metadata().row_groups() {
            let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column)?;
            let Statistics::Int32(days) = chunk.statistics()? else { return None };
            let (first, last) = (Date(*days.min_opt()?), Date(*days.max_opt()?));
            range = Some(range.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
        }
        range
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
        self.visit_groups(&groups, wanted, rayon::current_num_threads(), &mut |_, batch| sink(batch))
    }

    /// Hands every batch of some row groups to `sink`, in file order, with the number of its first row in the file.
    /// So many groups are in memory at a time; of one alone, a batch.
    pub(super) fn visit_groups<E: From<TableError>>(
        &self,
        groups: &[usize],
        wanted: &[&str],
        at_a_time: usize,
        sink: &mut dyn FnMut(usize, &Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        if at_a_time <= 1 {
            for &group in groups {
                let mut first = self.rows_before(group);
                for batch in self.batches_of(wanted, group..group + 1, BATCH_ROWS)? {
                    let batch = batch.map_err(|error| TableError::Decode { path: self.path.clone(), error })?;
                    sink(first, &Batch { path: &self.path, batch: &batch })?;
                    first += batch.num_rows();
                }
            }
            return Ok(());
        }
        for window in groups.chunks(at_a_time) {
            let decoded: Vec<Result<Vec<RecordBatch>, TableError>> = window
                .par_iter()
                .map(|&group| self.decode(wanted, |builder| builder.with_row_groups(vec![group])))
                .collect();
            for (&group, batches) in window.iter().zip(decoded) {
                let mut first = self.rows_before(group);
                for batch in batches? {
                    sink(first, &Batch { path: &self.path, batch: &batch })?;
                    first += batch.num_rows();
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
        // Row groups without a wanted row are not touched, and the rows of the others are numbered anew.
        let (mut groups, mut ranges, mut left) = (Vec::new(), Vec::new(), rows);
        let (mut first, mut before) = (0, 0);
        for group in 0..self.metadata.metadata().num_row_groups() {
            let end = self.rows_before(group + 1);
            let (here, rest) = left.split_at(left.partition_point(|&row| row < end));
            if !here.is_empty() {
                groups.push(group);
                ranges.extend(here.iter().map(|&row| row - first + before..row - first + before + 1));
                before += end - first;
            }
            (first, left) = (end, rest);
        }
        let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), before);
        let batches = self.decode(wanted, |builder| builder.with_row_groups(groups).with_row_selection(selection))?;
        batches.iter().try_for_each(|batch| sink(&Batch { path: &self.path, batch }))
    }

    /// The wanted columns batch by batch, in file order, on the calling thread.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn stream(self, wanted: &[&str]) -> Result<Streamed, TableError> {
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), wanted.iter().copied());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(handle(&self.path)?, self.metadata)
            .with_projection(mask)
            .with_batch_size(STREAM_ROWS)
            .build()
            .map_err(|error| TableError::Read { path: self.path.clone(), error })?;
        Ok(Streamed { path: self.path, reader })
    }

    pub(super) fn decode(
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

/// Rows of a streamed batch: many files may be open at once.
const STREAM_ROWS: usize = 4_096;

/// A table that is read batch by batch.
pub struct Streamed {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

/// A batch of a streamed table.
pub struct OwnedBatch {
    path: PathBuf,
    batch: RecordBatch,
}

impl OwnedBatch {
    /// Its columns.
    #[must_use]
    pub fn view(&self) -> Batch<'_> {
        Batch { path: &self.path, batch: &self.batch }
    }
}

impl Streamed {
    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// It cannot be decoded.
    pub fn next_batch(&mut self) -> Result<Option<OwnedBatch>, TableError> {
        match self.reader.next() {
            None => Ok(None),
            Some(Ok(batch)) => Ok(Some(OwnedBatch { path: self.path.clone(), batch })),
            Some(Err(error)) => Err(TableError::Decode { path: self.path.clone(), error }),
        }
    }
}

pub(super) fn handle(path: &Path) -> Result<File, TableError> {
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
