//! The same claims under the rules of every pool.

use super::super::page::figure::{Ranked, RankingHeads, Shares, ranking, share_map};
use super::super::page::{Cell, Fact, Figure, Part, Section, Tone};
use super::super::sheet::{Sheet, percent};
use super::super::summary::grouped;
use super::tables::{Line, insutype, main_insutypes, pool_name, table};
use super::{Context, basket, section, text};
use crate::diagnostic::Text;

/// Insurance types that have pictures.
const MOST_TYPES: usize = 3;

/// Pools on a side of a heat map.
const MOST_POOLS: usize = 80;

/// Pools of a ranking.
const MOST_RANKED: usize = 120;

pub(super) fn sections(context: &Context) -> Vec<Section> {
    let glance = vec![Part::Tiles(tiles(context))];
    let mut sections = vec![section("glance", text("At a glance", "概览"), Text::default(), glance)];
    sections.extend(basket::section_of(context));
    let (Some(ranked), Some(matrix)) = (context.written("ranking"), context.written("matrix")) else { return sections };
    let types = main_insutypes(ranked, "answered", MOST_TYPES);
    let mut parts: Vec<Part> = types.iter().map(|of| Part::Figure(ranking_of(context, ranked, of))).collect();
    parts.push(Part::Table(table(context, ranked)));
    sections.push(section(
        "ranking",
        text("Ranking", "排名"),
        text(
            "Pools by what their rules pay more of the in-scope cost than the own rules of the same settlements. Pools answer different settlements, so look at how many; a pool that answers nothing has rank 0.",
            "按该地规则较参保地规则多支付的政策范围内费用比例排名，两侧为同一批结算。各地可计算的结算不同，请同时看可比笔数；完全不可计算的名次为 0。",
        ),
        parts,
    ));
    let maps = types.iter().flat_map(|of| MEASURES.map(|measure| Part::Figure(map(context, matrix, of, measure))));
    sections.push(section(
        "matrix",
        text("Pool by pool", "统筹区矩阵"),
        text(
            "People insured in the pool of a row under the rules of the pool of a column. Point at a cell for its value; the table below has all of them, beside the own rules.",
            "行为参保统筹区，列为所适用规则的统筹区。指向单元格可见数值；下表列出全部数值及本地规则下的对照。",
        ),
        maps.chain([Part::Table(table(context, matrix))]).collect(),
    ));
    sections.push(section(
        "unanswered",
        text("What has no answer", "无规则的结算"),
        text("What a pool's rules do not answer is counted, never guessed.", "该地规则无法计算的结算只计数，不推测。"),
        ["unanswered", "outside"].iter().filter_map(|name| context.table(name)).map(Part::Table).collect(),
    ));
    sections
}

fn tiles(context: &Context) -> Vec<Fact> {
    let mut tiles =
        vec![Fact::new("Pools whose rules are asked", "适用规则的统筹区", Cell::count(context.number("pools")))];
    if context.written("basket").is_some() {
        let (cases, priced) = (context.number("cases"), context.number("priced"));
        let all = cases * context.number("pools");
        tiles.push(Fact::new("Cases of the basket", "标准算例", Cell::count(cases)));
        tiles.push(Fact::new("Prices", "可计算的结果", Cell::count(priced)).noted(
            format!("of {}; a case that a pool answers in part has none", grouped(all)),
            format!("共 {} 个；部分可计算的算例不计", grouped(all)),
        ));
    }
    if let Some(matrix) = context.written("matrix") {
        let sum = |column: &str| -> u64 { Line::all(matrix).map(|line| line.count(column)).sum() };
        let (answered, unanswered) = (sum("answered"), sum("unanswered"));
        tiles.push(Fact::new("Settlements compared", "参与比较的结算", Cell::count(context.number("compared"))));
        tiles.push(Fact::new("Rows that are not", "不参与比较的行", Cell::count(context.number("outside"))).noted(
            "reversed, pended, denied for want of cover, repeated or rejected",
            "冲正、待处理、未参保等不予支付、重复或退回",
        ));
        let answered_share = Cell::share(answered.into(), (answered + unanswered).into());
        tiles.push(
            Fact::new("Answered", "可计算", answered_share)
                .noted("of every settlement under every pool", "以每笔结算适用每个统筹区计")
                .meant(if unanswered > 0 { Tone::Attention } else { Tone::Good }),
        );
    }
    if let Some(ranked) = context.written("ranking") {
        let types = main_insutypes(ranked, "answered", MOST_TYPES);
        tiles.extend(types.iter().filter_map(|of| first(context, ranked, of)));
    }
    tiles
}

/// The pool of rank 1.
fn first(context: &Context, ranked: &Sheet, of: &str) -> Option<Fact> {
    let line = Line::all(ranked).find(|line| line.text("insutype") == of && line.count("rank") == 1)?;
    let (name, gain) = (insutype(of), percent(line.share("gain")?));
    let answered = grouped(line.count("answered"));
    let pool = Cell::both(pool_name(context, line.text("rules_pool")));
    Some(Fact::new(&format!("Rank 1, {}", name.en), &format!("第 1 名，{}", name.zh), pool).noted(
        format!(
            "of {answered} settlements it answers, funds pay {gain} of the in-scope cost more than under the own rules"
        ),
        format!("可计算的 {answered} 笔结算，基金比参保地规则多支付政策范围内费用的 {gain}"),
    ))
}

