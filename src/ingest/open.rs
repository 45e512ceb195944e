//! Input files: opened and understood before anything runs, described after everything ran.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::SystemTime;

use super::cell::Row;
use super::columns::Table;
use super::error::{Diagnostics, IngestError};
use super::parquet_file::{self, BatchRows, ParquetFile};
use super::paths::{FileFormat, InputPath};
use super::text_file::{self, TextFile};
use crate::text::RowProblem;
use crate::text::encoding::Encoding;

/// A file that was read, for the manifest and for a second pass over it.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name in outputs.
    pub shown: String,
    /// What kind of file it is.
    pub format: FileFormat,
    /// How its text is written; `None` for Parquet.
    pub encoding: Option<Encoding>,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Physical lines of a text file: header + blank lines + rows. 0 for Parquet.
    pub lines: u64,
    /// Data rows, those that are no record included.
    pub rows: u64,
    /// Blank lines, those before the header included.
    pub blank_lines: u64,
    /// Rows rejected on their own account (no duplicates); 0 for reference tables.
    pub rejected_rows: u64,
    /// Headings that mean nothing here, in file order.
    pub extra_columns: Vec<String>,
    /// When it was written to last.
    pub(super) modified: Option<SystemTime>,
    /// Where blocks of a text file begin, for reading single rows again.
    pub(super) marks: Vec<Mark>,
}

/// The beginning of a block of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) offset: u64,
    /// Data rows before it.
    pub(super) rows: u64,
    /// Physical lines before it.
    pub(super) lines: u64,
    /// Whether the header is still to come.
    pub(super) before_header: bool,
}

/// How much a part of a file held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowStats {
    pub(super) lines: u64,
    pub(super) rows: u64,
    pub(super) blank: u64,
}

/// Takes rows in file order; rows and lines are numbered from 1 within the part of the file at hand.
pub(super) trait RowSink {
    /// One row.
    fn row<R: Row>(&mut self, row: &R, number: u64, line: u64);
    /// One physical line that is no record.
    fn broken(&mut self, problem: RowProblem, number: u64, line: u64, raw: &dyn Fn() -> String);
    /// The rows of a decoded batch of a Parquet file; `first` is the number of the first one.
    fn batch(&mut self, rows: &BatchRows<'_>, first: u64) {
        for row in 0..rows.len() {
            let number = first + row as u64;
            self.row(&rows.row(row), number, number);
        }
    }
    /// Whether a column need not be read where no value of it can be wrong.
    fn is_spare(&self, _field: usize) -> bool {
        false
    }
    /// Numbers of rows, ascending, that are wanted whole although columns of theirs were not read.
    fn incomplete(&self) -> Vec<u64> {
        Vec::new()
    }
    /// The incomplete rows as they stand in the file.
    fn complete(&mut self, _raw: &[(u64, std::sync::Arc<str>)]) {}
}

/// A file whose columns are known.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) input: InputPath,
    pub(super) bytes: u64,
    pub(super) modified: Option<SystemTime>,
    pub(super) extra: Vec<String>,
    pub(super) content: Content,
}

/// What kind of file it is, with what its beginning told.
#[derive(Debug)]
pub(super) enum Content {
    Text(TextFile),
    Parquet(ParquetFile),
}

impl OpenFile {
    /// Opens a file and finds the table's columns in it.
    fn new(input: &InputPath, table: &'static Table) -> Result<Result<Self, Diagnostics>, IngestError> {
        let failed = |source| IngestError::Open { path: input.path.clone(), source };
        let file = File::open(&input.path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let content = match input.format {
            FileFormat::Text => text_file::open(input, file, table)?.map(|(text, extra)| (Content::Text(text), extra)),
            FileFormat::Parquet => {
                parquet_file::open(input, &file, table)?.map(|(parquet, extra)| (Content::Parquet(parquet), extra))
            }
        };
        Ok(content.map(|(content, extra)| Self {
            input: input.clone(),
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            extra,
            content,
        }))
    }

    /// Whether it has a column for a field of the table.
    pub(super) fn has(&self, field: usize) -> bool {
        match &self.content {
            Content::Text(text) => text.has(field),
            Content::Parquet(parquet) => parquet.has(field),
        }
    }

    /// A handle to read it with.
    pub(super) fn handle(&self) -> Result<File, IngestError> {
        File::open(&self.input.path).map_err(|source| IngestError::Open { path: self.input.path.clone(), source })
    }

    /// Fails if the file is not what it was when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), IngestError> {
        unchanged(&self.input.path, self.bytes, self.modified)
    }
}

/// Fails if a file does not have this size and this time of the last write.
pub(super) fn unchanged(path: &std::path::Path, bytes: u64, modified: Option<SystemTime>) -> Result<(), IngestError> {
    let metadata = fs::metadata(path).map_err(|source| IngestError::Open { path: path.to_path_buf(), source })?;
    if metadata.len() != bytes || metadata.modified().ok() != modified {
        return Err(IngestError::Changed { path: path.to_path_buf() });
    }
    Ok(())
}

/// Opens all files of a table.
///
/// # Errors
/// [`IngestError::Rejected`] with what is wrong in all of them, so that nobody has to fix one file at a time.
pub(super) fn open_all(inputs: &[InputPath], table: &'static Table) -> Result<Vec<OpenFile>, IngestError> {
    let mut files = Vec::with_capacity(inputs.len());
    let mut problems = Diagnostics::default();
    for input in inputs {
        match OpenFile::new(input, table)? {
            Ok(file) => files.push(file),
            Err(wrong) => problems.extend(wrong),
        }
    }
    problems.into_result()?;
    Ok(files)
}
