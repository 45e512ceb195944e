//! The settlements of a ledger that changed rules have to do with: one pass over the nights by the columns that tell,
//! and a second one for what came after those settlements.

use std::collections::BTreeSet;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use hashbrown::{HashMap, HashSet};

use crate::columnar::columns::{self, integer, text};
use crate::columnar::schema::{Kind, plain};
use crate::ledger::tables::read::{Batch, TableError, TableFile};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::report::rules_changed::{Extent, RowTouched, RulesChanged};
use crate::rules::changed::{RowChange, Who};
use crate::rules::layout::Table;
use crate::rules::reach::{CITED, Key, Reach, Settled, Span};

/// A night's tables, each compared with its digest.
#[derive(Clone, Debug)]
pub struct NightFiles {
    /// Its number.
    pub night: u32,
    /// `adjudicated.parquet`.
    pub adjudicated: PathBuf,
    /// `movements.parquet`.
    pub movements: PathBuf,
}

/// How a settlement is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It names the row.
    Exact,
    /// Its keys match.
    Candidate,
    /// It comes after one that is touched, of the same person.
    Later,
}

impl Relation {
    const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Candidate => "candidate",
            Self::Later => "later",
        }
    }
}

/// A row of `rules_changed_settlements.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedRow {
    /// `psn_no`.
    pub psn_no: String,
    /// `setl_id`.
    pub setl_id: String,
    /// The night that has it.
    pub night: u32,
    /// Table and name of the row of rules; empty for what comes later.
    pub rule: (&'static str, String),
    /// How.
    pub relation: Relation,
}

/// The columns of `rules_changed_settlements.parquet`.
pub const COLUMNS: [(&str, Kind); 6] = [
    ("psn_no", Kind::Text),
    ("setl_id", Kind::Text),
    ("night", Kind::Integer),
    ("table", Kind::Text),
    ("rule_id", Kind::Text),
    ("relation", Kind::Text),
];

/// The schema of `rules_changed_settlements.parquet`.
#[must_use]
pub fn schema() -> SchemaRef {
    plain(&COLUMNS)
}

/// Rows of `rules_changed_settlements.parquet`.
#[must_use]
pub fn batch(rows: &[TouchedRow]) -> RecordBatch {
    let columns = vec![
        text(rows.iter().map(|row| &row.psn_no)),
        text(rows.iter().map(|row| &row.setl_id)),
        integer(rows.iter().map(|row| row.night as i32)),
        text(rows.iter().map(|row| row.rule.0)),
        text(rows.iter().map(|row| &row.rule.1)),
        text(rows.iter().map(|row| row.relation.word())),
    ];
    columns::rows(schema(), columns)
}

/// Changed rows by what settlements record.
struct Index<'a> {
    changes: &'a [RowChange],
    /// For each table of [`CITED`] the changes of a row's name.
    cited: [HashMap<&'a str, Vec<(u32, Span)>>; CITED.len()],
    reaches: Vec<(u32, Span, &'a Reach)>,
    /// Positions in `reaches` that a pool can meet.
    of_pool: HashMap<Admdvs, Vec<u32>>,
}

impl<'a> Index<'a> {
    fn new(changes: &'a [RowChange]) -> Self {
        let mut index = Self { changes, cited: Default::default(), reaches: Vec::new(), of_pool: HashMap::new() };
        for (number, change) in (0..).zip(changes) {
            for meeting in &change.meets {
                match &meeting.who {
                    Who::Cites(table, name) => {
                        let position = CITED.iter().position(|cited| cited == table).expect("a table that is named");
                        index.cited[position].entry(name).or_default().push((number, meeting.span));
                    }
                    Who::Matches(reach) => index.reaches.push((number, meeting.span, reach)),
                }
            }
        }
        index
    }

    /// The changes that touch a settlement, ascending, and whether it names the row.
    fn touch(&mut self, settled: &Settled<'_>, found: &mut Vec<(u32, bool)>) {
        found.clear();
        for (names, cited) in settled.rules.iter().zip(&self.cited) {
            if cited.is_empty() {
                continue;
            }
            for changes in names.split('|').filter_map(|name| cited.get(name)) {
                // Bands decide nothing of a bill that the person pays whole.
                let pays = |number: u32| !settled.denied || self.changes[number as usize].table != Table::Bands;
                let meets = changes.iter().filter(|(number, span)| span.holds(settled.day) && pays(*number));
                found.extend(meets.map(|(number, _)| (*number, true)));
            }
        }
        let reaches = &self.reaches;
        let of_pool = self.of_pool.entry(settled.pool).or_insert_with(|| {
            let meets = (0..).zip(reaches).filter(|(_, (_, _, reach))| reach.meets_pool(settled.pool));
            meets.map(|(position, _)| position).collect()
        });
        for position in of_pool {
            let (number, span, reach) = reaches[*position as usize];
            if span.holds(settled.day) && reach.holds(settled) {
                found.push((number, false));
            }
        }
        // An exact one stands before a candidate of the same row and hides it.
        found.sort_unstable_by_key(|(number, exact)| (*number, !exact));
        found.dedup_by_key(|(number, _)| *number);
    }
}

/// What is read of a settled row that is no reversal.
struct Row<'a> {
    psn_no: &'a str,
    setl_id: &'a str,
    time: i64,
    settled: Settled<'a>,
    bill: Fen,
    fund: Fen,
}

