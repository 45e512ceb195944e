//! From grouped rows to the files of the output: fold and encode in parallel, append in order, keep what
//! could not be computed, read back what was written.

use std::sync::atomic::AtomicBool;

use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::kept::{self, LateRow, PendedRow};
use super::load::Loaded;
use super::night_tables::{NightEncoded, NightFiles};
use super::{RunError, Stage, Watch, check};
use crate::audit::totals;
use crate::columnar::row_groups::{ColumnChunk, Encoder, RowGroups};
use crate::columnar::schema;
use crate::diagnostic::Lang;
use crate::ledger::fold::{self, Aside, Chunk, RefusedRow};
use crate::model::outcome::{Reasons, Status};
use crate::publish::{Staging, Written};
use crate::report::adjudicated;
use crate::report::balance::{ADJUDICATED, Balance, Summary, Tally};
use crate::report::privacy::Persons;

/// Where a run writes.
pub(super) struct Target<'a> {
    /// The folder in the making.
    pub staging: &'a Staging,
    /// What a night writes beside the outputs of every run.
    pub night: Option<NightTables<'a>>,
    /// How person numbers are shown in what people read.
    pub persons: &'a Persons,
}

/// What the tables of a night need beside the run.
#[derive(Clone, Copy)]
pub(super) struct NightTables<'a> {
    /// The night's number.
    pub number: u32,
    /// Person, settlement and first night of the items that were open before.
    pub since: &'a [(String, String, u32)],
}

/// What was written.
pub(super) struct Wrote {
    /// What became of the rows.
    pub summary: Summary,
    /// The files.
    pub outputs: Vec<Written>,
    /// Rows that came after a later settlement of their person.
    pub late: u64,
    /// Open items whose place new rows took: they are no rows of this run.
    pub replaced: Tally,
}

/// A chunk on its way into the files.
struct Encoded {
    group: Option<Vec<ColumnChunk>>,
    night: Option<NightEncoded>,
    balance: Balance,
    aside: Aside,
    pended: Vec<PendedRow>,
    late: Vec<LateRow>,
    rows: u64,
}

/// What the chunks left for the end.
#[derive(Default)]
struct Gathered {
    balance: Balance,
    aside: Aside,
    pended: Vec<PendedRow>,
    late: Vec<LateRow>,
}

