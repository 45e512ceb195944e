//! Everything a ledger has of one person, read off the tables.

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Decimal128Type, Int32Type};
use hashbrown::HashMap;

use super::Of;
use super::entries::{Entries, Key, Kind, Text as Name};
use crate::ledger::tables::merge::Rows;
use crate::ledger::tables::read::{Batch, TableError};
use crate::ledger::tables::scan::table;
use crate::ledger::tables::schema::{LAYER, LAYERS};

/// Number, base and payment of each layer.
type Layers = Vec<(i32, i128, i128)>;

/// A row of `movements.parquet` of a night.
pub(super) struct Moved {
    pub(super) night: u32,
    pub(super) row: i32,
    pub(super) setl_id: Name,
    pub(super) init_setl_id: Name,
    pub(super) place: Place,
    pub(super) key: Option<Key>,
    pub(super) accumulator: u32,
    pub(super) deductible_accumulator: u32,
    pub(super) month: i32,
    pub(super) admissions: i32,
    /// Deductible, base, pool base, paid, counted, from the account.
    pub(super) amounts: [i128; 6],
    pub(super) layers: Layers,
}

/// A row of `accumulators.parquet`.
pub(super) struct Used {
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) accumulator: u32,
    pub(super) month: i32,
    pub(super) layer: i32,
    pub(super) amounts: [i128; 5],
}

/// A row of `admissions.parquet`.
pub(super) struct Listed {
    pub(super) key: Key,
    pub(super) accumulator: u32,
    pub(super) setl_id: Name,
    /// What the row says beside that: discharge, institution, visit.
    pub(super) rest: Name,
    pub(super) enddate: i32,
    pub(super) deductible: i128,
}

/// Everything the ledger has of one person.
#[derive(Default)]
pub(super) struct Person {
    pub(super) moved: Vec<Moved>,
    /// By part.
    pub(super) used: HashMap<usize, Vec<Used>>,
    pub(super) listed: HashMap<usize, Vec<Listed>>,
    /// Balance, and the place of the last settlement, by part.
    pub(super) state: HashMap<usize, (i128, Option<Place>)>,
    /// Night, row, settlement and what it reverses, by base.
    pub(super) placed: HashMap<usize, Vec<(i32, i32, Name, Name)>>,
}

impl Person {
    /// Takes in all rows of a person.
    pub(super) fn read(parts: &[Of], rows: &[Rows], entries: &mut Entries) -> Result<Self, TableError> {
        let mut person = Self::default();
        for rows in rows {
            match (rows.table, parts[rows.part]) {
                (table::MOVEMENTS, Of::Night(night, _)) => person.read_moved(rows, night, entries)?,
                (table::MOVEMENTS, Of::Base(_)) => person.read_placed(rows)?,
                (table::ACCUMULATORS, _) => person.read_used(rows, entries)?,
                (table::ADMISSIONS, _) => person.read_listed(rows, entries)?,
                _ => person.read_state(rows)?,
            }
        }
        Ok(person)
    }

    fn read_moved(&mut self, rows: &Rows, night: u32, entries: &mut Entries) -> Result<(), TableError> {
        let batch = rows.columns();
        let [ids, inits, pools, insutypes] =
            [batch.text("setl_id")?, batch.text("init_setl_id")?, batch.text("pool")?, batch.text("insutype")?];
        let [accumulators, deductible_accumulators] =
            [batch.text("accumulator")?, batch.text("deductible_accumulator")?];
        let (times, years) = (batch.second("setl_time")?, batch.integer("benefit_year")?);
        let (months, admissions) = (batch.integer("month")?, batch.integer("admissions")?);
        let money = ["deductible_amt", "base_amt", "pool_base_amt", "paid_amt", "counted_amt", "acct_amt"];
        let all = amounts(&batch, money)?.into_iter().zip(layers_of(&batch)?);
        for (row, (amounts, layers)) in all.enumerate() {
            let has_key = !pools.value(row).is_empty();
            let key = has_key.then(|| entries.key(pools.value(row), insutypes.value(row), years.value(row)));
            self.moved.push(Moved {
                night,
                row: i32::try_from(rows.first + rows.range.start + row).expect("fewer than 2^31 rows in a night"),
                setl_id: ids.value(row).into(),
                init_setl_id: inits.value(row).into(),
                place: place(times.value(row), ids.value(row)),
                key,
                accumulator: entries.word(accumulators.value(row)),
                deductible_accumulator: entries.word(deductible_accumulators.value(row)),
                month: months.value(row),
                admissions: admissions.value(row),
                amounts,
                layers,
            });
        }
        Ok(())
    }

    fn read_placed(&mut self, rows: &Rows) -> Result<(), TableError> {
        let batch = rows.columns();
        let (ids, inits) = (batch.text("setl_id")?, batch.text("init_setl_id")?);
        let (nights, numbers) = (batch.integer("night")?, batch.integer("row")?);
        let placed = (0..batch.rows())
            .map(|row| (nights.value(row), numbers.value(row), ids.value(row).into(), inits.value(row).into()));
        self.placed.entry(rows.part).or_default().extend(placed);
        Ok(())
    }

