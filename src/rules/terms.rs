//! What a scheme, a channel, a benefit and an account's rule come to together: all that a settlement is computed by.
//!
//! Worked out once for each offer of a pack, so that a settlement need not.

use hashbrown::HashMap;

use super::book::RuleBook;
use super::values::{
    AccountValue, Band, BandBasis, BenefitValue, Caps, ChannelValue, DeductibleBasis, NO_CAP, PaysFor, PrepayOrder,
    SchemeValue,
};
use crate::model::money::{Fen, Rate};
use crate::model::symbol::Sym;

/// How a channel changes the rates of the bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Adjustment {
    /// Points off (negative: a bonus).
    pub points: Rate,
    /// Factor, after the points.
    pub factor: Rate,
}

impl Adjustment {
    /// Rates as they stand.
    pub const NONE: Self = Self { points: Rate(0), factor: Rate::ONE };

    /// A band's rate: less the points, times the factor, rounded to six places and held in 0..=1.
    #[inline]
    #[must_use]
    pub fn apply(self, rate: Rate) -> Rate {
        Rate(rate.0 - self.points.0).times(self.factor).held()
    }
}

/// What sets the deductible before the year's cap and the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeductibleFrom {
    /// The benefit row, by ordinal of the admission.
    Benefit,
    /// The channel's own amount.
    ChannelAmount,
    /// The channel's share of the bill, held between least and most.
    ChannelRate {
        /// Share of the bill.
        rate: Rate,
        /// At least.
        least: Fen,
        /// At most.
        most: Fen,
    },
}

/// What a settlement is computed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The channel denies.
    pub denies: bool,
    /// Bucket of everything but the deductible.
    pub accumulator: Sym,
    /// Bucket of admissions and the deductible.
    pub deductible_accumulator: Sym,
    /// When the transfer prepayment is taken; `None`: not at all.
    pub prepay_order: Option<PrepayOrder>,
    /// Share of the transfer prepayment.
    pub prepay_rate: Rate,
    /// Caps of the amount that enters.
    pub base_caps: Caps,
    /// What sets the deductible.
    pub deductible_from: DeductibleFrom,
    /// The channel's factor on it.
    pub deductible_factor: Option<Rate>,
    /// The deductible by ordinal of the admission, 1..=8 (and more), with the factor, unless it is a share of the bill.
    pub deductibles: [Fen; 8],
    /// What the deductible is counted by. A channel's own is one of each visit where the benefit has none.
    pub deductible_basis: DeductibleBasis,
    /// Cap of the year's deductibles.
    pub deductible_cap_year: Fen,
    /// Where on the bands.
    pub band_basis: BandBasis,
    /// The band set's number.
    pub bands: u32,
    /// How the channel changes the rates.
    pub adjust: Adjustment,
    /// Whether the band set's rates are changed already.
    pub are_rates_ready: bool,
    /// Floor payment as a share of the in-scope cost.
    pub floor_rate: Option<Rate>,
    /// Caps of the payment.
    pub pay_caps: Caps,
    /// Whether the payment counts to the fund cap.
    pub counts_to_fund_cap: bool,
    /// Ceiling of what counts to it; none where it does not.
    pub fund_cap_year: Fen,
    /// What caps took off is reported as the expense above the cap.
    pub over_cap_as_expense: bool,
    /// What the personal account may pay for.
    pub pays_for: PaysFor,
    /// Whether `acct_used_flag` = 0 keeps the account shut.
    pub account_uses_flag: bool,
}

impl Terms {
    /// What rows come to.
    #[must_use]
    pub fn new(
        scheme: &SchemeValue,
        channel: &ChannelValue,
        benefit: &BenefitValue,
        account: Option<&AccountValue>,
    ) -> Self {
        let (deductible_from, deductibles) = deductibles(channel, benefit);
        let fund_cap = benefit.fund_cap_year.unwrap_or(scheme.fund_cap_year);
        Self {
            denies: channel.deny,
            accumulator: benefit.accumulator,
            deductible_accumulator: benefit.deductible_accumulator,
            prepay_order: channel.prepay_order,
            prepay_rate: channel.prepay_rate,
            base_caps: benefit.base_caps,
            deductible_from,
            deductible_factor: channel.deductible_factor,
            deductibles: deductibles.map(|amount| times(channel.deductible_factor, amount)),
            deductible_basis: match benefit.deductible_basis {
                DeductibleBasis::None if deductible_from != DeductibleFrom::Benefit => DeductibleBasis::Visit,
                basis => basis,
            },
            deductible_cap_year: benefit.deductible_cap_year,
            band_basis: benefit.band_basis,
            bands: benefit.bands,
            adjust: Adjustment { points: channel.rate_points, factor: channel.rate_factor },
            are_rates_ready: false,
            floor_rate: benefit.floor_rate,
            pay_caps: benefit.pay_caps,
            counts_to_fund_cap: benefit.counts_to_fund_cap,
            fund_cap_year: if benefit.counts_to_fund_cap { fund_cap } else { NO_CAP },
            over_cap_as_expense: benefit.over_cap_as_expense,
            pays_for: account.map_or(PaysFor::None, |rule| rule.pays_for),
            account_uses_flag: account.is_some_and(|rule| rule.uses_flag),
        }
    }

