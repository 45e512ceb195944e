//! A504: two persons who keep turning up together (结伴就医).
//!
//! Who shares five occasions with somebody shares one of all but the four most crowded of them: only those lead from
//! person to person, so that a crowded hospital does not pair everybody with everybody.

use std::any::Any;

use rayon::prelude::*;

use super::peers::Codes;
use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Person, Settlement, World, text};
use super::{Check, Gather, Look};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, SubjectType, Value};
use crate::shuffle::group::Entry;

pub(super) const CHECK: Check = Check {
    code: "A504",
    title_zh: "结伴就医",
    title_en: "travelling together",
    severity: 2,
    standing: Standing::Lead,
    basis_zh: "两人在九十日内至少五次同日在同一机构结算",
    basis_en: "two persons settled on the same day at the same institution at least five times in ninety days",
    needs: &[],
    partly: &[],
    thresholds: &[
        Threshold {
            key: "times",
            setting: Setting::Whole { default: 5, least: 2, most: 366 },
            en: "times that two persons are together, at least",
            zh: "同行次数下限",
        },
        Threshold {
            key: "days",
            setting: Setting::Whole { default: 90, least: 1, most: 3660 },
            en: "days within which they are",
            zh: "窗口天数",
        },
        Threshold {
            key: "leave_out",
            setting: Setting::Words { default: &[] },
            en: "beginnings of dise_codg of settlements that do not count, such as dialysis",
            zh: "不计入的 dise_codg 前缀，如透析",
        },
    ],
    look: Look::Population(|limits| Box::new(Occasions { limits: limits.clone(), ..Occasions::default() })),
};

/// A person at an institution on a day.
#[derive(Clone, Copy, Debug)]
struct Occasion {
    institution: u32,
    day: i32,
    person: u32,
    entry: Entry,
    fund: Fen,
}

#[derive(Default)]
struct Occasions {
    limits: Limits,
    codes: Codes,
    occasions: Vec<Occasion>,
}

/// Whether so many of some rising days lie within a window.
fn are_close(days: &[i32], times: usize, window: i64) -> bool {
    days.windows(times).any(|some| i64::from(some[times - 1]) - i64::from(some[0]) < window)
}

impl Occasions {
    fn times(&self) -> usize {
        usize::try_from(self.limits.whole("times")).expect("at least 2")
    }
}

impl Gather for Occasions {
    fn see(&mut self, person: &Person) {
        let (times, window) = (self.times(), self.limits.whole("days"));
        if person.settlements.len() < times {
            return;
        }
        let left_out = self.limits.words("leave_out");
        let counts =
            |one: &&Settlement| one.stands() && !left_out.iter().any(|prefix| one.disease.starts_with(&**prefix));
        let mut standing: Vec<&Settlement> = person.settlements.iter().filter(counts).collect();
        standing.sort_by_key(|one| (one.claim.enddate, one.institution));
        let same =
            |a: &&Settlement, b: &&Settlement| (a.claim.enddate, a.institution) == (b.claim.enddate, b.institution);
        let days: Vec<i32> = standing.chunk_by(same).map(|occasion| occasion[0].claim.enddate.0).collect();
        // Who is not there often enough is not there often with anybody.
        if !are_close(&days, times, window) {
            return;
        }
        for occasion in standing.chunk_by(same) {
            let institution = self.codes.number(occasion[0].institution);
            self.occasions.push(Occasion {
                institution,
                day: occasion[0].claim.enddate.0,
                person: person.rank,
                entry: occasion[0].entry,
                fund: occasion.iter().fold(Fen::ZERO, |sum, one| sum + one.fund()),
            });
        }
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        let later = later.downcast::<Self>().expect("of one check");
        let numbers = self.codes.take(&later.codes);
        let renumbered = later.occasions.into_iter();
        self.occasions.extend(renumbered.map(|one| Occasion { institution: numbers[one.institution as usize], ..one }));
    }

