//! Many nights as one: of everything that several nights recorded, the newest; of each settlement, what an opening
//! asks for. The result depends on what the nights hold alone, not on the base that some of them came from.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int32Array, RecordBatch};
use arrow::compute::{concat_batches, interleave_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use hashbrown::HashMap;

use super::merge::{Merge, Rows, Source};
use super::read::{TableError, TableFile};
use super::scan::Part;
use super::scan::table::{ACCUMULATORS, ADMISSIONS, MOVEMENTS, PERSONS};
use super::{encode, schema};
use crate::ledger::fold::CHUNK_ROWS;
use crate::ledger::opening::{ClosingPerson, Place};
use crate::model::date::Time;
use crate::model::money::Fen;

/// The schemas of the tables of a base, in the order of [`Part::TABLES`]; the rows of accumulators and admissions go
/// from file to file as the reader gives them.
#[must_use]
pub fn schemas(files: &[[TableFile; 4]]) -> [SchemaRef; 4] {
    [
        schema::plain(&schema::BASE_MOVEMENTS),
        files[0][ACCUMULATORS].schema(),
        files[0][ADMISSIONS].schema(),
        schema::persons(),
    ]
}

/// What was merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Persons.
    pub persons: u64,
    /// Rows of each table, in the order of [`Part::TABLES`].
    pub rows: [u64; 4],
}

/// Merges parts, newest first, and hands the row groups of each table of the base to `sink`.
///
/// # Errors
/// A table cannot be read, or `sink` fails.
pub fn merge<E: From<TableError>>(
    parts: &[Part],
    files: &[[TableFile; 4]],
    sink: &mut dyn FnMut(usize, RecordBatch) -> Result<(), E>,
) -> Result<Merged, E> {
    let night_columns: [Vec<&str>; 4] = [
        schema::BASE_MOVEMENTS[..3].iter().map(|(name, _)| *name).collect(),
        schema::ACCUMULATORS.iter().map(|(name, _)| *name).collect(),
        schema::ADMISSIONS.iter().map(|(name, _)| *name).collect(),
        schema::PERSONS.iter().map(|(name, _)| *name).collect(),
    ];
    let base_movements = schema::BASE_MOVEMENTS.map(|(name, _)| name);
    let mut sources = Vec::new();
    for (number, (part, files)) in parts.iter().zip(files).enumerate() {
        for (table, file) in files.iter().enumerate() {
            let columns = if part.is_base && table == MOVEMENTS { &base_movements[..] } else { &night_columns[table] };
            sources.push((Source { table, part: number, columns }, file));
        }
    }
    let mut rows = Merge::of(&sources)?;
    let mut compaction = Compaction {
        parts,
        most_held: 2 * rows.width() + 64,
        gathered: schemas(files).map(Gathered::new),
        persons: Vec::new(),
        merged: Merged::default(),
    };
    while let Some((person, rows)) = rows.next_person()? {
        compaction.take(&person, &rows)?;
        compaction.hand_on(CHUNK_ROWS, sink)?;
    }
    compaction.hand_on(1, sink)?;
    Ok(compaction.merged)
}

struct Compaction<'a> {
    parts: &'a [Part],
    /// Batches that wait for their rows to be copied, at most.
    most_held: usize,
    /// Rows on their way out; those of persons stand apart, as their columns come from different nights.
    gathered: [Gathered; 4],
    persons: Vec<(Box<str>, Fen, Option<Place>)>,
    merged: Merged,
}

/// A row of a person: its sorting key and where it stands.
type Keyed<K> = (K, usize, usize);

impl Compaction<'_> {
    fn take(&mut self, person: &str, rows: &[Rows]) -> Result<(), TableError> {
        self.merged.persons += 1;
        let of = |table: usize| rows.iter().filter(move |rows| rows.table == table);
        if let Some(state) = newest(of(PERSONS))? {
            self.persons.push((person.into(), state.0, state.1));
        }
        // Newest part of each scheme and year, as accumulators have it: a list of admissions may be empty.
        let mut parts: HashMap<Key, usize> = HashMap::new();
        for table in [ACCUMULATORS, ADMISSIONS] {
            let mut picked: Vec<Keyed<Key>> = Vec::new();
            for rows in of(table) {
                let batch = self.gathered[table].hold(rows.batch_number, || Ok(rows.batch.clone()))?;
                for (row, key) in rows.range.clone().zip(keys(rows)?) {
                    let newest = match table {
                        ACCUMULATORS => *parts.entry(key.clone()).or_insert(rows.part),
                        _ => parts.get(&key).copied().unwrap_or(usize::MAX),
                    };
                    if newest == rows.part {
                        picked.push((key, batch, row));
                    }
                }
            }
            self.gathered[table].pick(picked, self.most_held)?;
        }
        let mut picked: Vec<Keyed<(i32, i32)>> = Vec::new();
        for rows in of(MOVEMENTS) {
            let part = &self.parts[rows.part];
            let batch = self.gathered[MOVEMENTS].hold(rows.batch_number, || placed(rows, part))?;
            if part.is_base {
                let (nights, numbers) = (rows.columns().integer("night")?, rows.columns().integer("row")?);
                let keys = nights.values().iter().copied().zip(numbers.values().iter().copied());
                picked.extend(rows.range.clone().zip(keys).map(|(row, key)| (key, batch, row)));
            } else {
                let night = number(part.night as usize);
                picked.extend(rows.range.clone().map(|row| ((night, number(rows.first + row)), batch, row)));
            }
        }
        self.gathered[MOVEMENTS].pick(picked, self.most_held)
    }

    /// Hands on every table that has at least so many rows.
    fn hand_on<E: From<TableError>>(
        &mut self,
        least: usize,
        sink: &mut dyn FnMut(usize, RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        for (table, gathered) in self.gathered.iter_mut().enumerate().filter(|(_, gathered)| gathered.rows >= least) {
            self.merged.rows[table] += gathered.rows as u64;
            sink(table, gathered.finish()?)?;
        }
        if self.persons.len() >= least {
            let persons = std::mem::take(&mut self.persons);
            self.merged.rows[PERSONS] += persons.len() as u64;
            let rows: Vec<ClosingPerson> = persons
                .iter()
                .enumerate()
                .map(|(index, (_, balance, last))| ClosingPerson {
                    person: index as u32,
                    balance: *balance,
                    last: last.clone(),
                })
                .collect();
            sink(PERSONS, encode::persons(rows.iter(), &|person| &*persons[person as usize].0))?;
        }
        Ok(())
    }
}

