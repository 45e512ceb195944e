//! A year cut into nights is the year at once; and nothing counts twice, however often it is delivered.
//!
//! When exactly: nights are cut at moments of the time axis, so nothing comes late. A pended row is tried again each
//! night, so the answer is the same only where trying again cannot change it. It can in two cases, which are taken
//! out of the year and left to the model: a hospital's part that is too large (the person's part moves with the
//! accumulators), and a reversal that stands before its original (by the next night, the original is in the ledger).

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::ledger_nights::{Closing, Given, Night, cell, folder, for_seeds, nights, run_night};
use crate::ledger_random::{Year, night_of, time};
use crate::random_packs::Rng;
use crate::support::Record;
use crate::table::{Rec, Table};

/// Whether somebody chose the cases, who need not meet everything.
fn is_chosen() -> bool {
    ["TONGCHOU_SEED", "TONGCHOU_CASES"].iter().any(|name| std::env::var_os(name).is_some())
}

/// The settlement number and person of a row, where it has both.
fn pair(row: &Rec) -> Option<(String, String)> {
    let (id, person) = (cell(row, "setl_id"), cell(row, "psn_no"));
    (!id.is_empty() && !person.is_empty()).then(|| (id.to_owned(), person.to_owned()))
}

/// A year of which each settlement comes once, without the rows that trying again can change.
fn tame_year(seed: u64, claims: usize, rng: &mut Rng) -> Year {
    let mut year = Year::random(seed, claims, rng);
    let mut seen = BTreeSet::new();
    year.claims.retain(|row| pair(row).is_none_or(|pair| seen.insert(pair)));
    let whole = folder();
    let ledger = whole.path().join("ledger");
    add(&ledger, &year.night([("all.csv".to_owned(), year.claims.iter().collect())]));
    let night = Night::read(&ledger, 1);
    let fickle: BTreeSet<usize> = night
        .pended
        .iter()
        .filter(|row| row["reasons"].contains("P-HOSPITAL-PART") || row["reasons"] == "P-REVERSAL-UNKNOWN")
        .map(|row| (row["reasons"].clone(), row["src_row"].parse::<usize>().expect("a row") - 1))
        .filter(|(reasons, at)| reasons != "P-REVERSAL-UNKNOWN" || stands_before_its_original(&year.claims, *at))
        .map(|(_, at)| at)
        .collect();
    let mut at = 0..;
    year.claims.retain(|_| !fickle.contains(&at.next().expect("a number")));
    year
}

fn stands_before_its_original(claims: &Table, at: usize) -> bool {
    let own = &claims[at];
    let place = |row: &Rec| (time(row), cell(row, "setl_id").to_owned());
    let names =
        |row: &&Rec| cell(row, "setl_id") == cell(own, "init_setl_id") && cell(row, "psn_no") == cell(own, "psn_no");
    claims.iter().find(names).is_some_and(|original| place(original) > place(own))
}

#[track_caller]
fn add(ledger: &Path, given: &Given) {
    run_night(ledger, given).unwrap_or_else(|error| panic!("{error:?}"));
}

/// The rows of a year, night by night.
fn cut<'a>(year: &'a Year, rng: &mut Rng) -> Vec<Vec<&'a Rec>> {
    let count = 2 + rng.below(6);
    let cuts = year.cuts(count, rng);
    let mut nights = vec![Vec::new(); count];
    for row in &year.claims {
        // What has no readable time is rejected, whenever it comes.
        let at = if time(row).is_none() { rng.below(count) } else { night_of(time(row), &cuts) };
        nights[at].push(row);
    }
    nights
}

/// A night of these files of claims; balances come the first night only.
fn night_with(year: &Year, at: usize, files: Vec<(String, Vec<&Rec>)>) -> Given {
    let mut given = year.night(files);
    if at > 0 {
        given.0.remove("balances.csv");
    }
    given
}

