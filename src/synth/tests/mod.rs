//! Whole data sets, small ones, from the sample pack; and the engine's own run over them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::diagnostic::Lang;
use crate::model::outcome::Status;
use crate::pipeline::{self, Inputs, ReferencePaths, RunPlan, Stage, Watch};
use crate::report::balance::Summary;
use crate::report::privacy::Persons;

fn plan(out: &Path, rows: u64, faults: u32, format: Format) -> SynthPlan {
    SynthPlan {
        rows,
        persons: rows / 6,
        seed: 7,
        out: out.to_owned(),
        overwrite: false,
        rules: Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/rules"),
        faults,
        format,
        year: 2024,
    }
}

fn make(folder: &Path, name: &str, rows: u64, faults: u32, format: Format, threads: usize) -> (PathBuf, SynthReport) {
    let out = folder.join(name);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let plan = plan(&out, rows, faults, format);
    let report = pool.install(|| synth(&plan, &|_| (), &AtomicBool::new(false))).expect("a data set");
    (out, report)
}

fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file")))
        .collect();
    files.sort();
    files
}

/// Rows of a CSV table by column name.
fn table(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _stage: Stage, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
}

fn run(data: &Path, claims: &str, out: &Path) -> Summary {
    let file = |name: &str| Some(data.join(name));
    let plan = RunPlan {
        inputs: Inputs {
            rules: Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/rules"),
            claims: vec![data.join(claims)],
            reference: ReferencePaths {
                enrolments: file("enrolments.csv"),
                filings: file("filings.csv"),
                institutions: file("institutions.csv"),
                marks: file("marks.csv"),
                accounts: file("accounts.csv"),
            },
        },
        out: Some(out.to_owned()),
        night: None,
        overwrite: true,
        lang: Lang::En,
        memory: 1 << 33,
        persons: Persons::Revealed,
    };
    pipeline::run(&plan, &Nobody, &AtomicBool::new(false)).expect("a run").0
}

fn fen(row: &HashMap<String, String>, column: &str) -> i64 {
    row[column].replace('.', "").parse().unwrap_or(0)
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    // Two blocks and a bit.
    let cases: [(Format, &str, &[usize]); 2] = [(Format::Csv, "csv", &[1, 2, 8]), (Format::Parquet, "parquet", &[8])];
    for (format, name, counts) in cases {
        let once = bytes(&make(folder.path(), &format!("{name}1"), 140_000, 20_000, format, 1).0);
        for &threads in counts {
            let again = make(folder.path(), &format!("{name}{threads}again"), 140_000, 20_000, format, threads).0;
            let again = bytes(&again);
            assert_eq!(once.len(), again.len());
            for (left, right) in once.iter().zip(&again) {
                assert_eq!(left.0, right.0);
                assert!(left.1 == right.1, "{} differs at {threads} threads", left.0);
            }
        }
    }
}

#[test]
fn every_row_is_sound_and_the_engine_computes_what_was_paid() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, report) = make(folder.path(), "data", 60_000, 0, Format::Csv, 2);
    let rows = table(&data.join("claims.csv"));
    assert_eq!(rows.len(), 60_000);
    let mut ids = HashSet::new();
    let mut reversals = 0;
    for row in &rows {
        let parts =
            ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"].map(|part| fen(row, part));
        assert_eq!(fen(row, "medfee_sumamt"), parts.iter().sum::<i64>(), "{row:?}");
        assert!(row["begndate"] <= row["enddate"] && row["enddate"].as_str() <= &row["setl_time"][..10], "{row:?}");
        assert!(ids.insert((row["psn_no"].clone(), row["setl_id"].clone())), "twice: {row:?}");
        let reversal = !row["init_setl_id"].is_empty();
        reversals += usize::from(reversal);
        assert!(reversal || parts.iter().all(|&part| part >= 0), "{row:?}");
    }
    assert!((1_300..1_900).contains(&reversals), "{reversals} reversals of 60000 rows");
    for row in rows.iter().filter(|row| !row["init_setl_id"].is_empty()) {
        assert!(ids.contains(&(row["psn_no"].clone(), row["init_setl_id"].clone())), "{row:?}");
    }
    let summary = run(&data, "claims.csv", &folder.path().join("out"));
    for status in Status::ALL {
        let counted = report.mix.by_status[*status as usize];
        assert_eq!(summary.balance.of(*status).rows, counted, "{}", status.word());
    }
    assert_eq!(summary.balance.of(Status::Rejected).rows, 0);
    assert!(summary.balance.of(Status::Pended).rows < 1_200, "pended: {}", summary.balance.of(Status::Pended).rows);
}

