//! The claims there can be: for every pool that a place leads to and every insurance type, the words that the
//! pack's own tables derive from a claim.

use hashbrown::HashMap;

use super::super::book::{LevelField, RuleBook};
use super::super::keytable::{Candidate, Matches};
use super::super::layout::Table;
use super::super::pack::RulePack;
use super::super::rank::{Pool, Ranking};
use super::region::Region;
use crate::model::date::Date;
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;

/// A word and the days on which some row derives it.
pub(in crate::rules) type Word = (usize, Date, Date);

/// One pool and insurance type.
pub(in crate::rules) struct Realm {
    /// A place code of the pool: its own, or for a pool that no row names any of them.
    pub pool: Admdvs,
    /// How the rule tables see the pool.
    pub seen_as: Pool,
    /// The insurance type.
    pub insutype: Sym,
    /// Person classes.
    pub classes: Vec<Word>,
    /// Visit classes.
    pub visits: Vec<Word>,
    /// Hospital tiers.
    pub tiers: Vec<Word>,
    /// Filings away from home.
    pub filings: Vec<Word>,
    /// Days on which there is a scheme, and whether it looks for filings at home.
    pub schemes: Vec<(bool, Date, Date)>,
}

/// All pools and insurance types.
pub(in crate::rules) struct World {
    /// Each pool with each insurance type.
    pub realms: Vec<Realm>,
    /// Every pool code that some place leads to.
    pub pools: Vec<Admdvs>,
}

impl World {
    /// What a pack makes of all claims.
    pub fn new(pack: &RulePack, book: &RuleBook, ranking: &Ranking) -> Self {
        let mut pools: Vec<Admdvs> = book.pool_of_place.iter().map(|pooled| pooled.pool).collect();
        pools.sort_unstable();
        pools.dedup();
        let mut numbers: HashMap<u16, Admdvs> = HashMap::new();
        for &pool in &pools {
            numbers.entry(book.pool_number[pool.0 as usize]).or_insert(pool);
        }
        let mut numbers: Vec<(u16, Admdvs)> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut realms = Vec::new();
        for (number, pool) in numbers {
            let seen_as = ranking.pools()[usize::from(number)];
            // Symbol 0 is no value, and a claim without an insurance type is rejected.
            for insutype in 1..book.vocab.insutype.len() {
                realms.push(Realm::new(pack, book, ranking, pool, seen_as, Sym(insutype as u32)));
            }
        }
        Self { realms, pools }
    }
}

impl Realm {
    /// What a pack makes of the claims of one pool and insurance type.
    pub fn new(
        pack: &RulePack,
        book: &RuleBook,
        ranking: &Ranking,
        pool: Admdvs,
        seen_as: Pool,
        insutype: Sym,
    ) -> Self {
        let rows = |table: Table| {
            let typed = has_insutype(table).then_some((&book.vocab.insutype, insutype));
            ranking.rows(table, seen_as, typed)
        };
        let words = |table: Table, word: &dyn Fn(usize) -> usize| -> Vec<Word> {
            let mut words: Vec<Word> =
                rows(table).iter().map(|row| (word(row.row as usize), row.from, row.to)).collect();
            words.sort_unstable();
            words.dedup();
            words
        };
        let mut filings = words(Table::FilingTypes, &|row| book.filing_types[row].filing as usize);
        // Nobody needs a filing type to have none, or to be an emergency.
        filings.extend([Filing::None, Filing::Emergency].map(|filing| (filing as usize, Date::MIN, Date::MAX)));
        Self {
            pool,
            seen_as,
            insutype,
            classes: words(Table::PersonClasses, &|row| book.classes[row].psn_class.index()),
            visits: words(Table::VisitClasses, &|row| book.visits[row].med_class.index()),
            tiers: words(Table::Tiers, &|row| book.tiers[row].tier.index()),
            filings,
            schemes: rows(Table::Schemes)
                .iter()
                .map(|row| (pack.table(Table::Schemes).cell(row.row as usize, "local_filing") == "1", row.from, row.to))
                .collect(),
        }
    }

    /// The insurance type as look-ups take it.
    pub fn insutype(&self) -> Insutype {
        Insutype(self.insutype.0)
    }

    /// Whether a scheme holds on some day of a period.
    pub fn has_scheme(&self, from: Date, to: Date) -> bool {
        self.schemes.iter().any(|&(_, first, last)| first <= to && from <= last)
    }

    /// The claims that a row of channels, benefits, layers or accounts matches here, whatever other rows say.
    pub fn region(&self, row: &Candidate) -> Region {
        let known = [&self.classes, &self.visits, &places(), &self.filings, &self.tiers];
        let keys = row
            .columns
            .iter()
            .zip(known)
            .map(|(matches, words)| {
                let mut values: Vec<usize> = words
                    .iter()
                    .filter(|&&(_, from, to)| from <= row.to && row.from <= to)
                    .map(|&(word, ..)| word)
                    .filter(|word| match matches {
                        Matches::Any => true,
                        Matches::Values(values) => values.binary_search(word).is_ok(),
                    })
                    .collect();
                values.sort_unstable();
                values.dedup();
                values
            })
            .collect();
        Region { keys, from: row.from, to: row.to }
    }

    /// Claims that cannot be: a filing at home, unless a scheme looks for it there.
    pub fn impossible(&self, columns: usize) -> Option<Region> {
        if columns < 4 || self.schemes.iter().any(|&(local_filing, ..)| local_filing) {
            return None;
        }
        let mut keys: Vec<Vec<usize>> = [&self.classes, &self.visits, &Vec::new(), &Vec::new(), &self.tiers]
            .iter()
            .take(columns)
            .map(|words| words.iter().map(|&(word, ..)| word).collect())
            .collect();
        keys[2] = vec![Place::Local as usize];
        keys[3] = Filing::ALL.iter().filter(|filing| **filing != Filing::None).map(|filing| *filing as usize).collect();
        Some(Region { keys, from: Date::MIN, to: Date::MAX })
    }

    /// Tiers that national hospital grades lead to on a day, highest first, each with its grades.
    ///
    /// Only tiers whose grades do not interleave can be ordered; grade 11 (none) says nothing.
    pub fn tiers_by_grade(&self, book: &RuleBook, day: Date) -> Vec<(Sym, Vec<u32>)> {
        let mut tiers: Vec<(Sym, Vec<u32>)> = Vec::new();
        for grade in 1..=10 {
            let level = book.vocab.level.find(format!("{grade:02}").as_bytes());
            let Some(row) = book.tier(self.pool, LevelField::HospLv, level, day) else { continue };
            match tiers.iter_mut().find(|(tier, _)| *tier == row.value.tier) {
                Some((_, grades)) => grades.push(grade),
                None => tiers.push((row.value.tier, vec![grade])),
            }
        }
        let last = |grades: &Vec<u32>| grades[grades.len() - 1];
        tiers.sort_by_key(|(_, grades)| grades[0]);
        let interleaved = tiers.windows(2).any(|pair| last(&pair[0].1) >= pair[1].1[0]);
        if interleaved { Vec::new() } else { tiers }
    }
}

/// Whether a table is keyed by insurance type.
pub(in crate::rules) fn has_insutype(table: Table) -> bool {
    table.layout().columns.iter().any(|column| column.name == "insutype")
}

fn places() -> Vec<Word> {
    Place::ALL.iter().map(|place| (*place as usize, Date::MIN, Date::MAX)).collect()
}
