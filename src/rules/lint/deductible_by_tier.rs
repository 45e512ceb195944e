//! Deductibles that fall as the hospital's grade rises.

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{Offer, TierPair, case_words, tier_pairs};
use crate::diagnostic::Diagnostic;
use crate::model::money::Fen;
use crate::rules::layout::Table;
use crate::rules::values::DeductibleBasis;

pub(super) const CHECK: Check = Check {
    code: "L120",
    title_en: "a deductible that falls as the hospital's grade rises",
    title_zh: "医院级别越高起付标准反而越低",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let (book, table) = (context.book, context.table(Table::Benefits));
    tier_pairs(context, |TierPair { high, low, above, below }| {
        let (Some(own), Some(lower)) = (deductible(above), deductible(below)) else { return false };
        if above.benefit.value.deductible_basis != below.benefit.value.deductible_basis || own >= lower {
            return false;
        }
        let (row, other) = (above.benefit.row as usize, below.benefit.row as usize);
        let (id, line) = (table.rule_id(other), table.rows[other].line);
        let (own, lower) = (own.plain(), lower.plain());
        let (high, low) = (case_words(book, *high), book.vocab.tier.word(low.tier));
        found.push(
            warn(
                CHECK.code,
                table.at(row, "deductible_1"),
                format!("{high}: the deductible {own} is below that of the lower {low}, {lower} (`{id}`, line {line})"),
                format!("{high}：起付标准 {own} 低于级别更低的 {low} 的 {lower}（第 {line} 行 `{id}`）"),
            )
            .hint(hint(
                "deductibles rise with the grade of the hospital (structure of the national benefits list): \
                 compare with the document",
                "起付标准一般随医院级别升高（国家医保待遇清单的结构要求）：请与文件核对",
            )),
        );
        true
    });
}

/// The deductible of a first stay; `None` where there is none or the channel sets its own.
fn deductible(offer: &Offer) -> Option<Fen> {
    let channel = offer.channel.value;
    let own = channel.deductible.is_some() || channel.deductible_rate.is_some();
    let benefit = offer.benefit.value;
    (!own && benefit.deductible_basis != DeductibleBasis::None).then_some(benefit.deductibles[0])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    fn tiers(l3: &str, l2: &str) -> super::super::testing::TextPack {
        let row = |tier: &str, deductible: &str| {
            format!(
                "b{tier},330100,310,*,inpatient,*,*,{tier},all,visit,{deductible},,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,"
            )
        };
        pack().row("benefits", &row("L3", l3)).row("benefits", &row("L2", l2))
    }

    #[test]
    fn falls() {
        insta::assert_snapshot!(texts(&tiers("300", "600"), "L120"), @r"
        benefits.csv:3:11 (deductible_1): warning[L120]: active, inpatient, L3: the deductible 300 is below that of the lower L2, 600 (`bL2`, line 4)
          hint: deductibles rise with the grade of the hospital (structure of the national benefits list): compare with the document
        benefits.csv:3:11 (deductible_1): 警告[L120]: active, inpatient, L3：起付标准 300 低于级别更低的 L2 的 600（第 4 行 `bL2`）
          建议：起付标准一般随医院级别升高（国家医保待遇清单的结构要求）：请与文件核对
        ");
    }

    #[test]
    fn rises() {
        assert!(!codes(&tiers("800", "600")).contains(&"L120"));
    }
}
