//! Critical-illness insurance of residents that pays less than the national list asks.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::model::money::Rate;
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;
use crate::rules::pack::PackTable;
use crate::rules::values::{Band, LayerValue, Payer};

pub(super) const CHECK: Check = Check {
    code: "L128",
    title_en: "critical-illness insurance pays less than 60 %",
    title_zh: "大病保险支付比例低于 60%",
    run,
};

const LEAST: Rate = Rate(600_000);

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Layers);
    for (row, layer) in context.book.layers.iter().enumerate() {
        let Some(low) = lowest_paying_band(context, layer) else { continue };
        if layer.payer == Payer::ResidentCritical && holds_at_home(table, row) && low.rate < LEAST {
            let (set, rate, from) = (table.cell(row, "band_set"), low.rate.percent(), low.from.plain());
            found.push(
                warn(
                    CHECK.code,
                    table.at(row, "band_set"),
                    format!(
                        "`{set}` pays {rate} % above {from}: critical-illness insurance pays at least 60 % \
                         (national benefits list)"
                    ),
                    format!("`{set}` 在 {from} 元以上支付 {rate}%：大病保险支付比例应不低于 60%（国家医保待遇清单）"),
                )
                .hint(hint(
                    "compare with the document; a cut for treatment elsewhere belongs in a row whose `place` says so",
                    "请与文件核对；仅适用于异地就医的降低，应写在 `place` 限定的行中",
                )),
            );
        }
    }
}

/// The band that pays least, of those that pay.
pub(super) fn lowest_paying_band(context: &Context, layer: &LayerValue) -> Option<Band> {
    let bands = context.book.bands(layer.bands).iter().copied();
    bands.filter(|band| band.rate > Rate::default()).min_by_key(|band| (band.rate, band.from))
}

/// Whether a row of layers meets claims at home.
pub(super) fn holds_at_home(table: &PackTable, row: usize) -> bool {
    let meets = |column: &str, word: &str| match Pattern::parse(table.cell(row, column)) {
        Pattern::Any => true,
        pattern => pattern.items().iter().any(|item| &**item == word),
    };
    meets("place", "local") && meets("filing", "none")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn half() {
        let pack = pack()
            .row("bands", "x1,cii,15000,0.5,")
            .row("bands", "x2,cii,50000,0.7,")
            .row("layers", "l2,330100,390,*,*,*,*,2,hifmi_pay,coinsurance,,year,cii,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L128"), @r"
        layers.csv:3:13 (band_set): warning[L128]: `cii` pays 50 % above 15000: critical-illness insurance pays at least 60 % (national benefits list)
          hint: compare with the document; a cut for treatment elsewhere belongs in a row whose `place` says so
        layers.csv:3:13 (band_set): 警告[L128]: `cii` 在 15000 元以上支付 50%：大病保险支付比例应不低于 60%（国家医保待遇清单）
          建议：请与文件核对；仅适用于异地就医的降低，应写在 `place` 限定的行中
        ");
    }

    #[test]
    fn sixty_and_a_cut_elsewhere() {
        let pack = pack()
            .row("bands", "x0,cii,0,0,")
            .row("bands", "x1,cii,15000,0.6,")
            .row("bands", "x2,away,15000,0.55,")
            .row("layers", "l2,330100,390,*,*,*,*,2,hifmi_pay,coinsurance,,year,cii,,,2020-01-01,,g,")
            .row("layers", "l3,330100,390,*,*,cross,none,2,hifmi_pay,coinsurance,,year,away,,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L128"));
    }
}
