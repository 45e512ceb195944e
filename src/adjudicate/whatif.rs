//! A settlement computed again with one thing changed, and everything else as it was: the accumulators before it,
//! its account, its rules.
//!
//! `synth` plants wrong payments with it, and the audit names their causes with it: one reading of each cause.

use super::accumulators::{Accumulators, LayerPayment};
use super::resolve::{Context, Resolved};
use super::settle::{Amounts, settle};
use super::trace::Off;
use crate::model::date::Date;
use crate::model::money::{Fen, PPM, Rate};
use crate::model::outcome::{Reason, Reasons};
use crate::model::place::{Filing, Place};
use crate::model::settlement::Claim;
use crate::model::symbol::Sym;
use crate::rules::terms::{Adjustment, Terms};

/// A settlement as it stood when it was computed.
#[derive(Clone, Copy)]
pub struct Stand<'a> {
    /// Rules and institutions.
    pub context: Context<'a>,
    /// The claim.
    pub claim: &'a Claim,
    /// Its rows.
    pub resolved: &'a Resolved<'a>,
    /// The person's accumulators before it.
    pub before: &'a Accumulators,
}

/// The one thing that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The filing.
    Filing(Filing),
    /// The place.
    Place(Place),
    /// The hospital tier.
    Tier(Sym),
    /// The person class.
    Class(Sym),
    /// The visit class.
    Visit(Sym),
    /// No deductible.
    DeductibleNone,
    /// The deductible as if this were the first of the year.
    DeductibleFull,
    /// The ordinal of the admission.
    Nth(u32),
    /// Accumulators at zero; the account keeps its balance.
    YearFresh,
    /// No base caps, pay caps or fund cap.
    CapsIgnored,
    /// The rules of another day.
    RuleDate(Date),
    /// P counted into S.
    PreselfInBase,
    /// Points taken as a factor.
    PointsAsFactor,
    /// A factor taken as points.
    FactorAsPoints,
    /// A layer does not pay.
    LayerSkipped(u32),
    /// Denied, or, where it was denied, covered.
    NotCovered,
}

/// Memory for trials, kept from settlement to settlement so that none allocates.
#[derive(Debug, Default)]
pub struct Bench {
    before: Accumulators,
    fresh: Accumulators,
    layers: Vec<LayerPayment>,
}

impl Bench {
    /// Lays a settlement on the bench.
    pub fn lay<'b, 'a>(&'b mut self, stand: Stand<'a>) -> Trial<'b, 'a> {
        self.before.copy_from(stand.before);
        Trial { stand, bench: self }
    }
}

/// A settlement on the bench.
pub struct Trial<'b, 'a> {
    stand: Stand<'a>,
    bench: &'b mut Bench,
}

impl Trial<'_, '_> {
    /// What a change comes to; `None`: it cannot be made here, or the rules do not answer then.
    pub fn compute(&mut self, change: Change) -> Option<Amounts> {
        let resolved = *self.stand.resolved;
        if !resolved.denied.is_empty() {
            return self.compute_denied(change);
        }
        let terms = terms_of(&resolved)?;
        match change {
            Change::Filing(_) | Change::Place(_) | Change::Tier(_) | Change::Class(_) | Change::Visit(_) => {
                self.rekeyed(change)
            }
            Change::RuleDate(day) => self.on_day(day),
            Change::DeductibleNone => self.run_on(&resolved, &terms.without_deductible()),
            Change::DeductibleFull => self.with_deductible_bucket(|admissions, used| {
                *admissions = 0;
                *used = Fen::ZERO;
            }),
            Change::Nth(ordinal) => {
                self.with_deductible_bucket(|admissions, _| *admissions = ordinal.saturating_sub(1))
            }
            Change::YearFresh => {
                let Bench { fresh, layers, .. } = &mut *self.bench;
                fresh.reset(self.stand.before.balance);
                settled(self.stand.context, self.stand.claim, &resolved, &terms, fresh, layers)
            }
            Change::CapsIgnored => self.run_on(&resolved, &terms.without_caps()),
            Change::PreselfInBase => {
                let mut claim = self.stand.claim.clone();
                claim.bill.in_scope += claim.bill.preself;
                claim.bill.preself = Fen::ZERO;
                let Bench { before, layers, .. } = &mut *self.bench;
                settled(self.stand.context, &claim, &resolved, &terms, before, layers)
            }
            Change::PointsAsFactor => {
                let Adjustment { points, factor } = terms.adjust;
                let factor = factor.times(Rate(PPM - points.0));
                (points != Rate(0)).then(|| self.adjusted(&resolved, terms, Adjustment { points: Rate(0), factor }))?
            }
            Change::FactorAsPoints => {
                let Adjustment { points, factor } = terms.adjust;
                let points = Rate(points.0 + PPM - factor.0);
                (factor != Rate::ONE)
                    .then(|| self.adjusted(&resolved, terms, Adjustment { points, factor: Rate::ONE }))?
            }
            Change::LayerSkipped(layer) => self.run(&Resolved { layer_off: Some(layer), ..resolved }),
            Change::NotCovered => self.denied(),
        }
    }

