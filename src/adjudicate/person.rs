//! Everything of one person, in order: each settlement on the accumulators that the ones before it left.

use hashbrown::HashMap;

use super::accumulators::{Accumulators, LayerPayment, Movement};
use super::resolve::{Context, Derived, RuleRows, resolve};
use super::settle::{Amounts, settle};
use super::trace::{Step, Trace};
use crate::model::outcome::{Reason, Reasons, Status};
use crate::model::reference::PersonFacts;
use crate::model::settlement::{Arenas, Claim, Flags};

/// What became of one claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The status.
    pub status: Status,
    /// Why; empty for a paid or reversed row.
    pub reasons: Reasons,
    /// What it is by the rules; `None` on a pended row.
    pub seen: Option<(Derived, RuleRows)>,
    /// The money; all zero on a pended row.
    pub amounts: Amounts,
    /// What it moved; zero on a denied or pended row.
    movement: Movement,
    /// First of its layer payments in [`Fold::layers`].
    first_layer: u32,
    /// Number of its layer payments.
    layer_count: u16,
    /// An accepted reversal names it.
    is_reversed: bool,
}

/// The results of persons folded one after the other, in the order of their claims.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    /// One for each claim.
    pub outcomes: Vec<Outcome>,
    /// Payments of layers, settlement by settlement.
    pub layers: Vec<LayerPayment>,
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

/// Adjudicates one person's claims, which must stand in the order of (`setl_time`, `setl_id`), and appends an
/// outcome for each to `fold`. `accumulators` must hold the person's opening state and end as the closing one.
#[allow(clippy::too_many_arguments, reason = "what a fold reads, what it moves, what it writes and who listens")]
pub fn fold_person<T: Trace>(
    context: Context,
    arenas: &Arenas,
    facts: &PersonFacts,
    claims: &[Claim],
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    mut trace_of: impl FnMut(usize) -> T,
    mut done: impl FnMut(usize, T),
) {
    let first = fold.outcomes.len();
    let mut index: Option<HashMap<&[u8], usize>> = None;
    for (position, claim) in claims.iter().enumerate() {
        let mut trace = trace_of(position);
        let outcome = if claim.flags.has(Flags::REVERSAL) {
            let name = arenas.init_setl_id(claim.text);
            let earlier = &claims[..position];
            let original = if position < INDEX_FROM {
                earlier.iter().position(|earlier| arenas.setl_id(earlier.text) == name)
            } else {
                let index = index.get_or_insert_with(|| {
                    claims.iter().enumerate().map(|(at, claim)| (arenas.setl_id(claim.text), at)).collect()
                });
                index.get(name).copied().filter(|&at| at < position)
            };
            reverse(context, claims, position, original, first, accumulators, fold, &mut trace)
        } else {
            ordinary(context, facts, claim, accumulators, fold, &mut trace)
        };
        trace.note(|| Step::After { accumulators: Box::new(accumulators.clone()) });
        fold.outcomes.push(outcome);
        done(position, trace);
    }
}

fn pended(reasons: Reasons) -> Outcome {
    Outcome {
        status: Status::Pended,
        reasons,
        seen: None,
        amounts: Amounts::default(),
        movement: Movement::default(),
        first_layer: 0,
        layer_count: 0,
        is_reversed: false,
    }
}

#[inline]
fn ordinary<T: Trace>(
    context: Context,
    facts: &PersonFacts,
    claim: &Claim,
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace: &mut T,
) -> Outcome {
    let resolved = match resolve(context, facts, claim, trace) {
        Ok(resolved) => resolved,
        Err(reasons) => return pended(reasons),
    };
    let seen = Some((resolved.derived, resolved.rows));
    if !resolved.denied.is_empty() {
        trace.note(|| Step::Denied { reasons: resolved.denied });
        return match Amounts::denied(&claim.bill) {
            Ok(amounts) => {
                Outcome { status: Status::Denied, reasons: resolved.denied, seen, amounts, ..pended(Reasons::NONE) }
            }
            Err(reason) => pended(reason.into()),
        };
    }
    let first_layer = fold.layers.len();
    match settle(context, claim, &resolved, accumulators, &mut fold.layers, trace) {
        Ok((amounts, movement)) => {
            accumulators.apply(&movement, &fold.layers[first_layer..]);
            Outcome {
                status: Status::Paid,
                reasons: Reasons::NONE,
                seen,
                amounts,
                movement,
                first_layer: u32::try_from(first_layer).expect("fewer than 2^32 layer payments in one fold"),
                layer_count: u16::try_from(fold.layers.len() - first_layer).expect("fewer than 2^16 layers"),
                is_reversed: false,
            }
        }
        Err(reason) => {
            fold.layers.truncate(first_layer);
            pended(reason.into())
        }
    }
}

/// A reversal: the exact negative of the settlement it names.
#[allow(clippy::too_many_arguments, reason = "the claims, the results so far and where the original stands")]
fn reverse<T: Trace>(
    context: Context,
    claims: &[Claim],
    position: usize,
    original: Option<usize>,
    first: usize,
    accumulators: &mut Accumulators,
    fold: &mut Fold,
    trace: &mut T,
) -> Outcome {
    let claim = &claims[position];
    let pool = |claim: &Claim| context.book.pool_of(claim.insured);
    // Same pool and insurance type, not pended, and no reversal itself.
    let original = original.filter(|&at| {
        let earlier = &claims[at];
        earlier.insutype == claim.insutype
            && pool(earlier) == pool(claim)
            && matches!(fold.outcomes[first + at].status, Status::Paid | Status::Denied)
    });
    let Some(at) = original else { return pended(Reason::ReversalUnknown.into()) };
    let settled = fold.outcomes[first + at];
    let mut reasons = Reasons::NONE;
    if settled.is_reversed {
        reasons.add(Reason::ReversalTwice);
    }
    if !claim.bill.negates(&claims[at].bill) {
        reasons.add(Reason::ReversalAmount);
    }
    if !reasons.is_empty() {
        return pended(reasons);
    }
    trace.note(|| Step::Reversal { original: at });
    if settled.status == Status::Paid {
        accumulators.undo(&settled.movement, fold.layers_of(&settled));
    }
    fold.outcomes[first + at].is_reversed = true;
    Outcome {
        status: Status::Reversed,
        reasons: Reasons::NONE,
        amounts: settled.amounts.negated(),
        movement: Movement::default(),
        is_reversed: false,
        ..settled
    }
}
