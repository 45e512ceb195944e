//! Filings that end too early.

use super::Check;
use super::away_cut::NOTICE;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::model::place::Filing;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check { code: "L127", title_en: "a filing holds for too short a time", title_zh: "备案有效期过短", run };

/// What a temporary filing must hold at least.
const LEAST_MONTHS: i32 = 6;

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::FilingTypes);
    for (row, value) in context.book.filing_types.iter().enumerate() {
        let Some(months) = value.default_months else { continue };
        let (en, zh) = match value.filing {
            Filing::Resident => (
                format!("a long-term filing ends after {months} months: it holds until it is changed ({})", NOTICE.0),
                format!("长期备案 {months} 个月后失效：应长期有效（{}）", NOTICE.1),
            ),
            _ if months < LEAST_MONTHS => (
                format!("a temporary filing holds {months} months: at least {LEAST_MONTHS} are asked ({})", NOTICE.0),
                format!("临时外出备案有效期 {months} 个月：原则上不少于 {LEAST_MONTHS} 个月（{}）", NOTICE.1),
            ),
            _ => continue,
        };
        found.push(warn(CHECK.code, table.at(row, "default_months"), en, zh).hint(hint(
            "leave `default_months` empty for a long-term filing, write 6 or more for the others",
            "长期备案的 `default_months` 留空，其余写 6 或以上",
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn too_short() {
        let pack = pack()
            .row("filing_types", "f7,330100,02,resident,12,2020-01-01,,g,")
            .row("filing_types", "f8,330100,10,temporary,3,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L127"), @r"
        filing_types.csv:5:5 (default_months): warning[L127]: a long-term filing ends after 12 months: it holds until it is changed (NHSA and MoF notice 2022 No. 22)
          hint: leave `default_months` empty for a long-term filing, write 6 or more for the others
        filing_types.csv:6:5 (default_months): warning[L127]: a temporary filing holds 3 months: at least 6 are asked (NHSA and MoF notice 2022 No. 22)
          hint: leave `default_months` empty for a long-term filing, write 6 or more for the others
        filing_types.csv:5:5 (default_months): 警告[L127]: 长期备案 12 个月后失效：应长期有效（国家医保局、财政部医保发〔2022〕22号）
          建议：长期备案的 `default_months` 留空，其余写 6 或以上
        filing_types.csv:6:5 (default_months): 警告[L127]: 临时外出备案有效期 3 个月：原则上不少于 6 个月（国家医保局、财政部医保发〔2022〕22号）
          建议：长期备案的 `default_months` 留空，其余写 6 或以上
        ");
    }

    #[test]
    fn long_enough() {
        assert!(!codes(&pack()).contains(&"L127"));
    }
}
