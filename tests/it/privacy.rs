//! What people open names nobody, unless it was asked for; text of the data is text there, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::audit_page::{HOSTILE, unzip, whole_page};
use crate::support::{Ran, data, folder, read_csv, repo, run_args, run_folder_args, tongchou};

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Claims that were made, a run of them, and all of their person numbers.
fn made() -> (TempDir, PathBuf, BTreeSet<String>) {
    let folder = folder();
    let (claims, out, rules) = (folder.path().join("made"), folder.path().join("run"), repo("sample_data/rules"));
    let args = ["synth", "--rows", "6000", "--persons", "900", "--seed", "3", "--faults", "0.2", "--quiet"];
    let more = ["--rules".to_owned(), text(&rules), "--out".to_owned(), text(&claims)];
    tongchou(args.iter().map(|arg| (*arg).to_owned()).chain(more)).expect(0);
    let enrolments = text(&claims.join("enrolments.csv"));
    let file = claims.join("claims.csv");
    let ran = tongchou(run_args(&rules, &file, &out, &["--enrolments", &enrolments]));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    let persons = read_csv(&file).into_iter().map(|row| row["psn_no"].clone()).collect();
    (folder, out, persons)
}

fn reconcile(run: &Path, out: &Path, more: &[&str]) -> Ran {
    let (run, out) = (text(run), text(out));
    tongchou(["reconcile", "--progress", "none", "--run", &run, "--out", &out].into_iter().chain(more.iter().copied()))
}

/// Everything in a folder that people open, as text.
fn opened(out: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(out).expect("the outputs") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a file");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv" | "json") => found.push((name, String::from_utf8(bytes).expect("text"))),
            Some("html") => found.push((name, whole_page(&String::from_utf8(bytes).expect("text")))),
            Some("xlsx") => {
                found.extend(unzip(&bytes).into_iter().map(|(part, text)| (format!("{name} {part}"), text)))
            }
            _ => assert!(name.ends_with(".parquet"), "{name}: nobody knows whether people open it"),
        }
    }
    found
}

fn named(files: &[(String, String)], persons: &BTreeSet<String>) -> Vec<String> {
    let is_named = |text: &str| persons.iter().any(|person| text.contains(person.as_str()));
    files.iter().filter(|(_, text)| is_named(text)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn no_person_number_is_in_what_people_open() {
    let (folder, run, persons) = made();
    assert!(persons.len() > 500 && persons.iter().all(|person| person.len() > 12));
    let at = |name: &str| folder.path().join(name);
    let ran = reconcile(&run, &at("masked"), &[]);
    assert!(ran.code < Some(64), "{}", ran.stderr);
    let files = opened(&at("masked"));
    assert!(files.len() > 8 && files.iter().all(|(_, text)| !text.is_empty()));
    assert_eq!(named(&files, &persons), [""; 0]);
    assert!(!persons.iter().any(|person| ran.stdout.contains(person.as_str())));
    reconcile(&run, &at("revealed"), &["--reveal"]);
    let shown = named(&opened(&at("revealed")), &persons);
    let expected = ["differences.csv", "report.html", "report.xlsx xl/sharedStrings.xml"].map(String::from);
    assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    // The machine's table is the same whatever people are shown.
    let parquet = |name: &str| fs::read(at(name).join("reconciliation.parquet")).expect("the details");
    assert!(parquet("masked") == parquet("revealed"));
    let person = persons.first().expect("a person");
    let row = read_csv(&at("made/claims.csv")).into_iter().find(|row| row["psn_no"] == *person).expect("a row");
    for more in [&[][..], &["--json"]] {
        let run = text(&run);
        let args = ["explain", &row["setl_id"], "--run", &run, "--person", person];
        let masked = tongchou(args.into_iter().chain(more.iter().copied()));
        assert!(!masked.stdout.contains(person.as_str()) && masked.stdout.contains("******"), "{}", masked.stdout);
        let revealed = tongchou(args.into_iter().chain(more.iter().copied()).chain(["--reveal"]));
        assert!(revealed.stdout.contains(person.as_str()), "{}", revealed.stdout);
    }
}

#[test]
fn pseudonyms_are_those_of_the_key() {
    let (folder, run, persons) = made();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("key"), "a secret of enough bytes\n").expect("a key");
    fs::write(at("same"), "a secret of enough bytes").expect("a key");
    fs::write(at("short"), "too short\n").expect("a key");
    let of = |key: &str, out: &str, more: &[&str]| {
        let key = text(&at(key));
        reconcile(&run, &at(out), &[&["--pseudonym-key", &key], more].concat())
    };
    assert!(of("key", "one", &[]).code < Some(64));
    assert!(of("same", "two", &["--threads", "1"]).code < Some(64));
    let files = opened(&at("one"));
    assert_eq!(named(&files, &persons), [""; 0]);
    assert!(files.iter().all(|(name, text)| !text.contains("a secret of enough") || name.is_empty()));
    for (name, _) in files.iter().filter(|(name, _)| !name.contains(' ')) {
        assert!(fs::read(at("one").join(name)).ok() == fs::read(at("two").join(name)).ok(), "{name}");
    }
    let rows = read_csv(&at("one/differences.csv"));
    let shown: BTreeSet<String> = rows.iter().map(|row| row["psn_no"].clone()).collect();
    assert!(shown.iter().all(|person| person.len() == 18 && person.starts_with("P-")), "{shown:?}");
    // As many as there are persons with differences: nobody shares one.
    let reveal = reconcile(&run, &at("revealed"), &["--reveal"]);
    assert!(reveal.code < Some(64));
    let exact: BTreeSet<String> =
        read_csv(&at("revealed/differences.csv")).into_iter().map(|row| row["psn_no"].clone()).collect();
    assert_eq!(shown.len(), exact.len());
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(at("one/reconcile.json")).expect("JSON")).expect("JSON");
    assert_eq!(manifest["persons"], "pseudonyms");
    assert_eq!(manifest["pseudonym_key_fingerprint"].as_str().map(str::len), Some(16));
    let ran = of("short", "three", &[]).expect(64);
    assert!(ran.stderr.contains("at least 16 bytes; this one has 9"), "{}", ran.stderr);
    let ran = of("nowhere", "three", &["--lang", "zh"]).expect(64);
    assert!(ran.stderr.contains("无法读取"), "{}", ran.stderr);
    of("key", "three", &["--reveal"]).expect(64);
    assert!(!at("three").exists());
}

