//! A small table with typed columns, the same for CSV, Parquet, JSON and whoever shows it: figures are computed once.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value, json};

use super::balance::yuan;
use super::summary::{grouped, pad_left, padded, width};
use crate::columnar::columns;
use crate::columnar::reconciled::SUM;
use crate::diagnostic::{Lang, Text};
use crate::model::money::{PPM, round_signed};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Whole number.
    Count,
    /// A sum of money in fen, shown in yuan; null where there is none.
    Money,
    /// A fraction in millionths; null where there is nothing to divide by.
    Share,
}

/// The type of a share: six decimals.
const SHARE: DataType = DataType::Decimal128(12, 6);

impl Kind {
    /// The arrow type of such a column.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Count => DataType::Int64,
            Self::Money => SUM,
            Self::Share => SHARE,
        }
    }
}

/// A column: its name, what it holds, and its heading in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Name in files.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Heading in English.
    pub en: &'static str,
    /// Heading in Chinese.
    pub zh: &'static str,
}

/// A heading.
#[must_use]
pub const fn heading(name: &'static str, kind: Kind, en: &'static str, zh: &'static str) -> Heading {
    Heading { name, kind, en, zh }
}

/// The columns of two lists, one behind the other.
///
/// # Panics
/// If there are not `ALL` of them; in a constant that is an error of the compiler.
#[must_use]
pub const fn joined<const ALL: usize>(first: &[Heading], then: &[Heading]) -> [Heading; ALL] {
    assert!(first.len() + then.len() == ALL);
    let mut all = [then[0]; ALL];
    let mut column = 0;
    while column < ALL {
        all[column] = if column < first.len() { first[column] } else { then[column - first.len()] };
        column += 1;
    }
    all
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Whole number.
    Count(i64),
    /// Fen.
    Money(Option<i128>),
    /// Millionths.
    Share(Option<i64>),
}

impl Cell {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A count.
    ///
    /// # Panics
    /// If it has no place in 63 bits.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Count(i64::try_from(count).expect("fewer than 2^63 rows"))
    }

    /// A sum of fen.
    #[must_use]
    pub const fn money(fen: i128) -> Self {
        Self::Money(Some(fen))
    }

    /// `part` of `whole`.
    #[must_use]
    pub fn share(part: i128, whole: i128) -> Self {
        Self::Share(share(part, whole))
    }

    /// As CSV and JSON have it; a null is empty.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Money(fen) => fen.map(yuan).unwrap_or_default(),
            Self::Share(share) => share.map(decimals).unwrap_or_default(),
        }
    }

    /// As a person reads it; nothing is a dash.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => grouped(count),
            Self::Money(fen) => fen.map_or_else(|| "-".to_owned(), |fen| grouped(yuan(fen))),
            Self::Share(share) => share.map_or_else(|| "-".to_owned(), percent),
        }
    }

    /// Whether it is a number and 0, or no number at all.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Count(count) => *count == 0,
            Self::Money(fen) => matches!(fen, None | Some(0)),
            Self::Share(share) => matches!(share, None | Some(0)),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Count(count) => json!(count),
            Self::Money(None) | Self::Share(None) => Value::Null,
            Self::Money(_) | Self::Share(_) => json!(self.plain()),
        }
    }
}

/// `part` of `whole` in millionths, half away from zero; `None` where there is no whole.
#[must_use]
pub fn share(part: i128, whole: i128) -> Option<i64> {
    if whole == 0 {
        return None;
    }
    i64::try_from(round_signed(part * i128::from(PPM) * whole.signum(), whole.abs())).ok()
}

/// Millionths with their six decimals.
fn decimals(share: i64) -> String {
    let magnitude = share.unsigned_abs();
    let sign = if share < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
}

