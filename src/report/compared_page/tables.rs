//! Tables of files as tables of pages: codes with their names, both languages of a text in one column, persons as they
//! may be shown.

use super::super::page::{Cell, Column, Kind, Table};
use super::super::provinces::province_name;
use super::super::sheet::{self, Heading, Sheet};
use super::super::words::{insutype_name, money_name, place_name, reason_name};
use super::Context;
use crate::diagnostic::{Lang, Text};
use crate::model::outcome::Reason;
use crate::model::place::Place;

fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text::new(en, zh)
}

/// A code with its name behind it; the code alone where it has none.
fn named(code: &str, name: Text) -> Text {
    let with = |name: &str| if name.is_empty() { code.to_owned() } else { format!("{code} {name}") };
    text(with(&name.en), with(&name.zh))
}

/// A pool by its name.
pub(super) fn pool_name(context: &Context, code: &str) -> Text {
    if code.is_empty() { Text::default() } else { named(code, context.origin.place(code)) }
}

/// An insurance type by its name.
pub(super) fn insutype(code: &str) -> Text {
    named(code, insutype_name(code))
}

/// A province by its name.
pub(super) fn province(code: &str) -> Text {
    code.get(..2).and_then(|digits| digits.parse().ok()).map_or_else(|| text(code, code), province_name)
}

/// A reason by its name.
pub(super) fn reason(word: &str) -> Text {
    let found = Reason::ALL.iter().copied().find(|reason| reason.word() == word);
    let name = |lang| found.map_or("", |reason| reason_name(reason, lang));
    named(word, text(name(Lang::En), name(Lang::Zh)))
}

/// Who pays, by the name of the column.
pub(super) fn payer(column: &str) -> Text {
    let name = text(money_name(column, Lang::En), money_name(column, Lang::Zh));
    if name.en.is_empty() { text(column, column) } else { name }
}

/// Words that columns have, and what they mean.
const WORDS: [(&str, &str, &str, &str); 18] = [
    ("what", "compared", "compared", "参与比较"),
    ("what", "reversed", "reversals, and what they take back", "冲正及被冲正"),
    ("what", "pended", "pended", "待处理"),
    ("what", "denied", "denied for want of cover or designation", "因未参保或非定点不予支付"),
    ("what", "refused", "repeated", "重复"),
    ("what", "rejected", "rejected", "退回"),
    ("what", "reason", "of these, by reason", "其中，按原因"),
    ("by", "decile", "tenth by cost", "费用十分位"),
    ("by", "pool", "pool", "统筹区"),
    ("by", "med_class", "visit class", "医疗类别"),
    ("by", "psn_class", "person class", "人员类别"),
    ("by", "tier", "level", "医院等级"),
    ("answered_by", "base", "base pack", "原规则"),
    ("answered_by", "new", "new pack", "新规则"),
    ("group", "employees", "employees", "职工"),
    ("group", "residents", "residents", "居民"),
    ("figure", "fund_share_of_in_scope", "funds of the in-scope cost", "基金占政策范围内费用"),
    ("figure", "mean_stay", "mean cost of a stay", "次均住院费用"),
];

pub(super) fn word_of(column: &str, word: &str) -> Text {
    let found = WORDS.iter().find(|(of, known, ..)| *of == column && *known == word);
    found.map_or_else(|| text(word, word), |(.., en, zh)| text(*en, *zh))
}

/// A text of a column as it is told.
fn told(context: &Context, column: &str, words: &str) -> Text {
    match column {
        _ if words.is_empty() => Text::default(),
        "pool" | "insured_pool" | "rules_pool" | "least_pool" | "most_pool" => pool_name(context, words),
        "insured_province" | "treatment_province" => province(words),
        "insutype" => insutype(words),
        "reason" => reason(words),
        "fund" => payer(words),
        "place" => Place::from_word(words)
            .map_or_else(|| text(words, words), |place| text(place_name(place, Lang::En), place_name(place, Lang::Zh))),
        _ => word_of(column, words),
    }
}

/// Columns whose texts are codes.
const CODES: [&str; 14] = [
    "setl_id",
    "psn_no",
    "setl_time",
    "since",
    "rules_base",
    "rules_new",
    "case_id",
    "step",
    "value",
    "month",
    "med_class",
    "tier",
    "reasons",
    "year",
];

/// Columns that are not printed where a table is too wide for paper: parts of sums, and what a row says otherwise.
const NOT_PRINTED: [&str; 20] = [
    "persons",
    "denied",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_share_of_total",
    "mean_total",
    "mean_person",
    "p90_total",
    "setl_time",
    "rules_base",
    "rules_new",
    "since",
    "other_funds",
    "unanswered",
    "act_pay_dedc",
];

/// More columns than these are too wide for paper.
const PRINTED: usize = 13;

/// Where a column of a page comes from.
enum From {
    /// A column.
    One(usize),
    /// A column in English, and the same in Chinese.
    Both(usize, usize),
}

/// The columns: a text in two languages is one, the names of a pool stand with its code.
fn columns(headings: &[Heading]) -> Vec<From> {
    let has_pool = headings.iter().any(|heading| matches!(heading.name, "pool" | "rules_pool"));
    let position = |name: &str| headings.iter().position(|heading| heading.name == name);
    let one = |(at, heading): (usize, &Heading)| match heading.name {
        "name_en" | "name_zh" if has_pool => None,
        name => match (name.strip_suffix("_en"), name.strip_suffix("_zh")) {
            (Some(stem), _) => position(&format!("{stem}_zh")).map(|zh| From::Both(at, zh)).or(Some(From::One(at))),
            (_, Some(stem)) if position(&format!("{stem}_en")).is_some() => None,
            _ => Some(From::One(at)),
        },
    };
    headings.iter().enumerate().filter_map(one).collect()
}

