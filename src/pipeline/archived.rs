//! The inputs of nights that were published, taken out of the ledger's archive: to explain a settlement, or to
//! adjudicate nights again.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::absolute;
use super::night::{Carried, carried};
use super::{Inputs, ReferencePaths, RunError};
use crate::ingest::{FileFormat, InputPath};
use crate::ledger::store::{InputKind, Ledger, LedgerError, Night, Scratch, View};
use crate::pipeline::load::NightInput;

/// Consecutive nights with their inputs.
pub struct Archived<'a> {
    ledger: &'a Ledger,
    scratch: Scratch,
    first: u32,
    /// Rules and reference tables: those of the newest night that was given any.
    pub inputs: Inputs,
    /// Files of claims, night by night.
    pub claims: Vec<InputPath>,
    /// The night of each file of claims.
    pub night_of_file: Vec<u32>,
    /// Tables of balances that were applied, by night.
    pub accounts: Vec<(u32, Vec<InputPath>)>,
    /// What was open before.
    pub carried: Option<Carried>,
}

impl<'a> Archived<'a> {
    /// Takes the inputs of the nights from `first` to `last` out of the archive.
    ///
    /// # Errors
    /// An input is not there, or not what it was.
    pub fn restore(ledger: &'a Ledger, first: u32, last: u32) -> Result<Self, RunError> {
        let scratch = ledger.scratch()?;
        let mut archived = Self {
            inputs: Inputs {
                rules: ledger.rules_folder(&ledger.night(last)?.rules_sha256)?,
                claims: Vec::new(),
                reference: ReferencePaths::default(),
            },
            claims: Vec::new(),
            night_of_file: Vec::new(),
            accounts: Vec::new(),
            carried: carried(&ledger.as_of(first - 1)?)?,
            ledger,
            scratch,
            first,
        };
        for number in first..=last {
            archived.take(ledger.night(number)?)?;
        }
        archived.inputs.claims = archived.claims.iter().map(|file| file.path.clone()).collect();
        if archived.carried.is_some() {
            archived.night_of_file.push(first);
        }
        Ok(archived)
    }

    fn take(&mut self, night: &Night) -> Result<(), RunError> {
        let manifest = night.volume.manifest();
        for file in list(&manifest["claims"]) {
            let restored = self.file(&file, &format!("night={}/claims/{}", night.number, self.claims.len()))?;
            self.claims.push(restored);
            self.night_of_file.push(night.number);
        }
        for name in ReferencePaths::NAMES {
            let files = list(&manifest["reference"][name]["files"]);
            if files.is_empty() {
                continue;
            }
            let folder = format!("night={}/{name}", night.number);
            let named = files.iter().enumerate().map(|(index, file)| self.file(file, &format!("{folder}/{index:06}")));
            let restored: Vec<InputPath> = named.collect::<Result<_, _>>()?;
            let folder = self.scratch.folder().join(folder);
            let reference = &mut self.inputs.reference;
            match name {
                "enrolments" => reference.enrolments = Some(folder),
                "filings" => reference.filings = Some(folder),
                "institutions" => reference.institutions = Some(folder),
                "marks" => reference.marks = Some(folder),
                _ => self.accounts.push((night.number, restored)),
            }
        }
        Ok(())
    }

    fn file(&self, file: &Value, name: &str) -> Result<InputPath, LedgerError> {
        let text = |key: &str| file[key].as_str().unwrap_or_default();
        let kind = InputKind::of(text("format"), text("file"));
        let format = if kind == InputKind::Parquet { FileFormat::Parquet } else { FileFormat::Text };
        let path = self.scratch.restore(text("sha256"), &format!("{name}.{}", kind.extension()))?;
        Ok(InputPath { path, shown: text("file").to_owned(), format })
    }

    /// A text about the nights' inputs, with their places in the archive: where they were taken out to is gone
    /// afterwards, and is another place each time.
    #[must_use]
    pub fn as_archived(&self, text: &str) -> String {
        let out_of = |folder: String| format!("{folder}/");
        let folder = self.scratch.folder();
        text.replace(&out_of(absolute(folder)), "").replace(&out_of(folder.display().to_string()), "")
    }

    /// The ledger as the first of the nights found it.
    ///
    /// # Errors
    /// There is no such night.
    pub fn view(&self) -> Result<View<'a>, LedgerError> {
        self.ledger.as_of(self.first - 1)
    }

    /// The nights' inputs as one night's. Balances are those of the first night alone.
    ///
    /// # Errors
    /// There is no such night.
    pub fn night_input(&self) -> Result<NightInput<'a>, LedgerError> {
        let of_first = self.accounts.first().filter(|(night, _)| *night == self.first);
        Ok(NightInput {
            view: self.view()?,
            claims: self.claims.clone(),
            accounts: of_first.map(|(_, files)| files.clone()),
            carried: self.carried.clone(),
        })
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The ledger and the night of an output folder, if its manifest is that of a night: where the folder is one of a
/// ledger's own, that ledger, wherever it was moved to.
#[must_use]
pub fn night_of(out: &Path, manifest: &Value) -> Option<(PathBuf, u32)> {
    let number = u32::try_from(manifest["ledger"]["night"].as_u64()?).ok()?;
    let out = std::path::absolute(out).ok()?;
    let own = out.parent().filter(|nights| nights.file_name().is_some_and(|name| name == "nights"));
    let ledger = own.and_then(Path::parent).map(Path::to_owned);
    let ledger = ledger.or_else(|| manifest["ledger"]["folder"].as_str().map(PathBuf::from))?;
    Some((ledger, number))
}
