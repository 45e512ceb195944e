//! The same claims under two packs.

use super::super::page::figure::{Opposed, Pair, Unit, opposed, pairs};
use super::super::page::{Cell, Column, Detail, Fact, Figure, Kind, Part, Section, Table, Tone};
use super::super::sheet::{Sheet, share};
use super::super::summary::grouped;
use super::tables::{Line, payer, table};
use super::{Context, section, text};
use crate::diagnostic::{Lang, Text};
use crate::rules::layout::PAYERS;

pub(super) fn sections(context: &Context) -> Vec<Section> {
    let sheet = |name: &str| context.written(name).expect("a table of every comparison of packs");
    let sums = fund_sums(sheet("funds"));
    let changes = changes(context, sheet("changes"));
    vec![
        section("glance", text("At a glance", "概览"), Text::default(), vec![Part::Tiles(tiles(context, &sums))]),
        section(
            "funds",
            text("What each fund pays", "各基金支付"),
            text("Of the settlements that both packs answer.", "以两套规则均可计算的结算计。"),
            vec![
                Part::Figure(fund_bars(&sums)),
                Part::Figure(fund_changes(&sums)),
                Part::Table(fund_table(&sums)),
                Part::Table(table(context, sheet("funds"))),
            ],
        ),
        section(
            "winners",
            text("Who wins, who loses", "谁受益，谁受损"),
            text(
                "A settlement wins where its person pays less. Tenths are of the settlements by cost; equal costs stand in one.",
                "个人负担减少为受益。十分位按费用划分结算，费用相同者在同一组。",
            ),
            vec![Part::Figure(deciles(sheet("winners"))), Part::Table(table(context, sheet("winners")))],
        ),
        section(
            "changes",
            text("Largest changes", "最大变动"),
            text(
                "Each with the first step at which the two computations part; open a row for what both say there.",
                "每笔给出两套计算首次分歧的步骤；点开可见双方在该步的说明。",
            ),
            vec![Part::Table(changes)],
        ),
        section(
            "outside",
            text("What is not compared", "不参与比较的部分"),
            Text::default(),
            ["one_sided", "outside"].iter().filter_map(|name| context.table(name)).map(Part::Table).collect(),
        ),
    ]
}

/// What a payer pays under both packs.
struct Sum<'a> {
    fund: &'a str,
    changed: u64,
    base: i128,
    new: i128,
}

/// All pools and insurance types together, in the order of the funds.
fn fund_sums(sheet: &Sheet) -> Vec<Sum<'_>> {
    let mut sums: Vec<Sum> = Vec::new();
    for line in Line::all(sheet) {
        let fund = line.text("fund");
        let at = sums.iter().position(|sum| sum.fund == fund).unwrap_or_else(|| {
            sums.push(Sum { fund, changed: 0, base: 0, new: 0 });
            sums.len() - 1
        });
        sums[at].changed += line.count("changed");
        sums[at].base += line.fen("base");
        sums[at].new += line.fen("new");
    }
    sums.sort_by_key(|sum| place_of(sum.fund));
    sums
}

/// The basic fund first, then the layers, all funds and the persons.
fn place_of(fund: &str) -> usize {
    match fund {
        "hifp_pay" => 0,
        "fund_pay_sumamt" => PAYERS.len() + 1,
        "psn_part_amt" => PAYERS.len() + 2,
        _ => PAYERS.iter().position(|payer| *payer == fund).map_or(PAYERS.len(), |at| at + 1),
    }
}

fn signed(fen: i128) -> String {
    format!("{}{}", if fen > 0 { "+" } else { "" }, Cell::Money(fen).shown(Lang::En))
}

fn tiles(context: &Context, sums: &[Sum]) -> Vec<Fact> {
    let (compared, changed) = (context.number("compared"), context.number("changed"));
    let part = |lang| Cell::share(changed.into(), compared.into()).shown(lang);
    let mut tiles = vec![
        Fact::new("Settlements that both packs answer", "两套规则均可计算", Cell::count(compared)),
        Fact::new("Of them, change", "其中变动", Cell::count(changed))
            .noted(format!("{} of them", part(Lang::En)), format!("占 {}", part(Lang::Zh))),
    ];
    let whole = [
        ("fund_pay_sumamt", "All funds: change", "基金支付合计增减"),
        ("psn_part_amt", "Persons: change", "个人负担合计增减"),
    ];
    for (column, en, zh) in whole {
        let sum = sums.iter().find(|sum| sum.fund == column).map_or([0, 0], |sum| [sum.base, sum.new]);
        let [base, new] = sum.map(|fen| Cell::Money(fen).shown(Lang::En));
        let way = format!("{base} → {new}");
        tiles.push(Fact::new(en, zh, Cell::text(signed(sum[1] - sum[0]))).noted(&way, &way));
    }
    for (name, en, zh) in [
        ("base_alone", "Answered by the base pack alone", "仅原规则可计算"),
        ("new_alone", "Answered by the new pack alone", "仅新规则可计算"),
    ] {
        let count = context.number(name);
        tiles.push(Fact::new(en, zh, Cell::count(count)).meant(if count > 0 { Tone::Attention } else { Tone::Plain }));
    }
    tiles.push(Fact::new("Rows that are not compared", "不参与比较的行", Cell::count(context.number("outside"))));
    tiles
}

