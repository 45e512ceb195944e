//! A501: an institution whose settlements cost far more than those of its peers.

use std::any::Any;

use super::peers::{Peers, THRESHOLDS, Tally};
use super::thresholds::Limits;
use super::view::{Person, World};
use super::{Check, Gather, Look};
use crate::diagnostic::Text;
use crate::model::money::{Fen, round_ratio};
use crate::report::finding::{Finding, Standing, Value};

pub(super) const CHECK: Check = Check {
    code: "A501",
    title_zh: "次均费用偏高机构",
    title_en: "costly institution",
    severity: 2,
    standing: Standing::Lead,
    basis_zh: "同类、同级、同省、同月机构次均费用的稳健 z 值",
    basis_en: "robust z of the mean bill among institutions of one visit class, tier, province and month",
    needs: &[],
    partly: &[],
    thresholds: &THRESHOLDS,
    look: Look::Population(|limits| Box::new(Costs { limits: limits.clone(), peers: Peers::default() })),
};

struct Costs {
    limits: Limits,
    peers: Peers,
}

impl Gather for Costs {
    fn see(&mut self, person: &Person) {
        for settlement in person.settlements.iter().filter(|settlement| settlement.stands()) {
            self.peers.add(settlement, settlement.claim.bill.total.0, settlement.fund());
        }
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        self.peers.merge(later.downcast::<Self>().expect("of one check").peers);
    }

    fn finish(self: Box<Self>, world: &World) -> Vec<Finding> {
        let mean = |tally: &Tally| round_ratio(tally.measure, i128::from(tally.count));
        let outliers = self.peers.outliers(&self.limits, mean);
        outliers
            .into_iter()
            .map(|outlier| {
                let message = Text::new(
                    "Why does a settlement cost so much more here than at comparable institutions? Please show the mix of cases and the itemised lists of the dearest settlements; a specialised department clears it.",
                    "该机构次均费用为何明显高于同类机构？请提供病种构成与最高费用结算的清单；专科收治重症可排除。",
                );
                outlier
                    .finding(&CHECK, world, message)
                    .with("mean", Value::Money(Fen(outlier.value)))
                    .with("median_of_peers", Value::Money(Fen(outlier.median)))
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

    /// `institutions` with 30 settlements each, bills of 100 to 109 yuan, and one whose bills are as given.
    fn scene(institutions: u32, dear: i64) -> Scene {
        let mut scene = Scene::new();
        for institution in 0..institutions {
            for row in 0..30 {
                let id = format!("{institution}-{row}");
                let total = if institution == 0 { dear } else { 10_000 + i64::from(institution % 10) * 100 };
                scene
                    .row(&id)
                    .person(&format!("P{row}"))
                    .visit(&format!("H{institution:02}"), "2024-03-01")
                    .paid_in_full(total, total / 2);
            }
        }
        scene
    }

    #[test]
    fn one_dear_institution_among_ten() {
        let found = look(&CHECK, &scene(10, 50_000), "");
        assert_eq!(ids(&found), ["H00"]);
        assert_eq!(&*found[0].case, "outpatient/L3/33/2024-03");
        // Half of what lies above the median of 105.50 yuan, thirty times.
        assert_eq!(found[0].evidence[6].1, Value::Money(Fen(10_550)));
        assert_eq!(found[0].amount, Fen(30 * (50_000 - 10_550) / 2));
        assert_eq!(look(&CHECK, &scene(10, 10_500), ""), []);
    }

    #[test]
    fn too_few_peers_or_settlements() {
        assert_eq!(look(&CHECK, &scene(9, 50_000), ""), []);
        assert_eq!(ids(&look(&CHECK, &scene(9, 50_000), "[A501]\ninstitutions = 9")), ["H00"]);
        assert_eq!(look(&CHECK, &scene(10, 50_000), "[A501]\nsettlements = 31"), []);
        assert_eq!(look(&CHECK, &scene(10, 50_000), "[A501]\nrobust_z = 1000"), []);
    }
}
