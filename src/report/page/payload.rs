//! A table as the page's script takes it: column by column, words once; large ones packed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hashbrown::HashMap;
use serde_json::{Value, json};

use super::figure::Unit;
use super::{Cell, Detail, Hover, Table};
use crate::diagnostic::Text;

/// Text of this many bytes and more is packed.
const PACKED_FROM: usize = 64 * 1024;

/// A block of data of the page.
pub(super) struct Block {
    /// Text without a character that ends or begins markup.
    pub text: String,
    /// Whether it is base64 of gzip.
    pub is_packed: bool,
}

/// A whole number that JavaScript may not hold exactly.
fn number(number: i128) -> Value {
    const EXACT: i128 = 1 << 53;
    match i64::try_from(number) {
        Ok(small) if number.abs() < EXACT => json!(small),
        _ => json!(number.to_string()),
    }
}

fn text(text: &Text) -> Value {
    if text.en == text.zh { json!(text.en) } else { json!([text.en, text.zh]) }
}

/// A word and where it stands: words are listed once.
#[derive(Default)]
struct Words<'a> {
    words: Vec<Value>,
    known: HashMap<&'a Cell, usize>,
}

impl std::hash::Hash for Cell {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Text(text) => text.hash(state),
            Self::Both(text) => (&text.en, &text.zh).hash(state),
            Self::Empty | Self::Money(_) | Self::Count(_) | Self::Share(_) | Self::Day(_) | Self::Shaded(..) => {
                0.hash(state);
            }
        }
    }
}

fn word(cell: &Cell) -> Value {
    match cell {
        Cell::Both(both) => text(both),
        Cell::Empty => Value::Null,
        _ => json!(cell.shown(crate::diagnostic::Lang::En)),
    }
}

/// A value where it stands alone.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Money(fen) | Cell::Shaded(fen, _) => json!({"money": number(*fen)}),
        Cell::Count(count) => json!({"count": number(i128::from(*count))}),
        Cell::Share(ppm) => json!({"share": ppm}),
        _ => word(cell),
    }
}

fn column(table: &Table, index: usize) -> Value {
    let column = &table.columns[index];
    let cells = table.seen().iter().map(|row| &row.cells[index]);
    let mut whole = json!({"title": text(&column.title), "kind": column.kind.word()});
    if column.kind.is_number() {
        let numbers = cells.clone().map(|cell| match cell {
            Cell::Money(fen) | Cell::Shaded(fen, _) => number(*fen),
            Cell::Count(count) => number(i128::from(*count)),
            Cell::Share(ppm) => json!(ppm),
            _ => Value::Null,
        });
        whole["values"] = numbers.collect();
        let heat = |cell: &Cell| if let Cell::Shaded(_, step) = cell { i64::from(*step) } else { -1 };
        if cells.clone().any(|cell| heat(cell) >= 0) {
            whole["heat"] = cells.clone().map(heat).collect();
        }
        // Why there is no number.
        if cells.clone().any(is_words) {
            let (at, words) = listed(cells.map(|cell| if is_words(cell) { cell } else { &Cell::Empty }));
            whole["at"] = at;
            whole["words"] = words;
        }
        return whole;
    }
    let (at, words) = listed(cells);
    whole["at"] = at;
    whole["words"] = words;
    whole
}

const fn is_words(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_) | Cell::Both(_))
}

/// Where the word of each cell stands among the words, and the words.
fn listed<'a>(cells: impl Iterator<Item = &'a Cell>) -> (Value, Value) {
    let mut listed = Words::default();
    let at = cells.map(|cell| {
        if *cell == Cell::Empty {
            return json!(-1);
        }
        let next = listed.words.len();
        let at = *listed.known.entry(cell).or_insert(next);
        if at == next {
            listed.words.push(word(cell));
        }
        json!(at)
    });
    (at.collect(), Value::Array(listed.words))
}

