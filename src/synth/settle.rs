//! One person's settlements, settled by the kernel; and some of them then paid wrongly.

use super::World;
use super::faults::payments::Case;
use super::faults::{OnlyIf, Planted};
use super::persons::{Person, Record};
use super::row::{Row, SETL_ID_LEN, paid, paid_by_person};
use super::visits::Visits;
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::opening::Earlier;
use crate::adjudicate::person::{Fold, Outcome, fold_person};
use crate::adjudicate::resolve::{Context, resolve};
use crate::adjudicate::trace::{Off, Step, Trace};
use crate::adjudicate::whatif::{Bench, Stand};
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Place;
use crate::model::settlement::{Arenas, Claim, TextRef};

/// What is kept from person to person, so that nothing is allocated for each.
pub(super) struct Desk {
    /// The person's record.
    pub(super) record: Record,
    /// The person's settlements; broken ones stand last once they are settled.
    pub(super) own: Vec<Row>,
    /// Outcomes, of those that are not broken.
    pub(super) fold: Fold,
    claims: Vec<Claim>,
    arenas: Arenas,
    accumulators: Accumulators,
    bench: Bench,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            record: Record::default(),
            own: Vec::new(),
            fold: Fold::default(),
            claims: Vec::new(),
            arenas: Arenas(vec![Vec::new()]),
            accumulators: Accumulators::default(),
            bench: Bench::default(),
        }
    }
}

/// Keeps the accumulators behind a settlement.
#[derive(Default)]
struct Behind(Option<Box<Accumulators>>);

impl Trace for Behind {
    fn note(&mut self, make: impl FnOnce() -> Step) {
        if let Step::After { accumulators } = make() {
            self.0 = Some(accumulators);
        }
    }
}

impl Desk {
    /// Settles the person's rows and writes what was paid into them.
    pub(super) fn settle(&mut self, world: &World, who: &Person, visits: &mut Visits) {
        self.own.sort_unstable_by_key(|row| (row.broken.is_some(), row.claim.setl_time, row.id));
        self.lay_out();
        self.fold(world, None);
        let whole = self.own.len();
        let (sound, broken) = self.own.split_at_mut(self.claims.len());
        for (row, outcome) in sound.iter_mut().zip(&self.fold.outcomes) {
            row.paid = paid(&row.claim.bill, outcome, has_account(world, &row.claim));
        }
        for row in broken {
            let twin = sound.iter().find(|twin| twin.id == row.id);
            row.paid = twin.map_or_else(|| paid_by_person(&row.claim.bill), |twin| twin.paid);
        }
        if visits.faults.is_some() && whole > 0 {
            self.note_quirks(who, visits);
            self.check_planted(world, visits);
            self.pay_wrongly(world, who, visits);
        }
    }

    /// Claims in the kernel's order, with the texts that reversals are found by.
    fn lay_out(&mut self) {
        let arena = &mut self.arenas.0[0];
        arena.clear();
        self.claims.clear();
        for row in self.own.iter_mut().take_while(|row| row.broken.is_none()) {
            let offset = arena.len() as u32;
            arena.extend_from_slice(&row.id.text());
            if let Some(init) = row.init {
                arena.extend_from_slice(&init.text());
            }
            let setl_len = SETL_ID_LEN as u16;
            let init_len = if row.init.is_some() { setl_len } else { 0 };
            row.claim.text = TextRef { arena: 0, offset, psn_len: 0, setl_len, inst_len: 0, init_len, mdtrt_len: 0 };
            self.claims.push(row.claim.clone());
        }
    }

    /// Runs the kernel. With `behind` it receives the accumulators behind each settlement.
    fn fold(&mut self, world: &World, behind: Option<&mut Vec<Accumulators>>) {
        let facts = self.record.facts();
        self.accumulators.reset(facts.balance.unwrap_or_default());
        self.fold.clear();
        let context = context(world);
        let (arenas, claims) = (&self.arenas, &self.claims);
        let (accumulators, fold) = (&mut self.accumulators, &mut self.fold);
        match behind {
            None => {
                fold_person(context, arenas, &facts, Earlier::default(), claims, accumulators, fold, |_| Off, |_, _| ())
            }
            Some(behind) => {
                behind.push(accumulators.clone());
                let keep = |_, trace: Behind| behind.extend(trace.0.map(|accumulators| *accumulators));
                fold_person(
                    context,
                    arenas,
                    &facts,
                    Earlier::default(),
                    claims,
                    accumulators,
                    fold,
                    |_| Behind::default(),
                    keep,
                );
            }
        }
    }

