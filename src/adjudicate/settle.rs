//! One settlement: from the in-scope cost to what each fund, the account and the person pay.
//!
//! A pure function of the bill, the chosen rows and the accumulators before it. It moves nothing itself:
//! what it would move comes back as a [`Movement`].

use super::accumulators::{Accumulators, LayerPayment, Movement, Positions, Shift, Used};
use super::bands::{self, Segment};
use super::resolve::{Context, Resolved};
use super::trace::{Step, Trace};
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::model::settlement::{Bill, Claim, Flags};
use crate::rules::book::RuleBook;
use crate::rules::terms::{Adjustment, Terms};
use crate::rules::values::{BandBasis, DeductibleBasis, LayerValue, NO_CAP, PaysFor, PrepayOrder};

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

/// Computes one settlement that is not denied, by the terms of its offer or by others. `amounts`, zero before, receives
/// the money, `layers` what the layers paid.
///
/// # Errors
/// `P-HOSPITAL-PART`: the hospital's part is larger than what the funds leave. What was written is then meaningless.
#[allow(
    clippy::too_many_arguments,
    reason = "what a settlement turns on, what it moves, what it writes and who listens"
)]
#[inline(always)]
pub fn settle<T: Trace>(
    context: Context,
    claim: &Claim,
    resolved: &Resolved,
    terms: &Terms,
    accumulators: &mut Accumulators,
    amounts: &mut Amounts,
    layers: &mut Vec<LayerPayment>,
    trace: &mut T,
) -> Result<Movement, Reason> {
    let bill = &claim.bill;
    let book = context.book;
    let at = positions(claim, resolved, terms, accumulators);
    let used = accumulators.used(at);
    let entry = enter(bill, terms, &used, trace);
    let basic = pay_basic(book, bill, terms, &entry, &used, trace);
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
        pay_layers(book, claim, resolved, &burden, accumulators, at.scheme, amounts, layers, trace)
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
    amounts.account = pay_account(claim, resolved, terms, funds, amounts.person, accumulators.balance, trace);
    let by = Shift {
        admissions: u32::from(resolved.is_admission),
        deductible: entry.deductible,
        base: entry.base,
        pool_base: entry.pool_base,
        paid: basic.amount,
        counted: if terms.counts_to_fund_cap { basic.amount } else { Fen::ZERO },
        account: amounts.account,
    };
    Ok(Movement { at, by })
}

#[inline(always)]
fn positions(claim: &Claim, resolved: &Resolved, terms: &Terms, accumulators: &mut Accumulators) -> Positions {
    let scheme = accumulators.scheme(resolved.derived.pool, claim.insutype, resolved.derived.benefit_year);
    let bucket = accumulators.bucket(scheme, terms.accumulator);
    let deductible_bucket = if terms.deductible_accumulator == terms.accumulator {
        bucket
    } else {
        accumulators.bucket(scheme, terms.deductible_accumulator)
    };
    let month = accumulators.month(bucket, resolved.derived.benefit_year, resolved.month);
    Positions::new(scheme, bucket, deductible_bucket, month)
}

