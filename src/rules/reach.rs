//! Which settlements a row of rules reaches, judged by what a settled row records of itself: the rows it names, its
//! derived keys, its day.

use std::sync::Arc;

use hashbrown::HashMap;

use super::cell::Pattern;
use super::layout::Table;
use super::pack::RulePack;
use super::rank::code;
use crate::model::date::Date;
use crate::model::place::Admdvs;

/// Days from one to another, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Span {
    /// All days.
    pub const ALWAYS: Self = Self { from: Date::MIN, to: Date::MAX };

    /// Whether it holds no day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from > self.to
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Its days that another span has not.
    #[must_use]
    pub fn without(self, other: Self) -> Vec<Self> {
        let meets = !other.is_empty() && other.from <= self.to && self.from <= other.to;
        if !meets {
            return vec![self];
        }
        let mut left = Vec::new();
        if self.from < other.from {
            left.push(Self { from: self.from, to: other.from.pred() });
        }
        if other.to < self.to {
            left.push(Self { from: other.to.succ(), to: self.to });
        }
        left
    }
}

/// A derived column that the keys of rules speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Key {
    /// `insutype`
    Insutype,
    /// `psn_class`
    PsnClass,
    /// `med_class`
    MedClass,
    /// `place`
    Place,
    /// `filing`
    Filing,
    /// `tier`
    Tier,
}

impl Key {
    /// All of them, in the order of [`Settled::keys`].
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Insutype, "insutype"),
        (Self::PsnClass, "psn_class"),
        (Self::MedClass, "med_class"),
        (Self::Place, "place"),
        (Self::Filing, "filing"),
        (Self::Tier, "tier"),
    ];
}

/// The tables whose rows a settlement names, in the order of [`Settled::rules`].
pub const CITED: [Table; 5] = [Table::Schemes, Table::PersonClasses, Table::Channels, Table::Benefits, Table::Layers];

/// What a settled row records of itself.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// `enddate`.
    pub day: Date,
    /// `pool`.
    pub pool: Admdvs,
    /// `mdtrtarea_admvs`.
    pub treated: Admdvs,
    /// The derived columns of [`Key`].
    pub keys: [&'a str; 6],
    /// Names of the rows of [`CITED`]; those of layers joined with `|`.
    pub rules: [&'a str; 5],
    /// Whether the person paid all of it.
    pub denied: bool,
}

/// The pool of every place, as one pack has it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PoolOf(HashMap<u32, u32>);

impl PoolOf {
    /// The places of a pack.
    #[must_use]
    pub fn of(pack: &RulePack) -> Self {
        let places = pack.table(Table::Places);
        let cell = |row, column| code(places.cell(row, column)).0;
        Self((0..places.rows.len()).map(|row| (cell(row, "admdvs"), cell(row, "pool"))).collect())
    }

    /// The pool of a place: its own row, its city's, its province's, or the city itself.
    #[must_use]
    pub fn get(&self, place: Admdvs) -> Admdvs {
        let own = if place.is_municipality() { place.province() } else { place.city() };
        let listed = [place, place.city(), place.province()].iter().find_map(|place| self.0.get(&place.0).copied());
        listed.map_or(own, Admdvs)
    }
}

/// Whether a pool key matches a pool: the code itself, or its province.
#[must_use]
pub fn meets_pool(pattern: &Pattern, pool: Admdvs) -> bool {
    let item_meets = |item: &str| {
        let item = code(item);
        item == pool || (item.is_province() && item == pool.province())
    };
    matches!(pattern, Pattern::Any) || pattern.items().iter().any(|item| item_meets(item))
}

/// The settlements that a row may have decided, or may decide, by the keys that are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those whose keys match.
    Keys(KeyReach),
    /// Those of persons insured at, or treated at, a place whose pool changed.
    Place {
        /// Its pool before and after.
        pools: [Admdvs; 2],
        /// The place.
        place: Admdvs,
    },
}

/// Keys of a row, as far as settlements record them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReach {
    /// Pools.
    pub pool: Pattern,
    /// The other keys; one that is not there matches anything.
    pub keys: Vec<(Key, Pattern)>,
    /// What the row decides is itself recorded: only settlements where it is (`true`) or is not (`false`) this.
    pub outcome: Option<(Key, Box<str>, bool)>,
    /// Pools of treatment.
    pub treated: Option<(Pattern, Arc<PoolOf>)>,
    /// Only settlements with a place elsewhere.
    pub away: bool,
    /// Only settlements of which a fund may pay a part.
    pub payable: bool,
}

impl Reach {
    /// Whether it can have to do with settlements of a pool, or with those treated somewhere else.
    #[must_use]
    pub fn meets_pool(&self, pool: Admdvs) -> bool {
        match self {
            Self::Keys(reach) => meets_pool(&reach.pool, pool),
            Self::Place { .. } => true,
        }
    }

    /// Whether it has to do with a settlement of a pool that it meets.
    #[must_use]
    pub fn holds(&self, settled: &Settled<'_>) -> bool {
        match self {
            Self::Keys(reach) => reach.holds(settled),
            Self::Place { pools, place } => {
                let treated = settled.treated;
                // A province's row also answers for cities of their own that no row lists.
                pools.contains(&settled.pool)
                    || (place.is_province() && settled.pool.province() == *place)
                    || [treated, treated.city(), treated.province()].contains(place)
            }
        }
    }
}

impl KeyReach {
    fn holds(&self, settled: &Settled<'_>) -> bool {
        let word = |key: Key| settled.keys[key as usize];
        let matches = |key: Key, pattern: &Pattern| {
            matches!(pattern, Pattern::Any) || pattern.items().iter().any(|item| **item == *word(key))
        };
        let left_out = (self.away && word(Key::Place) == "local") || (self.payable && settled.denied);
        !left_out
            && self.keys.iter().all(|(key, pattern)| matches(*key, pattern))
            && self.outcome.as_ref().is_none_or(|(key, outcome, is)| (**outcome == *word(*key)) == *is)
            && self.treated.as_ref().is_none_or(|(pattern, pools)| meets_pool(pattern, pools.get(settled.treated)))
    }
}
