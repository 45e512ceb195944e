//! A run as it is.

use std::collections::BTreeMap;

use super::super::page::figure::{Chart, Flow, Pair, Series, Spread, Unit, flow, lines, pairs, spreads};
use super::super::page::{Cell, Column, Fact, Figure, Kind, Part, Section, Table};
use super::super::sheet::{Sheet, share};
use super::super::summary::grouped;
use super::tables::{Line, insutype, main_insutypes, pool_name, province, table, word_of};
use super::{Context, section, text};
use crate::diagnostic::{Lang, Text};

/// Pools of a picture.
const MOST_POOLS: usize = 40;

/// Insurance types of a picture.
const MOST_TYPES: usize = 4;

/// Provinces on a side of the flows, beside all others.
const MOST_PROVINCES: usize = 12;

pub(super) fn sections(context: &Context) -> Vec<Section> {
    let sheet = |name: &str| context.written(name).expect("a table of every run as it is");
    let mut pools_parts = distributions(context, sheet("pools"));
    pools_parts.push(Part::Table(table(context, sheet("pools"))));
    pools_parts.push(Part::Table(table(context, sheet("groups"))));
    let all = months_all(sheet("months"));
    let mut months = month_lines(&all);
    months.push(Part::Table(months_table(&all)));
    months.push(Part::Table(table(context, sheet("months"))));
    let mut flows: Vec<Part> = between(sheet("flows")).into_iter().map(Part::Figure).collect();
    flows.push(Part::Table(table(context, sheet("flows"))));
    let mut national = national(sheet("national"));
    national.push(Part::Table(table(context, sheet("national"))));
    vec![
        section(
            "glance",
            text("At a glance", "概览"),
            Text::default(),
            vec![Part::Tiles(tiles(context, sheet("pools")))],
        ),
        section(
            "national",
            text("Beside the nation", "全国对照"),
            text(
                "Stays of this run beside what was published for the whole nation. Other people, other years: a difference is a question, not a fault.",
                "本次住院指标与全国公布数据对照。人群与年份不同，差异只提示问题，不等于差错。",
            ),
            national,
        ),
        section(
            "months",
            text("Month by month", "按月"),
            text("By month of discharge or service.", "按出院（就诊）月份。"),
            months,
        ),
        section(
            "pools",
            text("Pools and classes", "统筹区与分组"),
            text(
                "Money and persons are those of paid settlements that stand. A percentile is the value of a settlement.",
                "金额与人数为有效支付的结算。百分位为某笔结算的实际数值。",
            ),
            pools_parts,
        ),
        section(
            "flows",
            text("Flows between provinces", "省际流向"),
            text("From where people are insured to where they were treated.", "由参保省份至就医省份。"),
            flows,
        ),
    ]
}

fn tiles(context: &Context, pools: &Sheet) -> Vec<Fact> {
    let sum = |column: &str| -> i128 { Line::all(pools).map(|line| line.fen(column)).sum() };
    let (total, in_scope) = (sum("medfee_sumamt"), sum("inscp_scp_amt"));
    let (funds, person) = (sum("fund_pay_sumamt"), sum("psn_part_amt"));
    let codes: std::collections::BTreeSet<&str> = Line::all(pools).map(|line| line.text("pool")).collect();
    let share = |part, whole| share(part, whole).map_or(Cell::Empty, Cell::Share);
    let number = |name| Cell::count(context.number(name));
    vec![
        Fact::new("Paid settlements that stand", "有效支付笔数", number("paid")).noted(
            format!("of {} adjudicated rows", grouped(context.number("rows"))),
            format!("已计算 {} 行", grouped(context.number("rows"))),
        ),
        Fact::new("Denied", "不予支付笔数", number("denied")),
        Fact::new("Rows of reversals", "冲正及被冲正行数", number("reversed")),
        Fact::new("Pools", "统筹区数", Cell::count(codes.len() as u64)),
        Fact::new("Total cost", "医疗费总额", Cell::Money(total)),
        Fact::new("All funds", "基金支付合计", Cell::Money(funds)),
        Fact::new("Funds of the in-scope cost", "基金占政策范围内费用", share(funds, in_scope)),
        Fact::new("Person of the total", "个人占总额", share(person, total)),
    ]
}