#[test]
fn parquet_says_what_csv_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, _) = make(folder.path(), "csv", 20_000, 0, Format::Csv, 2);
    let (parquet, _) = make(folder.path(), "parquet", 20_000, 0, Format::Parquet, 2);
    let left = run(&csv, "claims.csv", &folder.path().join("left"));
    let right = run(&parquet, "claims.parquet", &folder.path().join("right"));
    assert_eq!(left.balance.by_status, right.balance.by_status);
    assert_eq!(left.balance.money, right.balance.money);
}

#[test]
fn what_is_planted_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, report) = make(folder.path(), "data", 140_000, 30_000, Format::Csv, 2);
    let rows = table(&data.join("claims.csv"));
    let by_id: HashMap<(&str, &str), &HashMap<String, String>> =
        rows.iter().map(|row| ((row["psn_no"].as_str(), row["setl_id"].as_str()), row)).collect();
    let planted = table(&data.join("planted.csv"));
    let mut codes: HashMap<String, usize> = HashMap::new();
    let mut broken = HashSet::new();
    let mut wrong = HashSet::new();
    for line in &planted {
        let key = (line["psn_no"].as_str(), line["setl_id"].as_str());
        let row = by_id.get(&key).unwrap_or_else(|| panic!("no such row: {line:?}"));
        let code = line["code"].split(':').next().unwrap_or_default();
        *codes.entry(code.to_owned()).or_default() += 1;
        wrong.insert(key);
        if code.starts_with("R-") {
            broken.insert(key);
        } else if !line["planted_fen"].is_empty() {
            assert_ne!(line["right_fen"], line["planted_fen"], "{line:?}");
            assert_eq!(fen(row, &line["field"]).to_string(), line["planted_fen"], "{line:?}");
        }
    }
    for code in [
        "A101",
        "A102",
        "A201",
        "A202",
        "A203",
        "A204",
        "A205",
        "A206",
        "A301",
        "A302",
        "A303",
        "A305",
        "A306",
        "A404",
        "A504",
        "C-ROUND",
        "C-TIER",
        "C-CLASS",
        "C-VISIT",
        "C-DEDUCTIBLE-NONE",
        "C-DEDUCTIBLE-FULL",
        "C-YEAR-FRESH",
        "C-CAPS-IGNORED",
        "C-PRESELF-IN-BASE",
        "C-NOT-COVERED",
        "C-DIGIT",
        "C-NTH",
        "R-DATE",
        "R-DOMAIN",
        "R-DUPLICATE",
        "R-INVALIDATED",
        "R-MISSING",
        "R-NEGATIVE",
        "R-PARSE",
        "R-SPLIT",
    ] {
        assert!(codes.contains_key(code), "{code} was not planted: {codes:?}");
    }
    let share = wrong.len() * 1_000 / rows.len();
    assert!((20..50).contains(&share), "{share} of a thousand rows for 30");
    let summary = run(&data, "claims.csv", &folder.path().join("out"));
    for status in Status::ALL {
        let counted = report.mix.by_status[*status as usize];
        assert_eq!(summary.balance.of(*status).rows, counted, "{}", status.word());
    }
    assert_eq!(summary.balance.of(Status::Rejected).rows as usize, broken.len());
}

#[test]
fn a_plan_that_cannot_be_carried_out_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let cancel = AtomicBool::new(false);
    let good = plan(&folder.path().join("out"), 600, 0, Format::Csv);
    let message = |plan: &SynthPlan| synth(plan, &|_| (), &cancel).map(|_| ()).expect_err("a refusal").to_string();
    assert!(message(&SynthPlan { rules: folder.path().join("none"), ..good.clone() }).contains("no rule pack"));
    assert!(message(&SynthPlan { year: 1999, ..good.clone() }).contains("1999"));
    assert!(message(&SynthPlan { persons: 1, ..good.clone() }).contains("rows a person"));
    assert!(message(&SynthPlan { rows: 0, ..good.clone() }).contains("at least one row"));
    let stopped = synth(&good, &|_| (), &AtomicBool::new(true)).expect_err("a stop");
    assert!(matches!(stopped, SynthError::Run(RunError::Cancelled)));
    assert!(!good.out.exists());
}
