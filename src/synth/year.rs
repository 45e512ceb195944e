//! The year of service.

use crate::model::date::Date;

/// A calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Year {
    /// 1 January.
    pub(super) first: Date,
    /// 31 December.
    pub(super) last: Date,
    /// Its number.
    pub(super) number: i32,
}

/// Years that can be asked for; beyond them the day tables and the calendar of the claims end.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

impl Year {
    /// The year, if it is one of [`YEARS`].
    pub(super) fn new(number: i32) -> Option<Self> {
        if !YEARS.contains(&number) {
            return None;
        }
        Some(Self { first: Date::from_ymd(number, 1, 1)?, last: Date::from_ymd(number, 12, 31)?, number })
    }

    /// A day by its position, from 0; held inside the year.
    pub(super) fn day(self, position: u32) -> Date {
        Date((self.first.0 + position as i32).min(self.last.0))
    }

    /// How many days it has.
    pub(super) fn days(self) -> u32 {
        (self.last.0 - self.first.0 + 1) as u32
    }
}
