//! `tongchou explain`: the same amounts as the run, step by step, with the rows of rule that decided.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Outputs, Ran, data, fen, folder, repo, run_folder_args, tongchou};

/// A folder of inputs of its own and a finished run over it.
fn finished() -> (TempDir, PathBuf) {
    let folder = folder();
    let input = folder.path().join("in");
    fs::create_dir_all(input.join("rules")).expect("a folder");
    for from in ["small", "small/rules"] {
        for entry in fs::read_dir(data(from)).expect("the small folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let below = path.strip_prefix(data("small")).expect("below");
                fs::copy(&path, input.join(below)).expect("a copy");
            }
        }
    }
    let out = folder.path().join("out");
    tongchou(run_folder_args(&input, &out, &[])).expect(1);
    (folder, out)
}

fn explain(setl_id: &str, out: &Path, more: &[&str]) -> Ran {
    let mut args: Vec<OsString> = vec!["explain".into(), setl_id.into(), "--run".into(), out.into()];
    args.extend(more.iter().map(Into::into));
    tongchou(args)
}

fn steady(text: &str, folder: &TempDir) -> String {
    text.replace(&folder.path().display().to_string(), "<folder>").replace(&repo("").display().to_string(), "<repo>/")
}

#[test]
fn a_paid_settlement_step_by_step() {
    let (folder, out) = finished();
    insta::assert_snapshot!("explain_paid_en", steady(&explain("A2", &out, &[]).expect(0).stdout, &folder));
    insta::assert_snapshot!(
        "explain_paid_zh",
        steady(&explain("A2", &out, &["--lang", "zh"]).expect(0).stdout, &folder)
    );
}

#[test]
fn a_denied_a_pended_and_a_reversed_settlement() {
    let (folder, out) = finished();
    for (setl_id, name) in [("A5", "explain_denied"), ("A8", "explain_pended"), ("A7", "explain_reversed")] {
        insta::assert_snapshot!(name, steady(&explain(setl_id, &out, &[]).expect(0).stdout, &folder));
    }
}

#[test]
fn json_holds_the_amounts_of_the_run() {
    let (_folder, out) = finished();
    let outputs = Outputs::read(&out);
    for row in &outputs.adjudicated {
        let ran = explain(&row["setl_id"], &out, &["--json", "--person", &row["psn_no"]]);
        let explained: Value = serde_json::from_str(&ran.stdout).expect("JSON and nothing else");
        assert_eq!(explained["status"], Value::from(row["status"].as_str()), "{explained:#}");
        let amounts = explained["amounts_yuan"].as_object().expect("amounts");
        let mut shown = 0;
        for (column, amount) in amounts {
            let amount = amount.as_str().expect("money as text");
            assert_eq!(fen(amount), fen(&row[column]), "{} {column}", row["setl_id"]);
            shown += 1;
        }
        assert!(shown > 0);
    }
}

#[test]
fn from_rules_and_claims_without_a_run() {
    let (_folder, out) = finished();
    let of_run = explain("A2", &out, &[]).expect(0).stdout;
    let input = out.parent().expect("a folder").join("in");
    let run = run_folder_args(&input, &out, &[]);
    // The same inputs, without `run --progress none` and `--out OUT`.
    let at = run.iter().position(|word| word == "--out").expect("--out");
    let mut args: Vec<OsString> = vec!["explain".into(), "A2".into()];
    args.extend(run[3..at].iter().chain(&run[at + 2..]).cloned());
    assert_eq!(tongchou(args).expect(0).stdout, of_run);
}

#[test]
fn a_rejected_row_says_why_and_ends_with_1() {
    let (_folder, out) = finished();
    let ran = explain("A10", &out, &[]).expect(1);
    assert!(ran.stdout.contains("claims.csv:11: R-NEGATIVE inscp_scp_amt `-800.00`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("R-SPLIT"), "{}", ran.stdout);
}

#[test]
fn a_settlement_that_is_not_there() {
    let (_folder, out) = finished();
    let ran = explain("A99", &out, &[]).expect(2);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "error: no row with setl_id `A99` in the claims\n"));
}

#[test]
fn inputs_that_changed_since_the_run_are_not_explained() {
    for file in ["claims.csv", "rules/bands.csv", "enrolments.csv"] {
        let (folder, out) = finished();
        let path = folder.path().join("in").join(file);
        let text = fs::read_to_string(&path).expect("an input").replace("21500.00", "21500.0").replace("0.85", "0.86");
        fs::write(&path, text.replace("P7,310", "P8,310")).expect("an input");
        let ran = explain("A2", &out, &[]).expect(2);
        assert!(ran.stderr.contains("has changed since the run"), "{file}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{file}");
    }
}

#[test]
fn a_folder_without_a_run() {
    let folder = folder();
    let ran = explain("A2", folder.path(), &[]).expect(2);
    assert!(ran.stderr.contains("manifest.json") && ran.stderr.lines().count() == 1, "{}", ran.stderr);
}