    /// Writes down what institutions with a habit did.
    fn note_quirks(&self, who: &Person, visits: &mut Visits) {
        for row in self.own.iter().filter(|row| row.broken.is_none()) {
            if let Some((quirk, right)) = row.quirk {
                let (code, field, note) = quirk.words();
                let line = Planted::of(row, who, code, field, note);
                let changed = right != row.claim.bill.total;
                visits.planted.push(if changed { line.money(right, row.claim.bill.total) } else { line });
            }
        }
    }

    /// Drops lines whose condition the kernel did not meet.
    fn check_planted(&self, world: &World, visits: &mut Visits) {
        visits.planted.retain(|line| {
            let at = self.own.iter().position(|row| row.id == line.id);
            let Some((row, outcome)) = at.and_then(|at| Some((&self.own[at], self.fold.outcomes.get(at)?))) else {
                return line.only_if == OnlyIf::Always;
            };
            match line.only_if {
                OnlyIf::Always => true,
                OnlyIf::Pended => outcome.status == Status::Pended,
                OnlyIf::CeilingReached => self.reached_ceiling(world, row, outcome),
            }
        });
    }

    /// Whether the person's basic payments of the year stand at 95 % of the ceiling or above.
    fn reached_ceiling(&self, world: &World, row: &Row, outcome: &Outcome) -> bool {
        let Some((derived, _)) = outcome.seen else { return false };
        let facts = self.record.facts();
        let Ok(resolved) = resolve(context(world), &facts, &row.claim, &mut Off) else { return false };
        let mut own = None;
        let Some(terms) = resolved.offer.terms(&mut own) else { return false };
        self.accumulators.schemes.iter().any(|scheme| {
            scheme.pool == derived.pool
                && scheme.insutype == row.claim.insutype
                && scheme.year == derived.benefit_year
                && i128::from(scheme.counted.0) * 100 >= i128::from(terms.fund_cap_year.0) * 95
        })
    }

    /// Pays some rows wrongly.
    fn pay_wrongly(&mut self, world: &World, who: &Person, visits: &mut Visits) {
        let Some(faults) = &mut visits.faults else { return };
        let planted = &mut visits.planted;
        let untouched = |row: &Row| row.init.is_none() && !row.refunded && planted.iter().all(|line| line.id != row.id);
        let chosen: Vec<usize> = (0..self.claims.len())
            .filter(|&at| {
                let (row, outcome) = (&self.own[at], &self.fold.outcomes[at]);
                let away = outcome.seen.is_some_and(|(derived, _)| derived.keys.place != Place::Local);
                let wanted = match outcome.status {
                    Status::Paid => row.force.is_some() || faults.mispays(away || outcome.amounts.layers() > Fen::ZERO),
                    Status::Denied => faults.mispays_denied(),
                    _ => false,
                };
                wanted && untouched(row)
            })
            .collect();
        if chosen.is_empty() {
            return;
        }
        let mut behind = Vec::with_capacity(self.claims.len() + 1);
        self.fold(world, Some(&mut behind));
        let facts = self.record.facts();
        for at in chosen {
            let (claim, outcome) = (&self.claims[at], &self.fold.outcomes[at]);
            let Ok(resolved) = resolve(context(world), &facts, claim, &mut Off) else { continue };
            let stand = Stand { context: context(world), claim, resolved: &resolved, before: &behind[at] };
            let case = Case { world, stand, outcome, who, has_account: has_account(world, claim) };
            case.pay_wrongly(faults, &mut self.bench, &mut self.own[at], planted);
        }
    }
}

fn context(world: &World) -> Context<'_> {
    Context { book: &world.rules.book, institutions: Some(&world.places.table) }
}

/// Whether the paid fund total of a claim's scheme includes the account.
fn has_account(world: &World, claim: &Claim) -> bool {
    let book = &world.rules.book;
    let scheme = book.scheme(book.pool_of(claim.insured), claim.insutype, claim.enddate);
    scheme.is_some_and(|scheme| scheme.value.fund_total_has_account)
}
