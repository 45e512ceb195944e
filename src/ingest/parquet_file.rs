//! A Parquet file: its schema, and the rows of one slice of a row group.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};

use super::cell::{Cell, Row};
use super::columns::{Kind, Table, location};
use super::error::{Diagnostics, IngestError};
use super::open::{RowSink, RowStats};
use super::parquet_hints;
use super::parquet_values::{Shown, Values, is_readable};
use super::paths::InputPath;
use crate::diagnostic::{Diagnostic, Text};

/// Rows of one decoded batch: enough to make decoding columnar, few enough to stay in a core's cache.
const BATCH_ROWS: usize = 8192;
/// Rows of one slice, at most: the unit of parallel work and of memory. Row groups of a million rows are common; one
/// of the usual 122,880 is read at once, as its pages would be decompressed for each of its slices.
const SLICE_ROWS: usize = 131_072;

/// What the footer told.
#[derive(Debug)]
pub(super) struct ParquetFile {
    metadata: ArrowReaderMetadata,
    /// For each field of the table, the number of its column in the file from 1, or 0.
    numbers: Vec<usize>,
    /// For each field of the table, whether no value of its column can be wrong.
    sound: Vec<bool>,
    /// The columns of the table, in file order: field, position in the file, kind.
    columns: Vec<(usize, usize, Kind)>,
}

/// The columns that are read together.
struct View {
    mask: ProjectionMask,
    /// For each field of the table, its position among them.
    positions: Vec<Option<usize>>,
    /// What the values of each of them are.
    kinds: Vec<Kind>,
    /// Whether they are all columns of the table that the file has.
    is_whole: bool,
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
    let mut columns: Vec<(usize, usize, Kind)> = table
        .fields
        .iter()
        .zip(&headings.positions)
        .enumerate()
        .filter_map(|(field, (described, at))| at.map(|at| (field, at, described.kind)))
        .collect();
    // A projection keeps the order of the file.
    columns.sort_unstable_by_key(|&(_, position, _)| position);
    Ok(problems.none_or(|| {
        let numbers = headings.positions.iter().map(|position| position.map_or(0, |at| at + 1)).collect();
        let mut sound = vec![false; table.fields.len()];
        for &(field, position, kind) in &columns {
            sound[field] = parquet_hints::is_sound(&metadata, position, kind);
        }
        let metadata = parquet_hints::hinted(&metadata, &columns);
        (ParquetFile { metadata, numbers, sound, columns }, headings.extra)
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

/// The rows of a decoded batch.
pub(super) struct BatchRows<'a> {
    batch: &'a Batch,
    view: &'a View,
    numbers: &'a [usize],
}

impl<'a> BatchRows<'a> {
    pub(super) fn len(&self) -> usize {
        self.batch.shown.rows()
    }

    /// One of the rows.
    pub(super) fn row(&self, row: usize) -> BatchRow<'a> {
        BatchRow { batch: self.batch, view: self.view, numbers: self.numbers, row }
    }

    /// The values of a field; `None` where the file has no such column or it is not read.
    pub(super) fn values(&self, field: usize) -> Option<&'a Values> {
        self.view.positions[field].map(|column| &self.batch.values[column])
    }
}

/// One row of a decoded batch.
pub(super) struct BatchRow<'a> {
    batch: &'a Batch,
    view: &'a View,
    numbers: &'a [usize],
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
        match self.view.positions[field] {
            None => Cell::Missing,
            Some(column) => self.batch.values[column].cell(self.row),
        }
    }

    fn show(&self, field: usize) -> String {
        match self.view.positions[field] {
            None => String::new(),
            Some(column) => self.batch.shown.value(column, self.row),
        }
    }

    fn column_number(&self, field: usize) -> usize {
        self.numbers[field]
    }

    fn raw(&self) -> String {
        // The columns that were not read are not guessed: `RowSink::complete` brings the whole row.
        if self.view.is_whole { self.batch.shown.line(self.row) } else { String::new() }
    }
}

impl ParquetFile {
    /// Whether the file has a column for a field of the table.
    pub(super) fn has(&self, field: usize) -> bool {
        self.numbers[field] > 0
    }

