//! Why a settlement was paid otherwise than it was computed: each hypothesis changes one thing, the kernel computes
//! again, and those that reproduce every paid field exactly are causes. Naming a cause is the one place where `audit`
//! calls `adjudicate`: it asks what if, it does not check the kernel with the kernel.
//!
//! One file for each group of hypotheses: `keys` (what the settlement is), `rules` (how it is computed), `slips`
//! (what no rule explains).

mod keys;
mod rules;
mod slips;

use std::fmt;

use hashbrown::HashMap;

use crate::adjudicate::resolve::{Context, resolve};
use crate::adjudicate::trace::Off;
use crate::adjudicate::whatif::{Bench, Change, Stand, Trial};
use crate::columnar::reconciled::{COMPARED, FIELDS, FieldSet};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::place::{Admdvs, Filing};
use crate::model::reference::PersonFacts;
use crate::model::settlement::{Claim, Insutype};
use crate::model::symbol::Sym;
use crate::report::reconciled::compared;
use crate::rules::pack::RulePack;
use crate::rules::vocabulary::Vocabularies;

pub use crate::adjudicate::accumulators::Accumulators;

/// A cause, as the table of causes has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No field is off by more than a fen, and the paid row adds up.
    Round,
    /// One thing was changed.
    Changed(Change),
    /// A digit of a field was mistyped.
    Digit(usize),
    /// None of these.
    Unexplained,
}

impl Cause {
    /// The filing that reproduces what was paid, if it is one.
    #[must_use]
    pub const fn filing(self) -> Option<Filing> {
        match self {
            Self::Changed(Change::Filing(filing)) => Some(filing),
            _ => None,
        }
    }

    /// The cause that a filing is.
    #[cfg(test)]
    pub(crate) const fn of_filing(filing: Filing) -> Self {
        Self::Changed(Change::Filing(filing))
    }

    /// The code with what it turns on.
    #[must_use]
    pub const fn shown(self, vocab: &Vocabularies) -> Shown<'_> {
        Shown { cause: self, vocab }
    }
}

/// A cause with the words it needs to be written.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    cause: Cause,
    vocab: &'a Vocabularies,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vocab = self.vocab;
        match self.cause {
            Cause::Round => f.write_str("C-ROUND"),
            Cause::Digit(field) => write!(f, "C-DIGIT:{}", COMPARED[field]),
            Cause::Unexplained => f.write_str("C-UNEXPLAINED"),
            Cause::Changed(change) => match change {
                Change::Filing(filing) => write!(f, "C-FILING:{}", filing.word()),
                Change::Place(place) => write!(f, "C-PLACE:{}", place.word()),
                Change::Tier(tier) => write!(f, "C-TIER:{}", vocab.tier.word(tier)),
                Change::Class(class) => write!(f, "C-CLASS:{}", vocab.psn_class.word(class)),
                Change::Visit(class) => write!(f, "C-VISIT:{}", vocab.med_class.word(class)),
                Change::DeductibleNone => f.write_str("C-DEDUCTIBLE-NONE"),
                Change::DeductibleFull => f.write_str("C-DEDUCTIBLE-FULL"),
                Change::Nth(ordinal) => write!(f, "C-NTH:{ordinal}"),
                Change::YearFresh => f.write_str("C-YEAR-FRESH"),
                Change::CapsIgnored => f.write_str("C-CAPS-IGNORED"),
                Change::RuleDate(day) => write!(f, "C-RULE-DATE:{day}"),
                Change::PreselfInBase => f.write_str("C-PRESELF-IN-BASE"),
                Change::PointsAsFactor => f.write_str("C-POINTS-AS-FACTOR"),
                Change::FactorAsPoints => f.write_str("C-FACTOR-AS-POINTS"),
                Change::LayerSkipped(layer) => write!(f, "C-LAYER-SKIPPED:{layer}"),
                Change::NotCovered => f.write_str("C-NOT-COVERED"),
            },
        }
    }
}

