//! The engine against a second implementation: slow, plain, written from the definition alone. Every row and every
//! column must be equal, the rule rows that decided included.
//!
//! `TONGCHOU_CASES=5000` draws more cases, `TONGCHOU_SEED=123` replays one, `TONGCHOU_CLAIMS=50` makes cases smaller,
//! `TONGCHOU_KEEP=folder` leaves the replayed case there.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::random_packs::{Case, random_case};
use crate::reference::{Inputs, Row, adjudicate};
use crate::support::{Outputs, REFERENCE, Record, data, folder, run_folder};
use crate::table;

/// A number from the environment.
pub fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Columns of a reference row as the engine's outputs name them.
pub fn cells(row: &Row) -> BTreeMap<&'static str, String> {
    let mut cells: BTreeMap<&'static str, String> = [("status", &row.status), ("reasons", &row.reasons)]
        .into_iter()
        .map(|(name, text)| (name, text.clone()))
        .collect();
    if row.status != "rejected" {
        cells.extend([("setl_id", row.setl_id.clone()), ("psn_no", row.psn_no.clone())]);
    }
    if let Some(amounts) = &row.amounts {
        let derived = [
            ("pool", &row.pool),
            ("benefit_year", &row.benefit_year),
            ("psn_class", &row.psn_class),
            ("med_class", &row.med_class),
            ("tier", &row.tier),
            ("place", &row.place),
            ("filing", &row.filing),
            ("scheme_rule", &row.scheme_rule),
            ("class_rule", &row.class_rule),
            ("channel_rule", &row.channel_rule),
            ("benefit_rule", &row.benefit_rule),
            ("layer_rules", &row.layer_rules),
        ];
        cells.extend(derived.into_iter().map(|(name, text)| (name, text.clone())));
        cells.extend(amounts.columns().map(|(name, amount)| (name, format!("{amount:.2}"))));
    }
    cells
}

/// What differs between the engine's rows and the reference's.
fn differences(inputs: &Inputs, outputs: &Outputs) -> Vec<String> {
    let rows: BTreeMap<u64, Record> = outputs.by_row();
    let expected = adjudicate(inputs);
    let mut found = Vec::new();
    if rows.len() != expected.len() {
        found.push(format!("{} rows out, {} rows in", rows.len(), expected.len()));
    }
    for want in &expected {
        let Some(have) = rows.get(&(want.src_row as u64)) else {
            found.push(format!("row {} is missing", want.src_row));
            continue;
        };
        for (column, text) in cells(want) {
            let engine = have.get(column).map_or("", String::as_str);
            if engine != text {
                found.push(format!("row {} {column}: engine {engine:?}, reference {text:?}", want.src_row));
            }
        }
    }
    found
}

/// The differences of one case, and how many rows it had.
fn check(case: &Case) -> (Vec<String>, usize) {
    let folder = folder();
    case.write_to(folder.path()).expect("the case on disk");
    let out = folder.path().join("out");
    match run_folder(folder.path(), &out) {
        Ok(_) => {
            let inputs = case.inputs();
            (differences(&inputs, &Outputs::read(&out)), inputs.claims.len())
        }
        Err(error) => (vec![format!("the run failed: {error:?}")], 0),
    }
}

/// A case that fails, as small as fewer claims make it, and what differs.
fn failure(seed: u64, claims: usize) -> String {
    let smallest = (1..=claims).find_map(|count| {
        let (found, _) = check(&random_case(seed, count));
        (!found.is_empty()).then_some((count, found))
    });
    let (count, found) = smallest.unwrap_or((claims, vec!["gone with fewer claims".to_owned()]));
    let shown: Vec<&String> = found.iter().take(20).collect();
    format!("TONGCHOU_SEED={seed} TONGCHOU_CLAIMS={count}: {} differences\n{shown:#?}", found.len())
}

