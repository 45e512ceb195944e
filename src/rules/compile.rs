//! From checked text to the [`RuleBook`]: words become symbols, and for every pool and insurance type the
//! rows it can meet are ranked. Two rows of equal rank that one claim can meet are found here.

use hashbrown::{HashMap, HashSet};

use super::book::{CODES, FlagMarks, PoolTables, RuleBook, SchemeTables};
use super::cell::{self, Pattern};
use super::keytable::{Candidate, KeyTable, Matches};
use super::layout::{FILINGS, LEVEL_FIELDS, PLACES, Table};
use super::pack::{PackTable, RulePack};
use super::values::{Band, BandNumbers, Reader};
use super::vocabulary::Vocabularies;
use crate::diagnostic::{Diagnostic, Text};
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Pool {
    Named(u32),
    OfProvince(u32),
    Elsewhere,
}

/// Compiles a pack that read without an error.
///
/// # Errors
/// Two rows of equal rank that one claim can meet, bands that begin twice at one amount, layers that take
/// off a later layer.
pub fn compile(pack: &RulePack) -> Result<RuleBook, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut vocab = base_vocabulary();
    let keys: HashMap<Table, Vec<KeyRow>> =
        Table::ALL.into_iter().map(|table| (table, key_rows(pack.table(table), &mut vocab))).collect();
    let (band_numbers, band_sets) = bands(pack.table(Table::Bands), &mut found);
    let mut book = read_values(pack, vocab, &band_numbers, band_sets);
    let disease = &book.vocab.disease;
    let keys: HashMap<Table, Vec<KeyRow>> = keys
        .into_iter()
        .map(|(table, rows)| (table, rows.into_iter().map(|row| widen_diseases(table, row, disease)).collect()))
        .collect();
    let pools = pools(pack, &keys);
    number_pools(pack, &pools, &mut book);
    let mut ambiguous = Ambiguities { pack, seen: HashSet::new(), found: &mut found };
    for &pool in &pools {
        book.pools.push(pool_tables(pool, &keys, &pools, &book.vocab, &mut ambiguous));
        for insutype in 0..book.vocab.insutype.len() {
            let tables = scheme_tables(pool, Sym(insutype as u32), &keys, &book, &mut ambiguous);
            book.schemes_of.push(tables);
        }
    }
    check_minus(pack, &mut found);
    found.sort_by(|a, b| a.at.cmp(&b.at).then(a.code.cmp(b.code)));
    if found.is_empty() { Ok(book) } else { Err(found) }
}

fn base_vocabulary() -> Vocabularies {
    let mut vocab = Vocabularies::default();
    vocab.level.intern("11");
    for mark in ["cvlserv", "flexible", "newborn"] {
        vocab.mark.intern(mark);
    }
    vocab
}

fn read_values(pack: &RulePack, mut vocab: Vocabularies, bands: &BandNumbers, band_sets: Vec<Vec<Band>>) -> RuleBook {
    fn all<T>(pack: &RulePack, table: Table, mut read: impl FnMut(Reader) -> T) -> Vec<T> {
        let table = pack.table(table);
        (0..table.rows.len()).map(|row| read(Reader { table, row })).collect()
    }
    let v = &mut vocab;
    RuleBook {
        tiers: all(pack, Table::Tiers, |row| row.tier(v)),
        visits: all(pack, Table::VisitClasses, |row| row.visit(v)),
        filing_types: all(pack, Table::FilingTypes, |row| row.filing_type()),
        schemes: all(pack, Table::Schemes, |row| row.scheme()),
        classes: all(pack, Table::PersonClasses, |row| row.class(v)),
        neighbours: all(pack, Table::Neighbours, |row| row.neighbour()),
        channels: all(pack, Table::Channels, |row| row.channel()),
        benefits: all(pack, Table::Benefits, |row| row.benefit(v, bands)),
        layers: all(pack, Table::Layers, |row| row.layer(bands)),
        accounts: all(pack, Table::Accounts, |row| row.account()),
        band_sets,
        rule_ids: Table::ALL
            .into_iter()
            .map(|table| (table, pack.table(table).rows.iter().map(|row| row.cells[0].clone()).collect()))
            .collect(),
        marks: FlagMarks {
            civil_servant: vocab.mark.intern("cvlserv"),
            flexible: vocab.mark.intern("flexible"),
            newborn: vocab.mark.intern("newborn"),
        },
        lowest_level: vocab.level.intern("11"),
        vocab,
        pool_of_place: Vec::new(),
        pool_number: Vec::new(),
        pools: Vec::new(),
        schemes_of: Vec::new(),
    }
}

