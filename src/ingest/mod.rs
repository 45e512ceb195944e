//! Claims and reference tables from CSV, TSV and Parquet into typed rows; every bad row is quarantined.
//!
//! ```text
//! PATH arguments --paths--> files --open: headings resolved, wrong files refused before anything runs-->
//!   text_file: blocks cut at line ends  \
//!                                        >-- pipeline: parsed in parallel, handed on in file and row order -->
//!   parquet_file: slices of row groups  /
//!     claims: accepted rows as model::settlement::Claim, the rest as Reject (check: the R- reasons of one row)
//!     reference: enrolments, filings, institutions, marks, accounts
//! recall: a second, sparse pass for the rows that are written out whole
//! ```
//!
//! Wrong data is a value ([`reject::Reject`], [`crate::diagnostic::Diagnostic`]); a failing world is an
//! [`IngestError`].

mod cache;
mod cell;
mod check;
mod claim_columns;
pub mod claims;
pub mod columns;
pub mod error;
mod national;
pub mod notes;
mod open;
pub mod paid;
pub mod paper;
mod parquet_file;
mod parquet_hints;
mod parquet_values;
pub mod paths;
pub mod pended;
mod pipeline;
pub mod recall;
pub mod reference;
mod reference_rows;
pub mod reject;
mod source;
mod text_file;
mod zip;

#[cfg(test)]
mod tests;

pub use claims::{Border, ClaimBatch, Ghost, read_claims};
pub use columns::Column;
pub use error::IngestError;
pub use open::InputFile;
pub use paths::{FileFormat, InputPath, absolute, expand};
pub use pended::PendedColumns;
pub use pipeline::ReadOptions;
pub use recall::{Recalled, Value, recall};
pub use reject::{Problem, Reject};
