//! A decoded batch of claims column by column: each code is looked up once for each entry of its dictionary, and a row
//! without anything wrong becomes a claim by a handful of look-ups.
//!
//! A row with anything wrong or unusual is no claim here: it is left to [`check`](super::check), which finds all that is
//! wrong with it. What both accept is the same claim.

use std::borrow::Cow;

use arrow::array::{Array as _, Int32Array};

use super::cell::{Cell, Typed};
use super::check::{Checker, FLAGS, Texts, is_spare, wrong};
use super::columns::Column;
use super::parquet_file::BatchRows;
use super::parquet_values::{BAD, BAD_DAY, MISSING, MISSING_DAY, Values, word_cell};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::{Bill, Claim, CodeAndParent, Flags, Insutype};
use crate::model::symbol::Sym;

/// What the codes of a column stand for, row by row. `None`: the row needs a closer look.
enum Coded<'a, T> {
    /// In every row: the file has no such column, or it says the same everywhere.
    Same(Option<T>),
    /// By the entries of a dictionary.
    Words {
        keys: &'a Int32Array,
        of: Vec<Option<T>>,
        missing: Option<T>,
    },
    Rows(Vec<Option<T>>),
}

impl<'a, T: Copy> Coded<'a, T> {
    fn new(rows: &BatchRows<'a>, column: Column, mut of: impl FnMut(Cell<'_>) -> Option<T>) -> Self {
        match rows.values(column.index()) {
            None | Some(Values::None) => Self::Same(of(Cell::Missing)),
            Some(Values::Words(keys, words)) if words.len() <= rows.len() => {
                let of_words: Vec<Option<T>> = (0..words.len()).map(|key| of(word_cell(words, key))).collect();
                let missing = of(Cell::Missing);
                match (keys.null_count(), &of_words[..]) {
                    (0, &[word]) => Self::Same(word),
                    (nulls, _) if nulls == keys.len() => Self::Same(missing),
                    _ => Self::Words { keys, of: of_words, missing },
                }
            }
            Some(values) => Self::Rows((0..rows.len()).map(|row| of(values.cell(row))).collect()),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> Option<T> {
        match self {
            Self::Same(value) => *value,
            Self::Words { keys, of, .. } if keys.is_valid(row) => of[keys.value(row) as usize],
            Self::Words { missing, .. } => *missing,
            Self::Rows(values) => values[row],
        }
    }
}

/// The columns of a batch.
pub(super) struct ClaimColumns<'a> {
    valid: Coded<'a, ()>,
    psn_no: Option<&'a Values>,
    setl_id: Option<&'a Values>,
    institution: Option<&'a Values>,
    init_setl_id: Option<&'a Values>,
    mdtrt_id: Option<&'a Values>,
    only_checked: Vec<(&'a Values, Column)>,
    institution_number: Coded<'a, u32>,
    insured: Coded<'a, Admdvs>,
    treated: Coded<'a, Admdvs>,
    insutype: Coded<'a, Insutype>,
    psn_type: Coded<'a, CodeAndParent>,
    med_type: Coded<'a, CodeAndParent>,
    identity: Coded<'a, Sym>,
    grade: Coded<'a, Sym>,
    disease: Coded<'a, Sym>,
    hosp_lv: Coded<'a, Sym>,
    dedc_hosp_lv: Coded<'a, Sym>,
    filing_type: Coded<'a, Sym>,
    flags: [(Coded<'a, bool>, Flags); 5],
    setl_time: Cow<'a, [i64]>,
    begndate: Cow<'a, [i32]>,
    enddate: Cow<'a, [i32]>,
    brdy: Cow<'a, [i32]>,
    /// The total and its four parts.
    amounts: [Cow<'a, [i64]>; 5],
    hospital: Cow<'a, [i64]>,
}

impl<'a> ClaimColumns<'a> {
    pub(super) fn new(rows: &BatchRows<'a>, checker: &mut Checker<'_>) -> Self {
        let border = checker.border;
        let values = |column: Column| rows.values(column.index());
        let place = |column| {
            Coded::new(rows, column, |cell| match cell.code() {
                Typed::Is(code) => Admdvs::parse(code),
                _ => None,
            })
        };
        let money =
            |column| numbers(rows, column, MISSING, Values::fen, |cell| typed(cell.money(), MISSING, BAD, |fen| fen.0));
        let day = |column| {
            numbers(rows, column, MISSING_DAY, Values::days, |cell| {
                typed(cell.date(), MISSING_DAY, BAD_DAY, |day| day.0)
            })
        };
        let time = |cell: Cell<'_>| typed(cell.time(), MISSING, BAD, |time| time.0);
        let only_checked = checker.only_checked.iter();
        let only_checked = only_checked.filter_map(|&column| Some((values(column)?, column)));
        Self {
            valid: Coded::new(rows, Column::ValiFlag, |cell| {
                matches!(cell.code(), Typed::Missing | Typed::Is(b"1")).then_some(())
            }),
            psn_no: values(Column::PsnNo),
            setl_id: values(Column::SetlId),
            institution: values(Column::FixmedinsCode),
            init_setl_id: values(Column::InitSetlId),
            mdtrt_id: values(Column::MdtrtId).filter(|_| !is_spare(Column::MdtrtId, border)),
            only_checked: only_checked.collect(),
            institution_number: Coded::new(rows, Column::FixmedinsCode, |cell| match cell.text() {
                Typed::Is(code) => Some(border.institutions.map_or(Claim::NO_INSTITUTION, |table| table.find(code))),
                _ => None,
            }),
            insured: place(Column::InsuplcAdmdvs),
            treated: place(Column::MdtrtareaAdmvs),
            insutype: Coded::new(rows, Column::Insutype, |cell| match cell.code() {
                Typed::Is(code) => {
                    Some(checker.listed(code)).filter(|&sym| sym != Sym::OTHER).map(|sym| Insutype(sym.0))
                }
                _ => None,
            }),
            psn_type: pair(rows, checker, Column::PsnType),
            med_type: pair(rows, checker, Column::MedType),
            identity: symbol(rows, checker, Column::SpPsnType),
            grade: symbol(rows, checker, Column::ClctGrde),
            disease: symbol(rows, checker, Column::DiseCodg),
            hosp_lv: symbol(rows, checker, Column::HospLv),
            dedc_hosp_lv: symbol(rows, checker, Column::DedcHospLv),
            filing_type: symbol(rows, checker, Column::OutFilType),
            flags: FLAGS
                .map(|(column, digit, flag)| (Coded::new(rows, column, |cell| Some(cell.is_flag(digit))), flag)),
            setl_time: numbers(rows, Column::SetlTime, MISSING, Values::seconds, time),
            begndate: day(Column::Begndate),
            enddate: day(Column::Enddate),
            brdy: day(Column::Brdy),
            amounts: [
                Column::MedfeeSumamt,
                Column::FulamtOwnpayAmt,
                Column::OverlmtSelfpay,
                Column::PreselfpayAmt,
                Column::InscpScpAmt,
            ]
            .map(money),
            hospital: money(Column::HospPartAmt),
        }
    }

    /// The claim of a row with nothing wrong, its file, row and text still to be filled in.
    pub(super) fn claim(&self, row: usize) -> Option<(Texts<'a>, Claim)> {
        self.valid.get(row)?;
        let texts = Texts {
            psn_no: identifier(self.psn_no, row)?,
            setl_id: identifier(self.setl_id, row)?,
            institution: identifier(self.institution, row)?,
            init_setl_id: text(self.init_setl_id, row)?,
            mdtrt_id: text(self.mdtrt_id, row)?,
        };
        if self.only_checked.iter().any(|(values, column)| wrong(values.cell(row), *column).is_some()) {
            return None;
        }
        let reversal = !texts.init_setl_id.is_empty();
        let bill = self.bill(row, reversal)?;
        let (begin, end, birth) = (self.begndate[row], self.enddate[row], self.brdy[row]);
        let begin = if begin == MISSING_DAY { end } else { begin };
        let setl_time = Time(self.setl_time[row]);
        if end <= BAD_DAY || begin <= BAD_DAY || begin > end || birth == BAD_DAY || setl_time.0 <= BAD {
            return None;
        }
        if Date(end) > setl_time.day() {
            return None;
        }
        let mut flags = if reversal { Flags::REVERSAL } else { Flags::default() };
        for (column, flag) in &self.flags {
            if column.get(row)? {
                flags.set(*flag);
            }
        }
        let claim = Claim {
            text: Default::default(),
            file: 0,
            row: 0,
            institution: self.institution_number.get(row)?,
            setl_time,
            begndate: Date(begin),
            enddate: Date(end),
            brdy: (birth != MISSING_DAY).then_some(Date(birth)),
            insured: self.insured.get(row)?,
            treated: self.treated.get(row)?,
            insutype: self.insutype.get(row)?,
            psn_type: self.psn_type.get(row)?,
            med_type: self.med_type.get(row)?,
            identity: self.identity.get(row)?,
            grade: self.grade.get(row)?,
            disease: self.disease.get(row)?,
            hosp_lv: self.hosp_lv.get(row)?,
            dedc_hosp_lv: self.dedc_hosp_lv.get(row)?,
            filing_type: self.filing_type.get(row)?,
            flags,
            bill,
        };
        Some((texts, claim))
    }

    fn bill(&self, row: usize, reversal: bool) -> Option<Bill> {
        let read = self.amounts.each_ref().map(|column| column[row]);
        let hospital = match self.hospital[row] {
            MISSING => 0,
            fen => fen,
        };
        if read.iter().any(|&fen| fen <= BAD) || hospital <= BAD {
            return None;
        }
        if !reversal && (hospital < 0 || read.iter().any(|&fen| fen < 0)) {
            return None;
        }
        let [total, full_own, over_limit, preself, in_scope] = read.map(Fen);
        let is_split = full_own + over_limit + preself + in_scope == total;
        is_split.then_some(Bill { total, full_own, over_limit, preself, in_scope, hospital: Fen(hospital) })
    }
}

fn pair<'a>(rows: &BatchRows<'a>, checker: &mut Checker<'_>, column: Column) -> Coded<'a, CodeAndParent> {
    Coded::new(rows, column, |cell| match cell.code() {
        Typed::Is(code) => Some(checker.pair_of(column, code)),
        _ => None,
    })
}

fn symbol<'a>(rows: &BatchRows<'a>, checker: &mut Checker<'_>, column: Column) -> Coded<'a, Sym> {
    Coded::new(rows, column, |cell| match cell.text() {
        Typed::Is(text) => Some(checker.symbol_of(column, text)),
        Typed::Missing => Some(Sym::EMPTY),
        Typed::Bad => None,
    })
}

/// A text that has to be there.
#[inline]
fn identifier(values: Option<&Values>, row: usize) -> Option<&[u8]> {
    text(values, row).filter(|text| !text.is_empty())
}

/// A text; empty where there is none.
#[inline]
fn text(values: Option<&Values>, row: usize) -> Option<&[u8]> {
    match values.map_or(Cell::Missing, |values| values.cell(row)).text() {
        Typed::Is(text) if text.len() <= usize::from(u16::MAX) => Some(text),
        Typed::Missing => Some(b""),
        _ => None,
    }
}

/// Numbers as they are, or of the cells of a column that has others.
fn numbers<'a, T: Copy>(
    rows: &BatchRows<'a>,
    column: Column,
    missing: T,
    known: fn(&Values) -> Option<&[T]>,
    of: impl Fn(Cell<'_>) -> T,
) -> Cow<'a, [T]> {
    match rows.values(column.index()) {
        None => Cow::Owned(vec![missing; rows.len()]),
        Some(values) => known(values)
            .map_or_else(|| Cow::Owned((0..rows.len()).map(|row| of(values.cell(row))).collect()), Cow::Borrowed),
    }
}

fn typed<T, N>(value: Typed<T>, missing: N, bad: N, number: impl FnOnce(T) -> N) -> N {
    match value {
        Typed::Missing => missing,
        Typed::Is(value) => number(value),
        Typed::Bad => bad,
    }
}
