//! One settlement, step by step, from the kernel's own trace: every number, the rule rows that decided, their
//! sources, the accumulators before and after. As text and as JSON, in Chinese and English.

use serde_json::{Map, Value, json};

use super::adjudicated::money;
use super::explain_steps::{Line, line};
use super::page::{Cell, Detail};
use super::privacy::Persons;
use super::words::{money_name, reason_name, status_name};
use crate::adjudicate::accumulators::Accumulators;
use crate::adjudicate::person::Outcome;
use crate::adjudicate::trace::Step;
use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY};
use crate::columnar::words::Words;
use crate::diagnostic::{Lang, Text};
use crate::model::money::Fen;
use crate::model::settlement::{Arenas, Claim};
use crate::rules::layout::{Kind, Table};
use crate::rules::pack::RulePack;

/// A settlement with its trace.
pub struct Explanation<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What became of it.
    pub outcome: &'a Outcome,
    /// How.
    pub steps: &'a [Step],
    /// Text of the pack.
    pub pack: &'a RulePack,
    /// The words that numbers stand for.
    pub words: Words<'a>,
    /// `setl_id` of the settlement that this one reverses.
    pub original: Option<String>,
    /// How the person's number is shown.
    pub persons: &'a Persons,
}

/// `setl_id` of the settlement that a claim reverses, by its steps; `claims` are all of the person.
#[must_use]
pub fn original_of(arenas: &Arenas, claims: &[Claim], claim: &Claim, steps: &[Step]) -> Option<String> {
    let id = steps.iter().find_map(|step| match step {
        Step::Reversal { original } => Some(arenas.setl_id(claims[*original].text)),
        Step::ReversalOfEarlier { .. } => Some(arenas.init_setl_id(claim.text)),
        _ => None,
    });
    id.map(|id| String::from_utf8_lossy(id).into_owned())
}

/// A rule row as it is cited.
struct Cited {
    table: &'static str,
    rule_id: String,
    place: String,
    source: Option<Source>,
    note: String,
}

struct Source {
    title: String,
    document_no: String,
    url: String,
    trust: String,
}

fn cite(pack: &RulePack, table: Table, row: u32) -> Cited {
    let (rows, row) = (pack.table(table), row as usize);
    let sources = pack.table(Table::Sources);
    let has_source = table.layout().columns.iter().any(|column| column.kind == Kind::SourceId);
    let source_id = if has_source { rows.cell(row, "source_id") } else { "" };
    let source = (0..sources.rows.len()).find(|&source| !source_id.is_empty() && sources.rule_id(source) == source_id);
    let cell = |source: usize, column: &str| sources.cell(source, column).to_owned();
    Cited {
        table: table.layout().name,
        rule_id: rows.rule_id(row).to_owned(),
        place: format!("{}:{}", rows.file, rows.rows[row].line),
        source: source.map(|source| Source {
            title: cell(source, "title"),
            document_no: cell(source, "document_no"),
            url: cell(source, "url"),
            trust: cell(source, "trust"),
        }),
        note: rows.cell(row, "note").to_owned(),
    }
}

