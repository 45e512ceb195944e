//! Opening: first use, foreign folders, the lock, the chain, and files that are not what they were.

use super::*;
use crate::diagnostic::Failure;

#[test]
fn the_first_writer_makes_a_ledger() {
    let temporary = folder();
    let path = temporary.path().join("bureau/ledger");
    assert_eq!(said(&path, reader(&path)), "there is no ledger at LEDGER");
    let ledger = writer(&path);
    assert_eq!((ledger.last(), ledger.nights().len()), (0, 0));
    assert_eq!(names(&path), [FORMAT_FILE, LOCK_FILE]);
    let text = fs::read_to_string(path.join(FORMAT_FILE)).expect("ledger.json");
    assert_eq!(text, format!("{{\n  \"format\": 1,\n  \"made_by\": \"tongchou {}\"\n}}\n", env!("CARGO_PKG_VERSION")));
    drop(ledger);
    assert_eq!(reader(&path).expect("a ledger").last(), 0);
}

#[test]
fn what_a_run_killed_at_its_first_step_left_is_no_hindrance() {
    let temporary = folder();
    fs::write(temporary.path().join(LOCK_FILE), "").expect("a file");
    fs::write(temporary.path().join(".staging-file-1-ledger.json"), "{").expect("a file");
    writer(temporary.path());
    assert_eq!(names(temporary.path()), [FORMAT_FILE, LOCK_FILE]);
}

#[test]
fn a_folder_of_something_else_is_refused_and_left_alone() {
    let temporary = folder();
    fs::write(temporary.path().join("claims.csv"), "1").expect("a file");
    for access in [Access::Read, write_access()] {
        let text = said(temporary.path(), Ledger::open(temporary.path(), access));
        assert_eq!(text, "LEDGER is not empty and no ledger: it has no ledger.json");
    }
    assert_eq!(names(temporary.path()), ["claims.csv"]);
    let file = temporary.path().join("claims.csv");
    assert!(Ledger::open(&file, write_access()).is_err());
}

