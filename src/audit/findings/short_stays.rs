//! A505: an institution with far more short stays than its peers.

use std::any::Any;

use super::peers::{Peers, THRESHOLDS, Tally};
use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Need, Person, World};
use super::{Check, Gather, Look, word};
use crate::diagnostic::Text;
use crate::model::money::{Fen, Rate, round_ratio};
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A505",
    title_zh: "短期住院占比偏高",
    title_en: "short stays",
    severity: 2,
    standing: Standing::Lead,
    basis_zh: "同类、同级、同省、同月机构短期住院占比的稳健 z 值",
    basis_en: "robust z of the share of short stays among institutions of one visit class, tier, province and month",
    needs: &[Need::Begin],
    partly: &[],
    thresholds: &[
        THRESHOLDS[0],
        THRESHOLDS[1],
        THRESHOLDS[2],
        Threshold {
            key: "days",
            setting: Setting::Whole { default: 2, least: 0, most: 30 },
            en: "days from admission to discharge of a short stay, at most",
            zh: "短期住院的入院至出院天数上限",
        },
    ],
    look: Look::Population(|limits| Box::new(Stays { limits: limits.clone(), peers: Peers::default() })),
};

struct Stays {
    limits: Limits,
    peers: Peers,
}

impl Gather for Stays {
    fn see(&mut self, person: &Person) {
        let most = self.limits.whole("days");
        for stay in person.settlements.iter().filter(|settlement| settlement.is_stay()) {
            let is_short = i64::from(stay.claim.enddate.0) - i64::from(stay.claim.begndate.0) <= most;
            self.peers.add(stay, i64::from(is_short), if is_short { stay.fund() } else { Fen::ZERO });
        }
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        self.peers.merge(later.downcast::<Self>().expect("of one check").peers);
    }

    fn finish(self: Box<Self>, world: &World) -> Vec<Finding> {
        // Shares in millionths.
        let share = |tally: &Tally| round_ratio(tally.measure * 1_000_000, i128::from(tally.count));
        let outliers = self.peers.outliers(&self.limits, share);
        outliers
            .into_iter()
            .map(|outlier| {
                let message = Text::new(
                    "Why are so many stays here over within days? Please show the admission notes of the short stays; day surgery or an observation ward clears it, care that a visit could have given does not.",
                    "该机构短期住院为何明显偏多？请提供短期住院的入院记录；日间手术或留观可排除，可在门诊完成的治疗则不可。",
                );
                outlier
                    .finding(&CHECK, world, message)
                    .with("short_stays", Value::Count(outlier.tally.measure as i64))
                    .with("percent", word(Rate(outlier.value).percent()))
                    .with("median_percent_of_peers", word(Rate(outlier.median).percent()))
                    .at_risk(outlier.excess())
            })
            .collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    /// Twelve institutions with 30 stays each: `short` of the first, one to four of the others.
    fn scene(short: u32, end_of_short: &str) -> Scene {
        let mut scene = Scene::new();
        for institution in 0..12 {
            let count = if institution == 0 { short } else { 1 + institution % 4 };
            for row in 0..30 {
                let end = if row < count { end_of_short } else { "2024-03-08" };
                scene
                    .row(&format!("{institution}-{row}"))
                    .person(&format!("P{row}-{institution}"))
                    .stay(&format!("H{institution:02}"), "2024-03-01", end)
                    .paid_in_full(1000, 500);
            }
        }
        scene
    }

    #[test]
    fn stays_of_two_days() {
        let found = look(&CHECK, &scene(25, "2024-03-03"), "");
        assert_eq!(ids(&found), ["H00"]);
        assert_eq!(found[0].evidence[5], ("short_stays", Value::Count(25)));
        assert_eq!(look(&CHECK, &scene(25, "2024-03-04"), ""), []);
        assert_eq!(look(&CHECK, &scene(4, "2024-03-03"), ""), []);
        assert_eq!(ids(&look(&CHECK, &scene(25, "2024-03-04"), "[A505]\ndays = 3")), ["H00"]);
    }
}
