//! The look-ups of one pool, and of one insurance type in it, as the compiler lays them out.

use hashbrown::HashMap;

use super::book::RuleBook;
use super::compile::Ambiguities;
use super::grid::{Grid, NONE};
use super::keytable::{Calendar, Candidate, KeyTable};
use super::layout::{FILINGS, LEVEL_FIELDS, PLACES, Table};
use super::rank::{Pool, Ranking};
use super::terms::AllTerms;
use super::values::ClassValue;
use crate::model::symbol::Sym;

/// Most answers that a look-up lays out ahead: beyond, rows are chosen from their sets when they are asked for. A pool
/// whose rules tell many classes, visits and tiers apart has a few thousand.
pub const MOST_ANSWERS: usize = 1 << 14;

/// One table: answers laid out ahead, and the rows they come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Choices {
    grid: Option<Grid>,
    pub(super) table: KeyTable,
}

/// The hospital's tier: the first of its three levels that is stated and listed decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiers {
    /// By the three levels, in the order of the fields.
    grid: Option<Grid>,
    /// By level field and level.
    pub(super) table: KeyTable,
}

/// Everything that depends on the insured pool.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolTables {
    /// The period by epoch of the almanac.
    pub(super) periods: Vec<u32>,
    pub(super) tiers: Tiers,
    /// By visit type and disease.
    pub(super) visits: Choices,
    /// By filing type.
    pub(super) filing_types: Choices,
    /// By treatment pool; `None`: the pool has no neighbours.
    pub(super) neighbours: Option<Choices>,
    /// By insurance type.
    pub(super) schemes: Vec<SchemeTables>,
}

/// Everything that depends on pool and insurance type.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemeTables {
    /// Of the rows of `schemes.csv` that of each period, or [`NONE`].
    pub(super) schemes: Vec<u32>,
    pub(super) classes: Classes,
    pub(super) offers: Offers,
}

/// Person classes: of the rows that match person type, identity and grade, in the order of priority, the first that also
/// holds by age and marks.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    /// By code and parent of the person type, identity and grade: the row, [`ALONE`], or where the rows that match begin.
    grid: Option<Grid>,
    /// Lists of rows, each once, with [`NONE`] behind: those that ask for no mark; behind them, where most need not look,
    /// all. Before each pair, how far it is from the first to the second.
    rows: Vec<u32>,
    /// By person type, identity and grade.
    pub(super) table: KeyTable,
}

/// Channels, benefits, layers and accounts, which are chosen by the same keys.
#[derive(Clone, Debug)]
pub(super) enum Offers {
    /// All four answers together, laid out ahead.
    Laid {
        /// Positions in `rows`.
        grid: Grid,
        /// What differs, each once.
        rows: Vec<OfferRows>,
        /// Rows of layers, offer by offer.
        layers: Vec<u32>,
    },
    /// They would be too many.
    Asked(Box<OfferTables>),
}

/// The rows of one offer, [`NONE`] where a table has none, and what they come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfferRows {
    pub channel: u32,
    pub benefit: u32,
    pub account: u32,
    /// Where its layers stand, in the order of their numbers.
    pub first_layer: u32,
    pub layer_count: u32,
    /// Number of its terms; [`NONE`] without a scheme, a channel or a benefit.
    pub terms: u32,
}

/// Their tables, and the schemes', as what an offer comes to depends on its scheme as well.
#[derive(Clone, Debug, Default)]
pub(super) struct OfferTables {
    /// By nothing but the period.
    pub schemes: KeyTable,
    /// By person class, visit class, place, filing and tier.
    pub channels: KeyTable,
    /// By the same.
    pub benefits: KeyTable,
    /// For each layer number, by person class, visit class, place and filing.
    pub layers: Vec<KeyTable>,
    /// By person class and visit class.
    pub accounts: KeyTable,
}

impl Default for Offers {
    fn default() -> Self {
        Self::Asked(Box::default())
    }
}

