//! Drawing an audit sample from a finished run, with the working paper, and projecting what the auditor found.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::lines::Lines;
use super::manifest::{absolute, engine};
use super::{RunError, Stage, Watch, night};
use crate::audit::sample::evaluate::evaluate;
use crate::audit::sample::{Drawn, Sample, Terms, draw};
use crate::diagnostic::Text;
use crate::ingest::columns::{Kind, WORKING_PAPER};
use crate::ingest::paper::read_paper;
use crate::ingest::{self, ReadOptions};
use crate::ledger::tables::TableError;
use crate::ledger::tables::read::{Batch, TableFile};
use crate::model::date::{Date, Time};
use crate::model::money::{Fen, Rate};
use crate::publish::Staging;
use crate::report::sample::Evaluation;

/// The table that is drawn from.
const TABLE: &str = "adjudicated.parquet";
/// The draw, for programs and for the evaluation.
const DRAW: &str = "sample.json";
/// The draw, for the auditor.
const PAPER: &str = "working_paper.csv";

/// A draw as it was meant.
#[derive(Clone, Debug)]
pub struct SamplePlan {
    /// Output folder of a run, or a night of a ledger.
    pub run: PathBuf,
    /// What is drawn.
    pub terms: Terms,
    /// Where the outputs go.
    pub out: PathBuf,
    /// Replace what stands there.
    pub overwrite: bool,
}

/// Draws, and publishes the working paper.
///
/// # Errors
/// The run is not whole, holds less than what was asked for, or the outputs cannot be written.
pub fn sample(plan: &SamplePlan, watch: &dyn Watch) -> Result<Sample, RunError> {
    let staging = Staging::begin(&plan.out, plan.overwrite)?;
    watch.begin(Stage::Sample, None);
    let path = plan.run.join(TABLE);
    let sha256 = unchanged(&plan.run, &path)?;
    let table = TableFile::open(&path)?;
    let sample = draw(&table, &plan.terms)?;
    let paper = write_paper(&table, &sample, &staging)?;
    let whole = json!({
        "engine": engine(),
        "run": {"path": absolute(&plan.run), "sha256": sha256},
        "sample": sample,
        "outputs": [paper.to_json()],
    });
    staging.write(DRAW, format!("{whole:#}\n").as_bytes())?;
    staging.publish()?;
    Ok(sample)
}

fn broken(path: &Path, en: impl Into<String>, zh: impl Into<String>) -> RunError {
    RunError::EarlierRun { path: path.to_owned(), reason: Text::new(en, zh) }
}

/// Reads a JSON file that this program wrote.
fn read_json(path: &Path) -> Result<Value, RunError> {
    let text = fs::read_to_string(path)
        .map_err(|error| broken(path, format!("cannot be read: {error}"), format!("无法读取：{error}")))?;
    serde_json::from_str(&text).map_err(|error| {
        broken(path, format!("is not what this program wrote: {error}"), format!("不是本程序所写：{error}"))
    })
}

/// The digest of the run's table, if it is what the manifest says.
fn unchanged(run: &Path, table: &Path) -> Result<String, RunError> {
    let manifest = read_json(&run.join("manifest.json"))?;
    let outputs = manifest["outputs"].as_array().into_iter().flatten();
    let known = outputs.filter(|output| output["file"] == TABLE).find_map(|output| output["sha256"].as_str());
    let sha256 = night::digest(table)?;
    if known != Some(&sha256) {
        return Err(broken(table, "is not what the run wrote: run again", "与运行时写出的不一致：请重新运行"));
    }
    Ok(sha256)
}

/// A line for each settlement that was drawn, with an empty cell for what the auditor finds.
fn write_paper(table: &TableFile, sample: &Sample, staging: &Staging) -> Result<crate::publish::Written, RunError> {
    let fields = &WORKING_PAPER.fields;
    let mut headings: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    // Spreadsheets take a file without this mark for the machine's old encoding.
    headings[0].insert(0, '\u{feff}');
    let mut lines = Lines::begin(staging.create(PAPER)?, &headings)?;
    let rows: Vec<usize> = sample.drawn.iter().map(|drawn| drawn.row as usize).collect();
    let mut wanted: Vec<&str> = FROM_TABLE.to_vec();
    wanted.push("src_row");
    let mut numbered = sample.drawn.iter().enumerate();
    table.rows_at::<RunError>(&wanted, &rows, &mut |batch| {
        for row in 0..batch.rows() {
            let (index, drawn) = numbered.next().expect("as many rows as were asked for");
            let line: Result<Vec<String>, TableError> =
                fields.iter().map(|field| cell(&field.name, field.kind, batch, row, index, drawn)).collect();
            lines.put(&line?)?;
        }
        Ok(())
    })?;
    assert!(numbered.next().is_none(), "every settlement drawn has a line");
    lines.finish()
}

/// Columns of the paper that stand in the table.
const FROM_TABLE: [&str; 13] = [
    "setl_id",
    "fixmedins_code",
    "insutype",
    "pool",
    "med_class",
    "tier",
    "place",
    "filing",
    "enddate",
    "setl_time",
    "status",
    "medfee_sumamt",
    "src_file",
];

fn cell(name: &str, kind: Kind, batch: &Batch, row: usize, index: usize, drawn: &Drawn) -> Result<String, TableError> {
    let from_table = FROM_TABLE.into_iter().find(|column| *column == name);
    Ok(match (name, from_table) {
        ("line", _) => (index + 1).to_string(),
        ("stratum", _) => (drawn.stratum + 1).to_string(),
        ("certain", _) => u8::from(drawn.certain).to_string(),
        ("hits", _) => drawn.hits.to_string(),
        ("book_amount", _) => Fen(drawn.book_fen).to_string(),
        ("src_row", _) => batch.integer("src_row")?.value(row).to_string(),
        (_, Some(column)) if kind == Kind::Date => Date(batch.day(column)?.value(row)).to_string(),
        (_, Some(column)) if kind == Kind::Time => Time(batch.second(column)?.value(row) / 1_000_000).to_string(),
        (_, Some(column)) if kind == Kind::Money => batch.money(column)?[row].to_string(),
        (_, Some(column)) => batch.text(column)?.value(row).to_owned(),
        (_, None) => String::new(),
    })
}

/// Projects what an auditor wrote into the working paper of a draw. The paper is that of the folder, unless another
/// one is named.
///
/// # Errors
/// The draw cannot be read, or the paper is not one of it, filled in.
pub fn evaluate_sample(
    folder: &Path,
    paper: Option<&Path>,
    confidence: Rate,
) -> Result<(Sample, Evaluation), RunError> {
    let path = folder.join(DRAW);
    let whole = read_json(&path)?;
    let sample: Sample = serde_json::from_value(whole["sample"].clone()).map_err(|error| {
        broken(&path, format!("is not a draw of this program: {error}"), format!("不是本程序的抽样：{error}"))
    })?;
    let books: Vec<Fen> = sample.drawn.iter().map(|drawn| Fen(drawn.book_fen)).collect();
    let paper = paper.map_or_else(|| folder.join(PAPER), Path::to_owned);
    let files = ingest::expand(&[paper])?;
    let options = ReadOptions::default();
    let (audited, _) = read_paper(&files[0], &books, &options)?;
    let evaluation = evaluate(&sample, &audited, confidence);
    Ok((sample, evaluation))
}
