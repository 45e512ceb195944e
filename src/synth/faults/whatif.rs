//! A settlement computed again by the kernel with one thing changed, and everything else as it was.

use crate::adjudicate::accumulators::{Accumulators, LayerPayment};
use crate::adjudicate::resolve::{Context, Resolved};
use crate::adjudicate::settle::{Amounts, settle};
use crate::adjudicate::trace::Off;
use crate::model::date::Date;
use crate::model::money::{Fen, PPM, Rate};
use crate::model::place::{Filing, Place};
use crate::model::settlement::Claim;
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;
use crate::rules::values::{BenefitValue, Caps, ChannelValue, DeductibleBasis, NO_CAP, SchemeValue};

/// A settlement as it stood when it was computed.
#[derive(Clone, Copy)]
pub(in crate::synth) struct Stand<'a> {
    /// Rules and institutions.
    pub(in crate::synth) context: Context<'a>,
    /// The claim.
    pub(in crate::synth) claim: &'a Claim,
    /// Its rows.
    pub(in crate::synth) resolved: &'a Resolved<'a>,
    /// The person's accumulators before it.
    pub(in crate::synth) before: &'a Accumulators,
}

/// The one thing that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
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
}

impl Change {
    /// What the change comes to; `None`: it cannot be made, or the rules do not answer then.
    pub(super) fn compute(self, stand: &Stand) -> Option<Amounts> {
        let (book, keys) = (stand.context.book, stand.resolved.derived.keys);
        match self {
            Self::Filing(filing) => rekeyed(stand, |resolved| resolved.derived.keys.filing = filing),
            Self::Place(place) => rekeyed(stand, |resolved| resolved.derived.keys.place = place),
            Self::Tier(tier) => rekeyed(stand, |resolved| resolved.derived.keys.tier = tier),
            Self::Class(class) => rekeyed(stand, |resolved| resolved.derived.keys.psn_class = class),
            Self::Visit(class) => rekeyed(stand, |resolved| resolved.derived.keys.med_class = class),
            Self::DeductibleNone => {
                let benefit =
                    BenefitValue { deductible_basis: DeductibleBasis::None, ..stand.resolved.benefit.clone() };
                let channel =
                    ChannelValue { deductible: None, deductible_rate: None, ..stand.resolved.channel.clone() };
                run(stand, stand.claim, &Resolved { benefit: &benefit, channel: &channel, ..*stand.resolved }, |_| ())
            }
            Self::DeductibleFull => with_deductible_bucket(stand, |admissions, used| {
                *admissions = 0;
                *used = Fen::ZERO;
            }),
            Self::Nth(ordinal) => with_deductible_bucket(stand, |admissions, _| *admissions = ordinal - 1),
            Self::YearFresh => run(stand, stand.claim, stand.resolved, |accumulators| {
                accumulators.reset(accumulators.balance);
            }),
            Self::CapsIgnored => {
                let none = Caps { visit: NO_CAP, month: NO_CAP, year: NO_CAP };
                let benefit = BenefitValue {
                    base_caps: none,
                    pay_caps: none,
                    fund_cap_year: None,
                    ..stand.resolved.benefit.clone()
                };
                let scheme = SchemeValue { fund_cap_year: NO_CAP, ..stand.resolved.scheme.clone() };
                run(stand, stand.claim, &Resolved { benefit: &benefit, scheme: &scheme, ..*stand.resolved }, |_| ())
            }
            Self::RuleDate(day) => {
                let (pool, insutype) = (stand.resolved.derived.pool, stand.claim.insutype);
                let scheme = book.scheme(pool, insutype, day)?;
                let channel = book.channel(pool, insutype, keys, day)?;
                let benefit = book.benefit(pool, insutype, keys, day)?;
                // Layers and the account are looked up by the claim's own day.
                let claim = Claim { enddate: day, ..stand.claim.clone() };
                let resolved = Resolved {
                    scheme: scheme.value,
                    channel: channel.value,
                    benefit: benefit.value,
                    ..*stand.resolved
                };
                run(stand, &claim, &resolved, |_| ())
            }
            Self::PreselfInBase => {
                let mut claim = stand.claim.clone();
                claim.bill.in_scope += claim.bill.preself;
                claim.bill.preself = Fen::ZERO;
                run(stand, &claim, stand.resolved, |_| ())
            }
            Self::PointsAsFactor => {
                let channel = stand.resolved.channel;
                let factor = channel.rate_factor.times(Rate(PPM - channel.rate_points.0));
                let changed = ChannelValue { rate_points: Rate(0), rate_factor: factor, ..channel.clone() };
                (channel.rate_points != Rate(0)).then(|| with_channel(stand, &changed))?
            }
            Self::FactorAsPoints => {
                let channel = stand.resolved.channel;
                let points = Rate(channel.rate_points.0 + PPM - channel.rate_factor.0);
                let changed = ChannelValue { rate_points: points, rate_factor: Rate::ONE, ..channel.clone() };
                (channel.rate_factor != Rate::ONE).then(|| with_channel(stand, &changed))?
            }
        }
    }
}

/// Computes with rules in which a layer pays nothing.
pub(super) fn without_layer(stand: &Stand, skipping: &RuleBook) -> Option<Amounts> {
    let context = Context { book: skipping, ..stand.context };
    run(&Stand { context, ..*stand }, stand.claim, stand.resolved, |_| ())
}

/// Computes a denied settlement as if it were covered.
pub(super) fn covered(stand: &Stand) -> Option<Amounts> {
    run(stand, stand.claim, stand.resolved, |_| ())
}

fn run(stand: &Stand, claim: &Claim, resolved: &Resolved, change: impl FnOnce(&mut Accumulators)) -> Option<Amounts> {
    let mut accumulators = stand.before.clone();
    change(&mut accumulators);
    let mut layers: Vec<LayerPayment> = Vec::new();
    let mut amounts = Amounts::default();
    settle(stand.context, claim, resolved, &mut accumulators, &mut amounts, &mut layers, &mut Off).ok()?;
    Some(amounts)
}

fn with_channel(stand: &Stand, channel: &ChannelValue) -> Option<Amounts> {
    run(stand, stand.claim, &Resolved { channel, ..*stand.resolved }, |_| ())
}

/// With other keys, under the rows that they choose.
fn rekeyed(stand: &Stand, change: impl FnOnce(&mut Resolved)) -> Option<Amounts> {
    let book = stand.context.book;
    let mut resolved = *stand.resolved;
    change(&mut resolved);
    let (pool, insutype, day) = (resolved.derived.pool, stand.claim.insutype, stand.claim.enddate);
    let channel = book.channel(pool, insutype, resolved.derived.keys, day)?;
    if channel.value.deny {
        return None;
    }
    resolved.channel = channel.value;
    resolved.benefit = book.benefit(pool, insutype, resolved.derived.keys, day)?.value;
    run(stand, stand.claim, &resolved, |_| ())
}

/// With another use of the deductible's bucket.
fn with_deductible_bucket(stand: &Stand, change: impl FnOnce(&mut u32, &mut Fen)) -> Option<Amounts> {
    let derived = stand.resolved.derived;
    let name = stand.resolved.benefit.deductible_accumulator;
    run(stand, stand.claim, stand.resolved, |accumulators| {
        let scheme = accumulators.scheme(derived.pool, stand.claim.insutype, derived.benefit_year);
        let bucket = accumulators.bucket(scheme, name);
        let bucket = &mut accumulators.buckets[bucket];
        change(&mut bucket.admissions, &mut bucket.deductible);
    })
}
