//! Everything of one person, in order: each settlement on the accumulators that the ones before it left.

use hashbrown::HashMap;

use super::accumulators::{Accumulators, LayerPayment, Movement, Positions, Shift};
use super::opening::{Earlier, Original};
use super::resolve::{AsIf, Context, Derived, Resolved, RuleRows, resolve, resolve_as};
use super::settle::{Amounts, settle};
use super::trace::{Step, Trace};
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Reasons, Status};
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::reference::PersonFacts;
use crate::model::settlement::{Arenas, Bill, Claim, Flags};

/// What became of one claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The status.
    pub status: Status,
    /// Why; empty for a paid or reversed row.
    pub reasons: Reasons,
    /// What it is by the rules; `None` on a pended row, and on a reversal of an [`Original`].
    pub seen: Option<(Derived, RuleRows)>,
    /// The [`Original`] that it reverses, by its number.
    pub original: Option<u32>,
    /// The money; all zero on a pended row.
    pub amounts: Amounts,
    /// Where it moved the accumulators.
    at: Positions,
    /// S2, which is not among the amounts.
    base: Fen,
    /// First of its layer payments in [`Fold::layers`].
    first_layer: u32,
    /// Number of its layer payments.
    layer_count: u16,
    /// An accepted reversal names it.
    is_reversed: bool,
    /// It moved the accumulators, or, as a reversal, took that back.
    has_moved: bool,
    /// It counts as an admission.
    is_admission: bool,
    /// Its basic payment counts to the fund cap.
    is_counted: bool,
}

/// The results of persons folded one after the other, in the order of their claims.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    /// One for each claim.
    pub outcomes: Vec<Outcome>,
    /// Payments of layers, settlement by settlement.
    pub layers: Vec<LayerPayment>,
}

impl Outcome {
    /// Whether an accepted reversal names the settlement.
    #[must_use]
    pub const fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    /// What it moved, or, on a reversal, took back; `None` on a denied or pended row and on a reversal of a denied one.
    #[must_use]
    pub fn movement(&self) -> Option<Movement> {
        if !self.has_moved {
            return None;
        }
        let amounts = if self.status == Status::Reversed { self.amounts.negated() } else { self.amounts };
        let by = Shift {
            admissions: self.is_admission.into(),
            deductible: amounts.deductible,
            base: self.base,
            pool_base: amounts.pool_base,
            paid: amounts.basic,
            counted: if self.is_counted { amounts.basic } else { Fen::ZERO },
            account: amounts.account,
        };
        Some(Movement { at: self.at, by })
    }

    /// Keeps of a movement what its amounts do not say.
    #[inline]
    fn keep(&mut self, movement: &Movement) {
        let Movement { at, by } = *movement;
        self.at = at;
        self.base = by.base;
        self.has_moved = true;
        self.is_admission = by.admissions > 0;
        self.is_counted = by.counted == by.paid;
    }

    /// What it is under its own pool, where that pool answers: it paid, or its channel alone denied.
    ///
    /// # Errors
    /// Why it stands out of every comparison: pended, or denied for want of cover or designation.
    pub fn standing(&self) -> Result<(Place, Filing), Reasons> {
        let answered = self.status == Status::Paid || self.reasons == Reason::ChannelDenies.into();
        match self.seen {
            Some((derived, _)) if answered => Ok((derived.keys.place, derived.keys.filing)),
            _ => Err(self.reasons),
        }
    }
}

impl Fold {
    /// The layer payments of an outcome.
    #[inline]
    #[must_use]
    pub fn layers_of(&self, outcome: &Outcome) -> &[LayerPayment] {
        let first = outcome.first_layer as usize;
        &self.layers[first..first + usize::from(outcome.layer_count)]
    }

    /// Forgets the results, keeps the memory.
    pub fn clear(&mut self) {
        self.outcomes.clear();
        self.layers.clear();
    }
}

/// Claims of a person at which looking an original up by number starts to pay for an index.
const INDEX_FROM: usize = 64;

/// Adjudicates one person's claims, which must stand in the order of (`setl_time`, `setl_id`), each number once, and appends
/// an outcome for each to `fold`. `accumulators` must hold the person's opening state and end as the closing one.
#[allow(clippy::too_many_arguments, reason = "what a fold reads, what it moves, what it writes and who listens")]
pub fn fold_person<T: Trace>(
    context: Context,
    arenas: &Arenas,
    facts: &PersonFacts,
    before: Earlier,
    claims: &[Claim],
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace_of: impl FnMut(usize) -> T,
    done: impl FnMut(usize, T),
) {
    let rows_of = |_: usize, claim: &Claim, trace: &mut T| resolve(context, facts, claim, trace);
    fold_with(context, arenas, before, claims, accumulators, fold, rows_of, trace_of, done);
}

