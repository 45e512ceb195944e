//! What a person has used up: by scheme and benefit year, by bucket, by month, by layer, and the account.
//!
//! Flat vectors that are emptied, not freed, between persons: a settlement allocates nothing. Positions
//! are stable while one person is folded, so that a settlement can remember what it moved.

use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;

/// The year-to-date use of one scheme by one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemeYear {
    /// The pool.
    pub pool: Admdvs,
    /// The insurance type.
    pub insutype: Insutype,
    /// Calendar year in which the benefit year starts.
    pub year: i32,
    /// Basic payments that count to the fund cap.
    pub counted: Fen,
}

/// One bucket of a scheme and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Position of its scheme and year.
    pub scheme: usize,
    /// Its name.
    pub accumulator: Sym,
    /// Admissions counted.
    pub admissions: u32,
    /// Deductible used.
    pub deductible: Fen,
    /// Sum of S2, what entered below the base caps.
    pub base: Fen,
    /// Sum of E, what entered the pool.
    pub pool_base: Fen,
    /// Sum of basic payments.
    pub paid: Fen,
    /// The same by calendar month, from January of the year in which the benefit year starts.
    pub months: [MonthUse; MONTHS],
}

/// The use of a bucket in one calendar month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthUse {
    /// Its number in the order in which the person's months were first met, from 1; 0: it was not met.
    pub met: u32,
    /// Sum of S2.
    pub base: Fen,
    /// Sum of basic payments.
    pub paid: Fen,
}

/// Calendar months that a benefit year can have a part of, whenever it starts: those of the year in which it starts, and of
/// the next.
pub const MONTHS: usize = 24;

/// The use of a layer of a scheme and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerUse {
    /// Position of the scheme and year.
    pub scheme: usize,
    /// Number of the layer.
    pub layer: u32,
    /// Sum of its bases.
    pub base: Fen,
    /// Sum of its payments.
    pub paid: Fen,
}

/// Everything one person has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accumulators {
    /// Schemes and years, in the order in which they were first met.
    pub schemes: Vec<SchemeYear>,
    /// Buckets.
    pub buckets: Vec<Bucket>,
    /// How many of their months were met.
    pub months_met: u32,
    /// Layers.
    pub layers: Vec<LayerUse>,
    /// Balance of the personal account; 0 without an accounts table.
    pub balance: Fen,
}

/// Positions that one settlement moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// Scheme and year.
    pub scheme: u32,
    /// Bucket of everything but the deductible.
    pub bucket: u32,
    /// Bucket of admissions and the deductible.
    pub deductible_bucket: u32,
    /// Month of the bucket, from January of the year in which the benefit year starts.
    pub month: u32,
}

impl Positions {
    /// Those of a settlement that moves nothing.
    pub const NONE: Self = Self { scheme: 0, bucket: 0, deductible_bucket: 0, month: 0 };

    /// Positions in the vectors of one person, which hold no more than 32 bits can count.
    #[inline]
    #[must_use]
    pub fn new(scheme: usize, bucket: usize, deductible_bucket: usize, month: usize) -> Self {
        Self {
            scheme: scheme as u32,
            bucket: bucket as u32,
            deductible_bucket: deductible_bucket as u32,
            month: month as u32,
        }
    }
}

/// Whether positions up to a number are of 32 bits.
fn assert_narrow(count: usize) {
    assert!(u32::try_from(count).is_ok(), "{count} accumulators of one person");
}

/// What had been used up before a settlement, at its positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Basic payments of the year that count to the fund cap.
    pub counted: Fen,
    /// Admissions of the year.
    pub admissions: u32,
    /// D of the year.
    pub deductible: Fen,
    /// S2 of the year.
    pub base: Fen,
    /// E of the year.
    pub pool_base: Fen,
    /// A of the year.
    pub paid: Fen,
    /// S2 of the month.
    pub month_base: Fen,
    /// A of the month.
    pub month_paid: Fen,
}

/// What one settlement adds to the accumulators; a reversal adds its negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// Where.
    pub at: Positions,
    /// How far.
    pub by: Shift,
}

/// The amounts of a [`Movement`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Admissions: 0 or 1.
    pub admissions: u32,
    /// D.
    pub deductible: Fen,
    /// S2.
    pub base: Fen,
    /// E.
    pub pool_base: Fen,
    /// A.
    pub paid: Fen,
    /// A where it counts to the fund cap, else 0.
    pub counted: Fen,
    /// Taken from the account.
    pub account: Fen,
}

