//! The balance of a run: every row in is one row out, in count and in money.

use serde_json::{Map, Value, json};

use crate::columnar::schema::{ADJUDICATED as COLUMNS, FIRST_MONEY, MONEY_COLUMNS};
use crate::model::outcome::{Reason, Reasons, Status};

/// Rows and their `medfee_sumamt`, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Sum of their totals in fen.
    pub total_fen: i128,
}

impl Tally {
    /// One more row.
    #[inline]
    pub fn add(&mut self, total_fen: i64) {
        self.rows += 1;
        self.total_fen += i128::from(total_fen);
    }

    /// All of another tally.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.total_fen += other.total_fen;
    }
}

/// Statuses that have rows in `adjudicated.parquet`.
pub const ADJUDICATED: [Status; 3] = [Status::Paid, Status::Denied, Status::Reversed];

/// What was counted while rows were adjudicated and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// By status, in the order of [`Status::ALL`].
    pub by_status: [Tally; 5],
    /// Rows by reason, in the order of [`Reason::ALL`].
    pub by_reason: Vec<u64>,
    /// Sums of the money columns of [`ADJUDICATED`] rows, by status.
    pub money: [[i128; MONEY_COLUMNS]; 3],
}

impl Default for Balance {
    fn default() -> Self {
        Self { by_status: Default::default(), by_reason: vec![0; Reason::ALL.len()], money: [[0; MONEY_COLUMNS]; 3] }
    }
}

impl Balance {
    /// Counts a row's reasons.
    pub fn count_reasons(&mut self, reasons: Reasons) {
        for reason in reasons.iter() {
            self.by_reason[reason as usize] += 1;
        }
    }

    /// All of another balance.
    pub fn merge(&mut self, other: &Self) {
        self.by_status.iter_mut().zip(&other.by_status).for_each(|(mine, other)| mine.merge(other));
        self.by_reason.iter_mut().zip(&other.by_reason).for_each(|(mine, other)| *mine += other);
        for (mine, other) in self.money.iter_mut().flatten().zip(other.money.iter().flatten()) {
            *mine += other;
        }
    }

    /// Everything that came out.
    #[must_use]
    pub fn out(&self) -> Tally {
        let mut sum = Tally::default();
        self.by_status.iter().for_each(|tally| sum.merge(tally));
        sum
    }

    /// The tally of a status.
    #[must_use]
    pub fn of(&self, status: Status) -> Tally {
        self.by_status[status as usize]
    }

    /// The sum of a money column over all adjudicated rows.
    #[must_use]
    pub fn money_sum(&self, column: usize) -> i128 {
        self.money.iter().map(|sums| sums[column]).sum()
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Everything that came in.
    pub rows_in: Tally,
    /// What became of it.
    pub balance: Balance,
    /// Persons with a row.
    pub persons: u64,
}

/// Position of a money column among the sums, if it is one.
#[must_use]
pub fn money_column(name: &str) -> Option<usize> {
    (0..MONEY_COLUMNS).find(|&index| COLUMNS[FIRST_MONEY + index].0 == name)
}

/// Fen as yuan with two decimals.
#[must_use]
pub fn yuan(fen: i128) -> String {
    let magnitude = fen.unsigned_abs();
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, magnitude / 100, magnitude % 100)
}

fn tally(tally: Tally) -> Value {
    json!({"rows": tally.rows, "medfee_sumamt": yuan(tally.total_fen)})
}

/// Rows in = paid + denied + reversed + pended + rejected.
#[must_use]
pub fn to_json(summary: &Summary) -> Value {
    let mut out = Map::new();
    out.insert("in".to_owned(), tally(summary.rows_in));
    for &status in Status::ALL {
        out.insert(status.word().to_owned(), tally(summary.balance.of(status)));
    }
    out.insert("out".to_owned(), tally(summary.balance.out()));
    out.insert("balanced".to_owned(), json!(summary.balance.out() == summary.rows_in));
    Value::Object(out)
}

/// Rows by reason, in reporting order; a row with two reasons counts under both.
#[must_use]
pub fn reasons_to_json(summary: &Summary) -> Value {
    let counted = Reason::ALL.iter().zip(&summary.balance.by_reason).filter(|(_, rows)| **rows > 0);
    Value::Object(counted.map(|(reason, rows)| (reason.word().to_owned(), json!(rows))).collect())
}

/// Sums of the money columns over paid, denied and reversed rows, in yuan.
#[must_use]
pub fn money_to_json(summary: &Summary) -> Value {
    let sums = (0..MONEY_COLUMNS)
        .map(|column| (COLUMNS[FIRST_MONEY + column].0.to_owned(), json!(yuan(summary.balance.money_sum(column)))));
    Value::Object(sums.collect())
}
