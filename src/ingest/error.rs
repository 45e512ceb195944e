//! What can go wrong around reading: one variant per failed action, the path inside.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

use crate::diagnostic::{Diagnostic, Failure, Text};

/// Why reading ended.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum IngestError {
    /// An argument names no file.
    NothingFound {
        /// The argument as it was typed.
        argument: String,
    },
    /// An argument is no pattern.
    Pattern {
        /// The argument as it was typed.
        argument: String,
        /// Why.
        #[source]
        source: glob::PatternError,
    },
    /// A folder could not be listed.
    List {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be read.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A Parquet file could not be opened or decoded.
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ParquetError,
    },
    /// A column of a Parquet file could not be turned into values.
    Convert {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ArrowError,
    },
    /// The rows for an output could not be put together.
    Columns(#[source] ArrowError),
    /// A file was written to while it was read, or between the two passes over it.
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file has more rows than row numbers can count.
    TooManyRows {
        /// The file.
        path: PathBuf,
    },
    /// The input itself is not usable; the run does not start.
    Rejected {
        /// What is wrong, in file and line order; at most [`IngestError::MAX_DIAGNOSTICS`].
        diagnostics: Vec<Diagnostic>,
        /// How many more there are.
        more: usize,
    },
    /// The user asked to stop.
    Cancelled,
}

impl Failure for IngestError {
    fn text(&self) -> Text {
        match self {
            Self::NothingFound { argument } => Text::new(
                format!("no input file found at `{argument}`: check the path; a pattern must match something"),
                format!("找不到输入文件 `{argument}`：请检查路径；通配模式须能匹配到文件"),
            ),
            Self::Pattern { argument, .. } => {
                Text::new(format!("`{argument}` is not a valid pattern"), format!("`{argument}` 不是有效的通配模式"))
            }
            Self::List { path, .. } => {
                about(path, |path| (format!("could not list {path}"), format!("无法列出 {path}")))
            }
            Self::Open { path, .. } => {
                about(path, |path| (format!("could not open {path}"), format!("无法打开 {path}")))
            }
            Self::Read { path, .. } => {
                about(path, |path| (format!("could not read {path}"), format!("无法读取 {path}")))
            }
            Self::Parquet { path, .. } => about(path, |path| {
                (format!("could not read {path} as Parquet"), format!("无法按 Parquet 格式读取 {path}"))
            }),
            Self::Convert { path, .. } => about(path, |path| {
                (format!("could not convert the columns of {path}"), format!("无法转换 {path} 的列"))
            }),
            Self::Columns(_) => {
                Text::new("could not build the columns of the rows kept whole", "无法生成整行保存记录的各列")
            }
            Self::Changed { path } => about(path, |path| {
                (format!("{path} changed while it was being read"), format!("{path} 在读取过程中被改动"))
            }),
            Self::TooManyRows { path } => about(path, |path| {
                (format!("{path} has more than {} rows", Self::MAX_ROWS), format!("{path} 超过 {} 行", Self::MAX_ROWS))
            }),
            Self::Rejected { diagnostics, more } => {
                let errors = diagnostics.len() + more;
                Text::new(format!("{errors} error(s) in the input files"), format!("输入文件有 {errors} 处错误"))
            }
            Self::Cancelled => Text::new("reading was cancelled", "读取已取消"),
        }
    }
}

/// A text about a path, which is quoted.
fn about(path: &Path, text: impl FnOnce(&str) -> (String, String)) -> Text {
    let (en, zh) = text(&format!("`{}`", path.display()));
    Text { en, zh }
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
