//! Reference tables as the kernel takes them: institutions by code, spans and facts by person.

use hashbrown::HashMap;

use super::date::Date;
use super::money::Fen;
use super::place::Admdvs;
use super::settlement::Insutype;
use super::symbol::Sym;

/// One period of an institution's record.
#[derive(Clone, Copy, Debug)]
pub struct InstitutionPeriod {
    /// First day, inclusive.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// `hosp_lv`; empty when missing.
    pub hosp_lv: Sym,
    /// `dedc_hosp_lv`; empty when missing.
    pub dedc_hosp_lv: Sym,
    /// `inst_class`; empty when missing.
    pub inst_class: Sym,
}

impl InstitutionPeriod {
    /// What is known of an institution that is not in the table, or not open.
    pub const UNKNOWN: Self =
        Self { from: Date::MIN, to: Date::MAX, hosp_lv: Sym::EMPTY, dedc_hosp_lv: Sym::EMPTY, inst_class: Sym::EMPTY };
}

/// Designated institutions with their periods.
#[derive(Debug, Default)]
pub struct Institutions {
    by_code: HashMap<Box<[u8]>, u32>,
    periods: Vec<Periods>,
}

/// The periods of an institution: nearly all have one.
#[derive(Debug)]
struct Periods {
    first: InstitutionPeriod,
    more: Vec<InstitutionPeriod>,
}

impl InstitutionPeriod {
    #[inline]
    fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

impl Institutions {
    /// The number of a code, or [`Claim::NO_INSTITUTION`](super::settlement::Claim::NO_INSTITUTION).
    #[inline]
    #[must_use]
    pub fn find(&self, code: &[u8]) -> u32 {
        self.by_code.get(code).copied().unwrap_or(super::settlement::Claim::NO_INSTITUTION)
    }

    /// Adds a period. `false` if the institution already has one on a day of it.
    #[must_use]
    pub fn add(&mut self, code: &[u8], period: InstitutionPeriod) -> bool {
        let next = u32::try_from(self.periods.len()).expect("fewer than 2^32 institutions");
        let number = *self.by_code.entry_ref(code).or_insert(next);
        let Some(Periods { first, more }) = self.periods.get_mut(number as usize) else {
            self.periods.push(Periods { first: period, more: Vec::new() });
            return true;
        };
        let free = |other: &InstitutionPeriod| period.to < other.from || other.to < period.from;
        let is_free = free(first) && more.iter().all(free);
        more.push(period);
        is_free
    }

    /// The period that holds a day.
    #[inline]
    #[must_use]
    pub fn open_on(&self, number: u32, day: Date) -> Option<&InstitutionPeriod> {
        let Periods { first, more } = self.periods.get(number as usize)?;
        if first.holds(day) { Some(first) } else { more.iter().find(|period| period.holds(day)) }
    }

    /// How many institutions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.periods.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }
}

/// One span of cover.
#[derive(Clone, Copy, Debug)]
pub struct Enrolment {
    /// `insutype`.
    pub insutype: Insutype,
    /// The pool of `insuplc_admdvs`.
    pub pool: Admdvs,
    /// `psn_insu_date`.
    pub from: Date,
    /// `paus_insu_date`, still covered.
    pub to: Date,
    /// `bnft_begndate`: when benefits begin inside the span.
    pub benefits_from: Date,
}

/// One filing (异地备案).
#[derive(Clone, Copy, Debug)]
pub struct FilingRecord {
    /// `out_fil_type`.
    pub filing_type: Sym,
    /// `rloc_admdvs`: a place, a city or a province.
    pub area: Admdvs,
    /// `begndate`.
    pub from: Date,
    /// `enddate`; `None`: the filing type's default length.
    pub to: Option<Date>,
}

/// One fact about a person.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The mark.
    pub mark: Sym,
    /// First day, inclusive.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
}

/// The balance of a personal account, and where it stands in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// The balance.
    pub balance: Fen,
    /// Number of the file.
    pub file: u32,
    /// Its line.
    pub line: u64,
}

/// What is known of one person. `None` means that the table was not given: its gate is off.
#[derive(Clone, Copy, Debug, Default)]
pub struct PersonFacts<'a> {
    /// Spans of cover.
    pub enrolments: Option<&'a [Enrolment]>,
    /// Filings.
    pub filings: Option<&'a [FilingRecord]>,
    /// Marks.
    pub marks: Option<&'a [Mark]>,
    /// Balance of the personal account before the first settlement.
    pub balance: Option<Fen>,
}

/// Rows of a table grouped by person number.
#[derive(Debug, Default)]
pub struct ByPerson<T> {
    starts: Vec<u32>,
    rows: Vec<T>,
}

impl<T> ByPerson<T> {
    /// Groups `(person, row)` pairs of `persons` persons; rows of one person keep their order.
    ///
    /// # Panics
    /// If there are 2^32 pairs or more.
    #[must_use]
    pub fn group(persons: usize, pairs: Vec<(u32, T)>) -> Self {
        let mut starts = vec![0_u32; persons + 1];
        for &(person, _) in &pairs {
            starts[person as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; pairs.len()];
        for (&(person, _), number) in pairs.iter().zip(0..) {
            order[next[person as usize] as usize] = number;
            next[person as usize] += 1;
        }
        let mut rows: Vec<Option<T>> = pairs.into_iter().map(|(_, row)| Some(row)).collect();
        let row = |number: u32| rows[number as usize].take().expect("each once");
        Self { starts, rows: order.into_iter().map(row).collect() }
    }

    /// The rows of a person.
    #[inline]
    #[must_use]
    pub fn of(&self, person: u32) -> &[T] {
        &self.rows[self.starts[person as usize] as usize..self.starts[person as usize + 1] as usize]
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The tables by person, each optional.
#[derive(Debug, Default)]
pub struct Facts {
    /// Spans of cover.
    pub enrolments: Option<ByPerson<Enrolment>>,
    /// Filings.
    pub filings: Option<ByPerson<FilingRecord>>,
    /// Marks.
    pub marks: Option<ByPerson<Mark>>,
    /// Balances; a person the table lacks has 0.
    pub balances: Option<Vec<Fen>>,
}

impl Facts {
    /// Everything known of one person.
    #[inline]
    #[must_use]
    pub fn of(&self, person: u32) -> PersonFacts<'_> {
        PersonFacts {
            enrolments: self.enrolments.as_ref().map(|table| table.of(person)),
            filings: self.filings.as_ref().map(|table| table.of(person)),
            marks: self.marks.as_ref().map(|table| table.of(person)),
            balance: self.balances.as_ref().map(|table| table[person as usize]),
        }
    }
}