/// A ledger of nights in which nothing comes late and trying again changes nothing, in a folder that must be kept.
pub fn tame_nights(seed: u64, claims: usize, rng: &mut Rng) -> (tempfile::TempDir, std::path::PathBuf) {
    let year = tame_year(seed, claims, rng);
    let place = folder();
    let ledger = place.path().join("ledger");
    for (at, rows) in cut(&year, rng).into_iter().enumerate() {
        add(&ledger, &night_with(&year, at, vec![(format!("n{at}.csv"), rows)]));
    }
    (place, ledger)
}

/// A year as such nights, and the same year as one: the files it is given with, and both ledgers.
pub fn nights_and_one(seed: u64, claims: usize, rng: &mut Rng) -> (tempfile::TempDir, Given, [std::path::PathBuf; 2]) {
    let year = tame_year(seed, claims, rng);
    let place = folder();
    let ledgers = ["nights", "one"].map(|name| place.path().join(name));
    for (at, rows) in cut(&year, rng).into_iter().enumerate() {
        add(&ledgers[0], &night_with(&year, at, vec![(format!("n{at}.csv"), rows)]));
    }
    let given = year.night([("all.csv".to_owned(), year.claims.iter().collect())]);
    add(&ledgers[1], &given);
    (place, given, ledgers)
}

/// Where a row stood is not the same at once and night by night; all else is.
fn without_source(row: &Record) -> Record {
    let mut row = row.clone();
    row.remove("src_file");
    row.remove("src_row");
    row
}

/// A reversal of a wrong amount waits beside a right one; tried again behind it, it comes too late as well.
fn as_open_item(row: &Record) -> Record {
    let mut row = without_source(row);
    if row["reasons"].contains("P-REVERSAL-AMOUNT") {
        row.insert("reasons".into(), "P-REVERSAL-AMOUNT".into());
    }
    row
}

/// Everything that nights came to: adjudicated rows, what is open at the end, rejected rows by what was wrong.
#[derive(Clone, Debug, Default, PartialEq)]
struct Came {
    adjudicated: BTreeMap<(String, String), Record>,
    pended: BTreeMap<(String, String), Record>,
    rejects: BTreeMap<Vec<String>, usize>,
}

impl Came {
    fn of(ledger: &Path) -> Self {
        let mut came = Self::default();
        for number in 1..=nights(ledger) {
            let night = Night::read(ledger, number);
            let key = |row: &Record| (row["psn_no"].clone(), row["setl_id"].clone());
            for row in &night.adjudicated {
                assert_eq!(came.adjudicated.insert(key(row), without_source(row)), None, "adjudicated twice: {row:?}");
            }
            assert_eq!(night.late.len(), 0, "nothing comes late: {:?}", night.late);
            came.pended = night.pended.iter().map(|row| (key(row), as_open_item(row))).collect();
            for row in &night.rejects {
                let what = ["column", "value", "reason", "raw"].map(|column| row[column].clone());
                *came.rejects.entry(what.to_vec()).or_default() += 1;
            }
        }
        came
    }

    /// Without the rows that were rejected only for what came before them; how many there were.
    fn without_repeats(mut self) -> (Self, usize) {
        let all: usize = self.rejects.values().sum();
        self.rejects.retain(|what, _| what[2] != "R-SETTLED" && what[2] != "R-DUPLICATE");
        let left: usize = self.rejects.values().sum();
        (self, all - left)
    }

    #[track_caller]
    fn assert_same(&self, other: &Self) {
        fn differ<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(a: &BTreeMap<K, V>, b: &BTreeMap<K, V>) {
            let keys: BTreeSet<&K> = a.keys().chain(b.keys()).collect();
            let found = keys.into_iter().find(|key| a.get(key) != b.get(key));
            assert!(found.is_none(), "{found:?}\n{:#?}\n{:#?}", a.get(found.unwrap()), b.get(found.unwrap()));
        }
        differ(&self.adjudicated, &other.adjudicated);
        differ(&self.pended, &other.pended);
        differ(&self.rejects, &other.rejects);
    }
}

