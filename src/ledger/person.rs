//! One person at a time, out of the rows of a run: for whoever needs more of a settlement than its outcome.

use super::fold::{Aside, keep_first_of_each, sort_entries};
use super::opening::Opening;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::opening::Earlier;
use crate::adjudicate::person::{Fold, fold_person};
use crate::adjudicate::resolve::Context;
use crate::adjudicate::trace::Trace;
use crate::model::reference::Facts;
use crate::model::settlement::Claim;
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
        let Source { rows, persons, opening, .. } = source;
        self.kept.clear();
        self.claims.clear();
        self.aside.refused.clear();
        self.aside.replaced.clear();
        keep_first_of_each(rows, persons.entries_of(person as usize), opening, &mut self.kept, &mut self.aside);
        sort_entries(rows, &mut self.kept);
        let claim = |entry: &Entry| rows.claims[entry.batch as usize][entry.index as usize].clone();
        self.claims.extend(self.kept.iter().map(claim));
    }

    /// Folds the person on the desk, on the state that earlier nights left.
    pub fn fold<T: Trace>(
        &mut self,
        source: Source,
        person: u32,
        trace_of: impl FnMut(usize) -> T,
        done: impl FnMut(usize, T),
    ) {
        let Source { context, facts, rows, opening, .. } = source;
        let facts = facts.of(person);
        let usage = opening.map_or(&[][..], |opening| opening.usage.of(person));
        let originals = opening.map_or(&[][..], |opening| opening.originals.of(person));
        let balances = opening.map_or(Vec::new(), |opening| opening.balances_before(person, &self.claims));
        let earlier = Earlier { originals, balances: &balances };
        self.fold.clear();
        self.accumulators.open(facts.balance.unwrap_or_default(), usage);
        let (claims, accumulators, fold) = (&self.claims, &mut self.accumulators, &mut self.fold);
        fold_person(context, &rows.arenas, &facts, earlier, claims, accumulators, fold, trace_of, done);
    }
}
