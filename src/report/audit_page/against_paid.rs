//! What was computed against what was paid: the part of the report that stands where somebody says what was paid.

use super::super::origin::Origin;
use super::super::overview::{By, Overview};
use super::super::page::{Cell, Detail, Fact, Part, Section, Table, Tone};
use super::super::privacy::Persons;
use super::super::reconciled::{Outcome, ReconcileReport, measured};
use super::super::summary::grouped;
use super::super::words::{cause_name, money_name, result_name};
use super::{EXPLAINED, figures, tables, text};
use crate::columnar::reconciled::COMPARED;
use crate::diagnostic::{Lang, Text};
use crate::model::money::Fen;

/// A reconciliation, to be shown.
pub struct AgainstPaid<'a> {
    /// What came of it.
    pub report: &'a ReconcileReport,
    /// The sums.
    pub overview: &'a Overview,
    /// How the first of the largest differences came about; at most [`EXPLAINED`].
    pub explained: &'a [Vec<Detail>],
    /// The totals (对总账).
    pub totals: &'a Table,
}

impl AgainstPaid<'_> {
    /// Name of the measured field.
    pub(super) fn measure(&self) -> &'static str {
        COMPARED[measured(self.report.fields)]
    }

    pub(super) fn lead(&self) -> Text {
        let (run, measure) = (&self.report.of_run, self.measure());
        text(
            format!(
                "Run {run}: what was computed against what was paid. Money in yuan; differences are paid less computed, in {measure}."
            ),
            format!("运行 {run}：计算结果与实际支付的比对。金额单位为元；差额为支付减计算，以 {measure} 计。"),
        )
    }

    pub(super) fn tiles(&self) -> Vec<Fact> {
        let found = &self.report.found;
        let of = |outcome: Outcome| found.by_code[outcome as usize].numbers;
        let numbers: u64 = found.by_code.iter().map(|tally| tally.numbers).sum();
        let agreeing = of(Outcome::Agrees);
        let share = |part: u64, lang| Cell::share(part.into(), numbers.into()).shown(lang);
        let listed = |lang: Lang| {
            let parts = Outcome::ALL[1..].iter().filter(|&&outcome| of(outcome) > 0);
            let parts: Vec<String> =
                parts.map(|&outcome| format!("{} {}", result_name(outcome, lang), grouped(of(outcome)))).collect();
            parts.join(if lang == Lang::Zh { "，" } else { ", " })
        };
        let attention = |is: bool| if is { Tone::Attention } else { Tone::Good };
        let net: i128 = self.overview.paid - self.overview.computed;
        let gross: i128 = self.overview.by[By::Insutype as usize].values().map(|sums| sums.gross).sum();
        let measure = self.measure();
        let mut tiles = vec![
            Fact::new("Settlements", "结算笔数", Cell::count(numbers)).noted(
                format!(
                    "{} rows computed, {} rows paid",
                    grouped(self.report.run.rows),
                    grouped(self.report.paid.rows)
                ),
                format!("计算侧 {} 行，支付侧 {} 行", grouped(self.report.run.rows), grouped(self.report.paid.rows)),
            ),
            Fact::new("Agree to the fen", "对平", Cell::count(agreeing))
                .noted(format!("{} of all", share(agreeing, Lang::En)), format!("占 {}", share(agreeing, Lang::Zh)))
                .meant(Tone::Good),
            Fact::new("Do not agree", "未对平", Cell::count(numbers - agreeing))
                .noted(listed(Lang::En), listed(Lang::Zh))
                .meant(attention(numbers > agreeing)),
            Fact::new("Net: paid less computed", "净差：支付减计算", Cell::Money(net))
                .noted(
                    format!("{measure}, {}", money_name(measure, Lang::En)),
                    format!("{measure} {}", money_name(measure, Lang::Zh)),
                )
                .meant(attention(net != 0)),
            Fact::new("Gross: all differences", "差额绝对值合计", Cell::Money(gross))
                .noted("without their signs: errors that cancel show here", "不计正负：相互抵消的差错在此可见")
                .meant(attention(gross != 0)),
        ];
        if let Some((code, tally)) = self.report.causes().first() {
            let name = |lang| format!("{code} {}", cause_name(code, lang));
            let fact = Fact::new("Largest cause, gross", "金额最大的差异原因", Cell::Money(tally.gross));
            tiles.push(fact.noted(name(Lang::En), name(Lang::Zh)).meant(Tone::Attention));
        }
        tiles
    }

    pub(super) fn balance_tile(&self) -> Fact {
        let (en, zh) = match self.report.is_balanced() {
            true => ("balanced", "平衡"),
            false => ("NOT BALANCED", "不平衡"),
        };
        let fact = Fact::new("Rows and money in and out", "行数与金额的去向", Cell::both(text(en, zh)));
        fact.noted("every row of both sides has one result", "两侧每一行有且只有一个结果")
            .meant(if self.report.is_balanced() { Tone::Good } else { Tone::Attention })
    }

    pub(super) fn causes_section(&self) -> Section {
        let mut parts = vec![Part::Figure(figures::bridge(self)), Part::Table(tables::causes(self))];
        parts.push(Part::Table(tables::fields(self)));
        Section {
            id: "causes",
            title: text("Money by cause", "差异原因"),
            note: text(
                "Each settlement whose amounts differ was computed again with one thing changed; the change that gives every paid amount to the fen is its cause.",
                "对金额不一致的每笔结算，逐项改变一个条件重新计算；能使每项支付金额分毫不差的改变，即为差异原因。",
            ),
            parts,
        }
    }

    pub(super) fn largest_section(&self, persons: &Persons) -> Section {
        let table = tables::differences(persons, self, EXPLAINED);
        let met = grouped(self.overview.differences_met);
        let title = text("Largest differences", "最大差异");
        if table.rows.is_empty() {
            let none = Part::Words(text("There are none.", "没有差异。"));
            return Section { id: "largest", title, note: Text::default(), parts: vec![none] };
        }
        let note = text(
            format!(
                "The largest {} of {met}, with the computation step by step in each row; all of them are in differences.csv.",
                table.rows.len()
            ),
            format!(
                "共 {met} 笔，此处为金额最大的 {} 笔，点开可见逐步计算过程；全部见 differences.csv。",
                table.rows.len()
            ),
        );
        Section { id: "largest", title, note, parts: vec![Part::Table(table)] }
    }

    pub(super) fn groups_section(&self, origin: &Origin) -> Section {
        let parts = [By::Pool, By::Insutype, By::Visit, By::Tier, By::Institution];
        Section {
            id: "groups",
            title: text("Where differences are", "差异分布"),
            note: text("Largest gross difference first.", "按差额绝对值合计由大到小。"),
            parts: parts.into_iter().map(|by| Part::Table(tables::groups(origin, self, by))).collect(),
        }
    }

    pub(super) fn flows_section(&self) -> Section {
        Section {
            id: "flows",
            title: text("Flows between provinces", "省际流向"),
            note: text("Where people are insured, and where they were treated.", "参保地与就医地。"),
            parts: vec![Part::Figure(figures::flows(self)), Part::Table(tables::flows(self))],
        }
    }

    pub(super) fn balance_section(&self) -> Section {
        Section {
            id: "balance",
            title: text("Balance", "平衡"),
            note: text(
                "Every row of both sides has exactly one result, in count and in money.",
                "两侧每一行有且只有一个结果，笔数与金额均已核对。",
            ),
            parts: vec![Part::Table(tables::balance(self))],
        }
    }

    /// How it was compared.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let report = self.report;
        let fields: Vec<&str> = report.fields.iter().map(|field| COMPARED[field]).collect();
        let loose: Vec<String> = (0..COMPARED.len())
            .filter(|&field| report.tolerance[field] > Fen::ZERO)
            .map(|field| format!("{} {}", COMPARED[field], report.tolerance[field]))
            .collect();
        let tolerance = if loose.is_empty() {
            Cell::both(text("none: to the fen", "无：精确到分"))
        } else {
            Cell::text(loose.join(", "))
        };
        let paid = if report.paid_files.is_empty() {
            Cell::both(text("the claims' own columns", "结算记录自身的支付字段"))
        } else {
            Cell::text(report.paid_files.join(", "))
        };
        let listed = |list: &[&str]| {
            if list.is_empty() { Cell::both(text("none", "无")) } else { Cell::text(list.join(", ")) }
        };
        vec![
            Fact::new("Paid, according to", "支付数据来源", paid),
            Fact::new("Compared", "比对字段", Cell::text(fields.join(", "))),
            Fact::new("Not compared: the paid side lacks them", "支付侧缺少、未比对", listed(&report.skipped())),
            Fact::new("Tolerance, yuan", "容差（元）", tolerance),
        ]
    }
}
