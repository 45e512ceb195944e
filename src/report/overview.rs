//! What an audit saw of all settlements at once: sums by what a settlement is, the way from computed to paid, the
//! largest differences. Collected chunk by chunk; shown by [`super::audit_page`].

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::reconciled::Outcome;
use crate::columnar::reconciled::{FIELDS, FieldSet};
use crate::model::money::Fen;

/// The most differences that are kept one by one; all of them are in `differences.csv`.
pub const MOST_DIFFERENCES: usize = 100_000;

/// Sums of some settlement numbers. Money is that of the measured field; a side that is not there is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Settlement numbers.
    pub numbers: u64,
    /// Of them those whose amounts differ.
    pub differing: u64,
    /// Of them those with any other result than that they agree, or that amounts differ.
    pub others: u64,
    /// `medfee_sumamt` of what was computed.
    pub total: i128,
    /// Computed.
    pub computed: i128,
    /// Paid.
    pub paid: i128,
    /// Sum of the differences without their signs.
    pub gross: i128,
}

impl Sums {
    /// Adds sums of other settlements.
    pub fn merge(&mut self, other: &Self) {
        self.numbers += other.numbers;
        self.differing += other.differing;
        self.others += other.others;
        self.total += other.total;
        self.computed += other.computed;
        self.paid += other.paid;
        self.gross += other.gross;
    }

    /// Paid less computed.
    #[must_use]
    pub const fn net(&self) -> i128 {
        self.paid - self.computed
    }
}

/// Sums by a word.
pub type Groups = BTreeMap<Box<[u8]>, Sums>;

/// What settlements are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum By {
    /// The insured pool.
    Pool,
    /// `insutype`
    Insutype,
    /// `clr_type`, or the visit class.
    Visit,
    /// The hospital tier by the rules.
    Tier,
    /// `fixmedins_code`
    Institution,
    /// The insured province and that of treatment, two digits each.
    Flow,
}

impl By {
    /// All, in order.
    pub const ALL: [Self; 6] = [Self::Pool, Self::Insutype, Self::Visit, Self::Tier, Self::Institution, Self::Flow];
}

/// Where a part of the way from computed to paid lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The cause of a difference, without what it turns on.
    Cause(String),
    /// Only paid.
    OnlyPaid,
    /// Only computed.
    OnlyComputed,
    /// The number stands more than once.
    Duplicate,
    /// Paid, and pended or rejected.
    NotComputable,
    /// Within the tolerance.
    Tolerance,
    /// The paid side does not say.
    NotCompared,
}

/// A settlement number that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `psn_no`
    pub psn_no: Box<[u8]>,
    /// `setl_id`
    pub setl_id: Box<[u8]>,
    /// The result.
    pub outcome: Outcome,
    /// The causes, the first one first.
    pub causes: Vec<Box<str>>,
    /// Fields that differ.
    pub differing: FieldSet,
    /// The amounts computed.
    pub computed: Option<[Fen; FIELDS]>,
    /// The amounts paid, of the fields that were compared.
    pub paid: Option<[Option<Fen>; FIELDS]>,
    /// Paid less computed, in the measured field.
    pub measured: i128,
    /// `insutype`
    pub insutype: Box<str>,
    /// `fixmedins_code`
    pub institution: Box<[u8]>,
    /// The insured pool, six digits; empty where nobody knows.
    pub pool: Box<str>,
    /// Month of settlement, `yyyy-MM`; empty where nobody knows.
    pub month: Box<str>,
}

impl Difference {
    /// The largest first; every two have an order.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let size = |one: &Self| one.measured.unsigned_abs();
        size(other).cmp(&size(self)).then_with(|| (&self.psn_no, &self.setl_id).cmp(&(&other.psn_no, &other.setl_id)))
    }
}

/// What an audit saw.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Sums, in the order of [`By::ALL`].
    pub by: [Groups; By::ALL.len()],
    /// What was computed, in the measured field.
    pub computed: i128,
    /// What was paid.
    pub paid: i128,
    /// How the one becomes the other.
    pub steps: BTreeMap<Reason, i128>,
    /// Settlement numbers that do not agree.
    pub differences: Vec<Difference>,
    /// How many there are, kept or not.
    pub differences_met: u64,
}

impl Overview {
    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (mine, other) in self.by.iter_mut().zip(other.by) {
            for (word, sums) in other {
                mine.entry(word).or_default().merge(&sums);
            }
        }
        self.computed += other.computed;
        self.paid += other.paid;
        for (reason, amount) in other.steps {
            *self.steps.entry(reason).or_default() += amount;
        }
        self.differences_met += other.differences_met;
        self.differences.extend(other.differences);
        if self.differences.len() > 2 * MOST_DIFFERENCES {
            self.keep_the_largest();
        }
    }

    /// Leaves the largest differences, the largest first.
    pub fn keep_the_largest(&mut self) {
        self.differences.sort_unstable_by(Difference::order);
        self.differences.truncate(MOST_DIFFERENCES);
    }

    /// Whether the steps lead from what was computed to what was paid.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.computed + self.steps.values().sum::<i128>() == self.paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(id: &str, measured: i128) -> Difference {
        Difference {
            psn_no: (*b"P").into(),
            setl_id: id.as_bytes().into(),
            outcome: Outcome::Differs,
            causes: Vec::new(),
            differing: FieldSet::NONE,
            computed: None,
            paid: None,
            measured,
            insutype: "310".into(),
            institution: (*b"H").into(),
            pool: "110000".into(),
            month: "2024-01".into(),
        }
    }

    #[test]
    fn the_largest_are_kept_whatever_the_order_they_come_in() {
        let some = |ids: &[(&str, i128)]| Overview {
            differences: ids.iter().map(|&(id, measured)| difference(id, measured)).collect(),
            differences_met: ids.len() as u64,
            ..Overview::default()
        };
        let mut one = some(&[("a", -5), ("b", 7)]);
        one.merge(some(&[("c", 5), ("d", 0)]));
        one.keep_the_largest();
        let ids: Vec<&[u8]> = one.differences.iter().map(|difference| &*difference.setl_id).collect();
        assert_eq!((ids, one.differences_met), (vec![&b"b"[..], b"a", b"c", b"d"], 4));
    }

    #[test]
    fn the_way_is_closed_or_not() {
        let mut overview = Overview { computed: 100, paid: 90, ..Overview::default() };
        overview.steps.insert(Reason::OnlyComputed, -15);
        assert!(!overview.is_closed());
        let mut more = Overview::default();
        more.steps.insert(Reason::Cause("C-TIER".into()), 5);
        overview.merge(more);
        assert!(overview.is_closed());
    }
}
