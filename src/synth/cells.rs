//! Values as text, fast: days, seconds and yuan into a byte buffer.

use std::sync::LazyLock;

use crate::model::date::{Date, Time};
use crate::model::money::Fen;

/// First day of the table below: 1 January 1880.
const FIRST_DAY: i32 = -32_872;
/// Days of the table below: to the end of 2109.
const DAYS: i32 = 84_006;

/// `yyyy-MM-dd` of every day that a table can hold.
static DAY_TEXTS: LazyLock<Vec<[u8; 10]>> = LazyLock::new(|| (FIRST_DAY..FIRST_DAY + DAYS).map(day_text).collect());

fn day_text(day: i32) -> [u8; 10] {
    let (year, month, day) = Date(day).ymd();
    let mut text = *b"0000-00-00";
    super::places::put_digits(&mut text[..4], year as u64);
    super::places::put_digits(&mut text[5..7], u64::from(month));
    super::places::put_digits(&mut text[8..], u64::from(day));
    text
}

/// Days as text; made once and lent to whoever writes many.
#[derive(Clone, Copy)]
pub(super) struct Days(&'static [[u8; 10]]);

impl Days {
    /// The table.
    pub(super) fn new() -> Self {
        Self(&DAY_TEXTS)
    }

    /// Appends a day; an open end is empty.
    #[inline]
    pub(super) fn put(self, out: &mut Vec<u8>, day: Date) {
        if day == Date::MIN || day == Date::MAX {
            return;
        }
        match self.0.get(day.0.wrapping_sub(FIRST_DAY) as usize) {
            Some(text) => out.extend_from_slice(text),
            None => out.extend_from_slice(&day_text(day.0)),
        }
    }

    /// Appends `yyyy-MM-dd HH:mm:ss`.
    #[inline]
    pub(super) fn put_time(self, out: &mut Vec<u8>, time: Time) {
        self.put(out, time.day());
        let second = time.0.rem_euclid(86_400) as u64;
        let mut text = *b" 00:00:00";
        super::places::put_digits(&mut text[1..3], second / 3600);
        super::places::put_digits(&mut text[4..6], second / 60 % 60);
        super::places::put_digits(&mut text[7..9], second % 60);
        out.extend_from_slice(&text);
    }
}

/// Appends yuan with two decimals.
#[inline]
pub(super) fn put_fen(out: &mut Vec<u8>, amount: Fen) {
    if amount == Fen::ZERO {
        out.extend_from_slice(b"0.00");
        return;
    }
    let mut text = [0_u8; 24];
    let mut at = text.len();
    let mut left = amount.0.unsigned_abs();
    for place in 0.. {
        if left == 0 && place >= 4 {
            break;
        }
        at -= 1;
        if place == 2 {
            text[at] = b'.';
            continue;
        }
        text[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    if amount.0 < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends an amount as a whole number of fen.
pub(super) fn put_whole_fen(out: &mut Vec<u8>, amount: Fen) {
    out.extend_from_slice(amount.0.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_model_shows_them() {
        for fen in [0, 1, 99, 100, 101, 12_345_678, -1, -100, -99_999, 999_999_999_999] {
            let mut out = Vec::new();
            put_fen(&mut out, Fen(fen));
            assert_eq!(String::from_utf8_lossy(&out), Fen(fen).to_string(), "{fen}");
        }
        let days = Days::new();
        for day in [FIRST_DAY, -1, 0, 19_000, FIRST_DAY + DAYS - 1, FIRST_DAY + DAYS, -40_000] {
            let mut out = Vec::new();
            days.put(&mut out, Date(day));
            assert_eq!(String::from_utf8_lossy(&out), Date(day).to_string());
        }
        let mut out = Vec::new();
        days.put_time(&mut out, Time(1_700_000_000));
        assert_eq!(String::from_utf8_lossy(&out), Time(1_700_000_000).to_string());
    }
}