impl Explanation<'_> {
    fn text_of(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn setl_id(&self) -> String {
        self.text_of(self.words.arenas.setl_id(self.claim.text))
    }

    fn person(&self) -> String {
        self.persons.person_of(self.words.arenas.person(self.claim.text))
    }

    /// The steps, the money and the rule rows that decided, as a row of a table is opened.
    #[must_use]
    pub fn details(&self) -> Vec<Detail> {
        let lines = self.lines();
        let cell = |amount: Option<Fen>| amount.map_or(Cell::Empty, |fen| Cell::Money(fen.0.into()));
        let steps = lines.iter().map(|line| (cell(line.amount), line.text.clone())).collect();
        let named = |lang: Lang| {
            let reasons =
                self.outcome.reasons.iter().map(|reason| format!("; {} {}", reason.word(), reason_name(reason, lang)));
            format!("{}{}", status_name(self.outcome.status, lang), reasons.collect::<String>())
        };
        let status = Text::new(named(Lang::En), named(Lang::Zh));
        let rules = self.cited(&lines).into_iter().map(|rule| {
            let source = rule.source.map_or_else(String::new, |source| {
                let number =
                    if source.document_no.is_empty() { String::new() } else { format!(", {}", source.document_no) };
                format!(": {}{number} [{}]", source.title, source.trust)
            });
            (Text::new(rule.table, rule.table), Cell::text(format!("{} ({}){source}", rule.rule_id, rule.place)))
        });
        vec![
            Detail::Words(Text::new("Status", "状态"), status),
            Detail::Steps(Text::new("How it is computed, yuan", "计算过程（元）"), steps),
            Detail::Facts(Text::new("Rule rows that decided", "依据的规则"), rules.collect()),
        ]
    }

    /// The steps in words.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.steps.iter().filter_map(|step| line(step, self)).collect()
    }

    /// Rows that decided, once each, in the order in which they did.
    fn cited(&self, lines: &[Line]) -> Vec<Cited> {
        let mut seen: Vec<(Table, u32)> = Vec::new();
        for &rule in lines.iter().flat_map(|line| &line.rules) {
            if !seen.contains(&rule) {
                seen.push(rule);
            }
        }
        seen.into_iter().map(|(table, row)| cite(self.pack, table, row)).collect()
    }

    /// The accumulators before and after, where the settlement reached them.
    fn accumulators(&self) -> (Option<&Accumulators>, Option<&Accumulators>) {
        let before = self.steps.iter().find_map(|step| match step {
            Step::Before { accumulators } => Some(&**accumulators),
            _ => None,
        });
        let after = self.steps.iter().rev().find_map(|step| match step {
            Step::After { accumulators } => Some(&**accumulators),
            _ => None,
        });
        (before, after)
    }

    /// The explanation as text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        let lines = self.lines();
        let claim = self.claim;
        let person = self.person();
        let institution = self.text_of(self.words.arenas.institution(claim.text));
        let status = status_name(self.outcome.status, lang);
        let (id, (file, row)) = (self.setl_id(), self.words.sources.of(claim.file, claim.row));
        let insutype = self.words.insutype(claim.insutype);
        let mut text = if zh {
            format!(
                "结算 {id}，人员 {person}，险种 {insutype}：{status}\n  机构 {institution}，{} 至 {}，结算时间 {}；{file} 第 {} 行数据\n",
                claim.begndate, claim.enddate, claim.setl_time, row
            )
        } else {
            format!(
                "settlement {id} of person {person}, insurance type {insutype}: {status}\n  institution {institution}, {} to {}, settled {}; {file}, data row {}\n",
                claim.begndate, claim.enddate, claim.setl_time, row
            )
        };
        for reason in self.outcome.reasons.iter() {
            text += &format!("  {}  {}\n", reason.word(), reason_name(reason, lang));
        }
        if let Some(original) = &self.original {
            text += &if zh {
                format!("  冲正结算 {original}：金额为其相反数\n")
            } else {
                format!("  reverses settlement {original}: its exact negative\n")
            };
        }
        text += "\n";
        for line in &lines {
            let amount = line.amount.map_or_else(String::new, |amount| amount.to_string());
            text += &format!("  {amount:>18}  {}\n", line.text.get(lang));
        }
        self.render_money(&mut text, lang);
        self.render_rules(&mut text, &lines, zh);
        self.render_accumulators(&mut text, zh);
        text
    }

    fn render_money(&self, text: &mut String, lang: Lang) {
        text.push_str(if lang == Lang::Zh { "\n  结果（元）\n" } else { "\n  result, yuan\n" });
        for (index, amount) in money(self.claim, self.outcome).into_iter().enumerate() {
            let column = COLUMNS[FIRST_MONEY + index].0;
            if amount.0 != 0 || matches!(column, "hifp_pay" | "psn_cash_pay") {
                *text += &format!("  {amount:>18}  {column:<18} {}\n", money_name(column, lang));
            }
        }
    }

    fn render_rules(&self, text: &mut String, lines: &[Line], zh: bool) {
        let cited = self.cited(lines);
        if cited.is_empty() {
            return;
        }
        text.push_str(if zh { "\n  依据的规则\n" } else { "\n  rule rows that decided\n" });
        for rule in cited {
            *text += &format!("  {} {}  ({})\n", rule.table, rule.rule_id, rule.place);
            if let Some(source) = rule.source {
                let number =
                    if source.document_no.is_empty() { String::new() } else { format!(", {}", source.document_no) };
                let label = if zh { "来源" } else { "source" };
                let trust = if zh { "可信度" } else { "trust" };
                let line = format!("      {label}: {}{number} [{trust} {}] {}", source.title, source.trust, source.url);
                *text += line.trim_end();
                text.push('\n');
            }
            if !rule.note.is_empty() {
                *text += &format!("      {}\n", rule.note);
            }
        }
    }

    fn render_accumulators(&self, text: &mut String, zh: bool) {
        let (before, after) = self.accumulators();
        let Some(after) = after else { return };
        let empty = Accumulators::default();
        let before = before.unwrap_or(&empty);
        text.push_str(if zh {
            "\n  变动的累计（前 → 后）\n"
        } else {
            "\n  accumulators that moved (before -> after)\n"
        });
        let rows_before = flat(before, self);
        for (name, value) in flat(after, self) {
            let was = rows_before.iter().find(|(known, _)| *known == name).map_or("0.00", |(_, value)| value);
            if was != value && !(was == "0.00" && value == "0") {
                *text += &format!("  {name}: {was} -> {value}\n");
            }
        }
    }

    /// The explanation as JSON.
    #[must_use]
    pub fn to_json(&self, lang: Lang) -> Value {
        let lines = self.lines();
        let claim = self.claim;
        let mut amounts = Map::new();
        for (index, amount) in money(claim, self.outcome).into_iter().enumerate() {
            amounts.insert(COLUMNS[FIRST_MONEY + index].0.to_owned(), json!(amount.to_string()));
        }
        let steps: Vec<Value> = lines
            .iter()
            .map(|line| {
                let rules: Vec<&str> = line.rules.iter().map(|&(table, row)| self.words.book.rule_id(table, row)).collect();
                json!({
                    "step": line.key,
                    "text": line.text.get(lang),
                    "amount": line.amount.map(|amount| amount.to_string()),
                    "numbers": line.numbers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
                    "rules": rules,
                })
            })
            .collect();
        let rules: Vec<Value> = self
            .cited(&lines)
            .into_iter()
            .map(|rule| {
                json!({
                    "table": rule.table, "rule_id": rule.rule_id, "at": rule.place, "note": rule.note,
                    "source": rule.source.map(|source| json!({
                        "title": source.title, "document_no": source.document_no, "url": source.url, "trust": source.trust,
                    })),
                })
            })
            .collect();
        let (before, after) = self.accumulators();
        let accumulators = |state: Option<&Accumulators>| {
            state.map(|state| {
                flat(state, self).into_iter().map(|(name, value)| (name, json!(value))).collect::<Map<_, _>>()
            })
        };
        json!({
            "setl_id": self.setl_id(),
            "psn_no": self.person(),
            "insutype": self.words.insutype(claim.insutype),
            "status": self.outcome.status.word(),
            "reasons": self.outcome.reasons.iter().map(|reason| reason.word()).collect::<Vec<_>>(),
            "reverses": self.original,
            "src_file": self.words.sources.of(claim.file, claim.row).0,
            "src_row": self.words.sources.of(claim.file, claim.row).1,
            "steps": steps,
            "amounts_yuan": amounts,
            "rules": rules,
            "accumulators": {"before": accumulators(before), "after": accumulators(after)},
        })
    }
}

