//! The command as a user types it: what it says, how it ends, and that a run that fails leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{Outputs, Ran, command, data, folder, listing, repo, run_args, run_folder_args, tongchou};

/// A finished run of the small folder with every reference table.
fn small_run() -> (TempDir, PathBuf, Ran) {
    let folder = folder();
    let out = folder.path().join("out");
    let ran = tongchou(run_folder_args(&data("small"), &out, &[])).expect(1);
    (folder, out, ran)
}

/// Text with what differs from machine to machine and run to run taken out.
fn steady(text: &str, folder: &Path) -> String {
    let text =
        text.replace(&folder.display().to_string(), "<folder>").replace(&repo("").display().to_string(), "<repo>/");
    let lines = text.lines().map(|line| {
        // "12 rows of 7 persons in 0.1 s (140 rows/s) -> out", "12 行，7 人，用时 0.1 秒（每秒 140 行）→ out"
        let parts = line
            .split_once(" in ")
            .zip(line.split_once(" -> "))
            .or_else(|| line.split_once("，用时 ").zip(line.split_once('→')));
        parts.map_or_else(|| line.to_owned(), |((what, _), (_, target))| format!("{what} <time> -> {}", target.trim()))
    });
    lines.map(|line| line + "\n").collect()
}

/// The small pack in a folder of its own, with one file changed.
fn changed_rules(file: &str, change: impl Fn(String) -> String) -> TempDir {
    let folder = folder();
    for entry in fs::read_dir(data("small/rules")).expect("the small pack") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a table");
        let name = path.file_name().expect("a name");
        let text = if name == file { change(text) } else { text };
        fs::write(folder.path().join(name), text).expect("a table");
    }
    folder
}

/// A run that must fail with 2 and leave the folder as it was.
#[track_caller]
fn fails(folder: &Path, args: Vec<std::ffi::OsString>) -> String {
    let before = listing(folder);
    let ran = tongchou(args).expect(2);
    assert_eq!(listing(folder), before, "a failed run leaves nothing behind");
    assert_eq!(ran.stdout, "");
    steady(&ran.stderr, folder)
}

