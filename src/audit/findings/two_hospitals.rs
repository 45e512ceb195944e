//! A202: two admissions at different institutions on the same days.

use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Need, Person, Settlement};
use super::{Check, Look, code};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A202",
    title_zh: "同时在两院住院",
    title_en: "in two hospitals at once",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》：不得虚构医药服务；同一参保人同一时间只能在一家机构住院",
    basis_en: "Regulation on the supervision of medical-insurance funds: no invented services; nobody is an inpatient in two places at once",
    needs: &[Need::Begin],
    partly: &[],
    thresholds: &[Threshold {
        key: "shared_days",
        setting: Setting::Whole { default: 2, least: 2, most: 366 },
        en: "days that two admissions share, from which on it is a finding",
        zh: "两次住院重叠达到该天数即列出",
    }],
    look: Look::Person(look),
};

/// Of the stays that began so far the two, at different institutions, that end last.
#[derive(Clone, Copy, Default)]
pub(super) struct Latest<'s, 'a> {
    first: Option<&'s Settlement<'a>>,
    second: Option<&'s Settlement<'a>>,
}

impl<'s, 'a> Latest<'s, 'a> {
    /// Takes in another stay.
    pub(super) fn add(&mut self, stay: &'s Settlement<'a>) {
        let ends = |stay: Option<&Settlement>| stay.map_or(Date::MIN, |stay| stay.claim.enddate);
        let is_of = |other: Option<&Settlement>| other.is_some_and(|other| other.institution == stay.institution);
        if stay.claim.enddate > ends(self.first) {
            if !is_of(self.first) {
                self.second = self.first;
            }
            self.first = Some(stay);
        } else if !is_of(self.first) && stay.claim.enddate > ends(self.second) {
            self.second = Some(stay);
        }
    }

    /// The one that ends last.
    pub(super) const fn any(&self) -> Option<&'s Settlement<'a>> {
        self.first
    }

    /// The one that ends last at another institution.
    pub(super) fn elsewhere(&self, institution: &[u8]) -> Option<&'s Settlement<'a>> {
        self.first.filter(|stay| stay.institution != institution).or(self.second)
    }
}

/// Stays in the order in which they began.
pub(super) fn stays<'s, 'a>(person: &Person<'s>) -> Vec<&'s Settlement<'s>>
where
    's: 'a,
{
    let mut stays: Vec<&Settlement> = person.settlements.iter().filter(|settlement| settlement.is_stay()).collect();
    stays.sort_by_key(|stay| (stay.claim.begndate, stay.claim.enddate));
    stays
}

fn look(limits: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let wanted = limits.whole("shared_days");
    let mut latest = Latest::default();
    for stay in stays(person) {
        if let Some(other) = latest.elsewhere(stay.institution) {
            let last = stay.claim.enddate.min(other.claim.enddate);
            let shared = i64::from(last.0) - i64::from(stay.claim.begndate.0) + 1;
            if shared >= wanted {
                found.push(finding(person, stay, other, shared));
            }
        }
        latest.add(stay);
    }
}

fn finding(person: &Person, stay: &Settlement, other: &Settlement, shared: i64) -> Finding {
    let message = Text::new(
        "Was the person really an inpatient at both institutions on these days? Please show both admission records, nursing records and discharge summaries; a wrong date corrected by the institution clears it.",
        "该参保人在这些日期是否确实同时在两院住院？请提供两院入院记录、护理记录与出院小结；机构更正日期差错后可排除。",
    );
    CHECK
        .on_claim(person, stay, message)
        .resting_on(&[other, stay])
        .with("fixmedins_code", Value::List(vec![code(other.institution), code(stay.institution)]))
        .with("begndate", Value::List(vec![Value::Day(other.claim.begndate), Value::Day(stay.claim.begndate)]))
        .with("enddate", Value::List(vec![Value::Day(other.claim.enddate), Value::Day(stay.claim.enddate)]))
        .with("shared_days", Value::Count(shared))
        .at_risk(stay.fund().min(other.fund()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn a_transfer_is_none() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-10").paid_in_full(1000, 700);
        scene.row("transfer").stay("H2", "2024-03-10", "2024-03-12");
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.row("two days").stay("H3", "2024-03-09", "2024-03-11").paid_in_full(900, 600);
        let found = look(&CHECK, &scene, "");
        // H2 begins after H3, and shares two days with it, too.
        assert_eq!(ids(&found), ["transfer", "two days"]);
        assert_eq!(found[1].amount.0, 600);
        assert_eq!(ids(&look(&CHECK, &scene, "[A202]\nshared_days = 3")), [""; 0]);
    }

    #[test]
    fn the_same_institution_is_none() {
        let mut scene = Scene::new();
        scene.row("first").stay("H1", "2024-03-01", "2024-03-30");
        scene.row("same").stay("H1", "2024-03-05", "2024-03-30");
        scene.row("visit").visit("H2", "2024-03-06");
        scene.row("reversed").stay("H2", "2024-03-05", "2024-03-30").reversed();
        assert_eq!(look(&CHECK, &scene, ""), []);
    }

    #[test]
    fn a_long_stay_that_began_long_ago() {
        let mut scene = Scene::new();
        scene.row("long").stay("H1", "2024-01-01", "2024-12-30");
        scene.row("same").stay("H1", "2024-02-01", "2024-12-31");
        scene.row("short").stay("H2", "2024-06-01", "2024-06-02");
        scene.row("one day").stay("H3", "2024-07-01", "2024-07-01");
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["short"]);
    }
}
