//! The settlements of a ledger that changed rules have to do with: one pass over all nights together, person by person,
//! by the columns that tell. Of one person alone all settlements are at hand.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use arrow::array::{Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use hashbrown::{HashMap, HashSet};

use crate::columnar::columns::{self, integer, text};
use crate::columnar::schema::{Kind, plain};
use crate::ledger::tables::merge::{Merge, Source};
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

/// The columns of a batch of settled rows.
struct Settlements {
    texts: Vec<StringArray>,
    times: TimestampMicrosecondArray,
    days: Date32Array,
    bills: Vec<Fen>,
    funds: Vec<Fen>,
}

impl Settlements {
    fn of(batch: &Batch) -> Result<Self, TableError> {
        Ok(Self {
            texts: TEXTS.iter().map(|column| batch.text(column).cloned()).collect::<Result<_, _>>()?,
            times: batch.second("setl_time")?.clone(),
            days: batch.day("enddate")?.clone(),
            bills: batch.money("medfee_sumamt")?,
            funds: batch.money("fund_pay_sumamt")?,
        })
    }

    /// Some rows, but those that are reversals: a reversal follows its original in everything.
    fn rows(&self, range: Range<usize>) -> impl Iterator<Item = Row<'_>> {
        let code = |text: &str| Admdvs::parse(text.as_bytes()).unwrap_or_default();
        range.filter(|&row| self.texts[15].value(row) != Status::Reversed.word()).map(move |row| {
            let text = |column: usize| self.texts[column].value(row);
            Row {
                psn_no: text(0),
                setl_id: text(1),
                time: self.times.value(row),
                settled: Settled {
                    day: Date(self.days.value(row)),
                    pool: code(text(13)),
                    treated: code(text(14)),
                    keys: std::array::from_fn(|key| text(FIRST_KEY + key)),
                    rules: std::array::from_fn(|rule| text(FIRST_RULE + rule)),
                    denied: text(15) == Status::Denied.word(),
                },
                bill: self.bills[row],
                fund: self.funds[row],
            }
        })
    }
}

/// Neighbouring settlements of one person in one night.
struct OfNight {
    night: u32,
    batch: Rc<Settlements>,
    range: Range<usize>,
}

impl OfNight {
    fn rows(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.batch.rows(self.range.clone()).map(|row| (self.night, row))
    }
}

/// What is counted on the way.
struct Counts {
    /// Of each change.
    extents: Vec<Extent>,
    /// Changes that the person at hand was counted for.
    seen: HashSet<u32>,
    days: BTreeSet<Date>,
    whole: RulesChanged,
}

impl Counts {
    fn add(&mut self, night: u32, row: &Row, found: &[(u32, bool)]) {
        // Stands for all changes together.
        let whole = (u32::MAX, found.iter().any(|(_, exact)| *exact));
        for &(number, exact) in found.iter().chain([&whole]) {
            let extent = self.extents.get_mut(number as usize).unwrap_or(&mut self.whole.extent);
            extent.settlements += 1;
            extent.candidates += u64::from(!exact);
            extent.persons += u64::from(self.seen.insert(number));
            extent.bills += i128::from(row.bill.0);
            extent.funds += i128::from(row.fund.0);
        }
        self.whole.first_night = Some(self.whole.first_night.map_or(night, |first| first.min(night)));
    }
}

