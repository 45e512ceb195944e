//! `--memory` and a ledger: nights whose rows, and what earlier nights left of their persons, do not fit, have the
//! same bytes as those that do.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ledger_nights::{Given, Night, bytes_of_nights, folder, leftovers, night_folder};
use crate::ledger_random::unruly_nights;
use crate::random_packs::Rng;
use crate::support::{Ran, command, listing, read_parquet, repo, tongchou};

/// Nights as commands, all in one folder: manifests name their files.
struct Nights {
    folder: tempfile::TempDir,
    nights: Vec<Vec<OsString>>,
    /// Behind this night, from 1, the ledger is compacted.
    compacted: usize,
}

/// Limits and threads.
const LITTLE: [[&str; 2]; 3] = [["1", "1"], ["1MiB", "2"], ["1", "8"]];

/// What became of all nights.
struct Came {
    bytes: BTreeMap<String, Vec<u8>>,
    spilled: Vec<u64>,
}

impl Nights {
    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn run(&self, night: usize, more: &[&str]) -> Ran {
        tongchou(self.nights[night].iter().cloned().chain(more.iter().map(Into::into)))
    }

    /// All nights on a ledger of their own.
    fn run_all(&self, more: &[&str]) -> Came {
        let _ = fs::remove_dir_all(self.ledger());
        let mut spilled = Vec::new();
        for night in 0..self.nights.len() {
            let ran = self.run(night, more);
            assert!(matches!(ran.code, Some(0 | 1)), "night {}: {}", night + 1, ran.stderr);
            let summary: Value = serde_json::from_str(&ran.stdout).expect("JSON");
            spilled.push(summary["spilled_bytes"].as_u64().expect("bytes"));
            if night + 1 == self.compacted {
                let args = ["ledger".into(), "compact".into(), "--quiet".into(), "--ledger".into()];
                tongchou(args.into_iter().chain([self.ledger().into_os_string()])).expect(0);
            }
        }
        Came { bytes: bytes_of_nights(&self.ledger()), spilled }
    }

    /// Much memory, then little, on some threads: the same bytes.
    fn are_the_same_with_little_memory(&self, little: &[[&str; 2]]) -> Came {
        let whole = self.run_all(&["--memory", "4GiB"]);
        assert!(whole.spilled.iter().all(|&bytes| bytes == 0));
        for [memory, threads] in little {
            let came = self.run_all(&["--memory", memory, "--threads", threads]);
            let on_disk = came.spilled.iter().filter(|&&bytes| bytes > 0).count();
            assert!(2 * on_disk > self.nights.len(), "{memory}: few nights went to the disk: {:?}", came.spilled);
            assert!(came.bytes.keys().eq(whole.bytes.keys()));
            for (file, bytes) in &came.bytes {
                assert!(*bytes == whole.bytes[file], "{file} differs with {memory} on {threads} threads");
            }
        }
        whole
    }
}

#[test]
fn whatever_a_year_brings_gives_the_same_nights() {
    for seed in [5, 8] {
        let rng = &mut Rng::new(seed);
        let folder = folder();
        let given = unruly_nights(seed, 6_000, rng);
        let args = |(at, given): (usize, &Given)| {
            let inputs = folder.path().join(format!("night{at}"));
            given.args(&inputs, &folder.path().join("ledger"), &["--json"])
        };
        let nights: Vec<Vec<OsString>> = given.iter().enumerate().map(args).collect();
        Nights { folder, nights, compacted: 2 }.are_the_same_with_little_memory(&LITTLE);
    }
}

