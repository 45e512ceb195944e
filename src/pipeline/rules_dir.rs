//! A rule pack from a folder: files into bytes, digests, then the reader and the compiler.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::RunError;
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean};
use crate::publish::hex;
use crate::rules::book::RuleBook;
use crate::rules::compile::compile;
use crate::rules::layout::Table;
use crate::rules::pack::{PackFile, RulePack};

/// A usable rule pack.
#[derive(Debug)]
pub struct Rules {
    /// Its folder.
    pub folder: PathBuf,
    /// Its text.
    pub pack: RulePack,
    /// Its look-ups.
    pub book: RuleBook,
    /// Name, size and SHA-256 of each file.
    pub files: Vec<(String, u64, String)>,
    /// Name and bytes of each file.
    pub texts: Vec<(String, Vec<u8>)>,
    /// SHA-256 over the names and digests of all files.
    pub sha256: String,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// The examples of a pack, beside its tables.
pub const EXAMPLES: &str = "examples";

/// The files of a pack, in the order of the tables; the examples are left out.
///
/// # Errors
/// The folder or a file cannot be read.
pub fn read_files(folder: &Path) -> Result<(Vec<PackFile>, Vec<Diagnostic>), Diagnostic> {
    let fail = |path: &Path, error: std::io::Error| {
        Diagnostic::error(
            "E000",
            Location { file: path.display().to_string(), ..Location::default() },
            Text::new(format!("cannot be read: {error}"), format!("无法读取：{error}")),
        )
        .hint(Text::new(
            "name a folder of rule tables that you may read; a relative path begins at the folder you are in",
            "请指定有读取权限的规则表文件夹；相对路径从当前文件夹算起",
        ))
    };
    let mut found = Vec::new();
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| fail(folder, error))?
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| fail(folder, error)))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let known = || Table::ALL.iter().map(|table| table.layout().name);
        if name == EXAMPLES {
            continue;
        }
        if !known().any(|table| table == name) {
            let at = Location { file: path.display().to_string(), ..Location::default() };
            let message = Text::new("this is no table of a rule pack; it is ignored", "这不是规则包的表，已忽略");
            let warning = Diagnostic::warning("W001", at, message);
            let near = did_you_mean(&name, known()).map(|near| format!("{near}.csv"));
            found.push(warning.near_or(near.as_deref(), || {
                let list = known().collect::<Vec<_>>();
                Text::new(
                    format!("move it out of the folder; the tables are {}", list.join(", ")),
                    format!("请移出该文件夹；规则表有：{}", list.join("、")),
                )
            }));
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| fail(&path, error))?;
        files.push(PackFile { table: name, shown: path.display().to_string(), bytes });
    }
    Ok((files, found))
}

/// Name, size and digest of each file, and the digest of the pack.
fn digests(files: &[PackFile]) -> (Vec<(String, u64, String)>, String) {
    let mut whole = Sha256::new();
    let digests = files.iter().map(|file| {
        let digest = hex(&Sha256::digest(&file.bytes));
        whole.update(format!("{} {digest}\n", file.table));
        (format!("{}.csv", file.table), file.bytes.len() as u64, digest)
    });
    let digests = digests.collect();
    (digests, hex(&whole.finalize()))
}

/// Reads a pack that was used before, and its digest. It is not compiled: a check that is newer than the pack must
/// not keep it from being compared.
///
/// # Errors
/// A cell cannot be read.
pub fn read_pack(folder: &Path) -> Result<(RulePack, String), RunError> {
    let failed = |diagnostics| RunError::Rules { folder: folder.to_owned(), diagnostics };
    let (files, _) = read_files(folder).map_err(|diagnostic| failed(vec![diagnostic]))?;
    let (pack, found) = RulePack::read(&files);
    if found.iter().any(Diagnostic::is_error) {
        return Err(failed(found));
    }
    Ok((pack, digests(&files).1))
}

/// Reads, checks and compiles a pack.
///
/// # Errors
/// The pack has errors; all of them are listed.
pub fn load_rules(folder: &Path) -> Result<Rules, RunError> {
    let failed = |diagnostics| RunError::Rules { folder: folder.to_owned(), diagnostics };
    let (files, mut found) = read_files(folder).map_err(|diagnostic| failed(vec![diagnostic]))?;
    let (pack, of_cells) = RulePack::read(&files);
    found.extend(of_cells);
    if found.iter().any(Diagnostic::is_error) {
        return Err(failed(found));
    }
    let book = compile(&pack).map_err(failed)?;
    let (digests, sha256) = digests(&files);
    Ok(Rules {
        folder: folder.to_owned(),
        pack,
        book,
        files: digests,
        texts: files.into_iter().map(|file| (format!("{}.csv", file.table), file.bytes)).collect(),
        sha256,
        warnings: found,
    })
}
