//! Money and rates: integer fen, integer parts per million, and THE rounding function.
//!
//! Nothing in a money path is a float. Rounding happens only where a rule says so, always half away
//! from zero, always through [`round_ppm`], for small numerators [`round_ppm_small`], or [`round_ratio`].

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An amount of money in fen (0.01 yuan).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(pub i64);

/// A rate in parts per million: `0.85` is `Rate(850_000)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

/// One whole: the denominator of a [`Rate`].
pub const PPM: i64 = 1_000_000;

/// The largest amount of the national field type N(16,2): 14 digits of yuan, 2 of fen.
pub const MAX_AMOUNT_FEN: i64 = 9_999_999_999_999_999;

/// Below this magnitude `amount * PPM` fits an i64 and the fast path is exact.
const SMALL: u64 = (i64::MAX / (2 * PPM)) as u64;

impl Fen {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The smaller of two amounts, and never below zero.
    #[inline]
    #[must_use]
    pub fn capped_at(self, cap: Self) -> Self {
        self.min(cap).max(Self::ZERO)
    }

    /// The amount, or zero when it is negative.
    #[inline]
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// Yuan as a text says it: no decimals where there are none, `12000` or `12000.50`.
    #[must_use]
    pub fn plain(self) -> String {
        let text = self.to_string();
        text.strip_suffix(".00").map(str::to_owned).unwrap_or(text)
    }

    /// Adds without wrapping: an accumulator at the end of its range stays there.
    #[inline]
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        // Adding and one jump; a saturating add is five instructions.
        self.0.checked_add(other.0).map_or_else(|| end_of_range(other.0), Self)
    }

    /// Subtracts without wrapping.
    #[inline]
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.0.checked_sub(other.0).map_or_else(|| end_of_range(!other.0), Self)
    }

    /// Parses yuan: an optional minus, digits, at most two decimals (more only if they are zeros).
    ///
    /// No plus sign, exponent, thousands mark, bare point or blank; at most 14 digits of yuan, as the
    /// national type N(16,2) has. Returns `None` for anything else.
    #[must_use]
    pub fn parse_yuan(text: &[u8]) -> Option<Self> {
        let (value, scale_left) = parse_fixed(text, 2)?;
        let fen = value.checked_mul(10_i64.checked_pow(scale_left)?)?;
        (fen.unsigned_abs() <= MAX_AMOUNT_FEN as u64).then_some(Self(fen))
    }
}

impl Rate {
    /// Rate one: 100 %.
    pub const ONE: Self = Self(PPM);

    /// `round(rate * amount)`, half away from zero, to the fen.
    #[inline]
    #[must_use]
    pub fn of(self, amount: Fen) -> Fen {
        if amount.0.unsigned_abs() <= SMALL && self.0.unsigned_abs() <= 2 * PPM as u64 {
            return Fen(round_ppm_small(amount.0 * self.0));
        }
        Fen(round_ppm(i128::from(amount.0) * i128::from(self.0)))
    }

    /// `round(self * factor)` to six places, half away from zero.
    #[inline]
    #[must_use]
    pub fn times(self, factor: Self) -> Self {
        Self(round_ppm(i128::from(self.0) * i128::from(factor.0)))
    }

    /// The rate in percent, without trailing zeros: `62.5`.
    #[must_use]
    pub fn percent(self) -> String {
        // A hundredth of the denominator makes the percent the whole part; `Display` trims the rest.
        Self(self.0.saturating_mul(100)).to_string()
    }

    /// Held in 0..=1.
    #[inline]
    #[must_use]
    pub fn held(self) -> Self {
        Self(self.0.clamp(0, PPM))
    }

    /// Parses a fraction: an optional minus, digits, at most six decimals (more only if zeros).
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (value, scale_left) = parse_fixed(text, 6)?;
        Some(Self(value.checked_mul(10_i64.checked_pow(scale_left)?)?))
    }
}

/// Where a sum stays that goes beyond the range by an amount of this sign.
#[cold]
fn end_of_range(sign: i64) -> Fen {
    Fen(if sign < 0 { i64::MIN } else { i64::MAX })
}

/// Digits of `text` as an integer, and how many of the `places` decimals were not written.
fn parse_fixed(text: &[u8], places: u32) -> Option<(i64, u32)> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut left = places;
    let mut seen_point = false;
    let mut run = 0_usize;
    for &byte in digits {
        match byte {
            b'0'..=b'9' if seen_point && left == 0 => {
                if byte != b'0' {
                    return None;
                }
                run += 1;
            }
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                left -= u32::from(seen_point);
                run += 1;
            }
            b'.' if !seen_point && run > 0 => {
                seen_point = true;
                run = 0;
            }
            _ => return None,
        }
    }
    (run > 0).then_some((if negative { -value } else { value }, left))
}

