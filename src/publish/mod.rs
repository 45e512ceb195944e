//! All at once or not at all: outputs are written into a staging folder beside the target, synced, and
//! renamed. A run that fails, is stopped or is killed leaves the target as it was.

mod sync;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use self::sync::Syncs;
use crate::diagnostic::{Failure, Text};

/// Why outputs could not be published.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum PublishError {
    /// The target holds something.
    NotEmpty {
        /// The target.
        path: PathBuf,
    },
    /// The target, a file, is there already.
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The target is a file.
    NotAFolder {
        /// The target.
        path: PathBuf,
    },
    /// The world failed.
    Io {
        /// What was attempted.
        action: Action,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
}

/// What was attempted with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Looking into the target.
    ReadFolder,
    /// Making the folder the target stands in.
    CreateFolder,
    /// Making the staging folder.
    CreateStaging,
    /// Making a file.
    Create,
    /// Writing a file.
    Write,
    /// Putting a file onto the disk.
    Sync,
    /// Putting a folder onto the disk.
    SyncFolder,
    /// Making the staging folder the target.
    Rename,
    /// Exchanging the staging folder and the target.
    Replace,
    /// Removing what the target was.
    RemoveReplaced,
}

impl Failure for PublishError {
    fn text(&self) -> Text {
        match self {
            Self::NotEmpty { path } => Text::new(
                format!("{} is not empty: name a new folder, or pass --overwrite to replace it whole", path.display()),
                format!("{} 不是空文件夹：请另指定新文件夹，或用 --overwrite 整体替换", path.display()),
            ),
            Self::Exists { path } => Text::new(
                format!("{} is there already: name a new file, or pass --overwrite to replace it", path.display()),
                format!("{} 已存在：请另指定新文件，或用 --overwrite 替换", path.display()),
            ),
            Self::NotAFolder { path } => {
                Text::new(format!("{} is not a folder", path.display()), format!("{} 不是文件夹", path.display()))
            }
            Self::Io { action, path, .. } => {
                let (en, zh) = match action {
                    Action::ReadFolder => ("read the folder", "读取文件夹"),
                    Action::CreateFolder => ("create the folder", "创建文件夹"),
                    Action::CreateStaging => ("create the staging folder", "创建暂存文件夹"),
                    Action::Create => ("create", "创建"),
                    Action::Write => ("write", "写入"),
                    Action::Sync => ("sync", "落盘"),
                    Action::SyncFolder => ("sync the folder", "落盘文件夹"),
                    Action::Rename => ("rename the staging folder to", "将暂存文件夹改名为"),
                    Action::Replace => ("replace", "替换"),
                    Action::RemoveReplaced => ("remove the replaced folder", "删除被替换的文件夹"),
                };
                Text::new(format!("cannot {en} {}", path.display()), format!("无法{zh} {}", path.display()))
            }
        }
    }
}

fn failed(action: Action, path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |error| PublishError::Io { action, path, error }
}

/// A folder in the making. Dropped before [`publish`](Self::publish), it is removed.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    target: PathBuf,
    replace: bool,
    published: bool,
    syncs: Arc<Syncs>,
}

/// What a finished output file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Name inside the output folder.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Written {
    /// As a manifest names it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        file_to_json(&self.name, self.bytes, &self.sha256)
    }
}

/// A file as a manifest names it.
#[must_use]
pub fn file_to_json(name: &str, bytes: u64, sha256: &str) -> Value {
    json!({"file": name, "bytes": bytes, "sha256": sha256})
}

/// SHA-256, in hexadecimal, and size of what a reader gives, piece by piece.
///
/// # Errors
/// The reader fails.
pub fn digest_of(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut reader, &mut hash)?;
    Ok((hex(&hash.finalize()), bytes))
}

