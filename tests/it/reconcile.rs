//! `reconcile`: both sides, every way of saying what was paid, exit status, the same bytes at any number of threads.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use std::io::Write as _;

use crate::support::{Ran, data, folder, listing, read_csv, read_parquet, run_folder_args, tongchou};

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A run of the hand-made cases.
fn run(folder: &Path) -> PathBuf {
    let out = folder.join("run");
    tongchou(run_folder_args(&data("causes"), &out, &[])).expect(1);
    out
}

fn reconcile(run: &Path, out: &Path, more: &[&str]) -> Ran {
    let (run, out) = (text(run), text(out));
    let args = ["reconcile", "--progress", "none", "--run", &run, "--out", &out];
    tongchou(args.into_iter().chain(more.iter().copied()))
}

fn results(out: &Path) -> Vec<(String, String)> {
    let lines = read_parquet(&out.join("reconciliation.parquet"));
    lines.into_iter().map(|line| (line["setl_id"].clone(), line["result"].clone())).collect()
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let folder = folder();
    let run = run(folder.path());
    let outs = ["1", "2", "8"].map(|threads| {
        let out = folder.path().join(threads);
        let national = text(&folder.path().join(format!("{threads}.txt")));
        let ran = reconcile(&run, &out, &["--threads", threads, "--write-3202", &national, "--reveal"]);
        assert_eq!(ran.code, Some(27), "{}", ran.stderr);
        (out, fs::read(national).expect("the text"))
    });
    let names = [
        "differences.csv",
        "reconcile.json",
        "reconciliation.parquet",
        "report.html",
        "report.xlsx",
        "totals.csv",
        "totals.parquet",
    ];
    assert_eq!(listing(&outs[0].0), names);
    for (other, national) in &outs[1..] {
        assert!(*national == outs[0].1);
        for name in names {
            assert!(fs::read(outs[0].0.join(name)).ok() == fs::read(other.join(name)).ok(), "{name}");
        }
    }
    let lines = read_parquet(&outs[0].0.join("reconciliation.parquet"));
    let keys: Vec<_> = lines.iter().map(|line| (line["psn_no"].clone(), line["setl_id"].clone())).collect();
    assert!(keys.is_sorted());
    let differences = read_csv(&outs[0].0.join("differences.csv"));
    let differing: Vec<_> = lines.iter().filter(|line| line["result"] != "0").cloned().collect();
    assert_eq!(differences, differing, "differences.csv is what does not agree");
    let manifest = fs::read_to_string(outs[0].0.join("reconcile.json")).expect("the manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let balance = &manifest["reconciliation"]["balance"];
    assert_eq!(balance["balanced"], true);
    let rows = |side: &str| -> u64 {
        let results = balance["results"].as_object().expect("results").values();
        results.map(|result| result[side]["rows"].as_u64().expect("rows")).sum()
    };
    assert_eq!((rows("run"), rows("paid")), (35, 34));
    assert_eq!(manifest["reconciliation"]["not_compared"].as_array().map(Vec::len), Some(5));
}

/// A ZIP of one deflated file.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).expect("memory");
    let packed = packer.finish().expect("memory");
    let mut crc = Crc::new();
    crc.update(content);
    let u16s = |number: usize| (number as u16).to_le_bytes();
    let u32s = |number: usize| (number as u32).to_le_bytes();
    let mut common = Vec::new();
    common.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
    common.extend(crc.sum().to_le_bytes());
    common.extend(u32s(packed.len()));
    common.extend(u32s(content.len()));
    common.extend(u16s(name.len()));
    common.extend([0, 0]);
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend(&common);
    zip.extend(name.as_bytes());
    zip.extend(&packed);
    let directory = zip.len();
    zip.extend(b"PK\x01\x02\x14\x00");
    zip.extend(&common);
    zip.extend([0; 14]);
    zip.truncate(zip.len() - 4);
    zip.extend(u32s(0));
    zip.extend(name.as_bytes());
    let length = zip.len() - directory;
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend(u32s(length));
    zip.extend(u32s(directory));
    zip.extend([0, 0]);
    zip
}

