//! The findings of the audit: what stands in the records and should not, as far as rules and records tell. Every
//! check is one file here and one page in `docs/findings/`.
//!
//! A check looks at one person with all settlements, or gathers small sums of every person and judges in the end.
//! What it cannot do without it says; where that is missing it reports that it did not look, which is no pass.

mod at_ceiling;
mod benford;
mod claimed_late;
mod costly;
mod deductible;
mod filing;
mod frequent;
mod guardrail;
mod level;
mod no_cover;
mod not_adding_up;
mod not_designated;
mod out_while_in;
mod over_ceiling;
mod over_charged;
mod peers;
mod reversal;
mod same_bill;
mod shared_number;
mod short_stays;
mod split_stay;
mod statistics;
pub mod thresholds;
mod together;
mod two_hospitals;
mod two_provinces;
mod two_schemes;
pub mod view;
mod years;

#[cfg(test)]
mod testing;

use std::any::Any;

use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, SubjectType, Value};
use crate::report::findings::{CheckReport, FindingsReport, ThresholdShown};
use thresholds::{Limits, Section, Threshold};
use view::{Has, Need, Person, Settlement, World, text};

/// One check: what it looks for, on what grounds, what it needs, and the look.
pub struct Check {
    /// Stable code; its page is `docs/findings/<code>.md`.
    pub code: &'static str,
    /// What it finds, in Chinese.
    pub title_zh: &'static str,
    /// What it finds, in English.
    pub title_en: &'static str,
    /// 1 (for information) to 5 (money is at stake and a rule is broken).
    pub severity: u8,
    /// What a finding amounts to.
    pub standing: Standing,
    /// The rule or clause, in Chinese.
    pub basis_zh: &'static str,
    /// The rule or clause, in English.
    pub basis_en: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// What it cannot do in full without.
    pub partly: &'static [Need],
    /// Its thresholds.
    pub thresholds: &'static [Threshold],
    look: Look,
}

/// The two ways to look.
enum Look {
    /// At one person.
    Person(fn(&Limits, &Person, &mut Vec<Finding>)),
    /// At all of them.
    Population(fn(&Limits) -> Box<dyn Gather>),
}

/// What a check gathers of every person before it can judge. What is gathered depends on the persons and their order
/// alone.
trait Gather: Any + Send {
    /// Takes in a person.
    fn see(&mut self, person: &Person);
    /// Takes in what was gathered of later persons.
    fn merge(&mut self, later: Box<dyn Any>);
    /// Judges.
    fn finish(self: Box<Self>, world: &World) -> Vec<Finding>;
    /// As it is, for [`merge`](Self::merge).
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// All checks, in the order of their codes.
pub const CHECKS: &[Check] = &[
    not_adding_up::CHECK,
    over_charged::CHECK,
    same_bill::CHECK,
    two_hospitals::CHECK,
    out_while_in::CHECK,
    two_provinces::CHECK,
    split_stay::CHECK,
    shared_number::CHECK,
    no_cover::CHECK,
    two_schemes::CHECK,
    not_designated::CHECK,
    filing::CHECK,
    level::CHECK,
    claimed_late::CHECK,
    over_ceiling::CHECK,
    at_ceiling::CHECK,
    deductible::CHECK,
    reversal::CHECK,
    costly::CHECK,
    frequent::CHECK,
    benford::CHECK,
    together::CHECK,
    short_stays::CHECK,
    guardrail::CHECK,
];

/// The sections that a file of thresholds may have.
#[must_use]
pub fn sections() -> Vec<Section> {
    CHECKS.iter().map(|check| (check.code, check.thresholds)).collect()
}

impl Check {
    /// What it finds.
    #[must_use]
    pub fn title(&self) -> Text {
        Text::new(self.title_en, self.title_zh)
    }

    /// What is missing for it; `None`: it can look.
    #[must_use]
    pub fn not_checked(&self, has: &Has) -> Option<Text> {
        missing(self.needs, has)
    }

