//! What no rule explains: a fen of rounding, a digit mistyped.

use super::Difference;
use crate::columnar::reconciled::{FIELDS, field};
use crate::model::money::Fen;

/// Every field off by at most a fen, and the paid row adds up as far as it says.
pub(super) fn is_rounding(difference: &Difference) -> bool {
    let off = |field: usize| (difference.paid[field].0 - difference.computed[field].0).abs();
    difference.fields.iter().all(|field| off(field) <= 1) && adds_up(difference)
}

/// Whether the identities of the paid row hold; one with a field that the paid side lacks is not looked at.
fn adds_up(difference: &Difference) -> bool {
    let Difference { paid, fields, has_account, total, hospital, .. } = *difference;
    let has = |wanted: &[usize]| wanted.iter().all(|&field| fields.has(field));
    let account = if has_account { paid[field::ACCOUNT] } else { Fen::ZERO };
    let funds_known = has(&[field::FUNDS]) && (!has_account || has(&[field::ACCOUNT]));
    let funds = Fen(paid[field::FUNDS].0 - account.0);
    let parts: Vec<usize> = (field::BASIC..field::FUNDS).collect();
    let sum = parts.iter().map(|&part| i128::from(paid[part].0)).sum::<i128>();
    let funds_add_up = !(funds_known && has(&parts)) || i128::from(funds.0) == sum;
    let bill = i128::from(funds.0) + i128::from(paid[field::PERSON].0) + i128::from(hospital.0);
    let bill_adds_up = !(funds_known && has(&[field::PERSON])) || bill == i128::from(total.0);
    let of_person = i128::from(paid[field::ACCOUNT].0) + i128::from(paid[field::CASH].0);
    let person_adds_up =
        !has(&[field::PERSON, field::ACCOUNT, field::CASH]) || of_person == i128::from(paid[field::PERSON].0);
    funds_add_up && bill_adds_up && person_adds_up
}

/// Fields of which one digit, or two neighbours, make the whole difference.
pub(super) fn mistyped(difference: &Difference) -> impl Iterator<Item = usize> + '_ {
    difference.fields.iter().filter(|&field| {
        let (right, wrong) = (difference.computed[field], difference.paid[field]);
        right != wrong && is_slip(right, wrong) && rest_follows(difference, field, wrong.0 - right.0)
    })
}

/// Whether the other fields moved as they do when this one is `more` and they are derived from it.
fn rest_follows(difference: &Difference, mistyped: usize, more: i64) -> bool {
    let mut moves = [0_i64; FIELDS];
    moves[mistyped] = more;
    match mistyped {
        // Nothing is derived from the deductible in a paid row, nor from cash.
        field::DEDUCTIBLE | field::CASH => {}
        field::ACCOUNT => {
            moves[field::CASH] = -more;
            if difference.has_account {
                moves[field::FUNDS] = more;
            }
        }
        field::PERSON => moves[field::CASH] = more,
        field::FUNDS => {
            moves[field::PERSON] = -more;
            moves[field::CASH] = -more;
        }
        _ => {
            moves[field::FUNDS] = more;
            moves[field::PERSON] = -more;
            moves[field::CASH] = -more;
        }
    }
    difference.fields.iter().all(|field| difference.paid[field].0 == difference.computed[field].0 + moves[field])
}

/// Whether two amounts, written in yuan, differ by one digit or by two neighbours that changed places.
fn is_slip(right: Fen, wrong: Fen) -> bool {
    if (right.0 < 0) != (wrong.0 < 0) {
        return false;
    }
    let (right, wrong) = (digits(right), digits(wrong));
    if right.1 != wrong.1 {
        return false;
    }
    let (right, wrong) = (&right.0[..right.1], &wrong.0[..wrong.1]);
    let mut differing = (0..right.len()).filter(|&at| right[at] != wrong[at]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, None) => true,
        (Some(first), Some(second), None) => {
            second == first + 1 && right[first] == wrong[second] && right[second] == wrong[first]
        }
        _ => false,
    }
}

/// The digits of an amount from the last to the first, and how many are written: at least three, as in 0.05.
fn digits(amount: Fen) -> ([u8; 20], usize) {
    let mut digits = [0; 20];
    let mut rest = amount.0.unsigned_abs();
    let mut count = 0;
    while rest > 0 || count < 3 {
        digits[count] = (rest % 10) as u8;
        rest /= 10;
        count += 1;
    }
    (digits, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columnar::reconciled::FieldSet;

    #[test]
    fn one_digit_or_two_neighbours() {
        for (right, wrong) in [(12_345, 12_945), (12_345, 13_245), (100, 900), (0, 500), (5, 7), (-120, -210)] {
            assert!(is_slip(Fen(right), Fen(wrong)), "{right} {wrong}");
        }
        for (right, wrong) in [(12_345, 12_345), (12_345, 14_325), (1_200, 51_200), (120, -120), (12_345, 13_445)] {
            assert!(!is_slip(Fen(right), Fen(wrong)), "{right} {wrong}");
        }
    }

    fn difference(paid: [i64; FIELDS]) -> Difference {
        let computed = [80_000, 50_000, 0, 0, 0, 0, 0, 0, 50_000, 100_000, 20_000, 80_000];
        Difference {
            computed: computed.map(Fen),
            paid: paid.map(Fen),
            fields: FieldSet::ALL,
            has_account: false,
            total: Fen(150_000),
            hospital: Fen::ZERO,
        }
    }

    #[test]
    fn dependents_follow_the_field_that_was_mistyped() {
        let fund = difference([80_000, 90_000, 0, 0, 0, 0, 0, 0, 90_000, 60_000, 20_000, 40_000]);
        assert_eq!(mistyped(&fund).collect::<Vec<_>>(), [field::BASIC]);
        let alone = difference([80_000, 50_000, 0, 0, 0, 0, 0, 0, 50_000, 100_000, 20_000, 80_003]);
        assert_eq!(mistyped(&alone).collect::<Vec<_>>(), [field::CASH]);
        let account = difference([80_000, 50_000, 0, 0, 0, 0, 0, 0, 50_000, 100_000, 2_000, 98_000]);
        assert_eq!(mistyped(&account).count(), 0, "a digit fewer is no digit changed");
        let deductible = difference([8_000, 50_000, 0, 0, 0, 0, 0, 0, 50_000, 100_000, 20_000, 80_000]);
        assert_eq!(mistyped(&deductible).count(), 0);
        let total_alone = difference([80_000, 50_000, 0, 0, 0, 0, 0, 0, 50_001, 100_000, 20_000, 80_000]);
        assert_eq!(mistyped(&total_alone).count(), 0, "the person's part did not follow");
    }

    #[test]
    fn a_fen_is_rounding_only_where_the_row_adds_up() {
        let round = difference([80_000, 50_001, 0, 0, 0, 0, 0, 0, 50_001, 99_999, 20_000, 79_999]);
        assert!(is_rounding(&round));
        let broken = difference([80_000, 50_001, 0, 0, 0, 0, 0, 0, 50_000, 100_000, 20_000, 80_000]);
        assert!(!is_rounding(&broken));
        assert!(
            is_rounding(&Difference { fields: FieldSet(1 << field::BASIC), ..broken }),
            "what is not said is not held"
        );
    }
}
