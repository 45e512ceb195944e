//! What a ledger knows of one person, read off its nights.

use arrow::array::Array as _;
use hashbrown::HashMap;

use super::RunError;
use super::night::verified;
use crate::ledger::store::{Ledger, Night};
use crate::ledger::tables::read::{Batch, TableError, TableFile};
use crate::ledger::tables::schema::{ACCUMULATORS, ADMISSIONS, OPEN_ITEMS, PERSONS};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::report::person::{AdmissionLine, OpenLine, PersonState, SchemeState, SettledLine, UsedLine};

/// Pool, insurance type and benefit year.
type Key = (String, String, i32);

/// A person after a night; after the last one where none is named.
///
/// # Errors
/// The ledger does not know the person or the night, or one of its files is not what its manifest says.
pub fn read(ledger: &Ledger, person: &str, night: Option<u32>) -> Result<PersonState, RunError> {
    let view = ledger.as_of(night.unwrap_or(ledger.last()))?;
    let last = view.nights.last();
    let mut state = PersonState {
        person: person.to_owned(),
        night: last.map(|night| (night.number, night.date)),
        ..PersonState::default()
    };
    let mut newest: HashMap<Key, usize> = HashMap::new();
    for night in view.nights.iter().rev() {
        account(night, &mut state)?;
        used(night, &mut state, &mut newest)?;
        admissions(night, &mut state, &newest)?;
    }
    for night in view.nights {
        settlements(night, &mut state)?;
    }
    if let Some(night) = last {
        open_items(night, &mut state)?;
    }
    if state.balance.is_none() && state.settlements.is_empty() && state.open_items.is_empty() {
        return Err(RunError::NoSuchPerson { psn_no: person.to_owned() });
    }
    let reversals: HashMap<String, (String, u32)> = state
        .settlements
        .iter()
        .filter(|line| !line.reverses.is_empty())
        .map(|line| (line.reverses.clone(), (line.setl_id.clone(), line.night)))
        .collect();
    for line in state.settlements.iter_mut().filter(|line| line.reverses.is_empty()) {
        line.reversed_by = reversals.get(&line.setl_id).cloned();
    }
    state.schemes.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(state)
}

/// Hands each row of the person in a table of a night to `sink`.
fn rows(
    night: &Night,
    table: &str,
    person: &str,
    columns: &[&str],
    sink: &mut dyn FnMut(&Batch, usize) -> Result<(), TableError>,
) -> Result<(), RunError> {
    TableFile::open(&verified(&night.volume, table)?)?.visit_person(person, columns, &mut |batch| {
        let names = batch.text("psn_no")?;
        for row in (0..batch.rows()).filter(|&row| names.value(row) == person) {
            sink(batch, row)?;
        }
        Ok(())
    })
}

fn text(batch: &Batch, column: &'static str, row: usize) -> Result<String, TableError> {
    Ok(batch.text(column)?.value(row).to_owned())
}

fn second(batch: &Batch, column: &'static str, row: usize) -> Result<Time, TableError> {
    Ok(Time(batch.second(column)?.value(row).div_euclid(1_000_000)))
}

fn key(batch: &Batch, row: usize) -> Result<Key, TableError> {
    Ok((text(batch, "pool", row)?, text(batch, "insutype", row)?, batch.integer("benefit_year")?.value(row)))
}

fn account(night: &Night, state: &mut PersonState) -> Result<(), RunError> {
    let person = state.person.clone();
    rows(night, "persons.parquet", &person, &PERSONS.map(|(name, _)| name), &mut |batch, row| {
        state.balance.get_or_insert((batch.money("balc")?[row], night.number));
        if state.last.is_none() && batch.text("last_setl_id")?.is_valid(row) {
            state.last = Some((second(batch, "last_setl_time", row)?, text(batch, "last_setl_id", row)?));
        }
        Ok(())
    })
}

