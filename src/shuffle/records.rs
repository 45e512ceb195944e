//! Claims, rejected rows and facts about persons as rows of a [`Shelf`](super::shelf::Shelf).

use std::cmp::Ordering;

use super::group::Ghost;
use super::order::{At, Ordered};
use super::shelf::{Columns, Shape};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::reference::{AccountBalance, Enrolment, FilingRecord, Mark};
use crate::model::settlement::{Arenas, Bill, Claim, CodeAndParent, Flags, Insutype, TextRef};
use crate::model::symbol::Sym;

/// Columns of a claim.
pub const CLAIM: Shape = Shape { small: 23, wide: 7 };
/// Columns of a ghost.
pub const GHOST: Shape = Shape { small: 3, wide: 0 };

/// Beside the flags of a claim: whether it has a `brdy`.
const HAS_BIRTHDAY: u32 = 1 << 8;

fn two(low: u16, high: u16) -> u32 {
    u32::from(low) | u32::from(high) << 16
}

fn low(value: u32) -> u16 {
    value as u16
}

fn high(value: u32) -> u16 {
    (value >> 16) as u16
}

const fn day(date: Date) -> u32 {
    date.0.cast_unsigned()
}

const fn date(day: u32) -> Date {
    Date(day.cast_signed())
}

/// Sets a claim down.
pub fn put_claim(columns: &mut Columns, claim: &Claim, arenas: &Arenas) {
    let text = claim.text;
    let flags = u32::from(claim.flags.0) | if claim.brdy.is_some() { HAS_BIRTHDAY } else { 0 };
    let small: [u32; CLAIM.small] = [
        two(text.psn_len, text.setl_len),
        two(text.inst_len, text.init_len),
        u32::from(text.mdtrt_len),
        claim.file,
        claim.row,
        claim.institution,
        day(claim.begndate),
        day(claim.enddate),
        claim.brdy.map_or(0, day),
        claim.insured.0,
        claim.treated.0,
        claim.insutype.0,
        claim.psn_type.code.0,
        claim.psn_type.parent.0,
        claim.med_type.code.0,
        claim.med_type.parent.0,
        claim.identity.0,
        claim.grade.0,
        claim.disease.0,
        claim.hosp_lv.0,
        claim.dedc_hosp_lv.0,
        claim.filing_type.0,
        flags,
    ];
    let Bill { total, full_own, over_limit, preself, in_scope, hospital } = claim.bill;
    let wide = [claim.setl_time.0, total.0, full_own.0, over_limit.0, preself.0, in_scope.0, hospital.0];
    columns.push(&[arenas.whole(text)], &small, &wide);
}

/// The claims of a block, and their text; `arena` is its number.
#[must_use]
pub fn claims(columns: Columns, arena: u32) -> (Vec<Claim>, Vec<u8>) {
    let small: [&[u32]; CLAIM.small] = std::array::from_fn(|column| columns.small(column));
    let wide: [&[i64]; CLAIM.wide] = std::array::from_fn(|column| columns.wide(column));
    let claims = (0..columns.len()).map(|row| {
        let [
            psn_setl,
            inst_init,
            mdtrt,
            file,
            number,
            institution,
            begndate,
            enddate,
            brdy,
            insured,
            treated,
            insutype,
            psn_type,
            psn_parent,
            med_type,
            med_parent,
            identity,
            grade,
            disease,
            hosp_lv,
            dedc_hosp_lv,
            filing_type,
            flags,
        ] = small.map(|column| column[row]);
        let [setl_time, total, full_own, over_limit, preself, in_scope, hospital] = wide.map(|column| column[row]);
        Claim {
            text: TextRef {
                arena,
                offset: columns.start(row) as u32,
                psn_len: low(psn_setl),
                setl_len: high(psn_setl),
                inst_len: low(inst_init),
                init_len: high(inst_init),
                mdtrt_len: low(mdtrt),
            },
            file,
            row: number,
            institution,
            setl_time: Time(setl_time),
            begndate: date(begndate),
            enddate: date(enddate),
            brdy: (flags & HAS_BIRTHDAY != 0).then(|| date(brdy)),
            insured: Admdvs(insured),
            treated: Admdvs(treated),
            insutype: Insutype(insutype),
            psn_type: CodeAndParent { code: Sym(psn_type), parent: Sym(psn_parent) },
            med_type: CodeAndParent { code: Sym(med_type), parent: Sym(med_parent) },
            identity: Sym(identity),
            grade: Sym(grade),
            disease: Sym(disease),
            hosp_lv: Sym(hosp_lv),
            dedc_hosp_lv: Sym(dedc_hosp_lv),
            filing_type: Sym(filing_type),
            flags: Flags(flags as u8),
            bill: Bill {
                total: Fen(total),
                full_own: Fen(full_own),
                over_limit: Fen(over_limit),
                preself: Fen(preself),
                in_scope: Fen(in_scope),
                hospital: Fen(hospital),
            },
        }
    });
    let claims = claims.collect();
    (claims, columns.into_text())
}

