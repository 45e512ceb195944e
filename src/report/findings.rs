//! The findings as they leave the program: Parquet, CSV, and what is said of them at the end.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use serde_json::{Map, Value, json};

use super::balance::yuan;
use super::finding::{Finding, Standing};
use super::privacy::Persons;
use super::summary::{grouped, pad_left, padded};
use crate::columnar::findings::findings;
use crate::diagnostic::{Lang, Text};

/// What there is to say of one check.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// Its code.
    pub code: &'static str,
    /// What it finds.
    pub title: Text,
    /// Severity of its findings, as a rule.
    pub severity: u8,
    /// What they amount to.
    pub standing: Standing,
    /// How many there are.
    pub findings: u64,
    /// Money at risk.
    pub amount_fen: i128,
    /// What was missing, so that it did not look.
    pub not_checked: Option<Text>,
    /// What was missing, so that it looked in part.
    pub in_part: Option<Text>,
    /// Its thresholds in force.
    pub thresholds: Vec<ThresholdShown>,
}

/// A threshold in force.
#[derive(Clone, Debug)]
pub struct ThresholdShown {
    /// Its key.
    pub key: &'static str,
    /// Its value, as a file would say it.
    pub value: String,
    /// What it means.
    pub meaning: Text,
}

/// What is said of the findings at the end.
#[derive(Clone, Debug)]
pub struct FindingsReport {
    /// Every check, in the order of codes.
    pub checks: Vec<CheckReport>,
}

/// The bit in the exit status that says there are findings.
pub const EXIT_BIT: u8 = 32;

impl FindingsReport {
    /// How many findings there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.checks.iter().map(|check| check.findings).sum()
    }

    /// The bit of the exit status, if there are findings.
    #[must_use]
    pub fn exit_bits(&self) -> u8 {
        if self.count() > 0 { EXIT_BIT } else { 0 }
    }

    /// As a person reads it.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let count = grouped(self.count());
        let mut text = if zh {
            format!("\n  疑点与线索 {count} 条，均待核实；涉及基金金额（元）\n")
        } else {
            format!("\n  {count} findings, each a question to be answered; fund money at risk, yuan\n")
        };
        for check in self.checks.iter().filter(|check| check.not_checked.is_none()) {
            let mut title = check.title.get(lang).to_owned();
            if let Some(missing) = &check.in_part {
                title += &if zh {
                    format!("（部分检查：缺{}）", missing.zh)
                } else {
                    format!(" (in part: without {})", missing.en)
                };
            }
            text += &format!(
                "  {}{}{}  {}  {title}\n",
                padded(check.code, 6),
                pad_left(&grouped(check.findings), 12),
                pad_left(&grouped(yuan(check.amount_fen)), 22),
                padded(check.standing.shown(lang), 10),
            );
        }
        let mut missing = self.checks.iter().filter_map(|check| Some((check, check.not_checked.as_ref()?))).peekable();
        if missing.peek().is_some() {
            text += if zh {
                "\n  未检查（缺少所需内容，不代表无问题）\n"
            } else {
                "\n  not checked (which is no pass), for want of\n"
            };
        }
        for (check, missing) in missing {
            text += &format!("  {}{}  {}\n", padded(check.code, 6), check.title.get(lang), missing.get(lang));
        }
        text += if zh { "\n  阈值\n" } else { "\n  thresholds in force\n" };
        for check in self.checks.iter().filter(|check| !check.thresholds.is_empty()) {
            let list = check.thresholds.iter().map(|threshold| format!("{} = {}", threshold.key, threshold.value));
            text += &format!("  {}{}\n", padded(check.code, 6), list.collect::<Vec<_>>().join(", "));
        }
        text
    }

    /// The checks as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let both = |text: &Text| json!({"en": text.en, "zh": text.zh});
        let checks = self.checks.iter().map(|check| {
            let thresholds: Map<String, Value> =
                check.thresholds.iter().map(|threshold| (threshold.key.to_owned(), json!(threshold.value))).collect();
            json!({
                "code": check.code,
                "title": both(&check.title),
                "severity": check.severity,
                "standing": check.standing.word(),
                "findings": check.findings,
                "amount": yuan(check.amount_fen),
                "not_checked": check.not_checked.as_ref().map(both),
                "in_part_without": check.in_part.as_ref().map(both),
                "thresholds": thresholds,
            })
        });
        checks.collect()
    }
}

/// Rows of `findings.parquet`: person numbers exactly as they are.
///
/// # Panics
/// If a severity or a day were beyond its type: neither is.
#[must_use]
pub fn batch(found: &[Finding]) -> RecordBatch {
    let exact = |number: &str| number.to_owned();
    let text =
        |of: &dyn Fn(&Finding) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(found.iter().map(of))) };
    let arrays: Vec<ArrayRef> = vec![
        text(&Finding::id),
        text(&|one| one.code.to_owned()),
        Arc::new(Int32Array::from_iter_values(found.iter().map(|one| i32::from(one.severity)))),
        text(&|one| one.standing.word().to_owned()),
        text(&|one| one.subject_type.word().to_owned()),
        text(&|one| one.subject.to_string()),
        text(&|one| one.setl_ids.join("|")),
        text(&|one| one.evidence_json(&exact).to_string()),
        Arc::new(Int64Array::from_iter_values(found.iter().map(|one| one.amount.0))),
        text(&|one| both(&one.message)),
        text(&|one| both(&one.basis)),
        Arc::new(Date32Array::from_iter_values(found.iter().map(|one| one.first_seen.0))),
    ];
    RecordBatch::try_new(findings(), arrays).expect("the columns are those of the schema")
}

/// Chinese, then English.
fn both(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}

/// A line of `findings.csv`.
#[must_use]
pub fn csv_line(one: &Finding, persons: &Persons) -> [String; 12] {
    [
        persons.finding_id(one),
        one.code.to_owned(),
        one.severity.to_string(),
        one.standing.word().to_owned(),
        one.subject_type.word().to_owned(),
        persons.subject(one),
        one.setl_ids.join("|"),
        one.evidence_json(&|number| persons.person(number)).to_string(),
        one.amount.0.to_string(),
        both(&one.message),
        both(&one.basis),
        one.first_seen.to_string(),
    ]
}
