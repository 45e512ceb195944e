//! The columns of `adjudicated.parquet`.
//!
//! Money stands in memory as `Decimal64(16,2)`: its number *is* fen. The file does not carry arrow's own schema, so
//! every reader sees the plain Parquet types (`DECIMAL(16,2)` in an INT64).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

/// Digits of a money column: N(16,2) of the national interface.
pub const MONEY_PRECISION: u8 = 16;
/// Decimals of a money column.
pub const MONEY_SCALE: i8 = 2;

/// The type of an output column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// UTF-8 text of which many rows have the same; in a file no other than text.
    Word,
    /// Whole number.
    Integer,
    /// Day.
    Day,
    /// Second, without a zone.
    Second,
    /// Money, in fen with two decimals of yuan.
    Money,
}

impl Kind {
    /// The arrow type in memory.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Word => DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)),
            Self::Integer => DataType::Int32,
            Self::Day => DataType::Date32,
            Self::Second => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Money => DataType::Decimal64(MONEY_PRECISION, MONEY_SCALE),
        }
    }
}

/// The columns of `adjudicated.parquet`, in order.
pub const ADJUDICATED: [(&str, Kind); 46] = [
    ("setl_id", Kind::Text),
    ("psn_no", Kind::Word),
    ("insutype", Kind::Word),
    ("pool", Kind::Word),
    ("benefit_year", Kind::Integer),
    ("psn_class", Kind::Word),
    ("med_class", Kind::Word),
    ("tier", Kind::Word),
    ("place", Kind::Word),
    ("filing", Kind::Word),
    ("setl_time", Kind::Second),
    ("enddate", Kind::Day),
    ("fixmedins_code", Kind::Word),
    ("mdtrtarea_admvs", Kind::Word),
    ("status", Kind::Word),
    ("reasons", Kind::Word),
    ("scheme_rule", Kind::Word),
    ("class_rule", Kind::Word),
    ("channel_rule", Kind::Word),
    ("benefit_rule", Kind::Word),
    ("layer_rules", Kind::Word),
    ("medfee_sumamt", Kind::Money),
    ("fulamt_ownpay_amt", Kind::Money),
    ("overlmt_selfpay", Kind::Money),
    ("preselfpay_amt", Kind::Money),
    ("inscp_scp_amt", Kind::Money),
    ("act_pay_dedc", Kind::Money),
    ("prepay_amt", Kind::Money),
    ("over_base_amt", Kind::Money),
    ("over_cap_amt", Kind::Money),
    ("pool_base_amt", Kind::Money),
    ("hifp_pay", Kind::Money),
    ("cvlserv_pay", Kind::Money),
    ("hifes_pay", Kind::Money),
    ("hifmi_pay", Kind::Money),
    ("hifob_pay", Kind::Money),
    ("maf_pay", Kind::Money),
    ("oth_pay", Kind::Money),
    ("fund_pay_sumamt", Kind::Money),
    ("hosp_part_amt", Kind::Money),
    ("psn_part_amt", Kind::Money),
    ("acct_pay", Kind::Money),
    ("acct_mulaid_pay", Kind::Money),
    ("psn_cash_pay", Kind::Money),
    ("src_file", Kind::Word),
    ("src_row", Kind::Integer),
];

/// First money column of [`ADJUDICATED`].
pub const FIRST_MONEY: usize = 21;
/// Number of money columns.
pub const MONEY_COLUMNS: usize = 23;

/// The arrow schema of `adjudicated.parquet`. No column is null.
#[must_use]
pub fn adjudicated() -> Arc<Schema> {
    plain(&ADJUDICATED)
}

/// Fields of columns that are never null.
pub fn fields(columns: &[(&str, Kind)]) -> Vec<Field> {
    columns.iter().map(|(name, kind)| Field::new(*name, kind.data_type(), false)).collect()
}

/// The schema of columns that are never null.
#[must_use]
pub fn plain(columns: &[(&str, Kind)]) -> Arc<Schema> {
    Arc::new(Schema::new(fields(columns)))
}

const _: () = {
    let mut column = FIRST_MONEY;
    while column < FIRST_MONEY + MONEY_COLUMNS {
        assert!(matches!(ADJUDICATED[column].1, Kind::Money));
        column += 1;
    }
};
