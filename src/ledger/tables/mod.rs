//! The tables of a night beside its outputs: what every settlement moved, and the state it left.
//!
//! `movements.parquet` stands row for row beside `adjudicated.parquet`. The others are states, written for whom the
//! night touched: the newest night that has a person's scheme and year is right about it.

pub mod chosen;
pub mod compact;
pub mod encode;
mod mentions;
pub mod merge;
pub mod open_items;
mod ordered;
pub mod originals;
pub mod read;
pub mod scan;
pub mod schema;

pub use scan::{Asked, OpeningRead, Part, TableError, read_opening};
