//! Along a value of the rules.

use super::super::page::figure::{Chart, Series, Unit, lines};
use super::super::page::{Cell, Fact, Figure, Part, Section, Tone};
use super::super::sheet::Sheet;
use super::tables::{Line, table};
use super::{Context, section, text};
use crate::diagnostic::{Lang, Text};

pub(super) fn sections(context: &Context) -> Vec<Section> {
    let sheet = |name: &str| context.written(name).expect("a table of every sweep");
    let curve = sheet("sweep");
    let mut parts: Vec<Part> = pictures(context, curve).into_iter().map(Part::Figure).collect();
    parts.push(Part::Table(table(context, curve)));
    vec![
        section("glance", text("At a glance", "概览"), Text::default(), vec![Part::Tiles(tiles(context, curve))]),
        section(
            "curve",
            text("The curve", "曲线"),
            text(
                "Each value is a run of its own under the pack with that cell.",
                "每个取值均为该单元格取此值时的一次完整运行。",
            ),
            parts,
        ),
        section(
            "funds",
            text("By pool and insurance type", "按统筹区与险种"),
            Text::default(),
            vec![Part::Table(table(context, sheet("sweep_funds")))],
        ),
    ]
}

fn asked<'a>(context: &Context<'a>, name: &str) -> &'a str {
    context.report.numbers.get(name).and_then(serde_json::Value::as_str).unwrap_or_default()
}

fn tiles(context: &Context, curve: &Sheet) -> Vec<Fact> {
    let ends = || [Line::all(curve).next(), Line::all(curve).last()].into_iter().flatten();
    let way =
        |column: &str| ends().map(|line| Cell::Money(line.fen(column)).shown(Lang::En)).collect::<Vec<_>>().join(" → ");
    let change = |column: &str| {
        let ends: Vec<i128> = ends().map(|line| line.fen(column)).collect();
        let change = ends.last().unwrap_or(&0) - ends.first().unwrap_or(&0);
        Cell::text(format!("{}{}", if change > 0 { "+" } else { "" }, Cell::Money(change).shown(Lang::En)))
    };
    let pended = Line::all(curve).map(|line| line.count("pended")).max().unwrap_or(0);
    let values: Vec<&str> = ends().map(|line| line.text("value")).collect();
    let [funds, persons] = ["fund_pay_sumamt", "psn_part_amt"].map(way);
    vec![
        Fact::new("The cell", "单元格", Cell::text(asked(context, "cell"))),
        Fact::new("The pack says", "规则包现值", Cell::text(asked(context, "now"))),
        Fact::new("Values", "取值个数", Cell::count(curve.rows.len() as u64))
            .noted(values.join(" → "), values.join(" → ")),
        Fact::new("All funds, end less beginning", "基金支付合计：末值减首值", change("fund_pay_sumamt"))
            .noted(&funds, &funds),
        Fact::new("Persons, end less beginning", "个人负担合计：末值减首值", change("psn_part_amt"))
            .noted(&persons, &persons),
        Fact::new("Not answered, at most", "无规则笔数（最多）", Cell::count(pended)).meant(if pended > 0 {
            Tone::Attention
        } else {
            Tone::Plain
        }),
    ]
}

/// A decimal number in millionths of a millionth; `None`: it is none.
fn number(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{}{decimals:0<12}", whole.trim_start_matches('-'));
    let plain = decimals.len() <= 12 && !text.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i128 = plain.then(|| digits.parse().ok())??;
    Some(if whole.starts_with('-') { -number } else { number })
}

/// Where a value lies between the first and the last, in millionths; `None`: beyond them.
fn way(values: &[String], now: &str) -> Option<i64> {
    let (first, last, now) = (number(values.first()?)?, number(values.last()?)?, number(now)?);
    if first == last {
        return None;
    }
    let way = (now - first) * 1_000_000 / (last - first);
    i64::try_from(way).ok().filter(|way| (0..=1_000_000).contains(way))
}

fn pictures(context: &Context, curve: &Sheet) -> Vec<Figure> {
    let places: Vec<String> = Line::all(curve).map(|line| line.text("value").to_owned()).collect();
    let now = asked(context, "now");
    let mark = way(&places, now).map(|way| (way, text(format!("now {now}"), format!("现值 {now}"))));
    let chart =
        |unit: Unit, series| Chart { unit, places: places.clone(), series, from_zero: false, mark: mark.clone() };
    let money = |column: &'static str, name: Text| Series {
        name,
        values: Line::all(curve).map(|line| line.money(column)).collect(),
    };
    let share = |column: &'static str, name: Text| Series {
        name,
        values: Line::all(curve).map(|line| line.share(column).map(i128::from)).collect(),
    };
    let cell = asked(context, "cell");
    let caption = |en: &str, zh: &str, unit_en: &str, unit_zh: &str| {
        text(
            format!("{en} along {cell}, in {unit_en}: a point for each value. The axis does not begin at 0."),
            format!("{zh}随 {cell} 的变化，单位{unit_zh}：每个取值一点。纵轴不从 0 起。"),
        )
    };
    let all_funds = vec![money("fund_pay_sumamt", text("all funds", "基金支付合计"))];
    let persons = vec![money("psn_part_amt", text("persons", "个人负担合计"))];
    let in_scope = vec![share("fund_share_of_in_scope", text("funds of in-scope", "基金占范围内"))];
    let of_total = vec![share("person_share", text("person of total", "个人占总额"))];
    vec![
        lines(caption("What all funds pay", "基金支付合计", "yuan", "元"), &chart(Unit::Yuan, all_funds)),
        lines(caption("What persons pay", "个人负担合计", "yuan", "元"), &chart(Unit::Yuan, persons)),
        lines(
            caption("The person's share of the bills", "个人占医疗费总额的比例", "percent", " %"),
            &chart(Unit::Share, of_total),
        ),
        lines(
            caption("The funds' share of the in-scope cost", "基金占政策范围内费用的比例", "percent", " %"),
            &chart(Unit::Share, in_scope),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_place_between_the_ends() {
        let values = ["0.00", "300.00", "600.00"].map(str::to_owned);
        assert_eq!(
            [way(&values, "150"), way(&values, "600"), way(&values, "601")],
            [Some(250_000), Some(1_000_000), None]
        );
        assert_eq!(way(&values, "none"), None);
        assert_eq!(way(&["0.9".into(), "0.5".into()], "0.85"), Some(125_000));
        assert_eq!([number("-1.5"), number(""), number("1e5")], [Some(-1_500_000_000_000), None, None]);
    }
}
