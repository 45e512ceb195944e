//! Two packs compared row by row: what was added, taken out, changed, and whether anything that decides money did.

use hashbrown::{HashMap, HashSet};

use super::cell;
use super::layout::{Column, Kind, Table};
use super::pack::{PackTable, RulePack};

/// All differences, in the order of the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackDiff {
    /// Tables with a difference.
    pub tables: Vec<TableDiff>,
}

/// The differences of one table: removed and changed rows in the old order, then added ones in the new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDiff {
    /// The table.
    pub table: Table,
    /// The differences.
    pub changes: Vec<Change>,
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only in the new pack.
    Added {
        /// Its row there.
        new: usize,
        /// Rows of the new pack that use the band set; empty for other tables.
        used_by: Vec<String>,
    },
    /// Only in the old pack.
    Removed {
        /// Its row there.
        old: usize,
        /// Rows of the old pack that use the band set; empty for other tables.
        used_by: Vec<String>,
    },
    /// In both.
    Changed {
        /// Its row in the old pack.
        old: usize,
        /// Its row in the new pack.
        new: usize,
        /// The cells that differ in meaning or text, in the order of the columns.
        cells: Vec<CellChange>,
        /// Rows of the new pack that use the band set; empty for other tables.
        used_by: Vec<String>,
    },
}

/// One cell that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// The column.
    pub column: &'static str,
    /// Text in the old pack.
    pub old: String,
    /// Text in the new pack.
    pub new: String,
    /// Whether a result can differ for it.
    pub decides: bool,
}

impl PackDiff {
    /// Whether the packs are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether a result can differ: `false` when only names, notes, sources or the way of writing have changed.
    #[must_use]
    pub fn decides(&self) -> bool {
        self.tables.iter().any(|table| table.changes.iter().any(|change| change.decides(table.table)))
    }
}

impl Change {
    /// Whether a result can differ for it.
    #[must_use]
    pub fn decides(&self, table: Table) -> bool {
        match self {
            Self::Changed { cells, .. } => cells.iter().any(|cell| cell.decides),
            Self::Added { .. } | Self::Removed { .. } => table != Table::Sources,
        }
    }
}

/// What differs between two packs. Rows are the same row when they have the same name, else when they have the
/// same keys and period.
#[must_use]
pub fn diff(old: &RulePack, new: &RulePack) -> PackDiff {
    let mut tables = Vec::new();
    for table in Table::ALL {
        let changes = diff_table(old, new, table);
        if !changes.is_empty() {
            tables.push(TableDiff { table, changes });
        }
    }
    PackDiff { tables }
}

fn diff_table(old_pack: &RulePack, new_pack: &RulePack, kind: Table) -> Vec<Change> {
    let (old, new) = (old_pack.table(kind), new_pack.table(kind));
    let pairs = pair(old, new);
    let used_by = |pack: &RulePack, table: &PackTable, row: usize| {
        if kind == Table::Bands { users(pack, table.cell(row, "band_set")) } else { Vec::new() }
    };
    let mut changes = Vec::new();
    for old_row in 0..old.rows.len() {
        let Some(&new_row) = pairs.get(&old_row) else {
            changes.push(Change::Removed { old: old_row, used_by: used_by(old_pack, old, old_row) });
            continue;
        };
        let cells = cells(old, old_row, new, new_row);
        if !cells.is_empty() {
            let used_by = used_by(new_pack, new, new_row);
            changes.push(Change::Changed { old: old_row, new: new_row, cells, used_by });
        }
    }
    let paired: HashSet<usize> = pairs.values().copied().collect();
    let added = (0..new.rows.len()).filter(|row| !paired.contains(row));
    changes.extend(added.map(|row| Change::Added { new: row, used_by: used_by(new_pack, new, row) }));
    changes
}

/// For every old row its new one.
fn pair(old: &PackTable, new: &PackTable) -> HashMap<usize, usize> {
    let by_name: HashMap<&str, usize> = (0..new.rows.len()).map(|row| (new.rule_id(row), row)).collect();
    let mut pairs: HashMap<usize, usize> =
        (0..old.rows.len()).filter_map(|row| Some((row, *by_name.get(old.rule_id(row))?))).collect();
    let taken: HashSet<usize> = pairs.values().copied().collect();
    // A name may have changed: rows with the same keys and period are the same rule. Where several are (person
    // classes may repeat), they are taken in the order of the file.
    let mut by_keys: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    for row in (0..new.rows.len()).rev().filter(|row| !taken.contains(row)) {
        by_keys.entry(identity(new, row)).or_default().push(row);
    }
    for row in 0..old.rows.len() {
        if !pairs.contains_key(&row)
            && let Some(same) = by_keys.get_mut(&identity(old, row)).and_then(Vec::pop)
        {
            pairs.insert(row, same);
        }
    }
    pairs
}

