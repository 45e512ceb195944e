//! What the tests share: the command as a user types it, and its outputs as plain text records.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tongchou::diagnostic::Lang;
use tongchou::pipeline::{self, Inputs, ReferencePaths, RunError, RunPlan, Stage, Watch};
use tongchou::report::balance::Summary;
use tongchou::report::privacy::Persons;

/// A row of a table: column to text. Money has two decimals, days are `yyyy-MM-dd`, a null is empty.
pub type Record = BTreeMap<String, String>;

/// A path inside the repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A path below `tests/data`.
pub fn data(path: &str) -> PathBuf {
    repo("tests/data").join(path)
}

/// A folder that is gone after the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The same, once it is certain that it ended with `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// The command with arguments, not yet started.
pub fn command<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongchou"));
    command.args(args.into_iter().map(Into::into)).stdin(Stdio::null());
    command
}

/// Runs the command.
pub fn tongchou<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Ran {
    let output = command(args).output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command speaks UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The arguments of `run`, without progress.
pub fn run_args(rules: &Path, claims: &Path, out: &Path, more: &[&str]) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["run", "--progress", "none", "--rules"].map(Into::into).to_vec();
    args.push(rules.into());
    args.extend(["--claims".into(), claims.into(), "--out".into(), out.into()]);
    args.extend(more.iter().map(Into::into));
    args
}

/// Names of reference tables as options, and the files that hold them in a folder of test data.
pub const REFERENCE: [(&str, &str); 5] = [
    ("--enrolments", "enrolments.csv"),
    ("--filings", "filings.csv"),
    ("--institutions", "institutions.csv"),
    ("--accounts", "balances.csv"),
    ("--marks", "marks.csv"),
];

/// The arguments of `run` for a folder of `rules/`, `claims.csv` and whatever reference tables are there.
pub fn run_folder_args(folder: &Path, out: &Path, more: &[&str]) -> Vec<OsString> {
    let mut args = run_args(&folder.join("rules"), &folder.join("claims.csv"), out, more);
    for (option, file) in REFERENCE {
        let file = folder.join(file);
        if file.exists() {
            args.extend([option.into(), file.into()]);
        }
    }
    args
}

/// Watches nothing.
pub struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}

/// What a folder holds: `rules/`, the claims of a name, and whatever reference tables are there.
pub fn inputs_in(folder: &Path, claims: &str) -> Inputs {
    let table = |file: &str| Some(folder.join(file)).filter(|path| path.exists());
    Inputs {
        rules: folder.join("rules"),
        claims: vec![folder.join(claims)],
        reference: ReferencePaths {
            enrolments: table("enrolments.csv"),
            filings: table("filings.csv"),
            institutions: table("institutions.csv"),
            accounts: table("balances.csv"),
            marks: table("marks.csv"),
        },
    }
}

/// A run inside this process that goes nowhere yet.
pub fn plan(inputs: Inputs) -> RunPlan {
    RunPlan {
        inputs,
        out: None,
        night: None,
        overwrite: false,
        lang: Lang::En,
        memory: 1 << 30,
        persons: Persons::Revealed,
    }
}

/// Runs a folder as [`run_folder_args`] does, inside this process.
pub fn run_folder(folder: &Path, out: &Path) -> Result<Summary, RunError> {
    let plan = RunPlan { out: Some(out.to_owned()), ..plan(inputs_in(folder, "claims.csv")) };
    pipeline::run(&plan, &Nobody, &AtomicBool::new(false)).map(|(summary, _)| summary)
}

/// Everything a run wrote.
#[derive(Debug)]
pub struct Outputs {
    pub adjudicated: Vec<Record>,
    pub pended: Vec<Record>,
    pub rejects: Vec<Record>,
    pub manifest: Value,
}

