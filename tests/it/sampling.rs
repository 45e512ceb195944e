//! Audit samples: the draw can be repeated by hand, covers what it should, and bounds hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tongchou::audit::sample::evaluate::evaluate;
use tongchou::audit::sample::{Method, Sample, StrataBy, Terms, draw};
use tongchou::ledger::tables::read::TableFile;
use tongchou::model::money::{Fen, Rate};

use crate::support::{Ran, fen, folder, read_csv, read_parquet, repo, run_args, tongchou};

/// The sample data, adjudicated once.
static RUN: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = folder();
    let out = folder.path().join("out");
    let claims = repo("sample_data/claims_large.csv");
    tongchou(run_args(&repo("sample_data/rules"), &claims, &out, &["--quiet"])).expect(1);
    (folder, out)
});

fn table() -> TableFile {
    TableFile::open(&RUN.1.join("adjudicated.parquet")).expect("a run's table")
}

fn terms(method: Method, size: u32, seed: u64) -> Terms {
    Terms { method, strata: StrataBy::Amount(4), measure: "fund_pay_sumamt", size, seed }
}

/// Rows that may be drawn: number and fund total, in the order of the file.
fn population(with_zero: bool) -> Vec<(String, i64)> {
    let rows = read_parquet(&RUN.1.join("adjudicated.parquet"));
    let rows = rows.iter().filter(|row| row["status"] != "reversed");
    let rows = rows.map(|row| (row["setl_id"].clone(), fen(&row["fund_pay_sumamt"])));
    rows.filter(|(_, fen)| *fen > 0 || (with_zero && *fen == 0)).collect()
}

fn chance(text: &str) -> u128 {
    u128::from_be_bytes(Sha256::digest(text)[..16].try_into().expect("16 bytes"))
}

#[test]
fn a_random_draw_is_what_anybody_computes_from_the_seed() {
    let sample = draw(&table(), &terms(Method::Random, 50, 11)).expect("a draw");
    let mut by_chance = population(true);
    assert_eq!(sample.population.settlements, by_chance.len() as u64);
    by_chance.sort_by_key(|(setl_id, _)| chance(&format!("11:{setl_id}")));
    let mut expected: Vec<&str> = by_chance[..50].iter().map(|(setl_id, _)| setl_id.as_str()).collect();
    let mut drawn: Vec<&str> = sample.drawn.iter().map(|drawn| drawn.setl_id.as_str()).collect();
    expected.sort_unstable();
    drawn.sort_unstable();
    assert_eq!(drawn, expected);
    let larger = draw(&table(), &terms(Method::Random, 80, 11)).expect("a draw");
    assert!(sample.drawn.iter().all(|drawn| larger.drawn.iter().any(|other| other.row == drawn.row)));
}

#[test]
fn money_units_are_what_anybody_computes_from_the_seed() {
    let sample = draw(&table(), &terms(Method::Mus, 70, 5)).expect("a draw");
    let rows = population(false);
    let total: u128 = rows.iter().map(|(_, fen)| *fen as u128).sum();
    assert_eq!(sample.population.fen as u128, total);
    let start = chance("5") % total;
    let mut expected: Vec<(String, u32)> = Vec::new();
    for k in 0..70_u128 {
        let unit = (k * total + start) / 70;
        let mut passed = 0_u128;
        let hit = rows.iter().find(|(_, fen)| {
            passed += *fen as u128;
            unit < passed
        });
        let (setl_id, _) = hit.expect("every unit lies in a settlement");
        match expected.last_mut().filter(|(last, _)| last == setl_id) {
            Some((_, hits)) => *hits += 1,
            None => expected.push((setl_id.clone(), 1)),
        }
    }
    let drawn: Vec<(String, u32)> = sample.drawn.iter().map(|drawn| (drawn.setl_id.clone(), drawn.hits)).collect();
    assert_eq!(drawn, expected);
    // Whoever has an interval's money is drawn, whatever the seed.
    let large = rows.iter().filter(|(_, fen)| *fen as u128 * 70 >= total).count();
    assert!(large > 0, "the sample data have large payments");
    assert_eq!(sample.drawn.iter().filter(|drawn| drawn.certain).count(), large);
}