/// The ledger of a year that went in as one night.
fn at_once(year: &Year) -> (Came, Closing) {
    let folder = folder();
    let ledger = folder.path().join("ledger");
    add(&ledger, &year.night([("all.csv".to_owned(), year.claims.iter().collect())]));
    (Came::of(&ledger), Closing::read(&ledger))
}

#[test]
fn a_year_in_nights_is_the_year_at_once() {
    let (reversed, across_nights) = (Cell::new(0), Cell::new(0));
    for_seeds(30, |seed, rng| {
        let year = tame_year(seed, 150, rng);
        let (came_at_once, closing_at_once) = at_once(&year);
        let folder = folder();
        let ledger = folder.path().join("ledger");
        // Two persons may have settlements of one number.
        let mut home: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (at, rows) in cut(&year, rng).into_iter().enumerate() {
            home.extend(rows.iter().filter_map(|row| Some((pair(row)?, at))));
            add(&ledger, &night_with(&year, at, vec![(format!("n{at}.csv"), rows)]));
        }
        let came = Came::of(&ledger);
        came.assert_same(&came_at_once);
        assert_eq!(Closing::read(&ledger), closing_at_once);
        for row in came.adjudicated.values().filter(|row| row["status"] == "reversed") {
            let own = (row["setl_id"].clone(), row["psn_no"].clone());
            let claim = year.claims.iter().find(|claim| pair(claim).as_ref() == Some(&own)).expect("its claim");
            let original = (cell(claim, "init_setl_id").to_owned(), own.1.clone());
            reversed.set(reversed.get() + 1);
            across_nights.set(across_nights.get() + usize::from(home[&own] != home[&original]));
        }
    });
    println!("{} reversals, {} of them of an earlier night's settlement", reversed.get(), across_nights.get());
    assert!(is_chosen() || across_nights.get() > 20);
}

/// Adds wrong rows before right ones, rows once more behind them, and rows once more that were pended.
#[test]
fn what_was_settled_stays_settled_and_what_was_rejected_can_come_again() {
    let (repeated, healed) = (Cell::new(0), Cell::new(0));
    for_seeds(20, |seed, rng| {
        let mut year = tame_year(seed, 120, rng);
        // Not every random year has the column that spoils a row here.
        if !year.columns.iter().any(|column| column == "vali_flag") {
            year.columns.push("vali_flag".to_owned());
        }
        let (came_at_once, closing_at_once) = at_once(&year);
        let folder = folder();
        let ledger = folder.path().join("ledger");
        let cut = cut(&year, rng);
        let mut spoiled: Vec<Vec<Rec>> = vec![Vec::new(); cut.len()];
        for at in 1..cut.len() {
            for row in &cut[at] {
                if pair(row).is_some() && rng.chance(10) {
                    let mut row = (*row).clone();
                    row.insert("vali_flag".into(), "0".into());
                    spoiled[rng.below(at)].push(row);
                    healed.set(healed.get() + 1);
                }
            }
        }
        let spoiled_rows: usize = spoiled.iter().map(Vec::len).sum();
        let mut settled: BTreeSet<(String, String)> = BTreeSet::new();
        let mut expected = 0;
        for (at, rows) in cut.iter().enumerate() {
            let earlier: Vec<&Rec> = cut[..at].iter().flatten().copied().filter(|_| rng.chance(15)).collect();
            let is_settled = |row: &&Rec| pair(row).is_some_and(|(id, person)| settled.contains(&(person, id)));
            expected += earlier.iter().filter(|row| is_settled(row)).count();
            // Rejected rows that come again are rejected again; what that adds is not compared here.
            let again =
                earlier.into_iter().filter(|row| came_at_once.pended.contains_key(&key(row)) || is_settled(row));
            let mut all: Vec<&Rec> = rows.iter().copied().chain(again).chain(&spoiled[at]).collect();
            rng.shuffle(&mut all);
            add(&ledger, &night_with(&year, at, vec![(format!("n{at}.csv"), all)]));
            settled.extend(
                Night::read(&ledger, at + 1)
                    .adjudicated
                    .iter()
                    .map(|row| (row["psn_no"].clone(), row["setl_id"].clone())),
            );
        }
        let mut came = Came::of(&ledger);
        let invalid: usize =
            came.rejects.iter().filter(|(what, _)| what[2] == "R-INVALIDATED").map(|(_, count)| count).sum();
        let invalid_at_once: usize =
            came_at_once.rejects.iter().filter(|(what, _)| what[2] == "R-INVALIDATED").map(|(_, count)| count).sum();
        assert_eq!(invalid, invalid_at_once + spoiled_rows);
        let (came_without, repeats) = std::mem::take(&mut came).without_repeats();
        assert_eq!(repeats, expected, "each settled row that comes again is refused once");
        assert_eq!(came_without.adjudicated, came_at_once.adjudicated);
        assert_eq!(came_without.pended, came_at_once.pended);
        assert_eq!(Closing::read(&ledger), closing_at_once);
        repeated.set(repeated.get() + repeats);
    });
    assert!(is_chosen() || (repeated.get() > 40 && healed.get() > 40));
}