#[test]
fn what_was_paid_may_come_from_files() {
    let folder = folder();
    let run = run(folder.path());
    let at = |name: &str| folder.path().join(name);
    let national = text(&at("national.txt"));
    reconcile(&run, &at("own"), &["--write-3202", &national, "--quiet"]).expect(27);
    let written = fs::read_to_string(&national).expect("the text");
    assert!(written.starts_with("AGREES\tnull\tP00\t11000.00\t7200.00\t0.00\t0\n"), "{written}");
    assert!(written.contains(
        "REVERSED\tnull\tP32\t11000.00\t7200.00\t0.00\t1\nREVERSAL\tnull\tP32\t-11000.00\t-7200.00\t0.00\t1\n"
    ));
    fs::write(at("national.zip"), zip("result.txt", written.as_bytes())).expect("a ZIP");
    let adjudicated = text(&run.join("adjudicated.parquet"));
    let zipped = text(&at("national.zip"));
    // What was computed, as the paid side: all agree but the numbers that are no single settlement.
    for (name, paid) in [("a", &adjudicated), ("b", &national), ("c", &zipped)] {
        let ran = reconcile(&run, &at(name), &["--paid", paid, "--lang", "zh"]);
        // A run's own total never includes the account: that settlement alone differs.
        let expected = if name == "a" { 8 + 16 + 1 } else { 8 + 16 };
        assert_eq!(ran.code, Some(expected), "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("对平") && ran.stdout.contains("平衡"), "{}", ran.stdout);
    }
    let without_header = written
        .replace("AGREES\t", "OTHER\t")
        .replace("7990", "79x0")
        .replace("\tP01\t11000.00\t7200.00", "\tP01\t11000.00\t7200.01");
    fs::write(at("changed.txt"), without_header).expect("a text");
    reconcile(&run, &at("d"), &["--paid", &text(&at("changed.txt"))]).expect(1 + 2 + 4 + 8 + 16);
    let found = results(&at("d"));
    assert!(found.contains(&("AGREES".into(), "1".into())) && found.contains(&("OTHER".into(), "2".into())));
    assert!(found.contains(&("UNPAID".into(), "3".into())) && found.contains(&("TWICE".into(), "4".into())));
    let within = ["--paid", &text(&at("changed.txt")), "--tolerance", "fund_pay_sumamt=1"];
    let ran = reconcile(&run, &at("e"), &within).expect(2 + 4 + 8 + 16);
    assert!(ran.stdout.contains("tolerance, yuan: fund_pay_sumamt 0.01"), "{}", ran.stdout);
}

#[test]
fn errors_are_64_and_leave_nothing() {
    let folder = folder();
    let run = run(folder.path());
    let before = listing(folder.path());
    let at = |name: &str| folder.path().join(name);
    reconcile(&at("nowhere"), &at("out"), &[]).expect(64);
    let ran = reconcile(&run, &at("out"), &["--tolerance", "fund_pay_sumamnt=1"]).expect(64);
    assert!(ran.stderr.contains("fund_pay_sumamt"), "{}", ran.stderr);
    assert_eq!(listing(folder.path()), before);
    fs::write(at("paid.csv"), "setl_id,hifp_pay\nAGREES,12.345\n,1.00\n").expect("a file");
    let ran = reconcile(&run, &at("out"), &["--paid", &text(&at("paid.csv"))]).expect(64);
    assert!(ran.stderr.contains("paid.csv:2:2 (hifp_pay)") && ran.stderr.contains("paid.csv:3"), "{}", ran.stderr);
    let expected = "`12.345` is not what the column holds; expected an amount of yuan with at most 2 decimals";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    fs::write(at("paid.txt"), "A\tM\tP\t1.00\t1.00\t0\t0\nB\tM\n").expect("a file");
    let ran = reconcile(&run, &at("out"), &["--paid", &text(&at("paid.txt")), "--lang", "zh"]).expect(64);
    assert!(ran.stderr.contains("paid.txt:2") && ran.stderr.contains('有'), "{}", ran.stderr);
    fs::write(at("paid.csv"), "setl_id,hifp_pay\nAGREES,\n").expect("a file");
    reconcile(&run, &at("out"), &["--paid", &text(&at("paid.csv"))]).expect(64);
    assert!(!at("out").exists());
}

#[test]
fn a_night_of_a_ledger_can_be_reconciled() {
    let folder = folder();
    let (ledger, out) = (folder.path().join("ledger"), folder.path().join("unused"));
    let claims = fs::read_to_string(data("causes/claims.csv")).expect("claims");
    let (header, rows) = claims.split_once('\n').expect("a header");
    let early = |row: &&str| !row.contains("2024-06") && !row.contains("2024-04") && !row.contains("2024-09");
    let nights =
        [rows.lines().filter(|row| early(row)).collect::<Vec<_>>(), rows.lines().filter(|row| !early(row)).collect()];
    for (number, rows) in nights.iter().enumerate() {
        let file = folder.path().join(format!("{number}.csv"));
        fs::write(&file, format!("{header}\n{}\n", rows.join("\n"))).expect("a file");
        let mut args = run_folder_args(&data("causes"), &out, &["--ledger", &text(&ledger)]);
        let at = args.iter().position(|arg| arg == "--claims").expect("claims");
        args[at + 1] = file.into();
        let at = args.iter().position(|arg| arg == "--out").expect("out");
        args.drain(at..at + 2);
        let ran = tongchou(args);
        assert!(ran.code < Some(2), "{}", ran.stderr);
    }
    let ran = reconcile(&ledger.join("nights/night=000002"), &folder.path().join("out"), &[]);
    assert_eq!(ran.code.map(|code| code & 0b1111), Some(1), "{}{}", ran.stdout, ran.stderr);
    let lines = read_parquet(&folder.path().join("out/reconciliation.parquet"));
    let causes = |id: &str| lines.iter().find(|line| line["setl_id"] == id).map(|line| line["causes"].clone());
    assert_eq!(causes("DEDUCTIBLE-FULL-2").as_deref(), Some("C-DEDUCTIBLE-FULL|C-NTH:1|C-YEAR-FRESH"));
    assert_eq!(causes("FRESH-2").as_deref(), Some("C-YEAR-FRESH"));
    // Its original was computed in an earlier night: nothing can be asked of it here.
    assert_eq!(causes("REVERSAL").as_deref(), Some("C-UNEXPLAINED"));
}