fn ranking_of(context: &Context, sheet: &Sheet, of: &str) -> Figure {
    let lines = || Line::all(sheet).filter(|line| line.text("insutype") == of);
    let answered: Vec<Line> = lines().filter(|line| line.count("rank") > 0).collect();
    let row = |line: &Line| {
        let gain = line.share("gain").unwrap_or(0);
        let band = ["person_p10", "person_p50", "person_p90"].map(|column| line.share(column).map(i128::from));
        Ranked {
            name: pool_name(context, line.text("rules_pool")),
            by: format!("{}{}", if gain > 0 { "+" } else { "" }, percent(gain)),
            bar: line.share("fund_share_as_if").unwrap_or(0),
            against: line.share("fund_share_own").unwrap_or(0),
            band: band.iter().all(Option::is_some).then(|| band.map(|value| value.unwrap_or(0))),
            note: grouped(line.count("answered")),
        }
    };
    let rows: Vec<Ranked> = answered.iter().take(MOST_RANKED).map(row).collect();
    let (shown, silent, name) = (rows.len(), lines().count() - answered.len(), insutype(of));
    let caption = text(
        format!(
            "{}: {shown} pools by rank, in percent. Left: what funds pay of the in-scope cost under these rules (bar) and under the own rules of the same settlements (mark). Right: spread of the person's share of the bill over settlements. {silent} pools answer nothing.",
            name.en
        ),
        format!(
            "{}：{shown} 个统筹区按名次，单位 %。左：该地规则下基金占政策范围内费用（条）与同一批结算在参保地规则下的比例（标记）。右：每笔结算个人占总额比例的分布。另有 {silent} 个统筹区完全不可计算。",
            name.zh
        ),
    );
    let heads = RankingHeads {
        by: text("gain", "增减"),
        bar: text("funds of in-scope, these rules", "基金占范围内（该地规则）"),
        against: text("the same, own rules", "同上（参保地规则）"),
        band: [
            text("person: 10th percentile", "个人占比：第 10 百分位"),
            text("median", "中位数"),
            text("90th percentile", "第 90 百分位"),
        ],
        note: text("answered", "可比笔数"),
    };
    ranking(caption, &heads, &rows)
}

/// What a heat map shows: the column, and what it is.
type Measure = (&'static str, &'static str, &'static str);

const MEASURES: [Measure; 2] = [
    ("fund_share_as_if", "what funds pay of the in-scope cost", "基金占政策范围内费用的比例"),
    ("person_share_as_if", "the person's share of the bill", "个人占医疗费总额的比例"),
];

/// Those with the largest counts, at most so many, by code.
fn kept<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<&'a str> {
    let mut sums: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    counts.for_each(|(code, count)| *sums.entry(code).or_default() += count);
    let mut all: Vec<(&str, u64)> = sums.into_iter().filter(|&(_, sum)| sum > 0).collect();
    all.sort_by(|(a_code, a), (b_code, b)| b.cmp(a).then(a_code.cmp(b_code)));
    all.truncate(MOST_POOLS);
    let mut codes: Vec<&str> = all.into_iter().map(|(code, _)| code).collect();
    codes.sort_unstable();
    codes
}

fn map(context: &Context, matrix: &Sheet, of: &str, (column, en, zh): Measure) -> Figure {
    let lines = || Line::all(matrix).filter(|line| line.text("insutype") == of);
    let rows = kept(lines().map(|line| (line.text("insured_pool"), line.count("answered"))));
    let columns = kept(lines().map(|line| (line.text("rules_pool"), line.count("answered"))));
    let mut values = vec![None; rows.len() * columns.len()];
    let mut own = vec![false; values.len()];
    for line in lines() {
        let (insured, rules) = (line.text("insured_pool"), line.text("rules_pool"));
        let (Ok(row), Ok(at)) = (rows.binary_search(&insured), columns.binary_search(&rules)) else { continue };
        values[row * columns.len() + at] = line.share(column);
        own[row * columns.len() + at] = insured == rules;
    }
    let all = {
        let mut pools: Vec<&str> = lines().map(|line| line.text("rules_pool")).collect();
        pools.sort_unstable();
        pools.dedup();
        pools.len()
    };
    let (name, shown, silent) = (insutype(of), [rows.len(), columns.len()], all - columns.len());
    let caption = text(
        format!(
            "{}: {en}, people of {} pools under the rules of {} pools, in percent; darker is more, steps are even. {silent} pools that answer nothing are left out.",
            name.en, shown[0], shown[1]
        ),
        format!(
            "{}：{zh}，{} 个统筹区的参保人适用 {} 个统筹区的规则，单位 %；颜色越深越高，等距分级。完全不可计算的 {silent} 个统筹区未列。",
            name.zh, shown[0], shown[1]
        ),
    );
    let names = |codes: &[&str]| codes.iter().map(|code| pool_name(context, code)).collect();
    let heads = [text("insured in", "参保统筹区"), text("rules of", "规则统筹区")];
    let own_name = text("own rules", "本地规则");
    share_map(caption, &Shares { rows: names(&rows), columns: names(&columns), values, own, heads, own_name })
}
