//! Inputs and rule packs as they came, by digest: what `replay` computes from again, and what a bureau can be asked
//! for years later. Text is compressed, Parquet kept as it is; the same content is stored once.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};
use zstd::stream::{read::Decoder, write::Encoder};

use super::error::{Action, LedgerError, failed};
use super::layout::{INPUTS, RULES, SCRATCH, STAGING, make_folder, names_in, sync_folder, write_whole};
use crate::publish::{digest_of, hex};

/// What an input is, and so how it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Text, compressed: `.csv.zst`.
    Csv,
    /// Text, compressed: `.tsv.zst`.
    Tsv,
    /// Kept as it came: `.parquet`.
    Parquet,
}

impl InputKind {
    const ALL: [Self; 3] = [Self::Csv, Self::Tsv, Self::Parquet];

    /// The kind of an input by its format in a manifest, `text` or `parquet`, and its file name.
    #[must_use]
    pub fn of(format: &str, name: &str) -> Self {
        let is_tsv = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        match format {
            "parquet" => Self::Parquet,
            _ if is_tsv => Self::Tsv,
            _ => Self::Csv,
        }
    }

    /// The extension of such a file: what a folder is read by.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
        }
    }

    /// Name of an input in the archive.
    fn archived(self, sha256: &str) -> String {
        format!("{sha256}.{}{}", self.extension(), if self.compressed() { ".zst" } else { "" })
    }

    const fn compressed(self) -> bool {
        !matches!(self, Self::Parquet)
    }
}

/// What became of an input that was to be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    /// It was stored.
    Stored,
    /// Its content was there, whole.
    Known,
    /// Its content was there, but damaged, and was stored again.
    Repaired,
}

/// zstd's own default: claims shrink to a sixth at several hundred MB a second.
const LEVEL: i32 = 3;

/// Stores an input under its digest.
///
/// # Errors
/// It is no longer what was read, or cannot be stored.
pub(super) fn store_input(ledger: &Path, path: &Path, sha256: &str, kind: InputKind) -> Result<Archived, LedgerError> {
    let folder = make_folder(ledger, INPUTS)?;
    let target = folder.join(kind.archived(sha256));
    let known = find_input(ledger, sha256);
    // The same content may have come under another name; either archive of it will do.
    if let Some(known) = &known
        && check_input(known, sha256).is_ok()
    {
        return Ok(Archived::Known);
    }
    let staged = ledger.join(format!("{STAGING}input-{}-{sha256}", std::process::id()));
    let copied = copy_input(path, &staged, sha256, kind)
        .and_then(|()| fs::rename(&staged, &target).map_err(failed(Action::RENAME, &target)));
    if copied.is_err() {
        // The next writer removes what stays.
        let _ = fs::remove_file(&staged);
    }
    copied?;
    sync_folder(&folder)?;
    Ok(if known.is_some() { Archived::Repaired } else { Archived::Stored })
}

/// The archive of an input, if there is one.
pub(super) fn find_input(ledger: &Path, sha256: &str) -> Option<PathBuf> {
    let folder = ledger.join(INPUTS);
    InputKind::ALL.iter().map(|kind| folder.join(kind.archived(sha256))).find(|path| path.is_file())
}

/// Reads an archived input to its end.
///
/// # Errors
/// It is not what its name says.
pub(super) fn check_input(archived: &Path, sha256: &str) -> Result<(), LedgerError> {
    unpack(archived, sha256, io::sink(), archived)
}

fn copy_input(path: &Path, staged: &Path, sha256: &str, kind: InputKind) -> Result<(), LedgerError> {
    let input = File::open(path).map_err(failed(Action::OPEN, path))?;
    let write_failed = || failed(Action::WRITE, staged);
    let mut output = File::create(staged).map_err(failed(Action::CREATE, staged))?;
    let found = if kind.compressed() {
        let mut encoder = Encoder::new(&output, LEVEL).map_err(write_failed())?;
        // With a checksum in the frame, `zstd -t` can tell a whole archive from a damaged one.
        encoder.include_checksum(true).map_err(write_failed())?;
        let found = pump(input, path, &mut encoder, staged)?;
        encoder.finish().map_err(write_failed())?;
        found
    } else {
        pump(input, path, &mut output, staged)?
    };
    if found != sha256 {
        return Err(LedgerError::InputChanged { path: path.to_owned(), expected: sha256.to_owned(), found });
    }
    output.sync_all().map_err(failed(Action::SYNC, staged))
}

/// Copies everything and gives its SHA-256. Tells failing to read from failing to write.
fn pump(mut input: impl Read, from: &Path, mut output: impl Write, to: &Path) -> Result<String, LedgerError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count.map_err(failed(Action::READ, from))?,
        };
        hash.update(&buffer[..count]);
        output.write_all(&buffer[..count]).map_err(failed(Action::WRITE, to))?;
    }
}

/// Writes an archived input out as it came, and compares its digest.
fn unpack(archived: &Path, sha256: &str, output: impl Write, to: &Path) -> Result<(), LedgerError> {
    let damaged = |source| LedgerError::Damaged { path: archived.to_owned(), source };
    let file = match File::open(archived) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LedgerError::Missing { path: archived.to_owned() });
        }
        file => file.map_err(failed(Action::OPEN, archived))?,
    };
    let found = if archived.extension().is_some_and(|extension| extension == "zst") {
        let decoder = Decoder::new(file).map_err(damaged)?;
        match pump(decoder, archived, output, to) {
            // What the decoder cannot read is a damaged archive.
            Err(LedgerError::Io { action: Action::READ, source, .. }) => return Err(damaged(source)),
            found => found?,
        }
    } else {
        pump(BufReader::new(file), archived, output, to)?
    };
    if found == sha256 {
        return Ok(());
    }
    Err(LedgerError::Digest { path: archived.to_owned(), expected: sha256.to_owned(), found })
}

