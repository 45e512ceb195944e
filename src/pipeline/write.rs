//! From grouped rows to the files of the output: fold and encode in parallel, append in order, keep what
//! could not be computed, read back what was written.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use parquet::errors::ParquetError;

use super::kept::{self, LateRow};
use super::load::Loaded;
use super::night_tables::{NightEncoded, NightFiles};
use super::ordered::in_order;
use super::{RunError, Stage, Step, Watch, check};
use crate::audit::totals;
use crate::columnar::row_groups::{ColumnChunk, Encoder, RowGroups};
use crate::columnar::schema;
use crate::diagnostic::Lang;
use crate::ledger::fold::{self, Aside, CHUNK_ROWS, Chunk};
use crate::model::outcome::Status;
use crate::publish::{Staging, Written};
use crate::report::adjudicated;
use crate::report::balance::{ADJUDICATED, Balance, Summary, Tally};
use crate::report::privacy::Persons;
use crate::shuffle::order::{Position, Positions};
use crate::shuffle::shelf::{Disk, ShelfError};

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
    groups: Vec<Vec<ColumnChunk>>,
    night: Option<NightEncoded>,
    balance: Balance,
    aside: Aside,
    pended: Vec<Position>,
    late: Vec<LateRow>,
    rows: u64,
}

/// What the chunks left for the end.
struct Gathered<'a> {
    balance: Balance,
    persons: u64,
    refused: Positions<'a>,
    pended: Positions<'a>,
    /// Open items whose place new rows took.
    replaced: Tally,
    late: Vec<LateRow>,
}

impl<'a> Gathered<'a> {
    fn new(disk: Option<&'a Disk>, most: usize) -> Self {
        Self {
            balance: Balance::default(),
            persons: 0,
            refused: Positions::new(disk, most),
            pended: Positions::new(disk, most),
            replaced: Tally::default(),
            late: Vec::new(),
        }
    }

    fn take(&mut self, mut chunk: Encoded) -> Result<(), ShelfError> {
        self.balance.merge(&chunk.balance);
        self.late.append(&mut chunk.late);
        chunk.pended.into_iter().try_for_each(|row| self.pended.put(row))?;
        chunk.aside.replaced.iter().for_each(|row| self.replaced.add(row.total.0));
        for row in chunk.aside.refused {
            self.balance.count_reasons(row.reasons);
            // Rejected rows are counted once, however many reasons they have.
            if !row.was_rejected {
                self.balance.by_status[Status::Rejected as usize].add(row.total.0);
            }
            self.refused.put(Position { file: row.file, row: row.row, reasons: row.reasons })?;
        }
        Ok(())
    }
}

