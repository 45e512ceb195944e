//! Everything a fold needs, in memory: rules, rows by person, facts by person.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use hashbrown::HashMap;

use super::night::{Carried, verified};
use super::rules_dir::{Rules, load_rules};
use super::{Inputs, RunError, Stage, Watch, check};
use crate::adjudicate::resolve::Context;
use crate::columnar::words::{Recorded, Sources, Words};
use crate::ingest::{self, Border, ClaimBatch, IngestError, InputFile, InputPath, ReadOptions, Reject, reference};
use crate::ledger::opening::Opening;
use crate::ledger::person::Source;
use crate::ledger::store::{View, Volume};
use crate::ledger::tables::scan::{Numbers, OpeningRead, Part, read_opening};
use crate::model::money::Fen;
use crate::model::reference::{ByPerson, Enrolment, Facts, Institutions};
use crate::model::settlement::{Claim, Insutype};
use crate::model::symbol::Sym;
use crate::report::balance::Tally;
use crate::rules::book::RuleBook;
use crate::shuffle::group::{Ghost, Persons, Rows};

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
    /// What earlier nights left; `None` without a ledger.
    pub opening: Option<Opening>,
    /// Settlements of earlier nights that this night's reversals name.
    pub recorded: Vec<Recorded>,
    /// Accumulators of earlier nights that the rules do not name.
    pub unlisted_accumulators: Vec<Box<str>>,
    /// Reference tables: a missing one switches its gate off.
    pub gates: Vec<Gate>,
    /// Rejected rows, reason by reason.
    pub rejects: Vec<Reject>,
    /// Rejected rows and their money.
    pub rejected: Tally,
    /// All rows and their money.
    pub rows_in: Tally,
    /// Balances of persons who have no row this night, for the ledger to keep.
    pub other_balances: Vec<(Box<[u8]>, Fen)>,
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
}

/// Rows as they arrive from the claims files.
#[derive(Default)]
struct Arrivals {
    rows: Rows,
    unlisted: Vec<Box<str>>,
    number_of: HashMap<Box<str>, u32>,
    rejects: Vec<Reject>,
    rejected: Tally,
    rows_in: Tally,
    bytes: u64,
}

impl Arrivals {
    fn take(&mut self, mut batch: ClaimBatch) {
        if !batch.unlisted_insutypes.is_empty() {
            self.renumber(&mut batch);
        }
        self.bytes += (batch.claims.len() * size_of::<Claim>() + batch.arena.len()) as u64;
        batch.claims.iter().for_each(|claim| self.rows_in.add(claim.bill.total.0));
        let rejected = Tally { rows: batch.rejected_rows, total_fen: batch.rejected_total };
        self.rejected.merge(&rejected);
        self.rows_in.merge(&rejected);
        self.rejects.append(&mut batch.rejects);
        let ghosts = batch.ghosts.iter().map(|ghost| Ghost { text: ghost.text, file: ghost.file, row: ghost.row });
        self.rows.ghosts.push(ghosts.collect());
        self.rows.claims.push(batch.claims);
        self.rows.arenas.0.push(batch.arena);
    }

