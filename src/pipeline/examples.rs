//! Examples in a pack: each is one person's year, adjudicated alone by the same reader and kernel as any run, and
//! compared with what it expects.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use hashbrown::HashMap;
use thiserror::Error;

use super::load::{Loaded, load};
use super::rules_dir::EXAMPLES;
use super::{Inputs, ReferencePaths, RunError, Stage, Watch};
use crate::columnar::schema::{ADJUDICATED as COLUMNS, Kind};
use crate::diagnostic::{Diagnostic, Failure, Location, Text, did_you_mean};
use crate::ingest::Column;
use crate::ledger::fold;
use crate::model::money::Fen;
use crate::model::outcome::{Reasons, Status};
use crate::report::adjudicated;
use crate::text::table::{self, TextRow, TextTable};

/// Columns of `examples.csv` beside the claim's and the expectations.
pub const REFERENCE_COLUMNS: [&str; 13] = [
    "example_id",
    "balc",
    "psn_insu_date",
    "paus_insu_date",
    "bnft_begndate",
    "rloc_admdvs",
    "filing_begndate",
    "filing_enddate",
    "inst_class",
    "mark",
    "mark_begndate",
    "mark_enddate",
    "note",
];

/// What came of a pack's examples.
#[derive(Debug, Default)]
pub struct Tested {
    /// Examples.
    pub examples: usize,
    /// Their rows.
    pub rows: usize,
    /// Values compared.
    pub compared: usize,
    /// What differs, and what cannot be read.
    pub differences: Vec<Diagnostic>,
}

/// Why examples could not be tested.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum ExamplesError {
    /// There are none.
    None {
        /// Where they would be.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    Io {
        /// What was attempted.
        action: Action,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        error: std::io::Error,
    },
    /// The rules or the claims of the examples cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What was attempted with the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reading them.
    Read,
    /// Making a folder for a run of theirs.
    CreateFolder,
    /// Writing the tables of that run.
    Write,
}

impl Failure for ExamplesError {
    fn text(&self) -> Text {
        match self {
            Self::None { path } => Text::new(
                format!("{} does not exist: the pack has no examples", path.display()),
                format!("{} 不存在：规则包没有算例", path.display()),
            ),
            Self::Io { action, path, .. } => {
                let (en, zh) = match action {
                    Action::Read => ("cannot read", "无法读取"),
                    Action::CreateFolder => ("cannot make a folder in", "无法创建文件夹于"),
                    Action::Write => ("cannot write", "无法写入"),
                };
                Text::new(format!("{en} {}", path.display()), format!("{zh} {}", path.display()))
            }
            Self::Run(error) => error.text(),
        }
    }
}

/// `examples.csv` with its columns found.
struct Sheet {
    file: String,
    table: TextTable,
}

impl Sheet {
    fn cell<'a>(&self, row: &'a TextRow, column: &str) -> &'a str {
        let position = self.table.header.iter().position(|heading| heading.eq_ignore_ascii_case(column));
        position.and_then(|position| row.fields.get(position)).map_or("", String::as_str)
    }

    fn at(&self, row: &TextRow, column: &str) -> Location {
        let position = self.table.header.iter().position(|heading| heading.eq_ignore_ascii_case(column));
        Location {
            file: self.file.clone(),
            line: row.line,
            column_number: position.map_or(0, |position| position + 1),
            column: column.to_owned(),
        }
    }
}

/// Nobody watches the examples.
struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: Stage, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
}

