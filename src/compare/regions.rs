//! As if: the same claims under the rules of every pool. The people keep their claims, the rules change.
//!
//! What a settlement was under its own pool decides whether it is compared, where it was relative to home and by what
//! filing; the other pool's tables decide the rest. Accumulators are folded anew under every pool, reversals with them,
//! and the claims of each own pool by themselves, so that a pool under its own rules is the run itself.

use hashbrown::HashMap;

use super::population::{Bills, Outside, Paid, REASONS, add_all, count, is_reversed};
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::{Fold, Outcome, fold_person_as};
use crate::adjudicate::trace::Off;
use crate::ledger::person::{Desk, Source};
use crate::model::outcome::{Reasons, Status};
use crate::model::place::Admdvs;
use crate::model::settlement::{Claim, Insutype};

/// Persons of a pool under the rules of a pool. Both sides are of the same settlements: those that both answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Their bills.
    pub bills: Bills,
    /// Paid under the own pool.
    pub own: Paid,
    /// Paid under the other one.
    pub as_if: Paid,
    /// Settlements that the other pool does not answer.
    pub unanswered: u64,
    /// Why; a settlement may have several reasons.
    pub by_reason: [u64; REASONS],
}

impl Default for Pair {
    fn default() -> Self {
        Self {
            bills: Bills::default(),
            own: Paid::default(),
            as_if: Paid::default(),
            unanswered: 0,
            by_reason: [0; REASONS],
        }
    }
}

impl Pair {
    /// Adds the settlements of another part.
    pub fn merge(&mut self, other: &Self) {
        self.bills.merge(&other.bills);
        self.own.merge(&other.own);
        self.as_if.merge(&other.as_if);
        self.unanswered += other.unanswered;
        add_all(&mut self.by_reason, &other.by_reason);
    }
}

/// How many settlements leave the person what share of the bill, by tenths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread(Vec<u64>);

impl Default for Spread {
    fn default() -> Self {
        Self(vec![0; 1_001])
    }
}

impl Spread {
    fn add(&mut self, person: i64, total: i64) {
        if total > 0 {
            let tenths = i128::from(person) * 1_000 / i128::from(total);
            self.0[tenths.clamp(0, 1_000) as usize] += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        add_all(&mut self.0, &other.0);
    }

    /// The share at a rank, in millionths, by nearest rank, rounded down to a tenth of a percent.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<i64> {
        let all: u64 = self.0.iter().sum();
        let rank = (all * percent).div_ceil(100).max(1);
        let mut below = 0;
        let at = self.0.iter().position(|&count| {
            below += count;
            below >= rank
        });
        at.map(|tenths| tenths as i64 * 1_000)
    }
}

/// Whose settlements: their insurance type and own pool.
pub type Insured = (Insutype, Admdvs);

/// The claims of a run under every pool.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// The pools whose rules are asked.
    pub pools: Vec<Admdvs>,
    numbers: HashMap<Insured, usize>,
    /// Row by row of the insured, one pair for each pool.
    pairs: Vec<Vec<Pair>>,
    /// Spread under each pool, by insurance type.
    spreads: HashMap<Insutype, Vec<Spread>>,
    /// Settlements that are compared.
    pub compared: u64,
    /// Rows that are not.
    pub outside: Outside,
}

impl Regions {
    /// Nothing yet.
    #[must_use]
    pub fn new(pools: &[Admdvs]) -> Self {
        Self { pools: pools.to_owned(), ..Self::default() }
    }

    /// Adds another part of the persons.
    pub fn merge(&mut self, other: Self) {
        for (insured, number) in other.numbers {
            let own = self.number(insured);
            self.pairs[own].iter_mut().zip(&other.pairs[number]).for_each(|(ours, theirs)| ours.merge(theirs));
        }
        for (insutype, spreads) in other.spreads {
            let ours = self.spreads.entry(insutype).or_insert_with(|| vec![Spread::default(); self.pools.len()]);
            ours.iter_mut().zip(&spreads).for_each(|(ours, theirs)| ours.merge(theirs));
        }
        self.compared += other.compared;
        self.outside.merge(&other.outside);
    }

    fn number(&mut self, insured: Insured) -> usize {
        let pools = self.pools.len();
        let next = self.pairs.len();
        let number = *self.numbers.entry(insured).or_insert(next);
        if number == next {
            self.pairs.push(vec![Pair::default(); pools]);
        }
        number
    }

    /// The pairs of everybody insured somewhere, in a fixed order: one for each pool.
    pub fn rows(&self) -> impl Iterator<Item = (Insured, &[Pair])> {
        let mut all: Vec<(Insured, usize)> = self.numbers.iter().map(|(&insured, &number)| (insured, number)).collect();
        all.sort_unstable();
        all.into_iter().map(|(insured, number)| (insured, &self.pairs[number][..]))
    }