/// What one layer did in one settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerPayment {
    /// Row of `layers.csv`.
    pub row: u32,
    /// Number of the layer.
    pub layer: u32,
    /// Its base.
    pub base: Fen,
    /// Its payment.
    pub paid: Fen,
}

impl Accumulators {
    /// Forgets everything for the next person.
    pub fn reset(&mut self, balance: Fen) {
        self.schemes.clear();
        self.buckets.clear();
        self.months_met = 0;
        self.layers.clear();
        self.balance = balance.or_zero();
    }

    /// Becomes equal to another one, in the memory that it has.
    pub fn copy_from(&mut self, other: &Self) {
        self.schemes.clone_from(&other.schemes);
        self.buckets.clone_from(&other.buckets);
        self.months_met = other.months_met;
        self.layers.clone_from(&other.layers);
        self.balance = other.balance;
    }

    /// Position of a scheme and year.
    #[inline(always)]
    pub fn scheme(&mut self, pool: Admdvs, insutype: Insutype, year: i32) -> usize {
        // The newest is nearly always the one asked for, here as below.
        for (at, scheme) in self.schemes.iter().enumerate().rev() {
            if scheme.year == year && scheme.pool == pool && scheme.insutype == insutype {
                return at;
            }
        }
        self.schemes.push(SchemeYear { pool, insutype, year, counted: Fen::ZERO });
        assert_narrow(self.schemes.len());
        self.schemes.len() - 1
    }

    /// Position of a bucket.
    #[inline(always)]
    pub fn bucket(&mut self, scheme: usize, accumulator: Sym) -> usize {
        for (at, bucket) in self.buckets.iter().enumerate().rev() {
            if bucket.scheme == scheme && bucket.accumulator == accumulator {
                return at;
            }
        }
        self.new_bucket(scheme, accumulator)
    }

    // As if it were rare, so that the search stays short.
    #[cold]
    fn new_bucket(&mut self, scheme: usize, accumulator: Sym) -> usize {
        self.buckets.push(Bucket {
            scheme,
            accumulator,
            admissions: 0,
            deductible: Fen::ZERO,
            base: Fen::ZERO,
            pool_base: Fen::ZERO,
            paid: Fen::ZERO,
            months: [MonthUse { met: 0, base: Fen::ZERO, paid: Fen::ZERO }; MONTHS],
        });
        assert_narrow(self.buckets.len());
        self.buckets.len() - 1
    }

    /// Position among the months of a bucket, of a benefit year that starts in `year`.
    // Nothing is searched: which month comes next is what a processor cannot guess.
    #[inline(always)]
    pub fn month(&mut self, bucket: usize, year: i32, month: i32) -> usize {
        let of_year = month - 12 * year;
        assert!(
            (0..MONTHS as i32).contains(&of_year),
            "month {month} has no part of a benefit year that starts in {year}"
        );
        let used = &mut self.buckets[bucket].months[of_year as usize];
        let is_new = used.met == 0;
        self.months_met += u32::from(is_new);
        used.met = if is_new { self.months_met } else { used.met };
        of_year as usize
    }

