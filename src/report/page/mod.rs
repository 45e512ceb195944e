//! A report as pieces: facts, figures and tables in sections, in both languages. The same pieces become a page
//! ([`html`]) and a workbook ([`super::workbook`]).

pub mod figure;
pub mod html;
mod payload;

use crate::diagnostic::{Lang, Text};
use crate::model::date::Date;

/// A report that is read in a browser.
#[derive(Clone, Debug)]
pub struct Page {
    /// The title.
    pub title: Text,
    /// What it is about, in a line.
    pub lead: Text,
    /// The language it opens in; both are there.
    pub lang: Lang,
    /// What names of downloaded files begin with.
    pub stem: &'static str,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section {
    /// What links to it.
    pub id: &'static str,
    /// The heading.
    pub title: Text,
    /// How it is read; empty for none.
    pub note: Text,
    /// What stands in it.
    pub parts: Vec<Part>,
}

/// A piece of a section.
#[derive(Clone, Debug)]
pub enum Part {
    /// Few numbers, large.
    Tiles(Vec<Fact>),
    /// Names and values.
    Facts(Vec<Fact>),
    /// A picture.
    Figure(Figure),
    /// A table.
    Table(Table),
    /// A paragraph.
    Words(Text),
}

/// How a tile is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Somebody should look.
    Attention,
}

/// A name and a value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: Text,
    /// The value.
    pub cell: Cell,
    /// What is said below it; empty for nothing.
    pub note: Text,
    /// How it is meant.
    pub tone: Tone,
}

impl Fact {
    /// A fact without a note.
    #[must_use]
    pub fn new(en: &str, zh: &str, cell: Cell) -> Self {
        Self { name: Text::new(en, zh), cell, note: Text::default(), tone: Tone::Plain }
    }

    /// The same with a note.
    #[must_use]
    pub fn noted(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.note = Text::new(en, zh);
        self
    }

    /// The same, meant as `tone`.
    #[must_use]
    pub const fn meant(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// A picture, once in each language: SVG of [`figure`], which escapes what it is given.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is seen.
    pub caption: Text,
    /// The picture.
    pub svg: Text,
    /// What is told of the cell that is pointed at.
    pub hover: Option<Hover>,
    /// Whether it is too wide to be made small.
    pub is_large: bool,
}

impl Figure {
    /// The same, which a narrow screen shows part by part.
    #[must_use]
    pub const fn large(mut self) -> Self {
        self.is_large = true;
        self
    }
}

/// Values of the square cells of a picture.
#[derive(Clone, Debug)]
pub struct Hover {
    /// Where the first cell begins.
    pub from: [i32; 2],
    /// How large a cell is.
    pub cell: i32,
    /// Names of the rows.
    pub rows: Vec<Text>,
    /// Names of the columns.
    pub columns: Vec<Text>,
    /// Row by row; `None`: there is none.
    pub values: Vec<Option<i128>>,
    /// What values are in.
    pub unit: figure::Unit,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// Codes and numbers that are no quantities.
    Code,
    /// Fen, shown as yuan.
    Money,
    /// A number of things.
    Count,
    /// Parts per million, shown as percent.
    Share,
    /// A day.
    Day,
}

impl Kind {
    /// The word of the page.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Money => "money",
            Self::Count => "count",
            Self::Share => "share",
            Self::Day => "day",
        }
    }

    /// Whether it is a quantity.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Money | Self::Count | Self::Share)
    }
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The heading.
    pub title: Text,
    /// What stands in it.
    pub kind: Kind,
}

impl Column {
    /// A column.
    #[must_use]
    pub fn new(kind: Kind, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { title: Text::new(en, zh), kind }
    }
}

/// A value. It is data: nothing in it is ever markup or a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Empty,
    /// The same in both languages.
    Text(Box<str>),
    /// A text in both.
    Both(Box<Text>),
    /// Fen.
    Money(i128),
    /// A number of things.
    Count(i64),
    /// Parts per million.
    Share(i64),
    /// A day.
    Day(Date),
    /// Fen on a ground of one of the steps of a heat map.
    Shaded(i128, u8),
}

impl Cell {
    /// A text that is the same in both languages.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if text.is_empty() { Self::Empty } else { Self::Text(text.into()) }
    }

    /// A text in both languages.
    #[must_use]
    pub fn both(text: Text) -> Self {
        if text.en == text.zh { Self::text(text.en) } else { Self::Both(Box::new(text)) }
    }

    /// A number of things.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// `part` of `whole`; empty without a whole.
    #[must_use]
    pub fn share(part: i128, whole: i128) -> Self {
        if whole == 0 { Self::Empty } else { Self::Share((part * 1_000_000 / whole) as i64) }
    }

    /// As a person reads it: `1,234.56`, `12.3 %`.
    #[must_use]
    pub fn shown(&self, lang: Lang) -> String {
        use crate::report::balance::yuan;
        use crate::report::summary::grouped;
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Both(text) => text.get(lang).to_owned(),
            Self::Money(fen) | Self::Shaded(fen, _) => grouped(yuan(*fen)),
            Self::Count(count) => grouped(count),
            Self::Share(ppm) => {
                let tenths = (ppm.abs() + 500) / 1000;
                format!("{}{}.{} %", if *ppm < 0 { "-" } else { "" }, tenths / 10, tenths % 10)
            }
            Self::Day(day) => day.to_string(),
        }
    }
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// What is seen when the row is opened; empty for nothing.
    pub detail: Vec<Detail>,
}

impl From<Vec<Cell>> for Row {
    fn from(cells: Vec<Cell>) -> Self {
        Self { cells, detail: Vec::new() }
    }
}

/// A piece of what is seen when a row is opened.
#[derive(Clone, Debug)]
pub enum Detail {
    /// A paragraph under a heading.
    Words(Text, Text),
    /// Names and values under a heading.
    Facts(Text, Vec<(Text, Cell)>),
    /// Steps under a heading: what came of each, and how.
    Steps(Text, Vec<(Cell, Text)>),
    /// Codes under a heading.
    List(Text, Vec<Box<str>>),
}

/// The most rows of a table that a page has.
pub const MOST_ROWS: usize = 200_000;

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// What its file and its place in the page are called: lower-case ASCII, once in a report.
    pub name: &'static str,
    /// The heading.
    pub title: Text,
    /// How it is read; empty for none.
    pub note: Text,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, in the order in which they are first seen.
    pub rows: Vec<Row>,
    /// Columns that are printed; none: as many as there is room for.
    pub on_paper: Vec<usize>,
    /// Whether the first column stays where it is when the others are moved.
    pub holds_first: bool,
}

impl Table {
    /// A table that is still empty.
    #[must_use]
    pub fn new(name: &'static str, en: &str, zh: &str, columns: Vec<Column>) -> Self {
        Self {
            name,
            title: Text::new(en, zh),
            note: Text::default(),
            columns,
            rows: Vec::new(),
            on_paper: Vec::new(),
            holds_first: false,
        }
    }

    /// The same with a note.
    #[must_use]
    pub fn noted(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.note = Text::new(en, zh);
        self
    }

    /// The rows that a page has: a browser can take so many. Files have all of them.
    #[must_use]
    pub fn seen(&self) -> &[Row] {
        &self.rows[..self.rows.len().min(MOST_ROWS)]
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it has not a cell for each column.
    pub fn push(&mut self, row: impl Into<Row>) {
        let row = row.into();
        assert_eq!(row.cells.len(), self.columns.len(), "{}: a cell for each column", self.name);
        self.rows.push(row);
    }
}