#[test]
fn hostile_text_of_the_data_stays_text() {
    let folder = folder();
    let input = folder.path().join("in");
    fs::create_dir_all(input.join("rules")).expect("a folder");
    for below in ["", "rules"] {
        for entry in fs::read_dir(data("causes").join(below)).expect("the cases") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, input.join(below).join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    let claims = fs::read_to_string(input.join("claims.csv")).expect("claims");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut lines: Vec<String> = claims.lines().map(str::to_owned).collect();
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        // The settlement's number and its institution; from the third row on most rows differ.
        let row = &mut lines[at + 3];
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        cells[0] = quoted(hostile);
        cells[6] = quoted(hostile);
        *row = cells.join(",");
    }
    fs::write(input.join("claims.csv"), lines.join("\n")).expect("claims");
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let ran = tongchou(run_folder_args(&input, &run, &[]));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    let ran = reconcile(&run, &out, &[]);
    assert!(ran.code < Some(64), "{}", ran.stderr);
    for file in ["differences.csv", "totals.csv"] {
        for row in read_csv(&out.join(file)) {
            for (column, cell) in row {
                let is_number =
                    cell.strip_prefix('-').is_some_and(|rest| rest.parse::<u64>().is_ok() || rest.contains('.'));
                let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
                assert!(!is_formula, "{file} {column}: {cell}");
            }
        }
    }
    let page = fs::read_to_string(out.join("report.html")).expect("the page");
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("<!--"));
    let whole = whole_page(&page);
    assert!(whole.contains("\\u003cscript\\u003ealert(1)") || whole.contains("&lt;script&gt;alert(1)"), "it is shown");
    let files = unzip(&fs::read(out.join("report.xlsx")).expect("the workbook"));
    assert!(files.values().all(|text| !text.contains("<f>") && !text.contains("<f ")));
    assert!(files["xl/sharedStrings.xml"].contains("=cmd|' /C calc'!A0"));
}

#[test]
fn nights_and_replays_name_nobody_either() {
    let folder = folder();
    let ledger = folder.path().join("ledger");
    let claims = fs::read_to_string(data("causes/claims.csv")).expect("claims");
    let (header, rows) = claims.split_once('\n').expect("a header");
    let is_late = |row: &&str| row.contains("2024-03");
    // What came first was settled last.
    let nights = [rows.lines().filter(|row| !is_late(row)).collect::<Vec<_>>(), rows.lines().filter(is_late).collect()];
    for (number, rows) in nights.iter().enumerate() {
        let file = folder.path().join(format!("{number}.csv"));
        fs::write(&file, format!("{header}\n{}\n", rows.join("\n"))).expect("a file");
        let mut args = run_args(&data("causes/rules"), &file, &ledger, &[]);
        let at = args.iter().position(|arg| arg == "--out").expect("out");
        args[at] = "--ledger".into();
        let ran = tongchou(args);
        assert!(ran.code < Some(2), "{}", ran.stderr);
    }
    let shown =
        |file: &Path| -> BTreeSet<String> { read_csv(file).into_iter().map(|row| row["psn_no"].clone()).collect() };
    // These numbers are short: nothing is left of them.
    let masked = BTreeSet::from(["***".to_owned()]);
    assert_eq!(shown(&ledger.join("nights/night=000002/late.csv")), masked);
    for (name, more) in [("masked", &[][..]), ("revealed", &["--reveal"])] {
        let (out, of) = (folder.path().join(name), text(&ledger));
        let args = ["ledger", "replay", "--ledger", &of, "--from", "1", "--progress", "none", "--out", &text(&out)];
        tongchou(args.into_iter().chain(more.iter().copied())).expect(1);
        for file in ["delta.csv", "persons.csv"] {
            let persons = shown(&out.join(file));
            let is_exact = !persons.is_empty() && persons.iter().all(|person| person.starts_with('P'));
            assert!(if name == "masked" { persons == masked } else { is_exact }, "{name} {file}: {persons:?}");
        }
    }
}
