//! The compiled rule pack: immutable, shared by all threads, every choice of a row a few array look-ups.

use hashbrown::HashMap;

use super::keytable::KeyTable;
use super::layout::Table;
use super::values::{
    AccountValue, Band, BenefitValue, ChannelValue, ClassValue, FilingTypeValue, LayerValue, NeighbourValue,
    SchemeValue, TierValue, VisitValue,
};
use super::vocabulary::Vocabularies;
use crate::model::date::Date;
use crate::model::place::{Admdvs, Place};
use crate::model::settlement::{CodeAndParent, Insutype};
use crate::model::symbol::Sym;

/// Number of possible six-digit codes.
pub(super) const CODES: usize = 1_000_000;

/// Tables that are looked up by the insured pool alone.
#[derive(Clone, Debug, Default)]
pub struct PoolTables {
    /// By level field and level.
    pub(super) tiers: KeyTable,
    /// By visit type and disease.
    pub(super) visits: KeyTable,
    /// By filing type.
    pub(super) filing_types: KeyTable,
    /// By treatment pool.
    pub(super) neighbours: KeyTable,
}

/// Tables that are looked up by pool and insurance type.
#[derive(Clone, Debug, Default)]
pub struct SchemeTables {
    pub(super) schemes: KeyTable,
    /// By person type, identity and grade, in the order of priority.
    pub(super) classes: KeyTable,
    /// By person class, visit class, place, filing and tier.
    pub(super) channels: KeyTable,
    /// By the same.
    pub(super) benefits: KeyTable,
    /// For each layer number, by person class, visit class, place and filing.
    pub(super) layers: Vec<KeyTable>,
    /// By person class and visit class.
    pub(super) accounts: KeyTable,
}

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

impl BenefitKeys {
    #[inline]
    fn with_tier(self) -> [u32; 5] {
        let [class, visit, place, filing] = self.without_tier();
        [class, visit, place, filing, self.tier.0]
    }

    #[inline]
    fn without_tier(self) -> [u32; 4] {
        [self.psn_class.0, self.med_class.0, self.place as u32, self.filing as u32]
    }
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

/// The compiled pack.
#[derive(Clone, Debug)]
pub struct RuleBook {
    /// Its words.
    pub vocab: Vocabularies,
    pub(super) pool_of_place: Vec<u32>,
    pub(super) pool_number: Vec<u16>,
    pub(super) pools: Vec<PoolTables>,
    /// By pool number, then insurance type.
    pub(super) schemes_of: Vec<SchemeTables>,
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

fn chosen<T>(values: &[T], row: Option<u32>) -> Option<Chosen<'_, T>> {
    row.map(|row| Chosen { row, value: &values[row as usize] })
}

impl RuleBook {
    /// The pool of a place.
    #[inline]
    #[must_use]
    pub fn pool_of(&self, place: Admdvs) -> Admdvs {
        Admdvs(self.pool_of_place[place.0 as usize])
    }

    #[inline]
    fn pool_tables(&self, pool: Admdvs) -> &PoolTables {
        &self.pools[usize::from(self.pool_number[pool.0 as usize])]
    }

    #[inline]
    fn scheme_tables(&self, pool: Admdvs, insutype: Insutype) -> &SchemeTables {
        let number = usize::from(self.pool_number[pool.0 as usize]);
        &self.schemes_of[number * self.vocab.insutype.len() + insutype.sym().index()]
    }

    /// The name of a rule row.
    #[must_use]
    pub fn rule_id(&self, table: Table, row: u32) -> &str {
        &self.rule_ids[&table][row as usize]
    }

    /// The marks of a claim's own flags.
    #[must_use]
    pub fn flag_marks(&self) -> FlagMarks {
        self.marks
    }

    /// The level of an institution of which nothing is known: `11`, no grade.
    #[must_use]
    pub fn lowest_level(&self) -> Sym {
        self.lowest_level
    }

    /// The place a neighbour row gives a treatment pool.
    #[inline]
    #[must_use]
    pub fn neighbour(&self, pool: Admdvs, treated: Admdvs, day: Date) -> Option<Chosen<'_, NeighbourValue>> {
        let table = &self.pool_tables(pool).neighbours;
        if table.is_empty() {
            return None;
        }
        let treated = u32::from(self.pool_number[treated.0 as usize]);
        chosen(&self.neighbours, table.choose([treated], day))
    }