    /// The months of a bucket, by calendar month (year x 12 + month - 1).
    pub fn months_of<'a>(&'a self, bucket: &'a Bucket) -> impl Iterator<Item = (i32, &'a MonthUse)> {
        (self.schemes[bucket.scheme].year * 12..).zip(&bucket.months)
    }

    /// Bucket, calendar month and use of the months that were met, in that order.
    #[must_use]
    pub fn months_as_met(&self) -> Vec<(usize, i32, &MonthUse)> {
        let all = self
            .buckets
            .iter()
            .enumerate()
            .flat_map(|(at, bucket)| self.months_of(bucket).map(move |(month, used)| (at, month, used)));
        let mut met: Vec<_> = all.filter(|(.., used)| used.met > 0).collect();
        met.sort_unstable_by_key(|(.., used)| used.met);
        met
    }

    /// Position of a layer.
    #[inline]
    pub fn layer(&mut self, scheme: usize, layer: u32) -> usize {
        let found = self.layers.iter().position(|used| used.scheme == scheme && used.layer == layer);
        found.unwrap_or_else(|| {
            self.layers.push(LayerUse { scheme, layer, base: Fen::ZERO, paid: Fen::ZERO });
            self.layers.len() - 1
        })
    }

    /// What is used up at positions.
    #[inline(always)]
    #[must_use]
    pub fn used(&self, at: Positions) -> Used {
        let bucket = &self.buckets[at.bucket as usize];
        let of_deductible = &self.buckets[at.deductible_bucket as usize];
        let month = &bucket.months[at.month as usize];
        Used {
            counted: self.schemes[at.scheme as usize].counted,
            admissions: of_deductible.admissions,
            deductible: of_deductible.deductible,
            base: bucket.base,
            pool_base: bucket.pool_base,
            paid: bucket.paid,
            month_base: month.base,
            month_paid: month.paid,
        }
    }

    /// Moves the accumulators by a settlement.
    #[inline(always)]
    pub fn apply(&mut self, movement: &Movement, layers: &[LayerPayment]) {
        let Movement { at, by } = *movement;
        self.schemes[at.scheme as usize].counted = self.schemes[at.scheme as usize].counted.plus(by.counted);
        let used = &mut self.buckets[at.deductible_bucket as usize];
        used.admissions += by.admissions;
        used.deductible = used.deductible.plus(by.deductible);
        let bucket = &mut self.buckets[at.bucket as usize];
        bucket.base = bucket.base.plus(by.base);
        bucket.pool_base = bucket.pool_base.plus(by.pool_base);
        bucket.paid = bucket.paid.plus(by.paid);
        let month = &mut bucket.months[at.month as usize];
        month.base = month.base.plus(by.base);
        month.paid = month.paid.plus(by.paid);
        for payment in layers {
            let layer = self.layer(at.scheme as usize, payment.layer);
            let used = &mut self.layers[layer];
            used.base = used.base.plus(payment.base);
            used.paid = used.paid.plus(payment.paid);
        }
        self.balance = self.balance.minus(by.account);
    }

    /// Takes back what a settlement moved, in the benefit year and month in which it moved it.
    pub fn undo(&mut self, movement: &Movement, layers: &[LayerPayment]) {
        let Movement { at, by } = *movement;
        let scheme = &mut self.schemes[at.scheme as usize];
        scheme.counted = scheme.counted.minus(by.counted);
        let used = &mut self.buckets[at.deductible_bucket as usize];
        used.admissions -= by.admissions;
        used.deductible = used.deductible.minus(by.deductible);
        let bucket = &mut self.buckets[at.bucket as usize];
        bucket.base = bucket.base.minus(by.base);
        bucket.pool_base = bucket.pool_base.minus(by.pool_base);
        bucket.paid = bucket.paid.minus(by.paid);
        let month = &mut bucket.months[at.month as usize];
        month.base = month.base.minus(by.base);
        month.paid = month.paid.minus(by.paid);
        for payment in layers {
            let layer = self.layer(at.scheme as usize, payment.layer);
            let used = &mut self.layers[layer];
            used.base = used.base.minus(payment.base);
            used.paid = used.paid.minus(payment.paid);
        }
        self.balance = self.balance.plus(by.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_a_benefit_year_keep_their_places_and_the_order_in_which_they_were_met() {
        let mut state = Accumulators::default();
        let scheme = state.scheme(Admdvs(330_100), Insutype(2), 2024);
        let (stay, visit) = (state.bucket(scheme, Sym(2)), state.bucket(scheme, Sym(3)));
        // A year that starts on 2 July has a part of 13 months.
        let met = [(visit, 2025 * 12 + 6), (stay, 2024 * 12 + 6), (visit, 2024 * 12), (stay, 2025 * 12 + 11)];
        let positions = met.map(|(bucket, month)| state.month(bucket, 2024, month));
        assert_eq!(positions, [18, 6, 0, 23]);
        // Met again, nothing moves.
        assert_eq!(met.map(|(bucket, month)| state.month(bucket, 2024, month)), positions);
        let as_met: Vec<(usize, i32)> =
            state.months_as_met().iter().map(|&(bucket, month, _)| (bucket, month)).collect();
        assert_eq!(as_met, met);
        state.reset(Fen::ZERO);
        assert!(state.months_as_met().is_empty());
    }
}
