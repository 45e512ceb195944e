//! Rows that have held since ever.

use super::Check;
use super::context::{Context, DATED, hint, lines, lines_en, rows_en, warn};
use crate::diagnostic::Diagnostic;

pub(super) const CHECK: Check =
    Check { code: "L103", title_en: "a row without a first day", title_zh: "未写生效日期的行", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for &table in DATED {
        let table = context.table(table);
        let rows: Vec<usize> = (0..table.rows.len()).filter(|&row| table.cell(row, "valid_from").is_empty()).collect();
        let Some(&first) = rows.first() else { continue };
        let (lines, lines_en) = (lines(table, &rows), lines_en(table, &rows));
        found.push(
            warn(
                CHECK.code,
                table.at(first, "valid_from"),
                format!("{} without `valid_from` ({lines_en}): they apply to every claim before", rows_en(rows.len())),
                format!("{} 行未写 `valid_from`（第 {lines} 行）：将适用于此前的一切结算", rows.len()),
            )
            .hint(hint(
                "write the day on which the document takes effect; where it is not stated, the earliest day claims may have",
                "填写文件的施行日期；文件未载明的，填写可能出现的最早结算日期",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn once_for_a_table() {
        let pack = pack()
            .row("schemes", "s1,330100,310,01-01,,0,,2023-12-31,g,")
            .row("schemes", "s2,330100,390,01-01,,0,,,g,");
        insta::assert_snapshot!(texts(&pack, "L103"), @r"
        schemes.csv:3:7 (valid_from): warning[L103]: 2 rows without `valid_from` (lines 3-4): they apply to every claim before
          hint: write the day on which the document takes effect; where it is not stated, the earliest day claims may have
        schemes.csv:3:7 (valid_from): 警告[L103]: 2 行未写 `valid_from`（第 3-4 行）：将适用于此前的一切结算
          建议：填写文件的施行日期；文件未载明的，填写可能出现的最早结算日期
        ");
    }

    #[test]
    fn an_open_end_is_usual() {
        let pack = pack().row("schemes", "s1,330100,310,01-01,,0,2023-01-01,,g,");
        assert!(!codes(&pack).contains(&"L103"));
    }
}
