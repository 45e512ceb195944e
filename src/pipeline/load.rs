//! Everything a fold needs: rules, rows by person, facts by person; in memory, or range after range of persons.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arrivals::{Arrivals, Room};
use super::balances::{Balances, Given};
use super::earlier::Earlier;
use super::memory::Shares;
use super::night::Carried;
use super::on_disk::{OnDisk, TableOnDisk, TablesOnDisk, Upcoming};
use super::rejects::Rejects;
use super::rules_dir::{Rules, load_rules};
use super::tables::Tables;
use super::{Inputs, RunError, Stage, Watch, check};
use crate::adjudicate::resolve::Context;
use crate::columnar::words::{Recorded, Sources, Words};
use crate::ingest::reference::{self, gathered};
use crate::ingest::{self, Border, InputFile, InputPath, ReadOptions};
use crate::ledger::fold::{self, CHUNK_ROWS, Chunk};
use crate::ledger::opening::Opening;
use crate::ledger::person::Source;
use crate::ledger::store::View;
use crate::model::date::Date;
use crate::model::reference::{ByPerson, Enrolment, Facts, Institutions};
use crate::report::balance::Tally;
use crate::rules::book::RuleBook;
use crate::shuffle::group::{Persons, Rows};
use crate::shuffle::order::{At, Sorter};
use crate::shuffle::ranges::Ranges;
use crate::shuffle::records::Balance;
use crate::shuffle::shelf::Disk;

/// A reference table's name and, if it was given, its files.
pub type Gate = (&'static str, Option<Vec<InputFile>>);

/// Inputs, read and grouped.
pub struct Loaded {
    /// The rules.
    pub rules: Rules,
    /// Institutions.
    pub institutions: Option<Institutions>,
    /// Accepted rows.
    pub rows: Rows,
    /// By person.
    pub persons: Persons,
    /// Facts by person.
    pub facts: Facts,
    /// Insurance types that the rules do not name.
    pub unlisted_insutypes: Vec<Box<str>>,
    /// Files of claims.
    pub files: Vec<InputFile>,
    /// Where rows came from, as `src_file` and `src_row` say it.
    pub sources: Sources,
    /// The day of the latest settlement.
    pub latest: Option<Date>,
    /// What earlier nights left of the persons at hand; `None` without a ledger.
    pub opening: Option<Opening>,
    /// Settlements of earlier nights that this night's reversals name.
    pub recorded: Vec<Recorded>,
    /// Accumulators of earlier nights that the rules do not name.
    pub unlisted_accumulators: Vec<Box<str>>,
    /// Reference tables: a missing one switches its gate off.
    pub gates: Vec<Gate>,
    /// Rejected rows, reason by reason.
    pub rejects: Rejects,
    /// Rejected rows and their money.
    pub rejected: Tally,
    /// All rows and their money.
    pub rows_in: Tally,
    /// Whether the table of balances names a person, by rank; empty without a table.
    pub(super) balance_given: Vec<bool>,
    /// Balances of persons who have no row, for the ledger to keep; `None` where there is no ledger.
    pub(super) other_balances: Option<Sorter<Balance>>,
    /// How memory is shared out.
    pub(super) shares: Shares,
    /// Where rows go that do not fit the memory; `None`: nothing may.
    pub(super) disk: Option<Arc<Disk>>,
    /// Rows and facts that are not in memory yet.
    pub(super) upcoming: Upcoming,
}

/// What a night takes from the ledger, and what it leaves out of what was given.
pub struct NightInput<'a> {
    /// The ledger as the night finds it.
    pub view: View<'a>,
    /// Claims that no earlier night has read.
    pub claims: Vec<InputPath>,
    /// Balances that no earlier night has applied; `None`: there are none.
    pub accounts: Option<Vec<InputPath>>,
    /// The open items of the last night.
    pub carried: Option<Carried>,
}

impl Loaded {
    /// The files of claims that were given; the open items of earlier nights are none of them.
    #[must_use]
    pub fn claims_files(&self) -> &[InputFile] {
        let given = self.sources.carried.as_ref().map_or(self.files.len(), |(file, _)| *file as usize);
        &self.files[..given]
    }

