//! Exact, explained batch adjudication of Chinese medical-insurance settlements.

pub mod adjudicate;
pub mod diagnostic;
pub mod ledger;
pub mod model;
pub mod rules;
pub mod shuffle;
pub mod text;

#[cfg(feature = "app")]
pub mod audit;
#[cfg(feature = "app")]
pub mod cli;
#[cfg(feature = "app")]
pub mod columnar;
#[cfg(feature = "app")]
pub mod compare;
#[cfg(feature = "app")]
pub mod ingest;
#[cfg(feature = "app")]
mod ordered;
#[cfg(feature = "app")]
pub mod pipeline;
#[cfg(feature = "app")]
pub mod publish;
#[cfg(feature = "app")]
pub mod report;
#[cfg(feature = "app")]
pub mod synth;
