//! Exact, explained batch adjudication of Chinese medical-insurance settlements.

pub mod adjudicate;
pub mod diagnostic;
pub mod ledger;
pub mod model;
pub mod rules;
pub mod shuffle;
pub mod text;

