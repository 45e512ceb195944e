//! Steps of the kernel's trace in words: one line each, in Chinese and English, with the numbers named.

use super::explain::Explanation;
use super::words::{filing_name, place_name};
use crate::adjudicate::bands::Segment;
use crate::adjudicate::resolve::{AsIf, Derived};
use crate::adjudicate::trace::{FilingBasis, Step};
use crate::diagnostic::{Lang, Text};
use crate::model::money::{Fen, Rate};
use crate::model::place::{Admdvs, Filing};
use crate::rules::book::LevelField;
use crate::rules::layout::{BAND_BASES, DEDUCTIBLE_BASES, LEVEL_FIELDS, PAYS_FOR, Table};
use crate::rules::terms::DeductibleFrom;
use crate::rules::values::{DeductibleBasis, NO_CAP, PrepayOrder};

/// One line of an explanation.
pub struct Line {
    /// Name of the step.
    pub key: &'static str,
    /// The line.
    pub text: Text,
    /// What came of the step.
    pub amount: Option<Fen>,
    /// Numbers and words that went in.
    pub numbers: Vec<(&'static str, String)>,
    /// Rows that decided.
    pub rules: Vec<(Table, u32)>,
}

fn simple(key: &'static str, en: String, zh: String) -> Line {
    Line { key, text: Text::new(en, zh), amount: None, numbers: Vec::new(), rules: Vec::new() }
}

impl Line {
    fn amount(mut self, amount: Fen) -> Self {
        self.amount = Some(amount);
        self
    }

    fn number(mut self, name: &'static str, value: impl ToString) -> Self {
        self.numbers.push((name, value.to_string()));
        self
    }

