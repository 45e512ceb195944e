//! One value of one row, wherever it comes from: text of a CSV line or a typed Parquet value.

use crate::model::date::{Date, Time};
use crate::model::money::Fen;

/// A value before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// No value: empty, `null`, `NULL`, `\N`, a null, or no such column.
    Missing,
    /// Trimmed text, valid UTF-8.
    Text(&'a [u8]),
    /// Money that was typed in the file.
    Fen(Fen),
    /// A day that was typed in the file.
    Date(Date),
    /// A second that was typed in the file.
    Time(Time),
    /// A value that cannot be of its column's kind: half a fen, text that is not UTF-8.
    Bad,
}

/// A row whose values can be asked for by the position of the field in its table.
pub(super) trait Row {
    /// The value of a field.
    fn cell(&self, field: usize) -> Cell<'_>;
    /// The value of a field as it stands in the file.
    fn show(&self, field: usize) -> String;
    /// The number of a field's column in the file, from 1; 0 where the file has no such column.
    fn column_number(&self, field: usize) -> usize;
    /// The whole row as it stands in the file.
    fn raw(&self) -> String;
}

/// A value of a kind, or none, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed<T> {
    Missing,
    Is(T),
    Bad,
}

impl<T> Typed<T> {
    fn of(value: Option<T>) -> Self {
        value.map_or(Self::Bad, Self::Is)
    }
}

impl<'a> Cell<'a> {
    /// Text that was trimmed: missing where it says so.
    #[inline]
    pub(super) fn of_text(text: &'a [u8]) -> Self {
        match text {
            b"" | b"null" | b"NULL" | b"\\N" => Self::Missing,
            _ => Self::Text(text),
        }
    }

    /// The text of an identifier.
    #[inline]
    pub(super) fn text(self) -> Typed<&'a [u8]> {
        match self {
            Self::Missing => Typed::Missing,
            Self::Text(text) => Typed::Is(text),
            _ => Typed::Bad,
        }
    }

    /// The text of a code: a number's digits where a code was written as a number.
    #[inline]
    pub(super) fn code(self) -> Typed<&'a [u8]> {
        match self.text() {
            Typed::Is(text) => Typed::Is(digits_of_number(text)),
            other => other,
        }
    }

    /// A day.
    #[inline]
    pub(super) fn date(self) -> Typed<Date> {
        match self {
            Self::Missing => Typed::Missing,
            Self::Text(text) => Typed::of(Date::parse(text)),
            Self::Date(day) => Typed::Is(day),
            _ => Typed::Bad,
        }
    }

    /// A second.
    #[inline]
    pub(super) fn time(self) -> Typed<Time> {
        match self {
            Self::Missing => Typed::Missing,
            Self::Text(text) => Typed::of(Time::parse(text)),
            Self::Time(time) => Typed::Is(time),
            _ => Typed::Bad,
        }
    }

    /// Money.
    #[inline]
    pub(super) fn money(self) -> Typed<Fen> {
        match self {
            Self::Missing => Typed::Missing,
            Self::Text(text) => Typed::of(Fen::parse_yuan(text)),
            Self::Fen(fen) => Typed::Is(fen),
            _ => Typed::Bad,
        }
    }

    /// Whether a flag has the value `digit`.
    #[inline]
    pub(super) fn is_flag(self, digit: u8) -> bool {
        matches!(self.code(), Typed::Is([only]) if *only == digit)
    }
}

/// `310` of `310.0` and `310.00`; any other text as it is.
#[inline]
pub(super) fn digits_of_number(text: &[u8]) -> &[u8] {
    if text.last() != Some(&b'0') {
        return text;
    }
    let zeros = text.iter().rev().take_while(|&&byte| byte == b'0').count();
    match &text[..text.len() - zeros] {
        [digits @ .., b'.'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => digits,
        _ => text,
    }
}

/// `hosp_lv` in two digits: `1` is `01`.
#[inline]
pub(super) fn padded_level(code: &[u8], buffer: &mut [u8; 2]) -> bool {
    match code {
        [digit] if digit.is_ascii_digit() => {
            *buffer = [b'0', *digit];
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_as_numbers() {
        for (text, code) in [
            ("310.0", "310"),
            ("310.00", "310"),
            ("310", "310"),
            ("0.0", "0"),
            ("310.10", "310.10"),
            (".0", ".0"),
            ("a.0", "a.0"),
            ("1.0.0", "1.0.0"),
            ("310.", "310."),
            ("M03900", "M03900"),
            ("-1.0", "-1.0"),
            ("0", "0"),
        ] {
            assert_eq!(digits_of_number(text.as_bytes()), code.as_bytes(), "{text}");
        }
    }

    #[test]
    fn missing_values() {
        for text in ["", "null", "NULL", "\\N"] {
            assert_eq!(Cell::of_text(text.as_bytes()), Cell::Missing);
        }
        assert_eq!(Cell::of_text(b"Null"), Cell::Text(b"Null"));
    }
}
