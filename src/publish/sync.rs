//! Files on their way to the disk. A sync waits for the disk and not for a processor: what is left of a run goes on
//! meanwhile, and publishing waits for all of them.

use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::{Action, PublishError, failed};

/// Brings a file or a folder to the disk; a value, so that tests can let it fail.
type Sync = fn(&File) -> io::Result<()>;

/// Syncs that go on.
#[derive(Debug)]
pub(super) struct Syncs {
    sync: Sync,
    begun: Mutex<Vec<(PathBuf, JoinHandle<io::Result<()>>)>>,
}

impl Syncs {
    pub(super) const fn new(sync: Sync) -> Self {
        Self { sync, begun: Mutex::new(Vec::new()) }
    }

    /// At once.
    pub(super) fn now(&self, file: &File) -> io::Result<()> {
        (self.sync)(file)
    }

    /// While what comes next goes on.
    pub(super) fn begin(&self, path: PathBuf, file: File) -> Result<(), PublishError> {
        let sync = self.sync;
        let begun = thread::Builder::new().name("sync".to_owned()).spawn(move || sync(&file));
        let handle = begun.map_err(failed(Action::Sync, &path))?;
        self.lock().push((path, handle));
        Ok(())
    }

    /// Waits for all that were begun; the first that failed is the error.
    pub(super) fn wait(&self) -> Result<(), PublishError> {
        let begun = std::mem::take(&mut *self.lock());
        let ended = begun.into_iter().map(|(path, handle)| {
            let synced = handle.join().unwrap_or_else(|panic| resume_unwind(panic));
            synced.map_err(failed(Action::Sync, &path))
        });
        ended.fold(Ok(()), Result::and)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(PathBuf, JoinHandle<io::Result<()>>)>> {
        // Nothing panics while it is held.
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
