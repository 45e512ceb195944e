//! Calendar days and seconds, without a clock or a time zone.

use std::fmt;

/// A calendar day: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// A wall-clock second: seconds since 1970-01-01 00:00:00, in the time of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

const SECONDS_A_DAY: i64 = 86_400;

impl Date {
    /// Before every day a record can hold: an open beginning.
    pub const MIN: Self = Self(i32::MIN);
    /// After every day a record can hold: an open end.
    pub const MAX: Self = Self(i32::MAX);

    /// The day `year-month-day`, if the calendar has it (years 1 to 9999).
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Days from civil: years counted from March, so that the leap day is the last of a year.
        let y = i64::from(year) - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let shifted_month = i64::from((month + 9) % 12);
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        i32::try_from(era * 146_097 + day_of_era - 719_468).ok().map(Self)
    }

    /// Year, month and day.
    ///
    /// Years counted from March, so that the leap day is the last of a year. A century is 146,097 / 4 days and
    /// a year 1461 / 4; the year of the century comes with its day out of one product, as does the month with its
    /// day (C. Neri, L. Schneider: Euclidean affine functions and their application to calendar algorithms).
    #[inline]
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        const CENTURY: u64 = 146_097;
        /// Whole cycles of 400 years that lie before any day, so that nothing below is negative.
        const CYCLES: u64 = 15_000;
        let days = (i64::from(self.0) + 719_468 + (CYCLES * CENTURY) as i64) as u64;
        let quarters = 4 * days + 3;
        let (century, day_of_century) = (quarters / CENTURY, quarters % CENTURY / 4);
        let product = 2_939_745 * (4 * day_of_century + 3);
        let (year_of_century, day_of_year) = (product >> 32, (product & 0xFFFF_FFFF) / 2_939_745 / 4);
        let product = 2_141 * day_of_year + 197_913;
        let (month, day) = (product >> 16, (product & 0xFFFF) / 2_141 + 1);
        let next_year = day_of_year >= 306;
        let year = (100 * century + year_of_century) as i64 - (400 * CYCLES) as i64 + i64::from(next_year);
        (year as i32, if next_year { month - 12 } else { month } as u32, day as u32)
    }

    /// Parses `yyyy-MM-dd` or `yyyyMMdd`, either with ` 00:00:00` behind it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let day = match text.len() {
            17 | 19 => text.strip_suffix(b" 00:00:00")?,
            _ => text,
        };
        match day {
            [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] | [y0, y1, y2, y3, m0, m1, d0, d1] => {
                let year = digits(&[*y0, *y1, *y2, *y3])?;
                Self::from_ymd(year as i32, digits(&[*m0, *m1])?, digits(&[*d0, *d1])?)
            }
            _ => None,
        }
    }

    /// The same day `months` later; a day that month lacks becomes its last.
    #[must_use]
    pub fn add_months(self, months: i32) -> Self {
        let (year, month, day) = self.ymd();
        let total = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let (to_year, to_month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
        let Ok(to_year) = i32::try_from(to_year) else { return Self::MAX };
        if !(1..=9999).contains(&to_year) {
            return Self::MAX;
        }
        let to_day = day.min(days_in_month(to_year, to_month));
        Self::from_ymd(to_year, to_month, to_day).expect("a day held inside its month exists")
    }

    /// The day before.
    #[must_use]
    pub fn pred(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The day after.
    #[must_use]
    pub fn succ(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Full years from `self` (a birthday) to `on`; a 29 February birthday falls on 1 March in common years.
    // Never inlined: the kernel asks for few ages, and inlined they are computed ahead for all.
    #[inline(never)]
    #[must_use]
    pub fn full_years_to(self, on: Self) -> i32 {
        let (birth_year, birth_month, birth_day) = self.ymd();
        let (year, month, day) = on.ymd();
        year - birth_year - i32::from((month, day) < (birth_month, birth_day))
    }
}

impl Time {
    /// Parses `yyyy-MM-dd HH:mm:ss`; a date alone is its midnight.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if let Some(day) = Date::parse(text) {
            return Some(day.midnight());
        }
        let [day @ .., b' ', h0, h1, b':', m0, m1, b':', s0, s1] = text else { return None };
        if day.len() != 10 {
            return None;
        }
        let day = Date::parse(day)?;
        let (hour, minute, second) = (digits(&[*h0, *h1])?, digits(&[*m0, *m1])?, digits(&[*s0, *s1])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(Self(day.midnight().0 + i64::from(hour * 3600 + minute * 60 + second)))
    }

    /// The day this second lies in.
    #[must_use]
    pub fn day(self) -> Date {
        Date(self.0.div_euclid(SECONDS_A_DAY) as i32)
    }
}

impl Date {
    /// The first second of the day.
    #[must_use]
    pub fn midnight(self) -> Time {
        Time(i64::from(self.0) * SECONDS_A_DAY)
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

/// Days in a month of the Gregorian calendar.
#[must_use]
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `yyyy-MM-dd`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MIN => f.pad("-"),
            Self::MAX => f.pad("-"),
            _ => {
                let (year, month, day) = self.ymd();
                f.pad(&format!("{year:04}-{month:02}-{day:02}"))
            }
        }
    }
}

/// `yyyy-MM-dd HH:mm:ss`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(SECONDS_A_DAY);
        f.pad(&format!("{} {:02}:{:02}:{:02}", self.day(), second / 3600, second / 60 % 60, second % 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a day"))
    }

    #[test]
    fn civil_round_trip() {
        let (first, last) = (day("0001-01-01"), day("9999-12-31"));
        for days in (first.0..=last.0).step_by(13) {
            let (y, m, d) = Date(days).ymd();
            assert_eq!(Date::from_ymd(y, m, d), Some(Date(days)));
        }
        assert_eq!(day("1970-01-01").0, 0);
    }

    #[test]
    fn forms() {
        assert_eq!(day("20240229"), day("2024-02-29"));
        assert_eq!(day("2024-02-29 00:00:00"), day("20240229 00:00:00"));
        for text in ["2023-02-29", "2024-13-01", "2024/01/01", "2024-1-1", "2024-01-01 10:00:00", "", "202401011"] {
            assert_eq!(Date::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Time::parse(b"2024-01-01 23:59:59").map(|t| t.to_string()), Some("2024-01-01 23:59:59".into()));
        assert_eq!(Time::parse(b"20240101"), Time::parse(b"2024-01-01 00:00:00"));
        assert_eq!(Time::parse(b"2024-01-01 24:00:00"), None);
    }

    #[test]
    fn months_and_ages() {
        assert_eq!(day("2024-08-31").add_months(6), day("2025-02-28"));
        assert_eq!(day("2024-02-29").full_years_to(day("2025-02-28")), 0);
        assert_eq!(day("2024-02-29").full_years_to(day("2025-03-01")), 1);
        assert_eq!(day("2024-02-29").full_years_to(day("2028-02-29")), 4);
    }
}
