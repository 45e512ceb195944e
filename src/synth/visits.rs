//! The settlements of one person: drawn until the rules answer and the person's year has room.

use super::World;
use super::bill;
use super::dice::Dice;
use super::draw::{ATTEMPTS, Around, Spot, Weights, Wish, row, spot};
use super::faults::anomalies::Anomaly;
use super::faults::broken;
use super::faults::scripts::Script;
use super::faults::{Faults, Planted};
use super::national::{Care, DISEASES, RESETTLED, REVERSED, UNANSWERED, UNANSWERED_SHARE};
use super::persons::{Person, Record};
use super::row::{Row, SetlId};
use super::timeline::Timeline;
use crate::adjudicate::resolve::{Context, resolve};
use crate::adjudicate::trace::Off;
use crate::model::date::Time;
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::model::settlement::{Bill, Flags};

/// Makes the settlements of persons, one after the other.
pub(super) struct Visits<'w> {
    world: &'w World,
    /// Serial number of the next settlement.
    next: u64,
    timeline: Timeline,
    wanted: Vec<Wanted>,
    /// What is planted, if anything.
    pub(super) faults: Option<Faults>,
    /// Faults planted into the person at hand.
    pub(super) planted: Vec<Planted>,
    /// A settlement of the person before.
    pub(super) last_of_other: Option<SetlId>,
}

/// A settlement to be made.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    wish: Wish,
    reversed: bool,
    resettled: bool,
    anomaly: Option<Anomaly>,
    /// To be broken, so that ingestion rejects it.
    broken: bool,
}

/// A drawn settlement.
pub(super) struct Drawn {
    /// The settlement.
    pub(super) row: Row,
    /// Where and when.
    pub(super) spot: Spot,
    /// Whether the rules answer.
    pub(super) answered: bool,
}

/// Draws after which a settlement is made where there is no room for it.
const MORE_ATTEMPTS: u32 = 40 * ATTEMPTS;

impl<'w> Visits<'w> {
    /// A maker that gives out serial numbers from `first`.
    pub(super) fn new(world: &'w World, first: u64, faults: Option<Faults>) -> Self {
        Self {
            world,
            next: first,
            timeline: Timeline::default(),
            wanted: Vec::new(),
            faults,
            planted: Vec::new(),
            last_of_other: None,
        }
    }

