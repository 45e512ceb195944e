//! From grouped rows to the files of the output: fold and encode in parallel, append in order, keep what
//! could not be computed, read back what was written.

use std::sync::atomic::AtomicBool;

use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::kept;
use super::load::Loaded;
use super::{RunError, RunPlan, Stage, Watch, check};
use crate::audit::totals;
use crate::columnar::row_groups::{Encoder, RowGroups};
use crate::columnar::schema;
use crate::columnar::words::Words;
use crate::ledger::fold::{self, Aside, Chunk, RefusedRow};
use crate::model::outcome::{Reasons, Status};
use crate::publish::{Staging, Written};
use crate::report::adjudicated;
use crate::report::balance::{ADJUDICATED, Balance, Summary};

/// A chunk on its way into the file.
struct Encoded {
    group: Option<Vec<ArrowColumnChunk>>,
    balance: Balance,
    aside: Aside,
    pended: Vec<kept::PendedRow>,
    rows: u64,
}

/// Writes every file but the manifest.
///
/// # Errors
/// A file cannot be written, or what was read back does not equal what was computed.
pub(super) fn write(
    plan: &RunPlan,
    loaded: &Loaded,
    staging: &Staging,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Summary, Vec<Written>), RunError> {
    let mut balance = Balance::default();
    balance.by_status[Status::Rejected as usize] = loaded.rejected;
    let mut pended = Vec::new();
    let mut aside = Aside::default();
    let failed = |error| RunError::Parquet { file: "adjudicated.parquet", error };
    let mut file = RowGroups::begin(staging.create("adjudicated.parquet")?, schema::adjudicated()).map_err(failed)?;
    watch.begin(Stage::Adjudicate, Some(loaded.rows.len() as u64));
    let ranges = fold::chunks(&loaded.persons);
    // A window of chunks is encoded while the one before it is on its way to the disk's cache; two for each
    // thread keep all threads busy to the end of a window.
    for window in ranges.chunks(2 * rayon::current_num_threads()) {
        check(cancel)?;
        let encoder = file.encoder();
        let encoded: Vec<Result<Encoded, ParquetError>> = window
            .par_iter()
            .map(|range| {
                let (facts, opening) = (&loaded.facts, loaded.opening.as_ref());
                let chunk =
                    fold::fold_chunk(loaded.context(), facts, &loaded.rows, &loaded.persons, opening, range.clone());
                encode(chunk, loaded.words(), &encoder)
            })
            .collect();
        for chunk in encoded {
            let mut chunk = chunk.map_err(failed)?;
            if let Some(group) = chunk.group {
                file.append(group).map_err(failed)?;
            }
            balance.merge(&chunk.balance);
            pended.append(&mut chunk.pended);
            aside.refused.append(&mut chunk.aside.refused);
            aside.replaced.append(&mut chunk.aside.replaced);
            watch.advance(chunk.rows);
        }
    }
    let mut outputs = vec![file.finish().map_err(failed)?.finish()?];
    check(cancel)?;
    count_refused(&aside.refused, loaded, &mut balance);
    watch.begin(Stage::Keep, Some((pended.len() + aside.refused.len()) as u64));
    outputs.push(kept::write_pended(loaded, staging, pended)?);
    outputs.push(kept::write_rejects(loaded, staging, &aside.refused, plan.lang)?);
    check(cancel)?;
    watch.begin(Stage::Verify, Some(balance.of(Status::Paid).rows));
    totals::verify(&staging.path("adjudicated.parquet"), &balance)?;
    let summary = Summary { rows_in: loaded.rows_in, persons: loaded.persons.len() as u64, balance };
    assert_eq!(summary.balance.out(), summary.rows_in, "every row in is one row out, in count and money");
    Ok((summary, outputs))
}

fn encode(chunk: Chunk, words: Words, encoder: &Encoder) -> Result<Encoded, ParquetError> {
    let mut balance = Balance::default();
    let mut pended = Vec::new();
    for (claim, outcome) in chunk.claims.iter().zip(&chunk.fold.outcomes) {
        balance.by_status[outcome.status as usize].add(claim.bill.total.0);
        balance.count_reasons(outcome.reasons);
        match ADJUDICATED.iter().position(|&status| status == outcome.status) {
            Some(status) => {
                let sums = &mut balance.money[status];
                sums.iter_mut()
                    .zip(adjudicated::money(claim, outcome))
                    .for_each(|(sum, fen)| *sum += i128::from(fen.0));
            }
            None => pended.push(kept::PendedRow { file: claim.file, row: claim.row, reasons: outcome.reasons }),
        }
    }
    let batch = adjudicated::columns(&chunk, words);
    let group = if batch.num_rows() > 0 { Some(encoder.encode(&batch)?) } else { None };
    Ok(Encoded {
        group,
        balance,
        rows: (chunk.claims.len() + chunk.aside.refused.len() + chunk.aside.replaced.len()) as u64,
        aside: chunk.aside,
        pended,
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
