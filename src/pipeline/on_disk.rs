//! Persons whose rows are on the disk, range after range, with everything that is told about them.

use std::ops::Range;
use std::sync::Arc;

use super::RunError;
use super::balances::{Balances, Given};
use super::memory::Shares;
use crate::ingest::reference::Take;
use crate::model::reference::{ByPerson, Enrolment, Facts, FilingRecord, Mark};
use crate::model::settlement::{Arenas, Claim, TextRef};
use crate::shuffle::group::{Entry, Ghost, Persons, Rows};
use crate::shuffle::order::At;
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
    /// without a row is never in memory together.
    fn take(
        &mut self,
        disk: &Disk,
        range: usize,
        find: &dyn Fn(&[u8]) -> Option<u32>,
    ) -> Result<Vec<(u32, T)>, ShelfError> {
        let carried = std::mem::take(&mut self.carried).into_iter();
        let mut pairs: Vec<(u32, T)> = carried.filter_map(|(person, row)| Some((find(&person)?, row))).collect();
        self.told.each(disk, range, |person, row| pairs.extend(find(person).map(|rank| (rank, row))))?;
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
    pub(super) balances: Option<Balances>,
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

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.ranges.rows()
    }

    /// The next range; `None` behind the last. Balances of persons without a row go to `others`.
    pub(super) fn next(
        &mut self,
        others: &mut dyn FnMut(At<'_>) -> Result<(), ShelfError>,
    ) -> Result<Option<Held>, RunError> {
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
        let balances = tables.balances.as_mut();
        let end = self.ranges.end(range);
        let given = balances.map(|table| table.of_range(end, (&persons, &rows.arenas), others)).transpose()?;
        let (balances, balance_given) = given.map(|Given { balances, given }| (balances, given)).unzip();
        let facts = Facts {
            enrolments: by_person(&mut tables.enrolments, disk, range, count, &find)?,
            filings: by_person(&mut tables.filings, disk, range, count, &find)?,
            marks: by_person(&mut tables.marks, disk, range, count, &find)?,
            balances,
        };
        Ok(Some(Held { rows, persons, facts, balance_given: balance_given.unwrap_or_default() }))
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
            if let (Some(table), Some(balance)) = (&mut self.tables.balances, balance) {
                table.carry(name, balance);
            }
        }
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
    Ok(Some(ByPerson::group(persons, table.take(disk, range, find)?)))
}

fn carry_rows<T: Copy>(table: &mut Option<TableOnDisk<T>>, person: &[u8], rows: Option<&[T]>) {
    if let (Some(table), Some(rows)) = (table, rows) {
        table.carried.extend(rows.iter().map(|&row| (person.into(), row)));
    }
}
