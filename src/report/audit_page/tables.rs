//! The tables of the report.

use super::super::origin::Origin;
use super::super::overview::{By, Difference, MOST_DIFFERENCES, Sums};
use super::super::page::{Cell, Column, Detail, Kind, Row, Table};
use super::super::privacy::Persons;
use super::super::provinces::province_name;
use super::super::reconciled::{Outcome, measured};
use super::super::summary::grouped;
use super::super::words::{cause_name, insutype_name, money_name, result_name};
use super::against_paid::AgainstPaid;
use super::text;
use crate::columnar::reconciled::{COMPARED, FIELDS};
use crate::diagnostic::{Lang, Text};
use crate::model::money::Fen;
use crate::report::balance::Tally;

fn in_both(of: impl Fn(Lang) -> String) -> Cell {
    Cell::both(Text::new(of(Lang::En), of(Lang::Zh)))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Settlements by result.
pub(super) fn balance(against: &AgainstPaid) -> Table {
    let (report, measure) = (against.report, against.measure());
    let columns = vec![
        Column::new(Kind::Text, "result", "结果"),
        Column::new(Kind::Count, "settlement numbers", "结算笔数"),
        Column::new(Kind::Count, "rows of the run", "计算侧行数"),
        Column::new(Kind::Money, "medfee_sumamt of the run", "计算侧医疗费总额"),
        Column::new(Kind::Count, "rows paid", "支付侧行数"),
        Column::new(Kind::Money, format!("{measure} paid"), format!("支付侧 {measure}")),
    ];
    let mut table = Table::new("balance", "Results", "比对结果", columns);
    let mut put = |name: Cell, numbers: Option<u64>, run: Option<Tally>, paid: Option<Tally>| {
        let rows = |tally: Option<Tally>| tally.map_or(Cell::Empty, |tally| Cell::count(tally.rows));
        let money = |tally: Option<Tally>| tally.map_or(Cell::Empty, |tally| Cell::Money(tally.total_fen));
        table.push(vec![
            name,
            numbers.map_or(Cell::Empty, Cell::count),
            rows(run),
            money(run),
            rows(paid),
            money(paid),
        ]);
    };
    for (outcome, tally) in Outcome::ALL.into_iter().zip(&report.found.by_code) {
        let name = in_both(|lang| format!("{} {}", outcome as u8, result_name(outcome, lang)));
        put(name, Some(tally.numbers), Some(tally.run), Some(tally.paid));
    }
    if report.run_without_number > 0 || report.run_rejected_total != 0 {
        let rest = Tally { rows: report.run_without_number, total_fen: report.run_rejected_total };
        put(Cell::both(text("no number; rejected", "无结算ID与退回金额")), None, Some(rest), None);
    }
    let numbers = report.found.by_code.iter().map(|tally| tally.numbers).sum();
    put(Cell::both(text("sum", "合计")), Some(numbers), Some(report.run), Some(report.paid));
    table
}

/// Money by cause.
pub(super) fn causes(against: &AgainstPaid) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "cause", "原因代码"),
        Column::new(Kind::Text, "meaning", "含义"),
        Column::new(Kind::Count, "settlements", "笔数"),
        Column::new(Kind::Count, "of them with other causes, too", "其中另有其他可能原因"),
        Column::new(Kind::Money, "net", "净差"),
        Column::new(Kind::Money, "gross", "差额绝对值合计"),
        Column::new(Kind::Share, "share of gross", "占比"),
    ];
    let causes = against.report.causes();
    let whole: i128 = causes.iter().map(|(_, tally)| tally.gross).sum();
    let mut table = Table::new("causes", "Causes of differing amounts", "金额不一致的原因", columns);
    for (code, tally) in causes {
        table.push(vec![
            Cell::text(code),
            in_both(|lang| cause_name(code, lang).to_owned()),
            Cell::count(tally.rows),
            Cell::count(tally.shared),
            Cell::Money(tally.net),
            Cell::Money(tally.gross),
            Cell::share(tally.gross, whole),
        ]);
    }
    table
}

/// Differences by field.
pub(super) fn fields(against: &AgainstPaid) -> Table {
    let columns = vec![
        Column::new(Kind::Code, "field", "字段"),
        Column::new(Kind::Text, "meaning", "含义"),
        Column::new(Kind::Count, "settlements", "笔数"),
        Column::new(Kind::Money, "net", "净差"),
        Column::new(Kind::Money, "gross", "差额绝对值合计"),
        Column::new(Kind::Money, "tolerance", "容差"),
    ];
    let mut table = Table::new("fields", "Fields that differ", "不一致的字段", columns);
    for field in against.report.fields.iter() {
        let tally = against.report.found.by_field[field];
        table.push(vec![
            Cell::text(COMPARED[field]),
            in_both(|lang| money_name(COMPARED[field], lang).to_owned()),
            Cell::count(tally.rows),
            Cell::Money(tally.net),
            Cell::Money(tally.gross),
            Cell::Money(against.report.tolerance[field].0.into()),
        ]);
    }
    table
}