impl Staging {
    /// Prepares to write `target`, which must not exist or be empty unless `overwrite`.
    ///
    /// # Errors
    /// The target cannot be used, or its parent cannot be written.
    pub fn begin(target: &Path, overwrite: bool) -> Result<Self, PublishError> {
        if target.exists() {
            if !target.is_dir() {
                return Err(PublishError::NotAFolder { path: target.to_owned() });
            }
            let mut entries = fs::read_dir(target).map_err(failed(Action::ReadFolder, target))?;
            if !overwrite && entries.next().is_some() {
                return Err(PublishError::NotEmpty { path: target.to_owned() });
            }
        }
        let parent = parent_of(target);
        fs::create_dir_all(&parent).map_err(failed(Action::CreateFolder, &parent))?;
        let name = target.file_name().map_or_else(|| "out".into(), |name| name.to_string_lossy().into_owned());
        remove_abandoned(&parent, &name);
        let folder = parent.join(format!(".{name}.staging-{}", std::process::id()));
        Self::create_folder(folder, target, overwrite)
    }

    /// Prepares to write `target`, which must not exist, in a staging folder of the caller's choice. Both must lie
    /// on one file system. Staging folders that others left behind are the caller's business.
    ///
    /// # Errors
    /// The staging folder exists or cannot be made.
    pub fn begin_in(folder: PathBuf, target: &Path) -> Result<Self, PublishError> {
        Self::create_folder(folder, target, false)
    }

    fn create_folder(folder: PathBuf, target: &Path, replace: bool) -> Result<Self, PublishError> {
        fs::create_dir(&folder).map_err(failed(Action::CreateStaging, &folder))?;
        Ok(Self {
            folder,
            target: target.to_owned(),
            replace,
            published: false,
            syncs: Arc::new(Syncs::new(File::sync_all)),
        })
    }

    /// Lets syncing fail as a test wants it.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_sync(mut self, sync: fn(&File) -> io::Result<()>) -> Self {
        self.syncs = Arc::new(Syncs::new(sync));
        self
    }

    /// The staging folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file is written until it is published.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Opens a file of the output.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(&self, name: &str) -> Result<OutputFile, PublishError> {
        self.root().create(name)
    }

    /// The output folder itself.
    #[must_use]
    pub fn root(&self) -> Folder {
        Folder { path: self.folder.clone(), syncs: Arc::clone(&self.syncs) }
    }

    /// Makes a folder inside the output folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn folder_within(&self, name: &str) -> Result<Folder, PublishError> {
        let path = self.path(name);
        fs::create_dir(&path).map_err(failed(Action::CreateFolder, &path))?;
        Ok(Folder { path, syncs: Arc::clone(&self.syncs) })
    }

    /// Writes a small file of the output.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Written, PublishError> {
        self.root().write(name, bytes)
    }

    /// Makes everything written so far the target, in one step.
    ///
    /// # Errors
    /// A file or the rename could not be brought to the disk, or the rename failed; the target is as it was.
    pub fn publish(mut self) -> Result<(), PublishError> {
        self.syncs.wait()?;
        let entries = fs::read_dir(&self.folder).map_err(failed(Action::ReadFolder, &self.folder))?;
        for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
            self.sync_folder(&entry.path())?;
        }
        self.sync_folder(&self.folder)?;
        let parent = parent_of(&self.target);
        let is_empty = || fs::read_dir(&self.target).map(|mut entries| entries.next().is_none()).unwrap_or(true);
        if self.replace && self.target.exists() && !is_empty() {
            // One step for the reader: the two folders change places, then the old one is removed.
            exchange(&self.folder, &self.target)?;
            if let Err(error) = self.sync_folder(&parent) {
                // What the disk holds now is either of the two, whole; the reader gets back what was there before.
                exchange(&self.folder, &self.target)?;
                return Err(error);
            }
            self.published = true;
            fs::remove_dir_all(&self.folder).map_err(failed(Action::RemoveReplaced, &self.folder))
        } else {
            let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(failed(Action::Rename, to));
            rename(&self.folder, &self.target)?;
            if let Err(error) = self.sync_folder(&parent) {
                rename(&self.target, &self.folder)?;
                return Err(error);
            }
            self.published = true;
            Ok(())
        }
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), PublishError> {
        File::open(folder).and_then(|folder| self.syncs.now(&folder)).map_err(failed(Action::SyncFolder, folder))
    }
}

