//! A101: the paid amounts of a settlement contradict each other.

use super::view::{Need, Person, Settlement};
use super::{Check, Look, word};
use crate::columnar::reconciled::{COMPARED, field};
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, Value};

use super::thresholds::Limits;

pub(super) const CHECK: Check = Check {
    code: "A101",
    title_zh: "支付金额勾稽不符",
    title_en: "paid amounts do not add up",
    severity: 4,
    standing: Standing::Doubtful,
    basis_zh: "结算单各支付项的勾稽关系：基金支付总额为各基金之和，总费用为基金、个人与医院负担之和，个人负担为账户与现金之和",
    basis_en: "the identities of a settlement: the fund total is the sum of the funds, the bill that of funds, person and hospital, the person's part that of account and cash",
    needs: &[Need::Paid(field::FUNDS)],
    partly: &[
        Need::Paid(1),
        Need::Paid(2),
        Need::Paid(3),
        Need::Paid(4),
        Need::Paid(5),
        Need::Paid(6),
        Need::Paid(7),
        Need::Paid(field::PERSON),
        Need::Paid(field::ACCOUNT),
        Need::Paid(field::CASH),
    ],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for settlement in person.settlements {
        let Some((identity, gap)) = broken(person, settlement) else { continue };
        let paid = settlement.paid.expect("an identity of paid amounts");
        let message = Text::new(
            "Which of the paid amounts of this settlement is right? Please show the settlement slip with the payment of each fund.",
            "该笔结算的各支付项互相矛盾，哪一项有误？请提供结算单及各基金支付明细。",
        );
        let mut finding = CHECK
            .on_claim(person, settlement, message)
            .with("identity", word(identity))
            .with("gap", Value::Money(gap))
            .with("medfee_sumamt", Value::Money(settlement.claim.bill.total))
            .with("hosp_part_amt", Value::Money(settlement.claim.bill.hospital))
            .at_risk(Fen(gap.0.abs()));
        for field in paid.columns.iter().filter(|&field| field != field::DEDUCTIBLE) {
            finding = finding.with(COMPARED[field], Value::Money(paid.amounts[field]));
        }
        found.push(finding);
    }
}

/// The first identity that does not hold, and by how much. One with an amount that the paid side lacks is not looked at.
fn broken(person: &Person, settlement: &Settlement) -> Option<(&'static str, Fen)> {
    let paid = settlement.paid?;
    let has = |wanted: &[usize]| wanted.iter().all(|&field| paid.columns.has(field) && person.world.paid.has(field));
    let amount = |field: usize| i128::from(paid.amounts[field].0);
    let parts: Vec<usize> = (field::BASIC..field::FUNDS).collect();
    let funds_known = has(&[field::FUNDS]) && (!settlement.has_account || has(&[field::ACCOUNT]));
    let funds = amount(field::FUNDS) - if settlement.has_account { amount(field::ACCOUNT) } else { 0 };
    let bill = settlement.claim.bill;
    let identities = [
        ("fund_pay_sumamt", funds_known && has(&parts), funds - parts.iter().map(|&part| amount(part)).sum::<i128>()),
        (
            "psn_part_amt",
            has(&[field::PERSON, field::ACCOUNT, field::CASH]),
            amount(field::PERSON) - amount(field::ACCOUNT) - amount(field::CASH),
        ),
        (
            "medfee_sumamt",
            funds_known && has(&[field::PERSON]),
            i128::from(bill.total.0) - funds - amount(field::PERSON) - i128::from(bill.hospital.0),
        ),
    ];
    let (name, _, gap) = identities.into_iter().find(|&(_, is_known, gap)| is_known && gap != 0)?;
    Some((name, Fen(i64::try_from(gap).unwrap_or(i64::MAX))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn the_identities() {
        let mut scene = Scene::new();
        scene.row("right").paid_in_full(1000, 700);
        scene
            .row("funds")
            .paid_in_full(1000, 700)
            .amount(field::FUNDS, 701)
            .amount(field::PERSON, 299)
            .amount(field::CASH, 299);
        scene.row("cash").paid_in_full(1000, 700).amount(field::CASH, 299);
        scene.row("person").paid_in_full(1000, 700).amount(field::PERSON, 301).amount(field::CASH, 301);
        // Nobody says what was paid in cash: that identity is not looked at.
        scene.row("unknown").paid_in_full(1000, 700).amount(field::CASH, 0).without(field::CASH);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["cash", "funds", "person"]);
        assert_eq!(found[1].evidence[1], ("identity", word("fund_pay_sumamt")));
        assert_eq!(found[2].amount, Fen(1));
    }

    #[test]
    fn a_fund_total_with_the_account() {
        let mut scene = Scene::new();
        scene
            .row("with")
            .paid_in_full(1000, 700)
            .amount(field::FUNDS, 800)
            .amount(field::ACCOUNT, 100)
            .amount(field::CASH, 200)
            .has_account();
        assert_eq!(look(&CHECK, &scene, ""), []);
    }
}