#[test]
fn strata_hold_everything_and_each_is_drawn_from() {
    for strata in [StrataBy::Amount(4), StrataBy::Columns(vec!["insutype", "med_class"])] {
        let terms = Terms { strata, ..terms(Method::Stratified, 60, 3) };
        let sample = draw(&table(), &terms).expect("a draw");
        assert_eq!(sample.drawn.len(), 60);
        assert_eq!(sample.strata.iter().map(|stratum| stratum.drawn).sum::<u64>(), 60);
        assert_eq!(sample.population.settlements, population(true).len() as u64);
        for (number, stratum) in sample.strata.iter().enumerate() {
            let drawn = sample.drawn.iter().filter(|drawn| drawn.stratum as usize == number).count() as u64;
            assert_eq!(drawn, stratum.drawn, "{}", stratum.name);
            assert!(drawn >= stratum.all.settlements.min(2), "{}", stratum.name);
        }
    }
}

/// An auditor who knows: every seventh settlement was paid a third too much, by its number.
fn right(setl_id: &str, book: i64) -> Fen {
    let is_wrong = chance(setl_id).is_multiple_of(7);
    Fen(if is_wrong { book - book / 3 } else { book })
}

#[test]
fn projections_are_right_on_the_average_and_bounds_hold_as_often_as_they_say() {
    const DRAWS: u64 = 60;
    let truth: i64 = population(true).iter().map(|(setl_id, fen)| fen - right(setl_id, *fen).0).sum();
    for method in [Method::Mus, Method::Stratified, Method::Random] {
        let (mut sum, mut held) = (0_f64, 0);
        for seed in 0..DRAWS {
            let sample = draw(&table(), &terms(method, 300, seed)).expect("a draw");
            let audited: Vec<Fen> = sample.drawn.iter().map(|one| right(&one.setl_id, one.book_fen)).collect();
            let found = evaluate(&sample, &audited, Rate(950_000));
            sum += found.net.0 as f64;
            let bound = found.over.bound.or(found.net_bounds.map(|(_, upper)| upper)).expect("there are errors");
            held += u64::from(bound.0 >= truth);
        }
        let mean = sum / DRAWS as f64;
        println!("{method:?}: {held} of {DRAWS} bounds hold, {mean:.0} on the average for {truth}");
        // Money is skewed: t takes it for less so than it is, and a plain random sample scatters widely.
        let (within, least) = match method {
            Method::Mus => (0.1, DRAWS * 95 / 100),
            Method::Stratified => (0.1, DRAWS * 3 / 4),
            Method::Random => (0.35, DRAWS / 2),
        };
        assert!((mean - truth as f64).abs() < within * truth as f64, "{method:?}: {mean} for {truth}");
        assert!(held >= least, "{method:?}: {held} of {DRAWS} bounds hold");
    }
}

fn sample_args(out: &Path, more: &[&str]) -> Ran {
    let run = RUN.1.display().to_string();
    let out = out.display().to_string();
    let args = ["sample", "--run", &run, "--out", &out, "--seed", "9"];
    tongchou(args.into_iter().chain(more.iter().copied()))
}

/// Fills in the paper: what `right` says, or the text of `other` for one line.
fn fill(folder: &Path, other: &[(usize, &str)]) {
    let path = folder.join("working_paper.csv");
    let text = fs::read_to_string(&path).expect("a paper");
    let lines = text.lines().enumerate().map(|(number, line)| {
        if number == 0 {
            return line.to_owned();
        }
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        let (id, book) = (cells[4].clone(), fen(&cells[16]));
        cells[17] = right(&id, book).to_string();
        if let Some((_, text)) = other.iter().find(|(line, _)| *line == number) {
            cells[17] = (*text).to_owned();
        }
        cells.join(",")
    });
    let text: Vec<String> = lines.collect();
    fs::write(path, text.join("\n")).expect("written");
}

