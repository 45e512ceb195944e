//! The folder on disk that holds every night: who may write, what is there, whether it is whole, and how one more
//! night appears in it. It knows nothing about adjudication and nothing about the columns of its files.
//!
//! ```text
//! LEDGER/
//!   ledger.json                      format and maker
//!   lock                             held while somebody writes
//!   nights/night=000001/             one night: its files, manifest.json, manifest.sha256
//!   base/through=000012/             the merged state of nights 1 to 12
//!   inputs/SHA256.csv.zst|...        inputs as they came
//!   rules/SHA256/                    rule packs as they were used
//!   removed/000001/                  what `rollback` took away
//! ```
//!
//! A night appears by one rename and never changes. Its manifest holds the digest of each of its files and of the
//! manifest before it, so that the last manifest stands for the whole ledger.

mod archive;
mod chain;
mod error;
pub mod layout;
mod lock;
mod rollback;
mod staging;
mod usage;
mod verify;
mod volume;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use self::chain::Chain;
use self::error::failed;
use self::layout::{FORMAT_FILE, LOCK_FILE, NIGHTS, RULES, SCRATCH, STAGING};
use self::lock::Lock;
use crate::model::date::Date;

pub use self::archive::{Archived, InputKind, Scratch};
pub use self::chain::{Base, Night};
pub use self::error::{Action, Holder, LedgerError};
pub use self::rollback::{RolledBack, rollback};
pub use self::staging::{BaseStaging, NightStaging};
pub use self::usage::Usage;
pub use self::verify::{Check, Verification, verify};
pub use self::volume::Volume;

/// What somebody wants to do with a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read the nights that are there now. Needs no lock and writes nothing.
    Read,
    /// Add a night, alone.
    Write {
        /// What is done, for those who are refused meanwhile.
        command: String,
    },
}

/// A ledger, opened: its nights follow each other without a gap, their manifests are whole.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    nights: Vec<Night>,
    bases: Vec<Base>,
    claims: HashMap<String, u32>,
    accounts: HashMap<String, u32>,
    sizes: HashSet<u64>,
    lock: Option<Arc<Lock>>,
}

impl Ledger {
    /// Opens the ledger in a folder. To write, the folder is made on first use, the lock is taken, and what killed
    /// processes left is removed.
    ///
    /// # Errors
    /// The folder is no ledger, somebody else writes, or a manifest is not as it must be.
    pub fn open(folder: &Path, access: Access) -> Result<Self, LedgerError> {
        let lock = match access {
            Access::Read => {
                if !layout::has_format(folder)? {
                    return Err(no_ledger(folder)?);
                }
                None
            }
            Access::Write { command } => {
                make_usable(folder)?;
                let lock = Lock::take(folder, &command)?;
                if !layout::has_format(folder)? {
                    layout::write_whole(folder, &folder.join(FORMAT_FILE), layout::format_json().as_bytes())?;
                }
                archive::remove_abandoned(folder)?;
                Some(Arc::new(lock))
            }
        };
        let Chain { nights, bases, found } = Chain::read(folder, u32::MAX);
        if let Some(first) = found.into_iter().next() {
            return Err(first);
        }
        let (mut claims, mut accounts, mut sizes) = (HashMap::new(), HashMap::new(), HashSet::new());
        for night in &nights {
            for (sha256, bytes) in &night.claims {
                claims.entry(sha256.clone()).or_insert(night.number);
                sizes.insert(*bytes);
            }
            for sha256 in &night.accounts_applied {
                accounts.entry(sha256.clone()).or_insert(night.number);
            }
        }
        Ok(Self { folder: folder.to_owned(), nights, bases, claims, accounts, sizes, lock })
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All nights, from the first.
    #[must_use]
    pub fn nights(&self) -> &[Night] {
        &self.nights
    }

    /// A night by its number.
    ///
    /// # Errors
    /// It is not there.
    pub fn night(&self, number: u32) -> Result<&Night, LedgerError> {
        let found = (number as usize).checked_sub(1).and_then(|index| self.nights.get(index));
        found.ok_or(LedgerError::NoSuchNight { night: number, last: self.last() })
    }

    /// The number of the last night; 0 where there is none yet.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.nights.last().map_or(0, |night| night.number)
    }

