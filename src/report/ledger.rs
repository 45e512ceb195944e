//! What is said about a ledger as a whole: its nights, whether it is whole, what was taken out of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::balance::yuan;
use super::summary::{grouped, pad_left};
use crate::diagnostic::Lang;
use crate::ledger::store::{Ledger, Night, RolledBack, Usage, Verification};
use crate::ledger::tables::open_items::Age;

/// The nights of a ledger, as their manifests tell.
#[derive(Clone, Debug)]
pub struct Status {
    folder: String,
    nights: Vec<NightLine>,
    bases: Vec<u32>,
    usage: Usage,
    ages: BTreeMap<u32, Age>,
}

/// One night.
#[derive(Clone, Debug)]
struct NightLine {
    number: u32,
    date: String,
    rows: u64,
    medfee_sumamt: String,
    pended: u64,
    pended_medfee_sumamt: String,
    rejected: u64,
    late: u64,
    retried: u64,
    skipped: u64,
    rules_sha256: String,
    rules_changed: bool,
    bytes: u64,
}

impl NightLine {
    fn of(night: &Night, before: Option<&Night>) -> Self {
        let manifest = night.volume.manifest();
        let (balance, ledger) = (&manifest["balance"], &manifest["ledger"]);
        let rows = |name: &str| balance[name]["rows"].as_u64().unwrap_or_default();
        let money = |name: &str| balance[name]["medfee_sumamt"].as_str().map_or_else(|| yuan(0), str::to_owned);
        Self {
            number: night.number,
            date: night.date.to_string(),
            rows: rows("in"),
            medfee_sumamt: money("in"),
            pended: rows("pended"),
            pended_medfee_sumamt: money("pended"),
            rejected: rows("rejected"),
            late: ledger["late_rows"].as_u64().unwrap_or_default(),
            retried: ledger["open_items"]["retried"].as_u64().unwrap_or_default(),
            skipped: ledger["skipped"].as_array().map_or(0, |skipped| skipped.len() as u64),
            rules_sha256: night.rules_sha256.clone(),
            rules_changed: before.is_some_and(|before| before.rules_sha256 != night.rules_sha256),
            bytes: night.volume.manifest_bytes() + night.volume.files().iter().map(|file| file.bytes).sum::<u64>(),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "night": self.number,
            "date": self.date,
            "rows": self.rows,
            "medfee_sumamt": self.medfee_sumamt,
            "pended_rows": self.pended,
            "pended_medfee_sumamt": self.pended_medfee_sumamt,
            "rejected_rows": self.rejected,
            "late_rows": self.late,
            "open_items_retried": self.retried,
            "skipped_files": self.skipped,
            "rules_sha256": self.rules_sha256,
            "rules_changed": self.rules_changed,
            "bytes": self.bytes,
        })
    }
}

impl Status {
    /// Reads it off the manifests. `ages` are those of the last night's open items.
    #[must_use]
    pub fn of(ledger: &Ledger, usage: Usage, ages: BTreeMap<u32, Age>) -> Self {
        let nights = ledger.nights();
        let before = std::iter::once(None).chain(nights.iter().map(Some));
        Self {
            folder: ledger.folder().display().to_string(),
            nights: nights.iter().zip(before).map(|(night, before)| NightLine::of(night, before)).collect(),
            bases: ledger.view().bases.iter().map(|base| base.through).collect(),
            usage,
            ages,
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let last = self.nights.last();
        let Usage { nights, bases, inputs, rules, removed } = self.usage;
        json!({
            "ledger": self.folder,
            "watermark": last.map(|night| &night.date),
            "open_items": last.map(|night| json!({
                "rows": night.pended,
                "medfee_sumamt": night.pended_medfee_sumamt,
                "since_night": self.ages.iter().map(|(since, age)| json!({
                    "night": since, "date": self.date_of(*since), "rows": age.rows, "reasons": age.by_reason,
                })).collect::<Vec<_>>(),
            })),
            "bases": self.bases,
            "bytes": {
                "nights": nights, "bases": bases, "inputs": inputs, "rules": rules, "removed": removed,
                "total": self.usage.total(),
            },
            "nights": self.nights.iter().map(NightLine::to_json).collect::<Vec<_>>(),
        })
    }

    fn date_of(&self, night: u32) -> &str {
        let found = self.nights.iter().find(|line| line.number == night);
        found.map_or("", |line| line.date.as_str())
    }

    /// As text: a line for each night, then what is open and what the disk holds.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let Some(last) = self.nights.last() else {
            let folder = &self.folder;
            return if zh { format!("{folder}：尚无批次\n") } else { format!("{folder}: no night yet\n") };
        };
        let (folder, count, watermark) = (&self.folder, self.nights.len(), &last.date);
        let mut text = if zh {
            format!("{folder}：{count} 批，截至 {watermark}\n\n")
        } else {
            format!("{folder}: nights: {count}, watermark {watermark}\n\n")
        };
        text += &self.table(zh);
        let (rows, money) = (grouped(last.pended), grouped(&last.pended_medfee_sumamt));
        text += &if zh {
            format!("\n  挂起记录：{rows} 行，{money} 元；最后一批重新处理：{}\n", last.retried)
        } else {
            format!("\n  open items: {rows} rows, {money} yuan; tried again in the last night: {}\n", last.retried)
        };
        for (since, age) in &self.ages {
            let (date, rows) = (self.date_of(*since), grouped(age.rows));
            let reasons = age.by_reason.iter().map(|(reason, rows)| format!("{reason} {}", grouped(rows)));
            let reasons = reasons.collect::<Vec<_>>().join(", ");
            text += &if zh {
                format!("    自第 {since} 批（{date}）：{rows} 行（{reasons}）\n")
            } else {
                format!("    since night {since} ({date}): {rows} rows ({reasons})\n")
            };
        }
        if !self.bases.is_empty() {
            let bases: Vec<String> = self.bases.iter().map(u32::to_string).collect();
            let bases = bases.join(", ");
            text += &if zh {
                format!("  合并基线至：{bases}\n")
            } else {
                format!("  merged through night: {bases}\n")
            };
        }
        let Usage { nights, bases, inputs, rules, removed } = self.usage;
        let [total, nights, bases, inputs, rules, removed] =
            [self.usage.total(), nights, bases, inputs, rules, removed].map(grouped);
        text += &if zh {
            format!(
                "  磁盘 {total} 字节：各批 {nights}，基线 {bases}，输入存档 {inputs}，规则存档 {rules}，已撤回 {removed}\n"
            )
        } else {
            format!(
                "  {total} bytes: nights {nights}, bases {bases}, inputs {inputs}, rules {rules}, removed {removed}\n"
            )
        };
        text
    }

    fn table(&self, zh: bool) -> String {
        const WIDTHS: [usize; 9] = [7, 12, 13, 22, 10, 10, 8, 15, 14];
        let head = if zh {
            ["批次", "日期", "行数", "医疗费总额（元）", "挂起", "退回", "迟到", "字节", "规则"]
        } else {
            ["night", "date", "rows", "medfee_sumamt", "pended", "rejected", "late", "bytes", "rules"]
        };
        let line = |cells: [String; 9]| -> String {
            let cells: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| pad_left(cell, width)).collect();
            cells.concat() + "\n"
        };
        let mut text = line(head.map(str::to_owned));
        for night in &self.nights {
            let digest: String = night.rules_sha256.chars().take(8).collect();
            // A star where the pack is not that of the night before.
            let rules = if night.rules_changed { format!("* {digest}") } else { digest };
            text += &line([
                night.number.to_string(),
                night.date.clone(),
                grouped(night.rows),
                grouped(&night.medfee_sumamt),
                grouped(night.pended),
                grouped(night.rejected),
                grouped(night.late),
                grouped(night.bytes),
                rules,
            ]);
        }
        text
    }
}