/// Accumulators as names and values; money in yuan.
fn flat(state: &Accumulators, explained: &Explanation) -> Vec<(String, String)> {
    let words = explained.words;
    let scheme_name = |scheme: usize| {
        let scheme = &state.schemes[scheme];
        format!("{} {} {}", scheme.pool, words.insutype(scheme.insutype), scheme.year)
    };
    let bucket_name = |bucket: usize| {
        let bucket = &state.buckets[bucket];
        format!("{} {}", scheme_name(bucket.scheme), words.accumulator(bucket.accumulator))
    };
    let mut rows = Vec::new();
    let mut row = |name: String, value: String| rows.push((name, value));
    for (index, scheme) in state.schemes.iter().enumerate() {
        row(format!("{} counted_to_fund_cap", scheme_name(index)), scheme.counted.to_string());
    }
    for (index, bucket) in state.buckets.iter().enumerate() {
        let name = bucket_name(index);
        row(format!("{name} admissions"), bucket.admissions.to_string());
        row(format!("{name} deductible"), bucket.deductible.to_string());
        row(format!("{name} base"), bucket.base.to_string());
        row(format!("{name} pool_base"), bucket.pool_base.to_string());
        row(format!("{name} paid"), bucket.paid.to_string());
    }
    for (bucket, month, used) in state.months_as_met() {
        let name = format!("{} {:04}-{:02}", bucket_name(bucket), month / 12, month % 12 + 1);
        row(format!("{name} base"), used.base.to_string());
        row(format!("{name} paid"), used.paid.to_string());
    }
    for layer in &state.layers {
        let name = format!("{} layer {}", scheme_name(layer.scheme), layer.layer);
        row(format!("{name} base"), layer.base.to_string());
        row(format!("{name} paid"), layer.paid.to_string());
    }
    row("account_balance".to_owned(), state.balance.to_string());
    rows
}