impl Choices {
    fn new(table: KeyTable, sizes: &[usize], calendar: &Calendar, most: usize) -> Self {
        let answer = |keys: &[u32], period: u32| table.choose(keys, period).unwrap_or(NONE);
        let grid = Grid::of_tables(&[&table], calendar.periods(), sizes, most, answer);
        Self { grid, table }
    }

    /// The most specific row that matches `keys` in a period, or [`NONE`].
    #[inline(always)]
    pub fn choose<const N: usize>(&self, keys: [u32; N], period: u32) -> u32 {
        match &self.grid {
            Some(grid) => grid.at(keys, period),
            None => self.table.choose(&keys, period).unwrap_or(NONE),
        }
    }
}

impl Tiers {
    fn new(table: KeyTable, levels: usize, calendar: &Calendar, most: usize) -> Self {
        let see = |column: usize, level: usize, seen: &mut Vec<u64>| match column.checked_sub(1) {
            None => table.rows_of_period(level, seen),
            // A level that is not stated is as good as one that is not listed.
            Some(field) if level == Sym::EMPTY.index() => seen.extend(table.rows_of_values(&[field, level]).map(|_| 0)),
            Some(field) => seen.extend(table.rows_of_values(&[field, level])),
        };
        let sizes = [calendar.periods(), levels, levels, levels];
        let grid = Grid::build(&sizes, most, see, |levels, period| first_listed(&table, levels, period));
        Self { grid, table }
    }

    /// The row that decides, or [`NONE`].
    #[inline(always)]
    pub fn choose(&self, levels: [u32; 3], period: u32) -> u32 {
        match &self.grid {
            Some(grid) => grid.at(levels, period),
            None => first_listed(&self.table, &levels, period),
        }
    }
}

fn first_listed(table: &KeyTable, levels: &[u32], period: u32) -> u32 {
    let stated = (0..).zip(levels).filter(|&(_, &level)| level != Sym::EMPTY.0);
    stated.into_iter().find_map(|(field, &level)| table.choose(&[field, level], period)).unwrap_or(NONE)
}

/// Mark of an answer that is a row itself: it is the first, and asks for nothing further.
const ALONE: u32 = 1 << 31;

impl Classes {
    fn new(table: KeyTable, sizes: [usize; 3], calendar: &Calendar, most: usize, values: &[ClassValue]) -> Self {
        let [types, identities, grades] = sizes;
        let see = |column: usize, value: usize, seen: &mut Vec<u64>| match column {
            0 => table.rows_of_period(value, seen),
            1 | 2 => table.rows_of_value(0, value, seen),
            _ => table.rows_of_value(column - 2, value, seen),
        };
        let mut rows = Vec::new();
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let grid = Grid::build(&[calendar.periods(), types, types, identities, grades], most, see, |keys, period| {
            let mut own = Vec::new();
            table.find([keys[0], keys[1]], [keys[2], keys[3]], period, |row| {
                own.push(row);
                // It holds for whom it matches: none behind it is ever asked.
                values[row as usize].is_plain
            });
            if let [row] = own[..]
                && values[row as usize].is_plain
            {
                return ALONE | row;
            }
            *known.entry(own).or_insert_with_key(|own| {
                let unmarked = own.iter().filter(|&&row| values[row as usize].marks.is_none()).chain([&NONE]);
                let unmarked: Vec<u32> = unmarked.copied().collect();
                rows.push(unmarked.len() as u32);
                let first = rows.len() as u32;
                rows.extend(unmarked);
                rows.extend_from_slice(own);
                rows.push(NONE);
                first
            })
        });
        Self { grid, rows, table }
    }