    fn finish(mut self: Box<Self>, world: &World) -> Vec<Finding> {
        let (times, window) = (self.times(), self.limits.whole("days"));
        let meetings = Meetings::new(std::mem::take(&mut self.occasions), times);
        let found: Vec<Vec<Finding>> = (0..meetings.persons())
            .into_par_iter()
            .map(|person| {
                let partners = meetings.partners(person);
                partners.into_iter().filter_map(|other| pair(world, &meetings, person, other, times, window)).collect()
            })
            .collect();
        found.into_iter().flatten().collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Occasions on which several persons were, by person.
struct Meetings {
    /// By person, then day and institution.
    occasions: Vec<(u32, Occasion)>,
    /// First occasion of each person, and one past the last.
    starts: Vec<usize>,
    /// Of each person the gatherings that lead to others.
    leading: Vec<Vec<u32>>,
    /// Of each gathering the persons it leads to, rising.
    led: Vec<Vec<u32>>,
}

impl Meetings {
    fn new(mut occasions: Vec<Occasion>, times: usize) -> Self {
        occasions.par_sort_unstable_by_key(|one| (one.institution, one.day, one.person));
        // Gatherings by number: how many persons there were.
        let mut sizes: Vec<u32> = Vec::new();
        let mut gathered: Vec<(u32, Occasion)> = Vec::new();
        for there in occasions.chunk_by(|a, b| (a.institution, a.day) == (b.institution, b.day)) {
            if there.len() > 1 {
                gathered.extend(there.iter().map(|&one| (sizes.len() as u32, one)));
                sizes.push(there.len() as u32);
            }
        }
        drop(occasions);
        gathered.par_sort_unstable_by_key(|&(_, one)| (one.person, one.day, one.institution));
        let mut kept = Vec::with_capacity(gathered.len());
        let mut starts = vec![0];
        let mut leading = Vec::new();
        let mut led = vec![Vec::new(); sizes.len()];
        for of_person in gathered.chunk_by(|a, b| a.1.person == b.1.person) {
            if of_person.len() < times {
                continue;
            }
            kept.extend_from_slice(of_person);
            starts.push(kept.len());
            let mut numbers: Vec<u32> = of_person.iter().map(|&(gathering, _)| gathering).collect();
            numbers.sort_unstable_by_key(|&gathering| (sizes[gathering as usize], gathering));
            numbers.truncate(of_person.len() + 1 - times);
            numbers.iter().for_each(|&gathering| led[gathering as usize].push(leading.len() as u32));
            leading.push(numbers);
        }
        Self { occasions: kept, starts, leading, led }
    }

    fn persons(&self) -> usize {
        self.leading.len()
    }

    fn of(&self, person: usize) -> &[(u32, Occasion)] {
        &self.occasions[self.starts[person]..self.starts[person + 1]]
    }

    /// Later persons who may share enough with one.
    fn partners(&self, person: usize) -> Vec<usize> {
        let later = |gathering: &u32| {
            let led = &self.led[*gathering as usize];
            led[led.partition_point(|&other| other as usize <= person)..].iter().map(|&other| other as usize)
        };
        let mut partners: Vec<usize> = self.leading[person].iter().flat_map(later).collect();
        partners.sort_unstable();
        partners.dedup();
        partners
    }

    /// Occasions that two persons share, in the order of days.
    fn shared(&self, a: usize, b: usize) -> Vec<[Occasion; 2]> {
        let (mut a, mut b) = (self.of(a).iter().peekable(), self.of(b).iter().peekable());
        let mut shared = Vec::new();
        while let (Some((_, one)), Some((_, other))) = (a.peek(), b.peek()) {
            match (one.day, one.institution).cmp(&(other.day, other.institution)) {
                std::cmp::Ordering::Less => _ = a.next(),
                std::cmp::Ordering::Greater => _ = b.next(),
                std::cmp::Ordering::Equal => {
                    shared.push([*one, *other]);
                    a.next();
                    b.next();
                }
            }
        }
        shared
    }
}

fn pair(world: &World, meetings: &Meetings, a: usize, b: usize, times: usize, window: i64) -> Option<Finding> {
    let shared = meetings.shared(a, b);
    let days: Vec<i32> = shared.iter().map(|[one, _]| one.day).collect();
    if !are_close(&days, times, window) {
        return None;
    }
    let message = Text::new(
        "Why do these two persons keep being treated together? Please show the records of identity of these visits; a family or a course of treatment at fixed times clears it.",
        "这两人为何多次同日在同一机构就诊？请提供各次就诊的身份核验记录；家庭成员同行或固定时间的疗程可排除。",
    );
    let numbers = [a, b].map(|person| world.psn_no(meetings.of(person)[0].1.person));
    let mut entries: Vec<Entry> = shared.iter().flatten().map(|one| one.entry).collect();
    entries.sort_by(|&a, &b| {
        let key = |entry| (world.claim(entry).setl_time, world.setl_id(entry));
        key(a).cmp(&key(b))
    });
    let mut finding = CHECK.finding(SubjectType::Person, numbers[0], message);
    finding.case = text(numbers[1]);
    finding.setl_ids = entries.iter().map(|&entry| text(world.setl_id(entry))).collect();
    finding.first_seen = entries.last().map_or(Date::MIN, |&last| world.claim(last).setl_time.day());
    let fund = shared.iter().flatten().map(|one| i128::from(one.fund.0)).sum::<i128>();
    Some(
        finding
            .with("psn_no", Value::List(numbers.map(|number| Value::Person(text(number))).to_vec()))
            .with("times", Value::Count(shared.len() as i64))
            .with("first_day", Value::Day(Date(days[0])))
            .with("last_day", Value::Day(Date(days[days.len() - 1])))
            .at_risk(Fen(i64::try_from(fund).unwrap_or(i64::MAX))),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    /// Two persons at one place on some days of 2024, and a crowd that is there, too, once each.
    fn scene(days: &[&str]) -> Scene {
        let mut scene = Scene::new();
        for (number, day) in days.iter().enumerate() {
            for person in ["A", "B"] {
                let id = format!("{person}{number}");
                scene.row(&id).person(person).visit(&format!("H{number}"), day).paid_in_full(100, 10);
            }
            scene.row(&format!("C{number}")).person(&format!("C{number}")).visit(&format!("H{number}"), day);
        }
        scene
    }

    const FIVE: [&str; 5] = ["2024-01-01", "2024-01-15", "2024-02-01", "2024-03-01", "2024-03-30"];

    #[test]
    fn five_times_in_ninety_days() {
        let found = look(&CHECK, &scene(&FIVE), "");
        assert_eq!(ids(&found), ["A"]);
        assert_eq!((found[0].setl_ids.len(), found[0].amount, &*found[0].case), (10, Fen(100), "B"));
        assert_eq!(look(&CHECK, &scene(&FIVE[..4]), ""), []);
        // The 91st day.
        let late = ["2024-01-01", "2024-01-15", "2024-02-01", "2024-03-01", "2024-03-31"];
        assert_eq!(look(&CHECK, &scene(&late), ""), []);
    }

    #[test]
    fn two_settlements_of_one_visit_count_once() {
        let mut scene = scene(&FIVE[..4]);
        for person in ["A", "B"] {
            scene.row(&format!("{person} again")).person(person).visit("H0", "2024-01-01");
        }
        assert_eq!(look(&CHECK, &scene, ""), []);
    }

    #[test]
    fn the_same_as_comparing_everybody_with_everybody() {
        // 40 persons who go to one of three places on one of twelve days, drawn by a small generator.
        let (mut scene, mut seed) = (Scene::new(), 7_u64);
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut went: Vec<std::collections::BTreeSet<(u64, u64)>> = Vec::new();
        for person in 0..40 {
            let places: std::collections::BTreeSet<(u64, u64)> = (0..10).map(|_| (draw(12), draw(3))).collect();
            for (day, place) in &places {
                let id = format!("{person}-{day}-{place}");
                scene
                    .row(&id)
                    .person(&format!("{person:02}"))
                    .visit(&format!("H{place}"), &format!("2024-01-{:02}", day + 1));
            }
            went.push(places);
        }
        let mut expected = Vec::new();
        for a in 0..40 {
            expected.extend((a + 1..40).filter(|&b| went[a].intersection(&went[b]).count() >= 5).map(|b| (a, b)));
        }
        let found = look(&CHECK, &scene, "");
        let pairs: Vec<(usize, usize)> = found
            .iter()
            .map(|finding| (finding.subject.parse().expect("a number"), finding.case.parse().expect("a number")))
            .collect();
        assert!(expected.len() > 5, "{expected:?}");
        assert_eq!(pairs, expected);
    }
}
