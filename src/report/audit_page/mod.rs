//! The report that an auditor opens: what was run, whether it balances, where the money went, what was found. As a
//! page and as a workbook, from the same tables.

mod against_paid;
mod figures;
mod findings;
mod tables;

use rust_xlsxwriter::XlsxError;

pub use self::against_paid::AgainstPaid;
use super::finding::{Finding, Standing};
use super::findings::FindingsReport;
use super::origin::{Origin, persons_fact};
use super::page::{Cell, Fact, Page, Part, Section, Tone};
use super::privacy::Persons;
use super::summary::grouped;
use super::workbook::{self, Content, Sheet};
use crate::diagnostic::{Lang, Text};

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
    /// The run: its folder, or a night.
    pub of_run: &'a str,
    /// Its rows.
    pub rows: u64,
    /// What was computed against what was paid; `None` where nobody says what was paid.
    pub against_paid: Option<AgainstPaid<'a>>,
    /// What checks found.
    pub looked: Option<Looked<'a>>,
    /// How person numbers are shown.
    pub persons: &'a Persons,
}

fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text::new(en, zh)
}

impl AuditReport<'_> {
    fn title() -> Text {
        text("Audit of medical-insurance settlements", "医保结算审计报告")
    }

    /// The page. It opens in `lang` and has both.
    #[must_use]
    pub fn page(&self, lang: Lang) -> Page {
        let lead = match &self.against_paid {
            Some(against) => against.lead(),
            None => text(
                format!("Run {}: what the checks found. Nobody says what was paid: nothing was compared.", self.of_run),
                format!("运行 {}：审计检查的结果。没有支付数据，未作比对。", self.of_run),
            ),
        };
        let mut sections = vec![self.glance()];
        sections.extend(self.against_paid.iter().map(AgainstPaid::causes_section));
        sections.push(self.findings_section());
        if let Some(against) = &self.against_paid {
            sections.extend([against.largest_section(self.persons), against.groups_section(self.origin)]);
            sections.extend([against.flows_section(), against.balance_section()]);
        }
        sections.push(self.run_section());
        Page { title: Self::title(), lead, lang, stem: "audit", sections }
    }

    /// The workbook, in one language.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn workbook(&self, lang: Lang) -> Result<Vec<u8>, XlsxError> {
        let summary = Content::Facts(vec![
            (text("At a glance", "概览"), self.tiles()),
            (text("What was run", "运行信息"), self.run_facts()),
        ]);
        let findings = findings::table(self.looked.as_ref(), self.persons);
        let against = self.against_paid.as_ref();
        let differences = against.map(|against| tables::differences(self.persons, against, usize::MAX));
        let causes = against.map(tables::causes);
        let sheet = |en: &str, zh: &str, table| Sheet { name: text(en, zh), content: Content::Table(table) };
        let mut sheets = vec![Sheet { name: text("summary", "概览"), content: summary }];
        sheets.extend(against.map(|against| sheet("totals", "对总账", against.totals)));
        sheets.extend(differences.as_ref().map(|table| sheet("differences", "差异", table)));
        sheets.extend(causes.as_ref().map(|table| sheet("causes", "差异原因", table)));
        sheets.push(sheet("findings", "疑点与线索", &findings));
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
        let Some(against) = &self.against_paid else {
            let rows = Fact::new("Settlements", "结算笔数", Cell::count(self.rows))
                .noted("nobody says what was paid: nothing was compared", "没有支付数据，未作比对");
            return vec![rows, self.findings_tile()];
        };
        let mut tiles = against.tiles();
        tiles.push(self.findings_tile());
        tiles.push(against.balance_tile());
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

    fn run_section(&self) -> Section {
        let mut parts = vec![Part::Facts(self.run_facts()), Part::Table(self.origin.inputs_table())];
        parts.extend(self.looked.iter().map(|looked| Part::Table(findings::thresholds(looked))));
        parts.push(Part::Table(self.origin.sources_table()));
        Section { id: "run", title: text("What was run", "运行信息"), note: Text::default(), parts }
    }

    fn run_facts(&self) -> Vec<Fact> {
        let mut facts = vec![self.origin.program(), Fact::new("Run", "运行", Cell::text(self.of_run))];
        facts.extend(self.origin.packs_facts());
        match &self.against_paid {
            Some(against) => facts.extend(against.facts()),
            None => {
                let nobody = Cell::both(text("nobody: nothing was compared", "无：未作比对"));
                facts.push(Fact::new("Paid, according to", "支付数据来源", nobody));
            }
        }
        facts.extend([self.origin.gates_fact(), persons_fact(self.persons)]);
        facts
    }
}
