//! What the tests of the ledger share: nights as files, run in this process, and a ledger read back as plain text.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use tongchou::pipeline::night::NightPlan;
use tongchou::pipeline::{self, RunError, RunPlan};
use tongchou::report::night::NightReport;

use crate::random_packs::Rng;
use crate::support::{Nobody, REFERENCE, Record, inputs_in, listing, plan, read_csv, read_parquet};
use crate::table::{self, Rec};

/// A folder that is gone after the test; in memory where that is possible, for every night is synced to the disk.
pub fn folder() -> tempfile::TempDir {
    let made = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    made.expect("a temporary folder")
}

/// What a night is given: `rules/...`, `claims/...`, `enrolments.csv`, `balances.csv` and so on, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given(pub BTreeMap<String, String>);

impl Given {
    /// Files of claims by name, in the order in which they are read.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, text)| Some((path.strip_prefix("claims/")?, text.as_str())))
    }

    pub fn write_to(&self, folder: &Path) {
        fs::create_dir_all(folder.join("claims")).expect("a folder");
        for (path, text) in &self.0 {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }

    /// The arguments of `run` for this night, written to `folder`.
    pub fn args(&self, folder: &Path, ledger: &Path, more: &[&str]) -> Vec<OsString> {
        self.write_to(folder);
        let mut args: Vec<OsString> = ["run", "--progress", "none", "--rules"].map(Into::into).to_vec();
        args.extend([folder.join("rules").into(), "--claims".into(), folder.join("claims").into()]);
        args.extend(["--ledger".into(), ledger.into()]);
        for (option, file) in REFERENCE {
            if self.0.contains_key(file) {
                args.extend([option.into(), folder.join(file).into()]);
            }
        }
        args.extend(more.iter().map(Into::into));
        args
    }
}

/// Runs a night on top of a ledger, inside this process.
pub fn run_night(ledger: &Path, given: &Given) -> Result<NightReport, RunError> {
    let folder = folder();
    given.write_to(folder.path());
    let inputs = inputs_in(folder.path(), "claims");
    let night = Some(NightPlan { ledger: ledger.to_owned(), date: None });
    let plan = RunPlan { night, ..plan(inputs) };
    let (_, report) = pipeline::run(&plan, &Nobody, &AtomicBool::new(false))?;
    Ok(report.expect("a night was added"))
}

/// The folder of a night.
pub fn night_folder(ledger: &Path, night: usize) -> PathBuf {
    ledger.join(format!("nights/night={night:06}"))
}

/// How many nights there are.
pub fn nights(ledger: &Path) -> usize {
    fs::read_dir(ledger.join("nights")).map(Iterator::count).unwrap_or_default()
}

/// A published night.
pub struct Night {
    pub adjudicated: Vec<Record>,
    pub pended: Vec<Record>,
    pub rejects: Vec<Record>,
    pub late: Vec<Record>,
    pub movements: Vec<Record>,
    pub open_items: Vec<Record>,
    pub manifest: Value,
}

impl Night {
    pub fn read(ledger: &Path, night: usize) -> Self {
        let folder = night_folder(ledger, night);
        let manifest = fs::read_to_string(folder.join("manifest.json")).expect("manifest.json");
        Self {
            adjudicated: read_parquet(&folder.join("adjudicated.parquet")),
            pended: read_parquet(&folder.join("pended.parquet")),
            rejects: read_csv(&folder.join("rejects.csv")),
            late: read_csv(&folder.join("late.csv")),
            movements: read_parquet(&folder.join("movements.parquet")),
            open_items: read_parquet(&folder.join("open_items.parquet")),
            manifest: serde_json::from_str(&manifest).expect("JSON"),
        }
    }

    /// The names of files that were left out, and the night that had read each.
    pub fn skipped(&self) -> Vec<(String, u64)> {
        let skipped = self.manifest["ledger"]["skipped"].as_array().expect("a list");
        let of = |entry: &Value| (entry["file"].as_str().expect("a name").to_owned(), entry["night"].as_u64().unwrap());
        skipped.iter().map(of).collect()
    }
}

/// What a ledger says of all persons at its end: use of schemes and years without what is zero, admissions, and
/// balance and last settlement of each person.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closing {
    pub usage: BTreeSet<Record>,
    pub admissions: BTreeSet<Record>,
    pub persons: BTreeMap<String, [String; 3]>,
}