    /// Everything there is.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { ledger: self, nights: &self.nights, bases: &self.bases }
    }

    /// What there was once a night had been published; nothing for night 0.
    ///
    /// # Errors
    /// There is no such night.
    pub fn as_of(&self, night: u32) -> Result<View<'_>, LedgerError> {
        if night > self.last() {
            return Err(LedgerError::NoSuchNight { night, last: self.last() });
        }
        let bases = self.bases.partition_point(|base| base.through <= night);
        Ok(View { ledger: self, nights: &self.nights[..night as usize], bases: &self.bases[..bases] })
    }

    /// Whether a file of claims of this size was ever read: if not, a new file need not be hashed to know that it is
    /// new.
    #[must_use]
    pub fn input_size_known(&self, bytes: u64) -> bool {
        self.sizes.contains(&bytes)
    }

    /// Begins tonight. Its day must not be before that of the last night.
    ///
    /// # Errors
    /// The day goes back, or the folder cannot be written.
    pub fn begin_night(&self, date: Date) -> Result<NightStaging, LedgerError> {
        NightStaging::begin(&self.folder, self.writer(), self.nights.last(), date)
    }

    /// Begins the base of all nights there are.
    ///
    /// # Errors
    /// There is no night, or the folder cannot be written.
    pub fn begin_base(&self) -> Result<BaseStaging, LedgerError> {
        let last = self.nights.last().ok_or(LedgerError::NoSuchNight { night: 1, last: 0 })?;
        BaseStaging::begin(&self.folder, self.writer(), last)
    }

    /// Keeps an input as it came. Call it before the night that names it is published, so that no night names an
    /// input that is not there.
    ///
    /// # Errors
    /// The file is no longer what was read, or cannot be stored.
    pub fn archive_input(&self, path: &Path, sha256: &str, kind: InputKind) -> Result<Archived, LedgerError> {
        let _writing = self.writer();
        archive::store_input(&self.folder, path, sha256, kind)
    }

    /// A folder into which inputs can be taken out of the archive.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn scratch(&self) -> Result<Scratch, LedgerError> {
        Scratch::new(&self.folder)
    }

    /// Keeps a rule pack as it was used: names and bytes of its files.
    ///
    /// # Errors
    /// It cannot be stored.
    pub fn archive_rules(&self, sha256: &str, files: &[(&str, &[u8])]) -> Result<(), LedgerError> {
        let _writing = self.writer();
        archive::store_rules(&self.folder, sha256, files)
    }

    /// The folder of an archived rule pack. Whoever reads it computes its digest again.
    ///
    /// # Errors
    /// It is not there.
    pub fn rules_folder(&self, sha256: &str) -> Result<PathBuf, LedgerError> {
        let folder = self.folder.join(RULES).join(sha256);
        if folder.is_dir() { Ok(folder) } else { Err(LedgerError::Missing { path: folder }) }
    }

    /// What the parts of the ledger take on the disk.
    ///
    /// # Errors
    /// A folder cannot be listed.
    pub fn usage(&self) -> Result<Usage, LedgerError> {
        Usage::of(&self.folder)
    }

    /// The lock.
    fn writer(&self) -> Arc<Lock> {
        Arc::clone(self.lock.as_ref().expect("the ledger was opened to write"))
    }
}

/// A ledger as it was after one of its nights.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    ledger: &'a Ledger,
    /// Its nights, from the first.
    pub nights: &'a [Night],
    /// Its bases, the one that goes furthest last.
    pub bases: &'a [Base],
}

impl<'a> View<'a> {
    /// The night that read a file of claims with this content first.
    #[must_use]
    pub fn input_seen(&self, sha256: &str) -> Option<u32> {
        self.ledger.claims.get(sha256).copied().filter(|&night| night as usize <= self.nights.len())
    }

    /// The night that applied account balances with this content first.
    #[must_use]
    pub fn accounts_applied(&self, sha256: &str) -> Option<u32> {
        self.ledger.accounts.get(sha256).copied().filter(|&night| night as usize <= self.nights.len())
    }

    /// What must be read to know everything: the base that goes furthest, if there is one, and the nights after it.
    #[must_use]
    pub fn parts(&self) -> (Option<&'a Base>, &'a [Night]) {
        let base = self.bases.last();
        let through = base.map_or(0, |base| base.through) as usize;
        (base, &self.nights[through..])
    }
}

/// Why a folder without `ledger.json` is no ledger.
fn no_ledger(folder: &Path) -> Result<LedgerError, LedgerError> {
    let names = layout::names_in(folder)?;
    Ok(if names.is_empty() {
        LedgerError::Absent { folder: folder.to_owned() }
    } else if names.iter().any(|name| name == NIGHTS) {
        LedgerError::Missing { path: folder.join(FORMAT_FILE) }
    } else {
        LedgerError::Foreign { folder: folder.to_owned() }
    })
}

/// Makes sure that a folder is a ledger or may become one: nothing is touched in a folder of something else.
fn make_usable(folder: &Path) -> Result<(), LedgerError> {
    if layout::has_format(folder)? {
        return Ok(());
    }
    // What a run that was killed at its very first step leaves.
    let ours = |name: &String| name == LOCK_FILE || name.starts_with(STAGING) || name.starts_with(SCRATCH);
    if !layout::names_in(folder)?.iter().all(ours) {
        return Err(no_ledger(folder)?);
    }
    if !folder.is_dir() {
        fs::create_dir_all(folder).map_err(failed(Action::CREATE, folder))?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            layout::sync_folder(parent)?;
        }
    }
    Ok(())
}