    /// A batch numbers the insurance types it met that the rules do not name; the run numbers them once for all.
    fn renumber(&mut self, batch: &mut ClaimBatch) {
        let numbers: Vec<u32> = batch.unlisted_insutypes.iter().map(|word| self.number(word)).collect();
        for claim in &mut batch.claims {
            if claim.insutype.0 >= Insutype::UNLISTED {
                claim.insutype =
                    Insutype(Insutype::UNLISTED + numbers[(claim.insutype.0 - Insutype::UNLISTED) as usize]);
            }
        }
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.number_of.get(word) {
            return number;
        }
        let number = u32::try_from(self.unlisted.len()).expect("fewer than 2^31 insurance types");
        self.unlisted.push(word.into());
        self.number_of.insert(word.into(), number);
        number
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

/// Reads everything. With `person`, only the rows of that `psn_no` are kept.
///
/// # Errors
/// The rules, the claims or a reference table cannot be used, or the rows need more than `memory` bytes.
pub fn load(
    inputs: &Inputs,
    person: Option<&[u8]>,
    night: Option<NightInput>,
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    let with_mdtrt_id = night.is_some();
    load_with(inputs, person, night, with_mdtrt_id, memory, watch, cancel)
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
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    load_under(load_rules(&inputs.rules)?, inputs, person, night, with_mdtrt_id, memory, watch, cancel)
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
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    let paths = &inputs.reference;
    let options = ReadOptions { person: None, progress: None, cancel: Some(cancel) };
    let institutions = match &paths.institutions {
        Some(path) => Some(reference::read_institutions(&ingest::expand(&[path])?, &rules.book.vocab, &options)?),
        None => None,
    };
    let (institutions, institution_files) = institutions.unzip();
    let claims = claims_of(inputs, night.as_ref())?;
    let border = Border { vocab: &rules.book.vocab, institutions: institutions.as_ref(), with_mdtrt_id };
    let (mut arrivals, files) = read_claims(&claims, &border, person, memory, watch, cancel)?;
    check(cancel)?;
    watch.begin(Stage::Group, Some(arrivals.rows.len() as u64));
    let persons = Persons::group(&arrivals.rows);
    watch.begin(Stage::Reference, None);
    let mut opened = None;
    if let Some(night) = &night {
        opened = Some(open_night(night, &rules, &arrivals.rows, &persons, &mut arrivals.unlisted)?);
    }
    let names = files.iter().map(|file| file.shown.clone()).collect();
    let carried = night.as_ref().and_then(|night| night.carried.as_ref());
    let carried = carried.map(|carried| (claims.len() as u32 - 1, carried.origins.clone()));
    let mut loaded = Loaded {
        institutions,
        facts: Facts::default(),
        unlisted_insutypes: arrivals.unlisted,
        sources: Sources { files: names, carried },
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
        other_balances: Vec::new(),
    };
    let accounts = match (&night, &inputs.reference.accounts) {
        (Some(night), _) => night.accounts.clone(),
        (None, Some(path)) => Some(ingest::expand(&[path])?),
        (None, None) => None,
    };
    read_facts(inputs, &mut loaded, &options)?;
    let known = opened.as_ref().map(|(read, _)| &*read.balances);
    let balance_given = read_balances(&mut loaded, accounts.as_deref(), known, &options)?;
    if let Some((mut read, unlisted_accumulators)) = opened {
        read.opening.balance_given = balance_given;
        read.opening.open_items = loaded.sources.carried.as_ref().map(|(file, _)| *file);
        loaded.opening = Some(read.opening);
        loaded.recorded = read.recorded;
        loaded.unlisted_accumulators = unlisted_accumulators;
    }
    loaded.gates.push(("institutions", institution_files));
    check(cancel)?;
    Ok(loaded)
}

fn read_claims(
    files: &[InputPath],
    border: &Border,
    person: Option<&[u8]>,
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Arrivals, Vec<InputFile>), RunError> {
    watch.begin(Stage::Ingest, None);
    let advance = |rows: u64, _bytes: u64| watch.advance(rows);
    let options = ReadOptions { person, progress: Some(&advance), cancel: Some(cancel) };
    let mut arrivals = Arrivals::default();
    let mut too_large = None;
    let result = ingest::read_claims(files, border, &options, &mut |batch| {
        arrivals.take(batch);
        // Grouping and folding need about as much again.
        if arrivals.bytes * 2 > memory {
            too_large = Some(arrivals.rows_in.rows);
            return Err(IngestError::Cancelled);
        }
        Ok(())
    });
    match (result, too_large) {
        (_, Some(rows)) => Err(RunError::Memory { rows, limit: memory }),
        (Err(error), None) => Err(error.into()),
        (Ok(files), None) => Ok((arrivals, files)),
    }
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
    let Some(path) = &inputs.reference.enrolments else { return Ok(None) };
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let find = |number: &[u8]| persons.find(arenas, number);
    let pool = |place| book.pool_of(place);
    let insutype = |word: &str| {
        let listed = book.vocab.insutype.find(word.as_bytes());
        if listed != Sym::OTHER {
            return Insutype(listed.0);
        }
        let number = loaded.unlisted_insutypes.iter().position(|unlisted| **unlisted == *word);
        // A type that neither the rules nor the claims have is covered by nothing.
        number.map_or(Insutype(u32::MAX), |number| Insutype(Insutype::UNLISTED + number as u32))
    };
    let (rows, files) = reference::read_enrolments(&ingest::expand(&[path])?, &find, &pool, &insutype, options)?;
    Ok(Some((ByPerson::group(persons.len(), rows), files)))
}

fn read_facts(inputs: &Inputs, loaded: &mut Loaded, options: &ReadOptions) -> Result<(), RunError> {
    let paths = &inputs.reference;
    let (enrolments, enrolment_files) = enrolments_under(&loaded.rules.book, inputs, loaded, options)?.unzip();
    let (book, persons, arenas) = (&loaded.rules.book, &loaded.persons, &loaded.rows.arenas);
    let count = persons.len();
    let find = |number: &[u8]| persons.find(arenas, number);
    let facts = &mut loaded.facts;
    let mut gate = |name: &'static str, files: Option<Vec<InputFile>>| loaded.gates.push((name, files));
    let given = |path: &Option<PathBuf>| path.as_ref().map(|path| ingest::expand(&[path])).transpose();
    facts.enrolments = enrolments;
    gate("enrolments", enrolment_files);
    let (rows, files) = given(&paths.filings)?
        .map(|files| reference::read_filings(&files, &book.vocab, &find, options))
        .transpose()?
        .unzip();
    facts.filings = rows.map(|rows| ByPerson::group(count, rows));
    gate("filings", files);
    let (rows, files) = given(&paths.marks)?
        .map(|files| reference::read_marks(&files, &book.vocab, &find, options))
        .transpose()?
        .unzip();
    facts.marks = rows.map(|rows| ByPerson::group(count, rows));
    gate("marks", files);
    Ok(())
}

/// Balances: a given table is right about the persons it names, the ledger about the others. Returns whom it names,
/// by person; nothing without a table.
fn read_balances(
    loaded: &mut Loaded,
    accounts: Option<&[InputPath]>,
    known: Option<&[Option<Fen>]>,
    options: &ReadOptions,
) -> Result<Vec<bool>, RunError> {
    let (persons, arenas) = (&loaded.persons, &loaded.rows.arenas);
    let find = |number: &[u8]| persons.find(arenas, number);
    let mut given = Vec::new();
    let mut balances: Vec<Fen> = match known {
        Some(known) => known.iter().map(|balance| balance.unwrap_or_default()).collect(),
        None => vec![Fen::ZERO; persons.len()],
    };
    let mut files = None;
    if let Some(accounts) = accounts {
        let others = known.is_some().then_some(&mut loaded.other_balances);
        let (rows, read) = reference::read_balances(accounts, &find, others, options)?;
        given = vec![false; persons.len()];
        for (person, balance) in rows {
            (balances[person as usize], given[person as usize]) = (balance, true);
        }
        files = Some(read);
    }
    loaded.facts.balances = (files.is_some() || known.is_some()).then_some(balances);
    loaded.gates.push(("accounts", files));
    Ok(given)
}

/// What must be read to know everything, newest first, each file compared with its digest.
///
/// # Errors
/// A file is not what its manifest says.
pub(super) fn parts(view: &View<'_>) -> Result<Vec<Part>, RunError> {
    let part = |night: u32, is_base: bool, volume: &Volume| -> Result<Part, RunError> {
        let mut files = HashMap::new();
        for table in Part::TABLES {
            files.insert(table, verified(volume, table)?);
        }
        Ok(Part { night, is_base, files })
    };
    let (base, nights) = view.parts();
    let newest_first = nights.iter().rev().map(|night| part(night.number, false, &night.volume));
    newest_first.chain(base.map(|base| part(base.through, true, &base.volume))).collect()
}

/// What earlier nights left, and the accumulators that the rules do not name.
fn open_night(
    night: &NightInput,
    rules: &Rules,
    rows: &Rows,
    persons: &Persons,
    insutypes: &mut Vec<Box<str>>,
) -> Result<(OpeningRead, Vec<Box<str>>), RunError> {
    let mut accumulators = Vec::new();
    let mut numbers = Numbers { book: &rules.book, insutypes, accumulators: &mut accumulators };
    let parts = parts(&night.view)?;
    let outputs = |number: u32, table: &str| -> Result<PathBuf, RunError> {
        verified(&night.view.nights[number as usize - 1].volume, table)
    };
    let read = read_opening(&parts, rows, persons, &mut numbers, &outputs)?;
    Ok((read, accumulators))
}
