//! A finished run as it is: settlements grouped, added up, and put in order for medians.
//!
//! Rows come person by person, as `adjudicated.parquet` has them. A reversal and the settlement it takes back both stay
//! out: the row that it negates is the latest one of the person before it with the same rules and the opposite amounts.

use hashbrown::{HashMap, HashSet};

use super::population::PAID;
use super::published::{self, Group as Insured, Stays};
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::{Fen, round_signed};
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading, joined};

/// Text columns of a settlement that groups are made by, in the order of [`Settled::texts`].
pub const TEXTS: [&str; 7] = ["insutype", "pool", "med_class", "tier", "place", "filing", "benefit_rule"];

/// Money columns of a settlement, in the order of [`Settled::money`].
pub const MONEY: [&str; 11] = [
    "medfee_sumamt",
    "inscp_scp_amt",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
];

/// A settlement of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// `status`.
    pub status: String,
    /// The columns of [`TEXTS`].
    pub texts: [String; 7],
    /// `mdtrtarea_admvs`.
    pub treated: String,
    /// `enddate`.
    pub day: Date,
    /// The columns of [`MONEY`].
    pub money: [Fen; 11],
}

impl Settled {
    fn text(&self, column: usize) -> &str {
        &self.texts[column]
    }

    fn takes_back(&self, earlier: &Self) -> bool {
        earlier.status != "reversed"
            && earlier.texts == self.texts
            && earlier.money.iter().zip(&self.money).all(|(&theirs, &ours)| theirs == -ours)
    }
}

/// Settlements with the same keys.
#[derive(Debug, Default)]
struct Cluster {
    persons: u64,
    last_person: u64,
    denied: u64,
    money: [i128; 11],
    totals: Vec<i64>,
    parts: Vec<i64>,
}

/// Clusters by their keys, joined with a character that no word has.
#[derive(Debug, Default)]
struct Clusters(HashMap<Box<str>, Cluster>);

const APART: char = '\u{1f}';

impl Clusters {
    fn add(&mut self, keys: &[&str], person: u64, row: &Settled) {
        let mut name = String::new();
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                name.push(APART);
            }
            name.push_str(key);
        }
        let cluster = self.0.entry_ref(name.as_str()).or_default();
        if row.status == "denied" {
            cluster.denied += 1;
            return;
        }
        if cluster.last_person != person {
            cluster.last_person = person;
            cluster.persons += 1;
        }
        cluster.money.iter_mut().zip(&row.money).for_each(|(sum, fen)| *sum += i128::from(fen.0));
        cluster.totals.push(row.money[0].0);
        cluster.parts.push(row.money[10].0);
    }

    fn sheet(mut self, name: &'static str, title: Text, headings: &'static [Heading]) -> Sheet {
        let mut sheet = Sheet::new(name, title, headings);
        let mut names: Vec<Box<str>> = self.0.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            let cluster = self.0.remove(&name).expect("a key of the clusters");
            let keys = name.split(APART).map(Cell::text);
            sheet.put(keys.chain(cluster.cells()).collect());
        }
        sheet
    }
}

impl Cluster {
    fn cells(mut self) -> Vec<Cell> {
        let money = self.money;
        let count = self.totals.len() as u64;
        let mut cells = vec![Cell::count(count), Cell::count(self.persons), Cell::count(self.denied)];
        cells.extend(money.iter().map(|&fen| Cell::money(fen)));
        let [total, in_scope, .., funds, person] = money;
        cells.extend([Cell::share(funds, total), Cell::share(funds, in_scope), Cell::share(person, total)]);
        for (values, sum) in [(&mut self.totals, total), (&mut self.parts, person)] {
            values.sort_unstable();
            cells.push(Cell::Money((count > 0).then(|| round_signed(sum, i128::from(count)))));
            cells.extend([50, 90].map(|percent| Cell::Money(percentile(values, percent).map(i128::from))));
        }
        cells
    }
}

/// The value at a rank of sorted values, by nearest rank: the smallest one that so many percent do not exceed.
#[must_use]
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

/// What is said of every group.
const COUNTS: [Heading; 3] = [
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
    heading("persons", Kind::Count, "Persons", "人数"),
    heading("denied", Kind::Count, "Denied", "不予支付笔数"),
];

