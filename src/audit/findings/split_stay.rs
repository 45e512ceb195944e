//! A205: back in the same hospital soon after a discharge (分解住院).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::thresholds::{Limits, Setting, Threshold};
use super::two_hospitals::stays;
use super::view::{Need, Person, Settlement};
use super::{Check, Look, code, word};
use crate::diagnostic::Text;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A205",
    title_zh: "分解住院",
    title_en: "split admission",
    severity: 4,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》第三十八条：不得分解住院、挂床住院",
    basis_en: "Regulation on the supervision of medical-insurance funds, article 38: no split and no sham stays",
    needs: &[Need::Begin, Need::Disease],
    partly: &[],
    thresholds: &[
        Threshold {
            key: "within_days",
            setting: Setting::Whole { default: 15, least: 0, most: 366 },
            en: "days from a discharge to the readmission, at most",
            zh: "出院至再入院的天数上限",
        },
        Threshold {
            key: "planned",
            setting: Setting::Words { default: PLANNED },
            en: "beginnings of dise_codg of planned readmissions",
            zh: "计划内再入院的 dise_codg 前缀",
        },
    ],
    look: Look::Person(look),
};

/// Chemo- and radiotherapy, dialysis, psychiatric stays: national codes of special diseases, and ICD-10.
pub(super) const PLANNED: &[&str] = &["M00503", "M00504", "M07803", "M07804", "M021", "Z51.0", "Z51.1", "Z49", "F"];

fn look(limits: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let within = limits.whole("within_days");
    let planned = limits.words("planned");
    let mut stays = stays(person);
    if stays.len() < 2 {
        return;
    }
    // Stable: within an institution the order of beginning stays.
    stays.sort_by_key(|stay| stay.institution);
    for here in stays.chunk_by(|a, b| a.institution == b.institution) {
        // Stays that began, by their end; the last of those that are over.
        let mut open: BinaryHeap<Reverse<(i32, usize)>> = BinaryHeap::new();
        let mut over: Option<usize> = None;
        for (number, stay) in here.iter().enumerate() {
            while let Some(&Reverse((end, ended))) = open.peek()
                && end <= stay.claim.begndate.0
            {
                over = Some(ended);
                open.pop();
            }
            open.push(Reverse((stay.claim.enddate.0, number)));
            let Some(before) = over.map(|over| here[over]) else { continue };
            let gap = i64::from(stay.claim.begndate.0) - i64::from(before.claim.enddate.0);
            let is_planned = planned.iter().any(|prefix| stay.disease.starts_with(&**prefix));
            if gap <= within && !is_planned {
                found.push(finding(person, before, stay, gap));
            }
        }
    }
}

fn finding(person: &Person, before: &Settlement, stay: &Settlement, gap: i64) -> Finding {
    let message = Text::new(
        "Why was the patient readmitted so soon? Please show the discharge summary of the first stay and the admission record of the second; a new illness or a planned treatment clears it.",
        "患者为何在短期内再次入住同院？请提供前次出院小结与本次入院记录；新发疾病或计划内治疗可排除。",
    );
    CHECK
        .on_claim(person, stay, message)
        .resting_on(&[before, stay])
        .with("fixmedins_code", code(stay.institution))
        .with("discharge", Value::Day(before.claim.enddate))
        .with("readmission", Value::Day(stay.claim.begndate))
        .with("days", Value::Count(gap))
        .with("dise_codg", word(stay.disease))
        .at_risk(stay.fund())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn fifteen_days() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-05");
        scene.row("day 15").stay("H1", "2024-03-20", "2024-03-22").paid_in_full(100, 70);
        scene.row("day 16").stay("H1", "2024-04-07", "2024-04-08");
        scene.row("elsewhere").stay("H2", "2024-03-06", "2024-03-08");
        scene.row("same day").stay("H2", "2024-03-08", "2024-03-09");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["day 15", "same day"]);
        assert_eq!(found[0].amount.0, 70);
        assert_eq!(ids(&look(&CHECK, &scene, "[A205]\nwithin_days = 14")), ["same day"]);
    }

    #[test]
    fn planned() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-05").disease("M00503");
        scene.row("chemotherapy").stay("H1", "2024-03-12", "2024-03-14").disease("M00503");
        scene.row("psychiatric").stay("H1", "2024-03-20", "2024-03-21").disease("F20.900");
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.row("fever").stay("H1", "2024-03-23", "2024-03-24").disease("R50.900");
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["fever"]);
        assert_eq!(ids(&look(&CHECK, &scene, "[A205]\nplanned = []")).len(), 3);
    }

    #[test]
    fn stays_that_overlap_are_no_return() {
        let mut scene = Scene::new();
        scene.row("long").stay("H1", "2024-03-01", "2024-03-30");
        scene.row("inside").stay("H1", "2024-03-05", "2024-03-06");
        assert_eq!(look(&CHECK, &scene, ""), []);
        // After the short one, inside the long one.
        scene.row("after").stay("H1", "2024-03-10", "2024-03-11");
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["after"]);
    }
}
