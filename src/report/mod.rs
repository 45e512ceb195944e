//! What leaves the program: Parquet, CSV, the manifest, and everything people read.

pub mod adjudicated;
pub mod balance;
pub mod explain;
mod explain_steps;
pub mod kept;
pub mod manifest;
pub mod publish;
pub mod summary;
pub mod words;
