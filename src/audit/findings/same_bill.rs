//! A201: one bill, settled twice.

use super::thresholds::Limits;
use super::view::{Person, Settlement};
use super::{Check, Look, code};
use crate::diagnostic::Text;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A201",
    title_zh: "同一费用重复结算",
    title_en: "same bill twice",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》：不得重复收费、重复结算",
    basis_en: "Regulation on the supervision of medical-insurance funds: no charge and no settlement twice",
    needs: &[],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let mut standing: Vec<&Settlement> = person.settlements.iter().filter(|settlement| settlement.stands()).collect();
    // Stable: within a bill the order of time stays.
    standing.sort_by_key(|settlement| bill(settlement));
    for same in standing.chunk_by(|a, b| bill(a) == bill(b)) {
        for again in &same[1..] {
            let message = Text::new(
                "Is this the bill of the other settlement, settled again? Please show the itemised lists and invoices of both; two invoices of two services clear it.",
                "该笔是否与另一笔为同一费用重复结算？请提供两笔的费用清单与发票；确为两次服务的两张票据即可排除。",
            );
            let finding = CHECK.on_claim(person, again, message).resting_on(&[same[0], again]);
            found.push(
                finding
                    .with("fixmedins_code", code(again.institution))
                    .with("begndate", Value::Day(again.claim.begndate))
                    .with("enddate", Value::Day(again.claim.enddate))
                    .with("medfee_sumamt", Value::Money(again.claim.bill.total))
                    .with("times", Value::Count(same.len() as i64))
                    .at_risk(again.fund()),
            );
        }
    }
}

/// What makes two settlements one bill: institution, kind of visit, days, total. Where the rules know no visit class,
/// `med_type` stands in.
fn bill<'s>(settlement: &Settlement<'s>) -> (&'s [u8], i32, i32, i64, u32, u32) {
    let claim = settlement.claim;
    let kind = settlement.care.map_or((u32::MAX, claim.med_type.code.0), |care| (care.med_class.0, 0));
    (settlement.institution, claim.begndate.0, claim.enddate.0, claim.bill.total.0, kind.0, kind.1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn everything_but_the_number_is_the_same() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-05").paid_in_full(1000, 700);
        scene.row("again").stay("H1", "2024-03-01", "2024-03-05").paid_in_full(1000, 650);
        scene.row("third").stay("H1", "2024-03-01", "2024-03-05").paid_in_full(1000, 700);
        scene.row("a fen more").stay("H1", "2024-03-01", "2024-03-05").paid_in_full(1001, 700);
        scene.row("elsewhere").stay("H2", "2024-03-01", "2024-03-05").paid_in_full(1000, 700);
        scene.row("a day later").stay("H1", "2024-03-01", "2024-03-06").paid_in_full(1000, 700);
        scene.row("a visit").visit("H1", "2024-03-05").paid_in_full(1000, 700);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["again", "third"]);
        assert_eq!(found[0].setl_ids.iter().map(|id| &**id).collect::<Vec<_>>(), ["first", "again"]);
        assert_eq!(found[0].amount.0, 650);
    }

    #[test]
    fn settled_again_after_a_reversal() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-05").reversed();
        scene.row("refunded").stay("H1", "2024-03-01", "2024-03-05").flagged(true);
        scene.row("again").stay("H1", "2024-03-01", "2024-03-05").flagged(false);
        scene.row("back").stay("H1", "2024-03-01", "2024-03-05").reversal_of("first");
        assert_eq!(look(&CHECK, &scene, ""), []);
    }
}
