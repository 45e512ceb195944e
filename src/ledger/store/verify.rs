//! Every byte of a ledger, compared with what its manifests say. All that is wrong is collected, not the first of it.

use std::path::Path;

use hashbrown::HashSet;
use serde_json::Value;

use super::archive::{check_input, check_rules_file, find_input};
use super::chain::{Base, Chain, Night};
use super::error::LedgerError;
use super::layout::{
    BASES, FORMAT_FILE, INPUTS, LOCK_FILE, MANIFEST, NIGHTS, REMOVED, RULES, SCRATCH, STAGING, base_name, has_format,
    names_in, night_name, number_of,
};
use super::no_ledger;
use super::volume::{Volume, lacks};
use crate::diagnostic::Diagnostic;
use crate::model::outcome::Status;

/// What was compared, and what is wrong.
#[derive(Debug, Default)]
pub struct Verification {
    /// Nights that could be read.
    pub nights: u32,
    /// Bases that could be read.
    pub bases: u32,
    /// Files of nights and bases, manifests among them.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Archived inputs that manifests name.
    pub inputs: u64,
    /// Archived rule packs that manifests name.
    pub rule_packs: u64,
    /// Whether the further checks were made: they are not where files are damaged.
    pub summed: bool,
    /// What is wrong.
    pub found: Vec<Diagnostic>,
}

/// A further check of a ledger whose files are whole: what it says, not how it is kept.
pub type Check<'a> = dyn Fn(&[Night], &[Base]) -> Vec<Diagnostic> + 'a;

/// Compares every file of a ledger with its manifests, then makes further checks. Takes no lock and writes nothing.
///
/// # Errors
/// The folder is no ledger of the known format.
pub fn verify(ledger: &Path, further: &[&Check]) -> Result<Verification, LedgerError> {
    if !has_format(ledger)? {
        return Err(no_ledger(ledger)?);
    }
    let Chain { nights, bases, found } = Chain::read(ledger, u32::MAX);
    let mut verifier = Verifier { ledger, seen: HashSet::new(), done: Verification::default(), found };
    verifier.names();
    for night in &nights {
        verifier.done.nights += 1;
        let manifest = night.volume.manifest();
        verifier.volume(&night.volume);
        verifier.balance(&night.volume, &manifest);
        verifier.inputs(&manifest);
        verifier.rules(&manifest);
    }
    for base in &bases {
        verifier.done.bases += 1;
        verifier.volume(&base.volume);
    }
    let mut done = verifier.done;
    done.found = verifier.found.iter().map(Diagnostic::from).collect();
    if done.found.is_empty() {
        done.summed = true;
        done.found = further.iter().flat_map(|check| check(&nights, &bases)).collect();
    }
    Ok(done)
}

struct Verifier<'a> {
    ledger: &'a Path,
    /// Inputs and rule packs that were compared; nights share them.
    seen: HashSet<String>,
    done: Verification,
    found: Vec<LedgerError>,
}