    fn finding(&self, subject_type: SubjectType, subject: &[u8], message: Text) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            standing: self.standing,
            subject_type,
            subject: text(subject),
            case: Box::default(),
            setl_ids: Vec::new(),
            evidence: Vec::new(),
            amount: Fen::ZERO,
            message,
            basis: Text::new(self.basis_en, self.basis_zh),
            first_seen: Date::MIN,
        }
    }

    /// A finding about a settlement.
    fn on_claim(&self, person: &Person, settlement: &Settlement, message: Text) -> Finding {
        let mut finding = self.finding(SubjectType::Claim, settlement.setl_id, message).resting_on(&[settlement]);
        // Two persons may have settlements of one number, and both a finding.
        if person.world.repeated.contains(settlement.setl_id) {
            finding.case = text(person.number);
        }
        finding.with("psn_no", Value::Person(text(person.number)))
    }

    /// A finding about a person.
    fn on_person(&self, person: &Person, message: Text) -> Finding {
        self.finding(SubjectType::Person, person.number, message)
    }
}

fn missing(needs: &[Need], has: &Has) -> Option<Text> {
    let missing: Vec<Text> = needs.iter().filter(|&&need| !has.has(need)).map(|need| need.missing()).collect();
    let list = |of: fn(&Text) -> &str, between: &str| missing.iter().map(of).collect::<Vec<_>>().join(between);
    (!missing.is_empty()).then(|| Text::new(list(|text| &text.en, ", "), list(|text| &text.zh, "、")))
}

impl Finding {
    /// The same with settlements that it rests on, in the order of time, and the day of the last.
    fn resting_on(mut self, settlements: &[&Settlement]) -> Self {
        let mut ordered = settlements.to_vec();
        ordered.sort_by(|a, b| (a.claim.setl_time, a.setl_id).cmp(&(b.claim.setl_time, b.setl_id)));
        self.setl_ids = ordered.iter().map(|settlement| text(settlement.setl_id)).collect();
        self.first_seen = ordered.last().map_or(Date::MIN, |last| last.settled_on());
        self
    }

    /// The same with a value that decided.
    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.evidence.push((name, value));
        self
    }

    /// The same with money at risk.
    fn at_risk(mut self, amount: Fen) -> Self {
        self.amount = amount;
        self
    }
}

/// A code as evidence.
fn word(word: impl AsRef<str>) -> Value {
    Value::Text(word.as_ref().into())
}

/// A code of bytes as evidence.
fn code(bytes: &[u8]) -> Value {
    Value::Text(text(bytes))
}

/// The checks of a run with their thresholds, and what there is to look at.
pub struct Audit {
    limits: Vec<Limits>,
    has: Has,
    /// Numbers of the checks that have what they need.
    active: Vec<usize>,
}

/// What was found and gathered of a run of persons.
pub struct Gathered {
    found: Vec<Finding>,
    gathers: Vec<Option<Box<dyn Gather>>>,
}

impl Audit {
    /// The checks with their thresholds, in the order of [`sections`].
    #[must_use]
    pub fn new(limits: Vec<Limits>, has: Has) -> Self {
        let active = (0..CHECKS.len()).filter(|&number| CHECKS[number].not_checked(&has).is_none()).collect();
        Self { limits, has, active }
    }

