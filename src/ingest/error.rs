//! What can go wrong around reading: one variant per failed action, the path inside.

use std::path::PathBuf;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// Why reading ended.
#[derive(Debug, Error)]
pub enum IngestError {
    /// An argument names no file.
    #[error("no input file found at `{argument}`")]
    NothingFound {
        /// The argument as it was typed.
        argument: String,
    },
    /// An argument is no pattern.
    #[error("`{argument}` is not a valid pattern")]
    Pattern {
        /// The argument as it was typed.
        argument: String,
        /// Why.
        #[source]
        source: glob::PatternError,
    },
    /// A folder could not be listed.
    #[error("could not list `{}`", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be opened.
    #[error("could not open `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A Parquet file could not be opened or decoded.
    #[error("could not read `{}` as Parquet", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ParquetError,
    },
    /// A column of a Parquet file could not be turned into values.
    #[error("could not convert the columns of `{}`", path.display())]
    Convert {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ArrowError,
    },
    /// The rows for an output could not be put together.
    #[error("could not build the columns of the rows kept whole")]
    Columns(#[source] ArrowError),
    /// A file was written to while it was read, or between the two passes over it.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file has more rows than row numbers can count.
    #[error("`{}` has more than {} rows", path.display(), IngestError::MAX_ROWS)]
    TooManyRows {
        /// The file.
        path: PathBuf,
    },
    /// The input itself is not usable; the run does not start.
    #[error("{} error(s) in the input files", diagnostics.len() + more)]
    Rejected {
        /// What is wrong, in file and line order; at most [`IngestError::MAX_DIAGNOSTICS`].
        diagnostics: Vec<Diagnostic>,
        /// How many more there are.
        more: usize,
    },
    /// The user asked to stop.
    #[error("reading was cancelled")]
    Cancelled,
    /// The receiver of the rows failed.
    #[error("could not take in the rows read")]
    Receiver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IngestError {
    /// How many diagnostics are kept; the rest is counted.
    pub const MAX_DIAGNOSTICS: usize = 100;
    /// Rows of one file: row numbers are 32-bit, in outputs with a sign.
    pub const MAX_ROWS: u64 = i32::MAX as u64;
}

/// A list of diagnostics that keeps the first hundred and counts the rest.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    kept: Vec<Diagnostic>,
    more: usize,
}

impl Diagnostics {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.kept.len() < IngestError::MAX_DIAGNOSTICS {
            self.kept.push(diagnostic);
        } else {
            self.more += 1;
        }
    }

    /// Takes over those of a later part of the input.
    pub(super) fn extend(&mut self, later: Self) {
        for diagnostic in later.kept {
            self.push(diagnostic);
        }
        self.more += later.more;
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.kept.iter_mut()
    }

    /// The value if there are none.
    pub(super) fn none_or<T>(self, value: impl FnOnce() -> T) -> Result<T, Self> {
        if self.kept.is_empty() { Ok(value()) } else { Err(self) }
    }

    /// `Ok` if there are none.
    pub(super) fn into_result(self) -> Result<(), IngestError> {
        if self.kept.is_empty() {
            return Ok(());
        }
        Err(IngestError::Rejected { diagnostics: self.kept, more: self.more })
    }
}
