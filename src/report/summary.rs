//! The short summary of a run, as a person reads it and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::balance::{self, Summary, Tally, yuan};
use super::night::NightReport;
use super::words::{money_name, reason_name, status_name};
use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY, MONEY_COLUMNS};
use crate::diagnostic::Lang;
use crate::model::outcome::{Reason, Status};

/// What is said at the end of a run.
pub struct RunReport<'a> {
    /// What the run did.
    pub summary: &'a Summary,
    /// Reference tables that were not given.
    pub gates_off: &'a [&'static str],
    /// The night it was, in a ledger.
    pub night: Option<&'a NightReport>,
    /// Where the outputs are.
    pub out: &'a str,
    /// How long it took.
    pub took: Duration,
    /// What it took of the machine.
    pub memory: Memory,
}

/// Memory of a run, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// What it was allowed.
    pub limit_bytes: u64,
    /// The most it had resident; `None` where that cannot be told.
    pub peak_bytes: Option<u64>,
    /// Rows that went to the disk.
    pub spilled_bytes: u64,
}

impl Memory {
    /// A line, where rows went to the disk or the limit was not kept.
    fn line(&self, zh: bool) -> Option<String> {
        let (limit, spilled) = (bytes(self.limit_bytes), bytes(self.spilled_bytes));
        let peak = self.peak_bytes.map_or("?".to_owned(), bytes);
        if self.peak_bytes.is_some_and(|peak| peak > self.limit_bytes) {
            return Some(if zh {
                format!(
                    "内存峰值 {peak}，超过 --memory 的 {limit}：规则、机构表、一批正在写出的记录和单个人员的记录须同时在内存中"
                )
            } else {
                format!(
                    "memory: {peak} at most, more than the {limit} of --memory: the rules, the institutions, one batch being written and any one person's rows have to be in memory"
                )
            });
        }
        (self.spilled_bytes > 0).then(|| {
            if zh {
                format!("内存峰值 {peak}（--memory {limit}），暂存磁盘 {spilled}")
            } else {
                format!("memory: {peak} at most, of {limit} allowed; {spilled} went to the disk for a while")
            }
        })
    }
}

/// Bytes as people write them.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        1_048_576..10_737_418_240 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// 1234567 as 1,234,567.
#[must_use]
pub fn grouped(number: impl ToString) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, rest) =
        digits.split_once('.').map_or((digits, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
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
    "medfee_sumamt",
    "inscp_scp_amt",
    "act_pay_dedc",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "acct_pay",
    "psn_cash_pay",
];

/// Width on a terminal: Chinese characters take two columns.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| if (character as u32) < 0x1100 { 1 } else { 2 }).sum()
}

/// Left-aligned on a terminal.
pub(super) fn padded(text: &str, to: usize) -> String {
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
    let (head_rows, head_money) =
        if zh { ("行数", "医疗费总额（元）") } else { ("rows", "medfee_sumamt, yuan") };
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
    text += if zh {
        "\n  已结算、不予支付与已冲正各行的金额（元）\n"
    } else {
        "\n  money of paid, denied and reversed rows, yuan\n"
    };
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
    if let Some(night) = report.night {
        text += &night.render(lang);
    }
    if !report.gates_off.is_empty() {
        let list = report.gates_off.join(", ");
        text += &if zh {
            format!("\n  未提供的参考表（相应校验未执行）：{list}\n")
        } else {
            format!("\n  not given, so their gates are off: {list}\n")
        };
    }
    if let Some(line) = report.memory.line(zh) {
        text += &format!("\n  {line}\n");
    }
    text
}

/// Right-aligned on a terminal.
pub(super) fn pad_left(text: &str, to: usize) -> String {
    // The formatter counts characters, the terminal columns.
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}

/// The summary as JSON.
#[must_use]
pub fn to_json(report: &RunReport) -> Value {
    let seconds = report.took.as_secs_f64();
    let mut whole = json!({
        "out": report.out,
        "balance": balance::to_json(report.summary),
        "persons": report.summary.persons,
        "reasons": balance::reasons_to_json(report.summary),
        "money_yuan": balance::money_to_json(report.summary),
        "gates_off": report.gates_off,
        "peak_memory_bytes": report.memory.peak_bytes,
        "memory_limit_bytes": report.memory.limit_bytes,
        "spilled_bytes": report.memory.spilled_bytes,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "rows_per_second": (report.summary.rows_in.rows as f64 / seconds.max(1e-9)).round(),
    });
    if let Some(night) = report.night {
        whole["ledger"] = night.to_json();
    }
    whole
}
