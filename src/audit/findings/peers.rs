//! Institutions among their peers: sums of settlements of one kind, tier, treatment province and month.

use hashbrown::HashMap;

use super::statistics::robust;
use super::thresholds::{Limits, Setting, Threshold};
use super::view::{Settlement, World, text};
use super::{Check, word};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::{Fen, Rate};
use crate::model::symbol::Sym;
use crate::report::finding::{Finding, SubjectType, Value};

/// Codes by number.
#[derive(Debug, Default)]
pub(super) struct Codes {
    numbers: HashMap<Box<[u8]>, u32>,
    codes: Vec<Box<[u8]>>,
}

impl Codes {
    /// The number of a code.
    pub(super) fn number(&mut self, code: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(code) {
            return number;
        }
        let number = u32::try_from(self.codes.len()).expect("fewer than 2^32 codes");
        self.numbers.insert(code.into(), number);
        self.codes.push(code.into());
        number
    }

    /// The code of a number.
    pub(super) fn code(&self, number: u32) -> &[u8] {
        &self.codes[number as usize]
    }

    /// The numbers here of the codes of another list.
    pub(super) fn take(&mut self, other: &Self) -> Vec<u32> {
        other.codes.iter().map(|code| self.number(code)).collect()
    }
}

/// Whom an institution is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cohort {
    med_class: Sym,
    tier: Sym,
    province: u32,
    /// Month of `enddate`: year x 12 + month - 1.
    month: i32,
}

impl Cohort {
    /// In words; also what tells the findings of one institution apart.
    pub(super) fn shown(&self, world: &World) -> String {
        let vocab = &world.words.book.vocab;
        let (class, tier) = (vocab.med_class.word(self.med_class), vocab.tier.word(self.tier));
        let (year, month) = (self.month.div_euclid(12), self.month.rem_euclid(12) + 1);
        format!("{class}/{tier}/{:02}/{year:04}-{month:02}", self.province)
    }
}

/// Sums of an institution in a cohort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    /// Settlements.
    pub count: i64,
    /// Sum of what is measured.
    pub measure: i128,
    /// Fund money.
    pub fund: i128,
    /// The last day of settlement.
    pub last: Date,
}

/// Sums of all institutions.
#[derive(Debug, Default)]
pub(super) struct Peers {
    codes: Codes,
    tallies: HashMap<(Cohort, u32), Tally>,
}

/// An institution that stands out.
pub(super) struct Outlier {
    /// `fixmedins_code`
    pub institution: Box<[u8]>,
    /// Among whom.
    pub cohort: Cohort,
    /// Its sums.
    pub tally: Tally,
    /// Its value.
    pub value: i64,
    /// The median of the peers.
    pub median: i64,
    /// Its robust z, in millionths.
    pub score: i64,
    /// How many they are.
    pub peers: i64,
}

impl Outlier {
    /// A finding about it with what every such check tells.
    pub(super) fn finding(&self, check: &Check, world: &World, message: Text) -> Finding {
        let mut finding = check.finding(SubjectType::Institution, &self.institution, message);
        finding.case = self.cohort.shown(world).into();
        finding.first_seen = self.tally.last;
        finding
            .with("fixmedins_code", Value::Text(text(&self.institution)))
            .with("peers", word(self.cohort.shown(world)))
            .with("institutions", Value::Count(self.peers))
            .with("settlements", Value::Count(self.tally.count))
            .with("robust_z", word(Rate(self.score).to_string()))
    }

    /// The part of its fund money by which its value is above the median.
    pub(super) fn excess(&self) -> Fen {
        let above = i128::from(self.value - self.median);
        let part = self.tally.fund * above / i128::from(self.value.max(1));
        Fen(i64::try_from(part.max(0)).unwrap_or(i64::MAX))
    }
}

/// The thresholds that both checks have.
pub(super) const THRESHOLDS: [Threshold; 3] = [
    Threshold {
        key: "institutions",
        setting: Setting::Whole { default: 10, least: 3, most: 100_000 },
        en: "institutions that must be peers, at least",
        zh: "可比机构数下限",
    },
    Threshold {
        key: "settlements",
        setting: Setting::Whole { default: 30, least: 1, most: 1_000_000 },
        en: "settlements that each of them must have, at least",
        zh: "各机构结算笔数下限",
    },
    Threshold {
        key: "robust_z",
        setting: Setting::Decimal { default: Rate(3_500_000), least: Rate(0), most: Rate(1_000_000_000) },
        en: "robust z above which an institution stands out",
        zh: "稳健 z 值超过该值即列出",
    },
];

impl Peers {
    /// Takes in a settlement that the rules know.
    pub(super) fn add(&mut self, settlement: &Settlement, measure: i64, fund: Fen) {
        let Some(seen) = settlement.seen else { return };
        let claim = settlement.claim;
        let (year, month, _) = claim.enddate.ymd();
        let cohort = Cohort {
            med_class: seen.keys.med_class,
            tier: seen.keys.tier,
            province: claim.treated.province_digits(),
            month: year * 12 + month as i32 - 1,
        };
        let key = (cohort, self.codes.number(settlement.institution));
        let one =
            Tally { count: 1, measure: i128::from(measure), fund: i128::from(fund.0), last: settlement.settled_on() };
        self.put(key, one);
    }

    fn put(&mut self, key: (Cohort, u32), more: Tally) {
        let tally = self.tallies.entry(key).or_insert(Tally { count: 0, measure: 0, fund: 0, last: Date::MIN });
        tally.count += more.count;
        tally.measure += more.measure;
        tally.fund += more.fund;
        tally.last = tally.last.max(more.last);
    }

    /// Takes in the sums of later persons.
    pub(super) fn merge(&mut self, later: Self) {
        let numbers = self.codes.take(&later.codes);
        for ((cohort, institution), tally) in later.tallies {
            self.put((cohort, numbers[institution as usize]), tally);
        }
    }

    /// The institutions that stand out by a value.
    pub(super) fn outliers(self, limits: &Limits, value: fn(&Tally) -> i64) -> Vec<Outlier> {
        let (least, each) = (limits.whole("institutions"), limits.whole("settlements"));
        let most = limits.decimal("robust_z").0;
        let mut tallies: Vec<((Cohort, u32), Tally)> =
            self.tallies.into_iter().filter(|(_, tally)| tally.count >= each).collect();
        tallies.sort_unstable_by_key(|&(key, _)| key);
        let mut found = Vec::new();
        for peers in tallies.chunk_by(|a, b| a.0.0 == b.0.0) {
            if (peers.len() as i64) < least {
                continue;
            }
            let values: Vec<i64> = peers.iter().map(|(_, tally)| value(tally)).collect();
            let Some(scores) = robust(&values) else { continue };
            for ((&((cohort, institution), tally), scored), &value) in peers.iter().zip(&scores).zip(&values) {
                if scored.score > most {
                    found.push(Outlier {
                        institution: self.codes.code(institution).into(),
                        cohort,
                        tally,
                        value,
                        median: scored.median,
                        score: scored.score,
                        peers: peers.len() as i64,
                    });
                }
            }
        }
        found
    }
}
