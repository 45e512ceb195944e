//! One writer at a time. The lock is advisory (`flock`) and dies with its process, so a killed run leaves none.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use super::error::{Action, Holder, LedgerError, failed};
use super::layout::LOCK_FILE;

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would release the lock too, but not while a process that somebody is just starting still
        // has it, between fork and exec. If this fails, closing follows.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Lock {
    /// Takes the lock of a ledger, without waiting.
    ///
    /// # Errors
    /// Another process has it.
    pub(super) fn take(ledger: &Path, command: &str) -> Result<Self, LedgerError> {
        let path = ledger.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed(Action::OPEN, &path))?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(Action::LOCK, &path)(error.into()));
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(failed(Action::READ, &path))?;
            return Err(LedgerError::Locked { folder: ledger.to_owned(), holder: holder(&bytes).unwrap_or_default() });
        }
        let content = json!({"pid": std::process::id(), "host": host(), "command": command});
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(format!("{content}\n").as_bytes()))
            .map_err(failed(Action::WRITE, &path))?;
        Ok(Self { file })
    }
}

/// Who a lock file names.
pub(super) fn holder(bytes: &[u8]) -> Option<Holder> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    Some(Holder {
        pid: u32::try_from(value["pid"].as_u64()?).ok()?,
        host: value["host"].as_str()?.to_owned(),
        command: value["command"].as_str()?.to_owned(),
    })
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
