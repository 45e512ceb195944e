//! One person: number, birthday, cover, marks, account, a place lived at elsewhere.

use super::World;
use super::dice::Dice;
use super::menu::{Menu, Route};
use super::national::{Care, JOINED, Kind, LAPSED, LONG_TERM_FILERS, TO_OTHER_PROVINCE};
use super::places::{Pool, put_digits};
use super::schemes::{Profile, Scheme};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::reference::{Enrolment, FilingRecord, Mark, PersonFacts};

/// A person, as claims name one.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// `psn_no`.
    pub(super) number: [u8; 22],
    /// Number of the scheme.
    pub(super) scheme: u16,
    /// Number of the profile in it.
    pub(super) profile: u16,
    /// `insuplc_admdvs`.
    pub(super) insured: Admdvs,
    /// `brdy`.
    pub(super) born: Date,
    /// Whether claims say it.
    pub(super) brdy_known: bool,
    /// `gend` 2.
    pub(super) female: bool,
    /// How much of the care of the kind of person this one uses, in a thousandth.
    pub(super) frailty: u32,
}

/// What the reference tables say of a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Spans of cover, with the code the person was insured at.
    pub(super) enrolments: Vec<Enrolment>,
    /// Filings.
    pub(super) filings: Vec<FilingRecord>,
    /// Marks.
    pub(super) marks: Vec<Mark>,
    /// Balance of the account; `None`: no row.
    pub(super) balance: Option<Fen>,
    /// The place filed for as a long-term resident: a number, and how it is seen from home.
    pub(super) lives_at: Option<(u16, Place)>,
}

impl Record {
    /// As the kernel takes it.
    pub(super) fn facts(&self) -> PersonFacts<'_> {
        PersonFacts {
            enrolments: Some(&self.enrolments),
            filings: Some(&self.filings),
            marks: Some(&self.marks),
            balance: Some(self.balance.unwrap_or_default()),
        }
    }

    /// Whether benefits are due on a day.
    pub(super) fn covers(&self, day: Date) -> bool {
        self.enrolments.iter().any(|span| span.from <= day && day <= span.to && span.benefits_from <= day)
    }

    pub(super) fn clear(&mut self) {
        self.enrolments.clear();
        self.filings.clear();
        self.marks.clear();
        self.balance = None;
        self.lives_at = None;
    }
}

/// Draws a person. Numbers are given out in an order that looks like none.
pub(super) fn person(world: &World, dice: &mut Dice, number: u64) -> Person {
    let schemes = &world.schemes;
    let scheme_number = dice.pick_rising(&schemes.rising).unwrap_or_default();
    let scheme = &schemes.list[scheme_number];
    let profile_number = dice.pick_rising(&scheme.rising).unwrap_or_default();
    let profile = &scheme.profiles[profile_number];
    let pool = &world.places.pools[usize::from(scheme.pool)];
    let insured = *dice.of(&pool.insured_at);
    let born = born(world, dice, profile);
    let mut text = *b"0000002000000000000000";
    put_digits(&mut text[..6], u64::from(insured.0));
    put_digits(&mut text[6..10], 2001 + u64::from(dice.below(20)));
    // Odd and not divisible by five: every number up to 10^12 has its own.
    put_digits(&mut text[10..], (number.wrapping_mul(387_420_489) + 123_456_789) % 1_000_000_000_000);
    Person {
        number: text,
        scheme: scheme_number as u16,
        profile: profile_number as u16,
        insured,
        born,
        brdy_known: !dice.chance(1_500),
        female: dice.chance(505_000),
        frailty: dice.log_normal(700, 85).clamp(40, 5_000) as u32,
    }
}

fn born(world: &World, dice: &mut Dice, profile: &Profile) -> Date {
    let age = dice.between(profile.ages.0, profile.ages.1);
    let middle = Date::from_ymd(world.year.number - age, 7, 1).unwrap_or(world.year.first);
    Date(middle.0 - dice.below(364) as i32)
}

