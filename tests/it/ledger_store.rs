//! The folder of a ledger as processes use it: two at once, killed, out of room, over damaged files.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tongchou::ledger::store::{Access, Ledger};
use tongchou::model::date::Date;

use crate::support::{Ran, command, data, folder, listing, tongchou};

/// Set in the child that [`holds_a_ledger`] is.
const CHILD: &str = "TONGCHOU_TEST_HOLDS_LEDGER";

/// The arguments of a run of the small folder on a ledger.
fn night_args(ledger: &Path, date: &str) -> Vec<OsString> {
    let small = data("small");
    let mut args: Vec<OsString> = ["run", "--progress", "none", "--quiet", "--night", date].map(Into::into).to_vec();
    args.extend(["--rules".into(), small.join("rules").into()]);
    args.extend(["--claims".into(), small.join("claims.csv").into()]);
    args.extend(["--enrolments".into(), small.join("enrolments.csv").into()]);
    args.extend(["--ledger".into(), ledger.into()]);
    args
}

/// A ledger of two nights that `run` made.
fn two_nights() -> (TempDir, PathBuf) {
    let temporary = folder();
    let ledger = temporary.path().join("ledger");
    for date in ["2030-01-05", "2030-01-06"] {
        let ran = tongchou(night_args(&ledger, date));
        assert!(ran.code < Some(2), "{}", ran.stderr);
    }
    (temporary, ledger)
}

fn on(ledger: &Path, args: &[&str]) -> Ran {
    let mut all: Vec<OsString> = vec!["ledger".into()];
    all.extend(args.iter().map(Into::into));
    all.extend(["--ledger".into(), ledger.into()]);
    tongchou(all)
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
    assert!(copied.success());
}

/// The last night of a ledger that must be whole.
#[track_caller]
fn whole(ledger: &Path) -> u64 {
    let ran = on(ledger, &["verify", "--json"]).expect(0);
    serde_json::from_str::<Value>(&ran.stdout).expect("JSON")["nights"].as_u64().expect("a number")
}

/// No test of its own: in a child process it opens the ledger, begins a night and waits to be killed.
#[test]
fn holds_a_ledger() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let ledger = Ledger::open(Path::new(&path), Access::Write { command: "a child".to_owned() }).expect("a ledger");
    let night = ledger.begin_night(Date::parse(b"2030-12-31").expect("a day")).expect("a night");
    night.create("adjudicated.parquet").expect("a file").put(b"half of it").expect("written");
    println!("\nholding");
    let _ = std::io::stdin().read(&mut [0]);
}

fn holder(ledger: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "ledger_store::holds_a_ledger", "--nocapture"])
        .env(CHILD, ledger)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "holding"), "the child holds the ledger");
    child
}

fn staging_in(ledger: &Path) -> usize {
    listing(ledger).iter().filter(|name| name.starts_with(".staging-") && !name.contains('/')).count()
}

#[test]
fn a_second_writer_is_refused_and_a_killed_one_is_swept_up() {
    let (_temporary, ledger) = two_nights();
    let mut child = holder(&ledger);
    for args in [
        night_args(&ledger, "2030-02-01"),
        vec!["ledger".into(), "rollback".into(), "--to".into(), "1".into(), "--ledger".into(), ledger.clone().into()],
    ] {
        let refused = tongchou(args).expect(2);
        assert!(refused.stderr.contains(&format!("`a child` (pid {}, host ", child.id())), "{}", refused.stderr);
    }
    assert_eq!(whole(&ledger), 2, "reading needs no lock");
    assert_eq!(staging_in(&ledger), 1);
    // SIGKILL: nothing of the child's own can tidy up.
    child.kill().expect("killed");
    child.wait().expect("it ended");
    assert_eq!(whole(&ledger), 2);
    assert_eq!(staging_in(&ledger), 1);
    assert!(tongchou(night_args(&ledger, "2030-02-01")).code < Some(2));
    assert_eq!((whole(&ledger), staging_in(&ledger)), (3, 0));
}

#[test]
fn a_run_killed_at_any_moment_leaves_a_whole_ledger() {
    let (_temporary, ledger) = two_nights();
    let mut last = 2;
    for delay in 0..20 {
        let mut child = command(night_args(&ledger, "2030-02-01")).stderr(Stdio::null()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(delay * 3));
        child.kill().expect("killed");
        child.wait().expect("it ended");
        let nights = whole(&ledger);
        assert!(nights == last || nights == last + 1, "{nights} nights after {last}");
        last = nights;
    }
    assert!(tongchou(night_args(&ledger, "2030-02-01")).code < Some(2));
    assert_eq!((whole(&ledger), staging_in(&ledger)), (last + 1, 0));
}

#[test]
fn no_room_at_any_point_leaves_the_ledger_as_it_was() {
    let (temporary, _) = two_nights();
    let ledger = temporary.path().join("fresh");
    let (mut blocks, mut refused) = (1, 0);
    loop {
        // A limit on the size of a file: the write is short, the next one fails. The signal is ignored.
        let ran = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()])
            .arg(env!("CARGO_BIN_EXE_tongchou"))
            .args(night_args(&ledger, "2030-01-05"))
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let stderr = String::from_utf8_lossy(&ran.stderr).into_owned();
        if ran.status.code() < Some(2) {
            break;
        }
        assert_eq!(ran.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("File too large"), "{stderr}");
        assert_eq!((whole(&ledger), staging_in(&ledger)), (0, 0), "{blocks} blocks: {stderr}");
        (blocks, refused) = (blocks * 2, refused + 1);
    }
    assert!(refused > 2, "the limit was felt {refused} times");
    assert_eq!(whole(&ledger), 1);
}

