//! The slow reference, night after night: what a ledger must hold, from the definition alone. It knows nothing of
//! files: state is what persons have, a night is its rows, and each rule of sections 4 to 6 that speaks of the
//! ledger is a paragraph here.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::ledger_nights::{Closing, Given};
use crate::reference::{Done, Inputs, Row, read_claim, rejections, reverse, settle};
use crate::reference_books::{Balances, YearBook};
use crate::reference_derive::Claim;
use crate::reference_rules::{Day, money, value};
use crate::support::Record;
use crate::table::{self, Rec};

/// File and data row.
pub type Origin = (String, usize);
/// Place in a person's order.
type Place = ((Day, u32), String);

/// What a night reads that no night before it has read.
#[derive(Default)]
pub struct NightInputs {
    pub inputs: Inputs,
    origins: Vec<Origin>,
    /// Names of files of claims that were left out.
    pub skipped: Vec<String>,
}

/// The nights as the model reads them: a file of claims or of balances is read once, known by its content.
pub fn inputs_of(nights: &[Given]) -> Vec<NightInputs> {
    let (mut claims_seen, mut accounts_seen) = (BTreeSet::new(), BTreeSet::new());
    let one = |given: &Given| {
        let table = |name: &str| given.0.get(name).map(|text| table::parse(text));
        let rules = given.0.iter().filter_map(|(path, text)| {
            Some((path.strip_prefix("rules/")?.strip_suffix(".csv")?.to_owned(), table::parse(text)))
        });
        let mut night = NightInputs::default();
        let mut read: Vec<&str> = Vec::new();
        for (name, text) in given.claims() {
            if claims_seen.contains(text) {
                night.skipped.push(name.to_owned());
                continue;
            }
            read.push(text);
            for (row, claim) in table::parse(text).into_iter().enumerate() {
                night.inputs.claims.push(claim);
                night.origins.push((name.to_owned(), row + 1));
            }
        }
        claims_seen.extend(read.into_iter().map(str::to_owned));
        let accounts = given.0.get("balances.csv").filter(|text| accounts_seen.insert((*text).clone()));
        night.inputs = Inputs {
            rules: rules.collect(),
            claims: std::mem::take(&mut night.inputs.claims),
            enrolments: table("enrolments.csv"),
            filings: table("filings.csv"),
            institutions: table("institutions.csv"),
            accounts: accounts.map(|text| table::parse(text)),
            marks: table("marks.csv"),
        };
        night
    };
    nights.iter().map(one).collect()
}

/// A pended row that waits.
struct Open<'a> {
    row: &'a Rec,
    origin: Origin,
    since: usize,
}

#[derive(Default)]
struct Person<'a> {
    balances: Balances,
    /// Paid and denied settlements and reversals.
    done: Vec<Done<'a>>,
    open: Vec<Open<'a>>,
    last: Option<Place>,
}

/// What became of one row this night.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub row: Row,
    /// Its place lies before a settlement of an earlier night.
    pub late: bool,
    /// The night since which a pended row waits; 0 for other rows.
    pub since: usize,
}

/// A night by the model.
#[derive(Default)]
pub struct NightAnswer {
    pub rows: BTreeMap<Origin, Answer>,
    pub retried: usize,
    pub replaced: usize,
    pub late: usize,
}

/// All persons.
#[derive(Default)]
pub struct Model<'a> {
    persons: BTreeMap<&'a str, Person<'a>>,
    nights: usize,
}

