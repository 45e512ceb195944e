//! Rows that were not adjudicated, kept: `pended.parquet` whole and typed, `rejects.csv` with file, line,
//! column, value, reason and the raw text.

use csv::{QuoteStyle, WriterBuilder};

use super::publish::{Staging, Written};
use crate::diagnostic::Lang;
use crate::ingest::{self, PendedColumns, Problem, Reject};
use crate::ledger::fold::DuplicateRow;
use crate::model::outcome::{Reason, Reasons};
use crate::pipeline::RunError;
use crate::pipeline::load::Loaded;

/// A pended row and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Writes `pended.parquet`: the claim's columns, `reasons`, `src_file`, `src_row`, in input order.
///
/// # Errors
/// The rows cannot be read again, or the file cannot be written.
pub fn write_pended(loaded: &Loaded, staging: &Staging, mut pended: Vec<PendedRow>) -> Result<Written, RunError> {
    todo!()
}

/// Writes `rejects.csv`, in input order, a line for each reason and column.
///
/// # Errors
/// A duplicate row cannot be read again, or the file cannot be written.
pub fn write_rejects(
    loaded: &Loaded,
    staging: &Staging,
    duplicates: &[DuplicateRow],
    lang: Lang,
) -> Result<Written, RunError> {
    todo!()
}