/// Schemes and years of which this is the newest night.
fn used(night: &Night, state: &mut PersonState, newest: &mut HashMap<Key, usize>) -> Result<(), RunError> {
    let person = state.person.clone();
    rows(night, "accumulators.parquet", &person, &ACCUMULATORS.map(|(name, _)| name), &mut |batch, row| {
        let key = key(batch, row)?;
        let at = *newest.entry(key.clone()).or_insert_with(|| {
            state.schemes.push(SchemeState { key, night: night.number, ..SchemeState::default() });
            state.schemes.len() - 1
        });
        let mut amounts = [Fen::ZERO; 4];
        for (amount, column) in amounts.iter_mut().zip(["deductible_amt", "base_amt", "pool_base_amt", "paid_amt"]) {
            *amount = batch.money(column)?[row];
        }
        if state.schemes[at].night == night.number {
            state.schemes[at].used.push(UsedLine {
                kind: text(batch, "kind", row)?,
                accumulator: text(batch, "accumulator", row)?,
                month: batch.integer("month")?.value(row),
                layer: batch.integer("layer")?.value(row),
                admissions: batch.integer("admissions")?.value(row),
                amounts,
            });
        }
        Ok(())
    })
}

fn admissions(night: &Night, state: &mut PersonState, newest: &HashMap<Key, usize>) -> Result<(), RunError> {
    let person = state.person.clone();
    rows(night, "admissions.parquet", &person, &ADMISSIONS.map(|(name, _)| name), &mut |batch, row| {
        let Some(&at) = newest.get(&key(batch, row)?) else { return Ok(()) };
        if state.schemes[at].night == night.number {
            state.schemes[at].admissions.push(AdmissionLine {
                accumulator: text(batch, "accumulator", row)?,
                enddate: Date(batch.day("enddate")?.value(row)),
                institution: text(batch, "fixmedins_code", row)?,
                mdtrt_id: text(batch, "mdtrt_id", row)?,
                setl_id: text(batch, "setl_id", row)?,
                deductible: batch.money("act_pay_dedc")?[row],
            });
        }
        Ok(())
    })
}

/// Outputs and movements of a night stand row for row beside each other.
fn settlements(night: &Night, state: &mut PersonState) -> Result<(), RunError> {
    const AMOUNTS: [&str; 4] = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"];
    let person = state.person.clone();
    let first = state.settlements.len();
    let columns = [&["psn_no", "setl_id", "setl_time", "status"][..], &AMOUNTS].concat();
    rows(night, "adjudicated.parquet", &person, &columns, &mut |batch, row| {
        let mut amounts = [Fen::ZERO; 4];
        for (amount, column) in amounts.iter_mut().zip(AMOUNTS) {
            *amount = batch.money(column)?[row];
        }
        state.settlements.push(SettledLine {
            night: night.number,
            setl_id: text(batch, "setl_id", row)?,
            time: second(batch, "setl_time", row)?,
            status: text(batch, "status", row)?,
            amounts,
            late: false,
            reverses: String::new(),
            reversed_by: None,
        });
        Ok(())
    })?;
    let mut lines = state.settlements[first..].iter_mut();
    rows(night, "movements.parquet", &person, &["psn_no", "init_setl_id", "is_late"], &mut |batch, row| {
        let line = lines.next().expect("a row of adjudicated.parquet for each of movements.parquet");
        line.late = batch.integer("is_late")?.value(row) != 0;
        line.reverses = text(batch, "init_setl_id", row)?;
        Ok(())
    })
}

fn open_items(night: &Night, state: &mut PersonState) -> Result<(), RunError> {
    let person = state.person.clone();
    rows(night, "open_items.parquet", &person, &OPEN_ITEMS.map(|(name, _)| name), &mut |batch, row| {
        state.open_items.push(OpenLine {
            setl_id: text(batch, "setl_id", row)?,
            since: batch.integer("since_night")?.value(row) as u32,
            reasons: text(batch, "reasons", row)?,
        });
        Ok(())
    })
}
