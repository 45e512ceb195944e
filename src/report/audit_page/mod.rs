//! The report that an auditor opens: what was run, whether it balances, where the money went, what was found. As a
//! page and as a workbook, from the same tables.

mod figures;
mod findings;
mod tables;

use rust_xlsxwriter::XlsxError;

use super::finding::{Finding, Standing};
use super::findings::FindingsReport;
use super::origin::{Origin, persons_fact};
use super::overview::{By, Overview};
use super::page::{Cell, Detail, Fact, Page, Part, Section, Table, Tone};
use super::privacy::Persons;
use super::reconciled::{Outcome, ReconcileReport, measured};
use super::summary::grouped;
use super::words::{cause_name, money_name, result_name};
use super::workbook::{self, Content, Sheet};
use crate::columnar::reconciled::COMPARED;
use crate::diagnostic::{Lang, Text};
use crate::model::money::Fen;

/// The most differences that are explained step by step.
pub const EXPLAINED: usize = 100;

/// What an audit found.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The findings, in the order in which they are told.
    pub findings: &'a [Finding],
    /// The checks, and what came of each.
    pub report: &'a FindingsReport,
}

/// Everything the report is made of.
pub struct AuditReport<'a> {
    /// What was run.
    pub origin: &'a Origin,
    /// The reconciliation.
    pub report: &'a ReconcileReport,
    /// The sums.
    pub overview: &'a Overview,
    /// What checks found.
    pub looked: Option<Looked<'a>>,
    /// How the first of the largest differences came about; at most [`EXPLAINED`].
    pub explained: &'a [Vec<Detail>],
    /// The totals (对总账).
    pub totals: &'a Table,
    /// How person numbers are shown.
    pub persons: &'a Persons,
}

fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text::new(en, zh)
}

