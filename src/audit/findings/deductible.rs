//! A403: the deductibles of a benefit year, paid and computed, differ.

use hashbrown::HashMap;

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement, text};
use super::{Check, Look, word};
use crate::columnar::reconciled::field;
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;
use crate::model::symbol::Sym;
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A403",
    title_zh: "起付线重复收取或漏收",
    title_en: "deductible charged again, or not charged",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "参保地起付标准（benefits.deductible_*）：按年度或按次累计",
    basis_en: "the pool's deductible (deductible_* of benefits), by year or by admission",
    needs: &[Need::Paid(field::DEDUCTIBLE), Need::Years],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

/// One bucket of a scheme and benefit year.
type Bucket = (Admdvs, Insutype, i32, Sym);

/// What was taken there.
#[derive(Default)]
struct Taken<'s> {
    paid: i128,
    computed: i128,
    differing: Vec<&'s Settlement<'s>>,
}

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let world = person.world;
    let differs = |settlement: &&Settlement| settlement.differs(world, field::DEDUCTIBLE);
    // Sums of what agrees agree: nothing is added up for most persons.
    if !person.settlements.iter().any(|settlement| differs(&settlement)) {
        return;
    }
    let mut order: Vec<Bucket> = Vec::new();
    let mut buckets: HashMap<Bucket, Taken> = HashMap::new();
    for settlement in person.settlements.iter().filter(|one| !one.is_reversal() && !one.is_reversed) {
        let (Some(paid), Some(seen)) = (settlement.paid(field::DEDUCTIBLE), settlement.seen) else { continue };
        let accumulator = world.words.book.benefit_of_row(seen.benefit).deductible_accumulator;
        let bucket = (seen.pool, settlement.claim.insutype, seen.benefit_year, accumulator);
        let taken = buckets.entry(bucket).or_insert_with(|| {
            order.push(bucket);
            Taken::default()
        });
        let is_off = differs(&settlement);
        let computed = settlement.computed[field::DEDUCTIBLE];
        taken.computed += i128::from(computed.0);
        // What is within the tolerance counts as equal.
        taken.paid += i128::from(if is_off { paid.0 } else { computed.0 });
        if is_off {
            taken.differing.push(settlement);
        }
    }
    for bucket in order {
        let taken = &buckets[&bucket];
        if taken.paid != taken.computed {
            found.push(finding(person, bucket, taken));
        }
    }
}

fn finding(person: &Person, (pool, insutype, year, accumulator): Bucket, taken: &Taken) -> Finding {
    let fen = |sum: i128| Fen(i64::try_from(sum).unwrap_or(i64::MAX));
    let message = if taken.paid > taken.computed {
        Text::new(
            "Was a deductible taken again that had been met already? Please show the year's settlements in order; otherwise the person is owed the difference.",
            "是否重复扣收了已扣足的起付线？请提供年度内各次结算的先后与起付线扣收情况；否则应向参保人退还差额。",
        )
    } else {
        Text::new(
            "Why was the deductible not taken in full? Please show the rule or the mark of the person that lifts it.",
            "起付线为何未足额扣收？请提供免收或减收的依据（人群、备案或政策文件）。",
        )
    };
    let bucket = person.world.words.accumulator(accumulator);
    let insutype = person.world.words.insutype(insutype);
    let mut finding = CHECK.on_person(person, message).resting_on(&taken.differing);
    finding.case = format!("{pool}/{insutype}/{year}/{bucket}").into();
    finding
        .with("psn_no", Value::Person(text(person.number)))
        .with("pool", word(pool.to_string()))
        .with("insutype", word(insutype))
        .with("benefit_year", Value::Count(i64::from(year)))
        .with("accumulator", word(bucket))
        .with("act_pay_dedc", Value::Money(fen(taken.paid)))
        .with("computed_act_pay_dedc", Value::Money(fen(taken.computed)))
        .at_risk(fen((taken.paid - taken.computed).abs()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn the_sum_of_the_year() {
        let mut scene = Scene::new();
        scene.row("first").deductible(300, 300);
        scene.row("again").deductible(300, 0);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["P"]);
        assert_eq!(found[0].amount, Fen(300));
        assert_eq!(found[0].setl_ids, [Box::from("again")]);
        // Charged on the wrong one of two settlements: the year is right.
        scene.row("not charged").deductible(0, 300);
        assert_eq!(look(&CHECK, &scene, ""), []);
    }

    #[test]
    fn buckets_and_reversals_are_apart() {
        let mut scene = Scene::new();
        scene.row("2024").deductible(300, 0).benefit_year(2024);
        scene.row("2025").deductible(0, 300).benefit_year(2025);
        scene.row("taken back").deductible(700, 0).reversed();
        let found = look(&CHECK, &scene, "");
        assert_eq!(
            found.iter().map(|finding| &*finding.case).collect::<Vec<_>>(),
            ["330100/310/2024/all", "330100/310/2025/all"]
        );
    }

    #[test]
    fn within_the_tolerance() {
        let mut scene = Scene::new();
        scene.row("a fen").deductible(301, 300);
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["P"]);
        scene.tolerance(field::DEDUCTIBLE, 1);
        assert_eq!(look(&CHECK, &scene, ""), []);
    }
}