    fn active(&self) -> impl Iterator<Item = (usize, &'static Check)> + '_ {
        self.active.iter().map(|&number| (number, &CHECKS[number]))
    }

    /// Nothing found yet.
    #[must_use]
    pub fn begin(&self) -> Gathered {
        let mut gathers: Vec<Option<Box<dyn Gather>>> = CHECKS.iter().map(|_| None).collect();
        for (number, check) in self.active() {
            if let Look::Population(begin) = check.look {
                gathers[number] = Some(begin(&self.limits[number]));
            }
        }
        Gathered { found: Vec::new(), gathers }
    }

    /// Looks at a person.
    pub fn see(&self, person: &Person, gathered: &mut Gathered) {
        for (number, check) in self.active() {
            match check.look {
                Look::Person(look) => look(&self.limits[number], person, &mut gathered.found),
                Look::Population(_) => {
                    gathered.gathers[number].as_mut().expect("begun with the others").see(person);
                }
            }
        }
    }

    /// Judges what was gathered: every finding, in the order of code, subject and case.
    ///
    /// # Panics
    /// If two findings have one number: then a check says one thing twice.
    #[must_use]
    pub fn finish(&self, gathered: Gathered, world: &World) -> Vec<Finding> {
        let Gathered { mut found, gathers } = gathered;
        for gather in gathers.into_iter().flatten() {
            found.extend(gather.finish(world));
        }
        found.sort_by(|a, b| key(a).cmp(&key(b)));
        for pair in found.windows(2) {
            assert!(key(&pair[0]) != key(&pair[1]), "one finding twice: {} {}", pair[0].code, pair[0].subject);
        }
        found
    }

    /// What is said of the findings: counts, money, what was not checked, the thresholds in force.
    #[must_use]
    pub fn report(&self, found: &[Finding]) -> FindingsReport {
        let checks = CHECKS.iter().zip(&self.limits).map(|(check, limits)| {
            let mut report = CheckReport {
                code: check.code,
                title: check.title(),
                severity: check.severity,
                standing: check.standing,
                findings: 0,
                amount_fen: 0,
                not_checked: check.not_checked(&self.has),
                in_part: None,
                thresholds: limits
                    .iter()
                    .map(|(threshold, limit)| ThresholdShown {
                        key: threshold.key,
                        value: limit.shown(),
                        meaning: Text::new(threshold.en, threshold.zh),
                    })
                    .collect(),
            };
            if report.not_checked.is_none() {
                report.in_part = missing(check.partly, &self.has);
            }
            let first = found.partition_point(|finding| finding.code < check.code);
            for finding in found[first..].iter().take_while(|finding| finding.code == check.code) {
                report.findings += 1;
                report.amount_fen += i128::from(finding.amount.0);
            }
            report
        });
        FindingsReport { checks: checks.collect() }
    }
}

/// The order of findings.
fn key(finding: &Finding) -> (&'static str, &str, &str, SubjectType) {
    (finding.code, &finding.subject, &finding.case, finding.subject_type)
}

impl Gathered {
    /// Takes in what was found of later persons.
    pub fn merge(&mut self, mut later: Self) {
        self.found.append(&mut later.found);
        for (mine, later) in self.gathers.iter_mut().zip(later.gathers) {
            if let (Some(mine), Some(later)) = (mine, later) {
                mine.merge(later.into_any());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_page_and_its_line_in_the_index() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings");
        let index = std::fs::read_to_string(docs.join("README.md")).expect("the index of the pages");
        assert!(CHECKS.windows(2).all(|pair| pair[0].code < pair[1].code), "codes rise in the order of the list");
        for check in CHECKS {
            let page = std::fs::read_to_string(docs.join(format!("{}.md", check.code)))
                .unwrap_or_else(|error| panic!("docs/findings/{}.md: {error}", check.code));
            let heading = format!("# {} {}\n", check.code, check.title_en);
            assert!(page.starts_with(&heading), "{}.md begins with `{}`", check.code, heading.trim_end());
            assert!(page.contains(check.title_zh), "{}.md has the Chinese title", check.code);
            let line = format!("[{0}]({0}.md) | {1} |", check.code, check.title_en);
            assert!(index.contains(&line), "the index has no `{line}`");
            for threshold in check.thresholds {
                assert!(page.contains(&format!("`{}`", threshold.key)), "{}: `{}`", check.code, threshold.key);
            }
        }
        // The index and the measured quality.
        assert_eq!(std::fs::read_dir(docs).expect("docs/findings").count(), CHECKS.len() + 2);
    }
}
