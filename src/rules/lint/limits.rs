//! A least that is above its most.

use super::Check;
use super::context::{Context, hint, warn};
use crate::diagnostic::Diagnostic;
use crate::rules::cell;
use crate::rules::layout::Table;

pub(super) const CHECK: Check =
    Check { code: "L118", title_en: "a least that is above its most", title_zh: "下限高于上限", run };

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let classes = context.table(Table::PersonClasses);
    for row in 0..classes.rows.len() {
        let age = |column: &str| cell::integer(classes.cell(row, column));
        if let (Some(least), Some(most)) = (age("age_min"), age("age_max"))
            && least > most
        {
            found.push(
                warn(
                    CHECK.code,
                    classes.at(row, "age_max"),
                    format!("`age_min` {least} is above `age_max` {most}: nobody is of that age"),
                    format!("`age_min` {least} 大于 `age_max` {most}：没有人符合"),
                )
                .hint(hint(
                    "both ends are inside: `0` and `17` are the minors",
                    "两端均含在内：未成年人写 `0` 与 `17`",
                )),
            );
        }
    }
    let channels = context.table(Table::Channels);
    for row in 0..channels.rows.len() {
        let money = |column: &str| cell::money(channels.cell(row, column));
        if let (Some(least), Some(most)) = (money("deductible_min"), money("deductible_max"))
            && least > most
        {
            let (least, most) = (least.plain(), most.plain());
            found.push(
                warn(
                    CHECK.code,
                    channels.at(row, "deductible_max"),
                    format!("`deductible_min` {least} is above `deductible_max` {most}"),
                    format!("`deductible_min` {least} 大于 `deductible_max` {most}"),
                )
                .hint(hint("the two cells may have changed places", "两格内容可能写反")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn changed_places() {
        let pack = pack()
            .row("person_classes", "c9,*,310,1,senior,*,,,90,70,2020-01-01,,g,")
            .row("channels", "h9,330100,310,*,*,cross,temporary,allow,,,0.2,10000,2000,,,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L118"), @r"
        channels.csv:3:13 (deductible_max): warning[L118]: `deductible_min` 10000 is above `deductible_max` 2000
          hint: the two cells may have changed places
        person_classes.csv:5:10 (age_max): warning[L118]: `age_min` 90 is above `age_max` 70: nobody is of that age
          hint: both ends are inside: `0` and `17` are the minors
        channels.csv:3:13 (deductible_max): 警告[L118]: `deductible_min` 10000 大于 `deductible_max` 2000
          建议：两格内容可能写反
        person_classes.csv:5:10 (age_max): 警告[L118]: `age_min` 90 大于 `age_max` 70：没有人符合
          建议：两端均含在内：未成年人写 `0` 与 `17`
        ");
    }

    #[test]
    fn one_value_is_a_range() {
        let pack = pack().row("person_classes", "c9,*,310,1,senior,*,,,70,70,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L118"));
    }
}
