//! A306: settled long after the service.

use super::thresholds::{Limits, Setting, Threshold};
use super::view::Person;
use super::{Check, Look};
use crate::diagnostic::Text;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A306",
    title_zh: "逾期结算",
    title_en: "claimed late",
    severity: 2,
    standing: Standing::Doubtful,
    basis_zh: "各地零星报销时限一般为费用发生后十二个月",
    basis_en: "claims are generally to be made within twelve months of the service",
    needs: &[],
    partly: &[],
    thresholds: &[Threshold {
        key: "months",
        setting: Setting::Whole { default: 12, least: 1, most: 120 },
        en: "months from the last day of service to the settlement, at most",
        zh: "服务结束至结算的月数上限",
    }],
    look: Look::Person(look),
};

fn look(limits: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let months = i32::try_from(limits.whole("months")).expect("at most 120");
    for settlement in person.settlements.iter().filter(|settlement| settlement.stands()) {
        let until = settlement.claim.enddate.add_months(months);
        if settlement.settled_on() <= until {
            continue;
        }
        let message = Text::new(
            "Why was this claimed so late? Please show the application with its date of receipt; a reason that the pool accepts (a dispute, a third party, an emergency abroad) clears it.",
            "该笔为何逾期申报？请提供受理日期的申请材料；属参保地认可的事由（争议、第三方责任等）可排除。",
        );
        found.push(
            CHECK
                .on_claim(person, settlement, message)
                .with("enddate", Value::Day(settlement.claim.enddate))
                .with("setl_time", Value::Time(settlement.claim.setl_time))
                .with("until", Value::Day(until))
                .at_risk(settlement.fund()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn twelve_months_to_the_day() {
        let mut scene = Scene::new();
        scene.row("in time").visit("H1", "2024-02-29").settled("2025-02-28 23:59:59");
        scene.row("late").visit("H1", "2024-02-29").settled("2025-03-01 00:00:00").paid_in_full(100, 70);
        scene.row("reversal").visit("H1", "2024-02-29").settled("2025-03-01 00:00:00").reversal_of("x");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["late"]);
        assert_eq!(found[0].amount.0, 70);
        assert_eq!(ids(&look(&CHECK, &scene, "[A306]\nmonths = 13")), [""; 0]);
    }
}
