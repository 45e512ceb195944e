//! What a comparison found, as a person reads it and as JSON: a few lines, then the first rows of its tables.

use serde_json::{Map, Value, json};

use super::sheet::{Cell, Sheet};
use crate::diagnostic::{Lang, Text};

/// A table, and what of it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The table.
    pub sheet: Sheet,
    /// Columns that are shown; none: the table is written and not shown.
    pub columns: &'static [&'static str],
    /// Columns of numbers that make a row worth showing: one of them is not 0. None: every row is.
    pub telling: &'static [&'static str],
    /// Rows that are shown.
    pub most: usize,
}

impl Shown {
    /// A table that is written and not shown.
    #[must_use]
    pub const fn written(sheet: Sheet) -> Self {
        Self { sheet, columns: &[], telling: &[], most: 0 }
    }

    /// A table of which some is shown.
    #[must_use]
    pub const fn some(
        sheet: Sheet,
        columns: &'static [&'static str],
        telling: &'static [&'static str],
        most: usize,
    ) -> Self {
        Self { sheet, columns, telling, most }
    }

    fn render(&self, lang: Lang) -> String {
        let telling: Vec<usize> = self.telling.iter().map(|name| self.sheet.column(name)).collect();
        let tells = |row: &&Vec<Cell>| telling.is_empty() || telling.iter().any(|&column| !row[column].is_zero());
        let rows: Vec<&Vec<Cell>> = self.sheet.rows.iter().filter(tells).collect();
        self.sheet.render(self.columns, &rows, self.most, lang)
    }
}

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct ComparedReport {
    /// Which one: `observed`, `regions`, `packs`, `sweep`.
    pub kind: &'static str,
    /// What it is about and what it found, line by line.
    pub lines: Vec<Text>,
    /// Numbers of the lines, by name.
    pub numbers: Map<String, Value>,
    /// Its tables.
    pub tables: Vec<Shown>,
}

impl ComparedReport {
    /// The report as text.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let mut text: String = self.lines.iter().map(|line| format!("{}\n", line.get(lang))).collect();
        for shown in self.tables.iter().filter(|shown| !shown.columns.is_empty() && !shown.sheet.rows.is_empty()) {
            text += &shown.render(lang);
        }
        text
    }

    /// The report as JSON: every row of the tables that are shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let shown = self.tables.iter().filter(|shown| !shown.columns.is_empty());
        let tables: Map<String, Value> =
            shown.map(|shown| (shown.sheet.name.to_owned(), shown.sheet.to_json())).collect();
        json!({"comparison": self.kind, "numbers": self.numbers, "tables": tables})
    }

    /// A table by its name.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.tables.iter().map(|shown| &shown.sheet).find(|sheet| sheet.name == name)
    }
}