    fn read_used(&mut self, rows: &Rows, entries: &mut Entries) -> Result<(), TableError> {
        let batch = rows.columns();
        let (pools, insutypes, years) = (batch.text("pool")?, batch.text("insutype")?, batch.integer("benefit_year")?);
        let (kinds, accumulators) = (batch.text("kind")?, batch.text("accumulator")?);
        let (months, layers, admissions) =
            (batch.integer("month")?, batch.integer("layer")?, batch.integer("admissions")?);
        let money = ["deductible_amt", "base_amt", "pool_base_amt", "paid_amt"];
        for (row, [deductible, base, pool_base, paid]) in amounts(&batch, money)?.into_iter().enumerate() {
            let wrong = || TableError::Column { path: batch.path().to_owned(), column: "kind" };
            let kind = Kind::USED.into_iter().find(|kind| kind.word() == kinds.value(row)).ok_or_else(wrong)?;
            self.used.entry(rows.part).or_default().push(Used {
                key: entries.key(pools.value(row), insutypes.value(row), years.value(row)),
                kind,
                accumulator: entries.word(accumulators.value(row)),
                month: months.value(row),
                layer: layers.value(row),
                amounts: [admissions.value(row).into(), deductible, base, pool_base, paid],
            });
        }
        Ok(())
    }

    fn read_listed(&mut self, rows: &Rows, entries: &mut Entries) -> Result<(), TableError> {
        let batch = rows.columns();
        let (pools, insutypes, years) = (batch.text("pool")?, batch.text("insutype")?, batch.integer("benefit_year")?);
        let (accumulators, ids) = (batch.text("accumulator")?, batch.text("setl_id")?);
        let (institutions, visits) = (batch.text("fixmedins_code")?, batch.text("mdtrt_id")?);
        let days = batch.day("enddate")?;
        for (row, [deductible]) in amounts(&batch, ["act_pay_dedc"])?.into_iter().enumerate() {
            self.listed.entry(rows.part).or_default().push(Listed {
                key: entries.key(pools.value(row), insutypes.value(row), years.value(row)),
                accumulator: entries.word(accumulators.value(row)),
                setl_id: ids.value(row).into(),
                rest: format!("{} {} {}", ids.value(row), institutions.value(row), visits.value(row)).into(),
                enddate: days.value(row),
                deductible,
            });
        }
        Ok(())
    }

    fn read_state(&mut self, rows: &Rows) -> Result<(), TableError> {
        let batch = rows.columns();
        let (times, ids) = (batch.second("last_setl_time")?, batch.text("last_setl_id")?);
        for (row, [balance]) in amounts(&batch, ["balc"])?.into_iter().enumerate() {
            let last = (times.is_valid(row) && ids.is_valid(row)).then(|| place(times.value(row), ids.value(row)));
            self.state.insert(rows.part, (balance, last));
        }
        Ok(())
    }
}

/// A settlement's place in the order: its second, and its number, compared as bytes.
pub(super) type Place = (i64, Name);

fn place(micros: i64, setl_id: &str) -> Place {
    (micros.div_euclid(1_000_000), setl_id.into())
}

/// Money columns in fen, row by row.
fn amounts<const N: usize>(batch: &Batch, columns: [&'static str; N]) -> Result<Vec<[i128; N]>, TableError> {
    let mut rows = vec![[0; N]; batch.rows()];
    for (index, column) in columns.into_iter().enumerate() {
        for (row, fen) in rows.iter_mut().zip(batch.money(column)?) {
            row[index] = fen.0.into();
        }
    }
    Ok(rows)
}

/// Layers, row by row. A person's rows share the values of a whole batch: only their
/// own are looked at.
fn layers_of(batch: &Batch) -> Result<Vec<Layers>, TableError> {
    let wrong = || TableError::Column { path: batch.path().to_owned(), column: LAYERS };
    let lists = batch.column(LAYERS)?.as_list_opt::<i32>().ok_or_else(wrong)?;
    let entry = lists.values().as_struct_opt().ok_or_else(wrong)?;
    let field = |index: usize| entry.column_by_name(LAYER[index].0).ok_or_else(wrong);
    let layer = field(0)?.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
    let base = field(1)?.as_primitive_opt::<Decimal128Type>().ok_or_else(wrong)?;
    let paid = field(2)?.as_primitive_opt::<Decimal128Type>().ok_or_else(wrong)?;
    let of = |ends: &[i32]| {
        (ends[0] as usize..ends[1] as usize).map(|at| (layer.value(at), base.value(at), paid.value(at))).collect()
    };
    Ok(lists.value_offsets().windows(2).map(of).collect())
}