    /// Goes on to the next range of persons, which takes the place of the one at hand; `false` behind the last. Where
    /// all rows are in memory, they are the only range.
    pub(super) fn next_range(&mut self) -> Result<bool, RunError> {
        match &mut self.upcoming {
            Upcoming::AtHand => self.upcoming = Upcoming::Nothing,
            Upcoming::Nothing => return Ok(false),
            Upcoming::OnDisk(on_disk) => {
                // What was in memory goes first.
                (self.persons, self.rows, self.facts, self.opening) = Default::default();
                let others = &mut self.other_balances;
                let mut keep = |row: At<'_>| others.as_mut().map_or(Ok(()), |others| others.put_row(row));
                let Some(held) = on_disk.next(&mut keep)? else { return Ok(false) };
                (self.persons, self.rows, self.facts) = (held.persons, held.rows, held.facts);
                self.balance_given = held.balance_given;
            }
        }
        Ok(true)
    }

    /// How many rows there are, in memory or on the disk.
    pub(super) fn rows_to_come(&self) -> u64 {
        match &self.upcoming {
            Upcoming::OnDisk(on_disk) => on_disk.rows(),
            Upcoming::AtHand | Upcoming::Nothing => self.rows.len() as u64,
        }
    }

    /// The chunks of the range at hand. An unfinished one goes over into the next range, if there is one.
    pub(super) fn whole_chunks(&mut self) -> Vec<Range<usize>> {
        let mut chunks = fold::chunks(&self.persons);
        let rows = |chunk: &Range<usize>| self.persons.starts[chunk.end] - self.persons.starts[chunk.start];
        let is_short = chunks.last().is_some_and(|last| (rows(last) as usize) < CHUNK_ROWS);
        if let Upcoming::OnDisk(on_disk) = &mut self.upcoming
            && is_short
            && !on_disk.is_last()
        {
            let last = chunks.pop().expect("a short one");
            on_disk.carry(&self.rows, &self.persons, &self.facts, &self.balance_given, last);
        }
        chunks
    }

    /// What the kernel needs.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        Context { book: &self.rules.book, institutions: self.institutions.as_ref() }
    }

    /// What persons are folded from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source {
            context: self.context(),
            facts: &self.facts,
            rows: &self.rows,
            persons: &self.persons,
            opening: self.opening.as_ref(),
        }
    }

    /// What outputs need.
    #[must_use]
    pub fn words(&self) -> Words<'_> {
        Words {
            book: &self.rules.book,
            arenas: &self.rows.arenas,
            unlisted_insutypes: &self.unlisted_insutypes,
            unlisted_accumulators: &self.unlisted_accumulators,
            sources: &self.sources,
            recorded: &self.recorded,
        }
    }

    /// What outputs of a chunk need, whose claims lie with their text.
    #[must_use]
    pub fn words_of<'a>(&'a self, chunk: &'a Chunk) -> Words<'a> {
        Words { arenas: &chunk.arenas, ..self.words() }
    }
}

/// The files of claims, those of a night with its open items.
///
/// # Errors
/// An argument names nothing.
pub fn claims_of(inputs: &Inputs, night: Option<&NightInput>) -> Result<Vec<InputPath>, RunError> {
    let Some(night) = night else { return Ok(ingest::expand(&inputs.claims)?) };
    // Open items come behind all other files: a new row takes their place.
    let carried = night.carried.as_ref().map(|carried| &carried.input);
    Ok(night.claims.iter().chain(carried).cloned().collect())
}

/// Reads everything. With `person`, only the rows of that `psn_no` are kept. What earlier nights left is read here
/// where all rows have to be in memory; where they may go to the disk, it is read as it is asked for.
///
/// # Errors
/// The rules, the claims, a reference table or the ledger cannot be used, or the rows need more room than there is.
pub fn load(
    inputs: &Inputs,
    person: Option<&[u8]>,
    night: Option<NightInput>,
    room: impl Into<Room>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    let with_mdtrt_id = night.is_some();
    load_with(inputs, person, night, with_mdtrt_id, room, watch, cancel)
}

