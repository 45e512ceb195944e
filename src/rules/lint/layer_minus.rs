//! Layers that take off what has not been paid yet.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check {
        code: "L119", title_en: "a layer that takes off a later layer", title_zh: "险层扣减其后的险层", run
    };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Layers);
    for row in 0..table.rows.len() {
        let layer: u32 = table.cell(row, "layer").parse().expect("a checked layer number");
        let numbers = table.cell(row, "minus").split('|').filter_map(|item| item.trim().parse::<u32>().ok());
        if let Some(later) = numbers.into_iter().find(|&other| other >= layer) {
            found.push(
                warn(
                    CHECK.code,
                    table.at(row, "minus"),
                    format!("layer {layer} takes off layer {later}, which has paid nothing yet: nothing is taken off"),
                    format!("第 {layer} 层扣减第 {later} 层，而后者此时尚未支付：等于不扣"),
                )
                .hint(hint(
                    "name earlier layers only; leave the cell empty for all of them, write `none` for none",
                    "只写在前的险层；全部扣减则留空，均不扣减则写 `none`",
                )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn itself() {
        let pack = pack().row("layers", "l2,330100,390,*,*,*,*,2,maf_pay,coinsurance,1|2,visit,aid,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L119"), @r"
        layers.csv:3:11 (minus): warning[L119]: layer 2 takes off layer 2, which has paid nothing yet: nothing is taken off
          hint: name earlier layers only; leave the cell empty for all of them, write `none` for none
        layers.csv:3:11 (minus): 警告[L119]: 第 2 层扣减第 2 层，而后者此时尚未支付：等于不扣
          建议：只写在前的险层；全部扣减则留空，均不扣减则写 `none`
        ");
    }

    #[test]
    fn earlier_layers() {
        let pack = pack()
            .row("layers", "l2,330100,390,*,*,*,*,2,maf_pay,coinsurance,1,visit,aid,,,2020-01-01,,g,")
            .row("layers", "l3,330100,390,*,*,*,*,3,oth_pay,coinsurance,none,visit,aid,,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L119"));
    }
}
