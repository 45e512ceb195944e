//! An amount on marginal bands: one sum, one rounding.

use crate::model::money::{Fen, PPM, Rate, round_ppm, round_ppm_small, round_ratio};
use crate::rules::terms::Adjustment;
use crate::rules::values::Band;

/// A part of an amount that lies on one band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its lower end on the bands.
    pub from: Fen,
    /// Its upper end on the bands.
    pub to: Fen,
    /// The rate there, adjusted.
    pub rate: Rate,
}

/// The parts of `(from, from + amount]`, rising; below the first band the rate is 0.
#[inline]
pub fn segments(bands: &[Band], adjust: Adjustment, from: Fen, amount: Fen) -> impl Iterator<Item = Segment> + '_ {
    let to = from.plus(amount);
    let first = bands.first().map_or(Fen(i64::MAX), |band| band.from);
    let below = (from < first && from < to).then(|| Segment { from, to: to.min(first), rate: Rate(0) });
    below.into_iter().chain(on_bands(bands, adjust, from, to))
}

/// The parts of `(from, to]` on the bands themselves.
#[inline]
fn on_bands(bands: &[Band], adjust: Adjustment, from: Fen, to: Fen) -> impl Iterator<Item = Segment> + '_ {
    bands.iter().enumerate().filter_map(move |(index, band)| {
        let end = bands.get(index + 1).map_or(Fen(i64::MAX), |next| next.from);
        let (lower, upper) = (from.max(band.from), to.min(end));
        (lower < upper).then(|| Segment { from: lower, to: upper, rate: adjust.apply(band.rate) })
    })
}

/// `round(sum of segment x rate)` of an amount that begins at `from` on the bands.
#[inline(always)]
#[must_use]
pub fn pay(bands: &[Band], adjust: Adjustment, from: Fen, amount: Fen) -> Fen {
    // Rates are at most one, so the sum is at most amount x PPM.
    if amount.0 > i64::MAX / (2 * PPM) {
        let parts = on_bands(bands, adjust, from, from.plus(amount));
        return Fen(round_ppm(parts.map(|part| i128::from(part.to.0 - part.from.0) * i128::from(part.rate.0)).sum()));
    }
    // Nearly always the rates are ready.
    if adjust == Adjustment::NONE {
        pay_small(bands, |rate| rate, from, amount)
    } else {
        pay_small(bands, |rate| adjust.apply(rate), from, amount)
    }
}

/// As [`on_bands`], from the last band down, with parts of length zero: which bands an amount lies on cannot be guessed.
#[inline(always)]
fn pay_small(bands: &[Band], adjusted: impl Fn(Rate) -> Rate, from: Fen, amount: Fen) -> Fen {
    let (sum, _) = bands.iter().rev().fold((0, from.plus(amount)), |(sum, end), band| {
        let length = (end - from.max(band.from)).or_zero();
        (sum + length.0 * adjusted(band.rate).0, end.min(band.from))
    });
    Fen(round_ppm_small(sum))
}

/// The expense above a cap: `round(amount - e)`, with e the smallest part of the amount, from its lower end,
/// whose unrounded payment reaches `paid`. `None` when no part reaches it.
#[must_use]
pub fn expense_over_cap(bands: &[Band], adjust: Adjustment, from: Fen, amount: Fen, paid: Fen) -> Option<Fen> {
    let target = i128::from(paid.0) * i128::from(PPM);
    if target <= 0 {
        return Some(amount);
    }
    let mut reached = 0_i128;
    for part in segments(bands, adjust, from, amount) {
        let length = i128::from(part.to.0 - part.from.0);
        let rate = i128::from(part.rate.0);
        if reached + length * rate >= target {
            let beyond = i128::from(from.0) + i128::from(amount.0) - i128::from(part.from.0);
            return Some(Fen(round_ratio(beyond * rate - (target - reached), rate)));
        }
        reached += length * rate;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDS: [Band; 2] =
        [Band { from: Fen(10_000), rate: Rate(500_000) }, Band { from: Fen(20_000), rate: Rate(800_000) }];

    #[test]
    fn below_the_first_band_nothing_is_paid() {
        assert_eq!(pay(&BANDS, Adjustment::NONE, Fen(0), Fen(10_000)), Fen(0));
        assert_eq!(pay(&BANDS, Adjustment::NONE, Fen(0), Fen(30_000)), Fen(5_000 + 8_000));
        let bonus = Adjustment { points: Rate(-100_000), factor: Rate::ONE };
        assert_eq!(pay(&BANDS, bonus, Fen(0), Fen(10_000)), Fen(0));
        assert_eq!(pay(&BANDS, bonus, Fen(10_000), Fen(20_000)), Fen(6_000 + 9_000));
    }

    #[test]
    fn expense_above_the_cap() {
        // 5000 is reached at 20000 on the bands: 10000 of 30000 lie above.
        assert_eq!(expense_over_cap(&BANDS, Adjustment::NONE, Fen(0), Fen(30_000), Fen(5_000)), Some(Fen(10_000)));
        assert_eq!(expense_over_cap(&BANDS, Adjustment::NONE, Fen(0), Fen(30_000), Fen(0)), Some(Fen(30_000)));
        assert_eq!(expense_over_cap(&BANDS, Adjustment::NONE, Fen(0), Fen(30_000), Fen(99_999)), None);
    }
}
