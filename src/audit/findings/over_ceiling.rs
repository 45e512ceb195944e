//! A401: basic payments of a benefit year above the ceiling.

use super::thresholds::Limits;
use super::view::{Need, Person};
use super::years::years;
use super::{Check, Look};
use crate::columnar::reconciled::field;
use crate::diagnostic::Text;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A401",
    title_zh: "超年度最高支付限额",
    title_en: "over the ceiling",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "参保地统筹基金年度最高支付限额（schemes.fund_cap_year、benefits.fund_cap_year）",
    basis_en: "the pool's ceiling of basic payments a benefit year (fund_cap_year of schemes and benefits)",
    needs: &[Need::Paid(field::BASIC), Need::Years],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for year in years(person) {
        let above: Vec<_> = year.steps.iter().filter(|step| step.sum > step.cap).collect();
        let Some(worst) = above.iter().max_by_key(|step| step.sum - step.cap) else { continue };
        let message = Text::new(
            "Why did the basic fund pay on above the year's ceiling? Please show the person's account of the year; a ceiling raised for this person or payments booked in the wrong fund clear it.",
            "基本医疗保险统筹基金为何超过年度限额继续支付？请提供该参保人年度支付台账；限额另有规定或基金列支有误可排除。",
        );
        let settlements: Vec<_> = above.iter().map(|step| step.settlement).collect();
        found.push(
            year.finding(&CHECK, person, message, &settlements)
                .with("hifp_pay", Value::Money(worst.sum))
                .with("fund_cap_year", Value::Money(worst.cap))
                .at_risk(worst.sum - worst.cap),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look, pack};
    use super::*;
    use crate::rules::testing::TextPack;

    pub(in crate::audit::findings) fn capped() -> TextPack {
        // A ceiling of 10.00 yuan, years from the first of July.
        pack().only("schemes", &["s0,*,*,07-01,10.00,0,2020-01-01,,g,"])
    }

    #[test]
    fn a_fen_too_much() {
        let mut scene = Scene::with(&capped());
        scene.row("first").visit("H1", "2024-07-01").paid_in_full(2000, 600);
        scene.row("to the fen").visit("H1", "2024-08-01").paid_in_full(2000, 400);
        scene.row("last year").visit("H1", "2024-06-30").paid_in_full(2000, 1000);
        scene.row("taken back").visit("H1", "2024-08-02").paid_in_full(2000, 1000).reversed();
        scene.row("back").visit("H1", "2024-08-02").paid_in_full(-2000, -1000).reversal_of("taken back");
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.row("a fen").visit("H1", "2024-09-01").paid_in_full(2000, 1);
        scene.row("nothing").visit("H1", "2024-09-02").paid_in_full(2000, 0);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["P"]);
        assert_eq!((found[0].amount.0, &*found[0].case), (1, "330100/310/2024"));
        assert_eq!(found[0].setl_ids, [Box::from("a fen")]);
    }
}