/// The cells that make a row what it is, whatever its name: keys, and the period or the band's beginning.
fn identity(table: &PackTable, row: usize) -> Vec<String> {
    let identifies = |column: &&Column| match table.table {
        Table::Sources => matches!(column.name, "title" | "document_no"),
        Table::Places => column.name == "admdvs",
        Table::Bands => matches!(column.name, "band_set" | "from_amount"),
        Table::PersonClasses => !matches!(column.name, "rule_id" | "priority" | "source_id" | "note"),
        _ => is_key(column.kind) || column.kind == Kind::Day,
    };
    let columns = table.layout().columns.iter().filter(identifies);
    columns.map(|column| meaning(column.kind, table.cell(row, column.name))).collect()
}

fn is_key(kind: Kind) -> bool {
    matches!(kind, Kind::PoolKey | Kind::Key | Kind::WordKey(_) | Kind::PrefixKey | Kind::LayerNumber)
}

/// A cell with everything taken off that does not matter: the order of a list, zeros of an amount.
fn meaning(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Money | Kind::MoneyRequired => cell::money(text).map_or_else(String::new, |amount| amount.to_string()),
        Kind::Rate | Kind::RateRequired => cell::rate(text).map_or_else(String::new, |rate| rate.to_string()),
        Kind::Points => cell::rate(text).unwrap_or_default().to_string(),
        Kind::Factor => cell::rate(text).unwrap_or(crate::model::money::Rate::ONE).to_string(),
        Kind::Day => cell::day(text).map_or_else(String::new, |day| day.to_string()),
        Kind::Flag if text.is_empty() => "0".to_owned(),
        _ if is_key(kind) || matches!(kind, Kind::Words | Kind::WordsOf(_) | Kind::Minus) => {
            let any = text.is_empty() && matches!(kind, Kind::Key | Kind::PrefixKey | Kind::Words);
            let mut items: Vec<&str> = if any { vec!["*"] } else { text.split('|').map(str::trim).collect() };
            items.sort_unstable();
            items.join("|")
        }
        _ => text.to_owned(),
    }
}

fn cells(old: &PackTable, old_row: usize, new: &PackTable, new_row: usize) -> Vec<CellChange> {
    let columns = old.layout().columns.iter();
    columns
        .filter_map(|column| {
            let (before, after) = (old.cell(old_row, column.name), new.cell(new_row, column.name));
            let changed = meaning(column.kind, before) != meaning(column.kind, after);
            (before != after).then(|| CellChange {
                column: column.name,
                old: before.to_owned(),
                new: after.to_owned(),
                // A row's name is cited in the output, but no amount turns on it.
                decides: changed && old.table != Table::Sources && !says_only(column),
            })
        })
        .collect()
}

/// Columns that explain a row and decide nothing.
fn says_only(column: &Column) -> bool {
    matches!(column.kind, Kind::RuleId | Kind::SourceId | Kind::Free) && column.name != "deductible_accumulator"
}

/// Names of the benefits and layers that use a band set.
fn users(pack: &RulePack, band_set: &str) -> Vec<String> {
    [Table::Benefits, Table::Layers]
        .into_iter()
        .map(|table| pack.table(table))
        .flat_map(|table| {
            let uses = move |row: &usize| table.cell(*row, "band_set") == band_set;
            (0..table.rows.len()).filter(uses).map(move |row| table.rule_id(row).to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, pack};
    use super::*;

    fn between(old: &TextPack, new: &TextPack) -> PackDiff {
        diff(&old.compiled().0, &new.compiled().0)
    }

    fn bands(rows: &[&str]) -> TextPack {
        pack().only("bands", rows)
    }

    #[test]
    fn same() {
        assert!(between(&pack(), &pack()).is_empty());
    }

    #[test]
    fn added_removed_changed() {
        let old = bands(&["d1,stay,0,0.7,", "d2,aid,0,0.8,", "d3,aid,1000,0.9,"]);
        let new = bands(&["d1,stay,0,0.75,", "d2,aid,0,0.8,", "d4,aid,2000,0.9,"]);
        let found = between(&old, &new);
        let cells = vec![CellChange { column: "rate", old: "0.7".into(), new: "0.75".into(), decides: true }];
        let used_by = |id: &str| vec![id.to_owned()];
        assert_eq!(
            found.tables[0].changes,
            [
                Change::Changed { old: 0, new: 0, cells, used_by: used_by("b0") },
                Change::Removed { old: 2, used_by: used_by("l1") },
                Change::Added { new: 2, used_by: used_by("l1") },
            ]
        );
        assert!(found.decides());
    }

    #[test]
    fn another_name_and_another_hand() {
        let old = bands(&["d1,stay,0,0.7,", "d2,aid,0,0.8,"]);
        let new = bands(&["d1,stay,0.00,0.70,checked", "n2,aid,0,0.8,"]);
        let found = between(&old, &new);
        assert_eq!(found.tables[0].changes.len(), 2);
        assert!(!found.decides(), "{found:?}");
    }
}
