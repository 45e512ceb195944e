//! How the memory of a run is shared out between rows, what is read and what is being written.

use crate::ledger::fold::CHUNK_ROWS;

/// Bytes of a chunk in the making: claims, outcomes, columns and what encodes them.
const CHUNK_BYTES: u64 = CHUNK_ROWS as u64 * 1400;
/// The same in a night, whose tables are in the making beside it.
const NIGHT_CHUNK_BYTES: u64 = CHUNK_ROWS as u64 * 2000;
/// Bytes of what earlier nights left of the persons of a chunk.
const OPENED_BYTES: u64 = CHUNK_ROWS as u64 * 1000;
/// Bytes of a part of a file that is being read, with its neighbours on their way in and out.
const PART_BYTES: u64 = 70 << 20;
/// Bytes that the allocator holds back at most: what threads gave back is not at once another's.
const HELD_BACK_BYTES: u64 = 144 << 20;
/// Rows in memory that no limit undercuts.
const LEAST_ROWS_BYTES: u64 = 256 << 10;

/// Shares of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Bytes of rows that are in memory at a time, with what grouping them needs.
    pub rows: u64,
    /// Bytes of rows that go to the disk together, or are sorted together.
    pub window: u64,
    /// Chunks that are begun at a time; not more than there are threads are in the making.
    pub chunks: usize,
    /// Parts of files that are read at a time.
    pub parts: usize,
    /// Chunks at a time of whose persons what earlier nights left is in memory.
    pub opened: usize,
}

impl Shares {
    /// Of a limit, for so many threads, when so much is in use already.
    #[must_use]
    pub fn of(limit: u64, in_use: u64, threads: usize) -> Self {
        Self::with_chunks_of(CHUNK_BYTES, limit, in_use, threads)
    }

    /// The same for a night: rows leave half of their room to what earlier nights left of their persons.
    #[must_use]
    pub fn of_night(limit: u64, in_use: u64, threads: usize) -> Self {
        let shares = Self::with_chunks_of(NIGHT_CHUNK_BYTES, limit, in_use, threads);
        let half = shares.rows / 2;
        let opened = (half / OPENED_BYTES).max(1) as usize;
        Self { opened, ..shares.with_rows(half) }
    }

    fn with_chunks_of(chunk_bytes: u64, limit: u64, in_use: u64, threads: usize) -> Self {
        let free = limit.saturating_sub(in_use);
        let free = free - HELD_BACK_BYTES.min(free / 3);
        let chunks = (free / 2 / chunk_bytes).clamp(1, threads as u64);
        let parts = (free / 4 / PART_BYTES).clamp(1, 2 * threads.max(2) as u64);
        let busy = (chunks * chunk_bytes).max(parts * PART_BYTES);
        // No thread has more than one chunk in the making: further ones wait for a thread, and cost nothing.
        let begun = if chunks < threads as u64 { chunks } else { 2 * chunks };
        // A quarter for facts and for what is being sorted.
        let rows = free.saturating_sub(busy) / 4 * 3;
        let shares = Self { rows, window: 0, chunks: begun as usize, parts: parts as usize, opened: usize::MAX };
        shares.with_rows(rows)
    }

    fn with_rows(self, rows: u64) -> Self {
        let rows = rows.max(LEAST_ROWS_BYTES);
        Self { rows, window: (rows / 8).clamp(64 << 10, 256 << 20), ..self }
    }
}

/// Memory that this process has resident, in bytes; 0 where it cannot be told.
#[must_use]
pub fn in_use() -> u64 {
    status("VmRSS:").unwrap_or(0)
}

/// The most memory that this process has had resident, in bytes; `None` where it cannot be told.
#[must_use]
pub fn peak() -> Option<u64> {
    status("VmHWM:")
}

fn status(field: &str) -> Option<u64> {
    told("/proc/self/status", field)
}

/// Memory of the machine in bytes, or what a container leaves of it; 4 GiB where it cannot be told.
#[must_use]
pub fn of_machine() -> u64 {
    let machine = told("/proc/meminfo", "MemTotal:").unwrap_or(4 << 30);
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = groups.iter().filter_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    limits.fold(machine, u64::min)
}

/// A line `field 123 kB` of a file of the system.
fn told(path: &str, field: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_less_than_the_limit() {
        for limit in [512_u64 << 20, 1 << 30, 2 << 30, 18 << 30, 500 << 30] {
            for threads in [1, 2, 8, 64] {
                let in_use = 60 << 20;
                let shares = Shares::of(limit, in_use, threads);
                let chunks = shares.chunks.min(threads) as u64 * CHUNK_BYTES;
                let parts = shares.parts as u64 * PART_BYTES;
                assert!(in_use + shares.rows + chunks < limit, "{limit} {threads}: {shares:?}");
                assert!(in_use + shares.rows + shares.window + parts < limit, "{limit} {threads}: {shares:?}");
                let shares = Shares::of_night(limit, in_use, threads);
                let chunks = shares.chunks.min(threads) as u64 * NIGHT_CHUNK_BYTES;
                let opened = shares.opened as u64 * OPENED_BYTES;
                let fits = in_use + shares.rows + chunks + opened < limit;
                assert!(fits || (shares.chunks, shares.opened) == (1, 1), "{limit} {threads}: {shares:?}");
            }
        }
    }

    #[test]
    fn the_smallest_limit_still_makes_some_way() {
        let shares = Shares::of(1, 60 << 20, 2);
        assert_eq!((shares.rows, shares.chunks, shares.parts), (LEAST_ROWS_BYTES, 1, 1));
        let shares = Shares::of_night(1, 60 << 20, 2);
        assert_eq!((shares.rows, shares.chunks, shares.parts, shares.opened), (LEAST_ROWS_BYTES, 1, 1, 1));
    }

    #[test]
    fn a_process_knows_its_memory() {
        assert!(in_use() > 0 && peak().expect("a peak") >= in_use() / 2 && of_machine() > peak().expect("a peak"));
    }
}