/// Adjudicates the examples of a pack and compares.
///
/// # Errors
/// There are no examples, or the pack cannot be used.
pub fn test_examples(folder: &Path, cancel: &AtomicBool) -> Result<Tested, ExamplesError> {
    let path = folder.join(EXAMPLES).with_extension("csv");
    if !path.exists() {
        return Err(ExamplesError::None { path });
    }
    let bytes =
        fs::read(&path).map_err(|error| ExamplesError::Io { action: Action::Read, path: path.clone(), error })?;
    let file = path.display().to_string();
    let mut tested = Tested::default();
    let whole_file = Location { file: file.clone(), ..Location::default() };
    let table = match table::parse(&bytes) {
        Ok(table) => table,
        Err(error) => {
            tested.differences.push(Diagnostic::error("X002", whole_file, error.text()).hint(error.hint()));
            return Ok(tested);
        }
    };
    check_header(&table, &file, &mut tested.differences);
    let sheet = Sheet { file, table };
    for row in sheet.table.rows.iter() {
        if let Some(problem) = &row.problem {
            let finding = Diagnostic::error("X003", sheet.at(row, ""), problem.text());
            tested.differences.push(finding.hint(problem.hint()));
        }
    }
    if !tested.differences.is_empty() {
        return Ok(tested);
    }
    // An example turns a gate on by filling the gate's columns: examples with the same gates run together.
    let mut groups: HashMap<[bool; 2], Vec<&TextRow>> = HashMap::new();
    let mut gates_of: HashMap<&str, [bool; 2]> = HashMap::new();
    for row in &sheet.table.rows {
        let gates = gates_of.entry(sheet.cell(row, "example_id")).or_default();
        gates[0] |=
            ["psn_insu_date", "paus_insu_date", "bnft_begndate"].iter().any(|name| !sheet.cell(row, name).is_empty());
        gates[1] |= !sheet.cell(row, "rloc_admdvs").is_empty();
    }
    for row in &sheet.table.rows {
        groups.entry(gates_of[sheet.cell(row, "example_id")]).or_default().push(row);
    }
    tested.examples = gates_of.len();
    tested.rows = sheet.table.rows.len();
    for gates in [[false, false], [false, true], [true, false], [true, true]] {
        if let Some(rows) = groups.get(&gates) {
            test_group(folder, &sheet, rows, gates, cancel, &mut tested)?;
        }
    }
    tested.differences.sort_by(|a, b| a.at.cmp(&b.at));
    Ok(tested)
}

/// Every heading must be a claim's column, a reference column, or an expectation of an output column.
fn check_header(table: &TextTable, file: &str, found: &mut Vec<Diagnostic>) {
    let expectations = || COLUMNS.iter().map(|(name, _)| format!("expect_{name}"));
    for (index, heading) in table.header.iter().enumerate() {
        let lower = heading.to_ascii_lowercase();
        let is_claim = Column::ALL.iter().any(|column| column.name() == lower);
        if is_claim || REFERENCE_COLUMNS.contains(&lower.as_str()) || expectations().any(|name| name == lower) {
            continue;
        }
        let at = Location {
            file: file.to_owned(),
            line: table.header_line,
            column_number: index + 1,
            column: heading.clone(),
        };
        let message = Text::new(
            format!("examples.csv has no column `{heading}`"),
            format!("examples.csv 没有 `{heading}` 这一列"),
        );
        let names: Vec<String> = expectations()
            .chain(Column::ALL.iter().map(|column| column.name().to_owned()))
            .chain(REFERENCE_COLUMNS.map(str::to_owned))
            .collect();
        let finding = Diagnostic::error("X001", at, message);
        found.push(finding.near_or(did_you_mean(&lower, names.iter().map(String::as_str)), || {
            Text::new(
                "name a column of claims, `expect_` with an output column, or write remarks in `note`",
                "请写结算记录的列名、`expect_` 加输出列名；说明文字写入 `note`",
            )
        }));
    }
}

fn test_group(
    folder: &Path,
    sheet: &Sheet,
    rows: &[&TextRow],
    gates: [bool; 2],
    cancel: &AtomicBool,
    tested: &mut Tested,
) -> Result<(), ExamplesError> {
    let scratch = tempfile::tempdir().map_err(|error| ExamplesError::Io {
        action: Action::CreateFolder,
        path: std::env::temp_dir(),
        error,
    })?;
    let inputs = write_inputs(folder, sheet, rows, gates, scratch.path())?;
    let loaded = load(&inputs, None, None, u64::MAX, &Unwatched, cancel)?;
    let mut results = Results { by_row: HashMap::new(), batches: Vec::new() };
    for range in fold::chunks(&loaded.persons) {
        results.add(&loaded, range);
    }
    results.add_rejected(&loaded);
    for (index, row) in rows.iter().enumerate() {
        compare(sheet, row, index as u32 + 1, &results, tested);
    }
    Ok(())
}

/// Values of one example row's result.
enum Outcome {
    Computed { batch: usize, row: usize },
    Not { status: Status, reasons: Reasons },
}

struct Results {
    by_row: HashMap<u32, Outcome>,
    batches: Vec<RecordBatch>,
}