/// `numerator / PPM`, half away from zero.
#[inline]
#[must_use]
pub fn round_ppm(numerator: i128) -> i64 {
    if let Ok(small) = i64::try_from(numerator)
        && small.unsigned_abs() <= i64::MAX as u64 - PPM as u64
    {
        return round_ppm_small(small);
    }
    let half = i128::from(PPM / 2);
    let shifted = if numerator < 0 { numerator - half } else { numerator + half };
    i64::try_from(shifted / i128::from(PPM)).expect("a rounded amount fits an i64 of fen")
}

/// [`round_ppm`] of a numerator well inside i64.
#[inline]
#[must_use]
pub fn round_ppm_small(numerator: i64) -> i64 {
    let half = PPM / 2;
    if numerator < 0 { (numerator - half) / PPM } else { (numerator + half) / PPM }
}

/// `numerator / denominator` of a non-negative ratio, half away from zero.
#[must_use]
pub fn round_ratio(numerator: i128, denominator: i128) -> i64 {
    assert!(numerator >= 0 && denominator > 0, "ratio {numerator}/{denominator} must not be negative");
    i64::try_from(round_signed(numerator, denominator)).expect("a rounded amount fits an i64 of fen")
}

/// `numerator / denominator` of any sign, half away from zero: a mean or a share of sums, which may be beyond 64 bits.
///
/// # Panics
/// If the denominator is not positive.
#[inline]
#[must_use]
pub fn round_signed(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "{numerator} over {denominator}");
    let rounded = (2 * numerator.abs() + denominator) / (2 * denominator);
    if numerator < 0 { -rounded } else { rounded }
}

impl Add for Fen {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Fen {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Fen {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Fen {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Yuan with two decimals.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100))
    }
}

/// A fraction without trailing zeros: `0.85`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let decimals = format!("{:06}", magnitude % PPM as u64);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        f.pad(&format!("{sign}{}{point}{decimals}", magnitude / PPM as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_grammar() {
        for (text, fen) in [
            ("0", 0),
            ("12", 1200),
            ("12.3", 1230),
            ("-0.05", -5),
            ("1.2300", 123),
            ("-0", 0),
            ("99999999999999.99", MAX_AMOUNT_FEN),
            ("007.10", 710),
        ] {
            assert_eq!(Fen::parse_yuan(text.as_bytes()), Some(Fen(fen)), "{text}");
        }
        for text in
            ["", "-", "+1", ".5", "1.", "1.234", "1e3", "1,000", " 1", "1 ", "--1", "1.2.3", "100000000000000", "١"]
        {
            assert_eq!(Fen::parse_yuan(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (ppm_fen, fen) in
            [(499_999, 0), (500_000, 1), (-500_000, -1), (-499_999, 0), (1_500_000, 2), (2_500_000, 3)]
        {
            assert_eq!(round_ppm(ppm_fen), fen, "{ppm_fen}");
        }
        assert_eq!(Rate(850_000).of(Fen(MAX_AMOUNT_FEN)), Fen(8_499_999_999_999_999));
        assert_eq!(Rate(500_000).of(Fen(-1)), Fen(-1));
        assert_eq!(round_ratio(5, 2), 3);
        assert_eq!(Rate(333_333).times(Rate(500_000)), Rate(166_667));
    }

    #[test]
    fn accumulators_stay_at_the_ends_of_their_range() {
        for (one, other) in
            [(i64::MAX - 1, 1), (i64::MAX - 1, 2), (i64::MIN + 1, -2), (i64::MIN, 0), (i64::MAX, -1), (5, 7)]
        {
            assert_eq!(Fen(one).plus(Fen(other)), Fen(one.saturating_add(other)));
            assert_eq!(Fen(one).minus(Fen(other)), Fen(one.saturating_sub(other)));
            assert_eq!(Fen(other).minus(Fen(one)), Fen(other.saturating_sub(one)));
        }
        assert_eq!(Fen(0).minus(Fen(i64::MIN)), Fen(i64::MAX));
    }

    #[test]
    fn display() {
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Rate(850_000).to_string(), "0.85");
        assert_eq!(Rate(PPM).to_string(), "1");
        assert_eq!(Rate::parse(b"-0.1"), Some(Rate(-100_000)));
    }
}
