//! Comparisons: what a run says of every pool, the same claims under the rules of every pool, and under changed rules.
//!
//! Pure of files: claims and outcomes in, small tables ([`Sheet`](crate::report::sheet::Sheet)) out. Sums are whole fen,
//! so that parts of the rows can be summed on any thread and added up in any order.

pub mod basket;
pub mod observed;
pub mod packs;
pub mod parting;
pub mod population;
pub mod published;
pub mod regions;
pub mod regions_sheets;
pub mod sweep;
