//! The columns of the claims table, once for both formats.

use super::World;
use super::faults::broken::Breaking;
use super::persons::Person;
use super::places::put_digits;
use super::row::{PAID_COLUMNS, Row};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::settlement::Flags;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A day.
    Day,
    /// A second.
    Second,
    /// Money.
    Money,
}

/// The columns before the paid ones.
const FIRST_COLUMNS: [(&str, Kind); 37] = [
    ("setl_id", Kind::Text),
    ("psn_no", Kind::Text),
    ("insutype", Kind::Text),
    ("psn_type", Kind::Text),
    ("insuplc_admdvs", Kind::Text),
    ("mdtrtarea_admvs", Kind::Text),
    ("fixmedins_code", Kind::Text),
    ("hosp_lv", Kind::Text),
    ("med_type", Kind::Text),
    ("begndate", Kind::Day),
    ("enddate", Kind::Day),
    ("setl_time", Kind::Second),
    ("medfee_sumamt", Kind::Money),
    ("fulamt_ownpay_amt", Kind::Money),
    ("overlmt_selfpay", Kind::Money),
    ("preselfpay_amt", Kind::Money),
    ("inscp_scp_amt", Kind::Money),
    ("mdtrt_id", Kind::Text),
    ("brdy", Kind::Day),
    ("gend", Kind::Text),
    ("sp_psn_type", Kind::Text),
    ("clct_grde", Kind::Text),
    ("dedc_hosp_lv", Kind::Text),
    ("out_fil_type", Kind::Text),
    ("er_flag", Kind::Text),
    ("refd_setl_flag", Kind::Text),
    ("init_setl_id", Kind::Text),
    ("dise_codg", Kind::Text),
    ("acct_used_flag", Kind::Text),
    ("cvlserv_flag", Kind::Text),
    ("flxempe_flag", Kind::Text),
    ("nwb_flag", Kind::Text),
    ("pay_loc", Kind::Text),
    ("clr_type", Kind::Text),
    ("clr_way", Kind::Text),
    ("clr_optins", Kind::Text),
    ("hosp_part_amt", Kind::Money),
];

/// All columns, in order: those above, the paid ones, `vali_flag`.
pub(super) fn columns() -> impl Iterator<Item = (&'static str, Kind)> {
    FIRST_COLUMNS.into_iter().chain(PAID_COLUMNS.map(|name| (name, Kind::Money))).chain([("vali_flag", Kind::Text)])
}

/// Receives a row's values in the order of [`columns`].
pub(super) trait Cells {
    /// Text; empty is no value.
    fn text(&mut self, text: &[u8]);
    /// A day; `None` is no value.
    fn day(&mut self, day: Option<Date>);
    /// A second.
    fn second(&mut self, time: Time);
    /// Money; `None` is no value.
    fn money(&mut self, amount: Option<Fen>);
    /// Text in a column of any kind, as far as the format can hold it.
    fn raw(&mut self, text: &[u8]);
}

/// Hands a row over, value by value.
pub(super) fn put(world: &World, persons: &[Person], row: &Row, cells: &mut impl Cells) {
    match &row.broken {
        None => put_values(world, persons, row, cells),
        Some(broken) => put_values(world, persons, row, &mut Breaking::new(cells, broken)),
    }
}

#[inline]
fn put_values(world: &World, persons: &[Person], row: &Row, cells: &mut impl Cells) {
    let who = &persons[row.person as usize];
    let scheme = &world.schemes.list[usize::from(row.scheme)];
    let profile = &scheme.profiles[usize::from(row.profile)];
    let claim = &row.claim;
    let bill = &claim.bill;
    let flag = |flag: Flags| -> &[u8] { if claim.flags.has(flag) { b"1" } else { b"0" } };
    let place = |code: u32| {
        let mut text = [0; 6];
        put_digits(&mut text, u64::from(code));
        text
    };
    cells.text(&row.id.text());
    cells.text(&who.number);
    cells.text(scheme.word.as_bytes());
    cells.text(profile.psn_type.as_bytes());
    cells.text(&place(claim.insured.0));
    cells.text(&place(claim.treated.0));
    cells.text(&world.places.code(claim.institution, claim.treated));
    cells.text(row.hosp_lv.as_bytes());
    cells.text(row.med_type.as_bytes());
    cells.day(Some(claim.begndate));
    cells.day(Some(claim.enddate));
    cells.second(claim.setl_time);
    for amount in [bill.total, bill.full_own, bill.over_limit, bill.preself, bill.in_scope] {
        cells.money(Some(amount));
    }
    let mut visit = *b"00000000000000000000";
    put_digits(&mut visit[..6], u64::from(claim.treated.0));
    put_digits(&mut visit[6..], row.visit);
    cells.text(&visit);
    cells.day(claim.brdy);
    cells.text(if who.female { b"2" } else { b"1" });
    cells.text(profile.identity.as_bytes());
    cells.text(profile.grade.as_bytes());
    cells.text(row.dedc_hosp_lv.as_bytes());
    cells.text(world.rules.book.vocab.filing_type.word(row.filing_type).as_bytes());
    cells.text(flag(Flags::EMERGENCY));
    cells.text(if row.refunded { b"1" } else { b"0" });
    match row.init {
        Some(init) => cells.text(&init.text()),
        None => cells.text(b""),
    }
    cells.text(row.disease.as_bytes());
    cells.text(if !scheme.employee {
        b""
    } else if claim.flags.has(Flags::ACCOUNT_NOT_USED) {
        b"0"
    } else {
        b"1"
    });
    cells.text(flag(Flags::CIVIL_SERVANT));
    cells.text(flag(Flags::FLEXIBLE));
    cells.text(flag(Flags::NEWBORN));
    cells.text(&[b'0' + row.pay_loc]);
    cells.text(row.care.clearing().as_bytes());
    cells.text(&[b'0' + row.clr_way]);
    cells.text(&place(row.id.area.0));
    cells.money((bill.hospital != Fen::ZERO).then_some(bill.hospital));
    for amount in row.paid {
        cells.money(Some(amount));
    }
    cells.text(b"1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_schema() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../schemas/input/claims.schema.json")).expect("a schema");
        let fields = schema["fields"].as_array().expect("fields");
        let kind = |logical: &str| match logical {
            "date" => Kind::Day,
            "time" => Kind::Second,
            "money" => Kind::Money,
            _ => Kind::Text,
        };
        let named: Vec<(&str, Kind)> = fields
            .iter()
            .map(|field| {
                (field["name"].as_str().expect("a name"), kind(field["logical_type"].as_str().expect("a type")))
            })
            .collect();
        assert_eq!(columns().collect::<Vec<_>>(), named);
    }
}
