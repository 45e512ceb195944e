//! A304: a filing that was not honoured, or was honoured and is not there.

use super::thresholds::Limits;
use super::view::{Need, Person};
use super::{Check, Look, word};
use crate::audit::cause::Cause;
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A304",
    title_zh: "备案未执行或无备案",
    title_en: "filing not honoured, or not there",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "国家医保局、财政部医保发〔2022〕22号：跨省异地就医按备案类别执行支付政策",
    basis_en: "NHSA and MoF notice 2022 No. 22: treatment elsewhere is paid by the class of the filing",
    needs: &[Need::PaidFund],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

/// Severity where the fund paid too much.
const OVERPAID: u8 = 4;

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for settlement in person.settlements {
        let Some(filing) = settlement.cause.and_then(Cause::filing) else { continue };
        let (Some(paid), Some(seen)) = (settlement.paid_fund(), settlement.seen) else { continue };
        let more = paid - settlement.computed_fund();
        let is_overpaid = if settlement.is_reversal() { more < Fen::ZERO } else { more > Fen::ZERO };
        let message = if is_overpaid {
            Text::new(
                "On what filing was this paid? Please show the filing in force on these days; none is in the table that gives this payment.",
                "该笔按何备案支付？请提供当日有效的备案记录；备案表中没有与该支付相符的记录。",
            )
        } else {
            Text::new(
                "Why was the filing of the person not applied? Please show why it did not hold on these days; otherwise the person is owed the difference.",
                "为何未按参保人的备案支付？请说明该备案当日不生效的理由；否则应向参保人补付差额。",
            )
        };
        let mut finding = CHECK
            .on_claim(person, settlement, message)
            .with("filing", word(seen.keys.filing.word()))
            .with("paid_as", word(filing.word()))
            .with("fund", Value::Money(paid))
            .with("computed_fund", Value::Money(settlement.computed_fund()))
            .at_risk(Fen(more.0.abs()));
        if is_overpaid {
            finding.severity = OVERPAID;
        }
        found.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;
    use crate::model::place::Filing;

    #[test]
    fn severity_by_direction() {
        let mut scene = Scene::new();
        scene.row("over").paid_in_full(100, 70).computed_fund(60).cause(Cause::of_filing(Filing::Referral));
        scene.row("under").paid_in_full(100, 50).computed_fund(60).cause(Cause::of_filing(Filing::None));
        scene.row("rounded").paid_in_full(100, 61).computed_fund(60).cause(Cause::Round);
        scene.row("agrees").paid_in_full(100, 60).computed_fund(60);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["over", "under"]);
        assert_eq!([found[0].severity, found[1].severity], [4, 3]);
        assert_eq!([found[0].amount, found[1].amount], [Fen(10), Fen(10)]);
    }
}