/// The same claims under the rules of another pool. `standing` says what place and filing a settlement keeps, or why it
/// stays out: then it is pended for those reasons and moves nothing. Reversals take back what the other pool paid.
#[allow(clippy::too_many_arguments, reason = "what a fold reads, what it moves, what it writes and who listens")]
pub fn fold_person_as<T: Trace>(
    context: Context,
    arenas: &Arenas,
    facts: &PersonFacts,
    claims: &[Claim],
    pool: Admdvs,
    standing: impl Fn(usize) -> Result<(Place, Filing), Reasons>,
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace_of: impl FnMut(usize) -> T,
    done: impl FnMut(usize, T),
) {
    let rows_of = |position: usize, claim: &Claim, trace: &mut T| {
        let (place, filing) = standing(position)?;
        resolve_as(context, facts, claim, AsIf { pool, place, filing }, trace)
    };
    fold_with(context, arenas, Earlier::default(), claims, accumulators, fold, rows_of, trace_of, done);
}

/// The fold itself; `rows_of` finds the rows of the ordinary settlement at a position.
#[allow(clippy::too_many_arguments, reason = "what a fold reads, what it moves, what it writes and who listens")]
#[inline(always)]
fn fold_with<'a, T: Trace>(
    context: Context<'a>,
    arenas: &Arenas,
    before: Earlier,
    claims: &[Claim],
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    mut rows_of: impl FnMut(usize, &Claim, &mut T) -> Result<Resolved<'a>, Reasons>,
    mut trace_of: impl FnMut(usize) -> T,
    mut done: impl FnMut(usize, T),
) {
    let first = fold.outcomes.len();
    let mut index: Option<HashMap<&[u8], usize>> = None;
    let mut balances = before.balances.iter().peekable();
    // Filled in where they stand: an outcome is large, and nearly every claim is an ordinary one.
    claims.chunks(BLANK.len()).for_each(|some| fold.outcomes.extend_from_slice(&BLANK[..some.len()]));
    for (position, claim) in claims.iter().enumerate() {
        while let Some((_, balance)) = balances.next_if(|(at, _)| *at == position) {
            accumulators.balance = balance.or_zero();
        }
        let mut trace = trace_of(position);
        trace.note(|| Step::Before { accumulators: Box::new(accumulators.clone()) });
        if claim.flags.has(Flags::REVERSAL) {
            let name = arenas.init_setl_id(claim.text);
            let is_named = |earlier: &Claim| arenas.setl_id(earlier.text) == name;
            let until_now = &claims[..position];
            let original = if position < INDEX_FROM {
                // Texts lie far away, bills do not: the claim whose bill is taken back is nearly always the one.
                let is_likely = |earlier: &Claim| claim.bill.negates(&earlier.bill) && is_named(earlier);
                until_now.iter().position(is_likely).or_else(|| until_now.iter().position(is_named))
            } else {
                let index = index.get_or_insert_with(|| {
                    claims.iter().enumerate().map(|(at, claim)| (arenas.setl_id(claim.text), at)).collect()
                });
                index.get(name).copied().filter(|&at| at < position)
            };
            fold.outcomes[first + position] = match original {
                Some(at) => reverse(context, claims, position, at, first, accumulators, fold, &mut trace),
                None => match before.originals.iter().find(|original| *original.setl_id == *name) {
                    Some(original) => reverse_earlier(context, claim, original, first, accumulators, fold, &mut trace),
                    None => pended(Reason::ReversalUnknown.into()),
                },
            };
        } else {
            let resolved = rows_of(position, claim, &mut trace);
            let Fold { outcomes, layers } = &mut *fold;
            ordinary(context, claim, &resolved, accumulators, &mut outcomes[first + position], layers, &mut trace);
        }
        trace.note(|| Step::After { accumulators: Box::new(accumulators.clone()) });
        done(position, trace);
    }
}

/// Outcomes to be filled in, as they are copied fastest.
static BLANK: [Outcome; 8] = [pended(Reasons::NONE); 8];

#[inline(always)]
const fn pended(reasons: Reasons) -> Outcome {
    Outcome {
        status: Status::Pended,
        reasons,
        seen: None,
        original: None,
        amounts: Amounts::NONE,
        at: Positions::NONE,
        base: Fen::ZERO,
        first_layer: 0,
        layer_count: 0,
        is_reversed: false,
        has_moved: false,
        is_admission: false,
        is_counted: false,
    }
}

