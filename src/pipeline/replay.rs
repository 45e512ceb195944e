//! Nights adjudicated again, as one and in the order of the rules or under other rules, without touching the ledger:
//! what each party would owe.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::archived::Archived;
use super::balances::Balances;
use super::lines::Lines;
use super::load::{self, Loaded};
use super::manifest::{self, Manifest};
use super::night::verified;
use super::rows::RowFile;
use super::write::{self, Target, Wrote};
use super::{ReferencePaths, RunError, Watch, check};
use crate::audit::delta::{self, Differing};
use crate::diagnostic::Lang;
use crate::ingest::{self, ReadOptions};
use crate::ledger::opening::GivenBalances;
use crate::ledger::store::{Access, Ledger, LedgerError};
use crate::ledger::tables::chosen::{Standing, fates};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::reference::ByPerson;
use crate::publish::{Staging, Written};
use crate::report::balance::{Summary, yuan};
use crate::report::privacy::Persons;
use crate::report::replay::{COMPARED, COMPARED_COLUMNS, Delta, ReplayReport};

/// Where a replay begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With a night.
    Night(u32),
    /// With the first night of this day or a later one.
    Day(Date),
}

/// A replay as it was meant.
#[derive(Clone, Debug)]
pub struct ReplayPlan {
    /// The ledger.
    pub ledger: PathBuf,
    /// Where to begin.
    pub from: From,
    /// Other rules than those of the last night.
    pub rules: Option<PathBuf>,
    /// Other reference tables than those of the nights; other balances than those that the first night was given.
    pub reference: ReferencePaths,
    /// Where outputs go.
    pub out: PathBuf,
    /// Replace what stands there.
    pub overwrite: bool,
    /// Language of `rejects.csv`.
    pub lang: Lang,
    /// Most bytes that rows may take in memory.
    pub memory: u64,
    /// How person numbers are shown in what people read.
    pub persons: Persons,
}