#[test]
fn damage_of_any_file_is_found_and_never_computed_with() {
    let (temporary, ledger) = two_nights();
    let next = |ledger: &Path| {
        let ran = tongchou(night_args(ledger, "2030-02-01"));
        let night = ledger.join("nights/night=000003");
        (ran, fs::read(night.join("adjudicated.parquet")).ok(), fs::read(night.join("accumulators.parquet")).ok())
    };
    let intact = temporary.path().join("intact");
    copy(&ledger, &intact);
    let (_, rows, state) = next(&intact);
    assert!(rows.is_some());
    let files: Vec<String> = listing(&ledger)
        .into_iter()
        .filter(|name| ledger.join(name).is_file() && name != "lock" && name != "ledger.json")
        .collect();
    assert!(files.len() > 20, "{files:?}");
    for (number, file) in files.iter().enumerate() {
        let damages: [fn(&mut Vec<u8>); 2] = [
            |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x10;
            },
            |bytes| bytes.truncate(bytes.len() - 1),
        ];
        for (kind, damage) in damages.into_iter().enumerate() {
            let damaged = temporary.path().join(format!("damaged-{number}-{kind}"));
            copy(&ledger, &damaged);
            let mut bytes = fs::read(damaged.join(file)).expect("a file");
            damage(&mut bytes);
            fs::write(damaged.join(file), bytes).expect("written");
            let ran = on(&damaged, &["verify"]).expect(1);
            // The digest of a manifest stands beside it: either of the two may be what changed.
            let named = file.replace("manifest.sha256", "manifest.json");
            assert!(ran.stdout.contains(&named), "{file}: {}", ran.stdout);
            let (ran, new_rows, new_state) = next(&damaged);
            if ran.code == Some(2) {
                assert!(ran.stderr.contains(&named) && new_rows.is_none(), "{file}: {}", ran.stderr);
            } else {
                assert_eq!((&new_rows, &new_state), (&rows, &state), "{file}");
            }
            fs::remove_dir_all(&damaged).expect("removed");
        }
    }
}

#[test]
fn status_and_rollback_say_what_there_is() {
    let (_temporary, ledger) = two_nights();
    let ran = on(&ledger, &["status"]).expect(0);
    assert!(ran.stdout.contains("nights: 2, watermark 2030-01-06"), "{}", ran.stdout);
    assert!(on(&ledger, &["status", "--lang", "zh"]).expect(0).stdout.contains("2 批，截至 2030-01-06"));
    let status: Value = serde_json::from_str(&on(&ledger, &["status", "--json"]).expect(0).stdout).expect("JSON");
    assert_eq!(status["nights"][1]["night"], 2);
    assert_eq!(status["nights"][1]["skipped_files"], 1, "the claims came again");
    assert_eq!(status["nights"][1]["rules_changed"], false);
    let bytes: u64 = listing(&ledger)
        .iter()
        .map(|name| ledger.join(name))
        .filter(|path| path.is_file() && !path.ends_with("lock") && !path.ends_with("ledger.json"))
        .map(|path| fs::metadata(path).expect("a file").len())
        .sum();
    assert_eq!(status["bytes"]["total"], bytes);

    let ran = on(&ledger, &["rollback", "--to", "1"]).expect(0);
    assert_eq!(ran.stdout.lines().last(), Some("the last night is 1"));
    assert_eq!(whole(&ledger), 1);
    assert!(ledger.join("removed/000001/nights/night=000002/manifest.json").is_file());
    let ran = on(&ledger, &["rollback", "--to", "1", "--lang", "zh"]).expect(0);
    assert_eq!(ran.stdout, "第 1 批已是最后一批，无需移动\n");
    let ran = on(&ledger, &["rollback", "--to", "2"]).expect(2);
    assert_eq!(ran.stderr.lines().next(), Some("ledger: error[N-NIGHT]: there is no night 2: the last one is 1"));
    let ran = on(&ledger, &["rollback", "--to", "0", "--json"]).expect(0);
    let value: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&value["removed_nights"], &value["last_night"]), (&serde_json::json!([1]), &serde_json::json!(0)));
    assert!(tongchou(night_args(&ledger, "2020-01-01")).code < Some(2), "a fresh start, on any day");
}

#[test]
fn a_folder_that_is_no_ledger_ends_with_2() {
    let folder = folder();
    for args in [&["verify"][..], &["status"], &["rollback", "--to", "0"]] {
        let ran = on(&folder.path().join("none"), args).expect(2);
        assert!(ran.stderr.contains("error[N-ABSENT]") && ran.stdout.is_empty(), "{}", ran.stderr);
        let ran = on(&data("small"), &[args, &["--lang", "zh"]].concat()).expect(2);
        assert!(ran.stderr.contains("错误[N-FOREIGN]：") || ran.stderr.contains("错误[N-FOREIGN]"), "{}", ran.stderr);
    }
    assert!(listing(folder.path()).is_empty(), "looking makes nothing");
}
