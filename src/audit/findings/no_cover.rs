//! A301: the fund paid for somebody who was not covered on the day.

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement};
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::model::outcome::Reason;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A301",
    title_zh: "未参保或等待期内支付",
    title_en: "paid without cover",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "《社会保险法》第二十八条；参保地待遇等待期规定：参保并享受待遇期间发生的费用方可由基金支付",
    basis_en: "Social Insurance Law, article 28, and the pool's waiting period: the fund pays for what falls into a span of cover with benefits",
    needs: &[Need::PaidFund, Need::Enrolments],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for settlement in paid_though(person, &[Reason::NotEnrolled, Reason::Waiting]) {
        let message = Text::new(
            "On what cover was this paid? Please show the enrolment and contribution record of that day; a span entered late clears it.",
            "该笔凭何参保关系支付？请提供当日参保与缴费记录；补录的参保区间可排除。",
        );
        found.push(denied(&CHECK, person, settlement, message));
    }
}

/// Settlements that the fund paid, and that were to be denied for one of some reasons.
pub(super) fn paid_though<'p>(
    person: &Person<'p>,
    reasons: &'static [Reason],
) -> impl Iterator<Item = &'p Settlement<'p>> {
    person.settlements.iter().filter(|settlement| {
        !settlement.is_reversal()
            && !settlement.is_reversed
            && reasons.iter().any(|&reason| settlement.reasons.has(reason))
            && settlement.paid_fund().is_some_and(|paid| paid > Fen::ZERO)
    })
}

/// The finding on a payment that was to be denied.
pub(super) fn denied(check: &Check, person: &Person, settlement: &Settlement, message: Text) -> Finding {
    let paid = settlement.paid_fund().unwrap_or_default();
    check
        .on_claim(person, settlement, message)
        .with("reasons", word(settlement.reasons.joined()))
        .with("enddate", Value::Day(settlement.claim.enddate))
        .with("insutype", word(person.world.words.insutype(settlement.claim.insutype)))
        .with("fixmedins_code", super::code(settlement.institution))
        .with("fund", Value::Money(paid))
        .at_risk(paid)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;
    use crate::model::outcome::Status;

    #[test]
    fn paid_where_it_was_to_be_denied() {
        let mut scene = Scene::new();
        scene.row("paid").paid_in_full(100, 1).denied(Reason::NotEnrolled);
        scene.row("waiting").paid_in_full(100, 70).denied(Reason::Waiting);
        scene.row("nothing paid").paid_in_full(100, 0).denied(Reason::NotEnrolled);
        scene.row("elsewhere").paid_in_full(100, 70).denied(Reason::NotDesignated);
        scene.row("covered").paid_in_full(100, 70);
        scene.row("taken back").paid_in_full(100, 70).denied(Reason::Waiting).reversed();
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["paid", "waiting"]);
        assert_eq!(found[0].amount, Fen(1));
        assert_eq!(scene.status_of("paid"), Status::Denied);
    }
}
