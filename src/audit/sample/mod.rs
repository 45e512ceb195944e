//! Audit sampling: a seeded draw from the settlements of a run, which anybody can repeat, and what the errors that an
//! auditor found in it say of all of them.
//!
//! Chance is SHA-256 of seed and settlement number, not a generator: the draw depends on neither order nor program.

mod draw;
pub mod evaluate;
mod strata;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Failure, Text};
use crate::ledger::tables::TableError;
use crate::report::sample::Sums;

pub use draw::draw;

/// How settlements are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Money-unit sampling: every fen has the same chance, systematically from a random start.
    Mus,
    /// So many from each stratum.
    Stratified,
    /// Every settlement has the same chance.
    Random,
}

impl Method {
    /// The word of the command line and of `sample.json`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mus => "mus",
            Self::Stratified => "stratified",
            Self::Random => "random",
        }
    }
}

/// What strata are made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrataBy {
    /// Ranges of the measured amount with about the same money in each, and one for settlements without any.
    Amount(u32),
    /// Equal values of columns of `adjudicated.parquet`.
    Columns(Vec<&'static str>),
}

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How.
    pub method: Method,
    /// By what, where the method is by strata.
    pub strata: StrataBy,
    /// The money column that is audited.
    pub measure: &'static str,
    /// How many are drawn.
    pub size: u32,
    /// What the draw is repeated with.
    pub seed: u64,
}

/// A part of the population that is drawn from by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// What its settlements have in common.
    pub name: String,
    /// All of them.
    pub all: Sums,
    /// How many were drawn.
    pub drawn: u64,
}

/// A settlement that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Its row in `adjudicated.parquet`, from 0.
    pub row: u64,
    /// Its number.
    pub setl_id: String,
    /// Number of its stratum, from 0.
    pub stratum: u32,
    /// How many of the drawn money units are its own; 1 where settlements are drawn.
    pub hits: u32,
    /// It is so large that every draw has it.
    pub certain: bool,
    /// The measured amount.
    pub book_fen: i64,
}

/// A draw, as `sample.json` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How.
    pub method: Method,
    /// The audited column.
    pub measure: String,
    /// The seed.
    pub seed: u64,
    /// How many were asked for.
    pub size: u32,
    /// What was drawn from.
    pub population: Sums,
    /// Settlements in which the measured amount is 0; part of the population but where money units are drawn.
    pub zero: Sums,
    /// Reversals and other negative amounts, which are no part of it.
    pub credits: Sums,
    /// Strata; one where there are none.
    pub strata: Vec<Stratum>,
    /// The settlements, in the order of their rows.
    pub drawn: Vec<Drawn>,
}

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum SampleError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// There are not as many settlements as were asked for.
    TooFew {
        /// As many as there are.
        settlements: u64,
        /// As many as were asked for.
        size: u32,
    },
    /// A stratum needs at least two.
    TooManyStrata {
        /// Strata.
        strata: usize,
        /// As many as were asked for.
        size: u32,
    },
}

impl Failure for SampleError {
    fn text(&self) -> Text {
        match self {
            Self::Table(error) => error.text(),
            Self::TooFew { settlements, size } => Text::new(
                format!(
                    "{size} were asked for, and only {settlements} settlements can be drawn: name a smaller --size"
                ),
                format!("要求抽取 {size} 笔，而可抽取的结算仅 {settlements} 笔：请减小 --size"),
            ),
            Self::TooManyStrata { strata, size } => Text::new(
                format!(
                    "{strata} strata need at least {} settlements, and {size} were asked for: name a larger --size or \
                     fewer strata",
                    2 * strata
                ),
                format!("{strata} 层至少需抽取 {} 笔，而要求抽取 {size} 笔：请增大 --size 或减少分层", 2 * strata),
            ),
        }
    }
}
