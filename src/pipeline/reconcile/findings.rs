//! The findings of an audit into their files.

use serde_json::{Value, json};

use crate::audit::findings::thresholds::{self, Limits};
use crate::audit::findings::{self};
use crate::columnar::findings::{FINDINGS, findings as schema};
use crate::columnar::row_groups::RowGroups;
use crate::ingest::IngestError;
use crate::pipeline::RunError;
use crate::pipeline::lines::Lines;
use crate::publish::{Folder, Written};
use crate::report::finding::Finding;
use crate::report::findings::{FindingsReport, batch, csv_line as finding_line};
use crate::report::privacy::Persons;

/// Findings of a row group.
const GROUP: usize = 65_536;

/// The thresholds of a file, or those without one.
///
/// # Errors
/// The file cannot be read, or something in it means nothing.
pub(in crate::pipeline) fn read_thresholds(config: Option<&std::path::Path>) -> Result<Vec<Limits>, RunError> {
    let Some(path) = config else {
        return Ok(findings::sections().iter().map(|(_, declared)| Limits::defaults(declared)).collect());
    };
    let bytes =
        std::fs::read(path).map_err(|source| RunError::Ingest(IngestError::Open { path: path.to_owned(), source }))?;
    let shown = path.display().to_string();
    // What is no UTF-8 is no TOML: the mark in its place is refused where it stands.
    let text = String::from_utf8_lossy(&bytes);
    thresholds::read(&shown, &text, &findings::sections())
        .map_err(|diagnostics| RunError::Thresholds { path: path.to_owned(), diagnostics })
}

/// Writes `findings.parquet`, `findings.csv` and `findings.json`, which names the report, too, where no reconciliation
/// does.
pub(super) fn write(
    found: &[Finding],
    report: &FindingsReport,
    inputs: &Value,
    own_report: Option<&[Written]>,
    persons: &Persons,
    folder: &Folder,
    outputs: &mut Vec<Written>,
) -> Result<(), RunError> {
    let failed = |error| RunError::Parquet { file: "findings.parquet", error };
    let mut file = RowGroups::begin(folder.create("findings.parquet")?, schema()).map_err(failed)?;
    let mut lines = Lines::begin(folder.create("findings.csv")?, &FINDINGS.map(|(name, _)| name))?;
    for some in found.chunks(GROUP) {
        file.put(&batch(some)).map_err(failed)?;
        for one in some {
            lines.put(&finding_line(one, persons))?;
        }
    }
    let mut written = vec![file.finish().map_err(failed)?.finish()?, lines.finish()?];
    written.extend_from_slice(own_report.unwrap_or_default());
    let manifest = manifest(report, inputs, own_report.is_none(), &written);
    outputs.extend(written);
    outputs.push(folder.write("findings.json", manifest.as_bytes())?);
    Ok(())
}

/// `findings.json`: what was looked for and with which thresholds; no clock.
fn manifest(report: &FindingsReport, inputs: &Value, is_reconciled: bool, outputs: &[Written]) -> String {
    let mut whole = inputs.clone();
    whole["reconciled"] = json!(is_reconciled);
    whole["findings"] = json!(report.count());
    whole["checks"] = report.to_json();
    whole["outputs"] = outputs.iter().map(Written::to_json).collect();
    format!("{whole:#}\n")
}
