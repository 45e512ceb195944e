//! Strata: which one a settlement belongs to, and how many are drawn from each.

use hashbrown::HashMap;

use super::{SampleError, StrataBy, Stratum};
use crate::model::money::Fen;
use crate::report::sample::Sums;

/// Settlements that are drawn from a stratum at the least: with one there is no spread to estimate.
const LEAST: u64 = 2;

/// Strata in the making: what the first pass learns of the population.
pub(super) enum Census {
    /// One stratum.
    Whole(Sums),
    /// Every amount above zero, and the settlements without any.
    Amounts { amounts: Vec<i64>, zero: Sums, strata: u32 },
    /// By the words of some columns.
    Words(HashMap<String, Sums>),
}

/// Where settlements belong.
pub(super) enum Places {
    Whole,
    /// Number of the stratum without money, if there are such settlements, and the largest amount of each other one.
    Amounts {
        has_zero: bool,
        upper: Vec<i64>,
    },
    Words(HashMap<String, u32>),
}

impl Census {
    /// A census for a way of making strata; without one, of the population as a whole.
    pub(super) fn new(by: Option<&StrataBy>) -> Self {
        match by {
            None => Self::Whole(Sums::default()),
            Some(&StrataBy::Amount(strata)) => Self::Amounts { amounts: Vec::new(), zero: Sums::default(), strata },
            Some(StrataBy::Columns(_)) => Self::Words(HashMap::new()),
        }
    }

    /// Counts a settlement; `words` are the values of the columns.
    pub(super) fn count(&mut self, fen: Fen, words: &str) {
        match self {
            Self::Whole(sums) => sums.add(fen),
            Self::Amounts { zero, .. } if fen == Fen::ZERO => zero.add(fen),
            Self::Amounts { amounts, .. } => amounts.push(fen.0),
            Self::Words(known) => known.entry_ref(words).or_default().add(fen),
        }
    }

    /// The strata in their order, and where settlements belong.
    pub(super) fn close(self) -> (Vec<Stratum>, Places) {
        let stratum = |name: String, all: Sums| Stratum { name, all, drawn: 0 };
        match self {
            Self::Whole(sums) => (vec![stratum(String::new(), sums)], Places::Whole),
            Self::Words(known) => {
                let mut known: Vec<(String, Sums)> = known.into_iter().collect();
                known.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                let places =
                    known.iter().enumerate().map(|(number, (name, _))| (name.clone(), number as u32)).collect();
                (known.into_iter().map(|(name, sums)| stratum(name, sums)).collect(), Places::Words(places))
            }
            Self::Amounts { mut amounts, zero, strata } => {
                amounts.sort_unstable();
                let mut all = Vec::new();
                let has_zero = zero.settlements > 0;
                if has_zero {
                    all.push(stratum(Fen::ZERO.to_string(), zero));
                }
                let mut upper = Vec::new();
                for (range, sums) in ranges(&amounts, strata) {
                    let (first, last) = (Fen(amounts[range.start]), Fen(amounts[range.end - 1]));
                    all.push(stratum(format!("{first} - {last}"), sums));
                    upper.push(last.0);
                }
                (all, Places::Amounts { has_zero, upper })
            }
        }
    }
}

impl Places {
    /// The stratum of a settlement.
    pub(super) fn of(&self, fen: Fen, words: &str) -> usize {
        match self {
            Self::Whole => 0,
            Self::Words(places) => places[words] as usize,
            Self::Amounts { .. } if fen == Fen::ZERO => 0,
            Self::Amounts { has_zero, upper } => upper.partition_point(|&last| last < fen.0) + usize::from(*has_zero),
        }
    }
}

/// Cuts rising amounts into ranges with about the same money in each. Equal amounts stay together.
fn ranges(amounts: &[i64], strata: u32) -> Vec<(std::ops::Range<usize>, Sums)> {
    let total: i128 = amounts.iter().map(|&fen| i128::from(fen)).sum();
    let mut cut: Vec<(std::ops::Range<usize>, Sums)> = Vec::new();
    let (mut first, mut before, mut sums) = (0, 0_i128, Sums::default());
    for (index, &fen) in amounts.iter().enumerate() {
        sums.add(Fen(fen));
        // Cut where the money so far is nearer to its share than with the next amount.
        let is_reached = |next: i64| {
            let target = total * (cut.len() as i128 + 1);
            (2 * (before + i128::from(sums.fen)) + i128::from(next)) * i128::from(strata) >= 2 * target
        };
        let is_cut = match amounts.get(index + 1) {
            None => true,
            Some(&next) => next != fen && cut.len() + 1 < strata as usize && is_reached(next),
        };
        if is_cut {
            before += i128::from(sums.fen);
            cut.push((first..index + 1, std::mem::take(&mut sums)));
            first = index + 1;
        }
    }
    cut
}

