//! The rules of a pool on a day: every choice of a row goes through here.

use super::almanac::Today;
use super::book::{BenefitKeys, Chosen, LevelField, Pooled, RuleBook};
use super::grid::NONE;
use super::tables::{OfferRows, OfferTables, Offers, PoolTables, SchemeTables};
use super::terms::Terms;
use super::values::{
    AccountValue, BenefitValue, ChannelValue, ClassValue, FilingTypeValue, LayerValue, NeighbourValue, SchemeValue,
    TierValue, VisitValue,
};
use crate::model::settlement::{CodeAndParent, Insutype};
use crate::model::symbol::Sym;

/// The rules of a pool on a day.
#[derive(Clone, Copy, Debug)]
pub struct PoolDay<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) tables: &'a PoolTables,
    pub(super) period: u32,
    pub(super) today: Today,
}

/// The rules of a pool for one insurance type on a day.
#[derive(Clone, Copy, Debug)]
pub struct SchemeDay<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) tables: &'a SchemeTables,
    pub(super) period: u32,
}

/// What a scheme offers for some keys on a day: of each table that is chosen from by them, the row.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    book: &'a RuleBook,
    rows: Rows<'a>,
}

/// Where the rows of an offer come from.
#[derive(Clone, Copy, Debug)]
enum Rows<'a> {
    /// Laid out ahead, the layers of all offers beside them.
    Laid { own: &'a OfferRows, layers: &'a [u32] },
    /// From tables, by keys and period.
    Asked { tables: &'a OfferTables, keys: [u32; 5], period: u32 },
}

/// A row, unless it is [`NONE`], which is the number of no row.
#[inline]
fn chosen<T>(values: &[T], row: u32) -> Option<Chosen<'_, T>> {
    values.get(row as usize).map(|value| Chosen { row, value })
}

impl<'a> PoolDay<'a> {
    /// The day itself.
    #[inline]
    #[must_use]
    pub fn today(self) -> Today {
        self.today
    }

    /// The rules for an insurance type.
    #[inline(always)]
    #[must_use]
    pub fn under(self, insutype: Insutype) -> SchemeDay<'a> {
        SchemeDay { book: self.book, tables: &self.tables.schemes[insutype.sym().index()], period: self.period }
    }

    /// The place a neighbour row gives a treatment pool.
    #[inline(always)]
    #[must_use]
    pub fn neighbour(self, treated: Pooled) -> Option<Chosen<'a, NeighbourValue>> {
        let table = self.tables.neighbours.as_ref()?;
        chosen(&self.book.neighbours, table.choose([treated.number], self.period))
    }

    /// The visit class: the full code first; its two-digit parent only when no row names the code.
    #[inline(always)]
    #[must_use]
    pub fn visit(self, med_type: CodeAndParent, disease: Sym) -> Option<Chosen<'a, VisitValue>> {
        let choices = &self.tables.visits;
        let (code, parent) = (med_type.code.0, med_type.parent.0);
        let row = choices.choose([code, disease.0], self.period);
        if row != NONE {
            return chosen(&self.book.visits, row);
        }
        // No row matches the code and the disease. A row that names the code for other diseases still
        // keeps the parent out.
        if choices.table.find([code, code], [], self.period, |_| true).is_some() {
            return None;
        }
        chosen(&self.book.visits, choices.choose([parent, disease.0], self.period))
    }

    /// The tier of a level, as one field states it.
    #[must_use]
    pub fn tier(self, field: LevelField, level: Sym) -> Option<Chosen<'a, TierValue>> {
        let row = self.tables.tiers.table.choose(&[field as u32, level.0], self.period)?;
        chosen(&self.book.tiers, row)
    }

    /// The tier of a hospital: of its levels by all fields, in the order of [`LevelField`], the first that is stated and
    /// listed decides.
    #[inline(always)]
    #[must_use]
    pub fn first_tier(self, levels: [Sym; 3]) -> Option<Chosen<'a, TierValue>> {
        chosen(&self.book.tiers, self.tables.tiers.choose(levels.map(|level| level.0), self.period))
    }

    /// What a filing type counts as.
    #[inline(always)]
    #[must_use]
    pub fn filing_type(self, filing_type: Sym) -> Option<Chosen<'a, FilingTypeValue>> {
        chosen(&self.book.filing_types, self.tables.filing_types.choose([filing_type.0], self.period))
    }
}

