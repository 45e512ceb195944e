//! The rows of a table as one pool and insurance type meets them: which match, how specific each is, and
//! what it asks of the other keys. The compiler builds its look-ups from them, the lint its reasoning.

use hashbrown::{HashMap, HashSet};

use super::cell::{self, Pattern};
use super::keytable::{Candidate, Matches};
use super::layout::{FILINGS, LEVEL_FIELDS, PLACES, Table};
use super::pack::{PackTable, RulePack};
use super::vocabulary::Vocabularies;
use crate::model::date::Date;
use crate::model::place::Admdvs;
use crate::model::symbol::{Sym, Vocabulary};

/// A row's key cells, once for all pools.
struct KeyRow {
    row: u32,
    from: Date,
    to: Date,
    pool: Pattern,
    insutype: Option<Pattern>,
    /// Ranks of the other key columns.
    rank: Vec<i64>,
    columns: Vec<Matches>,
    /// Written differently in person classes: the number to choose by, smallest first.
    priority: Option<i64>,
}

/// A pool that some row or place names, or the stand-in for all unnamed pools of a province.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Pool {
    /// This code.
    Named(u32),
    /// Any unnamed pool of the province of these two digits.
    OfProvince(u32),
    /// Any pool of a province that nothing names.
    Elsewhere,
}

/// The key cells of a whole pack, and the pools that they tell apart. A pool's number is its position.
pub(super) struct Ranking<'a> {
    pack: &'a RulePack,
    keys: HashMap<Table, Vec<KeyRow>>,
    pools: Vec<Pool>,
}

impl<'a> Ranking<'a> {
    /// Reads the keys of a pack whose cells passed their checks; new words go into the vocabularies.
    pub(super) fn new(pack: &'a RulePack, vocab: &mut Vocabularies) -> Self {
        let keys: Vec<(Table, Vec<KeyRow>)> =
            Table::ALL.into_iter().map(|table| (table, key_rows(pack.table(table), vocab))).collect();
        // Widened when all diseases are known.
        let widen = |(table, rows): (Table, Vec<KeyRow>)| {
            (table, rows.into_iter().map(|row| widen_diseases(table, row, &vocab.disease)).collect())
        };
        let keys: HashMap<Table, Vec<KeyRow>> = keys.into_iter().map(widen).collect();
        let pools = pools(pack, &keys);
        Self { pack, keys, pools }
    }

    /// Every pool that a row can tell apart from others, sorted.
    pub(super) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The rows of a table that a pool, and where the table has it an insurance type, can meet.
    pub(super) fn rows(&self, table: Table, pool: Pool, insutype: Option<(&Vocabulary, Sym)>) -> Vec<Candidate> {
        let mut rows = candidates(&self.keys[&table], pool, insutype);
        if table == Table::Neighbours {
            neighbour_matches(self.pack.table(table), &self.pools, &mut rows);
        }
        rows
    }
}

fn key_rows(table: &PackTable, vocab: &mut Vocabularies) -> Vec<KeyRow> {
    match table.table {
        Table::Sources | Table::Places | Table::Bands => Vec::new(),
        _ => (0..table.rows.len()).map(|row| key_row(table, row, vocab)).collect(),
    }
}

fn key_row(table: &PackTable, row: usize, vocab: &mut Vocabularies) -> KeyRow {
    let pattern = |column: &str| Pattern::parse(table.cell(row, column));
    let open = |column: &str, words: &mut Vocabulary| {
        let pattern = pattern(column);
        (i64::from(pattern.rank()), matches(&pattern, |word| words.intern(word).index()))
    };
    let fixed = |column: &str, words: &[&str]| {
        let pattern = pattern(column);
        let place = |word: &str| words.iter().position(|known| *known == word).expect("a checked word");
        (i64::from(pattern.rank()), matches(&pattern, place))
    };
    let has_insutype = table.layout().columns.iter().any(|column| column.name == "insutype");
    let insutype = has_insutype.then(|| pattern("insutype"));
    insutype.iter().flat_map(Pattern::items).for_each(|word| {
        vocab.insutype.intern(word);
    });
    let mut priority = None;
    let keys: Vec<(i64, Matches)> = match table.table {
        Table::Tiers => vec![fixed("level_field", LEVEL_FIELDS), level(table, row, vocab)],
        Table::VisitClasses => vec![open("med_type", &mut vocab.med_type), open("dise_codg", &mut vocab.disease)],
        Table::FilingTypes => vec![open("out_fil_type", &mut vocab.filing_type)],
        Table::PersonClasses => {
            priority = cell::integer(table.cell(row, "priority")).map(i64::from);
            let listed = |column: &str, words: &mut Vocabulary| match cell::words(table.cell(row, column)) {
                None => (0, Matches::Any),
                Some(items) => (0, sorted(items.into_iter().map(|word| words.intern(word).index()).collect())),
            };
            vec![
                listed("psn_types", &mut vocab.psn_type),
                listed("identities", &mut vocab.identity),
                listed("grades", &mut vocab.grade),
            ]
        }
        // The treatment pool's matches depend on which pools there are: see `neighbour_matches`.
        Table::Neighbours | Table::Schemes => Vec::new(),
        Table::Accounts => vec![open("psn_class", &mut vocab.psn_class), open("med_class", &mut vocab.med_class)],
        _ => {
            let mut keys = vec![
                open("psn_class", &mut vocab.psn_class),
                open("med_class", &mut vocab.med_class),
                fixed("place", PLACES),
                fixed("filing", FILINGS),
            ];
            if table.table != Table::Layers {
                keys.push(open("tier", &mut vocab.tier));
            }
            keys
        }
    };
    let (from, to) = table.period(row);
    let (rank, columns) = keys.into_iter().unzip();
    KeyRow { row: row as u32, from, to, pool: pattern("pool"), insutype, rank, columns, priority }
}

