//! Inputs and rule packs in the archive: stored once, given back whole or not at all.

use super::super::archive::{check_rules_file, find_input};
use super::*;

fn input(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("an input");
    path
}

#[test]
fn inputs_come_back_as_they_came() {
    let (temporary, path) = new_ledger();
    let long = CLAIMS.repeat(100_000);
    for (name, format, bytes, archived) in [
        ("a.csv", "text", CLAIMS, ".csv.zst"),
        ("b.TSV", "text", &long[..], ".tsv.zst"),
        ("c.txt", "text", b"".as_slice(), ".csv.zst"),
        ("d.parquet", "parquet", b"PAR1 and so on".as_slice(), ".parquet"),
    ] {
        let digest = sha256(bytes);
        let file = input(temporary.path(), name, bytes);
        let ledger = writer(&path);
        let kind = InputKind::of(format, name);
        assert_eq!(ledger.archive_input(&file, &digest, kind).expect("stored"), Archived::Stored);
        assert!(path.join("inputs").join(format!("{digest}{archived}")).is_file(), "{name}");
        assert_eq!(ledger.archive_input(&file, &digest, kind).expect("there"), Archived::Known);
        let scratch = reader(&path).expect("a ledger").scratch().expect("a folder");
        let restored = scratch.restore(&digest, &format!("tables/{name}")).expect("restored");
        assert_eq!(fs::read(&restored).expect("a file"), bytes, "{name}");
        let folder = scratch.folder().to_owned();
        drop(scratch);
        assert!(!folder.exists());
    }
    assert_eq!(names(&path), [layout::INPUTS, FORMAT_FILE, LOCK_FILE, NIGHTS]);
}

#[test]
fn an_input_that_changed_is_not_archived() {
    let (temporary, path) = new_ledger();
    let ledger = writer(&path);
    for (name, kind) in [("a.csv", InputKind::Csv), ("a.parquet", InputKind::Parquet)] {
        let file = input(temporary.path(), name, b"something else");
        let error = ledger.archive_input(&file, &sha256(CLAIMS), kind).expect_err("refused");
        assert!(matches!(error, LedgerError::InputChanged { .. }), "{error}");
    }
    assert!(names(&path.join("inputs")).is_empty());
    assert!(!names(&path).iter().any(|name| name.starts_with('.')));
}

#[test]
fn a_damaged_archive_is_named_and_mended_when_the_input_comes_again() {
    let (temporary, path) = new_ledger();
    let long = CLAIMS.repeat(10_000);
    let digest = sha256(&long);
    for (kind, name) in [(InputKind::Csv, "a.csv"), (InputKind::Parquet, "a.parquet")] {
        let file = input(temporary.path(), name, &long);
        let ledger = writer(&path);
        for damage in [
            (|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1)) as fn(&mut Vec<u8>),
            |bytes| bytes.truncate(bytes.len() / 2),
            |bytes| bytes.clear(),
            |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
            },
        ] {
            ledger.archive_input(&file, &digest, kind).expect("stored");
            let archived = find_input(&path, &digest).expect("archived");
            change(&archived, damage);
            let scratch = ledger.scratch().expect("a folder");
            let error = scratch.restore(&digest, "a.csv").expect_err("damaged");
            assert_eq!(error.path(), Some(archived.as_path()), "{error}");
            assert_eq!(ledger.archive_input(&file, &digest, kind).expect("mended"), Archived::Repaired);
            scratch.restore(&digest, "again.csv").expect("restored");
        }
        fs::remove_dir_all(path.join("inputs")).expect("removed");
    }
    let scratch = writer(&path).scratch().expect("a folder");
    assert!(matches!(scratch.restore(&digest, "a.csv"), Err(LedgerError::Missing { .. })));
}

#[test]
fn rules_are_kept_as_they_were_used() {
    let (_temporary, path) = new_ledger();
    let ledger = writer(&path);
    let files: [(&str, &[u8]); 2] = [("benefits.csv", b"rule_id\nb1\n"), ("schemes.csv", b"rule_id\ns1\n")];
    assert!(matches!(ledger.rules_folder("abc"), Err(LedgerError::Missing { .. })));
    for _ in 0..2 {
        ledger.archive_rules("abc", &files).expect("stored");
    }
    let folder = ledger.rules_folder("abc").expect("archived");
    assert_eq!(names(&folder), ["benefits.csv", "schemes.csv"]);
    check_rules_file(&folder.join("benefits.csv"), &sha256(files[0].1)).expect("whole");
    change(&folder.join("benefits.csv"), |bytes| bytes[0] = b'R');
    let checked = check_rules_file(&folder.join("benefits.csv"), &sha256(files[0].1));
    assert!(matches!(checked, Err(LedgerError::Digest { .. })));
    ledger.archive_rules("abc", &files).expect("mended");
    assert_eq!(fs::read(folder.join("benefits.csv")).expect("a file"), files[0].1);
    assert_eq!(names(&path), [FORMAT_FILE, LOCK_FILE, NIGHTS, RULES]);
}
