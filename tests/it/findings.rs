//! `audit`: what it writes, what it says it did not look at, thresholds, the same bytes at any number of threads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::audit_page::whole_page;
use crate::support::{
    Ran, Record, data, folder, listing, read_csv, read_parquet, repo, run_args, run_folder_args, tongchou,
};

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn audit(run: &Path, out: &Path, more: &[&str]) -> Ran {
    let (run, out) = (text(run), text(out));
    let args = ["audit", "--progress", "none", "--run", &run, "--out", &out];
    tongchou(args.into_iter().chain(more.iter().copied()))
}

/// A run of the cases worked out by hand for causes.
fn run_of_causes(folder: &Path) -> PathBuf {
    let out = folder.join("run");
    tongchou(run_folder_args(&data("causes"), &out, &[])).expect(1);
    out
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

/// What an audit leaves where nobody says what was paid.
const FILES_WITHOUT_PAID: [&str; 5] =
    ["findings.csv", "findings.json", "findings.parquet", "report.html", "report.xlsx"];

/// Checks that did not look, and why.
fn not_checked(out: &Path) -> Vec<(String, String)> {
    let findings = json(&out.join("findings.json"));
    let checks = findings["checks"].as_array().expect("checks").iter();
    let missing = checks.filter_map(|check| Some((check["code"].as_str()?, check["not_checked"]["en"].as_str()?)));
    missing.map(|(code, missing)| (code.to_owned(), missing.to_owned())).collect()
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let folder = folder();
    let run = run_of_causes(folder.path());
    let outs = ["1", "2", "8"].map(|threads| {
        let out = folder.path().join(threads);
        let ran = audit(&run, &out, &["--threads", threads]);
        assert_eq!(ran.code, Some(27 + 32), "{}", ran.stderr);
        out
    });
    let names = [
        "differences.csv",
        "findings.csv",
        "findings.json",
        "findings.parquet",
        "reconcile.json",
        "reconciliation.parquet",
        "report.html",
        "report.xlsx",
        "totals.csv",
        "totals.parquet",
    ];
    assert_eq!(listing(&outs[0]), names);
    for (other, name) in outs[1..].iter().flat_map(|other| names.map(|name| (other, name))) {
        assert!(fs::read(outs[0].join(name)).ok() == fs::read(other.join(name)).ok(), "{name}");
    }
    let rows = read_parquet(&outs[0].join("findings.parquet"));
    // The same rows as people may read them: who they are about is masked.
    let shown = read_csv(&outs[0].join("findings.csv"));
    assert_eq!(shown.len(), rows.len());
    for (shown, row) in shown.iter().zip(&rows) {
        let is_about_a_person = row["subject_type"] == "person";
        for (column, value) in row {
            match column.as_str() {
                "evidence" => {}
                "finding_id" | "subject" if is_about_a_person => assert_ne!(&shown[column], value, "{column}"),
                _ => assert_eq!(&shown[column], value, "{column}"),
            }
        }
    }
    assert!(rows.iter().map(|row| (&row["code"], &row["subject"])).is_sorted());
    let ids: BTreeSet<&String> = rows.iter().map(|row| &row["finding_id"]).collect();
    assert_eq!(ids.len(), rows.len(), "a number of its own for each finding");
    let reconcile = json(&outs[0].join("reconcile.json"));
    assert_eq!(reconcile["checks"], json(&outs[0].join("findings.json"))["checks"]);
}

#[test]
fn what_is_found_in_the_cases_of_the_causes() {
    let folder = folder();
    let run = run_of_causes(folder.path());
    let out = folder.path().join("out");
    audit(&run, &out, &[]).expect(59);
    let rows = read_parquet(&out.join("findings.parquet"));
    let found: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row["code"], row["subject"], row["amount_fen"])).collect();
    insta::assert_snapshot!(found.join("\n"));
    for row in &rows {
        let (message, evidence) = (&row["message"], &row["evidence"]);
        let (zh, en) = message.split_once(" / ").expect("both languages");
        assert!(zh.contains('？') && en.contains('?'), "{message}");
        let evidence: Value = serde_json::from_str(evidence).expect("JSON");
        assert!(evidence.is_object());
        let person = evidence["psn_no"].as_str().unwrap_or("no person");
        assert!(!message.contains(person), "{message}");
    }
}

