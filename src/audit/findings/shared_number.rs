//! A206: one settlement number under two persons.

use std::any::Any;

use super::thresholds::Limits;
use super::view::{Person, World, text};
use super::{Check, Gather, Look, code};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::report::finding::{Finding, Standing, SubjectType, Value};

pub(super) const CHECK: Check = Check {
    code: "A206",
    title_zh: "同一结算号对应两人",
    title_en: "same settlement number, two persons",
    severity: 4,
    standing: Standing::Doubtful,
    basis_zh: "国家医保信息平台接口规范：结算ID唯一标识一笔结算",
    basis_en: "the national interface: a settlement number stands for one settlement",
    needs: &[],
    partly: &[],
    thresholds: &[],
    look: Look::Population(|_: &Limits| Box::<Shared>::default()),
};

/// A settlement whose number the run has more than once.
#[derive(Debug)]
struct Use {
    setl_id: Box<[u8]>,
    person: u32,
    settled_on: Date,
    institution: Box<[u8]>,
    fund: Fen,
}

#[derive(Default)]
struct Shared(Vec<Use>);

impl Gather for Shared {
    fn see(&mut self, person: &Person) {
        if person.world.repeated.is_empty() {
            return;
        }
        let repeated = |setl_id: &[u8]| person.world.repeated.contains(setl_id);
        self.0.extend(person.settlements.iter().filter(|one| repeated(one.setl_id)).map(|one| Use {
            setl_id: one.setl_id.into(),
            person: person.rank,
            settled_on: one.settled_on(),
            institution: one.institution.into(),
            fund: one.fund(),
        }));
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        self.0.append(&mut later.downcast::<Self>().expect("of one check").0);
    }

    fn finish(self: Box<Self>, world: &World) -> Vec<Finding> {
        let mut uses = self.0;
        uses.sort_by(|a, b| (&a.setl_id, a.person).cmp(&(&b.setl_id, b.person)));
        let same = uses.chunk_by(|a, b| a.setl_id == b.setl_id);
        same.filter(|uses| uses.first().map(|one| one.person) != uses.last().map(|one| one.person))
            .map(|uses| finding(world, uses))
            .collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

fn finding(world: &World, uses: &[Use]) -> Finding {
    let message = Text::new(
        "Whose settlement is this? Please show the registration and the identity check behind each of the records; the one booked under the wrong person or number is to be taken back.",
        "该结算号属于谁？请提供各条记录的挂号与身份核验信息；记错人或记错号的一笔应予冲销。",
    );
    let sum = uses.iter().fold(Fen::ZERO, |sum, one| sum + one.fund);
    let largest = uses.iter().map(|one| one.fund).max().unwrap_or_default();
    let persons = uses.iter().map(|one| Value::Person(text(world.psn_no(one.person))));
    let mut finding = CHECK
        .finding(SubjectType::Claim, &uses[0].setl_id, message)
        .with("psn_no", Value::List(persons.collect()))
        .with("fixmedins_code", Value::List(uses.iter().map(|one| code(&one.institution)).collect()))
        .with("fund", Value::List(uses.iter().map(|one| Value::Money(one.fund)).collect()))
        .at_risk((sum - largest).or_zero());
    finding.setl_ids = vec![text(&uses[0].setl_id)];
    finding.first_seen = uses.iter().map(|one| one.settled_on).max().unwrap_or(Date::MIN);
    finding
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn one_number_two_persons() {
        let mut scene = Scene::new();
        scene.row("shared").person("A").paid_in_full(100, 70).settled("2024-03-02 00:00:00");
        scene.row("shared").person("B").paid_in_full(100, 60).settled("2024-03-01 00:00:00");
        scene.row("own").person("B");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["shared"]);
        assert_eq!((found[0].amount, found[0].first_seen.to_string()), (Fen(60), "2024-03-02".into()));
    }
}
