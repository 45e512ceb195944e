//! How unusual a value is among others. No money comes out of it.

use crate::model::money::round_ratio;

/// Twice the median.
fn twice_the_median(sorted: &[i128]) -> i128 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { sorted[middle - 1] + sorted[middle] } else { 2 * sorted[middle] }
}

/// A value among its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scored {
    /// The median of all, rounded.
    pub median: i64,
    /// Robust z in millionths: 0.6745 (x - median) / MAD. Where more than half of the values are the median, MAD is 0
    /// and the mean absolute deviation stands in: (x - median) / (1.253314 MeanAD).
    pub score: i64,
}

/// The scores of values among each other; none where all are equal.
pub(super) fn robust(values: &[i64]) -> Option<Vec<Scored>> {
    if values.is_empty() {
        return None;
    }
    let mut sorted: Vec<i128> = values.iter().map(|&value| i128::from(value)).collect();
    sorted.sort_unstable();
    let median2 = twice_the_median(&sorted);
    let mut deviations: Vec<i128> = sorted.iter().map(|value| (2 * value - median2).abs()).collect();
    deviations.sort_unstable();
    // Four times the median absolute deviation, and the sum of the doubled ones.
    let (mad4, sum2) = (twice_the_median(&deviations), deviations.iter().sum::<i128>());
    if sum2 == 0 {
        return None;
    }
    let score = |value: i64| {
        let off2 = 2 * i128::from(value) - median2;
        let (numerator, denominator) = if mad4 > 0 {
            (674_500 * 2 * off2, mad4)
        } else {
            (off2 * values.len() as i128 * 1_000_000_000_000, 1_253_314 * sum2)
        };
        // A score beyond all bounds is beyond every threshold.
        let (size, denominator) = bounded(numerator.abs(), denominator);
        let score = round_ratio(size, denominator);
        if numerator < 0 { -score } else { score }
    };
    // Values are counts, shares and mean bills: none is negative.
    let median = round_ratio(median2.max(0), 2);
    Some(values.iter().map(|&value| Scored { median, score: score(value) }).collect())
}

/// A fraction whose value fits an `i64`.
fn bounded(numerator: i128, denominator: i128) -> (i128, i128) {
    let most = 1_000_000_000_000_000_i128;
    if numerator / denominator > most { (most, 1) } else { (numerator, denominator) }
}

/// First digits as they are expected, d from 1 to 9: log10(1 + 1/d).
pub(super) const BENFORD: [f64; 9] = [
    std::f64::consts::LOG10_2,
    0.176_091_259_055_681_24,
    0.124_938_736_608_299_95,
    0.096_910_013_008_056_42,
    0.079_181_246_047_624_82,
    0.066_946_789_630_613_22,
    0.057_991_946_977_686_73,
    0.051_152_522_447_381_29,
    0.045_757_490_560_675_13,
];

/// Mean absolute deviation of the shares from what is expected, and the p of the chi-square test.
pub(super) fn first_digits(counts: &[u64; 9]) -> (f64, f64) {
    let all = counts.iter().sum::<u64>() as f64;
    let (mut deviation, mut statistic) = (0.0, 0.0);
    for (&count, share) in counts.iter().zip(BENFORD) {
        let expected = share * all;
        deviation += (count as f64 / all - share).abs() / 9.0;
        statistic += (count as f64 - expected).powi(2) / expected;
    }
    (deviation, chi_square_tail(statistic))
}

/// P(X > x) of chi-square with 8 degrees of freedom: exp(-h) (1 + h + h^2/2 + h^3/6) with h = x/2.
fn chi_square_tail(x: f64) -> f64 {
    let h = x / 2.0;
    (-h).exp() * (1.0 + h + h * h / 2.0 + h * h * h / 6.0)
}

/// A number as evidence shows it: six decimals.
pub(super) fn shown(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robust_scores_worked_by_hand() {
        // Median 3, deviations 2 1 0 1 97, MAD 1.
        let scores = robust(&[1, 2, 3, 4, 100]).expect("not all equal");
        assert_eq!(
            scores.iter().map(|one| one.score).collect::<Vec<_>>(),
            [-1_349_000, -674_500, 0, 674_500, 65_426_500]
        );
        assert!(scores.iter().all(|one| one.median == 3));
        // Median 2.5, deviations 1.5 0.5 0.5 1.5, MAD 1.
        let scores = robust(&[1, 2, 3, 4]).expect("not all equal");
        assert_eq!(scores[3].score, 1_011_750);
        // More than half are the median: MeanAD = 4/5, (4 - 0) / (1.253314 * 0.8).
        let scores = robust(&[0, 0, 0, 0, 4]).expect("not all equal");
        assert_eq!((scores[0].score, scores[4].score), (0, 3_989_423));
        assert_eq!(robust(&[7; 12]), None);
        assert_eq!(robust(&[]), None);
        let huge = robust(&[0, 1, 2, i64::MAX]).expect("not all equal");
        assert!(huge[3].score > 1_000_000_000);
    }

    #[test]
    fn benford() {
        for (digit, share) in (1..=9).zip(BENFORD) {
            assert!((share - (1.0 + 1.0 / f64::from(digit)).log10()).abs() < 1e-15, "{digit}");
        }
        // Tables of chi-square with 8 degrees of freedom: 15.507 at 0.05, 26.124 at 0.001.
        assert!((chi_square_tail(15.507_313) - 0.05).abs() < 1e-7);
        assert!((chi_square_tail(26.124_482) - 0.001).abs() < 1e-8);
        let as_expected = BENFORD.map(|share| (share * 10_000.0).round() as u64);
        let (deviation, p) = first_digits(&as_expected);
        assert!(deviation < 1e-4 && p > 0.999, "{deviation} {p}");
        let (deviation, p) = first_digits(&[100; 9]);
        assert!(deviation > 0.05 && p < 1e-9, "{deviation} {p}");
    }
}
