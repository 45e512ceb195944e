//! A Parquet file: its schema, and the rows of one slice of a row group.

use std::fs::File;
use std::ops::Range;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};

use super::cell::{Cell, Row};
use super::columns::{Kind, Table, location};
use super::error::{Diagnostics, IngestError};
use super::open::{RowSink, RowStats};
use super::parquet_values::{Shown, Values, is_readable};
use super::paths::InputPath;
use crate::diagnostic::{Diagnostic, Text};

/// Rows of one decoded batch: enough to make decoding columnar, few enough to stay in a core's cache.
const BATCH_ROWS: usize = 8192;
/// Rows of one slice: the unit of parallel work and of memory. Row groups of a million rows are common.
const SLICE_ROWS: usize = 65_536;

/// What the footer told.
#[derive(Debug)]
pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
    /// The columns that are read.
    mask: ProjectionMask,
    /// For each field of the table, its position among the columns that are read.
    positions: Vec<Option<usize>>,
    /// For each field of the table, the number of its column in the file from 1, or 0.
    numbers: Vec<usize>,
    /// For each column that is read, in file order, what its values are.
    kinds: Vec<Kind>,
}

/// A run of rows in one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) group: usize,
    /// Rows of the group.
    pub(super) rows: Range<usize>,
    /// Bytes of the file it accounts for.
    pub(super) bytes: u64,
}

/// Reads the footer and finds the table's columns. Also returns the extra headings.
pub(super) fn open(
    input: &InputPath,
    file: &File,
    table: &Table,
) -> Result<Result<(ParquetFile, Vec<String>), Diagnostics>, IngestError> {
    let failed = |source| IngestError::Parquet { path: input.path.clone(), source };
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).map_err(failed)?;
    let fields = metadata.schema().fields();
    let header: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let headings = match table.resolve(&header, &input.shown, 0) {
        Ok(headings) => headings,
        Err(problems) => return Ok(Err(problems)),
    };
    let mut problems = Diagnostics::default();
    for (field, position) in table.fields.iter().zip(&headings.positions) {
        let Some(position) = *position else { continue };
        let found = fields[position].data_type();
        if !is_readable(found, field.kind) {
            let at = location(&input.shown, 0, position + 1, &field.name);
            problems.push(Diagnostic::error("I-COLUMN-TYPE", at, unreadable(found, field.kind)).hint(Text::new(
                "cast the column where the file is written; text is always read as in a CSV file",
                "请在写出文件处转换该列的类型；文本类型总按 CSV 的写法读取",
            )));
        }
    }
    let mut read: Vec<(usize, Kind)> =
        table.fields.iter().zip(&headings.positions).filter_map(|(field, at)| at.map(|at| (at, field.kind))).collect();
    // A projection keeps the order of the file.
    read.sort_unstable_by_key(|&(position, _)| position);
    let place = |position: usize| read.iter().position(|&(other, _)| other == position);
    Ok(problems.none_or(|| {
        let mask = ProjectionMask::roots(metadata.parquet_schema(), read.iter().map(|&(position, _)| position));
        let positions = headings.positions.iter().map(|position| position.and_then(place)).collect();
        let numbers = headings.positions.iter().map(|position| position.map_or(0, |at| at + 1)).collect();
        let kinds = read.iter().map(|&(_, kind)| kind).collect();
        (ParquetFile { metadata: metadata.clone(), mask, positions, numbers, kinds }, headings.extra)
    }))
}

fn unreadable(found: &arrow::datatypes::DataType, kind: Kind) -> Text {
    let (en, zh) = match kind {
        Kind::Identifier | Kind::Code => ("text or a whole number", "文本或整数"),
        Kind::Date => ("a date, a timestamp without a time zone, or text", "日期、不带时区的时间戳或文本"),
        Kind::Time => ("a timestamp without a time zone, a date, or text", "不带时区的时间戳、日期或文本"),
        Kind::Money => ("a decimal, an integer, a float or text", "decimal、整数、浮点数或文本"),
    };
    Text::new(format!("the column has the type {found}; expected {en}"), format!("该列的类型为 {found}；应为{zh}"))
}

/// One row of a decoded batch.
struct BatchRow<'a> {
    batch: &'a Batch,
    file: &'a ParquetFile,
    row: usize,
}

/// A decoded batch, its columns turned into values.
struct Batch {
    values: Vec<Values>,
    shown: Shown,
}

