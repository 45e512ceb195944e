//! From grouped rows to the files of the output: fold and encode in parallel, append in order, keep what
//! could not be computed, read back what was written.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hashbrown::HashSet;
use parquet::errors::ParquetError;

use super::earlier::Earlier;
use super::kept;
use super::load::Loaded;
use super::night_lists::{Late, LateRow, OpenItems};
use super::night_tables::{NightEncoded, NightFiles};

use super::{RunError, Stage, Step, Watch, check};
use crate::audit::totals;
use crate::columnar::row_groups::{ColumnChunk, Encoder, RowGroups};
use crate::columnar::schema;
use crate::diagnostic::Lang;
use crate::ledger::fold::{self, Aside, CHUNK_ROWS, Chunk};
use crate::model::outcome::Status;
use crate::ordered::in_order;
use crate::publish::{Staging, Written};
use crate::report::adjudicated;
use crate::report::balance::{ADJUDICATED, Balance, Summary, Tally};
use crate::report::privacy::Persons;
use crate::shuffle::order::{Position, Sorter};
use crate::shuffle::shelf::Disk;

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
    /// What earlier nights left.
    pub earlier: &'a Earlier<'a>,
    /// The table of the items that were open before, if there are any.
    pub open_items: Option<&'a Path>,
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
    refused: Sorter<Position>,
    pended: Sorter<Position>,
    /// Open items whose place new rows took.
    replaced: Tally,
    replaced_rows: HashSet<u32>,
    /// In a night.
    late: Option<Late<'a>>,
}

impl<'a> Gathered<'a> {
    fn new(disk: Option<&Arc<Disk>>, most: u64, late: Option<Late<'a>>) -> Self {
        Self {
            balance: Balance::default(),
            persons: 0,
            refused: Sorter::new(disk.cloned(), most),
            pended: Sorter::new(disk.cloned(), most),
            replaced: Tally::default(),
            replaced_rows: HashSet::new(),
            late,
        }
    }

    fn take(&mut self, chunk: Encoded) -> Result<(), RunError> {
        self.balance.merge(&chunk.balance);
        self.late.as_mut().map_or(Ok(()), |late| late.put(chunk.late))?;
        chunk.pended.iter().try_for_each(|row| self.pended.put(row))?;
        for row in &chunk.aside.replaced {
            self.replaced.add(row.total.0);
            self.replaced_rows.insert(row.row);
        }
        for row in chunk.aside.refused {
            self.balance.count_reasons(row.reasons);
            // Rejected rows are counted once, however many reasons they have.
            if !row.was_rejected {
                self.balance.by_status[Status::Rejected as usize].add(row.total.0);
            }
            self.refused.put(&Position { file: row.file, row: row.row, reasons: row.reasons })?;
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
    let late = target.night.map(|_| Late::begin(staging, target.persons)).transpose()?;
    let mut gathered = Gathered::new(loaded.disk.as_ref(), loaded.shares.window, late);
    let mut outputs = adjudicate(loaded, &mut gathered, target, watch, cancel)?;
    check(cancel)?;
    let Gathered { mut balance, persons, refused, pended, replaced, replaced_rows, late } = gathered;
    balance.by_status[Status::Rejected as usize].merge(&loaded.rejected);
    watch.begin(Stage::Keep, Some(pended.len() + refused.len()));
    let open_items = target.night.map(|night| OpenItems::begin(staging, &night, loaded, &replaced_rows));
    let mut open_items = open_items.transpose()?;
    outputs.push(kept::write_pended(loaded, staging, pended.in_order()?, watch, &mut |row, reasons| {
        if let Some(items) = &mut open_items {
            items.put(row, reasons);
        }
    })?);
    outputs.push(kept::write_rejects(loaded, staging, refused.in_order()?, lang, watch, &mut balance)?);
    let mut late_rows = 0;
    if let (Some(open_items), Some(late)) = (open_items, late) {
        outputs.push(open_items.finish()?);
        let (written, rows) = late.finish()?;
        outputs.push(written);
        late_rows = rows;
    }
    check(cancel)?;
    let written: u64 = ADJUDICATED.iter().map(|&status| balance.of(status).rows).sum();
    watch.begin(Stage::Verify, Some(written));
    totals::verify(&staging.path(ADJUDICATED_FILE), &balance)?;
    watch.advance(written);
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
    let mut files = Files {
        adjudicated: RowGroups::begin(target.staging.create(ADJUDICATED_FILE)?, schema::adjudicated())
            .map_err(failed)?,
        night: target.night.map(|_| NightFiles::begin(target.staging)).transpose()?,
    };
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
        for run in chunks.chunks(loaded.shares.opened) {
            if let Some(night) = &target.night {
                let since = watch.clock();
                night.earlier.open(loaded, run[0].start..run[run.len() - 1].end)?;
                watch.spent(Step::TakeUp, since);
            }
            fold_and_append(run, loaded, &mut files, gathered, watch, cancel)?;
        }
    }
    let mut outputs = vec![files.adjudicated.finish().map_err(failed)?.finish()?];
    if let Some(files) = files.night {
        outputs.extend(files.finish(loaded.other_balances.take())?);
    }
    watch.on_disk(disk_bytes(loaded));
    Ok(outputs)
}

const ADJUDICATED_FILE: &str = "adjudicated.parquet";

fn failed(error: ParquetError) -> RunError {
    RunError::Parquet { file: ADJUDICATED_FILE, error }
}

/// The files that chunks go into.
struct Files {
    adjudicated: RowGroups,
    night: Option<NightFiles>,
}

/// Folds and encodes chunks of the persons at hand, and appends them.
fn fold_and_append(
    chunks: &[Range<usize>],
    loaded: &Loaded,
    files: &mut Files,
    gathered: &mut Gathered,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(), RunError> {
    let (encoder, night_encoder) = (files.adjudicated.encoder(), files.night.as_ref().map(NightFiles::encoder));
    let work = |range: &Range<usize>| -> Result<Encoded, RunError> {
        check(cancel)?;
        let since = watch.clock();
        let chunk = fold::fold_chunk(loaded.source(), range.clone());
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
            files.adjudicated.append(group).map_err(failed)?;
        }
        if let (Some(files), Some(tables)) = (&mut files.night, chunk.night.take()) {
            files.append(tables)?;
        }
        watch.spent(Step::Append, since);
        watch.advance(chunk.rows);
        gathered.take(chunk)
    })
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
