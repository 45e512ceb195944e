//! A305: the claim says another hospital level than the institutions table.

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement};
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::reference::InstitutionPeriod;
use crate::model::symbol::Sym;
use crate::report::finding::{Finding, Standing, Value};
use crate::rules::book::{LevelField, RuleBook};

pub(super) const CHECK: Check = Check {
    code: "A305",
    title_zh: "医院等级与机构表不符",
    title_en: "hospital level mismatch",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "起付标准与支付比例按定点机构当日核定的等级执行",
    basis_en: "deductible and rate go by the level that the institution had been given on the day",
    needs: &[Need::Level, Need::Institutions],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let Some(institutions) = person.world.institutions else { return };
    for settlement in person.settlements.iter().filter(|settlement| settlement.stands()) {
        let claim = settlement.claim;
        let Some(period) = institutions.open_on(claim.institution, claim.enddate) else { continue };
        let differs = |said: Sym, known: Sym| said != Sym::EMPTY && known != Sym::EMPTY && said != known;
        let other_level = differs(claim.hosp_lv, period.hosp_lv) || differs(claim.dedc_hosp_lv, period.dedc_hosp_lv);
        // A field that the table lacks can still lead to another tier.
        let tiers = tiers(person.world.words.book, settlement, period);
        if other_level || tiers[0] != tiers[1] {
            found.push(finding(person, settlement, period, tiers));
        }
    }
}

fn finding(
    person: &Person,
    settlement: &Settlement,
    period: &InstitutionPeriod,
    [tier, table_tier]: [&str; 2],
) -> Finding {
    let message = Text::new(
        "Which level did the institution have on this day? Please show the document that gave it; either the claim or the institutions table is to be corrected.",
        "该机构当日核定为何等级？请提供等级核定文件；结算记录与机构表须更正其一。",
    );
    let book = person.world.words.book;
    let level = |sym: Sym| word(if sym == Sym::OTHER { "?" } else { book.vocab.level.word(sym) });
    let claim = settlement.claim;
    CHECK
        .on_claim(person, settlement, message)
        .with("fixmedins_code", super::code(settlement.institution))
        .with("enddate", Value::Day(claim.enddate))
        .with("hosp_lv", level(claim.hosp_lv))
        .with("dedc_hosp_lv", level(claim.dedc_hosp_lv))
        .with("table_hosp_lv", level(period.hosp_lv))
        .with("table_dedc_hosp_lv", level(period.dedc_hosp_lv))
        .with("tier", word(tier))
        .with("table_tier", word(table_tier))
        .at_risk(settlement.fund())
}

/// The tiers that the rules give to what the claim says, filled up from the table, and to the table alone.
fn tiers<'a>(book: &'a RuleBook, settlement: &Settlement, period: &InstitutionPeriod) -> [&'a str; 2] {
    let claim = settlement.claim;
    let pool = book.pool_of(claim.insured);
    let of = |field: LevelField, level: Sym| {
        let row = if level == Sym::EMPTY { None } else { book.tier(pool, field, level, claim.enddate) };
        row.map(|row| row.value.tier)
    };
    let tier = |dedc: Sym, grade: Sym| {
        let tier = of(LevelField::InstClass, period.inst_class)
            .or_else(|| of(LevelField::DedcHospLv, dedc))
            .or_else(|| of(LevelField::HospLv, grade));
        tier.map_or("", |tier| book.vocab.tier.word(tier))
    };
    let or = |own: Sym, known: Sym| if own == Sym::EMPTY { known } else { own };
    [
        tier(or(claim.dedc_hosp_lv, period.dedc_hosp_lv), or(claim.hosp_lv, period.hosp_lv)),
        tier(period.dedc_hosp_lv, period.hosp_lv),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn the_level_of_the_day() {
        let mut scene = Scene::new();
        scene.institution("H1", "2024-01-01", "2024-06-30", "05");
        scene.institution("H1", "2024-07-01", "2024-12-31", "01");
        scene.row("same").visit("H1", "2024-06-30").level("05");
        scene.row("early").visit("H1", "2024-06-30").level("01").paid_in_full(100, 70);
        scene.row("late").visit("H1", "2024-07-01").level("05");
        scene.row("silent").visit("H1", "2024-07-01");
        scene.row("unknown").visit("H9", "2024-07-01").level("05");
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["early", "late"]);
        assert_eq!(found[0].amount.0, 70);
        assert_eq!(found[0].evidence[7..9], [("tier", word("L3")), ("table_tier", word("L2"))]);
    }
}
