//! Band sets whose rows do not rise in the file.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::cell;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check {
        code: "L111", title_en: "bands that do not rise in the file", title_zh: "分段未按金额由低到高书写", run
    };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Bands);
    let from = |row: usize| cell::money(table.cell(row, "from_amount")).expect("a checked amount");
    for (name, rows) in context.band_sets() {
        if let Some(pair) = rows.windows(2).find(|pair| from(pair[1]) < from(pair[0])) {
            let (below, above) = (from(pair[1]).plain(), from(pair[0]).plain());
            found.push(
                warn(
                    CHECK.code,
                    table.at(pair[1], "from_amount"),
                    format!("the band of `{name}` from {below} stands below the one from {above}"),
                    format!("`{name}` 中起于 {below} 的档写在起于 {above} 的档之后"),
                )
                .hint(hint(
                    "the order does not matter to the engine, but a slip of a digit hides in it: write the bands rising",
                    "顺序不影响计算，但容易掩盖多写或漏写的数位：请由低到高书写",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn a_digit_lost() {
        let pack = pack().row("bands", "x1,aid,20000,0.8,").row("bands", "x2,aid,4000,0.9,");
        insta::assert_snapshot!(texts(&pack, "L111"), @r"
        bands.csv:5:3 (from_amount): warning[L111]: the band of `aid` from 4000 stands below the one from 20000
          hint: the order does not matter to the engine, but a slip of a digit hides in it: write the bands rising
        bands.csv:5:3 (from_amount): 警告[L111]: `aid` 中起于 4000 的档写在起于 20000 的档之后
          建议：顺序不影响计算，但容易掩盖多写或漏写的数位：请由低到高书写
        ");
    }

    #[test]
    fn sets_may_interleave() {
        let pack =
            pack().row("bands", "x1,own,0,0.7,").row("bands", "x2,aid,20000,0.8,").row("bands", "x3,own,10000,0.8,");
        assert!(!codes(&pack).contains(&"L111"));
    }
}