/// Balance of the newest row, and the newest last settlement that is known.
fn newest<'r>(rows: impl Iterator<Item = &'r Rows>) -> Result<Option<(Fen, Option<Place>)>, TableError> {
    let mut state: Option<(Fen, Option<Place>)> = None;
    for rows in rows {
        let columns = rows.columns();
        let (balances, times) = (columns.money("balc")?, columns.second("last_setl_time")?);
        let ids = columns.text("last_setl_id")?;
        for (row, &balance) in balances.iter().enumerate() {
            let (_, last) = state.get_or_insert((balance, None));
            if last.is_none() && times.is_valid(row) && ids.is_valid(row) {
                let time = Time(times.value(row).div_euclid(1_000_000));
                *last = Some(Place { time, setl_id: ids.value(row).as_bytes().into() });
            }
        }
    }
    Ok(state)
}

/// Pool, insurance type and benefit year.
type Key = (Box<str>, Box<str>, i32);

fn keys(rows: &Rows) -> Result<Vec<Key>, TableError> {
    let columns = rows.columns();
    let (pools, insutypes) = (columns.text("pool")?, columns.text("insutype")?);
    let years = columns.integer("benefit_year")?;
    Ok((0..columns.rows())
        .map(|row| (pools.value(row).into(), insutypes.value(row).into(), years.value(row)))
        .collect())
}

/// A number as the tables store it.
fn number(value: usize) -> i32 {
    i32::try_from(value).expect("fewer than 2^31 rows in a night")
}

/// Movements with the night and the row in which they stand.
fn placed(rows: &Rows, part: &Part) -> Result<RecordBatch, TableError> {
    if part.is_base {
        return Ok(rows.batch.clone());
    }
    let mut arrays: Vec<ArrayRef> = rows.batch.columns().to_vec();
    let count = rows.batch.num_rows();
    arrays.push(Arc::new(Int32Array::from(vec![number(part.night as usize); count])));
    arrays.push(Arc::new(Int32Array::from_iter_values((rows.first..rows.first + count).map(number))));
    let batch = RecordBatch::try_new(schema::plain(&schema::BASE_MOVEMENTS), arrays);
    batch.map_err(|error| TableError::Decode { path: rows.columns().path().to_owned(), error })
}

/// Rows picked from batches, in the order in which they will be written.
struct Gathered {
    schema: SchemaRef,
    held: Vec<RecordBatch>,
    /// Places in `held`, by the number of the batch.
    known: HashMap<usize, usize>,
    picked: Vec<(usize, usize)>,
    copied: Vec<RecordBatch>,
    rows: usize,
}

impl Gathered {
    fn new(schema: SchemaRef) -> Self {
        Self { schema, held: Vec::new(), known: HashMap::new(), picked: Vec::new(), copied: Vec::new(), rows: 0 }
    }

    /// Place of a batch, made on first sight.
    fn hold(
        &mut self,
        number: usize,
        make: impl FnOnce() -> Result<RecordBatch, TableError>,
    ) -> Result<usize, TableError> {
        if let Some(&place) = self.known.get(&number) {
            return Ok(place);
        }
        self.held.push(make()?);
        self.known.insert(number, self.held.len() - 1);
        Ok(self.held.len() - 1)
    }

    /// Picks a person's rows in the order of their keys, and lets go of batches when there are too many.
    fn pick<K: Ord>(&mut self, mut picked: Vec<Keyed<K>>, most_held: usize) -> Result<(), TableError> {
        // Stable: rows of one key keep the order of their night.
        picked.sort_by(|a, b| a.0.cmp(&b.0));
        self.rows += picked.len();
        self.picked.extend(picked.into_iter().map(|(_, batch, row)| (batch, row)));
        if self.held.len() > most_held { self.copy() } else { Ok(()) }
    }

    fn copy(&mut self) -> Result<(), TableError> {
        if !self.picked.is_empty() {
            let held: Vec<&RecordBatch> = self.held.iter().collect();
            self.copied.push(interleave_record_batch(&held, &self.picked).map_err(cannot_copy)?);
        }
        self.held.clear();
        self.known.clear();
        self.picked.clear();
        Ok(())
    }

    /// Everything picked so far, as one batch.
    fn finish(&mut self) -> Result<RecordBatch, TableError> {
        self.copy()?;
        self.rows = 0;
        let copied = std::mem::take(&mut self.copied);
        concat_batches(&self.schema, &copied).map_err(cannot_copy)
    }
}

/// Rows of tables that were read do not fit together: one of them has other columns.
fn cannot_copy(error: ArrowError) -> TableError {
    TableError::Decode { path: "base".into(), error }
}