/// Finds what changed rows touch in the nights, which come in order. Every settlement that is touched goes to `sink`,
/// person by person: those that a row touches night by night, once for each row, then those that come later.
/// Settlements that were reversed, and the reversals, are left out.
///
/// In memory are a few megabytes of each night, and the settlements of one person.
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
        days: BTreeSet::new(),
        whole: RulesChanged::default(),
    };
    if meets(nights, &changes)? {
        pass(nights, &mut Index::new(&changes), &mut counts, sink)?;
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

/// Whether a night has a settlement on a day on which a row differs, as far as their footers tell.
fn meets(nights: &[NightFiles], changes: &[RowChange]) -> Result<bool, TableError> {
    let spans: HashSet<(Date, Date)> =
        changes.iter().flat_map(|change| &change.spans).map(|span| (span.from, span.to)).collect();
    for night in nights.iter().filter(|_| !spans.is_empty()) {
        let file = TableFile::open(&night.adjudicated)?;
        let days = file.day_range("enddate");
        let meets = days.is_none_or(|(first, last)| spans.iter().any(|(from, to)| *from <= last && first <= *to));
        if file.rows() > 0 && meets {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The tables of a night as sources of a merge.
const ADJUDICATED: usize = 0;
const MOVEMENTS: usize = 1;

/// Goes through all nights together, person by person.
fn pass<E: From<TableError>>(
    nights: &[NightFiles],
    index: &mut Index,
    counts: &mut Counts,
    sink: &mut dyn FnMut(TouchedRow) -> Result<(), E>,
) -> Result<(), E> {
    let columns: Vec<&str> = TEXTS.into_iter().chain(OTHERS).collect();
    let mut files = Vec::new();
    for (part, night) in nights.iter().enumerate() {
        let source = |table, columns| Source { table, part, columns };
        files.push((source(ADJUDICATED, &columns[..]), TableFile::open(&night.adjudicated)?));
        files.push((source(MOVEMENTS, &["psn_no", "init_setl_id"]), TableFile::open(&night.movements)?));
    }
    let sources: Vec<(Source, &TableFile)> = files.iter().map(|(source, file)| (*source, file)).collect();
    let mut merge = Merge::of(&sources)?;
    // The batch of each night that is being gone through, by its number.
    let mut open: HashMap<usize, (usize, Rc<Settlements>)> = HashMap::new();
    while let Some((_, rows)) = merge.next_person()? {
        let (mut settled, mut reversed) = (Vec::new(), HashSet::new());
        for rows in &rows {
            let range = rows.range.clone();
            if rows.table == MOVEMENTS {
                let originals = rows.columns_of_batch().text("init_setl_id")?;
                reversed.extend(range.map(|row| originals.value(row)).filter(|original| !original.is_empty()));
                continue;
            }
            let batch = match open.get(&rows.part) {
                Some((number, batch)) if *number == rows.batch_number => Rc::clone(batch),
                _ => {
                    let batch = Rc::new(Settlements::of(&rows.columns_of_batch())?);
                    open.insert(rows.part, (rows.batch_number, Rc::clone(&batch)));
                    batch
                }
            };
            settled.push(OfNight { night: nights[rows.part].night, batch, range });
        }
        counts.seen.clear();
        Person { settled, reversed }.touch(index, counts, sink)?;
    }
    Ok(())
}

/// All settlements of a person, and the numbers of those that were reversed.
struct Person<'a> {
    settled: Vec<OfNight>,
    reversed: HashSet<&'a str>,
}

impl Person<'_> {
    fn rows(&self) -> impl Iterator<Item = (u32, Row<'_>)> {
        self.settled.iter().flat_map(OfNight::rows)
    }

    /// Settlements that a changed row touches, then those that come after: they go on from other accumulators.
    fn touch<E>(
        &self,
        index: &mut Index,
        counts: &mut Counts,
        sink: &mut dyn FnMut(TouchedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut found, mut since) = (Vec::new(), None);
        for (night, row) in self.rows() {
            index.touch(&row.settled, &mut found);
            // One that was reversed is settled no more, but what came before its reversal went on from it.
            if !found.is_empty() {
                since = Some(since.map_or(row.time, |since: i64| since.min(row.time)));
            }
            if self.reversed.contains(row.setl_id) {
                continue;
            }
            counts.days.insert(row.settled.day);
            if found.is_empty() {
                continue;
            }
            counts.add(night, &row, &found);
            for &(number, exact) in &found {
                let change = &index.changes[number as usize];
                let rule = (change.table.layout().name, change.rule_id.clone());
                sink(row.touched(night, rule, if exact { Relation::Exact } else { Relation::Candidate }))?;
            }
        }
        let Some(since) = since else { return Ok(()) };
        for (night, row) in self.rows().filter(|(_, row)| since <= row.time && !self.reversed.contains(row.setl_id)) {
            index.touch(&row.settled, &mut found);
            if found.is_empty() {
                counts.whole.later += 1;
                sink(row.touched(night, ("", String::new()), Relation::Later))?;
            }
        }
        Ok(())
    }
}
