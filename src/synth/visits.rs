//! The settlements of one person: what for, where, under which filing, at what cost.

use super::World;
use super::bill;
use super::dice::Dice;
use super::menu::{Menu, Route, symbols};
use super::national::{
    AT_FILED_PLACE, Care, DIAGNOSES, DISEASES, HOSPITAL_PART, JOURNEY_FILINGS, LATE, RESETTLED, REVERSED,
    TO_OTHER_PROVINCE, UNANSWERED, UNANSWERED_SHARE, UNLISTED_INSTITUTION, away_chance,
};
use super::persons::{Person, Record, away};
use super::places::Pool;
use super::row::{Row, SetlId};
use super::schemes::{Profile, Scheme};
use super::timeline::Timeline;
use crate::adjudicate::resolve::{Context, resolve};
use crate::adjudicate::trace::Off;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::model::place::{Filing, Place};
use crate::model::reference::FilingRecord;
use crate::model::settlement::{Bill, Claim, Flags, TextRef};
use crate::model::symbol::Sym;

/// Draws before a settlement is taken as it is, answered or not.
const ATTEMPTS: u32 = 12;

/// Makes the settlements of persons, one after the other.
pub(super) struct Visits<'w> {
    world: &'w World,
    /// Serial number of the next settlement.
    next: u64,
    timeline: Timeline,
    wanted: Vec<Wanted>,
}

/// A settlement to be made.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    care: Care,
    /// A kind most packs do not answer.
    unanswered: Option<&'static str>,
    reversed: bool,
    resettled: bool,
}

/// Who, with the parts of the world around that person.
struct Around<'w> {
    scheme: &'w Scheme,
    profile: &'w Profile,
    pool: &'w Pool,
    menu: &'w Menu,
}

/// Where and when, before the claim is made.
struct Spot {
    route: Route,
    place: u16,
    institution: u32,
    begin: Date,
    end: Date,
}

impl<'w> Visits<'w> {
    /// A maker that gives out serial numbers from `first`.
    pub(super) fn new(world: &'w World, first: u64) -> Self {
        Self { world, next: first, timeline: Timeline::default(), wanted: Vec::new() }
    }

    /// Makes `count` settlements of a person and appends them to `rows`, in no order.
    pub(super) fn make(
        &mut self,
        dice: &mut Dice,
        who: &Person,
        person: u32,
        record: &mut Record,
        count: u32,
        rows: &mut Vec<Row>,
    ) {
        let scheme = &self.world.schemes.list[usize::from(who.scheme)];
        let around = Around {
            scheme,
            profile: &scheme.profiles[usize::from(who.profile)],
            pool: &self.world.places.pools[usize::from(scheme.pool)],
            menu: scheme.menu(usize::from(who.profile)),
        };
        self.timeline.clear();
        self.want(dice, &around, count);
        let disease = DISEASES[dice.pick(&DISEASES.each_weight()).unwrap_or_default()].0;
        for index in 0..self.wanted.len() {
            let wanted = self.wanted[index];
            let (mut row, answered) = self.settlement(dice, who, person, &around, record, wanted, disease);
            // A settlement that pends cannot be reversed; its reversal's place is taken by another settlement.
            if wanted.reversed && !answered {
                let visit = Wanted { reversed: false, resettled: false, ..wanted };
                for _ in 0..1 + u32::from(wanted.resettled) {
                    rows.push(self.settlement(dice, who, person, &around, record, visit, disease).0);
                }
            }
            row.refunded = wanted.reversed && answered;
            if row.refunded {
                let reversal = self.reversal(dice, &row);
                if wanted.resettled {
                    rows.push(self.resettled(dice, &row, reversal.claim.setl_time));
                }
                rows.push(reversal);
            }
            rows.push(row);
        }
    }

    /// Draws what `count` settlements are for; stays come first, so that visits are fitted around them.
    fn want(&mut self, dice: &mut Dice, around: &Around, count: u32) {
        self.wanted.clear();
        let mut left = count;
        while left > 0 {
            left -= 1;
            let care = Care::ALL[dice.pick(&around.profile.rates).unwrap_or_default()];
            let mut wanted = Wanted { care, unanswered: None, reversed: false, resettled: false };
            if dice.chance(UNANSWERED_SHARE) {
                let &(code, care) = dice.of(UNANSWERED);
                wanted = Wanted { care, unanswered: Some(code), ..wanted };
            } else if left > 0 && dice.chance(REVERSED) {
                wanted.reversed = true;
                left -= 1;
                if left > 0 && dice.chance(RESETTLED) {
                    wanted.resettled = true;
                    left -= 1;
                }
            }
            self.wanted.push(wanted);
        }
        self.wanted.sort_by_key(|wanted| !wanted.care.is_stay());
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        // Odd and not divisible by five: every number up to 10^10 has its own.
        ((u128::from(number) * 6_364_136_223 + u128::from(self.world.seed % 9_999_999_967)) % 10_000_000_000) as u64
    }

