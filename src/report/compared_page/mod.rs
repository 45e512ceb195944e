//! A comparison as a page and as a workbook, made of the tables that stand beside it and of pictures of them.

mod basket;
mod observed;
mod packs;
mod regions;
mod sweep;
mod tables;

use rust_xlsxwriter::XlsxError;

use super::compared::ComparedReport;
use super::origin::{Origin, persons_fact};
use super::page::{Fact, Page, Part, Section, Table};
use super::privacy::Persons;
use super::sheet::Sheet as Written;
use super::workbook::{self, Content, Sheet};
use crate::diagnostic::{Lang, Text};

/// What a report of a comparison is made of.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What was found.
    pub report: &'a ComparedReport,
    /// What was read.
    pub origin: &'a Origin,
    /// How person numbers are shown.
    pub persons: &'a Persons,
}

/// A report of a comparison.
pub struct ComparedPage {
    title: Text,
    lead: Text,
    stem: &'static str,
    sections: Vec<Section>,
}

fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text::new(en, zh)
}

/// A section.
fn section(id: &'static str, title: Text, note: Text, parts: Vec<Part>) -> Section {
    Section { id, title, note, parts }
}

impl<'a> Context<'a> {
    /// A table that was written, if it was.
    fn written(&self, name: &str) -> Option<&'a Written> {
        self.report.sheet(name)
    }

    /// The same as a table of the page.
    fn table(&self, name: &str) -> Option<Table> {
        self.written(name).map(|sheet| tables::table(self, sheet))
    }

    /// A number of the report.
    fn number(&self, name: &str) -> u64 {
        self.report.numbers.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0)
    }

    fn run_section(&self) -> Section {
        let mut facts = vec![self.origin.program()];
        facts.extend(self.origin.packs_facts());
        facts.extend(self.origin.set_fact());
        if self.origin.gates_off.is_some() {
            facts.push(self.origin.gates_fact());
        }
        facts.push(persons_fact(self.persons));
        let mut parts = vec![Part::Facts(facts)];
        parts.extend((!self.origin.inputs.is_empty()).then(|| Part::Table(self.origin.inputs_table())));
        parts.push(Part::Table(self.origin.sources_table()));
        section("run", text("What was run", "运行信息"), Text::default(), parts)
    }
}

impl ComparedPage {
    /// The report of a comparison.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        let (title, stem, mut sections) = match context.report.kind {
            "observed" => (text("A run as it is", "医保待遇现状"), "observed", observed::sections(context)),
            "packs" => (text("What if: two rule packs", "规则调整测算"), "packs", packs::sections(context)),
            "sweep" => (text("Along a value of the rules", "参数测算"), "sweep", sweep::sections(context)),
            _ => (text("As if: the rules of every pool", "各统筹区待遇比较"), "regions", regions::sections(context)),
        };
        sections.push(context.run_section());
        let said = |lang: Lang| {
            let lines: Vec<&str> = context.report.lines.iter().map(|line| line.get(lang)).collect();
            lines.join(if lang == Lang::Zh { "；" } else { "; " })
        };
        let lead = text(format!("{}. Money in yuan.", said(Lang::En)), format!("{}。金额单位为元。", said(Lang::Zh)));
        Self { title, lead, stem, sections }
    }

    /// The page. It opens in `lang` and has both.
    #[must_use]
    pub fn page(&self, lang: Lang) -> Page {
        let Self { title, lead, stem, sections } = self;
        Page { title: title.clone(), lead: lead.clone(), lang, stem, sections: sections.clone() }
    }

    /// The workbook, in one language: the facts, and each table of the page as a sheet.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn workbook(&self, lang: Lang) -> Result<Vec<u8>, XlsxError> {
        let parts = || self.sections.iter().flat_map(|section| section.parts.iter().map(move |part| (section, part)));
        let facts: Vec<(Text, Vec<Fact>)> = parts()
            .filter_map(|(section, part)| match part {
                Part::Tiles(facts) | Part::Facts(facts) => Some((section.title.clone(), facts.clone())),
                _ => None,
            })
            .collect();
        let mut sheets = vec![Sheet { name: text("summary", "概览"), content: Content::Facts(facts) }];
        sheets.extend(parts().filter_map(|(_, part)| match part {
            Part::Table(table) => Some(Sheet { name: sheet_name(table.name), content: Content::Table(table) }),
            _ => None,
        }));
        workbook::render(&self.title, &sheets, lang)
    }
}

/// Names of the sheets, in Chinese.
const SHEETS: [(&str, &str); 24] = [
    ("pools", "统筹区"),
    ("groups", "明细分组"),
    ("flows", "省际流向"),
    ("months", "按月明细"),
    ("months_all", "按月"),
    ("national", "全国对照"),
    ("ranking", "排名"),
    ("matrix", "矩阵"),
    ("unanswered", "无规则"),
    ("outside", "各行去向"),
    ("basket", "标准算例明细"),
    ("basket_table", "标准算例"),
    ("basket_spread", "算例差距"),
    ("funds", "基金明细"),
    ("funds_all", "基金"),
    ("winners", "负担增减"),
    ("changes", "最大变动"),
    ("one_sided", "单边可计算"),
    ("sweep", "参数测算"),
    ("sweep_funds", "参数测算明细"),
    ("inputs", "输入文件"),
    ("sources", "规则来源"),
    ("reasons", "原因"),
    ("flows_between", "省际结算"),
];

fn sheet_name(name: &str) -> Text {
    let found = SHEETS.iter().find(|(known, _)| *known == name);
    text(name, found.map_or(name, |(_, zh)| zh))
}
