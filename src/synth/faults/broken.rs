//! Rows that ingestion rejects, one reason each.

use super::Planted;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::synth::claims::{self, Cells};
use crate::synth::dice::Dice;
use crate::synth::persons::Person;
use crate::synth::row::Row;

/// How a row is broken.
#[derive(Clone, Debug, Default)]
pub(in crate::synth) struct Broken {
    /// A column whose value is replaced; `None`: no value.
    replaced: Option<(usize, Option<&'static str>)>,
    /// The row is a second copy of a sound one.
    pub(in crate::synth) twin: bool,
}

/// Breaks a row. In Parquet a column holds only what its type can hold, so nothing there fails to parse.
pub(in crate::synth) fn break_row(
    dice: &mut Dice,
    row: &mut Row,
    text: bool,
    who: &Person,
    planted: &mut Vec<Planted>,
) {
    let mut broken = Broken::default();
    let before = row.claim.bill;
    let (code, field, note) = match dice.below(if text { 8 } else { 7 }) {
        0 => replace(&mut broken, "R-INVALIDATED", "vali_flag", Some("0")),
        1 => {
            let field = *dice.of(&["insutype", "psn_type", "setl_time", "inscp_scp_amt", "fixmedins_code"]);
            replace(&mut broken, "R-MISSING", field, None)
        }
        2 => {
            let (field, value) =
                *dice.of(&[("insuplc_admdvs", "4403"), ("mdtrtarea_admvs", "44O300"), ("insuplc_admdvs", "0440300")]);
            replace(&mut broken, "R-DOMAIN", field, Some(value))
        }
        3 => {
            row.claim.bill.in_scope += Fen(i64::from(1 + dice.below(20_000)));
            ("R-SPLIT", "inscp_scp_amt", "the parts are more than the total")
        }
        4 => {
            let moved = row.claim.bill.preself + Fen(i64::from(1 + dice.below(5_000)));
            row.claim.bill.preself -= moved;
            row.claim.bill.in_scope += moved;
            ("R-NEGATIVE", "preselfpay_amt", "a negative part outside a reversal")
        }
        5 => {
            row.claim.begndate = Date(row.claim.enddate.0 + dice.between(1, 40));
            ("R-DATE", "begndate", "begins after its end")
        }
        6 => {
            broken.twin = true;
            ("R-DUPLICATE", "setl_id", "the row stands in the file twice; one of the two is rejected")
        }
        _ => {
            let (field, value) = *dice.of(&[
                ("enddate", "2024-02-31"),
                ("setl_time", "2024-06-01T08:00"),
                ("medfee_sumamt", "1.2e3"),
                ("overlmt_selfpay", "0.005"),
                ("brdy", "19xx-01-01"),
                ("hifp_pay", "n/a"),
            ]);
            replace(&mut broken, "R-PARSE", field, Some(value))
        }
    };
    row.quirk = None;
    row.broken = Some(Box::new(broken));
    let line = Planted::of(row, who, code, field, note);
    let bill = &row.claim.bill;
    planted.push(match field {
        "inscp_scp_amt" if before.in_scope != bill.in_scope => line.money(before.in_scope, bill.in_scope),
        "preselfpay_amt" => line.money(before.preself, bill.preself),
        _ => line,
    });
}

fn replace(
    broken: &mut Broken,
    code: &'static str,
    field: &'static str,
    value: Option<&'static str>,
) -> (&'static str, &'static str, &'static str) {
    let column = claims::columns().position(|(name, _)| name == field).expect("a column of the claims");
    broken.replaced = Some((column, value));
    (code, field, if value.is_some() { "replaced" } else { "left empty" })
}

/// Writes a broken row: hands every value on but the replaced one.
pub(in crate::synth) struct Breaking<'a, C> {
    /// Where the values go.
    pub(in crate::synth) cells: &'a mut C,
    /// How the row is broken.
    pub(in crate::synth) broken: &'a Broken,
    next: usize,
}

impl<'a, C: Cells> Breaking<'a, C> {
    /// A writer for one row.
    pub(in crate::synth) fn new(cells: &'a mut C, broken: &'a Broken) -> Self {
        Self { cells, broken, next: 0 }
    }

    /// Hands the replacement on, if the next column is the replaced one.
    fn replaced(&mut self) -> bool {
        self.next += 1;
        match self.broken.replaced {
            Some((column, value)) if column == self.next - 1 => {
                self.cells.raw(value.unwrap_or_default().as_bytes());
                true
            }
            _ => false,
        }
    }
}

impl<C: Cells> Cells for Breaking<'_, C> {
    fn text(&mut self, text: &[u8]) {
        if !self.replaced() {
            self.cells.text(text);
        }
    }

    fn day(&mut self, day: Option<Date>) {
        if !self.replaced() {
            self.cells.day(day);
        }
    }

    fn second(&mut self, time: crate::model::date::Time) {
        if !self.replaced() {
            self.cells.second(time);
        }
    }

    fn money(&mut self, amount: Option<Fen>) {
        if !self.replaced() {
            self.cells.money(amount);
        }
    }

    fn raw(&mut self, text: &[u8]) {
        self.cells.raw(text);
    }
}