/// Writes every file but the manifest. Ranges of persons that are on the disk pass through `loaded`.
///
/// # Errors
/// A file cannot be written, or what was read back does not equal what was computed.
pub(super) fn write(
    lang: Lang,
    loaded: &mut Loaded,
    target: &Target,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Wrote, RunError> {
    let staging = target.staging;
    let disk = loaded.disk.clone();
    let mut gathered = Gathered::new(disk.as_deref(), loaded.shares.positions());
    let mut outputs = adjudicate(loaded, &mut gathered, target, watch, cancel)?;
    check(cancel)?;
    let Gathered { mut balance, persons, refused, pended, replaced, late } = gathered;
    balance.by_status[Status::Rejected as usize].merge(&loaded.rejected);
    watch.begin(Stage::Keep, Some(pended.len() + refused.len()));
    let mut open_items = Vec::new();
    outputs.push(kept::write_pended(loaded, staging, pended.in_order(), watch, &mut |row, reasons| {
        if target.night.is_some() {
            open_items.push(kept::OpenItem::of(row, reasons));
        }
    })?);
    outputs.push(kept::write_rejects(loaded, staging, refused.in_order(), lang, watch, &mut balance)?);
    let late_rows = late.len() as u64;
    if let Some(night) = &target.night {
        outputs.push(kept::write_open_items(staging, open_items, night)?);
        outputs.push(kept::write_late(staging, &late, target.persons)?);
    }
    check(cancel)?;
    watch.begin(Stage::Verify, Some(balance.of(Status::Paid).rows));
    totals::verify(&staging.path("adjudicated.parquet"), &balance)?;
    let rows_in =
        Tally { rows: loaded.rows_in.rows - replaced.rows, total_fen: loaded.rows_in.total_fen - replaced.total_fen };
    let summary = Summary { rows_in, persons, balance };
    assert_eq!(summary.balance.out(), summary.rows_in, "every row in is one row out, in count and money");
    Ok(Wrote { summary, outputs, late: late_rows, replaced })
}

/// Folds and encodes chunk by chunk into `adjudicated.parquet` and, in a night, the tables beside it.
fn adjudicate(
    loaded: &mut Loaded,
    gathered: &mut Gathered,
    target: &Target,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Vec<Written>, RunError> {
    let failed = |error| RunError::Parquet { file: "adjudicated.parquet", error };
    let file = target.staging.create("adjudicated.parquet")?;
    let mut file = RowGroups::begin(file, schema::adjudicated()).map_err(failed)?;
    let mut night = target.night.map(|_| NightFiles::begin(target.staging)).transpose()?;
    let (encoder, night_encoder) = (file.encoder(), night.as_ref().map(NightFiles::encoder));
    watch.begin(Stage::Adjudicate, Some(loaded.rows_to_come()));
    loop {
        let since = watch.clock();
        if !loaded.next_range()? {
            break;
        }
        watch.spent(Step::TakeUp, since);
        watch.on_disk(disk_bytes(loaded));
        let chunks = loaded.whole_chunks();
        gathered.persons += chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
        let loaded = &*loaded;
        let work = |range| -> Result<Encoded, RunError> {
            check(cancel)?;
            let since = watch.clock();
            let chunk = fold::fold_chunk(loaded.source(), range);
            watch.spent(Step::Fold, since);
            let since = watch.clock();
            let night = night_encoder.as_ref().map(|night| night.encode(&chunk, loaded)).transpose()?;
            let encoded = encode(chunk, loaded, &encoder).map_err(failed)?;
            watch.spent(Step::Encode, since);
            Ok(Encoded { night, ..encoded })
        };
        in_order(chunks, loaded.shares.chunks, work, |chunk: Result<Encoded, RunError>| {
            let mut chunk = chunk?;
            let since = watch.clock();
            for group in chunk.groups.drain(..) {
                file.append(group).map_err(failed)?;
            }
            if let (Some(files), Some(tables)) = (&mut night, chunk.night.take()) {
                files.append(tables)?;
            }
            watch.spent(Step::Append, since);
            watch.advance(chunk.rows);
            Ok::<(), RunError>(gathered.take(chunk)?)
        })?;
    }
    let mut outputs = vec![file.finish().map_err(failed)?.finish()?];
    if let Some(files) = night {
        outputs.extend(files.finish(&loaded.other_balances)?);
    }
    Ok(outputs)
}

fn disk_bytes(loaded: &Loaded) -> u64 {
    loaded.disk.as_ref().map_or(0, |disk| disk.written())
}

/// The rows of a chunk's row groups: one, unless a person has so many rows that their columns would not fit the memory.
fn row_groups(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let groups = (rows / CHUNK_ROWS).max(1);
    (0..groups).map(move |group| group * CHUNK_ROWS..if group + 1 == groups { rows } else { (group + 1) * CHUNK_ROWS })
}

fn encode(chunk: Chunk, loaded: &Loaded, encoder: &Encoder) -> Result<Encoded, ParquetError> {
    let mut balance = Balance::default();
    let mut pended = Vec::new();
    let mut late = Vec::new();
    for (index, (claim, outcome)) in chunk.claims.iter().zip(&chunk.fold.outcomes).enumerate() {
        balance.by_status[outcome.status as usize].add(claim.bill.total.0);
        balance.count_reasons(outcome.reasons);
        if chunk.closing.as_ref().is_some_and(|closing| closing.late[index]) {
            late.push(LateRow::of(claim, outcome, &chunk.arenas, loaded));
        }
        match ADJUDICATED.iter().position(|&status| status == outcome.status) {
            Some(status) => {
                let sums = &mut balance.money[status];
                sums.iter_mut()
                    .zip(adjudicated::money(claim, outcome))
                    .for_each(|(sum, fen)| *sum += i128::from(fen.0));
            }
            None => pended.push(Position { file: claim.file, row: claim.row, reasons: outcome.reasons }),
        }
    }
    let mut groups = Vec::new();
    for rows in row_groups(chunk.claims.len()) {
        let batch = adjudicated::columns(&chunk, rows, loaded.words_of(&chunk));
        if batch.num_rows() > 0 {
            // A chunk alone in the making leaves threads free.
            groups.push(if loaded.shares.chunks == 1 {
                encoder.encode_in_parallel(&batch)?
            } else {
                encoder.encode(&batch)?
            });
        }
    }
    Ok(Encoded {
        groups,
        night: None,
        balance,
        rows: (chunk.claims.len() + chunk.aside.refused.len() + chunk.aside.replaced.len()) as u64,
        aside: chunk.aside,
        pended,
        late,
    })
}
