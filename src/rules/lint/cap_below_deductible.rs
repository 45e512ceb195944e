//! Caps below the deductible: nothing can ever be paid, or the deductible is never whole.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::model::money::Fen;
use crate::rules::layout::Table;
use crate::rules::values::{DeductibleBasis, NO_CAP};

pub(super) const CHECK: Check =
    Check { code: "L124", title_en: "a cap below the deductible", title_zh: "封顶低于起付标准", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Benefits);
    for (row, benefit) in context.book.benefits.iter().enumerate() {
        if benefit.deductible_basis == DeductibleBasis::None {
            continue;
        }
        let deductible = benefit.deductibles[0];
        // A yearly deductible may be met by many small visits: their own cap says nothing.
        let visit = benefit.deductible_basis == DeductibleBasis::Visit;
        let caps = [
            ("base_cap_visit", benefit.base_caps.visit, visit),
            ("base_cap_month", benefit.base_caps.month, visit),
            ("base_cap_year", benefit.base_caps.year, true),
        ];
        for (column, cap, _) in caps.into_iter().filter(|&(_, cap, counts)| counts && cap != NO_CAP) {
            if Fen::ZERO < cap && cap <= deductible {
                let (cap, deductible) = (cap.plain(), deductible.plain());
                found.push(
                    warn(
                        CHECK.code,
                        table.at(row, column),
                        format!("`{column}` {cap} does not exceed the deductible {deductible}: nothing is ever paid"),
                        format!("`{column}` {cap} 不高于起付标准 {deductible}：永远无可支付"),
                    )
                    .hint(hint("compare both cells with the document", "请对照文件核对两格")),
                );
            }
        }
        let yearly = benefit.deductible_cap_year;
        if yearly != NO_CAP && yearly < deductible {
            let (yearly, deductible) = (yearly.plain(), deductible.plain());
            found.push(
                warn(
                    CHECK.code,
                    table.at(row, "deductible_cap_year"),
                    format!("`deductible_cap_year` {yearly} is below the first deductible {deductible}, which is never whole"),
                    format!("`deductible_cap_year` {yearly} 低于首次起付标准 {deductible}，起付标准永远不会足额"),
                )
                .hint(hint("compare both cells with the document", "请对照文件核对两格")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn never_paid() {
        let pack = pack()
            .row("benefits", "b8,330100,310,*,*,*,*,*,all,visit,800,,,300,visit_net,stay,600,,,,,,,1,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L124"), @r"
        benefits.csv:3:14 (deductible_cap_year): warning[L124]: `deductible_cap_year` 300 is below the first deductible 800, which is never whole
          hint: compare both cells with the document
        benefits.csv:3:17 (base_cap_visit): warning[L124]: `base_cap_visit` 600 does not exceed the deductible 800: nothing is ever paid
          hint: compare both cells with the document
        benefits.csv:3:14 (deductible_cap_year): 警告[L124]: `deductible_cap_year` 300 低于首次起付标准 800，起付标准永远不会足额
          建议：请对照文件核对两格
        benefits.csv:3:17 (base_cap_visit): 警告[L124]: `base_cap_visit` 600 不高于起付标准 800：永远无可支付
          建议：请对照文件核对两格
        ");
    }

    #[test]
    fn small_visits_fill_a_yearly_deductible() {
        let pack =
            pack().row("benefits", "b8,330100,310,*,*,*,*,*,all,year,800,,,,visit_net,stay,600,,,,,,,1,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L124"));
    }
}