impl Row for BatchRow<'_> {
    #[inline]
    fn cell(&self, field: usize) -> Cell<'_> {
        match self.file.positions[field] {
            None => Cell::Missing,
            Some(column) => self.batch.values[column].cell(self.row),
        }
    }

    fn show(&self, field: usize) -> String {
        match self.file.positions[field] {
            None => String::new(),
            Some(column) => self.batch.shown.value(column, self.row),
        }
    }

    fn column_number(&self, field: usize) -> usize {
        self.file.numbers[field]
    }

    fn raw(&self) -> String {
        self.batch.shown.line(self.row)
    }
}

impl ParquetFile {
    /// Whether the file has a column for a field of the table.
    pub(super) fn has(&self, field: usize) -> bool {
        self.positions[field].is_some()
    }

    /// The slices of the file, in row order.
    pub(super) fn slices(&self) -> Vec<Slice> {
        let mut slices = Vec::new();
        for (group, metadata) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = usize::try_from(metadata.num_rows()).unwrap_or(0);
            let bytes = u64::try_from(metadata.compressed_size()).unwrap_or(0);
            let parts = rows.div_ceil(SLICE_ROWS).max(1);
            for part in 0..parts {
                let start = part * SLICE_ROWS;
                let share = bytes / parts as u64;
                slices.push(Slice { group, rows: start..rows.min(start + SLICE_ROWS), bytes: share });
            }
        }
        slices.retain(|slice| !slice.rows.is_empty());
        slices
    }

    /// Gives every row of a slice to `sink`, numbered within the slice from 1, and calls `batch_end` behind each
    /// batch of at most [`BATCH_ROWS`] rows.
    pub(super) fn visit<S: RowSink>(
        &self,
        input: &InputPath,
        file: File,
        slice: &Slice,
        sink: &mut S,
        batch_end: &mut dyn FnMut(&mut S),
    ) -> Result<RowStats, IngestError> {
        let selection = vec![RowSelector::skip(slice.rows.start), RowSelector::select(slice.rows.len())];
        let mut number = 0;
        for batch in self.batches(input, file, slice.group, selection.into())? {
            let batch = self.convert(input, &batch?)?;
            for row in 0..batch.shown.rows() {
                number += 1;
                sink.row(&BatchRow { batch: &batch, file: self, row }, number, number);
            }
            batch_end(sink);
        }
        Ok(RowStats { lines: 0, rows: number, blank: 0 })
    }

    /// Gives single rows of the file to `sink`: `wanted` are row numbers of the file from 1, ascending, and
    /// the rows are numbered by their place in it.
    pub(super) fn visit_wanted(
        &self,
        input: &InputPath,
        file: &File,
        wanted: &[u32],
        sink: &mut impl RowSink,
    ) -> Result<(), IngestError> {
        let failed = |source| IngestError::Read { path: input.path.clone(), source };
        let (mut first, mut rest) = (0_u64, wanted);
        let mut number = 0;
        for (group, metadata) in self.metadata.metadata().row_groups().iter().enumerate() {
            let end = first + u64::try_from(metadata.num_rows()).unwrap_or(0);
            let count = rest.partition_point(|&row| u64::from(row) <= end);
            let (here, later) = rest.split_at(count);
            rest = later;
            if !here.is_empty() {
                let ranges = here.iter().map(|&row| (u64::from(row) - 1 - first) as usize).map(|row| row..row + 1);
                let rows = (end - first) as usize;
                let selection = RowSelection::from_consecutive_ranges(ranges, rows);
                for batch in self.batches(input, file.try_clone().map_err(failed)?, group, selection)? {
                    let batch = self.convert(input, &batch?)?;
                    for row in 0..batch.shown.rows() {
                        number += 1;
                        sink.row(&BatchRow { batch: &batch, file: self, row }, number, number);
                    }
                }
            }
            first = end;
        }
        Ok(())
    }

    fn batches(
        &self,
        input: &InputPath,
        file: File,
        group: usize,
        selection: RowSelection,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, IngestError>>, IngestError> {
        let path = input.path.clone();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(self.mask.clone())
            .with_row_selection(selection)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| IngestError::Parquet { path: path.clone(), source })?;
        Ok(reader.map(move |batch| batch.map_err(|source| IngestError::Convert { path: path.clone(), source })))
    }

    fn convert(&self, input: &InputPath, batch: &RecordBatch) -> Result<Batch, IngestError> {
        let failed = |source| IngestError::Convert { path: input.path.clone(), source };
        let values: Result<Vec<Values>, _> =
            batch.columns().iter().zip(&self.kinds).map(|(array, &kind)| Values::new(array, kind)).collect();
        Ok(Batch { values: values.map_err(failed)?, shown: Shown::new(batch.clone()) })
    }
}
