//! What a reconciliation found, as a person reads it and as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::balance::{Tally, yuan};
use super::summary::{grouped, pad_left, padded};
use super::words::{cause_name, money_name, result_name};
use crate::adjudicate::settle::Amounts;
use crate::columnar::reconciled::{COMPARED, FIELDS, FieldSet, field};
use crate::diagnostic::Lang;
use crate::model::money::Fen;

/// Computed amounts as the compared fields. Where the scheme's paid fund total includes the account, so does this.
#[inline]
#[must_use]
pub fn compared(amounts: &Amounts, fund_total_has_account: bool) -> [Fen; FIELDS] {
    let [civil, enterprise, critical, large, aid, other] = amounts.payers;
    let account = if fund_total_has_account { amounts.account } else { Fen::ZERO };
    let funds = amounts.funds() + account;
    [
        amounts.deductible,
        amounts.basic,
        civil,
        enterprise,
        critical,
        large,
        aid,
        other,
        funds,
        amounts.person,
        amounts.account,
        amounts.cash(),
    ]
}

/// Result codes of a settlement number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Every compared field agrees.
    Agrees,
    /// Only computed.
    OnlyComputed,
    /// Only paid.
    OnlyPaid,
    /// Amounts differ.
    Differs,
    /// The number stands more than once on one side.
    Duplicate,
    /// Pended or rejected.
    NotComputable,
}

impl Outcome {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] =
        [Self::Agrees, Self::OnlyComputed, Self::OnlyPaid, Self::Differs, Self::Duplicate, Self::NotComputable];

    /// Its bit in the exit status.
    #[must_use]
    pub const fn exit_bit(self) -> u8 {
        match self {
            Self::Agrees => 0,
            Self::Differs => 1,
            Self::OnlyComputed => 2,
            Self::OnlyPaid => 4,
            Self::Duplicate => 8,
            Self::NotComputable => 16,
        }
    }
}

/// What was counted of one result code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeTally {
    /// Settlement numbers.
    pub numbers: u64,
    /// Rows of the run, and their `medfee_sumamt` where they were accepted.
    pub run: Tally,
    /// Rows of the paid side, and the sum of the measured field.
    pub paid: Tally,
}

/// What was counted of one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CauseTally {
    /// Settlements.
    pub rows: u64,
    /// Of them those that other causes reproduce as well.
    pub shared: u64,
    /// Sum of the differences of the measured field.
    pub net: i128,
    /// Sum of their absolute values.
    pub gross: i128,
}

/// Differences of one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldTally {
    /// Settlements with result 3 in which it differs.
    pub rows: u64,
    /// Sum of the differences.
    pub net: i128,
    /// Sum of their absolute values.
    pub gross: i128,
}

/// What was found, chunk by chunk and in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// By result code.
    pub by_code: [CodeTally; 6],
    /// By cause, of settlements with result 3.
    pub by_cause: BTreeMap<String, CauseTally>,
    /// By field, of settlements with result 3.
    pub by_field: [FieldTally; FIELDS],
}

impl Found {
    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Self) {
        for (mine, other) in self.by_code.iter_mut().zip(other.by_code) {
            mine.numbers += other.numbers;
            mine.run.merge(&other.run);
            mine.paid.merge(&other.paid);
        }
        for (cause, other) in other.by_cause {
            let mine = self.by_cause.entry(cause).or_default();
            mine.rows += other.rows;
            mine.shared += other.shared;
            mine.net += other.net;
            mine.gross += other.gross;
        }
        for (mine, other) in self.by_field.iter_mut().zip(other.by_field) {
            mine.rows += other.rows;
            mine.net += other.net;
            mine.gross += other.gross;
        }
    }
}

/// Everything that is said at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileReport {
    /// What was found.
    pub found: Found,
    /// Rows of the run, and their `medfee_sumamt`.
    pub run: Tally,
    /// Rows of the run that name no settlement or no person: they were rejected.
    pub run_without_number: u64,
    /// `medfee_sumamt` of rejected rows as they were read.
    pub run_rejected_total: i128,
    /// Rows of the paid side, and the sum of the measured field.
    pub paid: Tally,
    /// Rows on the paid side that name no settlement.
    pub paid_without_number: u64,
    /// Rows of the claims in which no compared field has a value: they are not on the paid side.
    pub unpaid: u64,
    /// Where what was paid comes from; empty: the claims' own columns.
    pub paid_files: Vec<String>,
    /// Fields that were compared.
    pub fields: FieldSet,
    /// What each field may be off by, in fen.
    pub tolerance: [Fen; FIELDS],
    /// The output folder of the run.
    pub of_run: String,
    /// Where the outputs are.
    pub out: String,
}

