//! One person at a time, out of the rows of a run: for whoever needs more of a settlement than its outcome.

use super::fold::{Aside, claim, keep_first_of_each, sort_entries};
use super::opening::Opening;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::opening::Earlier;
use crate::adjudicate::person::{Fold, fold_person};
use crate::adjudicate::resolve::Context;
use crate::adjudicate::trace::Trace;
use crate::model::reference::Facts;
use crate::model::settlement::{Arenas, Claim};
use crate::shuffle::group::{Entry, Persons, Rows};

/// The rows of a run, and what they are folded with.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Rules and institutions.
    pub context: Context<'a>,
    /// Facts by person.
    pub facts: &'a Facts,
    /// The rows.
    pub rows: &'a Rows,
    /// By person.
    pub persons: &'a Persons,
    /// What earlier nights left.
    pub opening: Option<&'a Opening>,
}

/// Persons whose rows are fetched together, as they are folded one after the other.
const PERSONS_TOGETHER: u32 = 32;
/// Rows that are fetched together at most: they stay in a core's cache until they are folded.
const ROWS_TOGETHER: usize = 512;

impl Source<'_> {
    /// A person's rows that are adjudicated, in the total order, into `kept`; the others into `aside`.
    pub fn keep(&self, person: u32, kept: &mut Vec<Entry>, aside: &mut Aside) {
        kept.clear();
        if person.is_multiple_of(PERSONS_TOGETHER) {
            self.rows.fetch(self.persons.entries_from(person, PERSONS_TOGETHER, ROWS_TOGETHER));
        }
        keep_first_of_each(self.rows, self.persons.entries_of(person as usize), self.opening, kept, aside);
        sort_entries(self.rows, kept);
    }

    /// The claims of entries.
    pub fn claims_of(&self, entries: &[Entry]) -> impl Iterator<Item = Claim> {
        entries.iter().map(|&entry| claim(self.rows, entry).clone())
    }

    /// Folds a person's claims, whose text lies in `arenas`, on the state that earlier nights left, and appends their
    /// outcomes to `fold`; `accumulators` end as the closing state.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "a person's claims, what becomes of them, and who looks on")]
    pub fn fold<T: Trace>(
        &self,
        person: u32,
        claims: &[Claim],
        arenas: &Arenas,
        accumulators: &mut Accumulators,
        fold: &mut Fold,
        trace_of: impl FnMut(usize) -> T,
        done: impl FnMut(usize, T),
    ) {
        let facts = self.facts.of(person);
        let usage = self.opening.map_or(&[][..], |opening| opening.usage_of(person));
        let originals = self.opening.map_or(&[][..], |opening| opening.originals_of(person));
        let balances = self.opening.map_or(Vec::new(), |opening| opening.balances_before(person, claims));
        let earlier = Earlier { originals, balances: &balances };
        accumulators.open(facts.balance.unwrap_or_default(), usage);
        fold_person(self.context, arenas, &facts, earlier, claims, accumulators, fold, trace_of, done);
    }
}

/// A person's claims, and what the kernel makes of them; its memory is kept from person to person.
#[derive(Debug, Default)]
pub struct Desk {
    /// Claims that are adjudicated, in the total order.
    pub claims: Vec<Claim>,
    /// Their entries.
    pub kept: Vec<Entry>,
    /// Rows that are not.
    pub aside: Aside,
    /// Outcomes of the claims.
    pub fold: Fold,
    accumulators: Accumulators,
}

impl Desk {
    /// Lays a person's rows on the desk.
    pub fn lay(&mut self, source: Source, person: u32) {
        self.claims.clear();
        self.aside.refused.clear();
        self.aside.replaced.clear();
        source.keep(person, &mut self.kept, &mut self.aside);
        self.claims.extend(source.claims_of(&self.kept));
    }

    /// Folds the person on the desk, on the state that earlier nights left.
    pub fn fold<T: Trace>(
        &mut self,
        source: Source,
        person: u32,
        trace_of: impl FnMut(usize) -> T,
        done: impl FnMut(usize, T),
    ) {
        self.fold.clear();
        let arenas = &source.rows.arenas;
        source.fold(person, &self.claims, arenas, &mut self.accumulators, &mut self.fold, trace_of, done);
    }
}
