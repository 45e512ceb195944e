//! Treatment in another province that is cut by more points than the national notice allows.

use std::collections::BTreeMap;

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{Case, Difference, Offer, case_words, cases, days, largest_difference, offer, offer_in};
use crate::diagnostic::{Diagnostic, Location, Text};
use crate::model::date::Date;
use crate::model::money::Rate;
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::settlement::Insutype;
use crate::rules::book::{BenefitKeys, RuleBook};
use crate::rules::layout::{FILING_TITLES, Table};

pub(super) const CHECK: Check = Check {
    code: "L125",
    title_en: "treatment in another province is cut by more points than allowed",
    title_zh: "跨省就医降幅超过规定百分点",
    run,
};

/// Where the notice stands, for every message that rests on it.
pub(super) const NOTICE: (&str, &str) = ("NHSA and MoF notice 2022 No. 22", "国家医保局、财政部医保发〔2022〕22号");

/// Filings, and how many points a rate may fall against the same tier at home.
const ALLOWED: [(Filing, Rate); 4] = [
    (Filing::Referral, Rate(100_000)),
    (Filing::Emergency, Rate(100_000)),
    (Filing::Temporary, Rate(200_000)),
    // Who has not filed is another temporary visitor.
    (Filing::None, Rate(200_000)),
];

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    for (filing, allowed) in ALLOWED {
        for (at, (cut, case)) in largest_cuts(context, filing) {
            if cut.points <= allowed {
                continue;
            }
            let (points, allowed) = (cut.points.percent(), allowed.percent());
            let (from, here, there) = (cut.from.plain(), cut.here.percent(), cut.there.percent());
            let case = case_words(context.book, case);
            let (filing_zh, filing_en) = FILING_TITLES[filing as usize];
            found.push(
                warn(
                    CHECK.code,
                    at,
                    format!(
                        "{case}, another province, {filing_en}: {here} % at home, {there} % there above {from}: \
                         {points} points, allowed {allowed} ({})",
                        NOTICE.0
                    ),
                    format!(
                        "{case}，跨省、{filing_zh}：{from} 元以上本地 {here}%，异地 {there}%：\
                         降 {points} 个百分点，限 {allowed}（{}）",
                        NOTICE.1
                    ),
                )
                .hint(explain()),
            );
        }
    }
}

fn explain() -> Text {
    hint(
        "a first self-payment of x % cuts rate times x % points; \
         was a cut of points written as a factor or a prepay rate?",
        "先行自付 x% 相当于降低“比例×x%”个百分点；请核对是否把百分点误写为系数或先行自付",
    )
}

/// For a filing in another province the largest cut against home, by the row that causes it.
pub(super) fn largest_cuts(context: &Context, filing: Filing) -> BTreeMap<Location, (Difference, Case)> {
    let book = context.book;
    let mut cuts: BTreeMap<Location, (Difference, Case)> = BTreeMap::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        if !realm.filings.iter().any(|&(word, ..)| word == filing as usize) {
            continue;
        }
        for day in days(context, number) {
            for case in cases(realm, day) {
                let Some(home) = offer(book, realm, case.at_home(), day) else { continue };
                let Some(away) = offer(book, realm, case.at(Place::Cross, filing), day) else { continue };
                let Some(cut) = largest_difference(&home.bands, &away.bands) else { continue };
                let entry = cuts.entry(cause(context, &home, &away)).or_insert((cut, case));
                if cut.points > entry.0.points {
                    *entry = (cut, case);
                }
            }
        }
    }
    cuts
}

/// A cut that the notice does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many points are taken off.
    pub points: Rate,
    /// How many may be.
    pub allowed: Rate,
    /// The rate at home.
    pub here: Rate,
    /// The rate there.
    pub there: Rate,
}