/// In which field causes are measured: the first of these that was compared.
const MEASURES: [usize; FIELDS] =
    [field::FUNDS, field::BASIC, field::PERSON, field::CASH, field::ACCOUNT, field::DEDUCTIBLE, 2, 3, 4, 5, 6, 7];

/// The field in which money at stake is measured.
#[must_use]
pub fn measured(fields: FieldSet) -> usize {
    MEASURES.into_iter().find(|&field| fields.has(field)).unwrap_or(field::FUNDS)
}

impl ReconcileReport {
    /// The exit status: a bit for every result code but 0 that some number has. Rejected rows that name no settlement
    /// have no line, but they could not be computed either.
    #[must_use]
    pub fn exit_bits(&self) -> u8 {
        let found = Outcome::ALL.into_iter().zip(&self.found.by_code).filter(|(_, tally)| tally.numbers > 0);
        let bits = found.fold(0, |bits, (outcome, _)| bits | outcome.exit_bit());
        if self.run_without_number > 0 { bits | Outcome::NotComputable.exit_bit() } else { bits }
    }

    /// Causes, largest first.
    #[must_use]
    pub fn causes(&self) -> Vec<(&str, CauseTally)> {
        let mut causes: Vec<(&str, CauseTally)> =
            self.found.by_cause.iter().map(|(code, tally)| (code.as_str(), *tally)).collect();
        causes.sort_by(|(a_code, a), (b_code, b)| (b.gross, b.rows).cmp(&(a.gross, a.rows)).then(a_code.cmp(b_code)));
        causes
    }