/// Sets a ghost down.
pub fn put_ghost(columns: &mut Columns, ghost: &Ghost, arenas: &Arenas) {
    let text = ghost.text;
    columns.push(&[arenas.whole(text)], &[two(text.psn_len, text.setl_len), ghost.file, ghost.row], &[]);
}

/// The ghosts of a block, and their text; `arena` is its number.
#[must_use]
pub fn ghosts(columns: Columns, arena: u32) -> (Vec<Ghost>, Vec<u8>) {
    let [lengths, files, rows] = std::array::from_fn(|column| columns.small(column));
    let ghosts = (0..columns.len()).map(|row| {
        let (psn_len, setl_len) = (low(lengths[row]), high(lengths[row]));
        let offset = columns.start(row) as u32;
        let text = TextRef { arena, offset, psn_len, setl_len, ..TextRef::default() };
        Ghost { text, file: files[row], row: rows[row] }
    });
    let ghosts = ghosts.collect();
    (ghosts, columns.into_text())
}

/// Something that is told about a person, as numbers.
pub trait Told: Sized + Send {
    /// Its columns.
    const SHAPE: Shape;
    /// Sets it down under a person's number.
    fn put(&self, columns: &mut Columns, person: &[u8]);
    /// The one in a row.
    fn get(columns: &Columns, row: usize) -> Self;
}

impl Told for Enrolment {
    const SHAPE: Shape = Shape { small: 5, wide: 0 };

    fn put(&self, columns: &mut Columns, person: &[u8]) {
        let Self { insutype, pool, from, to, benefits_from } = self;
        columns.push(&[person], &[insutype.0, pool.0, day(*from), day(*to), day(*benefits_from)], &[]);
    }

    fn get(columns: &Columns, row: usize) -> Self {
        let [insutype, pool, from, to, benefits_from] = std::array::from_fn(|column| columns.small(column)[row]);
        Self {
            insutype: Insutype(insutype),
            pool: Admdvs(pool),
            from: date(from),
            to: date(to),
            benefits_from: date(benefits_from),
        }
    }
}

impl Told for FilingRecord {
    const SHAPE: Shape = Shape { small: 5, wide: 0 };

    fn put(&self, columns: &mut Columns, person: &[u8]) {
        let Self { filing_type, area, from, to } = self;
        let small = [filing_type.0, area.0, day(*from), to.map_or(0, day), u32::from(to.is_some())];
        columns.push(&[person], &small, &[]);
    }

    fn get(columns: &Columns, row: usize) -> Self {
        let [filing_type, area, from, to, ends] = std::array::from_fn(|column| columns.small(column)[row]);
        let to = (ends != 0).then(|| date(to));
        Self { filing_type: Sym(filing_type), area: Admdvs(area), from: date(from), to }
    }
}

impl Told for Mark {
    const SHAPE: Shape = Shape { small: 3, wide: 0 };

    fn put(&self, columns: &mut Columns, person: &[u8]) {
        columns.push(&[person], &[self.mark.0, day(self.from), day(self.to)], &[]);
    }

    fn get(columns: &Columns, row: usize) -> Self {
        let [mark, from, to] = std::array::from_fn(|column| columns.small(column)[row]);
        Self { mark: Sym(mark), from: date(from), to: date(to) }
    }
}

/// A person's number and balance.
pub type Balance = (Box<[u8]>, AccountBalance);

/// By person; of one person as they stand in the files.
impl Ordered for Balance {
    const SHAPE: Shape = Shape { small: 1, wide: 2 };

    fn put(&self, columns: &mut Columns) {
        let (person, AccountBalance { balance, file, line }) = self;
        columns.push(&[person], &[*file], &[balance.0, line.cast_signed()]);
    }

    fn get(columns: &Columns, row: usize) -> Self {
        (columns.text(row).into(), balance((columns, row)))
    }

    fn compare(one: At<'_>, other: At<'_>) -> Ordering {
        let place = |at: At<'_>| (balance(at).file, balance(at).line);
        one.0.text(one.1).cmp(other.0.text(other.1)).then_with(|| place(one).cmp(&place(other)))
    }
}

/// The balance in a row.
#[must_use]
pub fn balance((columns, row): At<'_>) -> AccountBalance {
    let (balance, line) = (Fen(columns.wide(0)[row]), columns.wide(1)[row].cast_unsigned());
    AccountBalance { balance, file: columns.small(0)[row], line }
}
