//! How person numbers are shown: options of every command whose outputs people read.

use std::path::PathBuf;

use clap::Args;

use crate::pipeline::RunError;
use crate::pipeline::persons::read_key;
use crate::report::privacy::Persons;

/// By default numbers are masked.
#[derive(Debug, Clone, Args)]
pub(super) struct PersonsArgs {
    /// Show person numbers as they are; by default they are masked in everything people read
    #[arg(long, conflicts_with = "pseudonym_key")]
    reveal: bool,
    /// Show a pseudonym for each person, made with the secret in this file (16 bytes or more); the same key gives the same pseudonyms
    #[arg(long, value_name = "FILE")]
    pseudonym_key: Option<PathBuf>,
}

impl PersonsArgs {
    pub(super) fn persons(&self) -> Result<Persons, RunError> {
        match &self.pseudonym_key {
            Some(path) => Ok(Persons::Pseudonyms(read_key(path)?)),
            None if self.reveal => Ok(Persons::Revealed),
            None => Ok(Persons::Masked),
        }
    }
}
