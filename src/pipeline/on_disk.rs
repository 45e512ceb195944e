//! Persons whose rows are on the disk, range after range, with everything that is told about them.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::RunError;
use super::memory::Shares;
use super::others::Balance;
use crate::ingest::reference::{self, Take};
use crate::ingest::{IngestError, InputPath};
use crate::model::money::Fen;
use crate::model::reference::{AccountBalance, ByPerson, Enrolment, Facts, FilingRecord, Mark};
use crate::model::settlement::{Arenas, Claim, TextRef};
use crate::shuffle::group::{Entry, Ghost, Persons, Rows};
use crate::shuffle::ranges::{Ranges, ToldRanges};
use crate::shuffle::records::Told;
use crate::shuffle::shelf::{Disk, ShelfError};

/// A table on the disk, and what of it goes over into the next range.
#[derive(Debug)]
pub(super) struct TableOnDisk<T> {
    told: ToldRanges<T>,
    carried: Vec<(Box<[u8]>, T)>,
}

impl<T: Told> TableOnDisk<T> {
    /// What a reader gives to its taker, under the numbers of persons.
    pub(super) fn read<R>(
        disk: &Disk,
        ranges: &Ranges,
        shares: Shares,
        read: impl FnOnce(Take<'_, Box<[u8]>, T>) -> Result<R, RunError>,
    ) -> Result<(Self, R), RunError> {
        let mut table = Self { told: ToldRanges::new(ranges.len(), shares.window), carried: Vec::new() };
        // The taker has no way to fail: a full disk waits outside.
        let mut failed = None;
        let read = read(&mut |person, row| {
            if failed.is_none() {
                failed = table.told.put(disk, ranges.find(&person), &person, &row).err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
        table.told.set_down(disk)?;
        Ok((table, read))
    }

    /// What it tells about the persons of a range, by their ranks; it leaves the disk. What it tells about persons
    /// without a row goes to `others`.
    fn take(
        &mut self,
        disk: &Disk,
        range: usize,
        find: &dyn Fn(&[u8]) -> Option<u32>,
        others: &mut dyn FnMut(&[u8], T),
    ) -> Result<Vec<(u32, T)>, ShelfError> {
        let carried = std::mem::take(&mut self.carried).into_iter();
        let mut pairs: Vec<(u32, T)> = carried.filter_map(|(person, row)| Some((find(&person)?, row))).collect();
        self.told.each(disk, range, |person, row| match find(person) {
            Some(rank) => pairs.push((rank, row)),
            None => others(person, row),
        })?;
        self.told.forget(range);
        Ok(pairs)
    }
}

/// The tables by person, each optional.
#[derive(Debug, Default)]
pub(super) struct TablesOnDisk {
    pub(super) enrolments: Option<TableOnDisk<Enrolment>>,
    pub(super) filings: Option<TableOnDisk<FilingRecord>>,
    pub(super) marks: Option<TableOnDisk<Mark>>,
    pub(super) balances: Option<TableOnDisk<AccountBalance>>,
}

/// What is to be folded.
#[derive(Debug)]
pub(super) enum Upcoming {
    /// All persons, which are in memory.
    AtHand,
    /// Nothing more.
    Nothing,
    /// Persons on the disk.
    OnDisk(Box<OnDisk>),
}

/// Persons on the disk.
#[derive(Debug)]
pub(super) struct OnDisk {
    disk: Arc<Disk>,
    ranges: Ranges,
    tables: TablesOnDisk,
    next: usize,
    /// Rows of persons that go over into the next range.
    carried: Option<Rows>,
}

/// One range, in memory.
pub(super) struct Held {
    pub(super) rows: Rows,
    pub(super) persons: Persons,
    pub(super) facts: Facts,
    /// Whether the table of balances names a person, by rank; empty without a table.
    pub(super) balance_given: Vec<bool>,
}

impl OnDisk {
    /// Everything is set down.
    pub(super) fn new(disk: Arc<Disk>, ranges: Ranges, tables: TablesOnDisk) -> Self {
        Self { disk, ranges, tables, next: 0, carried: None }
    }

    /// Where everything lies.
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.ranges.rows()
    }

    /// The next range; `None` behind the last. Balances of persons without a row go to `others`.
    pub(super) fn next(&mut self, others: &mut dyn FnMut(Balance)) -> Result<Option<Held>, RunError> {
        if self.is_last() {
            return Ok(None);
        }
        let range = self.next;
        self.next += 1;
        let mut rows = self.ranges.take(&self.disk, range)?;
        if let Some(mut carried) = self.carried.take() {
            let arena = rows.arenas.0.len() as u32;
            carried.claims[0].iter_mut().for_each(|claim| claim.text.arena += arena);
            carried.ghosts[0].iter_mut().for_each(|ghost| ghost.text.arena += arena);
            rows.claims.append(&mut carried.claims);
            rows.ghosts.append(&mut carried.ghosts);
            rows.arenas.0.append(&mut carried.arenas.0);
        }
        let persons = Persons::group(&rows);
        let find = |number: &[u8]| persons.find(&rows.arenas, number);
        let count = persons.len();
        let (disk, tables) = (&*self.disk, &mut self.tables);
        let mut balance_given = Vec::new();
        let facts = Facts {
            enrolments: by_person(&mut tables.enrolments, disk, range, count, &find)?,
            filings: by_person(&mut tables.filings, disk, range, count, &find)?,
            marks: by_person(&mut tables.marks, disk, range, count, &find)?,
            balances: match &mut tables.balances {
                None => None,
                Some(table) => {
                    let mut balances = vec![Fen::ZERO; count];
                    balance_given = vec![false; count];
                    let mut others = |person: &[u8], told: AccountBalance| others((person.into(), told.balance));
                    for (person, told) in table.take(disk, range, &find, &mut others)? {
                        (balances[person as usize], balance_given[person as usize]) = (told.balance, true);
                    }
                    Some(balances)
                }
            },
        };
        Ok(Some(Held { rows, persons, facts, balance_given }))
    }

    /// Whether no range follows the one at hand.
    pub(super) const fn is_last(&self) -> bool {
        self.next == self.ranges.len()
    }

    /// Persons of the range at hand that go over into the next: chunks of persons have one size, wherever ranges end.
    pub(super) fn carry(&mut self, rows: &Rows, persons: &Persons, facts: &Facts, given: &[bool], some: Range<usize>) {
        let (mut claims, mut ghosts, mut arenas) = (Vec::new(), Vec::new(), Arenas::default());
        let mut keep = |text: TextRef| arenas.put(&rows.arenas, text);
        for person in some.clone() {
            for &entry in persons.entries_of(person) {
                let batch = entry.batch as usize;
                if entry.index >= Entry::GHOSTS {
                    let ghost = rows.ghosts[batch][(entry.index - Entry::GHOSTS) as usize];
                    ghosts.push(Ghost { text: keep(ghost.text), ..ghost });
                } else {
                    let claim = &rows.claims[batch][entry.index as usize];
                    claims.push(Claim { text: keep(claim.text), ..claim.clone() });
                }
            }
        }
        self.carried = Some(Rows { claims: vec![claims], ghosts: vec![ghosts], arenas });
        for person in some.map(|person| person as u32) {
            let name = rows.arenas.person(persons.name(person));
            let told = facts.of(person);
            carry_rows(&mut self.tables.enrolments, name, told.enrolments);
            carry_rows(&mut self.tables.filings, name, told.filings);
            carry_rows(&mut self.tables.marks, name, told.marks);
            let balance = told.balance.filter(|_| given[person as usize]);
            let balance = balance.map(|balance| AccountBalance { balance, file: 0, line: 0 });
            carry_rows(&mut self.tables.balances, name, balance.as_ref().map(std::slice::from_ref));
        }
    }

    /// Two balances of one person stop a run before it begins, as they do where everything is in memory.
    pub(super) fn check_balances(&self, files: &[InputPath]) -> Result<(), RunError> {
        let Some(table) = &self.tables.balances else { return Ok(()) };
        let (mut twice, mut more) = (Vec::new(), 0);
        for range in 0..self.ranges.len() {
            let mut seen: HashMap<Box<[u8]>, (u32, u64)> = HashMap::new();
            table.told.each(&self.disk, range, |person, row| {
                let here = (row.file, row.line);
                match seen.get(person) {
                    Some(&first) => twice.push((here, first, Box::<[u8]>::from(person))),
                    None => {
                        seen.insert(person.into(), here);
                    }
                }
            })?;
            twice.sort_unstable();
            more += twice.len().saturating_sub(IngestError::MAX_DIAGNOSTICS);
            twice.truncate(IngestError::MAX_DIAGNOSTICS);
        }
        if twice.is_empty() {
            return Ok(());
        }
        let twice = twice.into_iter();
        let diagnostics =
            twice.map(|(here, first, person)| reference::second_balance(files, &person, first, here)).collect();
        Err(IngestError::Rejected { diagnostics, more }.into())
    }
}

fn by_person<T: Told>(
    table: &mut Option<TableOnDisk<T>>,
    disk: &Disk,
    range: usize,
    persons: usize,
    find: &dyn Fn(&[u8]) -> Option<u32>,
) -> Result<Option<ByPerson<T>>, ShelfError> {
    let Some(table) = table else { return Ok(None) };
    Ok(Some(ByPerson::group(persons, table.take(disk, range, find, &mut |_, _| ())?)))
}

fn carry_rows<T: Copy>(table: &mut Option<TableOnDisk<T>>, person: &[u8], rows: Option<&[T]>) {
    if let (Some(table), Some(rows)) = (table, rows) {
        table.carried.extend(rows.iter().map(|&row| (person.into(), row)));
    }
}