const SHARES: [Heading; 9] = [
    heading("fund_share_of_total", Kind::Share, "Funds of total", "基金占总额"),
    heading("fund_share_of_in_scope", Kind::Share, "Funds of in-scope", "基金占范围内"),
    heading("person_share", Kind::Share, "Person of total", "个人占总额"),
    heading("mean_total", Kind::Money, "Mean cost", "次均费用"),
    heading("median_total", Kind::Money, "Median cost", "费用中位数"),
    heading("p90_total", Kind::Money, "90th percentile of cost", "费用第 90 百分位"),
    heading("mean_person", Kind::Money, "Mean of the person", "次均个人负担"),
    heading("median_person", Kind::Money, "Median of the person", "个人负担中位数"),
    heading("p90_person", Kind::Money, "90th percentile of the person", "个人负担第 90 百分位"),
];

const MEASURES: [Heading; 23] = joined(&joined::<14>(&COUNTS, &PAID), &SHARES);

const POOL: Heading = heading("pool", Kind::Text, "Pool", "统筹区");
const INSUTYPE: Heading = heading("insutype", Kind::Text, "Insurance type", "险种");

/// Columns of `groups`.
pub const GROUPS: [Heading; 28] = joined(
    &[
        POOL,
        INSUTYPE,
        heading("med_class", Kind::Text, "Visit class", "医疗类别"),
        heading("tier", Kind::Text, "Level", "医院等级"),
        heading("place", Kind::Text, "Place", "就医地点"),
    ],
    &MEASURES,
);

/// Columns of `pools`.
pub const POOLS: [Heading; 25] = joined(&[POOL, INSUTYPE], &MEASURES);

/// Columns of `flows`.
pub const FLOWS: [Heading; 26] = joined(
    &[
        heading("insured_province", Kind::Text, "Insured in", "参保省份"),
        heading("treatment_province", Kind::Text, "Treated in", "就医省份"),
        INSUTYPE,
    ],
    &MEASURES,
);

/// Columns of `months`.
pub const MONTHS: [Heading; 26] = joined(&[POOL, INSUTYPE, heading("month", Kind::Text, "Month", "月份")], &MEASURES);

/// A run as it is, in the making.
#[derive(Debug)]
pub struct Observed {
    admissions: HashSet<String>,
    person: u64,
    rows: Vec<Settled>,
    groups: Clusters,
    pools: Clusters,
    flows: Clusters,
    months: Clusters,
    stays: [Stays; 2],
    counts: Counts,
}

/// How many rows there were, and what of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Paid ones that stand.
    pub paid: u64,
    /// Denied ones that stand.
    pub denied: u64,
    /// Reversals, and what they take back.
    pub reversed: u64,
    /// Reversals among them of a settlement that this run does not have.
    pub reversed_earlier: u64,
}

/// Tables of a run as it is.
#[derive(Debug)]
pub struct ObservedSheets {
    /// Rows.
    pub counts: Counts,
    /// `groups, pools, flows, months, national`.
    pub sheets: Vec<Sheet>,
}

impl Observed {
    /// Nothing yet; `admissions` are the visit classes that are stays.
    #[must_use]
    pub fn new(admissions: HashSet<String>) -> Self {
        Self {
            admissions,
            person: 0,
            rows: Vec::new(),
            groups: Clusters::default(),
            pools: Clusters::default(),
            flows: Clusters::default(),
            months: Clusters::default(),
            stays: [Stays::default(); 2],
            counts: Counts::default(),
        }
    }

    /// One more settlement of the person.
    pub fn put(&mut self, row: Settled) {
        self.rows.push(row);
    }

    /// The person has no more settlements.
    pub fn end_person(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        self.person += 1;
        let rows = std::mem::take(&mut self.rows);
        self.counts.rows += rows.len() as u64;
        let mut stands = vec![true; rows.len()];
        for at in 0..rows.len() {
            if rows[at].status != "reversed" {
                continue;
            }
            stands[at] = false;
            self.counts.reversed += 1;
            match (0..at).rev().find(|&earlier| stands[earlier] && rows[at].takes_back(&rows[earlier])) {
                Some(original) => {
                    stands[original] = false;
                    self.counts.reversed += 1;
                }
                None => self.counts.reversed_earlier += 1,
            }
        }
        for (row, _) in rows.iter().zip(&stands).filter(|&(_, &stands)| stands) {
            self.add(row);
        }
        self.rows = rows;
        self.rows.clear();
    }

