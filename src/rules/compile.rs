//! From checked text to the [`RuleBook`]: words become symbols, and for every pool and insurance type the
//! rows it can meet are ranked. Two rows of equal rank that one claim can meet are found here.

use hashbrown::{HashMap, HashSet};

use super::almanac::Almanac;
use super::book::{CODES, FlagMarks, RuleBook};
use super::cell::{self, Pattern};
use super::keytable::{Calendar, Candidate};
use super::layout::Table;
use super::pack::{PackTable, RulePack};
use super::rank::{Pool, Ranking, code};
use super::tables::{MOST_ANSWERS, PoolTables, Source};
use super::terms::AllTerms;
use super::values::{Band, BandNumbers, Reader};
use super::vocabulary::Vocabularies;
use crate::diagnostic::{Diagnostic, Text};
use crate::model::place::Admdvs;

/// Compiles a pack that read without an error.
///
/// # Errors
/// Two rows of equal rank that one claim can meet, bands that begin twice at one amount.
pub fn compile(pack: &RulePack) -> Result<RuleBook, Vec<Diagnostic>> {
    compile_within(pack, MOST_ANSWERS)
}

/// As [`compile`], with at most so many answers of a look-up laid out ahead; the answers are the same.
///
/// # Errors
/// As [`compile`].
pub fn compile_within(pack: &RulePack, most: usize) -> Result<RuleBook, Vec<Diagnostic>> {
    compile_on(pack, base_vocabulary(), most)
}

/// Compiles packs that are to answer for the same claims: all on one vocabulary, which holds the words of each. A word
/// that only another pack names is to a book what any unlisted word is: `*` alone matches it.
///
/// # Errors
/// As [`compile`], with the position of the pack.
pub fn compile_together(packs: &[&RulePack]) -> Result<Vec<RuleBook>, (usize, Vec<Diagnostic>)> {
    let mut vocab = base_vocabulary();
    let mut books = Vec::with_capacity(packs.len());
    for (index, pack) in packs.iter().enumerate() {
        let book = compile_on(pack, vocab, MOST_ANSWERS).map_err(|found| (index, found))?;
        vocab = book.vocab.clone();
        books.push(book);
    }
    for (index, (book, pack)) in books.iter_mut().zip(packs).enumerate() {
        // Its tables are as wide as the words that were known when it was compiled.
        if book.vocab.len() < vocab.len() {
            *book = compile_on(pack, vocab.clone(), MOST_ANSWERS).map_err(|found| (index, found))?;
        }
    }
    Ok(books)
}

fn compile_on(pack: &RulePack, mut vocab: Vocabularies, most: usize) -> Result<RuleBook, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let ranking = Ranking::new(pack, &mut vocab);
    let (band_numbers, band_sets) = bands(pack.table(Table::Bands), &mut found);
    let mut book = read_values(pack, vocab, &band_numbers, band_sets);
    number_pools(pack, ranking.pools(), &mut book);
    let mut ambiguous = Ambiguities { pack, seen: HashSet::new(), found: &mut found };
    let source = Source { ranking: &ranking, book: &book, most };
    let mut terms = AllTerms::default();
    let (mut pools, calendars): (Vec<PoolTables>, Vec<Calendar>) =
        ranking.pools().iter().map(|&pool| source.pool_tables(pool, &mut terms, &mut ambiguous)).unzip();
    book.almanac = Almanac::new(&calendars);
    pools.iter_mut().zip(&calendars).for_each(|(pool, calendar)| pool.periods = book.almanac.periods(calendar));
    terms.lay_down(&mut book.terms, &mut book.band_sets);
    book.pools = pools;
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
        almanac: Almanac::default(),
        pools: Vec::new(),
        terms: Vec::new(),
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
            found.push(
                Diagnostic::error(
                    "E021",
                    table.at(row, "from_amount"),
                    Text::new(
                        format!("a band of this set already begins at {from} (line {line})"),
                        format!("同一档表在第 {line} 行已有起于 {from} 的档"),
                    ),
                )
                .hint(Text::new(
                    "correct one of the two amounts, take one of the rows out, or give it a band_set of its own",
                    "请更正其中一个金额，删去其中一行，或为其另立 band_set",
                )),
            );
        }
        sets[number as usize].push((Band { from, rate }, row));
    }
    let rising = |mut set: Vec<(Band, usize)>| {
        set.sort_by_key(|(band, _)| band.from);
        set.into_iter().map(|(band, _)| band).collect()
    };
    (numbers, sets.into_iter().map(rising).collect())
}