    /// Fields the paid side does not have.
    #[must_use]
    pub fn skipped(&self) -> Vec<&'static str> {
        (0..FIELDS).filter(|&field| !self.fields.has(field)).map(|field| COMPARED[field]).collect()
    }

    /// Whether every row of both sides went into a result code, in count and in money.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let (mut run, mut paid) = (Tally::default(), Tally::default());
        for tally in &self.found.by_code {
            run.merge(&tally.run);
            paid.merge(&tally.paid);
        }
        run.rows += self.run_without_number;
        run.total_fen += self.run_rejected_total;
        run == self.run && paid == self.paid
    }

    fn tolerances(&self) -> Vec<(&'static str, Fen)> {
        let given = (0..FIELDS).filter(|&field| self.tolerance[field] > Fen::ZERO);
        given.map(|field| (COMPARED[field], self.tolerance[field])).collect()
    }

    /// As a person reads it.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let measured = COMPARED[measured(self.fields)];
        let mut text = self.head(lang);
        let heads = if zh {
            ["结果", "结算笔数", "计算侧行数", "医疗费总额（元）", "支付侧行数", &format!("{measured}（元）")]
        } else {
            ["result", "numbers", "rows of run", "medfee_sumamt, yuan", "rows paid", &format!("{measured}, yuan")]
        };
        text += &format!(
            "  {}{}{}{}{}{}\n",
            padded(heads[0], 22),
            pad_left(heads[1], 12),
            pad_left(heads[2], 14),
            pad_left(heads[3], 24),
            pad_left(heads[4], 12),
            pad_left(heads[5], 26)
        );
        let mut line = |name: &str, numbers: Option<u64>, run: Option<Tally>, paid: Option<Tally>| {
            let rows = |tally: Option<Tally>| tally.map_or(String::new(), |tally| grouped(tally.rows));
            let money = |tally: Option<Tally>| tally.map_or(String::new(), |tally| grouped(yuan(tally.total_fen)));
            text += &format!(
                "  {}{:>12}{:>14}{:>24}{:>12}{:>26}\n",
                padded(name, 22),
                numbers.map_or(String::new(), grouped),
                rows(run),
                money(run),
                rows(paid),
                money(paid)
            );
        };
        for (outcome, tally) in Outcome::ALL.into_iter().zip(&self.found.by_code) {
            let name = format!("{} {}", outcome as u8, result_name(outcome, lang));
            line(&name, Some(tally.numbers), Some(tally.run), Some(tally.paid));
        }
        if self.run_without_number > 0 || self.run_rejected_total != 0 {
            let rest = Tally { rows: self.run_without_number, total_fen: self.run_rejected_total };
            line(if zh { "无结算ID与退回金额" } else { "no number; rejected" }, None, Some(rest), None);
        }
        line(if zh { "合计" } else { "sum" }, None, Some(self.run), Some(self.paid));
        text += match (self.is_balanced(), zh) {
            (true, true) => "  平衡：两侧各行均归入一个结果，行数与金额一致\n",
            (true, false) => "  balanced: every row of both sides has one result, in count and in money\n",
            (false, true) => "  不平衡\n",
            (false, false) => "  NOT BALANCED\n",
        };
        text + &self.render_fields(lang) + &self.render_causes(lang)
    }

    fn head(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let from = match (self.paid_files.is_empty(), zh) {
            (true, false) => "the claims' own paid columns".to_owned(),
            (true, true) => "结算记录自带的支付列".to_owned(),
            (false, _) => self.paid_files.join(", "),
        };
        let tolerance: Vec<String> = self.tolerances().iter().map(|(name, fen)| format!("{name} {fen}")).collect();
        let tolerance = if tolerance.is_empty() { "0".to_owned() } else { tolerance.join(", ") };
        let mut text = if zh {
            format!("{} 与 {from} 对账 → {}\n容差（元）：{tolerance}\n", self.of_run, self.out)
        } else {
            format!("{} against {from} -> {}\ntolerance, yuan: {tolerance}\n", self.of_run, self.out)
        };
        let skipped = self.skipped();
        if !skipped.is_empty() {
            let list = skipped.join(", ");
            text += &if zh {
                format!("支付侧没有、未比对的字段：{list}\n")
            } else {
                format!("not compared, as the paid side does not have them: {list}\n")
            };
        }
        if self.unpaid > 0 {
            let count = grouped(self.unpaid);
            text += &if zh {
                format!("没有任何支付金额的结算记录：{count} 行\n")
            } else {
                format!("claims without any paid amount: {count} rows\n")
            };
        }
        text.push('\n');
        text
    }

    fn render_fields(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let mut text = String::new();
        let differing = (0..FIELDS).filter(|&field| self.found.by_field[field].rows > 0);
        for (index, field) in differing.enumerate() {
            if index == 0 {
                text += if zh {
                    "\n  数据不一致的字段：笔数，净差（支付减计算），差额绝对值合计（元）\n"
                } else {
                    "\n  fields that differ: settlements, net (paid - computed), gross (all differences), yuan\n"
                };
            }
            let tally = self.found.by_field[field];
            text += &format!(
                "  {}{}{:>12}{:>22}{:>22}\n",
                padded(COMPARED[field], 18),
                padded(money_name(COMPARED[field], lang), 30),
                grouped(tally.rows),
                grouped(yuan(tally.net)),
                grouped(yuan(tally.gross))
            );
        }
        text
    }

    fn render_causes(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let measured = COMPARED[measured(self.fields)];
        let mut text = String::new();
        for (index, (code, tally)) in self.causes().into_iter().enumerate() {
            if index == 0 {
                text += &if zh {
                    format!("\n  差异原因，按 {measured} 差额绝对值由大到小：笔数，净差，差额绝对值合计（元）\n")
                } else {
                    format!(
                        "\n  causes by {measured}, largest first: settlements, net (paid - computed), gross, yuan\n"
                    )
                };
            }
            text += &format!(
                "  {}{:>12}{:>22}{:>22}  {}\n",
                padded(code, 34),
                grouped(tally.rows),
                grouped(yuan(tally.net)),
                grouped(yuan(tally.gross)),
                cause_name(code, lang)
            );
        }
        text
    }

    /// As JSON: without a clock, so that the same inputs give the same bytes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let tally = |tally: Tally, money: &str| json!({"rows": tally.rows, money: yuan(tally.total_fen)});
        let measured = COMPARED[measured(self.fields)];
        let results: Map<String, Value> = Outcome::ALL
            .into_iter()
            .zip(&self.found.by_code)
            .map(|(outcome, found)| {
                let value = json!({
                    "meaning": result_name(outcome, Lang::En),
                    "numbers": found.numbers,
                    "run": tally(found.run, "medfee_sumamt"),
                    "paid": tally(found.paid, measured),
                });
                ((outcome as u8).to_string(), value)
            })
            .collect();
        let causes = self.causes().into_iter().map(|(code, found)| {
            json!({"cause": code, "settlements": found.rows, "shared": found.shared,
                "net": yuan(found.net), "gross": yuan(found.gross)})
        });
        let fields = self.fields.iter().map(|field| {
            let found = self.found.by_field[field];
            let value = json!({"tolerance": self.tolerance[field].to_string(), "settlements": found.rows,
                "net": yuan(found.net), "gross": yuan(found.gross)});
            (COMPARED[field].to_owned(), value)
        });
        json!({
            "run": self.of_run,
            "paid": if self.paid_files.is_empty() { json!("claims") } else { json!(self.paid_files) },
            "not_compared": self.skipped(),
            "fields": fields.collect::<Map<String, Value>>(),
            "balance": {
                "run": tally(self.run, "medfee_sumamt"),
                "run_without_number": {"rows": self.run_without_number},
                "run_rejected": {"medfee_sumamt": yuan(self.run_rejected_total)},
                "paid": tally(self.paid, measured),
                "paid_without_number": {"rows": self.paid_without_number},
                "claims_without_payment": {"rows": self.unpaid},
                "results": results,
                "balanced": self.is_balanced(),
            },
            "measured_by": measured,
            "causes": causes.collect::<Vec<_>>(),
        })
    }
}
