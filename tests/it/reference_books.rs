//! What a settlement computes and what it moves: the amounts of a row, and the
//! accumulators of spec section 5, step 9.
//!
//! Module paths: this file is `crate::reference_books`; it uses `crate::table`
//! and `crate::reference_rules`, and is used by `crate::reference_pay` and
//! `crate::reference`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::reference_rules::{money, value};
use crate::table::Table;

const ZERO: Decimal = Decimal::ZERO;

/// The computed amounts of one row, in yuan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts {
    pub act_pay_dedc: Decimal,
    pub prepay_amt: Decimal,
    pub over_base_amt: Decimal,
    pub over_cap_amt: Decimal,
    pub pool_base_amt: Decimal,
    pub hifp_pay: Decimal,
    pub cvlserv_pay: Decimal,
    pub hifes_pay: Decimal,
    pub hifmi_pay: Decimal,
    pub hifob_pay: Decimal,
    pub maf_pay: Decimal,
    pub oth_pay: Decimal,
    pub fund_pay_sumamt: Decimal,
    pub hosp_part_amt: Decimal,
    pub psn_part_amt: Decimal,
    pub acct_pay: Decimal,
    pub acct_mulaid_pay: Decimal,
    pub psn_cash_pay: Decimal,
}

impl Amounts {
    /// Column name and amount, in the order of the output.
    pub fn columns(&self) -> [(&'static str, Decimal); 18] {
        [
            ("act_pay_dedc", self.act_pay_dedc),
            ("prepay_amt", self.prepay_amt),
            ("over_base_amt", self.over_base_amt),
            ("over_cap_amt", self.over_cap_amt),
            ("pool_base_amt", self.pool_base_amt),
            ("hifp_pay", self.hifp_pay),
            ("cvlserv_pay", self.cvlserv_pay),
            ("hifes_pay", self.hifes_pay),
            ("hifmi_pay", self.hifmi_pay),
            ("hifob_pay", self.hifob_pay),
            ("maf_pay", self.maf_pay),
            ("oth_pay", self.oth_pay),
            ("fund_pay_sumamt", self.fund_pay_sumamt),
            ("hosp_part_amt", self.hosp_part_amt),
            ("psn_part_amt", self.psn_part_amt),
            ("acct_pay", self.acct_pay),
            ("acct_mulaid_pay", self.acct_mulaid_pay),
            ("psn_cash_pay", self.psn_cash_pay),
        ]
    }

    /// The exact negative, which is what a reversal's row carries.
    pub fn negated(&self) -> Amounts {
        Amounts {
            act_pay_dedc: ZERO - self.act_pay_dedc,
            prepay_amt: ZERO - self.prepay_amt,
            over_base_amt: ZERO - self.over_base_amt,
            over_cap_amt: ZERO - self.over_cap_amt,
            pool_base_amt: ZERO - self.pool_base_amt,
            hifp_pay: ZERO - self.hifp_pay,
            cvlserv_pay: ZERO - self.cvlserv_pay,
            hifes_pay: ZERO - self.hifes_pay,
            hifmi_pay: ZERO - self.hifmi_pay,
            hifob_pay: ZERO - self.hifob_pay,
            maf_pay: ZERO - self.maf_pay,
            oth_pay: ZERO - self.oth_pay,
            fund_pay_sumamt: ZERO - self.fund_pay_sumamt,
            hosp_part_amt: ZERO - self.hosp_part_amt,
            psn_part_amt: ZERO - self.psn_part_amt,
            acct_pay: ZERO - self.acct_pay,
            acct_mulaid_pay: ZERO - self.acct_mulaid_pay,
            psn_cash_pay: ZERO - self.psn_cash_pay,
        }
    }
}

// ------------------------------------------------ step 9: accumulators

/// Pool, insutype and benefit year: what accumulators of a person are kept by.
pub type SchemeYear = (String, String, i32);
/// Calendar month; inside one benefit year, so it restarts with it.
pub type Month = (i32, u32);

/// One accumulator bucket of a scheme and benefit year.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    pub admissions: i64,
    pub deductible: Decimal,
    pub base_year: Decimal,
    pub base_month: BTreeMap<Month, Decimal>,
    pub entered: Decimal,
    pub paid_year: Decimal,
    pub paid_month: BTreeMap<Month, Decimal>,
}

/// One scheme and benefit year of a person.
#[derive(Clone, Debug, Default)]
pub struct YearBook {
    pub buckets: BTreeMap<String, Bucket>,
    pub counted_to_cap: Decimal,
    /// By layer number: sum of base_k, sum of L_k.
    pub layers: BTreeMap<u32, (Decimal, Decimal)>,
}

/// Everything that lasts between one person's settlements.
#[derive(Clone, Debug, Default)]
pub struct Balances {
    pub account: Decimal,
    pub years: BTreeMap<SchemeYear, YearBook>,
}

/// What a paid settlement moved; a reversal moves it back.
#[derive(Clone, Debug)]
pub struct Move {
    pub year: SchemeYear,
    pub month: Month,
    pub bucket: String,
    pub deductible_bucket: String,
    pub admission: bool,
    pub deductible: Decimal,
    pub base: Decimal,
    pub entered: Decimal,
    pub paid: Decimal,
    pub counted_to_cap: Decimal,
    pub layers: Vec<(u32, Decimal, Decimal)>,
    pub account: Decimal,
}

impl Balances {
    /// A person starts with the account's balance; a negative one counts as 0,
    /// a person without a row has none.
    pub fn of_person(accounts: Option<&Table>, psn_no: &str) -> Balances {
        let row = accounts.into_iter().flatten().find(|row| value(row, "psn_no") == Some(psn_no));
        let balance = row.and_then(|row| value(row, "balc")).and_then(money);
        Balances { account: balance.unwrap_or_default().max(ZERO), years: BTreeMap::new() }
    }

    /// Books a move forward (`sign` 1) or back (-1), in its own year and month.
    pub fn book(&mut self, moved: &Move, sign: Decimal) {
        self.account -= sign * moved.account;
        let year = self.years.entry(moved.year.clone()).or_default();
        year.counted_to_cap += sign * moved.counted_to_cap;
        for (layer, base, paid) in &moved.layers {
            let book = year.layers.entry(*layer).or_default();
            book.0 += sign * base;
            book.1 += sign * paid;
        }
        let shared = year.buckets.entry(moved.deductible_bucket.clone()).or_default();
        shared.deductible += sign * moved.deductible;
        if moved.admission {
            shared.admissions += if sign > ZERO { 1 } else { -1 };
        }
        let bucket = year.buckets.entry(moved.bucket.clone()).or_default();
        bucket.base_year += sign * moved.base;
        *bucket.base_month.entry(moved.month).or_default() += sign * moved.base;
        bucket.entered += sign * moved.entered;
        bucket.paid_year += sign * moved.paid;
        *bucket.paid_month.entry(moved.month).or_default() += sign * moved.paid;
    }
}
