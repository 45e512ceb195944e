//! A502: a person with more settlements in thirty days than nearly anybody.

use std::any::Any;
use std::collections::BTreeMap;

use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Person, Settlement, World, text};
use super::{Check, Gather, Look};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::{Fen, Rate};
use crate::report::finding::{Finding, Standing, SubjectType, Value};
use crate::shuffle::group::Entry;

pub(super) const CHECK: Check = Check {
    code: "A502",
    title_zh: "就诊频次异常人员",
    title_en: "frequent person",
    severity: 2,
    standing: Standing::Lead,
    basis_zh: "任意三十日内结算次数超过三十次，且超过 99.99% 的人员",
    basis_en: "more than thirty settlements in any thirty days, and more than 99.99 % of persons",
    needs: &[],
    partly: &[],
    thresholds: &[
        Threshold {
            key: "days",
            setting: Setting::Whole { default: 30, least: 1, most: 366 },
            en: "days of the window",
            zh: "窗口天数",
        },
        Threshold {
            key: "settlements",
            setting: Setting::Whole { default: 30, least: 1, most: 1_000_000 },
            en: "settlements in it above which a person is frequent",
            zh: "窗口内结算次数超过该值",
        },
        Threshold {
            key: "percentile",
            setting: Setting::Decimal { default: Rate(999_900), least: Rate(0), most: Rate(1_000_000) },
            en: "share of persons that have no more, at least",
            zh: "不多于该次数的人员占比下限",
        },
    ],
    look: Look::Population(|limits| Box::new(Visits { limits: limits.clone(), ..Visits::default() })),
};

/// The busiest days of a person.
struct Busy {
    person: u32,
    from: Date,
    settlements: Vec<Entry>,
    fund: i128,
}

#[derive(Default)]
struct Visits {
    limits: Limits,
    /// How many persons have so many settlements in their busiest window.
    persons: BTreeMap<usize, u64>,
    busy: Vec<Busy>,
}

impl Gather for Visits {
    fn see(&mut self, person: &Person) {
        let standing = person.settlements.iter().filter(|settlement| settlement.stands());
        let mut days: Vec<&Settlement> = standing.collect();
        if days.is_empty() {
            return;
        }
        days.sort_by_key(|settlement| settlement.claim.enddate);
        let length = self.limits.whole("days");
        let (mut first, mut best) = (0, 0..0);
        for (last, settlement) in days.iter().enumerate() {
            while i64::from(settlement.claim.enddate.0) - i64::from(days[first].claim.enddate.0) >= length {
                first += 1;
            }
            if last + 1 - first > best.len() {
                best = first..last + 1;
            }
        }
        *self.persons.entry(best.len()).or_default() += 1;
        if best.len() as i64 > self.limits.whole("settlements") {
            let window = &days[best];
            self.busy.push(Busy {
                person: person.rank,
                from: window[0].claim.enddate,
                settlements: window.iter().map(|settlement| settlement.entry).collect(),
                fund: window.iter().map(|settlement| i128::from(settlement.fund().0)).sum(),
            });
        }
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        let mut later = later.downcast::<Self>().expect("of one check");
        later.persons.into_iter().for_each(|(count, persons)| *self.persons.entry(count).or_default() += persons);
        self.busy.append(&mut later.busy);
    }

    fn finish(self: Box<Self>, world: &World) -> Vec<Finding> {
        let percentile = self.percentile();
        let most = percentile.max(usize::try_from(self.limits.whole("settlements")).expect("at least 1"));
        let busy = self.busy.iter().filter(|busy| busy.settlements.len() > most);
        busy.map(|busy| finding(world, busy, percentile)).collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Visits {
    /// The smallest number that so many of the persons do not pass.
    fn percentile(&self) -> usize {
        let all: u64 = self.persons.values().sum();
        let share = u128::from(self.limits.decimal("percentile").0.unsigned_abs());
        let wanted = (u128::from(all) * share).div_ceil(1_000_000);
        let mut so_far = 0;
        let reached = self.persons.iter().find(|(_, persons)| {
            so_far += u128::from(**persons);
            so_far >= wanted
        });
        reached.map_or(0, |(count, _)| *count)
    }
}

fn finding(world: &World, busy: &Busy, percentile: usize) -> Finding {
    let message = Text::new(
        "What did the person need so often? Please show the prescriptions and who collected them; a course of daily treatment clears it, a card in other hands does not.",
        "该参保人为何如此频繁就诊购药？请提供处方及取药人信息；每日治疗疗程可排除，冒用凭证则不可。",
    );
    let number = world.psn_no(busy.person);
    let mut ordered = busy.settlements.clone();
    ordered.sort_by(|&a, &b| {
        let key = |entry| (world.claim(entry).setl_time, world.setl_id(entry));
        key(a).cmp(&key(b))
    });
    let mut finding = CHECK.finding(SubjectType::Person, number, message);
    finding.setl_ids = ordered.iter().map(|&entry| text(world.setl_id(entry))).collect();
    finding.first_seen = ordered.last().map_or(Date::MIN, |&last| world.claim(last).setl_time.day());
    finding
        .with("psn_no", Value::Person(text(number)))
        .with("from", Value::Day(busy.from))
        .with("settlements", Value::Count(busy.settlements.len() as i64))
        .with("percentile_of_persons", Value::Count(percentile as i64))
        .at_risk(Fen(i64::try_from(busy.fund).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    /// Nobody has more than others where there are few: half of them must have no more.
    const HALF: &str = "[A502]\npercentile = 0.5";

    /// One person with so many visits, the last on the given day, and three with one.
    fn scene(visits: u32, last: &str) -> Scene {
        let mut scene = Scene::new();
        for visit in 1..visits {
            scene.row(&visit.to_string()).person("often").visit("H1", "2024-03-01").paid_in_full(100, 10);
        }
        scene.row("last").person("often").visit("H1", last).paid_in_full(100, 10);
        for other in ["a", "b", "c"] {
            scene.row(other).person(other);
        }
        scene
    }

    #[test]
    fn thirty_in_thirty_days() {
        assert_eq!(look(&CHECK, &scene(30, "2024-03-30"), HALF), []);
        let found = look(&CHECK, &scene(31, "2024-03-30"), HALF);
        assert_eq!(ids(&found), ["often"]);
        assert_eq!((found[0].setl_ids.len(), found[0].amount), (31, Fen(310)));
        assert_eq!(look(&CHECK, &scene(31, "2024-03-31"), HALF), []);
    }

    #[test]
    fn above_the_percentile() {
        // Of four persons one is more than a ten thousandth: its own number is the percentile.
        assert_eq!(look(&CHECK, &scene(31, "2024-03-30"), ""), []);
    }
}