/// The columns of [`Sums`].
fn sums_columns() -> Vec<Column> {
    vec![
        Column::new(Kind::Count, "settlements", "结算笔数"),
        Column::new(Kind::Count, "amounts differ", "金额不一致"),
        Column::new(Kind::Count, "other results", "其他未对平"),
        Column::new(Kind::Share, "do not agree", "未对平占比"),
        Column::new(Kind::Money, "gross", "差额绝对值合计"),
        Column::new(Kind::Money, "net", "净差"),
        Column::new(Kind::Money, "computed", "计算"),
        Column::new(Kind::Money, "paid", "支付"),
        Column::new(Kind::Money, "bills", "医疗费总额"),
    ]
}

fn sums_cells(sums: &Sums) -> impl Iterator<Item = Cell> + use<> {
    [
        Cell::count(sums.numbers),
        Cell::count(sums.differing),
        Cell::count(sums.others),
        Cell::share((sums.differing + sums.others).into(), sums.numbers.into()),
        Cell::Money(sums.gross),
        Cell::Money(sums.net()),
        Cell::Money(sums.computed),
        Cell::Money(sums.paid),
        Cell::Money(sums.total),
    ]
    .into_iter()
}

/// Sums by what settlements are.
pub(super) fn groups(origin: &Origin, against: &AgainstPaid, by: By) -> Table {
    let (name, en, zh, heads): (_, _, _, &[(&str, &str)]) = match by {
        By::Pool => ("regions", "By region insured", "按参保统筹区", &[("pool", "统筹区"), ("name", "名称")]),
        By::Insutype => ("insutypes", "By insurance type", "按险种", &[("insutype", "险种"), ("name", "名称")]),
        By::Visit => ("visits", "By clearing type or visit class", "按清算类别或医疗类别", &[("type", "类别")]),
        By::Tier => ("tiers", "By hospital tier", "按医院等级", &[("tier", "等级")]),
        By::Institution => ("institutions", "By institution", "按医药机构", &[("institution", "机构代码")]),
        By::Flow => unreachable!("flows have a table of their own"),
    };
    let kind = |at: usize| if at == 0 { Kind::Code } else { Kind::Text };
    let heads = heads.iter().enumerate().map(|(at, (en, zh))| Column::new(kind(at), *en, *zh));
    let mut table = Table::new(name, en, zh, heads.chain(sums_columns()).collect());
    let mut groups: Vec<(&[u8], &Sums)> =
        against.overview.by[by as usize].iter().map(|(word, sums)| (&**word, sums)).collect();
    groups.sort_by(|(a_word, a), (b_word, b)| (b.gross, b.numbers).cmp(&(a.gross, a.numbers)).then(a_word.cmp(b_word)));
    for (word, sums) in groups {
        let code = lossy(word);
        let named = match by {
            By::Pool => Some(origin.place(&code)),
            By::Insutype => Some(insutype_name(&code)),
            _ => None,
        };
        let code = if code.is_empty() { Cell::both(text("not known", "不详")) } else { Cell::text(code) };
        let heads = std::iter::once(code).chain(named.map(Cell::both));
        table.push(heads.chain(sums_cells(sums)).collect::<Vec<_>>());
    }
    table
}

/// Both provinces of a flow: digits, if they are known.
pub(super) fn provinces(word: &[u8]) -> [Option<u32>; 2] {
    [0, 2].map(|at| std::str::from_utf8(word.get(at..at + 2)?).ok()?.parse().ok())
}

/// Flows between provinces.
pub(super) fn flows(against: &AgainstPaid) -> Table {
    let mut columns = vec![
        Column::new(Kind::Text, "insured in", "参保地"),
        Column::new(Kind::Text, "treated in", "就医地"),
        Column::new(Kind::Text, "place", "是否跨省"),
    ];
    columns.extend(sums_columns());
    let mut table =
        Table::new("flows", "Settlements by province insured and province of treatment", "按参保省与就医省", columns);
    let mut flows: Vec<(&[u8], &Sums)> =
        against.overview.by[By::Flow as usize].iter().map(|(word, sums)| (&**word, sums)).collect();
    flows.sort_by(|(a_word, a), (b_word, b)| b.numbers.cmp(&a.numbers).then(a_word.cmp(b_word)));
    for (word, sums) in flows {
        let places = provinces(word);
        let named = |place: Option<u32>| {
            Cell::both(place.map_or(text("not known", "不详"), |digits| {
                let name = province_name(digits);
                text(format!("{digits:02} {}", name.en), format!("{digits:02} {}", name.zh))
            }))
        };
        let kind = match places {
            [Some(insured), Some(treated)] if insured == treated => text("within the province", "省内"),
            [Some(_), Some(_)] => text("another province", "跨省"),
            _ => text("not known", "不详"),
        };
        let heads = [named(places[0]), named(places[1]), Cell::both(kind)];
        table.push(heads.into_iter().chain(sums_cells(sums)).collect::<Vec<_>>());
    }
    table
}

