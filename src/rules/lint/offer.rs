//! What a claim is offered: the channel's and the benefit's rates together, band by band.

use std::collections::BTreeSet;

use hashbrown::HashSet;

use super::context::Context;
use super::world::Realm;
use crate::model::date::Date;
use crate::model::money::{Fen, Rate};
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;
use crate::rules::book::{BenefitKeys, Chosen, RuleBook};
use crate::rules::layout::Table;
use crate::rules::values::{Band, BenefitValue, ChannelValue};

/// The rows a claim meets, and the share paid of what lies on each band.
pub(super) struct Offer<'a> {
    pub channel: Chosen<'a, ChannelValue>,
    pub benefit: Chosen<'a, BenefitValue>,
    /// Rising; the transfer prepayment is taken off, a floor lifts the rate.
    pub bands: Vec<Band>,
}

/// What is paid here and there of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Here minus there.
    pub points: Rate,
    /// The amounts above this one.
    pub from: Fen,
    pub here: Rate,
    pub there: Rate,
}

/// One claim of a realm, but for its place and filing.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub psn_class: Sym,
    pub med_class: Sym,
    pub tier: Sym,
}

impl Case {
    /// Treated somewhere under a filing.
    pub fn at(self, place: Place, filing: Filing) -> BenefitKeys {
        let Self { psn_class, med_class, tier } = self;
        BenefitKeys { psn_class, med_class, place, filing, tier }
    }

    /// Treated in the insured pool.
    pub fn at_home(self) -> BenefitKeys {
        self.at(Place::Local, Filing::None)
    }
}

/// What the rules offer; `None` where rows are missing or the channel denies.
pub(super) fn offer<'a>(book: &'a RuleBook, realm: &Realm, keys: BenefitKeys, day: Date) -> Option<Offer<'a>> {
    offer_in(book, realm.pool, realm.insutype(), keys, day)
}

/// What the rules offer in a pool under an insurance type.
pub(super) fn offer_in(
    book: &RuleBook,
    pool: Admdvs,
    insutype: Insutype,
    keys: BenefitKeys,
    day: Date,
) -> Option<Offer<'_>> {
    let offer = book.offer(pool, insutype, keys, day);
    let channel = offer.channel().filter(|row| !row.value.deny)?;
    let benefit = offer.benefit()?;
    let (points, factor, prepay) = (channel.value.rate_points, channel.value.rate_factor, channel.value.prepay_rate);
    let floor = benefit.value.floor_rate.unwrap_or_default();
    let share = |rate: Rate| {
        let paid = Rate(rate.0 - points.0).times(factor).held();
        paid.times(Rate(Rate::ONE.0 - prepay.0)).max(floor)
    };
    let bands = book.bands(benefit.value.bands).iter().map(|band| Band { from: band.from, rate: share(band.rate) });
    Some(Offer { channel, benefit, bands: bands.collect() })
}

/// The rate of the amounts just above one.
fn rate_above(bands: &[Band], amount: Fen) -> Rate {
    bands.iter().rev().find(|band| band.from <= amount).map_or(Rate::default(), |band| band.rate)
}

/// Where more is paid here than there, the largest difference.
pub(super) fn largest_difference(here: &[Band], there: &[Band]) -> Option<Difference> {
    let edges: BTreeSet<Fen> = here.iter().chain(there).map(|band| band.from).collect();
    edges
        .into_iter()
        .map(|from| {
            let (here, there) = (rate_above(here, from), rate_above(there, from));
            Difference { points: Rate(here.0 - there.0), from, here, there }
        })
        .filter(|difference| difference.points.0 > 0)
        .max_by_key(|difference| (difference.points, std::cmp::Reverse(difference.from)))
}