/// An ordinary settlement; its outcome stands there as one that is pended for no reason.
// Never: as `resolve`.
#[inline(never)]
fn ordinary<T: Trace>(
    context: Context,
    claim: &Claim,
    resolved: &Result<Resolved, Reasons>,
    accumulators: &mut Accumulators,
    outcome: &mut Outcome,
    layers: &mut Vec<LayerPayment>,
    trace: &mut T,
) {
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(reasons) => {
            outcome.reasons = *reasons;
            return;
        }
    };
    if !resolved.denied.is_empty() {
        trace.note(|| Step::Denied { reasons: resolved.denied });
        match Amounts::denied(&claim.bill) {
            Ok(amounts) => {
                outcome.status = Status::Denied;
                outcome.reasons = resolved.denied;
                outcome.seen = Some((resolved.derived, resolved.rows));
                outcome.amounts = amounts;
            }
            Err(reason) => outcome.reasons = reason.into(),
        }
        return;
    }
    let first_layer = layers.len();
    let mut own = None;
    let terms = resolved.offer.terms(&mut own).expect("a settlement with rows has terms");
    match settle(context, claim, resolved, terms, accumulators, &mut outcome.amounts, layers, trace) {
        Ok(movement) => {
            accumulators.apply(&movement, &layers[first_layer..]);
            outcome.status = Status::Paid;
            outcome.seen = Some((resolved.derived, resolved.rows));
            outcome.keep(&movement);
            outcome.first_layer = u32::try_from(first_layer).expect("fewer than 2^32 layer payments in one fold");
            outcome.layer_count = u16::try_from(layers.len() - first_layer).expect("fewer than 2^16 layers");
        }
        Err(reason) => {
            layers.truncate(first_layer);
            *outcome = pended(reason.into());
        }
    }
}

/// A reversal: the exact negative of the settlement it names.
#[allow(clippy::too_many_arguments, reason = "the claims, the results so far and where the original stands")]
fn reverse<T: Trace>(
    context: Context,
    claims: &[Claim],
    position: usize,
    at: usize,
    first: usize,
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace: &mut T,
) -> Outcome {
    let claim = &claims[position];
    let pool = |claim: &Claim| context.book.pool_of(claim.insured);
    let settled = fold.outcomes[first + at];
    let earlier = &claims[at];
    // Same pool and insurance type, not pended, and no reversal itself.
    if earlier.insutype != claim.insutype
        || pool(earlier) != pool(claim)
        || !matches!(settled.status, Status::Paid | Status::Denied)
    {
        return pended(Reason::ReversalUnknown.into());
    }
    let refused = refusals(settled.is_reversed, claim, &earlier.bill);
    if !refused.is_empty() {
        return pended(refused);
    }
    trace.note(|| Step::Reversal { original: at });
    if let Some(movement) = &settled.movement() {
        accumulators.undo(movement, fold.layers_of(&settled));
    }
    fold.outcomes[first + at].is_reversed = true;
    Outcome {
        status: Status::Reversed,
        reasons: Reasons::NONE,
        amounts: settled.amounts.negated(),
        is_reversed: false,
        ..settled
    }
}

/// Why an original that is there cannot be reversed.
fn refusals(is_reversed: bool, claim: &Claim, original: &Bill) -> Reasons {
    let mut reasons = Reasons::NONE;
    if is_reversed {
        reasons.add(Reason::ReversalTwice);
    }
    if !claim.bill.negates(original) {
        reasons.add(Reason::ReversalAmount);
    }
    reasons
}

/// A reversal of a settlement of an earlier fold.
fn reverse_earlier<T: Trace>(
    context: Context,
    claim: &Claim,
    original: &Original,
    first: usize,
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace: &mut T,
) -> Outcome {
    if original.insutype != claim.insutype || original.pool != context.book.pool_of(claim.insured) {
        return pended(Reason::ReversalUnknown.into());
    }
    let reversed_here = fold.outcomes[first..].iter().any(|outcome| outcome.original == Some(original.number));
    let refused = refusals(original.is_reversed || reversed_here, claim, &original.bill);
    if !refused.is_empty() {
        return pended(refused);
    }
    trace.note(|| Step::ReversalOfEarlier { original: original.number });
    let first_layer = u32::try_from(fold.layers.len()).expect("fewer than 2^32 layer payments in one fold");
    fold.layers.extend_from_slice(&original.layers);
    let movement = original.moved.as_ref().map(|moved| accumulators.placed(moved));
    if let Some(movement) = &movement {
        accumulators.undo(movement, &original.layers);
    }
    let mut outcome = Outcome {
        status: Status::Reversed,
        original: Some(original.number),
        amounts: original.amounts.negated(),
        first_layer,
        layer_count: u16::try_from(original.layers.len()).expect("fewer than 2^16 layers"),
        ..pended(Reasons::NONE)
    };
    movement.iter().for_each(|movement| outcome.keep(movement));
    assert_eq!(outcome.movement(), movement, "settlement {} moved what it paid", original.number);
    outcome
}
