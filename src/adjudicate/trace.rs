//! The kernel's own account of what it did. Off, it costs nothing: the closures are never called.

use super::accumulators::Accumulators;
use super::bands::Segment;
use super::resolve::{AsIf, Derived};
use crate::model::date::Date;
use crate::model::money::{Fen, Rate};
use crate::model::outcome::Reasons;
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::symbol::Sym;
use crate::rules::book::{BenefitKeys, LevelField};
use crate::rules::terms::DeductibleFrom;
use crate::rules::values::{BandBasis, Caps, DeductibleBasis, Payer, PaysFor, PrepayOrder};

/// Where a filing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilingBasis {
    /// Not looked for: treatment at home.
    AtHome,
    /// The claim's own `out_fil_type`, as no filings table was given.
    ClaimField,
    /// A filing that holds from a day to a day.
    Record {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// No filing covers the place and the visit.
    NoRecord,
    /// The visit is an emergency, which counts as filed.
    Emergency,
}

/// One step, with its numbers.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are those of the numbers in the rules")]
pub enum Step {
    Place {
        pool: Admdvs,
        treated: Admdvs,
        place: Place,
        neighbour: Option<u32>,
    },
    /// The rules of another pool are asked.
    AsIf(AsIf),
    Age {
        age: Option<i32>,
    },
    Tier {
        field: LevelField,
        level: Sym,
        row: u32,
        tier: Sym,
    },
    Filing {
        filing: Filing,
        basis: FilingBasis,
    },
    Keys {
        keys: BenefitKeys,
        is_emergency: bool,
    },
    Rows {
        scheme: u32,
        class: u32,
        visit: u32,
        channel: u32,
        benefit: u32,
        derived: Derived,
        is_admission: bool,
        is_emergency: bool,
    },
    Denied {
        reasons: Reasons,
    },
    Before {
        accumulators: Box<Accumulators>,
    },
    Prepay {
        order: PrepayOrder,
        rate: Rate,
        base: Fen,
        amount: Fen,
    },
    BaseCaps {
        amount: Fen,
        caps: Caps,
        used_month: Fen,
        used_year: Fen,
        kept: Fen,
        over: Fen,
    },
    Deductible {
        basis: DeductibleBasis,
        ordinal: u32,
        from: DeductibleFrom,
        factor: Option<Rate>,
        standard: Fen,
        used: Fen,
        cap_year: Fen,
        base: Fen,
        amount: Fen,
    },
    PoolBase {
        base: Fen,
        deductible: Fen,
        prepay: Fen,
        amount: Fen,
    },
    Bands {
        basis: BandBasis,
        from: Fen,
        to: Fen,
        points: Rate,
        factor: Rate,
        segments: Vec<Segment>,
        amount: Fen,
    },
    Floor {
        rate: Rate,
        limit: Fen,
        amount: Fen,
    },
    PayCaps {
        computed: Fen,
        caps: Caps,
        paid_month: Fen,
        paid_year: Fen,
        fund_cap: Fen,
        counted: Fen,
        amount: Fen,
        over: Fen,
    },
    Burden {
        deductible: Fen,
        prepay: Fen,
        over_base: Fen,
        over_cap: Fen,
        coinsurance: Fen,
        preself: Fen,
    },
    Layer {
        row: u32,
        layer: u32,
        payer: Payer,
        included: Fen,
        taken_off: Fen,
        base: Fen,
        from: Fen,
        segments: Vec<Segment>,
        computed: Fen,
        cap_visit: Fen,
        cap_year: Fen,
        paid_year: Fen,
        amount: Fen,
    },
    Person {
        total: Fen,
        basic: Fen,
        layers: Fen,
        hospital: Fen,
        amount: Fen,
    },
    Account {
        row: Option<u32>,
        pays_for: PaysFor,
        allowed: Fen,
        balance: Fen,
        amount: Fen,
    },
    After {
        accumulators: Box<Accumulators>,
    },
    /// A reversal of a settlement of an earlier fold.
    ReversalOfEarlier {
        original: u32,
    },
    Reversal {
        original: usize,
    },
}

/// Receives the steps.
pub trait Trace {
    /// Records a step; `make` is called only when somebody listens.
    fn note(&mut self, make: impl FnOnce() -> Step);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Off;

impl Trace for Off {
    #[inline(always)]
    fn note(&mut self, _make: impl FnOnce() -> Step) {}
}

/// Keeps every step.
#[derive(Clone, Debug, Default)]
pub struct Steps(pub Vec<Step>);

impl Trace for Steps {
    fn note(&mut self, make: impl FnOnce() -> Step) {
        self.0.push(make());
    }
}
