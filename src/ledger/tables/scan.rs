//! What the nights before left of some of tonight's persons: one pass over their part of the tables, newest night
//! first.

use std::ops::Range;
use std::path::PathBuf;

use arrow::array::Array as _;
use hashbrown::{HashMap, HashSet};

use super::encode::month_of;
use super::mentions::{Mention, Mentions};
use super::ordered::Between;
use super::originals::{self, Wanted};
pub use super::read::TableError;
use super::read::{Batch, TableFile};
use super::schema::{self, KINDS};
use crate::adjudicate::opening::{SchemeKey, Usage, UsageRow};
use crate::columnar::words::Recorded;
use crate::ledger::opening::{Admission, Opening, Place};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::reference::ByPerson;
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;
use crate::shuffle::group::{Entry, Persons, Rows};

/// A night, or a base: the state of several that were compacted into one.
#[derive(Clone, Debug)]
pub struct Part {
    /// The night, or the last of those compacted.
    pub night: u32,
    /// Whether it is a base: its movements say night and row of each settlement.
    pub is_base: bool,
    /// Files by name, each compared with its digest.
    pub files: HashMap<&'static str, PathBuf>,
}

/// Places in [`Part::TABLES`].
pub mod table {
    /// `movements.parquet`
    pub const MOVEMENTS: usize = 0;
    /// `accumulators.parquet`
    pub const ACCUMULATORS: usize = 1;
    /// `admissions.parquet`
    pub const ADMISSIONS: usize = 2;
    /// `persons.parquet`
    pub const PERSONS: usize = 3;
}

impl Part {
    /// Tables of a night's state: an opening is read from them.
    pub const TABLES: [&'static str; 4] =
        ["movements.parquet", "accumulators.parquet", "admissions.parquet", "persons.parquet"];

    /// Opens its tables, in the order of [`TABLES`](Self::TABLES).
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open_all(&self) -> Result<[TableFile; 4], TableError> {
        let [movements, accumulators, admissions, persons] = Self::TABLES;
        Ok([self.open(movements)?, self.open(accumulators)?, self.open(admissions)?, self.open(persons)?])
    }

    pub(super) fn open(&self, table: &str) -> Result<TableFile, TableError> {
        TableFile::open(&self.files[table])
    }
}

/// Words of the ledger as numbers of this run.
pub struct Numbers<'a> {
    /// The compiled pack.
    pub book: &'a RuleBook,
    /// Insurance types the pack does not name.
    pub insutypes: &'a mut Vec<Box<str>>,
    /// Accumulators the pack does not name.
    pub accumulators: &'a mut Vec<Box<str>>,
}

impl Numbers<'_> {
    /// The insurance type of a word.
    pub fn insutype(&mut self, word: &str) -> Insutype {
        match self.book.vocab.insutype.find(word.as_bytes()) {
            Sym::OTHER => Insutype(Insutype::UNLISTED + number(self.insutypes, word)),
            listed => Insutype(listed.0),
        }
    }

    /// The accumulator of a word.
    pub fn accumulator(&mut self, word: &str) -> Sym {
        match self.book.vocab.accumulator.find(word.as_bytes()) {
            Sym::OTHER => Sym(Sym::UNLISTED + number(self.accumulators, word)),
            listed => listed,
        }
    }
}

/// Position of a word in a short list, made if it is new.
fn number(words: &mut Vec<Box<str>>, word: &str) -> u32 {
    let found = words.iter().position(|known| **known == *word).unwrap_or_else(|| {
        words.push(word.into());
        words.len() - 1
    });
    u32::try_from(found).expect("fewer than 2^31 words")
}

/// An opening and what belongs to it.
pub struct OpeningRead {
    /// What the fold takes.
    pub opening: Opening,
    /// The settlements that reversals name, by number.
    pub recorded: Vec<Recorded>,
    /// Balance of each person; `None`: the ledger knows none.
    pub balances: Vec<Option<Fen>>,
}