/// Adjudicates nights again and compares the result with the ledger.
///
/// # Errors
/// See [`RunError`]. The ledger is never touched; the output folder has everything or is as it was.
pub fn replay(plan: &ReplayPlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<(Summary, ReplayReport), RunError> {
    let staging = Staging::begin(&plan.out, plan.overwrite)?;
    let ledger = Ledger::open(&plan.ledger, Access::Read)?;
    let (first, last) = (first_night(&ledger, plan.from)?, ledger.last());
    let mut archived = Archived::restore(&ledger, first, last)?;
    if let Some(rules) = &plan.rules {
        archived.inputs.rules.clone_from(rules);
    }
    override_tables(&mut archived.inputs.reference, &plan.reference);
    let mut input = archived.night_input()?;
    if let Some(accounts) = &plan.reference.accounts {
        input.accounts = Some(ingest::expand(&[accounts])?);
    }
    let mut loaded = load::load(&archived.inputs, None, Some(input), plan.memory, watch, cancel)?;
    give_balances(&mut loaded, &archived, first, cancel)?;
    pass_over(&mut loaded, &archived, &ledger, first)?;
    let target = Target { staging: &staging, night: None, persons: &plan.persons };
    let Wrote { summary, mut outputs, .. } = write::write(plan.lang, &mut loaded, &target, watch, cancel)?;
    let delta = compare(&ledger, first, &staging, &plan.persons, &mut outputs)?;
    let report = ReplayReport {
        first,
        last,
        other_rules: other_rules(&ledger, first, &loaded.rules.sha256),
        rules_sha256: loaded.rules.sha256.clone(),
        delta,
        out: plan.out.display().to_string(),
    };
    let section = json!({"folder": manifest::absolute(ledger.folder()), "replayed": report.to_json()});
    let manifest = Manifest {
        loaded: &loaded,
        reference: &archived.inputs.reference,
        summary: &summary,
        outputs: &outputs,
        lang: plan.lang,
        ledger: Some(section),
    };
    staging.write("manifest.json", archived.as_archived(&manifest::render(&manifest)).as_bytes())?;
    check(cancel)?;
    staging.publish()?;
    Ok((summary, report))
}

fn first_night(ledger: &Ledger, from: From) -> Result<u32, LedgerError> {
    match from {
        From::Night(night) => Ok(ledger.night(night)?.number),
        From::Day(day) => {
            let found = ledger.nights().iter().find(|night| night.date >= day);
            found.map(|night| night.number).ok_or(LedgerError::NoNightSince { day, last: ledger.last() })
        }
    }
}

fn override_tables(tables: &mut ReferencePaths, given: &ReferencePaths) {
    let ReferencePaths { enrolments, filings, institutions, accounts: _, marks } = given;
    for (table, given) in [
        (&mut tables.enrolments, enrolments),
        (&mut tables.filings, filings),
        (&mut tables.institutions, institutions),
        (&mut tables.marks, marks),
    ] {
        if given.is_some() {
            table.clone_from(given);
        }
    }
}

fn other_rules(ledger: &Ledger, first: u32, sha256: &str) -> Vec<u32> {
    let range = ledger.nights().iter().filter(|night| night.number >= first);
    range.filter(|night| night.rules_sha256 != sha256).map(|night| night.number).collect()
}

/// Balances that nights after the first were given hold from where those nights began.
fn give_balances(loaded: &mut Loaded, archived: &Archived, first: u32, cancel: &AtomicBool) -> Result<(), RunError> {
    let options = ReadOptions { cancel: Some(cancel), ..ReadOptions::default() };
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let mut balances: Vec<(u32, (u32, Fen))> = Vec::new();
    for (night, files) in archived.accounts.iter().filter(|(night, _)| *night > first) {
        let (mut table, _) = Balances::read(files, &options, None, u64::MAX)?;
        let told = table.of_range(None, (persons, arenas), &mut |_| Ok(()))?;
        let told = (0..).zip(told.balances.into_iter().zip(told.given));
        balances
            .extend(told.filter(|(_, (_, given))| *given).map(|(person, (balance, _))| (person, (*night, balance))));
    }
    let opening = loaded.opening.as_mut().expect("a replay opens on a ledger");
    let balances = ByPerson::group(loaded.persons.len(), balances);
    opening.given = Some(GivenBalances { night_of_file: archived.night_of_file.clone(), balances });
    Ok(())
}

/// Rows that the nights rejected, refused or replaced for another one of their number stay aside.
fn pass_over(loaded: &mut Loaded, archived: &Archived, ledger: &Ledger, first: u32) -> Result<(), RunError> {
    let mut standing = Vec::new();
    for night in ledger.nights().iter().filter(|night| night.number >= first) {
        let path = verified(&night.volume, "adjudicated.parquet")?;
        standing.push(Standing { night: night.number, path });
    }
    if let Some(last) = ledger.nights().last() {
        standing.push(Standing { night: last.number, path: verified(&last.volume, "pended.parquet")? });
    }
    let fates = fates(&standing, &loaded.rows, &loaded.persons, &loaded.sources, &archived.night_of_file)?;
    loaded.opening.as_mut().expect("a replay opens on a ledger").fates = fates;
    Ok(())
}

/// Writes `delta.parquet`, `delta.csv`, `persons.csv` and `funds.csv`.
fn compare(
    ledger: &Ledger,
    first: u32,
    staging: &Staging,
    shown: &Persons,
    outputs: &mut Vec<Written>,
) -> Result<Delta, RunError> {
    let nights = ledger.nights().iter().filter(|night| night.number >= first);
    let files: Vec<(u32, PathBuf)> = nights
        .map(|night| Ok((night.number, verified(&night.volume, "adjudicated.parquet")?)))
        .collect::<Result<_, RunError>>()?;
    let mut parquet = RowFile::begin(staging, "delta.parquet", delta::schema(), delta::batch)?;
    let mut lines = Lines::begin(staging.create("delta.csv")?, &delta::csv_headings())?;
    let mut persons = Lines::begin(staging.create("persons.csv")?, &person_headings())?;
    let mut person = PersonSum::default();
    let found = delta::compare::<RunError>(&files, staging.path("adjudicated.parquet"), &mut |row| {
        lines.put(&row.csv_line(shown))?;
        if let Some(done) = person.take_in(&row, shown) {
            persons.put(&done)?;
        }
        parquet.put(row)
    })?;
    if let Some(done) = person.line(shown) {
        persons.put(&done)?;
    }
    outputs.push(parquet.finish()?);
    outputs.push(lines.finish()?);
    outputs.push(persons.finish()?);
    outputs.push(write_funds(staging, &found)?);
    Ok(found)
}

fn person_headings() -> Vec<String> {
    let changes = COMPARED_COLUMNS.iter().map(|column| format!("{column}_delta"));
    ["psn_no".to_owned(), "settlements".to_owned()].into_iter().chain(changes).collect()
}

/// Changes of one person's settlements, which come one after the other.
#[derive(Default)]
struct PersonSum {
    psn_no: String,
    settlements: u64,
    changes: [i128; COMPARED],
}

impl PersonSum {
    /// Adds a settlement; the line of the person before, where a new one begins.
    fn take_in(&mut self, row: &Differing, shown: &Persons) -> Option<Vec<String>> {
        let mut done = None;
        if self.psn_no != row.psn_no {
            done = self.line(shown);
            *self = Self { psn_no: row.psn_no.clone(), ..Self::default() };
        }
        self.settlements += 1;
        self.changes.iter_mut().zip(row.changes()).for_each(|(sum, change)| *sum += i128::from(change.0));
        done
    }

    fn line(&self, shown: &Persons) -> Option<Vec<String>> {
        let sums = self.changes.iter().map(|&fen| yuan(fen));
        let line = || [shown.person(&self.psn_no), self.settlements.to_string()].into_iter().chain(sums).collect();
        (self.settlements > 0).then(line)
    }
}

fn write_funds(staging: &Staging, delta: &Delta) -> Result<Written, RunError> {
    let headings = ["pool", "insutype", "changed", "column", "before", "after", "delta"].map(str::to_owned);
    let mut lines = Lines::begin(staging.create("funds.csv")?, &headings)?;
    for ((pool, insutype), change) in &delta.funds {
        for (index, column) in COMPARED_COLUMNS.iter().enumerate() {
            let (before, after) = (change.before[index], change.after[index]);
            lines.put(&[
                pool.clone(),
                insutype.clone(),
                change.settlements.to_string(),
                (*column).to_owned(),
                yuan(before),
                yuan(after),
                yuan(after - before),
            ])?;
        }
    }
    lines.finish()
}