/// Millionths in percent, with one decimal.
#[must_use]
pub fn percent(share: i64) -> String {
    let tenths = (share.unsigned_abs() + 500) / 1_000;
    let sign = if share < 0 && tenths > 0 { "-" } else { "" };
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Name of its files, without extension.
    pub name: &'static str,
    /// What it says.
    pub title: Text,
    /// Its columns.
    pub headings: &'static [Heading],
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A table without rows.
    #[must_use]
    pub fn new(name: &'static str, title: Text, headings: &'static [Heading]) -> Self {
        Self { name, title, headings, rows: Vec::new() }
    }

    /// One more row.
    ///
    /// # Panics
    /// If its cells are not those of the columns.
    pub fn put(&mut self, row: Vec<Cell>) {
        let kind = |cell: &Cell| match cell {
            Cell::Text(_) => Kind::Text,
            Cell::Count(_) => Kind::Count,
            Cell::Money(_) => Kind::Money,
            Cell::Share(_) => Kind::Share,
        };
        assert!(row.iter().map(kind).eq(self.headings.iter().map(|heading| heading.kind)), "{}: {row:?}", self.name);
        self.rows.push(row);
    }

    /// Position of a column.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> usize {
        let position = self.headings.iter().position(|heading| heading.name == name);
        position.unwrap_or_else(|| panic!("{} has no column {name}", self.name))
    }

    /// The arrow schema of its Parquet file.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let nullable = |kind| matches!(kind, Kind::Money | Kind::Share);
        let field = |heading: &Heading| Field::new(heading.name, heading.kind.data_type(), nullable(heading.kind));
        Arc::new(Schema::new(self.headings.iter().map(field).collect::<Vec<_>>()))
    }

    /// Its rows as columns.
    ///
    /// # Panics
    /// Never: rows were checked as they came.
    #[must_use]
    pub fn batch(&self) -> RecordBatch {
        let array = |(index, heading): (usize, &Heading)| -> ArrayRef {
            let cells = self.rows.iter().map(|row| &row[index]);
            let number = |cell: &Cell| match cell {
                Cell::Money(fen) => *fen,
                Cell::Share(share) => share.map(i128::from),
                Cell::Text(_) | Cell::Count(_) => None,
            };
            let decimal = |precision, scale| -> ArrayRef {
                let values = Decimal128Array::from_iter(cells.clone().map(number));
                Arc::new(values.with_precision_and_scale(precision, scale).expect("digits that decimals can have"))
            };
            match heading.kind.data_type() {
                DataType::Utf8 => Arc::new(StringArray::from_iter_values(cells.map(Cell::plain))),
                DataType::Decimal128(precision, scale) => decimal(precision, scale),
                _ => Arc::new(Int64Array::from_iter_values(cells.map(|cell| match cell {
                    Cell::Count(count) => *count,
                    _ => 0,
                }))),
            }
        };
        columns::rows(self.schema(), self.headings.iter().enumerate().map(array).collect())
    }

    /// Its rows as lines of text, headings first.
    pub fn lines(&self) -> impl Iterator<Item = Vec<String>> {
        let names = self.headings.iter().map(|heading| heading.name.to_owned()).collect();
        std::iter::once(names).chain(self.rows.iter().map(|row| row.iter().map(Cell::plain).collect()))
    }

    /// Its rows as objects.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| -> Value {
            let cells = self.headings.iter().zip(row);
            Value::Object(cells.map(|(heading, cell)| (heading.name.to_owned(), cell.to_json())).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The first of some of its rows, of some columns, as a person reads them; nothing where there is no row.
    #[must_use]
    pub fn render(&self, wanted: &[&str], rows: &[&Vec<Cell>], most: usize, lang: Lang) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let positions: Vec<usize> = wanted.iter().map(|name| self.column(name)).collect();
        let headings = positions.iter().map(|&position| {
            let heading = &self.headings[position];
            if lang == Lang::Zh { heading.zh } else { heading.en }.to_owned()
        });
        let shown = rows.iter().take(most);
        let mut grid: Vec<Vec<String>> = vec![headings.collect()];
        grid.extend(shown.map(|row| positions.iter().map(|&position| row[position].shown()).collect()));
        let wide = |column: usize| grid.iter().map(|line| width(&line[column])).max().unwrap_or_default();
        let widths: Vec<usize> = (0..positions.len()).map(wide).collect();
        let mut text = format!("\n  {}\n", self.title.get(lang));
        for line in &grid {
            let cells = line.iter().zip(&positions).zip(&widths).map(|((cell, &position), &width)| {
                let is_text = self.headings[position].kind == Kind::Text;
                if is_text { padded(cell, width) } else { pad_left(cell, width) }
            });
            text += format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end();
            text.push('\n');
        }
        let more = self.rows.len() - rows.len().min(most);
        if more > 0 {
            text += &match lang {
                Lang::En => format!("  ... and {more} more in {}.csv\n", self.name),
                Lang::Zh => format!("  ……另有 {more} 行，见 {}.csv\n", self.name),
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_away_from_zero() {
        assert_eq!(share(1, 3), Some(333_333));
        assert_eq!(share(2, 3), Some(666_667));
        assert_eq!(share(-2, 3), Some(-666_667));
        assert_eq!(share(1, 2_000_000), Some(1));
        assert_eq!(share(1, 0), None);
        assert_eq!(
            (percent(846_000), percent(-499), percent(-500)),
            ("84.6 %".into(), "0.0 %".into(), "-0.1 %".into())
        );
        assert_eq!(Cell::Share(Some(-50_000)).plain(), "-0.050000");
    }
}