/// The persons that an opening is read of.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The rows of tonight's persons.
    pub rows: &'a Rows,
    /// By person.
    pub persons: &'a Persons,
    /// The ranks of those asked for, at least one.
    pub ranks: Range<usize>,
    /// Row groups that may be in memory at a time.
    pub at_a_time: usize,
}

impl Asked<'_> {
    fn between(&self) -> Between<'_> {
        let name = |rank: usize| self.rows.arenas.person(self.persons.name(rank as u32));
        Between { first: name(self.ranks.start), last: name(self.ranks.end - 1) }
    }

    /// Hands the batches of a table that may hold rows of those asked for to `sink`, with the numbers of their first
    /// rows.
    fn visit<E: From<TableError>>(
        &self,
        part: &Part,
        table: &str,
        columns: &[&str],
        sink: &mut dyn FnMut(usize, &Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = part.open(table)?;
        file.visit_groups(&file.groups_of(self.between()), columns, self.at_a_time, sink)
    }
}

/// Reads what `parts` (newest first) hold of some persons; only row groups that may hold rows of them are decoded.
///
/// `outputs` gives the verified `adjudicated.parquet` and `movements.parquet` of a night, for settlements that
/// reversals name.
///
/// # Errors
/// A table cannot be read.
pub fn read_opening<E: From<TableError>>(
    parts: &[Part],
    asked: &Asked<'_>,
    numbers: &mut Numbers<'_>,
    outputs: &dyn Fn(u32, &str) -> Result<PathBuf, E>,
) -> Result<OpeningRead, E> {
    let count = asked.ranks.len();
    let mut scan = Scan {
        asked,
        newest: HashMap::new(),
        usage: Vec::new(),
        admissions: Vec::new(),
        last: vec![None; count],
        balances: vec![None; count],
        settled: HashSet::new(),
        wanted: Vec::new(),
        reversed: HashSet::new(),
    };
    for part in parts.iter().filter(|_| count > 0) {
        scan.persons_table(part)?;
        scan.accumulators(part, numbers)?;
        scan.admissions(part, numbers)?;
        scan.movements(part)?;
    }
    let (originals, recorded) = originals::read(&scan.wanted, &scan.reversed, numbers, outputs)?;
    // Grouping needs room of its own.
    drop(std::mem::take(&mut scan.newest));
    let opening = Opening {
        persons: asked.ranks.clone(),
        usage: ByPerson::group(count, scan.usage),
        originals: ByPerson::group(count, originals),
        admissions: ByPerson::group(count, scan.admissions),
        last: scan.last,
        settled: scan.settled,
        open_items: None,
        balance_given: Vec::new(),
        given: None,
        fates: HashMap::new(),
    };
    Ok(OpeningRead { opening, recorded, balances: scan.balances })
}

struct Scan<'a> {
    asked: &'a Asked<'a>,
    /// The newest night that touched a person's scheme and year.
    newest: HashMap<(u32, SchemeKey), u32>,
    usage: Vec<(u32, UsageRow)>,
    admissions: Vec<(u32, Admission)>,
    last: Vec<Option<Place>>,
    balances: Vec<Option<Fen>>,
    settled: HashSet<Entry>,
    wanted: Vec<Wanted>,
    /// Persons and settlement numbers that a reversal has taken back.
    reversed: HashSet<(u32, Box<[u8]>)>,
}

/// The place of each row's person among those asked for; rows of one person mostly stand together.
struct Finder<'a> {
    asked: &'a Asked<'a>,
    between: Between<'a>,
    last: Option<(Vec<u8>, Option<u32>)>,
}

impl Finder<'_> {
    fn find(&mut self, number: &[u8]) -> Option<u32> {
        if number < self.between.first || self.between.last < number {
            return None;
        }
        match &mut self.last {
            Some((name, found)) if name == number => *found,
            last => {
                let found = self.asked.persons.find(&self.asked.rows.arenas, number);
                // Ranks follow the order of numbers: none of them lies outside.
                let found = found.map(|rank| rank - self.asked.ranks.start as u32);
                let (name, known) = last.get_or_insert_with(|| (Vec::new(), None));
                name.clear();
                name.extend_from_slice(number);
                *known = found;
                found
            }
        }
    }
}

