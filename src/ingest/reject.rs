//! Rows that are no usable record, with every reason.

use std::sync::Arc;

use super::columns::Column;
use crate::diagnostic::Text;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::text::RowProblem;

/// One reason for which a row is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// Physical line of a text file; the row number in Parquet.
    pub line: u64,
    /// Canonical name of the column; empty: the row as a whole.
    pub column: &'static str,
    /// The value as it stands in the file.
    pub value: String,
    /// The reason's code.
    pub reason: Reason,
    /// What exactly is wrong.
    pub problem: Problem,
    /// The row as it stands in the file; bytes that are no text as `\xNN`. A Parquet row as a CSV line of the
    /// columns that were read. Shared by the reasons of one row.
    pub raw: Arc<str>,
}

/// What is wrong with a row, in the detail that a message needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `vali_flag` is neither empty nor `1`.
    Void,
    /// The physical line is no record.
    Line(RowProblem),
    /// No day.
    NotADate,
    /// No second.
    NotATime,
    /// No money.
    NotMoney,
    /// No text.
    NotText,
    /// An identifier of more than 65,535 bytes.
    TextTooLong,
    /// A required value is empty.
    Missing,
    /// A place code is not six digits.
    NotSixDigits,
    /// The total is not the sum of its parts.
    Split {
        /// `medfee_sumamt`.
        total: Fen,
        /// The sum of the four parts.
        parts: Fen,
    },
    /// A negative amount outside a reversal.
    Negative,
    /// `begndate` after `enddate`.
    BeginsAfterEnd {
        /// `enddate`.
        end: Date,
    },
    /// `enddate` after the day of `setl_time`.
    EndsAfterSettlement {
        /// `setl_time`.
        settled: Time,
    },
    /// An earlier row of the run has this `setl_id` and `psn_no`.
    Duplicate,
    /// The ledger has this `setl_id` and `psn_no` already.
    Settled,
}

impl Problem {
    /// The message, which does not repeat the value.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Void => Text::new("the row is marked void (vali_flag is not 1)", "该行已作废（vali_flag 不为 1）"),
            Self::Line(problem) => problem.text(),
            Self::NotADate => Text::new(
                "not a day of the calendar as yyyy-MM-dd or yyyyMMdd",
                "不是 yyyy-MM-dd 或 yyyyMMdd 形式的有效日期",
            ),
            Self::NotATime => Text::new(
                "not a time as yyyy-MM-dd HH:mm:ss or a day",
                "不是 yyyy-MM-dd HH:mm:ss 形式的时间，也不是日期",
            ),
            Self::NotMoney => Text::new(
                "not an amount of yuan: an optional minus, at most 14 digits, at most 2 decimals",
                "不是以元为单位的金额：可带负号，整数至多 14 位，小数至多 2 位",
            ),
            Self::NotText => Text::new("not a text", "不是文本"),
            Self::TextTooLong => Text::new("longer than 65535 bytes", "长度超过 65535 字节"),
            Self::Missing => Text::new("a required value is empty", "必填值为空"),
            Self::NotSixDigits => Text::new("a place code has six digits", "医保区划代码应为六位数字"),
            Self::Split { total, parts } => Text::new(
                format!("the total {total} is not the sum of its four parts {parts}"),
                format!("医疗费总额 {total} 不等于四部分之和 {parts}"),
            ),
            Self::Negative => Text::new("negative outside a reversal", "非冲正记录的金额为负"),
            Self::BeginsAfterEnd { end } => {
                Text::new(format!("begins after its end {end}"), format!("开始日期晚于结束日期 {end}"))
            }
            Self::EndsAfterSettlement { settled } => {
                Text::new(format!("ends after it was settled on {settled}"), format!("结束日期晚于结算时间 {settled}"))
            }
            Self::Duplicate => Text::new(
                "an earlier row of this run has the same setl_id and psn_no",
                "本次运行中更早的一行已有相同的 setl_id 与 psn_no",
            ),
            Self::Settled => {
                Text::new("the ledger has this setl_id and psn_no already", "台账中已有相同的 setl_id 与 psn_no")
            }
        }
    }

    /// The reason it belongs to.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Void => Reason::Invalidated,
            Self::Line(_) | Self::NotADate | Self::NotATime | Self::NotMoney | Self::NotText | Self::TextTooLong => {
                Reason::Parse
            }
            Self::Missing => Reason::Missing,
            Self::NotSixDigits => Reason::Domain,
            Self::Split { .. } => Reason::Split,
            Self::Negative => Reason::Negative,
            Self::BeginsAfterEnd { .. } | Self::EndsAfterSettlement { .. } => Reason::DateOrder,
            Self::Duplicate => Reason::Duplicate,
            Self::Settled => Reason::Settled,
        }
    }
}

/// Something wrong with the row at hand, not yet put down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issue {
    pub(super) column: Column,
    pub(super) problem: Problem,
}