/// The cut of a treatment in another province against the same at home, where it is more than the notice allows.
#[must_use]
pub fn beyond_the_notice(
    book: &RuleBook,
    pool: Admdvs,
    insutype: Insutype,
    keys: BenefitKeys,
    day: Date,
) -> Option<Cut> {
    if keys.place != Place::Cross {
        return None;
    }
    // A long-term filer is not to be cut at all.
    let allowed = ALLOWED.iter().find(|(filing, _)| *filing == keys.filing).map_or(Rate(0), |&(_, allowed)| allowed);
    let case = Case { psn_class: keys.psn_class, med_class: keys.med_class, tier: keys.tier };
    let home = offer_in(book, pool, insutype, case.at_home(), day)?;
    let away = offer_in(book, pool, insutype, keys, day)?;
    let Difference { points, here, there, .. } = largest_difference(&home.bands, &away.bands)?;
    (points > allowed).then_some(Cut { points, allowed, here, there })
}

/// The cell that makes the difference: the channel's when the benefit is the same, else the benefit's bands.
fn cause(context: &Context, home: &Offer, away: &Offer) -> Location {
    if home.benefit.row != away.benefit.row {
        return context.table(Table::Benefits).at(away.benefit.row as usize, "band_set");
    }
    let channel = away.channel.value;
    let column = if channel.prepay_rate > Rate::default() {
        "prepay_rate"
    } else if channel.rate_factor < Rate::ONE {
        "rate_factor"
    } else {
        "rate_points"
    };
    context.table(Table::Channels).at(away.channel.row as usize, column)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{codes, pack, texts};

    #[test]
    fn forty_percent_first() {
        // 40 % first of a rate of 70 %: 28 points.
        let pack = pack()
            .row("channels", "h7,330100,310,*,*,cross,referral|emergency,allow,,,,,,,,0.1,,2020-01-01,,g,")
            .row("channels", "h8,330100,310,*,*,cross,temporary,allow,,,,,,0.4,after,,,2020-01-01,,g,");
        insta::assert_snapshot!(texts(&pack, "L125"), @r"
        channels.csv:4:14 (prepay_rate): warning[L125]: active, outpatient, L3, another province, other temporary filing: 70 % at home, 42 % there above 0: 28 points, allowed 20 (NHSA and MoF notice 2022 No. 22)
          hint: a first self-payment of x % cuts rate times x % points; was a cut of points written as a factor or a prepay rate?
        channels.csv:4:14 (prepay_rate): 警告[L125]: active, outpatient, L3，跨省、其他临时备案：0 元以上本地 70%，异地 42%：降 28 个百分点，限 20（国家医保局、财政部医保发〔2022〕22号）
          建议：先行自付 x% 相当于降低“比例×x%”个百分点；请核对是否把百分点误写为系数或先行自付
        ");
    }

    #[test]
    fn own_tables() {
        let row = |id: &str, filing: &str, bands: &str| {
            format!("{id},330100,310,*,*,cross,{filing},*,all,none,,,,,visit_net,{bands},,,,,,,,1,2020-01-01,,g,")
        };
        let pack = pack()
            .row("bands", "x1,less11,0,0.59,")
            .row("bands", "x2,less20,0,0.5,")
            .row("benefits", &row("b7", "referral", "less11"))
            .row("benefits", &row("b8", "temporary|none", "less20"));
        insta::assert_snapshot!(texts(&pack, "L125"), @r"
        benefits.csv:3:16 (band_set): warning[L125]: active, outpatient, L3, another province, referral: 70 % at home, 59 % there above 0: 11 points, allowed 10 (NHSA and MoF notice 2022 No. 22)
          hint: a first self-payment of x % cuts rate times x % points; was a cut of points written as a factor or a prepay rate?
        benefits.csv:3:16 (band_set): 警告[L125]: active, outpatient, L3，跨省、转诊备案：0 元以上本地 70%，异地 59%：降 11 个百分点，限 10（国家医保局、财政部医保发〔2022〕22号）
          建议：先行自付 x% 相当于降低“比例×x%”个百分点；请核对是否把百分点误写为系数或先行自付
        ");
    }

    #[test]
    fn exactly_ten_and_twenty() {
        let pack = pack()
            .row("channels", "h7,330100,310,*,*,cross,referral|emergency,allow,,,,,,,,0.1,,2020-01-01,,g,")
            .row("channels", "h8,330100,310,*,*,cross,temporary|none,allow,,,,,,,,0.2,,2020-01-01,,g,");
        assert!(!codes(&pack).contains(&"L125"));
    }
}
