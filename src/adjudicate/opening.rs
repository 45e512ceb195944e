//! What outlives the fold of a person: the use of schemes and years by name instead of by position, and the
//! settlements of earlier folds that a reversal may name.

use super::accumulators::{Accumulators, LayerPayment, MonthUse, Movement, Positions, Shift};
use super::settle::Amounts;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::{Bill, Insutype};
use crate::model::symbol::Sym;

/// A scheme and benefit year of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemeKey {
    /// The pool.
    pub pool: Admdvs,
    /// The insurance type.
    pub insutype: Insutype,
    /// Calendar year in which the benefit year starts.
    pub year: i32,
}

/// The use of one thing that is counted, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The scheme's year.
    Scheme {
        /// Basic payments that count to the fund cap.
        counted: Fen,
    },
    /// A bucket.
    Bucket {
        /// Its name.
        accumulator: Sym,
        /// Admissions counted.
        admissions: u32,
        /// Deductible used.
        deductible: Fen,
        /// Sum of S2.
        base: Fen,
        /// Sum of E.
        pool_base: Fen,
        /// Sum of basic payments.
        paid: Fen,
    },
    /// A bucket in a calendar month.
    Month {
        /// Name of the bucket.
        accumulator: Sym,
        /// Year x 12 + month - 1.
        month: i32,
        /// Sum of S2.
        base: Fen,
        /// Sum of basic payments.
        paid: Fen,
    },
    /// A layer.
    Layer {
        /// Its number.
        layer: u32,
        /// Sum of its bases.
        base: Fen,
        /// Sum of its payments.
        paid: Fen,
    },
}

impl Usage {
    /// Whether nothing is used: as good as no row.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match *self {
            Self::Scheme { counted } => counted == Fen::ZERO,
            Self::Bucket { admissions, deductible, base, pool_base, paid, .. } => {
                admissions == 0 && [deductible, base, pool_base, paid] == [Fen::ZERO; 4]
            }
            Self::Month { base, paid, .. } | Self::Layer { base, paid, .. } => [base, paid] == [Fen::ZERO; 2],
        }
    }
}

/// One row of a person's year-to-date state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose.
    pub key: SchemeKey,
    /// What.
    pub usage: Usage,
}

/// A [`Movement`] by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The scheme and year.
    pub key: SchemeKey,
    /// The bucket of everything but the deductible.
    pub accumulator: Sym,
    /// The bucket of admissions and the deductible.
    pub deductible_accumulator: Sym,
    /// Year x 12 + month - 1.
    pub month: i32,
    /// How far.
    pub by: Shift,
}

/// A paid or denied settlement of an earlier fold, for a reversal that names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Original {
    /// The caller's number of it, see [`Outcome::original`](super::person::Outcome::original).
    pub number: u32,
    /// Its settlement number.
    pub setl_id: Box<[u8]>,
    /// Its pool.
    pub pool: Admdvs,
    /// Its insurance type.
    pub insutype: Insutype,
    /// Paid or denied.
    pub status: Status,
    /// An earlier fold has accepted a reversal of it.
    pub is_reversed: bool,
    /// Its bill.
    pub bill: Bill,
    /// What was computed.
    pub amounts: Amounts,
    /// What it moved; `None` on a denied one.
    pub moved: Option<Moved>,
    /// What its layers paid; their rows are of an earlier rule book and mean nothing here.
    pub layers: Vec<LayerPayment>,
}

/// What a fold takes from elsewhere than its claims, beside the accumulators.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier<'a> {
    /// Settlements of earlier folds that reversals may name.
    pub originals: &'a [Original],
    /// The account is set to a balance before the claim at a position; positions rise.
    pub balances: &'a [(usize, Fen)],
}

impl Accumulators {
    /// The state that earlier folds left.
    pub fn open(&mut self, balance: Fen, rows: &[UsageRow]) {
        self.reset(balance);
        for row in rows {
            let scheme = self.scheme(row.key.pool, row.key.insutype, row.key.year);
            match row.usage {
                Usage::Scheme { counted } => self.schemes[scheme].counted = counted,
                Usage::Bucket { accumulator, admissions, deductible, base, pool_base, paid } => {
                    let at = self.bucket(scheme, accumulator);
                    let bucket = &mut self.buckets[at];
                    bucket.admissions = admissions;
                    (bucket.deductible, bucket.base) = (deductible, base);
                    (bucket.pool_base, bucket.paid) = (pool_base, paid);
                }
                Usage::Month { accumulator, month, base, paid } => {
                    let bucket = self.bucket(scheme, accumulator);
                    let at = self.month(bucket, row.key.year, month);
                    let used = &mut self.buckets[bucket].months[at];
                    (used.base, used.paid) = (base, paid);
                }
                Usage::Layer { layer, base, paid } => {
                    let at = self.layer(scheme, layer);
                    (self.layers[at].base, self.layers[at].paid) = (base, paid);
                }
            }
        }
    }