/// Days on which what a realm offers may have changed: one for every set of rows in force.
pub(super) fn days(context: &Context, number: usize) -> Vec<Date> {
    let tables = [Table::Schemes, Table::Channels, Table::Benefits, Table::Tiers];
    let periods = tables.iter().flat_map(|&table| context.rows(table, number)).map(|row| (row.from, row.to));
    let mut days: BTreeSet<Date> = periods.flat_map(|(from, to)| [from, to.succ()]).collect();
    days.remove(&Date::MAX);
    // Rows that have held since ever are looked at on the day before anything else begins.
    if days.remove(&Date::MIN) {
        let first = days.first().map_or(Date(0), |day| day.pred());
        days.insert(first);
    }
    let realm = &context.world.realms[number];
    days.into_iter().filter(|&day| realm.has_scheme(day, day)).collect()
}

/// Every person class and visit class of a realm on a day.
pub(super) fn people(realm: &Realm, day: Date) -> Vec<(Sym, Sym)> {
    let in_force = |words: &[(usize, Date, Date)]| -> BTreeSet<usize> {
        words.iter().filter(|&&(_, from, to)| from <= day && day <= to).map(|&(word, ..)| word).collect()
    };
    let visits = in_force(&realm.visits);
    let sym = |word: usize| Sym(word as u32);
    let classes = in_force(&realm.classes);
    classes.iter().flat_map(|&class| visits.iter().map(move |&visit| (sym(class), sym(visit)))).collect()
}

/// Every claim of a realm on a day, but for place and filing.
pub(super) fn cases(realm: &Realm, day: Date) -> Vec<Case> {
    let tiers: BTreeSet<usize> =
        realm.tiers.iter().filter(|&&(_, from, to)| from <= day && day <= to).map(|&(word, ..)| word).collect();
    people(realm, day)
        .into_iter()
        .flat_map(|(psn_class, med_class)| {
            tiers.iter().map(move |&tier| Case { psn_class, med_class, tier: Sym(tier as u32) })
        })
        .collect()
}

/// One claim at home in two hospitals, the second of the next lower grade.
pub(super) struct TierPair<'a> {
    pub high: Case,
    pub low: Case,
    pub above: Offer<'a>,
    pub below: Offer<'a>,
}

/// Every pair of neighbouring tiers for everybody on every day that matters; the first of each two benefit rows.
pub(super) fn tier_pairs<'a>(context: &Context<'a>, mut judge: impl FnMut(&TierPair<'a>) -> bool) {
    let book = context.book;
    let mut told: HashSet<(u32, u32)> = HashSet::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        for day in days(context, number) {
            let tiers = realm.tiers_by_grade(book, day);
            for (psn_class, med_class) in people(realm, day) {
                for pair in tiers.windows(2) {
                    let [high, low] = [&pair[0], &pair[1]].map(|(tier, _)| Case { psn_class, med_class, tier: *tier });
                    let Some(above) = offer(book, realm, high.at_home(), day) else { continue };
                    let Some(below) = offer(book, realm, low.at_home(), day) else { continue };
                    let rows = (above.benefit.row, below.benefit.row);
                    if !told.contains(&rows) && judge(&TierPair { high, low, above, below }) {
                        told.insert(rows);
                    }
                }
            }
        }
    }
}

/// A claim in words: `retired, inpatient, L3`.
pub(super) fn case_words(book: &RuleBook, case: Case) -> String {
    let vocab = &book.vocab;
    [vocab.psn_class.word(case.psn_class), vocab.med_class.word(case.med_class), vocab.tier.word(case.tier)].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(steps: &[(i64, i64)]) -> Vec<Band> {
        steps.iter().map(|&(from, percent)| Band { from: Fen(from), rate: Rate(percent * 10_000) }).collect()
    }

    #[test]
    fn the_largest_difference() {
        let here = bands(&[(0, 80), (100, 90)]);
        let there = bands(&[(50, 80), (200, 60)]);
        let found = largest_difference(&here, &there).expect("a difference");
        assert_eq!(found, Difference { points: Rate(800_000), from: Fen(0), here: Rate(800_000), there: Rate(0) });
        assert_eq!(largest_difference(&here, &here), None);
        let ties = largest_difference(&here, &bands(&[(0, 70), (100, 80)])).expect("a difference");
        assert_eq!(ties.from, Fen(0));
    }
}
