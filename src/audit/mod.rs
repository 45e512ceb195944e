//! Checks that do not trust what they check: sums are derived again by another path. And the comparison of what was
//! computed with what was paid, and the findings on both.

pub mod cause;
pub mod delta;
pub mod details;
mod exact;
pub mod findings;
pub mod ledger_sums;
mod met;
pub mod overview;
pub mod paid_side;
pub mod reconciled_totals;
pub mod sample;
pub mod totals;
pub mod touched;
