//! A night whose process is killed, at any moment: the ledger is as before or as after, and the next run of the same
//! night goes on to the right answer.
//!
//! `TONGCHOU_CASES=2000` kills so often instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::against_reference::setting;
use crate::ledger_nights::{Given, bytes_of_nights, folder, leftovers, night_folder};
use crate::ledger_random::{Year, night_of, time};
use crate::random_packs::Rng;
use crate::support::{command, listing, tongchou};

/// Every file of a ledger but the lock, byte by byte.
fn bytes_of(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = listing(ledger).into_iter().filter(|name| name != "lock" && ledger.join(name).is_file());
    names.map(|name| (name.clone(), fs::read(ledger.join(&name)).expect("a file"))).collect()
}

fn put_back(ledger: &Path, files: &BTreeMap<String, Vec<u8>>) {
    if ledger.exists() {
        fs::remove_dir_all(ledger).expect("removed");
    }
    for (name, bytes) in files {
        let path = ledger.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

/// A night of a few thousand rows on a ledger with or without one before it.
struct Scene {
    _folder: tempfile::TempDir,
    ledger: PathBuf,
    args: Vec<std::ffi::OsString>,
    /// The ledger before the night, behind it, and when the same night is run once more.
    states: [BTreeMap<String, Vec<u8>>; 3],
    /// How long a run takes that nobody kills.
    takes: Duration,
}

impl Scene {
    fn new(seed: u64, on_top: bool) -> Self {
        let rng = &mut Rng::new(seed);
        let year = Year::random(seed, 3_000, rng);
        let cuts = year.cuts(2, rng);
        let of =
            |night: usize| year.claims.iter().filter(|row| night_of(time(row), &cuts) == night).collect::<Vec<_>>();
        let [first, tonight] = if on_top { [of(0), of(1)] } else { [Vec::new(), year.claims.iter().collect()] };
        let night = |name: &str, rows| year.night([(name.to_owned(), rows)]);
        let folder = folder();
        let ledger = folder.path().join("ledger");
        let run = |given: &Given, name: &str| {
            let args = given.args(&folder.path().join(name), &ledger, &["--quiet"]);
            let started = Instant::now();
            let ran = tongchou(args.clone());
            assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
            (args, started.elapsed())
        };
        if on_top {
            run(&night("first.csv", first), "first");
        }
        let before = if on_top { bytes_of(&ledger) } else { BTreeMap::new() };
        let tonight = night("tonight.csv", tonight);
        let (args, takes) = run(&tonight, "tonight");
        let after = bytes_of(&ledger);
        run(&tonight, "tonight");
        let again = bytes_of(&ledger);
        Self { _folder: folder, ledger, args, states: [before, after, again], takes }
    }

    /// Starts the night, kills it when `when` says so, looks at the ledger, and runs the night again. Whether the
    /// night had been published by then.
    fn kill(&self, when: impl FnOnce(&Path, &Child)) -> bool {
        put_back(&self.ledger, &self.states[0]);
        let mut child =
            command(self.args.clone()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        when(&self.ledger, &child);
        child.kill().expect("killed");
        let ended = child.wait().expect("it ended");
        let nights = bytes_of_nights(&self.ledger);
        let of = |state: &BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
            let nights = state
                .iter()
                .filter_map(|(name, bytes)| Some((name.strip_prefix("nights/")?.to_owned(), bytes.clone())));
            nights.collect()
        };
        let published = nights == of(&self.states[1]);
        assert!(published || nights == of(&self.states[0]), "neither before nor after: {:?}", nights.keys());
        assert!(published || !ended.success(), "a run that ended well published its night");
        if self.ledger.join("ledger.json").exists() {
            // Looking needs no run before it.
            let verify =
                tongchou(["ledger".into(), "verify".into(), "--ledger".into(), self.ledger.clone().into_os_string()]);
            verify.expect(0);
        }
        let ran = tongchou(self.args.clone());
        assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
        assert_eq!(leftovers(&self.ledger), Vec::<String>::new());
        let now = bytes_of(&self.ledger);
        let expected = &self.states[1 + usize::from(published)];
        assert_eq!(now.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (name, bytes) in expected {
            assert!(now[name] == *bytes, "{name} differs after a kill");
        }
        published
    }
}

/// What appears on the disk one after the other; the kill comes a moment behind it.
const SIGNS: [&str; 8] = [
    "ledger.json",
    "adjudicated.parquet",
    "persons.parquet",
    "pended.parquet",
    "late.csv",
    "inputs",
    "manifest.json",
    "night",
];

/// Waits until a sign is there, or the run has ended.
fn wait_for(sign: &str, number: usize, ledger: &Path, child: &Child) {
    let there = || match sign {
        "ledger.json" => ledger.join(sign).exists(),
        "inputs" => fs::read_dir(ledger.join("inputs")).is_ok_and(|files| files.count() > (number - 1) * 2),
        "night" => night_folder(ledger, number).exists(),
        file => ledger.join(format!(".staging-night={number:06}-{}", child.id())).join(file).exists(),
    };
    let started = Instant::now();
    while !there() && !ended(child.id()) && started.elapsed() < Duration::from_secs(20) {}
}

/// Whether a process has ended, whoever waits for it.
fn ended(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z'))
}

#[test]
fn a_night_killed_at_any_moment_is_there_whole_or_not_at_all() {
    let kills: usize = setting("TONGCHOU_CASES").unwrap_or(208);
    let rng = &mut Rng::new(setting("TONGCHOU_SEED").unwrap_or(0x9111));
    let (mut published, mut killed) = (0, 0);
    const SCENES: usize = 4;
    for scene_number in 0..SCENES {
        let on_top = scene_number % 2 == 0;
        let scene = Scene::new(rng.below(1 << 40) as u64, on_top);
        for kill in 0..kills / SCENES {
            let whole = scene.takes.as_micros() as i64;
            let (sign, after) = match kill % 2 {
                // Spread over the whole time that a run takes.
                0 => (None, whole * kill as i64 / (kills / SCENES) as i64 + rng.between(0, whole / 20)),
                _ => (Some(SIGNS[kill / 2 % SIGNS.len()]), rng.pick(&[0, 0, 100, 500, 2_000])),
            };
            let was_published = scene.kill(|ledger, child| {
                if let Some(sign) = sign {
                    wait_for(sign, 1 + usize::from(on_top), ledger, child);
                }
                std::thread::sleep(Duration::from_micros(after as u64));
            });
            published += usize::from(was_published);
            killed += 1;
        }
    }
    println!("{killed} kills, {published} behind the rename");
    assert!(published > killed / 50 && published < killed / 2, "{published} of {killed} came behind the rename");
}