    /// The deductible of a bill, if this is the person's admission of the year at a position, from 0.
    #[inline(always)]
    #[must_use]
    pub fn deductible(&self, total: Fen, admission: u32) -> Fen {
        match self.deductible_from {
            DeductibleFrom::Benefit | DeductibleFrom::ChannelAmount => {
                self.deductibles[admission.min(self.deductibles.len() as u32 - 1) as usize]
            }
            DeductibleFrom::ChannelRate { rate, least, most } => {
                times(self.deductible_factor, rate.of(total).max(least).min(most))
            }
        }
    }

    /// What is left to be done to the rates of the band set.
    #[inline]
    #[must_use]
    pub fn adjust_left(&self) -> Adjustment {
        if self.are_rates_ready { Adjustment::NONE } else { self.adjust }
    }

    /// The same without a deductible.
    #[must_use]
    pub fn without_deductible(self) -> Self {
        let deductibles = [Fen::ZERO; 8];
        let (deductible_from, deductible_basis) = (DeductibleFrom::Benefit, DeductibleBasis::None);
        Self { deductible_from, deductible_basis, deductibles, ..self }
    }

    /// The same with the rates of a band set changed in another way.
    #[must_use]
    pub fn with_rates(self, bands: u32, adjust: Adjustment) -> Self {
        Self { bands, adjust, are_rates_ready: false, ..self }
    }

    /// The same without base caps, payment caps and fund cap.
    #[must_use]
    pub fn without_caps(self) -> Self {
        Self { base_caps: Caps::NONE, pay_caps: Caps::NONE, fund_cap_year: NO_CAP, ..self }
    }
}

/// The terms of all offers that are laid out ahead, each once, and the band sets as channels change them.
#[derive(Debug, Default)]
pub(super) struct AllTerms {
    all: Vec<Terms>,
    numbers: HashMap<Terms, u32>,
    /// Those that the book does not have, by where they come from.
    bands: Vec<Vec<Band>>,
    band_numbers: HashMap<(u32, Adjustment), u32>,
}

impl AllTerms {
    /// The number of terms that a book's rows come to. Their rates are changed here, so that a settlement finds them ready.
    pub fn number(&mut self, mut terms: Terms, book: &RuleBook) -> u32 {
        terms.are_rates_ready = true;
        if terms.adjust != Adjustment::NONE {
            terms.bands = *self.band_numbers.entry((terms.bands, terms.adjust)).or_insert_with_key(|&(set, adjust)| {
                let changed = |band: &Band| Band { rate: adjust.apply(band.rate), ..*band };
                self.bands.push(book.bands(set).iter().map(changed).collect());
                narrow(book.band_sets.len() + self.bands.len() - 1)
            });
        }
        *self.numbers.entry(terms).or_insert_with(|| {
            self.all.push(terms);
            narrow(self.all.len() - 1)
        })
    }

