//! One settlement: from the in-scope cost to what each fund, the account and the person pay.
//!
//! A pure function of the bill, the chosen rows and the accumulators before it. It moves nothing itself:
//! what it would move comes back as a [`Movement`].

use super::accumulators::{Accumulators, LayerPayment, Movement, Positions, Shift, Used};
use super::bands::{self, Adjustment, Segment};
use super::resolve::{Context, Resolved};
use super::trace::{DeductibleFrom, Step, Trace};
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::model::settlement::{Bill, Claim, Flags};
use crate::rules::values::{
    BandBasis, BenefitValue, ChannelValue, DeductibleBasis, LayerValue, NO_CAP, PaysFor, PrepayOrder,
};

/// The computed money of one settlement, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// D, `act_pay_dedc`.
    pub deductible: Fen,
    /// X, the transfer prepayment.
    pub prepay: Fen,
    /// What the base caps took off.
    pub over_base: Fen,
    /// What the payment caps took off, as payment or as expense.
    pub over_cap: Fen,
    /// E, what entered the pool.
    pub pool_base: Fen,
    /// A, `hifp_pay`.
    pub basic: Fen,
    /// Payments of the layers by payer, in the order of [`Payer::ALL`](crate::rules::values::Payer::ALL).
    pub payers: [Fen; 6],
    /// `hosp_part_amt`.
    pub hospital: Fen,
    /// `psn_part_amt`.
    pub person: Fen,
    /// `acct_pay`.
    pub account: Fen,
}

impl Amounts {
    /// No money.
    pub const NONE: Self = Self {
        deductible: Fen::ZERO,
        prepay: Fen::ZERO,
        over_base: Fen::ZERO,
        over_cap: Fen::ZERO,
        pool_base: Fen::ZERO,
        basic: Fen::ZERO,
        payers: [Fen::ZERO; 6],
        hospital: Fen::ZERO,
        person: Fen::ZERO,
        account: Fen::ZERO,
    };

    /// Sum of the layers.
    #[inline]
    #[must_use]
    pub fn layers(&self) -> Fen {
        self.payers.iter().fold(Fen::ZERO, |sum, &paid| sum + paid)
    }

    /// `fund_pay_sumamt`.
    #[inline]
    #[must_use]
    pub fn funds(&self) -> Fen {
        self.basic + self.layers()
    }

    /// `psn_cash_pay`.
    #[inline]
    #[must_use]
    pub fn cash(&self) -> Fen {
        self.person - self.account
    }

    /// The exact negative.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self {
            deductible: -self.deductible,
            prepay: -self.prepay,
            over_base: -self.over_base,
            over_cap: -self.over_cap,
            pool_base: -self.pool_base,
            basic: -self.basic,
            payers: self.payers.map(|paid| -paid),
            hospital: -self.hospital,
            person: -self.person,
            account: -self.account,
        }
    }

    /// The amounts of a denied row: the person pays everything but the hospital's part.
    ///
    /// # Errors
    /// `P-HOSPITAL-PART` when the hospital's part is larger than the bill.
    pub fn denied(bill: &Bill) -> Result<Self, Reason> {
        let person = bill.total - bill.hospital;
        if person < Fen::ZERO {
            return Err(Reason::HospitalPart);
        }
        Ok(Self { hospital: bill.hospital, person, ..Self::default() })
    }
}

/// What enters the pool, and what was borne before it.
struct Entry {
    prepay: Fen,
    base: Fen,
    over_base: Fen,
    deductible: Fen,
    pool_base: Fen,
}

/// The basic fund's payment.
struct Basic {
    amount: Fen,
    over_cap: Fen,
}

/// The burden that layers look at.
struct Burden {
    deductible: Fen,
    coinsurance: Fen,
    over_base: Fen,
    over_cap: Fen,
    prepay: Fen,
    preself: Fen,
}

