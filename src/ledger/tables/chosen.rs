//! Of several rows with one settlement number, the one that a ledger ended up with: rows that were rejected, refused or
//! replaced night by night must not come back when the nights are adjudicated again as one.

use std::path::PathBuf;

use hashbrown::{HashMap, HashSet};

use super::read::{TableError, TableFile};
use crate::columnar::words::Sources;
use crate::ledger::opening::Fate;
use crate::model::outcome::Reason;
use crate::shuffle::group::{Entry, Persons, Rows};

/// A night's rows that became settlements, or are open at the end of all nights.
pub struct Standing {
    /// The night.
    pub night: u32,
    /// `adjudicated.parquet`, or the last night's `pended.parquet`.
    pub path: PathBuf,
}

/// Person and settlement number.
type Pair = (u32, Box<[u8]>);

/// What the nights made of each sound row of this run whose number stands in several rows.
///
/// `night_of_file` is the night that read each input file.
///
/// # Errors
/// A table cannot be read.
pub fn fates(
    standing: &[Standing],
    rows: &Rows,
    persons: &Persons,
    sources: &Sources,
    night_of_file: &[u32],
) -> Result<HashMap<Entry, Fate>, TableError> {
    let repeated = repeated(rows, persons);
    let mut found = HashMap::new();
    if repeated.is_empty() {
        return Ok(found);
    }
    let chosen = chosen(standing, rows, persons, sources, night_of_file, &repeated)?;
    for (pair, entries) in &repeated {
        let Some(&chosen) = chosen.get(pair) else { continue };
        let night = |entry: Entry| night_of_file[claim_at(rows, entry).0 as usize];
        for &entry in entries {
            let fate = match night(entry).cmp(&night(chosen)) {
                _ if entry == chosen => Fate::Stands,
                std::cmp::Ordering::Less => Fate::Replaced,
                std::cmp::Ordering::Equal => Fate::Refused(Reason::Duplicate),
                std::cmp::Ordering::Greater => Fate::Refused(Reason::Settled),
            };
            found.insert(entry, fate);
        }
    }
    Ok(found)
}

/// File and row of a claim.
fn claim_at(rows: &Rows, entry: Entry) -> (u32, u32) {
    let claim = &rows.claims[entry.batch as usize][entry.index as usize];
    (claim.file, claim.row)
}

/// Sound rows of settlement numbers that stand in more than one row, sound or not.
fn repeated(rows: &Rows, persons: &Persons) -> HashMap<Pair, Vec<Entry>> {
    let mut repeated = HashMap::new();
    for person in 0..persons.len() {
        let entries = persons.entries_of(person);
        let id = |entry: &Entry| rows.arenas.setl_id(rows.text(*entry));
        let mut seen = HashSet::with_capacity(entries.len());
        let twice: HashSet<&[u8]> = entries.iter().map(id).filter(|id| !seen.insert(*id)).collect();
        for &entry in entries.iter().filter(|entry| entry.index < Entry::GHOSTS && twice.contains(id(entry))) {
            repeated.entry((person as u32, id(&entry).into())).or_insert_with(Vec::new).push(entry);
        }
    }
    repeated
}

/// The row of each pair that stands in the ledger.
fn chosen(
    standing: &[Standing],
    rows: &Rows,
    persons: &Persons,
    sources: &Sources,
    night_of_file: &[u32],
    repeated: &HashMap<Pair, Vec<Entry>>,
) -> Result<HashMap<Pair, Entry>, TableError> {
    let mut chosen = HashMap::new();
    for Standing { night, path } in standing {
        TableFile::open(path)?.visit::<TableError>(&["psn_no", "setl_id", "src_file", "src_row"], &mut |batch| {
            let (names, ids) = (batch.text("psn_no")?, batch.text("setl_id")?);
            let (files, numbers) = (batch.text("src_file")?, batch.integer("src_row")?);
            for row in 0..batch.rows() {
                let Some(person) = persons.find(&rows.arenas, names.value(row).as_bytes()) else { continue };
                let pair: Pair = (person, ids.value(row).as_bytes().into());
                let Some(entries) = repeated.get(&pair) else { continue };
                let came_from = (files.value(row), numbers.value(row) as u32);
                // Files of several nights may have one name: the last one up to that night is meant.
                let same = entries.iter().copied().filter(|&entry| {
                    let (file, number) = claim_at(rows, entry);
                    sources.of(file, number) == came_from && night_of_file[file as usize] <= *night
                });
                if let Some(entry) = same.max_by_key(|&entry| night_of_file[claim_at(rows, entry).0 as usize]) {
                    chosen.insert(pair, entry);
                }
            }
            Ok(())
        })?;
    }
    Ok(chosen)
}
