//! The tables by person, as they are given: each read if there is one, for whoever takes its rows.

use std::path::PathBuf;

use super::{Inputs, RunError};
use crate::ingest::reference::{self, Lookup, Take};
use crate::ingest::{self, InputFile, InputPath, ReadOptions};
use crate::model::reference::{Enrolment, FilingRecord, Mark};
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;

/// What tables are read with.
pub(super) struct Tables<'a> {
    /// Their paths.
    pub inputs: &'a Inputs,
    /// The words of the rules.
    pub book: &'a RuleBook,
    /// Insurance types of the claims that the rules do not name.
    pub unlisted_insutypes: &'a [Box<str>],
    /// How files are read.
    pub options: &'a ReadOptions<'a>,
}

/// The files of a table; `None`: it was not given.
type Given = Result<Option<Vec<InputFile>>, RunError>;

fn given(path: &Option<PathBuf>) -> Result<Option<Vec<InputPath>>, RunError> {
    Ok(path.as_ref().map(|path| ingest::expand(&[path])).transpose()?)
}

impl Tables<'_> {
    /// Spans of cover.
    pub(super) fn enrolments<P: Send>(&self, who: Lookup<'_, P>, take: Take<'_, P, Enrolment>) -> Given {
        let Some(files) = given(&self.inputs.reference.enrolments)? else { return Ok(None) };
        let pool = |place| self.book.pool_of(place);
        let insutype = |word: &str| self.insutype(word);
        Ok(Some(reference::read_enrolments(&files, who, &pool, &insutype, self.options, take)?))
    }

    /// Filings.
    pub(super) fn filings<P: Send>(&self, who: Lookup<'_, P>, take: Take<'_, P, FilingRecord>) -> Given {
        let Some(files) = given(&self.inputs.reference.filings)? else { return Ok(None) };
        Ok(Some(reference::read_filings(&files, &self.book.vocab, who, self.options, take)?))
    }

    /// Marks.
    pub(super) fn marks<P: Send>(&self, who: Lookup<'_, P>, take: Take<'_, P, Mark>) -> Given {
        let Some(files) = given(&self.inputs.reference.marks)? else { return Ok(None) };
        Ok(Some(reference::read_marks(&files, &self.book.vocab, who, self.options, take)?))
    }

    fn insutype(&self, word: &str) -> Insutype {
        let listed = self.book.vocab.insutype.find(word.as_bytes());
        if listed != Sym::OTHER {
            return Insutype(listed.0);
        }
        let number = self.unlisted_insutypes.iter().position(|unlisted| **unlisted == *word);
        // A type that neither the rules nor the claims have is covered by nothing.
        number.map_or(Insutype(u32::MAX), |number| Insutype(Insutype::UNLISTED + number as u32))
    }
}
