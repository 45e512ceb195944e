//! Things done that should not be done, or not be paid: each starts from an ordinary settlement.

use super::payments::Force;
use super::quirks::scaled;
use super::{OnlyIf, Planted};
use crate::adjudicate::resolve::{Context, Resolved, resolve};
use crate::adjudicate::trace::Off;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::place::{Filing, Place};
use crate::model::reference::{Enrolment, FilingRecord};
use crate::rules::values::Caps;
use crate::synth::dice::Dice;
use crate::synth::draw::{Around, Wish};
use crate::synth::menu::{Route, tier};
use crate::synth::national::Care;
use crate::synth::persons::{Record, away};
use crate::synth::row::{Row, SetlId};
use crate::synth::visits::{Drawn, Visits};

/// An anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::synth) enum Anomaly {
    /// A201
    SameBill,
    /// A202
    TwoHospitals,
    /// A203
    OutWhileIn,
    /// A204
    TwoProvinces,
    /// A205
    SplitStay,
    /// A206
    SharedNumber,
    /// A302
    TwoSchemes,
    /// A305
    OtherLevel,
    /// A306
    ClaimedLate,
    /// A401
    OverCeiling,
    /// A402
    AtCeiling,
    /// A404: an unknown original
    ReversalUnknown,
    /// A404: reversed twice
    ReversalTwice,
    /// A404: other amounts
    ReversalAmount,
    /// A404: before its original
    ReversalEarly,
    /// A404: the original is not flagged
    ReversalUnflagged,
    /// P-HOSPITAL-PART
    HospitalPart,
}

use Anomaly::{
    AtCeiling, ClaimedLate, HospitalPart, OtherLevel, OutWhileIn, OverCeiling, ReversalAmount, ReversalEarly,
    ReversalTwice, ReversalUnflagged, ReversalUnknown, SameBill, SharedNumber, SplitStay, TwoHospitals, TwoProvinces,
    TwoSchemes,
};

const OF_STAYS: &[Anomaly] = &[
    SameBill,
    TwoHospitals,
    TwoHospitals,
    OutWhileIn,
    OutWhileIn,
    SplitStay,
    SplitStay,
    SharedNumber,
    TwoSchemes,
    OtherLevel,
    ClaimedLate,
    OverCeiling,
    AtCeiling,
    ReversalUnknown,
    ReversalTwice,
    ReversalAmount,
    ReversalEarly,
    ReversalUnflagged,
    HospitalPart,
];
const OF_VISITS: &[Anomaly] = &[
    SameBill,
    SameBill,
    TwoProvinces,
    TwoProvinces,
    SharedNumber,
    TwoSchemes,
    OtherLevel,
    ClaimedLate,
    ReversalUnknown,
    ReversalTwice,
    ReversalAmount,
    ReversalEarly,
    ReversalUnflagged,
];

/// Draws an anomaly that can start from a kind of care.
pub(super) fn draw(dice: &mut Dice, care: Care) -> Anomaly {
    *dice.of(if care.is_stay() { OF_STAYS } else { OF_VISITS })
}

impl Anomaly {
    /// Rows it needs beside the one it starts from.
    pub(super) const fn extra_rows(self) -> u32 {
        match self {
            SameBill | TwoHospitals | OutWhileIn | TwoProvinces | SplitStay | TwoSchemes | ReversalUnknown
            | ReversalAmount | ReversalEarly | ReversalUnflagged => 1,
            ReversalTwice => 2,
            SharedNumber | OtherLevel | ClaimedLate | OverCeiling | AtCeiling | HospitalPart => 0,
        }
    }
}