/// Band sets in the order of their first row, each rising.
fn bands<'a>(table: &'a PackTable, found: &mut Vec<Diagnostic>) -> (BandNumbers<'a>, Vec<Vec<Band>>) {
    let mut numbers = BandNumbers::new();
    let mut sets: Vec<Vec<(Band, usize)>> = Vec::new();
    for row in 0..table.rows.len() {
        let next = u32::try_from(sets.len()).expect("fewer than 2^32 band sets");
        let number = *numbers.entry(table.cell(row, "band_set")).or_insert(next);
        if number == next {
            sets.push(Vec::new());
        }
        let from = cell::money(table.cell(row, "from_amount")).expect("a checked amount");
        let rate = cell::rate(table.cell(row, "rate")).expect("a checked rate");
        if let Some((_, first)) = sets[number as usize].iter().find(|(band, _)| band.from == from) {
            let line = table.rows[*first].line;
            found.push(Diagnostic::error(
                "E021",
                table.at(row, "from_amount"),
                Text::new(
                    format!("a band of this set already begins at {from} (line {line})"),
                    format!("同一档表在第 {line} 行已有起于 {from} 的档"),
                ),
            ));
        }
        sets[number as usize].push((Band { from, rate }, row));
    }
    let rising = |mut set: Vec<(Band, usize)>| {
        set.sort_by_key(|(band, _)| band.from);
        set.into_iter().map(|(band, _)| band).collect()
    };
    (numbers, sets.into_iter().map(rising).collect())
}