fn national(sheet: &Sheet) -> Vec<Part> {
    let names = [text("published", "全国公布"), text("this run", "本次运行")];
    let name = |line: &Line, figure: &str| {
        let (group, figure) = (word_of("group", line.text("group")), word_of("figure", figure));
        let year = line.text("year");
        text(format!("{}: {}, {year}", group.en, figure.en), format!("{}{}（{year}）", group.zh, figure.zh))
    };
    let of = |figure: &'static str, published: &'static str, run: &'static str, unit: Unit| -> Vec<Pair> {
        let rows = Line::all(sheet).filter(|line| line.text("figure") == figure);
        rows.map(|line| {
            let values = [published, run].map(|column| match unit {
                Unit::Share => line.share(column).map(i128::from),
                _ => line.money(column),
            });
            Pair { name: name(&line, figure), values }
        })
        .collect()
    };
    let shares = of("fund_share_of_in_scope", "published_share", "run_share", Unit::Share);
    let stays = of("mean_stay", "published_amount", "run_amount", Unit::Yuan);
    let captions = [
        text(
            "What funds pay of the in-scope cost of stays: published for the nation, and in this run. Bars in percent.",
            "住院政策范围内费用的基金支付比例：全国公布与本次运行，单位 %（条形图）。",
        ),
        text(
            "Mean cost of a stay: published for the nation, and in this run. Bars in yuan.",
            "次均住院费用：全国公布与本次运行，单位元（条形图）。",
        ),
    ];
    let [first, second] = captions;
    vec![
        Part::Figure(pairs(first, Unit::Share, &names, &shares)),
        Part::Figure(pairs(second, Unit::Yuan, &names, &stays)),
    ]
}

/// Sums of a month and an insurance type: settlements, total, in scope, funds, persons.
type Sums = [i128; 5];

/// The months, and all of their pools together by insurance type; no insurance type is all of them.
struct Months<'a> {
    months: Vec<&'a str>,
    types: Vec<&'a str>,
    sums: BTreeMap<(&'a str, &'a str), Sums>,
}

fn months_all(sheet: &Sheet) -> Months<'_> {
    let mut sums: BTreeMap<(&str, &str), Sums> = BTreeMap::new();
    for line in Line::all(sheet).filter(|line| line.count("settlements") > 0) {
        let money =
            ["medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt"].map(|column| line.fen(column));
        let row = [i128::from(line.count("settlements")), money[0], money[1], money[2], money[3]];
        for insutype in ["", line.text("insutype")] {
            let sum = sums.entry((line.text("month"), insutype)).or_default();
            sum.iter_mut().zip(row).for_each(|(sum, one)| *sum += one);
        }
    }
    let mut months: Vec<&str> = sums.keys().map(|&(month, _)| month).collect();
    months.dedup();
    Months { months, types: main_insutypes(sheet, "settlements", MOST_TYPES), sums }
}

fn month_lines(all: &Months) -> Vec<Part> {
    let series = |name: Text, insutype: &str, value: &dyn Fn(&Sums) -> Option<i128>| Series {
        name,
        values: all.months.iter().map(|&month| all.sums.get(&(month, insutype)).and_then(value)).collect(),
    };
    let of_scope = |sums: &Sums| share(sums[3], sums[2]).map(i128::from);
    let chart = |unit, series, from_zero| Chart {
        unit,
        places: all.months.iter().map(|&month| month.to_owned()).collect(),
        series,
        from_zero,
        mark: None,
    };
    let shares = all.types.iter().map(|&one| series(insutype(one), one, &of_scope)).collect();
    let money = [
        (text("total cost", "医疗费总额"), 1usize),
        (text("all funds", "基金支付"), 3),
        (text("persons", "个人负担"), 4),
    ];
    let money = money.map(|(name, at)| series(name, "", &|sums: &Sums| Some(sums[at]))).into();
    let first = text(
        "What funds pay of the in-scope cost, month by month, in percent: a line for each insurance type. The axis does not begin at 0.",
        "各月基金占政策范围内费用的比例，单位 %：每个险种一条折线。纵轴不从 0 起。",
    );
    let second = text(
        "Cost, funds and persons month by month, all insurance types, in yuan: a line for each.",
        "各月医疗费总额、基金支付与个人负担，全部险种，单位元：各一条折线。",
    );
    vec![
        Part::Figure(lines(first, &chart(Unit::Share, shares, false))),
        Part::Figure(lines(second, &chart(Unit::Yuan, money, true))),
    ]
}

fn months_table(all: &Months) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "Month", "月份"),
        Column::new(Kind::Text, "Insurance type", "险种"),
        Column::new(Kind::Count, "Settlements", "结算笔数"),
        Column::new(Kind::Money, "Total cost", "医疗费总额"),
        Column::new(Kind::Money, "Within scope", "政策范围内费用"),
        Column::new(Kind::Money, "All funds", "基金支付合计"),
        Column::new(Kind::Money, "Person", "个人负担"),
        Column::new(Kind::Share, "Funds of in-scope", "基金占范围内"),
        Column::new(Kind::Share, "Person of total", "个人占总额"),
    ];
    let mut table = Table::new("months_all", "All pools, month by month", "全部统筹区按月", columns);
    for (&(month, one), sums) in &all.sums {
        let name = if one.is_empty() { text("all", "全部") } else { insutype(one) };
        let mut cells = vec![Cell::text(month), Cell::both(name), Cell::Count(sums[0] as i64)];
        cells.extend(sums[1..].iter().map(|&fen| Cell::Money(fen)));
        cells.extend(
            [(sums[3], sums[2]), (sums[4], sums[1])]
                .map(|(part, whole)| share(part, whole).map_or(Cell::Empty, Cell::Share)),
        );
        table.push(cells);
    }
    table
}