    /// What surrounds a person.
    pub(super) fn around(&self, dice: &mut Dice, who: &'w Person, person: u32) -> Around<'w> {
        let disease = DISEASES[dice.pick(&DISEASES.each_weight()).unwrap_or_default()].0;
        Around::new(self.world, who, person, (who.scheme, who.profile), disease)
    }

    /// Makes `count` settlements of a person and appends them to `rows`, in no order.
    pub(super) fn make(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        count: u32,
        script: &mut Script,
        rows: &mut Vec<Row>,
    ) {
        let end = rows.len() + count as usize;
        self.timeline.clear();
        self.planted.clear();
        self.play(dice, around, record, script, count, rows);
        self.want(dice, around, (end - rows.len()) as u32);
        for index in 0..self.wanted.len() {
            let wanted = self.wanted[index];
            let drawn = self.settlement(dice, around, record, &wanted.wish);
            self.finish(dice, around, record, wanted, drawn, rows);
        }
        // A fault that found no place leaves its rows to ordinary settlements.
        while rows.len() < end {
            let care = self.care(dice, around);
            let drawn = self.settlement(dice, around, record, &Wish::of(care));
            rows.push(drawn.row);
        }
        self.last_of_other = rows.last().map(|row| row.id);
    }

    /// Appends a settlement with what belongs to it.
    fn finish(
        &mut self,
        dice: &mut Dice,
        around: &Around,
        record: &mut Record,
        wanted: Wanted,
        mut drawn: Drawn,
        rows: &mut Vec<Row>,
    ) {
        if let Some(anomaly) = wanted.anomaly {
            self.plant(dice, around, record, anomaly, drawn, rows);
            return;
        }
        if wanted.broken
            && let Some(faults) = &mut self.faults
        {
            let whole = drawn.row.clone();
            broken::break_row(&mut faults.dice, &mut drawn.row, faults.text, around.who, &mut self.planted);
            if drawn.row.broken.as_ref().is_some_and(|broken| broken.twin) {
                // Whichever of the two stands first in the file is taken.
                rows.push(whole);
            }
            rows.push(drawn.row);
            return;
        }
        // A settlement that pends cannot be reversed.
        if wanted.reversed && drawn.answered {
            drawn.row.refunded = true;
            let reversal = self.reversal(dice, &drawn.row);
            if wanted.resettled {
                rows.push(self.resettled(dice, &drawn.row, reversal.claim.setl_time));
            }
            rows.push(reversal);
        }
        rows.push(drawn.row);
    }

    fn care(&self, dice: &mut Dice, around: &Around) -> Care {
        Care::ALL[dice.pick(&around.profile.rates).unwrap_or_default()]
    }

    /// Draws what `count` settlements are for; stays come first, so that visits are fitted around them.
    fn want(&mut self, dice: &mut Dice, around: &Around, count: u32) {
        self.wanted.clear();
        let mut left = count;
        while left > 0 {
            left -= 1;
            let care = self.care(dice, around);
            let mut wanted =
                Wanted { wish: Wish::of(care), reversed: false, resettled: false, anomaly: None, broken: false };
            if let Some(faults) = &mut self.faults
                && let Some((anomaly, rows)) = faults.anomaly(care, left)
            {
                wanted.anomaly = Some(anomaly);
                left -= rows;
            } else if let Some(faults) = &mut self.faults
                && faults.breaks(left)
            {
                // A broken row may have a twin.
                wanted.broken = true;
                left -= 1;
            } else if dice.chance(UNANSWERED_SHARE) {
                let &(code, care) = dice.of(UNANSWERED);
                wanted.wish = Wish { unanswered: Some(code), ..Wish::of(care) };
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
        self.wanted.sort_by_key(|wanted| !wanted.wish.care.is_stay());
    }

    /// A serial number.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        // Odd and not divisible by five: every number up to 10^10 has its own.
        ((u128::from(number) * 6_364_136_223 + u128::from(self.world.seed % 9_999_999_967)) % 10_000_000_000) as u64
    }

    /// One settlement. Draws again until the rules answer and nothing of the person's year is in the way.
    pub(super) fn settlement(&mut self, dice: &mut Dice, around: &Around, record: &mut Record, wish: &Wish) -> Drawn {
        let context = Context { book: &self.world.rules.book, institutions: Some(&self.world.places.table) };
        let filings = record.filings.len();
        let mut last: Option<Drawn> = None;
        let mut has_room = false;
        for attempt in 0..MORE_ATTEMPTS {
            // Nobody is in two places at once unless that is planted: a full year is searched longer for a gap.
            if attempt >= ATTEMPTS && has_room {
                break;
            }
            record.filings.truncate(filings);
            let Some(spot) = spot(dice, around, record, wish, attempt.min(ATTEMPTS - 1)) else { continue };
            let row = row(dice, around, record, wish, &spot, attempt.min(ATTEMPTS - 1));
            let free = wish.is_fixed() || self.has_room(wish, &spot, &row);
            has_room = free;
            let resolved = resolve(context, &record.facts(), &row.claim, &mut Off);
            let answered = resolved.is_ok();
            let wished = match resolved {
                Ok(resolved) => !resolved.denied.has(Reason::NotDesignated) || dice.chance(250_000),
                Err(_) => wish.unanswered.is_some(),
            };
            last = Some(Drawn { row, spot, answered });
            if free && wished {
                break;
            }
        }
        let mut drawn = last.unwrap_or_else(|| self.at_home(dice, around, record, wish));
        let (spot, row) = (&drawn.spot, &mut drawn.row);
        if wish.care.is_stay() {
            self.timeline.add_stay(spot.begin, spot.end, spot.institution);
        } else {
            self.timeline.add_visit(spot.end, row.claim.treated);
        }
        row.id = SetlId { area: around.pool.code, day: row.claim.setl_time.day(), serial: self.number() };
        row.visit = row.id.serial;
        drawn
    }

    fn has_room(&self, wish: &Wish, spot: &Spot, row: &Row) -> bool {
        if wish.care.is_stay() {
            self.timeline.stay_fits(spot.begin, spot.end, spot.institution)
        } else {
            self.timeline.visit_fits(spot.end, row.claim.treated)
        }
    }

    /// When every draw led nowhere (a place without the wanted institution): at any institution of a place,
    /// answered or not.
    fn at_home(&self, dice: &mut Dice, around: &Around, record: &mut Record, wish: &Wish) -> Drawn {
        let plain = Wish { unanswered: Some(wish.care.base_code()), at: None, not_at: None, ..*wish };
        let spot =
            spot(dice, around, record, &plain, 0).expect("every pool has a place with every kind of institution");
        let row = row(dice, around, record, &plain, &spot, 0);
        Drawn { row, spot, answered: false }
    }

    /// The exact negative of a settlement, some time later.
    pub(super) fn reversal(&mut self, dice: &mut Dice, original: &Row) -> Row {
        let wait = if dice.chance(700_000) { dice.between(600, 20_000) } else { dice.between(20_000, 1_700_000) };
        let setl_time = Time(original.claim.setl_time.0 + i64::from(wait));
        let mut claim = original.claim.clone();
        claim.setl_time = setl_time;
        claim.flags.set(Flags::REVERSAL);
        claim.bill = negative(&original.claim.bill);
        let id = SetlId { day: setl_time.day(), serial: self.number(), ..original.id };
        Row { claim, id, init: Some(original.id), refunded: true, quirk: None, force: None, ..original.clone() }
    }

    /// The same visit settled anew after its reversal: there is no partial reversal, so this is how a refund is made.
    fn resettled(&mut self, dice: &mut Dice, original: &Row, reversed: Time) -> Row {
        let setl_time = Time(reversed.0 + i64::from(dice.between(120, 4_000)));
        let mut claim = original.claim.clone();
        claim.setl_time = setl_time;
        claim.bill = bill::corrected(dice, &claim.bill);
        claim.bill.hospital = Fen::ZERO;
        let id = SetlId { day: setl_time.day(), serial: self.number(), ..original.id };
        Row { claim, id, refunded: false, quirk: None, ..original.clone() }
    }
}

/// A bill with every sign changed.
fn negative(bill: &Bill) -> Bill {
    Bill {
        total: -bill.total,
        full_own: -bill.full_own,
        over_limit: -bill.over_limit,
        preself: -bill.preself,
        in_scope: -bill.in_scope,
        hospital: -bill.hospital,
    }
}
