//! Institutions with a habit: bills several times those of their peers, amounts that somebody made up, stays of a day.

use hashbrown::HashMap;

use crate::model::money::Fen;
use crate::model::settlement::Bill;
use crate::synth::dice::Dice;
use crate::synth::national::Care;
use crate::synth::places::{Institution, Places};

/// A habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::synth) enum Quirk {
    /// Bills three and a half times as high.
    Costly,
    /// Totals that begin with 5 to 9.
    Invented,
    /// Stays of one or two days.
    ShortStays,
}

/// What a habit did to a row, and the total it would have had.
pub(in crate::synth) type QuirkMark = (Quirk, Fen);

/// Institutions of one province and grade that must exist for one of them to stand out.
const PEERS: usize = 12;
/// Settlements an institution must have a year on the mean.
const SETTLEMENTS: u64 = 400;

/// Gives some institutions a habit, the more the larger the share of faults, where there are peers to stand out from.
pub(in crate::synth) fn assign(places: &mut Places, dice: &mut Dice, share: u32, rows: u64) {
    if rows / (places.institutions.len() as u64).max(1) < SETTLEMENTS {
        return;
    }
    let group = |known: &Institution, places: &Places| {
        let province = places.places[usize::from(known.place)].code.province_digits();
        (province, places.levels[usize::from(known.level)].grade as usize)
    };
    let mut sizes: HashMap<(u32, usize), usize> = HashMap::new();
    for known in &places.institutions {
        *sizes.entry(group(known, places)).or_default() += 1;
    }
    for at in 0..places.institutions.len() {
        if sizes[&group(&places.institutions[at], places)] >= PEERS && dice.chance(share / 4) {
            places.institutions[at].quirk = Some(*dice.of(&[Quirk::Costly, Quirk::Invented, Quirk::ShortStays]));
        }
    }
}

/// The days of a stay there.
pub(in crate::synth) fn days(known: &Institution, days: i32) -> i32 {
    if known.quirk == Some(Quirk::ShortStays) { 1 + days % 2 } else { days }
}

/// The bill made there.
pub(in crate::synth) fn bill(known: &Institution, right: &Bill) -> Bill {
    match known.quirk {
        Some(Quirk::Costly) => scaled(right, 7, 2),
        Some(Quirk::Invented) => {
            // The same number of digits, the first of them 5 to 9, by what the amount itself is.
            let magnitude = 10_i64.pow(right.total.0.max(1).ilog10());
            let first = 5 + right.total.0 % 5;
            let total = first * magnitude + right.total.0 % magnitude;
            scaled(right, total, right.total.0.max(1))
        }
        _ => *right,
    }
}

/// What is to be written down, if the habit changed anything.
pub(in crate::synth) fn of(known: &Institution, care: Care, right: &Bill, made: &Bill) -> Option<QuirkMark> {
    let quirk = known.quirk?;
    let changed = match quirk {
        Quirk::ShortStays => care.is_stay(),
        _ => made.total != right.total,
    };
    changed.then_some((quirk, right.total))
}

/// Every part times `up` / `down`; the total is their sum.
pub(in crate::synth) fn scaled(bill: &Bill, up: i64, down: i64) -> Bill {
    let times = |amount: Fen| Fen((i128::from(amount.0) * i128::from(up) / i128::from(down)) as i64);
    let (full_own, over_limit, preself, in_scope) =
        (times(bill.full_own), times(bill.over_limit), times(bill.preself), times(bill.in_scope));
    Bill {
        total: full_own + over_limit + preself + in_scope,
        full_own,
        over_limit,
        preself,
        in_scope,
        hospital: bill.hospital,
    }
}

impl Quirk {
    /// The finding, the column and the words of a planted line.
    pub(in crate::synth) const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Costly => ("A501", "medfee_sumamt", "the institution bills 3.5 times what its peers do"),
            Self::Invented => ("A503", "medfee_sumamt", "the institution's totals begin with 5 to 9"),
            Self::ShortStays => ("A505", "begndate", "the institution's stays take one or two days"),
        }
    }
}
