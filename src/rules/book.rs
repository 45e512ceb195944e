//! The compiled rule pack: immutable, shared by all threads, every choice of a row a few array look-ups.

use hashbrown::HashMap;

use super::almanac::Almanac;
use super::day::{Offer, PoolDay, SchemeDay};
use super::layout::Table;
use super::tables::PoolTables;
use super::terms::Terms;
use super::values::{
    AccountValue, Band, BenefitValue, ChannelValue, ClassValue, FilingTypeValue, LayerValue, NeighbourValue,
    SchemeValue, TierValue, VisitValue,
};
use super::vocabulary::Vocabularies;
use crate::model::date::Date;
use crate::model::place::{Admdvs, Place};
use crate::model::settlement::{CodeAndParent, Insutype};
use crate::model::symbol::{Sym, Vocabulary};

/// Number of possible six-digit codes.
pub(super) const CODES: usize = 1_000_000;

/// The keys that channels and benefits are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenefitKeys {
    /// Person class.
    pub psn_class: Sym,
    /// Visit class.
    pub med_class: Sym,
    /// Place.
    pub place: Place,
    /// Filing.
    pub filing: crate::model::place::Filing,
    /// Hospital tier.
    pub tier: Sym,
}

/// A chosen row: its number in its table, and what it says.
#[derive(Debug)]
pub struct Chosen<'a, T> {
    /// Row number in the pack's table.
    pub row: u32,
    /// Its values.
    pub value: &'a T,
}

impl<T> Clone for Chosen<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Chosen<'_, T> {}

/// What the field tried for a hospital's tier is called in `tiers.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum LevelField {
    /// `inst_class` of the institution.
    InstClass,
    /// `dedc_hosp_lv` of the claim or the institution.
    DedcHospLv,
    /// `hosp_lv` of the claim or the institution.
    HospLv,
}

impl LevelField {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::InstClass, Self::DedcHospLv, Self::HospLv];
}

/// The compiled pack.
#[derive(Clone, Debug)]
pub struct RuleBook {
    /// Its words.
    pub vocab: Vocabularies,
    pub(super) pool_of_place: Vec<Pooled>,
    pub(super) pool_number: Vec<u16>,
    pub(super) almanac: Almanac,
    pub(super) pools: Vec<PoolTables>,
    pub(super) terms: Vec<Terms>,
    pub(super) tiers: Vec<TierValue>,
    pub(super) visits: Vec<VisitValue>,
    pub(super) filing_types: Vec<FilingTypeValue>,
    pub(super) schemes: Vec<SchemeValue>,
    pub(super) classes: Vec<ClassValue>,
    pub(super) neighbours: Vec<NeighbourValue>,
    pub(super) channels: Vec<ChannelValue>,
    pub(super) benefits: Vec<BenefitValue>,
    pub(super) layers: Vec<LayerValue>,
    pub(super) accounts: Vec<AccountValue>,
    pub(super) band_sets: Vec<Vec<Band>>,
    pub(super) rule_ids: HashMap<Table, Vec<Box<str>>>,
    pub(super) marks: FlagMarks,
    pub(super) lowest_level: Sym,
}

/// A pool and the number of its tables, side by side: a settlement asks for both of two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooled {
    /// The pool.
    pub pool: Admdvs,
    pub(super) number: u32,
}

/// The marks that a claim's own flags stand for.
#[derive(Clone, Copy, Debug)]
pub struct FlagMarks {
    /// `cvlserv`
    pub civil_servant: Sym,
    /// `flexible`
    pub flexible: Sym,
    /// `newborn`
    pub newborn: Sym,
}

/// Each once, in the order of the words' bytes: independent of the order of the rules.
fn by_word(vocabulary: &Vocabulary, symbols: impl Iterator<Item = Sym>) -> Vec<Sym> {
    let mut symbols: Vec<Sym> = symbols.collect();
    symbols.sort_unstable_by(|&a, &b| vocabulary.word(a).cmp(vocabulary.word(b)));
    symbols.dedup();
    symbols
}

impl RuleBook {
    /// The pool of a place.
    #[inline]
    #[must_use]
    pub fn pool_of(&self, place: Admdvs) -> Admdvs {
        self.pooled(place).pool
    }

    /// The pool of a place, with its number.
    #[inline(always)]
    #[must_use]
    pub fn pooled(&self, place: Admdvs) -> Pooled {
        self.pool_of_place[place.0 as usize]
    }

    /// A pool with its number.
    #[must_use]
    pub fn numbered(&self, pool: Admdvs) -> Pooled {
        Pooled { pool, number: self.pool_number[pool.0 as usize].into() }
    }