/// Computes one settlement that is not denied. `amounts`, zero before, receives the money, `layers` what the layers
/// paid.
///
/// # Errors
/// `P-HOSPITAL-PART`: the hospital's part is larger than what the funds leave. What was written is then meaningless.
pub fn settle<T: Trace>(
    context: Context,
    claim: &Claim,
    resolved: &Resolved,
    accumulators: &mut Accumulators,
    amounts: &mut Amounts,
    layers: &mut Vec<LayerPayment>,
    trace: &mut T,
) -> Result<Movement, Reason> {
    let bill = &claim.bill;
    let benefit = resolved.benefit;
    let at = positions(claim, resolved, accumulators);
    let used = accumulators.used(at);
    let entry = enter(bill, resolved, &used, trace);
    let basic = pay_basic(context, bill, resolved, &entry, &used, trace);
    let burden = burden(bill, &entry, &basic);
    trace.note(|| Step::Burden {
        deductible: burden.deductible,
        prepay: burden.prepay,
        over_base: burden.over_base,
        over_cap: burden.over_cap,
        coinsurance: burden.coinsurance,
        preself: burden.preself,
    });
    amounts.deductible = entry.deductible;
    amounts.prepay = entry.prepay;
    amounts.over_base = entry.over_base;
    amounts.over_cap = basic.over_cap;
    amounts.pool_base = entry.pool_base;
    amounts.basic = basic.amount;
    amounts.hospital = bill.hospital;
    let layers_paid = if resolved.offer.has_layers() {
        pay_layers(context, claim, resolved, &burden, accumulators, at.scheme, amounts, layers, trace)
    } else {
        Fen::ZERO
    };
    let funds = basic.amount + layers_paid;
    amounts.person = bill.total - funds - bill.hospital;
    trace.note(|| Step::Person {
        total: bill.total,
        basic: amounts.basic,
        layers: layers_paid,
        hospital: bill.hospital,
        amount: amounts.person,
    });
    if amounts.person < Fen::ZERO {
        return Err(Reason::HospitalPart);
    }
    amounts.account = pay_account(claim, resolved, funds, amounts.person, accumulators.balance, trace);
    let by = Shift {
        admissions: u32::from(resolved.is_admission),
        deductible: entry.deductible,
        base: entry.base,
        pool_base: entry.pool_base,
        paid: basic.amount,
        counted: if benefit.counts_to_fund_cap { basic.amount } else { Fen::ZERO },
        account: amounts.account,
    };
    Ok(Movement { at, by })
}

#[inline(always)]
fn positions(claim: &Claim, resolved: &Resolved, accumulators: &mut Accumulators) -> Positions {
    let benefit = resolved.benefit;
    let scheme = accumulators.scheme(resolved.derived.pool, claim.insutype, resolved.derived.benefit_year);
    let bucket = accumulators.bucket(scheme, benefit.accumulator);
    let deductible_bucket = if benefit.deductible_accumulator == benefit.accumulator {
        bucket
    } else {
        accumulators.bucket(scheme, benefit.deductible_accumulator)
    };
    let month = accumulators.month(bucket, resolved.derived.benefit_year, resolved.month);
    Positions::new(scheme, bucket, deductible_bucket, month)
}

/// Transfer prepayment, base caps, deductible: what is left enters the pool.
#[inline]
fn enter<T: Trace>(bill: &Bill, resolved: &Resolved, used: &Used, trace: &mut T) -> Entry {
    let channel = resolved.channel;
    let mut prepay = Fen::ZERO;
    if channel.prepay_order == Some(PrepayOrder::Before) {
        prepay = channel.prepay_rate.of(bill.in_scope);
        let (rate, base) = (channel.prepay_rate, bill.in_scope);
        trace.note(|| Step::Prepay { order: PrepayOrder::Before, rate, base, amount: prepay });
    }
    let amount = bill.in_scope - prepay;
    let caps = resolved.benefit.base_caps;
    let (used_year, used_month) = (used.base, used.month_base);
    let room = caps.visit.min(room_below(caps.month, used_month)).min(room_below(caps.year, used_year));
    let base = amount.capped_at(room);
    let over_base = amount - base;
    trace.note(|| Step::BaseCaps { amount, caps, used_month, used_year, kept: base, over: over_base });
    let deductible = deductible(bill, resolved, used, base, trace);
    if channel.prepay_order == Some(PrepayOrder::After) {
        prepay = channel.prepay_rate.of(base - deductible);
        let (rate, base) = (channel.prepay_rate, base - deductible);
        trace.note(|| Step::Prepay { order: PrepayOrder::After, rate, base, amount: prepay });
    }
    let taken = if channel.prepay_order == Some(PrepayOrder::After) { prepay } else { Fen::ZERO };
    let pool_base = base - deductible - taken;
    trace.note(|| Step::PoolBase { base, deductible, prepay: taken, amount: pool_base });
    Entry { prepay, base, over_base, deductible, pool_base }
}

/// What a cap leaves; [`NO_CAP`] leaves everything.
#[inline]
fn room_below(cap: Fen, used: Fen) -> Fen {
    if cap == NO_CAP { NO_CAP } else { cap.minus(used).or_zero() }
}

