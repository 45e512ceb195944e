//! One draw of a settlement: where and when, what kind, what the claims table says of it.

use super::World;
use super::bill;
use super::dice::Dice;
use super::faults::quirks;
use super::menu::{Menu, Route, symbols};
use super::national::{
    AT_FILED_PLACE, Care, DIAGNOSES, DISEASES, HOSPITAL_PART, JOURNEY_FILINGS, LATE, TO_OTHER_PROVINCE,
    UNLISTED_INSTITUTION, away_chance,
};
use super::persons::{Person, Record, away};
use super::places::Pool;
use super::row::{Row, SetlId};
use super::schemes::{Profile, Scheme};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::place::{Filing, Place};
use crate::model::reference::FilingRecord;
use crate::model::settlement::{Bill, Claim, Flags, TextRef};
use crate::model::symbol::{Sym, Vocabulary};

/// Draws before a settlement is taken as it is, answered or not.
pub(super) const ATTEMPTS: u32 = 20;

/// Who, with the parts of the world around that person.
#[derive(Clone, Copy)]
pub(super) struct Around<'w> {
    /// The world.
    pub(super) world: &'w World,
    /// The person.
    pub(super) who: &'w Person,
    /// The person's number in the block.
    pub(super) person: u32,
    /// Number of the scheme, and of the profile in it.
    pub(super) numbers: (u16, u16),
    /// The scheme.
    pub(super) scheme: &'w Scheme,
    /// The kind of person.
    pub(super) profile: &'w Profile,
    /// The pool.
    pub(super) pool: &'w Pool,
    /// What the rules answer.
    pub(super) menu: &'w Menu,
    /// The chronic disease this person would have.
    pub(super) disease: &'static str,
}

impl<'w> Around<'w> {
    /// What surrounds a person as a member of a scheme.
    pub(super) fn new(
        world: &'w World,
        who: &'w Person,
        person: u32,
        numbers: (u16, u16),
        disease: &'static str,
    ) -> Self {
        let scheme = &world.schemes.list[usize::from(numbers.0)];
        Self {
            world,
            who,
            person,
            numbers,
            scheme,
            profile: &scheme.profiles[usize::from(numbers.1)],
            pool: &world.places.pools[usize::from(scheme.pool)],
            menu: scheme.menu(usize::from(numbers.1)),
            disease,
        }
    }
}

/// What a settlement is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// What for.
    pub(super) care: Care,
    /// A `med_type` that most packs do not answer.
    pub(super) unanswered: Option<&'static str>,
    /// First and last day.
    pub(super) days: Option<(Date, Date)>,
    /// Route, place and, unless any will do, institution.
    pub(super) at: Option<(Route, u16, Option<u32>)>,
    /// Not at this institution.
    pub(super) not_at: Option<u32>,
}

impl Wish {
    /// Nothing but the kind of care.
    pub(super) const fn of(care: Care) -> Self {
        Self { care, unanswered: None, days: None, at: None, not_at: None }
    }

    /// Whether place or time is fixed, so that the person's other settlements are not asked.
    pub(super) const fn is_fixed(&self) -> bool {
        self.days.is_some() || self.at.is_some()
    }
}

/// Where and when, before the claim is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Route.
    pub(super) route: Route,
    /// Place, by number.
    pub(super) place: u16,
    /// Institution, by number.
    pub(super) institution: u32,
    /// First day.
    pub(super) begin: Date,
    /// Last day.
    pub(super) end: Date,
}

