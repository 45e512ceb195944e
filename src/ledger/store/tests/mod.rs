//! The store, on folders that are gone after the test.

mod archive;
mod open;
mod publish;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::diagnostic::{Diagnostic, Text};
use crate::publish::{Written, digest_of};

/// A file of the archive that [`new_ledger`] names as claims.
const CLAIMS: &[u8] = b"setl_id,psn_no\nS1,P1\nS2,P2\n";

/// A file of the rule pack that every manifest names, and a digit of the pack's digest.
const RULES_FILE: &[u8] = b"rule_id\nS-1\n";
const RULES_SHA256: &str = "0";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn day(text: &str) -> Date {
    Date::parse(text.as_bytes()).expect("a day")
}

fn sha256(bytes: &[u8]) -> String {
    digest_of(bytes).expect("memory can be read").0
}

fn write_access() -> Access {
    Access::Write { command: "a test".to_owned() }
}

fn writer(folder: &Path) -> Ledger {
    Ledger::open(folder, write_access()).unwrap_or_else(|error| panic!("{error}"))
}

fn reader(folder: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(folder, Access::Read)
}

/// The manifest that a run would write, as far as the store looks at it.
fn manifest(night: &NightStaging, claims: &[(&str, u64)], outputs: &[Written]) -> Vec<u8> {
    let files = |(sha256, bytes): &(&str, u64)| json!({"file": "claims.csv", "format": "text", "bytes": bytes, "sha256": sha256});
    let outputs = outputs.iter().map(Written::to_json);
    let tally = |rows: u32, yuan: &str| json!({"rows": rows, "medfee_sumamt": yuan});
    let mut value = json!({
        "rules": {"sha256": RULES_SHA256.repeat(64), "files": [{"file": "schemes.csv", "sha256": sha256(RULES_FILE)}]},
        "claims": claims.iter().map(files).collect::<Vec<_>>(),
        "balance": {
            "in": tally(2, "10.00"), "paid": tally(2, "10.00"), "denied": tally(0, "0.00"),
            "reversed": tally(0, "0.00"), "pended": tally(0, "0.00"), "rejected": tally(0, "0.00"),
            "out": tally(2, "10.00"),
        },
        "ledger": night.heading(),
        "outputs": outputs.collect::<Vec<_>>(),
    });
    value["ledger"]["accounts_applied"] = json!([]);
    value.to_string().into_bytes()
}

/// One more night with these files.
fn add_night(
    ledger: &Ledger,
    date: &str,
    claims: &[(&str, u64)],
    files: &[(&str, &[u8])],
) -> Result<Night, LedgerError> {
    let night = ledger.begin_night(day(date))?;
    let mut written = Vec::new();
    for (name, bytes) in files {
        let mut file = night.create(name)?;
        file.put(bytes)?;
        written.push(file.finish()?);
    }
    let manifest = manifest(&night, claims, &written);
    night.publish(&manifest)
}

/// A ledger of three nights; the first read [`CLAIMS`].
fn new_ledger() -> (TempDir, PathBuf) {
    let temporary = folder();
    let path = temporary.path().join("ledger");
    for (index, date) in ["2026-01-05", "2026-01-06", "2026-01-06"].into_iter().enumerate() {
        let ledger = writer(&path);
        let own = [(sha256(CLAIMS), CLAIMS.len() as u64)];
        let claims: Vec<(&str, u64)> =
            own.iter().filter(|_| index == 0).map(|(sha256, bytes)| (sha256.as_str(), *bytes)).collect();
        let rows = format!("rows of night {}", index + 1);
        add_night(&ledger, date, &claims, &[("adjudicated.parquet", rows.as_bytes()), ("rejects.csv", b"")])
            .unwrap_or_else(|error| panic!("{error}"));
    }
    (temporary, path)
}

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    layout::names_in(folder).unwrap_or_else(|error| panic!("{error}"))
}

/// Changes the bytes of a file.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    change(&mut bytes);
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The text of an error, without the folder it is in.
fn said(folder: &Path, result: Result<impl std::fmt::Debug, LedgerError>) -> String {
    result.expect_err("it must be refused").to_string().replace(&folder.display().to_string(), "LEDGER")
}
