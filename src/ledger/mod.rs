//! From grouped rows to adjudicated persons, in parallel, with the same result at any number of threads; and the
//! store of all nights before.

pub mod fold;
pub mod opening;
pub mod person;
#[cfg(feature = "app")]
pub mod store;
#[cfg(feature = "app")]
pub mod tables;