/// Writes every file but the manifest.
///
/// # Errors
/// A file cannot be written, or what was read back does not equal what was computed.
pub(super) fn write(
    lang: Lang,
    loaded: &Loaded,
    target: &Target,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Wrote, RunError> {
    let staging = target.staging;
    let (mut gathered, mut outputs) = adjudicate(loaded, target, watch, cancel)?;
    check(cancel)?;
    gathered.balance.by_status[Status::Rejected as usize].merge(&loaded.rejected);
    count_refused(&gathered.aside.refused, loaded, &mut gathered.balance);
    let Gathered { balance, aside, pended, late } = gathered;
    watch.begin(Stage::Keep, Some((pended.len() + aside.refused.len()) as u64));
    let mut open_items = Vec::new();
    outputs.push(kept::write_pended(loaded, staging, pended, &mut |row, reasons| {
        if target.night.is_some() {
            open_items.push(kept::OpenItem::of(row, reasons));
        }
    })?);
    outputs.push(kept::write_rejects(loaded, staging, &aside.refused, lang)?);
    let late_rows = late.len() as u64;
    if let Some(night) = &target.night {
        outputs.push(kept::write_open_items(staging, open_items, night)?);
        outputs.push(kept::write_late(staging, &late, target.persons)?);
    }
    check(cancel)?;
    watch.begin(Stage::Verify, Some(balance.of(Status::Paid).rows));
    totals::verify(&staging.path("adjudicated.parquet"), &balance)?;
    let mut replaced = Tally::default();
    aside.replaced.iter().for_each(|row| replaced.add(row.total.0));
    let rows_in =
        Tally { rows: loaded.rows_in.rows - replaced.rows, total_fen: loaded.rows_in.total_fen - replaced.total_fen };
    let summary = Summary { rows_in, persons: loaded.persons.len() as u64, balance };
    assert_eq!(summary.balance.out(), summary.rows_in, "every row in is one row out, in count and money");
    Ok(Wrote { summary, outputs, late: late_rows, replaced })
}

/// Folds and encodes chunk by chunk into `adjudicated.parquet` and, in a night, the tables beside it.
fn adjudicate(
    loaded: &Loaded,
    target: &Target,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Gathered, Vec<Written>), RunError> {
    let mut gathered = Gathered::default();
    let failed = |error| RunError::Parquet { file: "adjudicated.parquet", error };
    let file = target.staging.create("adjudicated.parquet")?;
    let mut file = RowGroups::begin(file, schema::adjudicated()).map_err(failed)?;
    let mut night = target.night.map(|_| NightFiles::begin(target.staging)).transpose()?;
    watch.begin(Stage::Adjudicate, Some(loaded.rows.len() as u64));
    let ranges = fold::chunks(&loaded.persons);
    // A window of chunks is encoded while the one before it is on its way to the disk's cache; two for each
    // thread keep all threads busy to the end of a window.
    for window in ranges.chunks(2 * rayon::current_num_threads()) {
        check(cancel)?;
        let encoder = file.encoder();
        let encoded: Vec<Result<Encoded, RunError>> = window
            .par_iter()
            .map(|range| {
                let chunk = fold::fold_chunk(loaded.source(), range.clone());
                let night = night.as_ref().map(|night| night.encode(&chunk, loaded)).transpose()?;
                Ok(Encoded { night, ..encode(chunk, loaded, &encoder).map_err(failed)? })
            })
            .collect();
        for chunk in encoded {
            let mut chunk = chunk?;
            if let Some(group) = chunk.group {
                file.append(group).map_err(failed)?;
            }
            if let (Some(files), Some(tables)) = (&mut night, chunk.night) {
                files.append(tables)?;
            }
            gathered.balance.merge(&chunk.balance);
            gathered.pended.append(&mut chunk.pended);
            gathered.late.append(&mut chunk.late);
            gathered.aside.refused.append(&mut chunk.aside.refused);
            gathered.aside.replaced.append(&mut chunk.aside.replaced);
            watch.advance(chunk.rows);
        }
    }
    let mut outputs = vec![file.finish().map_err(failed)?.finish()?];
    if let Some(files) = night {
        outputs.extend(files.finish(&loaded.other_balances)?);
    }
    Ok((gathered, outputs))
}

fn encode(chunk: Chunk, loaded: &Loaded, encoder: &Encoder) -> Result<Encoded, ParquetError> {
    let mut balance = Balance::default();
    let mut pended = Vec::new();
    let mut late = Vec::new();
    for (index, (claim, outcome)) in chunk.claims.iter().zip(&chunk.fold.outcomes).enumerate() {
        balance.by_status[outcome.status as usize].add(claim.bill.total.0);
        balance.count_reasons(outcome.reasons);
        if chunk.closing.as_ref().is_some_and(|closing| closing.late[index]) {
            late.push(LateRow::of(claim, outcome, loaded));
        }
        match ADJUDICATED.iter().position(|&status| status == outcome.status) {
            Some(status) => {
                let sums = &mut balance.money[status];
                sums.iter_mut()
                    .zip(adjudicated::money(claim, outcome))
                    .for_each(|(sum, fen)| *sum += i128::from(fen.0));
            }
            None => pended.push(PendedRow { file: claim.file, row: claim.row, reasons: outcome.reasons }),
        }
    }
    let batch = adjudicated::columns(&chunk, loaded.words());
    let group = if batch.num_rows() > 0 { Some(encoder.encode(&batch)?) } else { None };
    Ok(Encoded {
        group,
        night: None,
        balance,
        rows: (chunk.claims.len() + chunk.aside.refused.len() + chunk.aside.replaced.len()) as u64,
        aside: chunk.aside,
        pended,
        late,
    })
}

/// Rejected rows are counted once, however many reasons they have.
fn count_refused(refused: &[RefusedRow], loaded: &Loaded, balance: &mut Balance) {
    for row in refused {
        balance.count_reasons(row.reasons);
        if !row.was_rejected {
            balance.by_status[Status::Rejected as usize].add(row.total.0);
        }
    }
    // The reasons found by ingestion: one line a reason and column, counted once a row.
    let mut of_row = ((u32::MAX, u32::MAX), Reasons::NONE);
    for reject in &loaded.rejects {
        if of_row.0 != (reject.file, reject.row) {
            balance.count_reasons(of_row.1);
            of_row = ((reject.file, reject.row), Reasons::NONE);
        }
        of_row.1.add(reject.reason);
    }
    balance.count_reasons(of_row.1);
}
