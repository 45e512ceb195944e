//! A plain CSV reader and writer (RFC 4180 quoting, first line the header).
//!
//! Module paths: this file is `crate::table` and uses nothing but std. It
//! exists so that the reference needs no csv crate, and so that a mistake in
//! one reader cannot hide behind the same mistake in the other.

use std::collections::BTreeMap;

/// One row: column name (lower case, trimmed) to the text of the cell.
pub type Rec = BTreeMap<String, String>;
/// All rows of a file in file order; the header is not a row.
pub type Table = Vec<Rec>;

/// Reads CSV text. A row shorter than the header lacks its last columns, an
/// empty line is no row, and cells beyond the header are dropped.
pub fn parse(text: &str) -> Table {
    let mut lines = records(text.strip_prefix('\u{feff}').unwrap_or(text)).into_iter();
    let Some(header) = lines.next() else {
        return Vec::new();
    };
    // Column names are case-insensitive by the spec.
    let header: Vec<String> = header.iter().map(|h| h.trim().to_lowercase()).collect();
    lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

/// Splits CSV text into records of cells.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => quoted = false,
                other => cell.push(other),
            }
            continue;
        }
        match c {
            '"' if cell.is_empty() => quoted = true,
            ',' => record.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                record.push(std::mem::take(&mut cell));
                push_record(&mut all, std::mem::take(&mut record));
            }
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        push_record(&mut all, record);
    }
    all
}

fn push_record(all: &mut Vec<Vec<String>>, record: Vec<String>) {
    let empty_line = record.len() == 1 && record[0].is_empty();
    if !empty_line {
        all.push(record);
    }
}

/// Writes one CSV line, quoting only the cells that need it.
pub fn line<S: AsRef<str>>(cells: &[S]) -> String {
    let quoted: Vec<String> = cells
        .iter()
        .map(|cell| {
            let cell = cell.as_ref();
            if cell.contains(['"', ',', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.to_owned()
            }
        })
        .collect();
    quoted.join(",") + "\n"
}
