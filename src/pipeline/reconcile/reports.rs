//! What people open: the report as a page and as a workbook.

use super::RunError;
use super::side::Sides;
use crate::adjudicate::trace::Steps;
use crate::audit::reconciled_totals::Totals;
use crate::diagnostic::{Lang, Text};
use crate::ingest::InputFile;
use crate::ledger::person::Desk;
use crate::pipeline::load::Loaded;
use crate::publish::{Folder, Written};
use crate::report::audit_page::{AuditReport, EXPLAINED, Input, Looked, Origin, RuleSource};
use crate::report::explain::{Explanation, original_of};
use crate::report::overview::{Difference, Overview};
use crate::report::page::{Cell, Column, Detail, Kind, Table, html};
use crate::report::privacy::Persons;
use crate::report::reconciled::ReconcileReport;
use crate::rules::layout::Table as RuleTable;

/// The most groups of the totals that the workbook takes; all of them are in `totals.parquet` and `totals.csv`.
const MOST_GROUPS: usize = 100_000;

/// What the reports are made of.
pub(super) struct Material<'a> {
    /// How person numbers are shown.
    pub persons: &'a Persons,
    /// The language in which reports open.
    pub lang: Lang,
    /// Whether what was paid stands in files of its own.
    pub has_paid_files: bool,
    /// What was found.
    pub report: &'a ReconcileReport,
    /// Both sides.
    pub sides: &'a Sides<'a>,
    /// The sums.
    pub overview: &'a Overview,
    /// The totals.
    pub totals: &'a Totals,
    /// Whether the paid side says `medfee_sumamt`.
    pub has_total: bool,
    /// What an audit found.
    pub looked: Option<Looked<'a>>,
}

/// Writes `report.html` and `report.xlsx`.
pub(super) fn write(material: &Material, folder: &Folder) -> Result<[Written; 2], RunError> {
    let Material { persons, lang, report, sides, overview, looked, .. } = *material;
    let origin = origin(sides.loaded, &sides.paid.rows.files, material.has_paid_files);
    let first = &overview.differences[..overview.differences.len().min(EXPLAINED)];
    let explained: Vec<Vec<Detail>> = first.iter().map(|difference| explain(difference, material)).collect();
    let totals = totals_table(material);
    let audit =
        AuditReport { origin: &origin, report, overview, looked, explained: &explained, totals: &totals, persons };
    let page = folder.write("report.html", html::render(&audit.page(lang)).as_bytes())?;
    let workbook = audit.workbook(lang).map_err(|error| RunError::Workbook { error })?;
    Ok([page, folder.write("report.xlsx", &workbook)?])
}

/// How a settlement was computed; empty where it was not, or where its number stands more than once.
fn explain(difference: &Difference, material: &Material) -> Vec<Detail> {
    let loaded = material.sides.loaded;
    let arenas = &loaded.rows.arenas;
    let Some(person) = loaded.persons.find(arenas, &difference.psn_no) else { return Vec::new() };
    let mut desk = Desk::default();
    let source = material.sides.source();
    desk.lay(source, person);
    let Some(at) = desk.claims.iter().position(|claim| *arenas.setl_id(claim.text) == *difference.setl_id) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    desk.fold(
        source,
        person,
        |_| Steps::default(),
        |claim, trace| {
            if claim == at {
                steps = trace.0;
            }
        },
    );
    let claim = &desk.claims[at];
    let explanation = Explanation {
        claim,
        outcome: &desk.fold.outcomes[at],
        steps: &steps,
        pack: &loaded.rules.pack,
        words: loaded.words(),
        original: original_of(arenas, &desk.claims, claim, &steps),
        persons: material.persons,
    };
    explanation.details()
}

/// What was read, and what the rules rest on.
fn origin(loaded: &Loaded, paid: &[InputFile], has_paid_files: bool) -> Origin {
    let input = |kind: &Text, file: &InputFile| Input {
        kind: kind.clone(),
        file: file.shown.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    };
    let mut inputs: Vec<Input> = Vec::new();
    let mut add = |kind: Text, files: &[InputFile]| inputs.extend(files.iter().map(|file| input(&kind, file)));
    add(Text::new("claims", "结算记录"), loaded.claims_files());
    if has_paid_files {
        add(Text::new("paid", "支付明细"), paid);
    }
    for (name, files) in &loaded.gates {
        add(Text::new(*name, *name), files.as_deref().unwrap_or_default());
    }
    let pack = &loaded.rules.pack;
    let sources = pack.table(RuleTable::Sources);
    let cells = ["source_id", "title", "document_no", "issuer", "published", "trust", "url"];
    let source = |row: usize| RuleSource { cells: cells.map(|column| sources.cell(row, column).to_owned()) };
    let places = pack.table(RuleTable::Places);
    let place = |row: usize| {
        let name = Text::new(places.cell(row, "name_en"), places.cell(row, "name_zh"));
        (places.cell(row, "admdvs").to_owned(), name)
    };
    Origin {
        rules: loaded.rules.folder.display().to_string(),
        rules_sha256: loaded.rules.sha256.clone(),
        inputs,
        sources: (0..sources.rows.len()).map(source).collect(),
        gates_off: loaded.gates.iter().filter(|(_, files)| files.is_none()).map(|(name, _)| *name).collect(),
        places: (0..places.rows.len()).map(place).collect(),
    }
}

/// The totals for the workbook: the largest differences first, of bills, funds and the account.
fn totals_table(material: &Material) -> Table {
    let mut columns = vec![
        Column::new(Kind::Code, "insutype", "险种"),
        Column::new(Kind::Code, "clr_type", "清算类别"),
        Column::new(Kind::Code, "clr_optins", "清算机构"),
        Column::new(Kind::Code, "fixmedins_code", "机构代码"),
        Column::new(Kind::Code, "setl_month", "结算月份"),
    ];
    let sides = [("computed", "计算"), ("paid", "支付"), ("net", "净差"), ("gross", "差额绝对值合计")];
    let shown = ["count", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"];
    for (at, name) in shown.into_iter().enumerate() {
        let kind = if at == 0 { Kind::Count } else { Kind::Money };
        columns.extend(sides.iter().map(|(en, zh)| Column::new(kind, format!("{en} {name}"), format!("{name} {zh}"))));
    }
    let mut table = Table::new("totals", "Totals", "对总账", columns);
    let fields = material.report.fields;
    let mut groups: Vec<_> = material.totals.groups(fields, material.has_total).collect();
    let size = |sums: &[[Option<i128>; 4]]| sums[2][3].unwrap_or(0) + sums[3][3].unwrap_or(0);
    groups.sort_by(|(a_words, a), (b_words, b)| size(b).cmp(&size(a)).then_with(|| a_words.cmp(b_words)));
    for (words, sums) in groups.into_iter().take(MOST_GROUPS) {
        let mut cells: Vec<Cell> = words.iter().map(Cell::text).collect();
        for (column, sides) in sums.into_iter().enumerate().take(shown.len()) {
            cells.extend(sides.into_iter().map(|sum| match sum {
                None => Cell::Empty,
                Some(count) if column == 0 => Cell::Count(count as i64),
                Some(fen) => Cell::Money(fen),
            }));
        }
        table.push(cells);
    }
    table
}
