//! A102: a payment below zero, or more paid than was charged.

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement};
use super::{Check, Look, word};
use crate::columnar::reconciled::{COMPARED, field};
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A102",
    title_zh: "支付超过收费",
    title_en: "paid more than charged",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "非退费结算的支付不得为负，基金与个人支付之和不得超过医疗费总额",
    basis_en: "no payment of a settlement that is no reversal is negative, and fund and person do not pay more than the bill",
    needs: &[Need::PaidFund],
    partly: &[Need::Paid(field::PERSON)],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for settlement in person.settlements.iter().filter(|settlement| !settlement.is_reversal()) {
        let Some((what, excess)) = excess(settlement) else { continue };
        let fund = settlement.paid_fund().unwrap_or_default();
        let message = Text::new(
            "Was this payment booked with the wrong sign or amount? Please show the settlement slip and the transfer to the institution.",
            "该笔支付是否符号或金额有误？请提供结算单及向机构拨付的凭证。",
        );
        let finding = CHECK
            .on_claim(person, settlement, message)
            .with("what", word(what))
            .with("excess", Value::Money(excess))
            .with("medfee_sumamt", Value::Money(settlement.claim.bill.total))
            .with("fund", Value::Money(fund));
        let person_part = settlement.paid(field::PERSON);
        let finding = match person_part {
            Some(amount) => finding.with("psn_part_amt", Value::Money(amount)),
            None => finding,
        };
        found.push(finding.at_risk(excess));
    }
}

/// The first payment below zero, and by how much; else what fund and person paid above the bill.
fn excess(settlement: &Settlement) -> Option<(&'static str, Fen)> {
    let paid = settlement.paid?;
    if let Some(field) = paid.columns.iter().find(|&field| paid.amounts[field] < Fen::ZERO) {
        return Some((COMPARED[field], -paid.amounts[field]));
    }
    let person = settlement.paid(field::PERSON).unwrap_or_default();
    let over = settlement.paid_fund()? + person - settlement.claim.bill.total;
    (over > Fen::ZERO).then_some(("medfee_sumamt", over))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn below_zero_and_above_the_bill() {
        let mut scene = Scene::new();
        scene.row("right").paid_in_full(1000, 1000);
        scene.row("negative").paid_in_full(1000, 700).amount(field::CASH, -1);
        scene.row("above").paid_in_full(1000, 700).amount(field::FUNDS, 701);
        scene.row("reversal").paid_in_full(-1000, -700).reversal_of("other");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["above", "negative"]);
        assert_eq!([found[0].amount, found[1].amount], [Fen(1), Fen(1)]);
    }
}
