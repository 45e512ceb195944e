//! A503: first digits of bills that no amounts of daily life have.

use std::any::Any;

use hashbrown::HashMap;

use super::peers::Codes;
use super::statistics::{first_digits, shown};
use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Person, World};
use super::{Check, Gather, Look};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::{Fen, Rate};
use crate::report::finding::{Finding, Standing, SubjectType, Value};

pub(super) const CHECK: Check = Check {
    code: "A503",
    title_zh: "金额首位数字异常（本福特定律）",
    title_en: "first digits (Benford)",
    severity: 1,
    standing: Standing::Lead,
    basis_zh: "本福特定律：自然形成的金额，首位数字为 d 的比例约为 log10(1+1/d)",
    basis_en: "Benford's law: amounts that come about by themselves begin with d in a share of log10(1+1/d)",
    needs: &[],
    partly: &[],
    thresholds: &[
        Threshold {
            key: "settlements",
            setting: Setting::Whole { default: 500, least: 50, most: 100_000_000 },
            en: "settlements that the institution must have, at least",
            zh: "机构结算笔数下限",
        },
        Threshold {
            key: "deviation",
            setting: Setting::Decimal { default: Rate(15_000), least: Rate(0), most: Rate(1_000_000) },
            en: "mean absolute deviation of the shares above which digits are unusual",
            zh: "首位数字占比平均绝对偏差超过该值",
        },
        Threshold {
            key: "p",
            setting: Setting::Decimal { default: Rate(1_000), least: Rate(0), most: Rate(1_000_000) },
            en: "p of the chi-square test below which they are no chance",
            zh: "卡方检验 p 值低于该值",
        },
    ],
    look: Look::Population(|limits| Box::new(Digits { limits: limits.clone(), ..Digits::default() })),
};

/// Of one institution.
#[derive(Clone, Copy)]
struct Tally {
    counts: [u64; 9],
    fund: i128,
    last: Date,
}

#[derive(Default)]
struct Digits {
    limits: Limits,
    codes: Codes,
    tallies: HashMap<u32, Tally>,
}

const NOTHING: Tally = Tally { counts: [0; 9], fund: 0, last: Date::MIN };

impl Gather for Digits {
    fn see(&mut self, person: &Person) {
        for settlement in person.settlements.iter().filter(|settlement| settlement.stands()) {
            let total = settlement.claim.bill.total;
            if total <= Fen::ZERO {
                continue;
            }
            let tally = self.tallies.entry(self.codes.number(settlement.institution)).or_insert(NOTHING);
            tally.counts[first_digit(total) - 1] += 1;
            tally.fund += i128::from(settlement.fund().0);
            tally.last = tally.last.max(settlement.settled_on());
        }
    }

    fn merge(&mut self, later: Box<dyn Any>) {
        let later = later.downcast::<Self>().expect("of one check");
        let numbers = self.codes.take(&later.codes);
        for (number, more) in later.tallies {
            let tally = self.tallies.entry(numbers[number as usize]).or_insert(NOTHING);
            tally.counts.iter_mut().zip(more.counts).for_each(|(count, more)| *count += more);
            tally.fund += more.fund;
            tally.last = tally.last.max(more.last);
        }
    }

    fn finish(self: Box<Self>, _: &World) -> Vec<Finding> {
        let millionths = |key: &str| self.limits.decimal(key).0 as f64 / 1e6;
        let (least, most, p_most) = (self.limits.whole("settlements"), millionths("deviation"), millionths("p"));
        let mut found = Vec::new();
        for (&number, tally) in &self.tallies {
            let all = tally.counts.iter().sum::<u64>() as i64;
            if all < least {
                continue;
            }
            let (deviation, p) = first_digits(&tally.counts);
            if deviation <= most || p >= p_most {
                continue;
            }
            let message = Text::new(
                "Do the bills of this institution come from a price list or were amounts made up? Please show a sample of itemised lists; packages or fixed prices clear it.",
                "该机构的金额是自然形成还是人为编造？请提供费用清单抽样；打包收费或固定价格可排除。",
            );
            let mut finding = CHECK.finding(SubjectType::Institution, self.codes.code(number), message);
            finding.first_seen = tally.last;
            let counts = tally.counts.iter().map(|&count| Value::Count(count as i64));
            found.push(
                finding
                    .with("fixmedins_code", super::code(self.codes.code(number)))
                    .with("settlements", Value::Count(all))
                    .with("first_digits", Value::List(counts.collect()))
                    .with("deviation", Value::Number(shown(deviation)))
                    .with("p", Value::Number(shown(p)))
                    .at_risk(Fen(i64::try_from(tally.fund).unwrap_or(i64::MAX))),
            );
        }
        found
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// 1 to 9.
fn first_digit(amount: Fen) -> usize {
    let mut rest = amount.0.unsigned_abs();
    while rest >= 10 {
        rest /= 10;
    }
    rest as usize
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, ids, look};
    use super::*;

    /// 500 bills, of which each begins with a digit by Benford's law, or with 5 to 9.
    fn scene(invented: bool, rows: u64) -> Scene {
        let mut scene = Scene::new();
        for row in 0..rows {
            let digit = if invented {
                5 + row % 5
            } else {
                // 10^x of evenly spread x is what the law describes.
                10_f64.powf((row as f64 + 0.5) / rows as f64) as u64
            };
            scene.row(&row.to_string()).person(&format!("P{row}")).paid_in_full((digit * 100 + row % 100) as i64, 10);
        }
        scene
    }

    #[test]
    fn invented_amounts() {
        let found = look(&CHECK, &scene(true, 500), "");
        assert_eq!(ids(&found), ["H1"]);
        assert_eq!(found[0].amount, Fen(5_000));
        assert_eq!(look(&CHECK, &scene(true, 499), ""), []);
        assert_eq!(look(&CHECK, &scene(false, 500), ""), []);
    }

    #[test]
    fn first_digits_of_amounts() {
        for (amount, digit) in [(1, 1), (9, 9), (10, 1), (12_345, 1), (98_765, 9), (i64::MAX, 9)] {
            assert_eq!(first_digit(Fen(amount)), digit, "{amount}");
        }
    }
}