/// Fills a person's record.
pub(super) fn record(world: &World, dice: &mut Dice, who: &Person, record: &mut Record) {
    record.clear();
    let scheme = &world.schemes.list[usize::from(who.scheme)];
    let profile = &scheme.profiles[usize::from(who.profile)];
    let pool = &world.places.pools[usize::from(scheme.pool)];
    cover(world, dice, who, scheme, pool, record);
    if let Some((_, mark)) = profile.mark {
        let from = if dice.chance(300_000) { Date::MIN } else { Date(world.year.first.0 - dice.between(30, 1_500)) };
        record.marks.push(Mark { mark, from, to: Date::MAX });
    }
    if profile.kind.is_employee() && dice.chance(970_000) {
        let median = if profile.kind == Kind::Retired { 260_000 } else { 190_000 };
        record.balance = Some(Fen(dice.log_normal(median, 95).clamp(0, 8_000_000)));
    }
    if dice.chance(LONG_TERM_FILERS) {
        lives_elsewhere(world, dice, scheme, scheme.menu(usize::from(who.profile)), pool, record);
    }
}

/// Spans of cover: most are open and began years ago; some lapse, some begin within the year.
fn cover(world: &World, dice: &mut Dice, who: &Person, scheme: &Scheme, pool: &Pool, record: &mut Record) {
    let year = world.year;
    let employee = scheme.employee;
    let span = |from: Date, to: Date, benefits_from: Date| Enrolment {
        insutype: scheme.insutype,
        pool: pool.code,
        from,
        to,
        benefits_from,
    };
    let month = |dice: &mut Dice| Date::from_ymd(year.number, 1 + dice.below(12), 1).unwrap_or(year.first);
    if who.born >= Date(year.first.0 - 90) {
        // Newborns are covered from birth when they are insured within three months.
        record.enrolments.push(span(who.born, Date::MAX, Date::MIN));
        return;
    }
    let began = Date::from_ymd(year.number - dice.between(1, 16), 1 + dice.below(12), 1).unwrap_or(year.first);
    let began = began.max(who.born);
    if dice.chance(JOINED) {
        let from = month(dice);
        // Residents wait three months; of employees only the flexibly employed do, up to three.
        let months = if !employee {
            3
        } else if dice.chance(250_000) {
            1 + dice.below(3) as i32
        } else {
            0
        };
        let benefits_from = if months > 0 { from.add_months(months) } else { Date::MIN };
        record.enrolments.push(span(from, Date::MAX, benefits_from));
    } else if dice.chance(LAPSED) {
        let until = month(dice).pred().max(began);
        record.enrolments.push(span(began, until, Date::MIN));
        if dice.chance(600_000) {
            let again = until.succ().add_months(1 + dice.below(4) as i32);
            let benefits_from = if employee { Date::MIN } else { again.add_months(3) };
            record.enrolments.push(span(again, Date::MAX, benefits_from));
        }
    } else {
        record.enrolments.push(span(began, Date::MAX, Date::MIN));
    }
}

/// A long-term filing for a place where the rules answer for long-term filers.
fn lives_elsewhere(world: &World, dice: &mut Dice, scheme: &Scheme, menu: &Menu, pool: &Pool, record: &mut Record) {
    let words = &scheme.filing_words[Filing::Resident as usize];
    let place = if dice.chance(TO_OTHER_PROVINCE) { Place::Cross } else { Place::Province };
    let answered = Care::ALL.iter().any(|&care| menu.answers(care, Route { place, filing: Filing::Resident }));
    let Some(at) = away(dice, pool, place) else { return };
    if words.is_empty() || !answered {
        return;
    }
    let code = world.places.places[usize::from(at)].code;
    let area = if dice.chance(700_000) { code.city() } else { code.province() };
    let to = dice.chance(50_000).then(|| world.year.last.add_months(24));
    let from = Date(world.year.first.0 - dice.between(10, 1_800));
    record.filings.push(FilingRecord { filing_type: dice.of(words).1, area, from, to });
    record.lives_at = Some((at, place));
}

/// A place elsewhere, by number.
pub(super) fn away(dice: &mut Dice, pool: &Pool, place: Place) -> Option<u16> {
    let (list, drawn) = match place {
        Place::Local => (&pool.home, None),
        Place::Province => (&pool.province, None),
        Place::Cross => (&pool.cross.0, dice.pick_rising(&pool.cross.1)),
    };
    if list.is_empty() {
        return None;
    }
    Some(drawn.map_or_else(|| *dice.of(list), |drawn| list[drawn]))
}