impl<'a> Model<'a> {
    /// Adds a night.
    pub fn night(&mut self, night: &'a NightInputs) -> NightAnswer {
        self.nights += 1;
        let number = self.nights;
        let inputs = &night.inputs;
        // A table given is right about the persons it names.
        for row in inputs.accounts.iter().flatten() {
            let (psn_no, balance) = (value(row, "psn_no").expect("a person"), value(row, "balc").and_then(money));
            let person = self.persons.entry(psn_no).or_default();
            person.balances.account = balance.expect("a balance").max(Decimal::ZERO);
        }
        let mut answer = NightAnswer::default();
        let mut fresh: BTreeMap<&str, Vec<(Claim, Origin)>> = BTreeMap::new();
        let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (at, row) in inputs.claims.iter().enumerate() {
            let reasons = self.rejections(row, &mut pairs);
            if reasons.is_empty() {
                let claim = read_claim(&inputs.rules, row, at + 1);
                fresh.entry(claim.psn_no).or_default().push((claim, night.origins[at].clone()));
            } else {
                let rejected = Row { status: "rejected".into(), reasons: reasons.join("|"), ..Row::default() };
                answer.rows.insert(night.origins[at].clone(), Answer { row: rejected, ..Answer::default() });
            }
        }
        for psn_no in fresh.keys() {
            self.persons.entry(psn_no).or_default();
        }
        for (psn_no, person) in &mut self.persons {
            person.night(number, inputs, fresh.remove(psn_no).unwrap_or_default(), &mut answer);
        }
        answer
    }