#[test]
fn what_is_missing_is_said_and_nothing_is_taken_for_a_pass() {
    let folder = folder();
    let run = folder.path().join("run");
    let claims = text(&data("causes/claims.csv"));
    // Claims without any reference table, and without paid columns.
    let whole = read_csv(Path::new(&claims));
    let bare = folder.path().join("claims.csv");
    let keep: Vec<String> = whole[0]
        .keys()
        .filter(|name| {
            !name.ends_with("_pay")
                && !["fund_pay_sumamt", "psn_part_amt", "act_pay_dedc", "begndate", "hosp_lv", "dedc_hosp_lv"]
                    .contains(&name.as_str())
        })
        .cloned()
        .collect();
    let line = |of: &dyn Fn(&str) -> String| keep.iter().map(|name| of(name)).collect::<Vec<_>>().join(",") + "\n";
    let mut file = line(&str::to_owned);
    whole.iter().for_each(|row| file += &line(&|name| row[name].clone()));
    // The level of a hospital must be a column, if only an empty one.
    let file: String = file
        .lines()
        .enumerate()
        .map(|(number, line)| if number == 0 { format!("{line},hosp_lv\n") } else { format!("{line},\n") })
        .collect();
    fs::write(&bare, file).expect("claims");
    let ran = tongchou(run_args(&data("causes/rules"), &bare, &run, &[]));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    let out = folder.path().join("out");
    let ran = audit(&run, &out, &[]);
    assert!(ran.code.is_some_and(|code| code & !32 == 0), "{:?} {}", ran.code, ran.stderr);
    assert!(ran.stdout.starts_with("not reconciled: no row of the claims says what was paid"), "{}", ran.stdout);
    assert!(ran.stdout.contains("not checked (which is no pass), for want of"), "{}", ran.stdout);
    assert_eq!(listing(&out), FILES_WITHOUT_PAID);
    let page = whole_page(&fs::read_to_string(out.join("report.html")).expect("the page"));
    assert!(
        page.contains("Nobody says what was paid: nothing was compared.") && page.contains("没有支付数据，未作比对")
    );
    for section in ["glance", "findings", "run", "causes", "largest", "groups", "flows", "balance"] {
        let is_there = ["glance", "findings", "run"].contains(&section);
        assert_eq!(page.contains(&format!("<section id=\"{section}\"")), is_there, "{section}");
    }
    let listed = json(&out.join("findings.json"))["outputs"].clone();
    let listed: Vec<&str> =
        listed.as_array().expect("outputs").iter().filter_map(|file| file["file"].as_str()).collect();
    assert_eq!(listed, ["findings.parquet", "findings.csv", "report.html", "report.xlsx"]);
    let missing: Vec<String> = not_checked(&out).iter().map(|(code, missing)| format!("{code} {missing}")).collect();
    insta::assert_snapshot!(missing.join("\n"));
    // Reconciling alone still fails, as before.
    let (run, out) = (text(&run), text(&folder.path().join("other")));
    tongchou(["reconcile", "--progress", "none", "--run", &run, "--out", &out]).expect(64);
}

