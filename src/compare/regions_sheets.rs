//! The claims under every pool, as tables.

use std::cmp::Reverse;

use super::population::Paid;
use super::regions::{Pair, Regions, Spread};
use crate::diagnostic::Text;
use crate::model::outcome::Reason;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading, share};
use crate::rules::pack::RulePack;
use crate::rules::show::name_of;

const INSUTYPE: Heading = heading("insutype", Kind::Text, "Insurance type", "险种");
const ANSWERED: Heading = heading("answered", Kind::Count, "Answered", "可比笔数");
const UNANSWERED: Heading = heading("unanswered", Kind::Count, "Not answered", "无规则笔数");
const TOTAL: Heading = heading("medfee_sumamt", Kind::Money, "Total cost", "医疗费总额");
const IN_SCOPE: Heading = heading("inscp_scp_amt", Kind::Money, "Within scope", "政策范围内费用");
const FUND_SHARE_OWN: Heading =
    heading("fund_share_own", Kind::Share, "Funds of in-scope, own rules", "基金占范围内（本地规则）");
const FUND_SHARE_AS_IF: Heading =
    heading("fund_share_as_if", Kind::Share, "Funds of in-scope, these rules", "基金占范围内（该地规则）");
const PERSON_SHARE_OWN: Heading =
    heading("person_share_own", Kind::Share, "Person of total, own rules", "个人占总额（本地规则）");
const PERSON_SHARE_AS_IF: Heading =
    heading("person_share_as_if", Kind::Share, "Person of total, these rules", "个人占总额（该地规则）");

/// Columns of `matrix`.
pub const MATRIX: [Heading; 15] = [
    INSUTYPE,
    heading("insured_pool", Kind::Text, "Insured in", "参保统筹区"),
    heading("rules_pool", Kind::Text, "Rules of", "规则统筹区"),
    ANSWERED,
    UNANSWERED,
    TOTAL,
    IN_SCOPE,
    heading("funds_own", Kind::Money, "Funds, own rules", "基金支付（本地规则）"),
    heading("funds_as_if", Kind::Money, "Funds, these rules", "基金支付（该地规则）"),
    heading("person_own", Kind::Money, "Person, own rules", "个人负担（本地规则）"),
    heading("person_as_if", Kind::Money, "Person, these rules", "个人负担（该地规则）"),
    FUND_SHARE_OWN,
    FUND_SHARE_AS_IF,
    PERSON_SHARE_OWN,
    PERSON_SHARE_AS_IF,
];

/// Columns of `ranking`.
pub const RANKING: [Heading; 17] = [
    INSUTYPE,
    heading("rank", Kind::Count, "Rank", "名次"),
    heading("rules_pool", Kind::Text, "Rules of", "规则统筹区"),
    heading("name_zh", Kind::Text, "Name in Chinese", "中文名称"),
    heading("name_en", Kind::Text, "Name", "英文名称"),
    ANSWERED,
    UNANSWERED,
    TOTAL,
    IN_SCOPE,
    FUND_SHARE_OWN,
    FUND_SHARE_AS_IF,
    heading("gain", Kind::Share, "Gain", "增减"),
    PERSON_SHARE_OWN,
    PERSON_SHARE_AS_IF,
    heading("person_p10", Kind::Share, "Person, 10th percentile", "个人占比第 10 百分位"),
    heading("person_p50", Kind::Share, "Person, median", "个人占比中位数"),
    heading("person_p90", Kind::Share, "Person, 90th percentile", "个人占比第 90 百分位"),
];

/// Columns of `unanswered`.
pub const UNANSWERED_BY_REASON: [Heading; 5] = [
    INSUTYPE,
    heading("insured_pool", Kind::Text, "Insured in", "参保统筹区"),
    heading("rules_pool", Kind::Text, "Rules of", "规则统筹区"),
    heading("reason", Kind::Text, "Reason", "原因"),
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
];

fn shares(pair: &Pair) -> [Cell; 4] {
    let bills = pair.bills;
    let fund = |paid: Paid| Cell::share(paid.funds, bills.in_scope);
    let person = |paid: Paid| Cell::share(paid.person, bills.total);
    [fund(pair.own), fund(pair.as_if), person(pair.own), person(pair.as_if)]
}