impl Visits<'_> {
    /// Plants an anomaly, if the settlement offers it the occasion, and appends the rows.
    pub(in crate::synth) fn plant(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        anomaly: Anomaly,
        mut base: Drawn,
        rows: &mut Vec<Row>,
    ) {
        if base.answered {
            match anomaly {
                SharedNumber | OtherLevel | ClaimedLate | OverCeiling | AtCeiling | HospitalPart => {
                    self.change(dice, around, record, anomaly, &mut base.row);
                }
                ReversalUnknown | ReversalTwice | ReversalAmount | ReversalEarly | ReversalUnflagged => {
                    self.reverse_wrongly(dice, around, anomaly, &mut base.row, rows);
                }
                SameBill => {
                    let mut twin = base.row.clone();
                    let later = 86_400 + i64::from(dice.below(700_000));
                    twin.claim.setl_time = Time(twin.claim.setl_time.0 + later);
                    twin.quirk = None;
                    self.renumber(&mut twin);
                    twin.visit = twin.id.serial;
                    self.note(&twin, around, "A201", "setl_id", "the bill of another settlement, settled again");
                    rows.push(twin);
                }
                TwoSchemes => self.in_another_scheme(dice, around, record, &base, rows),
                TwoHospitals | OutWhileIn | TwoProvinces | SplitStay => {
                    self.beside(dice, around, record, anomaly, &base, rows);
                }
            }
        }
        rows.push(base.row);
    }

    fn note(&mut self, row: &Row, around: &Around, code: &'static str, field: &'static str, note: &'static str) {
        self.planted.push(Planted::of(row, around.who, code, field, note));
    }

    fn renumber(&mut self, row: &mut Row) {
        row.id = SetlId { day: row.claim.setl_time.day(), serial: self.number(), ..row.id };
    }

    /// Another settlement at a time or place at which it cannot be.
    fn beside(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        anomaly: Anomaly,
        base: &Drawn,
        rows: &mut Vec<Row>,
    ) {
        let spot = &base.spot;
        let days = spot.end.0 - spot.begin.0;
        let inside = |dice: &mut Dice| Date(spot.begin.0 + 1 + dice.below((days - 1).max(1) as u32) as i32);
        let home = away(dice, around.pool, Place::Local).map(|place| (Route::HOME, place, None));
        let wish = match anomaly {
            TwoHospitals if days >= 4 => {
                let begin = Date(spot.begin.0 + 1 + dice.below((days - 3) as u32) as i32);
                let end = Date(spot.end.0 + dice.between(0, 3)).min(around.world.year.last).max(spot.end);
                Wish {
                    days: Some((begin, end)),
                    at: Some((spot.route, spot.place, None)),
                    not_at: Some(spot.institution),
                    ..Wish::of(Care::Inpatient)
                }
            }
            OutWhileIn if days >= 3 && around.menu.answers(Care::Outpatient, Route::HOME) => {
                let day = inside(dice);
                Wish { days: Some((day, day)), at: home, not_at: Some(spot.institution), ..Wish::of(Care::Outpatient) }
            }
            TwoProvinces if spot.route == Route::HOME => {
                let Some(at) = file_elsewhere(dice, around, record) else { return };
                Wish { days: Some((spot.end, spot.end)), at: Some(at), ..Wish::of(Care::Outpatient) }
            }
            SplitStay if base.row.disease != PLANNED => {
                let begin = Date(spot.end.0 + dice.between(1, 13));
                let end = Date(begin.0 + days.clamp(2, 20));
                Wish {
                    days: Some((begin, end)),
                    at: Some((spot.route, spot.place, Some(spot.institution))),
                    ..Wish::of(Care::Inpatient)
                }
            }
            _ => return,
        };
        if wish.days.is_some_and(|(_, end)| end > around.world.year.last) {
            return;
        }
        let other = self.settlement(dice, around, record, &wish);
        let treated = |row: &Row| row.claim.treated.province_digits();
        let (code, note, planted) = match anomaly {
            TwoHospitals => {
                ("A202", "in hospital elsewhere on the same days", other.spot.institution != spot.institution)
            }
            OutWhileIn => ("A203", "a visit elsewhere during a stay", other.spot.institution != spot.institution),
            TwoProvinces => ("A204", "visits in two provinces on one day", treated(&other.row) != treated(&base.row)),
            _ => ("A205", "back in the same hospital within 15 days", other.row.disease != PLANNED),
        };
        if planted && other.answered {
            self.note(&other.row, around, code, "begndate", note);
        }
        rows.push(other.row);
    }

    /// The same person under the other scheme of the pool, with a span of cover that overlaps.
    fn in_another_scheme(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        base: &Drawn,
        rows: &mut Vec<Row>,
    ) {
        let world = around.world;
        let care = base.row.care;
        let year = world.year;
        let age = around.who.born.full_years_to(year.day(182));
        let found = world.schemes.list.iter().enumerate().find_map(|(number, scheme)| {
            if scheme.pool != around.scheme.pool || scheme.employee == around.scheme.employee {
                return None;
            }
            let profile = (0..scheme.profiles.len()).find(|&profile| {
                let ages = scheme.profiles[profile].ages;
                (ages.0..=ages.1).contains(&age) && scheme.menu(profile).answers(care, Route::HOME)
            })?;
            Some((number as u16, profile as u16))
        });
        let Some(numbers) = found else { return };
        let other = Around::new(world, around.who, around.person, numbers, around.disease);
        let filed = record.enrolments.len();
        record.enrolments.push(Enrolment {
            insutype: other.scheme.insutype,
            pool: other.pool.code,
            from: Date(year.first.0 - dice.between(40, 900)),
            to: Date::MAX,
            benefits_from: Date::MIN,
        });
        let drawn = self.settlement(dice, &other, record, &Wish::of(care));
        if drawn.answered {
            self.note(&drawn.row, around, "A302", "insutype", "covered and paid under two schemes at once");
        } else {
            record.enrolments.truncate(filed);
        }
        rows.push(drawn.row);
    }

    /// Changes the settlement itself.
    fn change(&mut self, dice: &mut Dice, around: &Around, record: &Record, anomaly: Anomaly, row: &mut Row) {
        let end = row.claim.enddate;
        match anomaly {
            SharedNumber => {
                let shared = self.planted.iter().any(|line| Some(line.id) == self.last_of_other);
                if let Some(other) = self.last_of_other
                    && !shared
                {
                    row.id = other;
                    self.note(row, around, "A206", "setl_id", "the number of another person's settlement");
                }
            }
            ClaimedLate => {
                let day = Date(end.add_months(12).0 + dice.between(2, 150));
                row.claim.setl_time = Time(day.midnight().0 + i64::from(dice.between(30_000, 60_000)));
                row.id.day = day;
                row.pay_loc = 1;
                self.note(row, around, "A306", "setl_time", "settled more than twelve months after the service");
            }
            HospitalPart => {
                let before = row.claim.bill.hospital;
                row.claim.bill.hospital = row.claim.bill.total;
                let line = Planted::of(
                    row,
                    around.who,
                    "P-HOSPITAL-PART",
                    "hosp_part_amt",
                    "the hospital bears the whole bill",
                );
                self.planted.push(Planted { only_if: OnlyIf::Pended, ..line.money(before, row.claim.bill.hospital) });
            }
            OtherLevel => self.other_level(dice, around, record, row),
            _ => self.raise_to_ceiling(around, record, anomaly, row),
        }
    }

    /// The claim states another grade than the institutions table, with another tier.
    fn other_level(&mut self, dice: &mut Dice, around: &Around, record: &Record, row: &mut Row) {
        let world = around.world;
        let (book, places, day) = (&world.rules.book, &world.places, row.claim.enddate);
        let Some(known) = places.institutions.get(row.claim.institution as usize) else { return };
        let own = &places.levels[usize::from(known.level_on(day))];
        let is_open = places.table.open_on(row.claim.institution, day).is_some();
        if !own.inst_class.is_empty() || own.is_pharmacy() || !is_open {
            return;
        }
        let right = tier(book, around.pool, own, day);
        let graded = |level: &&crate::synth::places::Level| {
            level.inst_class.is_empty()
                && !level.dedc_hosp_lv.is_empty()
                && tier(book, around.pool, level, day) != right
        };
        let others: Vec<_> = places.levels.iter().filter(graded).collect();
        if others.is_empty() {
            return;
        }
        let other = *dice.of(&others);
        let mut claim = row.claim.clone();
        claim.hosp_lv = other.symbols.hosp_lv;
        claim.dedc_hosp_lv = other.symbols.dedc_hosp_lv;
        let context = Context { book, institutions: Some(&places.table) };
        if resolve(context, &record.facts(), &claim, &mut Off).is_ok() {
            row.claim = claim;
            row.hosp_lv = other.hosp_lv;
            row.dedc_hosp_lv = other.dedc_hosp_lv;
            self.note(row, around, "A305", "hosp_lv", "another grade than the institutions table has on that day");
        }
    }

    /// A bill so large that the basic fund's ceiling of the year is reached; paid above it, or at it well
    /// before the year's end.
    fn raise_to_ceiling(&mut self, around: &Around, record: &Record, anomaly: Anomaly, row: &mut Row) {
        let world = around.world;
        let context = Context { book: &world.rules.book, institutions: Some(&world.places.table) };
        let facts = record.facts();
        let Ok(resolved) = resolve(context, &facts, &row.claim, &mut Off) else { return };
        let Some(cap) = ceiling(&resolved) else { return };
        let (month, day) = context.book.scheme_of_row(resolved.rows.scheme).year_start;
        let next = Date::from_ymd(resolved.derived.benefit_year + 1, month, day).unwrap_or(Date::MAX);
        if anomaly == AtCeiling && next.0 - row.claim.enddate.0 <= 70 {
            return;
        }
        let before = row.claim.bill.total;
        let wanted = cap.0 * 9 / 4;
        row.claim.bill = scaled(&row.claim.bill, wanted, row.claim.bill.in_scope.0.max(1));
        row.quirk = None;
        if anomaly == OverCeiling {
            // Its line is written when the payment is.
            row.force = Some(Force::OverCeiling);
            return;
        }
        let line =
            Planted::of(row, around.who, "A402", "medfee_sumamt", "the year's ceiling is reached early by one bill");
        self.planted.push(Planted { only_if: OnlyIf::CeilingReached, ..line.money(before, row.claim.bill.total) });
    }

    /// Reversals with something wrong.
    fn reverse_wrongly(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        anomaly: Anomaly,
        original: &mut Row,
        rows: &mut Vec<Row>,
    ) {
        let mut reversal = self.reversal(dice, original);
        original.refunded = anomaly != ReversalUnflagged;
        match anomaly {
            ReversalUnknown => {
                original.refunded = false;
                let serial = self.number();
                reversal.init = Some(SetlId { serial, ..original.id });
                self.note(&reversal, around, "A404", "init_setl_id", "P-REVERSAL-UNKNOWN: no such settlement");
            }
            ReversalTwice => {
                let mut second = reversal.clone();
                second.claim.setl_time = Time(second.claim.setl_time.0 + i64::from(dice.between(60, 400_000)));
                self.renumber(&mut second);
                self.note(&second, around, "A404", "init_setl_id", "P-REVERSAL-TWICE: reversed already");
                rows.push(second);
            }
            ReversalAmount => {
                let before = reversal.claim.bill.total;
                let less = Fen(i64::from(1 + dice.below(9_000)));
                reversal.claim.bill.full_own -= less;
                reversal.claim.bill.total -= less;
                let line = Planted::of(
                    &reversal,
                    around.who,
                    "A404",
                    "medfee_sumamt",
                    "P-REVERSAL-AMOUNT: not the original's amounts",
                );
                self.planted.push(line.money(before, reversal.claim.bill.total));
            }
            ReversalEarly => {
                let day = original.claim.enddate.midnight().0;
                reversal.claim.setl_time = Time(day + (original.claim.setl_time.0 - day) / 2);
                self.renumber(&mut reversal);
                self.note(&reversal, around, "A404", "setl_time", "P-REVERSAL-UNKNOWN: dated before its original");
            }
            _ => self.note(original, around, "A404", "refd_setl_flag", "reversed, but not flagged"),
        }
        rows.push(reversal);
    }
}

