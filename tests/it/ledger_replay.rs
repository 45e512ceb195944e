//! Nights adjudicated again as one are the run at once, however unruly they came; and without a reason to differ, they
//! do not differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tongchou::diagnostic::Lang;
use tongchou::pipeline::ReferencePaths;
use tongchou::pipeline::replay::{From, ReplayPlan, replay};
use tongchou::report::privacy::Persons;
use tongchou::report::replay::ReplayReport;

use crate::ledger_nights::{Given, Night, cell, csv_of, folder, for_seeds, nights, run_night};
use crate::ledger_random::{Year, unruly_nights};
use crate::ledger_split::tame_nights;
use crate::random_packs::Rng;
use crate::support::{Outputs, Record, listing, read_csv, read_parquet, repo, run_folder, tongchou};
use crate::table::{self, Rec};

fn plan(ledger: &Path, out: &Path) -> ReplayPlan {
    ReplayPlan {
        ledger: ledger.to_owned(),
        from: From::Night(1),
        rules: None,
        reference: ReferencePaths::default(),
        out: out.to_owned(),
        overwrite: false,
        lang: Lang::En,
        memory: 1 << 30,
        persons: Persons::Revealed,
    }
}

#[track_caller]
fn replayed(plan: &ReplayPlan) -> ReplayReport {
    let (_, report) = replay(plan, &crate::support::Nobody, &AtomicBool::new(false)).expect("a replay");
    report
}

/// Rows by person and number, without where they stood.
fn by_pair(rows: &[Record]) -> BTreeMap<(String, String), Record> {
    let plain = |row: &Record| {
        let mut row = row.clone();
        row.remove("src_file");
        row.remove("src_row");
        row
    };
    rows.iter().map(|row| ((row["psn_no"].clone(), row["setl_id"].clone()), plain(row))).collect()
}

#[track_caller]
fn assert_same(replayed: &[Record], at_once: &[Record]) {
    let (replayed, at_once) = (by_pair(replayed), by_pair(at_once));
    let keys: BTreeSet<_> = replayed.keys().chain(at_once.keys()).collect();
    let differs = keys.into_iter().find(|key| replayed.get(*key) != at_once.get(*key));
    assert!(
        differs.is_none(),
        "{differs:?}\nreplayed {:#?}\nat once {:#?}",
        replayed.get(differs.unwrap()),
        at_once.get(differs.unwrap())
    );
}

/// Runs a night's rules and tables with other claims, without a ledger.
fn at_once(given: &Given, claims: String) -> Outputs {
    let place = folder();
    given.write_to(place.path());
    std::fs::write(place.path().join("claims.csv"), claims).expect("a file");
    let out = place.path().join("out");
    run_folder(place.path(), &out).expect("a run");
    Outputs::read(&out)
}

/// The rows of claims that a ledger ended up with: settlements, and what is open at the end.
fn standing(ledger: &Path, given: &[Given]) -> Vec<Rec> {
    let count = nights(ledger);
    let mut places: Vec<(usize, Record)> = Vec::new();
    for number in 1..=count {
        let night = Night::read(ledger, number);
        places.extend(night.adjudicated.into_iter().map(|row| (number, row)));
        if number == count {
            places.extend(night.pended.into_iter().map(|row| (number, row)));
        }
    }
    let claim = |(night, row): &(usize, Record)| {
        let at: usize = row["src_row"].parse().expect("a row");
        // A row that waited came in an earlier night: the last one up to its settlement that has it there.
        let texts = given[..*night].iter().rev().filter_map(|given| {
            let named = |name: &str| name == row["src_file"] || name.ends_with(&format!("/{}", row["src_file"]));
            given.claims().find(|(name, _)| named(name)).map(|(_, text)| table::parse(text))
        });
        let same = |found: &Rec| ["psn_no", "setl_id"].iter().all(|column| cell(found, column) == row[*column]);
        let mut rows = texts.filter_map(|rows| rows.get(at - 1).cloned());
        rows.find(same).unwrap_or_else(|| panic!("{} row {at} of night {night}", row["src_file"]))
    };
    places.iter().map(claim).collect()
}