impl Results {
    fn add(&mut self, loaded: &Loaded, range: std::ops::Range<usize>) {
        let chunk = fold::fold_chunk(loaded.source(), range);
        let mut row = 0;
        for (claim, outcome) in chunk.claims.iter().zip(&chunk.fold.outcomes) {
            let result = if outcome.status == Status::Pended {
                Outcome::Not { status: outcome.status, reasons: outcome.reasons }
            } else {
                row += 1;
                Outcome::Computed { batch: self.batches.len(), row: row - 1 }
            };
            self.by_row.insert(claim.row, result);
        }
        for refused in &chunk.aside.refused {
            let reasons = refused.reasons;
            self.by_row.insert(refused.row, Outcome::Not { status: Status::Rejected, reasons });
        }
        self.batches.push(adjudicated::columns(&chunk, 0..chunk.claims.len(), loaded.words_of(&chunk)));
    }

    fn add_rejected(&mut self, loaded: &Loaded) {
        for reject in loaded.rejects.in_memory() {
            let result = self
                .by_row
                .entry(reject.row)
                .or_insert(Outcome::Not { status: Status::Rejected, reasons: Reasons::NONE });
            if let Outcome::Not { reasons, .. } = result {
                reasons.add(reject.reason);
            }
        }
    }

    /// The text of an output column of a row; empty where the row has none.
    fn value(&self, row: u32, column: usize) -> String {
        match self.by_row.get(&row) {
            Some(Outcome::Computed { batch, row }) => {
                array_value_to_string(self.batches[*batch].column(column), *row).expect("an output column has a text")
            }
            Some(Outcome::Not { status, reasons }) => match COLUMNS[column].0 {
                "status" => status.word().to_owned(),
                "reasons" => reasons.joined(),
                _ => String::new(),
            },
            None => String::new(),
        }
    }
}

/// Between an example's name and its person or institution, so that examples do not meet.
const APART: char = '/';

fn compare(sheet: &Sheet, row: &TextRow, number: u32, results: &Results, tested: &mut Tested) {
    for (index, (name, kind)) in COLUMNS.iter().enumerate() {
        let heading = format!("expect_{name}");
        let expected = sheet.cell(row, &heading);
        if expected.is_empty() {
            continue;
        }
        tested.compared += 1;
        let value = results.value(number, index);
        let found = match *name {
            "psn_no" | "fixmedins_code" => value.rsplit_once(APART).map_or(value.as_str(), |(_, own)| own).to_owned(),
            "setl_time" => value.replace('T', " "),
            _ => value,
        };
        let same = match kind {
            Kind::Money => {
                let fen = |text: &str| Fen::parse_yuan(text.as_bytes());
                fen(&found).is_some() && fen(&found) == fen(expected)
            }
            _ => found == expected,
        };
        if !same {
            let example = sheet.cell(row, "example_id");
            let setl_id = sheet.cell(row, "setl_id");
            let shown = if found.is_empty() { "nothing".to_owned() } else { format!("`{found}`") };
            let shown_zh = if found.is_empty() { "空".to_owned() } else { format!("`{found}`") };
            let message = Text::new(
                format!("{example}, settlement {setl_id}: {name} is {shown}, expected `{expected}`"),
                format!("{example}，结算 {setl_id}：{name} 为 {shown_zh}，预期 `{expected}`"),
            );
            tested.differences.push(Diagnostic::error("X010", sheet.at(row, &heading), message).hint(Text::new(
                "the rule or the expectation is wrong: put the example's rows into a file of claims and `explain` it",
                "规则有误或预期有误：可将该算例各行写入结算记录文件，用 `explain` 查看计算过程",
            )));
        }
    }
}