    /// The visit class: the full code first; its two-digit parent only when no row names the code.
    #[inline]
    #[must_use]
    pub fn visit(
        &self,
        pool: Admdvs,
        med_type: CodeAndParent,
        disease: Sym,
        day: Date,
    ) -> Option<Chosen<'_, VisitValue>> {
        let table = &self.pool_tables(pool).visits;
        let (code, parent) = (med_type.code.0, med_type.parent.0);
        if let Some(row) = table.choose([code, disease.0], day) {
            return chosen(&self.visits, Some(row));
        }
        // No row matches the code and the disease. A row that names the code for other diseases still
        // keeps the parent out.
        if table.find([code, code], [], day, |_| true).is_some() {
            return None;
        }
        chosen(&self.visits, table.choose([parent, disease.0], day))
    }

    /// The tier of a level, as one field states it.
    #[inline]
    #[must_use]
    pub fn tier(&self, pool: Admdvs, field: LevelField, level: Sym, day: Date) -> Option<Chosen<'_, TierValue>> {
        chosen(&self.tiers, self.pool_tables(pool).tiers.choose([field as u32, level.0], day))
    }

    /// What a filing type counts as.
    #[inline]
    #[must_use]
    pub fn filing_type(&self, pool: Admdvs, filing_type: Sym, day: Date) -> Option<Chosen<'_, FilingTypeValue>> {
        chosen(&self.filing_types, self.pool_tables(pool).filing_types.choose([filing_type.0], day))
    }

    /// The scheme.
    #[inline]
    #[must_use]
    pub fn scheme(&self, pool: Admdvs, insutype: Insutype, day: Date) -> Option<Chosen<'_, SchemeValue>> {
        chosen(&self.schemes, self.scheme_tables(pool, insutype).schemes.choose([], day))
    }

    /// The person class of smallest priority whose type, identity and grade match, and that `holds` otherwise.
    #[allow(clippy::too_many_arguments, reason = "the keys of the table, each once")]
    #[inline]
    pub fn person_class(
        &self,
        pool: Admdvs,
        insutype: Insutype,
        psn_type: CodeAndParent,
        identity: Sym,
        grade: Sym,
        day: Date,
        holds: impl Fn(&ClassValue) -> bool,
    ) -> Option<Chosen<'_, ClassValue>> {
        let table = &self.scheme_tables(pool, insutype).classes;
        let types = [psn_type.code.0, psn_type.parent.0];
        let holds = |row: u32| holds(&self.classes[row as usize]);
        chosen(&self.classes, table.find(types, [identity.0, grade.0], day, holds))
    }

    /// The channel.
    #[inline]
    #[must_use]
    pub fn channel(
        &self,
        pool: Admdvs,
        insutype: Insutype,
        keys: BenefitKeys,
        day: Date,
    ) -> Option<Chosen<'_, ChannelValue>> {
        chosen(&self.channels, self.scheme_tables(pool, insutype).channels.choose(keys.with_tier(), day))
    }

    /// The benefit.
    #[inline]
    #[must_use]
    pub fn benefit(
        &self,
        pool: Admdvs,
        insutype: Insutype,
        keys: BenefitKeys,
        day: Date,
    ) -> Option<Chosen<'_, BenefitValue>> {
        chosen(&self.benefits, self.scheme_tables(pool, insutype).benefits.choose(keys.with_tier(), day))
    }

    /// The rows of all layers, in the order of their numbers; a number without a match is skipped.
    #[inline]
    pub fn layers<'a>(
        &'a self,
        pool: Admdvs,
        insutype: Insutype,
        keys: BenefitKeys,
        day: Date,
    ) -> impl Iterator<Item = Chosen<'a, LayerValue>> + 'a {
        self.scheme_tables(pool, insutype)
            .layers
            .iter()
            .filter_map(move |table| chosen(&self.layers, table.choose(keys.without_tier(), day)))
    }

    /// The personal account's rule.
    #[inline]
    #[must_use]
    pub fn account(
        &self,
        pool: Admdvs,
        insutype: Insutype,
        keys: BenefitKeys,
        day: Date,
    ) -> Option<Chosen<'_, AccountValue>> {
        let table = &self.scheme_tables(pool, insutype).accounts;
        chosen(&self.accounts, table.choose([keys.psn_class.0, keys.med_class.0], day))
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
