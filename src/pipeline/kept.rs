//! Rows that were not adjudicated, kept: `pended.parquet` whole and typed, `rejects.csv` with file, line,
//! column, value, reason and the raw text.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use hashbrown::HashMap;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::RunError;
use super::lines::Lines;
use super::load::Loaded;
use super::night_tables::OPEN_ITEMS as OPEN_ITEMS_FILE;
use super::write::NightTables;
use crate::adjudicate::person::Outcome;
use crate::columnar::columns::{self, integer, text};
use crate::columnar::row_groups::{RowGroups, properties};
use crate::diagnostic::Lang;
use crate::ingest::{self, Column, IngestError, PendedColumns, Problem, Recalled, Reject, Value};
use crate::ledger::fold::RefusedRow;
use crate::ledger::tables::schema::{OPEN_ITEMS, plain};
use crate::model::outcome::Reasons;
use crate::model::settlement::Claim;
use crate::publish::{OutputFile, Staging, Written};
use crate::report::privacy::Persons;

/// A pended row and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendedRow {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file.
    pub row: u32,
    /// Why.
    pub reasons: Reasons,
}

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
pub fn write_pended(
    loaded: &Loaded,
    staging: &Staging,
    mut pended: Vec<PendedRow>,
    each: &mut dyn FnMut(&Recalled, Reasons),
) -> Result<Written, RunError> {
    pended.sort_unstable_by_key(|row| (row.file, row.row));
    let failed = |error| RunError::Parquet { file: "pended.parquet", error };
    let options = ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
    let file = staging.create("pended.parquet")?;
    let mut writer = ArrowWriter::try_new_with_options(file, pended_schema(), options).map_err(failed)?;
    let wanted: Vec<(u32, u32)> = pended.iter().map(|row| (row.file, row.row)).collect();
    let mut columns = PendedColumns::new();
    let mut written = 0;
    // The receiver of recalled rows speaks ingestion's errors: a failure of the writer waits outside.
    let mut write_error = None;
    let recalled = ingest::recall(&loaded.files, &wanted, &mut |row| {
        each(&row, pended[written + columns.len()].reasons);
        columns.push(&row);
        if columns.len() == BATCH_ROWS {
            let batch = pended_batch(loaded, &mut columns, &pended[written..written + BATCH_ROWS])?;
            written += BATCH_ROWS;
            if let Err(error) = writer.write(&batch) {
                write_error = Some(error);
                return Err(IngestError::Cancelled);
            }
        }
        Ok(())
    });
    if let Some(error) = write_error {
        return Err(failed(error));
    }
    recalled?;
    let batch = pended_batch(loaded, &mut columns, &pended[written..])?;
    writer.write(&batch).map_err(failed)?;
    let file: OutputFile = writer.into_inner().map_err(failed)?;
    Ok(file.finish()?)
}

fn pended_batch(loaded: &Loaded, columns: &mut PendedColumns, rows: &[PendedRow]) -> Result<RecordBatch, IngestError> {
    let claims = columns.finish()?;
    assert_eq!(claims.num_rows(), rows.len(), "a recalled row for every pended row");
    let mut arrays: Vec<ArrayRef> = claims.columns().to_vec();
    arrays.push(text(rows.iter().map(|row| row.reasons.joined())));
    let source = |row: &PendedRow| loaded.sources.of(row.file, row.row);
    arrays.push(text(rows.iter().map(|row| source(row).0)));
    arrays.push(integer(rows.iter().map(|row| src_row(source(row).1))));
    RecordBatch::try_new(pended_schema(), arrays).map_err(IngestError::Columns)
}

/// A row number as the outputs store it.
#[must_use]
pub fn src_row(row: u32) -> i32 {
    i32::try_from(row).expect("fewer than 2^31 rows in a file")
}

/// Writes `rejects.csv`, in input order, a line for each reason and column.
///
/// # Errors
/// A refused row cannot be read again, or the file cannot be written.
pub fn write_rejects(
    loaded: &Loaded,
    staging: &Staging,
    refused: &[RefusedRow],
    lang: Lang,
) -> Result<Written, RunError> {
    let reasons: HashMap<(u32, u32), Reasons> = refused.iter().map(|row| ((row.file, row.row), row.reasons)).collect();
    let mut wanted: Vec<(u32, u32)> = reasons.keys().copied().collect();
    wanted.sort_unstable();
    let mut recalled: Vec<Reject> = Vec::with_capacity(wanted.len());
    ingest::recall(&loaded.files, &wanted, &mut |row| {
        for problem in [Problem::Duplicate, Problem::Settled] {
            if reasons[&(row.file, row.row)].has(problem.reason()) {
                recalled.push(taken(&row, problem));
            }
        }
        Ok(())
    })?;
    // A row that was rejected already keeps its reasons in front: reporting order.
    let mut lines: Vec<&Reject> = loaded.rejects.iter().chain(&recalled).collect();
    lines.sort_by_key(|reject| (reject.file, reject.row, reject.reason as u8));
    let mut file = Lines::begin(staging.create("rejects.csv")?, &REJECT_COLUMNS)?;
    for reject in lines {
        file.put(&[
            loaded.sources.files[reject.file as usize].as_str(),
            &reject.line.to_string(),
            reject.column,
            &reject.value,
            reject.reason.word(),
            reject.problem.text().get(lang),
            &reject.raw,
        ])?;
    }
    file.finish()
}