fn fund_bars(sums: &[Sum]) -> Figure {
    let row = |sum: &Sum| {
        let name = payer(sum.fund);
        let change = signed(sum.new - sum.base);
        let name = text(format!("{}: {change}", name.en), format!("{}：{change}", name.zh));
        Pair { name, values: [Some(sum.base), Some(sum.new)] }
    };
    let rows: Vec<Pair> = sums.iter().map(row).collect();
    let caption = text(
        "What every fund, all funds and the persons pay under both packs, in yuan: two bars each, with the change beside the name.",
        "两套规则下各基金、基金合计与个人的支付，单位元：每项两条，名称后为增减额。",
    );
    pairs(caption, Unit::Yuan, &[text("base pack", "原规则"), text("new pack", "新规则")], &rows)
}

/// What changes, on a scale of its own: beside the wholes it may be too little to be seen.
fn fund_changes(sums: &[Sum]) -> Figure {
    let row = |sum: &Sum| {
        let change = sum.new - sum.base;
        let note = share(change, sum.base).map_or_else(String::new, |share| Cell::Share(share).shown(Lang::En));
        Opposed { name: payer(sum.fund), sides: [(-change).max(0), change.max(0)], note }
    };
    let rows: Vec<Opposed> = sums.iter().map(row).collect();
    let caption = text(
        "What every fund, all funds and the persons pay less (left) or more (right) under the new pack, in yuan: bars; at the right the change in percent of the base pack.",
        "新规则下各基金、基金合计与个人少付（左）或多付（右）的金额，单位元（条形图）；右侧为占原规则支付的百分比。",
    );
    let names = [text("pays less", "少付"), text("pays more", "多付")];
    opposed(caption, Unit::Yuan, &names, &text("of base", "占原规则"), &rows)
}

fn fund_table(sums: &[Sum]) -> Table {
    let columns = vec![
        Column::new(Kind::Text, "Paid by", "支付方"),
        Column::new(Kind::Code, "Column", "字段"),
        Column::new(Kind::Money, "Base pack", "原规则"),
        Column::new(Kind::Money, "New pack", "新规则"),
        Column::new(Kind::Money, "Change", "增减"),
        Column::new(Kind::Share, "Change of base", "增减幅度"),
    ];
    let mut table = Table::new("funds_all", "All pools and insurance types", "全部统筹区与险种", columns);
    for sum in sums {
        let change = sum.new - sum.base;
        let of_base = share(change, sum.base).map_or(Cell::Empty, Cell::Share);
        let money = [sum.base, sum.new, change].map(Cell::Money);
        let names = [Cell::both(payer(sum.fund)), Cell::text(sum.fund)];
        table.push(names.into_iter().chain(money).chain([of_base]).collect::<Vec<_>>());
    }
    table
}

fn deciles(sheet: &Sheet) -> Figure {
    let rows = Line::all(sheet).filter(|line| line.text("by") == "decile").map(|line| {
        let name = line.text("value").trim_start_matches('0');
        Opposed {
            name: text(format!("tenth {name}"), format!("第 {name} 组")),
            sides: ["winners", "losers"].map(|column| i128::from(line.count(column))),
            note: signed(line.fen("net")),
        }
    });
    let rows: Vec<Opposed> = rows.collect();
    let all: i128 = rows.iter().flat_map(|row| row.sides).sum();
    let caption = text(
        format!(
            "Settlements whose person pays less (left) or more (right), by tenth of the cost, the cheapest first: {} of them. Bars are settlements; at the right the net change of the persons in yuan.",
            grouped(all)
        ),
        format!(
            "个人负担减少（左）与增加（右）的结算笔数，按费用十分位，由低到高：共 {} 笔。条为笔数；右侧为个人负担净增减（元）。",
            grouped(all)
        ),
    );
    let names = [text("pay less", "负担减少"), text("pay more", "负担增加")];
    opposed(caption, Unit::Count, &names, &text("net change, yuan", "净增减（元）"), &rows)
}

/// The largest changes; a row opens for what both packs say where they part.
fn changes(context: &Context, sheet: &Sheet) -> Table {
    let mut changes = table(context, sheet);
    for (row, line) in changes.rows.iter_mut().zip(Line::all(sheet)) {
        let said = |side: &str| text(line.text(&format!("{side}_en")), line.text(&format!("{side}_zh")));
        let step = line.text("step");
        let rules = |side: &str| {
            line.text(&format!("rules_{side}")).split('|').filter(|rule| !rule.is_empty()).map(Into::into).collect()
        };
        row.detail = vec![
            Detail::Steps(
                text(format!("Where the two part: {step}"), format!("分歧步骤：{step}")),
                vec![
                    (Cell::both(text("base pack", "原规则")), said("base")),
                    (Cell::both(text("new pack", "新规则")), said("new")),
                ],
            ),
            Detail::List(text("Rule rows, base pack", "规则行（原规则）"), rules("base")),
            Detail::List(text("Rule rows, new pack", "规则行（新规则）"), rules("new")),
        ];
    }
    changes
}