impl Regions {
    /// `matrix, ranking, unanswered, outside`.
    #[must_use]
    pub fn sheets<'a>(&self, pack: &RulePack, word: impl Fn(Insutype) -> &'a str) -> Vec<Sheet> {
        vec![self.ranking(pack, &word), self.matrix(&word), self.unanswered(&word), self.outside.sheet(self.compared)]
    }

    fn matrix<'a>(&self, word: &impl Fn(Insutype) -> &'a str) -> Sheet {
        let title = Text::new("Persons of every pool under the rules of every pool", "各统筹区参保人适用各地规则");
        let mut sheet = Sheet::new("matrix", title, &MATRIX);
        for ((insutype, insured), pairs) in self.rows() {
            for (pool, pair) in self.pools.iter().zip(pairs) {
                let Pair { bills, own, as_if, unanswered, .. } = pair;
                let mut row = vec![
                    Cell::text(word(insutype)),
                    Cell::text(insured.to_string()),
                    Cell::text(pool.to_string()),
                    Cell::count(bills.settlements),
                    Cell::count(*unanswered),
                ];
                let money = [bills.total, bills.in_scope, own.funds, as_if.funds, own.person, as_if.person];
                row.extend(money.map(Cell::money));
                row.extend(shares(pair));
                sheet.put(row);
            }
        }
        sheet
    }

    /// Everybody of an insurance type under each pool. Pools answer different settlements, so they are ranked by what
    /// the funds pay more of the same settlements than under the own rules.
    fn ranking<'a>(&self, pack: &RulePack, word: &impl Fn(Insutype) -> &'a str) -> Sheet {
        let title = Text::new(
            "Pools by what their rules pay of the in-scope cost, against the own rules of the same settlements",
            "各地规则的基金支付比例排名：同一批结算与参保地规则相比",
        );
        let mut sheet = Sheet::new("ranking", title, &RANKING);
        let mut types: Vec<Insutype> = self.rows().map(|((insutype, _), _)| insutype).collect();
        types.dedup();
        for insutype in types {
            let mut whole = vec![Pair::default(); self.pools.len()];
            for (_, pairs) in self.rows().filter(|((of, _), _)| *of == insutype) {
                whole.iter_mut().zip(pairs).for_each(|(whole, pair)| whole.merge(pair));
            }
            let spreads = self.spreads(insutype);
            let mut ranked: Vec<(Option<i64>, Admdvs, &Pair, &Spread)> = (0..self.pools.len())
                .map(|pool| (gain(&whole[pool]), self.pools[pool], &whole[pool], &spreads[pool]))
                .collect();
            ranked.sort_by_key(|&(gain, pool, ..)| (Reverse(gain), pool));
            for (index, (gain, pool, pair, spread)) in ranked.into_iter().enumerate() {
                let name = name_of(pack, pool);
                // A pool that answers nothing has no rank.
                let rank = gain.map_or(0, |_| index as u64 + 1);
                let [fund_own, fund_as_if, person_own, person_as_if] = shares(pair);
                let mut row = vec![
                    Cell::text(word(insutype)),
                    Cell::count(rank),
                    Cell::text(pool.to_string()),
                    Cell::text(name.zh),
                    Cell::text(name.en),
                    Cell::count(pair.bills.settlements),
                    Cell::count(pair.unanswered),
                    Cell::money(pair.bills.total),
                    Cell::money(pair.bills.in_scope),
                    fund_own,
                    fund_as_if,
                    Cell::Share(gain),
                    person_own,
                    person_as_if,
                ];
                row.extend([10, 50, 90].map(|percent| Cell::Share(spread.percentile(percent))));
                sheet.put(row);
            }
        }
        sheet
    }

    fn unanswered<'a>(&self, word: &impl Fn(Insutype) -> &'a str) -> Sheet {
        let title =
            Text::new("Settlements that a pool's rules do not answer, by reason", "该地规则无法计算的结算，按原因");
        let mut sheet = Sheet::new("unanswered", title, &UNANSWERED_BY_REASON);
        for ((insutype, insured), pairs) in self.rows() {
            for (pool, pair) in self.pools.iter().zip(pairs) {
                for (&reason, &count) in Reason::ALL.iter().zip(&pair.by_reason).filter(|&(_, &count)| count > 0) {
                    sheet.put(vec![
                        Cell::text(word(insutype)),
                        Cell::text(insured.to_string()),
                        Cell::text(pool.to_string()),
                        Cell::text(reason.word()),
                        Cell::count(count),
                    ]);
                }
            }
        }
        sheet
    }
}

/// What the funds pay more of the in-scope cost than under the own rules.
fn gain(pair: &Pair) -> Option<i64> {
    share(pair.as_if.funds - pair.own.funds, pair.bills.in_scope)
}
