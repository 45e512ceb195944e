//! Flags that nobody set.

use super::Check;
use super::context::{Context, hint, lines, lines_en, rows_en, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Kind;

pub(super) const CHECK: Check =
    Check { code: "L117", title_en: "a flag left empty", title_zh: "是否标志留空", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for table in &context.pack.tables {
        for column in table.layout().columns.iter().filter(|column| column.kind == Kind::Flag && !column.optional) {
            let rows: Vec<usize> =
                (0..table.rows.len()).filter(|&row| table.cell(row, column.name).is_empty()).collect();
            let Some(&first) = rows.first() else { continue };
            let (lines, lines_en) = (lines(table, &rows), lines_en(table, &rows));
            found.push(
                warn(
                    CHECK.code,
                    table.at(first, column.name),
                    format!("`{}` is empty in {} ({lines_en}): read as 0", column.name, rows_en(rows.len())),
                    format!("{} 行的 `{}` 为空（第 {lines} 行）：按 0 处理", rows.len(), column.name),
                )
                .hint(hint(
                    "write `0` or `1`: an empty flag looks like a forgotten one",
                    "写明 `0` 或 `1`：留空易被误认为漏填",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn neither_yes_nor_no() {
        let pack = pack().row("visit_classes", "v9,*,99,*,outpatient,,0,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L117"), @r"
        visit_classes.csv:4:6 (is_admission): warning[L117]: `is_admission` is empty in 1 row (line 4): read as 0
          hint: write `0` or `1`: an empty flag looks like a forgotten one
        visit_classes.csv:4:6 (is_admission): 警告[L117]: 1 行的 `is_admission` 为空（第 4 行）：按 0 处理
          建议：写明 `0` 或 `1`：留空易被误认为漏填
        ");
    }

    #[test]
    fn a_column_that_may_be_left_out() {
        // `local_filing` is not in the file at all.
        assert!(!codes(&pack()).contains(&"L117"));
    }
}