/// [`load`], with or without the claims' `mdtrt_id`.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    inputs: &Inputs,
    person: Option<&[u8]>,
    night: Option<NightInput>,
    with_mdtrt_id: bool,
    room: impl Into<Room>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    load_under(load_rules(&inputs.rules)?, inputs, person, night, with_mdtrt_id, room, watch, cancel)
}

/// [`load_with`], under rules that are there already.
///
/// # Errors
/// As [`load`].
#[allow(clippy::too_many_arguments, reason = "what is read, how much of it, and who watches")]
pub fn load_under(
    rules: Rules,
    inputs: &Inputs,
    person: Option<&[u8]>,
    night: Option<NightInput>,
    with_mdtrt_id: bool,
    room: impl Into<Room>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    let room = room.into();
    let (shares, disk) = (room.shares(), room.disk());
    let options = ReadOptions { person: None, progress: None, cancel: Some(cancel), parts: Some(shares.parts) };
    let institutions = match &inputs.reference.institutions {
        Some(path) => Some(reference::read_institutions(&ingest::expand(&[path])?, &rules.book.vocab, &options)?),
        None => None,
    };
    let (institutions, institution_files) = institutions.unzip();
    let claims = claims_of(inputs, night.as_ref())?;
    let border = Border { vocab: &rules.book.vocab, institutions: institutions.as_ref(), with_mdtrt_id };
    let accounts = match (&night, &inputs.reference.accounts) {
        (Some(night), _) => night.accounts.clone(),
        (None, Some(path)) => Some(ingest::expand(&[path])?),
        (None, None) => None,
    };
    let (arrivals, files) = Arrivals::read(&claims, &border, person, &room, watch, cancel)?;
    check(cancel)?;
    watch.begin(Stage::Group, Some(arrivals.rows.len() as u64));
    let persons = Persons::group(&arrivals.rows);
    watch.advance(arrivals.rows.len() as u64);
    watch.begin(Stage::Reference, None);
    let names = files.iter().map(|file| file.shown.clone()).collect();
    let carried = night.as_ref().and_then(|night| night.carried.as_ref());
    let carried = carried.map(|carried| (claims.len() as u32 - 1, carried.origins.clone()));
    let mut loaded = Loaded {
        institutions,
        facts: Facts::default(),
        unlisted_insutypes: arrivals.unlisted,
        sources: Sources { files: names, carried },
        latest: arrivals.latest,
        opening: None,
        recorded: Vec::new(),
        unlisted_accumulators: Vec::new(),
        files,
        gates: Vec::new(),
        rejects: arrivals.rejects,
        rejected: arrivals.rejected,
        rows_in: arrivals.rows_in,
        rows: arrivals.rows,
        persons,
        rules,
        balance_given: Vec::new(),
        other_balances: night.as_ref().map(|_| Sorter::new(disk.clone(), shares.window)),
        shares,
        disk,
        upcoming: Upcoming::AtHand,
    };
    match arrivals.ranges {
        Some(ranges) => read_facts_to_disk(inputs, &mut loaded, ranges, accounts.as_deref(), &options)?,
        None => read_facts(inputs, &mut loaded, accounts.as_deref(), &options)?,
    }
    loaded.gates.push(("institutions", institution_files));
    if let Some(night) = night.filter(|_| loaded.disk.is_none()) {
        let all = 0..loaded.persons.len();
        Earlier::of(night.view)?.open(&mut loaded, all)?;
    }
    check(cancel)?;
    Ok(loaded)
}

/// Spans of cover by person, and the files they stand in.
pub type Spans = (ByPerson<Enrolment>, Vec<InputFile>);

