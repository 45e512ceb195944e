//! `--memory`: rows that do not fit go to the disk, and nobody can tell from the outputs.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, command, folder, repo, tongchou};

/// Made claims of a few hundred persons with everything that can be wrong, and the tables beside them.
fn made(rows: u32) -> TempDir {
    let folder = folder();
    let out = folder.path().join("data");
    let args = ["synth", "--quiet", "--seed", "11", "--faults", "0.05", "--rules", "sample_data/rules", "--rows"];
    let (rows, persons) = (rows.to_string(), (rows / 12).to_string());
    let mut args: Vec<String> = args.map(Into::into).to_vec();
    args.extend([rows, "--persons".into(), persons, "--out".into(), out.display().to_string()]);
    tongchou(args).expect(0);
    // Lines that are no record, lines of nobody, and every tenth line again.
    let claims = fs::read_to_string(out.join("claims.csv")).expect("claims");
    let mut text = claims.clone();
    for (index, line) in claims.lines().skip(1).enumerate() {
        match index % 10 {
            0 => writeln!(text, "{line}").expect("memory"),
            3 => writeln!(text, "{}", line.replacen(',', ",,", 3)).expect("memory"),
            _ => {}
        }
    }
    fs::write(out.join("claims.csv"), text).expect("claims again");
    folder
}

fn args(data: &Path, claims: &Path, out: &Path, more: &[&str]) -> Vec<String> {
    let mut args: Vec<String> = ["run", "--progress", "none", "--json", "--rules"].map(Into::into).to_vec();
    args.push(repo("sample_data/rules").display().to_string());
    for (option, path) in [("--claims", claims), ("--out", out)] {
        args.extend([option.to_owned(), path.display().to_string()]);
    }
    for table in ["enrolments", "filings", "institutions", "accounts", "marks"] {
        args.extend([format!("--{table}"), data.join(table).with_extension("csv").display().to_string()]);
    }
    args.extend(more.iter().map(|&text| text.to_owned()));
    args
}

/// Every file of a folder with its bytes.
fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

fn spilled(ran: &Ran) -> u64 {
    let summary: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    summary["spilled_bytes"].as_u64().expect("bytes")
}

/// Runs the claims with much and with little memory, on one, two and eight threads: the same bytes.
fn same_bytes(data: &Path, claims: &Path) {
    let scratch = folder();
    let out = |name: &str| scratch.path().join(name);
    let whole = tongchou(args(data, claims, &out("whole"), &["--memory", "4GiB"])).expect(1);
    assert_eq!(spilled(&whole), 0);
    let expected = bytes_of(&out("whole"));
    assert!(expected.iter().map(|(name, _)| &**name).eq([
        "adjudicated.parquet",
        "manifest.json",
        "pended.parquet",
        "rejects.csv"
    ]));
    for (name, more) in [
        ("one", ["--memory", "1", "--threads", "1"]),
        ("two", ["--memory", "1MiB", "--threads", "2"]),
        ("eight", ["--memory", "1", "--threads", "8"]),
    ] {
        let ran = tongchou(args(data, claims, &out(name), &more)).expect(1);
        assert!(spilled(&ran) > 0, "{name}: nothing went to the disk");
        for ((file, expected), (other, found)) in expected.iter().zip(bytes_of(&out(name))) {
            assert!(*file == other && *expected == found, "{name}: {file} differs from what much memory gives");
        }
    }
}

#[test]
fn the_same_bytes_with_little_memory() {
    let made = made(12_000);
    let data = made.path().join("data");
    same_bytes(&data, &data.join("claims.csv"));
}

/// The claims again, as another file: rows as they are, cut into cells, and the place of each column.
fn rewritten(data: &Path, name: &str, write: impl FnOnce(&mut Vec<Vec<String>>, &dyn Fn(&str) -> usize)) -> PathBuf {
    let text = fs::read_to_string(data.join("claims.csv")).expect("claims");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    let headings: Vec<String> = cells(text.lines().next().expect("headings"));
    let mut rows: Vec<Vec<String>> = text.lines().skip(1).map(cells).collect();
    write(&mut rows, &|name| headings.iter().position(|column| column == name).expect("a column"));
    let lines = std::iter::once(&headings).chain(&rows).map(|cells| cells.join(",")).collect::<Vec<_>>();
    fs::write(data.join(name), lines.join("\n")).expect("the claims again");
    data.join(name)
}

#[test]
fn rows_in_the_order_of_their_persons_fill_the_last_range_and_split_it() {
    let made = made(12_000);
    let data = made.path().join("data");
    let sorted = rewritten(&data, "sorted.csv", |rows, at| {
        let person = at("psn_no");
        rows.sort_by_key(|cells| cells.get(person).cloned().unwrap_or_default());
    });
    same_bytes(&data, &sorted);
}

#[test]
fn one_person_with_most_of_the_rows() {
    let made = made(6_000);
    let data = made.path().join("data");
    let heavy = rewritten(&data, "heavy.csv", |rows, at| {
        let (person, id) = (at("psn_no"), at("setl_id"));
        let somebody = rows[0][person].clone();
        // Two of three rows become somebody's, each its own settlement.
        for (index, cells) in rows.iter_mut().enumerate().filter(|(index, _)| index % 3 != 0) {
            cells[person].clone_from(&somebody);
            cells[id] = format!("{}-{index}", cells[id]);
        }
    });
    same_bytes(&data, &heavy);
}

#[test]
fn rows_that_are_all_wrong_go_to_the_disk_too() {
    let made = made(6_000);
    let data = made.path().join("data");
    let wrong = rewritten(&data, "wrong.csv", |rows, at| {
        let total = at("medfee_sumamt");
        rows.iter_mut().filter_map(|cells| cells.get_mut(total)).for_each(|cell| *cell = "much".to_owned());
    });
    same_bytes(&data, &wrong);
}