/// The person's scheme and year that a row of a table is about.
fn scheme_year(row: &Record) -> [String; 4] {
    ["psn_no", "pool", "insutype", "benefit_year"].map(|column| row[column].clone())
}

impl Closing {
    /// By definition: of each person's scheme and year, the rows of the newest night that has any.
    pub fn read(ledger: &Path) -> Self {
        let mut closing = Self::default();
        let mut seen: BTreeSet<[String; 4]> = BTreeSet::new();
        for night in (1..=nights(ledger)).rev() {
            let table = |name: &str| read_parquet(&night_folder(ledger, night).join(name));
            let usage = table("accumulators.parquet");
            let here: BTreeSet<[String; 4]> = usage.iter().map(scheme_year).filter(|key| !seen.contains(key)).collect();
            let is_zero = |row: &Record| {
                row["admissions"] == "0"
                    && ["deductible_amt", "base_amt", "pool_base_amt", "paid_amt"].iter().all(|c| row[*c] == "0.00")
            };
            for row in usage.into_iter().filter(|row| here.contains(&scheme_year(row)) && !is_zero(row)) {
                assert!(closing.usage.insert(row.clone()), "{row:?} twice");
            }
            let admissions = table("admissions.parquet").into_iter();
            for row in admissions.filter(|row| here.contains(&scheme_year(row))) {
                assert!(closing.admissions.insert(row.clone()), "{row:?} twice");
            }
            seen.extend(here);
            for row in table("persons.parquet") {
                let last = [row["last_setl_time"].clone(), row["last_setl_id"].clone()];
                let [balance, id] = [row["balc"].clone(), row["psn_no"].clone()];
                let known = closing.persons.entry(id).or_insert([balance, String::new(), String::new()]);
                if known[1].is_empty() {
                    known[1..].clone_from_slice(&last);
                }
            }
        }
        closing
    }
}

/// Digest-free picture of a ledger: every file of every night, byte by byte.
pub fn bytes_of_nights(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = ledger.join("nights");
    let files = if folder.is_dir() { listing(&folder) } else { Vec::new() };
    let files = files.into_iter().filter(|name| folder.join(name).is_file());
    files.map(|name| (name.clone(), fs::read(folder.join(&name)).expect("a file of a night"))).collect()
}

/// What killed or failed runs leave in a ledger; nothing of it may be there after the next run.
pub fn leftovers(ledger: &Path) -> Vec<String> {
    let mut names = listing(ledger);
    names.retain(|name| name.split('/').any(|part| part.starts_with(".staging-") || part.starts_with(".restored-")));
    names
}

/// CSV text of claims; `columns` in their order.
pub fn csv_of<'a>(columns: &[String], rows: impl IntoIterator<Item = &'a Rec>) -> String {
    let line = |row: &Rec| {
        let cells: Vec<&str> = columns.iter().map(|column| row.get(column).map_or("", String::as_str)).collect();
        table::line(&cells)
    };
    table::line(columns) + &rows.into_iter().map(line).collect::<String>()
}

/// A cell without blanks; empty where it is one of the words for nothing.
pub fn cell<'a>(row: &'a Rec, column: &str) -> &'a str {
    match row.get(column).map_or("", |text| text.trim()) {
        "null" | "NULL" | "\\N" => "",
        text => text,
    }
}

/// Runs a property over random seeds, new ones and as many as `TONGCHOU_CASES` says, or one that `TONGCHOU_SEED` names.
#[track_caller]
pub fn for_seeds(cases: u32, property: impl Fn(u64, &mut Rng)) {
    use crate::against_reference::setting;
    if let Some(seed) = setting("TONGCHOU_SEED") {
        property(seed, &mut Rng::new(seed ^ 0x1ed6e7));
        return;
    }
    let cases = setting("TONGCHOU_CASES").unwrap_or(cases);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    // Asked for a number of cases, it draws new ones; else the same ones everywhere and every time.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = match setting::<u32>("TONGCHOU_CASES") {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, rng),
    };
    let result = runner.run(&any::<u64>().no_shrink(), |seed| {
        // A property panics where it does not hold; the runner names the seed.
        property(seed, &mut Rng::new(seed ^ 0x1ed6e7));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("a failure"));
}
