//! What all checks look at, worked out once.

use hashbrown::HashMap;

use super::super::book::RuleBook;
use super::super::cell::Pattern;
use super::super::keytable::Candidate;
use super::super::layout::Table;
use super::super::pack::{PackTable, RulePack};
use super::super::rank::Ranking;
use super::super::vocabulary::Vocabularies;
use super::world::{Realm, World, has_insutype};
use crate::diagnostic::{Diagnostic, Finding, Location, Text};
use crate::model::date::Date;

/// A pack, its book and the claims there can be.
pub(super) struct Context<'a> {
    pub pack: &'a RulePack,
    pub book: &'a RuleBook,
    pub as_of: Option<Date>,
    pub world: World,
    /// For every table keyed by pool, and every realm, the rows it can meet, most specific first.
    rows: HashMap<Table, Vec<Vec<Candidate>>>,
}

/// Tables whose rows have a period.
pub(super) const DATED: &[Table] = &[
    Table::Tiers,
    Table::VisitClasses,
    Table::FilingTypes,
    Table::Schemes,
    Table::PersonClasses,
    Table::Neighbours,
    Table::Channels,
    Table::Benefits,
    Table::Layers,
    Table::Accounts,
];

impl<'a> Context<'a> {
    pub fn new(pack: &'a RulePack, book: &'a RuleBook, as_of: Option<Date>) -> Self {
        // The words are those of the book already: reading the keys again gives the same numbers.
        let mut vocab: Vocabularies = book.vocab.clone();
        let ranking = Ranking::new(pack, &mut vocab);
        let world = World::new(pack, book, &ranking);
        let rows = DATED.iter().map(|&table| (table, rows_of_realms(table, book, &ranking, &world))).collect();
        Self { pack, book, as_of, world, rows }
    }

    /// The table.
    pub fn table(&self, table: Table) -> &'a PackTable {
        self.pack.table(table)
    }

    /// The rows of a dated table that a realm can meet, most specific first.
    pub fn rows(&self, table: Table, realm: usize) -> &[Candidate] {
        &self.rows[&table][realm]
    }

    /// Every realm with the rows of a dated table that it can meet.
    pub fn realms(&self, table: Table) -> impl Iterator<Item = (&Realm, &[Candidate])> {
        self.world.realms.iter().zip(&self.rows[&table]).map(|(realm, rows)| (realm, &rows[..]))
    }

    /// The band set's name and the benefits and layers that use it.
    pub fn users_of_bands(&self) -> HashMap<&'a str, Vec<(Table, usize)>> {
        let mut users: HashMap<&str, Vec<(Table, usize)>> = HashMap::new();
        for kind in [Table::Benefits, Table::Layers] {
            let table = self.table(kind);
            for row in 0..table.rows.len() {
                users.entry(table.cell(row, "band_set")).or_default().push((kind, row));
            }
        }
        users
    }

    /// Rows of `bands.csv` of each set, in file order; the sets in the order of their first row.
    pub fn band_sets(&self) -> Vec<(&'a str, Vec<usize>)> {
        let table = self.table(Table::Bands);
        let mut sets: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for row in 0..table.rows.len() {
            let name = table.cell(row, "band_set");
            let number = *numbers.entry(name).or_insert(sets.len());
            if number == sets.len() {
                sets.push((name, Vec::new()));
            }
            sets[number].1.push(row);
        }
        sets
    }

    /// The `source_id` of a row is a row of `sources.csv`: its text there.
    pub fn source(&self, source_id: &str, column: &str) -> Option<&'a str> {
        let table = self.table(Table::Sources);
        let row = (0..table.rows.len()).find(|&row| table.rule_id(row) == source_id)?;
        Some(table.cell(row, column))
    }
}

fn rows_of_realms(table: Table, book: &RuleBook, ranking: &Ranking, world: &World) -> Vec<Vec<Candidate>> {
    world
        .realms
        .iter()
        .map(|realm| {
            let typed = has_insutype(table).then_some((&book.vocab.insutype, realm.insutype));
            let mut rows = ranking.rows(table, realm.seen_as, typed);
            rows.sort_by(|a, b| b.rank.cmp(&a.rank).then(a.row.cmp(&b.row)));
            rows
        })
        .collect()
}

/// A warning in both languages.
pub(super) fn warn(code: &'static str, at: Location, en: impl Into<String>, zh: impl Into<String>) -> Finding {
    Diagnostic::warning(code, at, Text::new(en, zh))
}

/// A hint in both languages.
pub(super) fn hint(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text::new(en, zh)
}

/// A key cell written one way: the items of a list in order.
pub(super) fn canonical(cell: &str) -> String {
    match Pattern::parse(cell) {
        Pattern::Any => "*".to_owned(),
        pattern => {
            let mut items: Vec<&str> = pattern.items().iter().map(|item| &**item).collect();
            items.sort_unstable();
            items.join("|")
        }
    }
}

/// Physical lines of rows for a reader: `3-9, 12`; after eight ranges `...`.
pub(super) fn lines(table: &PackTable, rows: &[usize]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &row in rows {
        let line = table.rows[row].line;
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            _ => ranges.push((line, line)),
        }
    }
    let mut texts: Vec<String> = ranges
        .iter()
        .take(8)
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    if ranges.len() > 8 {
        texts.push("...".to_owned());
    }
    texts.join(", ")
}

/// [`lines`] with their noun: `line 4`, `lines 3-9, 12`.
pub(super) fn lines_en(table: &PackTable, rows: &[usize]) -> String {
    format!("{} {}", if rows.len() == 1 { "line" } else { "lines" }, lines(table, rows))
}

/// How many rows: a noun with its number, `1 row`, `3 rows`.
pub(super) fn rows_en(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
