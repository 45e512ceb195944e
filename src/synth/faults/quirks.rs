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

/// Institutions of one province and grade that must be busy for one of them to stand out.
const PEERS: usize = 12;
/// Settlements a year from which an institution is busy.
const BUSY: u64 = 600;
/// Share of the rows with faults that institutions with a habit may have, in a thousandth.
const SHARE: u64 = 120;

/// Gives some busy institutions a habit, where there are peers to stand out from. `busy` holds the settlements
/// that each institution can expect in the whole data set.
pub(in crate::synth) fn assign(places: &mut Places, dice: &mut Dice, busy: &[u64], budget: u64) {
    let group = |at: usize, places: &Places| {
        let known = &places.institutions[at];
        let province = places.places[usize::from(known.place)].code.province_digits();
        (province, places.levels[usize::from(known.level)].grade as usize)
    };
    let mut eligible: Vec<usize> = (0..busy.len()).filter(|&at| busy[at] >= BUSY).collect();
    let mut sizes: HashMap<(u32, usize), usize> = HashMap::new();
    eligible.iter().for_each(|&at| *sizes.entry(group(at, places)).or_default() += 1);
    dice.shuffle(&mut eligible);
    // Institutions with enough peers first, and not the busiest, so that the rows suffice for several.
    eligible.sort_by_key(|&at| (sizes[&group(at, places)] < PEERS, busy[at] > 2 * BUSY));
    let mut left = budget * SHARE / 1_000;
    let habits = [Quirk::Invented, Quirk::Costly, Quirk::ShortStays];
    for (at, quirk) in eligible.into_iter().zip(habits.into_iter().cycle()) {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(busy[at]);
        places.institutions[at].quirk = Some(quirk);
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
