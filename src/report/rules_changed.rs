//! What is said of rules that changed on days that are already settled: which rows, since when, and how many
//! settlements and how much money they have to do with.

use serde_json::{Value, json};

use super::balance::yuan;
use super::rule_words::word;
use super::summary::grouped;
use super::words::used_by_line;
use crate::diagnostic::Lang;
use crate::model::date::Date;
use crate::rules::changed::{Became, RowChange};
use crate::rules::diff::CellChange;

/// The rows of rules that changed, beside the night.
pub const CSV: &str = "rules_changed.csv";
/// The settlements that they touch.
pub const SETTLEMENTS: &str = "rules_changed_settlements.parquet";

/// Headings of [`CSV`].
pub const HEADINGS: [&str; 15] = [
    "table",
    "rule_id",
    "new_rule_id",
    "change",
    "column",
    "old",
    "new",
    "used_by",
    "days_from",
    "days_to",
    "settlements",
    "candidates",
    "persons",
    "medfee_sumamt",
    "fund_pay_sumamt",
];

/// How many settlements, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Settlements, but those that were reversed.
    pub settlements: u64,
    /// Those among them of which only recorded keys tell that they may be touched.
    pub candidates: u64,
    /// Their persons.
    pub persons: u64,
    /// Sum of `medfee_sumamt`, in fen.
    pub bills: i128,
    /// Sum of `fund_pay_sumamt`, in fen.
    pub funds: i128,
}

/// A changed row that differs on settled days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowTouched {
    /// The row.
    pub change: RowChange,
    /// First and last settled day on which it differs.
    pub days: (Date, Date),
    /// What it touches.
    pub extent: Extent,
}

/// Two packs, and what the change from one to the other touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesChanged {
    /// Digest of the pack of the last night.
    pub before: String,
    /// Digest of the other one.
    pub after: String,
    /// The last night.
    pub night: u32,
    /// Rows that differ on settled days, in the order of the tables.
    pub rows: Vec<RowTouched>,
    /// Rows that differ on other days alone.
    pub unsettled: u64,
    /// All settlements that some row touches, each once.
    pub extent: Extent,
    /// Settlements of the same persons that come after and are touched by no row themselves.
    pub later: u64,
    /// First night with a settlement that is touched.
    pub first_night: Option<u32>,
}

impl Extent {
    fn to_json(self) -> Value {
        json!({
            "settlements": self.settlements,
            "candidates": self.candidates,
            "persons": self.persons,
            "medfee_sumamt": yuan(self.bills),
            "fund_pay_sumamt": yuan(self.funds),
        })
    }

    fn render(self, lang: Lang) -> String {
        let [settlements, candidates, persons] = [self.settlements, self.candidates, self.persons].map(grouped);
        let [bills, funds] = [self.bills, self.funds].map(|fen| grouped(yuan(fen)));
        match lang {
            Lang::En => format!(
                "settlements: {settlements} (candidates among them: {candidates}), persons: {persons}, bills {bills} yuan, paid by funds {funds} yuan"
            ),
            Lang::Zh => format!(
                "{settlements} 笔结算（其中仅可能受影响：{candidates}），{persons} 人，医疗费总额 {bills} 元，基金支付 {funds} 元"
            ),
        }
    }
}

impl RowTouched {
    /// Lines of [`CSV`]: one for each cell, or one for a row that is new or gone.
    #[must_use]
    pub fn csv_lines(&self) -> Vec<Vec<String>> {
        let line = |column: &str, old: &str, new: &str| {
            let RowChange { table, became, rule_id, renamed, used_by, .. } = &self.change;
            let extent = &self.extent;
            let new_rule_id = match became {
                Became::Removed => "",
                Became::Added | Became::Changed => renamed.as_deref().unwrap_or(rule_id),
            };
            let rule_id = if *became == Became::Added { "" } else { rule_id };
            [table.layout().name, rule_id, new_rule_id, became.word(), column, old, new]
                .into_iter()
                .map(str::to_owned)
                .chain([used_by.join("|"), self.days.0.to_string(), self.days.1.to_string()])
                .chain([extent.settlements, extent.candidates, extent.persons].map(|count| count.to_string()))
                .chain([extent.bills, extent.funds].map(yuan))
                .collect()
        };
        if self.change.cells.is_empty() {
            return vec![line("", "", "")];
        }
        self.change.cells.iter().map(|CellChange { column, old, new, .. }| line(column, old, new)).collect()
    }

    fn to_json(&self) -> Value {
        let change = &self.change;
        let cells = change.cells.iter().map(|cell| json!({"column": cell.column, "old": cell.old, "new": cell.new}));
        let mut value = json!({
            "table": change.table.layout().name,
            "change": change.became.word(),
            "rule_id": change.rule_id,
            "new_rule_id": change.renamed,
            "cells": cells.collect::<Vec<_>>(),
            "used_by": change.used_by,
            "days": [self.days.0.to_string(), self.days.1.to_string()],
        });
        for (name, number) in self.extent.to_json().as_object().into_iter().flatten() {
            value[name] = number.clone();
        }
        value
    }

