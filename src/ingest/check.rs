//! All R- checks of a single row, and the accepted row as a claim.

use super::cache::CodeCache;
use super::cell::{Cell, Row, Typed, digits_of_number, padded_level};
use super::claims::Border;
use super::columns::{Column, Kind};
use super::reject::{Issue, Problem};
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::place::Admdvs;
use crate::model::settlement::{Bill, Claim, CodeAndParent, Flags, Insutype};
use crate::model::symbol::{Sym, Vocabulary};

/// Checks rows of one part of a file. Holds the caches and the list of what is wrong with the row at hand.
pub(super) struct Checker<'a> {
    pub(super) border: &'a Border<'a>,
    /// Columns of the file that are only checked: what was paid, and codes that nothing is computed from.
    pub(super) only_checked: &'a [Column],
    caches: Caches,
    issues: Vec<Issue>,
    /// Insurance types that the rule book does not name, in order of appearance.
    unlisted: Vec<Box<str>>,
}

struct Caches {
    insutype: CodeCache<Sym>,
    psn_type: CodeCache<CodeAndParent>,
    med_type: CodeCache<CodeAndParent>,
    identity: CodeCache<Sym>,
    grade: CodeCache<Sym>,
    disease: CodeCache<Sym>,
    hosp_lv: CodeCache<Sym>,
    dedc_hosp_lv: CodeCache<Sym>,
    filing_type: CodeCache<Sym>,
}

/// The identifying texts of a row, empty where it has none.
#[derive(Clone, Copy, Default)]
pub(super) struct Texts<'r> {
    pub(super) psn_no: &'r [u8],
    pub(super) setl_id: &'r [u8],
    pub(super) institution: &'r [u8],
    pub(super) init_setl_id: &'r [u8],
    pub(super) mdtrt_id: &'r [u8],
}

