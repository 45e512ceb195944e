//! A506: treatment in another province was cut by more than the national notice allows.

use super::thresholds::Limits;
use super::view::Person;
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::money::Rate;
use crate::report::finding::{Finding, Standing};
use crate::rules::layout::Table;
use crate::rules::lint::beyond_the_notice;

pub(super) const CHECK: Check = Check {
    code: "A506",
    title_zh: "异地降幅超国家规定",
    title_en: "national guardrail",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "国家医保局、财政部医保发〔2022〕22号：转诊与急诊降幅不超过 10 个百分点，其他临时外出不超过 20 个，长期备案不降",
    basis_en: "NHSA and MoF notice 2022 No. 22: a referral or emergency is cut by at most 10 points, another temporary visit by 20, a long-term filer not at all",
    needs: &[],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    let book = person.world.words.book;
    for settlement in person.settlements.iter().filter(|settlement| settlement.stands()) {
        let Some(seen) = settlement.seen else { continue };
        let claim = settlement.claim;
        let Some(cut) = beyond_the_notice(book, seen.pool, claim.insutype, seen.keys, claim.enddate) else { continue };
        let message = Text::new(
            "Does the rule used here cut the rate by more than the notice allows? Please show the local document; if it says so, the rule is to be brought into line, else the rule table.",
            "本笔所用规则的降幅是否超过国家规定？请提供当地文件；文件如此则应调整政策，否则更正规则表。",
        );
        let excess = Rate(cut.points.0 - cut.allowed.0);
        let percent = |rate: Rate| word(rate.percent());
        found.push(
            CHECK
                .on_claim(person, settlement, message)
                .with("pool", word(seen.pool.to_string()))
                .with("filing", word(seen.keys.filing.word()))
                .with("channel_rule", word(book.rule_id(Table::Channels, seen.channel)))
                .with("benefit_rule", word(book.rule_id(Table::Benefits, seen.benefit)))
                .with("percent_at_home", percent(cut.here))
                .with("percent_there", percent(cut.there))
                .with("points", percent(cut.points))
                .with("points_allowed", percent(cut.allowed))
                .at_risk(excess.of(seen.pool_base)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look, pack};
    use super::*;
    use crate::model::place::{Filing, Place};

    /// A referral and a stranger in another province, cut by so much.
    fn scene(points: &str, filing: Filing) -> Scene {
        let row = format!("h7,330100,310,*,*,cross,*,allow,,,,,,,,{points},,2020-01-01,,g,");
        let mut scene = Scene::with(&pack().row("channels", &row));
        scene.row("away").place(Place::Cross, filing).pool_base(1000).channel(1);
        scene.row("home").place(Place::Local, Filing::None).pool_base(1000);
        scene.row("province").place(Place::Province, filing).pool_base(1000);
        scene
    }

    #[test]
    fn ten_and_twenty_points() {
        for (points, filing, over) in [
            ("0.1", Filing::Referral, None),
            ("0.11", Filing::Referral, Some(10)),
            ("0.11", Filing::Emergency, Some(10)),
            ("0.2", Filing::Temporary, None),
            ("0.2", Filing::None, None),
            ("0.25", Filing::None, Some(50)),
            ("0.01", Filing::Resident, Some(10)),
        ] {
            let found = look(&CHECK, &scene(points, filing), "");
            let amounts: Vec<i64> = found.iter().map(|finding| finding.amount.0).collect();
            assert_eq!(amounts, over.into_iter().collect::<Vec<_>>(), "{points} {filing:?}");
            assert!(ids(&found).iter().all(|id| *id == "away"));
        }
    }
}