    /// All reasons for rejecting a row.
    fn rejections(&self, row: &'a Rec, pairs: &mut BTreeSet<(&'a str, &'a str)>) -> Vec<&'static str> {
        let pair = value(row, "setl_id").zip(value(row, "psn_no"));
        let duplicate = pair.is_some_and(|pair| !pairs.insert(pair));
        let mut reasons = rejections(row, duplicate);
        let is_settled = |(id, psn_no): (&str, &str)| {
            self.persons.get(psn_no).is_some_and(|person| person.done.iter().any(|done| done.claim.setl_id == id))
        };
        if pair.is_some_and(is_settled) {
            reasons.push("R-SETTLED");
        }
        reasons
    }

    /// What the ledger must say of everybody now.
    pub fn closing(&self) -> Closing {
        let mut closing = Closing::default();
        for (psn_no, person) in &self.persons {
            for ((pool, insutype, year), book) in &person.balances.years {
                let key = [("psn_no", (*psn_no).to_owned()), ("pool", pool.clone()), ("insutype", insutype.clone())];
                let key: Record = key.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
                let key = with(&key, &[("benefit_year", year.to_string())]);
                closing.usage.extend(usage(&key, book));
            }
            for done in &person.done {
                closing.admissions.extend(admission(done));
            }
            let balance = yuan(person.balances.account);
            let [time, id] = match &person.last {
                Some((time, id)) => [clock(time), id.clone()],
                None => [String::new(), String::new()],
            };
            closing.persons.insert((*psn_no).to_owned(), [balance, time, id]);
        }
        closing
    }
}

impl<'a> Person<'a> {
    /// New rows and open items in the order of the person's settlements, on the state that the nights before left.
    fn night(&mut self, number: usize, inputs: &'a Inputs, fresh: Vec<(Claim<'a>, Origin)>, answer: &mut NightAnswer) {
        let with_row = |(claim, origin): (Claim<'a>, Origin)| {
            let row = claim.row;
            (claim, origin, row, number)
        };
        let mut rows: Vec<(Claim, Origin, &'a Rec, usize)> = fresh.into_iter().map(with_row).collect();
        for open in std::mem::take(&mut self.open) {
            let claim = read_claim(&inputs.rules, open.row, 0);
            // A new row with its number takes its place; the settlement has still been waiting as long.
            if let Some((.., since)) = rows.iter_mut().find(|(new, ..)| new.setl_id == claim.setl_id) {
                *since = open.since;
                answer.replaced += 1;
            } else {
                answer.retried += 1;
                rows.push((claim, open.origin, open.row, open.since));
            }
        }
        rows.sort_by(|(a, ..), (b, ..)| (a.time, a.setl_id).cmp(&(b.time, b.setl_id)));
        let before = self.last.clone();
        for (claim, origin, row, since) in rows {
            let (settled, moved) = if claim.reverses.is_some() {
                (reverse(&claim, &mut self.done, &mut self.balances), None)
            } else {
                settle(inputs, &claim, &mut self.balances)
            };
            if settled.status == "pended" {
                self.open.push(Open { row, origin: origin.clone(), since });
                answer.rows.insert(origin, Answer { row: settled, late: false, since });
                continue;
            }
            let place = (claim.time, claim.setl_id.to_owned());
            let late = before.as_ref().is_some_and(|before| place < *before);
            answer.late += usize::from(late);
            self.last = self.last.take().max(Some(place));
            answer.rows.insert(origin, Answer { row: settled.clone(), late, since: 0 });
            self.done.push(Done { claim, answer: settled, moved, reversed: false });
        }
    }
}

fn yuan(amount: Decimal) -> String {
    format!("{amount:.2}")
}

fn clock(time: &(Day, u32)) -> String {
    let (Day { year, month, day }, second) = time;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn with(row: &Record, cells: &[(&str, String)]) -> Record {
    let mut row = row.clone();
    row.extend(cells.iter().map(|(name, text)| ((*name).to_owned(), text.clone())));
    row
}

/// The rows of `accumulators.parquet` for a person's scheme and year, without those that are zero.
fn usage(key: &Record, book: &YearBook) -> Vec<Record> {
    const ZERO: Decimal = Decimal::ZERO;
    let mut rows = Vec::new();
    let mut push = |kind: &str, accumulator: &str, counts: [i64; 3], amounts: [Decimal; 4]| {
        let [month, layer, admissions] = counts;
        if admissions == 0 && amounts == [ZERO; 4] {
            return;
        }
        let [deductible, base, pool_base, paid] = amounts.map(yuan);
        rows.push(with(
            key,
            &[
                ("kind", kind.to_owned()),
                ("accumulator", accumulator.to_owned()),
                ("month", month.to_string()),
                ("layer", layer.to_string()),
                ("admissions", admissions.to_string()),
                ("deductible_amt", deductible),
                ("base_amt", base),
                ("pool_base_amt", pool_base),
                ("paid_amt", paid),
            ],
        ));
    };
    push("scheme", "", [0; 3], [ZERO, ZERO, ZERO, book.counted_to_cap]);
    for (name, bucket) in &book.buckets {
        let amounts = [bucket.deductible, bucket.base_year, bucket.entered, bucket.paid_year];
        push("bucket", name, [0, 0, bucket.admissions], amounts);
        for (month, base) in &bucket.base_month {
            let yyyymm = i64::from(month.0) * 100 + i64::from(month.1);
            let paid = bucket.paid_month.get(month).copied().unwrap_or_default();
            push("month", name, [yyyymm, 0, 0], [ZERO, *base, ZERO, paid]);
        }
    }
    for (layer, (base, paid)) in &book.layers {
        push("layer", "", [0, i64::from(*layer), 0], [ZERO, *base, ZERO, *paid]);
    }
    rows
}

/// The row of `admissions.parquet` of a settlement that was counted and not taken back.
fn admission(done: &Done) -> Option<Record> {
    let moved = done.moved.as_ref().filter(|moved| moved.admission && !done.reversed)?;
    let (pool, insutype, year) = &moved.year;
    let text = |column: &str| value(done.claim.row, column).unwrap_or_default().to_owned();
    let Day { year: y, month, day } = done.claim.end;
    let cells = [
        ("psn_no", text("psn_no")),
        ("pool", pool.clone()),
        ("insutype", insutype.clone()),
        ("benefit_year", year.to_string()),
        ("accumulator", moved.deductible_bucket.clone()),
        ("enddate", format!("{y:04}-{month:02}-{day:02}")),
        ("fixmedins_code", text("fixmedins_code")),
        ("mdtrt_id", text("mdtrt_id")),
        ("setl_id", text("setl_id")),
        ("act_pay_dedc", yuan(moved.deductible)),
    ];
    Some(cells.into_iter().map(|(name, text)| (name.to_owned(), text)).collect())
}
