//! The kernel: one settlement, one person. Pure: no I/O, clock, threads or floats. The same function serves
//! run, explain, causes and comparison.

pub mod accumulators;
pub mod bands;
pub mod opening;
pub mod person;
pub mod resolve;
pub mod settle;
pub mod trace;
pub mod whatif;
