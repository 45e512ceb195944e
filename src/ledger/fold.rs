//! The fold: whole persons, chunk by chunk. A chunk is a run of persons whose size depends on the rows alone,
//! so that what is written from it has the same bytes at any number of threads.

use hashbrown::HashMap;

use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, fold_person};
use crate::adjudicate::resolve::Context;
use crate::adjudicate::trace::Off;
use crate::model::money::Fen;
use crate::model::reference::Facts;
use crate::model::settlement::Claim;
use crate::shuffle::group::{Entry, Persons, Rows, text_hash};

/// Rows a chunk has at least, unless it is the last.
pub const CHUNK_ROWS: usize = 131_072;

/// A row that has the settlement number and person of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuplicateRow {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file.
    pub row: u32,
    /// Whether it was already rejected for another reason.
    pub was_rejected: bool,
    /// Its total, `medfee_sumamt`; 0 when it was already rejected.
    pub total: Fen,
}

/// Folded persons with their claims, in output order.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Claims, person by person, each in the total order.
    pub claims: Vec<Claim>,
    /// Outcomes of the claims.
    pub fold: Fold,
    /// Rows that were not adjudicated, as they name an earlier row's settlement.
    pub duplicates: Vec<DuplicateRow>,
}

/// Runs of persons for [`fold_chunk`].
#[must_use]
pub fn chunks(persons: &Persons) -> Vec<std::ops::Range<usize>> {
    let mut chunks = Vec::new();
    let mut first = 0;
    for person in 0..persons.len() {
        if (persons.starts[person + 1] - persons.starts[first]) as usize >= CHUNK_ROWS {
            chunks.push(first..person + 1);
            first = person + 1;
        }
    }
    if first < persons.len() {
        chunks.push(first..persons.len());
    }
    chunks
}

/// Adjudicates the persons of a chunk.
#[must_use]
pub fn fold_chunk(
    context: Context,
    facts: &Facts,
    rows: &Rows,
    persons: &Persons,
    range: std::ops::Range<usize>,
) -> Chunk {
    let mut chunk = Chunk::default();
    let count = (persons.starts[range.end] - persons.starts[range.start]) as usize;
    chunk.claims.reserve(count);
    chunk.fold.outcomes.reserve(count);
    let mut accumulators = Accumulators::default();
    let mut kept: Vec<Entry> = Vec::new();
    for person in range {
        kept.clear();
        keep_first_of_each(rows, persons.entries_of(person), &mut kept, &mut chunk.duplicates);
        sort_entries(rows, &mut kept);
        let first = chunk.claims.len();
        chunk.claims.extend(kept.iter().map(|&entry| claim(rows, entry).clone()));
        let facts = facts.of(person as u32);
        accumulators.reset(facts.balance.unwrap_or_default());
        let claims = &chunk.claims[first..];
        fold_person(context, &rows.arenas, &facts, &[], claims, &mut accumulators, &mut chunk.fold, |_| Off, |_, _| ());
    }
    chunk
}

#[inline]
fn claim(rows: &Rows, entry: Entry) -> &Claim {
    &rows.claims[entry.batch as usize][entry.index as usize]
}

/// The total order of one person's settlements: time, then number as bytes.
pub fn sort_entries(rows: &Rows, entries: &mut [Entry]) {
    if entries.len() > 1 {
        entries.sort_unstable_by(|&a, &b| {
            let (a, b) = (claim(rows, a), claim(rows, b));
            a.setl_time.cmp(&b.setl_time).then_with(|| rows.arenas.setl_id(a.text).cmp(rows.arenas.setl_id(b.text)))
        });
    }
}

/// Claims whose settlement number no earlier row of the person has, whatever became of that row.
pub fn keep_first_of_each(rows: &Rows, entries: &[Entry], kept: &mut Vec<Entry>, duplicates: &mut Vec<DuplicateRow>) {
    let id = |entry: Entry| rows.arenas.setl_id(rows.text(entry));
    let has_ghosts = entries.iter().any(|entry| entry.index >= Entry::GHOSTS);
    if !has_ghosts && !may_repeat(entries.iter().map(|&entry| text_hash(id(entry)))) {
        kept.extend_from_slice(entries);
        return;
    }
    // Input order: a ghost is numbered apart from the claims of its batch, so file and row decide.
    let mut ordered: Vec<((u32, u32), Entry)> = entries.iter().map(|&entry| (position(rows, entry), entry)).collect();
    ordered.sort_unstable();
    let mut seen: HashMap<&[u8], ()> = HashMap::with_capacity(ordered.len());
    for ((file, row), entry) in ordered {
        let ghost = entry.index >= Entry::GHOSTS;
        if seen.insert(id(entry), ()).is_some() {
            let total = if ghost { Fen::ZERO } else { claim(rows, entry).bill.total };
            duplicates.push(DuplicateRow { file, row, was_rejected: ghost, total });
        } else if !ghost {
            kept.push(entry);
        }
    }
}

/// Whether two of the hashes are equal. Nearly all persons have a handful of rows and none twice: comparing numbers
/// finds that out without touching their text again.
fn may_repeat(hashes: impl Iterator<Item = u64>) -> bool {
    const FEW: usize = 16;
    let mut few = [0_u64; FEW];
    let mut many: Vec<u64> = Vec::new();
    for (count, hash) in hashes.enumerate() {
        if count >= FEW {
            many.push(hash);
        } else if few[..count].contains(&hash) {
            return true;
        } else {
            few[count] = hash;
        }
    }
    if many.is_empty() {
        return false;
    }
    many.extend_from_slice(&few);
    many.sort_unstable();
    many.windows(2).any(|pair| pair[0] == pair[1])
}

fn position(rows: &Rows, entry: Entry) -> (u32, u32) {
    if entry.index >= Entry::GHOSTS {
        let ghost = rows.ghosts[entry.batch as usize][(entry.index - Entry::GHOSTS) as usize];
        (ghost.file, ghost.row)
    } else {
        let claim = claim(rows, entry);
        (claim.file, claim.row)
    }
}
