//! The one integration-test binary: each further one would link polars again.

mod cli;
mod conformance;
mod explain;
mod files;
mod fixtures;
mod support;