/// Where output files are made: an output folder in the making, or a folder inside it.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    syncs: Arc<Syncs>,
}

impl Folder {
    /// Where a file is written until it is published.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file of the output; its name is the one inside this folder.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(&self, name: &str) -> Result<OutputFile, PublishError> {
        let path = self.path(name);
        let file = File::create_new(&path).map_err(failed(Action::Create, &path))?;
        let syncs = Arc::clone(&self.syncs);
        Ok(OutputFile { name: name.to_owned(), path, file, hash: Sha256::new(), bytes: 0, syncs })
    }

    /// Writes a small file of the output.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Written, PublishError> {
        let mut file = self.create(name)?;
        file.put(bytes)?;
        file.finish()
    }
}

/// Two folders change places.
fn exchange(folder: &Path, target: &Path) -> Result<(), PublishError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, folder, CWD, target, RenameFlags::EXCHANGE)
        .map_err(|error| failed(Action::Replace, target)(error.into()))
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            // Nothing better can be done with an error here; the next run tries again.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn parent_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Staging folders of runs that were killed: their process is gone.
fn remove_abandoned(parent: &Path, name: &str) {
    let prefix = format!(".{name}.staging-");
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        if let Some(process) = file_name.strip_prefix(&prefix)
            && process
                .parse::<u32>()
                .is_ok_and(|id| id == std::process::id() || !Path::new(&format!("/proc/{id}")).exists())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A file that stands alone: written beside its target, and renamed. Dropped before [`publish`](Self::publish), it is
/// removed.
#[derive(Debug)]
pub struct LoneFile {
    target: PathBuf,
    staged: PathBuf,
    file: File,
    published: bool,
}

impl LoneFile {
    /// Begins a file, which must not be there unless `overwrite`.
    ///
    /// # Errors
    /// It is there, or its folder cannot be written.
    pub fn begin(target: &Path, overwrite: bool) -> Result<Self, PublishError> {
        if target.exists() && !overwrite {
            return Err(PublishError::Exists { path: target.to_owned() });
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let staged = parent_of(target).join(format!(".{name}.staging-{}", std::process::id()));
        let file = File::create(&staged).map_err(failed(Action::Create, &staged))?;
        Ok(Self { target: target.to_owned(), staged, file, published: false })
    }

    /// Writes everything.
    ///
    /// # Errors
    /// The write failed.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        self.file.write_all(bytes).map_err(failed(Action::Write, &self.target))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// It cannot be brought to the disk, or renamed.
    pub fn publish(mut self) -> Result<(), PublishError> {
        self.file.sync_all().map_err(failed(Action::Sync, &self.target))?;
        fs::rename(&self.staged, &self.target).map_err(failed(Action::Replace, &self.target))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for LoneFile {
    fn drop(&mut self) {
        if !self.published {
            // Nothing better can be done with an error here.
            let _ = fs::remove_file(&self.staged);
        }
    }
}

/// A file of the output: hashes what it writes.
#[derive(Debug)]
pub struct OutputFile {
    name: String,
    path: PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
    syncs: Arc<Syncs>,
}

impl OutputFile {
    /// Begins to bring the file to the disk, which publishing waits for, and says what it is.
    ///
    /// # Errors
    /// No thread can be had to wait for the disk.
    pub fn finish(self) -> Result<Written, PublishError> {
        self.syncs.begin(self.path, self.file)?;
        let sha256 = hex(&self.hash.finalize());
        Ok(Written { name: self.name, bytes: self.bytes, sha256 })
    }

    /// Writes everything, or says on which file it failed.
    ///
    /// # Errors
    /// The write failed.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path.clone();
        self.write_all(bytes).map_err(failed(Action::Write, &path))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