    /// Puts them where the book has them; its own band sets come first.
    pub fn lay_down(self, terms: &mut Vec<Terms>, bands: &mut Vec<Vec<Band>>) {
        terms.extend(self.all);
        bands.extend(self.bands);
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 terms and band sets")
}

/// A deductible times a factor, if there is one. What goes beyond the range is larger than any bill, and stays at its end.
// Apart: few settlements ask for it.
#[inline(never)]
fn times(factor: Option<Rate>, amount: Fen) -> Fen {
    let Some(factor) = factor else { return amount };
    let most = i128::from(i64::MAX) * i128::from(Rate::ONE.0);
    if i128::from(amount.0) * i128::from(factor.0) >= most { NO_CAP } else { factor.of(amount) }
}

/// What sets the deductible, and it by ordinal, before the factor: a channel's own comes before the benefit's, and its amount
/// before its share.
fn deductibles(channel: &ChannelValue, benefit: &BenefitValue) -> (DeductibleFrom, [Fen; 8]) {
    if let Some(amount) = channel.deductible {
        return (DeductibleFrom::ChannelAmount, [amount; 8]);
    }
    if let Some(rate) = channel.deductible_rate {
        let (least, most) = (channel.deductible_min, channel.deductible_max);
        return (DeductibleFrom::ChannelRate { rate, least, most }, [Fen::ZERO; 8]);
    }
    let amounts = match benefit.deductible_basis {
        DeductibleBasis::None => [Fen::ZERO; 8],
        DeductibleBasis::Visit => benefit.deductibles,
        DeductibleBasis::Year => [benefit.deductibles[0]; 8],
    };
    (DeductibleFrom::Benefit, amounts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::{MAX_AMOUNT_FEN, PPM};
    use crate::rules::testing::pack;

    /// What the rows that a pack ends with come to.
    fn terms(channel: &str, benefit: &str) -> Terms {
        let dates = "2020-01-01,,g,";
        let (_, book) = pack()
            .only("channels", &[&format!("h1,*,*,*,*,*,*,allow,{channel},{dates}")])
            .only("benefits", &[&format!("b1,*,*,*,*,*,*,*,all,{benefit},{dates}")])
            .compiled();
        book.worked_out([0, 0, 0, u32::MAX]).expect("a scheme, a channel and a benefit")
    }

    const NO_CAPS: &str = "visit_net,stay,,,,,,,,1";

    #[test]
    fn a_deductible_is_worked_out_by_ordinal_with_the_factor_of_the_channel() {
        let visit = terms(",1.5,,,,,,,", &format!("visit,800,400,200.01,,{NO_CAPS}"));
        let yuan = |amounts: [i64; 8]| amounts.map(Fen);
        // 200.01 x 1.5 = 300.015: half a fen goes up.
        let later = 30_002;
        assert_eq!(visit.deductibles, yuan([120_000, 60_000, later, later, later, later, later, later]));
        assert_eq!(visit.deductible_basis, DeductibleBasis::Visit);
        let year = terms(",,,,,,,,", &format!("year,800,,,,{NO_CAPS}"));
        assert_eq!((year.deductibles, year.deductible_basis), (yuan([80_000; 8]), DeductibleBasis::Year));
        let none = terms(",1.5,,,,,,,", &format!("none,800,,,,{NO_CAPS}"));
        assert_eq!((none.deductibles, none.deductible_basis), (yuan([0; 8]), DeductibleBasis::None));
    }

    #[test]
    fn a_channel_s_own_deductible_comes_before_the_benefit_s_and_its_amount_before_its_share() {
        let own = terms("2000,2,0.1,,,,,,", &format!("none,,,,,{NO_CAPS}"));
        assert_eq!((own.deductible_from, own.deductibles), (DeductibleFrom::ChannelAmount, [Fen(400_000); 8]));
        assert_eq!(own.deductible_basis, DeductibleBasis::Visit);
        let share = terms(",2,0.1,500,3000,,,,", &format!("year,800,,,,{NO_CAPS}"));
        let bills = [0, 600_000, 9_000_000].map(|total| share.deductible(Fen(total), 3));
        assert_eq!(bills, [Fen(100_000), Fen(120_000), Fen(600_000)]);
        assert_eq!(share.deductible_basis, DeductibleBasis::Year);
    }

    #[test]
    fn a_deductible_beyond_the_range_is_larger_than_any_bill() {
        assert_eq!(times(Some(Rate(1_000 * PPM)), Fen(MAX_AMOUNT_FEN)), NO_CAP);
        assert_eq!(times(Some(Rate::ONE), Fen(MAX_AMOUNT_FEN)), Fen(MAX_AMOUNT_FEN));
        let large = terms("99999999999999.99,1000,,,,,,,", &format!("none,,,,,{NO_CAPS}"));
        assert_eq!(large.deductibles, [NO_CAP; 8]);
    }

    #[test]
    fn only_what_counts_to_the_fund_cap_has_one() {
        let capped = |counts: &str| {
            let benefit = format!("b1,*,*,*,*,*,*,*,all,none,,,,,visit_net,stay,,,,,,,,{counts},2020-01-01,,g,");
            let (_, book) = pack()
                .only("schemes", &["s1,*,*,01-01,300000,0,2020-01-01,,g,"])
                .only("benefits", &[&benefit])
                .compiled();
            book.worked_out([0, 0, 0, u32::MAX]).expect("terms").fund_cap_year
        };
        assert_eq!((capped("1"), capped("0")), (Fen(30_000_000), NO_CAP));
    }

    #[test]
    fn a_scheme_that_changes_changes_its_offers() {
        let (_, book) = pack()
            .only(
                "schemes",
                &["s1,*,*,01-01,300000,0,2020-01-01,2023-12-31,g,", "s2,*,*,01-01,400000,0,2024-01-01,,g,"],
            )
            .compiled();
        let mut caps: Vec<Fen> = book.terms.iter().map(|terms| terms.fund_cap_year).collect();
        caps.sort_unstable();
        caps.dedup();
        assert_eq!(caps, [Fen(30_000_000), Fen(40_000_000)]);
    }

    #[test]
    fn offers_that_come_to_the_same_share_their_terms_and_rates_that_channels_change() {
        let channel = |id: &str, place: &str, points: &str| {
            format!("{id},*,*,*,*,{place},*,allow,,,,,,,,{points},,2020-01-01,,g,")
        };
        let rows = [channel("h1", "local", ""), channel("h2", "province", "0.1"), channel("h3", "cross", "0.1")];
        let (_, book) = pack().only("channels", &rows.each_ref().map(String::as_str)).compiled();
        assert!(book.terms.iter().all(|terms| terms.adjust_left() == Adjustment::NONE));
        let mut rates: Vec<i64> = book.terms.iter().map(|terms| book.bands(terms.bands)[0].rate.0).collect();
        rates.sort_unstable();
        rates.dedup();
        assert_eq!(rates, [600_000, 700_000]);
        // Two sets of the pack, and one that two channels change alike.
        assert_eq!(book.band_sets.len(), 3);
    }
}