/// Claims of a year as nights of more than one chunk each: dealt by time, with every fiftieth where it comes late or
/// early, and every sixth delivered again the night after. Balances are given anew, and one pack names things by
/// other names.
fn made(rows: usize, count: usize, compacted: usize) -> Nights {
    let folder = folder();
    let data = folder.path().join("data");
    let (rows, persons) = (rows.to_string(), (rows / 5).to_string());
    let args = ["synth", "--quiet", "--seed", "17", "--faults", "0.05", "--rules", "sample_data/rules"];
    let more = ["--rows", &rows, "--persons", &persons, "--out", data.to_str().expect("a path")];
    tongchou(args.into_iter().chain(more)).expect(0);
    let claims = fs::read_to_string(data.join("claims.csv")).expect("claims");
    let (head, lines) = claims.split_once('\n').expect("headings");
    let time = head.split(',').position(|column| column == "setl_time").expect("a time");
    let mut texts = vec![format!("{head}\n"); count];
    for (index, line) in lines.lines().enumerate() {
        let month = line.split(',').nth(time).and_then(|time| time.get(5..7)?.parse::<usize>().ok());
        let night = month.map_or(0, |month| (month.clamp(1, 12) - 1) * count / 12);
        let night = if index % 50 == 7 { (night + index / 50) % count } else { night };
        writeln!(texts[night], "{line}").expect("memory");
        if index % 6 == 3 && night + 1 < count {
            writeln!(texts[night + 1], "{line}").expect("memory");
        }
    }
    for (night, text) in texts.iter().enumerate() {
        fs::write(data.join(format!("n{night}.csv")), text).expect("a night");
    }
    give_balances_again(&data);
    let renamed = rename_accumulator(folder.path());
    let night = |night: usize| {
        let path = |name: &str| data.join(name).into_os_string();
        let rules = if night + 1 == count { renamed.clone() } else { repo("sample_data/rules") };
        let mut args: Vec<OsString> = ["run", "--progress", "none", "--json", "--rules"].map(Into::into).to_vec();
        args.extend([rules.into(), "--ledger".into(), folder.path().join("ledger").into()]);
        args.extend(["--claims".into(), path(&format!("n{night}.csv"))]);
        for table in ["enrolments", "filings", "institutions", "marks"] {
            args.extend([format!("--{table}").into(), path(&format!("{table}.csv"))]);
        }
        let balances = ["accounts.csv", "again.csv"].get(night);
        args.extend(balances.into_iter().flat_map(|name| ["--accounts".into(), path(name)]));
        args
    };
    let nights = (0..count).map(night).collect();
    Nights { folder, nights, compacted }
}

/// Every third balance, with another amount, and some of persons nobody has heard of.
fn give_balances_again(data: &Path) {
    let text = fs::read_to_string(data.join("accounts.csv")).expect("balances");
    let mut again = String::from("psn_no,balc\n");
    for (index, line) in text.lines().skip(1).enumerate().filter(|(index, _)| index % 3 == 0) {
        let (person, _) = line.split_once(',').expect("two columns");
        writeln!(again, "{person},{index}.50\n{person}-{index},7.00").expect("memory");
    }
    fs::write(data.join("again.csv"), again).expect("balances again");
}

/// The sample pack with other names for what it adds up: the ledger's own are then unknown to it.
fn rename_accumulator(folder: &Path) -> PathBuf {
    let renamed = folder.join("renamed");
    fs::create_dir(&renamed).expect("a folder");
    for entry in fs::read_dir(repo("sample_data/rules")).expect("the pack") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a table");
        let name = path.file_name().expect("a name");
        let text = if name == "benefits.csv" { text.replace(",outpatient,,", ",another,,") } else { text };
        fs::write(renamed.join(name), text).expect("a table");
    }
    renamed
}