#[test]
fn unruly_nights_adjudicated_again_are_the_run_at_once() {
    for_seeds(25, |seed, rng| {
        let mut given = unruly_nights(seed, 120, rng);
        // Balances of the first night only: later ones hold from where their nights began, which one run cannot say.
        given[1..].iter_mut().for_each(|given| drop(given.0.remove("balances.csv")));
        let place = folder();
        let ledger = place.path().join("ledger");
        for night in &given {
            run_night(&ledger, night).unwrap_or_else(|error| panic!("{error:?}"));
        }
        let out = place.path().join("out");
        replayed(&plan(&ledger, &out));
        let replayed = Outputs::read(&out);

        let mut last = given.last().expect("a night").clone();
        for table in ["enrolments.csv", "filings.csv", "institutions.csv", "marks.csv", "balances.csv"] {
            let newest = given.iter().rev().find_map(|given| given.0.get(table));
            last.0.remove(table);
            last.0.extend(newest.map(|text| (table.to_owned(), text.clone())));
        }
        let rows = standing(&ledger, &given);
        let columns: Vec<String> = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
        if rows.is_empty() {
            return;
        }
        let once = at_once(&last, csv_of(&columns, &rows));
        assert_same(&replayed.adjudicated, &once.adjudicated);
        assert_same(&replayed.pended, &once.pended);
    });
}

#[test]
fn nights_without_a_reason_to_differ_do_not_differ() {
    for_seeds(15, |seed, rng| {
        let (place, ledger) = tame_nights(seed, 150, rng);
        let from = 1 + rng.below(nights(&ledger)) as u32;
        let out = place.path().join("out");
        let report = replayed(&ReplayPlan { from: From::Night(from), ..plan(&ledger, &out) });
        let delta = read_csv(&out.join("delta.csv"));
        assert_eq!((report.delta.changed, delta.len()), (0, 0), "{delta:#?}");
    });
}

/// Under other rules, the change of every settlement is the run at once under them less what the ledger has.
#[test]
fn other_rules_change_exactly_what_they_change() {
    for_seeds(15, |seed, rng| {
        let year = Year::random(seed, 120, rng);
        let place = folder();
        let ledger = place.path().join("ledger");
        let mut pairs = BTreeSet::new();
        let rows: Vec<&Rec> = year
            .claims
            .iter()
            .filter(|row| pairs.insert([cell(row, "psn_no"), cell(row, "setl_id")].map(str::to_owned)))
            .collect();
        let given = year.night([("a.csv".to_owned(), rows.clone())]);
        run_night(&ledger, &given).expect("a night");
        let mut changed = given.clone();
        halve_rates(&mut changed, rng);
        changed.write_to(&place.path().join("changed"));
        let out = place.path().join("out");
        let rules = Some(place.path().join("changed/rules"));
        let report = replayed(&ReplayPlan { rules, ..plan(&ledger, &out) });
        let once = at_once(&changed, csv_of(&year.columns, rows));
        let (before, after) = (Night::read(&ledger, 1).adjudicated, once.adjudicated);
        assert_same(&Outputs::read(&out).adjudicated, &after);
        let (before, after) = (by_pair(&before), by_pair(&after));
        let delta = by_pair(&read_parquet(&out.join("delta.parquet")));
        assert_eq!(report.delta.changed as usize, delta.len());
        for pair in before.keys().chain(after.keys()) {
            for column in ["hifp_pay", "fund_pay_sumamt", "acct_pay", "psn_cash_pay", "act_pay_dedc"] {
                let of = |rows: &BTreeMap<_, Record>| rows.get(pair).map_or(0, |row| fen(&row[column]));
                let told = delta.get(pair).map_or(0, |row| fen(&row[&format!("{column}_delta")]));
                assert_eq!(told, of(&after) - of(&before), "{pair:?} {column}");
            }
        }
    });
}

fn halve_rates(given: &mut Given, rng: &mut Rng) {
    let text = given.0.get_mut("rules/bands.csv").expect("bands");
    let columns: Vec<String> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .next()
        .expect("a header")
        .split(',')
        .map(|name| name.trim().to_lowercase())
        .collect();
    let mut rows = table::parse(text);
    for row in &mut rows {
        if rng.chance(50) {
            row.insert("rate".to_owned(), "0.35".to_owned());
        }
    }
    *text = csv_of(&columns, &rows);
}