    fn rule(mut self, table: Table, row: u32) -> Self {
        self.rules.push((table, row));
        self
    }
}

/// 0.85 as 85 %.
fn percent(rate: Rate) -> String {
    format!("{} %", Rate(rate.0 * 100))
}

fn cap(amount: Fen, none: &str) -> String {
    if amount == NO_CAP { none.to_owned() } else { amount.to_string() }
}

fn bands(segments: &[Segment]) -> String {
    let parts: Vec<String> =
        segments.iter().map(|part| format!("({} − {}) × {}", part.to, part.from, percent(part.rate))).collect();
    if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") }
}

/// The line of a step; the states before and after are shown apart.
pub fn line(step: &Step, explained: &Explanation) -> Option<Line> {
    let vocab = &explained.words.book.vocab;
    Some(match step {
        Step::Before { .. } | Step::After { .. } => return None,
        Step::Place { pool, treated, place, neighbour } => {
            let (from, to) = (pool_name(explained, *pool), pool_name(explained, *treated));
            let line = simple(
                "place",
                format!("insured in {from}, treated in {to}: {}", place.word()),
                format!("参保地 {from}，就医地 {to}：{}", place_name(*place, Lang::Zh)),
            );
            neighbour.iter().fold(line, |line, &row| line.rule(Table::Neighbours, row))
        }
        Step::AsIf(as_if) => as_if_line(*as_if, explained),
        Step::Age { age: Some(age) } => simple("age", format!("age {age}"), format!("年龄 {age} 岁")).number("age", age),
        Step::Age { age: None } => simple("age", "age not known".into(), "年龄不详".into()),
        Step::Tier { field, level, row, tier } => tier_line(*field, vocab.level.word(*level), vocab.tier.word(*tier), *row),
        Step::Filing { filing, basis } => filing_line(*filing, *basis),
        Step::Keys { keys, is_emergency } => simple(
            "keys",
            format!(
                "looked up: class {}, visit {}, place {}, filing {}, tier {}{}",
                vocab.psn_class.word(keys.psn_class), vocab.med_class.word(keys.med_class), keys.place.word(),
                keys.filing.word(), vocab.tier.word(keys.tier), if *is_emergency { ", emergency" } else { "" },
            ),
            format!(
                "查找条件：人员类别 {}，医疗类别 {}，地点 {}，备案 {}，医院等级 {}{}",
                vocab.psn_class.word(keys.psn_class), vocab.med_class.word(keys.med_class), place_name(keys.place, Lang::Zh),
                filing_name(keys.filing, Lang::Zh), vocab.tier.word(keys.tier), if *is_emergency { "，急诊" } else { "" },
            ),
        ),
        Step::Rows { scheme, class, visit, channel, benefit, derived, is_admission, is_emergency } => {
            rows_line(explained, [*scheme, *class, *visit, *channel, *benefit], *derived, *is_admission, *is_emergency)
        }
        Step::Denied { reasons } => simple(
            "denied",
            format!("denied ({}): the person pays everything but the hospital's part", reasons.joined()),
            format!("不予支付（{}）：除医院负担外由个人承担", reasons.joined()),
        ),
        Step::Reversal { original } => simple(
            "reversal",
            format!("takes back the person's settlement no. {}", original + 1),
            format!("冲回该人员第 {} 笔结算", original + 1),
        ),
        Step::ReversalOfEarlier { .. } => simple(
            "reversal",
            "takes back a settlement of an earlier night".to_owned(),
            "冲回以前批次的结算".to_owned(),
        ),
        Step::Burden { deductible, prepay, over_base, over_cap, coinsurance, preself } => simple(
            "burden",
            format!(
                "not paid by the basic fund: deductible {deductible}, prepaid {prepay}, over base caps {over_base}, over payment caps {over_cap}, coinsurance {coinsurance}; pre-self-pay {preself}"
            ),
            format!(
                "基本统筹未支付部分：起付线 {deductible}，转外先自付 {prepay}，超基数限额 {over_base}，超支付限额 {over_cap}，共付 {coinsurance}；另乙类先行自付 {preself}"
            ),
        )
        .number("deductible", deductible).number("prepay", prepay).number("over_base", over_base)
        .number("over_cap", over_cap).number("coinsurance", coinsurance).number("preself", preself),
        Step::Person { total, basic, layers, hospital, amount } => simple(
            "person",
            format!("person: bill {total} − basic fund {basic} − layers {layers} − hospital {hospital}"),
            format!("个人负担：总额 {total} − 基本统筹 {basic} − 各险层 {layers} − 医院负担 {hospital}"),
        )
        .amount(*amount),
        Step::Account { row, pays_for, allowed, balance, amount } => {
            let scope = PAYS_FOR[*pays_for as usize];
            let line = simple(
                "account",
                format!("account ({scope}): at most {allowed}, balance {balance}"),
                format!("个人账户（{scope}）：至多 {allowed}，余额 {balance}"),
            )
            .amount(*amount).number("pays_for", scope).number("allowed", allowed).number("balance", balance);
            row.iter().fold(line, |line, &row| line.rule(Table::Accounts, row))
        }
        _ => return money_line(step),
    })
}

/// Steps from the in-scope cost to the payments.
fn money_line(step: &Step) -> Option<Line> {
    Some(match step {
        Step::Prepay { order, rate, base, amount } => {
            let (en, zh) = match order {
                PrepayOrder::Before => ("before", "前"),
                PrepayOrder::After => ("after", "后"),
            };
            simple(
                "prepay",
                format!("prepaid {en} the deductible: {} of {base}", percent(*rate)),
                format!("起付线{zh}转外先自付：{base} 的 {}", percent(*rate)),
            )
            .amount(*amount).number("rate", rate).number("base", base)
        }
        Step::BaseCaps { amount, caps, used_month, used_year, kept, over } => simple(
            "base_caps",
            format!(
                "base: of {amount}, caps visit {}, month {} (used {used_month}), year {} (used {used_year}); {over} above",
                cap(caps.visit, "none"), cap(caps.month, "none"), cap(caps.year, "none")
            ),
            format!(
                "计入基数：{amount}，限额 次 {}，月 {}（已用 {used_month}），年 {}（已用 {used_year}）；超出 {over}",
                cap(caps.visit, "无"), cap(caps.month, "无"), cap(caps.year, "无")
            ),
        )
        .amount(*kept).number("amount", amount).number("used_month", used_month).number("used_year", used_year).number("over", over),
        Step::Deductible { .. } => deductible_line(step),
        Step::PoolBase { base, deductible, prepay, amount } => simple(
            "pool_base",
            format!("enters the pool: {base} − {deductible} − {prepay}"),
            format!("进入统筹：{base} − {deductible} − {prepay}"),
        )
        .amount(*amount),
        Step::Bands { basis, from, to, points, factor, segments, amount } => {
            let basis = BAND_BASES[*basis as usize];
            let mut change = (String::new(), String::new());
            if points.0 != 0 || *factor != Rate::ONE {
                change = (
                    format!("; rates less {} points, times {factor}", Rate(points.0 * 100)),
                    format!("；比例减 {} 个百分点，再乘 {factor}", Rate(points.0 * 100)),
                );
            }
            simple(
                "bands",
                format!("bands ({basis}, from {from} to {to}): {}{}", bands(segments), change.0),
                format!("分段（{basis}，{from} 至 {to}）：{}{}", bands(segments), change.1),
            )
            .amount(*amount).number("basis", basis).number("from", from).number("to", to)
            .number("points", points).number("factor", factor)
        }
        Step::Floor { rate, limit, amount } => simple(
            "floor",
            format!("floor: at least {} of the in-scope cost, at most {limit}", percent(*rate)),
            format!("保底：不低于范围内费用的 {}，至多 {limit}", percent(*rate)),
        )
        .amount(*amount).number("rate", rate).number("limit", limit),
        Step::PayCaps { computed, caps, paid_month, paid_year, fund_cap, counted, amount, over } => simple(
            "pay_caps",
            format!(
                "basic fund: {computed}; caps visit {}, month {} (paid {paid_month}), year {} (paid {paid_year}), fund {} (counted {counted}); {over} above",
                cap(caps.visit, "none"), cap(caps.month, "none"), cap(caps.year, "none"), cap(*fund_cap, "none")
            ),
            format!(
                "基本统筹：{computed}；限额 次 {}，月 {}（已付 {paid_month}），年 {}（已付 {paid_year}），年度封顶 {}（已计 {counted}）；超出 {over}",
                cap(caps.visit, "无"), cap(caps.month, "无"), cap(caps.year, "无"), cap(*fund_cap, "无")
            ),
        )
        .amount(*amount).number("computed", computed).number("paid_month", paid_month).number("paid_year", paid_year)
        .number("counted", counted).number("over", over),
        Step::Layer { row, layer, payer, included, taken_off, base, from, segments, computed, cap_visit, cap_year, paid_year, amount } => {
            let payer = payer.column();
            simple(
                "layer",
                format!(
                    "layer {layer} ({payer}): base {included} − {taken_off} = {base} from {from}: {} = {computed}; caps visit {}, year {} (paid {paid_year})",
                    bands(segments), cap(*cap_visit, "none"), cap(*cap_year, "none")
                ),
                format!(
                    "第 {layer} 层（{payer}）：基数 {included} − {taken_off} = {base}，自 {from} 起：{} = {computed}；限额 次 {}，年 {}（已付 {paid_year}）",
                    bands(segments), cap(*cap_visit, "无"), cap(*cap_year, "无")
                ),
            )
            .amount(*amount).rule(Table::Layers, *row).number("layer", layer).number("payer", payer)
            .number("base", base).number("computed", computed)
        }
        _ => unreachable!("explained by `line`: {step:?}"),
    })
}

fn deductible_line(step: &Step) -> Line {
    let Step::Deductible { basis, ordinal, from, factor, standard, used, cap_year, base, amount } = step else {
        unreachable!("called for a deductible only");
    };
    let (mut en, mut zh) = match from {
        DeductibleFrom::Benefit if *basis == DeductibleBasis::Year => ("by year".to_owned(), "按年度".to_owned()),
        DeductibleFrom::Benefit => (format!("visit no. {ordinal}"), format!("第 {ordinal} 次")),
        DeductibleFrom::ChannelAmount => ("set by the channel".to_owned(), "就医渠道规定".to_owned()),
        DeductibleFrom::ChannelRate { rate, least, most } => (
            format!("{} of the bill, at least {least}, at most {}", percent(*rate), cap(*most, "any")),
            format!("总额的 {}，不低于 {least}，不高于 {}", percent(*rate), cap(*most, "不限")),
        ),
    };
    if let Some(factor) = factor {
        en += &format!(", times {factor}");
        zh += &format!("，乘 {factor}");
    }
    simple(
        "deductible",
        format!(
            "deductible ({en}): standard {standard}, used this year {used}, year's cap {}, base {base}",
            cap(*cap_year, "none")
        ),
        format!("起付线（{zh}）：标准 {standard}，本年已用 {used}，年度累计上限 {}，基数 {base}", cap(*cap_year, "无")),
    )
    .amount(*amount)
    .number("basis", DEDUCTIBLE_BASES[*basis as usize])
    .number("ordinal", ordinal)
    .number("standard", standard)
    .number("used", used)
}

fn tier_line(field: LevelField, level: &str, tier: &str, row: u32) -> Line {
    let field = LEVEL_FIELDS[field as usize];
    simple(
        "tier",
        format!("hospital tier {tier}, by {field} = {level}"),
        format!("医院等级 {tier}，依据 {field} = {level}"),
    )
    .rule(Table::Tiers, row)
    .number("tier", tier)
}

fn filing_line(filing: Filing, basis: FilingBasis) -> Line {
    let (en, zh) = match basis {
        FilingBasis::AtHome => ("treatment at home".to_owned(), "本地就医".to_owned()),
        FilingBasis::ClaimField => ("out_fil_type of the claim".to_owned(), "结算记录的 out_fil_type".to_owned()),
        FilingBasis::Record { from, to } => (format!("filed from {from} to {to}"), format!("备案 {from} 至 {to}")),
        FilingBasis::NoRecord => ("no filing covers place and days".to_owned(), "无覆盖该地与时间的备案".to_owned()),
        FilingBasis::Emergency => ("an emergency counts as filed".to_owned(), "急诊视同备案".to_owned()),
    };
    let (word, name) = (filing.word(), filing_name(filing, Lang::Zh));
    simple("filing", format!("filing {word}: {en}"), format!("备案类别 {name}：{zh}")).number("filing", word)
}

fn as_if_line(as_if: AsIf, explained: &Explanation) -> Line {
    let (pool, place, filing) = (pool_name(explained, as_if.pool), as_if.place, as_if.filing);
    simple(
        "as_if",
        format!("as if insured in {pool}; place {} and filing {} stay what they are", place.word(), filing.word()),
        format!(
            "视同参保于 {pool}；就医地点（{}）与备案（{}）保持不变",
            place_name(place, Lang::Zh),
            filing_name(filing, Lang::Zh)
        ),
    )
    .number("place", place.word())
    .number("filing", filing.word())
}

/// `440300 深圳`
fn pool_name(explained: &Explanation, pool: Admdvs) -> String {
    let places = explained.pack.table(Table::Places);
    let code = pool.to_string();
    let named = (0..places.rows.len()).find(|&row| places.cell(row, "admdvs") == code);
    named.map_or_else(|| code.clone(), |row| format!("{code} {}", places.cell(row, "name_zh")))
}

fn rows_line(
    explained: &Explanation,
    rows: [u32; 5],
    derived: Derived,
    is_admission: bool,
    is_emergency: bool,
) -> Line {
    let tables = [Table::Schemes, Table::PersonClasses, Table::VisitClasses, Table::Channels, Table::Benefits];
    let vocab = &explained.words.book.vocab;
    let (class, visit) = (vocab.psn_class.word(derived.keys.psn_class), vocab.med_class.word(derived.keys.med_class));
    let year = derived.benefit_year;
    let mut kind = (String::new(), String::new());
    if is_admission {
        kind = (", an admission".into(), "，计住院次数".into());
    }
    if is_emergency {
        kind.0 += ", an emergency";
        kind.1 += "，急诊";
    }
    let line = simple(
        "rows",
        format!("person class {class}, visit class {visit}{}; benefit year {year}", kind.0),
        format!("人员类别 {class}，医疗类别 {visit}{}；待遇年度 {year}", kind.1),
    )
    .number("psn_class", class)
    .number("med_class", visit)
    .number("benefit_year", year);
    tables.into_iter().zip(rows).fold(line, |line, (table, row)| line.rule(table, row))
}
