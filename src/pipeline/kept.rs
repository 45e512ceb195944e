//! Rows that were not adjudicated, kept: `pended.parquet` whole and typed, `rejects.csv` with file, line,
//! column, value, reason and the raw text.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::lines::Lines;
use super::load::Loaded;
use super::rejects::RejectLine;
use super::{RunError, Watch};
use crate::columnar::columns::{integer, text};
use crate::columnar::row_groups::properties;
use crate::diagnostic::Lang;
use crate::ingest::{self, Column, IngestError, PendedColumns, Problem, Recalled};
use crate::model::outcome::Reasons;
use crate::publish::{OutputFile, Staging, Written};
use crate::report::balance::Balance;
use crate::shuffle::order::{InOrder, Position};

/// The headings of `rejects.csv`.
pub const REJECT_COLUMNS: [&str; 7] = ["file", "line", "column", "value", "reason", "message", "raw"];

/// Rows of a batch of `pended.parquet`.
const BATCH_ROWS: usize = 65_536;

/// The schema of `pended.parquet`: the claim's columns, then why and where from.
#[must_use]
pub fn pended_schema() -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = PendedColumns::schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("reasons", DataType::Utf8, false)));
    fields.push(Arc::new(Field::new("src_file", DataType::Utf8, false)));
    fields.push(Arc::new(Field::new("src_row", DataType::Int32, false)));
    Arc::new(Schema::new(fields))
}

/// Writes `pended.parquet`: the claim's columns, `reasons`, `src_file`, `src_row`, in input order. Every row passes
/// `each` too.
///
/// # Errors
/// The rows cannot be read again, or the file cannot be written.
pub(super) fn write_pended(
    loaded: &Loaded,
    staging: &Staging,
    pended: InOrder<Position>,
    watch: &dyn Watch,
    each: &mut dyn FnMut(&Recalled, Reasons),
) -> Result<Written, RunError> {
    let failed = |error| RunError::Parquet { file: "pended.parquet", error };
    let options = ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
    let file = staging.create("pended.parquet")?;
    let mut writer = ArrowWriter::try_new_with_options(file, pended_schema(), options).map_err(failed)?;
    let mut columns = PendedColumns::new();
    some_at_a_time(pended, |rows| {
        let mut next = rows.iter();
        recall(loaded, rows, false, &mut |row| {
            each(&row, next.next().expect("a position for every row").reasons);
            columns.push(&row);
            Ok(())
        })?;
        assert!(next.next().is_none(), "a recalled row for every pended row");
        let batch = pended_batch(loaded, &mut columns, rows)?;
        watch.advance(rows.len() as u64);
        writer.write(&batch).map_err(failed)
    })?;
    let file: OutputFile = writer.into_inner().map_err(failed)?;
    Ok(file.finish()?)
}

/// Positions in order, so many at a time that their rows fit the memory.
fn some_at_a_time(
    positions: InOrder<Position>,
    mut take: impl FnMut(&[Position]) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut some = Vec::new();
    for position in positions {
        some.push(position?);
        if some.len() == BATCH_ROWS {
            take(&some)?;
            some.clear();
        }
    }
    if some.is_empty() { Ok(()) } else { take(&some) }
}

/// Reads rows again, with their raw text or without.
fn recall(
    loaded: &Loaded,
    rows: &[Position],
    with_raw: bool,
    sink: &mut dyn FnMut(Recalled) -> Result<(), IngestError>,
) -> Result<(), RunError> {
    let wanted: Vec<(u32, u32)> = rows.iter().map(|row| (row.file, row.row)).collect();
    Ok(ingest::recall(&loaded.files, &wanted, with_raw, loaded.shares.parts, sink)?)
}

fn pended_batch(loaded: &Loaded, columns: &mut PendedColumns, rows: &[Position]) -> Result<RecordBatch, IngestError> {
    let claims = columns.finish()?;
    assert_eq!(claims.num_rows(), rows.len(), "a recalled row for every pended row");
    let mut arrays: Vec<ArrayRef> = claims.columns().to_vec();
    arrays.push(text(rows.iter().map(|row| row.reasons.joined())));
    let source = |row: &Position| loaded.sources.of(row.file, row.row);
    arrays.push(text(rows.iter().map(|row| source(row).0)));
    arrays.push(integer(rows.iter().map(|row| src_row(source(row).1))));
    RecordBatch::try_new(pended_schema(), arrays).map_err(IngestError::Columns)
}