/// A difference to be explained, as an ordinary settlement: of a reversal it is its original, with the signs of what
/// was computed and paid turned round.
#[derive(Clone, Copy)]
pub struct Difference {
    /// What was computed.
    pub computed: [Fen; FIELDS],
    /// What was paid.
    pub paid: [Fen; FIELDS],
    /// The fields that count.
    pub fields: FieldSet,
    /// Whether the paid fund total of its scheme includes the account.
    pub has_account: bool,
    /// `medfee_sumamt`.
    pub total: Fen,
    /// `hosp_part_amt`.
    pub hospital: Fen,
}

impl Difference {
    /// Whether amounts are exactly what was paid.
    #[inline]
    fn is_paid(&self, amounts: &[Fen; FIELDS]) -> bool {
        // Field by field, the one that settles most cases first: the fund total.
        (0..FIELDS).rev().all(|field| !self.fields.has(field) || amounts[field] == self.paid[field])
    }
}

/// The settlement as the kernel computed it.
#[derive(Clone, Copy)]
pub struct Settlement<'a> {
    /// Rules and institutions.
    pub context: Context<'a>,
    /// What is known of its person.
    pub facts: PersonFacts<'a>,
    /// The claim.
    pub claim: &'a Claim,
    /// The person's accumulators before it.
    pub before: &'a Accumulators,
}

/// Other values that a settlement could have had.
#[derive(Debug, Default)]
struct Values {
    tiers: Vec<Sym>,
    classes: Vec<Sym>,
    visits: Vec<Sym>,
}

/// Pools, insurance types and days that are remembered at a time.
const REMEMBERED: usize = 20_000;

/// Names causes; keeps its memory from one settlement to the next.
pub struct Inquest<'a> {
    pack: &'a RulePack,
    bench: Bench,
    values: HashMap<(Admdvs, Insutype, Date), Values>,
    days: Vec<Date>,
}

impl<'a> Inquest<'a> {
    /// Begins.
    #[must_use]
    pub fn new(pack: &'a RulePack) -> Self {
        Self { pack, bench: Bench::default(), values: HashMap::new(), days: Vec::new() }
    }

    /// Every cause of a difference, in the order of the table of causes; never empty. `settlement` is `None` where
    /// it was computed in an earlier night: then nothing can be computed again.
    pub fn causes(&mut self, difference: &Difference, settlement: Option<&Settlement>, causes: &mut Vec<Cause>) {
        let first = causes.len();
        if slips::is_rounding(difference) {
            causes.push(Cause::Round);
        }
        if let Some(settlement) = settlement {
            self.changes(difference, settlement, causes);
        }
        causes.extend(slips::mistyped(difference).map(Cause::Digit));
        if causes.len() == first {
            causes.push(Cause::Unexplained);
        }
    }

    fn changes(&mut self, difference: &Difference, settlement: &Settlement, causes: &mut Vec<Cause>) {
        let Settlement { context, facts, claim, before } = *settlement;
        let Ok(resolved) = resolve(context, &facts, claim, &mut Off) else { return };
        let stand = Stand { context, claim, resolved: &resolved, before };
        let book = context.book;
        let key = (resolved.derived.pool, claim.insutype, claim.enddate);
        if self.values.len() >= REMEMBERED && !self.values.contains_key(&key) {
            self.values.clear();
        }
        let (pool, insutype, day) = key;
        let values = self.values.entry(key).or_insert_with(|| Values {
            tiers: book.tiers_of(pool, day),
            classes: book.person_classes_of(pool, insutype, day),
            visits: book.visit_classes_of(pool, day),
        });
        rules::other_days(&stand, self.pack, &mut self.days);
        let mut trial = Asking { trial: self.bench.lay(stand), difference, causes };
        keys::ask(&stand, values, &mut trial);
        rules::ask(&stand, &self.days, &mut trial);
    }
}

/// A settlement on the bench, and what is to be reproduced.
struct Asking<'b, 'a, 'c> {
    trial: Trial<'b, 'a>,
    difference: &'c Difference,
    causes: &'c mut Vec<Cause>,
}

impl Asking<'_, '_, '_> {
    /// Keeps a change that reproduces what was paid.
    #[inline]
    fn ask(&mut self, change: Change) {
        if let Some(amounts) = self.trial.compute(change)
            && self.difference.is_paid(&compared(&amounts, self.difference.has_account))
        {
            self.causes.push(Cause::Changed(change));
        }
    }
}