    /// The first row that matches the keys and `holds`, or [`NONE`]; no row that asks for a mark does unless `is_marked`.
    #[inline(always)]
    pub fn choose(
        &self,
        types: [u32; 2],
        keys: [u32; 2],
        period: u32,
        is_marked: bool,
        mut holds: impl FnMut(u32) -> bool,
    ) -> u32 {
        let Some(grid) = &self.grid else {
            return self.table.find(types, keys, period, &mut holds).unwrap_or(NONE);
        };
        let answer = grid.at([types[0], types[1], keys[0], keys[1]], period);
        if answer & ALONE != 0 {
            return answer ^ ALONE;
        }
        let mut first = answer as usize;
        if is_marked {
            first += self.rows[first - 1] as usize;
        }
        let mut rows = self.rows[first..].iter().copied();
        rows.find(|&row| row == NONE || holds(row)).unwrap_or(NONE)
    }
}

impl OfferTables {
    pub fn scheme(&self, period: u32) -> u32 {
        self.schemes.choose(&[], period).unwrap_or(NONE)
    }

    /// Scheme, channel, benefit and account: what an offer's terms are worked out from.
    pub fn rows(&self, keys: &[u32], period: u32) -> [u32; 4] {
        [self.scheme(period), self.channel(keys, period), self.benefit(keys, period), self.account(keys, period)]
    }

    pub fn channel(&self, keys: &[u32], period: u32) -> u32 {
        self.channels.choose(keys, period).unwrap_or(NONE)
    }

    pub fn benefit(&self, keys: &[u32], period: u32) -> u32 {
        self.benefits.choose(keys, period).unwrap_or(NONE)
    }

    pub fn account(&self, keys: &[u32], period: u32) -> u32 {
        self.accounts.choose(&keys[..2], period).unwrap_or(NONE)
    }

    /// A layer number without a match is skipped.
    pub fn layers<'a>(&'a self, keys: &'a [u32], period: u32) -> impl Iterator<Item = u32> + 'a {
        self.layers.iter().filter_map(move |table| table.choose(&keys[..4], period))
    }
}

impl Offers {
    fn new(tables: OfferTables, sizes: &[usize], calendar: &Calendar, source: Source, terms: &mut AllTerms) -> Self {
        let own = [&tables.schemes, &tables.channels, &tables.benefits, &tables.accounts];
        let all: Vec<&KeyTable> = own.into_iter().chain(&tables.layers).collect();
        let mut known: HashMap<([u32; 4], Vec<u32>), u32> = HashMap::new();
        let (mut rows, mut layers) = (Vec::new(), Vec::new());
        let grid = Grid::of_tables(&all, calendar.periods(), sizes, source.most, |keys, period| {
            let own: Vec<u32> = tables.layers(keys, period).collect();
            *known.entry((tables.rows(keys, period), own)).or_insert_with_key(|&(of_offer, ref own)| {
                let [_, channel, benefit, account] = of_offer;
                let come_to = source.book.worked_out(of_offer);
                let terms = come_to.map_or(NONE, |come_to| terms.number(come_to, source.book));
                let (first_layer, layer_count) = (layers.len() as u32, own.len() as u32);
                layers.extend_from_slice(own);
                rows.push(OfferRows { channel, benefit, account, first_layer, layer_count, terms });
                rows.len() as u32 - 1
            })
        });
        match grid {
            Some(grid) => Self::Laid { grid, rows, layers },
            None => Self::Asked(Box::new(tables)),
        }
    }
}

/// What the look-ups of a pool are made from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub ranking: &'a Ranking<'a>,
    /// Words and values; it has no look-ups yet.
    pub book: &'a RuleBook,
    /// See [`MOST_ANSWERS`].
    pub most: usize,
}