    /// The spread of the person's share under each pool, over everybody of an insurance type.
    #[must_use]
    pub fn spreads(&self, insutype: Insutype) -> &[Spread] {
        self.spreads.get(&insutype).map_or(&[], Vec::as_slice)
    }
}

/// Memory for persons, kept from one to the next.
#[derive(Debug, Default)]
pub struct Worker {
    desk: Desk,
    fold: Fold,
    accumulators: Accumulators,
    /// Own pool and row of the pairs of each claim that is compared.
    homes: Vec<Option<(Admdvs, usize)>>,
    /// The own pools among them, each once.
    own_pools: Vec<Admdvs>,
}

impl Worker {
    /// Takes a person into the comparison.
    pub fn add(&mut self, source: Source, person: u32, regions: &mut Regions) {
        self.desk.lay(source, person);
        self.desk.fold(source, person, |_| Off, |_, _| ());
        let Self { desk, homes, own_pools, .. } = self;
        regions.outside.refused += desk.aside.refused.iter().filter(|row| !row.was_rejected).count() as u64;
        let own = &desk.fold.outcomes;
        homes.clear();
        homes.extend(desk.claims.iter().zip(own).map(|(claim, outcome)| take(claim, outcome, source, regions)));
        own_pools.clear();
        own_pools.extend(homes.iter().flatten().map(|(own_pool, _)| *own_pool));
        own_pools.sort_unstable();
        own_pools.dedup();
        // Nearly always there is one. Who moved is two persons: what was used up stayed behind in the run, too.
        for home in 0..self.own_pools.len() {
            for pool in 0..regions.pools.len() {
                self.add_under(source, person, self.own_pools[home], pool, regions);
            }
        }
    }

    /// The claims of an own pool under a pool.
    fn add_under(&mut self, source: Source, person: u32, home: Admdvs, pool: usize, regions: &mut Regions) {
        let Self { desk, fold, accumulators, homes, .. } = self;
        let own = &desk.fold.outcomes;
        let (facts, arenas) = (source.facts.of(person), &source.rows.arenas);
        let (context, claims, code) = (source.context, &desk.claims, regions.pools[pool]);
        // What is reversed later is not compared, and moves the year until it is.
        let standing = |position: usize| match context.book.pool_of(claims[position].insured) == home {
            true => own[position].standing(),
            false => Err(Reasons::NONE),
        };
        accumulators.reset(facts.balance.unwrap_or_default());
        fold.clear();
        fold_person_as(context, arenas, &facts, claims, code, standing, accumulators, fold, |_| Off, |_, _| ());
        for (position, outcome) in fold.outcomes.iter().enumerate() {
            let Some((_, number)) = homes[position].filter(|(own_pool, _)| *own_pool == home) else { continue };
            let claim = &claims[position];
            let pair = &mut regions.pairs[number][pool];
            if outcome.status == Status::Pended {
                pair.unanswered += 1;
                count(&mut pair.by_reason, outcome.reasons);
                continue;
            }
            pair.bills.add(&claim.bill);
            pair.own.add(&own[position].amounts);
            pair.as_if.add(&outcome.amounts);
            let spreads = regions.spreads.get_mut(&claim.insutype).expect("made when the claim was taken");
            spreads[pool].add(outcome.amounts.person.0, claim.bill.total.0);
        }
    }
}

/// The own pool of a claim, and the row of pairs that it counts in; `None`: it is not compared.
fn take(claim: &Claim, outcome: &Outcome, source: Source, regions: &mut Regions) -> Option<(Admdvs, usize)> {
    if is_reversed(claim, outcome) {
        regions.outside.reversed += 1;
        return None;
    }
    if let Err(reasons) = outcome.standing() {
        regions.outside.add(outcome.status, reasons);
        return None;
    }
    regions.compared += 1;
    let pools = regions.pools.len();
    regions.spreads.entry(claim.insutype).or_insert_with(|| vec![Spread::default(); pools]);
    let own_pool = source.context.book.pool_of(claim.insured);
    Some((own_pool, regions.number((claim.insutype, own_pool))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_have_percentiles() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50), None);
        for person in [0, 100, 250, 1_000] {
            spread.add(person, 1_000);
        }
        assert_eq!([10, 50, 90].map(|p| spread.percentile(p)), [Some(0), Some(100_000), Some(1_000_000)]);
        spread.add(5, 0);
        assert_eq!(spread.percentile(100), Some(1_000_000), "a bill of nothing has no share");
    }
}