#[test]
fn everything_computed_ends_with_0() {
    let folder = folder();
    let claims = folder.path().join("claims.csv");
    let text = fs::read_to_string(data("small/claims.csv")).expect("claims");
    fs::write(&claims, text.lines().take(6).map(|line| format!("{line}\n")).collect::<String>()).expect("a file");
    let out = folder.path().join("out");
    let ran = tongchou(run_args(&data("small/rules"), &claims, &out, &[])).expect(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(listing(&out), ["adjudicated.parquet", "manifest.json", "pended.parquet", "rejects.csv"]);
}

#[test]
fn rows_that_need_attention_end_with_1() {
    let (_folder, out, ran) = small_run();
    assert_eq!(ran.stderr, "");
    let outputs = Outputs::read(&out);
    assert_eq!([outputs.rows("pended"), outputs.rows("rejected")], [1, 2]);
}

#[test]
fn the_summary_says_what_became_of_every_row() {
    let (folder, out, ran) = small_run();
    insta::assert_snapshot!("summary_en", steady(&ran.stdout, folder.path()));
    let more = ["--overwrite", "--lang", "zh"];
    let ran = tongchou(run_args(&data("small/rules"), &data("small/claims.csv"), &out, &more)).expect(1);
    insta::assert_snapshot!("summary_zh", steady(&ran.stdout, folder.path()));
}

#[test]
fn the_summary_as_json_holds_the_balance() {
    let folder = folder();
    let ran = tongchou(run_folder_args(&data("small"), &folder.path().join("out"), &["--json"])).expect(1);
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON and nothing else");
    assert_eq!(summary["balance"]["in"], serde_json::json!({"rows": 12, "medfee_sumamt": "30500.00"}));
    assert_eq!(summary["balance"]["balanced"], true);
    assert_eq!(summary["reasons"]["R-DUPLICATE"], 1);
    assert_eq!(summary["gates_off"], serde_json::json!([]));
    assert_eq!(
        summary["money_yuan"]["acct_pay"],
        Outputs::read(&folder.path().join("out")).manifest["money_yuan"]["acct_pay"]
    );
}

#[test]
fn quiet_says_nothing() {
    let folder = folder();
    let ran = tongchou(run_folder_args(&data("small"), &folder.path().join("out"), &["--quiet"])).expect(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn gates_without_a_table_are_named() {
    let folder = folder();
    let out = folder.path().join("out");
    let ran = tongchou(run_args(&data("small/rules"), &data("small/claims.csv"), &out, &[])).expect(1);
    assert!(
        ran.stdout.contains("not given, so their gates are off: enrolments, filings, institutions, marks, accounts\n")
    );
    let gates = &Outputs::read(&out).manifest["gates"];
    for name in ["enrolments", "filings", "institutions", "marks", "accounts"] {
        assert_eq!(gates[name], "off", "{name}");
    }
}

#[test]
fn a_folder_that_holds_something_is_not_touched() {
    let (folder, out, _) = small_run();
    let before = fs::read(out.join("adjudicated.parquet")).expect("an output");
    let said = fails(folder.path(), run_folder_args(&data("small"), &out, &[]));
    assert_eq!(said, "error: <folder>/out is not empty: name a new folder, or pass --overwrite to replace it whole\n");
    assert_eq!(fs::read(out.join("adjudicated.parquet")).expect("an output"), before);
}

#[test]
fn overwrite_replaces_the_folder_whole() {
    let (folder, out, _) = small_run();
    fs::write(out.join("note.txt"), "of the earlier run").expect("a file");
    let claims = data("bad/split.csv");
    tongchou(run_args(&data("small/rules"), &claims, &out, &["--overwrite"])).expect(1);
    assert_eq!(Outputs::read(&out).rows("in"), 3);
    assert_eq!(listing(folder.path()).len(), 5, "the folder and its four files: {:?}", listing(folder.path()));
}

#[test]
fn overwrite_that_fails_keeps_the_earlier_run() {
    let (folder, out, _) = small_run();
    let claims = folder.path().join("none.csv");
    fails(folder.path(), run_args(&data("small/rules"), &claims, &out, &["--overwrite"]));
    assert_eq!(Outputs::read(&out).rows("in"), 12);
}

#[test]
fn what_a_killed_run_left_is_cleared_away() {
    let folder = folder();
    let abandoned = folder.path().join(".out.staging-4194999");
    fs::create_dir(&abandoned).expect("a folder");
    fs::write(abandoned.join("adjudicated.parquet"), "half").expect("a file");
    tongchou(run_folder_args(&data("small"), &folder.path().join("out"), &[])).expect(1);
    assert!(!abandoned.exists());
}

#[test]
fn a_rules_folder_that_is_not_there() {
    let folder = folder();
    let rules = folder.path().join("no-rules");
    let said = fails(folder.path(), run_args(&rules, &data("small/claims.csv"), &folder.path().join("out"), &[]));
    insta::assert_snapshot!("no_rules", said);
}

#[test]
fn a_pack_without_a_table() {
    let rules = changed_rules("", |text| text);
    fs::remove_file(rules.path().join("benefits.csv")).expect("the table");
    let folder = folder();
    let said = fails(folder.path(), run_args(rules.path(), &data("small/claims.csv"), &folder.path().join("out"), &[]));
    insta::assert_snapshot!("rules_without_a_table", steady(&said, rules.path()));
}

#[test]
fn every_fault_of_a_pack_is_named_with_its_place_and_a_hint() {
    let rules = changed_rules("benefits.csv", |text| {
        text.replacen("visit_net", "visit_nett", 1).replacen("in-retired", "in-retierd", 1).replacen(
            "B-OUT",
            "B-IN-ACTIVE",
            1,
        )
    });
    let channels = rules.path().join("channels.csv");
    let text = fs::read_to_string(&channels).expect("the table");
    fs::write(&channels, text.replacen("psn_class", "psn_clas", 1).replacen("deny", "denied", 1)).expect("the table");
    let bands = rules.path().join("bands.csv");
    let text = fs::read_to_string(&bands).expect("the table");
    fs::write(&bands, text.replacen("0.85", "85%", 1)).expect("the table");
    let folder = folder();
    let out = folder.path().join("out");
    let said = fails(folder.path(), run_args(rules.path(), &data("small/claims.csv"), &out, &[]));
    insta::assert_snapshot!("bad_rules_en", steady(&said, rules.path()));
    let said = fails(folder.path(), run_args(rules.path(), &data("small/claims.csv"), &out, &["--lang", "zh"]));
    insta::assert_snapshot!("bad_rules_zh", steady(&said, rules.path()));
}

#[test]
fn two_rule_rows_that_can_both_win() {
    let rules = changed_rules("channels.csv", |text| {
        let row = "CH-TWICE,440300,310,*,*,local,*,*,allow,,,,,,,,,,2023-01-01,,S1,";
        text + row + "\n"
    });
    let folder = folder();
    let said = fails(folder.path(), run_args(rules.path(), &data("small/claims.csv"), &folder.path().join("out"), &[]));
    insta::assert_snapshot!("ambiguous_rules", steady(&said, rules.path()));
}

#[test]
fn a_claims_column_that_is_missing() {
    let folder = folder();
    let claims = folder.path().join("claims.csv");
    let text = fs::read_to_string(data("small/claims.csv")).expect("claims");
    fs::write(&claims, text.replacen("insutype", "insutyp", 1).replacen("setl_time", "time", 1)).expect("a file");
    let said = fails(folder.path(), run_args(&data("small/rules"), &claims, &folder.path().join("out"), &[]));
    insta::assert_snapshot!("missing_columns", said);
}

#[test]
fn claims_that_are_not_there() {
    let folder = folder();
    let claims = folder.path().join("night-*.csv");
    let said = fails(folder.path(), run_args(&data("small/rules"), &claims, &folder.path().join("out"), &[]));
    assert_eq!(
        said,
        "error: no input file found at `<folder>/night-*.csv`: check the path; a pattern must match something\n"
    );
}

#[test]
fn an_empty_claims_file_has_no_header() {
    let folder = folder();
    let claims = folder.path().join("claims.csv");
    fs::write(&claims, "").expect("a file");
    let said = fails(folder.path(), run_args(&data("small/rules"), &claims, &folder.path().join("out"), &[]));
    assert!(said.contains("claims.csv") && said.contains("header"), "{said}");
}

#[test]
fn two_rows_of_an_institution_open_on_one_day() {
    let folder = folder();
    let institutions = folder.path().join("institutions.csv");
    let text = fs::read_to_string(data("small/institutions.csv")).expect("institutions");
    fs::write(&institutions, text + "H1,440300,02,,,2024-01-01,\n").expect("a file");
    let institutions = institutions.display().to_string();
    let more = ["--institutions", institutions.as_str()];
    let said = fails(
        folder.path(),
        run_args(&data("small/rules"), &data("small/claims.csv"), &folder.path().join("out"), &more),
    );
    insta::assert_snapshot!("two_institution_rows", said);
}

#[test]
fn two_balances_of_a_person() {
    let folder = folder();
    let balances = folder.path().join("balances.csv");
    let text = fs::read_to_string(data("small/balances.csv")).expect("balances");
    fs::write(&balances, text + "P1,120.00\n").expect("a file");
    let balances = balances.display().to_string();
    let more = ["--accounts", balances.as_str()];
    let said = fails(
        folder.path(),
        run_args(&data("small/rules"), &data("small/claims.csv"), &folder.path().join("out"), &more),
    );
    insta::assert_snapshot!("two_balances", said);
}

#[test]
fn an_output_below_a_file_cannot_be_written() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("a file");
    for out in ["file/out", "file"] {
        let said = fails(folder.path(), run_folder_args(&data("small"), &folder.path().join(out), &[]));
        assert!(said.starts_with("error: ") && said.contains("<folder>/file") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn a_disk_that_is_full_leaves_nothing_behind() {
    // A limit on the size of a file is the full disk that needs no mount: the write fails half way.
    let folder = folder();
    let args = run_folder_args(&data("conformance/pack101"), &folder.path().join("out"), &[]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' 25; ulimit -f 16; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_tongchou")]).args(args);
    let output = shell.output().expect("sh");
    let said = steady(&String::from_utf8_lossy(&output.stderr), folder.path());
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: cannot write ") && said.contains("too large"), "{said}");
    assert_eq!(listing(folder.path()), Vec::<String>::new());
}

#[test]
fn rows_that_need_more_memory_than_allowed() {
    let folder = folder();
    let out = folder.path().join("out");
    // An audit looks at all persons at once; a run alone keeps rows on the disk.
    let more = ["--audit", "--memory", "64KiB"];
    let said = fails(folder.path(), run_folder_args(&data("conformance/pack101"), &out, &more));
    assert!(said.starts_with("error: ") && said.contains("--memory"), "{said}");
    let ran = tongchou(run_folder_args(&data("small"), &out, &["--memory", "lots"])).expect(2);
    assert!(ran.stderr.contains("`lots` is not a size"), "{}", ran.stderr);
}

#[test]
fn ctrl_c_stops_a_run_and_nothing_is_written() {
    let folder = folder();
    let header =
        fs::read_to_string(data("small/claims.csv")).expect("claims").lines().next().expect("a header").to_owned();
    let rows = (0..400_000).map(|number| {
        format!("C{number},Q{},310,11,440300,440300,H1,01,21,2024-01-02,2024-01-05,2024-01-05 10:00:00,1000.00,100.00,50.00,50.00,800.00,\n", number % 90_000)
    });
    let claims = folder.path().join("claims.csv");
    fs::write(&claims, header + "\n" + &rows.collect::<String>()).expect("a file");
    let mut child = command(run_args(&data("small/rules"), &claims, &folder.path().join("out"), &[]))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    let started = Instant::now();
    while listing(folder.path()).len() == 1 {
        assert!(started.elapsed() < Duration::from_secs(60), "the run never began to write");
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    let status = child.wait().expect("it ends");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("stderr"), &mut said).expect("text");
    assert_eq!((status.code(), said.as_str()), (Some(2), "error: stopped; nothing was written\n"));
    assert_eq!(listing(folder.path()), ["claims.csv"]);
}

/// Options that are shared by commands.
const INPUTS: [&str; 7] =
    ["--rules", "--claims", "--enrolments", "--filings", "--institutions", "--accounts", "--marks"];

#[test]
fn help_names_every_option_of_every_command() {
    let commands: [(&[&str], &[&str], bool); 13] = [
        (&["run"], &["--out", "--overwrite", "--threads", "--memory", "--progress", "--quiet"], true),
        (&["explain"], &["--run", "--person", "--reveal", "--pseudonym-key"], true),
        (&["reconcile"], &["--run", "--paid", "--out", "--threads", "--memory", "--progress", "--quiet"], false),
        (
            &["ledger", "replay"],
            &["--ledger", "--from", "--out", "--overwrite", "--threads", "--memory", "--progress", "--quiet"],
            false,
        ),
        (&["ledger", "compact"], &["--ledger", "--threads", "--progress", "--quiet"], false),
        (&["ledger", "rules"], &["--ledger", "--rules", "--threads"], false),
        (&["sample"], &["--run", "--method", "--size", "--seed", "--measure", "--strata", "--by", "--out"], false),
        (&["sample", "evaluate"], &["<DIR>", "--paper", "--confidence", "--tolerable"], false),
        (&["rules", "check"], &["--as-of", "--deny-warnings", "--quiet"], false),
        (
            &["rules", "show"],
            &["--pool", "--insutype", "--date", "--psn-class", "--med-class", "--tier", "--place", "--filing"],
            false,
        ),
        (&["rules", "diff"], &["<OLD>", "<NEW>"], false),
        (&["rules", "test"], &["<DIR>"], false),
        (
            &["synth"],
            &[
                "--rows",
                "--persons",
                "--seed",
                "--out",
                "--overwrite",
                "--rules",
                "--faults",
                "--format",
                "--year",
                "--threads",
                "--quiet",
            ],
            false,
        ),
    ];
    for (name, options, has_inputs) in commands {
        let (last, path) = name.split_last().expect("a command");
        let overview = tongchou(path.iter().copied().chain(["--help"])).expect(0).stdout;
        assert!(overview.lines().any(|line| line.trim_start().starts_with(&format!("{last} "))), "{overview}");
        let help = tongchou(name.iter().copied().chain(["--help"])).expect(0).stdout;
        let inputs = INPUTS.iter().filter(|_| has_inputs);
        for option in inputs.chain(options).chain(&["--lang", "--json"]) {
            assert!(help.contains(option), "`{} --help` does not name {option}:\n{help}", name.join(" "));
        }
    }
    assert_eq!(tongchou(["--version"]).expect(0).stdout, concat!("tongchou ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn an_option_that_is_unknown_ends_with_2() {
    let ran = tongchou(["run", "--ruels", "x"]).expect(2);
    assert!(ran.stderr.contains("--rules"), "the near one is named: {}", ran.stderr);
}