/// What was compared, as JSON; the findings are the caller's to add.
#[must_use]
pub fn verification_to_json(done: &Verification) -> Value {
    json!({
        "nights": done.nights,
        "bases": done.bases,
        "files": done.files,
        "bytes": done.bytes,
        "inputs": done.inputs,
        "rule_packs": done.rule_packs,
        "whole": done.found.is_empty(),
    })
}

/// What is wrong, and what was compared.
#[must_use]
pub fn render_verification(done: &Verification, lang: Lang) -> String {
    let mut text: String = done.found.iter().map(|found| found.render(lang) + "\n").collect();
    let [nights, bases, files, bytes, inputs, packs] =
        [done.nights.into(), done.bases.into(), done.files, done.bytes, done.inputs, done.rule_packs].map(grouped);
    let found = done.found.len();
    text += &match lang {
        Lang::En => format!(
            "compared: nights {nights}, bases {bases}, files {files} ({bytes} bytes), archived inputs {inputs}, rule packs {packs}\n"
        ),
        Lang::Zh => format!(
            "已核对：{nights} 批，{bases} 个基线，{files} 个文件（{bytes} 字节），{inputs} 个存档输入，{packs} 个规则包\n"
        ),
    };
    text += &match (lang, found) {
        (Lang::En, 0) => "the ledger is whole\n".to_owned(),
        (Lang::Zh, 0) => "账本完好\n".to_owned(),
        (Lang::En, _) => format!("findings: {found}\n"),
        (Lang::Zh, _) => format!("发现 {found} 项问题\n"),
    };
    text
}

/// What was taken out, as JSON.
#[must_use]
pub fn rollback_to_json(done: &RolledBack) -> Value {
    json!({
        "last_night": done.to,
        "removed_nights": done.nights,
        "removed_bases": done.bases,
        "kept_in": done.kept_in.as_ref().map(|folder| folder.display().to_string()),
    })
}

/// What was taken out.
#[must_use]
pub fn render_rollback(done: &RolledBack, lang: Lang) -> String {
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let to = done.to;
    let Some(kept_in) = &done.kept_in else {
        return match lang {
            Lang::En => format!("night {to} is the last one already; nothing was moved\n"),
            Lang::Zh => format!("第 {to} 批已是最后一批，无需移动\n"),
        };
    };
    let (nights, kept_in) = (list(&done.nights), kept_in.display());
    let bases = match (lang, done.bases.is_empty()) {
        (_, true) => String::new(),
        (Lang::En, false) => format!(", and the bases through {}", list(&done.bases)),
        (Lang::Zh, false) => format!("，以及至第 {} 批的基线", list(&done.bases)),
    };
    match lang {
        Lang::En => format!("taken out: nights {nights}{bases}; kept in {kept_in}\nthe last night is {to}\n"),
        Lang::Zh => format!("已撤回：第 {nights} 批{bases}；保存在 {kept_in}\n现最后一批为第 {to} 批\n"),
    }
}
