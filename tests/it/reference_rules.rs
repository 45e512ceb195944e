//! The spec's small words: cells, codes, dates, money, and choosing a rule row.
//!
//! Module paths: this file is `crate::reference_rules`, uses `crate::table`
//! and `rust_decimal`, and is used by `crate::reference`. Everything scans its
//! table from top to bottom for every question; nothing is indexed or kept.

use std::cmp::Ordering;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::table::{Rec, Table};

/// Spec 2.1: the text of a cell, trimmed; the four spellings of a missing
/// value (empty, `null`, `NULL`, `\N`) and an absent column are `None`.
pub fn value<'a>(row: &'a Rec, column: &str) -> Option<&'a str> {
    let text = row.get(column)?.trim();
    match text {
        "" | "null" | "NULL" | "\\N" => None,
        other => Some(other),
    }
}

/// A coded column: `310.0` is what a spreadsheet made of `310`.
pub fn code(row: &Rec, column: &str) -> Option<String> {
    value(row, column).map(|text| plain_code(text).to_owned())
}

/// A code read as a number is the number's digits.
fn plain_code(text: &str) -> &str {
    if let Some((digits, zeros)) = text.split_once('.')
        && all_digits(digits)
        && !zeros.is_empty()
        && zeros.bytes().all(|b| b == b'0')
    {
        return digits;
    }
    text
}

/// Not empty and nothing but ASCII digits.
pub fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Hospital grades have two digits (`1` is `01`).
pub fn pad_two(grade: &str) -> String {
    format!("{grade:0>2}")
}

// ---------------------------------------------------------------- dates

/// A calendar day; the derived order (year, month, day) is the calendar's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

impl Day {
    /// `yyyy-MM-dd` or `yyyyMMdd`; `None` for anything else and for days the
    /// calendar lacks.
    pub fn parse(text: &str) -> Option<Day> {
        let parts: Vec<&str> = text.split('-').collect();
        let (y, m, d) = match parts.as_slice() {
            [y, m, d] if y.len() == 4 && m.len() == 2 && d.len() == 2 => (*y, *m, *d),
            [all] if all.len() == 8 && all_digits(all) => (&all[..4], &all[4..6], &all[6..]),
            _ => return None,
        };
        if !(all_digits(y) && all_digits(m) && all_digits(d)) {
            return None;
        }
        let (year, month, day) = (y.parse().ok()?, m.parse().ok()?, d.parse().ok()?);
        let real = year >= 1 && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        real.then_some(Day { year, month, day })
    }

    /// A date column may carry ` 00:00:00`.
    pub fn parse_date_cell(text: &str) -> Option<Day> {
        Day::parse(text.strip_suffix(" 00:00:00").unwrap_or(text))
    }

    /// The same day `months` later; a month that lacks it gives its last day.
    pub fn plus_months(self, months: u32) -> Day {
        let count = self.month - 1 + months;
        let year = self.year + i32::try_from(count / 12).expect("a small number of years");
        let month = count % 12 + 1;
        let day = self.day.min(days_in_month(year, month));
        Day { year, month, day }
    }

    /// The day before.
    pub fn previous(self) -> Day {
        if self.day > 1 {
            return Day { day: self.day - 1, ..self };
        }
        let (year, month) = if self.month == 1 { (self.year - 1, 12) } else { (self.year, self.month - 1) };
        let day = days_in_month(year, month);
        Day { year, month, day }
    }
}

/// Length of a month of the Gregorian calendar.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `yyyy-MM-dd HH:mm:ss`, or a date alone (midnight): the day and the second
/// of the day.
pub fn parse_time(text: &str) -> Option<(Day, u32)> {
    if let Some(day) = Day::parse(text) {
        return Some((day, 0));
    }
    let (date, clock) = text.split_once(' ')?;
    let parts: Vec<&str> = clock.split(':').collect();
    if date.len() != 10 || parts.len() != 3 {
        return None;
    }
    if parts.iter().any(|p| p.len() != 2 || !all_digits(p)) {
        return None;
    }
    let hms: Vec<u32> = parts.iter().filter_map(|p| p.parse().ok()).collect();
    let in_clock = hms[0] < 24 && hms[1] < 60 && hms[2] < 60;
    let seconds = hms[0] * 3600 + hms[1] * 60 + hms[2];
    in_clock.then_some((Day::parse(date)?, seconds))
}

/// Dates of tables that were checked before the run; empty is `None`.
pub fn table_day(row: &Rec, column: &str) -> Option<Day> {
    value(row, column).map(|text| Day::parse_date_cell(text).unwrap_or_else(|| panic!("{column}: date {text}")))
}

/// Both ends inclusive; an empty end is open on that side.
pub fn holds(row: &Rec, from: &str, to: &str, day: Day) -> bool {
    table_day(row, from).is_none_or(|first| first <= day) && table_day(row, to).is_none_or(|last| day <= last)
}

// ---------------------------------------------------------------- money

/// Spec 3, money: an optional minus, digits, at most two places (more only if
/// they are zeros), nothing else, and no more than a Decimal(16,2) holds.
pub fn money(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = match unsigned.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, places)) => (whole, places),
        None => (unsigned, "0"),
    };
    let beyond_fen = places.bytes().skip(2).any(|b| b != b'0');
    if !all_digits(whole) || !all_digits(places) || beyond_fen {
        return None;
    }
    let places = &places[..places.len().min(2)];
    let sign = if text.starts_with('-') { "-" } else { "" };
    let amount = Decimal::from_str(&format!("{sign}{whole}.{places}")).ok()?;
    let largest = Decimal::new(9_999_999_999_999_999, 2);
    (amount.abs() <= largest).then_some(amount)
}