/// `level`, padded to two digits where the field is `hosp_lv`, as claims are.
fn level(table: &PackTable, row: usize, vocab: &mut Vocabularies) -> (i64, Matches) {
    let pattern = Pattern::parse(table.cell(row, "level"));
    let padded = table.cell(row, "level_field") == "hosp_lv";
    let matches = matches(&pattern, |word| match word {
        digit if padded && digit.len() == 1 => vocab.level.intern(&format!("0{digit}")).index(),
        _ => vocab.level.intern(word).index(),
    });
    (i64::from(pattern.rank()), matches)
}

fn matches(pattern: &Pattern, mut value: impl FnMut(&str) -> usize) -> Matches {
    match pattern {
        Pattern::Any => Matches::Any,
        _ => sorted(pattern.items().iter().map(|item| value(item)).collect()),
    }
}

fn sorted(mut values: Vec<usize>) -> Matches {
    values.sort_unstable();
    values.dedup();
    Matches::Values(values)
}

/// An entry `C34` matches a claim whose longest listed beginning is `C341`: every listed word that begins
/// with an entry of the row is one of its values.
fn widen_diseases(table: Table, mut row: KeyRow, disease: &Vocabulary) -> KeyRow {
    if table == Table::VisitClasses
        && let Matches::Values(entries) = &row.columns[1]
    {
        let entries: Vec<&str> = entries.iter().map(|&entry| disease.word(Sym(entry as u32))).collect();
        let begins = |word: &str| entries.iter().any(|entry| word.starts_with(entry));
        row.columns[1] =
            Matches::Values(disease.iter().filter(|(_, word)| begins(word)).map(|(sym, _)| sym.index()).collect());
    }
    row
}

/// Every pool that a row can tell apart from others.
fn pools(pack: &RulePack, keys: &HashMap<Table, Vec<KeyRow>>) -> Vec<Pool> {
    let mut pools: HashSet<Pool> = HashSet::from([Pool::Elsewhere]);
    let places = pack.table(Table::Places);
    let listed = (0..places.rows.len()).map(|row| code(places.cell(row, "pool")));
    let neighbours = pack.table(Table::Neighbours);
    let treated = (0..neighbours.rows.len()).map(|row| Pattern::parse(neighbours.cell(row, "treat_pool")));
    let patterns = keys.values().flatten().map(|row| row.pool.clone()).chain(treated);
    let named = patterns.flat_map(|pattern| pattern.items().iter().map(|item| code(item)).collect::<Vec<_>>());
    for pool in listed.chain(named) {
        pools.insert(Pool::Named(pool.0));
        pools.insert(Pool::OfProvince(pool.province_digits()));
    }
    let mut pools: Vec<Pool> = pools.into_iter().collect();
    pools.sort_unstable();
    pools
}

pub(super) fn code(text: &str) -> Admdvs {
    Admdvs::parse(text.as_bytes()).expect("a checked six-digit code")
}

/// How a pool key matches a pool: exact 3, list 2, province 1, any 0.
fn pool_rank(pattern: &Pattern, pool: Pool) -> Option<i64> {
    let item_matches = |item: &str| {
        let item = code(item);
        match pool {
            Pool::Named(pool) if pool == item.0 => Some(3),
            Pool::Named(pool) => (item.is_province() && item == Admdvs(pool).province()).then_some(1),
            Pool::OfProvince(province) => (item.is_province() && item.province_digits() == province).then_some(1),
            Pool::Elsewhere => None,
        }
    };
    match pattern {
        Pattern::Any => Some(0),
        Pattern::One(item) => item_matches(item),
        Pattern::List(items) => items.iter().any(|item| item_matches(item).is_some()).then_some(2),
    }
}

/// The rows of a table that a pool (and insurance type) can meet, ranked.
fn candidates(rows: &[KeyRow], pool: Pool, insutype: Option<(&Vocabulary, Sym)>) -> Vec<Candidate> {
    rows.iter()
        // A period that ends before it begins holds no day: such a row meets nothing.
        .filter(|row| row.from <= row.to)
        .filter_map(|row| {
            let mut rank = vec![pool_rank(&row.pool, pool)?];
            if let (Some((words, insutype)), Some(pattern)) = (insutype, &row.insutype) {
                let word = words.word(insutype);
                let met = matches!(pattern, Pattern::Any) || pattern.items().iter().any(|item| **item == *word);
                rank.push(met.then(|| i64::from(pattern.rank()))?);
            }
            match row.priority {
                // Person classes are chosen by priority alone.
                Some(priority) => rank = vec![-priority],
                None => rank.extend(&row.rank),
            }
            Some(Candidate { row: row.row, from: row.from, to: row.to, rank, columns: row.columns.clone() })
        })
        .collect()
}

/// The treatment pools of a neighbour row. Its rank depends on the treatment pool, as an exact code, a list
/// and a province can name the same one: each row stands once for every rank it has.
fn neighbour_matches(table: &PackTable, pools: &[Pool], rows: &mut Vec<Candidate>) {
    let mut ranked = Vec::new();
    for row in rows.drain(..) {
        let pattern = Pattern::parse(table.cell(row.row as usize, "treat_pool"));
        for rank in [3, 2, 1, 0] {
            let values: Vec<usize> = pools
                .iter()
                .enumerate()
                .filter(|(_, pool)| pool_rank(&pattern, **pool) == Some(rank))
                .map(|(number, _)| number)
                .collect();
            if !values.is_empty() {
                let mut row = row.clone();
                row.rank.push(rank);
                row.columns = vec![Matches::Values(values)];
                ranked.push(row);
            }
        }
    }
    *rows = ranked;
}
