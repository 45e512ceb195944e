//! Days laid out ahead: what every settlement asks of its day.

use super::keytable::Calendar;
use crate::model::date::Date;

/// What a settlement asks of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// How many days on which the rules of some pool change lie on or before it.
    pub(super) epoch: u32,
    year: i32,
    month: u8,
    day: u8,
}

/// The days on which the rules of any pool change, and most days that settlements are of.
#[derive(Clone, Debug, Default)]
pub(super) struct Almanac {
    /// Rising.
    changes: Vec<Date>,
    /// From [`FIRST`] on.
    days: Vec<Today>,
}

/// 1990-01-01. A settlement outside of the days laid out ahead is computed as any other, a little slower.
const FIRST: Date = Date(7_305);

/// 60 years.
const DAYS: i32 = 21_915;

impl Today {
    /// Calendar year.
    #[inline]
    #[must_use]
    pub fn year(self) -> i32 {
        self.year
    }

    /// Calendar month: year x 12 + month - 1.
    #[inline]
    #[must_use]
    pub fn month_number(self) -> i32 {
        self.year * 12 + i32::from(self.month) - 1
    }

    /// Month and day of the month.
    #[inline]
    #[must_use]
    pub fn month_day(self) -> (u32, u32) {
        (self.month.into(), self.day.into())
    }
}

impl Almanac {
    /// Lays out the days for the calendars of all pools.
    pub fn new(calendars: &[Calendar]) -> Self {
        let mut changes: Vec<Date> = calendars.iter().flat_map(Calendar::changes).copied().collect();
        changes.sort_unstable();
        changes.dedup();
        let mut almanac = Self { changes, days: Vec::new() };
        almanac.days = (FIRST.0..FIRST.0 + DAYS).map(|day| almanac.look_up(Date(day))).collect();
        almanac
    }

    /// A pool's period by epoch.
    pub fn periods(&self, calendar: &Calendar) -> Vec<u32> {
        let first_days = std::iter::once(Date::MIN).chain(self.changes.iter().copied());
        first_days.map(|day| calendar.period_of(day)).collect()
    }

    /// What is asked of a day.
    #[inline(always)]
    pub fn on(&self, day: Date) -> Today {
        let place = day.0.wrapping_sub(FIRST.0) as u32 as usize;
        self.days.get(place).copied().unwrap_or_else(|| self.look_up(day))
    }

    #[cold]
    fn look_up(&self, day: Date) -> Today {
        let epoch = self.changes.partition_point(|&change| change <= day) as u32;
        let (year, month, day) = day.ymd();
        Today { epoch, year, month: month as u8, day: day as u8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_laid_out_and_days_computed_are_told_alike() {
        let last = Date(FIRST.0 + DAYS - 1);
        let calendars = [
            Calendar::of(vec![Date(-40_000), Date(0), FIRST, Date(11_000)]),
            Calendar::of(vec![Date(0), Date(11_001), last, last.succ(), Date(60_000)]),
        ];
        let almanac = Almanac::new(&calendars);
        let around = |day: Date| [day.pred(), day, day.succ()];
        let edges = [Date(-40_000), Date(0), FIRST, Date(11_000), Date(11_016), last, Date(60_000)];
        for day in edges.into_iter().flat_map(around) {
            let today = almanac.on(day);
            let (year, month, of_month) = day.ymd();
            assert_eq!((today.year(), today.month_day()), (year, (month, of_month)), "{day}");
            assert_eq!(today.month_number(), year * 12 + month as i32 - 1);
            for calendar in &calendars {
                assert_eq!(almanac.periods(calendar)[today.epoch as usize], calendar.period_of(day), "{day}");
            }
        }
        assert_eq!(almanac.on(last).year(), 2049);
        assert_eq!(almanac.days.len(), DAYS as usize);
    }
}