/// A number of a rule row; empty is `None`. The pack was checked before.
pub fn number(row: &Rec, column: &str) -> Option<Decimal> {
    value(row, column).map(|text| Decimal::from_str(text).unwrap_or_else(|_| panic!("{column}: number {text}")))
}

/// Half away from zero, to the fen: the only rounding of a money amount.
pub fn round_fen(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

// ---------------------------------------------------------------- bands

/// One stretch of a band set: from here to the next one's beginning.
pub struct Band {
    pub from: Decimal,
    pub rate: Decimal,
}

/// The bands of a set by rising `from_amount`.
pub fn band_set(bands: &Table, name: &str) -> Vec<Band> {
    let mut set: Vec<Band> = bands
        .iter()
        .filter(|row| value(row, "band_set") == Some(name))
        .map(|row| Band {
            from: number(row, "from_amount").expect("from_amount"),
            rate: number(row, "rate").expect("rate"),
        })
        .collect();
    assert!(!set.is_empty(), "no band set {name}");
    set.sort_by_key(|band| band.from);
    set
}

/// The stretches of `(low, high]` on the bands as (length, rate), in order;
/// what lies below the first band has rate 0.
pub fn segments(bands: &[Band], low: Decimal, high: Decimal) -> Vec<(Decimal, Decimal)> {
    let mut found = Vec::new();
    let below_all = high.min(bands[0].from) - low;
    if below_all > Decimal::ZERO {
        found.push((below_all, Decimal::ZERO));
    }
    for (i, band) in bands.iter().enumerate() {
        let end = bands.get(i + 1).map_or(high, |next| next.from.min(high));
        let length = end - low.max(band.from);
        if length > Decimal::ZERO {
            found.push((length, band.rate));
        }
    }
    found
}

/// Sum of segment x rate, not rounded.
pub fn weigh(segments: &[(Decimal, Decimal)]) -> Decimal {
    segments.iter().map(|(length, rate)| length * rate).sum()
}

// ---------------------------------------------------------------- choosing

/// What a claim offers to one key column.
pub enum Key<'a> {
    /// An ordinary value.
    Plain(&'a str),
    /// A pool: the rule may also name its province `pp0000`.
    Pool(&'a str),
    /// A disease code: an entry matches where the code begins with it; a claim
    /// without one meets only `*`.
    Disease(Option<&'a str>),
    /// A hospital grade, compared with both sides padded to two digits.
    Grade(&'a str),
}

impl Key<'_> {
    fn meets(&self, entry: &str) -> bool {
        let entry = plain_code(entry.trim());
        match self {
            Key::Plain(have) => entry == *have,
            Key::Pool(have) => entry == *have || is_province_of(entry, have),
            Key::Disease(have) => have.is_some_and(|code| code.starts_with(entry)),
            Key::Grade(have) => pad_two(entry) == *have,
        }
    }

    /// How well a rule's cell fits: 0 exact, 1 list, 2 province, 3 anything;
    /// `None` where it does not match. A list is a list whatever it holds.
    fn rank(&self, cell: Option<&str>) -> Option<u8> {
        match (cell, self) {
            (None | Some("*"), _) => Some(3),
            (Some(list), _) if list.contains('|') => list.split('|').any(|entry| self.meets(entry)).then_some(1),
            (Some(entry), Key::Pool(have)) if plain_code(entry) != *have => self.meets(entry).then_some(2),
            (Some(entry), _) => self.meets(entry).then_some(0),
        }
    }
}

/// `pp0000` where `pp` are the first two digits of the pool.
fn is_province_of(entry: &str, pool: &str) -> bool {
    entry.ends_with("0000") && entry.get(..2) == pool.get(..2)
}

/// How a row in force on `day` fits every key column, best first; `None` where
/// it is no candidate.
pub fn fit(row: &Rec, day: Day, keys: &[(&str, Key)]) -> Option<Vec<u8>> {
    let ranks: Option<Vec<u8>> = keys.iter().map(|(column, key)| key.rank(value(row, column))).collect();
    ranks.filter(|_| holds(row, "valid_from", "valid_to", day))
}

/// Spec 3.1: of the candidates, the one that is more specific at the first key
/// column, from left to right, where they differ. `keys` stand in the order of
/// the spec's table, whatever the order of the file's columns.
pub fn choose<'a>(table: &'a Table, day: Day, keys: &[(&str, Key)]) -> Option<&'a Rec> {
    let mut best: Option<(Vec<u8>, &Rec)> = None;
    for row in table {
        let Some(ranks) = fit(row, day, keys) else {
            continue;
        };
        match best.as_ref().map(|(kept, _)| ranks.cmp(kept)) {
            None | Some(Ordering::Less) => best = Some((ranks, row)),
            Some(Ordering::Greater) => {}
            Some(Ordering::Equal) => {
                let other = best.map(|(_, row)| rule_id(row)).unwrap_or_default();
                panic!("the pack is invalid: {} and {other} tie", rule_id(row))
            }
        }
    }
    best.map(|(_, row)| row)
}

/// The `rule_id` of a row.
pub fn rule_id(row: &Rec) -> String {
    value(row, "rule_id").unwrap_or_default().to_owned()
}

/// Whether an optional list (`identities`, `grades`, `marks`, `psn_types`)
/// holds: empty or `*` is any, otherwise one entry must fit.
pub fn list_fits(row: &Rec, column: &str, fits: impl Fn(&str) -> bool) -> bool {
    match value(row, column) {
        None | Some("*") => true,
        Some(list) => list.split('|').any(|entry| fits(plain_code(entry.trim()))),
    }
}
