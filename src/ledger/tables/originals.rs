//! Settlements of earlier nights that reversals name: what was recorded of them, and what they moved.

use std::path::PathBuf;

use arrow::array::AsArray as _;
use hashbrown::HashSet;

use super::encode::month_of;
use super::read::{Batch, TableError, TableFile, money};
use super::scan::{Keys, Numbers};
use super::schema::{LAYER, LAYERS, MOVEMENTS};
use crate::adjudicate::accumulators::{LayerPayment, Shift};
use crate::adjudicate::opening::{Moved, Original};
use crate::adjudicate::settle::Amounts;
use crate::columnar::schema::{ADJUDICATED, FIRST_MONEY, MONEY_COLUMNS};
use crate::columnar::words::Recorded;
use crate::model::money::Fen;
use crate::model::settlement::Bill;

/// A settlement that a reversal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Its night.
    pub night: u32,
    /// Its row in that night's tables, from 0.
    pub row: usize,
    /// The person's place among those asked for.
    pub person: u32,
}

/// What a settlement moved, and what its layers paid; `None` where it moved nothing.
type Movements = Option<(Moved, Vec<LayerPayment>)>;

/// Originals by person, and what was recorded of each, by number.
type Read = (Vec<(u32, Original)>, Vec<Recorded>);

/// Reads the wanted settlements, night by night.
///
/// # Errors
/// A table cannot be read.
pub fn read<E: From<TableError>>(
    wanted: &[Wanted],
    reversed: &HashSet<(u32, Box<[u8]>)>,
    numbers: &mut Numbers<'_>,
    outputs: &dyn Fn(u32, &str) -> Result<PathBuf, E>,
) -> Result<Read, E> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    // Two reversals of a night may name one settlement.
    wanted.dedup();
    let mut originals: Vec<(u32, Original)> = Vec::with_capacity(wanted.len());
    let mut recorded = Vec::with_capacity(wanted.len());
    for of_night in wanted.chunk_by(|a, b| a.night == b.night) {
        let rows: Vec<usize> = of_night.iter().map(|wanted| wanted.row).collect();
        let first = originals.len();
        let adjudicated = TableFile::open(&outputs(of_night[0].night, "adjudicated.parquet")?)?;
        adjudicated.rows_at(&ADJUDICATED.map(|(name, _)| name), &rows, &mut |batch| {
            settled(batch, numbers, &mut |original, record| {
                let person = of_night[originals.len() - first].person;
                let is_reversed = reversed.contains(&(person, original.setl_id.clone()));
                let number = u32::try_from(recorded.len()).expect("fewer than 2^32 reversals");
                originals.push((person, Original { number, is_reversed, ..original }));
                recorded.push(record);
            })
            .map_err(E::from)
        })?;
        let movements = TableFile::open(&outputs(of_night[0].night, "movements.parquet")?)?;
        let columns: Vec<&str> = MOVEMENTS.iter().map(|(name, _)| *name).chain([LAYERS]).collect();
        let mut next = first;
        movements.rows_at(&columns, &rows, &mut |batch| {
            for moved in moved(batch, numbers)? {
                if let Some((moved, layers)) = moved {
                    let original = &mut originals[next].1;
                    (original.moved, original.layers) = (Some(moved), layers);
                }
                next += 1;
            }
            Ok(())
        })?;
        assert_eq!((originals.len() - first, next - first), (rows.len(), rows.len()), "every wanted row was read");
    }
    Ok((originals, recorded))
}