/// Draws where and when. `None`: this draw led nowhere.
pub(super) fn spot(dice: &mut Dice, around: &Around, record: &Record, wish: &Wish, attempt: u32) -> Option<Spot> {
    let care = wish.care;
    let places = &around.world.places;
    let (route, place, institution) = match wish.at {
        Some(at) => at,
        None if wish.unanswered.is_some() => {
            let home = away(dice, around.pool, Place::Local);
            (Route::HOME, home.or_else(|| away(dice, around.pool, Place::Cross))?, None)
        }
        None => {
            let (route, place) = route(dice, around, record, care, attempt)?;
            (route, place, None)
        }
    };
    let levels = &places.places[usize::from(place)].by_level;
    let institution = match institution {
        Some(institution) => institution,
        None => {
            let level = if wish.unanswered.is_some() {
                let pharmacy = |level: &usize| places.levels[*level].is_pharmacy() == (care == Care::Pharmacy);
                let fitting: Vec<usize> =
                    (0..levels.len()).filter(|&level| levels[level].1 > 0).filter(pharmacy).collect();
                *dice.of(&fitting)
            } else {
                let choice = around.menu.choice(care, route);
                usize::from(choice.levels[dice.pick_rising(&choice.rising)?])
            };
            let (first, count) = levels[level];
            if count == 0 {
                return None;
            }
            // The smaller of two draws: some institutions have many more patients than others.
            first + dice.below(count).min(dice.below(count))
        }
    };
    if wish.not_at == Some(institution) {
        return None;
    }
    let (begin, end) = wish.days.unwrap_or_else(|| {
        let end = day(dice, around, record);
        if !care.is_stay() {
            return (end, end);
        }
        let days = bill::days(dice, care, around.profile.kind);
        let days = quirks::days(&places.institutions[institution as usize], days);
        (Date((end.0 - days).max(around.who.born.0)), end)
    });
    Some(Spot { route, place, institution, begin, end })
}

/// A day of the year, mostly one on which benefits are due.
fn day(dice: &mut Dice, around: &Around, record: &Record) -> Date {
    let year = around.world.year;
    let mut day = year.first;
    for _ in 0..4 {
        day = year.day(dice.below(year.days())).max(around.who.born);
        if record.covers(day) || dice.chance(60_000) {
            break;
        }
    }
    day
}

/// The claim and what the table says beside it. Files the journey on record.
pub(super) fn row(
    dice: &mut Dice,
    around: &Around,
    record: &mut Record,
    wish: &Wish,
    spot: &Spot,
    attempt: u32,
) -> Row {
    let places = &around.world.places;
    let care = wish.care;
    let (med_type, emergency) = code(dice, wish, spot.route, attempt);
    let disease = diagnosis(dice, care, around.disease, attempt);
    let filing_type = file(dice, around, record, spot);
    let known = &places.institutions[spot.institution as usize];
    let level = &places.levels[usize::from(known.level_on(spot.end))];
    let hosp_lv = if dice.chance(20_000) { "" } else { level.hosp_lv };
    let dedc_hosp_lv = if dice.chance(250_000) { level.dedc_hosp_lv } else { "" };
    let unlisted = !wish.is_fixed() && dice.chance(UNLISTED_INSTITUTION);
    let right_bill = bill::bill(dice, care, around.profile.kind, level.grade, spot.route.place);
    let mut bill = quirks::bill(known, &right_bill);
    let quirk = quirks::of(known, care, &right_bill, &bill);
    if care.is_stay() && bill.full_own > Fen(100) && dice.chance(HOSPITAL_PART) {
        bill.hospital = Fen(i64::from(1 + dice.below(bill.full_own.0.min(60_000) as u32)));
    }
    let setl_time = settled(dice, care, spot.end);
    let late = setl_time.day().0 - spot.end.0 > 5;
    let claim = Claim {
        institution: if unlisted { Claim::NO_INSTITUTION } else { spot.institution },
        setl_time,
        hosp_lv: if hosp_lv.is_empty() { Sym::EMPTY } else { level.symbols.hosp_lv },
        dedc_hosp_lv: if dedc_hosp_lv.is_empty() { Sym::EMPTY } else { level.symbols.dedc_hosp_lv },
        filing_type,
        flags: flags(dice, around, emergency),
        bill,
        ..claim(around, spot, med_type, disease)
    };
    Row {
        claim,
        person: around.person,
        scheme: around.numbers.0,
        profile: around.numbers.1,
        id: SetlId { area: around.pool.code, day: setl_time.day(), serial: 0 },
        init: None,
        visit: 0,
        care,
        med_type,
        disease,
        filing_type,
        hosp_lv,
        dedc_hosp_lv,
        pay_loc: match spot.route.place {
            _ if late => 1,
            Place::Local => 2,
            Place::Province => 3,
            Place::Cross => 4,
        },
        clr_way: if care.is_stay() { if dice.chance(650_000) { 3 } else { 4 } } else { 1 },
        refunded: false,
        paid: [Fen::ZERO; 13],
        quirk,
        broken: None,
        force: None,
    }
}