const TEXTS: [&str; 16] = [
    "psn_no",
    "setl_id",
    "insutype",
    "psn_class",
    "med_class",
    "place",
    "filing",
    "tier",
    "scheme_rule",
    "class_rule",
    "channel_rule",
    "benefit_rule",
    "layer_rules",
    "pool",
    "mdtrtarea_admvs",
    "status",
];
const OTHERS: [&str; 4] = ["setl_time", "enddate", "medfee_sumamt", "fund_pay_sumamt"];
/// Where the derived columns and the rule columns stand in [`TEXTS`].
const FIRST_KEY: usize = 2;
const FIRST_RULE: usize = FIRST_KEY + Key::ALL.len();

impl Row<'_> {
    fn touched(&self, night: u32, rule: (&'static str, String), relation: Relation) -> TouchedRow {
        TouchedRow { psn_no: self.psn_no.to_owned(), setl_id: self.setl_id.to_owned(), night, rule, relation }
    }
}

/// Every row of the nights, with its night.
fn visit<E: From<TableError>>(
    nights: &[NightFiles],
    sink: &mut dyn FnMut(u32, &Row) -> Result<(), E>,
) -> Result<(), E> {
    let columns: Vec<&str> = TEXTS.into_iter().chain(OTHERS).collect();
    nights.iter().try_for_each(|NightFiles { night, adjudicated, .. }| {
        TableFile::open(adjudicated)?.visit::<E>(&columns, &mut |batch| rows(batch, &mut |row| sink(*night, row)))
    })
}

fn rows<E: From<TableError>>(batch: &Batch, sink: &mut dyn FnMut(&Row) -> Result<(), E>) -> Result<(), E> {
    let mut texts = Vec::with_capacity(TEXTS.len());
    for column in TEXTS {
        texts.push(batch.text(column)?);
    }
    let (times, days) = (batch.second("setl_time")?, batch.day("enddate")?);
    let (bills, funds) = (batch.money("medfee_sumamt")?, batch.money("fund_pay_sumamt")?);
    let code = |text: &str| Admdvs::parse(text.as_bytes()).unwrap_or_default();
    for row in 0..batch.rows() {
        let text = |column: usize| texts[column].value(row);
        let status = text(15);
        // A reversal follows its original in everything.
        if status == Status::Reversed.word() {
            continue;
        }
        sink(&Row {
            psn_no: text(0),
            setl_id: text(1),
            time: times.value(row),
            settled: Settled {
                day: Date(days.value(row)),
                pool: code(text(13)),
                treated: code(text(14)),
                keys: std::array::from_fn(|key| text(FIRST_KEY + key)),
                rules: std::array::from_fn(|rule| text(FIRST_RULE + rule)),
                denied: status == Status::Denied.word(),
            },
            bill: bills[row],
            fund: funds[row],
        })?;
    }
    Ok(())
}

/// A person with a settlement that is touched.
struct Person {
    number: u32,
    /// When the first of them was settled.
    since: i64,
}

/// What is counted on the way.
struct Counts {
    /// Of each change.
    extents: Vec<Extent>,
    /// Pairs of change and person that were counted.
    seen: HashSet<(u32, u32)>,
    persons: HashMap<Box<str>, Person>,
    days: BTreeSet<Date>,
    whole: RulesChanged,
}

impl Counts {
    /// The person's number, once a settlement of this time is known to be touched.
    fn person(&mut self, row: &Row) -> u32 {
        if let Some(person) = self.persons.get_mut(row.psn_no) {
            person.since = person.since.min(row.time);
            return person.number;
        }
        let number = u32::try_from(self.persons.len()).expect("fewer than 2^32 persons");
        self.persons.insert(row.psn_no.into(), Person { number, since: row.time });
        number
    }

    fn add(&mut self, night: u32, row: &Row, found: &[(u32, bool)]) {
        let person = self.person(row);
        // Stands for all changes together.
        let whole = (u32::MAX, found.iter().any(|(_, exact)| *exact));
        for &(number, exact) in found.iter().chain([&whole]) {
            let extent = self.extents.get_mut(number as usize).unwrap_or(&mut self.whole.extent);
            extent.settlements += 1;
            extent.candidates += u64::from(!exact);
            extent.persons += u64::from(self.seen.insert((number, person)));
            extent.bills += i128::from(row.bill.0);
            extent.funds += i128::from(row.fund.0);
        }
        self.whole.first_night = self.whole.first_night.or(Some(night));
    }
}

/// Settlements that a later one reversed, by person.
type Reversed = HashMap<Box<str>, Vec<Box<str>>>;

