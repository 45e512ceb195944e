//! What the checks found, as tables.

use super::super::finding::{Finding, Value};
use super::super::page::{Cell, Column, Detail, Kind, Row, Table};
use super::super::privacy::Persons;
use super::{Looked, text};
use crate::diagnostic::{Lang, Text};

/// The checks, and what came of each.
pub(super) fn checks(looked: &Looked) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "check", "检查代码"),
        Column::new(Kind::Text, "what it looks for", "检查内容"),
        Column::new(Kind::Text, "state", "状态"),
        Column::new(Kind::Count, "findings", "条数"),
        Column::new(Kind::Money, "at risk", "涉及金额"),
    ];
    let mut table = Table::new("checks", "Checks", "审计检查", columns);
    for check in &looked.report.checks {
        let state = match (&check.not_checked, &check.in_part) {
            (Some(why), _) => text(format!("not checked: no {}", why.en), format!("未检查：缺少{}", why.zh)),
            (None, Some(why)) => text(format!("in part: no {}", why.en), format!("部分检查：缺少{}", why.zh)),
            (None, None) => text("checked", "已检查"),
        };
        let is_done = check.not_checked.is_none();
        table.push(vec![
            Cell::text(check.code),
            Cell::both(check.title.clone()),
            Cell::both(state),
            if is_done { Cell::count(check.findings) } else { Cell::Empty },
            if is_done { Cell::Money(check.amount_fen) } else { Cell::Empty },
        ]);
    }
    table
}

/// The thresholds in force.
pub(super) fn thresholds(looked: &Looked) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "threshold", "阈值"),
        Column::new(Kind::Code, "value", "取值"),
        Column::new(Kind::Text, "meaning", "含义"),
    ];
    let mut table = Table::new("thresholds", "Thresholds in force", "生效的阈值", columns);
    for check in &looked.report.checks {
        for threshold in &check.thresholds {
            let name = format!("{}.{}", check.code, threshold.key);
            table.push(vec![Cell::text(name), Cell::text(&threshold.value), Cell::both(threshold.meaning.clone())]);
        }
    }
    table
}

/// The findings, in the order in which they are told.
pub(super) fn table(looked: Option<&Looked>, persons: &Persons) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "check", "检查"),
        Column::new(Kind::Count, "severity", "严重程度"),
        Column::new(Kind::Text, "standing", "性质"),
        Column::new(Kind::Text, "about", "对象类型"),
        Column::new(Kind::Code, "subject", "对象"),
        Column::new(Kind::Money, "at risk", "涉及金额"),
        Column::new(Kind::Text, "question", "待核实的问题"),
        Column::new(Kind::Count, "settlements", "结算笔数"),
        Column::new(Kind::Day, "first seen", "最早可见日"),
        Column::new(Kind::Text, "basis", "依据"),
        Column::new(Kind::Code, "finding", "编号"),
    ];
    let mut table = Table::new("findings", "Findings", "疑点与线索", columns);
    for finding in looked.map_or(&[][..], |looked| looked.findings) {
        table.push(row(finding, persons));
    }
    table
}

fn row(finding: &Finding, persons: &Persons) -> Row {
    let shown = |of: &dyn Fn(Lang) -> &'static str| Cell::both(text(of(Lang::En), of(Lang::Zh)));
    let cells = vec![
        Cell::text(finding.code),
        Cell::Count(finding.severity.into()),
        shown(&|lang| finding.standing.shown(lang)),
        shown(&|lang| finding.subject_type.shown(lang)),
        Cell::text(persons.subject(finding)),
        Cell::Money(finding.amount.0.into()),
        Cell::both(finding.message.clone()),
        Cell::count(finding.setl_ids.len() as u64),
        Cell::Day(finding.first_seen),
        Cell::both(finding.basis.clone()),
        Cell::text(persons.finding_id(finding)),
    ];
    let mut detail = vec![Detail::Words(text("To be answered", "待核实"), finding.message.clone())];
    // `case` may be the number of a second person: what there is to say of it stands in the evidence.
    let facts = finding.evidence.iter().map(|(name, value)| (text(*name, *name), evidence(value, persons)));
    let facts: Vec<(Text, Cell)> = facts.collect();
    if !facts.is_empty() {
        detail.push(Detail::Facts(text("Values that decided", "判定依据的数值"), facts));
    }
    if !finding.setl_ids.is_empty() {
        detail.push(Detail::List(text("Settlements", "涉及的结算"), finding.setl_ids.clone()));
    }
    Row { cells, detail }
}

fn evidence(value: &Value, persons: &Persons) -> Cell {
    match value {
        Value::Text(text) => Cell::text(text),
        Value::Person(number) => Cell::text(persons.person(number)),
        Value::Money(fen) => Cell::Money(fen.0.into()),
        Value::Count(count) => Cell::Count(*count),
        Value::Number(number) => Cell::text(format!("{number:.4}")),
        Value::Day(day) => Cell::Day(*day),
        Value::Time(time) => Cell::text(time.to_string()),
        Value::List(values) => {
            let shown: Vec<String> = values.iter().map(|value| evidence(value, persons).shown(Lang::En)).collect();
            Cell::text(shown.join(", "))
        }
    }
}