/// A layer may take off only layers before it.
fn check_minus(pack: &RulePack, found: &mut Vec<Diagnostic>) {
    let table = pack.table(Table::Layers);
    for row in 0..table.rows.len() {
        let layer: u32 = table.cell(row, "layer").parse().expect("a checked layer number");
        let minus = table.cell(row, "minus");
        let later = minus.split('|').filter_map(|item| item.trim().parse::<u32>().ok()).find(|&other| other >= layer);
        if let Some(later) = later {
            found.push(Diagnostic::error(
                "E022",
                table.at(row, "minus"),
                Text::new(
                    format!("layer {layer} cannot take off layer {later}: it has not paid yet"),
                    format!("第 {layer} 层不能扣除第 {later} 层：该层尚未支付"),
                ),
            ));
        }
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

fn code(text: &str) -> Admdvs {
    Admdvs::parse(text.as_bytes()).expect("a checked six-digit code")
}

/// Place to pool and pool to number, for every six-digit code.
fn number_pools(pack: &RulePack, pools: &[Pool], book: &mut RuleBook) {
    let places = pack.table(Table::Places);
    let listed: HashMap<u32, u32> = (0..places.rows.len())
        .map(|row| (code(places.cell(row, "admdvs")).0, code(places.cell(row, "pool")).0))
        .collect();
    book.pool_of_place = (0..CODES as u32)
        .map(|place| {
            let place = Admdvs(place);
            let own = if place.is_municipality() { place.province() } else { place.city() };
            [place, place.city(), place.province()]
                .iter()
                .find_map(|listed_place| listed.get(&listed_place.0).copied())
                .unwrap_or(own.0)
        })
        .collect();
    let number_of = |pool: Pool| pools.binary_search(&pool).ok().map(|index| index as u16);
    assert!(pools.len() < usize::from(u16::MAX), "{} pools do not fit their number", pools.len());
    let elsewhere = number_of(Pool::Elsewhere).expect("elsewhere is always a pool");
    let provinces: Vec<u16> =
        (0..100).map(|province| number_of(Pool::OfProvince(province)).unwrap_or(elsewhere)).collect();
    book.pool_number = (0..CODES).map(|pool| provinces[pool / 10_000]).collect();
    for (index, pool) in pools.iter().enumerate() {
        if let Pool::Named(pool) = pool {
            book.pool_number[*pool as usize] = index as u16;
        }
    }
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

fn pool_tables(
    pool: Pool,
    keys: &HashMap<Table, Vec<KeyRow>>,
    pools: &[Pool],
    vocab: &Vocabularies,
    ambiguous: &mut Ambiguities,
) -> PoolTables {
    let mut build = |table: Table, sizes: &[usize]| {
        let mut rows = candidates(&keys[&table], pool, None);
        if table == Table::Neighbours {
            neighbour_matches(ambiguous.pack.table(table), pools, &mut rows);
        }
        let (built, ranked) = KeyTable::build(rows, sizes);
        ambiguous.check(table, &ranked);
        built
    };
    PoolTables {
        tiers: build(Table::Tiers, &[LEVEL_FIELDS.len(), vocab.level.len()]),
        visits: build(Table::VisitClasses, &[vocab.med_type.len(), vocab.disease.len()]),
        filing_types: build(Table::FilingTypes, &[vocab.filing_type.len()]),
        neighbours: build(Table::Neighbours, &[pools.len()]),
    }
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

fn scheme_tables(
    pool: Pool,
    insutype: Sym,
    keys: &HashMap<Table, Vec<KeyRow>>,
    book: &RuleBook,
    ambiguous: &mut Ambiguities,
) -> SchemeTables {
    let vocab = &book.vocab;
    let mut build = |table: Table, rows: Vec<Candidate>, sizes: &[usize]| {
        let (built, ranked) = KeyTable::build(rows, sizes);
        ambiguous.check(table, &ranked);
        built
    };
    let rows = |table: Table| candidates(&keys[&table], pool, Some((&vocab.insutype, insutype)));
    let (classes, visits) = (vocab.psn_class.len(), vocab.med_class.len());
    let layer_of = |row: &Candidate| book.layers[row.row as usize].layer;
    let mut layers = rows(Table::Layers);
    let mut numbers: Vec<u32> = layers.iter().map(layer_of).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let four = [classes, visits, PLACES.len(), FILINGS.len()];
    let five = [classes, visits, PLACES.len(), FILINGS.len(), vocab.tier.len()];
    SchemeTables {
        schemes: build(Table::Schemes, rows(Table::Schemes), &[]),
        classes: build(
            Table::PersonClasses,
            rows(Table::PersonClasses),
            &[vocab.psn_type.len(), vocab.identity.len(), vocab.grade.len()],
        ),
        channels: build(Table::Channels, rows(Table::Channels), &five),
        benefits: build(Table::Benefits, rows(Table::Benefits), &five),
        layers: numbers
            .into_iter()
            .map(|number| {
                let of_number: Vec<Candidate> = layers.extract_if(.., |row| layer_of(row) == number).collect();
                build(Table::Layers, of_number, &four)
            })
            .collect(),
        accounts: build(Table::Accounts, rows(Table::Accounts), &[classes, visits]),
    }
}

/// Pairs of rows of equal rank that one claim can meet, each reported once.
struct Ambiguities<'a> {
    pack: &'a RulePack,
    seen: HashSet<(Table, u32, u32)>,
    found: &'a mut Vec<Diagnostic>,
}

impl Ambiguities<'_> {
    fn check(&mut self, table: Table, ranked: &[Candidate]) {
        for (index, row) in ranked.iter().enumerate() {
            for other in ranked[index + 1..].iter().take_while(|other| same_rank(table, row, other)) {
                let overlap = row.from <= other.to && other.from <= row.to;
                if overlap && row.row != other.row && self.met_together(table, row, other) {
                    self.report(table, row.row.min(other.row), row.row.max(other.row));
                }
            }
        }
    }

    fn met_together(&self, table: Table, row: &Candidate, other: &Candidate) -> bool {
        let mut columns = row.columns.iter().zip(&other.columns);
        if table != Table::PersonClasses {
            return columns.all(|(ours, theirs)| ours.meets(theirs));
        }
        // A code and its own two-digit parent are met by one claim; so are two marks, which one person can hold.
        let pack = self.pack.table(table);
        let types = |row: &Candidate| cell::words(pack.cell(row.row as usize, "psn_types"));
        let age = |row: &Candidate, column: &str| cell::integer(pack.cell(row.row as usize, column));
        let types_meet = match (types(row), types(other)) {
            (Some(ours), Some(theirs)) => {
                ours.iter().any(|a| theirs.iter().any(|b| a == b || is_parent(a, b) || is_parent(b, a)))
            }
            _ => true,
        };
        let least = age(row, "age_min").max(age(other, "age_min"));
        let most = match (age(row, "age_max"), age(other, "age_max")) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let ages_meet = least.zip(most).is_none_or(|(least, most)| least <= most);
        types_meet && ages_meet && columns.skip(1).all(|(ours, theirs)| ours.meets(theirs))
    }

    fn report(&mut self, table: Table, first: u32, second: u32) {
        if !self.seen.insert((table, first, second)) {
            return;
        }
        let rows = self.pack.table(table);
        let (first, second) = (first as usize, second as usize);
        let (id, line) = (rows.rule_id(first), rows.rows[first].line);
        self.found.push(
            Diagnostic::error(
                "E020",
                rows.at_row(second),
                Text::new(
                    format!(
                        "`{}` and `{id}` (line {line}) are equally specific, and one claim can meet both",
                        rows.rule_id(second)
                    ),
                    format!("`{}` 与第 {line} 行 `{id}` 同样具体，同一笔结算可同时符合", rows.rule_id(second)),
                ),
            )
            .hint(Text::new(
                "end the older row's period before the newer begins, or make one of them more specific",
                "在新行生效前终止旧行的有效期，或使其中一行更具体",
            )),
        );
    }
}

fn is_parent(parent: &str, code: &str) -> bool {
    parent.len() == 2 && code.starts_with(parent)
}

/// Visit classes are compared up to the disease: one entry that begins with another is an error whatever
/// their ranks, in rows equal in pool and `med_type`. A row without a disease is simply less specific.
fn same_rank(table: Table, row: &Candidate, other: &Candidate) -> bool {
    if table != Table::VisitClasses {
        return row.rank == other.rank;
    }
    let both_name_diseases = (row.rank[2] > 0) == (other.rank[2] > 0);
    row.rank[..2] == other.rank[..2] && both_name_diseases
}

