//! Going back to an earlier night. Nothing is deleted, and at every step what is left is a valid ledger.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::chain::Chain;
use super::error::{Action, LedgerError, failed};
use super::layout::{
    BASES, NIGHTS, REMOVED, base_name, has_format, make_folder, names_in, night_name, numbers_in, sync_folder,
    write_whole,
};
use super::lock::Lock;
use super::no_ledger;

/// What was taken out of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The night that is the last one now; 0 where none is left.
    pub to: u32,
    /// The nights, the last one first.
    pub nights: Vec<u32>,
    /// The bases, the last one first.
    pub bases: Vec<u32>,
    /// Where they are; `None` where nothing had to be moved.
    pub kept_in: Option<PathBuf>,
}

/// Takes the nights after `to` out of a ledger, and the bases that hold one of them. They are kept, in `removed/`;
/// archived inputs and rule packs stay where they are. What is taken out may be damaged, what is left must not be:
/// this is how a ledger is mended whose last nights cannot be read any more.
///
/// # Errors
/// There is no such night, a night to it is damaged, somebody writes, or something could not be moved: the ledger
/// then still holds some of the later nights, without a gap, and the same can be asked for again.
pub fn rollback(ledger: &Path, to: u32, command: &str) -> Result<RolledBack, LedgerError> {
    roll_back(ledger, to, command, |from, to| fs::rename(from, to))
}

/// Moves everything after `to`. Bases go first, so that none holds a night that is gone; nights go from the last, so
/// that no gap is left by a crash between two moves. `rename` is a parameter so that tests can crash.
pub(super) fn roll_back(
    ledger: &Path,
    to: u32,
    command: &str,
    rename: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Result<RolledBack, LedgerError> {
    if !has_format(ledger)? {
        return Err(no_ledger(ledger)?);
    }
    let _lock = Lock::take(ledger, command)?;
    let nights = numbers_in(&ledger.join(NIGHTS), night_name)?;
    let last = nights.last().copied().unwrap_or(0);
    if to > 0 && !nights.contains(&to) {
        return Err(LedgerError::NoSuchNight { night: to, last });
    }
    if let Some(first) = Chain::read(ledger, to).found.into_iter().next() {
        return Err(first);
    }
    let after =
        |numbers: Vec<u32>| -> Vec<u32> { numbers.into_iter().rev().take_while(|&number| number > to).collect() };
    let (nights, bases) = (after(nights), after(numbers_in(&ledger.join(BASES), base_name)?));
    if nights.is_empty() && bases.is_empty() {
        return Ok(RolledBack { to, nights, bases, kept_in: None });
    }
    let kept_in = next_folder(ledger)?;
    // What was meant, for whoever finds the folder of a rollback that did not end.
    let note = format!("{:#}\n", json!({"to": to, "nights": nights, "bases": bases}));
    write_whole(ledger, &kept_in.join("rollback.json"), note.as_bytes())?;
    let moves = bases.iter().map(|&through| (BASES, base_name(through)));
    for (kind, name) in moves.chain(nights.iter().map(|&number| (NIGHTS, night_name(number)))) {
        let from = ledger.join(kind);
        let into = make_folder(&kept_in, kind)?;
        let target = into.join(&name);
        rename(&from.join(&name), &target).map_err(failed(Action::RENAME, &from.join(&name)))?;
        // Each on the disk before the next one goes: a crash must not keep a later night and lose an earlier one.
        sync_folder(&into)?;
        sync_folder(&from)?;
    }
    Ok(RolledBack { to, nights, bases, kept_in: Some(kept_in) })
}

/// `removed/000001` and so on.
fn next_folder(ledger: &Path) -> Result<PathBuf, LedgerError> {
    let removed = make_folder(ledger, REMOVED)?;
    let last = names_in(&removed)?.iter().filter_map(|name| name.parse::<u32>().ok()).max();
    let folder = removed.join(format!("{:06}", last.unwrap_or(0) + 1));
    fs::create_dir(&folder).map_err(failed(Action::CREATE, &folder))?;
    sync_folder(&removed)?;
    Ok(folder)
}
