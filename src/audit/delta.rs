//! Two adjudications of the same settlements, side by side: as the nights of a ledger have them, and as they come
//! out now. All files are sorted by person, time and number, so that one pass over all of them is enough.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;

use arrow::array::{ArrayRef, Decimal64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use std::sync::Arc;

use crate::columnar::columns::{self, integer, text};
use crate::columnar::schema::{Kind, fields};
use crate::ledger::tables::read::{Streamed, TableError, TableFile};
use crate::model::date::Time;
use crate::model::money::Fen;
use crate::report::privacy::Persons;
use crate::report::replay::{COMPARED, COMPARED_COLUMNS, Change, Delta};

/// A settlement, with what is compared of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Settled {
    psn_no: String,
    setl_time: i64,
    setl_id: String,
    pool: String,
    insutype: String,
    status: String,
    money: [Fen; COMPARED],
}

impl Settled {
    fn key(&self) -> (&str, i64, &str) {
        (&self.psn_no, self.setl_time, &self.setl_id)
    }
}

/// A settlement that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// `psn_no`.
    pub psn_no: String,
    /// `setl_id`.
    pub setl_id: String,
    /// `setl_time`, in microseconds.
    pub setl_time: i64,
    /// The night that has it; 0: none has.
    pub night: u32,
    /// `pool` (as computed now, where it is).
    pub pool: String,
    /// `insutype`.
    pub insutype: String,
    /// Status in the ledger; empty: it is no settlement there.
    pub before: String,
    /// Status now; empty: it is pended or rejected now.
    pub after: String,
    /// Money in the ledger.
    pub money_before: [Fen; COMPARED],
    /// Money now.
    pub money_after: [Fen; COMPARED],
}

/// The settlements of one file, one after the other.
struct Cursor {
    rows: Streamed,
    ready: std::vec::IntoIter<Settled>,
}

impl Cursor {
    fn open(path: PathBuf) -> Result<Self, TableError> {
        let mut wanted = vec!["psn_no", "setl_id", "setl_time", "pool", "insutype", "status"];
        wanted.extend(COMPARED_COLUMNS);
        Ok(Self { rows: TableFile::open(&path)?.stream(&wanted)?, ready: Vec::new().into_iter() })
    }

    fn next(&mut self) -> Result<Option<Settled>, TableError> {
        loop {
            if let Some(row) = self.ready.next() {
                return Ok(Some(row));
            }
            let Some(batch) = self.rows.next_batch()? else { return Ok(None) };
            let batch = batch.view();
            let mut money = Vec::with_capacity(COMPARED);
            for column in COMPARED_COLUMNS {
                money.push(batch.money(column)?);
            }
            let (persons, ids, times) = (batch.text("psn_no")?, batch.text("setl_id")?, batch.second("setl_time")?);
            let (pools, types, statuses) = (batch.text("pool")?, batch.text("insutype")?, batch.text("status")?);
            let row = |row: usize| Settled {
                psn_no: persons.value(row).to_owned(),
                setl_time: times.value(row),
                setl_id: ids.value(row).to_owned(),
                pool: pools.value(row).to_owned(),
                insutype: types.value(row).to_owned(),
                status: statuses.value(row).to_owned(),
                money: std::array::from_fn(|column| money[column][row]),
            };
            self.ready = (0..batch.rows()).map(row).collect::<Vec<_>>().into_iter();
        }
    }
}

/// Compares the `adjudicated.parquet` files of nights with one of now. Every settlement that differs goes to `sink`, in
/// the order of person, time and number.
///
/// # Errors
/// A file cannot be read, or what `sink` says.
pub fn compare<E: From<TableError>>(
    nights: &[(u32, PathBuf)],
    now: PathBuf,
    sink: &mut dyn FnMut(Differing) -> Result<(), E>,
) -> Result<Delta, E> {
    let mut delta = Delta::default();
    let mut cursors: Vec<Cursor> =
        nights.iter().map(|(_, path)| Cursor::open(path.clone())).collect::<Result<_, _>>()?;
    let mut now = Cursor::open(now)?;
    let mut heap = BinaryHeap::new();
    for (index, cursor) in cursors.iter_mut().enumerate() {
        if let Some(row) = cursor.next()? {
            heap.push(Reverse((row, index)));
        }
    }
    let mut after = now.next()?;
    let mut last_person = String::new();
    loop {
        let before = heap.peek().map(|Reverse((row, _))| row);
        let order = match (before, &after) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(before), Some(after)) => before.key().cmp(&after.key()),
        };
        let mut old = None;
        let mut night = 0;
        if order.is_le()
            && let Some(Reverse((row, index))) = heap.pop()
        {
            night = nights[index].0;
            old = Some(row);
            if let Some(row) = cursors[index].next()? {
                heap.push(Reverse((row, index)));
            }
        }
        let new = if order.is_ge() { std::mem::replace(&mut after, now.next()?) } else { None };
        delta.settlements += 1;
        let Some(differing) = add(&mut delta, old, new, night) else { continue };
        if differing.psn_no != last_person {
            delta.persons += 1;
            last_person.clone_from(&differing.psn_no);
        }
        sink(differing)?;
    }
    Ok(delta)
}

