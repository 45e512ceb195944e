//! A302: covered and paid under an employees' and a residents' scheme at once (重复参保).

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement, text};
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::reference::Enrolment;
use crate::model::settlement::Insutype;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A302",
    title_zh: "重复参保",
    title_en: "two schemes at once",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "《医疗保障基金使用监督管理条例》第四十一条：不得重复享受医疗保障待遇；参保管理规定：不得重复参保",
    basis_en: "Regulation on the supervision of medical-insurance funds, article 41: nobody draws benefits twice; rules on enrolment: nobody is enrolled twice",
    needs: &[],
    partly: &[Need::Enrolments],
    thresholds: &[],
    look: Look::Person(look),
};

/// Severity where the funds paid under both.
const PAID_TWICE: u8 = 5;

/// A span of days.
type Span = (Date, Date);

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let kinds = ["31", "39"];
    let is_of = |insutype: Insutype, kind: &str| word_of(person, insutype).starts_with(kind);
    let paid: [Vec<&Settlement>; 2] = kinds.map(|kind| {
        let is_paid = |one: &&Settlement| one.stands() && one.fund() > Fen::ZERO && is_of(one.claim.insutype, kind);
        person.settlements.iter().filter(is_paid).collect()
    });
    let overlap = match person.facts.enrolments {
        Some(enrolments) => overlap(kinds.map(|kind| spans(enrolments, |insutype| is_of(insutype, kind)))),
        // Without a table the time of a scheme is that of what it paid.
        None => overlap([served(&paid[0]), served(&paid[1])]),
    };
    let Some((from, to)) = overlap else { return };
    let within = |one: &&Settlement| from <= one.claim.enddate && one.claim.enddate <= to;
    let [employee, resident] = paid.map(|paid| paid.into_iter().filter(within).collect::<Vec<_>>());
    let sum = |paid: &[&Settlement]| paid.iter().fold(Fen::ZERO, |sum, one| sum + one.fund());
    let (of_employee, of_resident) = (sum(&employee), sum(&resident));
    let message = Text::new(
        "Which of the two schemes covers the person on these days? Please show both enrolment records; ending one of them, and returning what it paid, clears it.",
        "这些日期应由职工医保还是居民医保保障？请提供两边参保记录；终止其一并退回相应支付后可排除。",
    );
    let both = !employee.is_empty() && !resident.is_empty();
    let mut finding = CHECK.on_person(person, message);
    if both {
        let resting: Vec<&Settlement> = employee.iter().chain(&resident).copied().collect();
        finding = finding.resting_on(&resting);
        finding.severity = PAID_TWICE;
    } else {
        // It rests on the spans alone.
        finding.first_seen = from;
    }
    let day = |day: Date| if day == Date::MAX || day == Date::MIN { word("") } else { Value::Day(day) };
    found.push(
        finding
            .with("psn_no", Value::Person(text(person.number)))
            .with("from", day(from))
            .with("to", day(to))
            .with("employee_fund", Value::Money(of_employee))
            .with("resident_fund", Value::Money(of_resident))
            .at_risk(if both { of_employee.min(of_resident) } else { Fen::ZERO }),
    );
}

fn word_of<'p>(person: &Person<'p>, insutype: Insutype) -> &'p str {
    let words = person.world.words;
    let unlisted = insutype.0.checked_sub(Insutype::UNLISTED);
    // A type that neither rules nor claims have is no word.
    if unlisted.is_some_and(|number| number as usize >= words.unlisted_insutypes.len()) {
        return "";
    }
    words.insutype(insutype)
}

fn spans(enrolments: &[Enrolment], is_of: impl Fn(Insutype) -> bool) -> Vec<Span> {
    let mut spans: Vec<Span> = enrolments
        .iter()
        .filter(|span| span.from <= span.to && is_of(span.insutype))
        .map(|span| (span.from, span.to))
        .collect();
    spans.sort_unstable();
    spans
}

/// From the first to the last day served.
fn served(paid: &[&Settlement]) -> Vec<Span> {
    let first = paid.iter().map(|one| one.claim.begndate).min();
    let last = paid.iter().map(|one| one.claim.enddate).max();
    first.zip(last).into_iter().collect()
}

/// The first days that spans of both kinds hold.
fn overlap([a, b]: [Vec<Span>; 2]) -> Option<Span> {
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let (&(a_from, a_to), &(b_from, b_to)) = (a.peek()?, b.peek()?);
        let (from, to) = (a_from.max(b_from), a_to.min(b_to));
        if from <= to {
            return Some((from, to));
        }
        // What ends first meets nothing that begins later.
        if a_to < b_to {
            a.next()
        } else {
            b.next()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn spans_that_share_a_day() {
        let mut scene = Scene::new();
        scene.row("one").visit("H1", "2024-03-01");
        scene.enrolled("310", "2024-01-01", "2024-06-30");
        scene.enrolled("390", "2024-07-01", "2024-12-31");
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.enrolled("390", "2024-06-30", "2024-06-30");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["P"]);
        assert_eq!((found[0].severity, found[0].amount), (3, Fen::ZERO));
    }

    #[test]
    fn paid_under_both() {
        let mut scene = Scene::new();
        scene.row("employee").visit("H1", "2024-03-01").paid_in_full(100, 70);
        scene.row("resident").visit("H1", "2024-03-02").insutype("390").paid_in_full(100, 60);
        scene.row("before").visit("H1", "2023-03-02").paid_in_full(100, 60);
        scene.enrolled("310", "2023-01-01", "2024-12-31");
        scene.enrolled("390", "2024-03-01", "2024-12-31");
        let found = look(&CHECK, &scene, "");
        assert_eq!((found[0].severity, found[0].amount, found[0].setl_ids.len()), (5, Fen(60), 2));
    }

    #[test]
    fn without_a_table() {
        let mut scene = Scene::new();
        scene.row("resident").visit("H1", "2024-03-01").insutype("390").paid_in_full(100, 60);
        scene.row("employee").visit("H1", "2024-03-02").paid_in_full(100, 70);
        assert_eq!(look(&CHECK, &scene, ""), []);
        scene.row("later").visit("H1", "2024-03-03").insutype("390").paid_in_full(100, 50);
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["P"]);
    }

    #[test]
    fn spans_one_after_the_other() {
        let day = |day: i32| Date(day);
        let spans = |spans: &[(i32, i32)]| spans.iter().map(|&(from, to)| (day(from), day(to))).collect::<Vec<_>>();
        assert_eq!(overlap([spans(&[(0, 4), (10, 14)]), spans(&[(5, 9), (14, 20)])]), Some((day(14), day(14))));
        assert_eq!(overlap([spans(&[(0, 4), (10, 13)]), spans(&[(5, 9), (14, 20)])]), None);
        // A long span behind a short one that has ended.
        assert_eq!(overlap([spans(&[(0, 100), (1, 2)]), spans(&[(50, 60)])]), Some((day(50), day(60))));
        assert_eq!(overlap([spans(&[]), spans(&[(50, 60)])]), None);
    }
}