#[test]
fn nights_of_several_chunks_are_opened_one_after_the_other() {
    let nights = made(300_000, 2, 1);
    nights.are_the_same_with_little_memory(&[["1", "1"], ["1", "8"]]);
    let manifest = fs::read(night_folder(&nights.ledger(), 2).join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let rows = manifest["balance"]["in"]["rows"].as_u64().expect("rows");
    assert!(rows > 140_000, "{rows} rows are one chunk");
}

#[test]
fn what_earlier_nights_left_comes_back_range_by_range() {
    let nights = made(36_000, 3, 2);
    nights.are_the_same_with_little_memory(&LITTLE);
    // What makes them nights: all of it was there.
    let [first, second, last] = [1, 2, 3].map(|night| Night::read(&nights.ledger(), night));
    for night in [&second, &last] {
        let said = |path: &str| night.manifest["ledger"].pointer(path).and_then(Value::as_u64).expect("a number");
        let counts = ["/late_rows", "/open_items/retried", "/open_items/replaced"].map(said);
        assert!(counts.iter().all(|&count| count > 5), "{counts:?}");
    }
    let ids: HashSet<&str> = first.movements.iter().map(|row| &*row["setl_id"]).collect();
    let taken_back = last.movements.iter().filter(|row| ids.contains(&*row["init_setl_id"])).count();
    let since = |night: &str| last.open_items.iter().filter(|row| row["since_night"] == night).count();
    assert!(taken_back > 5 && since("1") > 5 && since("2") > 5 && since("3") > 5, "{taken_back}");
    let states = read_parquet(&night_folder(&nights.ledger(), 3).join("accumulators.parquet"));
    let named = |name: &str| states.iter().filter(|row| row["accumulator"] == name).count();
    assert!(named("outpatient") > 100 && named("another") > 100, "no word that the pack does not know");
    let balances = read_parquet(&night_folder(&nights.ledger(), 2).join("persons.parquet"));
    assert!(balances.iter().filter(|row| row["last_setl_id"].is_empty()).count() > 100);
}

/// Nights of a few thousand rows, the last of which is still to come; and the ledger before it.
fn before_the_last() -> (Nights, Vec<String>) {
    let nights = made(24_000, 3, 0);
    for night in 0..2 {
        let ran = nights.run(night, &[]);
        assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
    }
    let there = listing(&nights.ledger());
    (nights, there)
}

/// The last night is refused in the same words with much memory and with little, and the ledger is as it was.
fn refused(nights: &Nights, there: &[String]) -> String {
    let before = bytes_of_nights(&nights.ledger());
    let said = [["--memory", "4GiB"], ["--memory", "1"]].map(|memory| {
        let ran = nights.run(2, &memory).expect(2);
        assert!(bytes_of_nights(&nights.ledger()) == before && listing(&nights.ledger()) == there);
        ran.stderr
    });
    assert_eq!(said[0], said[1]);
    said[0].clone()
}

#[test]
fn a_damaged_file_of_an_earlier_night_is_refused_as_with_much_memory() {
    let (nights, there) = before_the_last();
    for (night, file) in [(1, "accumulators.parquet"), (2, "persons.parquet"), (1, "adjudicated.parquet")] {
        let path = night_folder(&nights.ledger(), night).join(file);
        let intact = fs::read(&path).expect("a file");
        let mut damaged = intact.clone();
        damaged[intact.len() / 2] ^= 1;
        fs::write(&path, damaged).expect("the file again");
        let said = refused(&nights, &there);
        assert!(said.contains(file) && said.contains(&format!("night={night:06}")), "{said}");
        fs::write(&path, intact).expect("the file as it was");
    }
    nights.run(2, &["--memory", "1"]).expect(1);
}

#[test]
fn two_balances_of_a_person_are_refused_as_with_much_memory() {
    let (mut nights, there) = before_the_last();
    let twice = nights.folder.path().join("twice.csv");
    let text = fs::read_to_string(nights.folder.path().join("data/again.csv")).expect("balances");
    let again: Vec<&str> = text.lines().skip(1).step_by(7).collect();
    fs::write(&twice, format!("{text}{}\n", again.join("\n"))).expect("balances twice");
    nights.nights[2].extend(["--accounts".into(), twice.into()]);
    let said = refused(&nights, &there);
    assert!(said.contains("I-BALANCE-TWICE") && said.contains("twice.csv:"), "{said}");
}

#[test]
fn a_night_killed_with_rows_on_the_disk_was_never_there() {
    let (nights, _) = before_the_last();
    let before = bytes_of_nights(&nights.ledger());
    let args = nights.nights[2].iter().cloned().chain(["--memory".into(), "1".into()]);
    let mut child = command(args).stdout(Stdio::null()).spawn().expect("it starts");
    let begun = Instant::now();
    let open_files = PathBuf::from(format!("/proc/{}/fd", child.id()));
    let has_rows_on_disk = || {
        let files = fs::read_dir(&open_files).into_iter().flatten().flatten();
        let paths = files.filter_map(|file| fs::read_link(file.path()).ok());
        paths.into_iter().any(|path| path.to_string_lossy().ends_with("(deleted)"))
    };
    while !has_rows_on_disk() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing went to the disk in a minute");
        assert!(child.try_wait().expect("a child").is_none(), "it ended before it could be killed");
    }
    child.kill().expect("it is running");
    assert_eq!(child.wait().expect("it ends").signal(), Some(9));
    assert!(
        bytes_of_nights(&nights.ledger())
            .iter()
            .all(|(name, bytes)| { name.starts_with(".staging-") || before.get(name) == Some(bytes) })
    );
    nights.run(2, &["--memory", "1"]).expect(1);
    assert_eq!(leftovers(&nights.ledger()), Vec::<String>::new());
    let little = bytes_of_nights(&nights.ledger());
    let back = ["ledger", "rollback", "--to", "2", "--ledger"].map(OsString::from);
    tongchou(back.into_iter().chain([nights.ledger().into_os_string()])).expect(0);
    nights.run(2, &["--memory", "4GiB"]).expect(1);
    assert!(bytes_of_nights(&nights.ledger()) == little);
}

