//! Everything about one person meets in one place: rows of all batches grouped by `psn_no`, persons in the
//! byte order of their numbers, each person's rows in the total order (`setl_time`, `setl_id`).
//!
//! What does not fit the memory goes to the disk first: persons in ranges of their numbers, one range after the
//! other in memory.

pub mod group;
#[cfg(feature = "app")]
pub mod order;
#[cfg(feature = "app")]
pub mod ranges;
#[cfg(feature = "app")]
pub mod records;
#[cfg(feature = "app")]
pub mod shelf;