    /// A denied settlement stays denied, unless it is covered, or only its channel denied it and another is chosen.
    fn compute_denied(&mut self, change: Change) -> Option<Amounts> {
        let by_channel_alone = self.stand.resolved.denied == Reasons::from(Reason::ChannelDenies);
        match change {
            Change::NotCovered => self.run(&self.stand.resolved.clone()),
            Change::Filing(_) | Change::Place(_) | Change::Tier(_) | Change::Class(_) | Change::Visit(_)
                if by_channel_alone =>
            {
                self.rekeyed(change)
            }
            Change::RuleDate(day) if by_channel_alone => self.on_day(day),
            _ => None,
        }
    }

    fn denied(&self) -> Option<Amounts> {
        Amounts::denied(&self.stand.claim.bill).ok()
    }

    /// By the terms of its offer.
    fn run(&mut self, resolved: &Resolved) -> Option<Amounts> {
        self.run_on(resolved, &terms_of(resolved)?)
    }

    /// By these terms.
    fn run_on(&mut self, resolved: &Resolved, terms: &Terms) -> Option<Amounts> {
        let Bench { before, layers, .. } = &mut *self.bench;
        settled(self.stand.context, self.stand.claim, resolved, terms, before, layers)
    }

    /// With other keys, under the rows that they choose.
    fn rekeyed(&mut self, change: Change) -> Option<Amounts> {
        let mut resolved = *self.stand.resolved;
        let keys = &mut resolved.derived.keys;
        match change {
            Change::Filing(filing) => keys.filing = filing,
            Change::Place(place) => keys.place = place,
            Change::Tier(tier) => keys.tier = tier,
            Change::Class(class) => keys.psn_class = class,
            Change::Visit(class) => keys.med_class = class,
            _ => unreachable!("{change:?} is no key"),
        }
        self.rechosen(resolved, self.stand.claim.enddate)
    }

    /// The rows in force on another day, for the same keys. Months, years and accumulators stay those of the claim.
    fn on_day(&mut self, day: Date) -> Option<Amounts> {
        self.rechosen(*self.stand.resolved, day)
    }

    fn rechosen(&mut self, resolved: Resolved, day: Date) -> Option<Amounts> {
        let Resolved { derived, .. } = resolved;
        let offer = self.stand.context.book.offer(derived.pool, self.stand.claim.insutype, derived.keys, day);
        offer.channel_and_benefit()?;
        if offer.denies() {
            return self.denied();
        }
        self.run(&Resolved { offer, ..resolved })
    }

    /// With the rates of its benefit changed in another way.
    fn adjusted(&mut self, resolved: &Resolved, terms: Terms, adjust: Adjustment) -> Option<Amounts> {
        let bands = self.stand.context.book.benefit_of_row(resolved.rows.benefit).bands;
        self.run_on(resolved, &terms.with_rates(bands, adjust))
    }

    /// With another use of the deductible's bucket, which is put back.
    fn with_deductible_bucket(&mut self, change: impl FnOnce(&mut u32, &mut Fen)) -> Option<Amounts> {
        let resolved = *self.stand.resolved;
        let derived = resolved.derived;
        let own = terms_of(&resolved)?.deductible_accumulator;
        let accumulators = &mut self.bench.before;
        let scheme = accumulators.scheme(derived.pool, self.stand.claim.insutype, derived.benefit_year);
        let number = accumulators.bucket(scheme, own);
        let bucket = &mut accumulators.buckets[number];
        let as_it_was = (bucket.admissions, bucket.deductible);
        change(&mut bucket.admissions, &mut bucket.deductible);
        let amounts = self.run(&resolved);
        let bucket = &mut self.bench.before.buckets[number];
        (bucket.admissions, bucket.deductible) = as_it_was;
        amounts
    }
}

/// What it is computed by.
fn terms_of(resolved: &Resolved) -> Option<Terms> {
    resolved.offer.terms(&mut None).copied()
}

/// Accumulators only gain empty places: what a trial leaves is what it found, for the next one.
fn settled(
    context: Context,
    claim: &Claim,
    resolved: &Resolved,
    terms: &Terms,
    accumulators: &mut Accumulators,
    layers: &mut Vec<LayerPayment>,
) -> Option<Amounts> {
    layers.clear();
    let mut amounts = Amounts::default();
    settle(context, claim, resolved, terms, accumulators, &mut amounts, layers, &mut Off).ok().map(|_| amounts)
}
