//! Tables that are printed under the names of many places.

use hashbrown::HashMap;

use super::Check;
use super::context::{Context, hint, warn};
use super::offer::{Case, days, offer, people};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::money::{Fen, Rate};
use crate::rules::layout::Table;
use crate::rules::values::Band;

pub(super) const CHECK: Check = Check {
    code: "L130",
    title_en: "a table that is copied from place to place",
    title_zh: "各地互相抄用的模板分段表",
    run,
};

/// Bands by yuan and percent, and the place whose own table they are.
const BANDS: [(&[(i64, i64)], &str); 2] =
    [(&[(0, 88), (3_000, 90), (5_000, 92), (10_000, 95)], ""), (&[(1_300, 85), (30_000, 90), (40_000, 95)], "110000")];

/// One flat rate for each tier, by percent.
const TIERS: [i64; 4] = [60, 40, 30, 20];

fn run(context: &Context, found: &mut Vec<Diagnostic>) {
    let table = context.table(Table::Benefits);
    let mut at: Vec<Location> = Vec::new();
    for row in 0..table.rows.len() {
        let bands = context.book.bands(context.book.benefits[row].bands);
        let own = |home: &str| !home.is_empty() && table.cell(row, "pool") == home;
        let copied = BANDS.iter().any(|&(template, home)| is_template(bands, template) && !own(home));
        if copied && undocumented(context, row) {
            at.push(table.at(row, "band_set"));
        }
    }
    let flat = tier_templates(context).into_iter().filter(|&row| undocumented(context, row));
    at.extend(flat.map(|row| table.at(row, "band_set")));
    at.sort_unstable();
    at.dedup();
    for at in at {
        found.push(
            warn(
                CHECK.code,
                at,
                "these rates stand under the names of many places on the web: the row cites no numbered document",
                "该组比例在网上被套用于多个地区：本行未引用有文号的文件",
            )
            .hint(hint(
                "cite the local document with its number in sources.csv, or do not use the row",
                "请在 sources.csv 登记当地文件及文号，否则不要采用",
            )),
        );
    }
}

/// The template begins at its first edge or at 0; further bands may follow.
fn is_template(bands: &[Band], template: &[(i64, i64)]) -> bool {
    let paying: Vec<&Band> = bands.iter().filter(|band| band.rate > Rate::default()).collect();
    paying.len() >= template.len()
        && paying.iter().zip(template).enumerate().all(|(index, (band, &(yuan, percent)))| {
            let edge = band.from == Fen(yuan * 100) || (index == 0 && band.from == Fen::ZERO);
            edge && band.rate == Rate(percent * 10_000)
        })
}

/// Benefit rows of a class whose tiers pay exactly the four flat rates.
fn tier_templates(context: &Context) -> Vec<usize> {
    let mut rows = Vec::new();
    for (number, realm) in context.world.realms.iter().enumerate() {
        for day in days(context, number) {
            for (psn_class, med_class) in people(realm, day) {
                let mut by_rate: HashMap<Rate, usize> = HashMap::new();
                for &(tier, ..) in &realm.tiers {
                    let case = Case { psn_class, med_class, tier: crate::model::symbol::Sym(tier as u32) };
                    if let Some(offer) = offer(context.book, realm, case.at_home(), day)
                        && let [band] = offer.bands[..]
                    {
                        by_rate.insert(band.rate, offer.benefit.row as usize);
                    }
                }
                let rates = TIERS.map(|percent| Rate(percent * 10_000));
                if by_rate.len() == rates.len() && rates.iter().all(|rate| by_rate.contains_key(rate)) {
                    rows.extend(by_rate.into_values());
                }
            }
        }
    }
    rows
}

fn undocumented(context: &Context, row: usize) -> bool {
    let source = context.table(Table::Benefits).cell(row, "source_id");
    context.source(source, "document_no").unwrap_or("").is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TextPack, codes, pack, texts};

    fn with(source: &str) -> TextPack {
        pack()
            .row("sources", "w,Web page,,,,,A")
            .row("bands", "x1,web,0,0.88,")
            .row("bands", "x2,web,3000,0.90,")
            .row("bands", "x3,web,5000,0.92,")
            .row("bands", "x4,web,10000,0.95,")
            .row(
                "benefits",
                &format!("b9,330100,310,*,*,*,*,*,all,none,,,,,visit_net,web,,,,,,,,1,2020-01-01,,{source},"),
            )
    }

    #[test]
    fn no_document() {
        insta::assert_snapshot!(texts(&with("w"), "L130"), @r"
        benefits.csv:3:16 (band_set): warning[L130]: these rates stand under the names of many places on the web: the row cites no numbered document
          hint: cite the local document with its number in sources.csv, or do not use the row
        benefits.csv:3:16 (band_set): 警告[L130]: 该组比例在网上被套用于多个地区：本行未引用有文号的文件
          建议：请在 sources.csv 登记当地文件及文号，否则不要采用
        ");
    }

    #[test]
    fn a_local_document() {
        assert!(!codes(&with("g")).contains(&"L130"));
    }

    #[test]
    fn flat_rates_by_tier() {
        let mut pack = pack().row("sources", "w,Web page,,,,,A");
        for (tier, rate) in [("ungraded", "0.6"), ("L1", "0.4"), ("L2", "0.3"), ("L3", "0.2")] {
            pack = pack.row("bands", &format!("x{tier},f{tier},0,{rate},")).row(
                "benefits",
                &format!("b{tier},330100,390,*,*,*,*,{tier},all,none,,,,,visit_net,f{tier},,,,,,,,1,2020-01-01,,w,"),
            );
        }
        assert_eq!(codes(&pack).iter().filter(|code| **code == "L130").count(), 4);
    }
}
