//! Rows as they arrive from the claims files: in memory, or on the disk once they are too many.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hashbrown::HashMap;

use super::memory::{self, Shares};
use super::rejects::Rejects;
use super::{RunError, Stage, Step, Watch};
use crate::ingest::{self, Border, ClaimBatch, IngestError, InputFile, InputPath, ReadOptions};
use crate::model::date::{Date, Time};
use crate::model::settlement::{Insutype, TextRef};
use crate::report::balance::Tally;
use crate::shuffle::group::{Ghost, Rows};
use crate::shuffle::ranges::{CLAIM_BYTES, Ranges};
use crate::shuffle::shelf::{Disk, ShelfError};

/// How much room rows have.
#[derive(Clone, Debug)]
pub enum Room {
    /// So many bytes of memory, of which rows take a half at most; more is an error.
    Memory(u64),
    /// A share of the memory, then the disk.
    Disk(Shares, Arc<Disk>),
}

impl Room {
    /// A limit of the memory, and a folder for what does not fit.
    #[must_use]
    pub fn with_disk(limit: u64, folder: &Path) -> Self {
        let shares = Shares::of(limit, memory::in_use(), rayon::current_num_threads());
        Self::Disk(shares, Arc::new(Disk::new(folder)))
    }

    /// The same for a night, whose chunks need more.
    #[must_use]
    pub fn of_night(limit: u64, folder: &Path) -> Self {
        let shares = Shares::of_night(limit, memory::in_use(), rayon::current_num_threads());
        Self::Disk(shares, Arc::new(Disk::new(folder)))
    }

    /// How the memory is shared out.
    pub(super) fn shares(&self) -> Shares {
        match self {
            Self::Memory(limit) => Shares::of(*limit, memory::in_use(), rayon::current_num_threads()),
            Self::Disk(shares, _) => *shares,
        }
    }

    /// Where rows may go.
    pub(super) fn disk(&self) -> Option<Arc<Disk>> {
        match self {
            Self::Memory(_) => None,
            Self::Disk(_, disk) => Some(Arc::clone(disk)),
        }
    }
}

impl From<u64> for Room {
    fn from(bytes: u64) -> Self {
        Self::Memory(bytes)
    }
}

/// Rows as they arrive.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// What is in memory.
    pub rows: Rows,
    /// What is on the disk.
    pub ranges: Option<Ranges>,
    /// Insurance types that the rules do not name.
    pub unlisted: Vec<Box<str>>,
    number_of: HashMap<Box<str>, u32>,
    /// Rejected rows, reason by reason.
    pub rejects: Rejects,
    /// Rejected rows and their money.
    pub rejected: Tally,
    /// All rows and their money.
    pub rows_in: Tally,
    /// The day of the latest settlement.
    pub latest: Option<Date>,
    /// Bytes of what is in memory.
    bytes: u64,
}

impl Arrivals {
    /// Reads claims, all or those of one person.
    pub(super) fn read(
        files: &[InputPath],
        border: &Border,
        person: Option<&[u8]>,
        room: &Room,
        watch: &dyn Watch,
        cancel: &AtomicBool,
    ) -> Result<(Self, Vec<InputFile>), RunError> {
        watch.begin(Stage::Ingest, None);
        let bytes_read = AtomicU64::new(0);
        let rows_read = AtomicU64::new(0);
        let total = total_bytes(files.iter().map(|file| &*file.path));
        let advance = |rows: u64, bytes: u64| {
            let bytes = bytes_read.fetch_add(bytes, Ordering::Relaxed) + bytes;
            let rows_so_far = rows_read.fetch_add(rows, Ordering::Relaxed) + rows;
            let all = u128::from(rows_so_far) * u128::from(total.max(bytes)) / u128::from(bytes.max(1));
            watch.expect(u64::try_from(all).unwrap_or(u64::MAX));
            watch.advance(rows);
        };
        let parts = Some(room.shares().parts);
        let options = ReadOptions { person, progress: Some(&advance), cancel: Some(cancel), parts };
        let mut arrivals = Self::default();
        // The receiver of batches speaks ingestion's errors: what else goes wrong waits outside.
        let mut failed = None;
        let result = ingest::read_claims(files, border, &options, &mut |batch| {
            arrivals.take(batch);
            let read = bytes_read.load(Ordering::Relaxed).max(1);
            let grows_by = u128::from(total.max(read)) * 1000 / u128::from(read);
            arrivals.make_room(room, grows_by, watch).map_err(|error| {
                failed = Some(error);
                IngestError::Cancelled
            })
        });
        match (result, failed) {
            (_, Some(error)) => Err(error),
            (Err(error), None) => Err(error.into()),
            (Ok(files), None) => {
                arrivals.close(room)?;
                Ok((arrivals, files))
            }
        }
    }