impl Outputs {
    pub fn read(out: &Path) -> Self {
        let manifest = std::fs::read_to_string(out.join("manifest.json")).expect("manifest.json");
        Self {
            adjudicated: read_parquet(&out.join("adjudicated.parquet")),
            pended: read_parquet(&out.join("pended.parquet")),
            rejects: read_csv(&out.join("rejects.csv")),
            manifest: serde_json::from_str(&manifest).expect("JSON"),
        }
    }

    /// One record for each row of one text file without blank lines, by its number: the adjudicated row, or the
    /// pended row with status `pended`, or the rejected row with its reasons joined.
    #[track_caller]
    pub fn by_row(&self) -> BTreeMap<u64, Record> {
        let mut rows: BTreeMap<u64, Record> = BTreeMap::new();
        for record in &self.adjudicated {
            let row = record["src_row"].parse().expect("a row number");
            assert_eq!(rows.insert(row, record.clone()), None, "row {row} twice");
        }
        for record in &self.pended {
            let row = record["src_row"].parse().expect("a row number");
            let mut record = record.clone();
            record.insert("status".into(), "pended".into());
            assert_eq!(rows.insert(row, record), None, "row {row} twice");
        }
        let mut rejected: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for record in &self.rejects {
            let reasons = rejected.entry(record["line"].parse::<u64>().expect("a line") - 1).or_default();
            if !reasons.contains(&record["reason"]) {
                reasons.push(record["reason"].clone());
            }
        }
        for (row, reasons) in rejected {
            let record = [("status", "rejected".to_owned()), ("reasons", reasons.join("|"))];
            let record = record.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            assert_eq!(rows.insert(row, record), None, "row {row} twice");
        }
        rows
    }

    /// A count of the manifest's balance, such as `paid`.
    pub fn rows(&self, status: &str) -> u64 {
        self.manifest["balance"][status]["rows"].as_u64().unwrap_or_else(|| panic!("no {status} in the balance"))
    }

    /// A sum of the manifest's balance in yuan.
    pub fn total(&self, status: &str) -> &str {
        self.manifest["balance"][status]["medfee_sumamt"].as_str().expect("a sum")
    }

    /// Adjudicated row of a settlement.
    #[track_caller]
    pub fn settlement(&self, setl_id: &str) -> &Record {
        let mut found = self.adjudicated.iter().filter(|record| record["setl_id"] == setl_id);
        let record = found.next().unwrap_or_else(|| panic!("{setl_id} is not adjudicated: {:?}", self.rejects));
        assert!(found.next().is_none(), "{setl_id} twice");
        record
    }
}

/// All rows of a Parquet file.
pub fn read_parquet(path: &Path) -> Vec<Record> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let options = FormatOptions::new().with_null("").with_timestamp_format(Some("%Y-%m-%d %H:%M:%S"));
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.expect("a batch");
        let columns: Vec<(&String, ArrayFormatter)> = batch
            .schema_ref()
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| (field.name(), ArrayFormatter::try_new(array, &options).expect("a formatter")))
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|(name, texts)| ((*name).clone(), texts.value(row).to_string())).collect());
        }
    }
    rows
}

/// All rows of a CSV file, by heading.
pub fn read_csv(path: &Path) -> Vec<Record> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let header = reader.headers().expect("a header").clone();
    let records = reader.records().map(|record| {
        let record = record.expect("a record");
        header.iter().zip(&record).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    });
    records.collect()
}

/// Fen of an amount of yuan with two decimals.
pub fn fen(text: &str) -> i64 {
    let (whole, decimals) = text.split_once('.').unwrap_or_else(|| panic!("`{text}` is no money"));
    assert_eq!(decimals.len(), 2, "`{text}`");
    format!("{whole}{decimals}").parse().unwrap_or_else(|_| panic!("`{text}` is no money"))
}

/// Everything below a folder, relative, sorted: to see that nothing was left behind.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            names.push(path.strip_prefix(folder).expect("below").display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    names.sort();
    names
}
