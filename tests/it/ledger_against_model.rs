//! The ledger against a second implementation of it, night by night, in every row and column and in what each night
//! leaves behind.
//!
//! `TONGCHOU_CASES=5000` draws more cases, `TONGCHOU_SEED=123` replays one, `TONGCHOU_CLAIMS=50` makes cases smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::against_reference::{cells, setting};
use crate::ledger_model::{Answer, Model, NightAnswer, Origin, inputs_of};
use crate::ledger_nights::{Closing, Given, Night, folder, for_seeds, run_night};
use crate::ledger_random::unruly_nights;
use crate::support::Record;

/// The rows of a night by where they came from first, with their status.
fn by_origin(night: &Night) -> BTreeMap<Origin, Record> {
    let origin = |row: &Record| (row["src_file"].clone(), row["src_row"].parse::<usize>().expect("a row"));
    let mut rows: BTreeMap<Origin, Record> = BTreeMap::new();
    let mut insert =
        |origin: Origin, row: Record| assert_eq!(rows.insert(origin.clone(), row), None, "{origin:?} twice");
    for (row, movement) in night.adjudicated.iter().zip(&night.movements) {
        assert_eq!((&row["setl_id"], &row["psn_no"]), (&movement["setl_id"], &movement["psn_no"]));
        let mut record = row.clone();
        record.insert("is_late".into(), movement["is_late"].clone());
        insert(origin(row), record);
    }
    assert_eq!(night.adjudicated.len(), night.movements.len());
    assert_eq!(night.pended.len(), night.open_items.len());
    for (row, item) in night.pended.iter().zip(&night.open_items) {
        assert_eq!(
            [&row["setl_id"], &row["psn_no"], &row["reasons"]],
            [&item["setl_id"], &item["psn_no"], &item["reasons"]]
        );
        let mut record = row.clone();
        record.extend([("status".into(), "pended".into()), ("since".into(), item["since_night"].clone())]);
        insert(origin(row), record);
    }
    let mut rejected: BTreeMap<Origin, Vec<String>> = BTreeMap::new();
    for row in &night.rejects {
        let line: usize = row["line"].parse().expect("a line");
        let reasons = rejected.entry((row["file"].clone(), line - 1)).or_default();
        if !reasons.contains(&row["reason"]) {
            reasons.push(row["reason"].clone());
        }
    }
    for (origin, reasons) in rejected {
        let record = [("status", "rejected".to_owned()), ("reasons", reasons.join("|"))];
        insert(origin, record.into_iter().map(|(name, text)| (name.to_owned(), text)).collect());
    }
    rows
}

/// A row of the model as the engine writes it.
fn expected(answer: &Answer) -> BTreeMap<&'static str, String> {
    let mut cells = cells(&answer.row);
    match answer.row.status.as_str() {
        "rejected" => {}
        "pended" => cells.extend([("since", answer.since.to_string())]),
        _ => cells.extend([("is_late", u8::from(answer.late).to_string())]),
    }
    cells
}

/// What differs between a night of the engine and one of the model.
fn differences(night: &Night, model: &NightAnswer) -> Vec<String> {
    let engine = by_origin(night);
    let mut found = Vec::new();
    for origin in engine.keys().chain(model.rows.keys()).collect::<BTreeSet<_>>() {
        match (engine.get(origin), model.rows.get(origin)) {
            (Some(have), Some(want)) => {
                for (column, text) in expected(want) {
                    let engine = have.get(column).map_or("", String::as_str);
                    if engine != text {
                        found.push(format!("{origin:?} {column}: engine {engine:?}, model {text:?}"));
                    }
                }
            }
            (have, want) => found.push(format!("{origin:?}: engine {have:?}, model {want:?}")),
        }
    }
    let late: BTreeSet<[&String; 2]> = night.late.iter().map(|row| [&row["psn_no"], &row["setl_id"]]).collect();
    let is_late = |answer: &&Answer| answer.late;
    let want = model.rows.values().filter(is_late).map(|answer| [&answer.row.psn_no, &answer.row.setl_id]).collect();
    if late != want {
        found.push(format!("late.csv: engine {late:?}, model {want:?}"));
    }
    let ledger = &night.manifest["ledger"];
    let counts = [&ledger["open_items"]["retried"], &ledger["open_items"]["replaced"], &ledger["late_rows"]];
    let counts = counts.map(|count| count.as_u64().expect("a count") as usize);
    if counts != [model.retried, model.replaced, model.late] {
        found.push(format!("counts: engine {counts:?}, model {:?}", [model.retried, model.replaced, model.late]));
    }
    found
}