/// Puts a long-term filing for another province on record, if the rules answer for visits there.
fn file_elsewhere(dice: &mut Dice, around: &Around, record: &mut Record) -> Option<(Route, u16, Option<u32>)> {
    let route = Route { place: Place::Cross, filing: Filing::Resident };
    let words = &around.scheme.filing_words[Filing::Resident as usize];
    if words.is_empty() || !around.menu.answers(Care::Outpatient, route) {
        return None;
    }
    let place = away(dice, around.pool, Place::Cross)?;
    let area = around.world.places.places[usize::from(place)].code.city();
    let from = Date(around.world.year.first.0 - dice.between(10, 900));
    record.filings.push(FilingRecord { filing_type: dice.of(words).1, area, from, to: None });
    Some((route, place, None))
}

/// The disease whose readmissions are planned.
const PLANNED: &str = "M00503";

/// The year's ceiling of the basic fund that a settlement counts to, if nothing else limits it and it is
/// no more than a bill can be.
fn ceiling(resolved: &Resolved) -> Option<Fen> {
    let mut own = None;
    let terms = resolved.offer.terms(&mut own)?;
    let cap = terms.fund_cap_year;
    let free = terms.pay_caps == Caps::NONE && terms.base_caps == Caps::NONE;
    (terms.counts_to_fund_cap && free && resolved.denied.is_empty() && cap < Fen(80_000_000)).then_some(cap)
}
