//! A world that fails under a night, on the command line, in both languages: exit 2, the file that it is about, and
//! a ledger that is as it was. And the same bytes at any number of threads.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::ledger_nights::{Given, bytes_of_nights, cell, folder, leftovers, nights};
use crate::ledger_random::{Year, night_of, time};
use crate::random_packs::Rng;
use crate::support::{Ran, command, tongchou};
use crate::table::Rec;

/// Three nights of a year, of which the last takes back what both others settled.
struct Nights {
    folder: tempfile::TempDir,
    ledger: PathBuf,
    given: Vec<Given>,
}

impl Nights {
    fn new() -> Self {
        let rng = &mut Rng::new(77);
        let year = Year::random(4_242, 600, rng);
        let times: Vec<_> = {
            let mut times: Vec<_> = year.claims.iter().filter_map(time).collect();
            times.sort_unstable();
            times
        };
        let cuts = [times[times.len() / 3], times[2 * times.len() / 3]];
        let at = |row: &Rec| if cell(row, "init_setl_id").is_empty() { night_of(time(row), &cuts) } else { 2 };
        let night = |number: usize| {
            let rows: Vec<&Rec> = year.claims.iter().filter(|row| at(row) == number).collect();
            year.night([(format!("n{number}.csv"), rows)])
        };
        let given: Vec<Given> = (0..3).map(night).collect();
        let folder = folder();
        let ledger = folder.path().join("ledger");
        let nights = Self { folder, ledger, given };
        for at in 0..2 {
            let ran = nights.run(at, &[]);
            assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
        }
        nights
    }

    fn run(&self, at: usize, more: &[&str]) -> Ran {
        tongchou(self.given[at].args(&self.folder.path().join(format!("night{at}")), &self.ledger, more))
    }
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
    assert!(copied.success());
}

/// Files of every night that a run on top of them reads; the rest is for people and for `ledger verify`.
const READ_OF_ALL: [&str; 6] = [
    "manifest.json",
    "manifest.sha256",
    "movements.parquet",
    "accumulators.parquet",
    "admissions.parquet",
    "persons.parquet",
];

#[test]
fn a_changed_file_of_a_night_is_named_and_never_computed_with() {
    let nights = Nights::new();
    let intact = nights.folder.path().join("intact");
    copy(&nights.ledger, &intact);
    // The language of a run is that of its `rejects.csv`.
    let right = ["en", "zh"].map(|lang| {
        copy(&intact, &nights.ledger);
        assert!(matches!(nights.run(2, &["--lang", lang]).code, Some(0 | 1)));
        bytes_of_nights(&nights.ledger)
    });
    let (mut named, mut unread) = (0, 0);
    for night in 1..=2 {
        let files: Vec<String> =
            crate::support::listing(&intact.join(format!("nights/night={night:06}"))).into_iter().collect();
        assert_eq!(files.len(), 11, "{files:?}");
        for (number, file) in files.iter().enumerate() {
            for (kind, lang) in [("flipped", "en"), ("truncated", "zh"), ("removed", "en")] {
                copy(&intact, &nights.ledger);
                let path = nights.ledger.join(format!("nights/night={night:06}")).join(file);
                let mut bytes = fs::read(&path).expect("a file");
                let middle = (bytes.len() * (number + 1) / 13).min(bytes.len() - 1);
                match kind {
                    "flipped" => bytes[middle] ^= 0x04,
                    "truncated" => bytes.truncate(middle),
                    _ => {}
                }
                if kind == "removed" { fs::remove_file(&path) } else { fs::write(&path, bytes) }.expect("a change");
                let before = bytes_of_nights(&nights.ledger);
                let ran = nights.run(2, &["--lang", lang]);
                // Read: the state of every night, the open items of the last, and `adjudicated.parquet` of a night of
                // which a settlement is taken back.
                let of_last = night == 2 && ["pended.parquet", "open_items.parquet"].contains(&file.as_str());
                let must = READ_OF_ALL.contains(&file.as_str()) || of_last || file == "adjudicated.parquet";
                if must {
                    assert_eq!(ran.code, Some(2), "{kind} {}: {}", path.display(), ran.stdout);
                    // The digest of the manifest stands beside it: either may be the one that changed.
                    let shown = path.display().to_string();
                    let manifest = shown.replace("manifest.sha256", "manifest.json");
                    assert!(ran.stderr.contains(&shown) || ran.stderr.contains(&manifest), "{kind}: {}", ran.stderr);
                    let chinese =
                        ran.stderr.contains("清单") || ran.stderr.contains("缺少") || ran.stderr.contains("备份");
                    assert_eq!(chinese, lang == "zh", "{kind} {file}: {}", ran.stderr);
                    assert_eq!(bytes_of_nights(&nights.ledger), before);
                    named += 1;
                } else {
                    assert!(matches!(ran.code, Some(0 | 1)), "{kind} {}: {}", path.display(), ran.stderr);
                    let now = bytes_of_nights(&nights.ledger);
                    let third = |all: &BTreeMap<String, Vec<u8>>| -> Vec<(String, Vec<u8>)> {
                        let of = all.iter().filter(|(name, _)| name.starts_with("night=000003/"));
                        of.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
                    };
                    assert!(third(&now) == third(&right[usize::from(lang == "zh")]), "{kind} {}", path.display());
                    unread += 1;
                }
            }
        }
    }
    assert_eq!((named, unread), (2 * 3 * 7 + 3 * 2, 2 * 3 * 4 - 3 * 2));
}

