//! A run on top of everything before: what it takes from the ledger, and the night that it adds.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::arrivals::Room;
use super::earlier::Earlier;
use super::load::{self, Loaded, NightInput};
use super::manifest::Manifest;
use super::night_tables::{OPEN_ITEMS, is_state};
use super::write::{NightTables, Target, Wrote};
use super::{RunError, RunPlan, Watch, check, manifest, rules_changed, write};
use crate::columnar::words::Origins;
use crate::ingest::{self, IngestError, InputFile, InputPath};
use crate::ledger::store::{Access, InputKind, Ledger, LedgerError, NightStaging, View, Volume};
use crate::ledger::tables::open_items::{self, Age};
use crate::ledger::tables::read::TableFile;
use crate::model::date::Date;
use crate::publish::{Staging, digest_of};
use crate::report::balance::Summary;
use crate::report::night::{NightReport, Skipped};

/// The ledger that a run goes on top of.
#[derive(Clone, Debug)]
pub struct NightPlan {
    /// Its folder.
    pub ledger: PathBuf,
    /// The day of the night; by default that of the latest settlement.
    pub date: Option<Date>,
}

/// The open items of the last night, as one more file of claims.
#[derive(Clone, Debug)]
pub struct Carried {
    /// `pended.parquet` of that night.
    pub input: InputPath,
    /// File and row that each row came from first.
    pub origins: Arc<Origins>,
    /// `open_items.parquet` of that night.
    pub open_items: PathBuf,
}

/// A file of a volume, once it is what its manifest says.
///
/// # Errors
/// It is not.
pub(super) fn verified(volume: &Volume, name: &str) -> Result<PathBuf, RunError> {
    volume.open(name)?;
    Ok(volume.folder().join(name))
}

/// Adjudicates on top of the ledger and adds a night to it; then copies the outputs, where they were asked for.
///
/// # Errors
/// See [`RunError`]. The ledger has the night whole, or is as it was.
pub(super) fn run(
    plan: &RunPlan,
    night: &NightPlan,
    out: Option<Staging>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Summary, NightReport), RunError> {
    let ledger = Ledger::open(&night.ledger, Access::Write { command: "tongchou run".to_owned() })?;
    let (input, skipped) = take_in(plan, &ledger)?;
    let carried = input.carried.clone();
    let room = Room::of_night(plan.memory, ledger.folder());
    let mut loaded = load::load(&plan.inputs, None, Some(input), room, watch, cancel)?;
    let earlier = Earlier::of(ledger.view())?;
    let staging = ledger.begin_night(day_of(&loaded, night.date, &ledger))?;
    let tables = NightTables {
        number: staging.number(),
        earlier: &earlier,
        open_items: carried.as_ref().map(|carried| &*carried.open_items),
    };
    let target = Target { staging: staging.staging(), night: Some(tables), persons: &plan.persons };
    let Wrote { summary, mut outputs, late, replaced } = write::write(plan.lang, &mut loaded, &target, watch, cancel)?;
    let rules_changed = rules_changed::write(&ledger, &loaded.rules, staging.staging(), &mut outputs, cancel)?;
    let report = NightReport {
        number: staging.number(),
        date: staging.date(),
        skipped,
        retried: carried.as_ref().map_or(0, |carried| carried.origins.len() as u64) - replaced.rows,
        replaced: replaced.rows,
        late,
        rules_changed,
    };
    archive(&ledger, &loaded)?;
    check(cancel)?;
    let section = section(&ledger, &staging, &loaded, &report);
    let reference = &plan.inputs.reference;
    let manifest = Manifest {
        loaded: &loaded,
        reference,
        summary: &summary,
        outputs: &outputs,
        lang: plan.lang,
        ledger: Some(section),
    };
    let published = staging.publish(manifest::render(&manifest).as_bytes())?;
    // The night is in the ledger: from here on nothing may look as if it were not.
    if let Some(out) = out {
        copy_out(&published.volume, out)?;
    }
    Ok((summary, report))
}

/// Digest and night of a file that was taken in already.
type Seen = Option<(String, u32)>;

/// What is new of what was given, and what the last night left open.
fn take_in<'a>(plan: &RunPlan, ledger: &'a Ledger) -> Result<(NightInput<'a>, Vec<Skipped>), RunError> {
    let view = ledger.view();
    let mut skipped = Vec::new();
    let mut fresh = |files: Vec<InputPath>, kind, seen: &dyn Fn(&InputPath) -> Result<Seen, RunError>| {
        let mut kept = Vec::new();
        for file in files {
            match seen(&file)? {
                None => kept.push(file),
                Some((sha256, night)) => skipped.push(Skipped { file: file.shown, sha256, night, kind }),
            }
        }
        Ok::<_, RunError>(kept)
    };
    let claims = fresh(ingest::expand(&plan.inputs.claims)?, "claims", &|file| {
        let bytes = std::fs::metadata(&file.path).map_err(|error| unreadable(&file.path, error))?.len();
        if !ledger.input_size_known(bytes) {
            return Ok(None);
        }
        let sha256 = digest(&file.path)?;
        Ok(view.input_seen(&sha256).map(|night| (sha256, night)))
    })?;
    let accounts = match &plan.inputs.reference.accounts {
        None => None,
        Some(path) => Some(fresh(ingest::expand(&[path])?, "accounts", &|file| {
            let sha256 = digest(&file.path)?;
            Ok(view.accounts_applied(&sha256).map(|night| (sha256, night)))
        })?),
    };
    let accounts = accounts.filter(|files| !files.is_empty());
    Ok((NightInput { view, claims, accounts, carried: carried(&view)? }, skipped))
}

