//! Rows whose answers an independent implementation computed: every row, every column, through the command line.

use std::collections::BTreeSet;

use crate::support::{Outputs, data, folder, read_csv, run_folder_args, tongchou};

#[track_caller]
fn pack_agrees(name: &str) {
    let pack = data("conformance").join(name);
    let folder = folder();
    let out = folder.path().join("out");
    tongchou(run_folder_args(&pack, &out, &[])).expect(1);
    let rows = Outputs::read(&out).by_row();
    let expected = read_csv(&pack.join("expected.csv"));
    assert_eq!(rows.len(), expected.len(), "one row out for each row in");
    let mut differences = Vec::new();
    for want in &expected {
        let number: u64 = want["src_row"].parse().expect("a row number");
        let have = &rows[&number];
        for (column, want_text) in want.iter().filter(|(column, _)| *column != "src_row") {
            let same = match (want["status"].as_str(), column.as_str()) {
                (_, "status") => have["status"] == *want_text,
                // The file lists the reasons of a rejected row by letter; such a row has no other columns.
                ("rejected", "reasons") => set(&have["reasons"]) == set(want_text),
                ("rejected", "setl_id") => true,
                // A pended row carries the claim's own columns; nothing was computed.
                ("pended", column) if !["setl_id", "psn_no", "reasons"].contains(&column) => want_text.is_empty(),
                _ => have.get(column).map_or("", String::as_str) == want_text,
            };
            if !same {
                differences.push(format!("row {number} {column}: {:?}, expected {want_text:?}", have.get(column)));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

fn set(reasons: &str) -> BTreeSet<&str> {
    reasons.split('|').collect()
}

#[test]
fn pack_101_agrees_in_every_row_and_column() {
    pack_agrees("pack101");
}

#[test]
fn pack_102_agrees_in_every_row_and_column() {
    pack_agrees("pack102");
}

#[test]
fn pack_103_agrees_in_every_row_and_column() {
    pack_agrees("pack103");
}

#[test]
fn pack_104_agrees_in_every_row_and_column() {
    pack_agrees("pack104");
}