    fn add(&mut self, row: &Settled) {
        let [insutype, pool, med_class, tier, place] = [0, 1, 2, 3, 4].map(|column| row.text(column));
        let province = |code: &str| format!("{}0000", code.get(..2).unwrap_or_default());
        let (from, to) = (province(pool), province(&row.treated));
        let (year, month, _) = row.day.ymd();
        let month = format!("{year:04}-{month:02}");
        self.groups.add(&[pool, insutype, med_class, tier, place], self.person, row);
        self.pools.add(&[pool, insutype], self.person, row);
        self.flows.add(&[&from, &to, insutype], self.person, row);
        self.months.add(&[pool, insutype, &month], self.person, row);
        if row.status == "denied" {
            self.counts.denied += 1;
            return;
        }
        self.counts.paid += 1;
        if let Some(insured) = Insured::of(insutype).filter(|_| self.admissions.contains(med_class)) {
            let stays = &mut self.stays[insured as usize];
            stays.settlements += 1;
            stays.total += i128::from(row.money[0].0);
            stays.in_scope += i128::from(row.money[1].0);
            stays.funds += i128::from(row.money[9].0);
        }
    }

    /// The tables.
    ///
    /// # Panics
    /// If rows were lost.
    #[must_use]
    pub fn finish(mut self) -> ObservedSheets {
        self.end_person();
        let Counts { rows, paid, denied, reversed, .. } = self.counts;
        assert_eq!(rows, paid + denied + reversed, "every row stands or is half of a reversal");
        let stays = self.stays;
        let by = |en: &str, zh: &str| Text::new(en, zh);
        let pools = by("By pool and insurance type", "按统筹区与险种");
        let groups =
            by("By pool, insurance type, visit class, level and place", "按统筹区、险种、医疗类别、医院等级与地点");
        let flows = by("From the insured to the treatment province", "参保省份至就医省份的流向");
        let months =
            by("By pool, insurance type and month of discharge or service", "按统筹区、险种与出院（就诊）月份");
        ObservedSheets {
            counts: self.counts,
            sheets: vec![
                self.pools.sheet("pools", pools, &POOLS),
                self.groups.sheet("groups", groups, &GROUPS),
                self.flows.sheet("flows", flows, &FLOWS),
                self.months.sheet("months", months, &MONTHS),
                published::beside(|group| stays[group as usize]),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(status: &str, total: i64, funds: i64) -> Settled {
        let mut money = [Fen::ZERO; 11];
        money[0] = Fen(total);
        money[1] = Fen(total);
        money[2] = Fen(funds);
        money[9] = Fen(funds);
        money[10] = Fen(total - funds);
        let texts = ["310", "330100", "inpatient", "L3", "local", "none", "b1"].map(str::to_owned);
        Settled { status: status.into(), texts, treated: "310104".into(), day: Date(19_800), money }
    }

    #[test]
    fn a_reversal_takes_its_settlement_along() {
        let mut observed = Observed::new(HashSet::from(["inpatient".to_owned()]));
        for row in [settled("paid", 100, 60), settled("paid", 300, 200), settled("reversed", -300, -200)] {
            observed.put(row);
        }
        observed.end_person();
        observed.put(settled("reversed", -5, -5));
        observed.put(settled("denied", 40, 0));
        let found = observed.finish();
        assert_eq!(
            found.counts,
            Counts { rows: 5, paid: 1, denied: 1, reversed: 3, reversed_earlier: 1 },
            "the pair, and a reversal of an earlier run"
        );
        let pools = &found.sheets[0];
        assert_eq!(pools.rows.len(), 1);
        let cell = |name: &str| pools.rows[0][pools.column(name)].plain();
        assert_eq!([cell("settlements"), cell("denied"), cell("medfee_sumamt")], ["1", "1", "1.00"]);
        assert_eq!(cell("fund_share_of_total"), "0.600000");
        let flows = &found.sheets[2];
        assert_eq!(flows.rows[0][..2], [Cell::text("330000"), Cell::text("310000")]);
        let national = &found.sheets[4];
        assert_eq!(national.rows[0][national.column("run_share")].plain(), "0.600000");
    }

    #[test]
    fn percentiles_are_values_by_nearest_rank() {
        assert_eq!([50, 90, 100].map(|p| percentile(&[1, 2, 3, 4], p)), [Some(2), Some(4), Some(4)]);
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 10), Some(7));
    }
}