fn kind(heading: &Heading) -> Kind {
    match heading.kind {
        sheet::Kind::Count => Kind::Count,
        sheet::Kind::Money => Kind::Money,
        sheet::Kind::Share => Kind::Share,
        sheet::Kind::Text if CODES.contains(&heading.name) => Kind::Code,
        sheet::Kind::Text => Kind::Text,
    }
}

/// A value of a file as one of a page.
pub(super) fn cell(context: &Context, column: &str, cell: &sheet::Cell) -> Cell {
    match cell {
        sheet::Cell::Text(number) if column == "psn_no" => Cell::text(context.persons.person(number)),
        sheet::Cell::Text(words) => Cell::both(told(context, column, words)),
        sheet::Cell::Count(count) => Cell::Count(*count),
        sheet::Cell::Money(fen) => fen.map_or(Cell::Empty, Cell::Money),
        sheet::Cell::Share(share) => share.map_or(Cell::Empty, Cell::Share),
    }
}

/// The table of a sheet.
pub(super) fn table(context: &Context, sheet: &Sheet) -> Table {
    let columns = columns(sheet.headings);
    let head = |from: &From| match *from {
        From::One(at) => Column::new(kind(&sheet.headings[at]), sheet.headings[at].en, sheet.headings[at].zh),
        From::Both(en, zh) => Column::new(Kind::Text, sheet.headings[en].en, sheet.headings[zh].zh),
    };
    let heads = columns.iter().map(head).collect();
    let mut table = Table::new(sheet.name, &sheet.title.en, &sheet.title.zh, heads);
    if columns.len() > PRINTED {
        let is_printed = |from: &From| match *from {
            From::One(at) | From::Both(at, _) => !NOT_PRINTED.contains(&sheet.headings[at].name),
        };
        table.on_paper = (0..columns.len()).filter(|&at| is_printed(&columns[at])).collect();
    }
    let by = sheet.headings.iter().position(|heading| heading.name == "by");
    for row in &sheet.rows {
        let one = |from: &From| match *from {
            // A group is called as what it is grouped by.
            From::One(at) if sheet.headings[at].name == "value" && by.is_some() => {
                let by = by.map_or(String::new(), |by| row[by].plain());
                cell(context, &by, &row[at])
            }
            From::One(at) => cell(context, sheet.headings[at].name, &row[at]),
            From::Both(en, zh) => Cell::both(text(row[en].plain(), row[zh].plain())),
        };
        table.push(columns.iter().map(one).collect::<Vec<_>>());
    }
    table
}

/// A row of a sheet, by names of columns.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    sheet: &'a Sheet,
    row: &'a [sheet::Cell],
}

impl<'a> Line<'a> {
    /// The rows of a sheet.
    pub(super) fn all(sheet: &'a Sheet) -> impl Iterator<Item = Self> + Clone {
        sheet.rows.iter().map(move |row| Self { sheet, row })
    }

    fn cell(&self, column: &str) -> &'a sheet::Cell {
        &self.row[self.sheet.column(column)]
    }

    /// A text.
    pub(super) fn text(&self, column: &str) -> &'a str {
        match self.cell(column) {
            sheet::Cell::Text(text) => text,
            other => panic!("{column} is no text: {other:?}"),
        }
    }

    /// A count.
    pub(super) fn count(&self, column: &str) -> u64 {
        match self.cell(column) {
            sheet::Cell::Count(count) => count.unsigned_abs(),
            other => panic!("{column} is no count: {other:?}"),
        }
    }

    /// Fen.
    pub(super) fn money(&self, column: &str) -> Option<i128> {
        match self.cell(column) {
            sheet::Cell::Money(fen) => *fen,
            other => panic!("{column} is no money: {other:?}"),
        }
    }

    /// Fen, 0 where there are none.
    pub(super) fn fen(&self, column: &str) -> i128 {
        self.money(column).unwrap_or(0)
    }

    /// Parts per million.
    pub(super) fn share(&self, column: &str) -> Option<i64> {
        match self.cell(column) {
            sheet::Cell::Share(share) => *share,
            other => panic!("{column} is no share: {other:?}"),
        }
    }
}

/// The insurance types of a sheet, those with the largest sum of a count first, at most so many.
pub(super) fn main_insutypes<'a>(sheet: &'a Sheet, count: &str, most: usize) -> Vec<&'a str> {
    let mut sums: Vec<(&str, u64)> = Vec::new();
    for line in Line::all(sheet) {
        let insutype = line.text("insutype");
        match sums.iter_mut().find(|(known, _)| *known == insutype) {
            Some((_, sum)) => *sum += line.count(count),
            None => sums.push((insutype, line.count(count))),
        }
    }
    sums.retain(|&(_, sum)| sum > 0);
    sums.sort_by(|(a_type, a), (b_type, b)| b.cmp(a).then(a_type.cmp(b_type)));
    sums.into_iter().take(most).map(|(insutype, _)| insutype).collect()
}