/// A row whose settlement another row, or the ledger, has.
fn taken(row: &Recalled, problem: Problem) -> Reject {
    let value = cell(row, Column::SetlId);
    Reject {
        file: row.file,
        row: row.row,
        line: row.line,
        column: Column::SetlId.name(),
        value,
        reason: problem.reason(),
        problem,
        raw: row.raw.as_str().into(),
    }
}

fn cell(row: &Recalled, column: Column) -> String {
    match row.value(column) {
        Value::Text(text) | Value::Bad(text) => text.clone(),
        _ => String::new(),
    }
}

/// A pended row as the ledger keeps it beside `pended.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenItem {
    psn_no: String,
    setl_id: String,
    reasons: Reasons,
}

impl OpenItem {
    /// Of a recalled row.
    #[must_use]
    pub fn of(row: &Recalled, reasons: Reasons) -> Self {
        Self { psn_no: cell(row, Column::PsnNo), setl_id: cell(row, Column::SetlId), reasons }
    }
}

/// Writes `open_items.parquet`: a row for each of `pended.parquet`, with the night since which it is open.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write_open_items(
    staging: &Staging,
    items: Vec<OpenItem>,
    night: &NightTables,
) -> Result<Written, RunError> {
    let failed = |error| RunError::Parquet { file: OPEN_ITEMS_FILE, error };
    let since: HashMap<(&str, &str), u32> =
        night.since.iter().map(|(person, id, since)| ((person.as_str(), id.as_str()), *since)).collect();
    let since = |item: &OpenItem| since.get(&(&*item.psn_no, &*item.setl_id)).copied().unwrap_or(night.number) as i32;
    let arrays = vec![
        text(items.iter().map(|item| &item.psn_no)),
        text(items.iter().map(|item| &item.setl_id)),
        integer(items.iter().map(since)),
        text(items.iter().map(|item| item.reasons.joined())),
    ];
    let schema = plain(&OPEN_ITEMS);
    let batch = columns::rows(Arc::clone(&schema), arrays);
    let mut file = RowGroups::begin(staging.create(OPEN_ITEMS_FILE)?, schema).map_err(failed)?;
    file.put(&batch).map_err(failed)?;
    Ok(file.finish().map_err(failed)?.finish()?)
}

/// The headings of `late.csv`.
pub const LATE_COLUMNS: [&str; 11] = [
    "psn_no",
    "setl_id",
    "setl_time",
    "last_setl_time",
    "last_setl_id",
    "status",
    "fund_pay_sumamt",
    "acct_pay",
    "psn_cash_pay",
    "src_file",
    "src_row",
];

/// A line of `late.csv`.
pub struct LateRow([String; 11]);

impl LateRow {
    /// Of a settlement whose place lies before the last one of earlier nights.
    ///
    /// # Panics
    /// If its person has no earlier settlement.
    #[must_use]
    pub fn of(claim: &Claim, outcome: &Outcome, loaded: &Loaded) -> Self {
        let arenas = &loaded.rows.arenas;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let person = arenas.person(claim.text);
        let rank = loaded.persons.find(arenas, person).expect("a person of the run");
        let opening = loaded.opening.as_ref().expect("a night");
        let last = opening.last[rank as usize].as_ref().expect("a late claim comes before a settlement");
        let (file, row) = loaded.sources.of(claim.file, claim.row);
        Self([
            text(person),
            text(arenas.setl_id(claim.text)),
            claim.setl_time.to_string(),
            last.time.to_string(),
            text(&last.setl_id),
            outcome.status.word().to_owned(),
            outcome.amounts.funds().to_string(),
            outcome.amounts.account.to_string(),
            outcome.amounts.cash().to_string(),
            file.to_owned(),
            row.to_string(),
        ])
    }
}

/// Writes `late.csv`: settlements adjudicated on the accumulators as they stand, though their place lies earlier.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write_late(staging: &Staging, late: &[LateRow], persons: &Persons) -> Result<Written, RunError> {
    let mut lines = Lines::begin(staging.create("late.csv")?, &LATE_COLUMNS)?;
    for LateRow(row) in late {
        let mut row = row.clone();
        row[0] = persons.person(&row[0]);
        lines.put(&row)?;
    }
    lines.finish()
}
