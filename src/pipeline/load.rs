//! Everything a fold needs, in memory: rules, rows by person, facts by person.

use std::sync::atomic::AtomicBool;

use hashbrown::HashMap;

use super::rules_dir::{Rules, load_rules};
use super::{Inputs, RunError, Stage, Watch, check};
use crate::adjudicate::resolve::Context;
use crate::ingest::{self, Border, ClaimBatch, IngestError, InputFile, ReadOptions, Reject, reference};
use crate::model::money::Fen;
use crate::model::reference::{Facts, Institutions};
use crate::model::settlement::{Claim, Insutype};
use crate::report::adjudicated::Words;
use crate::report::balance::Tally;
use crate::shuffle::group::{Ghost, Persons, Rows};

/// A reference table's name and, if it was given, its file.
pub type Gate = (&'static str, Option<InputFile>);

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
    /// The same as `src_file` names them.
    pub shown: Vec<String>,
    /// Reference tables: a missing one switches its gate off.
    pub gates: Vec<Gate>,
    /// Rejected rows, reason by reason.
    pub rejects: Vec<Reject>,
    /// Rejected rows and their money.
    pub rejected: Tally,
    /// All rows and their money.
    pub rows_in: Tally,
}

impl Loaded {
    /// What the kernel needs.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        Context { book: &self.rules.book, institutions: self.institutions.as_ref() }
    }

    /// What outputs need.
    #[must_use]
    pub fn words(&self) -> Words<'_> {
        Words {
            book: &self.rules.book,
            arenas: &self.rows.arenas,
            unlisted_insutypes: &self.unlisted_insutypes,
            files: &self.shown,
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

/// Reads everything. With `person`, only the rows of that `psn_no` are kept.
///
/// # Errors
/// The rules, the claims or a reference table cannot be used, or the rows need more than `memory` bytes.
pub fn load(
    inputs: &Inputs,
    person: Option<&[u8]>,
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Loaded, RunError> {
    let rules = load_rules(&inputs.rules)?;
    let paths = &inputs.reference;
    let (institutions, institutions_file) = match &paths.institutions {
        Some(path) => {
            let (table, file) = reference::institutions(path, &rules.book.vocab)?;
            (Some(table), Some(file))
        }
        None => (None, None),
    };
    let files = ingest::expand(&inputs.claims)?;
    let (arrivals, files) = read_claims(&files, &rules, institutions.as_ref(), person, memory, watch, cancel)?;
    check(cancel)?;
    watch.begin(Stage::Group, Some(arrivals.rows.len() as u64));
    let persons = Persons::group(&arrivals.rows);
    watch.begin(Stage::Reference, None);
    let mut loaded = Loaded {
        institutions,
        facts: Facts::default(),
        unlisted_insutypes: arrivals.unlisted,
        shown: files.iter().map(|file| file.shown.clone()).collect(),
        files,
        gates: Vec::new(),
        rejects: arrivals.rejects,
        rejected: arrivals.rejected,
        rows_in: arrivals.rows_in,
        rows: arrivals.rows,
        persons,
        rules,
    };
    read_facts(inputs, &mut loaded, &arrivals.number_of)?;
    loaded.gates.push(("institutions", institutions_file));
    check(cancel)?;
    Ok(loaded)
}

fn read_claims(
    files: &[ingest::InputPath],
    rules: &Rules,
    institutions: Option<&Institutions>,
    person: Option<&[u8]>,
    memory: u64,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Arrivals, Vec<InputFile>), RunError> {
    watch.begin(Stage::Ingest, None);
    let border = Border { vocab: &rules.book.vocab, institutions };
    let advance = |rows: u64, _bytes: u64| watch.advance(rows);
    let options =
        ReadOptions { person: person.map(<[u8]>::to_vec), progress: Some(&advance), cancel: Some(cancel) };
    let mut arrivals = Arrivals::default();
    let mut too_large = None;
    let result = ingest::read_claims(files, &border, &options, &mut |batch| {
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
        (Err(IngestError::Cancelled), None) => Err(RunError::Cancelled),
        (Err(error), None) => Err(error.into()),
        (Ok(files), None) => Ok((arrivals, files)),
    }
}

fn read_facts(inputs: &Inputs, loaded: &mut Loaded, unlisted: &HashMap<Box<str>, u32>) -> Result<(), RunError> {
    let paths = &inputs.reference;
    let (book, persons, arenas) = (&loaded.rules.book, &loaded.persons, &loaded.rows.arenas);
    let count = persons.len();
    let find = |number: &[u8]| persons.find(arenas, number);
    let pool = |place| book.pool_of(place);
    let insutype = |word: &str| {
        let listed = book.vocab.insutype.find(word.as_bytes());
        if listed != crate::model::symbol::Sym::OTHER {
            return Insutype(listed.0);
        }
        // A type that neither the rules nor the claims have is covered by nothing.
        unlisted.get(word).map_or(Insutype(u32::MAX), |number| Insutype(Insutype::UNLISTED + number))
    };
    let facts = &mut loaded.facts;
    let mut gate = |name: &'static str, file: Option<InputFile>| loaded.gates.push((name, file));
    let enrolments = paths.enrolments.as_deref().map(|path| reference::enrolments(path, count, &find, &pool, &insutype));
    let (table, file) = enrolments.transpose()?.unzip();
    facts.enrolments = table;
    gate("enrolments", file);
    let (table, file) =
        paths.filings.as_deref().map(|path| reference::filings(path, count, &find, &book.vocab)).transpose()?.unzip();
    facts.filings = table;
    gate("filings", file);
    let (table, file) =
        paths.marks.as_deref().map(|path| reference::marks(path, count, &find, &book.vocab)).transpose()?.unzip();
    facts.marks = table;
    gate("marks", file);
    let (table, file): (Option<Vec<Fen>>, _) =
        paths.accounts.as_deref().map(|path| reference::balances(path, count, &find)).transpose()?.unzip();
    facts.balances = table;
    gate("accounts", file);
    Ok(())
}