/// Writes the examples as the tables of a run.
fn write_inputs(
    folder: &Path,
    sheet: &Sheet,
    rows: &[&TextRow],
    gates: [bool; 2],
    scratch: &Path,
) -> Result<Inputs, ExamplesError> {
    let present: Vec<&Column> = Column::ALL
        .iter()
        .filter(|column| sheet.table.header.iter().any(|heading| heading.eq_ignore_ascii_case(column.name())))
        .collect();
    let example = |row: &TextRow| sheet.cell(row, "example_id").to_owned();
    let apart = |row: &TextRow, column: &str| format!("{}{APART}{}", example(row), sheet.cell(row, column));
    let person = |row: &TextRow| apart(row, "psn_no");
    let claim = |row: &TextRow| -> Vec<String> {
        let value = |column: &&Column| match column.name() {
            name @ ("psn_no" | "fixmedins_code") if !sheet.cell(row, name).is_empty() => apart(row, name),
            name => sheet.cell(row, name).to_owned(),
        };
        present.iter().map(value).collect()
    };
    let write = |name: &str, header: Vec<&str>, records: Vec<Vec<String>>| -> Result<PathBuf, ExamplesError> {
        let path = scratch.join(name);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header).expect("writing to memory does not fail");
        records.iter().for_each(|record| writer.write_record(record).expect("writing to memory does not fail"));
        let bytes = writer.into_inner().expect("writing to memory does not fail");
        fs::write(&path, bytes).map_err(|error| ExamplesError::Io {
            action: Action::Write,
            path: path.clone(),
            error,
        })?;
        Ok(path)
    };
    let claims = write(
        "claims.csv",
        present.iter().map(|column| column.name()).collect(),
        rows.iter().map(|row| claim(row)).collect(),
    )?;
    let mut reference = ReferencePaths::default();
    let of = |row: &TextRow, columns: &[&str]| {
        columns.iter().map(|column| sheet.cell(row, column).to_owned()).collect::<Vec<_>>()
    };
    let with_person = |columns: &'static [&'static str], wanted: &str| -> Vec<Vec<String>> {
        let filled = rows.iter().filter(|row| wanted.is_empty() || !sheet.cell(row, wanted).is_empty());
        filled.map(|row| [vec![person(row)], of(row, columns)].concat()).collect()
    };
    if gates[0] {
        const COLUMNS: &[&str] = &["insutype", "insuplc_admdvs", "psn_insu_date", "paus_insu_date", "bnft_begndate"];
        let header = [&["psn_no"], COLUMNS].concat();
        let mut spans = with_person(COLUMNS, "");
        // A row without dates of its own gives no span.
        spans.retain(|span| span[3..].iter().any(|date| !date.is_empty()));
        reference.enrolments = Some(write("enrolments.csv", header, spans)?);
    }
    if gates[1] {
        let header = vec!["psn_no", "out_fil_type", "rloc_admdvs", "begndate", "enddate"];
        let filings = with_person(&["out_fil_type", "rloc_admdvs", "filing_begndate", "filing_enddate"], "rloc_admdvs");
        reference.filings = Some(write("filings.csv", header, filings)?);
    }
    let mut marks = Vec::new();
    for row in rows.iter().filter(|row| !sheet.cell(row, "mark").is_empty()) {
        for mark in sheet.cell(row, "mark").split('|') {
            marks.push(
                [vec![person(row), mark.trim().to_owned()], of(row, &["mark_begndate", "mark_enddate"])].concat(),
            );
        }
    }
    reference.marks = Some(write("marks.csv", vec!["psn_no", "mark", "begndate", "enddate"], marks)?);
    let mut seen: HashMap<String, Vec<String>> = HashMap::new();
    let mut institutions = Vec::new();
    let mut balances = Vec::new();
    for row in rows {
        let code = apart(row, "fixmedins_code");
        let class = sheet.cell(row, "inst_class").to_owned();
        if !seen.contains_key(&code) {
            let place = sheet.cell(row, "mdtrtarea_admvs").to_owned();
            let level = sheet.cell(row, "hosp_lv");
            let level = if level.is_empty() { "11" } else { level }.to_owned();
            let record = vec![code.clone(), place, level, class, String::new()];
            seen.insert(code, record.clone());
            institutions.push(record);
        }
        if !seen.contains_key(&person(row)) {
            seen.insert(person(row), Vec::new());
            let balance = sheet.cell(row, "balc");
            balances.push(vec![person(row), if balance.is_empty() { "0" } else { balance }.to_owned()]);
        }
    }
    let header = vec!["fixmedins_code", "admdvs", "hosp_lv", "inst_class", "begndate"];
    reference.institutions = Some(write("institutions.csv", header, institutions)?);
    reference.accounts = Some(write("accounts.csv", vec!["psn_no", "balc"], balances)?);
    Ok(Inputs { rules: folder.to_owned(), claims: vec![claims], reference })
}
