//! The fold: whole persons, chunk by chunk. A chunk is a run of persons whose size depends on the rows alone,
//! so that what is written from it has the same bytes at any number of threads.

use std::ops::Range;

use hashbrown::HashMap;

use super::opening::{Closing, Fate, Opening, Settled};
use super::person::Source;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::Fold;
use crate::adjudicate::trace::Off;
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Reasons};
use crate::model::settlement::{Arenas, Claim};
use crate::shuffle::group::{Entry, Persons, Rows, text_hash};

/// Rows a chunk has at least, unless it is the last.
pub const CHUNK_ROWS: usize = 131_072;

/// A row that has the settlement number and person of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file.
    pub row: u32,
    /// Whether it was already rejected for another reason.
    pub was_rejected: bool,
    /// Its total, `medfee_sumamt`; 0 when it was already rejected.
    pub total: Fen,
    /// `R-DUPLICATE`, `R-SETTLED` or both.
    pub reasons: Reasons,
}

/// Rows of a chunk that were not adjudicated.
#[derive(Debug, Default)]
pub struct Aside {
    /// They name a settlement that an earlier row of the run, or the ledger, has.
    pub refused: Vec<RefusedRow>,
    /// Open items of earlier nights whose place a new row takes.
    pub replaced: Vec<RefusedRow>,
}

/// Folded persons with their claims, in output order. It stands by itself: its claims and their text lie together.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Claims, person by person, each in the total order.
    pub claims: Vec<Claim>,
    /// Text of the claims.
    pub arenas: Arenas,
    /// Outcomes of the claims.
    pub fold: Fold,
    /// Rows that were not adjudicated.
    pub aside: Aside,
    /// What the night keeps; `None` in a run without a ledger.
    pub closing: Option<Closing>,
}

impl Chunk {
    /// Adds claims with their text.
    fn bring(&mut self, rows: &Rows, entries: &[Entry]) {
        let Self { claims, arenas, .. } = self;
        claims.extend(entries.iter().map(|&entry| {
            let claim = claim(rows, entry);
            Claim { text: arenas.put(&rows.arenas, claim.text), ..claim.clone() }
        }));
    }
}

/// Runs of persons for [`fold_chunk`].
#[must_use]
pub fn chunks(persons: &Persons) -> Vec<Range<usize>> {
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

/// Adjudicates the persons of a chunk, on the state that earlier nights left.
#[must_use]
pub fn fold_chunk(source: Source, range: Range<usize>) -> Chunk {
    let Source { rows, persons, opening, .. } = source;
    let mut chunk = Chunk { closing: opening.map(|_| Closing::default()), ..Chunk::default() };
    let count = (persons.starts[range.end] - persons.starts[range.start]) as usize;
    chunk.claims.reserve(count);
    chunk.fold.outcomes.reserve(count);
    let mut accumulators = Accumulators::default();
    let mut kept: Vec<Entry> = Vec::new();
    for person in range {
        let person = person as u32;
        source.keep(person, &mut kept, &mut chunk.aside);
        let first = chunk.claims.len();
        chunk.bring(rows, &kept);
        let (claims, arenas, fold) = (&chunk.claims[first..], &chunk.arenas, &mut chunk.fold);
        source.fold(person, claims, arenas, &mut accumulators, fold, |_| Off, |_, _| ());
        if let (Some(opening), Some(closing)) = (opening, &mut chunk.closing) {
            let settled = Settled { arenas, claims, fold, accumulators: &accumulators };
            closing.close(person, opening, settled);
        }
    }
    chunk
}

/// The claim of an entry that is no ghost.
#[inline]
pub(super) fn claim(rows: &Rows, entry: Entry) -> &Claim {
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

/// Claims whose settlement number neither the ledger nor an earlier row of the person has, whatever became of that
/// row. An open item of earlier nights gives way to a new claim, and to nothing else.
pub fn keep_first_of_each(
    rows: &Rows,
    entries: &[Entry],
    opening: Option<&Opening>,
    kept: &mut Vec<Entry>,
    aside: &mut Aside,
) {
    let id = |entry: Entry| rows.arenas.setl_id(rows.text(entry));
    let is_settled = |entry: &Entry| opening.is_some_and(|opening| opening.settled.contains(entry));
    let is_ghost = |entry: Entry| entry.index >= Entry::GHOSTS;
    let fate = |entry: &Entry| opening.and_then(|opening| opening.fates.get(entry)).copied();
    let is_plain = |entry: &Entry| !is_ghost(*entry) && !is_settled(entry);
    if entries.iter().all(is_plain) && !may_repeat(entries.iter().map(|&entry| text_hash(id(entry)))) {
        kept.extend_from_slice(entries);
        return;
    }
    // Input order: a ghost is numbered apart from the claims of its batch, so file and row decide.
    let mut ordered: Vec<((u32, u32), Entry)> = entries.iter().map(|&entry| (position(rows, entry), entry)).collect();
    ordered.sort_unstable();
    // For each number, whether one of its rows is to be adjudicated.
    let mut seen: HashMap<&[u8], bool> = HashMap::with_capacity(ordered.len());
    for ((file, row), entry) in ordered {
        let ghost = is_ghost(entry);
        let total = if ghost { Fen::ZERO } else { claim(rows, entry).bill.total };
        let mut refused = RefusedRow { file, row, was_rejected: ghost, total, reasons: Reasons::NONE };
        if let Some(fate) = fate(&entry) {
            match fate {
                Fate::Stands => kept.push(entry),
                Fate::Replaced => aside.replaced.push(refused),
                Fate::Refused(reason) => aside.refused.push(RefusedRow { reasons: reason.into(), ..refused }),
            }
            continue;
        }
        if opening.is_some_and(|opening| opening.open_items == Some(file)) {
            if seen.insert(id(entry), true) == Some(true) {
                aside.replaced.push(refused);
            } else {
                kept.push(entry);
            }
            continue;
        }
        if is_settled(&entry) {
            refused.reasons.add(Reason::Settled);
        }
        if seen.contains_key(id(entry)) {
            refused.reasons.add(Reason::Duplicate);
        } else {
            seen.insert(id(entry), !ghost && refused.reasons.is_empty());
        }
        if !refused.reasons.is_empty() {
            aside.refused.push(refused);
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

/// File and data row of an entry.
#[must_use]
pub fn position(rows: &Rows, entry: Entry) -> (u32, u32) {
    if entry.index >= Entry::GHOSTS {
        let ghost = rows.ghosts[entry.batch as usize][(entry.index - Entry::GHOSTS) as usize];
        (ghost.file, ghost.row)
    } else {
        let claim = claim(rows, entry);
        (claim.file, claim.row)
    }
}