/// Spans of cover, by the pools of a rule book.
///
/// # Errors
/// The table cannot be read.
pub fn enrolments_under(
    book: &RuleBook,
    inputs: &Inputs,
    loaded: &Loaded,
    options: &ReadOptions,
) -> Result<Option<Spans>, RunError> {
    let tables = Tables { inputs, book, unlisted_insutypes: &loaded.unlisted_insutypes, options };
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let (rows, files) = gathered(|take| tables.enrolments(&|number| persons.find(arenas, number), take))?;
    Ok(files.map(|files| (ByPerson::group(persons.len(), rows), files)))
}

fn read_facts(
    inputs: &Inputs,
    loaded: &mut Loaded,
    accounts: Option<&[InputPath]>,
    options: &ReadOptions,
) -> Result<(), RunError> {
    let book = &loaded.rules.book;
    let tables = Tables { inputs, book, unlisted_insutypes: &loaded.unlisted_insutypes, options };
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let (count, find) = (persons.len(), |number: &[u8]| persons.find(arenas, number));
    let (rows, files) = gathered(|take| tables.enrolments(&find, take))?;
    loaded.facts.enrolments = files.is_some().then(|| ByPerson::group(count, rows));
    loaded.gates.push(("enrolments", files));
    let (rows, files) = gathered(|take| tables.filings(&find, take))?;
    loaded.facts.filings = files.is_some().then(|| ByPerson::group(count, rows));
    loaded.gates.push(("filings", files));
    let (rows, files) = gathered(|take| tables.marks(&find, take))?;
    loaded.facts.marks = files.is_some().then(|| ByPerson::group(count, rows));
    loaded.gates.push(("marks", files));
    read_balances(loaded, accounts, options)
}

/// The tables of all persons go where the rows are.
fn read_facts_to_disk(
    inputs: &Inputs,
    loaded: &mut Loaded,
    ranges: Ranges,
    accounts: Option<&[InputPath]>,
    options: &ReadOptions,
) -> Result<(), RunError> {
    let (shares, disk) = (loaded.shares, loaded.disk.clone().expect("a disk, as there are rows on it"));
    let book = &loaded.rules.book;
    let tables = Tables { inputs, book, unlisted_insutypes: &loaded.unlisted_insutypes, options };
    let who = |number: &[u8]| Some(Box::<[u8]>::from(number));
    let mut told = TablesOnDisk::default();
    let (table, files) = TableOnDisk::read(&disk, &ranges, shares, |take| tables.enrolments(&who, take))?;
    told.enrolments = files.is_some().then_some(table);
    loaded.gates.push(("enrolments", files));
    let (table, files) = TableOnDisk::read(&disk, &ranges, shares, |take| tables.filings(&who, take))?;
    told.filings = files.is_some().then_some(table);
    loaded.gates.push(("filings", files));
    let (table, files) = TableOnDisk::read(&disk, &ranges, shares, |take| tables.marks(&who, take))?;
    told.marks = files.is_some().then_some(table);
    loaded.gates.push(("marks", files));
    let read = accounts.map(|files| Balances::read(files, options, Some(&disk), shares.window)).transpose()?;
    let (balances, files) = read.unzip();
    told.balances = balances;
    loaded.gates.push(("accounts", files));
    loaded.upcoming = Upcoming::OnDisk(Box::new(OnDisk::new(disk, ranges, told)));
    Ok(())
}

/// Balances of the persons at hand; in a night, those of others are kept as well. However few the claims are, the
/// table may not fit the memory.
fn read_balances(loaded: &mut Loaded, accounts: Option<&[InputPath]>, options: &ReadOptions) -> Result<(), RunError> {
    let Some(accounts) = accounts else {
        loaded.gates.push(("accounts", None));
        return Ok(());
    };
    let (mut table, files) = Balances::read(accounts, options, loaded.disk.as_ref(), loaded.shares.window)?;
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let others = &mut loaded.other_balances;
    let mut keep = |row: At<'_>| others.as_mut().map_or(Ok(()), |others| others.put_row(row));
    let Given { balances, given } = table.of_range(None, (persons, arenas), &mut keep)?;
    (loaded.facts.balances, loaded.balance_given) = (Some(balances), given);
    loaded.gates.push(("accounts", Some(files)));
    Ok(())
}
