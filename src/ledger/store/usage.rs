//! What a ledger takes on the disk.

use std::fs;
use std::path::Path;

use super::error::{Action, LedgerError, failed};
use super::layout::{BASES, INPUTS, NIGHTS, REMOVED, RULES, names_in};

/// Bytes of the files below each folder of a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Nights.
    pub nights: u64,
    /// Bases.
    pub bases: u64,
    /// Archived inputs.
    pub inputs: u64,
    /// Archived rule packs.
    pub rules: u64,
    /// What `rollback` took away.
    pub removed: u64,
}

impl Usage {
    pub(super) fn of(ledger: &Path) -> Result<Self, LedgerError> {
        let bytes = |name| bytes_below(&ledger.join(name));
        Ok(Self {
            nights: bytes(NIGHTS)?,
            bases: bytes(BASES)?,
            inputs: bytes(INPUTS)?,
            rules: bytes(RULES)?,
            removed: bytes(REMOVED)?,
        })
    }

    /// All of it.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.nights + self.bases + self.inputs + self.rules + self.removed
    }
}

fn bytes_below(folder: &Path) -> Result<u64, LedgerError> {
    let mut bytes = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for name in names_in(&next)? {
            let path = next.join(name);
            let metadata = fs::symlink_metadata(&path).map_err(failed(Action::READ, &path))?;
            if metadata.is_dir() {
                open.push(path);
            } else {
                bytes += metadata.len();
            }
        }
    }
    Ok(bytes)
}