impl Source<'_> {
    /// Lays out the look-ups of a pool, by periods of the calendar beside them; rows that tie are reported.
    pub fn pool_tables(self, pool: Pool, terms: &mut AllTerms, ambiguous: &mut Ambiguities) -> (PoolTables, Calendar) {
        const OF_POOL: [Table; 4] = [Table::Tiers, Table::VisitClasses, Table::FilingTypes, Table::Neighbours];
        let own = OF_POOL.map(|table| self.ranking.rows(table, pool, None));
        let vocab = &self.book.vocab;
        let insutypes = 0..vocab.insutype.len() as u32;
        let schemes: Vec<SchemeRows> = insutypes.map(|number| self.scheme_rows(pool, Sym(number))).collect();
        let calendar = Calendar::new(own.iter().chain(schemes.iter().flatten()).flatten());
        let mut build = |table: Table, rows: Vec<Candidate>, sizes: &[usize]| {
            let (built, ranked) = KeyTable::build(rows, sizes, &calendar);
            ambiguous.check(table, &ranked);
            built
        };
        let choices = |table: KeyTable, sizes: &[usize]| Choices::new(table, sizes, &calendar, self.most);
        let [tiers, visits, filing_types, neighbours] = own;
        let levels = vocab.level.len();
        let of_visit = [vocab.med_type.len(), vocab.disease.len()];
        let (of_filing, of_neighbour) = ([vocab.filing_type.len()], [self.ranking.pools().len()]);
        let has_neighbours = !neighbours.is_empty();
        let tiers = build(Table::Tiers, tiers, &[LEVEL_FIELDS.len(), levels]);
        let neighbours = build(Table::Neighbours, neighbours, &of_neighbour);
        let tables = PoolTables {
            periods: Vec::new(),
            tiers: Tiers::new(tiers, levels, &calendar, self.most),
            visits: choices(build(Table::VisitClasses, visits, &of_visit), &of_visit),
            filing_types: choices(build(Table::FilingTypes, filing_types, &of_filing), &of_filing),
            neighbours: has_neighbours.then(|| choices(neighbours, &of_neighbour)),
            schemes: schemes.into_iter().map(|rows| self.scheme_tables(rows, &calendar, terms, ambiguous)).collect(),
        };
        (tables, calendar)
    }

    fn scheme_rows(self, pool: Pool, insutype: Sym) -> SchemeRows {
        OF_SCHEME.map(|table| self.ranking.rows(table, pool, Some((&self.book.vocab.insutype, insutype))))
    }

    fn scheme_tables(
        self,
        rows: SchemeRows,
        calendar: &Calendar,
        terms: &mut AllTerms,
        ambiguous: &mut Ambiguities,
    ) -> SchemeTables {
        let vocab = &self.book.vocab;
        let mut build = |table: Table, rows: Vec<Candidate>, sizes: &[usize]| {
            let (built, ranked) = KeyTable::build(rows, sizes, calendar);
            ambiguous.check(table, &ranked);
            built
        };
        let layer_of = |row: &Candidate| self.book.layers[row.row as usize].layer;
        let [schemes, classes, channels, benefits, mut layers, accounts] = rows;
        let mut numbers: Vec<u32> = layers.iter().map(layer_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let five = [vocab.psn_class.len(), vocab.med_class.len(), PLACES.len(), FILINGS.len(), vocab.tier.len()];
        let of_person = [vocab.psn_type.len(), vocab.identity.len(), vocab.grade.len()];
        let classes = build(Table::PersonClasses, classes, &of_person);
        let offers = OfferTables {
            schemes: build(Table::Schemes, schemes, &[]),
            channels: build(Table::Channels, channels, &five),
            benefits: build(Table::Benefits, benefits, &five),
            layers: numbers
                .into_iter()
                .map(|number| {
                    let of_number: Vec<Candidate> = layers.extract_if(.., |row| layer_of(row) == number).collect();
                    build(Table::Layers, of_number, &five[..4])
                })
                .collect(),
            accounts: build(Table::Accounts, accounts, &five[..2]),
        };
        SchemeTables {
            classes: Classes::new(classes, of_person, calendar, self.most, &self.book.classes),
            schemes: (0..calendar.periods() as u32).map(|period| offers.scheme(period)).collect(),
            offers: Offers::new(offers, &five, calendar, self, terms),
        }
    }
}

/// The tables that are looked up by pool and insurance type.
const OF_SCHEME: [Table; 6] =
    [Table::Schemes, Table::PersonClasses, Table::Channels, Table::Benefits, Table::Layers, Table::Accounts];

/// Their rows, in that order.
type SchemeRows = [Vec<Candidate>; OF_SCHEME.len()];
