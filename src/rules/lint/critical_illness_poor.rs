//! Critical-illness insurance that favours the poor less than the national list asks.

use super::Check;
use super::aid_rate::is_poor;
use super::context::{Context, canonical, hint, warn};
use super::critical_illness_rate::holds_at_home;
use super::offer::largest_difference;
use crate::diagnostic::{Diagnostic, Text};
use crate::model::money::{Fen, Rate};
use crate::rules::book::RuleBook;
use crate::rules::cell::Pattern;
use crate::rules::layout::Table;
use crate::rules::pack::PackTable;
use crate::rules::values::{Band, LayerValue, NO_CAP, Payer};

pub(super) const CHECK: Check = Check {
    code: "L131",
    title_en: "critical-illness insurance favours the poor less than asked",
    title_zh: "大病保险对困难群众倾斜不足",
    run,
};

/// How much more the poor are paid of what lies above the threshold, where 100 % leaves room for it.
const POINTS: Rate = Rate(50_000);

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Layers);
    let layers = &context.book.layers;
    let candidates: Vec<usize> = (0..layers.len())
        .filter(|&row| layers[row].payer == Payer::ResidentCritical && holds_at_home(table, row))
        .collect();
    for &row in candidates.iter().filter(|&&row| is_of_the_poor(table, row)) {
        // The row of everybody else: the same but for the class.
        let other = candidates.iter().find(|&&other| !is_of_the_poor(table, other) && is_beside(table, row, other));
        let Some(&other) = other else { continue };
        let (id, line) = (table.rule_id(other), table.rows[other].line);
        for (column, short) in shortfalls(context.book, &layers[row], &layers[other]) {
            found.push(
                warn(
                    CHECK.code,
                    table.at(row, column),
                    format!("{} (national benefits list); the others' row is `{id}` (line {line})", short.en),
                    format!("{}（国家医保待遇清单）；其他人员见第 {line} 行 `{id}`", short.zh),
                )
                .hint(hint(
                    "compare with the document: many places lag behind the list",
                    "请与文件核对：部分地区尚未落实清单要求",
                )),
            );
        }
    }
}

/// Whether every class the row names is of poor persons.
fn is_of_the_poor(table: &PackTable, row: usize) -> bool {
    let classes = Pattern::parse(table.cell(row, "psn_class"));
    !classes.items().is_empty() && classes.items().iter().all(|class| is_poor(class))
}

/// Whether two rows are the same layer of the same claims at the same time, but for the person class.
fn is_beside(table: &PackTable, row: usize, other: usize) -> bool {
    let same = |column: &&str| canonical(table.cell(row, column)) == canonical(table.cell(other, column));
    let ((from, to), (other_from, other_to)) = (table.period(row), table.period(other));
    ["pool", "insutype", "med_class", "place", "filing", "layer"].iter().all(same)
        && from <= other_to
        && other_from <= to
}

/// The columns in which the row of the poor falls short, and how.
fn shortfalls(book: &RuleBook, poor: &LayerValue, others: &LayerValue) -> Vec<(&'static str, Text)> {
    let mut short = Vec::new();
    let (own, theirs) = (book.bands(poor.bands), book.bands(others.bands));
    let (threshold, usual) = (threshold(own), threshold(theirs));
    if threshold.0 * 2 > usual.0 {
        let (threshold, usual) = (threshold.plain(), usual.plain());
        short.push((
            "band_set",
            Text::new(
                format!("the threshold of the poor is {threshold}, asked is half of the usual {usual}"),
                format!("困难群众起付标准 {threshold}，应为普通标准 {usual} 的一半"),
            ),
        ));
    }
    // Where even the raised rate of the others exceeds that of the poor.
    let raised: Vec<Band> = theirs
        .iter()
        .filter(|band| band.rate > Rate::default())
        .map(|band| Band { from: band.from, rate: Rate(band.rate.0 + POINTS.0).held() })
        .collect();
    if let Some(missing) = largest_difference(&raised, own) {
        let (from, asked, paid) = (missing.from.plain(), missing.here.percent(), missing.there.percent());
        short.push((
            "band_set",
            Text::new(
                format!("the poor are paid {paid} % above {from}, asked is 5 points more than the others: {asked} %"),
                format!("困难群众 {from} 元以上支付 {paid}%，应比普通人员高 5 个百分点，即 {asked}%"),
            ),
        ));
    }
    if poor.pay_cap_year != NO_CAP {
        let cap = poor.pay_cap_year.plain();
        short.push((
            "pay_cap_year",
            Text::new(
                format!("the poor have a cap of {cap} a year, asked is none"),
                format!("困难群众年度封顶 {cap}，应取消封顶线"),
            ),
        ));
    }
    short
}

/// Where a layer begins to pay.
fn threshold(bands: &[Band]) -> Fen {
    bands.iter().find(|band| band.rate > Rate::default()).map_or(Fen::ZERO, |band| band.from)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, codes, pack, texts};

    fn poor(from: &str, rate: &str, cap: &str) -> TextPack {
        pack()
            .row("person_classes", "c9,330100,390,1,destitute,*,x,,,,2020-01-01,,g,")
            .row("bands", "x1,cii,15000,0.6,")
            .row("bands", &format!("x2,cii_poor,{from},{rate},"))
            .row("layers", "l2,330100,390,*,*,*,*,2,hifmi_pay,coinsurance,,year,cii,,300000,2020-01-01,,g,")
            .row(
                "layers",
                &format!("l3,330100,390,destitute,*,*,*,2,hifmi_pay,coinsurance,,year,cii_poor,,{cap},2020-01-01,,g,"),
            )
    }

    #[test]
    fn three_shortfalls() {
        insta::assert_snapshot!(texts(&poor("10000", "0.62", "300000"), "L131"), @r"
        layers.csv:4:13 (band_set): warning[L131]: the threshold of the poor is 10000, asked is half of the usual 15000 (national benefits list); the others' row is `l2` (line 3)
          hint: compare with the document: many places lag behind the list
        layers.csv:4:13 (band_set): warning[L131]: the poor are paid 62 % above 15000, asked is 5 points more than the others: 65 % (national benefits list); the others' row is `l2` (line 3)
          hint: compare with the document: many places lag behind the list
        layers.csv:4:15 (pay_cap_year): warning[L131]: the poor have a cap of 300000 a year, asked is none (national benefits list); the others' row is `l2` (line 3)
          hint: compare with the document: many places lag behind the list
        layers.csv:4:13 (band_set): 警告[L131]: 困难群众起付标准 10000，应为普通标准 15000 的一半（国家医保待遇清单）；其他人员见第 3 行 `l2`
          建议：请与文件核对：部分地区尚未落实清单要求
        layers.csv:4:13 (band_set): 警告[L131]: 困难群众 15000 元以上支付 62%，应比普通人员高 5 个百分点，即 65%（国家医保待遇清单）；其他人员见第 3 行 `l2`
          建议：请与文件核对：部分地区尚未落实清单要求
        layers.csv:4:15 (pay_cap_year): 警告[L131]: 困难群众年度封顶 300000，应取消封顶线（国家医保待遇清单）；其他人员见第 3 行 `l2`
          建议：请与文件核对：部分地区尚未落实清单要求
        ");
    }

    #[test]
    fn as_asked() {
        assert!(!codes(&poor("7500", "0.65", "")).contains(&"L131"));
    }
}