    /// Name of a scheme and year.
    #[must_use]
    pub fn key(&self, scheme: usize) -> SchemeKey {
        let scheme = &self.schemes[scheme];
        SchemeKey { pool: scheme.pool, insutype: scheme.insutype, year: scheme.year }
    }

    /// The state of one scheme and year by name. Its own row comes first and always; of the rest, what is not zero.
    pub fn usage_of(&self, scheme: usize) -> impl Iterator<Item = UsageRow> + '_ {
        let key = self.key(scheme);
        let own = Usage::Scheme { counted: self.schemes[scheme].counted };
        let buckets = self.buckets.iter().filter(move |bucket| bucket.scheme == scheme).map(|bucket| Usage::Bucket {
            accumulator: bucket.accumulator,
            admissions: bucket.admissions,
            deductible: bucket.deductible,
            base: bucket.base,
            pool_base: bucket.pool_base,
            paid: bucket.paid,
        });
        let months = self.buckets.iter().filter(move |bucket| bucket.scheme == scheme).flat_map(|bucket| {
            let accumulator = bucket.accumulator;
            self.months_of(bucket).map(move |(month, used)| {
                let MonthUse { base, paid, .. } = *used;
                Usage::Month { accumulator, month, base, paid }
            })
        });
        let layers = self.layers.iter().filter(move |layer| layer.scheme == scheme);
        let layers = layers.map(|used| Usage::Layer { layer: used.layer, base: used.base, paid: used.paid });
        let rest = buckets.chain(months).chain(layers).filter(|usage| !usage.is_zero());
        std::iter::once(own).chain(rest).map(move |usage| UsageRow { key, usage })
    }

    /// A movement by name.
    #[must_use]
    pub fn named(&self, movement: &Movement) -> Moved {
        let at = movement.at;
        Moved {
            key: self.key(at.scheme as usize),
            accumulator: self.buckets[at.bucket as usize].accumulator,
            deductible_accumulator: self.buckets[at.deductible_bucket as usize].accumulator,
            month: self.schemes[at.scheme as usize].year * 12 + at.month as i32,
            by: movement.by,
        }
    }

    /// A movement by position: the inverse of [`named`](Self::named).
    pub fn placed(&mut self, moved: &Moved) -> Movement {
        let scheme = self.scheme(moved.key.pool, moved.key.insutype, moved.key.year);
        let bucket = self.bucket(scheme, moved.accumulator);
        let deductible_bucket = self.bucket(scheme, moved.deductible_accumulator);
        let month = self.month(bucket, moved.key.year, moved.month);
        Movement { at: Positions::new(scheme, bucket, deductible_bucket, month), by: moved.by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(year: i32) -> SchemeKey {
        SchemeKey { pool: Admdvs(310_000), insutype: Insutype(2), year }
    }

    fn moved(year: i32) -> Moved {
        Moved {
            key: key(year),
            accumulator: Sym(3),
            deductible_accumulator: Sym(4),
            month: year * 12 + 5,
            by: Shift {
                admissions: 1,
                deductible: Fen(50_000),
                base: Fen(900_000),
                pool_base: Fen(850_000),
                paid: Fen(700_000),
                counted: Fen(700_000),
                account: Fen(12_345),
            },
        }
    }

    #[test]
    fn a_state_that_left_by_name_comes_back_and_a_movement_is_taken_back_exactly() {
        let mut before = Accumulators::default();
        before.reset(Fen(99_999));
        let layers = [LayerPayment { row: 0, layer: 2, base: Fen(1_000), paid: Fen(600) }];
        for year in [2024, 2025] {
            let movement = before.placed(&moved(year));
            assert_eq!(before.named(&movement), moved(year));
            before.apply(&movement, &layers);
        }
        let rows: Vec<UsageRow> = (0..before.schemes.len()).flat_map(|scheme| before.usage_of(scheme)).collect();
        // Each year: itself, two buckets, a month of one of them, a layer.
        assert_eq!(rows.len(), 10);
        let mut after = Accumulators::default();
        after.open(before.balance, &rows);
        let again: Vec<UsageRow> = (0..after.schemes.len()).flat_map(|scheme| after.usage_of(scheme)).collect();
        assert_eq!((again, after.balance), (rows, before.balance));

        let movement = after.placed(&moved(2024));
        after.undo(&movement, &layers);
        let left: Vec<UsageRow> = after.usage_of(0).collect();
        assert_eq!(left, [UsageRow { key: key(2024), usage: Usage::Scheme { counted: Fen::ZERO } }]);
        assert_eq!(after.balance, before.balance + Fen(12_345));
    }
}
