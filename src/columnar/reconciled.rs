//! The columns of the outputs of reconciliation, and the fields that are compared.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::schema::{Kind, fields};

/// The fields that are compared, in the order in which they are reported.
pub const COMPARED: [&str; 12] = [
    "act_pay_dedc",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "psn_cash_pay",
];

/// Number of compared fields.
pub const FIELDS: usize = COMPARED.len();

/// The compared fields with one more before one of them.
#[must_use]
pub const fn with(name: &'static str, before: usize) -> [&'static str; FIELDS + 1] {
    let mut names = [name; FIELDS + 1];
    let mut field = 0;
    while field < FIELDS {
        names[if field < before { field } else { field + 1 }] = COMPARED[field];
        field += 1;
    }
    names
}

/// Positions in [`COMPARED`].
pub mod field {
    /// `act_pay_dedc`
    pub const DEDUCTIBLE: usize = 0;
    /// `hifp_pay`
    pub const BASIC: usize = 1;
    /// The first of the layers' payers.
    pub const FIRST_PAYER: usize = 2;
    /// `fund_pay_sumamt`
    pub const FUNDS: usize = 8;
    /// `psn_part_amt`
    pub const PERSON: usize = 9;
    /// `acct_pay`
    pub const ACCOUNT: usize = 10;
    /// `psn_cash_pay`
    pub const CASH: usize = 11;
}

/// A set of compared fields, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(pub u16);

impl FieldSet {
    /// No field.
    pub const NONE: Self = Self(0);
    /// Every field.
    pub const ALL: Self = Self((1 << FIELDS) - 1);

    /// Whether a field is in it.
    #[inline]
    #[must_use]
    pub const fn has(self, field: usize) -> bool {
        self.0 & (1 << field) != 0
    }

    /// Adds a field.
    #[inline]
    pub fn add(&mut self, field: usize) {
        self.0 |= 1 << field;
    }

    /// Fields of both.
    #[inline]
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Fields of either.
    #[inline]
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has none.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its fields, in their order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..FIELDS).filter(move |&field| self.has(field))
    }
}

/// The columns of `reconciliation.parquet` before those of the fields.
pub const HEAD: [(&str, Kind); 6] = [
    ("setl_id", Kind::Text),
    ("psn_no", Kind::Text),
    ("result", Kind::Integer),
    ("differing", Kind::Text),
    ("cause", Kind::Text),
    ("causes", Kind::Text),
];

/// What is said of every compared field.
pub const SIDES: [&str; 3] = ["computed", "paid", "diff"];

/// Names of the columns of `reconciliation.parquet` and `differences.csv`, in order.
#[must_use]
pub fn detail_names() -> Vec<String> {
    let fields = COMPARED.iter().flat_map(|field| SIDES.iter().map(move |side| format!("{side}_{field}")));
    HEAD.iter().map(|(name, _)| (*name).to_owned()).chain(fields).collect()
}

/// The schema of `reconciliation.parquet`. Money is null where a side does not have it.
#[must_use]
pub fn details() -> SchemaRef {
    let money = detail_names().split_off(HEAD.len());
    let money = money.into_iter().map(|name| Field::new(name, Kind::Money.data_type(), true));
    Arc::new(Schema::new(fields(&HEAD).into_iter().chain(money).collect::<Vec<_>>()))
}

/// Keys of the totals.
pub const TOTAL_KEYS: [&str; 5] = ["insutype", "clr_type", "clr_optins", "fixmedins_code", "setl_month"];

/// Money that is totalled, in order.
pub const TOTALLED: [&str; 10] = [
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "oth_pay",
];

/// Number of totalled amounts.
pub const TOTALS: usize = TOTALLED.len();

/// What is said of every total: both sides, what is left of the differences, and all of them.
pub const TOTAL_SIDES: [&str; 4] = ["computed", "paid", "net", "gross"];

/// Names of the columns of `totals.parquet` and `totals.csv`, in order.
#[must_use]
pub fn total_names() -> Vec<String> {
    let columns = std::iter::once("count").chain(TOTALLED);
    let sides = columns.flat_map(|column| TOTAL_SIDES.iter().map(move |side| format!("{side}_{column}")));
    TOTAL_KEYS.iter().map(|name| (*name).to_owned()).chain(sides).collect()
}

/// The type of a sum of money.
pub const SUM: DataType = DataType::Decimal128(38, 2);

/// The schema of `totals.parquet`. Sums are null where the paid side does not have the amount at all.
#[must_use]
pub fn totals() -> SchemaRef {
    let kind = |index: usize| match index {
        0..5 => DataType::Utf8,
        5..9 => DataType::Int64,
        _ => SUM,
    };
    let names = total_names().into_iter().enumerate();
    let fields = names.map(|(index, name)| Field::new(name, kind(index), index >= TOTAL_KEYS.len() + 4));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