/// D: the standard, by ordinal or by the channel, less what the year has used, held below cap and base.
#[inline]
fn deductible<T: Trace>(bill: &Bill, resolved: &Resolved, used: &Used, base: Fen, trace: &mut T) -> Fen {
    let (benefit, channel) = (resolved.benefit, resolved.channel);
    let ordinal = used.admissions + 1;
    let (basis, from, before_factor) = deductible_standard(bill, benefit, channel, ordinal);
    let standard = channel.deductible_factor.map_or(before_factor, |factor| factor.of(before_factor));
    let due = match basis {
        DeductibleBasis::Year => standard.minus(used.deductible).or_zero(),
        _ => standard,
    };
    let amount = due.min(room_below(benefit.deductible_cap_year, used.deductible)).min(base);
    if basis != DeductibleBasis::None {
        trace.note(|| Step::Deductible {
            basis,
            ordinal,
            from,
            factor: channel.deductible_factor,
            standard,
            used: used.deductible,
            cap_year: benefit.deductible_cap_year,
            base,
            amount,
        });
    }
    amount
}

/// The deductible before factor, use and caps, and by what it is counted; zero by nothing where there is none.
#[inline]
fn deductible_standard(
    bill: &Bill,
    benefit: &BenefitValue,
    channel: &ChannelValue,
    ordinal: u32,
) -> (DeductibleBasis, DeductibleFrom, Fen) {
    // A channel's own deductible works as basis `visit` where the benefit has none.
    let basis = match benefit.deductible_basis {
        DeductibleBasis::None => DeductibleBasis::Visit,
        basis => basis,
    };
    if let Some(amount) = channel.deductible {
        return (basis, DeductibleFrom::ChannelAmount, amount);
    }
    if let Some(rate) = channel.deductible_rate {
        let (least, most) = (channel.deductible_min, channel.deductible_max);
        let amount = rate.of(bill.total).max(least).min(most);
        return (basis, DeductibleFrom::ChannelRate { rate, least, most }, amount);
    }
    let place = match benefit.deductible_basis {
        DeductibleBasis::Visit => (ordinal as usize).min(benefit.deductibles.len()) - 1,
        _ => 0,
    };
    let amount = match benefit.deductible_basis {
        DeductibleBasis::None => Fen::ZERO,
        _ => benefit.deductibles[place],
    };
    (benefit.deductible_basis, DeductibleFrom::Benefit, amount)
}

/// Bands, floor and caps.
#[inline]
fn pay_basic<T: Trace>(
    context: Context,
    bill: &Bill,
    resolved: &Resolved,
    entry: &Entry,
    used: &Used,
    trace: &mut T,
) -> Basic {
    let (benefit, channel) = (resolved.benefit, resolved.channel);
    let bands = context.book.bands(benefit.bands);
    let adjust = Adjustment { points: channel.rate_points, factor: channel.rate_factor };
    let from = match benefit.band_basis {
        BandBasis::VisitNet => Fen::ZERO,
        BandBasis::VisitGross => entry.deductible,
        BandBasis::YearNet => used.pool_base,
        BandBasis::YearGross => used.base.plus(entry.deductible),
    };
    let mut computed = bands::pay(bands, adjust, from, entry.pool_base);
    trace.note(|| Step::Bands {
        basis: benefit.band_basis,
        from,
        to: from.plus(entry.pool_base),
        points: adjust.points,
        factor: adjust.factor,
        segments: bands::segments(bands, adjust, from, entry.pool_base).collect(),
        amount: computed,
    });
    if let Some(rate) = benefit.floor_rate {
        let limit = bill.in_scope - entry.prepay - entry.over_base;
        computed = computed.max(limit.min(rate.of(bill.in_scope)));
        trace.note(|| Step::Floor { rate, limit, amount: computed });
    }
    let caps = benefit.pay_caps;
    let Used { paid: paid_year, month_paid: paid_month, counted, .. } = *used;
    let fund_cap = if benefit.counts_to_fund_cap {
        benefit.fund_cap_year.unwrap_or(resolved.scheme.fund_cap_year)
    } else {
        NO_CAP
    };
    let room = caps
        .visit
        .min(room_below(caps.month, paid_month))
        .min(room_below(caps.year, paid_year))
        .min(room_below(fund_cap, counted));
    let amount = computed.capped_at(room);
    let mut over_cap = computed - amount;
    if benefit.over_cap_as_expense && over_cap > Fen::ZERO {
        over_cap = bands::expense_over_cap(bands, adjust, from, entry.pool_base, amount).unwrap_or(over_cap);
    }
    trace.note(|| Step::PayCaps { computed, caps, paid_month, paid_year, fund_cap, counted, amount, over: over_cap });
    Basic { amount, over_cap }
}

/// The parts of the in-scope cost that the basic fund did not pay.
#[inline]
fn burden(bill: &Bill, entry: &Entry, basic: &Basic) -> Burden {
    let left = bill.in_scope - basic.amount - entry.prepay - entry.over_base - basic.over_cap;
    // A floor payment reaches into the deductible: what is left of the cost is deductible, none is coinsurance.
    let deductible = entry.deductible.min(left);
    assert!(deductible >= Fen::ZERO, "burden below zero: {left:?} left of {:?}", bill.in_scope);
    Burden {
        deductible,
        coinsurance: left - deductible,
        over_base: entry.over_base,
        over_cap: basic.over_cap,
        prepay: entry.prepay,
        preself: bill.preself,
    }
}