/// A row number as the outputs store it.
#[must_use]
pub fn src_row(row: u32) -> i32 {
    i32::try_from(row).expect("fewer than 2^31 rows in a file")
}

/// Writes `rejects.csv`, in input order, a line for each reason and column, and counts the reasons that ingestion found.
///
/// # Errors
/// A refused row cannot be read again, or the file cannot be written.
pub(super) fn write_rejects(
    loaded: &Loaded,
    staging: &Staging,
    refused: InOrder<Position>,
    lang: Lang,
    watch: &dyn Watch,
    balance: &mut Balance,
) -> Result<Written, RunError> {
    let mut file = RejectFile { lines: Lines::begin(staging.create("rejects.csv")?, &REJECT_COLUMNS)?, loaded, lang };
    let mut refused = Refused { positions: refused, loaded, watch, lines: VecDeque::new() };
    // One line a reason and column, counted once a row.
    let mut of_row = ((u32::MAX, u32::MAX), Reasons::NONE);
    loaded.rejects.each(loaded.disk.as_deref(), |line| -> Result<(), RunError> {
        if of_row.0 != (line.file, line.row) {
            balance.count_reasons(of_row.1);
            of_row = ((line.file, line.row), Reasons::NONE);
        }
        of_row.1.add(line.reason);
        // A row that was rejected already keeps its reasons in front: reporting order.
        while let Some(taken) = refused.before(line.key())? {
            file.put(&taken)?;
        }
        file.put(&line)
    })?;
    balance.count_reasons(of_row.1);
    while let Some(taken) = refused.before((u32::MAX, u32::MAX, u8::MAX))? {
        file.put(&taken)?;
    }
    file.lines.finish()
}

/// `rejects.csv` in the making.
struct RejectFile<'a> {
    lines: Lines,
    loaded: &'a Loaded,
    lang: Lang,
}

impl RejectFile<'_> {
    fn put(&mut self, line: &RejectLine) -> Result<(), RunError> {
        self.lines.put(&[
            self.loaded.sources.files[line.file as usize].as_str(),
            &line.line.to_string(),
            line.column,
            &line.value,
            line.reason.word(),
            line.message.get(self.lang),
            &line.raw,
        ])
    }
}

/// Rows whose settlement another row, or the ledger, has, as lines in the order of the output.
struct Refused<'a> {
    positions: InOrder<Position>,
    loaded: &'a Loaded,
    watch: &'a dyn Watch,
    lines: VecDeque<RejectLine>,
}

impl Refused<'_> {
    /// The next line, if it stands before another one.
    fn before(&mut self, key: (u32, u32, u8)) -> Result<Option<RejectLine>, RunError> {
        if self.lines.is_empty() {
            self.fill()?;
        }
        let is_before = self.lines.front().is_some_and(|line| line.key() < key);
        Ok(if is_before { self.lines.pop_front() } else { None })
    }

    fn fill(&mut self) -> Result<(), RunError> {
        let some = self.positions.by_ref().take(BATCH_ROWS).collect::<Result<Vec<_>, _>>()?;
        let mut next = some.iter();
        let lines = &mut self.lines;
        recall(self.loaded, &some, true, &mut |row| {
            let reasons = next.next().expect("a position for every row").reasons;
            let problems = [Problem::Duplicate, Problem::Settled].into_iter();
            lines.extend(problems.filter(|problem| reasons.has(problem.reason())).map(|problem| taken(&row, problem)));
            Ok(())
        })?;
        self.watch.advance(some.len() as u64);
        Ok(())
    }
}

/// A line about a row whose settlement another row, or the ledger, has.
fn taken(row: &Recalled, problem: Problem) -> RejectLine {
    RejectLine {
        file: row.file,
        row: row.row,
        line: row.line,
        column: Column::SetlId.name(),
        value: row.cell(Column::SetlId).to_owned(),
        reason: problem.reason(),
        message: problem.text(),
        raw: row.raw.as_str().into(),
    }
}
