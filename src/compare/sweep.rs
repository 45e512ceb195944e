//! Along a parameter: what the funds and the persons pay at each of its values.

use std::collections::BTreeMap;

use super::population::{Bills, Outside, PAID, Paid, by_fund, is_reversed};
use crate::adjudicate::trace::Off;
use crate::diagnostic::Text;
use crate::ledger::person::{Desk, Source};
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::Insutype;
use crate::report::sheet::{Cell, Heading, Kind, Sheet, heading, joined};

/// Settlements of a fund's insured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Their bills.
    pub bills: Bills,
    /// What each fund pays, in the order of [`FUNDS`](super::population::FUNDS).
    pub funds: [i128; 7],
    /// All of it, and the persons.
    pub paid: Paid,
}

impl Sums {
    fn merge(&mut self, other: &Self) {
        self.bills.merge(&other.bills);
        self.funds.iter_mut().zip(other.funds).for_each(|(ours, theirs)| *ours += theirs);
        self.paid.merge(&other.paid);
    }

    fn cells(&self, pended: u64) -> Vec<Cell> {
        let Self { bills, funds, paid } = self;
        let mut cells = vec![
            Cell::count(bills.settlements),
            Cell::count(pended),
            Cell::money(bills.total),
            Cell::money(bills.in_scope),
        ];
        cells.extend(funds.iter().map(|&fen| Cell::money(fen)));
        cells.extend([
            Cell::money(paid.funds),
            Cell::money(paid.person),
            Cell::share(paid.funds, bills.in_scope),
            Cell::share(paid.person, bills.total),
        ]);
        cells
    }
}

/// All claims at one value.
#[derive(Clone, Debug, Default)]
pub struct At {
    /// By pool and insurance type: settlements, and how many are pended.
    pub funds: BTreeMap<(Admdvs, Insutype), (Sums, u64)>,
    /// Rows that are not counted.
    pub outside: Outside,
}

impl At {
    /// Takes a person in.
    pub fn add(&mut self, source: Source, person: u32, desk: &mut Desk) {
        desk.lay(source, person);
        desk.fold(source, person, |_| Off, |_, _| ());
        self.outside.refused += desk.aside.refused.iter().filter(|row| !row.was_rejected).count() as u64;
        for (claim, outcome) in desk.claims.iter().zip(&desk.fold.outcomes) {
            if is_reversed(claim, outcome) {
                self.outside.reversed += 1;
                continue;
            }
            let fund = self.funds.entry((source.context.book.pool_of(claim.insured), claim.insutype)).or_default();
            if let Err(reasons) = outcome.standing() {
                fund.1 += u64::from(outcome.status == Status::Pended);
                self.outside.add(outcome.status, reasons);
                continue;
            }
            let sums = &mut fund.0;
            sums.bills.add(&claim.bill);
            sums.funds.iter_mut().zip(by_fund(&outcome.amounts)).for_each(|(sum, fen)| *sum += i128::from(fen));
            sums.paid.add(&outcome.amounts);
        }
    }

    /// Adds another part of the persons.
    pub fn merge(&mut self, other: &Self) {
        for (fund, (sums, pended)) in &other.funds {
            let ours = self.funds.entry(*fund).or_default();
            ours.0.merge(sums);
            ours.1 += pended;
        }
        self.outside.merge(&other.outside);
    }

    /// Everybody together.
    #[must_use]
    pub fn whole(&self) -> (Sums, u64) {
        let mut whole = (Sums::default(), 0);
        for (sums, pended) in self.funds.values() {
            whole.0.merge(sums);
            whole.1 += pended;
        }
        whole
    }
}

const STEP: Heading = heading("step", Kind::Count, "Step", "序号");
const VALUE: Heading = heading("value", Kind::Text, "Value", "取值");

const COUNTS: [Heading; 2] = [
    heading("settlements", Kind::Count, "Settlements", "结算笔数"),
    heading("pended", Kind::Count, "Not answered", "无规则笔数"),
];

const SHARES: [Heading; 2] = [
    heading("fund_share_of_in_scope", Kind::Share, "Funds of in-scope", "基金占范围内"),
    heading("person_share", Kind::Share, "Person of total", "个人占总额"),
];

const MEASURES: [Heading; 15] = joined(&joined::<13>(&COUNTS, &PAID), &SHARES);

/// Columns of `sweep`.
pub const SWEEP: [Heading; 17] = joined(&[STEP, VALUE], &MEASURES);

/// Columns of `sweep_funds`.
pub const SWEEP_FUNDS: [Heading; 19] = joined(
    &[
        STEP,
        VALUE,
        heading("pool", Kind::Text, "Pool", "统筹区"),
        heading("insutype", Kind::Text, "Insurance type", "险种"),
    ],
    &MEASURES,
);

/// `sweep, sweep_funds`: the curve as a whole, and fund by fund.
#[must_use]
pub fn sheets<'a>(curve: &[(String, At)], word: impl Fn(Insutype) -> &'a str) -> Vec<Sheet> {
    let whole = Text::new("What funds and persons pay along the parameter", "基金与个人支付随参数的变化");
    let by_fund = Text::new("The same by pool and insurance type", "按统筹区与险种");
    let mut sheets = [Sheet::new("sweep", whole, &SWEEP), Sheet::new("sweep_funds", by_fund, &SWEEP_FUNDS)];
    for (step, (value, at)) in curve.iter().enumerate() {
        let key = [Cell::count(step as u64 + 1), Cell::text(value)];
        let (sums, pended) = at.whole();
        sheets[0].put(key.iter().cloned().chain(sums.cells(pended)).collect());
        for ((pool, insutype), (sums, pended)) in &at.funds {
            let fund = [Cell::text(pool.to_string()), Cell::text(word(*insutype))];
            sheets[1].put(key.iter().cloned().chain(fund).chain(sums.cells(*pended)).collect());
        }
    }
    sheets.into()
}
