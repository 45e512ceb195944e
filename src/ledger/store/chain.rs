//! Nights and bases as they are on the disk, and whether they follow each other. What can be read is returned beside
//! what is wrong: opening takes the first of it for an error, `verify` reports all.

use std::path::Path;

use serde_json::Value;

use super::error::LedgerError;
use super::layout::{BASES, MANIFEST, NIGHTS, base_name, night_name, numbers_in};
use super::volume::{Volume, lacks};
use crate::model::date::Date;

/// A night that was published.
#[derive(Debug)]
pub struct Night {
    /// From 1, without gaps.
    pub number: u32,
    /// The day it was run for; never before that of the night before.
    pub date: Date,
    /// SHA-256 of the manifest of the night before; `None` for the first.
    pub previous: Option<String>,
    /// Digest and size of each file of claims it read.
    pub claims: Vec<(String, u64)>,
    /// Digests of the files of account balances that it applied.
    pub accounts_applied: Vec<String>,
    /// Digest of the rule pack, empty if the manifest names none.
    pub rules_sha256: String,
    /// Its files.
    pub volume: Volume,
}

/// The merged state of the nights from the first on.
#[derive(Debug)]
pub struct Base {
    /// The last night in it.
    pub through: u32,
    /// SHA-256 of the manifest of that night.
    pub night_sha256: String,
    /// Its files.
    pub volume: Volume,
}

impl Night {
    pub(super) fn read(folder: &Path) -> Result<Self, LedgerError> {
        let (volume, manifest) = Volume::read(folder)?;
        let lacks = |what| lacks(&folder.join(MANIFEST), what);
        let ledger = &manifest["ledger"];
        let number = ledger["night"].as_u64().and_then(|number| u32::try_from(number).ok());
        let day = ledger["date"].as_str().and_then(|text| Date::parse(text.as_bytes()));
        let previous = match &ledger["previous"] {
            Value::Null if ledger.get("previous").is_some() => None,
            Value::String(sha256) => Some(sha256.clone()),
            _ => return Err(lacks("ledger.previous")),
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Ok(Self {
            number: number.ok_or_else(|| lacks("ledger.night"))?,
            date: day.ok_or_else(|| lacks("ledger.date"))?,
            previous,
            claims: list(&manifest["claims"])
                .iter()
                .map(|file| (text(&file["sha256"]), file["bytes"].as_u64().unwrap_or_default()))
                .collect(),
            accounts_applied: list(&ledger["accounts_applied"]).iter().map(text).collect(),
            rules_sha256: text(&manifest["rules"]["sha256"]),
            volume,
        })
    }
}

impl Base {
    pub(super) fn read(folder: &Path) -> Result<Self, LedgerError> {
        let (volume, manifest) = Volume::read(folder)?;
        let lacks = |what| lacks(&folder.join(MANIFEST), what);
        let through = manifest["base"]["through"].as_u64().and_then(|number| u32::try_from(number).ok());
        let night_sha256 = manifest["base"]["night_sha256"].as_str();
        Ok(Self {
            through: through.ok_or_else(|| lacks("base.through"))?,
            night_sha256: night_sha256.ok_or_else(|| lacks("base.night_sha256"))?.to_owned(),
            volume,
        })
    }
}

/// What is in a ledger, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) nights: Vec<Night>,
    pub(super) bases: Vec<Base>,
    pub(super) found: Vec<LedgerError>,
}

impl Chain {
    /// Reads the manifests of all nights to `last`, and of the bases that hold no later one.
    pub(super) fn read(ledger: &Path, last: u32) -> Self {
        let mut chain = Self::default();
        chain.read_nights(&ledger.join(NIGHTS), last);
        chain.read_bases(&ledger.join(BASES), last);
        chain
    }

    fn read_nights(&mut self, folder: &Path, to: u32) {
        let mut expected = 1;
        // The digest that the next manifest must name; unknown after one that cannot be read.
        let mut before: Option<Option<String>> = Some(None);
        for number in self.numbers(folder, night_name, to) {
            if number != expected {
                self.found.push(LedgerError::Gap { folder: folder.to_owned(), expected, found: number });
                before = None;
            }
            expected = number + 1;
            let night = match Night::read(&folder.join(night_name(number))) {
                Ok(night) => night,
                Err(error) => {
                    self.found.push(error);
                    before = None;
                    continue;
                }
            };
            let path = night.volume.folder().join(MANIFEST);
            if night.number != number {
                self.found.push(lacks(&path, "ledger.night"));
            }
            if let Some(found) = before
                && night.previous != found
            {
                let word = |sha256: &Option<String>| sha256.clone().unwrap_or_else(|| "-".to_owned());
                let (expected, found) = (word(&night.previous), word(&found));
                self.found.push(LedgerError::Chain { path, expected, found });
            }
            if let Some(last) = self.nights.last().filter(|last| last.date > night.date) {
                let (given, night, last) = (night.date, last.number, last.date);
                self.found.push(LedgerError::DateGoesBack { given, night, last });
            }
            before = Some(Some(night.volume.sha256().to_owned()));
            self.nights.push(night);
        }
    }

    fn read_bases(&mut self, folder: &Path, to: u32) {
        let last = self.nights.last().map_or(0, |night| night.number);
        for through in self.numbers(folder, base_name, to) {
            let base = match Base::read(&folder.join(base_name(through))) {
                Ok(base) => base,
                Err(error) => {
                    self.found.push(error);
                    continue;
                }
            };
            let path = base.volume.folder().join(MANIFEST);
            if base.through != through {
                self.found.push(lacks(&path, "base.through"));
            } else if through > last {
                self.found.push(LedgerError::BaseBeyond { path, through, last });
            } else if let Some(night) = self.nights.iter().find(|night| night.number == through)
                && night.volume.sha256() != base.night_sha256
            {
                let found = night.volume.sha256().to_owned();
                self.found.push(LedgerError::Chain { path, expected: base.night_sha256.clone(), found });
            }
            self.bases.push(base);
        }
    }

    fn numbers(&mut self, folder: &Path, make: fn(u32) -> String, to: u32) -> Vec<u32> {
        let numbers = numbers_in(folder, make).unwrap_or_else(|error| {
            self.found.push(error);
            Vec::new()
        });
        numbers.into_iter().take_while(|&number| number <= to).collect()
    }
}