/// A claim with what person, time, place and kind of care say; money, grades and filing are still to come.
fn claim(around: &Around, spot: &Spot, med_type: &str, disease: &str) -> Claim {
    let vocab = &around.world.rules.book.vocab;
    let find = |words: &Vocabulary, word: &str| words.find(word.as_bytes());
    Claim {
        text: TextRef::default(),
        file: 0,
        row: 0,
        institution: spot.institution,
        setl_time: spot.end.midnight(),
        begndate: spot.begin,
        enddate: spot.end,
        brdy: around.who.brdy_known.then_some(around.who.born),
        insured: around.who.insured,
        treated: around.world.places.places[usize::from(spot.place)].code,
        insutype: around.scheme.insutype,
        psn_type: around.profile.psn_type_symbols,
        med_type: symbols(&vocab.med_type, med_type),
        identity: find(&vocab.identity, &around.profile.identity),
        grade: find(&vocab.grade, &around.profile.grade),
        disease: vocab.disease.find_longest_prefix(disease.as_bytes()),
        hosp_lv: Sym::EMPTY,
        dedc_hosp_lv: Sym::EMPTY,
        filing_type: Sym::EMPTY,
        flags: Flags::default(),
        bill: Bill::default(),
    }
}

/// The person's own flags, and the settlement's.
fn flags(dice: &mut Dice, around: &Around, emergency: bool) -> Flags {
    let mut flags = around.profile.flags;
    if emergency {
        flags.set(Flags::EMERGENCY);
    }
    if around.profile.kind.is_employee() && dice.chance(60_000) {
        flags.set(Flags::ACCOUNT_NOT_USED);
    }
    flags
}

/// Puts the filing of a journey on record: one in force for referrals and temporary absences; for none,
/// sometimes one that has run out. Returns the type the claim names.
fn file(dice: &mut Dice, around: &Around, record: &mut Record, spot: &Spot) -> Sym {
    if spot.route.place == Place::Local {
        return Sym::EMPTY;
    }
    let expired = spot.route.filing == Filing::None && dice.chance(400_000);
    let class = match spot.route.filing {
        Filing::None if expired => Filing::Temporary,
        class => class,
    };
    let words = &around.scheme.filing_words[class as usize];
    if words.is_empty() || matches!(class, Filing::None | Filing::Emergency) {
        return Sym::EMPTY;
    }
    let &(_, filing_type) = dice.of(words);
    if class == Filing::Resident {
        return record.filings.first().map_or(filing_type, |filing| filing.filing_type);
    }
    let code = around.world.places.places[usize::from(spot.place)].code;
    let area = match dice.below(20) {
        0..8 => code,
        8..17 => code.city(),
        _ => code.province(),
    };
    let (from, to) = if expired {
        let to = Date(spot.begin.0 - dice.between(1, 150));
        (to.add_months(-6), Some(to))
    } else {
        let from = Date(spot.begin.0 - dice.between(0, 40));
        (from, dice.chance(500_000).then(|| from.add_months(if dice.chance(800_000) { 6 } else { 12 }).pred()))
    };
    record.filings.push(FilingRecord { filing_type, area, from, to });
    if expired { Sym::EMPTY } else { filing_type }
}