#[test]
fn wrong_balances_are_refused_as_with_much_memory() {
    let made = made(6_000);
    let data = made.path().join("data");
    let text = fs::read_to_string(data.join("accounts.csv")).expect("balances");
    fs::remove_file(data.join("accounts.csv")).expect("the table goes");
    // A folder of that name: second balances within a file and across files, between rows that are wrong themselves.
    let folder_of = data.join("accounts.csv");
    fs::create_dir(&folder_of).expect("a folder");
    let (head, lines) = text.split_once('\n').expect("headings");
    let lines: Vec<&str> = lines.lines().collect();
    let within: Vec<&str> = lines.iter().copied().step_by(97).collect();
    let across: Vec<&str> = lines.iter().copied().step_by(7).collect();
    let first = format!("{head}\n{}\nP1,much\n{}\n", lines.join("\n"), within.join("\n"));
    fs::write(folder_of.join("a.csv"), first).expect("balances");
    fs::write(folder_of.join("b.csv"), format!("{head}\n{}\n", across.join("\n"))).expect("balances again");
    let scratch = folder();
    let refused = |memory: &str, threads: &str| {
        let out = scratch.path().join("out");
        let more = ["--memory", memory, "--threads", threads];
        let ran = tongchou(args(&data, &data.join("claims.csv"), &out, &more)).expect(2);
        assert_eq!(fs::read_dir(scratch.path()).expect("a folder").count(), 0, "nothing is left behind");
        ran.stderr
    };
    let much = refused("4GiB", "2");
    let at = |what: &str| much.find(what).unwrap_or_else(|| panic!("{what} in {much}"));
    assert!(at("I-VALUE") < at("I-BALANCE-TWICE") && at("a.csv:") < at("b.csv:"), "{much}");
    for [memory, threads] in [["1", "1"], ["1MiB", "2"], ["1", "8"], ["4GiB", "8"]] {
        assert_eq!(much, refused(memory, threads), "{memory} on {threads} threads");
    }
}

/// A run in the midst of its work with rows on the disk, and the folder it works in.
fn killed_at_work(data: &Path, scratch: &Path) -> PathBuf {
    let out = scratch.join("out");
    let mut child = command(args(data, &data.join("claims.csv"), &out, &["--memory", "1"])).spawn().expect("it starts");
    let begun = Instant::now();
    let open_files = PathBuf::from(format!("/proc/{}/fd", child.id()));
    let has_rows_on_disk = || {
        let files = fs::read_dir(&open_files).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|path| path.to_string_lossy().ends_with("(deleted)"))
    };
    while !has_rows_on_disk() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing went to the disk in a minute");
        if let Some(status) = child.try_wait().expect("a child") {
            panic!("it ended with {status} before it could be killed");
        }
    }
    child.kill().expect("it is running");
    assert_eq!(child.wait().expect("it ends").signal(), Some(9));
    out
}

#[test]
fn a_killed_run_leaves_no_rows_behind_and_the_next_one_clears_its_folder() {
    let made = made(40_000);
    let data = made.path().join("data");
    let scratch = folder();
    let out = killed_at_work(&data, scratch.path());
    assert!(!out.exists());
    // Only the outputs in the making have names.
    for entry in fs::read_dir(scratch.path()).expect("a folder") {
        let staging = entry.expect("an entry").path();
        for (name, _) in bytes_of(&staging) {
            assert!(name == "adjudicated.parquet", "{name} in {}", staging.display());
        }
    }
    tongchou(args(&data, &data.join("claims.csv"), &out, &["--memory", "1"])).expect(1);
    let left: Vec<_> =
        fs::read_dir(scratch.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(left, ["out"]);
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let made = made(12_000);
    let data = made.path().join("data");
    let scratch = folder();
    let out = scratch.path().join("out");
    // A limit on the size of a file is the full disk that needs no mount.
    let line = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let ran = Command::new("bash")
        .args(["-c", line, env!("CARGO_BIN_EXE_tongchou")])
        .args(args(&data, &data.join("claims.csv"), &out, &["--memory", "1"]))
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("--memory") && said.contains(".out.staging"), "{said}");
    assert_eq!(fs::read_dir(scratch.path()).expect("a folder").count(), 0);
}

#[test]
fn where_the_time_went_is_written_as_asked() {
    let made = made(6_000);
    let data = made.path().join("data");
    let scratch = folder();
    let profile = scratch.path().join("profile.json");
    let more = ["--memory", "1", "--profile", profile.to_str().expect("a path")];
    tongchou(args(&data, &data.join("claims.csv"), &scratch.path().join("out"), &more)).expect(1);
    let told: Value = serde_json::from_slice(&fs::read(&profile).expect("the profile")).expect("JSON");
    let stages: Vec<&str> =
        told["stages"].as_array().expect("a list").iter().filter_map(|stage| stage["stage"].as_str()).collect();
    assert_eq!(stages, ["ingest", "group", "reference", "adjudicate", "keep", "verify"]);
    let rows = |stage: usize| told["stages"][stage]["rows"].as_u64().expect("rows");
    assert!(rows(0) > 6_000 && rows(3) > 5_000, "{told:#}");
    let steps: Vec<&str> =
        told["steps"].as_array().expect("a list").iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(steps, ["set_down", "take_up", "fold", "encode", "append"]);
    assert!(
        told["steps"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|step| step["busy_seconds"].as_f64().expect("seconds") >= 0.0)
    );
    assert!(told["spilled_bytes"].as_u64() > Some(0) && told["peak_memory_bytes"].as_u64() > Some(0));
}