impl<'a> Scan<'a> {
    fn finder(&self) -> Finder<'a> {
        Finder { asked: self.asked, between: self.asked.between(), last: None }
    }

    /// Balances and last settlements: the newest that is known.
    fn persons_table<E: From<TableError>>(&mut self, part: &Part) -> Result<(), E> {
        let mut finder = self.finder();
        let columns = schema::PERSONS.map(|(name, _)| name);
        self.asked.visit(part, "persons.parquet", &columns, &mut |_, batch| {
            let (names, balances) = (batch.text("psn_no")?, batch.money("balc")?);
            let (times, ids) = (batch.second("last_setl_time")?, batch.text("last_setl_id")?);
            for (row, balance) in balances.into_iter().enumerate() {
                let Some(person) = finder.find(names.value(row).as_bytes()) else { continue };
                let person = person as usize;
                self.balances[person].get_or_insert(balance);
                if self.last[person].is_none() && times.is_valid(row) && ids.is_valid(row) {
                    let time = Time(times.value(row).div_euclid(1_000_000));
                    self.last[person] = Some(Place { time, setl_id: ids.value(row).as_bytes().into() });
                }
            }
            Ok(())
        })
    }

    fn accumulators<E: From<TableError>>(&mut self, part: &Part, numbers: &mut Numbers<'_>) -> Result<(), E> {
        let mut finder = self.finder();
        let columns = schema::ACCUMULATORS.map(|(name, _)| name);
        self.asked.visit(part, "accumulators.parquet", &columns, &mut |_, batch| {
            let names = batch.text("psn_no")?;
            let (kinds, accumulators) = (batch.text("kind")?, batch.text("accumulator")?);
            let (months, layers) = (batch.integer("month")?, batch.integer("layer")?);
            let counts = batch.integer("admissions")?;
            let keys = Keys::of(batch)?;
            let [deductibles, bases, pool_bases, paids] = [
                batch.money("deductible_amt")?,
                batch.money("base_amt")?,
                batch.money("pool_base_amt")?,
                batch.money("paid_amt")?,
            ];
            for row in 0..batch.rows() {
                let Some(person) = finder.find(names.value(row).as_bytes()) else { continue };
                let key = keys.at(row, numbers)?;
                if *self.newest.entry((person, key)).or_insert(part.night) != part.night {
                    continue;
                }
                let wrong = |column| keys.wrong(column);
                let count = |value: i32, column| u32::try_from(value).map_err(|_| wrong(column));
                let (base, pool_base, paid) = (bases[row], pool_bases[row], paids[row]);
                let kind = KINDS.iter().position(|kind| *kind == kinds.value(row));
                let mut accumulator = || numbers.accumulator(accumulators.value(row));
                let usage = match kind {
                    Some(0) => Usage::Scheme { counted: paid },
                    Some(1) => Usage::Bucket {
                        accumulator: accumulator(),
                        admissions: count(counts.value(row), "admissions")?,
                        deductible: deductibles[row],
                        base,
                        pool_base,
                        paid,
                    },
                    Some(2) => {
                        Usage::Month { accumulator: accumulator(), month: month_of(months.value(row)), base, paid }
                    }
                    Some(3) => Usage::Layer { layer: count(layers.value(row), "layer")?, base, paid },
                    _ => return Err(wrong("kind").into()),
                };
                self.usage.push((person, UsageRow { key, usage }));
            }
            Ok(())
        })
    }

    /// Admissions of the newest night that touched their scheme and year; needs [`accumulators`](Self::accumulators).
    fn admissions<E: From<TableError>>(&mut self, part: &Part, numbers: &mut Numbers<'_>) -> Result<(), E> {
        let mut finder = self.finder();
        let columns = schema::ADMISSIONS.map(|(name, _)| name);
        self.asked.visit(part, "admissions.parquet", &columns, &mut |_, batch| {
            let (names, keys) = (batch.text("psn_no")?, Keys::of(batch)?);
            let (accumulators, days) = (batch.text("accumulator")?, batch.day("enddate")?);
            let deductibles = batch.money("act_pay_dedc")?;
            let ids = [batch.text("setl_id")?, batch.text("fixmedins_code")?, batch.text("mdtrt_id")?];
            for (row, deductible) in deductibles.into_iter().enumerate() {
                let Some(person) = finder.find(names.value(row).as_bytes()) else { continue };
                let key = keys.at(row, numbers)?;
                if self.newest.get(&(person, key)) != Some(&part.night) {
                    continue;
                }
                let [setl_id, institution, mdtrt_id] = ids.map(|column| column.value(row).as_bytes().into());
                let admission = Admission {
                    key,
                    accumulator: numbers.accumulator(accumulators.value(row)),
                    enddate: Date(days.value(row)),
                    deductible,
                    setl_id,
                    institution,
                    mdtrt_id,
                };
                self.admissions.push((person, admission));
            }
            Ok(())
        })
    }

    /// Which rows of tonight are settled already, and where the settlements stand that its reversals name.
    fn movements<E: From<TableError>>(&mut self, part: &Part) -> Result<(), E> {
        let mut finder = self.finder();
        let mut mentions = Mentions::new(self.asked.rows, self.asked.persons);
        let (start, columns) = (self.asked.ranks.start as u32, schema::BASE_MOVEMENTS.map(|(name, _)| name));
        self.asked.visit(part, "movements.parquet", &columns, &mut |first, batch| {
            let (names, ids, inits) = (batch.text("psn_no")?, batch.text("setl_id")?, batch.text("init_setl_id")?);
            let places = if part.is_base { Some((batch.integer("night")?, batch.integer("row")?)) } else { None };
            for row in 0..batch.rows() {
                let Some(person) = finder.find(names.value(row).as_bytes()) else { continue };
                let (id, init) = (ids.value(row).as_bytes(), inits.value(row).as_bytes());
                mentions.of(start + person, id, &mut |mention| match mention {
                    Mention::Has(entry) => drop(self.settled.insert(entry)),
                    // A reversal cannot be reversed.
                    Mention::Names if !init.is_empty() => {}
                    Mention::Names => {
                        let (night, row) = match places {
                            Some((nights, rows)) => (nights.value(row) as u32, rows.value(row) as usize),
                            None => (part.night, first + row),
                        };
                        self.wanted.push(Wanted { person, night, row });
                    }
                });
                if !init.is_empty() {
                    mentions.of(start + person, init, &mut |mention| {
                        if mention == Mention::Names {
                            self.reversed.insert((person, init.into()));
                        }
                    });
                }
            }
            Ok(())
        })
    }
}