impl Burden {
    /// Sum of the parts a layer looks at.
    #[inline]
    fn included(&self, layer: &LayerValue) -> Fen {
        // In the order of the bits; written out, as this runs for every layer.
        let part = |bit: u8, part: Fen| if layer.includes.0 & (1 << bit) != 0 { part } else { Fen::ZERO };
        part(0, self.deductible)
            + part(1, self.coinsurance)
            + part(2, self.over_base)
            + part(3, self.over_cap)
            + part(4, self.prepay)
            + part(5, self.preself)
    }
}

/// The layers above the basic fund, in the order of their numbers; what they pay together.
#[allow(clippy::too_many_arguments, reason = "what a layer looks at and what it writes, each once")]
#[inline(never)]
fn pay_layers<T: Trace>(
    context: Context,
    claim: &Claim,
    resolved: &Resolved,
    burden: &Burden,
    accumulators: &Accumulators,
    scheme: u32,
    amounts: &mut Amounts,
    layers: &mut Vec<LayerPayment>,
    trace: &mut T,
) -> Fen {
    let first = layers.len();
    let mut paid_so_far = Fen::ZERO;
    for chosen in resolved.offer.layers() {
        let layer = chosen.value;
        if resolved.layer_off == Some(layer.layer) {
            continue;
        }
        let used = accumulators.layers.iter().find(|used| used.scheme == scheme as usize && used.layer == layer.layer);
        let (base_before, paid_before) = used.map_or((Fen::ZERO, Fen::ZERO), |used| (used.base, used.paid));
        let included = burden.included(layer);
        let taken_off = match &layer.minus {
            None => paid_so_far,
            Some(minus) => layers[first..]
                .iter()
                .filter(|earlier| minus.contains(&earlier.layer))
                .fold(Fen::ZERO, |sum, earlier| sum + earlier.paid),
        };
        let base = (included - taken_off).or_zero();
        let from = if layer.by_year { base_before } else { Fen::ZERO };
        let bands = context.book.bands(layer.bands);
        let computed = bands::pay(bands, Adjustment::NONE, from, base);
        let mut amount = computed.min(layer.pay_cap_visit).min(room_below(layer.pay_cap_year, paid_before)).min(base);
        if layer.minus.is_some() {
            // Layers that do not look at each other could pay one yuan twice.
            let left = claim.bill.in_scope + claim.bill.preself - amounts.basic - paid_so_far;
            amount = amount.min(left);
        }
        let amount = amount.or_zero();
        trace.note(|| Step::Layer {
            row: chosen.row,
            layer: layer.layer,
            payer: layer.payer,
            included,
            taken_off,
            base,
            from,
            segments: segments_of(bands, from, base),
            computed,
            cap_visit: layer.pay_cap_visit,
            cap_year: layer.pay_cap_year,
            paid_year: paid_before,
            amount,
        });
        paid_so_far += amount;
        amounts.payers[layer.payer as usize] += amount;
        layers.push(LayerPayment { row: chosen.row, layer: layer.layer, base, paid: amount });
    }
    paid_so_far
}

fn segments_of(bands: &[crate::rules::values::Band], from: Fen, base: Fen) -> Vec<Segment> {
    bands::segments(bands, Adjustment::NONE, from, base).collect()
}

/// What the personal account takes of the person's part.
#[inline]
fn pay_account<T: Trace>(
    claim: &Claim,
    resolved: &Resolved,
    funds: Fen,
    person: Fen,
    balance: Fen,
    trace: &mut T,
) -> Fen {
    let rule = resolved.offer.account();
    let shut = rule.is_some_and(|rule| rule.value.uses_flag) && claim.flags.has(Flags::ACCOUNT_NOT_USED);
    let pays_for = rule.map_or(PaysFor::None, |rule| rule.value.pays_for);
    let in_scope = (claim.bill.in_scope + claim.bill.preself - funds).or_zero();
    // By place: which of them it is cannot be guessed.
    let allowed = [Fen::ZERO, in_scope, person][if shut { PaysFor::None } else { pays_for } as usize];
    // Nothing of an account that has nothing: one in three has something, so asking first costs more than computing.
    let amount = balance.min(allowed).min(person).or_zero();
    if balance > Fen::ZERO {
        trace.note(|| Step::Account { row: rule.map(|rule| rule.row), pays_for, allowed, balance, amount });
    }
    amount
}
