//! What a ledger says, re-derived: the state that nights recorded is the sum of what their settlements moved, and a
//! base is the state of its nights.
//!
//! All tables are read once, side by side, person by person. Everything that must be equal becomes entries of two
//! sides under one key; polars sums them up, another way than the fold came to them.

mod entries;
mod rows;

use hashbrown::{HashMap, HashSet};

use self::entries::{Entries, Key, Kind, Side, Text as Name, not_compared};
use self::rows::{Listed, Person, Place, Used};
use crate::columnar::schema::Kind as ColumnKind;
use crate::diagnostic::{Diagnostic, Failure as _, Text};
use crate::ledger::store::{Base, Night};
use crate::ledger::tables::merge::{Merge, Source};
use crate::ledger::tables::read::{TableError, TableFile};
use crate::ledger::tables::scan::{Part, table};
use crate::ledger::tables::schema::{ACCUMULATORS, ADMISSIONS, BASE_MOVEMENTS, LAYERS, MOVEMENTS, PERSONS};
use crate::model::date::Time;

/// Entries that are summed up at once: some tens of megabytes.
const ENTRIES: usize = 1 << 18;

/// A night or a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// A night, and whether balances of accounts were set in it.
    Night(u32, bool),
    Base(u32),
}

/// Compares all sums of a ledger whose files are whole, and returns everything that does not add up.
#[must_use]
pub fn check(nights: &[Night], bases: &[Base]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Err(error) = compare(nights, bases, &mut found) {
        found.push(unreadable(&error));
    }
    found
}

/// A table that cannot be looked into is a finding like any other.
fn unreadable(error: &TableError) -> Diagnostic {
    let mut why = error.text();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        why.en += &format!(": {inner}");
        why.zh += &format!("：{inner}");
        cause = inner.source();
    }
    let message = Text::new(format!("the sums cannot be compared: {}", why.en), format!("无法核对合计：{}", why.zh));
    not_compared(message)
}

