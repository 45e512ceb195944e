//! From grouped rows to adjudicated persons, in parallel, with the same result at any number of threads.

pub mod fold;
pub mod opening;
#[cfg(feature = "app")]
pub mod tables;
