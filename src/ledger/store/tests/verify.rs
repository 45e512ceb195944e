//! Verifying collects everything that is wrong; rolling back keeps what it takes away.

use std::cell::Cell;
use std::io;

use super::super::rollback::roll_back;
use super::*;
use crate::diagnostic::{Failure, Lang};

/// A ledger of three nights whose inputs and rules are archived.
fn whole_ledger() -> (TempDir, PathBuf) {
    let (temporary, path) = new_ledger();
    let ledger = writer(&path);
    let file = temporary.path().join("claims.csv");
    fs::write(&file, CLAIMS).expect("an input");
    ledger.archive_input(&file, &sha256(CLAIMS), InputKind::Csv).expect("archived");
    ledger.archive_rules(&RULES_SHA256.repeat(64), &[("schemes.csv", RULES_FILE)]).expect("archived");
    (temporary, path)
}

/// Codes and places of what is wrong.
fn found(path: &Path) -> Vec<(String, String)> {
    let done = verify(path, &[]).unwrap_or_else(|error| panic!("{error}"));
    let place = |file: &str| file.replace(&format!("{}/", path.display()), "");
    done.found.iter().map(|found| (found.code.to_owned(), place(&found.at.file))).collect()
}

#[test]
fn a_whole_ledger_has_no_finding() {
    let (_temporary, path) = whole_ledger();
    let done = verify(&path, &[]).expect("a ledger");
    assert!(done.found.is_empty(), "{:?}", done.found);
    assert_eq!((done.nights, done.bases, done.files, done.inputs, done.rule_packs), (3, 0, 12, 1, 1));
    assert!(done.summed);
    let further = |nights: &[Night], _: &[Base]| {
        let at = crate::diagnostic::Location::default();
        let found = Diagnostic::error("N-SUM", at, Text::new(format!("{} nights", nights.len()), ""));
        vec![found.hint(Text::new("look at the nights", ""))]
    };
    let done = verify(&path, &[&further]).expect("a ledger");
    assert!(done.found[0].render(Lang::En).starts_with(": error[N-SUM]: 3 nights"));
}

#[test]
fn all_findings_are_collected() {
    let (_temporary, path) = whole_ledger();
    change(&path.join("nights/night=000001/adjudicated.parquet"), |bytes| bytes[0] ^= 1);
    change(&path.join("nights/night=000002/adjudicated.parquet"), Vec::clear);
    fs::remove_file(path.join("nights/night=000003/rejects.csv")).expect("removed");
    fs::write(path.join("nights/night=000003/notes.txt"), "mine").expect("a file");
    fs::write(path.join("nights/notes.txt"), "mine").expect("a file");
    fs::write(path.join("todo.txt"), "mine").expect("a file");
    let input = format!("inputs/{}.csv.zst", sha256(CLAIMS));
    change(&path.join(&input), |bytes| bytes.truncate(10));
    let rules = format!("rules/{}/schemes.csv", RULES_SHA256.repeat(64));
    change(&path.join(&rules), |bytes| bytes[0] ^= 1);
    let expected = [
        ("N-UNKNOWN", "todo.txt"),
        ("N-UNKNOWN", "nights/notes.txt"),
        ("N-DIGEST", "nights/night=000001/adjudicated.parquet"),
        ("N-DAMAGED", &input),
        ("N-DIGEST", &rules),
        ("N-SIZE", "nights/night=000002/adjudicated.parquet"),
        ("N-MISSING", "nights/night=000003/rejects.csv"),
        ("N-UNKNOWN", "nights/night=000003/notes.txt"),
    ];
    assert_eq!(found(&path), expected.map(|(code, place)| (code.to_owned(), place.to_owned())));
    fs::remove_dir_all(path.join("inputs")).expect("removed");
    assert!(found(&path).contains(&("N-MISSING".to_owned(), format!("inputs/{}", sha256(CLAIMS)))));
}

#[test]
fn a_broken_chain_does_not_hide_what_else_is_wrong() {
    let (_temporary, path) = whole_ledger();
    fs::remove_file(path.join("nights/night=000002/manifest.json")).expect("removed");
    change(&path.join("nights/night=000003/adjudicated.parquet"), |bytes| bytes[0] ^= 1);
    let expected =
        [("N-MISSING", "nights/night=000002/manifest.json"), ("N-DIGEST", "nights/night=000003/adjudicated.parquet")];
    assert_eq!(found(&path), expected.map(|(code, place)| (code.to_owned(), place.to_owned())));
    fs::remove_dir_all(path.join("nights/night=000002")).expect("removed");
    assert_eq!(found(&path)[0], ("N-GAP".to_owned(), "nights".to_owned()));
}

#[test]
fn a_night_that_does_not_add_up_is_found() {
    for (pointer, value, count) in [
        ("/balance/paid/rows", json!(3), 1),
        ("/balance/paid/medfee_sumamt", json!("10.01"), 1),
        ("/balance/in/rows", json!(1), 2),
        ("/balance/out/medfee_sumamt", json!("9.99"), 1),
        ("/balance/in/medfee_sumamt", json!("ten"), 1),
        ("/balance/denied", json!(null), 1),
    ] {
        let (_temporary, path) = whole_ledger();
        let night = path.join("nights/night=000003");
        let bytes = fs::read(night.join("manifest.json")).expect("a manifest");
        let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        *manifest.pointer_mut(pointer).expect("a value") = value;
        let bytes = manifest.to_string().into_bytes();
        fs::write(night.join("manifest.sha256"), format!("{}  manifest.json\n", sha256(&bytes))).expect("written");
        fs::write(night.join("manifest.json"), bytes).expect("written");
        let found = found(&path);
        assert_eq!(found.len(), count, "{pointer}: {found:?}");
        assert!(found.iter().all(|(code, _)| code == "N-BALANCE" || code == "N-MANIFEST"), "{found:?}");
    }
}

