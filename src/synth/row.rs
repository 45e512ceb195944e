//! One settlement on its way into the claims table.

use super::faults::broken::Broken;
use super::faults::payments::Force;
use super::faults::quirks::QuirkMark;
use super::national::Care;
use super::places::put_digits;
use crate::adjudicate::person::Outcome;
use crate::adjudicate::settle::Amounts;
use crate::columnar::reconciled::{FIELDS, field, with};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::{Bill, Claim};
use crate::model::symbol::Sym;
use crate::report::reconciled::compared;

/// A `setl_id`: area, day of settlement, serial number. Compares as its text does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SetlId {
    /// Area that settled.
    pub(super) area: Admdvs,
    /// Day of settlement.
    pub(super) day: Date,
    /// Serial number, below 10^10.
    pub(super) serial: u64,
}

/// Length of a [`SetlId`]'s text.
pub(super) const SETL_ID_LEN: usize = 24;

impl SetlId {
    /// Its text.
    pub(super) fn text(self) -> [u8; SETL_ID_LEN] {
        let mut text = [0; SETL_ID_LEN];
        let (year, month, day) = self.day.ymd();
        put_digits(&mut text[..6], u64::from(self.area.0));
        put_digits(&mut text[6..14], (year as u64 * 100 + u64::from(month)) * 100 + u64::from(day));
        put_digits(&mut text[14..], self.serial);
        text
    }
}

/// Paid columns, in the order of [`PAID_COLUMNS`].
pub(super) type Paid = [Fen; PAID_COLUMNS.len()];

/// The paid columns of the claims table: what a reconciliation compares, and family mutual aid.
pub(super) const PAID_COLUMNS: [&str; FIELDS + 1] = with("acct_mulaid_pay", field::CASH);

/// What a settlement paid, by the kernel's outcome. A row that cannot be computed was paid by the person.
pub(super) fn paid(bill: &Bill, outcome: &Outcome, fund_total_has_account: bool) -> Paid {
    if outcome.status == Status::Pended {
        return paid_by_person(bill);
    }
    paid_amounts(&outcome.amounts, fund_total_has_account)
}

/// Everything but the hospital's part is the person's.
pub(super) fn paid_by_person(bill: &Bill) -> Paid {
    let person = bill.total - bill.hospital;
    let mut paid = [Fen::ZERO; 13];
    paid[9] = person;
    paid[12] = person;
    paid
}

/// Amounts as paid columns.
pub(super) fn paid_amounts(amounts: &Amounts, fund_total_has_account: bool) -> Paid {
    let [dedc, hifp, civil, enterprise, critical, large, aid, other, funds, person, account, cash] =
        compared(amounts, fund_total_has_account);
    [dedc, hifp, civil, enterprise, critical, large, aid, other, funds, person, account, Fen::ZERO, cash]
}

/// A settlement with everything the claims table says of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// As the kernel takes it.
    pub(super) claim: Claim,
    /// Number of its person in the block.
    pub(super) person: u32,
    /// Number of the scheme it is settled under.
    pub(super) scheme: u16,
    /// Number of the profile in that scheme.
    pub(super) profile: u16,
    /// `setl_id`.
    pub(super) id: SetlId,
    /// `init_setl_id`.
    pub(super) init: Option<SetlId>,
    /// Serial number of the visit: `mdtrt_id`.
    pub(super) visit: u64,
    /// What it was for.
    pub(super) care: Care,
    /// `med_type`.
    pub(super) med_type: &'static str,
    /// `dise_codg`.
    pub(super) disease: &'static str,
    /// `out_fil_type`.
    pub(super) filing_type: Sym,
    /// `hosp_lv`; empty: left to the institutions table.
    pub(super) hosp_lv: &'static str,
    /// `dedc_hosp_lv`; empty: left to the institutions table.
    pub(super) dedc_hosp_lv: &'static str,
    /// `pay_loc`.
    pub(super) pay_loc: u8,
    /// `clr_way`.
    pub(super) clr_way: u8,
    /// `refd_setl_flag`.
    pub(super) refunded: bool,
    /// Paid columns.
    pub(super) paid: Paid,
    /// What its institution made of it.
    pub(super) quirk: Option<QuirkMark>,
    /// How it is broken; ingestion rejects it, and the kernel never sees it.
    pub(super) broken: Option<Box<Broken>>,
    /// A wrong payment that belongs to the way it was made.
    pub(super) force: Option<Force>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setl_id_compares_as_its_text() {
        let id = |area: u32, day: i32, serial: u64| SetlId { area: Admdvs(area), day: Date(day), serial };
        let ids = [
            id(110_000, 19_000, 5),
            id(110_000, 19_001, 1),
            id(440_300, 18_000, 9_999_999_999),
            id(440_300, 18_000, 7),
        ];
        for a in ids {
            for b in ids {
                assert_eq!(a.cmp(&b), a.text().cmp(&b.text()));
            }
        }
    }
}
