//! Columns: every output column's name and type, once, and how they get into a Parquet file.

mod chunk;
pub mod columns;
pub mod findings;
mod packed;
pub mod packing;
mod pages;
pub mod reconciled;
pub mod row_groups;
pub mod schema;
pub mod words;