impl<'a> SchemeDay<'a> {
    /// The scheme.
    #[inline(always)]
    #[must_use]
    pub fn scheme(self) -> Option<Chosen<'a, SchemeValue>> {
        chosen(&self.book.schemes, self.tables.schemes[self.period as usize])
    }

    /// The person class of smallest priority whose type, identity and grade match, and that `holds` otherwise. Who is not
    /// marked has no mark that a class could ask for.
    #[inline(always)]
    pub fn person_class(
        self,
        psn_type: CodeAndParent,
        identity: Sym,
        grade: Sym,
        is_marked: bool,
        mut holds: impl FnMut(&ClassValue) -> bool,
    ) -> Option<Chosen<'a, ClassValue>> {
        let values = &self.book.classes;
        let types = [psn_type.code.0, psn_type.parent.0];
        let holds = |row: u32| holds(&values[row as usize]);
        chosen(values, self.tables.classes.choose(types, [identity.0, grade.0], self.period, is_marked, holds))
    }

    /// What is offered for keys.
    #[inline(always)]
    #[must_use]
    pub fn offer(self, keys: BenefitKeys) -> Offer<'a> {
        let (book, period) = (self.book, self.period);
        let keys = [keys.psn_class.0, keys.med_class.0, keys.place as u32, keys.filing as u32, keys.tier.0];
        let rows = match &self.tables.offers {
            Offers::Laid { grid, rows, layers } => Rows::Laid { own: &rows[grid.at(keys, period) as usize], layers },
            Offers::Asked(tables) => Rows::Asked { tables, keys, period },
        };
        Offer { book, rows }
    }
}

impl<'a> Offer<'a> {
    /// What it comes to; `None` without a scheme, a channel or a benefit. Where it was not laid out ahead, it is worked
    /// out into `own`.
    #[inline(always)]
    #[must_use]
    pub fn terms<'t>(&self, own: &'t mut Option<Terms>) -> Option<&'t Terms>
    where
        'a: 't,
    {
        match self.rows {
            Rows::Laid { own: laid, .. } => self.book.terms.get(laid.terms as usize),
            Rows::Asked { tables, keys, period } => {
                *own = self.book.worked_out(tables.rows(&keys, period));
                own.as_ref()
            }
        }
    }

    /// Rows of the channel and the benefit, where there are both, and a scheme.
    #[inline(always)]
    #[must_use]
    pub fn channel_and_benefit(&self) -> Option<(u32, u32)> {
        match self.rows {
            Rows::Laid { own, .. } => (own.terms != NONE).then_some((own.channel, own.benefit)),
            Rows::Asked { tables, keys, period } => {
                let [scheme, channel, benefit, _] = tables.rows(&keys, period);
                (![scheme, channel, benefit].contains(&NONE)).then_some((channel, benefit))
            }
        }
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> Option<Chosen<'a, ChannelValue>> {
        let row = match self.rows {
            Rows::Laid { own, .. } => own.channel,
            Rows::Asked { tables, keys, period } => tables.channel(&keys, period),
        };
        chosen(&self.book.channels, row)
    }

    /// The benefit.
    #[must_use]
    pub fn benefit(&self) -> Option<Chosen<'a, BenefitValue>> {
        let row = match self.rows {
            Rows::Laid { own, .. } => own.benefit,
            Rows::Asked { tables, keys, period } => tables.benefit(&keys, period),
        };
        chosen(&self.book.benefits, row)
    }

    /// Whether its channel denies; of one that comes to nothing it does not.
    #[inline(always)]
    #[must_use]
    pub fn denies(&self) -> bool {
        match self.rows {
            Rows::Laid { own, .. } => self.book.terms.get(own.terms as usize).is_some_and(|terms| terms.denies),
            Rows::Asked { .. } => {
                self.channel_and_benefit().is_some_and(|(channel, _)| self.book.channels[channel as usize].deny)
            }
        }
    }

    /// The personal account's rule.
    #[must_use]
    pub fn account(&self) -> Option<Chosen<'a, AccountValue>> {
        let row = match self.rows {
            Rows::Laid { own, .. } => own.account,
            Rows::Asked { tables, keys, period } => tables.account(&keys, period),
        };
        chosen(&self.book.accounts, row)
    }

    /// Whether there may be layers.
    #[inline]
    #[must_use]
    pub fn has_layers(&self) -> bool {
        match self.rows {
            Rows::Laid { own, .. } => own.layer_count > 0,
            Rows::Asked { tables, .. } => !tables.layers.is_empty(),
        }
    }

    /// The rows of all layers, in the order of their numbers; a number without a match is skipped.
    #[inline]
    pub fn layers(&self) -> impl Iterator<Item = Chosen<'a, LayerValue>> + '_ {
        let (laid, asked) = match &self.rows {
            Rows::Laid { own, layers } => (&layers[own.first_layer as usize..][..own.layer_count as usize], None),
            Rows::Asked { tables, keys, period } => (&[][..], Some(tables.layers(keys, *period))),
        };
        let rows = laid.iter().copied().chain(asked.into_iter().flatten());
        rows.map(|row| Chosen { row, value: &self.book.layers[row as usize] })
    }
}
