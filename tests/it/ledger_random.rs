//! Random years as nights: the claims of a random case dealt to nights by time, and then whatever a real year brings.

use std::collections::BTreeMap;

use crate::ledger_nights::{Given, cell, csv_of};
use crate::random_packs::{Case, Rng, random_case, yuan};
use crate::reference_rules::{Day, parse_time};
use crate::table::{self, Rec, Table};

/// A random case whose claims have a visit number, and no amounts of so many digits that two of them outgrow the
/// columns of a ledger.
pub struct Year {
    pub case: Case,
    /// Columns of the claims, in their order.
    pub columns: Vec<String>,
    pub claims: Table,
}

impl Year {
    pub fn random(seed: u64, claims: usize, rng: &mut Rng) -> Self {
        let case = random_case(seed, claims);
        let mut claims = table::parse(&case.files["claims.csv"]);
        claims.retain(|row| cell(row, "medfee_sumamt").trim_start_matches('-').len() < 14);
        for row in &mut claims {
            let visit = if rng.chance(50) { format!("V{}", rng.between(0, 999)) } else { String::new() };
            row.insert("mdtrt_id".to_owned(), visit);
        }
        let columns = claims[0].keys().cloned().collect();
        Self { case, columns, claims }
    }

    /// A night of the case's rules and tables with these rows of claims, by file name.
    pub fn night<'a>(&self, claims: impl IntoIterator<Item = (String, Vec<&'a Rec>)>) -> Given {
        let mut files = self.case.files.clone();
        files.remove("claims.csv");
        for (name, rows) in claims {
            files.insert(format!("claims/{name}"), csv_of(&self.columns, rows));
        }
        if let Some(balances) = files.get_mut("balances.csv") {
            // See above; a balance that large moves nothing that a smaller one would not.
            *balances = balances.replace("99999999999999.99", "99999999.99");
        }
        Given(files)
    }

    /// Moments between which nights are cut, so that each has some rows.
    pub fn cuts(&self, nights: usize, rng: &mut Rng) -> Vec<(Day, u32)> {
        let times: Vec<(Day, u32)> = self.claims.iter().filter_map(time).collect();
        let mut cuts: Vec<(Day, u32)> = (1..nights).map(|_| rng.pick(&times)).collect();
        cuts.sort_unstable();
        cuts
    }
}

/// When a row was settled, if that can be read.
pub fn time(row: &Rec) -> Option<(Day, u32)> {
    parse_time(cell(row, "setl_time"))
}

/// The night a moment belongs to, from 0.
pub fn night_of(time: Option<(Day, u32)>, cuts: &[(Day, u32)]) -> usize {
    time.map_or(0, |time| cuts.partition_point(|cut| *cut <= time))
}

/// Nights as they come in real life: rows that are late or early, delivered again, delivered wrong first; packs that
/// change; tables that are there one night and not the next.
pub fn unruly_nights(seed: u64, claims: usize, rng: &mut Rng) -> Vec<Given> {
    let year = Year::random(seed, claims, rng);
    let count = 2 + rng.below(5);
    let cuts = year.cuts(count, rng);
    let mut nights: Vec<Vec<Rec>> = vec![Vec::new(); count];
    for row in &year.claims {
        let on_time = night_of(time(row), &cuts);
        let at = if rng.chance(20) { rng.below(count) } else { on_time };
        nights[at].push(row.clone());
        match rng.weighted(&[82, 6, 4, 4, 4]) {
            // The same row again.
            1 => nights[rng.below(count)].push(row.clone()),
            // The same number with another bill.
            2 => {
                let mut other = rng.pick(&year.claims).clone();
                for same in ["setl_id", "psn_no"] {
                    other.insert(same.to_owned(), row[same].clone());
                }
                nights[rng.below(count)].push(other);
            }
            // A spoiled one, often before the right one; behind one that waits, it takes nobody's place.
            3 => {
                let mut spoiled = row.clone();
                let (column, text) = rng.pick(&[
                    ("medfee_sumamt", "12x"),
                    ("vali_flag", "0"),
                    ("enddate", ""),
                    ("inscp_scp_amt", "1.23"),
                ]);
                spoiled.insert(column.to_owned(), text.to_owned());
                let when = if rng.chance(60) { rng.below(at + 1) } else { rng.below(count) };
                nights[when].push(spoiled);
            }
            // One that waits for rules, then the right one: it gives way or, settled by then, keeps its place.
            4 => {
                let mut waits = row.clone();
                let (column, text) = rng.pick(&[("med_type", "98"), ("psn_type", "97"), ("insutype", "510")]);
                waits.insert(column.to_owned(), text.to_owned());
                nights[rng.below(at + 1)].push(waits);
            }
            _ => {}
        }
    }
    let unruly = |(at, mut rows): (usize, Vec<Rec>)| {
        rng.shuffle(&mut rows);
        let half = rng.below(rows.len() + 1);
        let (one, two) = rows.split_at(half);
        let parts = [one, two].into_iter().enumerate();
        let mut given = year.night(parts.map(|(part, rows)| (format!("n{at}-{part}.csv"), rows.iter().collect())));
        change_rules(&mut given.0, rng);
        change_tables(&mut given.0, rng);
        given
    };
    let mut given: Vec<Given> = nights.into_iter().enumerate().map(unruly).collect();
    again(&mut given, rng);
    given
}

