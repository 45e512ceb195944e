//! What earlier nights left, as a fold asks for it: of one run of persons after the other.

use std::ops::Range;
use std::path::PathBuf;

use super::RunError;
use super::load::Loaded;
use super::night::verified;
use crate::ledger::store::{View, Volume};
use crate::ledger::tables::scan::Numbers;
use crate::ledger::tables::{Asked, Part, read_opening};
use crate::model::money::Fen;

/// A ledger as a night finds it, ready to be asked.
pub(super) struct Earlier<'a> {
    view: View<'a>,
    parts: Vec<Part>,
}

impl<'a> Earlier<'a> {
    /// Every file that will be asked is what its manifest says.
    pub(super) fn of(view: View<'a>) -> Result<Self, RunError> {
        Ok(Self { view, parts: parts(&view)? })
    }

    /// Takes up what was left of the persons of some ranks, in the place of those that were asked for before.
    pub(super) fn open(&self, loaded: &mut Loaded, ranks: Range<usize>) -> Result<(), RunError> {
        // What was in memory goes first.
        (loaded.opening, loaded.recorded) = (None, Vec::new());
        // No chunk is in the making meanwhile: its room is that of a row group.
        let at_a_time = loaded.shares.chunks.min(rayon::current_num_threads());
        let asked = Asked { rows: &loaded.rows, persons: &loaded.persons, ranks: ranks.clone(), at_a_time };
        let mut numbers = Numbers {
            book: &loaded.rules.book,
            insutypes: &mut loaded.unlisted_insutypes,
            accumulators: &mut loaded.unlisted_accumulators,
        };
        let outputs = |number: u32, table: &str| -> Result<PathBuf, RunError> {
            verified(&self.view.nights[number as usize - 1].volume, table)
        };
        let mut read = read_opening(&self.parts, &asked, &mut numbers, &outputs)?;
        let given = loaded.balance_given.get(ranks.clone()).unwrap_or_default();
        let balances = loaded.facts.balances.get_or_insert_with(|| vec![Fen::ZERO; loaded.persons.len()]);
        // A given balance is right about its person, the ledger about the others.
        for (place, known) in read.balances.into_iter().enumerate() {
            if given.get(place) != Some(&true) {
                balances[ranks.start + place] = known.unwrap_or_default();
            }
        }
        read.opening.balance_given = given.to_vec();
        read.opening.open_items = loaded.sources.carried.as_ref().map(|(file, _)| *file);
        loaded.opening = Some(read.opening);
        loaded.recorded = read.recorded;
        Ok(())
    }
}

/// What must be read to know everything, newest first, each file compared with its digest.
///
/// # Errors
/// A file is not what its manifest says.
pub(super) fn parts(view: &View<'_>) -> Result<Vec<Part>, RunError> {
    let part = |night: u32, is_base: bool, volume: &Volume| -> Result<Part, RunError> {
        let files = Part::TABLES.iter().map(|&table| Ok((table, verified(volume, table)?)));
        Ok(Part { night, is_base, files: files.collect::<Result<_, RunError>>()? })
    };
    let (base, nights) = view.parts();
    let newest_first = nights.iter().rev().map(|night| part(night.number, false, &night.volume));
    newest_first.chain(base.map(|base| part(base.through, true, &base.volume))).collect()
}