#[test]
fn from_the_draw_to_the_bound_as_an_auditor_types_it() {
    let folder = folder();
    let out = folder.path().join("sample");
    let ran = sample_args(&out, &["--method", "mus", "--size", "80"]).expect(0);
    assert!(ran.stdout.contains("settlements (mus, seed 9"), "{}", ran.stdout);
    let paper = read_csv(&out.join("working_paper.csv"));
    let kept: Value = serde_json::from_str(&fs::read_to_string(out.join("sample.json")).expect("kept")).expect("JSON");
    let sample: Sample = serde_json::from_value(kept["sample"].clone()).expect("a draw");
    assert_eq!(paper.len(), sample.drawn.len());
    let dir = out.display().to_string();
    // As it was written, nothing is filled in.
    let ran = tongchou(["sample", "evaluate", &dir]).expect(2);
    assert!(ran.stderr.contains("working_paper.csv:2 (audited_amount): error[I-PAPER]"), "{}", ran.stderr);
    fill(&out, &[]);
    let ran = tongchou(["sample", "evaluate", &dir, "--json"]).expect(0);
    let found: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let audited: Vec<Fen> = sample.drawn.iter().map(|one| right(&one.setl_id, one.book_fen)).collect();
    let expected = evaluate(&sample, &audited, Rate(950_000));
    assert_eq!(found["paid_too_much"]["bound_yuan"], expected.over.bound.expect("a bound").to_string());
    assert_eq!(found["net_yuan"], expected.net.to_string());
    // What can be borne decides the exit.
    tongchou(["sample", "evaluate", &dir, "--tolerable", "1"]).expect(1);
    let ran = tongchou(["sample", "evaluate", &dir, "--tolerable", "100000000", "--lang", "zh"]).expect(0);
    assert!(ran.stdout.contains("误差上限不超过可容忍误差"), "{}", ran.stdout);
}

#[test]
fn a_paper_that_is_not_of_the_draw_is_refused_line_by_line() {
    let folder = folder();
    let out = folder.path().join("sample");
    sample_args(&out, &["--method", "random", "--size", "12"]).expect(0);
    fill(&out, &[(3, "x"), (5, "")]);
    let path = out.join("working_paper.csv");
    let mut lines: Vec<String> = fs::read_to_string(&path).expect("a paper").lines().map(str::to_owned).collect();
    lines[7] = lines[7].replacen('7', "99", 1);
    lines.push(lines[1].clone());
    fs::write(&path, lines.join("\r\n")).expect("written");
    let ran = tongchou(["sample", "evaluate", &out.display().to_string()]).expect(2);
    for expected in [
        "working_paper.csv:4:18 (audited_amount): error[I-VALUE]: `x`",
        "working_paper.csv:6 (audited_amount): error[I-PAPER]: the line has no audited amount",
        "working_paper.csv:8 (line): error[I-PAPER]: the sample has no line `99`",
        "working_paper.csv:14 (line): error[I-PAPER]: line 1 stands twice",
    ] {
        assert!(ran.stderr.contains(expected), "{expected}\n{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let folder = folder();
    let out = folder.path().join("sample");
    let ran = sample_args(&out, &["--method", "mus", "--size", "1000000"]).expect(2);
    assert!(ran.stderr.contains("settlements can be drawn: name a smaller --size"), "{}", ran.stderr);
    let ran = sample_args(&out, &["--method", "stratified", "--by", "fixmedins_code", "--size", "4"]).expect(2);
    assert!(ran.stderr.contains("strata need at least"), "{}", ran.stderr);
    let ran = sample_args(&out, &["--method", "random", "--size", "4", "--measure", "fund_pay_sumant"]).expect(2);
    assert!(ran.stderr.contains("did you mean `fund_pay_sumamt`?"), "{}", ran.stderr);
    assert!(!out.exists(), "nothing was written");
    // A table that is not the run's.
    let broken = folder.path().join("broken");
    fs::create_dir(&broken).expect("made");
    for name in ["manifest.json", "adjudicated.parquet"] {
        fs::copy(RUN.1.join(name), broken.join(name)).expect("copied");
    }
    let mut bytes = fs::read(broken.join("adjudicated.parquet")).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(broken.join("adjudicated.parquet"), bytes).expect("written");
    let run = broken.display().to_string();
    let out = out.display().to_string();
    let args = ["sample", "--run", &run, "--out", &out, "--seed", "1", "--method", "random", "--size", "4"];
    let ran = tongchou(args).expect(2);
    assert!(ran.stderr.contains("adjudicated.parquet: is not what the run wrote"), "{}", ran.stderr);
}