fn unreadable(path: &Path, source: std::io::Error) -> RunError {
    RunError::Ingest(IngestError::Open { path: path.to_owned(), source })
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn digest(path: &Path) -> Result<String, RunError> {
    let digest = File::open(path).and_then(digest_of);
    digest.map(|(sha256, _)| sha256).map_err(|error| unreadable(path, error))
}

/// The open items that the last night of a view left.
///
/// # Errors
/// Its files are not what they were.
pub(super) fn carried(view: &View<'_>) -> Result<Option<Carried>, RunError> {
    let Some(last) = view.nights.last() else { return Ok(None) };
    let path = verified(&last.volume, "pended.parquet")?;
    let pended = TableFile::open(&path)?;
    if pended.rows() == 0 {
        return Ok(None);
    }
    let mut origins = Origins::default();
    pended.visit::<RunError>(&["src_file", "src_row"], &mut |batch| {
        let (files, rows) = (batch.text("src_file")?, batch.integer("src_row")?);
        (0..batch.rows()).for_each(|row| origins.push(files.value(row), rows.value(row) as u32));
        Ok(())
    })?;
    let open_items = verified(&last.volume, OPEN_ITEMS)?;
    let shown = format!("night={:06}/pended.parquet", last.number);
    let input = InputPath { path, shown, format: ingest::FileFormat::Parquet };
    Ok(Some(Carried { input, origins: Arc::new(origins), open_items }))
}

/// The open items of the last night by the night since which they are open.
///
/// # Errors
/// Its files are not what they were.
pub fn open_item_ages(ledger: &Ledger) -> Result<BTreeMap<u32, Age>, RunError> {
    match ledger.nights().last() {
        Some(last) => Ok(open_items::ages(&verified(&last.volume, OPEN_ITEMS)?)?),
        None => Ok(BTreeMap::new()),
    }
}

/// The day of a night: as given, else that of its latest settlement, never before the last night's.
fn day_of(loaded: &Loaded, given: Option<Date>, ledger: &Ledger) -> Date {
    let last = ledger.nights().last().map(|night| night.date);
    given.or(loaded.latest.max(last)).unwrap_or(Date(0))
}

/// Keeps what was read: a night names no input that is not there.
fn archive(ledger: &Ledger, loaded: &Loaded) -> Result<(), LedgerError> {
    let tables = loaded.gates.iter().filter_map(|(_, files)| files.as_ref()).flatten();
    for file in loaded.claims_files().iter().chain(tables) {
        let kind = InputKind::of(file.format.word(), &file.shown);
        ledger.archive_input(&file.path, &file.sha256, kind)?;
    }
    let files: Vec<(&str, &[u8])> =
        loaded.rules.texts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    ledger.archive_rules(&loaded.rules.sha256, &files)
}

/// The object `ledger` of a night's manifest.
fn section(ledger: &Ledger, staging: &NightStaging, loaded: &Loaded, report: &NightReport) -> Value {
    let mut section = staging.heading();
    let applied = |files: &Option<Vec<InputFile>>| -> Vec<String> {
        files.iter().flatten().map(|file| file.sha256.clone()).collect()
    };
    let accounts = loaded.gates.iter().find(|(name, _)| *name == "accounts");
    section["folder"] = json!(manifest::absolute(ledger.folder()));
    section["accounts_applied"] = json!(accounts.map(|(_, files)| applied(files)).unwrap_or_default());
    for (name, value) in report.to_json().as_object().into_iter().flatten() {
        section[name] = value.clone();
    }
    section
}

/// Copies a published night's outputs to where the run was told to put them.
fn copy_out(volume: &Volume, out: Staging) -> Result<(), RunError> {
    let names = volume.files().iter().map(|file| file.name.as_str()).filter(|name| !is_state(name));
    for name in names.chain(["manifest.json"]) {
        let mut from = File::open(volume.folder().join(name)).map_err(|error| unreadable(Path::new(name), error))?;
        let mut to = out.create(name)?;
        std::io::copy(&mut from, &mut to).map_err(|error| unreadable(&volume.folder().join(name), error))?;
        to.finish()?;
    }
    out.publish()?;
    Ok(())
}