/// A folder for inputs taken out of the archive; gone when dropped. It is locked as long as it lives, so that a
/// writer can tell it from one that a killed reader left.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    ledger: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Beside the archive, where there is room for it; elsewhere if the ledger cannot be written.
    pub(super) fn new(ledger: &Path) -> Result<Self, LedgerError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{SCRATCH}{}-{count}", std::process::id());
        let beside = ledger.join(&name);
        let elsewhere = std::env::temp_dir().join(format!("tongchou{name}"));
        let folder = match fs::create_dir(&beside) {
            Ok(()) => beside,
            Err(_) => fs::create_dir(&elsewhere).map_err(failed(Action::CREATE, &elsewhere)).map(|()| elsewhere)?,
        };
        let lock = File::open(&folder).map_err(failed(Action::OPEN, &folder))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| failed(Action::LOCK, &folder)(error.into()))?;
        let ledger = std::path::absolute(ledger).map_err(failed(Action::OPEN, ledger))?;
        Ok(Self { folder, ledger, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes an input out of the archive, whole and compared with its digest, and gives its path: `name` inside this
    /// folder. A Parquet file is linked to, not copied.
    ///
    /// # Errors
    /// It is not in the archive, or damaged there.
    ///
    /// # Panics
    /// `name` leads out of the folder.
    pub fn restore(&self, sha256: &str, name: &str) -> Result<PathBuf, LedgerError> {
        let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        assert!(inside && !name.is_empty(), "`{name}` is a name inside a folder");
        let Some(archived) = find_input(&self.ledger, sha256) else {
            return Err(LedgerError::Missing { path: self.ledger.join(INPUTS).join(sha256) });
        };
        let path = self.folder.join(name);
        let parent = path.parent().expect("it is in a folder");
        fs::create_dir_all(parent).map_err(failed(Action::CREATE, parent))?;
        if archived.extension().is_some_and(|extension| extension == "zst") {
            let mut file = BufWriter::new(File::create_new(&path).map_err(failed(Action::CREATE, &path))?);
            unpack(&archived, sha256, &mut file, &path)?;
            file.flush().map_err(failed(Action::WRITE, &path))?;
        } else {
            check_input(&archived, sha256)?;
            std::os::unix::fs::symlink(&archived, &path).map_err(failed(Action::CREATE, &path))?;
        }
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next writer removes what stays.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what killed writers and readers left. Only for the holder of the lock: every staging folder is then a
/// dead one. What cannot be removed is in nobody's way.
pub(super) fn remove_abandoned(ledger: &Path) -> Result<(), LedgerError> {
    for name in names_in(ledger)? {
        let path = ledger.join(&name);
        let dead_scratch =
            || File::open(&path).is_ok_and(|folder| flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok());
        if name.starts_with(STAGING) || (name.starts_with(SCRATCH) && dead_scratch()) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(failed(Action::REMOVE, &path))?;
        }
    }
    Ok(())
}

/// Stores a rule pack under its digest: the files as they were used, not read again.
///
/// # Errors
/// It cannot be stored.
pub(super) fn store_rules(ledger: &Path, sha256: &str, files: &[(&str, &[u8])]) -> Result<(), LedgerError> {
    let folder = make_folder(ledger, RULES)?;
    let target = folder.join(sha256);
    if files.iter().all(|(name, bytes)| is_content(&target.join(name), bytes)) {
        return Ok(());
    }
    if target.is_dir() {
        // Damaged: each file is made whole on its own, the folder's name stays true throughout.
        for (name, bytes) in files {
            write_whole(ledger, &target.join(name), bytes)?;
        }
        return Ok(());
    }
    let staged = ledger.join(format!("{STAGING}rules-{}", std::process::id()));
    fs::create_dir(&staged).map_err(failed(Action::CREATE, &staged))?;
    let written = files.iter().try_for_each(|(name, bytes)| {
        let path = staged.join(name);
        let mut file = File::create_new(&path).map_err(failed(Action::CREATE, &path))?;
        file.write_all(bytes).map_err(failed(Action::WRITE, &path))?;
        file.sync_all().map_err(failed(Action::SYNC, &path))
    });
    let stored = written
        .and_then(|()| sync_folder(&staged))
        .and_then(|()| fs::rename(&staged, &target).map_err(failed(Action::RENAME, &target)));
    if stored.is_err() {
        let _ = fs::remove_dir_all(&staged);
    }
    stored?;
    sync_folder(&folder)
}

/// Whether a file has exactly this content.
fn is_content(path: &Path, bytes: &[u8]) -> bool {
    let same_size = fs::metadata(path).is_ok_and(|metadata| metadata.len() == bytes.len() as u64);
    same_size && fs::read(path).is_ok_and(|found| found == bytes)
}

/// Compares a file of an archived rule pack with its digest in a manifest.
pub(super) fn check_rules_file(path: &Path, sha256: &str) -> Result<(), LedgerError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LedgerError::Missing { path: path.to_owned() });
        }
        file => file.map_err(failed(Action::OPEN, path))?,
    };
    let (found, _) = digest_of(file).map_err(failed(Action::READ, path))?;
    if found == sha256 {
        return Ok(());
    }
    Err(LedgerError::Digest { path: path.to_owned(), expected: sha256.to_owned(), found })
}
