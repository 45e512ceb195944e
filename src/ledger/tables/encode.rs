//! A folded chunk as the rows of a night's tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal64Array, ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;

use super::scan::table;
use super::schema::{self, ACCUMULATORS, ADMISSIONS, KINDS};
use crate::adjudicate::accumulators::Shift;
use crate::adjudicate::opening::{Moved, SchemeKey, Usage, UsageRow};
use crate::adjudicate::person::Outcome;
use crate::columnar::columns::{self, fitting, integer, text};
use crate::columnar::words::Words;
use crate::ledger::fold::Chunk;
use crate::ledger::opening::{Admission, Closing, ClosingPerson};
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::settlement::Claim;
use crate::model::symbol::Sym;

/// A chunk's rows of one of [`Part::TABLES`](super::Part::TABLES). `name` gives the number of a person by rank.
///
/// # Panics
/// If the chunk was folded without a ledger, or there is no such table.
#[must_use]
pub fn rows_of<'a>(number: usize, chunk: &Chunk, words: Words<'a>, name: &dyn Fn(u32) -> &'a [u8]) -> RecordBatch {
    let closing = chunk.closing.as_ref().expect("a chunk of a night with a ledger");
    let name = |person: u32| utf8(name(person));
    match number {
        table::MOVEMENTS => movements(chunk, closing, words),
        table::ACCUMULATORS => accumulators(&closing.usage, words, &name),
        table::ADMISSIONS => admissions(&closing.admissions, words, &name),
        table::PERSONS => persons(closing.persons.iter(), &name),
        _ => panic!("a night has no table {number}"),
    }
}

/// Text that ingestion checked.
fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text that was read as UTF-8")
}

/// A money column. A sum over a year can outgrow N(16,2) only where its parts were never money.
fn money(values: impl Iterator<Item = Fen>) -> ArrayRef {
    columns::money(Decimal64Array::from_iter_values(values.map(fitting)))
}

/// A calendar month as yyyymm.
#[must_use]
pub fn yyyymm(month: i32) -> i32 {
    month.div_euclid(12) * 100 + month.rem_euclid(12) + 1
}

/// The inverse of [`yyyymm`].
#[must_use]
pub fn month_of(yyyymm: i32) -> i32 {
    yyyymm.div_euclid(100) * 12 + yyyymm.rem_euclid(100) - 1
}

fn movements<'a>(chunk: &Chunk, closing: &Closing, words: Words<'a>) -> RecordBatch {
    struct Row<'r> {
        claim: &'r Claim,
        outcome: &'r Outcome,
        moved: Option<&'r Moved>,
        late: bool,
    }
    let both = chunk.claims.iter().zip(&chunk.fold.outcomes);
    let rows: Vec<Row> = both
        .zip(closing.moved.iter().zip(&closing.late))
        .filter(|((_, outcome), _)| outcome.status != Status::Pended)
        .map(|((claim, outcome), (moved, &late))| Row { claim, outcome, moved: moved.as_ref(), late })
        .collect();
    let id = |of: &dyn Fn(&Claim) -> &'a [u8]| text(rows.iter().map(|row| utf8(of(row.claim))));
    let sign = |row: &Row| if row.outcome.status == Status::Reversed { -1 } else { 1 };
    let amount = |of: &dyn Fn(&Shift) -> Fen| {
        money(rows.iter().map(|row| Fen(row.moved.map_or(0, |moved| of(&moved.by).0 * sign(row)))))
    };
    let word = |of: &dyn Fn(&Moved) -> Sym| {
        text(rows.iter().map(|row| row.moved.map_or("", |moved| words.accumulator(of(moved)))))
    };
    let number = |of: &dyn Fn(&Moved) -> i32| integer(rows.iter().map(|row| row.moved.map_or(0, of)));
    let arenas = words.arenas;
    let times = rows.iter().map(|row| row.claim.setl_time.0 * 1_000_000);
    let mut arrays: Vec<ArrayRef> = vec![
        id(&|claim| arenas.person(claim.text)),
        id(&|claim| arenas.setl_id(claim.text)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(times)),
        id(&|claim| arenas.init_setl_id(claim.text)),
        id(&|claim| arenas.mdtrt_id(claim.text)),
        integer(rows.iter().map(|row| i32::from(row.late))),
        text(rows.iter().map(|row| row.moved.map_or(String::new(), |moved| pool(&moved.key)))),
        text(rows.iter().map(|row| row.moved.map_or("", |moved| words.insutype(moved.key.insutype)))),
        number(&|moved| moved.key.year),
        word(&|moved| moved.accumulator),
        word(&|moved| moved.deductible_accumulator),
        number(&|moved| yyyymm(moved.month)),
        integer(rows.iter().map(|row| row.moved.map_or(0, |moved| moved.by.admissions as i32 * sign(row) as i32))),
        amount(&|by| by.deductible),
        amount(&|by| by.base),
        amount(&|by| by.pool_base),
        amount(&|by| by.paid),
        amount(&|by| by.counted),
        amount(&|by| by.account),
    ];
    let parts = || {
        rows.iter().flat_map(|row| {
            let moves = row.moved.is_some();
            chunk.fold.layers_of(row.outcome).iter().filter(move |_| moves).map(move |layer| (layer, sign(row)))
        })
    };
    let layers = StructArray::new(
        schema::layer_fields(),
        vec![
            integer(parts().map(|(layer, _)| layer.layer as i32)),
            money(parts().map(|(layer, sign)| Fen(layer.base.0 * sign))),
            money(parts().map(|(layer, sign)| Fen(layer.paid.0 * sign))),
        ],
        None,
    );
    let lengths = rows.iter().map(|row| if row.moved.is_some() { chunk.fold.layers_of(row.outcome).len() } else { 0 });
    let offsets = OffsetBuffer::from_lengths(lengths);
    arrays.push(Arc::new(ListArray::new(schema::layer_item(), offsets, Arc::new(layers), None)));
    columns::rows(schema::movements(), arrays)
}

