//! Deductibles that fall as the hospital's grade rises.

use hashbrown::HashSet;

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{Offer, days, offer, people, Case, case_words};
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
    let mut seen: HashSet<(u32, u32)> = HashSet::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        for day in days(context, number) {
            let tiers = realm.tiers_by_grade(book, day);
            for (psn_class, med_class) in people(realm, day) {
                for pair in tiers.windows(2) {
                    let [high, low] = [&pair[0], &pair[1]].map(|(tier, _)| Case { psn_class, med_class, tier: *tier });
                    let offered = [high, low].map(|case| offer(book, realm, case.at_home(), day));
                    let [Some(above), Some(below)] = &offered else { continue };
                    let (Some(above_d), Some(below_d)) = (deductible(above), deductible(below)) else { continue };
                    if above.benefit.value.deductible_basis != below.benefit.value.deductible_basis
                        || above_d >= below_d
                        || !seen.insert((above.benefit.row, below.benefit.row))
                    {
                        continue;
                    }
                    let (row, other) = (above.benefit.row as usize, below.benefit.row as usize);
                    let (id, line) = (table.rule_id(other), table.rows[other].line);
                    let (above_d, below_d) = (above_d.plain(), below_d.plain());
                    let (high, low) = (case_words(book, high), book.vocab.tier.word(low.tier));
                    found.push(
                        warn(
                            CHECK.code,
                            table.at(row, "deductible_1"),
                            format!("{high}: the deductible {above_d} is below that of the lower {low}, {below_d} (`{id}`, line {line})"),
                            format!("{high}：起付标准 {above_d} 低于级别更低的 {low} 的 {below_d}（第 {line} 行 `{id}`）"),
                        )
                        .hint(hint(
                            "deductibles rise with the grade of the hospital (structure of the national benefits list): compare with the document",
                            "起付标准一般随医院级别升高（国家医保待遇清单的结构要求）：请与文件核对",
                        )),
                    );
                }
            }
        }
    }
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
            format!("b{tier},330100,310,*,inpatient,*,*,{tier},all,visit,{deductible},,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,")
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
