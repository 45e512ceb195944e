//! The secret that pseudonyms are made with.

use std::fs;
use std::path::Path;

use super::RunError;
use crate::diagnostic::Text;
use crate::report::privacy::{Key, LEAST_KEY};

/// Reads the secret: every byte of the file, but for a line end at its end, which editors add.
///
/// # Errors
/// The file cannot be read, or is too short.
pub fn read_key(path: &Path) -> Result<Key, RunError> {
    let fail = |en: String, zh: String| RunError::PseudonymKey { path: path.to_owned(), reason: Text::new(en, zh) };
    let bytes =
        fs::read(path).map_err(|error| fail(format!("cannot be read: {error}"), format!("无法读取：{error}")))?;
    let secret = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
    Key::new(secret).ok_or_else(|| {
        fail(
            format!("a key of pseudonyms has at least {LEAST_KEY} bytes; this one has {}", secret.len()),
            format!("假名密钥至少 {LEAST_KEY} 字节；此文件只有 {} 字节", secret.len()),
        )
    })
}
