//! The pictures of the report.

use std::collections::BTreeSet;

use super::super::balance::yuan;
use super::super::overview::{By, Reason};
use super::super::page::Figure;
use super::super::page::figure::{Matrix, Step, heat_map, waterfall};
use super::super::provinces::province_name;
use super::super::summary::grouped;
use super::super::words::cause_name;
use super::against_paid::AgainstPaid;
use super::{tables, text};
use crate::diagnostic::{Lang, Text};

/// The most steps between the wholes.
const STEPS: usize = 14;

fn reason_name(reason: &Reason) -> Text {
    match reason {
        Reason::Cause(code) => text(cause_name(code, Lang::En), cause_name(code, Lang::Zh)),
        Reason::OnlyPaid => text("only paid", "仅支付侧有"),
        Reason::OnlyComputed => text("only computed", "仅计算侧有"),
        Reason::Duplicate => text("duplicate numbers", "结算ID重复"),
        Reason::NotComputable => text("paid, not computable", "已支付但无法计算"),
        Reason::Tolerance => text("within the tolerance", "容差以内"),
        Reason::NotCompared => text("the paid side does not say", "支付侧未提供"),
    }
}

/// From computed to paid.
pub(super) fn bridge(against: &AgainstPaid) -> Figure {
    let overview = against.overview;
    let signed = |fen: i128| format!("{}{}", if fen > 0 { "+" } else { "" }, grouped(yuan(fen)));
    let mut reasons: Vec<(&Reason, i128)> = overview.steps.iter().map(|(reason, &fen)| (reason, fen)).collect();
    reasons.sort_by(|(a_reason, a), (b_reason, b)| b.abs().cmp(&a.abs()).then(a_reason.cmp(b_reason)));
    let whole = |name: Text, amount: i128| Step { name, amount, shown: grouped(yuan(amount)), is_whole: true };
    let part = |name: Text, amount: i128| Step { name, amount, shown: signed(amount), is_whole: false };
    let mut steps = vec![whole(text("computed", "计算"), overview.computed)];
    let shown = if reasons.len() > STEPS { STEPS - 1 } else { reasons.len() };
    steps.extend(reasons[..shown].iter().map(|&(reason, fen)| part(reason_name(reason), fen)));
    if shown < reasons.len() {
        let rest = reasons[shown..].iter().map(|(_, fen)| fen).sum();
        steps.push(part(text("all others", "其余合计"), rest));
    }
    steps.push(whole(text("paid", "支付"), overview.paid));
    let measure = against.measure();
    let caption = text(
        format!("From computed to paid in {measure}, yuan, net of each cause. The axis does not begin at 0."),
        format!("{measure} 由计算到支付（元），每项为该原因的净差。横轴不从 0 起。"),
    );
    waterfall(caption, &steps)
}

/// From where people are insured to where they were treated.
pub(super) fn flows(against: &AgainstPaid) -> Figure {
    let flows = &against.overview.by[By::Flow as usize];
    let known = || {
        flows.iter().filter_map(|(word, sums)| match tables::provinces(word) {
            [Some(insured), Some(treated)] => Some((insured, treated, sums.numbers)),
            _ => None,
        })
    };
    let provinces: BTreeSet<u32> = known().flat_map(|(insured, treated, _)| [insured, treated]).collect();
    let provinces: Vec<u32> = provinces.into_iter().collect();
    let mut counts = vec![0; provinces.len() * provinces.len()];
    let at = |digits: u32| provinces.binary_search(&digits).expect("it was collected");
    for (insured, treated, numbers) in known() {
        counts[at(insured) * provinces.len() + at(treated)] += numbers;
    }
    let matrix = Matrix {
        names: provinces.iter().map(|&digits| province_name(digits)).collect(),
        counts,
        rows: text("insured in", "参保地"),
        columns: text("treated in", "就医地"),
    };
    let caption = text(
        "Settlements by province insured (rows) and province of treatment (columns). Each shade is four times the one before.",
        "按参保省（行）与就医省（列）的结算笔数。每一级颜色约为前一级的四倍，由少到多见图例。",
    );
    heat_map(caption, &matrix)
}