/// What a row amounts to. The claim's file, row and text are still to be filled in.
pub(super) enum Checked<'r> {
    Accepted(Texts<'r>, Claim),
    Rejected(Texts<'r>, Fen),
}

const NO_CODE: CodeAndParent = CodeAndParent { code: Sym::EMPTY, parent: Sym::EMPTY };

impl<'a> Checker<'a> {
    pub(super) fn new(border: &'a Border<'a>, only_checked: &'a [Column]) -> Self {
        let codes = || CodeCache::new(Sym::EMPTY);
        let pairs = || CodeCache::new(NO_CODE);
        Self {
            border,
            only_checked,
            caches: Caches {
                insutype: codes(),
                psn_type: pairs(),
                med_type: pairs(),
                identity: codes(),
                grade: codes(),
                disease: codes(),
                hosp_lv: codes(),
                dedc_hosp_lv: codes(),
                filing_type: codes(),
            },
            issues: Vec::new(),
            unlisted: Vec::new(),
        }
    }

    /// The insurance types that rows since the last call had and the rule book does not name.
    pub(super) fn take_unlisted(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.unlisted)
    }

    /// What is wrong with the row checked last, in the order of the reasons, then of the columns.
    pub(super) fn issues(&mut self) -> &[Issue] {
        self.issues.sort_by_key(|issue| (issue.problem.reason(), issue.column));
        &self.issues
    }

    /// Checks one row.
    pub(super) fn check<'r>(&mut self, row: &'r impl Row) -> Checked<'r> {
        self.issues.clear();
        match row.cell(Column::ValiFlag.index()).code() {
            Typed::Missing | Typed::Is(b"1") => {}
            _ => self.issue(Column::ValiFlag, Problem::Void),
        }
        let texts = Texts {
            psn_no: self.identifier(row, Column::PsnNo, true),
            setl_id: self.identifier(row, Column::SetlId, true),
            institution: self.identifier(row, Column::FixmedinsCode, true),
            init_setl_id: self.identifier(row, Column::InitSetlId, false),
            // What is wrong with it is found below, with the columns that are only checked.
            mdtrt_id: match row.cell(Column::MdtrtId.index()).text() {
                Typed::Is(text) if self.border.with_mdtrt_id => text,
                _ => b"",
            },
        };
        let reversal = !texts.init_setl_id.is_empty();
        let (bill, total) = self.bill(row, reversal);
        self.check_only(row);
        let (begndate, enddate) = self.dates(row);
        let claim = Claim {
            text: Default::default(),
            file: 0,
            row: 0,
            institution: self.border.institutions.map_or(Claim::NO_INSTITUTION, |table| table.find(texts.institution)),
            setl_time: self.settled(row, enddate),
            begndate,
            enddate: enddate.unwrap_or(Date::MIN),
            brdy: self.date(row, Column::Brdy, false),
            insured: self.place(row, Column::InsuplcAdmdvs),
            treated: self.place(row, Column::MdtrtareaAdmvs),
            insutype: self.insutype(row),
            psn_type: self.code_and_parent(row, Column::PsnType),
            med_type: self.code_and_parent(row, Column::MedType),
            identity: self.symbol(row, Column::SpPsnType),
            grade: self.symbol(row, Column::ClctGrde),
            disease: self.symbol(row, Column::DiseCodg),
            hosp_lv: self.symbol(row, Column::HospLv),
            dedc_hosp_lv: self.symbol(row, Column::DedcHospLv),
            filing_type: self.symbol(row, Column::OutFilType),
            flags: flags(row, reversal),
            bill,
        };
        if self.issues.is_empty() { Checked::Accepted(texts, claim) } else { Checked::Rejected(texts, total) }
    }

    #[cold]
    fn issue(&mut self, column: Column, problem: Problem) {
        self.issues.push(Issue { column, problem });
    }

    /// An identifier; empty where it is missing or no text.
    #[inline]
    fn identifier<'r>(&mut self, row: &'r impl Row, column: Column, required: bool) -> &'r [u8] {
        match row.cell(column.index()).text() {
            Typed::Is(text) if text.len() <= usize::from(u16::MAX) => return text,
            Typed::Is(_) => self.issue(column, Problem::TextTooLong),
            Typed::Missing if required => self.issue(column, Problem::Missing),
            Typed::Missing => {}
            Typed::Bad => self.issue(column, Problem::NotText),
        }
        b""
    }

    /// A code; empty where it is missing or no text.
    #[inline]
    fn code<'r>(&mut self, row: &'r impl Row, column: Column, required: bool) -> &'r [u8] {
        match row.cell(column.index()).code() {
            Typed::Is(code) => return code,
            Typed::Missing if required => self.issue(column, Problem::Missing),
            Typed::Missing => {}
            Typed::Bad => self.issue(column, Problem::NotText),
        }
        b""
    }

    #[inline]
    fn money(&mut self, row: &impl Row, column: Column, required: bool) -> Option<Fen> {
        match row.cell(column.index()).money() {
            Typed::Is(fen) => return Some(fen),
            Typed::Missing if required => self.issue(column, Problem::Missing),
            Typed::Missing => {}
            Typed::Bad => self.issue(column, Problem::NotMoney),
        }
        None
    }

    #[inline]
    fn date(&mut self, row: &impl Row, column: Column, required: bool) -> Option<Date> {
        match row.cell(column.index()).date() {
            Typed::Is(day) => return Some(day),
            Typed::Missing if required => self.issue(column, Problem::Missing),
            Typed::Missing => {}
            Typed::Bad => self.issue(column, Problem::NotADate),
        }
        None
    }

    /// The money of the row, and its total for the balance of rejected rows (0 where it cannot be read).
    fn bill(&mut self, row: &impl Row, reversal: bool) -> (Bill, Fen) {
        const FIVE: [Column; 5] = [
            Column::MedfeeSumamt,
            Column::FulamtOwnpayAmt,
            Column::OverlmtSelfpay,
            Column::PreselfpayAmt,
            Column::InscpScpAmt,
        ];
        let read = FIVE.map(|column| self.money(row, column, true));
        let hospital = self.money(row, Column::HospPartAmt, false);
        if let [Some(total), Some(full), Some(over), Some(pre), Some(scope)] = read {
            let parts = full + over + pre + scope;
            if parts != total {
                self.issue(Column::MedfeeSumamt, Problem::Split { total, parts });
            }
        }
        if !reversal {
            for (column, amount) in FIVE.into_iter().zip(read).chain([(Column::HospPartAmt, hospital)]) {
                if amount.is_some_and(|amount| amount < Fen::ZERO) {
                    self.issue(column, Problem::Negative);
                }
            }
        }
        let [total, full_own, over_limit, preself, in_scope] = read.map(Option::unwrap_or_default);
        (Bill { total, full_own, over_limit, preself, in_scope, hospital: hospital.unwrap_or_default() }, total)
    }

    /// `begndate`, or `enddate` where it is missing; and `enddate`.
    fn dates(&mut self, row: &impl Row) -> (Date, Option<Date>) {
        let enddate = self.date(row, Column::Enddate, true);
        let begndate = self.date(row, Column::Begndate, false);
        if let (Some(begin), Some(end)) = (begndate, enddate)
            && begin > end
        {
            self.issue(Column::Begndate, Problem::BeginsAfterEnd { end });
        }
        (begndate.or(enddate).unwrap_or(Date::MIN), enddate)
    }

    fn settled(&mut self, row: &impl Row, enddate: Option<Date>) -> crate::model::date::Time {
        match row.cell(Column::SetlTime.index()).time() {
            Typed::Is(settled) => {
                if enddate.is_some_and(|end| end > settled.day()) {
                    self.issue(Column::Enddate, Problem::EndsAfterSettlement { settled });
                }
                return settled;
            }
            Typed::Missing => self.issue(Column::SetlTime, Problem::Missing),
            Typed::Bad => self.issue(Column::SetlTime, Problem::NotATime),
        }
        crate::model::date::Time(0)
    }

    fn place(&mut self, row: &impl Row, column: Column) -> Admdvs {
        let code = self.code(row, column, true);
        if let Some(place) = Admdvs::parse(code) {
            return place;
        }
        // An empty code has been reported as missing, and that is all that is wrong with it.
        if !code.is_empty() {
            self.issue(column, Problem::NotSixDigits);
        }
        Admdvs(0)
    }

    fn insutype(&mut self, row: &impl Row) -> Insutype {
        let code = self.code(row, Column::Insutype, true);
        match self.listed(code) {
            Sym::OTHER => {}
            listed => return Insutype(listed.0),
        }
        let number = self.unlisted.iter().position(|other| other.as_bytes() == code).unwrap_or_else(|| {
            self.unlisted.push(String::from_utf8_lossy(code).into());
            self.unlisted.len() - 1
        });
        Insutype(Insutype::UNLISTED + number as u32)
    }

    /// The symbol of an insurance type.
    pub(super) fn listed(&mut self, code: &[u8]) -> Sym {
        let vocabulary = &self.border.vocab.insutype;
        self.caches.insutype.get(code, |code| vocabulary.find(code))
    }

    fn code_and_parent(&mut self, row: &impl Row, column: Column) -> CodeAndParent {
        let code = self.code(row, column, true);
        self.pair_of(column, code)
    }

    /// The symbols of a code and of its parent.
    pub(super) fn pair_of(&mut self, column: Column, code: &[u8]) -> CodeAndParent {
        let vocab = self.border.vocab;
        let (cache, vocabulary) = match column {
            Column::PsnType => (&mut self.caches.psn_type, &vocab.psn_type),
            _ => (&mut self.caches.med_type, &vocab.med_type),
        };
        cache.get(code, |code| CodeAndParent { code: vocabulary.find(code), parent: vocabulary.find(first_two(code)) })
    }

    fn symbol(&mut self, row: &impl Row, column: Column) -> Sym {
        match row.cell(column.index()).text() {
            Typed::Is(text) => self.symbol_of(column, text),
            Typed::Missing => Sym::EMPTY,
            Typed::Bad => {
                self.issue(column, Problem::NotText);
                Sym::EMPTY
            }
        }
    }

    /// The symbol of a code that need not be there.
    pub(super) fn symbol_of(&mut self, column: Column, text: &[u8]) -> Sym {
        // The unnormalised text is the cache's key, so that a repeated value is not normalised again.
        let vocab = self.border.vocab;
        let caches = &mut self.caches;
        let find = |vocabulary: &Vocabulary, text: &[u8]| vocabulary.find(digits_of_number(text));
        match column {
            Column::SpPsnType => caches.identity.get(text, |text| find(&vocab.identity, text)),
            Column::ClctGrde => caches.grade.get(text, |text| find(&vocab.grade, text)),
            Column::DedcHospLv => caches.dedc_hosp_lv.get(text, |text| find(&vocab.level, text)),
            Column::OutFilType => caches.filing_type.get(text, |text| find(&vocab.filing_type, text)),
            Column::HospLv => caches.hosp_lv.get(text, |text| hosp_lv(&vocab.level, text)),
            _ => caches.disease.get(text, |text| vocab.disease.find_longest_prefix(digits_of_number(text))),
        }
    }

    /// Values that nothing is computed from are still of their kind.
    fn check_only(&mut self, row: &impl Row) {
        for &column in self.only_checked {
            if let Some(problem) = wrong(row.cell(column.index()), column) {
                self.issues.push(Issue { column, problem });
            }
        }
    }
}