#[test]
fn an_unknown_format_is_refused_by_name() {
    for (content, found) in [(r#"{"format": 2}"#, "2"), (r#"{"format": "1"}"#, "\"1\""), ("{}", "?"), ("", "?")] {
        let (_temporary, path) = new_ledger();
        fs::write(path.join(FORMAT_FILE), content).expect("ledger.json");
        for access in [Access::Read, write_access()] {
            let text = said(&path, Ledger::open(&path, access));
            assert_eq!(text, format!("LEDGER/ledger.json: format {found} is not known; this program knows format 1"));
        }
    }
}

#[test]
fn a_ledger_that_lost_its_first_file_is_not_made_anew() {
    let (_temporary, path) = new_ledger();
    fs::remove_file(path.join(FORMAT_FILE)).expect("removed");
    for access in [Access::Read, write_access()] {
        assert_eq!(said(&path, Ledger::open(&path, access)), "LEDGER/ledger.json is missing");
    }
}

#[test]
fn one_writes_while_others_read() {
    let (_temporary, path) = new_ledger();
    let first = writer(&path);
    let refused = Ledger::open(&path, write_access()).expect_err("locked");
    let LedgerError::Locked { holder, .. } = &refused else { panic!("{refused}") };
    assert_eq!((holder.pid, holder.command.as_str()), (std::process::id(), "a test"));
    assert!(refused.text().zh.contains("正被"));
    let before = reader(&path).expect("a ledger");
    add_night(&first, "2026-01-07", &[], &[]).expect("a night");
    assert_eq!(before.last(), 3, "it sees what was there when it was opened");
    assert_eq!(reader(&path).expect("a ledger").last(), 4);
    drop(first);
    assert_eq!(writer(&path).last(), 4);
}

#[test]
fn a_night_in_the_making_keeps_the_lock() {
    let (_temporary, path) = new_ledger();
    let ledger = writer(&path);
    let night = ledger.begin_night(day("2026-01-07")).expect("a night");
    drop(ledger);
    assert!(matches!(Ledger::open(&path, write_access()), Err(LedgerError::Locked { .. })));
    drop(night);
    writer(&path);
}

#[test]
fn a_reader_does_not_care_that_the_folder_cannot_be_written() {
    let (_temporary, path) = new_ledger();
    // Permissions do not bind everybody, a folder in the place of a file does.
    fs::remove_file(path.join(LOCK_FILE)).expect("removed");
    fs::create_dir(path.join(LOCK_FILE)).expect("a folder");
    assert_eq!(said(&path, Ledger::open(&path, write_access())), "cannot open LEDGER/lock");
    let before = names(&path);
    let ledger = reader(&path).expect("a ledger");
    ledger.night(2).expect("a night").volume.read_file("adjudicated.parquet").expect("a file");
    assert_eq!(names(&path), before);
}

#[test]
fn nights_are_numbered_and_chained() {
    let (_temporary, path) = new_ledger();
    let ledger = reader(&path).expect("a ledger");
    let numbers: Vec<(u32, String)> =
        ledger.nights().iter().map(|night| (night.number, night.date.to_string())).collect();
    assert_eq!(numbers, [(1, "2026-01-05".into()), (2, "2026-01-06".into()), (3, "2026-01-06".into())]);
    assert_eq!(ledger.nights()[0].previous, None);
    for pair in ledger.nights().windows(2) {
        assert_eq!(pair[1].previous.as_deref(), Some(pair[0].volume.sha256()));
    }
    let text = said(&path, ledger.night(4));
    assert_eq!(text, "there is no night 4: the last one is 3");
    assert!(ledger.night(0).is_err());
}

#[test]
fn a_view_knows_nothing_of_later_nights() {
    let (_temporary, path) = new_ledger();
    let digest = sha256(b"later");
    add_night(&writer(&path), "2026-02-01", &[(&digest, 5)], &[]).expect("a night");
    let ledger = reader(&path).expect("a ledger");
    assert_eq!(ledger.view().input_seen(&sha256(CLAIMS)), Some(1));
    assert_eq!(ledger.view().input_seen(&digest), Some(4));
    let view = ledger.as_of(3).expect("a view");
    assert_eq!((view.nights.len(), view.input_seen(&digest)), (3, None));
    assert_eq!(ledger.as_of(0).expect("a view").input_seen(&sha256(CLAIMS)), None);
    assert!(matches!(ledger.as_of(5), Err(LedgerError::NoSuchNight { night: 5, last: 4 })));
    assert!(ledger.input_size_known(5) && !ledger.input_size_known(6));
}

#[test]
fn a_missing_night_is_named() {
    let (_temporary, path) = new_ledger();
    fs::remove_dir_all(path.join("nights/night=000002")).expect("removed");
    assert_eq!(said(&path, reader(&path)), "LEDGER/nights: night 2 is missing; the next one there is night 3");
}

#[test]
fn an_edited_manifest_breaks_the_chain() {
    // Edited with care: JSON as before, and its digest file made anew.
    let (_temporary, path) = new_ledger();
    let night = path.join("nights/night=000002");
    change(&night.join("manifest.json"), |bytes| bytes.push(b'\n'));
    let edited = sha256(&fs::read(night.join("manifest.json")).expect("the manifest"));
    fs::write(night.join("manifest.sha256"), format!("{edited}  manifest.json\n")).expect("written");
    let error = reader(&path).expect_err("refused");
    let LedgerError::Chain { path: at, found, .. } = &error else { panic!("{error}") };
    assert_eq!((at, found), (&path.join("nights/night=000003/manifest.json"), &edited));
    assert!(Ledger::open(&path, write_access()).is_err());
}

#[test]
fn an_edited_last_manifest_is_found_without_a_successor() {
    let (_temporary, path) = new_ledger();
    let manifest = path.join("nights/night=000003/manifest.json");
    change(&manifest, |bytes| bytes.push(b'\n'));
    assert!(matches!(reader(&path), Err(LedgerError::Digest { path, .. }) if path == manifest));
}

#[test]
fn damage_of_any_file_is_named_with_what_was_expected() {
    for name in ["adjudicated.parquet", "manifest.json", "manifest.sha256"] {
        for (what, damage) in [
            ("flipped", (|bytes: &mut Vec<u8>| bytes[3] ^= 1) as fn(&mut Vec<u8>)),
            ("cut", |bytes| bytes.truncate(bytes.len() - 1)),
            ("longer", |bytes| bytes.push(b' ')),
            ("empty", Vec::clear),
        ] {
            let (_temporary, path) = new_ledger();
            let file = path.join("nights/night=000002").join(name);
            change(&file, damage);
            let result =
                reader(&path).and_then(|ledger| ledger.night(2)?.volume.read_file("adjudicated.parquet").map(drop));
            let error = result.expect_err(what);
            let right = match (&error, name) {
                (LedgerError::Digest { path, expected, found }, "adjudicated.parquet") => {
                    *path == file && what == "flipped" && expected != found
                }
                (LedgerError::Size { path, expected, found }, "adjudicated.parquet") => {
                    *path == file && what != "flipped" && expected != found
                }
                (LedgerError::Digest { path, .. }, _) => path.ends_with("night=000002/manifest.json"),
                _ => false,
            };
            assert!(right, "{name} {what}: {error:?}");
            assert!(!error.hint().en.is_empty() && !error.hint().zh.is_empty());
        }
        let (_temporary, path) = new_ledger();
        let file = path.join("nights/night=000002").join(name);
        fs::remove_file(&file).expect("removed");
        let result = reader(&path).and_then(|ledger| ledger.night(2)?.volume.open("adjudicated.parquet").map(drop));
        assert!(matches!(result, Err(LedgerError::Missing { path }) if path == file));
    }
}

#[test]
fn a_file_is_compared_once_and_its_size_always() {
    let (_temporary, path) = new_ledger();
    let ledger = reader(&path).expect("a ledger");
    let volume = &ledger.night(1).expect("a night").volume;
    assert_eq!(volume.read_file("adjudicated.parquet").expect("a file"), b"rows of night 1");
    assert_eq!(volume.read_file("adjudicated.parquet").expect("a file"), b"rows of night 1");
    change(&volume.folder().join("adjudicated.parquet"), |bytes| bytes.truncate(4));
    assert!(matches!(volume.open("adjudicated.parquet"), Err(LedgerError::Size { expected: 15, found: 4, .. })));
    assert!(matches!(volume.open("late.csv"), Err(LedgerError::Missing { .. })));
}

#[test]
fn a_manifest_that_names_a_file_outside_of_its_folder_is_refused() {
    for name in ["../x", "/etc/passwd", "a/b", "", ".", "manifest.json"] {
        let (_temporary, path) = new_ledger();
        let night = path.join("nights/night=000001");
        let mut value: serde_json::Value =
            serde_json::from_slice(&fs::read(night.join("manifest.json")).expect("a manifest")).expect("JSON");
        value["outputs"][0]["file"] = json!(name);
        let bytes = value.to_string().into_bytes();
        fs::write(night.join("manifest.sha256"), format!("{}  manifest.json\n", sha256(&bytes))).expect("written");
        fs::write(night.join("manifest.json"), bytes).expect("written");
        assert!(matches!(reader(&path), Err(LedgerError::Manifest { .. })), "`{name}`");
    }
}