fn reversed<E: From<TableError>>(nights: &[NightFiles]) -> Result<Reversed, E> {
    let mut reversed = Reversed::new();
    for night in nights {
        TableFile::open(&night.movements)?.visit::<E>(&["psn_no", "init_setl_id"], &mut |batch| {
            let (persons, originals) = (batch.text("psn_no")?, batch.text("init_setl_id")?);
            for row in (0..batch.rows()).filter(|row| !originals.value(*row).is_empty()) {
                reversed.entry_ref(persons.value(row)).or_default().push(originals.value(row).into());
            }
            Ok(())
        })?;
    }
    Ok(reversed)
}

/// Finds what changed rows touch in the nights, which come in order. Every settlement that is touched goes to `sink`:
/// those that a row touches night by night, once for each row, then those that come later. Settlements that were
/// reversed, and the reversals, are left out.
///
/// In memory are the persons that are touched, and the settlements that were reversed.
///
/// # Errors
/// A table cannot be read, or what `sink` says.
pub fn scan<E: From<TableError>>(
    nights: &[NightFiles],
    changes: Vec<RowChange>,
    sink: &mut dyn FnMut(TouchedRow) -> Result<(), E>,
) -> Result<RulesChanged, E> {
    let mut counts = Counts {
        extents: vec![Extent::default(); changes.len()],
        seen: HashSet::new(),
        persons: HashMap::new(),
        days: BTreeSet::new(),
        whole: RulesChanged::default(),
    };
    let meeting = meeting(nights, &changes)?;
    if !meeting.is_empty() {
        let reversed = reversed::<E>(nights)?;
        let mut pass = Pass { index: Index::new(&changes), reversed, counts: &mut counts };
        pass.touched(&meeting, sink)?;
        if !pass.counts.persons.is_empty() {
            pass.later(nights, sink)?;
        }
    }
    let Counts { extents, days, mut whole, .. } = counts;
    for (change, extent) in changes.into_iter().zip(extents) {
        let settled = |span: &Span| {
            let days = if span.is_empty() { None } else { Some(days.range(span.from..=span.to)) };
            days.and_then(|mut days| {
                let first = *days.next()?;
                Some((first, days.next_back().copied().unwrap_or(first)))
            })
        };
        let spans = change.spans.iter().filter_map(settled);
        match spans.reduce(|(from, to), (first, last)| (from.min(first), to.max(last))) {
            Some(days) => whole.rows.push(RowTouched { change, days, extent }),
            None => whole.unsettled += 1,
        }
    }
    Ok(whole)
}

/// The nights with a settlement on a day on which a row differs, as far as their footers tell.
fn meeting(nights: &[NightFiles], changes: &[RowChange]) -> Result<Vec<NightFiles>, TableError> {
    let spans: HashSet<(Date, Date)> =
        changes.iter().flat_map(|change| &change.spans).map(|span| (span.from, span.to)).collect();
    let mut found = Vec::new();
    for night in nights {
        let file = TableFile::open(&night.adjudicated)?;
        let days = file.day_range("enddate");
        let meets = days.is_none_or(|(first, last)| spans.iter().any(|(from, to)| *from <= last && first <= *to));
        if file.rows() > 0 && meets && !spans.is_empty() {
            found.push(night.clone());
        }
    }
    Ok(found)
}

/// What a pass over the nights goes by.
struct Pass<'a> {
    index: Index<'a>,
    reversed: Reversed,
    counts: &'a mut Counts,
}

impl Pass<'_> {
    /// Settlements that a changed row touches.
    fn touched<E: From<TableError>>(
        &mut self,
        nights: &[NightFiles],
        sink: &mut dyn FnMut(TouchedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { index, reversed, counts } = self;
        let mut found = Vec::new();
        visit(nights, &mut |night, row| {
            index.touch(&row.settled, &mut found);
            if is_reversed(reversed, row) {
                // It is settled no more, but what came before its reversal went on from it.
                if !found.is_empty() {
                    counts.person(row);
                }
                return Ok(());
            }
            counts.days.insert(row.settled.day);
            if found.is_empty() {
                return Ok(());
            }
            counts.add(night, row, &found);
            found.iter().try_for_each(|&(number, exact)| {
                let change = &index.changes[number as usize];
                let rule = (change.table.layout().name, change.rule_id.clone());
                sink(row.touched(night, rule, if exact { Relation::Exact } else { Relation::Candidate }))
            })
        })
    }

    /// What comes after a touched settlement of its person goes on from other accumulators.
    fn later<E: From<TableError>>(
        &mut self,
        nights: &[NightFiles],
        sink: &mut dyn FnMut(TouchedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { index, reversed, counts } = self;
        let mut found = Vec::new();
        visit(nights, &mut |night, row| {
            let after = counts.persons.get(row.psn_no).is_some_and(|person| person.since <= row.time);
            if !after || is_reversed(reversed, row) {
                return Ok(());
            }
            index.touch(&row.settled, &mut found);
            if !found.is_empty() {
                return Ok(());
            }
            counts.whole.later += 1;
            sink(row.touched(night, ("", String::new()), Relation::Later))
        })
    }
}

fn is_reversed(reversed: &Reversed, row: &Row) -> bool {
    reversed.get(row.psn_no).is_some_and(|originals| originals.iter().any(|id| **id == *row.setl_id))
}
