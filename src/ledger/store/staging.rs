//! A night or a base in the making: a folder beside the others that becomes one of them by one rename.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::chain::{Base, Night};
use super::error::{Action, LedgerError, failed};
use super::layout::{BASES, MANIFEST, MANIFEST_DIGEST, NIGHTS, STAGING, base_name, make_folder, names_in, night_name};
use super::lock::Lock;
use super::volume::{Volume, digest_line};
use crate::model::date::Date;
use crate::publish::{OutputFile, PublishError, Staging, hex};
use sha2::{Digest, Sha256};

/// Tonight, until it is published. Dropped before that, it is removed.
#[derive(Debug)]
pub struct NightStaging {
    making: Making,
    number: u32,
    date: Date,
    previous: Option<String>,
}

/// A base, until it is published. Dropped before that, it is removed.
#[derive(Debug)]
pub struct BaseStaging {
    making: Making,
    through: u32,
    night_sha256: String,
}

impl NightStaging {
    pub(super) fn begin(ledger: &Path, lock: Arc<Lock>, last: Option<&Night>, date: Date) -> Result<Self, LedgerError> {
        if let Some(last) = last.filter(|last| last.date > date) {
            return Err(LedgerError::DateGoesBack { given: date, night: last.number, last: last.date });
        }
        let number = last.map_or(0, |last| last.number) + 1;
        let making = Making::begin(ledger, lock, NIGHTS, &night_name(number))?;
        Ok(Self { making, number, date, previous: last.map(|last| last.volume.sha256().to_owned()) })
    }

    /// Lets syncing fail as a test wants it.
    #[cfg(test)]
    pub(super) fn with_sync(mut self, sync: fn(&fs::File) -> std::io::Result<()>) -> Self {
        self.making.staging = self.making.staging.with_sync(sync);
        self
    }

    /// Its number, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its day.
    #[must_use]
    pub const fn date(&self) -> Date {
        self.date
    }

    /// The beginning of the object `ledger` of its manifest: `night`, `date`, `previous`.
    #[must_use]
    pub fn heading(&self) -> Value {
        json!({"night": self.number, "date": self.date.to_string(), "previous": self.previous})
    }

    /// Opens a file of the night.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(&self, name: &str) -> Result<OutputFile, PublishError> {
        self.making.staging.create(name)
    }

    /// Where a file is written until it is published.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.making.staging.path(name)
    }

    /// The staging, for those who write the outputs of a run, in a ledger or without one.
    #[must_use]
    pub const fn staging(&self) -> &Staging {
        &self.making.staging
    }

    /// Writes the manifest, brings everything to the disk and makes the night visible, in one step.
    ///
    /// # Errors
    /// Something could not be written; the ledger is as it was.
    ///
    /// # Panics
    /// The manifest is of another night, or does not name the files as they are: the program is wrong.
    pub fn publish(self, manifest: &[u8]) -> Result<Night, LedgerError> {
        self.making.write_manifest(manifest)?;
        let night = Night::read(self.making.staging.folder())?;
        assert_eq!(
            (night.number, night.date, &night.previous),
            (self.number, self.date, &self.previous),
            "the manifest is that of tonight"
        );
        self.making.assert_whole(&night.volume);
        let folder = self.making.publish()?;
        Night::read(&folder)
    }
}

impl BaseStaging {
    pub(super) fn begin(ledger: &Path, lock: Arc<Lock>, last: &Night) -> Result<Self, LedgerError> {
        let making = Making::begin(ledger, lock, BASES, &base_name(last.number))?;
        Ok(Self { making, through: last.number, night_sha256: last.volume.sha256().to_owned() })
    }

    /// The object `base` of its manifest: `through`, `night_sha256`.
    #[must_use]
    pub fn heading(&self) -> Value {
        json!({"through": self.through, "night_sha256": self.night_sha256})
    }

    /// The staging, to write files into.
    #[must_use]
    pub const fn staging(&self) -> &Staging {
        &self.making.staging
    }

    /// Writes the manifest, brings everything to the disk and makes the base visible, in one step.
    ///
    /// # Errors
    /// Something could not be written; the ledger is as it was.
    ///
    /// # Panics
    /// The manifest is of another base, or does not name the files as they are: the program is wrong.
    pub fn publish(self, manifest: &[u8]) -> Result<Base, LedgerError> {
        self.making.write_manifest(manifest)?;
        let base = Base::read(self.making.staging.folder())?;
        assert_eq!(
            (base.through, &base.night_sha256),
            (self.through, &self.night_sha256),
            "the manifest is that of this base"
        );
        self.making.assert_whole(&base.volume);
        let folder = self.making.publish()?;
        Base::read(&folder)
    }
}

/// What nights and bases have in common.
#[derive(Debug)]
struct Making {
    staging: Staging,
    target: PathBuf,
    // The lock is held until this is published or given up, whatever becomes of the ledger that began it.
    _lock: Arc<Lock>,
}

impl Making {
    fn begin(ledger: &Path, lock: Arc<Lock>, kind: &str, name: &str) -> Result<Self, LedgerError> {
        let target = make_folder(ledger, kind)?.join(name);
        let folder = ledger.join(format!("{STAGING}{name}-{}", std::process::id()));
        let staging = Staging::begin_in(folder, &target)?;
        Ok(Self { staging, target, _lock: lock })
    }

    fn write_manifest(&self, manifest: &[u8]) -> Result<(), LedgerError> {
        self.staging.write(MANIFEST, manifest)?;
        self.staging.write(MANIFEST_DIGEST, digest_line(&hex(&Sha256::digest(manifest))).as_bytes())?;
        Ok(())
    }

    /// What the manifest names is what is there. The digests were taken while the files were written.
    fn assert_whole(&self, volume: &Volume) {
        let folder = self.staging.folder();
        let there = names_in(folder).map(|names| names.len()).unwrap_or_default();
        assert_eq!(there, volume.files().len() + 2, "the manifest names every file of {}", folder.display());
        for file in volume.files() {
            let bytes = fs::metadata(folder.join(&file.name)).map(|metadata| metadata.len()).ok();
            assert_eq!(bytes, Some(file.bytes), "size of {} in {}", file.name, folder.display());
        }
    }

    fn publish(self) -> Result<PathBuf, LedgerError> {
        // An empty folder would be replaced without a word; nothing may stand there at all.
        if fs::symlink_metadata(&self.target).is_ok() {
            let exists = std::io::ErrorKind::AlreadyExists.into();
            return Err(failed(Action::CREATE, &self.target)(exists));
        }
        self.staging.publish()?;
        Ok(self.target)
    }
}
