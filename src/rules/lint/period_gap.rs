//! Days that lie between the periods of rows with the same keys.

use hashbrown::HashMap;

use super::Check;
use super::context::{Context, DATED, canonical, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::model::date::Date;
use crate::rules::layout::{Kind, Table};
use crate::rules::pack::PackTable;

pub(super) const CHECK: Check = Check {
    code: "L101",
    title_en: "a gap between the periods of rows with the same keys",
    title_zh: "键相同的各行有效期之间有空档",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for &table in DATED {
        let table = context.table(table);
        let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for row in 0..table.rows.len() {
            let (from, to) = table.period(row);
            if from <= to {
                groups.entry(keys(table, row)).or_default().push(row);
            }
        }
        for mut rows in groups.into_values() {
            rows.sort_by_key(|&row| table.period(row));
            gaps(table, &rows, found);
        }
    }
}

/// The cells that make two rows the same rule at different times.
fn keys(table: &PackTable, row: usize) -> Vec<String> {
    let of_a_class =
        |name: &str| !matches!(name, "rule_id" | "priority" | "valid_from" | "valid_to" | "source_id" | "note");
    let columns = table.layout().columns.iter().filter(|column| match table.table {
        // What tells person classes apart are its conditions, not keys.
        Table::PersonClasses => of_a_class(column.name),
        _ => matches!(column.kind, Kind::PoolKey | Kind::Key | Kind::WordKey(_) | Kind::PrefixKey | Kind::LayerNumber),
    });
    columns.map(|column| canonical(table.cell(row, column.name))).collect()
}

/// Rows of one group, by first day. Where they overlap the compiler has said so.
fn gaps(table: &PackTable, rows: &[usize], found: &mut Vec<Diagnostic>) {
    let Some((&first, rest)) = rows.split_first() else { return };
    let (mut before, mut end) = (first, table.period(first).1);
    for &row in rest {
        let (from, to) = table.period(row);
        if end != Date::MAX && from > end.succ() {
            let (gap_from, gap_to) = (end.succ(), from.pred());
            let (id, line) = (table.rule_id(before), table.rows[before].line);
            found.push(
                warn(
                    CHECK.code,
                    table.at(row, "valid_from"),
                    format!("no row with these keys holds from {gap_from} to {gap_to}: `{id}` (line {line}) ends on {end}"),
                    format!("{gap_from} 至 {gap_to} 没有同键的行：第 {line} 行 `{id}` 止于 {end}"),
                )
                .hint(hint(
                    "end the older row on the day before this one begins, or say in the note why nothing holds in between",
                    "将旧行的 `valid_to` 写为本行生效前一日；若确属无规定，请在 note 中说明",
                )),
            );
        }
        if to > end {
            (before, end) = (row, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn a_day_without_a_row() {
        let pack = pack()
            .row("schemes", "s1,330100,310,01-01,,0,2023-01-01,2023-12-30,g,")
            .row("schemes", "s2,330100,310,01-01,,0,2024-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L101"), @r"
        schemes.csv:4:7 (valid_from): warning[L101]: no row with these keys holds from 2023-12-31 to 2023-12-31: `s1` (line 3) ends on 2023-12-30
          hint: end the older row on the day before this one begins, or say in the note why nothing holds in between
        schemes.csv:4:7 (valid_from): 警告[L101]: 2023-12-31 至 2023-12-31 没有同键的行：第 3 行 `s1` 止于 2023-12-30
          建议：将旧行的 `valid_to` 写为本行生效前一日；若确属无规定，请在 note 中说明
        ");
    }

    #[test]
    fn periods_that_meet() {
        let pack = pack()
            .row("schemes", "s1,330100|330200,310,01-01,,0,,2023-12-31,g,")
            .row("schemes", "s2,330200|330100,310,01-01,,0,2024-01-01,,g,")
            .row("schemes", "s3,330100,390,01-01,,0,2030-01-01,,g,");
        assert!(!codes(&pack).contains(&"L101"));
    }
}
