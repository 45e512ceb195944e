//! A204: visits in two provinces on one day.

use super::thresholds::Limits;
use super::view::{Person, Settlement};
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A204",
    title_zh: "同日在两省就诊",
    title_en: "in two provinces on one day",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》第四十一条：不得将本人医保凭证交由他人冒名使用",
    basis_en: "Regulation on the supervision of medical-insurance funds, article 41: nobody lends the insurance card to others",
    needs: &[],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let mut visits: Vec<&Settlement> = person.settlements.iter().filter(|settlement| settlement.is_visit()).collect();
    visits.sort_by_key(|visit| (visit.claim.enddate, visit.claim.treated.province_digits()));
    for day in visits.chunk_by(|a, b| a.claim.enddate == b.claim.enddate) {
        // Codes of two provinces never share their first four digits.
        let provinces: Vec<&[&Settlement]> =
            day.chunk_by(|a, b| a.claim.treated.province_digits() == b.claim.treated.province_digits()).collect();
        if provinces.len() > 1 {
            found.push(finding(person, day, &provinces));
        }
    }
}

fn finding(person: &Person, day: &[&Settlement], provinces: &[&[&Settlement]]) -> Finding {
    let message = Text::new(
        "Could the person be in two provinces on this day? Please show tickets or the institutions' records of identity for both visits; who used the card at each of them?",
        "该参保人当日能否在两省就诊？请提供行程凭证或两处就诊的身份核验记录，说明各次用卡人是谁。",
    );
    let funds = provinces.iter().map(|visits| visits.iter().fold(Fen::ZERO, |sum, visit| sum + visit.fund()));
    let (sum, largest) = funds.fold((Fen::ZERO, Fen::ZERO), |(sum, largest), fund| (sum + fund, largest.max(fund)));
    let mut finding = CHECK.on_person(person, message).resting_on(day);
    finding.case = day[0].claim.enddate.to_string().into();
    let places = provinces.iter().map(|visits| word(visits[0].claim.treated.to_string()));
    finding
        .with("psn_no", Value::Person(super::view::text(person.number)))
        .with("day", Value::Day(day[0].claim.enddate))
        .with("mdtrtarea_admvs", Value::List(places.collect()))
        .at_risk(sum - largest)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn two_provinces_on_one_day() {
        let mut scene = Scene::new();
        scene.row("home").visit("H1", "2024-03-01").at("330100").paid_in_full(100, 70);
        scene.row("city").visit("H2", "2024-03-01").at("330200");
        scene.row("away").visit("H3", "2024-03-01").at("310100").paid_in_full(100, 60);
        scene.row("next day").visit("H3", "2024-03-02").at("310100");
        scene.row("a stay").stay("H3", "2024-03-02", "2024-03-02").at("330100");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["P"]);
        assert_eq!(found[0].setl_ids.len(), 3);
        assert_eq!((found[0].amount.0, &*found[0].case), (60, "2024-03-01"));
    }
}