/// Takes a settlement into the sums; gives it back where it differs.
fn add(delta: &mut Delta, old: Option<Settled>, new: Option<Settled>, night: u32) -> Option<Differing> {
    let zero = [Fen::ZERO; COMPARED];
    let of = |row: &Option<Settled>| row.as_ref().map_or(zero, |row| row.money);
    let status = |row: &Option<Settled>| row.as_ref().map_or(String::new(), |row| row.status.clone());
    let (money_before, money_after) = (of(&old), of(&new));
    let (before, after) = (status(&old), status(&new));
    let changed = before != after || money_before != money_after;
    let mut sum = |row: &Option<Settled>, is_after: bool, money: &[Fen; COMPARED]| {
        let Some(row) = row else { return };
        let change = delta.funds.entry((row.pool.clone(), row.insutype.clone())).or_default();
        let sums = if is_after { &mut change.after } else { &mut change.before };
        sums.iter_mut().zip(money).for_each(|(sum, fen)| *sum += i128::from(fen.0));
    };
    sum(&old, false, &money_before);
    sum(&new, true, &money_after);
    let row = new.or(old).filter(|_| changed)?;
    delta.changed += 1;
    let change: &mut Change = delta.funds.entry((row.pool.clone(), row.insutype.clone())).or_default();
    change.settlements += 1;
    let Settled { psn_no, setl_time, setl_id, pool, insutype, .. } = row;
    Some(Differing { psn_no, setl_id, setl_time, night, pool, insutype, before, after, money_before, money_after })
}

/// The headings of `delta.csv`; the changes of the compared columns follow.
const HEADINGS: [&str; 8] =
    ["psn_no", "setl_id", "setl_time", "night", "pool", "insutype", "status_before", "status_after"];

/// The headings of `delta.csv`.
#[must_use]
pub fn csv_headings() -> Vec<String> {
    let changes = COMPARED_COLUMNS.iter().map(|column| format!("{column}_delta"));
    HEADINGS.iter().map(|name| (*name).to_owned()).chain(changes).collect()
}

impl Differing {
    /// Change of each compared column, in fen.
    #[must_use]
    pub fn changes(&self) -> [Fen; COMPARED] {
        std::array::from_fn(|column| self.money_after[column] - self.money_before[column])
    }

    /// A line of `delta.csv`.
    #[must_use]
    pub fn csv_line(&self, persons: &Persons) -> Vec<String> {
        let mut line = vec![
            persons.person(&self.psn_no),
            self.setl_id.clone(),
            Time(self.setl_time.div_euclid(1_000_000)).to_string(),
            self.night.to_string(),
            self.pool.clone(),
            self.insutype.clone(),
            self.before.clone(),
            self.after.clone(),
        ];
        line.extend(self.changes().iter().map(ToString::to_string));
        line
    }
}

/// The schema of `delta.parquet`: the same with before and after of every compared column.
#[must_use]
pub fn schema() -> SchemaRef {
    let kinds = HEADINGS.map(|name| match name {
        "setl_time" => (name, Kind::Second),
        "night" => (name, Kind::Integer),
        _ => (name, Kind::Text),
    });
    let mut fields = fields(&kinds);
    for column in COMPARED_COLUMNS {
        for moment in ["before", "after", "delta"] {
            fields.push(Field::new(format!("{column}_{moment}"), Kind::Money.data_type(), false));
        }
    }
    Arc::new(Schema::new(fields))
}

/// Rows of `delta.parquet`.
///
/// # Panics
/// If an amount does not fit its type: amounts of settlements do.
#[must_use]
pub fn batch(rows: &[Differing]) -> RecordBatch {
    let money = |of: &dyn Fn(&Differing) -> Fen| {
        columns::money(Decimal64Array::from_iter_values(rows.iter().map(|row| of(row).0)))
    };
    let mut arrays: Vec<ArrayRef> = vec![
        text(rows.iter().map(|row| &row.psn_no)),
        text(rows.iter().map(|row| &row.setl_id)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.setl_time))),
        integer(rows.iter().map(|row| row.night as i32)),
        text(rows.iter().map(|row| &row.pool)),
        text(rows.iter().map(|row| &row.insutype)),
        text(rows.iter().map(|row| &row.before)),
        text(rows.iter().map(|row| &row.after)),
    ];
    for column in 0..COMPARED {
        arrays.push(money(&|row| row.money_before[column]));
        arrays.push(money(&|row| row.money_after[column]));
        arrays.push(money(&|row| row.changes()[column]));
    }
    columns::rows(schema(), arrays)
}