/// Now and then a file of an earlier night lies in the folder again, under another name.
fn again(nights: &mut [Given], rng: &mut Rng) {
    for at in 1..nights.len() {
        if rng.chance(25) {
            let earlier = rng.below(at);
            let files: Vec<(String, String)> = nights[earlier]
                .claims()
                .map(|(name, text)| (format!("claims/again-{at}-{name}"), text.to_owned()))
                .collect();
            let file = rng.pick(&files);
            nights[at].0.extend([file]);
        }
    }
}

/// Tables of rules out of which a row can be taken without making another pack invalid.
const THINNED: [&str; 9] =
    ["places", "schemes", "tiers", "visit_classes", "channels", "benefits", "person_classes", "filing_types", "layers"];

/// Another pack: rows that are missing tonight, other caps and deductibles, accumulators by other names.
fn change_rules(files: &mut BTreeMap<String, String>, rng: &mut Rng) {
    for name in THINNED {
        let Some(text) = files.get_mut(&format!("rules/{name}.csv")) else { continue };
        let mut rows = table::parse(text);
        let columns = header(text);
        if rows.len() > 2 && rng.chance(20) {
            let percent = 1 + rng.below(20);
            let first = rows[0].clone();
            rows.retain(|_| !rng.chance(percent));
            if rows.is_empty() {
                rows.push(first);
            }
        }
        if name == "benefits" {
            change_benefits(&mut rows, rng);
        }
        *text = csv_of(&columns, &rows);
    }
}

fn change_benefits(rows: &mut Table, rng: &mut Rng) {
    let renamed = rng.chance(20).then(|| rng.pick(rows)["accumulator"].clone());
    for row in rows {
        for column in ["accumulator", "deductible_accumulator"] {
            if renamed.is_some() && row.get(column) == renamed.as_ref() {
                row.insert(column.to_owned(), "new-name".to_owned());
            }
        }
        for column in ["deductible_1", "pay_cap_year", "base_cap_year", "base_cap_month"] {
            if row.get(column).is_some_and(|text| !text.is_empty()) && rng.chance(15) {
                row.insert(column.to_owned(), yuan(rng.between(0, 3_000_000)));
            }
        }
    }
}

/// A reference table that is missing tonight, or lacks rows, or, of balances, has others.
fn change_tables(files: &mut BTreeMap<String, String>, rng: &mut Rng) {
    for name in ["institutions.csv", "enrolments.csv", "filings.csv", "marks.csv", "balances.csv"] {
        let Some(text) = files.get_mut(name) else { continue };
        let mut rows = table::parse(text);
        let columns = header(text);
        match rng.weighted(&[60, 10, 30]) {
            0 => continue,
            1 => {
                files.remove(name);
                continue;
            }
            _ => rows.retain(|_| !rng.chance(10)),
        }
        if name == "balances.csv" {
            for row in &mut rows {
                row.insert("balc".to_owned(), yuan(rng.between(-500, 300_000)));
            }
        }
        *text = csv_of(&columns, &rows);
    }
}

/// Columns of a text, as the rows of [`table::parse`] name them.
fn header(text: &str) -> Vec<String> {
    let first = text.trim_start_matches('\u{feff}').lines().next().expect("a header");
    first.split(',').map(|name| name.trim().to_lowercase()).collect()
}
