//! Rules that change in the middle: what a night and `ledger rules` say of it, and that nothing that a replay under
//! the new rules changes is missing there.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tongchou::diagnostic::Lang;
use tongchou::pipeline::night::NightPlan;
use tongchou::pipeline::replay::{From, ReplayPlan, replay};
use tongchou::pipeline::rules_dir::load_rules;
use tongchou::pipeline::{self, Inputs, ReferencePaths, RunPlan};
use tongchou::report::privacy::Persons;
use tongchou::report::rules_changed::{CSV, RulesChanged, SETTLEMENTS};

use crate::ledger_nights::{Given, csv_of, folder, for_seeds, night_folder, nights, run_night};
use crate::ledger_random::Year;
use crate::ledger_split::nights_and_one;
use crate::random_packs::{Rng, day_text, number_of, yuan};
use crate::support::{Nobody, Ran, Record, data, listing, plan, read_csv, read_parquet, tongchou};
use crate::table::{self, Rec};

/// The small folder as a night with some of its claims.
fn small(rows: std::ops::Range<usize>) -> Given {
    let mut files = BTreeMap::new();
    for name in listing(&data("small")).into_iter().filter(|name| name.ends_with(".csv") && name != "balances.csv") {
        files.insert(name.clone(), fs::read_to_string(data("small").join(&name)).expect("a file"));
    }
    let claims = files.remove("claims.csv").expect("claims");
    let (header, lines) = claims.split_once('\n').expect("a header");
    let lines: String = lines.lines().skip(rows.start).take(rows.len()).map(|line| format!("{line}\n")).collect();
    files.insert(format!("claims/{}.csv", rows.start), format!("{header}\n{lines}"));
    Given(files)
}

/// The night under other rules: a band, an account, a benefit that ends early and goes on under another name, a tier
/// of years to come.
fn with_other_rules(mut given: Given) -> Given {
    let mut edit = |table: &str, old: &str, new: &str| {
        let text = given.0.get_mut(&format!("rules/{table}.csv")).expect("a table");
        assert!(text.contains(old), "{table} has no `{old}`");
        *text = text.replacen(old, new, 1);
    };
    edit("bands", "BA-1,in-active,0,0.8,", "BA-1,in-active,0,0.75,");
    edit("accounts", "in_scope,0,", "all,0,");
    let out = "B-OUT,440300,310,*,outpatient,*,*,*,outpatient,year,500,,,,visit_net,out,,,,,,3000,,1,2020-01-01,,S1,\n";
    let ended = out.replace("2020-01-01,,", "2020-01-01,2024-01-31,");
    let next = out.replace("B-OUT", "B-OUT-2").replace("2020-01-01,,", "2024-02-01,,");
    edit("benefits", out, &format!("{ended}{next}"));
    edit("tiers", "T-4,", "T-5,*,hosp_lv,04,t2,2030-01-01,,S1,\nT-4,");
    given
}

fn add(ledger: &Path, given: &Given, more: &[&str]) -> Ran {
    let folder = folder();
    let ran = tongchou(given.args(folder.path(), ledger, more));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    ran
}

fn rules(ledger: &Path, more: &[&str]) -> Ran {
    let mut args: Vec<OsString> = ["ledger", "rules", "--ledger"].map(Into::into).to_vec();
    args.push(ledger.into());
    args.extend(more.iter().map(Into::into));
    tongchou(args)
}

/// Lines of the summary from the night on, with digests by name.
fn steady(text: &str, packs: &[String; 2]) -> String {
    let text = text.find("  night ").or_else(|| text.find("  账本")).map_or(text, |at| &text[at..]);
    packs
        .iter()
        .zip(["OLD", "NEW"])
        .fold(text.to_owned(), |text, (sha256, name)| text.replace(sha256.as_str(), name).replace(&sha256[..8], name))
}