/// What differs in the state. The engine has no row of a person with nothing; the model may.
fn state_differences(engine: &Closing, model: &Closing) -> Vec<String> {
    let mut found = Vec::new();
    for row in engine.usage.symmetric_difference(&model.usage) {
        found.push(format!("usage, {}: {row:?}", if engine.usage.contains(row) { "engine" } else { "model" }));
    }
    for row in engine.admissions.symmetric_difference(&model.admissions) {
        found.push(format!("admission, {}: {row:?}", if engine.admissions.contains(row) { "engine" } else { "model" }));
    }
    let nothing = ["0.00".to_owned(), String::new(), String::new()];
    for person in engine.persons.keys().chain(model.persons.keys()).collect::<BTreeSet<_>>() {
        let of = |closing: &Closing| closing.persons.get(person).unwrap_or(&nothing).clone();
        if of(engine) != of(model) {
            found.push(format!("person {person}: engine {:?}, model {:?}", of(engine), of(model)));
        }
    }
    found
}

/// What a run over all nights met, to see that the cases are worth something.
#[derive(Debug, Default)]
struct Met(BTreeMap<&'static str, usize>);

impl Met {
    fn count(&mut self, what: &'static str, many: usize) {
        *self.0.entry(what).or_default() += many;
    }

    fn night(&mut self, answer: &NightAnswer) {
        self.count("rows", answer.rows.len());
        self.count("late", answer.late);
        self.count("replaced", answer.replaced);
        for answer in answer.rows.values() {
            let is = |status: &str| usize::from(answer.row.status == status);
            self.count("paid", is("paid"));
            self.count("reversed", is("reversed"));
            self.count("settled before", usize::from(answer.row.reasons.contains("R-SETTLED")));
            self.count("reversed twice", usize::from(answer.row.reasons.contains("TWICE")));
        }
    }
}

/// Runs the nights in a new ledger and by the model; panics where they differ.
fn compare(ledger: &Path, nights: &[Given], met: &mut Met) {
    let inputs = inputs_of(nights);
    let mut model = Model::default();
    let mut waiting: BTreeSet<Origin> = BTreeSet::new();
    for (at, (given, inputs)) in nights.iter().zip(&inputs).enumerate() {
        let number = at + 1;
        let report = run_night(ledger, given).unwrap_or_else(|error| panic!("night {number}: {error:?}"));
        assert_eq!(report.number as usize, number);
        let want = model.night(inputs);
        let night = Night::read(ledger, number);
        let mut found = differences(&night, &want);
        found.extend(state_differences(&Closing::read(ledger), &model.closing()));
        let skipped: Vec<String> =
            night.skipped().into_iter().map(|(name, _)| name).filter(|name| name != "balances.csv").collect();
        if skipped != inputs.skipped {
            found.push(format!("skipped: engine {skipped:?}, model {:?}", inputs.skipped));
        }
        assert!(found.is_empty(), "night {number}: {} differences\n{:#?}", found.len(), &found[..found.len().min(12)]);
        met.night(&want);
        let is = |origin: &&Origin| matches!(want.rows.get(*origin), Some(answer) if answer.row.amounts.is_some());
        met.count("settled after waiting", waiting.iter().filter(is).count());
        waiting =
            want.rows.iter().filter(|(_, a)| a.row.status == "pended").map(|(origin, _)| origin.clone()).collect();
    }
}

#[test]
fn unruly_nights_agree_with_the_model_in_every_row_and_in_what_they_leave() {
    let claims = setting("TONGCHOU_CLAIMS").unwrap_or(120);
    let met = std::cell::RefCell::new(Met::default());
    let cases = std::cell::Cell::new(0);
    for_seeds(60, |seed, rng| {
        let nights = unruly_nights(seed, claims, rng);
        compare(&folder().path().join("ledger"), &nights, &mut met.borrow_mut());
        cases.set(cases.get() + 1);
    });
    let met = met.into_inner().0;
    println!("{} cases: {met:?}", cases.get());
    for (what, a_case) in
        [("late", 2), ("replaced", 1), ("reversed", 2), ("settled before", 2), ("settled after waiting", 1)]
    {
        assert!(cases.get() < 20 || met[what] >= a_case * cases.get(), "few rows are {what}: {met:?}");
    }
}
