//! The differences of two packs, as text and as JSON.

use serde_json::{Value, json};

use super::rule_words::word;
use super::words::used_by_line;
use crate::diagnostic::Lang;
use crate::rules::diff::{CellChange, Change, PackDiff, TableDiff};
use crate::rules::pack::{PackTable, RulePack};

/// The differences as text: `+` added, `-` removed, `~` changed.
#[must_use]
pub fn render(diff: &PackDiff, old: &RulePack, new: &RulePack, lang: Lang) -> String {
    if diff.is_empty() {
        return word(lang, "the packs are the same\n", "两个规则包相同\n").to_owned();
    }
    let mut text = String::new();
    for table in &diff.tables {
        let (before, after) = (old.table(table.table), new.table(table.table));
        let [added, removed, changed] = counts(table);
        let name = table.table.layout().name;
        text += &match lang {
            Lang::En => format!("{name}.csv: {added} added, {removed} removed, {changed} changed\n"),
            Lang::Zh => format!("{name}.csv：新增 {added}，删除 {removed}，修改 {changed}\n"),
        };
        for change in &table.changes {
            text += &change_text(change, before, after, lang);
        }
        text.push('\n');
    }
    text + if diff.decides() {
        word(lang, "results can differ\n", "结算结果可能不同\n")
    } else {
        word(
            lang,
            "no result can differ: only names, notes, sources or the way of writing have changed\n",
            "结算结果不变：仅名称、备注、来源或写法有改动\n",
        )
    }
}

fn counts(table: &TableDiff) -> [usize; 3] {
    let mut counts = [0; 3];
    for change in &table.changes {
        counts[match change {
            Change::Added { .. } => 0,
            Change::Removed { .. } => 1,
            Change::Changed { .. } => 2,
        }] += 1;
    }
    counts
}

fn change_text(change: &Change, old: &PackTable, new: &PackTable, lang: Lang) -> String {
    let (text, used_by) = match change {
        Change::Added { new: row, used_by } => {
            (format!("  + {}{}", named(new, *row, lang), whole(new, *row, lang)), used_by)
        }
        Change::Removed { old: row, used_by } => {
            (format!("  - {}{}", named(old, *row, lang), whole(old, *row, lang)), used_by)
        }
        Change::Changed { old: was, new: is, cells, used_by } => {
            let (id, from, to) = (new.rule_id(*is), old.rows[*was].line, new.rows[*is].line);
            let mut text = match lang {
                Lang::En => format!("  ~ {id} (line {from} -> {to})\n"),
                Lang::Zh => format!("  ~ {id}（第 {from} 行 -> 第 {to} 行）\n"),
            };
            cells.iter().for_each(|cell| text += &cell_text(cell, lang));
            (text, used_by)
        }
    };
    text + &used_by_line(used_by, lang)
}

fn named(table: &PackTable, row: usize, lang: Lang) -> String {
    let (id, line) = (table.rule_id(row), table.rows[row].line);
    match lang {
        Lang::En => format!("{id} (line {line}): "),
        Lang::Zh => format!("{id}（第 {line} 行）："),
    }
}

/// The cells of a row that are not empty, but for its name.
fn whole(table: &PackTable, row: usize, lang: Lang) -> String {
    let cells = table.layout().columns.iter().skip(1).map(|column| (column.name, table.cell(row, column.name)));
    let told: Vec<String> =
        cells.filter(|(_, cell)| !cell.is_empty()).map(|(name, cell)| format!("{name} {cell}")).collect();
    told.join(word(lang, ", ", "，")) + "\n"
}

fn cell_text(cell: &CellChange, lang: Lang) -> String {
    let shown =
        |text: &str| if text.is_empty() { word(lang, "(empty)", "（空）").to_owned() } else { text.to_owned() };
    let same = if cell.decides { "" } else { word(lang, "  (decides nothing)", "（不影响结果）") };
    format!("      {}: {} -> {}{same}\n", cell.column, shown(&cell.old), shown(&cell.new))
}

/// The differences as JSON.
#[must_use]
pub fn to_json(diff: &PackDiff, old: &RulePack, new: &RulePack) -> Value {
    let tables: Vec<Value> = diff
        .tables
        .iter()
        .map(|table| {
            let (before, after) = (old.table(table.table), new.table(table.table));
            let changes: Vec<Value> =
                table.changes.iter().map(|change| change_json(change, table, before, after)).collect();
            json!({ "table": table.table.layout().name, "changes": changes })
        })
        .collect();
    json!({ "same": diff.is_empty(), "decides": diff.decides(), "tables": tables })
}