    /// One settlement. Draws again until the rules answer and nothing of the person's year is in the way.
    #[allow(clippy::too_many_arguments, reason = "who, where and what, each once")]
    fn settlement(
        &mut self,
        dice: &mut Dice,
        who: &Person,
        person: u32,
        around: &Around,
        record: &mut Record,
        wanted: Wanted,
        disease: &'static str,
    ) -> (Row, bool) {
        let context =
            Context { book: &self.world.rules.book, institutions: Some(&self.world.places.table) };
        let filings = record.filings.len();
        let mut last: Option<(Row, Spot, bool)> = None;
        for attempt in 0..ATTEMPTS {
            record.filings.truncate(filings);
            let Some(spot) = self.spot(dice, who, around, record, wanted, attempt) else { continue };
            let row = self.row(dice, who, person, around, record, wanted, disease, attempt, &spot);
            let free = if wanted.care.is_stay() {
                self.timeline.stay_fits(spot.begin, spot.end, spot.institution)
            } else {
                self.timeline.visit_fits(spot.end, row.claim.treated)
            };
            let resolved = resolve(context, &record.facts(), &row.claim, &mut Off);
            let answered = resolved.is_ok();
            let wished = match resolved {
                Ok(resolved) => !resolved.denied.has(Reason::NotDesignated) || dice.chance(250_000),
                Err(_) => wanted.unanswered.is_some(),
            };
            let done = free && wished;
            last = Some((row, spot, answered));
            if done {
                break;
            }
        }
        let (mut row, spot, answered) = last.expect("a pool has a place at home or elsewhere");
        if wanted.care.is_stay() {
            self.timeline.add_stay(spot.begin, spot.end, spot.institution);
        } else {
            self.timeline.add_visit(spot.end, row.claim.treated);
        }
        row.id = SetlId { area: around.pool.code, day: row.claim.setl_time.day(), serial: self.number() };
        row.visit = row.id.serial;
        (row, answered)
    }