/// Rows of `adjudicated.parquet`; what they moved is still to be filled in.
fn settled(
    batch: &Batch<'_>,
    numbers: &mut Numbers<'_>,
    sink: &mut dyn FnMut(Original, Recorded),
) -> Result<(), TableError> {
    let keys = Keys::of(batch)?;
    let (ids, statuses) = (batch.text("setl_id")?, batch.text("status")?);
    let mut texts = Vec::with_capacity(Recorded::COLUMNS.len());
    for column in Recorded::COLUMNS {
        texts.push(batch.text(column)?);
    }
    let mut columns = Vec::with_capacity(MONEY_COLUMNS);
    for (column, _) in &ADJUDICATED[FIRST_MONEY..FIRST_MONEY + MONEY_COLUMNS] {
        columns.push(batch.money(column)?);
    }
    let money = |row: usize| std::array::from_fn(|column: usize| columns[column][row]);
    for row in 0..batch.rows() {
        let key = keys.at(row, numbers)?;
        let status = Recorded::STATUSES.into_iter().find(|status| status.word() == statuses.value(row));
        let status = status.ok_or_else(|| keys.wrong("status"))?;
        let (bill, amounts) = amounts(money(row));
        let original = Original {
            number: 0,
            setl_id: ids.value(row).as_bytes().into(),
            pool: key.pool,
            insutype: key.insutype,
            status,
            is_reversed: false,
            bill,
            amounts,
            moved: None,
            layers: Vec::new(),
        };
        let texts = std::array::from_fn(|column| texts[column].value(row).into());
        sink(original, Recorded { pool: key.pool, benefit_year: key.year, texts });
    }
    Ok(())
}

/// The inverse of [`money`](crate::report::adjudicated::money): sums are left out, they follow.
fn amounts(money: [Fen; MONEY_COLUMNS]) -> (Bill, Amounts) {
    let [total, full_own, over_limit, preself, in_scope, deductible, prepay, over_base, over_cap, pool_base, rest @ ..] =
        money;
    let [basic, civil, enterprise, critical, large, aid, other, _funds, hospital, person, account, _mutual, _cash] =
        rest;
    let bill = Bill { total, full_own, over_limit, preself, in_scope, hospital };
    let payers = [civil, enterprise, critical, large, aid, other];
    let amounts =
        Amounts { deductible, prepay, over_base, over_cap, pool_base, basic, payers, hospital, person, account };
    (bill, amounts)
}

/// What rows of `movements.parquet` moved.
fn moved(batch: &Batch<'_>, numbers: &mut Numbers<'_>) -> Result<Vec<Movements>, TableError> {
    let keys = Keys::of(batch)?;
    let buckets = [batch.text("accumulator")?, batch.text("deductible_accumulator")?];
    let (months, admissions) = (batch.integer("month")?, batch.integer("admissions")?);
    let [deductible, base, pool_base, paid, counted, account] = [
        batch.money("deductible_amt")?,
        batch.money("base_amt")?,
        batch.money("pool_base_amt")?,
        batch.money("paid_amt")?,
        batch.money("counted_amt")?,
        batch.money("acct_amt")?,
    ];
    let wrong = || keys.wrong(LAYERS);
    let lists = batch.column(LAYERS)?.as_list_opt::<i32>().ok_or_else(wrong)?;
    let entries = lists.values().as_struct_opt().ok_or_else(wrong)?;
    let field = |index: usize| entries.column_by_name(LAYER[index].0).ok_or_else(wrong);
    let layers = field(0)?.as_primitive_opt::<arrow::datatypes::Int32Type>().ok_or_else(wrong)?;
    let (bases, paids) = (money(field(1)?).ok_or_else(wrong)?, money(field(2)?).ok_or_else(wrong)?);
    let mut rows = Vec::with_capacity(batch.rows());
    for row in 0..batch.rows() {
        let Some(key) = keys.moved_at(row, numbers)? else {
            rows.push(None);
            continue;
        };
        let [accumulator, deductible_accumulator] = buckets.map(|column| numbers.accumulator(column.value(row)));
        let by = Shift {
            admissions: u32::try_from(admissions.value(row)).map_err(|_| keys.wrong("admissions"))?,
            deductible: deductible[row],
            base: base[row],
            pool_base: pool_base[row],
            paid: paid[row],
            counted: counted[row],
            account: account[row],
        };
        let month = month_of(months.value(row));
        let moved = Moved { key, accumulator, deductible_accumulator, month, by };
        let range = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
        let payments = range.map(|at| {
            let layer = u32::try_from(layers.value(at)).map_err(|_| wrong())?;
            Ok(LayerPayment { row: u32::MAX, layer, base: bases[at], paid: paids[at] })
        });
        rows.push(Some((moved, payments.collect::<Result<_, TableError>>()?)));
    }
    Ok(rows)
}
