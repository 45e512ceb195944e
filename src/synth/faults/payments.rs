//! Right claims wrongly paid: one thing changed, computed by the kernel, or a slip of the pen.

use std::borrow::Cow;

use super::{Faults, OnlyIf, Planted};
use crate::adjudicate::person::Outcome;
use crate::adjudicate::settle::Amounts;
use crate::adjudicate::whatif::{Bench, Change, Stand};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Status};
use crate::model::place::{Filing, Place};
use crate::model::symbol::Sym;
use crate::rules::layout::Table;
use crate::synth::World;
use crate::synth::dice::Dice;
use crate::synth::menu::{symbols, tier};
use crate::synth::national::Care;
use crate::synth::persons::Person;
use crate::synth::row::{PAID_COLUMNS, Paid, Row, paid_amounts};

/// A wrong payment that belongs to the way a row was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::synth) enum Force {
    /// Paid without regard to the ceiling that its bill passes.
    OverCeiling,
}

/// What can go wrong with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Round,
    Filing,
    Place,
    Tier,
    Class,
    Visit,
    DeductibleNone,
    DeductibleFull,
    Nth,
    YearFresh,
    CapsIgnored,
    RuleDate,
    PreselfInBase,
    PointsAsFactor,
    FactorAsPoints,
    LayerSkipped,
    NotCovered,
    Digit,
    DoesNotAddUp,
    MoreThanCharged,
}

/// Those that few settlements offer the occasion for: half of the time they are tried first.
const RARE: [Kind; 9] = [
    Kind::Filing,
    Kind::Place,
    Kind::Class,
    Kind::Nth,
    Kind::CapsIgnored,
    Kind::RuleDate,
    Kind::PointsAsFactor,
    Kind::FactorAsPoints,
    Kind::LayerSkipped,
];
const USUAL: [Kind; 11] = [
    Kind::Round,
    Kind::Tier,
    Kind::Visit,
    Kind::DeductibleNone,
    Kind::DeductibleFull,
    Kind::YearFresh,
    Kind::PreselfInBase,
    Kind::NotCovered,
    Kind::Digit,
    Kind::DoesNotAddUp,
    Kind::MoreThanCharged,
];

/// A wrong payment: its code, and what was paid.
type Wrong = (Cow<'static, str>, Paid);

/// One settlement about to be paid wrongly.
pub(in crate::synth) struct Case<'a> {
    /// The world.
    pub(in crate::synth) world: &'a World,
    /// As it stood.
    pub(in crate::synth) stand: Stand<'a>,
    /// The kernel's outcome.
    pub(in crate::synth) outcome: &'a Outcome,
    /// Its person.
    pub(in crate::synth) who: &'a Person,
    /// Whether its scheme's fund total includes the account.
    pub(in crate::synth) has_account: bool,
}