/// Values of the cells of a picture.
pub(super) fn hover(hover: &Hover) -> Block {
    let names = |names: &[Text]| names.iter().map(text).collect::<Vec<_>>();
    let values = hover.values.iter().map(|value| value.map_or(Value::Null, number));
    let kind = match hover.unit {
        Unit::Yuan => "money",
        Unit::Share => "share",
        Unit::Count => "count",
    };
    let whole = json!({
        "from": hover.from, "cell": hover.cell, "kind": kind, "rows": names(&hover.rows),
        "columns": names(&hover.columns), "values": values.collect::<Vec<_>>(),
    });
    block(whole.to_string())
}

/// The table without what is seen when rows are opened.
pub(super) fn table(table: &Table) -> Block {
    let columns: Vec<Value> = (0..table.columns.len()).map(|index| column(table, index)).collect();
    let rows = table.seen();
    let opens = rows.iter().any(|row| !row.detail.is_empty());
    let whole = json!({"title": text(&table.title), "rows": rows.len(), "opens": opens, "columns": columns});
    block(whole.to_string())
}

/// What is seen when rows are opened: a line for each.
pub(super) fn details(table: &Table) -> Option<Block> {
    let rows = table.seen();
    if rows.iter().all(|row| row.detail.is_empty()) {
        return None;
    }
    let lines: Vec<String> = rows.iter().map(|row| detail(&row.detail).to_string()).collect();
    Some(block(lines.join("\n")))
}

fn detail(parts: &[Detail]) -> Value {
    let part = |part: &Detail| match part {
        Detail::Words(heading, words) => json!({"title": text(heading), "words": text(words)}),
        Detail::Facts(heading, facts) => {
            let facts = facts.iter().map(|(name, cell)| json!([text(name), value(cell)]));
            json!({"title": text(heading), "facts": facts.collect::<Vec<_>>()})
        }
        Detail::Steps(heading, steps) => {
            let steps = steps.iter().map(|(cell, words)| json!([value(cell), text(words)]));
            json!({"title": text(heading), "steps": steps.collect::<Vec<_>>()})
        }
        Detail::List(heading, codes) => json!({"title": text(heading), "list": codes}),
    };
    parts.iter().map(part).collect()
}

/// JSON that can stand in a page: inside of its texts only.
pub(super) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out += &format!("\\u{:04x}", character as u32),
            _ => out.push(character),
        }
    }
    out
}

fn block(json: String) -> Block {
    if json.len() < PACKED_FROM {
        return Block { text: escaped(&json), is_packed: false };
    }
    // No name and no time in the header: the same text gives the same bytes.
    let mut packer = GzEncoder::new(Vec::new(), Compression::new(6));
    packer.write_all(json.as_bytes()).expect("writing to memory does not fail");
    Block { text: base64(&packer.finish().expect("writing to memory does not fail")), is_packed: true }
}

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0u32, |number, &byte| number << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let value = (number >> (18 - 6 * digit)) & 63;
            out.push(if digit <= three.len() { DIGITS[value as usize] as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::{Column, Kind};

    #[test]
    fn base64_is_base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn words_stand_once_and_nothing_is_markup() {
        let columns = vec![Column::new(Kind::Code, "code", "代码"), Column::new(Kind::Money, "money", "金额")];
        let mut made = Table::new("made", "Made", "造", columns);
        for money in [5, 1 << 60] {
            made.push(vec![Cell::text("</script>\u{2028}&"), Cell::Money(money)]);
        }
        made.push(vec![Cell::Empty, Cell::Empty]);
        insta::assert_snapshot!(table(&made).text, @r#"{"title":["Made","造"],"rows":3,"opens":false,"columns":[{"title":["code","代码"],"kind":"code","at":[0,0,-1],"words":["\u003c/script\u003e\u2028\u0026"]},{"title":["money","金额"],"kind":"money","values":[5,"1152921504606846976",null]}]}"#);
        assert!(details(&made).is_none());
    }

    #[test]
    fn large_tables_are_packed_and_the_same_again() {
        let mut made = Table::new("made", "Made", "造", vec![Column::new(Kind::Count, "n", "数")]);
        (0..20_000).for_each(|count| made.push(vec![Cell::Count(count)]));
        let packed = table(&made);
        assert!(packed.is_packed && packed.text.starts_with("H4sI"), "{}", &packed.text[..20]);
        assert_eq!(packed.text, table(&made).text);
    }
}
