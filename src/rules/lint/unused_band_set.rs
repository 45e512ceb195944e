//! Band sets that nothing uses.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check { code: "L110", title_en: "a band set that nothing uses", title_zh: "未被引用的分段表", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let users = context.users_of_bands();
    for (name, rows) in context.band_sets() {
        if !users.contains_key(name) {
            found.push(
                warn(
                    CHECK.code,
                    context.table(Table::Bands).at(rows[0], "band_set"),
                    format!("no benefit and no layer uses the band set `{name}`"),
                    format!("没有待遇行或险层行引用分段表 `{name}`"),
                )
                .hint(hint(
                    "take it out, or look for the row that was meant to use it",
                    "删去该分段表，或检查本应引用它的行",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn left_over() {
        let pack = pack().row("bands", "x1,old,0,0.5,").row("bands", "x2,old,100,0.6,");
        insta::assert_snapshot!(texts(&pack, "L110"), @r"
        bands.csv:4:2 (band_set): warning[L110]: no benefit and no layer uses the band set `old`
          hint: take it out, or look for the row that was meant to use it
        bands.csv:4:2 (band_set): 警告[L110]: 没有待遇行或险层行引用分段表 `old`
          建议：删去该分段表，或检查本应引用它的行
        ");
    }

    #[test]
    fn used_by_a_layer() {
        let pack = pack()
            .row("bands", "x1,own,0,0.7,")
            .row("layers", "l2,330100,390,*,*,*,*,2,maf_pay,coinsurance,,visit,own,,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L110"));
    }
}
