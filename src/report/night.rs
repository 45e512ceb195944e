//! What is said of a night at its end.

use serde_json::{Value, json};

use super::rules_changed::RulesChanged;
use super::summary::grouped;
use crate::diagnostic::Lang;
use crate::model::date::Date;

/// An input that an earlier night took in already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name as it was given.
    pub file: String,
    /// Its content.
    pub sha256: String,
    /// That night.
    pub night: u32,
    /// `claims` or `accounts`.
    pub kind: &'static str,
}

/// What a night did beside adjudicating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightReport {
    /// Its number.
    pub number: u32,
    /// Its day.
    pub date: Date,
    /// Inputs that were left out.
    pub skipped: Vec<Skipped>,
    /// Open items of earlier nights that were tried again.
    pub retried: u64,
    /// Open items whose place a new row took.
    pub replaced: u64,
    /// Rows that came after a later settlement of their person.
    pub late: u64,
    /// What it means that the rules are not those of the night before, where they are not.
    pub rules_changed: Option<RulesChanged>,
}

impl NightReport {
    /// For the manifest and `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let skipped = self.skipped.iter().map(|skipped| {
            json!({"file": skipped.file, "kind": skipped.kind, "sha256": skipped.sha256, "night": skipped.night})
        });
        let mut value = json!({
            "night": self.number,
            "date": self.date.to_string(),
            "skipped": skipped.collect::<Vec<_>>(),
            "open_items": {"retried": self.retried, "replaced": self.replaced},
            "late_rows": self.late,
        });
        if let Some(changed) = &self.rules_changed {
            value["rules_changed"] = changed.to_json();
        }
        value
    }

    /// Lines of the summary.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let (number, date) = (self.number, self.date);
        let [retried, replaced, late] = [self.retried, self.replaced, self.late].map(grouped);
        let mut text = match lang {
            Lang::En => format!(
                "\n  night {number} of the ledger, {date}\n  open items tried again: {retried}, replaced by new rows: {replaced}\n  late settlements: {late}\n"
            ),
            Lang::Zh => format!(
                "\n  账本第 {number} 批，{date}\n  重新处理的挂起记录：{retried}，被新记录替换：{replaced}\n  迟到结算：{late}\n"
            ),
        };
        for Skipped { file, night, .. } in &self.skipped {
            text += &match lang {
                Lang::En => format!("  skipped: {file}, taken in by night {night}\n"),
                Lang::Zh => format!("  已跳过：{file}，第 {night} 批已处理\n"),
            };
        }
        if let Some(changed) = &self.rules_changed {
            text += &changed.render(lang);
        }
        text
    }
}