/// Runs the last night in a shell that prepares the world first: `$0` is the ledger, `$@` the command.
fn in_shell(nights: &Nights, prepare: &str, ledger: &Path, more: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{prepare}; exec \"$@\"")]).arg(ledger).arg(env!("CARGO_BIN_EXE_tongchou"));
    command.args(nights.given[2].args(&nights.folder.path().join("night2"), ledger, more));
    let output = command.stdin(Stdio::null()).output().expect("a shell");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_full_disk_ends_the_night_and_leaves_the_ledger() {
    let nights = Nights::new();
    let before = bytes_of_nights(&nights.ledger);
    let small = nights.folder.path().join("small");
    fs::create_dir(&small).expect("a folder");
    let in_kib = |path: &Path| {
        let files = crate::support::listing(path).into_iter().map(|name| path.join(name)).filter(|path| path.is_file());
        files.map(|path| fs::metadata(path).expect("a file").len().div_ceil(4096) * 4).sum::<u64>() + 64
    };
    let holds = in_kib(&nights.ledger);
    let (mut full, mut done) = (0, 0);
    for room in (0..40).map(|step| step * 8) {
        // A disk of its own, in a world of its own: gone with the shell. What is on it is looked at there, too.
        let script = format!(
            "mount -t tmpfs -o size={}k tmpfs {dir} && cp -a {from} {dir}/ledger && \"$@\"; code=$?; \
             cd {dir}/ledger/nights && find . -type f | sort | xargs sha256sum; ls -a {dir}/ledger | grep staging; exit $code",
            holds + room,
            dir = small.display(),
            from = nights.ledger.display(),
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script, "sh"]).arg(env!("CARGO_BIN_EXE_tongchou"));
        let lang = if room % 16 == 0 { "en" } else { "zh" };
        let args = nights.given[2].args(
            &nights.folder.path().join("night2"),
            &small.join("ledger"),
            &["--quiet", "--lang", lang],
        );
        let Ok(output) = command.args(args).stdin(Stdio::null()).output() else { return };
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if complained.contains("permitted")
            || complained.contains("permission denied")
            || complained.contains("unshare")
        {
            println!("skipped: mounting is not allowed here");
            return;
        }
        assert!(!said.contains("staging"), "{said}");
        let there = |name: &str| said.lines().any(|line| line.ends_with(name));
        if output.status.code() == Some(2) {
            assert!(complained.contains("No space left on device"), "{complained}");
            let names = [".parquet", ".csv", ".json", ".staging-", "ledger/lock", "ledger/inputs", "ledger/rules"];
            assert!(names.iter().any(|name| complained.contains(name)), "{complained}");
            assert_eq!(complained.contains("错误"), lang == "zh", "{complained}");
            assert!(!there("night=000003/manifest.json"), "{said}");
            full += 1;
        } else {
            assert!(matches!(output.status.code(), Some(0 | 1)), "{complained}");
            assert!(there("night=000003/manifest.json"), "{said}");
            done += 1;
        }
        for name in before.keys() {
            assert!(there(name), "{name} is gone");
        }
    }
    println!("{full} nights found the disk full, {done} had room");
    assert!(full > 3 && done > 3, "{full} full, {done} done");
}

/// The user and group of nobody: root may write anywhere.
const NOBODY: u32 = 65_534;