/// Says how many are drawn from each stratum: two at least or all of it, the rest by money, no more than there are.
/// A stratum without money has its two, unless the others are full.
pub(super) fn allocate(strata: &mut [Stratum], size: u32) -> Result<(), SampleError> {
    let settlements: u64 = strata.iter().map(|stratum| stratum.all.settlements).sum();
    if settlements < u64::from(size) {
        return Err(SampleError::TooFew { settlements, size });
    }
    for stratum in &mut *strata {
        stratum.drawn = stratum.all.settlements.min(LEAST);
    }
    let mut left = i128::from(size) - strata.iter().map(|stratum| i128::from(stratum.drawn)).sum::<i128>();
    if left < 0 {
        return Err(SampleError::TooManyStrata { strata: strata.len(), size });
    }
    // Largest remainders, and again for what full strata could not take.
    while left > 0 {
        let open: Vec<usize> =
            (0..strata.len()).filter(|&number| strata[number].drawn < strata[number].all.settlements).collect();
        let money = |number: usize| i128::from(strata[number].all.fen).max(1);
        let total: i128 = open.iter().map(|&number| money(number)).sum();
        let mut shares: Vec<(usize, i128, i128)> =
            open.iter().map(|&number| (number, left * money(number) / total, left * money(number) % total)).collect();
        let mut rest = left - shares.iter().map(|(_, whole, _)| whole).sum::<i128>();
        shares.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        for (number, whole, _) in shares {
            let more = i128::from(rest > 0);
            rest -= more;
            let stratum = &mut strata[number];
            let room = i128::from(stratum.all.settlements - stratum.drawn);
            let taken = (whole + more).min(room);
            stratum.drawn += taken as u64;
            left -= taken;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strata(all: &[(u64, i64)]) -> Vec<Stratum> {
        let stratum = |&(settlements, fen)| Stratum { name: String::new(), all: Sums { settlements, fen }, drawn: 0 };
        all.iter().map(stratum).collect()
    }

    fn drawn(all: &[(u64, i64)], size: u32) -> Vec<u64> {
        let mut strata = strata(all);
        allocate(&mut strata, size).expect("enough of them");
        strata.iter().map(|stratum| stratum.drawn).collect()
    }

    #[test]
    fn money_decides_how_many_are_drawn() {
        assert_eq!(drawn(&[(1000, 100), (1000, 300)], 20), [6, 14]);
        // A stratum that is too small gives to the others.
        assert_eq!(drawn(&[(1000, 100), (3, 300), (1, 50)], 20), [16, 3, 1]);
        assert_eq!(drawn(&[(50, 0), (50, 1_000_000)], 10), [2, 8]);
        assert_eq!(drawn(&[(2, 0), (5, 0)], 7), [2, 5]);
    }

    #[test]
    fn too_few_and_too_many() {
        assert!(matches!(
            allocate(&mut strata(&[(3, 9), (4, 9)]), 8),
            Err(SampleError::TooFew { settlements: 7, size: 8 })
        ));
        assert!(matches!(
            allocate(&mut strata(&[(30, 9), (40, 9)]), 3),
            Err(SampleError::TooManyStrata { strata: 2, size: 3 })
        ));
    }

    #[test]
    fn ranges_hold_about_the_same_money_and_equal_amounts_stay_together() {
        let amounts: Vec<i64> = (1..=1000).collect();
        let cut = ranges(&amounts, 4);
        assert_eq!(cut.len(), 4);
        assert_eq!(cut.iter().map(|(_, sums)| sums.settlements).sum::<u64>(), 1000);
        for (_, sums) in &cut {
            assert!((sums.fen - 500_500 / 4).abs() < 1000, "{}", sums.fen);
        }
        assert_eq!(ranges(&[7; 100], 5).len(), 1);
        assert_eq!(ranges(&[], 5).len(), 0);
        // One large amount fills its range alone.
        assert_eq!(ranges(&[1, 1, 1, 1_000], 3).last().expect("ranges").0.len(), 1);
    }

    #[test]
    fn every_settlement_finds_the_stratum_it_was_counted_in() {
        let mut census = Census::new(Some(&StrataBy::Amount(3)));
        let amounts = [0, 0, 5, 5, 9, 40, 41, 100, 100];
        amounts.iter().for_each(|&fen| census.count(Fen(fen), ""));
        let (strata, places) = census.close();
        let mut found = vec![0; strata.len()];
        amounts.iter().for_each(|&fen| found[places.of(Fen(fen), "")] += 1);
        assert_eq!(found, strata.iter().map(|stratum| stratum.all.settlements).collect::<Vec<_>>());
    }
}
