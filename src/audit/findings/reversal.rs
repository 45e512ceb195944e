//! A404: something is wrong with a reversal.

use hashbrown::HashMap;

use super::thresholds::Limits;
use super::view::{Need, Person, Settlement, text};
use super::{Check, Look, word};
use crate::diagnostic::Text;
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Status};
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A404",
    title_zh: "退费结算异常",
    title_en: "reversal faults",
    severity: 3,
    standing: Standing::Doubtful,
    basis_zh: "退费结算须冲销一笔在先、未冲销的结算，金额相反，并在原结算上标记",
    basis_en: "a reversal takes back one earlier settlement that stands, with its exact negative, and marks it",
    needs: &[],
    partly: &[Need::RefundFlag],
    thresholds: &[],
    look: Look::Person(look),
};

const REASONS: [Reason; 3] = [Reason::ReversalUnknown, Reason::ReversalTwice, Reason::ReversalAmount];

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    if !person.settlements.iter().any(Settlement::is_reversal) {
        return;
    }
    let by_number: HashMap<&[u8], &Settlement> =
        person.settlements.iter().map(|settlement| (settlement.setl_id, settlement)).collect();
    let arenas = person.world.words.arenas;
    // An original is reversed once at most: no two reversals tell of the same flag.
    for reversal in person.settlements.iter().filter(|settlement| settlement.is_reversal()) {
        let named = arenas.init_setl_id(reversal.claim.text);
        let original = by_number.get(named).copied();
        if REASONS.iter().any(|&reason| reversal.reasons.has(reason)) {
            found.push(faulty(person, reversal, named, original));
        } else if reversal.status == Status::Reversed
            && let Some(original) = original.filter(|original| original.is_flagged == Some(false))
        {
            let message = Text::new(
                "Why is the original not marked as refunded? Please show that the institution and the person know of the reversal, and correct the mark.",
                "原结算为何未标记退费？请确认机构与参保人均已知悉该退费，并更正标志。",
            );
            let mut finding = CHECK.on_claim(person, original, message).resting_on(&[original, reversal]);
            finding.severity = 1;
            found.push(finding.with("fault", word("not flagged")).with("init_setl_id", super::code(named)));
        }
    }
}

fn faulty(person: &Person, reversal: &Settlement, named: &[u8], original: Option<&Settlement>) -> Finding {
    // The kernel looks among earlier settlements only: one that is there all the same is a later one.
    let is_early = reversal.reasons.has(Reason::ReversalUnknown)
        && original.is_some_and(|original| original.claim.setl_time >= reversal.claim.setl_time);
    let (fault, message) = if is_early {
        (
            "before its original",
            Text::new(
                "How can a reversal be dated before the settlement it takes back? Please show the times of both in the institution's system.",
                "退费结算的时间为何早于原结算？请提供两笔结算在机构系统中的时间记录。",
            ),
        )
    } else if reversal.reasons.has(Reason::ReversalUnknown) {
        (
            "unknown original",
            Text::new(
                "Which settlement does this reversal take back? Please give its number; one settled before the records begin clears it.",
                "该退费冲销的是哪一笔结算？请提供原结算号；原结算早于本批数据可排除。",
            ),
        )
    } else if reversal.reasons.has(Reason::ReversalTwice) {
        (
            "reversed already",
            Text::new(
                "Why was the settlement taken back a second time? Please show whether money went back twice.",
                "原结算为何再次被冲销？请说明款项是否重复退回。",
            ),
        )
    } else {
        (
            "other amounts",
            Text::new(
                "Why does the reversal not take back the exact amounts of the original? Please show the refund slip; a part is refunded by taking back the whole and settling anew.",
                "退费金额为何与原结算不符？请提供退费单；部分退费应先全额冲销再重新结算。",
            ),
        )
    };
    let resting: Vec<&Settlement> = original.into_iter().chain([reversal]).collect();
    let fund = reversal.paid_fund().filter(|&paid| paid != Fen::ZERO);
    let fund = fund.or_else(|| original.map(Settlement::fund)).unwrap_or_default();
    let mut finding = CHECK
        .on_claim(person, reversal, message)
        .resting_on(&resting)
        .with("fault", word(fault))
        .with("reasons", word(reversal.reasons.joined()))
        .with("init_setl_id", Value::Text(text(named)))
        .with("medfee_sumamt", Value::Money(reversal.claim.bill.total));
    if let Some(original) = original {
        finding = finding.with("original_medfee_sumamt", Value::Money(original.claim.bill.total));
    }
    finding.at_risk(Fen(fund.0.abs()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn what_the_kernel_refused() {
        let mut scene = Scene::new();
        scene.row("original").paid_in_full(100, 70).settled("2024-03-05 10:00:00");
        scene.row("twice").reversal_of("original").pended(Reason::ReversalTwice);
        scene.row("amount").reversal_of("original").pended(Reason::ReversalAmount);
        scene.row("unknown").reversal_of("nobody").pended(Reason::ReversalUnknown);
        scene.row("early").reversal_of("original").pended(Reason::ReversalUnknown).settled("2024-03-05 09:59:59");
        scene.row("no class").reversal_of("original").pended(Reason::NoClass);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["amount", "early", "twice", "unknown"]);
        let faults: Vec<_> = found.iter().map(|finding| finding.evidence[1].1.clone()).collect();
        let expected = ["other amounts", "before its original", "reversed already", "unknown original"].map(word);
        assert_eq!(faults, expected);
        assert_eq!(found[0].amount, Fen(70));
    }

    #[test]
    fn the_mark_of_the_original() {
        let mut scene = Scene::new();
        scene.row("flagged").flagged(true).reversed();
        scene.row("of flagged").reversal_of("flagged").flagged(true).accepted();
        scene.row("silent").reversed();
        scene.row("of silent").reversal_of("silent").accepted();
        scene.row("not").flagged(false).reversed();
        scene.row("of not").reversal_of("not").flagged(true).accepted();
        scene.row("not read").reversal_of("not").flagged(true).pended(Reason::NoClass);
        let found = look(&CHECK, &scene, "");
        assert_eq!(ids(&found), ["not"]);
        assert_eq!((found[0].severity, found[0].setl_ids.len()), (1, 2));
    }
}