fn key(row: &Rec) -> (String, String) {
    (cell(row, "psn_no").to_owned(), cell(row, "setl_id").to_owned())
}

#[test]
fn nothing_counts_twice_however_it_is_delivered() {
    for_seeds(10, |seed, rng| {
        let year = tame_year(seed, 120, rng);
        let (came_at_once, closing_at_once) = at_once(&year);
        let cut = cut(&year, rng);
        // Every night twice: the second finds the file known.
        let twice = folder();
        let ledger = twice.path().join("ledger");
        for (at, rows) in cut.iter().enumerate() {
            let given = night_with(&year, at, vec![(format!("n{at}.csv"), rows.clone())]);
            add(&ledger, &given);
            add(&ledger, &given);
            let skipped = Night::read(&ledger, 2 * at + 2).skipped();
            let mut want = vec![(format!("n{at}.csv"), first_with(&cut, at) as u64)];
            if at == 0 && given.0.contains_key("balances.csv") {
                want.push(("balances.csv".to_owned(), 1));
            }
            assert_eq!(skipped, want);
        }
        let came = Came::of(&ledger);
        came.assert_same(&came_at_once);
        assert_eq!(Closing::read(&ledger), closing_at_once);

        // Tonight's file holds last night's rows again; and the same as two files that share rows.
        for halves in [false, true] {
            let folder = folder();
            let ledger = folder.path().join("ledger");
            for (at, rows) in cut.iter().enumerate() {
                let files = if halves {
                    let (one, two) = (rng.below(rows.len() + 1), rng.below(rows.len() + 1));
                    let (low, high) = (one.min(two), one.max(two));
                    vec![
                        (format!("n{at}-a.csv"), rows[..high].to_vec()),
                        (format!("n{at}-b.csv"), rows[low..].to_vec()),
                    ]
                } else {
                    let before = at.checked_sub(1).map_or(&[][..], |before| &cut[before]);
                    vec![(format!("n{at}.csv"), before.iter().chain(rows).copied().collect())]
                };
                add(&ledger, &night_with(&year, at, files));
            }
            let (came, _) = Came::of(&ledger).without_repeats();
            let (want, _) = came_at_once.clone().without_repeats();
            assert_eq!(came.adjudicated, want.adjudicated);
            assert_eq!(came.pended, want.pended);
            let reasons = |came: &Came| came.rejects.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(reasons(&came), reasons(&want));
            assert_eq!(Closing::read(&ledger), closing_at_once);
        }
    });
}

/// The night of the doubled ledger that first read the rows of a night: nights without rows are all alike.
fn first_with(cut: &[Vec<&Rec>], at: usize) -> usize {
    let first = cut.iter().position(|rows| rows == &cut[at]).expect("itself");
    2 * first + 1
}
