//! What leaves the program: Parquet, CSV, the manifest, and everything people read.

pub mod adjudicated;
pub mod audit_page;
pub mod balance;
pub mod compaction;
pub mod compared;
pub mod explain;
pub mod explain_steps;
pub mod finding;
pub mod findings;
pub mod ledger;
pub mod night;
pub mod overview;
pub mod page;
pub mod person;
pub mod privacy;
pub mod provinces;
pub mod reconciled;
pub mod replay;
mod rule_words;
pub mod rules_changed;
pub mod rules_diff;
pub mod sample;
pub mod sheet;
pub mod show;
pub mod summary;
pub mod words;
pub mod workbook;
