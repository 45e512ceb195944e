//! The short summary of a run, as a person reads it and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::balance::{Summary, Tally, yuan};
use super::manifest;
use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY, MONEY_COLUMNS};
use crate::diagnostic::Lang;
use crate::model::outcome::{Reason, Status};

/// What is said at the end of a run.
pub struct RunReport<'a> {
    /// What the run did.
    pub summary: &'a Summary,
    /// Reference tables that were not given.
    pub gates_off: &'a [&'static str],
    /// Where the outputs are.
    pub out: &'a str,
    /// How long it took.
    pub took: Duration,
    /// The most memory the process had resident, in bytes.
    pub peak_memory_bytes: Option<u64>,
}

/// A status in words.
#[must_use]
pub const fn status_name(status: Status, lang: Lang) -> &'static str {
    match (status, lang) {
        (_, Lang::En) => status.word(),
        (Status::Paid, Lang::Zh) => "已结算",
        (Status::Denied, Lang::Zh) => "不予支付",
        (Status::Reversed, Lang::Zh) => "已冲正",
        (Status::Pended, Lang::Zh) => "待处理",
        (Status::Rejected, Lang::Zh) => "已退回",
    }
}

/// A reason in words.
#[must_use]
pub const fn reason_name(reason: Reason, lang: Lang) -> &'static str {
    let both = match reason {
        Reason::Invalidated => ("the row is marked void", "记录已作废"),
        Reason::Parse => ("a value is not of its type, or the line is no record", "取值类型不符，或该行不是完整记录"),
        Reason::Missing => ("a required value is empty", "必填值为空"),
        Reason::Domain => ("a place code is not six digits", "医保区划代码不是六位数字"),
        Reason::Split => ("the total is not the sum of its parts", "总额不等于各部分之和"),
        Reason::Negative => ("a negative amount outside a reversal", "非冲正记录的金额为负"),
        Reason::DateOrder => ("dates are out of order", "日期先后颠倒"),
        Reason::Duplicate => ("an earlier row has this settlement number and person", "更早的一行已有相同结算号与人员"),
        Reason::Settled => ("settled in an earlier run", "此前已结算"),
        Reason::NoScheme => ("no scheme row for the pool, insurance type and day", "无适用的险种待遇年度规则"),
        Reason::NoClass => ("no person class", "无适用的人员类别规则"),
        Reason::NoVisit => ("no visit class", "无适用的医疗类别规则"),
        Reason::NoTier => ("no hospital tier", "无适用的医院等级规则"),
        Reason::NoChannel => ("no channel row", "无适用的就医渠道规则"),
        Reason::NoBenefit => ("no benefit row", "无适用的待遇规则"),
        Reason::HospitalPart => ("the hospital's part is larger than the bill allows", "医院负担金额超出可负担部分"),
        Reason::ReversalUnknown => ("the settlement it reverses is not known", "找不到被冲正的结算"),
        Reason::ReversalTwice => ("the settlement is reversed already", "该结算已被冲正"),
        Reason::ReversalAmount => ("it does not negate the amounts of the settlement", "冲正金额与原结算不符"),
        Reason::NotEnrolled => ("no cover on the day", "当日未参保"),
        Reason::Waiting => ("in the waiting period", "处于待遇等待期"),
        Reason::NotDesignated => ("the institution is not designated on the day", "机构当日不是定点机构"),
        Reason::ChannelDenies => ("the channel denies", "就医渠道规则不予支付"),
    };
    match lang {
        Lang::En => both.0,
        Lang::Zh => both.1,
    }
}

/// 1234567 as 1,234,567.
#[must_use]
pub fn grouped(number: impl ToString) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, rest) = digits.split_once('.').map_or((digits, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}{rest}")
}

/// Columns of the summary's money block: totals first, then each fund, then the person.
const SHOWN: [&str; 13] = [
    "medfee_sumamt", "inscp_scp_amt", "act_pay_dedc", "hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay",
    "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt", "acct_pay", "psn_cash_pay",
];

