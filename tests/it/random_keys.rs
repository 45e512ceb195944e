//! Whether two rule rows could tie: the generator's guard against packs with
//! two candidates of equal rank. It errs on the side of calling it a tie.
//!
//! Module paths: this file is `crate::random_keys`, used by
//! `crate::random_rules`; it knows nothing of the reference's own matching.

use crate::table::Rec;

/// Whether the periods of two rows share a day (ISO dates compare as text).
pub fn overlap(a: &Rec, b: &Rec) -> bool {
    let end = |row: &Rec| {
        let to = row.get("valid_to").map_or("", String::as_str);
        if to.is_empty() { "9999-12-31".to_owned() } else { to.to_owned() }
    };
    a["valid_from"] <= end(b) && b["valid_from"] <= end(a)
}

/// Two rows of equal rank in every key column that one claim can meet.
pub fn conflict(keys: &[&str], a: &Rec, b: &Rec) -> bool {
    overlap(a, b)
        && keys.iter().all(|column| {
            let (x, y) = (&a[*column], &b[*column]);
            kind(x) == kind(y) && cells_tie(column, x, y)
        })
}

/// Rows of visit_classes.csv that tie, or name diseases of which one begins
/// with the other in rows for the same pool and med_type.
pub fn diseases_conflict(a: &Rec, b: &Rec) -> bool {
    conflict(&["pool", "med_type"], a, b)
        && cells_meet("dise_codg", &a["dise_codg"], &b["dise_codg"])
        && (a["dise_codg"] == "*") == (b["dise_codg"] == "*")
}

fn kind(cell: &str) -> u8 {
    match cell {
        "*" => 2,
        list if list.contains('|') => 1,
        _ => 0,
    }
}

/// Cells of one kind: lists tie when they share something, others when equal.
fn cells_tie(column: &str, a: &str, b: &str) -> bool {
    if a.contains('|') {
        return cells_meet(column, a, b);
    }
    a == b
}

/// Whether one value can meet both cells; empty and `*` meet everything.
pub fn cells_meet(column: &str, a: &str, b: &str) -> bool {
    let any = |cell: &str| cell.is_empty() || cell == "*";
    any(a) || any(b) || a.split('|').any(|x| b.split('|').any(|y| entries_meet(column, x, y)))
}

fn entries_meet(column: &str, x: &str, y: &str) -> bool {
    let is_province = |entry: &str| entry.ends_with("0000");
    match column {
        "pool" | "treat_pool" => x == y || ((is_province(x) || is_province(y)) && x[..2] == y[..2]),
        // A person type's first two digits meet every type below them.
        "psn_types" => x == y || (x.len() == 2 && y.starts_with(x)) || (y.len() == 2 && x.starts_with(y)),
        "dise_codg" => x.starts_with(y) || y.starts_with(x),
        _ => x == y,
    }
}