impl Verifier<'_> {
    fn take<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
        result.map_err(|error| self.found.push(error)).ok()
    }

    /// Everything in the ledger's own folders has a name that belongs there.
    fn names(&mut self) {
        let of_root = [FORMAT_FILE, LOCK_FILE, NIGHTS, BASES, INPUTS, RULES, REMOVED];
        // Staging folders are those of a writer at work, or will be removed by the next one.
        let root = |name: &str| of_root.contains(&name) || name.starts_with(STAGING) || name.starts_with(SCRATCH);
        self.names_of("", &root);
        self.names_of(NIGHTS, &|name| number_of(name, night_name).is_some());
        self.names_of(BASES, &|name| number_of(name, base_name).is_some());
        let digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let input = |name: &str| {
            name.split_once('.')
                .is_some_and(|(stem, suffix)| digest(stem) && ["csv.zst", "tsv.zst", "parquet"].contains(&suffix))
        };
        self.names_of(INPUTS, &input);
        self.names_of(RULES, &digest);
    }

    fn names_of(&mut self, folder: &str, known: &dyn Fn(&str) -> bool) {
        let folder = self.ledger.join(folder);
        for name in self.take(names_in(&folder)).unwrap_or_default() {
            if !known(&name) {
                self.found.push(LedgerError::Unknown { path: folder.join(name) });
            }
        }
    }

    fn volume(&mut self, volume: &Volume) {
        // The manifest and its digest were compared when they were read.
        self.done.files += 2;
        self.done.bytes += volume.manifest_bytes();
        for file in volume.files() {
            self.done.files += 1;
            self.done.bytes += file.bytes;
            self.take(volume.open(&file.name));
        }
        let unknown = self.take(volume.unknown_files()).unwrap_or_default();
        self.found.extend(unknown.into_iter().map(|path| LedgerError::Unknown { path }));
    }

    /// Rows in are the sum of the statuses, and so is their money.
    fn balance(&mut self, volume: &Volume, manifest: &Value) {
        let path = volume.folder().join(MANIFEST);
        let balance = &manifest["balance"];
        let tally = |name: &str| -> Option<(i128, i128)> {
            let tally = &balance[name];
            Some((tally["rows"].as_u64()?.into(), fen(tally["medfee_sumamt"].as_str()?)?))
        };
        let sum = Status::ALL.iter().map(|status| tally(status.word())).try_fold((0, 0), |sum, tally| {
            let (rows, money) = tally?;
            Some((sum.0 + rows, sum.1 + money))
        });
        let (Some(input), Some(output), Some(sum)) = (tally("in"), tally("out"), sum) else {
            self.found.push(lacks(&path, "balance"));
            return;
        };
        for (what, expected, found) in [
            ("balance, rows of all statuses", input.0, sum.0),
            ("balance, medfee_sumamt of all statuses in fen", input.1, sum.1),
            ("balance, rows out", input.0, output.0),
            ("balance, medfee_sumamt out in fen", input.1, output.1),
        ] {
            if expected != found {
                let (expected, found) = (expected.to_string(), found.to_string());
                self.found.push(LedgerError::Unbalanced { path: path.clone(), what: what.to_owned(), expected, found });
            }
        }
    }

    /// The archive holds every input that the manifest names, whole.
    fn inputs(&mut self, manifest: &Value) {
        let tables = manifest["reference"].as_object().into_iter().flat_map(|tables| tables.values());
        let lists = std::iter::once(&manifest["claims"]).chain(tables.map(|table| &table["files"]));
        let files: Vec<&Value> = lists.filter_map(Value::as_array).flatten().collect();
        for sha256 in files.iter().filter_map(|file| file["sha256"].as_str()) {
            if !self.seen.insert(sha256.to_owned()) {
                continue;
            }
            self.done.inputs += 1;
            match find_input(self.ledger, sha256) {
                Some(archived) => drop(self.take(check_input(&archived, sha256))),
                None => self.found.push(LedgerError::Missing { path: self.ledger.join(INPUTS).join(sha256) }),
            }
        }
    }

    /// The archive holds every file of the rule pack that the manifest names.
    fn rules(&mut self, manifest: &Value) {
        let rules = &manifest["rules"];
        let Some(pack) = rules["sha256"].as_str().filter(|pack| self.seen.insert((*pack).to_owned())) else { return };
        self.done.rule_packs += 1;
        let folder = self.ledger.join(RULES).join(pack);
        for file in rules["files"].as_array().into_iter().flatten() {
            if let (Some(name), Some(sha256)) = (file["file"].as_str(), file["sha256"].as_str()) {
                self.take(check_rules_file(&folder.join(name), sha256));
            }
        }
    }
}

/// Yuan with two decimals, as manifests write them, in fen.
fn fen(yuan: &str) -> Option<i128> {
    let (whole, decimals) = yuan.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = decimals.len() == 2 && digits(decimals) && digits(whole.strip_prefix('-').unwrap_or(whole));
    format!("{whole}{decimals}").parse().ok().filter(|_| plain)
}