/// The key columns of a batch.
pub(super) struct Keys<'b> {
    pools: &'b arrow::array::StringArray,
    insutypes: &'b arrow::array::StringArray,
    years: &'b arrow::array::Int32Array,
    path: PathBuf,
}

impl<'b> Keys<'b> {
    pub(super) fn of(batch: &Batch<'b>) -> Result<Self, TableError> {
        Ok(Self {
            pools: batch.text("pool")?,
            insutypes: batch.text("insutype")?,
            years: batch.integer("benefit_year")?,
            path: batch.path().to_owned(),
        })
    }

    pub(super) fn wrong(&self, column: &'static str) -> TableError {
        TableError::Column { path: self.path.clone(), column }
    }

    pub(super) fn at(&self, row: usize, numbers: &mut Numbers<'_>) -> Result<SchemeKey, TableError> {
        let pool = self.pools.value(row).parse().map(Admdvs).map_err(|_| self.wrong("pool"))?;
        Ok(SchemeKey { pool, insutype: numbers.insutype(self.insutypes.value(row)), year: self.years.value(row) })
    }

    /// The same for a row of `movements.parquet`: a denied one moved nothing and has no key.
    pub(super) fn moved_at(&self, row: usize, numbers: &mut Numbers<'_>) -> Result<Option<SchemeKey>, TableError> {
        if self.pools.value(row).is_empty() { Ok(None) } else { self.at(row, numbers).map(Some) }
    }
}