#[test]
fn rolling_back_keeps_what_it_takes_away() {
    let (_temporary, path) = whole_ledger();
    let done = rollback(&path, 1, "a test").expect("rolled back");
    let kept = path.join("removed/000001");
    assert_eq!(done, RolledBack { to: 1, nights: vec![3, 2], bases: vec![], kept_in: Some(kept.clone()) });
    assert_eq!(names(&kept.join(NIGHTS)), ["night=000002", "night=000003"]);
    assert_eq!(fs::read(kept.join("nights/night=000003/adjudicated.parquet")).expect("a file"), b"rows of night 3");
    assert_eq!(reader(&path).expect("a ledger").last(), 1);
    assert!(found(&path).is_empty());
    let done = rollback(&path, 1, "a test").expect("nothing to do");
    assert_eq!((done.nights, done.kept_in), (vec![], None));
    add_night(&writer(&path), "2026-01-06", &[], &[]).expect("a night");
    assert_eq!(rollback(&path, 0, "a test").expect("rolled back").nights, [2, 1]);
    assert_eq!(names(&path.join("removed")), ["000001", "000002"]);
    assert_eq!(reader(&path).expect("a ledger").view().input_seen(&sha256(CLAIMS)), None);
    assert_eq!(said(&path, rollback(&path, 1, "a test")), "there is no night 1: the last one is 0");
}

#[test]
fn what_is_taken_out_may_be_damaged_and_what_is_left_may_not() {
    let (_temporary, path) = whole_ledger();
    fs::write(path.join("nights/night=000003/manifest.json"), "{").expect("written");
    assert!(matches!(Ledger::open(&path, write_access()), Err(LedgerError::Digest { .. })));
    assert_eq!(rollback(&path, 2, "a test").expect("mended").nights, [3]);
    assert!(found(&path).is_empty());
    fs::write(path.join("nights/night=000001/manifest.json"), "{").expect("written");
    assert!(matches!(rollback(&path, 1, "a test"), Err(LedgerError::Digest { .. })));
    assert_eq!(names(&path.join(NIGHTS)).len(), 2);
    let lock = path.join("no ledger");
    assert!(matches!(rollback(&lock, 0, "a test"), Err(LedgerError::Absent { .. })));
    assert!(!lock.exists());
}

#[test]
fn a_crash_between_two_moves_leaves_a_valid_ledger() {
    // A base over three nights, and a fourth: four moves to night 1.
    for moves in 0..4 {
        let (_temporary, path) = whole_ledger();
        let ledger = writer(&path);
        let base = ledger.begin_base().expect("a base");
        let text = json!({"base": base.heading(), "outputs": []}).to_string();
        base.publish(text.as_bytes()).expect("published");
        drop(ledger);
        add_night(&writer(&path), "2026-01-07", &[], &[]).expect("a night");
        let left = Cell::new(moves);
        let failing = |from: &Path, to: &Path| {
            if left.get() == 0 {
                return Err(io::Error::from_raw_os_error(5));
            }
            left.set(left.get() - 1);
            fs::rename(from, to)
        };
        roll_back(&path, 1, "a test", failing).expect_err("it crashed");
        assert!(found(&path).is_empty(), "after {moves} moves");
        let last = reader(&path).expect("a valid ledger").last();
        assert_eq!(last, [4, 4, 3, 2][moves]);
        let done = rollback(&path, 1, "a test").expect("asked for again");
        assert_eq!(done.nights.len() as u32, last - 1);
        assert_eq!(reader(&path).expect("a ledger").last(), 1);
    }
}

#[test]
fn the_disk_is_counted() {
    let (_temporary, path) = whole_ledger();
    let usage = writer(&path).usage().expect("counted");
    assert_eq!(usage.rules, RULES_FILE.len() as u64);
    assert!(usage.nights > 0 && usage.inputs > 0);
    assert_eq!((usage.bases, usage.removed), (0, 0));
    assert_eq!(usage.total(), usage.nights + usage.inputs + usage.rules);
}

#[test]
fn every_error_has_both_languages_and_the_same_english_as_its_display() {
    let (_temporary, path) = whole_ledger();
    let path = path.join("x");
    let errors = [
        LedgerError::Foreign { folder: path.clone() },
        LedgerError::Format { path: path.clone(), found: "2".into() },
        LedgerError::Locked { folder: path.clone(), holder: Holder::default() },
        LedgerError::Io {
            action: Action { en: "read", zh: "读取" },
            path: path.clone(),
            source: io::Error::from_raw_os_error(5),
        },
        LedgerError::Missing { path: path.clone() },
        LedgerError::BaseBeyond { path: path.clone(), through: 3, last: 2 },
        LedgerError::DateGoesBack { given: day("2026-01-01"), night: 2, last: day("2026-01-02") },
    ];
    for error in &errors {
        let text = error.text();
        assert_eq!(text.en, error.to_string());
        assert!(!text.zh.is_ascii() && text.zh != text.en, "{}", text.zh);
        let found = Diagnostic::from(error);
        assert!(!found.message.en.is_empty() && found.code.starts_with("N-"));
        assert_eq!(found.at.file == "ledger", error.path().is_none());
    }
    let rendered = Diagnostic::from(&errors[4]).render(Lang::En);
    assert!(rendered.starts_with(&format!("{}: error[N-MISSING]: is missing\n  hint: ", path.display())), "{rendered}");
    let rendered = Diagnostic::from(&errors[3]).render(Lang::Zh);
    assert!(rendered.contains("无法读取") && rendered.contains("os error 5"), "{rendered}");
}