/// Place to pool and pool to number, for every six-digit code.
fn number_pools(pack: &RulePack, pools: &[Pool], book: &mut RuleBook) {
    let places = pack.table(Table::Places);
    let listed: HashMap<u32, u32> = (0..places.rows.len())
        .map(|row| (code(places.cell(row, "admdvs")).0, code(places.cell(row, "pool")).0))
        .collect();
    let pool_of_place = (0..CODES as u32).map(|place| {
        let place = Admdvs(place);
        let own = if place.is_municipality() { place.province() } else { place.city() };
        [place, place.city(), place.province()]
            .iter()
            .find_map(|listed_place| listed.get(&listed_place.0).copied())
            .unwrap_or(own.0)
    });
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
    book.pool_of_place = pool_of_place.map(|pool| book.numbered(Admdvs(pool))).collect();
}

/// Pairs of rows of equal rank that one claim can meet, each reported once.
pub(super) struct Ambiguities<'a> {
    pack: &'a RulePack,
    seen: HashSet<(Table, u32, u32)>,
    found: &'a mut Vec<Diagnostic>,
}

impl Ambiguities<'_> {
    /// Reports the pairs among the rows of a look-up, which stand in the order of choice.
    pub(super) fn check(&mut self, table: Table, ranked: &[Candidate]) {
        for (index, row) in ranked.iter().enumerate() {
            for other in ranked[index + 1..].iter().take_while(|other| may_tie(table, row, other)) {
                let overlap = row.from <= other.to && other.from <= row.to;
                if overlap
                    && row.row != other.row
                    && self.tie(table, row, other)
                    && self.met_together(table, row, other)
                {
                    self.report(table, row.row.min(other.row), row.row.max(other.row));
                }
            }
        }
    }

    /// Whether neither row is more specific. In visit classes equal in pool and `med_type`, one disease entry
    /// that begins with another ties whatever their ranks; a row without a disease is simply less specific.
    fn tie(&self, table: Table, row: &Candidate, other: &Candidate) -> bool {
        if row.rank == other.rank {
            return true;
        }
        let cells = |column: &str| {
            let items = |row: &Candidate| {
                let mut items = Pattern::parse(self.pack.table(table).cell(row.row as usize, column)).items().to_vec();
                items.sort_unstable();
                items
            };
            items(row) == items(other)
        };
        table == Table::VisitClasses && row.rank[2] > 0 && other.rank[2] > 0 && cells("pool") && cells("med_type")
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

/// Whether two rows stand close enough in the order of choice to tie. Visit classes are compared up to the
/// disease: see [`Ambiguities::tie`].
fn may_tie(table: Table, row: &Candidate, other: &Candidate) -> bool {
    let columns = if table == Table::VisitClasses { 2 } else { row.rank.len() };
    row.rank[..columns] == other.rank[..columns]
}

#[cfg(test)]
mod tests {
    use super::{RuleBook, compile, compile_together};
    use crate::model::place::Admdvs;
    use crate::model::settlement::{CodeAndParent, Insutype};
    use crate::rules::testing::{TextPack, pack};

    fn errors(text: &TextPack) -> Vec<&'static str> {
        compile(&text.read()).err().unwrap_or_default().iter().map(|wrong| wrong.code).collect()
    }

    fn visits(first: &str, second: &str) -> Vec<&'static str> {
        let row = |id: &str, key: &str| format!("{id},{key},chronic,0,0,2020-01-01,,g,");
        errors(&pack().row("visit_classes", &row("v8", first)).row("visit_classes", &row("v9", second)))
    }

    #[test]
    fn disease_entries_that_begin_alike_tie_in_rows_of_one_visit_type() {
        assert_eq!(visits("330100,14,C34", "330100,14,C341"), ["E020"]);
        // An exact entry against a list ties as well, and so do lists written in another order.
        assert_eq!(visits("330100,14|16,C34|I10", "330100,16|14,C341"), ["E020"]);
        assert_eq!(visits("330100,14,C34", "330100,14,C35"), [""; 0]);
        assert_eq!(visits("330100,14,*", "330100,14,C35"), [""; 0]);
        // Rows of other visit types are chosen by specificity: a single code comes before a list.
        assert_eq!(visits("330100,14|16,C34|I10", "330100,14|17,C341"), [""; 0]);
        assert_eq!(visits("330100,14|16,C34", "330100,14|17,C341"), ["E020"]);
    }

    #[test]
    fn packs_compiled_together_choose_as_if_alone() {
        let visit =
            |id: &str, disease: &str, class: &str| format!("{id},330100,14,{disease},{class},0,0,2020-01-01,,g,");
        let base = pack().row("visit_classes", &visit("v8", "C34", "cancer")).read();
        let new = pack()
            .row("visit_classes", &visit("v8", "C341", "lung"))
            .row("visit_classes", "v9,330100,1402,*,special,0,0,2020-01-01,,g,")
            .row("schemes", "s1,330100,391,07-01,,0,2020-01-01,,g,")
            .read();
        let together = compile_together(&[&base, &new]).expect("two packs");
        assert_eq!(together[0].vocab.len(), together[1].vocab.len());
        let pool = Admdvs(330_100);
        let day = crate::model::date::Date::from_ymd(2024, 5, 1).expect("a day");
        for (pack, joint) in [(&base, &together[0]), (&new, &together[1])] {
            let alone = compile(pack).expect("a pack");
            for med_type in ["14", "1402", "1499", "99", ""] {
                for disease in ["", "C3", "C34", "C349", "C341", "C3412", "I10"] {
                    let chosen = |book: &RuleBook| {
                        let words = &book.vocab;
                        let med_type = CodeAndParent {
                            code: words.med_type.find(med_type.as_bytes()),
                            parent: words.med_type.find(med_type.get(..2).unwrap_or_default().as_bytes()),
                        };
                        let disease = words.disease.find_longest_prefix(disease.as_bytes());
                        book.visit(pool, med_type, disease, day).map(|chosen| chosen.row)
                    };
                    assert_eq!(chosen(joint), chosen(&alone), "{med_type} {disease}");
                }
            }
            for insutype in ["310", "391", "999"] {
                let chosen = |book: &RuleBook| {
                    let insutype = Insutype(book.vocab.insutype.find(insutype.as_bytes()).0);
                    book.scheme(pool, insutype, day).map(|chosen| chosen.row)
                };
                assert_eq!(chosen(joint), chosen(&alone), "{insutype}");
            }
        }
    }

    #[test]
    fn a_period_that_holds_no_day_ties_with_nothing() {
        let pack = pack()
            .row("schemes", "s1,330100,310,01-01,,0,2024-05-01,2024-01-31,g,")
            .row("schemes", "s2,330100,310,01-01,,0,2023-01-01,,g,");
        assert_eq!(errors(&pack), [""; 0]);
    }

    #[test]
    fn equal_rows_tie() {
        let pack = pack()
            .row("schemes", "s1,330100,310,01-01,,0,2023-01-01,2024-01-01,g,")
            .row("schemes", "s2,330100,310,01-01,,0,2024-01-01,,g,");
        assert_eq!(errors(&pack), ["E020"]);
    }
}