fn pool(key: &SchemeKey) -> String {
    format!("{:06}", key.pool.0)
}

/// The columns of one usage: kind, accumulator, month, layer, admissions, deductible, base, pool base, paid.
fn cells<'a>(usage: &Usage, words: Words<'a>) -> (usize, &'a str, i32, i32, i32, [Fen; 4]) {
    const ZERO: Fen = Fen::ZERO;
    match *usage {
        Usage::Scheme { counted } => (0, "", 0, 0, 0, [ZERO, ZERO, ZERO, counted]),
        Usage::Bucket { accumulator, admissions, deductible, base, pool_base, paid } => {
            (1, words.accumulator(accumulator), 0, 0, admissions as i32, [deductible, base, pool_base, paid])
        }
        Usage::Month { accumulator, month, base, paid } => {
            (2, words.accumulator(accumulator), yyyymm(month), 0, 0, [ZERO, base, ZERO, paid])
        }
        Usage::Layer { layer, base, paid } => (3, "", 0, layer as i32, 0, [ZERO, base, ZERO, paid]),
    }
}

/// Rows of `accumulators.parquet`, which come person by person, in the order of words: the order in which a fold met
/// them, and the numbers of words, differ from pack to pack.
pub fn accumulators<'a>(usage: &[(u32, UsageRow)], words: Words<'a>, name: &dyn Fn(u32) -> &'a str) -> RecordBatch {
    // A chunk has many of them: cells are made anew for each column.
    let cells = |row: &UsageRow| cells(&row.usage, words);
    let mut rows: Vec<&(u32, UsageRow)> = usage.iter().collect();
    for of_person in rows.chunk_by_mut(|a, b| a.0 == b.0) {
        of_person.sort_by_key(|(_, row)| {
            let (key, (kind, accumulator, month, layer, ..)) = (row.key, cells(row));
            (key.pool, words.insutype(key.insutype), key.year, kind, accumulator, month, layer)
        });
    }
    let rows = || rows.iter().map(|(_, row)| row);
    let amount = |index: usize| money(rows().map(|row| cells(row).5[index]));
    let arrays = vec![
        text(usage.iter().map(|(person, _)| name(*person))),
        text(rows().map(|row| pool(&row.key))),
        text(rows().map(|row| words.insutype(row.key.insutype))),
        integer(rows().map(|row| row.key.year)),
        text(rows().map(|row| KINDS[cells(row).0])),
        text(rows().map(|row| cells(row).1)),
        integer(rows().map(|row| cells(row).2)),
        integer(rows().map(|row| cells(row).3)),
        integer(rows().map(|row| cells(row).4)),
        amount(0),
        amount(1),
        amount(2),
        amount(3),
    ];
    columns::rows(schema::plain(&ACCUMULATORS), arrays)
}

/// Rows of `admissions.parquet`, in the order of person, words, date and settlement.
pub fn admissions<'a>(admissions: &[(u32, Admission)], words: Words<'a>, name: &dyn Fn(u32) -> &'a str) -> RecordBatch {
    let mut rows: Vec<&(u32, Admission)> = admissions.iter().collect();
    rows.sort_by_key(|(person, row)| {
        let key = row.key;
        let accumulator = words.accumulator(row.accumulator);
        (*person, key.pool, words.insutype(key.insutype), key.year, accumulator, row.enddate, &row.setl_id)
    });
    let arrays = vec![
        text(rows.iter().map(|(person, _)| name(*person))),
        text(rows.iter().map(|(_, row)| pool(&row.key))),
        text(rows.iter().map(|(_, row)| words.insutype(row.key.insutype))),
        integer(rows.iter().map(|(_, row)| row.key.year)),
        text(rows.iter().map(|(_, row)| words.accumulator(row.accumulator))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|(_, row)| row.enddate.0))),
        text(rows.iter().map(|(_, row)| utf8(&row.institution))),
        text(rows.iter().map(|(_, row)| utf8(&row.mdtrt_id))),
        text(rows.iter().map(|(_, row)| utf8(&row.setl_id))),
        money(rows.iter().map(|(_, row)| row.deductible)),
    ];
    columns::rows(schema::plain(&ADMISSIONS), arrays)
}

/// Rows of `persons.parquet`, in the order given.
pub fn persons<'a, 'p>(
    persons: impl Iterator<Item = &'p ClosingPerson> + Clone,
    name: &dyn Fn(u32) -> &'a str,
) -> RecordBatch {
    let last = || persons.clone().map(|person| person.last.as_ref());
    let times = last().map(|last| last.map(|last| last.time.0 * 1_000_000));
    let arrays: Vec<ArrayRef> = vec![
        text(persons.clone().map(|person| name(person.person))),
        money(persons.clone().map(|person| person.balance)),
        Arc::new(TimestampMicrosecondArray::from_iter(times)),
        Arc::new(StringArray::from_iter(last().map(|last| last.map(|last| utf8(&last.setl_id))))),
    ];
    columns::rows(schema::persons(), arrays)
}
