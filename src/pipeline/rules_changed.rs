//! Rules that are not those of the last night: what the change touches of what is settled. Nothing settled is
//! computed again.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::lines::Lines;
use super::night::verified;
use super::rows::RowFile;
use super::rules_dir::{self, Rules};
use super::{RunError, check};
use crate::audit::touched::{self, NightFiles, TouchedRow};
use crate::ledger::store::{Access, Ledger, LedgerError, Night};
use crate::publish::{Staging, Written};
use crate::report::rules_changed::{CSV, HEADINGS, PackRange, RulesChanged, SETTLEMENTS};
use crate::rules::changed;
use crate::rules::pack::RulePack;

/// The packs of a ledger by ranges of nights.
///
/// # Errors
/// There is no ledger that can be read.
pub fn packs(ledger: &Path) -> Result<Vec<PackRange>, RunError> {
    let ledger = Ledger::open(ledger, Access::Read)?;
    let same = ledger.nights().chunk_by(|one, next| one.rules_sha256 == next.rules_sha256);
    let range = |nights: &[Night]| {
        let (first, last) = (nights.first()?, nights.last()?);
        let sha256 = first.rules_sha256.clone();
        Some(PackRange { first: first.number, last: last.number, from: first.date, to: last.date, sha256 })
    };
    Ok(same.filter_map(range).collect())
}

/// What a pack would touch if the next night had it; `None` where that would be the pack of the last night, or there
/// is no night yet.
///
/// # Errors
/// The ledger or a pack cannot be read.
pub fn foresee(ledger: &Path, rules: &Path, cancel: &AtomicBool) -> Result<Option<RulesChanged>, RunError> {
    let ledger = Ledger::open(ledger, Access::Read)?;
    let rules = rules_dir::load_rules(rules)?;
    let Some(last) = other_pack(&ledger, &rules) else { return Ok(None) };
    compare(&ledger, last, &rules, &mut |_| check(cancel)).map(Some)
}

/// Writes what the rules of a night in the making touch of the nights before; nothing where they are those of the
/// last night.
///
/// # Errors
/// A night or its pack cannot be read, or a file not be written.
pub(super) fn write(
    ledger: &Ledger,
    rules: &Rules,
    staging: &Staging,
    outputs: &mut Vec<Written>,
    cancel: &AtomicBool,
) -> Result<Option<RulesChanged>, RunError> {
    let Some(last) = other_pack(ledger, rules) else { return Ok(None) };
    let mut file = RowFile::begin(staging, SETTLEMENTS, touched::schema(), touched::batch)?;
    let found = compare(ledger, last, rules, &mut |row| {
        check(cancel)?;
        file.put(row)
    })?;
    let mut lines = Lines::begin(staging.create(CSV)?, &HEADINGS)?;
    for line in found.rows.iter().flat_map(|row| row.csv_lines()) {
        lines.put(&line)?;
    }
    outputs.push(lines.finish()?);
    outputs.push(file.finish()?);
    Ok(Some(found))
}

/// The last night, if it had another pack.
fn other_pack<'a>(ledger: &'a Ledger, rules: &Rules) -> Option<&'a Night> {
    ledger.nights().last().filter(|last| !last.rules_sha256.is_empty() && last.rules_sha256 != rules.sha256)
}

fn compare(
    ledger: &Ledger,
    last: &Night,
    rules: &Rules,
    sink: &mut dyn FnMut(TouchedRow) -> Result<(), RunError>,
) -> Result<RulesChanged, RunError> {
    let before = archived_pack(ledger, &last.rules_sha256)?;
    let changes = changed::changed(&before, &rules.pack);
    // Where no row decides anything else, no night need be read.
    let nights = if changes.is_empty() { &[] } else { ledger.nights() };
    let files = nights.iter().map(|night| {
        Ok(NightFiles {
            night: night.number,
            adjudicated: verified(&night.volume, "adjudicated.parquet")?,
            movements: verified(&night.volume, "movements.parquet")?,
        })
    });
    let found = touched::scan::<RunError>(&files.collect::<Result<Vec<_>, RunError>>()?, changes, sink)?;
    let (before, after) = (last.rules_sha256.clone(), rules.sha256.clone());
    Ok(RulesChanged { before, after, night: last.number, ..found })
}

/// A pack as an earlier night used it.
fn archived_pack(ledger: &Ledger, sha256: &str) -> Result<RulePack, RunError> {
    let folder = ledger.rules_folder(sha256)?;
    let (pack, found) = rules_dir::read_pack(&folder)?;
    if found != sha256 {
        return Err(LedgerError::Digest { path: folder, expected: sha256.to_owned(), found }.into());
    }
    Ok(pack)
}