/// A night of ten claims and a table of balances of these and other persons, which all come in the order of `arrange`.
fn few_claims_beside(others: u32, arrange: impl FnOnce(&mut Vec<String>)) -> Nights {
    let mut nights = made(12_000, 2, 0);
    nights.nights.truncate(1);
    let data = nights.folder.path().join("data");
    let claims = fs::read_to_string(data.join("n0.csv")).expect("claims");
    let few: Vec<&str> = claims.lines().take(11).collect();
    fs::write(data.join("n0.csv"), few.join("\n")).expect("few claims");
    let balances = fs::read_to_string(data.join("accounts.csv")).expect("balances");
    let (head, made) = balances.split_once('\n').expect("headings");
    let last = made.lines().last().and_then(|line| line.split(',').next()).expect("a person");
    let more = (0..others).map(|number| format!("{last}{number:07},{}.00", number % 100));
    let mut lines: Vec<String> = made.lines().map(str::to_owned).chain(more).collect();
    arrange(&mut lines);
    fs::write(data.join("accounts.csv"), format!("{head}\n{}\n", lines.join("\n"))).expect("balances");
    nights
}

#[test]
fn a_table_of_balances_larger_than_the_memory_beside_few_claims() {
    let orders: [fn(&mut Vec<String>); 3] =
        [|lines| lines.sort(), |lines| lines.sort_by(|a, b| b.cmp(a)), |lines| Rng::new(3).shuffle(lines)];
    let persons = orders.map(|order| {
        let nights = few_claims_beside(60_000, order);
        let whole = nights.are_the_same_with_little_memory(&LITTLE);
        assert!(read_parquet(&night_folder(&nights.ledger(), 1).join("persons.parquet")).len() > 60_000);
        let persons = whole.bytes.into_iter().find(|(name, _)| name.ends_with("persons.parquet"));
        persons.expect("the table of persons").1
    });
    assert!(persons.iter().all(|bytes| *bytes == persons[0]), "the order of the table is seen");
}

#[test]
fn persons_without_a_row_take_no_memory_however_many_they_are() {
    let peak = |others: u32| {
        let ran = few_claims_beside(others, |_| ()).run(0, &["--memory", "1", "--threads", "2"]);
        let summary: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        summary["peak_memory_bytes"].as_u64().expect("bytes")
    };
    // Both tables are larger than what is read at a time. Their persons' numbers alone would take 24 bytes each.
    let (some, many) = (300_000, 3_000_000);
    let (with_some, with_many) = (peak(some), peak(many));
    let grown = with_many.saturating_sub(with_some);
    assert!(grown < u64::from(many - some) * 24, "{with_some} bytes with {some} persons, {with_many} with {many}");
}