#[test]
fn a_ledger_that_cannot_be_written_is_refused() {
    let nights = Nights::new();
    let before = bytes_of_nights(&nights.ledger);
    let args = nights.given[2].args(&nights.folder.path().join("night2"), &nights.ledger, &["--lang", "zh"]);
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let modes = Command::new("chmod").args(["-R", "a+rX,a-w"]).arg(&nights.ledger).status().expect("chmod");
    assert!(modes.success());
    let open = Command::new("chmod").arg("a+rx").arg(nights.folder.path()).status().expect("chmod");
    assert!(open.success());
    let mut command = command(args);
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output();
    let back = Command::new("chmod").args(["-R", "u+w"]).arg(&nights.ledger).status().expect("chmod");
    assert!(back.success());
    let Ok(output) = output else {
        println!("skipped: nobody else may run the program here");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("无法打开") && said.contains("ledger/lock"), "{said}");
    assert_eq!(bytes_of_nights(&nights.ledger), before);
    assert_eq!(leftovers(&nights.ledger), Vec::<String>::new());
}

#[test]
fn a_second_run_is_refused_and_told_who_is_at_work() {
    let nights = Nights::new();
    for (lang, words) in [("en", "is in use by"), ("zh", "正被")] {
        let holder = r#"{"pid":4711,"host":"night-shift","command":"tongchou run"}"#;
        fs::write(nights.ledger.join("lock"), holder).expect("a lock");
        // The shell takes the lock; the command inherits the open file, but opens the lock for itself.
        let prepare = "exec 9<>\"$0/lock\"; flock -n 9 || exit 9";
        let before = bytes_of_nights(&nights.ledger);
        let ran = in_shell(&nights, prepare, &nights.ledger, &["--lang", lang]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains("`tongchou run` (pid 4711, host night-shift)"),
            "{}",
            ran.stderr
        );
        assert_eq!(bytes_of_nights(&nights.ledger), before);
    }
    assert!(matches!(nights.run(2, &[]).code, Some(0 | 1)), "the lock went with its holder");
    assert_eq!(crate::ledger_nights::nights(&nights.ledger), 3);
}

/// The rows so many times over, each time of other persons: more than one chunk, row group and block of reading hold.
fn copies(rows: &[&Rec], count: usize) -> Vec<Rec> {
    let copy = |number: usize| {
        rows.iter().map(move |row| {
            let mut row = (*row).clone();
            let person = cell(&row, "psn_no");
            if !person.is_empty() {
                let person = format!("{person}-{number}");
                row.insert("psn_no".into(), person);
            }
            row
        })
    };
    (0..count).flat_map(copy).collect()
}

#[test]
fn every_file_of_every_night_has_the_same_bytes_at_any_number_of_threads() {
    let rng = &mut Rng::new(5);
    let year = Year::random(99, 1_400, rng);
    let cuts = year.cuts(2, rng);
    let night = |at: usize, count| {
        let rows: Vec<&Rec> = year.claims.iter().filter(|row| night_of(time(row), &cuts) == at).collect();
        let rows = copies(&rows, count);
        let size = rows.len();
        (year.night([(format!("n{at}.csv"), rows.iter().collect())]), size)
    };
    let sizes = [0, 1].map(|at| year.claims.iter().filter(|row| night_of(time(row), &cuts) == at).count());
    let count = 140_000 / sizes.into_iter().min().expect("two").max(400) + 1;
    let (given, sizes): (Vec<Given>, Vec<usize>) = (0..2).map(|at| night(at, count)).unzip();
    assert!(sizes.iter().sum::<usize>() > 200_000, "{sizes:?}");
    let folder = folder();
    // The manifest names the ledger: it must lie at the same place each time.
    let ledger = folder.path().join("ledger");
    let mut all: Vec<BTreeMap<String, Vec<u8>>> = Vec::new();
    for threads in ["1", "2", "8"] {
        let _ = fs::remove_dir_all(&ledger);
        for (at, given) in given.iter().enumerate() {
            let args = given.args(&folder.path().join(format!("n{at}")), &ledger, &["--quiet", "--threads", threads]);
            let ran = tongchou(args);
            assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
        }
        assert_eq!(nights(&ledger), 2);
        all.push(bytes_of_nights(&ledger));
    }
    assert_eq!(all[0].len(), 2 * 11);
    for (name, bytes) in &all[0] {
        assert!(all[1][name] == *bytes && all[2][name] == *bytes, "{name} differs");
    }
}
