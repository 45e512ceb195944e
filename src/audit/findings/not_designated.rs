//! A303: the fund paid at a place that was not designated on the day.

use super::no_cover::{denied, paid_though};
use super::thresholds::Limits;
use super::view::{Need, Person};
use super::{Check, Look};
use crate::diagnostic::Text;
use crate::model::outcome::Reason;
use crate::report::finding::{Finding, Standing};

pub(super) const CHECK: Check = Check {
    code: "A303",
    title_zh: "非定点机构支付",
    title_en: "paid at a place not designated",
    severity: 5,
    standing: Standing::Doubtful,
    basis_zh: "《医疗机构医疗保障定点管理暂行办法》：基金仅支付定点机构的费用，急诊抢救除外",
    basis_en: "Interim measures on designated institutions: the fund pays at designated institutions, emergencies aside",
    needs: &[Need::PaidFund, Need::Institutions],
    partly: &[],
    thresholds: &[],
    look: Look::Person(look),
};

fn look(_: &Limits, person: &Person, found: &mut Vec<Finding>) {
    for settlement in paid_though(person, &[Reason::NotDesignated]) {
        let message = Text::new(
            "Was the institution designated on this day? Please show its agreement with the fund; an agreement missing from the table, or an emergency, clears it.",
            "该机构当日是否为定点？请提供医保服务协议；机构表漏录或属急诊抢救可排除。",
        );
        found.push(denied(&CHECK, person, settlement, message));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    #[test]
    fn paid_where_nobody_is_designated() {
        let mut scene = Scene::new();
        scene.row("paid").paid_in_full(100, 70).denied(Reason::NotDesignated);
        scene.row("no cover").paid_in_full(100, 70).denied(Reason::NotEnrolled);
        scene.row("not paid").paid_in_full(100, 0).denied(Reason::NotDesignated);
        assert_eq!(ids(&look(&CHECK, &scene, "")), ["paid"]);
    }
}
