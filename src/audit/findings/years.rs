//! A person's basic payments of a benefit year, one after the other, beside the ceiling they count to.

use hashbrown::HashMap;

use super::view::{Person, Settlement, text};
use super::{Check, word};
use crate::columnar::reconciled::field;
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;
use crate::report::finding::{Finding, Value};

/// A payment that counts to the ceiling of its scheme and year.
pub(super) struct Step<'s> {
    /// The settlement.
    pub settlement: &'s Settlement<'s>,
    /// `hifp_pay` of it and of those before it.
    pub sum: Fen,
    /// The ceiling that holds for it: its benefit row's, else its scheme's.
    pub cap: Fen,
}

/// The payments of one scheme and benefit year.
pub(super) struct Year<'s> {
    /// The insured pool.
    pub pool: Admdvs,
    /// The insurance type.
    pub insutype: Insutype,
    /// Calendar year in which it starts.
    pub year: i32,
    /// The first day of the next one.
    pub next: Date,
    /// Payments above zero, in the order of time.
    pub steps: Vec<Step<'s>>,
}

impl Year<'_> {
    /// A finding about the person in this year, that rests on some of its settlements.
    pub(super) fn finding(&self, check: &Check, person: &Person, message: Text, of: &[&Settlement]) -> Finding {
        let insutype = person.world.words.insutype(self.insutype);
        let mut finding = check.on_person(person, message).resting_on(of);
        finding.case = format!("{}/{insutype}/{}", self.pool, self.year).into();
        finding
            .with("psn_no", Value::Person(text(person.number)))
            .with("pool", word(self.pool.to_string()))
            .with("insutype", word(insutype))
            .with("benefit_year", Value::Count(i64::from(self.year)))
    }
}

/// The benefit years of a person. Reversals and what they took back are left out: together they are nothing.
pub(super) fn years<'s>(person: &Person<'s>) -> Vec<Year<'s>> {
    let book = person.world.words.book;
    let mut years: Vec<Year> = Vec::new();
    let mut numbers: HashMap<(Admdvs, Insutype, i32), usize> = HashMap::new();
    for settlement in person.settlements.iter().filter(|one| !one.is_reversal() && !one.is_reversed) {
        let Some(paid) = settlement.paid(field::BASIC).filter(|&paid| paid > Fen::ZERO) else { continue };
        let Some(scheme) = settlement.scheme(person.world) else { continue };
        let benefit = settlement.seen.map(|seen| book.benefit_of_row(seen.benefit));
        if benefit.is_some_and(|benefit| !benefit.counts_to_fund_cap) {
            continue;
        }
        let (year, month, day) = settlement.claim.enddate.ymd();
        let year = if (month, day) < scheme.year_start { year - 1 } else { year };
        let pool = book.pool_of(settlement.claim.insured);
        let insutype = settlement.claim.insutype;
        let number = *numbers.entry((pool, insutype, year)).or_insert_with(|| {
            let (month, day) = scheme.year_start;
            let next = Date::from_ymd(year + 1, month, day).unwrap_or(Date::MAX);
            years.push(Year { pool, insutype, year, next, steps: Vec::new() });
            years.len() - 1
        });
        let steps = &mut years[number].steps;
        let sum = steps.last().map_or(Fen::ZERO, |step| step.sum).plus(paid);
        let cap = benefit.and_then(|benefit| benefit.fund_cap_year).unwrap_or(scheme.fund_cap_year);
        steps.push(Step { settlement, sum, cap });
    }
    years
}