    /// Where and when.
    fn spot(
        &self,
        dice: &mut Dice,
        who: &Person,
        around: &Around,
        record: &Record,
        wanted: Wanted,
        attempt: u32,
    ) -> Option<Spot> {
        let care = wanted.care;
        let (route, place) = match wanted.unanswered {
            Some(_) => (Route::HOME, away(dice, around.pool, Place::Local).or_else(|| away(dice, around.pool, Place::Cross))?),
            None => route(dice, around, record, care, attempt)?,
        };
        let levels = &self.world.places.places[usize::from(place)].by_level;
        let level = if wanted.unanswered.is_some() {
            let pharmacy = |level: &usize| self.world.places.levels[*level].is_pharmacy() == (care == Care::Pharmacy);
            let fitting: Vec<usize> = (0..levels.len()).filter(|&level| levels[level].1 > 0).filter(pharmacy).collect();
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
        let institution = first + dice.below(count).min(dice.below(count));
        let end = self.day(dice, who, record);
        let begin = match care.is_stay() {
            true => Date((end.0 - bill::days(dice, care, around.profile.kind)).max(who.born.0)),
            false => end,
        };
        Some(Spot { route, place, institution, begin, end })
    }

    /// A day of the year, mostly one on which benefits are due.
    fn day(&self, dice: &mut Dice, who: &Person, record: &Record) -> Date {
        let year = self.world.year;
        let mut day = year.first;
        for _ in 0..4 {
            day = year.day(dice.below(year.days())).max(who.born);
            if record.covers(day) || dice.chance(60_000) {
                break;
            }
        }
        day
    }

    /// The claim and what the table says beside it.
    #[allow(clippy::too_many_arguments, reason = "who, where and what, each once")]
    fn row(
        &self,
        dice: &mut Dice,
        who: &Person,
        person: u32,
        around: &Around,
        record: &mut Record,
        wanted: Wanted,
        disease: &'static str,
        attempt: u32,
        spot: &Spot,
    ) -> Row {
        let vocab = &self.world.rules.book.vocab;
        let places = &self.world.places;
        let care = wanted.care;
        let (med_type, emergency) = code(dice, wanted, spot.route, attempt);
        let disease = diagnosis(dice, care, disease, attempt);
        let filing_type = self.file(dice, around, record, spot);
        let known = places.institutions[spot.institution as usize];
        let level = &places.levels[usize::from(known.level_on(spot.end))];
        let hosp_lv = if dice.chance(20_000) { "" } else { level.hosp_lv };
        let dedc_hosp_lv = if dice.chance(250_000) { level.dedc_hosp_lv } else { "" };
        let unlisted = dice.chance(UNLISTED_INSTITUTION);
        let kind = around.profile.kind;
        let mut bill = bill::bill(dice, care, kind, level.grade, spot.route.place);
        if care.is_stay() && bill.full_own > Fen(100) && dice.chance(HOSPITAL_PART) {
            bill.hospital = Fen(1 + dice.below(bill.full_own.0.min(60_000) as u32) as i64);
        }
        let mut flags = around.profile.flags;
        if emergency {
            flags.set(Flags::EMERGENCY);
        }
        if kind.is_employee() && dice.chance(60_000) {
            flags.set(Flags::ACCOUNT_NOT_USED);
        }
        let setl_time = settled(dice, care, spot.end);
        let late = setl_time.day().0 - spot.end.0 > 5;
        let find = |words: &crate::model::symbol::Vocabulary, word: &str| words.find(word.as_bytes());
        let claim = Claim {
            text: TextRef::default(),
            file: 0,
            row: 0,
            institution: if unlisted { Claim::NO_INSTITUTION } else { spot.institution },
            setl_time,
            begndate: spot.begin,
            enddate: spot.end,
            brdy: who.brdy_known.then_some(who.born),
            insured: who.insured,
            treated: places.places[usize::from(spot.place)].code,
            insutype: around.scheme.insutype,
            psn_type: around.profile.psn_type_symbols,
            med_type: symbols(&vocab.med_type, med_type),
            identity: find(&vocab.identity, &around.profile.identity),
            grade: find(&vocab.grade, &around.profile.grade),
            disease: vocab.disease.find_longest_prefix(disease.as_bytes()),
            hosp_lv: if hosp_lv.is_empty() { Sym::EMPTY } else { level.symbols.hosp_lv },
            dedc_hosp_lv: if dedc_hosp_lv.is_empty() { Sym::EMPTY } else { level.symbols.dedc_hosp_lv },
            filing_type,
            flags,
            bill,
        };
        Row {
            claim,
            person,
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
        }
    }

    /// Puts the filing of a journey on record: one in force for referrals and temporary absences; for none,
    /// sometimes one that has run out. Returns the type the claim names.
    fn file(&self, dice: &mut Dice, around: &Around, record: &mut Record, spot: &Spot) -> Sym {
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
        let code = self.world.places.places[usize::from(spot.place)].code;
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

    /// The exact negative of a settlement, some time later.
    fn reversal(&mut self, dice: &mut Dice, original: &Row) -> Row {
        let bill = &original.claim.bill;
        let wait = if dice.chance(700_000) { dice.between(600, 20_000) } else { dice.between(20_000, 1_700_000) };
        let setl_time = Time(original.claim.setl_time.0 + i64::from(wait));
        let mut claim = original.claim.clone();
        claim.setl_time = setl_time;
        claim.flags.set(Flags::REVERSAL);
        claim.bill = Bill {
            total: -bill.total,
            full_own: -bill.full_own,
            over_limit: -bill.over_limit,
            preself: -bill.preself,
            in_scope: -bill.in_scope,
            hospital: -bill.hospital,
        };
        let id = SetlId { day: setl_time.day(), serial: self.number(), ..original.id };
        Row { claim, id, init: Some(original.id), refunded: true, ..original.clone() }
    }

    /// The same visit settled anew after its reversal: there is no partial reversal, so this is how a refund is made.
    fn resettled(&mut self, dice: &mut Dice, original: &Row, reversed: Time) -> Row {
        let setl_time = Time(reversed.0 + i64::from(dice.between(120, 4_000)));
        let mut claim = original.claim.clone();
        claim.setl_time = setl_time;
        claim.bill = bill::corrected(dice, &claim.bill);
        claim.bill.hospital = Fen::ZERO;
        let id = SetlId { day: setl_time.day(), serial: self.number(), ..original.id };
        Row { claim, id, refunded: false, ..original.clone() }
    }
}

/// Where a settlement takes place, and under which filing, of the routes that the rules answer.
fn route(dice: &mut Dice, around: &Around, record: &Record, care: Care, attempt: u32) -> Option<(Route, u16)> {
    let menu = around.menu;
    // After half of the draws only home is tried, where the rules answer most.
    let settled = attempt >= ATTEMPTS / 2 && menu.answers(care, Route::HOME);
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
        let places = [other, if other == Place::Cross { Place::Province } else { Place::Cross }];
        for place in places {
            let weights: [u32; 5] = std::array::from_fn(|filing| {
                let route = Route { place, filing: Filing::ALL[filing] };
                if menu.answers(care, route) { JOURNEY_FILINGS[filing] } else { 0 }
            });
            if let Some(filing) = dice.pick(&weights)
                && let Some(at) = away(dice, around.pool, place)
            {
                return Some((Route { place, filing: Filing::ALL[filing] }, at));
            }
        }
    }
    if home {
        return Some((Route::HOME, away(dice, around.pool, Place::Local)?));
    }
    // Only long-term filers are answered: the claim pends or is paid as another filing's.
    let route = Route::all().find(|&route| menu.answers(care, route))?;
    Some((route, away(dice, around.pool, route.place)?))
}

/// `med_type`, and whether the claim is flagged an emergency.
fn code(dice: &mut Dice, wanted: Wanted, route: Route, attempt: u32) -> (&'static str, bool) {
    let care = wanted.care;
    if let Some(code) = wanted.unanswered {
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
trait Weights {
    /// At most sixteen of them; the rest are 0.
    fn each_weight(&self) -> [u32; 16];
}

impl Weights for [(&'static str, u32)] {
    #[inline]
    fn each_weight(&self) -> [u32; 16] {
        std::array::from_fn(|index| self.get(index).map_or(0, |&(_, weight)| weight))
    }
}