impl AuditReport<'_> {
    /// Name of the measured field.
    fn measure(&self) -> &'static str {
        COMPARED[measured(self.report.fields)]
    }

    fn title() -> Text {
        text("Audit of medical-insurance settlements", "医保结算审计报告")
    }

    /// The page. It opens in `lang` and has both.
    #[must_use]
    pub fn page(&self, lang: Lang) -> Page {
        let measure = self.measure();
        let lead = text(
            format!(
                "Run {}: what was computed against what was paid. Money in yuan; differences are paid less computed, in {measure}.",
                self.report.of_run
            ),
            format!(
                "运行 {}：计算结果与实际支付的比对。金额单位为元；差额为支付减计算，以 {measure} 计。",
                self.report.of_run
            ),
        );
        let mut sections = vec![self.glance(), self.causes_section(), self.findings_section(), self.largest_section()];
        sections.extend([self.groups_section(), self.flows_section(), self.balance_section(), self.run_section()]);
        Page { title: Self::title(), lead, lang, stem: "audit", sections }
    }

    /// The workbook, in one language.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn workbook(&self, lang: Lang) -> Result<Vec<u8>, XlsxError> {
        let (causes, findings) = (tables::causes(self), findings::table(self.looked.as_ref(), self.persons));
        let differences = tables::differences(self, usize::MAX);
        let sheet = |en: &str, zh: &str, table| Sheet { name: text(en, zh), content: Content::Table(table) };
        let summary = Content::Facts(vec![
            (text("At a glance", "概览"), self.tiles()),
            (text("What was run", "运行信息"), self.run_facts()),
        ]);
        let sheets = [
            Sheet { name: text("summary", "概览"), content: summary },
            sheet("totals", "对总账", self.totals),
            sheet("differences", "差异", &differences),
            sheet("causes", "差异原因", &causes),
            sheet("findings", "疑点与线索", &findings),
        ];
        workbook::render(&Self::title(), &sheets, lang)
    }

    fn glance(&self) -> Section {
        Section {
            id: "glance",
            title: text("At a glance", "概览"),
            note: Text::default(),
            parts: vec![Part::Tiles(self.tiles())],
        }
    }

    fn tiles(&self) -> Vec<Fact> {
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
        tiles.push(self.findings_tile());
        let (en, zh) = match self.report.is_balanced() {
            true => ("balanced", "平衡"),
            false => ("NOT BALANCED", "不平衡"),
        };
        let fact = Fact::new("Rows and money in and out", "行数与金额的去向", Cell::both(text(en, zh)));
        tiles.push(
            fact.noted("every row of both sides has one result", "两侧每一行有且只有一个结果")
                .meant(attention(!self.report.is_balanced())),
        );
        tiles
    }

    fn findings_tile(&self) -> Fact {
        let Some(Looked { findings, .. }) = self.looked else {
            let fact = Fact::new("Findings", "疑点与线索", Cell::both(text("not checked", "未检查")));
            return fact.noted("no checks were run with this reconciliation", "本次对账未执行审计检查");
        };
        let doubtful = findings.iter().filter(|finding| finding.standing == Standing::Doubtful).count();
        let at_risk: i128 = findings.iter().map(|finding| i128::from(finding.amount.0)).sum();
        let money = Cell::Money(at_risk).shown(Lang::En);
        Fact::new("Findings", "疑点与线索", Cell::count(findings.len() as u64))
            .noted(
                format!(
                    "{} doubtful, {} leads; {money} yuan at risk",
                    grouped(doubtful),
                    grouped(findings.len() - doubtful)
                ),
                format!("疑点 {}，线索 {}；涉及 {money} 元", grouped(doubtful), grouped(findings.len() - doubtful)),
            )
            .meant(if findings.is_empty() { Tone::Good } else { Tone::Attention })
    }

    fn causes_section(&self) -> Section {
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

    fn findings_section(&self) -> Section {
        let mut parts = Vec::new();
        match &self.looked {
            None => {
                let none = text("No checks were run with this reconciliation.", "本次对账未执行审计检查。");
                parts.push(Part::Words(none));
            }
            Some(looked) => {
                parts.push(Part::Table(findings::checks(looked)));
                parts.push(Part::Table(findings::table(Some(looked), self.persons)));
            }
        }
        Section {
            id: "findings",
            title: text("Findings", "疑点与线索"),
            note: text(
                "A finding is a question, not a verdict: each says what would clear it. Open a row for the values that decided.",
                "每条为待核实的问题，不是结论，并说明如何可以消除。点开一行可见判定所依据的数值。",
            ),
            parts,
        }
    }

    fn largest_section(&self) -> Section {
        let table = tables::differences(self, EXPLAINED);
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

    fn groups_section(&self) -> Section {
        let parts = [By::Pool, By::Insutype, By::Visit, By::Tier, By::Institution];
        Section {
            id: "groups",
            title: text("Where differences are", "差异分布"),
            note: text("Largest gross difference first.", "按差额绝对值合计由大到小。"),
            parts: parts.into_iter().map(|by| Part::Table(tables::groups(self, by))).collect(),
        }
    }

    fn flows_section(&self) -> Section {
        Section {
            id: "flows",
            title: text("Flows between provinces", "省际流向"),
            note: text("Where people are insured, and where they were treated.", "参保地与就医地。"),
            parts: vec![Part::Figure(figures::flows(self)), Part::Table(tables::flows(self))],
        }
    }

    fn balance_section(&self) -> Section {
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

    fn run_section(&self) -> Section {
        let mut parts = vec![Part::Facts(self.run_facts()), Part::Table(self.origin.inputs_table())];
        parts.extend(self.looked.iter().map(|looked| Part::Table(findings::thresholds(looked))));
        parts.push(Part::Table(self.origin.sources_table()));
        Section { id: "run", title: text("What was run", "运行信息"), note: Text::default(), parts }
    }

    fn run_facts(&self) -> Vec<Fact> {
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
        let mut facts = vec![self.origin.program(), Fact::new("Run", "运行", Cell::text(&report.of_run))];
        facts.extend(self.origin.packs_facts());
        facts.extend([
            Fact::new("Paid, according to", "支付数据来源", paid),
            Fact::new("Compared", "比对字段", Cell::text(fields.join(", "))),
            Fact::new("Not compared: the paid side lacks them", "支付侧缺少、未比对", listed(&report.skipped())),
            Fact::new("Tolerance, yuan", "容差（元）", tolerance),
            self.origin.gates_fact(),
            persons_fact(self.persons),
        ]);
        facts
    }
}
