//! A402: basic payments just below the ceiling, well before the benefit year ends (冲顶).

use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Need, Person};
use super::years::years;
use super::{Check, Look};
use crate::columnar::reconciled::field;
use crate::diagnostic::Text;
use crate::model::money::{Fen, Rate};
use crate::report::finding::{Finding, Standing, Value};
use crate::rules::values::NO_CAP;

pub(super) const CHECK: Check = Check {
    code: "A402",
    title_zh: "逼近年度限额（冲顶）",
    title_en: "hugging the ceiling",
    severity: 2,
    standing: Standing::Lead,
    basis_zh: "参保地统筹基金年度最高支付限额；年中即用至限额附近属异常",
    basis_en: "the pool's ceiling of basic payments a benefit year; being used up to it early is unusual",
    needs: &[Need::Paid(field::BASIC), Need::Years],
    partly: &[],
    thresholds: &[
        Threshold {
            key: "from_share",
            setting: Setting::Decimal { default: Rate(950_000), least: Rate(0), most: Rate(1_000_000) },
            en: "share of the ceiling from which on payments hug it",
            zh: "达到限额的该比例即视为冲顶",
        },
        Threshold {
            key: "last_days",
            setting: Setting::Whole { default: 60, least: 0, most: 365 },
            en: "last days of the benefit year in which that is nothing unusual",
            zh: "待遇年度最后若干天内达到不列出",
        },
    ],
    look: Look::Person(look),
};

fn look(limits: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let (share, last_days) = (limits.decimal("from_share"), limits.whole("last_days"));
    for year in years(person) {
        if year.steps.iter().any(|step| step.sum > step.cap) {
            continue;
        }
        let hugs = |cap: Fen, sum: Fen| cap != NO_CAP && cap > Fen::ZERO && sum >= share.of(cap);
        let Some(first) = year.steps.iter().position(|step| hugs(step.cap, step.sum)) else { continue };
        let (step, end) = (&year.steps[first], year.steps.last().expect("a step"));
        let left = i64::from(year.next.0) - i64::from(step.settlement.claim.enddate.0);
        if left <= last_days || !hugs(end.cap, end.sum) {
            continue;
        }
        let message = Text::new(
            "What used up the ceiling so early? Please show the records of the largest settlements of the year; a severe illness that explains the cost clears it.",
            "为何年度内提前用至最高支付限额？请提供本年度大额结算的病历与费用清单；重症所致可排除。",
        );
        let settlements: Vec<_> = year.steps.iter().map(|step| step.settlement).collect();
        found.push(
            year.finding(&CHECK, person, message, &settlements)
                .with("reached_on", Value::Day(step.settlement.claim.enddate))
                .with("days_left", Value::Count(left))
                .with("hifp_pay", Value::Money(end.sum))
                .with("fund_cap_year", Value::Money(end.cap))
                .at_risk(end.sum),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look, pack};
    use super::*;

    /// One payment under a ceiling of 10.00 yuan, years from the first of July.
    fn one(day: &str, paid: i64) -> Scene {
        let mut scene = Scene::with(&pack().only("schemes", &["s0,*,*,07-01,10.00,0,2020-01-01,,g,"]));
        scene.row("one").visit("H1", day).paid_in_full(2000, paid);
        scene
    }

    #[test]
    fn between_95_and_100_percent() {
        for (paid, hugs) in [(949, false), (950, true), (1000, true), (1001, false)] {
            assert_eq!(ids(&look(&CHECK, &one("2024-10-01", paid), "")).len(), usize::from(hugs), "{paid}");
        }
        assert_eq!(ids(&look(&CHECK, &one("2024-10-01", 900), "[A402]\nfrom_share = 0.9")), ["P"]);
    }

    #[test]
    fn not_in_the_last_sixty_days() {
        // Of a year that ends on 2025-06-30 the last sixty begin on 2025-05-02.
        assert_eq!(look(&CHECK, &one("2025-05-02", 1000), ""), []);
        let found = look(&CHECK, &one("2025-05-01", 1000), "");
        assert_eq!(ids(&found), ["P"]);
        assert_eq!(found[0].evidence[5], ("days_left", Value::Count(61)));
    }
}
