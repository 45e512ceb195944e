//! A bill: its total, how it splits, how long a stay takes.

use super::dice::{Dice, MILLION};
use super::national::{Care, Grade, Kind, mean_shares, mean_yuan, spread};
use crate::model::money::Fen;
use crate::model::place::Place;
use crate::model::settlement::Bill;

/// The least bill: one yuan.
const LEAST: i64 = 100;
/// The largest: three million yuan.
const MOST: i64 = 300_000_000;

/// Draws a bill. T = F + O + P + S holds by construction.
pub(super) fn bill(dice: &mut Dice, care: Care, kind: Kind, grade: Grade, place: Place) -> Bill {
    let mean = mean_yuan(care, kind.is_employee())[grade as usize] * 100;
    let percent = match place {
        Place::Local => 97,
        Place::Province => 115,
        Place::Cross => 145,
    };
    let (sigma, median_millionths) = spread(care);
    let median = mean * kind.cost_percent() / 100 * percent / 100 * median_millionths / i64::from(MILLION);
    let total = dice.log_normal(median, sigma).clamp(LEAST, MOST);
    split(dice, care, total)
}

/// Splits a total by the mean shares of its kind of care.
fn split(dice: &mut Dice, care: Care, total: i64) -> Bill {
    let [full, over, pre] = mean_shares(care);
    let full_own = part(dice, total, full, 700_000);
    let over_limit = part(dice, total, over, 150_000);
    let preself = part(dice, total, pre, 900_000);
    let in_scope = total - full_own - over_limit - preself;
    Bill {
        total: Fen(total),
        full_own: Fen(full_own),
        over_limit: Fen(over_limit),
        preself: Fen(preself),
        in_scope: Fen(in_scope),
        hospital: Fen::ZERO,
    }
}

/// A part of a total that is there in `often` of all cases and is `mean` of the total on the whole.
fn part(dice: &mut Dice, total: i64, mean: u32, often: u32) -> i64 {
    if mean == 0 || !dice.chance(often) {
        return 0;
    }
    let most = (u64::from(mean) * 2 * u64::from(MILLION) / u64::from(often)).min(300_000) as u32;
    total * i64::from(dice.below(most)) / i64::from(MILLION)
}

/// Days of a stay: 9.8 on the mean for employees.
pub(super) fn days(dice: &mut Dice, care: Care, kind: Kind) -> i32 {
    let (median, sigma) = match (care, kind.is_employee()) {
        (Care::Maternity, _) => (450, 30),
        (_, true) => (820, 60),
        (_, false) => (720, 55),
    };
    (dice.log_normal(median, sigma) / 100).clamp(1, 120) as i32
}

/// The bill of a settlement made anew: one or more items fewer.
pub(super) fn corrected(dice: &mut Dice, bill: &Bill) -> Bill {
    let less =
        |dice: &mut Dice, fen: Fen| Fen(fen.0 * i64::from(dice.between(900_000, 1_000_000)) / i64::from(MILLION));
    let full_own = less(dice, bill.full_own);
    let in_scope = less(dice, bill.in_scope);
    Bill { full_own, in_scope, total: full_own + bill.over_limit + bill.preself + in_scope, ..*bill }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Stream;
    use super::*;

    #[test]
    fn parts_add_up_and_means_come_out() {
        let mut dice = Dice::new(5, Stream::World);
        let (mut total, mut scope) = (0, 0);
        for _ in 0..100_000 {
            let bill = bill(&mut dice, Care::Inpatient, Kind::Retired, Grade::Three, Place::Local);
            assert_eq!(bill.total, bill.full_own + bill.over_limit + bill.preself + bill.in_scope);
            assert!(bill.in_scope >= Fen::ZERO);
            total += bill.total.0;
            scope += bill.in_scope.0;
        }
        let mean = total / 100_000;
        let aim = 1_520_000 * 105 / 100 * 97 / 100;
        assert!((mean - aim).abs() < aim / 50, "{mean} for {aim}");
        assert!((84..88).contains(&(scope * 100 / total)), "{}", scope * 100 / total);
    }
}