/// Settlement numbers that do not agree, the largest first, `most` of them.
pub(super) fn differences(persons: &Persons, against: &AgainstPaid, most: usize) -> Table {
    let measure = against.measure();
    let columns = vec![
        Column::new(Kind::Code, "setl_id", "结算ID"),
        Column::new(Kind::Code, "person", "人员"),
        Column::new(Kind::Text, "result", "结果"),
        Column::new(Kind::Code, "cause", "原因"),
        Column::new(Kind::Text, "meaning", "含义"),
        Column::new(Kind::Money, format!("difference of {measure}"), format!("{measure} 差额")),
        Column::new(Kind::Money, "computed", "计算"),
        Column::new(Kind::Money, "paid", "支付"),
        Column::new(Kind::Code, "pool", "统筹区"),
        Column::new(Kind::Code, "insutype", "险种"),
        Column::new(Kind::Code, "institution", "机构代码"),
        Column::new(Kind::Code, "month", "月份"),
        Column::new(Kind::Code, "fields", "不一致的字段"),
        Column::new(Kind::Code, "all causes", "全部可能原因"),
    ];
    let mut table = Table::new("differences", "Differences", "差异", columns);
    let met = against.overview.differences_met;
    if most > MOST_DIFFERENCES && met > against.overview.differences.len() as u64 {
        let (kept, met) = (grouped(against.overview.differences.len()), grouped(met));
        table = table.noted(format!("the largest {kept} of {met}"), format!("共 {met} 笔，此处为最大的 {kept} 笔"));
    }
    let measure = measured(against.report.fields);
    for (index, difference) in against.overview.differences.iter().take(most).enumerate() {
        let fen = |amount: Option<Fen>| amount.map_or(Cell::Empty, |fen| Cell::Money(fen.0.into()));
        let cause = difference.causes.first().map_or("", |cause| cause);
        let differing: Vec<&str> = difference.differing.iter().map(|field| COMPARED[field]).collect();
        let cells = vec![
            Cell::text(lossy(&difference.setl_id)),
            Cell::text(persons.person_of(&difference.psn_no)),
            in_both(|lang| format!("{} {}", difference.outcome as u8, result_name(difference.outcome, lang))),
            Cell::text(cause),
            in_both(|lang| if cause.is_empty() { String::new() } else { cause_name(cause, lang).to_owned() }),
            Cell::Money(difference.measured),
            fen(difference.computed.map(|amounts| amounts[measure])),
            fen(difference.paid.and_then(|amounts| amounts[measure])),
            Cell::text(&difference.pool),
            Cell::text(&difference.insutype),
            Cell::text(lossy(&difference.institution)),
            Cell::text(&difference.month),
            Cell::text(differing.join(" ")),
            Cell::text(difference.causes.join(" ")),
        ];
        let detail = match against.explained.get(index) {
            Some(explained) => std::iter::once(sides(difference)).chain(explained.iter().cloned()).collect(),
            None => Vec::new(),
        };
        table.push(Row { cells, detail });
    }
    table
}

/// What was computed and what was paid, field by field.
fn sides(difference: &Difference) -> Detail {
    let shown = |amount: Option<Fen>| amount.map_or("–".to_owned(), |fen| grouped(fen.to_string()));
    let mut facts = Vec::new();
    for (field, name) in COMPARED.iter().enumerate().take(FIELDS) {
        let computed = difference.computed.map(|amounts| amounts[field]);
        let paid = difference.paid.and_then(|amounts| amounts[field]);
        if computed.is_none_or(|fen| fen.0 == 0) && paid.is_none_or(|fen| fen.0 == 0) {
            continue;
        }
        let off = computed.zip(paid).map(|(computed, paid)| paid - computed).filter(|off| off.0 != 0);
        let off = off.map_or(String::new(), |off| {
            format!("  ({}{})", if off.0 > 0 { "+" } else { "" }, grouped(off.to_string()))
        });
        let value = format!("{} → {}{off}", shown(computed), shown(paid));
        let name = Text::new(
            format!("{name} {}", money_name(name, Lang::En)),
            format!("{name} {}", money_name(name, Lang::Zh)),
        );
        facts.push((name, Cell::text(value)));
    }
    Detail::Facts(text("Computed → paid, yuan", "计算 → 支付（元）"), facts)
}
