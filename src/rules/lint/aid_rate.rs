//! Medical aid that pays the destitute and the low-income families less than the national text asks.

use super::Check;
use super::context::{Context, hint, warn};
use super::critical_illness_rate::{holds_at_home, lowest_paying_band};
use crate::diagnostic::Diagnostic;
use crate::model::money::Rate;
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;
use crate::rules::values::Payer;

pub(super) const CHECK: Check = Check {
    code: "L129",
    title_en: "medical aid pays the destitute or low-income families less than 70 %",
    title_zh: "特困、低保对象医疗救助比例低于 70%",
    run,
};

const LEAST: Rate = Rate(700_000);

/// Words by which a class is known to be of 特困 or 低保 persons.
const AIDED: [&str; 9] =
    ["destitute", "extreme_poverty", "tekun", "特困", "low_income", "lowincome", "subsistence", "dibao", "低保"];

/// Words by which a class is known to be of poor persons of any kind that the list favours.
const POOR: [&str; 4] = ["poor", "poverty", "困难", "脱贫"];

/// Words that make it another class: 低保边缘, near low income.
const NEAR: [&str; 4] = ["near", "edge", "margin", "边缘"];

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Layers);
    for (row, layer) in context.book.layers.iter().enumerate() {
        if layer.payer != Payer::Aid || !holds_at_home(table, row) {
            continue;
        }
        let Some(low) = lowest_paying_band(context, layer).filter(|band| band.rate < LEAST) else { continue };
        let classes = Pattern::parse(table.cell(row, "psn_class"));
        let Some(class) = classes.items().iter().find(|class| is_aided(class)) else { continue };
        let (set, rate, from) = (table.cell(row, "band_set"), low.rate.percent(), low.from.plain());
        found.push(
            warn(
                CHECK.code,
                table.at(row, "band_set"),
                format!(
                    "`{class}`: `{set}` pays {rate} % above {from}: aid pays 特困 and 低保 persons at least 70 % \
                     (State Council Office 2021 No. 42)"
                ),
                format!(
                    "`{class}`：`{set}` 在 {from} 元以上支付 {rate}%：\
                     特困、低保对象救助比例应不低于 70%（国办发〔2021〕42号）"
                ),
            )
            .hint(hint(
                "compare with the document; name the class otherwise if it is of neither",
                "请与文件核对；若该类人员不属特困、低保，请改用别的类名",
            )),
        );
    }
}

/// Whether a class is of persons whom critical-illness insurance favours: 特困, 低保, those who fell back into poverty.
pub(super) fn is_poor(class: &str) -> bool {
    let lower = class.to_lowercase();
    is_aided(class) || (POOR.iter().any(|word| lower.contains(word)) && !is_near(&lower))
}

fn is_aided(class: &str) -> bool {
    let class = class.to_lowercase();
    AIDED.iter().any(|word| class.contains(word)) && !is_near(&class)
}

fn is_near(class: &str) -> bool {
    NEAR.iter().any(|word| class.contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, codes, pack, texts};

    fn aid(class: &str) -> TextPack {
        pack()
            .row("person_classes", &format!("c9,330100,390,1,{class},*,x,,,,2020-01-01,,g,"))
            .row("bands", "x1,aid60,0,0.6,")
            .row("layers", &format!("l2,330100,390,{class},*,*,*,2,maf_pay,coinsurance,,visit,aid60,,,2020-01-01,,g,"))
    }

    #[test]
    fn sixty() {
        insta::assert_snapshot!(texts(&aid("low_income"), "L129"), @r"
        layers.csv:3:13 (band_set): warning[L129]: `low_income`: `aid60` pays 60 % above 0: aid pays 特困 and 低保 persons at least 70 % (State Council Office 2021 No. 42)
          hint: compare with the document; name the class otherwise if it is of neither
        layers.csv:3:13 (band_set): 警告[L129]: `low_income`：`aid60` 在 0 元以上支付 60%：特困、低保对象救助比例应不低于 70%（国办发〔2021〕42号）
          建议：请与文件核对；若该类人员不属特困、低保，请改用别的类名
        ");
    }

    #[test]
    fn another_class() {
        assert!(!codes(&aid("near_low_income")).contains(&"L129"));
    }
}