    /// The slices of the file, in row order.
    pub(super) fn slices(&self) -> Vec<Slice> {
        let mut slices = Vec::new();
        for (group, metadata) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = usize::try_from(metadata.num_rows()).unwrap_or(0);
            let bytes = u64::try_from(metadata.compressed_size()).unwrap_or(0);
            let parts = rows.div_ceil(SLICE_ROWS).max(1);
            for part in 0..parts {
                let share = bytes / parts as u64;
                slices.push(Slice { group, rows: rows * part / parts..rows * (part + 1) / parts, bytes: share });
            }
        }
        slices.retain(|slice| !slice.rows.is_empty());
        slices
    }

    /// Gives every row of a slice to `sink`, numbered within the slice from 1, and calls `batch_end` behind each
    /// batch of at most [`BATCH_ROWS`] rows. Columns that the sink can spare are read for the rows it wants whole.
    pub(super) fn visit<S: RowSink>(
        &self,
        input: &InputPath,
        file: File,
        slice: &Slice,
        sink: &mut S,
        batch_end: &mut dyn FnMut(&mut S),
    ) -> Result<RowStats, IngestError> {
        let view = self.view(&|field| sink.is_spare(field));
        let selection = vec![RowSelector::skip(slice.rows.start), RowSelector::select(slice.rows.len())];
        let mut first = 1;
        for batch in self.batches(input, file, &view, slice.group, selection.into())? {
            let batch = self.convert(input, &view, &batch?)?;
            let rows = BatchRows { batch: &batch, view: &view, numbers: &self.numbers };
            sink.batch(&rows, first);
            first += rows.len() as u64;
            batch_end(sink);
        }
        if !view.is_whole {
            self.complete(input, slice, sink)?;
        }
        Ok(RowStats { lines: 0, rows: first - 1, blank: 0 })
    }

    /// Reads all columns of the rows that a sink wants whole.
    fn complete(&self, input: &InputPath, slice: &Slice, sink: &mut impl RowSink) -> Result<(), IngestError> {
        let wanted = sink.incomplete();
        if wanted.is_empty() {
            return Ok(());
        }
        let file = File::open(&input.path).map_err(|source| IngestError::Open { path: input.path.clone(), source })?;
        let rows = wanted.iter().map(|&number| slice.rows.start + number as usize - 1).map(|row| row..row + 1);
        let selection = RowSelection::from_consecutive_ranges(rows, slice.rows.end);
        let view = self.view(&|_| false);
        let mut numbers = wanted.iter();
        let mut raw: Vec<(u64, Arc<str>)> = Vec::with_capacity(wanted.len());
        for batch in self.batches(input, file, &view, slice.group, selection)? {
            let shown = Shown::new(batch?);
            raw.extend((0..shown.rows()).zip(&mut numbers).map(|(row, &number)| (number, shown.line(row).into())));
        }
        sink.complete(&raw);
        Ok(())
    }

    /// All columns but those that are spare and sound.
    fn view(&self, is_spare: &dyn Fn(usize) -> bool) -> View {
        let read: Vec<&(usize, usize, Kind)> =
            self.columns.iter().filter(|&&(field, ..)| !(is_spare(field) && self.sound[field])).collect();
        let mut positions = vec![None; self.numbers.len()];
        for (at, &&(field, ..)) in read.iter().enumerate() {
            positions[field] = Some(at);
        }
        View {
            mask: ProjectionMask::roots(self.metadata.parquet_schema(), read.iter().map(|&&(_, position, _)| position)),
            positions,
            kinds: read.iter().map(|&&(.., kind)| kind).collect(),
            is_whole: read.len() == self.columns.len(),
        }
    }

    /// For each row group, the number of its last row in the file.
    pub(super) fn group_ends(&self) -> Vec<u64> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups
            .scan(0, |end, group| {
                *end += u64::try_from(group.num_rows()).unwrap_or(0);
                Some(*end)
            })
            .collect()
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
        let view = self.view(&|_| false);
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
                for batch in self.batches(input, file.try_clone().map_err(failed)?, &view, group, selection)? {
                    let batch = self.convert(input, &view, &batch?)?;
                    let rows = BatchRows { batch: &batch, view: &view, numbers: &self.numbers };
                    for row in 0..rows.len() {
                        number += 1;
                        sink.row(&rows.row(row), number, number);
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
        view: &View,
        group: usize,
        selection: RowSelection,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, IngestError>>, IngestError> {
        let path = input.path.clone();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(view.mask.clone())
            .with_row_selection(selection)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| IngestError::Parquet { path: path.clone(), source })?;
        Ok(reader.map(move |batch| batch.map_err(|source| IngestError::Convert { path: path.clone(), source })))
    }

    fn convert(&self, input: &InputPath, view: &View, batch: &RecordBatch) -> Result<Batch, IngestError> {
        let failed = |source| IngestError::Convert { path: input.path.clone(), source };
        let values: Result<Vec<Values>, _> =
            batch.columns().iter().zip(&view.kinds).map(|(array, &kind)| Values::new(array, kind)).collect();
        Ok(Batch { values: values.map_err(failed)?, shown: Shown::new(batch.clone()) })
    }
}
