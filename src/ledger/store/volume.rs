//! One immutable folder with a manifest: a night, or a base. Nothing is read from it unchecked.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::{Action, LedgerError, failed};
use super::layout::{MANIFEST, MANIFEST_DIGEST, names_in};
use crate::diagnostic::Text;
use crate::publish::{Written, digest_of, hex};

/// A published folder: its manifest, and files that are given out once they are what the manifest says.
#[derive(Debug)]
pub struct Volume {
    folder: PathBuf,
    manifest: Vec<u8>,
    sha256: String,
    files: Vec<Written>,
    /// Files whose content was compared in this process.
    verified: Mutex<BTreeSet<String>>,
}

impl Volume {
    /// Reads the manifest of a folder. The files it names are not looked at yet.
    ///
    /// # Errors
    /// It is not there, not whole, or does not name its files.
    pub(super) fn read(folder: &Path) -> Result<(Self, Value), LedgerError> {
        let path = folder.join(MANIFEST);
        let manifest = read_file(&path)?;
        let sha256 = hex(&Sha256::digest(&manifest));
        let digest_path = folder.join(MANIFEST_DIGEST);
        let recorded = read_file(&digest_path)?;
        if recorded != digest_line(&sha256).as_bytes() {
            let expected = String::from_utf8_lossy(&recorded);
            let expected = expected.split_whitespace().next().unwrap_or("?").to_owned();
            return Err(LedgerError::Digest { path, expected, found: sha256 });
        }
        let value: Value = serde_json::from_slice(&manifest).map_err(|error| LedgerError::Manifest {
            path: path.clone(),
            reason: Text::new(format!("no JSON: {error}"), format!("不是 JSON：{error}")),
        })?;
        let files = outputs(&value).ok_or_else(|| lacks(&path, "outputs"))?;
        Ok((Self { folder: folder.to_owned(), manifest, sha256, files, verified: Mutex::default() }, value))
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// SHA-256 of `manifest.json`.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The manifest. It is parsed anew each time: a ledger of years has thousands of them, and JSON values take many
    /// times the memory of their text.
    #[must_use]
    pub fn manifest(&self) -> Value {
        serde_json::from_slice(&self.manifest).expect("it was parsed when it was read")
    }

    /// Size of `manifest.json` in bytes.
    #[must_use]
    pub fn manifest_bytes(&self) -> u64 {
        self.manifest.len() as u64
    }

    /// Every file but the manifest and its digest, as the manifest names them.
    #[must_use]
    pub fn files(&self) -> &[Written] {
        &self.files
    }

    /// What the manifest says of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Written> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Opens a file, once its size and SHA-256 are those of the manifest. The content is compared once for each file
    /// and process, piece by piece, through the same open file that is returned; later only the size.
    ///
    /// # Errors
    /// The file is not what the manifest says, or not named in it.
    pub fn open(&self, name: &str) -> Result<File, LedgerError> {
        let path = self.folder.join(name);
        let Some(written) = self.file(name) else { return Err(LedgerError::Missing { path }) };
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LedgerError::Missing { path }),
            file => file.map_err(failed(Action::OPEN, &path))?,
        };
        let bytes = file.metadata().map_err(failed(Action::READ, &path))?.len();
        if bytes != written.bytes {
            return Err(LedgerError::Size { path, expected: written.bytes, found: bytes });
        }
        if !self.verified.lock().expect("no thread panicked here").contains(name) {
            let (sha256, _) = digest_of(&file).map_err(failed(Action::READ, &path))?;
            if sha256 != written.sha256 {
                return Err(LedgerError::Digest { path, expected: written.sha256.clone(), found: sha256 });
            }
            file.rewind().map_err(failed(Action::READ, &path))?;
            self.verified.lock().expect("no thread panicked here").insert(name.to_owned());
        }
        Ok(file)
    }

    /// The whole content of a file, compared with the manifest. For small files.
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub fn read_file(&self, name: &str) -> Result<Vec<u8>, LedgerError> {
        let mut bytes = Vec::new();
        let path = self.folder.join(name);
        self.open(name)?.read_to_end(&mut bytes).map_err(failed(Action::READ, &path))?;
        Ok(bytes)
    }

    /// Files in the folder that the manifest does not name, and none of its own.
    pub(super) fn unknown_files(&self) -> Result<Vec<PathBuf>, LedgerError> {
        let mut names = names_in(&self.folder)?;
        names.retain(|name| name != MANIFEST && name != MANIFEST_DIGEST && self.file(name).is_none());
        Ok(names.into_iter().map(|name| self.folder.join(name)).collect())
    }
}

/// What `manifest.sha256` holds.
pub(super) fn digest_line(sha256: &str) -> String {
    format!("{sha256}  {MANIFEST}\n")
}

/// A manifest without something it must have.
pub(super) fn lacks(path: &Path, what: &str) -> LedgerError {
    LedgerError::Manifest {
        path: path.to_owned(),
        reason: Text::new(
            format!("`{what}` is missing or not as it must be"),
            format!("缺少 `{what}`，或其内容不符合要求"),
        ),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LedgerError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LedgerError::Missing { path: path.to_owned() }),
        bytes => bytes.map_err(failed(Action::READ, path)),
    }
}

/// The files of a manifest; `None` if a name is no plain name or stands there twice.
fn outputs(manifest: &Value) -> Option<Vec<Written>> {
    let mut files: Vec<Written> = Vec::new();
    for file in manifest["outputs"].as_array()? {
        let name = file["file"].as_str()?.to_owned();
        let plain = Path::new(&name).file_name().is_some_and(|plain| plain == name.as_str());
        if !plain || name == MANIFEST || name == MANIFEST_DIGEST || files.iter().any(|known| known.name == name) {
            return None;
        }
        files.push(Written { name, bytes: file["bytes"].as_u64()?, sha256: file["sha256"].as_str()?.to_owned() });
    }
    Some(files)
}