    fn take(&mut self, mut batch: ClaimBatch) {
        if !batch.unlisted_insutypes.is_empty() {
            self.renumber(&mut batch);
        }
        self.bytes += batch.claims.len() as u64 * CLAIM_BYTES + batch.arena.len() as u64;
        batch.claims.iter().for_each(|claim| self.rows_in.add(claim.bill.total.0));
        self.latest = self.latest.max(batch.claims.iter().map(|claim| claim.setl_time).max().map(Time::day));
        let rejected = Tally { rows: batch.rejected_rows, total_fen: batch.rejected_total };
        self.rejected.merge(&rejected);
        self.rows_in.merge(&rejected);
        self.rejects.append(&mut batch.rejects);
        let arena = self.rows.arenas.0.len() as u32;
        if arena != batch.number {
            // Earlier batches went to the disk.
            batch.claims.iter_mut().for_each(|claim| claim.text.arena = arena);
        }
        let ghosts = batch.ghosts.iter().map(|ghost| {
            let text = TextRef { arena, ..ghost.text };
            Ghost { text, file: ghost.file, row: ghost.row }
        });
        self.rows.ghosts.push(ghosts.collect());
        self.rows.claims.push(batch.claims);
        self.rows.arenas.0.push(batch.arena);
    }

    /// Rows that are too many go to the disk; all that come will be `grows_by` thousandths of what is there now.
    fn make_room(&mut self, room: &Room, grows_by: u128, watch: &dyn Watch) -> Result<(), RunError> {
        let (shares, disk) = match room {
            Room::Memory(limit) if self.bytes * 2 > *limit => {
                return Err(RunError::Memory { rows: self.rows_in.rows, limit: *limit });
            }
            Room::Memory(_) => return Ok(()),
            Room::Disk(shares, disk) => (shares, disk),
        };
        self.rejects.make_room(disk, shares.window)?;
        let most = if self.ranges.is_some() { shares.window } else { shares.rows };
        if self.bytes <= most {
            return Ok(());
        }
        if self.ranges.is_none() {
            // Ranges of persons are never all of one size: a third more of them than would do.
            let parts = u128::from(self.bytes) * grows_by / 1000 * 4 / 3 / u128::from(shares.rows) + 1;
            let parts = u64::try_from(parts).unwrap_or(u64::MAX);
            self.ranges = Some(Ranges::cut(&self.rows, parts, shares.window));
        }
        let since = watch.clock();
        self.set_down(disk)?;
        watch.spent(Step::SetDown, since);
        watch.on_disk(disk.written());
        Ok(())
    }

    fn set_down(&mut self, disk: &Disk) -> Result<(), ShelfError> {
        if let Some(ranges) = &mut self.ranges {
            ranges.put(disk, &std::mem::take(&mut self.rows))?;
            self.bytes = 0;
        }
        Ok(())
    }

    /// All rows are in.
    fn close(&mut self, room: &Room) -> Result<(), ShelfError> {
        let Room::Disk(shares, disk) = room else { return Ok(()) };
        self.set_down(disk)?;
        match &mut self.ranges {
            Some(ranges) => ranges.split(disk, shares.rows),
            None => Ok(()),
        }
    }

    /// A batch numbers the insurance types it met that the rules do not name; the run numbers them once for all.
    fn renumber(&mut self, batch: &mut ClaimBatch) {
        let numbers: Vec<u32> = batch.unlisted_insutypes.iter().map(|word| self.number(word)).collect();
        for claim in &mut batch.claims {
            if claim.insutype.0 >= Insutype::UNLISTED {
                claim.insutype =
                    Insutype(Insutype::UNLISTED + numbers[(claim.insutype.0 - Insutype::UNLISTED) as usize]);
            }
        }
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.number_of.get(word) {
            return number;
        }
        let number = u32::try_from(self.unlisted.len()).expect("fewer than 2^31 insurance types");
        self.unlisted.push(word.into());
        self.number_of.insert(word.into(), number);
        number
    }
}

/// Bytes of files together; one that cannot be looked at counts as nothing here and fails when it is read.
fn total_bytes<'a>(files: impl Iterator<Item = &'a Path>) -> u64 {
    files.map(|path| std::fs::metadata(path).map_or(0, |metadata| metadata.len())).sum()
}
