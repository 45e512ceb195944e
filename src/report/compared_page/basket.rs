//! The standard basket: the table a newspaper would print.

use std::collections::BTreeSet;

use super::super::page::figure::{Spread, Unit, spreads, step_at, steps_of};
use super::super::page::{Cell, Column, Figure, Kind, Part, Section, Table};
use super::super::sheet::{Sheet, share};
use super::super::summary::grouped;
use super::tables::{Line, reason, table};
use super::{Context, section, text};
use crate::diagnostic::Text;

/// The section, where a basket was priced.
pub(super) fn section_of(context: &Context) -> Option<Section> {
    let (basket, spread) = (context.written("basket")?, context.written("basket_spread")?);
    let mut parts = vec![Part::Table(printed(context, basket))];
    let reasons = reasons(basket);
    parts.extend((!reasons.en.is_empty()).then_some(Part::Words(reasons)));
    parts.extend(differences(spread).map(Part::Figure));
    parts.extend([spread, basket].map(|sheet| Part::Table(table(context, sheet))));
    let note = text(
        "Cases that a newspaper would ask for, each a person's year, priced under the rules of every pool. The ground of a price is the person's share of the whole bill: darker is more, from step to step as the legend says.",
        "媒体常问的算例，每个算例为一人一年，按各统筹区规则计算。底色为个人占全部费用的比例，颜色越深越高，分级见图例。",
    );
    Some(section("basket", text("The standard basket", "标准算例"), note, parts))
}

/// A line for each case, and what the person pays in each pool that answers one of them.
fn printed(context: &Context, sheet: &Sheet) -> Table {
    let answers = |line: &Line| line.count("unanswered") == 0;
    let pools: BTreeSet<&str> = Line::all(sheet).filter(answers).map(|line| line.text("pool")).collect();
    let steps =
        steps_of(Line::all(sheet).filter_map(|line| line.share("person_share")).collect::<Vec<_>>().into_iter());
    let mut columns = vec![Column::new(Kind::Text, "Case", "算例"), Column::new(Kind::Money, "Whole bill", "全部费用")];
    columns.extend(pools.iter().map(|pool| {
        let name = context.origin.place(pool);
        let or_code = |name: String| if name.is_empty() { (*pool).to_owned() } else { name };
        Column::new(Kind::Money, or_code(name.en), or_code(name.zh))
    }));
    let mut table = Table::new("basket_table", "What the person pays, yuan", "个人负担（元）", columns);
    table.holds_first = true;
    let edges: Vec<String> = (0..=6).map(|at| format!("{} %", (steps.0 + steps.1 * at) / 10_000)).collect();
    let edges = edges.join(" | ");
    table = table.noted(
        format!("Six steps of the person's share, light to dark: {edges}. Where a pool's rules do not answer, the cell says why."),
        format!("个人负担比例分六级，由浅至深：{edges}。统筹区规则无法计算时，单元格给出原因代码。"),
    );
    let mut cells: Vec<Cell> = Vec::new();
    let mut case = "";
    for line in Line::all(sheet) {
        if line.text("case_id") != case || cells.is_empty() {
            put(&mut table, &mut cells);
            case = line.text("case_id");
            cells = vec![
                Cell::both(text(line.text("title_en"), line.text("title_zh"))),
                Cell::Money(line.fen("medfee_sumamt")),
            ];
        }
        if pools.contains(line.text("pool")) {
            cells.push(match (line.money("psn_part_amt"), line.share("person_share")) {
                (Some(fen), Some(share)) => Cell::Shaded(fen, step_at(share, steps)),
                (Some(fen), None) => Cell::Money(fen),
                (None, _) => Cell::text(line.text("reasons")),
            });
        }
    }
    put(&mut table, &mut cells);
    table
}

fn put(table: &mut Table, cells: &mut Vec<Cell>) {
    if !cells.is_empty() {
        table.push(std::mem::take(cells));
    }
}

/// What the reasons in the cells mean.
fn reasons(sheet: &Sheet) -> Text {
    let met: BTreeSet<&str> =
        Line::all(sheet).flat_map(|line| line.text("reasons").split('|')).filter(|word| !word.is_empty()).collect();
    let told: Vec<Text> = met.into_iter().map(reason).collect();
    let join = |lang: fn(&Text) -> &str, by: &str| told.iter().map(lang).collect::<Vec<_>>().join(by);
    text(join(|one| &one.en, "; "), join(|one| &one.zh, "；"))
}

/// From the pool where the person pays least to where most, case by case.
fn differences(sheet: &Sheet) -> Option<Figure> {
    let row = |line: Line| {
        let total = line.fen("medfee_sumamt");
        let part = |column| line.money(column).and_then(|fen| share(fen, total));
        let band = [part("least")?, part("median")?, part("most")?].map(i128::from);
        let count = grouped(line.count("pools"));
        Some(Spread { name: text(line.text("title_en"), line.text("title_zh")), band, note: text(&count, &count) })
    };
    let mut rows: Vec<Spread> = Line::all(sheet).filter_map(row).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.band[2] - row.band[0]));
    let caption = text(
        "The person's share of the whole bill, in percent: the pool where it is least, the middle one, the pool where it is most; the widest difference first.",
        "个人占全部费用的比例，单位 %：最低、居中与最高的统筹区；差距最大的在前。",
    );
    let names = [text("least", "最低"), text("median", "中位"), text("most", "最高")];
    Some(spreads(caption, Unit::Share, &names, &text("pools that answer", "可计算统筹区数"), &rows))
}
