//! A203: a visit or a purchase in the middle of a stay (挂床).

use super::thresholds::Limits;
use super::two_hospitals::{Latest, stays};
use super::view::{Need, Person, Settlement};
use super::{Check, Look, code};
use crate::diagnostic::Text;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A203",
    title_zh: "住院期间门诊或购药（挂床）",
    title_en: "out while in",
    severity: 4,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》第三十八条：不得分解住院、挂床住院",
    basis_en: "Regulation on the supervision of medical-insurance funds, article 38: no split and no sham stays",
    needs: &[Need::Begin],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let stays = stays(person);
    if stays.is_empty() {
        return;
    }
    let mut visits: Vec<&Settlement> = person.settlements.iter().filter(|settlement| settlement.is_visit()).collect();
    visits.sort_by_key(|visit| visit.claim.begndate);
    let mut latest = Latest::default();
    let mut begun = stays.iter().peekable();
    for visit in visits {
        while let Some(stay) = begun.next_if(|stay| stay.claim.begndate < visit.claim.begndate) {
            latest.add(stay);
        }
        let is_emergency = visit.care.is_some_and(|care| care.is_emergency);
        let around = if is_emergency { latest.elsewhere(visit.institution) } else { latest.any() };
        if let Some(stay) = around.filter(|stay| visit.claim.enddate < stay.claim.enddate) {
            found.push(finding(person, visit, stay));
        }
    }
}

fn finding(person: &Person, visit: &Settlement, stay: &Settlement) -> Finding {
    let message = Text::new(
        "How could the person visit or buy in the middle of a stay? Please show the leave slip, the consultation request or the ward's record of that day; if the patient was away, the days of the stay are in question.",
        "住院期间为何在院外（或本院门诊）就诊购药？请提供请假单、会诊申请或当日病房记录；如患者不在院，则住院天数存疑。",
    );
    CHECK
        .on_claim(person, visit, message)
        .resting_on(&[stay, visit])
        .with("day", Value::Day(visit.claim.enddate))
        .with("fixmedins_code", code(visit.institution))
        .with("stay_fixmedins_code", code(stay.institution))
        .with("stay_begndate", Value::Day(stay.claim.begndate))
        .with("stay_enddate", Value::Day(stay.claim.enddate))
        .at_risk(visit.fund())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn strictly_inside() {
        let mut scene = Scene::new();
        scene.row("stay").stay("H1", "2024-03-01", "2024-03-05");
        scene.row("first day").visit("H2", "2024-03-01");
        scene.row("second day").visit("H2", "2024-03-02").paid_in_full(100, 70);
        scene.row("fourth day").visit("H1", "2024-03-04");
        scene.row("last day").visit("H2", "2024-03-05");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["fourth day", "second day"]);
        assert_eq!(found[1].amount.0, 70);
        assert_eq!(found[1].setl_ids[1], "stay".into());
    }

    #[test]
    fn emergencies() {
        let mut scene = Scene::new();
        scene.row("stay").stay("H1", "2024-03-01", "2024-03-05");
        scene.row("same").visit("H1", "2024-03-03").emergency();
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.row("elsewhere").visit("H2", "2024-03-03").emergency();
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["elsewhere"]);
    }
}