    fn render(&self, lang: Lang) -> String {
        let RowChange { table, became, rule_id, renamed, cells, used_by, .. } = &self.change;
        let (name, (from, to)) = (table.layout().name, self.days);
        let renamed = renamed.as_ref().map_or_else(String::new, |name| format!(" -> {name}"));
        let became = match became {
            Became::Added => word(lang, "added", "新增"),
            Became::Removed => word(lang, "removed", "删除"),
            Became::Changed => word(lang, "changed", "修改"),
        };
        let mut text = match lang {
            Lang::En => format!("  {name}.csv {rule_id}{renamed} {became}, settled days {from} to {to}\n"),
            Lang::Zh => format!("  {name}.csv {rule_id}{renamed} {became}，涉及已结算日期 {from} 至 {to}\n"),
        };
        let shown =
            |text: &str| if text.is_empty() { word(lang, "(empty)", "（空）").to_owned() } else { text.to_owned() };
        for CellChange { column, old, new, .. } in cells {
            text += &format!("      {column}: {} -> {}\n", shown(old), shown(new));
        }
        text + &used_by_line(used_by, lang) + &format!("      {}\n", self.extent.render(lang))
    }
}

/// The beginning of a digest, enough to tell packs apart by eye.
fn short(sha256: &str) -> &str {
    sha256.get(..8).unwrap_or(sha256)
}

impl RulesChanged {
    /// Counts alone, for the manifest.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "before": self.before,
            "after": self.after,
            "last_night_before": self.night,
            "rows_on_settled_days": self.rows.len(),
            "rows_on_other_days": self.unsettled,
            "later_settlements": self.later,
            "first_night": self.first_night,
        });
        for (name, number) in self.extent.to_json().as_object().into_iter().flatten() {
            value[name] = number.clone();
        }
        value
    }

    /// Counts, and every row.
    #[must_use]
    pub fn to_json_with_rows(&self) -> Value {
        let mut value = self.to_json();
        value["rows"] = self.rows.iter().map(RowTouched::to_json).collect();
        value
    }

    /// A few lines: how much is touched, and what shows the money.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        self.render_with("", lang)
    }

    /// `pack`: what a replay must be given beside its range to have the new rules.
    fn render_with(&self, pack: &str, lang: Lang) -> String {
        let (before, after, night) = (short(&self.before), short(&self.after), self.night);
        let rows = grouped(self.rows.len());
        let other = grouped(self.unsettled);
        let mut text = match lang {
            Lang::En => format!("  rules are not those of night {night} ({before} -> {after})\n"),
            Lang::Zh => format!("  规则与第 {night} 批不同（{before} -> {after}）\n"),
        };
        text += &match (lang, self.rows.is_empty()) {
            (Lang::En, true) => {
                format!("    no rule changed on a day that is settled; rows changed on other days: {other}\n")
            }
            (Lang::Zh, true) => format!("    已结算日期的规则未变；仅影响其他日期的规则行：{other}\n"),
            (Lang::En, false) => {
                format!("    rows changed on days that are settled: {rows} (on other days alone: {other})\n")
            }
            (Lang::Zh, false) => format!("    影响已结算日期的规则行：{rows}（仅影响其他日期：{other}）\n"),
        };
        let Some(first) = self.first_night else { return text };
        let (extent, later) = (self.extent.render(lang), grouped(self.later));
        text += &match lang {
            Lang::En => format!(
                "    {extent}\n    later settlements of the same persons: {later}\n    nothing settled was computed again; `tongchou ledger replay --from {first}{pack}` shows the money\n"
            ),
            Lang::Zh => format!(
                "    {extent}\n    同一参保人此后的结算：{later} 笔\n    已结算的未重新计算；`tongchou ledger replay --from {first}{pack}` 可查看金额差异\n"
            ),
        };
        text
    }

    /// The same of a pack that no night had yet, and every row.
    #[must_use]
    pub fn render_foreseen(&self, lang: Lang) -> String {
        let rows: String = self.rows.iter().map(|row| row.render(lang)).collect();
        let whole = self.render_with(" --rules PACK", lang);
        if rows.is_empty() { whole } else { format!("{rows}\n{whole}") }
    }
}

/// Consecutive nights that had one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRange {
    /// First night.
    pub first: u32,
    /// Last night.
    pub last: u32,
    /// Day of the first night.
    pub from: Date,
    /// Day of the last night.
    pub to: Date,
    /// Digest of the pack.
    pub sha256: String,
}

/// The packs of a ledger, as text.
#[must_use]
pub fn render_packs(packs: &[PackRange], lang: Lang) -> String {
    let mut text = String::new();
    for PackRange { first, last, from, to, sha256 } in packs {
        text += &match lang {
            Lang::En => format!("  nights {first} to {last}, {from} to {to}: {sha256}\n"),
            Lang::Zh => format!("  第 {first} 至 {last} 批，{from} 至 {to}：{sha256}\n"),
        };
    }
    if text.is_empty() { word(lang, "no night yet\n", "尚无批次\n").to_owned() } else { text }
}

/// The packs of a ledger, as JSON.
#[must_use]
pub fn packs_to_json(packs: &[PackRange]) -> Value {
    let packs = packs.iter().map(|pack| {
        json!({
            "first_night": pack.first, "last_night": pack.last,
            "from": pack.from.to_string(), "to": pack.to.to_string(), "sha256": pack.sha256,
        })
    });
    packs.collect()
}