    /// The rules of a pool on a day.
    #[inline]
    #[must_use]
    pub fn on(&self, pool: Admdvs, day: Date) -> PoolDay<'_> {
        self.on_numbered(self.numbered(pool), day)
    }

    /// [`on`](Self::on), where the number is known.
    #[inline(always)]
    #[must_use]
    pub fn on_numbered(&self, pool: Pooled, day: Date) -> PoolDay<'_> {
        let tables = &self.pools[pool.number as usize];
        let today = self.almanac.on(day);
        PoolDay { book: self, tables, period: tables.periods[today.epoch as usize], today }
    }

    /// What rows of scheme, channel, benefit and account come to together; `None` without one of the first three.
    #[must_use]
    pub(super) fn worked_out(&self, [scheme, channel, benefit, account]: [u32; 4]) -> Option<Terms> {
        let scheme = self.schemes.get(scheme as usize)?;
        let (channel, benefit) = (self.channels.get(channel as usize)?, self.benefits.get(benefit as usize)?);
        Some(Terms::new(scheme, channel, benefit, self.accounts.get(account as usize)))
    }

    /// The name of a rule row.
    #[must_use]
    pub fn rule_id(&self, table: Table, row: u32) -> &str {
        &self.rule_ids[&table][row as usize]
    }

    /// The marks of a claim's own flags.
    #[inline]
    #[must_use]
    pub fn flag_marks(&self) -> FlagMarks {
        self.marks
    }

    /// The level of an institution of which nothing is known: `11`, no grade.
    #[inline]
    #[must_use]
    pub fn lowest_level(&self) -> Sym {
        self.lowest_level
    }

    /// [`PoolDay::neighbour`], asked once.
    #[must_use]
    pub fn neighbour(&self, pool: Admdvs, treated: Admdvs, day: Date) -> Option<Chosen<'_, NeighbourValue>> {
        self.on(pool, day).neighbour(self.numbered(treated))
    }

    /// [`PoolDay::visit`], asked once.
    #[must_use]
    pub fn visit(
        &self,
        pool: Admdvs,
        med_type: CodeAndParent,
        disease: Sym,
        day: Date,
    ) -> Option<Chosen<'_, VisitValue>> {
        self.on(pool, day).visit(med_type, disease)
    }

    /// [`PoolDay::tier`], asked once.
    #[must_use]
    pub fn tier(&self, pool: Admdvs, field: LevelField, level: Sym, day: Date) -> Option<Chosen<'_, TierValue>> {
        self.on(pool, day).tier(field, level)
    }

    /// [`PoolDay::filing_type`], asked once.
    #[must_use]
    pub fn filing_type(&self, pool: Admdvs, filing_type: Sym, day: Date) -> Option<Chosen<'_, FilingTypeValue>> {
        self.on(pool, day).filing_type(filing_type)
    }

    /// [`SchemeDay::scheme`], asked once.
    #[must_use]
    pub fn scheme(&self, pool: Admdvs, insutype: Insutype, day: Date) -> Option<Chosen<'_, SchemeValue>> {
        self.on(pool, day).under(insutype).scheme()
    }

    /// [`SchemeDay::offer`], asked once.
    #[must_use]
    pub fn offer(&self, pool: Admdvs, insutype: Insutype, keys: BenefitKeys, day: Date) -> Offer<'_> {
        self.on(pool, day).under(insutype).offer(keys)
    }

    /// The tiers that a pool has on a day, by their words.
    #[must_use]
    pub fn tiers_of(&self, pool: Admdvs, day: Date) -> Vec<Sym> {
        let PoolDay { tables, period, .. } = self.on(pool, day);
        let rows = tables.tiers.table.in_force(period);
        by_word(&self.vocab.tier, rows.map(|row| self.tiers[row as usize].tier))
    }

    /// The visit classes that a pool has on a day, by their words.
    #[must_use]
    pub fn visit_classes_of(&self, pool: Admdvs, day: Date) -> Vec<Sym> {
        let PoolDay { tables, period, .. } = self.on(pool, day);
        let rows = tables.visits.table.in_force(period);
        by_word(&self.vocab.med_class, rows.map(|row| self.visits[row as usize].med_class))
    }

    /// The person classes that a pool and insurance type have on a day, by their words.
    #[must_use]
    pub fn person_classes_of(&self, pool: Admdvs, insutype: Insutype, day: Date) -> Vec<Sym> {
        let SchemeDay { tables, period, .. } = self.on(pool, day).under(insutype);
        let rows = tables.classes.table.in_force(period);
        by_word(&self.vocab.psn_class, rows.map(|row| self.classes[row as usize].psn_class))
    }

    /// What a row of `schemes.csv` says.
    #[must_use]
    pub fn scheme_of_row(&self, row: u32) -> &SchemeValue {
        &self.schemes[row as usize]
    }

    /// What a row of `channels.csv` says.
    #[must_use]
    pub fn channel_of_row(&self, row: u32) -> &ChannelValue {
        &self.channels[row as usize]
    }

    /// What a row of `benefits.csv` says.
    #[must_use]
    pub fn benefit_of_row(&self, row: u32) -> &BenefitValue {
        &self.benefits[row as usize]
    }

    /// What a row of `layers.csv` says.
    #[must_use]
    pub fn layer_of_row(&self, row: u32) -> &LayerValue {
        &self.layers[row as usize]
    }

    /// What a row of `accounts.csv` says.
    #[must_use]
    pub fn account_of_row(&self, row: u32) -> &AccountValue {
        &self.accounts[row as usize]
    }

    /// The bands of a set, rising.
    #[inline]
    #[must_use]
    pub fn bands(&self, set: u32) -> &[Band] {
        &self.band_sets[set as usize]
    }
}