fn compare(nights: &[Night], bases: &[Base], found: &mut Vec<Diagnostic>) -> Result<(), TableError> {
    let of_nights = nights.iter().map(|night| {
        let sets_balances = !night.accounts_applied.is_empty();
        (Of::Night(night.number, sets_balances), &night.volume)
    });
    let of_bases = bases.iter().map(|base| (Of::Base(base.through), &base.volume));
    let (parts, volumes): (Vec<Of>, Vec<_>) = of_nights.chain(of_bases).unzip();
    let mut files = Vec::new();
    for volume in volumes {
        for table in Part::TABLES {
            files.push(TableFile::open(&volume.folder().join(table))?);
        }
    }
    let names = |columns: &[(&'static str, ColumnKind)]| columns.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let columns = [names(&MOVEMENTS), names(&ACCUMULATORS), names(&ADMISSIONS), names(&PERSONS)];
    let (movements, base_movements) = ([&columns[table::MOVEMENTS][..], &[LAYERS]].concat(), names(&BASE_MOVEMENTS));
    let mut sources = Vec::new();
    for (part, of) in parts.iter().enumerate() {
        for number in 0..Part::TABLES.len() {
            let columns = match (number, of) {
                (table::MOVEMENTS, Of::Night(..)) => &movements,
                (table::MOVEMENTS, Of::Base(_)) => &base_movements,
                _ => &columns[number],
            };
            let source = Source { table: number, part, columns };
            sources.push((source, &files[part * Part::TABLES.len() + number]));
        }
    }
    let mut rows = Merge::of(&sources)?;
    let mut entries = Entries::default();
    while let Some((person, rows)) = rows.next_person()? {
        entries.begin(&person);
        Person::read(&parts, &rows, &mut entries)?.enter(&parts, &mut entries);
        if entries.len() >= ENTRIES {
            entries.compare(found);
        }
    }
    entries.compare(found);
    found.extend(entries.rest());
    Ok(())
}

impl Person {
    fn enter(&self, parts: &[Of], entries: &mut Entries) {
        self.enter_settlements(entries);
        self.enter_movements(entries);
        self.enter_balances(parts, entries);
        // What is recorded last stands against the movements (0) and, up to each base, against the base.
        let last = parts.iter().filter(|of| matches!(of, Of::Night(..))).count() as u32;
        self.enter_newest(parts, last, Side::Found, 0, entries);
        for (number, of) in parts.iter().enumerate() {
            if let Of::Base(through) = *of {
                self.enter_newest(parts, through, Side::Expected, through, entries);
                self.enter_base(number, through, entries);
            }
        }
    }

    /// Every settlement stands in the ledger once.
    fn enter_settlements(&self, entries: &mut Entries) {
        let mut seen = HashSet::with_capacity(self.moved.len());
        for moved in &self.moved {
            let at = entries.at(0, Kind::Settlement).name(&moved.setl_id);
            entries.add(&at, Side::Found, [1, 0, 0, 0, 0]);
            if seen.insert(&moved.setl_id) {
                entries.add(&at, Side::Expected, [1, 0, 0, 0, 0]);
            }
        }
    }

    /// What settlements moved, and the newest night that moved each scheme and year.
    fn enter_movements(&self, entries: &mut Entries) {
        let mut newest: HashMap<Key, u32> = HashMap::new();
        for moved in &self.moved {
            let Some(key) = moved.key else { continue };
            let night = newest.entry(key).or_default();
            *night = (*night).max(moved.night);
            let [deductible, base, pool_base, paid, counted, _] = moved.amounts;
            let admissions = i128::from(moved.admissions);
            let mut add = |kind, accumulator, month, layer, amounts| {
                let at = entries.at(0, kind).of(key).numbers(accumulator, month, layer);
                entries.add(&at, Side::Expected, amounts);
            };
            add(Kind::Scheme, 0, 0, 0, [0, 0, 0, 0, counted]);
            add(Kind::Bucket, moved.deductible_accumulator, 0, 0, [admissions, deductible, 0, 0, 0]);
            add(Kind::Bucket, moved.accumulator, 0, 0, [0, 0, base, pool_base, paid]);
            add(Kind::Month, moved.accumulator, moved.month, 0, [0, 0, base, 0, paid]);
            for &(layer, base, paid) in &moved.layers {
                add(Kind::Layer, 0, 0, layer, [0, 0, base, 0, paid]);
            }
            if admissions != 0 {
                let is_reversal = !moved.init_setl_id.is_empty();
                let name = if is_reversal { &moved.init_setl_id } else { &moved.setl_id };
                let at = entries.at(0, Kind::Admission).of(key).numbers(moved.deductible_accumulator, 0, 0).name(name);
                entries.add(&at, Side::Expected, [admissions, deductible, 0, 0, 0]);
            }
        }
        for (key, night) in newest {
            let at = entries.at(0, Kind::Newest).of(key);
            entries.add(&at, Side::Expected, [night.into(), 0, 0, 0, 0]);
        }
        if let Some(last) = self.moved.iter().map(|moved| &moved.place).max() {
            enter_last(last, Side::Expected, 0, entries);
        }
    }

    /// Between two nights that set balances, a balance changes by what settlements took from the account.
    fn enter_balances(&self, parts: &[Of], entries: &mut Entries) {
        let mut before = 0;
        for (number, of) in parts.iter().enumerate() {
            let Of::Night(night, sets_balances) = *of else { continue };
            let state = self.state.get(&number);
            if !sets_balances {
                let at = entries.at(0, Kind::Balance).numbers(0, night as i32, 0);
                let moved = self.moved.iter().filter(|moved| moved.night == night);
                entries.add(&at, Side::Expected, [0, 0, 0, 0, moved.map(|moved| moved.amounts[5]).sum()]);
                // A balance below zero opens as an empty account.
                let taken = state.map_or(0, |(balance, _)| i128::max(before, 0) - balance);
                entries.add(&at, Side::Found, [0, 0, 0, 0, taken]);
            }
            before = state.map_or(before, |(balance, _)| *balance);
        }
    }

    /// What nights up to one of them recorded last.
    fn enter_newest(&self, parts: &[Of], through: u32, side: Side, against: u32, entries: &mut Entries) {
        let nights = || {
            let parts = parts.iter().enumerate().rev();
            parts.filter_map(|(number, of)| match of {
                Of::Night(night, _) if *night <= through => Some((number, *night)),
                _ => None,
            })
        };
        let mut newest: HashMap<Key, u32> = HashMap::new();
        for (number, night) in nights() {
            for used in self.used.get(&number).into_iter().flatten() {
                if *newest.entry(used.key).or_insert(night) == night {
                    enter_used(used, side, against, entries);
                }
            }
            for listed in self.listed.get(&number).into_iter().flatten() {
                if newest.get(&listed.key) == Some(&night) {
                    enter_listed(listed, side, against, entries);
                }
            }
        }
        if against == 0 {
            for (key, night) in newest {
                let at = entries.at(0, Kind::Newest).of(key);
                entries.add(&at, side, [night.into(), 0, 0, 0, 0]);
            }
        } else {
            for moved in self.moved.iter().filter(|moved| moved.night <= through) {
                let placed = (moved.night as i32, moved.row, &moved.setl_id, &moved.init_setl_id);
                enter_placed(placed, side, against, entries);
            }
            if let Some((balance, _)) = nights().find_map(|(number, _)| self.state.get(&number)) {
                enter_balance(*balance, side, against, entries);
            }
        }
        if let Some(last) = nights().find_map(|(number, _)| self.state.get(&number)?.1.as_ref()) {
            enter_last(last, side, against, entries);
        }
    }

    fn enter_base(&self, number: usize, through: u32, entries: &mut Entries) {
        let side = Side::Found;
        self.used.get(&number).into_iter().flatten().for_each(|used| enter_used(used, side, through, entries));
        self.listed.get(&number).into_iter().flatten().for_each(|listed| enter_listed(listed, side, through, entries));
        for (night, row, id, init) in self.placed.get(&number).into_iter().flatten() {
            enter_placed((*night, *row, id, init), side, through, entries);
        }
        if let Some((balance, last)) = self.state.get(&number) {
            enter_balance(*balance, side, through, entries);
            if let Some(last) = last {
                enter_last(last, side, through, entries);
            }
        }
    }
}

fn enter_used(used: &Used, side: Side, against: u32, entries: &mut Entries) {
    let at = entries.at(against, used.kind).of(used.key).numbers(used.accumulator, used.month, used.layer);
    entries.add(&at, side, used.amounts);
}

/// Movements know settlement and deductible of an admission; between a base and its nights the whole row is equal.
fn enter_listed(listed: &Listed, side: Side, against: u32, entries: &mut Entries) {
    let (day, name) = if against == 0 { (0, &listed.setl_id) } else { (listed.enddate, &listed.rest) };
    let at = entries.at(against, Kind::Admission).of(listed.key).numbers(listed.accumulator, 0, day).name(name);
    entries.add(&at, side, [1, listed.deductible, 0, 0, 0]);
}

fn enter_placed(placed: (i32, i32, &Name, &Name), side: Side, against: u32, entries: &mut Entries) {
    let (night, row, id, init) = placed;
    let name = if init.is_empty() { id.clone() } else { format!("{id} {init}").into() };
    let at = entries.at(against, Kind::Settlement).numbers(0, night, row).name(&name);
    entries.add(&at, side, [1, 0, 0, 0, 0]);
}

fn enter_balance(balance: i128, side: Side, against: u32, entries: &mut Entries) {
    let at = entries.at(against, Kind::Balance);
    entries.add(&at, side, [0, 0, 0, 0, balance]);
}

fn enter_last((second, setl_id): &Place, side: Side, against: u32, entries: &mut Entries) {
    let at = entries.at(against, Kind::Last).name(&format!("{} {setl_id}", Time(*second)).into());
    entries.add(&at, side, [1, 0, 0, 0, 0]);
}