#[test]
fn a_night_with_other_rules_says_what_they_touch() {
    let temporary = folder();
    let ledger = temporary.path().join("ledger");
    add(&ledger, &small(0..8), &["--night", "2024-05-01"]);
    add(&ledger, &small(8..10), &["--night", "2024-05-02"]);
    assert!(!night_folder(&ledger, 2).join(CSV).exists(), "the same rules");
    let other = with_other_rules(small(10..12));
    let pack = temporary.path().join("given");
    other.write_to(&pack);
    let pack = pack.join("rules").display().to_string();
    let sha256 = |folder: &Path| load_rules(folder).expect("a pack").sha256;
    let packs = [sha256(&data("small/rules")), sha256(Path::new(&pack))];
    let steady = |text: &str| steady(text, &packs);

    let before = listing(&ledger);
    insta::assert_snapshot!("rules_foreseen_en", steady(&rules(&ledger, &["--rules", &pack]).expect(1).stdout));
    insta::assert_snapshot!(
        "rules_foreseen_zh",
        steady(&rules(&ledger, &["--rules", &pack, "--lang", "zh"]).expect(1).stdout)
    );
    let json = rules(&ledger, &["--rules", &pack, "--json"]).expect(1).stdout;
    let foreseen: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(listing(&ledger), before, "a look writes nothing");

    // The same ledger twice, once for each language.
    let twin = temporary.path().join("twin");
    let copied = std::process::Command::new("cp").arg("-a").arg(&ledger).arg(&twin).status().expect("cp starts");
    assert!(copied.success());
    insta::assert_snapshot!("night_with_other_rules_en", steady(&add(&ledger, &other, &[]).stdout));
    insta::assert_snapshot!("night_with_other_rules_zh", steady(&add(&twin, &other, &["--lang", "zh"]).stdout));

    let night = night_folder(&ledger, 3);
    insta::assert_snapshot!("rules_changed", fs::read_to_string(night.join(CSV)).expect("a file").replace('\r', ""));
    let line = |row: &Record| {
        ["psn_no", "setl_id", "night", "table", "rule_id", "relation"].map(|column| row[column].as_str()).join(" ")
    };
    let touched: Vec<String> = read_parquet(&night.join(SETTLEMENTS)).iter().map(line).collect();
    insta::assert_snapshot!("rules_changed_settlements", touched.join("\n"));

    let manifest = fs::read_to_string(night.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let outputs = manifest["outputs"].as_array().expect("a list");
    for name in [CSV, SETTLEMENTS] {
        assert!(outputs.iter().any(|file| file["file"] == name), "{name}");
    }
    let mut counts = foreseen["changed"].clone();
    counts.as_object_mut().expect("counts").remove("rows");
    assert_eq!(manifest["ledger"]["rules_changed"], counts, "what was foreseen came");

    add(&ledger, &with_other_rules(small(3..4)), &[]);
    assert!(!night_folder(&ledger, 4).join(CSV).exists(), "the rules are those of the night before");
    insta::assert_snapshot!("rules_of_nights", steady(&rules(&ledger, &[]).expect(0).stdout));
    let same = rules(&ledger, &["--rules", &pack]).expect(0);
    assert!(same.stdout.contains("the pack is that of the last night"), "{}", same.stdout);
    let whole = tongchou(["ledger", "verify", "--ledger", ledger.to_str().expect("UTF-8")]);
    whole.expect(0);
}

#[test]
fn an_archived_pack_that_is_not_what_it_was_is_not_compared_with() {
    let temporary = folder();
    let ledger = temporary.path().join("ledger");
    add(&ledger, &small(0..8), &[]);
    let archived =
        ledger.join("rules").join(load_rules(&data("small/rules")).expect("a pack").sha256).join("bands.csv");
    let text = fs::read_to_string(&archived).expect("a table");
    fs::write(&archived, text.replace("0.85", "0.86")).expect("a table");
    let folder = folder();
    let ran = tongchou(with_other_rules(small(8..10)).args(folder.path(), &ledger, &[])).expect(2);
    assert!(ran.stderr.contains("SHA-256"), "{}", ran.stderr);
    assert!(!night_folder(&ledger, 2).exists());
}

/// The tables of a pack in which a cell may change.
const TABLES: [&str; 12] = [
    "bands",
    "benefits",
    "channels",
    "layers",
    "schemes",
    "person_classes",
    "accounts",
    "tiers",
    "visit_classes",
    "filing_types",
    "neighbours",
    "places",
];

/// The case with one cell of its rules changed: to what another row has there, or to another amount, rate or day. Now
/// and then a row is taken out instead. `None` where nothing came of it.
fn with_one_change(files: &BTreeMap<String, String>, rng: &mut Rng) -> Option<(BTreeMap<String, String>, String)> {
    let table = rng.pick(&TABLES);
    let mut files = files.clone();
    let text = files.get_mut(&format!("rules/{table}.csv"))?;
    let columns: Vec<String> = text.lines().next()?.split(',').map(str::to_lowercase).collect();
    let mut rows = table::parse(text);
    if rows.is_empty() {
        return None;
    }
    let at = rng.below(rows.len());
    let what = if rng.chance(10) {
        let row = rows.remove(at);
        format!("{table}: without {row:?}")
    } else {
        let column = rng.pick(&columns);
        let old = rows[at].get(&column).cloned().unwrap_or_default();
        let new = other_cell(&column, &old, &rows, rng);
        if new == old {
            return None;
        }
        let what = format!("{table}: {column} `{old}` -> `{new}` in {:?}", rows[at]);
        rows[at].insert(column, new);
        what
    };
    *text = csv_of(&columns, &rows);
    Some((files, what))
}

fn other_cell(column: &str, old: &str, rows: &[Rec], rng: &mut Rng) -> String {
    let of_another = |rng: &mut Rng| rng.pick(rows).get(column).cloned().unwrap_or_default();
    match column {
        "valid_from" | "valid_to" if rng.chance(70) => {
            let day = if old.is_empty() { number_of("2023-06-30") } else { number_of(old) };
            day_text(day + rng.between(-200, 400))
        }
        "pool" if rng.chance(30) => rng.pick(&["*", "360000", "360100", "440000"]).to_owned(),
        "insutype" | "psn_class" | "med_class" | "place" | "filing" | "tier" if rng.chance(40) => "*".to_owned(),
        "rate" => format!("0.{}", rng.below(100)),
        "from_amount" | "deductible" | "deductible_1" | "pay_cap_year" | "fund_cap_year" => {
            yuan(rng.between(0, 3_000_000))
        }
        _ => of_another(rng),
    }
}

/// The pack on the disk, if it is one.
fn usable(files: &BTreeMap<String, String>, folder: &Path) -> Option<PathBuf> {
    let rules: BTreeMap<String, String> = files
        .iter()
        .filter(|(name, _)| name.starts_with("rules/"))
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    Given(rules).write_to(folder);
    let rules = folder.join("rules");
    load_rules(&rules).is_ok().then_some(rules)
}

/// A night under other rules without claims of its own.
fn empty_night(ledger: &Path, rules: &Path) -> RulesChanged {
    let inputs = Inputs { rules: rules.to_owned(), claims: Vec::new(), reference: ReferencePaths::default() };
    let night = Some(NightPlan { ledger: ledger.to_owned(), date: None });
    let plan = RunPlan { night, ..plan(inputs) };
    let (_, report) = pipeline::run(&plan, &Nobody, &AtomicBool::new(false)).expect("a night");
    report.expect("a night").rules_changed.expect("other rules")
}

type Settlement = (String, String);

fn settlement(row: &Record) -> Settlement {
    (row["psn_no"].clone(), row["setl_id"].clone())
}

/// What changed rules touch does not depend on the nights that the settlements came in.
#[test]
fn a_year_night_by_night_is_touched_as_the_year_at_once() {
    let [touched, later] = [const { Cell::new(0) }; 2];
    for_seeds(20, |seed, rng| {
        let (place, Given(files), ledgers) = nights_and_one(seed, 150, rng);
        let mut packs = (0..100).filter_map(|number| {
            let (files, what) = with_one_change(&files, rng)?;
            Some((usable(&files, &place.path().join(number.to_string()))?, what))
        });
        let (rules, what) = packs.next().expect("a pack that can be used");
        let [nights, one] = ledgers.map(|ledger| {
            let mut counts = empty_night(&ledger, &rules).to_json_with_rows();
            let last = nights(&ledger);
            let counted = counts.as_object_mut().expect("counts");
            ["first_night", "last_night_before"].iter().for_each(|name| drop(counted.remove(*name)));
            let mut listed = read_parquet(&night_folder(&ledger, last).join(SETTLEMENTS));
            assert!(listed.is_sorted_by_key(|row| row["psn_no"].clone()), "{what}");
            listed.iter_mut().for_each(|row| drop(row.remove("night")));
            let mut listed: Vec<Vec<(String, String)>> =
                listed.into_iter().map(|row| row.into_iter().collect()).collect();
            listed.sort();
            (counts, listed)
        });
        assert_eq!(nights, one, "{what}");
        touched.set(touched.get() + one.1.len());
        later.set(later.get() + one.0["later_settlements"].as_u64().expect("a number") as usize);
    });
    assert!(touched.get() > 100 && later.get() > 10, "{} touched, {} later", touched.get(), later.get());
}

/// Under one changed cell, every settlement that comes out otherwise is one that was reported, or comes after an open
/// item of its person that the new rules settle. Settlements that were reversed are not looked for.
#[test]
fn what_a_replay_under_new_rules_changes_is_among_what_was_reported() {
    let [changed, reported, exact] = [const { Cell::new(0) }; 3];
    for_seeds(60, |seed, rng| {
        let year = Year::random(seed, 150, rng);
        let Given(files) = year.night([("1.csv".to_owned(), year.claims.iter().collect())]);
        let temporary = folder();
        let ledger = temporary.path().join("ledger");
        run_night(&ledger, &Given(files.clone())).expect("a night");
        let mut packs = (0..100).filter_map(|number| {
            let (files, what) = with_one_change(&files, rng)?;
            Some((usable(&files, &temporary.path().join(number.to_string()))?, what))
        });
        let (rules, what) = packs.next().expect("a pack that can be used");
        let out = temporary.path().join("replayed");
        let plan = ReplayPlan {
            ledger: ledger.clone(),
            from: From::Night(1),
            rules: Some(rules.clone()),
            reference: ReferencePaths::default(),
            out: out.clone(),
            overwrite: false,
            lang: Lang::En,
            memory: 1 << 30,
            persons: Persons::Revealed,
        };
        replay(&plan, &Nobody, &AtomicBool::new(false)).expect("a replay");
        let found = empty_night(&ledger, &rules);

        let night = night_folder(&ledger, 2);
        let listed = read_parquet(&night.join(SETTLEMENTS));
        let known: BTreeSet<Settlement> = listed.iter().map(settlement).collect();
        let reversed: BTreeSet<Settlement> = read_parquet(&night_folder(&ledger, 1).join("movements.parquet"))
            .iter()
            .map(|row| (row["psn_no"].clone(), row["init_setl_id"].clone()))
            .collect();
        let delta = read_parquet(&out.join("delta.parquet"));
        let settled_now = |row: &Record| {
            let earlier = |other: &&Record| other["psn_no"] == row["psn_no"] && other["setl_time"] <= row["setl_time"];
            delta.iter().filter(earlier).any(|other| other["status_before"].is_empty())
        };
        for row in delta.iter().filter(|row| matches!(row["status_before"].as_str(), "paid" | "denied")) {
            if reversed.contains(&settlement(row)) {
                continue;
            }
            changed.set(changed.get() + 1);
            assert!(known.contains(&settlement(row)) || settled_now(row), "{what}\n{row:#?}\n{found:#?}");
        }
        reported.set(reported.get() + known.len());
        exact.set(exact.get() + listed.iter().filter(|row| row["relation"] == "exact").count());

        // The counts are those of the file.
        let direct: BTreeSet<Settlement> =
            listed.iter().filter(|row| row["relation"] != "later").map(settlement).collect();
        assert_eq!(found.extent.settlements, direct.len() as u64);
        assert_eq!(found.later, (known.len() - direct.len()) as u64);
        assert!(found.rows.len() as u64 + found.unsettled <= 1 || what.starts_with("sources"), "one cell is one row");
        let lines = read_csv(&night.join(CSV));
        assert_eq!(lines.is_empty(), found.rows.is_empty());
    });
    assert!(changed.get() > 100, "only {} settlements changed", changed.get());
    assert!(exact.get() > 0 && reported.get() >= changed.get() / 2, "{} reported", reported.get());
}
