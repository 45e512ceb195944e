//! Rows that rest on nothing.

use super::Check;
use super::context::{Context, DATED, hint, lines, lines_en, rows_en, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check { code: "L114", title_en: "a row without a source", title_zh: "没有来源的行", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let described = !context.table(Table::Sources).rows.is_empty();
    for &table in DATED {
        let table = context.table(table);
        let bare = |row: usize| !described || table.cell(row, "source_id").is_empty();
        let rows: Vec<usize> = (0..table.rows.len()).filter(|&row| bare(row)).collect();
        let Some(&first) = rows.first() else { continue };
        let (lines, lines_en) = (lines(table, &rows), lines_en(table, &rows));
        let (why_en, why_zh) =
            if described { ("", "") } else { (": the pack has no sources.csv", "：规则包没有 sources.csv") };
        found.push(
            warn(
                CHECK.code,
                table.at(first, "source_id"),
                format!("{} without a source ({lines_en}){why_en}", rows_en(rows.len())),
                format!("{} 行没有来源（第 {lines} 行）{why_zh}", rows.len()),
            )
            .hint(hint(
                "name the document in sources.csv and its `source_id` here, so that a payment can be defended",
                "在 sources.csv 登记文件，并在此填写其 `source_id`，以便对支付结果举证",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn no_document() {
        let pack = pack().row("schemes", "s1,330100,310,01-01,,0,2020-01-01,,,");
        insta::assert_snapshot!(texts(&pack, "L114"), @r"
        schemes.csv:3:9 (source_id): warning[L114]: 1 row without a source (line 3)
          hint: name the document in sources.csv and its `source_id` here, so that a payment can be defended
        schemes.csv:3:9 (source_id): 警告[L114]: 1 行没有来源（第 3 行）
          建议：在 sources.csv 登记文件，并在此填写其 `source_id`，以便对支付结果举证
        ");
    }

    #[test]
    fn bands_rest_on_what_uses_them() {
        // Tables without a `source_id` column are not asked for one.
        assert!(!codes(&pack()).contains(&"L114"));
    }
}