/// Where a settlement takes place, and under which filing, of the routes that the rules answer.
fn route(dice: &mut Dice, around: &Around, record: &Record, care: Care, attempt: u32) -> Option<(Route, u16)> {
    let menu = around.menu;
    // After half of the draws only home is tried, where the rules answer most.
    let settled = attempt >= ATTEMPTS / 3 && menu.answers(care, Route::HOME);
    if let Some((place, seen)) = record.lives_at
        && !settled
        && dice.chance(AT_FILED_PLACE)
    {
        let route = Route { place: seen, filing: Filing::Resident };
        if menu.answers(care, route) {
            return Some((route, place));
        }
    }
    let home = menu.answers(care, Route::HOME);
    if !settled && (!home || dice.chance(away_chance(care))) {
        let other = if dice.chance(TO_OTHER_PROVINCE) { Place::Cross } else { Place::Province };
        let either = [other, if other == Place::Cross { Place::Province } else { Place::Cross }];
        if let Some(journey) = journey(dice, around, care, &either) {
            return Some(journey);
        }
    }
    if home {
        return Some((Route::HOME, away(dice, around.pool, Place::Local)?));
    }
    // Only long-term filers are answered: the claim pends or is paid as another filing's.
    let route = Route::all().find(|&route| menu.answers(care, route))?;
    Some((route, away(dice, around.pool, route.place)?))
}

/// A journey to the first of some places that the rules answer for, under a filing that they answer for.
fn journey(dice: &mut Dice, around: &Around, care: Care, places: &[Place]) -> Option<(Route, u16)> {
    places.iter().find_map(|&place| {
        let weights: [u32; 5] = std::array::from_fn(|filing| {
            let route = Route { place, filing: Filing::ALL[filing] };
            if around.menu.answers(care, route) { JOURNEY_FILINGS[filing] } else { 0 }
        });
        let filing = dice.pick(&weights)?;
        Some((Route { place, filing: Filing::ALL[filing] }, away(dice, around.pool, place)?))
    })
}

/// `med_type`, and whether the claim is flagged an emergency.
fn code(dice: &mut Dice, wish: &Wish, route: Route, attempt: u32) -> (&'static str, bool) {
    let care = wish.care;
    if let Some(code) = wish.unanswered {
        return (code, false);
    }
    if route.filing == Filing::Emergency {
        let code = match care {
            Care::Outpatient => "13",
            Care::Inpatient => "24",
            _ => care.base_code(),
        };
        return if dice.chance(600_000) { (code, true) } else { (code, !matches!(code, "13" | "24")) };
    }
    let codes = care.codes();
    let drawn = dice.pick(&codes.each_weight()).unwrap_or_default();
    let code = if attempt < 4 { codes[drawn].0 } else { care.base_code() };
    // Emergencies lift a filing, so they are left out where another filing is meant.
    let code = if route != Route::HOME && matches!(code, "13" | "24") { care.base_code() } else { code };
    (code, code == "13" && dice.chance(300_000))
}

/// `dise_codg`: the person's own disease on a chronic visit, a diagnosis on some others.
fn diagnosis(dice: &mut Dice, care: Care, own: &'static str, attempt: u32) -> &'static str {
    match care {
        Care::Chronic if attempt < 4 => own,
        Care::Chronic => DISEASES[dice.pick(&DISEASES.each_weight()).unwrap_or_default()].0,
        Care::Inpatient if attempt < 4 && dice.chance(500_000) => {
            DIAGNOSES[dice.pick(&DIAGNOSES.each_weight()).unwrap_or_default()].0
        }
        _ => "",
    }
}

/// When a settlement is made: at once, at the desk; a few weeks or months later when claimed by hand.
fn settled(dice: &mut Dice, care: Care, end: Date) -> Time {
    let at = 27_000 + i64::from(dice.below(39_600));
    let days = if dice.chance(LATE) {
        if dice.chance(850_000) { dice.between(6, 75) } else { dice.between(76, 330) }
    } else if care.is_stay() && dice.chance(80_000) {
        dice.between(1, 4)
    } else {
        0
    };
    Time(Date(end.0 + days).midnight().0 + at)
}

/// The weights of a list of things with weights.
pub(super) trait Weights {
    /// At most sixteen of them; the rest are 0.
    fn each_weight(&self) -> [u32; 16];
}

impl Weights for [(&'static str, u32)] {
    #[inline]
    fn each_weight(&self) -> [u32; 16] {
        std::array::from_fn(|index| self.get(index).map_or(0, |&(_, weight)| weight))
    }
}
