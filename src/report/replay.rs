//! What a replay of nights found: who would have paid what, had they been adjudicated now.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::balance::yuan;
use super::summary::grouped;
use super::words::money_name;
use crate::columnar::reconciled::{self, FIELDS, field};
use crate::diagnostic::Lang;

/// Number of compared money columns.
pub const COMPARED: usize = FIELDS + 1;

/// Money columns that are compared: what was computed, not what was billed. A reconciliation compares the same, but
/// for the hospital's part.
pub const COMPARED_COLUMNS: [&str; COMPARED] = reconciled::with("hosp_part_amt", field::PERSON);

/// Sums before and after, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Settlements that differ.
    pub settlements: u64,
    /// As the ledger has it.
    pub before: [i128; COMPARED],
    /// As it is computed now.
    pub after: [i128; COMPARED],
}

/// What differs between the ledger and a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Settlements compared.
    pub settlements: u64,
    /// Those that differ.
    pub changed: u64,
    /// Persons with one that differs.
    pub persons: u64,
    /// By pool and insurance type: sums over all their settlements.
    pub funds: BTreeMap<(String, String), Change>,
}

/// What is said at the end of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// First night adjudicated again.
    pub first: u32,
    /// Last one.
    pub last: u32,
    /// Digest of the rules.
    pub rules_sha256: String,
    /// Nights of the range that had other rules.
    pub other_rules: Vec<u32>,
    /// What differs.
    pub delta: Delta,
    /// Where the outputs are.
    pub out: String,
}

impl ReplayReport {
    /// As a person reads it.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let (first, last, delta) = (self.first, self.last, &self.delta);
        let [settlements, changed, persons] = [delta.settlements, delta.changed, delta.persons].map(grouped);
        let mut text = if zh {
            format!(
                "重算第 {first} 至 {last} 批 → {}\n  {settlements} 笔结算，{changed} 笔有差异，涉及 {persons} 人\n",
                self.out
            )
        } else {
            format!(
                "nights {first} to {last} adjudicated again -> {}\n  {settlements} settlements, {changed} differ, of {persons} persons\n",
                self.out
            )
        };
        if !self.other_rules.is_empty() {
            let nights = self.other_rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            text += &if zh {
                format!("  当时使用其他规则包的批次：{nights}\n")
            } else {
                format!("  nights that had other rules: {nights}\n")
            };
        }
        for ((pool, insutype), change) in &delta.funds {
            if change.settlements == 0 {
                continue;
            }
            let rows = grouped(change.settlements);
            text += &if zh {
                format!("\n  统筹区 {pool}，险种 {insutype}：{rows} 笔\n")
            } else {
                format!("\n  pool {pool}, insurance type {insutype}: {rows} settlements\n")
            };
            for (index, column) in COMPARED_COLUMNS.iter().enumerate() {
                let (before, after) = (change.before[index], change.after[index]);
                if before == after {
                    continue;
                }
                let [before, after, more] = [before, after, after - before].map(|fen| grouped(yuan(fen)));
                let name = money_name(column, lang);
                text += &format!("    {column:<18}{before:>20} -> {after:>20}  {more:>18}  {name}\n");
            }
        }
        text
    }

    /// The same for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let funds = self.delta.funds.iter().map(|((pool, insutype), change)| {
            let mut money = Map::new();
            for (index, column) in COMPARED_COLUMNS.iter().enumerate() {
                let (before, after) = (change.before[index], change.after[index]);
                let value = json!({"before": yuan(before), "after": yuan(after), "delta": yuan(after - before)});
                money.insert((*column).to_owned(), value);
            }
            json!({"pool": pool, "insutype": insutype, "changed": change.settlements, "money_yuan": money})
        });
        json!({
            "first_night": self.first,
            "last_night": self.last,
            "rules_sha256": self.rules_sha256,
            "nights_of_other_rules": self.other_rules,
            "settlements": self.delta.settlements,
            "changed": self.delta.changed,
            "persons_changed": self.delta.persons,
            "funds": funds.collect::<Vec<_>>(),
            "out": self.out,
        })
    }
}
