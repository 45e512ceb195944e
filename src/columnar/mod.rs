//! Columns: every output column's name and type, once.

pub mod schema;
