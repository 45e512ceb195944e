//! Exact, explained batch adjudication of Chinese medical-insurance settlements.

pub mod adjudicate;
pub mod diagnostic;
pub mod model;
pub mod rules;
pub mod text;

