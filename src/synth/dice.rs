//! Chance, in integers alone: the same seed gives the same draws on every machine.
//!
//! Floats are kept out because `exp` and `ln` differ between math libraries; a log-normal is made of a sum of
//! uniform numbers and a table of powers of two.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One million: what shares are counted in.
pub(super) const MILLION: u32 = 1_000_000;

/// What a stream of draws is for; streams of one seed are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Places, institutions, profiles.
    World,
    /// Habits of institutions.
    Habits,
    /// Persons and settlements of a block.
    Block(u64),
    /// Faults of a block.
    Faults(u64),
}

/// A stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a seed.
    pub(super) fn new(seed: u64, stream: Stream) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(b"tongchou synth 1");
        let mut chacha = ChaCha8Rng::from_seed(key);
        chacha.set_stream(match stream {
            Stream::World => 0,
            Stream::Habits => 1,
            Stream::Block(number) => 2 * number + 2,
            Stream::Faults(number) => 2 * number + 3,
        });
        Self(chacha)
    }

    /// A uniform number below `end`, which must not be 0.
    #[inline]
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // The bias, at most end / 2^32, is far below what any reader of the tables could see.
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// A uniform number below `end`, which must not be 0.
    #[inline]
    pub(super) fn below_u64(&mut self, end: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// A uniform number of `from..=to`.
    #[inline]
    pub(super) fn between(&mut self, from: i32, to: i32) -> i32 {
        from + self.below((to - from + 1).max(1) as u32) as i32
    }

    /// True in `millionths` of all cases.
    #[inline]
    pub(super) fn chance(&mut self, millionths: u32) -> bool {
        self.below(MILLION) < millionths
    }

    /// A position drawn by weight; the last weight of `rising` is the sum. `None` when the sum is 0.
    #[inline]
    pub(super) fn pick_rising(&mut self, rising: &[u32]) -> Option<usize> {
        let &sum = rising.last()?;
        (sum > 0).then(|| {
            let drawn = self.below(sum);
            rising.partition_point(|&upto| upto <= drawn)
        })
    }

    /// A position drawn by weight. `None` when all weights are 0.
    #[inline]
    pub(super) fn pick(&mut self, weights: &[u32]) -> Option<usize> {
        let sum: u32 = weights.iter().sum();
        (sum > 0).then(|| {
            let mut drawn = self.below(sum);
            weights
                .iter()
                .position(|&weight| {
                    let here = drawn < weight;
                    drawn = drawn.wrapping_sub(weight);
                    here
                })
                .unwrap_or(0)
        })
    }

    /// A member of a list that is not empty.
    #[inline]
    pub(super) fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u32) as usize]
    }

    /// A nearly normal number, mean 0, deviation 1, in 1/65536: eight uniform numbers added up, so never beyond 4.9.
    #[inline]
    fn normal_q16(&mut self) -> i64 {
        const MEAN_OF_EIGHT: i64 = 262_140;
        const DEVIATION_OF_EIGHT: i64 = 53_510;
        let (a, b) = (self.0.next_u64(), self.0.next_u64());
        let sum: u64 = (0..4).map(|part| ((a >> (16 * part)) & 0xffff) + ((b >> (16 * part)) & 0xffff)).sum();
        (sum as i64 - MEAN_OF_EIGHT) * 65_536 / DEVIATION_OF_EIGHT
    }

    /// A log-normal number: `median` times e to a normal of deviation `sigma_percent` / 100.
    #[inline]
    pub(super) fn log_normal(&mut self, median: i64, sigma_percent: i64) -> i64 {
        // 1 / ln 2 in 1/65536.
        const LOG2_E: i64 = 94_548;
        let power = (self.normal_q16() * sigma_percent / 100 * LOG2_E) >> 16;
        scale(median, power)
    }

    /// Shuffles a list.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last as u32 + 1) as usize;
            list.swap(last, other);
        }
    }
}

/// 2 to the i/256, in 1/2^30.
const POWERS: [i64; 257] = {
    // 2 to the 1/256, in 1/2^60.
    const STEP: u128 = 1_156_047_391_917_129_430;
    let mut table = [0_i64; 257];
    let mut power: u128 = 1 << 60;
    let mut index = 0;
    while index < 257 {
        table[index] = ((power + (1 << 29)) >> 30) as i64;
        power = (power * STEP) >> 60;
        index += 1;
    }
    table
};

/// `value` times 2 to the `power_q16` / 65536; powers are held within 10.
fn scale(value: i64, power_q16: i64) -> i64 {
    let power = power_q16.clamp(-10 << 16, 10 << 16);
    let (whole, fraction) = (power >> 16, (power & 0xffff) as usize);
    let (index, rest) = (fraction >> 8, (fraction & 0xff) as i64);
    let factor = POWERS[index] + (((POWERS[index + 1] - POWERS[index]) * rest) >> 8);
    let scaled = (i128::from(value) * i128::from(factor)) >> 30;
    (if whole >= 0 { scaled << whole } else { scaled >> -whole }) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_what_it_always_was() {
        let mut dice = Dice::new(1, Stream::Block(0));
        let drawn: Vec<u32> = (0..4).map(|_| dice.below(1000)).collect();
        let again: Vec<u32> = {
            let mut dice = Dice::new(1, Stream::Block(0));
            (0..4).map(|_| dice.below(1000)).collect()
        };
        assert_eq!(drawn, again);
        assert_ne!(drawn, (0..4).map(|_| Dice::new(1, Stream::Block(1)).below(1000)).collect::<Vec<_>>());
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(scale(1000, 0), 1000);
        assert_eq!(scale(1000, 1 << 16), 2000);
        assert_eq!(scale(1000, -(1 << 16)), 500);
        assert_eq!(scale(1_000_000, 1 << 15), 1_414_213);
        assert_eq!(scale(1_000_000, -(1 << 15)), 707_106);

        assert_eq!(POWERS[256], 2 << 30);
    }

    #[test]
    fn log_normal_has_its_mean() {
        let mut dice = Dice::new(7, Stream::World);
        let sum: i64 = (0..200_000).map(|_| dice.log_normal(100_000, 80)).sum();
        let mean = sum / 200_000;
        // 100000 x e^0.32 = 137713
        assert!((136_000..139_500).contains(&mean), "{mean}");
    }

    #[test]
    fn weights() {
        let mut dice = Dice::new(3, Stream::World);
        let mut counts = [0; 3];
        (0..30_000).for_each(|_| counts[dice.pick(&[1, 0, 2]).expect("weights")] += 1);
        assert_eq!(counts[1], 0);
        assert!((9_500..10_500).contains(&counts[0]), "{counts:?}");
        assert_eq!(dice.pick(&[0, 0]), None);
        assert_eq!(dice.pick_rising(&[]), None);
    }
}