/// Transfer prepayment, base caps, deductible: what is left enters the pool.
#[inline(always)]
fn enter<T: Trace>(bill: &Bill, terms: &Terms, used: &Used, trace: &mut T) -> Entry {
    let mut prepay = Fen::ZERO;
    if terms.prepay_order == Some(PrepayOrder::Before) {
        prepay = terms.prepay_rate.of(bill.in_scope);
        let (rate, base) = (terms.prepay_rate, bill.in_scope);
        trace.note(|| Step::Prepay { order: PrepayOrder::Before, rate, base, amount: prepay });
    }
    let amount = bill.in_scope - prepay;
    let caps = terms.base_caps;
    let (used_year, used_month) = (used.base, used.month_base);
    let room = caps.visit.min(room_below(caps.month, used_month)).min(room_below(caps.year, used_year));
    let base = amount.capped_at(room);
    let over_base = amount - base;
    trace.note(|| Step::BaseCaps { amount, caps, used_month, used_year, kept: base, over: over_base });
    let deductible = deductible(bill, terms, used, base, trace);
    if terms.prepay_order == Some(PrepayOrder::After) {
        prepay = terms.prepay_rate.of(base - deductible);
        let (rate, base) = (terms.prepay_rate, base - deductible);
        trace.note(|| Step::Prepay { order: PrepayOrder::After, rate, base, amount: prepay });
    }
    let taken = if terms.prepay_order == Some(PrepayOrder::After) { prepay } else { Fen::ZERO };
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
#[inline(always)]
fn deductible<T: Trace>(bill: &Bill, terms: &Terms, used: &Used, base: Fen, trace: &mut T) -> Fen {
    let standard = terms.deductible(bill.total, used.admissions);
    let borne = if terms.deductible_basis == DeductibleBasis::Year { used.deductible } else { Fen::ZERO };
    let due = standard.minus(borne).or_zero();
    let amount = due.min(room_below(terms.deductible_cap_year, used.deductible)).min(base);
    if terms.deductible_basis != DeductibleBasis::None {
        trace.note(|| Step::Deductible {
            basis: terms.deductible_basis,
            ordinal: used.admissions + 1,
            from: terms.deductible_from,
            factor: terms.deductible_factor,
            standard,
            used: used.deductible,
            cap_year: terms.deductible_cap_year,
            base,
            amount,
        });
    }
    amount
}

/// Bands, floor and caps.
#[inline(always)]
fn pay_basic<T: Trace>(
    book: &RuleBook,
    bill: &Bill,
    terms: &Terms,
    entry: &Entry,
    used: &Used,
    trace: &mut T,
) -> Basic {
    let (bands, adjust) = (book.bands(terms.bands), terms.adjust_left());
    let from = match terms.band_basis {
        BandBasis::VisitNet => Fen::ZERO,
        BandBasis::VisitGross => entry.deductible,
        BandBasis::YearNet => used.pool_base,
        BandBasis::YearGross => used.base.plus(entry.deductible),
    };
    let mut computed = bands::pay(bands, adjust, from, entry.pool_base);
    trace.note(|| Step::Bands {
        basis: terms.band_basis,
        from,
        to: from.plus(entry.pool_base),
        points: terms.adjust.points,
        factor: terms.adjust.factor,
        segments: bands::segments(bands, adjust, from, entry.pool_base).collect(),
        amount: computed,
    });
    if let Some(rate) = terms.floor_rate {
        let limit = bill.in_scope - entry.prepay - entry.over_base;
        computed = computed.max(limit.min(rate.of(bill.in_scope)));
        trace.note(|| Step::Floor { rate, limit, amount: computed });
    }
    let (caps, fund_cap) = (terms.pay_caps, terms.fund_cap_year);
    let Used { paid: paid_year, month_paid: paid_month, counted, .. } = *used;
    let room = caps
        .visit
        .min(room_below(caps.month, paid_month))
        .min(room_below(caps.year, paid_year))
        .min(room_below(fund_cap, counted));
    let amount = computed.capped_at(room);
    let mut over_cap = computed - amount;
    if terms.over_cap_as_expense && over_cap > Fen::ZERO {
        over_cap = bands::expense_over_cap(bands, adjust, from, entry.pool_base, amount).unwrap_or(over_cap);
    }
    trace.note(|| Step::PayCaps { computed, caps, paid_month, paid_year, fund_cap, counted, amount, over: over_cap });
    Basic { amount, over_cap }
}

/// The parts of the in-scope cost that the basic fund did not pay.
#[inline(always)]
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
    book: &RuleBook,
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
        let bands = book.bands(layer.bands);
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
#[inline(always)]
fn pay_account<T: Trace>(
    claim: &Claim,
    resolved: &Resolved,
    terms: &Terms,
    funds: Fen,
    person: Fen,
    balance: Fen,
    trace: &mut T,
) -> Fen {
    let pays_for = terms.pays_for;
    let shut = terms.account_uses_flag && claim.flags.has(Flags::ACCOUNT_NOT_USED);
    let in_scope = (claim.bill.in_scope + claim.bill.preself - funds).or_zero();
    // By place: which of them it is cannot be guessed.
    let allowed = [Fen::ZERO, in_scope, person][if shut { PaysFor::None } else { pays_for } as usize];
    // Nothing of an account that has nothing: one in three has something, so asking first costs more than computing.
    let amount = balance.min(allowed).min(person).or_zero();
    if balance > Fen::ZERO {
        let row = || resolved.offer.account().map(|rule| rule.row);
        trace.note(|| Step::Account { row: row(), pays_for, allowed, balance, amount });
    }
    amount
}
