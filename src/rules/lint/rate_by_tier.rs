//! Rates that rise with the hospital's grade.

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{TierPair, case_words, largest_difference, tier_pairs};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check = Check {
    code: "L121",
    title_en: "a rate that rises with the hospital's grade",
    title_zh: "医院级别越高支付比例反而越高",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let (book, table) = (context.book, context.table(Table::Benefits));
    tier_pairs(context, |TierPair { high, low, above, below }| {
        let Some(more) = largest_difference(&above.bands, &below.bands) else { return false };
        let (row, other) = (above.benefit.row as usize, below.benefit.row as usize);
        let (id, line) = (table.rule_id(other), table.rows[other].line);
        let (from, here, there) = (more.from.plain(), more.here.percent(), more.there.percent());
        let (high, low) = (case_words(book, *high), book.vocab.tier.word(low.tier));
        found.push(
            warn(
                CHECK.code,
                table.at(row, "band_set"),
                format!(
                    "{high}: {here} % above {from}, more than the {there} % of the lower {low} (`{id}`, line {line})"
                ),
                format!("{high}：{from} 元以上支付 {here}%，高于级别更低的 {low} 的 {there}%（第 {line} 行 `{id}`）"),
            )
            .hint(hint(
                "rates fall as the grade of the hospital rises (structure of the national benefits list): \
                 compare with the document",
                "支付比例一般随医院级别降低（国家医保待遇清单的结构要求）：请与文件核对",
            )),
        );
        true
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, codes, pack, texts};

    fn tiers(l3: &str, l2: &str) -> TextPack {
        let row = |tier: &str, bands: &str| {
            format!("b{tier},330100,310,*,inpatient,*,*,{tier},all,none,,,,,visit_net,{bands},,,,,,,,1,2020-01-01,,g,")
        };
        pack()
            .row("benefits", &row("L3", l3))
            .row("benefits", &row("L2", l2))
            .row("bands", "x1,more,0,0.7,")
            .row("bands", "x2,more,10000,0.8,")
    }

    #[test]
    fn rises() {
        insta::assert_snapshot!(texts(&tiers("more", "stay"), "L121"), @r"
        benefits.csv:3:16 (band_set): warning[L121]: active, inpatient, L3: 80 % above 10000, more than the 70 % of the lower L2 (`bL2`, line 4)
          hint: rates fall as the grade of the hospital rises (structure of the national benefits list): compare with the document
        benefits.csv:3:16 (band_set): 警告[L121]: active, inpatient, L3：10000 元以上支付 80%，高于级别更低的 L2 的 70%（第 4 行 `bL2`）
          建议：支付比例一般随医院级别降低（国家医保待遇清单的结构要求）：请与文件核对
        ");
    }

    #[test]
    fn falls() {
        assert!(!codes(&tiers("stay", "stay")).contains(&"L121"));
    }
}