fn money_name(column: &str, lang: Lang) -> &'static str {
    let both = match column {
        "medfee_sumamt" => ("total of bills", "医疗费总额"),
        "inscp_scp_amt" => ("within scope", "符合政策范围金额"),
        "act_pay_dedc" => ("deductibles", "实际支付起付线"),
        "hifp_pay" => ("basic fund", "基本医疗保险统筹基金"),
        "cvlserv_pay" => ("civil servants' aid", "公务员医疗补助"),
        "hifes_pay" => ("enterprise supplement", "企业补充医疗保险"),
        "hifmi_pay" => ("residents' critical illness", "居民大病保险"),
        "hifob_pay" => ("employees' large amounts", "职工大额医疗费用补助"),
        "maf_pay" => ("medical aid", "医疗救助"),
        "oth_pay" => ("other funds", "其他基金"),
        "fund_pay_sumamt" => ("all funds", "基金支付总额"),
        "acct_pay" => ("personal accounts", "个人账户"),
        _ => ("cash of persons", "个人现金支付"),
    };
    match lang {
        Lang::En => both.0,
        Lang::Zh => both.1,
    }
}

/// Width on a terminal: Chinese characters take two columns.
fn width(text: &str) -> usize {
    text.chars().map(|character| if (character as u32) < 0x1100 { 1 } else { 2 }).sum()
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// The summary as text.
#[must_use]
pub fn render(report: &RunReport, lang: Lang) -> String {
    let summary = report.summary;
    let zh = lang == Lang::Zh;
    let seconds = report.took.as_secs_f64();
    let rate = grouped((summary.rows_in.rows as f64 / seconds.max(1e-9)) as u64);
    let (rows, persons) = (grouped(summary.rows_in.rows), grouped(summary.persons));
    let mut text = if zh {
        format!("{rows} 行，{persons} 人，用时 {seconds:.1} 秒（每秒 {rate} 行）→ {}\n\n", report.out)
    } else {
        format!("{rows} rows of {persons} persons in {seconds:.1} s ({rate} rows/s) -> {}\n\n", report.out)
    };
    let (head_rows, head_money) = if zh { ("行数", "医疗费总额（元）") } else { ("rows", "medfee_sumamt, yuan") };
    text += &format!("  {}{}{}\n", padded("", 14), pad_left(head_rows, 16), pad_left(head_money, 26));
    let mut line = |name: &str, tally: Tally| {
        text += &format!("  {}{:>16}{:>26}\n", padded(name, 14), grouped(tally.rows), grouped(yuan(tally.total_fen)));
    };
    line(if zh { "输入" } else { "in" }, summary.rows_in);
    for &status in Status::ALL {
        line(status_name(status, lang), summary.balance.of(status));
    }
    let balanced = summary.balance.out() == summary.rows_in;
    text += match (balanced, zh) {
        (true, true) => "  平衡：输入各行均有去处，行数与金额一致\n",
        (true, false) => "  balanced: every row in is one row out, in count and in money\n",
        (false, true) => "  不平衡\n",
        (false, false) => "  NOT BALANCED\n",
    };
    text += if zh { "\n  已结算、不予支付与已冲正各行的金额（元）\n" } else { "\n  money of paid, denied and reversed rows, yuan\n" };
    for column in SHOWN {
        let index = (0..MONEY_COLUMNS).find(|&index| COLUMNS[FIRST_MONEY + index].0 == column).expect("a money column");
        let sum = grouped(yuan(summary.balance.money_sum(index)));
        text += &format!("  {}{}{:>22}\n", padded(column, 18), padded(money_name(column, lang), 30), sum);
    }
    let mut reasons = Reason::ALL.iter().zip(&summary.balance.by_reason).filter(|(_, rows)| **rows > 0).peekable();
    if reasons.peek().is_some() {
        text += if zh { "\n  原因（一行可有多个）\n" } else { "\n  reasons (a row may have several)\n" };
        for (reason, rows) in reasons {
            let name = padded(reason.word(), 20);
            text += &format!("  {name}{:>12}  {}\n", grouped(*rows), reason_name(*reason, lang));
        }
    }
    if !report.gates_off.is_empty() {
        let list = report.gates_off.join(", ");
        text += &if zh {
            format!("\n  未提供的参考表（相应校验未执行）：{list}\n")
        } else {
            format!("\n  not given, so their gates are off: {list}\n")
        };
    }
    text
}

fn pad_left(text: &str, to: usize) -> String {
    // The formatter counts characters, the terminal columns.
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}

/// The summary as JSON.
#[must_use]
pub fn to_json(report: &RunReport) -> Value {
    let seconds = report.took.as_secs_f64();
    json!({
        "out": report.out,
        "balance": manifest::balance(report.summary),
        "persons": report.summary.persons,
        "reasons": manifest::reasons(report.summary),
        "money_yuan": manifest::money(report.summary),
        "gates_off": report.gates_off,
        "peak_memory_bytes": report.peak_memory_bytes,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "rows_per_second": (report.summary.rows_in.rows as f64 / seconds.max(1e-9)).round(),
    })
}