fn change_json(change: &Change, table: &TableDiff, old: &PackTable, new: &PackTable) -> Value {
    let decides = change.decides(table.table);
    let cells = |table: &PackTable, row: usize| -> Value {
        let columns = table.layout().columns.iter().map(|column| (column.name, table.cell(row, column.name)));
        Value::Object(
            columns.filter(|(_, cell)| !cell.is_empty()).map(|(name, cell)| (name.to_owned(), json!(cell))).collect(),
        )
    };
    match change {
        Change::Added { new: row, used_by } => json!({
            "change": "added", "rule_id": new.rule_id(*row), "line": new.rows[*row].line,
            "decides": decides, "cells": cells(new, *row), "used_by": used_by,
        }),
        Change::Removed { old: row, used_by } => json!({
            "change": "removed", "rule_id": old.rule_id(*row), "line": old.rows[*row].line,
            "decides": decides, "cells": cells(old, *row), "used_by": used_by,
        }),
        Change::Changed { old: was, new: is, cells, used_by } => {
            let cells: Vec<Value> = cells
                .iter()
                .map(|cell| json!({"column": cell.column, "old": cell.old, "new": cell.new, "decides": cell.decides}))
                .collect();
            json!({
                "change": "changed", "rule_id": new.rule_id(*is), "old_rule_id": old.rule_id(*was),
                "line": new.rows[*is].line, "old_line": old.rows[*was].line,
                "decides": decides, "cells": cells, "used_by": used_by,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::diff::diff;
    use crate::rules::testing::{TextPack, pack};

    fn packs(old: &TextPack, new: &TextPack) -> (PackDiff, RulePack, RulePack) {
        let (old, new) = (old.compiled().0, new.compiled().0);
        (diff(&old, &new), old, new)
    }

    #[test]
    fn value_by_value() {
        let old = pack()
            .row("accounts", "a2,330100,310,retired,*,all,2020-01-01,,g,")
            .row("accounts", "a3,330200,310,retired,*,all,2020-01-01,,g,");
        let new = pack()
            .row("accounts", "a2,330100,310,retired,*,all,2020-01-01,2023-12-31,g,")
            .row("accounts", "a4,330100,310,retired,*,in_scope,2024-01-01,,g,new text")
            .only("bands", &["d1,stay,0,0.75,", "d2,aid,0,0.8,"]);
        let (diff, old, new) = packs(&old, &new);
        insta::assert_snapshot!(render(&diff, &old, &new, Lang::En), @r"
        bands.csv: 0 added, 0 removed, 1 changed
          ~ d1 (line 2 -> 2)
              rate: 0.7 -> 0.75
              used by 1: b0

        accounts.csv: 1 added, 1 removed, 1 changed
          ~ a2 (line 3 -> 3)
              valid_to: (empty) -> 2023-12-31
          - a3 (line 4): pool 330200, insutype 310, psn_class retired, med_class *, pays_for all, valid_from 2020-01-01, source_id g
          + a4 (line 4): pool 330100, insutype 310, psn_class retired, med_class *, pays_for in_scope, valid_from 2024-01-01, source_id g, note new text

        results can differ
        ");
        insta::assert_snapshot!(render(&diff, &old, &new, Lang::Zh), @r"
        bands.csv：新增 0，删除 0，修改 1
          ~ d1（第 2 行 -> 第 2 行）
              rate: 0.7 -> 0.75
              被 1 行引用：b0

        accounts.csv：新增 1，删除 1，修改 1
          ~ a2（第 3 行 -> 第 3 行）
              valid_to: （空） -> 2023-12-31
          - a3（第 4 行）：pool 330200，insutype 310，psn_class retired，med_class *，pays_for all，valid_from 2020-01-01，source_id g
          + a4（第 4 行）：pool 330100，insutype 310，psn_class retired，med_class *，pays_for in_scope，valid_from 2024-01-01，source_id g，note new text

        结算结果可能不同
        ");
        insta::assert_snapshot!(to_json(&diff, &old, &new), @r#"
        {"same":false,"decides":true,"tables":[{"table":"bands","changes":[{"change":"changed","rule_id":"d1","old_rule_id":"d1","line":2,"old_line":2,"decides":true,"cells":[{"column":"rate","old":"0.7","new":"0.75","decides":true}],"used_by":["b0"]}]},{"table":"accounts","changes":[{"change":"changed","rule_id":"a2","old_rule_id":"a2","line":3,"old_line":3,"decides":true,"cells":[{"column":"valid_to","old":"","new":"2023-12-31","decides":true}],"used_by":[]},{"change":"removed","rule_id":"a3","line":4,"decides":true,"cells":{"rule_id":"a3","pool":"330200","insutype":"310","psn_class":"retired","med_class":"*","pays_for":"all","valid_from":"2020-01-01","source_id":"g"},"used_by":[]},{"change":"added","rule_id":"a4","line":4,"decides":true,"cells":{"rule_id":"a4","pool":"330100","insutype":"310","psn_class":"retired","med_class":"*","pays_for":"in_scope","valid_from":"2024-01-01","source_id":"g","note":"new text"},"used_by":[]}]}]}
        "#);
    }

    #[test]
    fn notes_alone() {
        let (diff, old, new) = packs(&pack(), &pack().only("bands", &["d1,stay,0.00,0.70,page 3", "d2,aid,0,0.8,"]));
        insta::assert_snapshot!(render(&diff, &old, &new, Lang::En), @r"
        bands.csv: 0 added, 0 removed, 1 changed
          ~ d1 (line 2 -> 2)
              from_amount: 0 -> 0.00  (decides nothing)
              rate: 0.7 -> 0.70  (decides nothing)
              note: (empty) -> page 3  (decides nothing)
              used by 1: b0

        no result can differ: only names, notes, sources or the way of writing have changed
        ");
    }

    #[test]
    fn nothing() {
        let (diff, old, new) = packs(&pack(), &pack());
        assert_eq!(render(&diff, &old, &new, Lang::Zh), "两个规则包相同\n");
    }
}
