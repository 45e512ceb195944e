//! Periods that hold no day.

use super::Check;
use super::context::{Context, DATED, hint, warn};
use crate::diagnostic::Diagnostic;

pub(super) const CHECK: Check =
    Check {
        code: "L102", title_en: "a period that ends before it begins", title_zh: "有效期终止早于开始", run
    };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for &table in DATED {
        let table = context.table(table);
        for row in 0..table.rows.len() {
            let (from, to) = table.period(row);
            if to < from {
                found.push(
                    warn(
                        CHECK.code,
                        table.at(row, "valid_to"),
                        format!("the row ends on {to}, before it begins on {from}: it never holds"),
                        format!("该行止于 {to}，早于其开始日 {from}：永远不生效"),
                    )
                    .hint(hint("correct one of the two days, or take the row out", "更正其中一个日期，或删去该行")),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn ends_before_it_begins() {
        // The row beside it has the same keys: no ambiguity, as the first one never holds.
        let pack = pack()
            .row("schemes", "s1,330100,310,01-01,,0,2024-05-01,2024-01-31,g,")
            .row("schemes", "s2,330100,310,01-01,,0,2024-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L102"), @r"
        schemes.csv:3:8 (valid_to): warning[L102]: the row ends on 2024-01-31, before it begins on 2024-05-01: it never holds
          hint: correct one of the two days, or take the row out
        schemes.csv:3:8 (valid_to): 警告[L102]: 该行止于 2024-01-31，早于其开始日 2024-05-01：永远不生效
          建议：更正其中一个日期，或删去该行
        ");
    }

    #[test]
    fn one_day_is_a_period() {
        let pack = pack().row("schemes", "s1,330100,310,01-01,,0,2024-05-01,2024-05-01,g,");
        assert!(!codes(&pack).contains(&"L102"));
    }
}