/// What is wrong with a value that is only checked.
pub(super) fn wrong(cell: Cell<'_>, column: Column) -> Option<Problem> {
    match column.kind() {
        _ if cell == Cell::Missing => None,
        Kind::Money => (cell.money() == Typed::Bad).then_some(Problem::NotMoney),
        _ => (cell.text() == Typed::Bad).then_some(Problem::NotText),
    }
}

/// Codes that nothing is computed from.
const CODES: [Column; 6] =
    [Column::MdtrtId, Column::Gend, Column::PayLoc, Column::ClrType, Column::ClrWay, Column::ClrOptins];

/// Whether nothing is computed from a column: all that can be seen in it is a wrong value.
pub(super) fn is_spare(column: Column, border: &Border<'_>) -> bool {
    match column {
        Column::MdtrtId => !border.with_mdtrt_id,
        Column::RefdSetlFlag => true,
        _ => CODES.contains(&column) || Column::PAID.contains(&column),
    }
}

/// The columns that are only checked, of those a file has.
pub(super) fn only_checked(has: impl Fn(Column) -> bool) -> Vec<Column> {
    // Flags that are no text are simply not set, and `vali_flag` has its own check.
    CODES.into_iter().chain(Column::PAID).filter(|&column| has(column)).collect()
}

/// The symbol of a hospital grade, in two digits.
pub(super) fn hosp_lv(levels: &Vocabulary, text: &[u8]) -> Sym {
    let code = digits_of_number(text);
    let mut padded = [0; 2];
    levels.find(if padded_level(code, &mut padded) { &padded } else { code })
}

/// The first two characters of a code: its parent.
fn first_two(code: &[u8]) -> &[u8] {
    if code.is_ascii() {
        return &code[..code.len().min(2)];
    }
    let text = std::str::from_utf8(code).unwrap_or_default();
    text.char_indices().nth(2).map_or(code, |(end, _)| &code[..end])
}

/// Columns that are flags, the digit that sets each, and what it sets.
pub(super) const FLAGS: [(Column, u8, Flags); 5] = [
    (Column::ErFlag, b'1', Flags::EMERGENCY),
    (Column::AcctUsedFlag, b'0', Flags::ACCOUNT_NOT_USED),
    (Column::CvlservFlag, b'1', Flags::CIVIL_SERVANT),
    (Column::FlxempeFlag, b'1', Flags::FLEXIBLE),
    (Column::NwbFlag, b'1', Flags::NEWBORN),
];

fn flags(row: &impl Row, reversal: bool) -> Flags {
    let mut flags = Flags::default();
    for (column, digit, flag) in FLAGS {
        if row.cell(column.index()).is_flag(digit) {
            flags.set(flag);
        }
    }
    if reversal {
        flags.set(Flags::REVERSAL);
    }
    flags
}