impl Case<'_> {
    /// Pays a row wrongly, and says how. Nothing, if nothing that is tried makes a difference.
    pub(in crate::synth) fn pay_wrongly(
        &self,
        faults: &mut Faults,
        bench: &mut Bench,
        row: &mut Row,
        planted: &mut Vec<Planted>,
    ) {
        let dice = &mut faults.dice;
        if row.force == Some(Force::OverCeiling) {
            if let Some((code, paid)) = self.wrong(dice, bench, Kind::CapsIgnored, &row.paid) {
                let line =
                    Planted::of(row, self.who, "A401", "hifp_pay", "basic payments of the year pass the ceiling");
                planted.push(line.money(row.paid[1], paid[1]));
                self.write(row, code, paid, planted);
            }
            return;
        }
        if self.outcome.status == Status::Denied {
            if let Some((code, paid)) = self.wrong(dice, bench, Kind::NotCovered, &row.paid) {
                let reasons = self.outcome.reasons;
                let finding = if reasons.has(Reason::NotEnrolled) || reasons.has(Reason::Waiting) {
                    Some(("A301", "paid without cover"))
                } else {
                    reasons
                        .has(Reason::NotDesignated)
                        .then_some(("A303", "paid at an institution that is not designated"))
                };
                if let Some((finding, note)) = finding
                    && paid[8] > row.paid[8]
                {
                    let line = Planted::of(row, self.who, finding, "fund_pay_sumamt", note);
                    planted.push(line.money(row.paid[8], paid[8]));
                }
                self.write(row, code, paid, planted);
            }
            return;
        }
        let (mut rare, mut usual) = (RARE, USUAL);
        dice.shuffle(&mut rare);
        dice.shuffle(&mut usual);
        let rare = rare.into_iter().filter(|_| dice.chance(500_000)).collect::<Vec<_>>();
        let found = rare.into_iter().chain(usual).find_map(|kind| self.wrong(dice, bench, kind, &row.paid));
        if let Some((code, paid)) = found {
            self.write(row, code, paid, planted);
        }
    }

    /// Writes the wrong payment into the row, and a line for each column that differs.
    fn write(&self, row: &mut Row, code: Cow<'static, str>, paid: Paid, planted: &mut Vec<Planted>) {
        let note = words(&code);
        for (index, field) in PAID_COLUMNS.into_iter().enumerate() {
            if row.paid[index] != paid[index] {
                let line = Planted::of(row, self.who, code.clone(), field, note);
                planted.push(Planted { only_if: OnlyIf::Always, ..line.money(row.paid[index], paid[index]) });
            }
        }
        row.paid = paid;
    }

    /// A wrong payment of a kind that differs from the right one.
    fn wrong(&self, dice: &mut Dice, bench: &mut Bench, kind: Kind, right: &Paid) -> Option<Wrong> {
        let mut one = |code: &'static str, change: Change| self.changed(bench, right, code.into(), change);
        match kind {
            Kind::Round => rounded(dice, right, self.has_account),
            Kind::Digit => mistyped(dice, right, self.has_account),
            Kind::DoesNotAddUp => does_not_add_up(dice, right),
            Kind::MoreThanCharged => {
                let bill = &self.stand.claim.bill;
                Some(more_than_charged(dice, right, bill.total + bill.hospital))
            }
            Kind::NotCovered => one("C-NOT-COVERED", Change::NotCovered),
            Kind::DeductibleNone => one("C-DEDUCTIBLE-NONE", Change::DeductibleNone),
            Kind::DeductibleFull => one("C-DEDUCTIBLE-FULL", Change::DeductibleFull),
            Kind::YearFresh => one("C-YEAR-FRESH", Change::YearFresh),
            Kind::CapsIgnored => one("C-CAPS-IGNORED", Change::CapsIgnored),
            Kind::PreselfInBase => one("C-PRESELF-IN-BASE", Change::PreselfInBase),
            Kind::PointsAsFactor => one("C-POINTS-AS-FACTOR", Change::PointsAsFactor),
            Kind::FactorAsPoints => one("C-FACTOR-AS-POINTS", Change::FactorAsPoints),
            Kind::LayerSkipped => {
                let layers = self.layers().into_iter();
                layers
                    .map(|layer| (format!("C-LAYER-SKIPPED:{layer}"), Change::LayerSkipped(layer)))
                    .find_map(|(code, change)| self.changed(bench, right, code.into(), change))
            }
            Kind::Filing | Kind::Place | Kind::Tier | Kind::Class | Kind::Visit | Kind::Nth | Kind::RuleDate => {
                let mut changes = self.alternatives(kind);
                dice.shuffle(&mut changes);
                changes.into_iter().find_map(|(code, change)| self.changed(bench, right, code.into(), change))
            }
        }
    }

    fn changed(&self, bench: &mut Bench, right: &Paid, code: Cow<'static, str>, change: Change) -> Option<Wrong> {
        self.differing(right, code, bench.lay(self.stand).compute(change)?)
    }

    fn differing(&self, right: &Paid, code: Cow<'static, str>, amounts: Amounts) -> Option<Wrong> {
        let paid = paid_amounts(&amounts, self.has_account);
        (paid != *right).then_some((code, paid))
    }

    /// Every other value of a kind of change.
    fn alternatives(&self, kind: Kind) -> Vec<(String, Change)> {
        let keys = self.stand.resolved.derived.keys;
        let vocab = &self.stand.context.book.vocab;
        match kind {
            Kind::Filing => others(Filing::ALL, keys.filing)
                .map(|filing| (format!("C-FILING:{}", filing.word()), Change::Filing(filing)))
                .collect(),
            Kind::Place => others(Place::ALL, keys.place)
                .map(|place| (format!("C-PLACE:{}", place.word()), Change::Place(place)))
                .collect(),
            Kind::Tier => others(&self.tiers(), keys.tier)
                .map(|tier| (format!("C-TIER:{}", vocab.tier.word(tier)), Change::Tier(tier)))
                .collect(),
            Kind::Class => others(&self.classes(), keys.psn_class)
                .map(|class| (format!("C-CLASS:{}", vocab.psn_class.word(class)), Change::Class(class)))
                .collect(),
            Kind::Visit => others(&self.visits(), keys.med_class)
                .map(|class| (format!("C-VISIT:{}", vocab.med_class.word(class)), Change::Visit(class)))
                .collect(),
            Kind::Nth => (1..=8).map(|ordinal| (format!("C-NTH:{ordinal}"), Change::Nth(ordinal))).collect(),
            Kind::RuleDate => {
                self.other_days().into_iter().map(|day| (format!("C-RULE-DATE:{day}"), Change::RuleDate(day))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Numbers of the layers that look at the settlement.
    fn layers(&self) -> Vec<u32> {
        self.stand.resolved.offer.layers().map(|row| row.value.layer).collect()
    }

    fn tiers(&self) -> Vec<Sym> {
        let pool = &self.world.places.pools[usize::from(self.world.schemes.list[usize::from(self.who.scheme)].pool)];
        let day = self.stand.claim.enddate;
        let levels = self.world.places.levels.iter();
        let mut tiers: Vec<Sym> = levels.filter_map(|level| tier(self.stand.context.book, pool, level, day)).collect();
        tiers.sort_unstable();
        tiers.dedup();
        tiers
    }

    /// Classes that persons of the settlement's scheme have.
    fn classes(&self) -> Vec<Sym> {
        let (pool, insutype) = (self.stand.resolved.derived.pool, self.stand.claim.insutype);
        let scheme = self.world.schemes.list.iter().find(|scheme| {
            scheme.insutype == insutype && self.world.places.pools[usize::from(scheme.pool)].code == pool
        });
        scheme.map_or_else(Vec::new, |scheme| scheme.classes.clone())
    }

    fn visits(&self) -> Vec<Sym> {
        let (book, derived) = (self.stand.context.book, self.stand.resolved.derived);
        let day = self.stand.claim.enddate;
        let class = |care: &Care| {
            let code = symbols(&book.vocab.med_type, care.base_code());
            Some(book.visit(derived.pool, code, Sym::EMPTY, day)?.value.med_class)
        };
        let mut classes: Vec<Sym> = Care::ALL.iter().filter_map(class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The days beside the rows that were chosen.
    fn other_days(&self) -> Vec<Date> {
        let rows = self.stand.resolved.rows;
        let chosen = [(Table::Benefits, rows.benefit), (Table::Channels, rows.channel), (Table::Schemes, rows.scheme)];
        let mut days = Vec::new();
        self.world.rules.pack.days_beside(chosen, &mut days);
        days
    }
}

fn others<T: Copy + PartialEq>(all: &[T], own: T) -> impl Iterator<Item = T> {
    all.iter().copied().filter(move |&other| other != own)
}

/// Moves money from the person to the basic fund, with everything that depends on it.
fn moved(paid: &Paid, column: usize, more: Fen, has_account: bool) -> Option<Paid> {
    let mut paid = *paid;
    paid[column] += more;
    match column {
        // The account moves cash alone, and the fund total where that includes it.
        10 => {
            paid[12] -= more;
            if has_account {
                paid[8] += more;
            }
        }
        0 => {}
        _ => {
            paid[8] += more;
            paid[9] -= more;
            paid[12] -= more;
        }
    }
    paid.iter().all(|&amount| amount >= Fen::ZERO).then_some(paid)
}

/// A fen more or less.
fn rounded(dice: &mut Dice, right: &Paid, has_account: bool) -> Option<Wrong> {
    let more = Fen(if dice.chance(500_000) { 1 } else { -1 });
    let paid = moved(right, 1, more, has_account)?;
    (right[1] > Fen(1)).then_some(("C-ROUND".into(), paid))
}

/// One digit changed, or two neighbours swapped, and what depends on the amount follows.
fn mistyped(dice: &mut Dice, right: &Paid, has_account: bool) -> Option<Wrong> {
    let columns: Vec<usize> = (0..8).chain([10]).filter(|&column| right[column] >= Fen(1_000)).collect();
    if columns.is_empty() {
        return None;
    }
    let column = *dice.of(&columns);
    let mut digits = right[column].0.to_string().into_bytes();
    for _ in 0..6 {
        let before = digits.clone();
        let at = dice.below(digits.len() as u32 - 1) as usize;
        if dice.chance(500_000) {
            digits.swap(at, at + 1);
        } else {
            digits[at + 1] = b'0' + dice.below(10) as u8;
        }
        let typed: i64 = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        let paid = moved(right, column, Fen(typed) - right[column], has_account);
        if let Some(paid) = paid
            && paid != *right
            && digits[0] != b'0'
        {
            return Some((format!("C-DIGIT:{}", PAID_COLUMNS[column]).into(), paid));
        }
        digits = before;
    }
    None
}

/// A total that is not the sum of its parts.
fn does_not_add_up(dice: &mut Dice, right: &Paid) -> Option<Wrong> {
    let mut paid = *right;
    let column = *dice.of(&[8, 9, 12]);
    paid[column] += Fen(i64::from(100 + dice.below(100_000)));
    Some(("A101".into(), paid))
}

/// A negative payment, or more than the whole bill: `total` is what nobody may pay on top of what is right.
fn more_than_charged(dice: &mut Dice, right: &Paid, total: Fen) -> Wrong {
    let mut paid = *right;
    if right[1] > Fen::ZERO && dice.chance(500_000) {
        let taken = right[1] + right[1];
        paid[1] -= taken;
        paid[8] -= taken;
        paid[9] += taken;
        paid[12] += taken;
    } else {
        paid[1] += total;
        paid[8] += total;
    }
    ("A102".into(), paid)
}

fn words(code: &str) -> &'static str {
    let cause = code.split(':').next().unwrap_or_default();
    match cause {
        "C-ROUND" => "a fen of rounding",
        "C-FILING" => "paid under another filing",
        "C-PLACE" => "paid as if treated elsewhere",
        "C-TIER" => "paid at another hospital tier",
        "C-CLASS" => "paid for another class of person",
        "C-VISIT" => "paid as another kind of visit",
        "C-DEDUCTIBLE-NONE" => "no deductible taken",
        "C-DEDUCTIBLE-FULL" => "the deductible of the first time in the year",
        "C-NTH" => "the deductible of another ordinal",
        "C-YEAR-FRESH" => "paid as if nothing had been used this year",
        "C-CAPS-IGNORED" => "caps not applied",
        "C-RULE-DATE" => "paid by the rules of another day",
        "C-PRESELF-IN-BASE" => "the first self-pay counted into the base",
        "C-POINTS-AS-FACTOR" => "points off taken as a factor",
        "C-FACTOR-AS-POINTS" => "a factor taken as points off",
        "C-LAYER-SKIPPED" => "a layer did not pay",
        "C-NOT-COVERED" => "denied and paid changed about",
        "C-DIGIT" => "a digit mistyped",
        "A101" => "the amounts do not add up",
        _ => "a payment below zero or above the bill",
    }
}