#[test]
fn random_cases_agree_in_every_row_and_column() {
    let claims = setting("TONGCHOU_CLAIMS").unwrap_or(300);
    if let Some(seed) = setting("TONGCHOU_SEED") {
        let case = random_case(seed, claims);
        if let Some(kept) = std::env::var_os("TONGCHOU_KEEP") {
            case.write_to(Path::new(&kept)).expect("the case on disk");
        }
        let (found, _) = check(&case);
        assert!(found.is_empty(), "{found:#?}");
        return;
    }
    let cases = setting("TONGCHOU_CASES").unwrap_or(250);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rows = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&any::<u64>().no_shrink(), |seed| {
        let (found, checked) = check(&random_case(seed, claims));
        rows.set(rows.get() + checked);
        prop_assert!(found.is_empty(), "{}", failure(seed, claims));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("a failure"));
    assert!(rows.get() >= cases as usize * claims / 2, "only {} rows were compared", rows.get());
}

/// The case as if all of its claims were one person's: hundreds of settlements on one set of accumulators.
fn of_one_person(mut case: Case) -> Case {
    let mut claims = table::parse(&case.files["claims.csv"]);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in claims.iter().filter(|row| !row["psn_no"].trim().is_empty()) {
        *counts.entry(row["psn_no"].clone()).or_default() += 1;
    }
    let Some((person, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return case };
    let columns: Vec<String> = claims[0].keys().cloned().collect();
    let mut text = table::line(&columns);
    for row in &mut claims {
        row.insert("psn_no".into(), person.clone());
        text.push_str(&table::line(&columns.iter().map(|column| row[column].as_str()).collect::<Vec<_>>()));
    }
    case.files.insert("claims.csv".into(), text);
    case
}

#[test]
fn hundreds_of_settlements_of_one_person_agree() {
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&any::<u64>().no_shrink(), |seed| {
        let (found, _) = check(&of_one_person(random_case(seed, 500)));
        prop_assert!(found.is_empty(), "seed {seed}: {found:#?}");
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("a failure"));
}

/// Reads a folder of test data as the reference reads it.
fn inputs_of(folder: &Path) -> Inputs {
    let read = |path: &Path| std::fs::read_to_string(path).ok().map(|text| table::parse(&text));
    let file = |option: &str| {
        REFERENCE.iter().find(|(name, _)| *name == option).and_then(|(_, file)| read(&folder.join(file)))
    };
    let rules = std::fs::read_dir(folder.join("rules")).expect("rules").map(|entry| entry.expect("an entry").path());
    let rules = rules.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), read(&path)?)));
    Inputs {
        rules: rules.collect(),
        claims: read(&folder.join("claims.csv")).expect("claims"),
        enrolments: file("--enrolments"),
        filings: file("--filings"),
        institutions: file("--institutions"),
        accounts: file("--accounts"),
        marks: file("--marks"),
    }
}

#[test]
fn the_folders_of_test_data_agree_down_to_the_rule_rows() {
    for pack in ["small", "conformance/pack101", "conformance/pack102", "conformance/pack103", "conformance/pack104"] {
        let folder = folder();
        let out = folder.path().join("out");
        run_folder(&data(pack), &out).expect("a run");
        let found = differences(&inputs_of(&data(pack)), &Outputs::read(&out));
        assert!(found.is_empty(), "{pack}: {found:#?}");
    }
}

#[test]
fn a_wrong_answer_would_be_seen() {
    // The comparison itself: one fen, one rule, one reason more, and it says so.
    let pack = data("conformance/pack101");
    let folder = folder();
    let out = folder.path().join("out");
    run_folder(&pack, &out).expect("a run");
    let (inputs, mut outputs) = (inputs_of(&pack), Outputs::read(&out));
    outputs.adjudicated[0].insert("hifp_pay".into(), "0.01".into());
    outputs.adjudicated[1].insert("channel_rule".into(), "another".into());
    outputs.pended[0].insert("reasons".into(), "P-CLASS".into());
    outputs.pended.pop();
    let found = differences(&inputs, &outputs);
    for (what, count) in [("hifp_pay", 1), ("channel_rule", 1), ("reasons", 1), ("is missing", 1), ("rows out", 1)] {
        assert_eq!(found.iter().filter(|line| line.contains(what)).count(), count, "{what}: {found:?}");
    }
}