/// Mean, median and 90th percentile of the person's part, pool by pool, for the largest insurance types.
fn distributions(context: &Context, pools: &Sheet) -> Vec<Part> {
    let one = |of: &str| {
        let mut lines: Vec<Line> =
            Line::all(pools).filter(|line| line.text("insutype") == of && line.count("settlements") > 0).collect();
        let all = lines.len();
        lines.sort_by(|a, b| {
            b.count("settlements").cmp(&a.count("settlements")).then(a.text("pool").cmp(b.text("pool")))
        });
        lines.truncate(MOST_POOLS);
        let shown = lines.len();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.fen("median_person")), line.text("pool").to_owned()));
        let row = |line: &Line| {
            let count = grouped(line.count("settlements"));
            Spread {
                name: pool_name(context, line.text("pool")),
                band: ["median_person", "mean_person", "p90_person"].map(|column| line.fen(column)),
                note: text(&count, &count),
            }
        };
        let rows: Vec<Spread> = lines.iter().map(row).collect();
        let name = insutype(of);
        let caption = text(
            format!(
                "What a settlement leaves to the person, {}, in yuan: median, mean and 90th percentile of {shown} of {all} pools, those with the most settlements, highest median first. Each step of the axis is ten times the one before.",
                name.en
            ),
            format!(
                "每笔结算的个人负担（{}），单位元：结算最多的 {shown}/{all} 个统筹区的中位数、均值与第 90 百分位，按中位数由高到低。横轴每格为前一格的十倍。",
                name.zh
            ),
        );
        let names = [text("median", "中位数"), text("mean", "均值"), text("90th percentile", "第 90 百分位")];
        Part::Figure(spreads(caption, Unit::Yuan, &names, &text("settlements", "结算笔数"), &rows))
    };
    main_insutypes(pools, "settlements", 2).into_iter().map(one).collect()
}

/// The largest by what they sum up to, at most so many, in that order; and where each province went.
fn largest<'a>(sums: &BTreeMap<&'a str, u64>, most: usize) -> (Vec<&'a str>, bool) {
    let mut all: Vec<(&str, u64)> = sums.iter().map(|(&code, &sum)| (code, sum)).collect();
    all.sort_by(|(a_code, a), (b_code, b)| b.cmp(a).then(a_code.cmp(b_code)));
    // Others are two or more: one more province takes no more room than others.
    let kept = if all.len() <= most + 1 { all.len() } else { most };
    (all[..kept].iter().map(|&(code, _)| code).collect(), kept < all.len())
}

/// Paid settlements outside of the province of the insured.
fn between(sheet: &Sheet) -> Vec<Figure> {
    let mut pairs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut within = 0;
    for line in Line::all(sheet) {
        let (from, to, count) =
            (line.text("insured_province"), line.text("treatment_province"), line.count("settlements"));
        if from == to {
            within += count;
        } else if count > 0 {
            *pairs.entry((from, to)).or_default() += count;
        }
    }
    if pairs.is_empty() {
        return Vec::new();
    }
    let (mut from, mut to): (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = Default::default();
    for (&(insured, treated), &count) in &pairs {
        *from.entry(insured).or_default() += count;
        *to.entry(treated).or_default() += count;
    }
    let sides = [largest(&from, MOST_PROVINCES), largest(&to, MOST_PROVINCES)];
    let counts = [from.len(), to.len()];
    let names = |side: usize| -> Vec<Text> {
        let (codes, has_more) = &sides[side];
        let rest = counts[side] - codes.len();
        let others = has_more.then(|| text(format!("{rest} others"), format!("其余 {rest} 省")));
        codes.iter().map(|code| province(code)).chain(others).collect()
    };
    let (left, right) = (names(0), names(1));
    let at =
        |side: usize, code: &str| sides[side].0.iter().position(|&known| known == code).unwrap_or(sides[side].0.len());
    let mut weights = vec![0; left.len() * right.len()];
    for (&(insured, treated), &count) in &pairs {
        weights[at(0, insured) * right.len() + at(1, treated)] += count;
    }
    let across: u64 = pairs.values().sum();
    let share = |lang: Lang| Cell::share(across.into(), (across + within).into()).shown(lang);
    let kept = sides.each_ref().map(|(codes, _)| codes.len());
    let caption = text(
        format!(
            "Paid settlements outside the province of the insured: {} of {}, {}. Bands from the {} largest provinces insured (of {}) to the {} largest of treatment (of {}) are as wide as settlements are many; the others are together.",
            grouped(across),
            grouped(across + within),
            share(Lang::En),
            kept[0],
            counts[0],
            kept[1],
            counts[1]
        ),
        format!(
            "参保省以外就医的有效支付结算：{} / {} 笔，占 {}。由最大的 {} 个参保省（共 {} 个）至最大的 {} 个就医省（共 {} 个），带宽为结算笔数，其余合并。",
            grouped(across),
            grouped(across + within),
            share(Lang::Zh),
            kept[0],
            counts[0],
            kept[1],
            counts[1]
        ),
    );
    let heads = [text("insured in", "参保省"), text("treated in", "就医省")];
    vec![flow(caption, &Flow { heads, from: left, to: right, weights })]
}