fn fen(yuan: &str) -> i64 {
    yuan.replace('.', "").parse().expect("two decimals")
}

fn sample(name: &str) -> PathBuf {
    repo("sample_data").join(name)
}

/// Every second settlement of Beijing's insured, so that many of the others come late.
fn halves(place: &Path) -> [PathBuf; 2] {
    let text = std::fs::read_to_string(sample("claims_large.csv")).expect("a file");
    let columns: Vec<String> =
        text.trim_start_matches('\u{feff}').lines().next().expect("a header").split(',').map(str::to_owned).collect();
    let rows = table::parse(&text);
    let of_beijing: Vec<&Rec> = rows.iter().filter(|row| row["insuplc_admdvs"].starts_with("11")).collect();
    [0, 1].map(|half| {
        let path = place.join(format!("half{half}.csv"));
        let rows = of_beijing.iter().copied().skip(half).step_by(2);
        std::fs::write(&path, csv_of(&columns, rows)).expect("a file");
        path
    })
}

#[test]
fn the_command_says_what_each_party_would_owe() {
    let place = folder();
    let ledger = place.path().join("ledger");
    let arguments = |claims: &Path| -> Vec<String> {
        let mut arguments = vec!["run".to_owned(), "--quiet".to_owned()];
        let mut add = |option: &str, path: PathBuf| arguments.extend([option.to_owned(), path.display().to_string()]);
        add("--rules", sample("rules"));
        add("--claims", claims.to_owned());
        for table in ["enrolments", "filings", "institutions", "accounts", "marks"] {
            add(&format!("--{table}"), sample(&format!("{table}.csv")));
        }
        add("--ledger", ledger.clone());
        arguments
    };
    for half in halves(place.path()) {
        let ran = tongchou(arguments(&half));
        assert!(ran.code < Some(2), "{}", ran.stderr);
    }
    let replay = |name: &str, lang: &str| {
        let out = place.path().join(name);
        let (ledger, out) = (ledger.display().to_string(), out.display().to_string());
        let ran = tongchou([
            "ledger",
            "replay",
            "--ledger",
            &ledger,
            "--from",
            "1",
            "--out",
            &out,
            "--progress",
            "none",
            "--lang",
            lang,
        ]);
        (ran.code, ran.stdout.replace(&out, "OUT"))
    };
    for lang in ["en", "zh"] {
        let (code, said) = replay(lang, lang);
        insta::assert_snapshot!(format!("ledger_replay_{lang}"), format!("exit {code:?}\n{said}"));
    }
    replay("again", "en");
    for file in listing(&place.path().join("en")) {
        let bytes = |name: &str| std::fs::read(place.path().join(name).join(&file)).expect("an output");
        let is_same = match file.as_str() {
            "manifest.json" => {
                let text =
                    |name: &str| String::from_utf8(bytes(name)).expect("JSON").replace(&format!("/{name}\""), "/OUT\"");
                text("en") == text("again")
            }
            _ => bytes("en") == bytes("again"),
        };
        assert!(is_same, "{file}: the same replay gives the same bytes");
    }
    let ledger = ledger.display().to_string();
    let out = place.path().join("none").display().to_string();
    let ran = tongchou(["ledger", "replay", "--ledger", &ledger, "--from", "2031-01-01", "--out", &out]).expect(2);
    assert!(ran.stderr.contains("no night of 2031-01-01 or later"), "{}", ran.stderr);
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_settlement_of_a_night_is_explained_from_the_ledger_alone() {
    for_seeds(3, |seed, rng| {
        let (_place, ledger) = tame_nights(seed, 80, rng);
        for number in 1..=nights(&ledger) {
            let night = Night::read(&ledger, number);
            let run = ledger.join(format!("nights/night={number:06}")).display().to_string();
            for row in night.adjudicated.iter().take(4) {
                let (id, person) = (&row["setl_id"], &row["psn_no"]);
                let ran = tongchou(["explain", "--run", &run, id, "--person", person, "--json"]).expect(0);
                let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
                assert_eq!(told["status"], row["status"].as_str(), "{told:#}");
                for column in ["hifp_pay", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"] {
                    let amount = told["amounts_yuan"][column].as_str().unwrap_or("0.00");
                    assert_eq!(amount, row[column], "{column} of {id}: {told:#}");
                }
            }
        }
    });
}
