//! Names inside the folder of a ledger, and the few ways in which they are made and looked at.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::error::{Action, LedgerError, failed};

/// The layout that this program reads and writes.
pub const FORMAT: u64 = 1;
/// Says that a folder is a ledger, and of which format.
pub const FORMAT_FILE: &str = "ledger.json";
/// The lock, and who holds it.
pub const LOCK_FILE: &str = "lock";
/// One folder for each night.
pub const NIGHTS: &str = "nights";
/// One folder for each base.
pub const BASES: &str = "base";
/// Input files as they came, by digest.
pub const INPUTS: &str = "inputs";
/// Rule packs as they were used, by digest.
pub const RULES: &str = "rules";
/// What `rollback` took away.
pub const REMOVED: &str = "removed";
/// What a killed writer leaves begins so.
pub(super) const STAGING: &str = ".staging-";
/// What a killed reader leaves begins so.
pub(super) const SCRATCH: &str = ".restored-";
/// The manifest of a night or base.
pub const MANIFEST: &str = "manifest.json";
/// The digest of the manifest, as `sha256sum` writes and checks it. The chain finds a changed manifest from the next
/// night on; this file finds it at once.
pub const MANIFEST_DIGEST: &str = "manifest.sha256";

/// `night=000012`: Hive partitioning, in order when sorted by name.
#[must_use]
pub fn night_name(night: u32) -> String {
    format!("night={night:06}")
}

/// `through=000012`.
#[must_use]
pub fn base_name(through: u32) -> String {
    format!("through={through:06}")
}

/// The number in a name that [`night_name`] or [`base_name`] made.
pub(super) fn number_of(name: &str, make: fn(u32) -> String) -> Option<u32> {
    let number = name.split_once('=')?.1.parse().ok()?;
    (number > 0 && make(number) == name).then_some(number)
}

/// Names in a folder, sorted; none where there is no folder.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, LedgerError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(Action::LIST, folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed(Action::LIST, folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Numbers of the folders of one kind, rising. Other names are no matter of nights and bases.
pub(super) fn numbers_in(folder: &Path, make: fn(u32) -> String) -> Result<Vec<u32>, LedgerError> {
    let mut numbers: Vec<u32> = names_in(folder)?.iter().filter_map(|name| number_of(name, make)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Brings the entries of a folder to the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(Action::SYNC, folder))
}

/// Makes a folder inside another, for good, unless it is there.
pub(super) fn make_folder(parent: &Path, name: &str) -> Result<PathBuf, LedgerError> {
    let folder = parent.join(name);
    match fs::create_dir(&folder) {
        Ok(()) => sync_folder(parent)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        Err(error) => return Err(failed(Action::CREATE, &folder)(error)),
    }
    Ok(folder)
}

/// Writes a small file whole or not at all.
pub(super) fn write_whole(ledger: &Path, target: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let name = target.file_name().expect("a file has a name").to_string_lossy();
    let staged = ledger.join(format!("{STAGING}file-{}-{name}", std::process::id()));
    let written = File::create(&staged).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let moved = written
        .map_err(failed(Action::WRITE, &staged))
        .and_then(|()| fs::rename(&staged, target).map_err(failed(Action::RENAME, target)));
    if moved.is_err() {
        // The next writer removes what stays.
        let _ = fs::remove_file(&staged);
    }
    moved?;
    sync_folder(target.parent().expect("a file has a folder"))
}

/// The content of `ledger.json`.
pub(super) fn format_json() -> String {
    let made_by = format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    format!("{:#}\n", json!({"format": FORMAT, "made_by": made_by}))
}

/// Whether the folder says that it is a ledger of the known format; `false` where it says nothing.
///
/// # Errors
/// It is of another format, or cannot be read.
pub(super) fn has_format(folder: &Path) -> Result<bool, LedgerError> {
    let path = folder.join(FORMAT_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(Action::READ, &path)(error)),
    };
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match &value["format"] {
        format if *format == json!(FORMAT) => Ok(true),
        Value::Null => Err(LedgerError::Format { path, found: "?".to_owned() }),
        format => Err(LedgerError::Format { path, found: format.to_string() }),
    }
}
