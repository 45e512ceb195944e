//! Checks that do not trust what they check: sums are derived again by another path.

pub mod ledger_sums;
pub mod totals;

pub mod delta;
pub mod touched;
