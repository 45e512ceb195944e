//! Deductibles that rise with the number of the stay.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;
use crate::rules::values::DeductibleBasis;

pub(super) const CHECK: Check = Check {
    code: "L123",
    title_en: "a deductible that rises with the number of the stay",
    title_zh: "起付标准随住院次数升高",
    run,
};

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Benefits);
    for (row, benefit) in context.book.benefits.iter().enumerate() {
        if benefit.deductible_basis != DeductibleBasis::Visit {
            continue;
        }
        let Some(rise) = benefit.deductibles.windows(2).position(|pair| pair[1] > pair[0]) else { continue };
        let (before, after) = (benefit.deductibles[rise].plain(), benefit.deductibles[rise + 1].plain());
        let (stay, next) = (rise + 1, rise + 2);
        found.push(
            warn(
                CHECK.code,
                table.at(row, &format!("deductible_{next}")),
                format!("stay {next} has a higher deductible ({after}) than stay {stay} ({before})"),
                format!("第 {next} 次住院的起付标准（{after}）高于第 {stay} 次（{before}）"),
            )
            .hint(hint(
                "later stays of a year pay the same or less everywhere known; the cells may have changed places",
                "已知各地同年再次住院的起付标准持平或降低；请核对是否填错列",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn rises() {
        let pack = pack()
            .row("benefits", "b9,330100,310,*,*,*,*,*,all,visit,300,650,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L123"), @r"
        benefits.csv:3:12 (deductible_2): warning[L123]: stay 2 has a higher deductible (650) than stay 1 (300)
          hint: later stays of a year pay the same or less everywhere known; the cells may have changed places
        benefits.csv:3:12 (deductible_2): 警告[L123]: 第 2 次住院的起付标准（650）高于第 1 次（300）
          建议：已知各地同年再次住院的起付标准持平或降低；请核对是否填错列
        ");
    }

    #[test]
    fn an_empty_cell_repeats_the_one_before() {
        let pack = pack()
            .row("benefits", "b9,330100,310,*,*,*,*,*,all,visit,650,300,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L123"));
    }
}
