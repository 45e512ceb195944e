//! What people open: the report as a page and as a workbook.

use super::RunError;
use super::side::Sides;
use crate::adjudicate::trace::Steps;
use crate::audit::reconciled_totals::Totals;
use crate::diagnostic::{Lang, Text};
use crate::ledger::person::Desk;
use crate::pipeline::origin;
use crate::publish::{Folder, Written};
use crate::report::audit_page::{AgainstPaid, AuditReport, EXPLAINED, Looked};
use crate::report::balance::Tally;
use crate::report::explain::{Explanation, original_of};
use crate::report::overview::{Difference, Overview};
use crate::report::page::{Cell, Column, Detail, Kind, Table, html};
use crate::report::privacy::Persons;
use crate::report::reconciled::ReconcileReport;

/// The most groups of the totals that the workbook takes; all of them are in `totals.parquet` and `totals.csv`.
const MOST_GROUPS: usize = 100_000;

/// What the reports are made of.
pub(super) struct Material<'a> {
    /// How person numbers are shown.
    pub persons: &'a Persons,
    /// The language in which reports open.
    pub lang: Lang,
    /// The run: its folder, or a night.
    pub of_run: &'a str,
    /// Its rows.
    pub run: Tally,
    /// Whether what was paid stands in files of its own.
    pub has_paid_files: bool,
    /// Both sides.
    pub sides: &'a Sides<'a>,
    /// What came of comparing them; `None` where nobody says what was paid.
    pub reconciled: Option<Reconciled<'a>>,
    /// What an audit found.
    pub looked: Option<Looked<'a>>,
}

/// What came of comparing both sides.
#[derive(Clone, Copy)]
pub(super) struct Reconciled<'a> {
    /// What was found.
    pub report: &'a ReconcileReport,
    /// The sums.
    pub overview: &'a Overview,
    /// The totals.
    pub totals: &'a Totals,
    /// Whether the paid side says `medfee_sumamt`.
    pub has_total: bool,
}

/// Writes `report.html` and `report.xlsx`.
pub(super) fn write(material: &Material, folder: &Folder) -> Result<[Written; 2], RunError> {
    let Material { persons, lang, of_run, run, sides, reconciled, looked, .. } = *material;
    let mut origin = origin::of_packs(&[(origin::the_rules(), &sides.loaded.rules)]);
    let paid = (Text::new("paid", "支付明细"), &sides.paid.rows.files[..]);
    origin::add_loaded(
        &mut origin,
        sides.loaded,
        if material.has_paid_files { std::slice::from_ref(&paid) } else { &[] },
    );
    let shown = reconciled.map(|of| {
        let first = of.overview.differences.iter().take(EXPLAINED);
        let explained: Vec<Vec<Detail>> = first.map(|difference| explain(difference, material)).collect();
        (of, explained, totals_table(&of))
    });
    let against_paid = shown.as_ref().map(|(Reconciled { report, overview, .. }, explained, totals)| AgainstPaid {
        report,
        overview,
        explained,
        totals,
    });
    let audit = AuditReport { origin: &origin, of_run, rows: run.rows, against_paid, looked, persons };
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

/// The totals for the workbook: the largest differences first, of bills, funds and the account.
fn totals_table(of: &Reconciled) -> Table {
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
    let mut groups: Vec<_> = of.totals.groups(of.report.fields, of.has_total).collect();
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
