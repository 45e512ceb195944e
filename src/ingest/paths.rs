//! PATH arguments into the list of files to read: files, folders, patterns.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::IngestError;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// CSV, TSV: the delimiter and the encoding are found out while reading.
    Text,
    /// Apache Parquet.
    Parquet,
}

impl FileFormat {
    /// The word shown to a reader.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Parquet => "parquet",
        }
    }
}

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPath {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in outputs (`src_file`): the file name where there is one file, else the path below the deepest
    /// folder that holds all of them, with `/`.
    pub shown: String,
    /// What kind of file it is.
    pub format: FileFormat,
}

/// Extensions of a folder's files that are read.
const EXTENSIONS: [&str; 4] = ["csv", "tsv", "txt", "parquet"];

/// The files that the arguments name, in the order of the arguments; those of one argument sorted by their bytes.
///
/// An argument is a file, a folder (everything below it with a known extension, hidden files left out) or a
/// pattern (`claims/2024-*.csv`). A file named twice counts once.
///
/// # Errors
/// If an argument names nothing, is no valid pattern, or a folder or a file's first bytes cannot be read.
pub fn expand<A: AsRef<Path>>(arguments: &[A]) -> Result<Vec<InputPath>, IngestError> {
    let mut paths = Vec::new();
    let mut seen = HashSet::new();
    for argument in arguments {
        let found = expand_one(argument.as_ref())?;
        for path in found {
            let same = fs::canonicalize(&path).map_err(|source| IngestError::Open { path: path.clone(), source })?;
            if seen.insert(same) {
                paths.push(path);
            }
        }
    }
    let shown = shown_names(&paths);
    paths
        .into_iter()
        .zip(shown)
        .map(|(path, shown)| {
            let format = format_of(&path)?;
            Ok(InputPath { path, shown, format })
        })
        .collect()
}

fn expand_one(argument: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let mut found = Vec::new();
    if argument.is_dir() {
        walk(argument, &mut found)?;
    } else if argument.exists() {
        found.push(argument.to_path_buf());
    } else {
        let pattern = argument.to_string_lossy();
        let matches = glob::glob(&pattern)
            .map_err(|source| IngestError::Pattern { argument: pattern.clone().into_owned(), source })?;
        for entry in matches {
            let path =
                entry.map_err(|error| IngestError::List { path: error.path().to_path_buf(), source: error.into() })?;
            if path.is_dir() {
                walk(&path, &mut found)?;
            } else {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        return Err(IngestError::NothingFound { argument: argument.to_string_lossy().into_owned() });
    }
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), IngestError> {
    let failed = |source| IngestError::List { path: folder.to_path_buf(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        // A link to a folder is not followed: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found)?;
        } else if path.is_file() && extension(&path).is_some_and(|end| EXTENSIONS.contains(&end.as_str())) {
            found.push(path);
        }
    }
    Ok(())
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_string_lossy().to_lowercase())
}

/// By the extension; where that says nothing, by the first four bytes.
fn format_of(path: &Path) -> Result<FileFormat, IngestError> {
    match extension(path).as_deref() {
        Some("parquet" | "parq" | "pq") => return Ok(FileFormat::Parquet),
        Some("csv" | "tsv" | "txt") => return Ok(FileFormat::Text),
        _ => {}
    }
    let mut magic = Vec::with_capacity(4);
    fs::File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut magic))
        .map_err(|source| IngestError::Open { path: path.to_path_buf(), source })?;
    Ok(if magic == b"PAR1" { FileFormat::Parquet } else { FileFormat::Text })
}

/// A path from the root, as far as that can be told.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn shown_names(paths: &[PathBuf]) -> Vec<String> {
    if let [only] = paths {
        return vec![only.file_name().map_or_else(|| joined(only), |name| name.to_string_lossy().into_owned())];
    }
    let paths: Vec<PathBuf> = paths.iter().map(|path| absolute(path)).collect();
    let mut common: Option<PathBuf> = paths.first().and_then(|path| path.parent()).map(Path::to_path_buf);
    for path in &paths {
        while let Some(folder) = &common
            && !path.starts_with(folder)
        {
            common = folder.parent().map(Path::to_path_buf);
        }
    }
    paths
        .iter()
        .map(|path| joined(common.as_ref().and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path)))
        .collect()
}

/// A path with `/` between its parts, on every system.
fn joined(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .filter(|part| !matches!(part, Component::RootDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    let root = if path.has_root() { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "a,b\n").expect("a file");
        }
        folder
    }

    fn names(found: &[InputPath]) -> Vec<&str> {
        found.iter().map(|path| path.shown.as_str()).collect()
    }

    #[test]
    fn folders_patterns_and_files() {
        let folder = folder(&["b/2.csv", "b/1.CSV", "a.tsv", "notes.md", ".hidden.csv", "c.parquet", "a/z.txt"]);
        let at = |name: &str| folder.path().join(name);
        let all = expand(&[folder.path()]).expect("files");
        assert_eq!(names(&all), ["a.tsv", "a/z.txt", "b/1.CSV", "b/2.csv", "c.parquet"]);
        assert_eq!(all[4].format, FileFormat::Parquet);
        let some = expand(&[at("b/*.csv"), at("b"), at("b/2.csv")]).expect("files");
        assert_eq!(names(&some), ["2.csv", "1.CSV"]);
        assert_eq!(names(&expand(&[at("b/2.csv")]).expect("a file")), ["2.csv"]);
        assert_eq!(names(&expand(&[at("b/2.csv"), at("a.tsv")]).expect("files")), ["b/2.csv", "a.tsv"]);
    }

    #[test]
    fn nothing_found_names_the_argument() {
        let folder = folder(&["notes.md"]);
        for argument in [folder.path().to_path_buf(), folder.path().join("x.csv"), folder.path().join("*.csv")] {
            match expand(&[&argument]) {
                Err(IngestError::NothingFound { argument: named }) => assert_eq!(named, argument.to_string_lossy()),
                other => panic!("{argument:?}: {other:?}"),
            }
        }
        assert!(matches!(expand(&[folder.path().join("a[.csv")]), Err(IngestError::Pattern { .. })));
    }

    #[test]
    fn an_unknown_extension_is_looked_at() {
        let folder = folder(&["plain"]);
        fs::write(folder.path().join("table"), b"PAR1....").expect("a file");
        assert_eq!(expand(&[folder.path().join("plain")]).expect("a file")[0].format, FileFormat::Text);
        assert_eq!(expand(&[folder.path().join("table")]).expect("a file")[0].format, FileFormat::Parquet);
    }
}