#[test]
fn thresholds_of_a_file() {
    let folder = folder();
    let run = run_of_causes(folder.path());
    let config = folder.path().join("audit.toml");
    fs::write(&config, "# by agreement\n[A205]\nwithin_dais = 3\n[A401]\nx = 1\n").expect("a file");
    let shown = text(&config);
    let out = folder.path().join("out");
    let ran = audit(&run, &out, &["--config", &shown]).expect(64);
    assert!(ran.stderr.contains(":3:1 (within_dais): error[T-KEY]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `within_days`?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("error[T-KEY]: A401 has no threshold `x`"), "{}", ran.stderr);
    assert!(!out.exists());
    let ran = audit(&run, &out, &["--config", &shown, "--lang", "zh"]).expect(64);
    assert!(ran.stderr.contains("A205 没有阈值 `within_dais`"), "{}", ran.stderr);
    fs::write(&config, "[A205]\nwithin_days = 366\n[A501]\nrobust_z = 5.25\n").expect("a file");
    let ran = audit(&run, &out, &["--config", &shown]).expect(59);
    assert!(ran.stdout.contains("A205  within_days = 366, planned = [M00503,"), "{}", ran.stdout);
    assert!(ran.stdout.contains("robust_z = 5.25"), "{}", ran.stdout);
    audit(&run, &folder.path().join("none"), &["--config", "nowhere.toml"]).expect(64);
}

#[test]
fn what_is_said_at_the_end() {
    let folder = folder();
    let run = run_of_causes(folder.path());
    for (lang, name) in [("en", "audit_en"), ("zh", "audit_zh")] {
        let ran = audit(&run, &folder.path().join(lang), &["--lang", lang]).expect(59);
        // The reconciliation's own report comes first; it has its own tests.
        let said = ran.stdout.find("\n  15 ").or_else(|| ran.stdout.find("\n  疑点")).expect("the findings");
        insta::assert_snapshot!(name, &ran.stdout[said..]);
    }
}

/// Rows of a code.
fn of<'r>(rows: &'r [Record], code: &str) -> Vec<&'r str> {
    rows.iter().filter(|row| row["code"] == code).map(|row| row["subject"].as_str()).collect()
}

#[test]
fn what_was_paid_may_come_from_files() {
    let folder = folder();
    let run = run_of_causes(folder.path());
    let paid = folder.path().join("paid.csv");
    fs::write(
        &paid,
        "setl_id,psn_no,medfee_sumamt,hifp_pay,fund_pay_sumamt,psn_part_amt\n\
         AGREES,P00,11000.00,7200.00,7200.00,3800.00\nTIER,P13,11000.00,-1.00,-1.00,11001.00\n",
    )
    .expect("a file");
    let out = folder.path().join("out");
    let ran = audit(&run, &out, &["--paid", &text(&paid)]);
    assert!(ran.code.is_some_and(|code| code & 32 != 0 && code < 64), "{:?} {}", ran.code, ran.stderr);
    assert_eq!(of(&read_csv(&out.join("findings.csv")), "A102"), ["TIER"]);
    let findings = json(&out.join("findings.json"));
    let first = &findings["checks"][0];
    assert_eq!((first["code"].as_str(), first["not_checked"].is_null()), (Some("A101"), true));
    let without = first["in_part_without"]["en"].as_str().expect("in part");
    assert!(without.starts_with("paid column cvlserv_pay,"), "{without}");
}

#[test]
fn the_pages_of_the_sample_are_there() {
    // What the summary points to.
    assert!(repo("docs/findings/quality.md").exists());
}

#[test]
fn a_run_with_an_audit_publishes_both() {
    let folder = folder();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let ran = tongchou(run_folder_args(&data("causes"), &run, &["--audit"])).expect(1);
    assert!(ran.stdout.contains("findings, each a question to be answered"), "{}", ran.stdout);
    audit(&run, &out, &[]).expect(59);
    // The same files, byte for byte, and in the manifest.
    let manifest = json(&run.join("manifest.json"));
    let outputs = manifest["outputs"].as_array().expect("outputs");
    let names: BTreeSet<String> =
        outputs.iter().map(|file| file["file"].as_str().expect("a name").to_owned()).collect();
    for name in listing(&out) {
        assert!(fs::read(out.join(&name)).ok() == fs::read(run.join("audit").join(&name)).ok(), "{name}");
        assert!(names.contains(&format!("audit/{name}")), "{name}: {names:?}");
    }
    assert_eq!(listing(&run.join("audit")), listing(&out));
    // A run without anything paid says so, and is audited all the same.
    let bare = folder.path().join("bare");
    let ran = tongchou(run_folder_args(&data("small"), &bare, &["--audit", "--json"]));
    assert!(ran.code < Some(2), "{}", ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(said["audit"]["reconciliation"].is_null() && said["audit"]["checks"].is_array(), "{}", ran.stdout);
    assert_eq!(listing(&bare.join("audit")), FILES_WITHOUT_PAID);
    let wrong =
        tongchou(run_folder_args(&data("small"), &folder.path().join("none"), &["--audit", "--config", "none.toml"]));
    wrong.expect(2);
    assert!(!folder.path().join("none").exists());
}
