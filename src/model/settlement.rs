//! One settlement as the kernel takes it, and the facts about its person that rules turn on.

use super::date::{Date, Time};
use super::money::Fen;
use super::place::Admdvs;
use super::symbol::Sym;

/// The insurance type of a row: a word of the rule book's vocabulary, or one that no rule names.
///
/// Unlisted words still have to be told apart (covers and accumulators are kept per insurance type), so
/// they get numbers of their own from [`Insutype::UNLISTED`] up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Insutype(pub u32);

impl Insutype {
    /// First number of the types that the rule book does not name.
    pub const UNLISTED: u32 = 0x8000_0000;

    /// The symbol that rules are looked up by.
    #[inline]
    #[must_use]
    pub fn sym(self) -> Sym {
        if self.0 >= Self::UNLISTED { Sym::OTHER } else { Sym(self.0) }
    }
}

/// A code and its two-digit parent, as symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeAndParent {
    /// The code as it stands.
    pub code: Sym,
    /// Its first two digits.
    pub parent: Sym,
}

/// The money of a claim, in fen, as the treatment place's catalogue split it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// `medfee_sumamt`, T: the whole bill.
    pub total: Fen,
    /// `fulamt_ownpay_amt`, F: outside the catalogue.
    pub full_own: Fen,
    /// `overlmt_selfpay`, O: above a price ceiling.
    pub over_limit: Fen,
    /// `preselfpay_amt`, P: borne first, before the deductible.
    pub preself: Fen,
    /// `inscp_scp_amt`, S: within scope.
    pub in_scope: Fen,
    /// `hosp_part_amt`: borne by the hospital.
    pub hospital: Fen,
}

impl Bill {
    /// Whether the five bill amounts of `self` are the exact negative of `other`'s. The hospital's part is not compared.
    #[must_use]
    pub fn negates(&self, other: &Self) -> bool {
        self.total == -other.total
            && self.full_own == -other.full_own
            && self.over_limit == -other.over_limit
            && self.preself == -other.preself
            && self.in_scope == -other.in_scope
    }
}

/// Flags of a claim, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// `er_flag` = 1.
    pub const EMERGENCY: Self = Self(1);
    /// `acct_used_flag` = 0: the account is not to be used.
    pub const ACCOUNT_NOT_USED: Self = Self(2);
    /// `cvlserv_flag` = 1: the mark `cvlserv`.
    pub const CIVIL_SERVANT: Self = Self(4);
    /// `flxempe_flag` = 1: the mark `flexible`.
    pub const FLEXIBLE: Self = Self(8);
    /// `nwb_flag` = 1: the mark `newborn`.
    pub const NEWBORN: Self = Self(16);
    /// All that are marks.
    pub const MARKS: Self = Self(4 | 8 | 16);
    /// `init_setl_id` is not empty.
    pub const REVERSAL: Self = Self(32);

    /// Whether all bits of `other` are set.
    #[inline]
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether some bits of `other` are set.
    #[inline]
    #[must_use]
    pub fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets the bits of `other`.
    #[inline]
    pub fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Where the text of a claim lies: consecutive in one batch's arena, in the order of the fields here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRef {
    /// Number of the arena.
    pub arena: u32,
    /// First byte.
    pub offset: u32,
    /// Bytes of `psn_no`.
    pub psn_len: u16,
    /// Bytes of `setl_id`.
    pub setl_len: u16,
    /// Bytes of `fixmedins_code`.
    pub inst_len: u16,
    /// Bytes of `init_setl_id`.
    pub init_len: u16,
    /// Bytes of `mdtrt_id`; 0 also where nobody asked for it.
    pub mdtrt_len: u16,
}

/// The text of all claims, batch by batch.
#[derive(Debug, Default)]
pub struct Arenas(pub Vec<Vec<u8>>);

/// Bytes of text after which a further arena begins: offsets have 32 bits, and one claim's text has less than 19.
const ARENA_BYTES: usize = 1 << 30;

impl Arenas {
    /// Adds the text of a claim that lies elsewhere, and says where it lies here.
    #[inline]
    pub fn put(&mut self, from: &Self, text: TextRef) -> TextRef {
        if self.0.last().is_none_or(|arena| arena.len() >= ARENA_BYTES) {
            self.0.push(Vec::new());
        }
        let number = self.0.len() - 1;
        let arena = &mut self.0[number];
        let offset = arena.len() as u32;
        arena.extend_from_slice(from.whole(text));
        TextRef { arena: number as u32, offset, ..text }
    }

    #[inline]
    fn slice(&self, text: TextRef, skip: usize, len: u16) -> &[u8] {
        let start = text.offset as usize + skip;
        &self.0[text.arena as usize][start..start + usize::from(len)]
    }

    /// All texts of a claim, as they lie there.
    #[inline]
    #[must_use]
    pub fn whole(&self, text: TextRef) -> &[u8] {
        let lengths = [text.psn_len, text.setl_len, text.inst_len, text.init_len, text.mdtrt_len];
        let start = text.offset as usize;
        &self.0[text.arena as usize][start..start + lengths.map(usize::from).iter().sum::<usize>()]
    }

    /// `psn_no`.
    #[inline]
    #[must_use]
    pub fn person(&self, text: TextRef) -> &[u8] {
        self.slice(text, 0, text.psn_len)
    }

    /// `setl_id`.
    #[inline]
    #[must_use]
    pub fn setl_id(&self, text: TextRef) -> &[u8] {
        self.slice(text, usize::from(text.psn_len), text.setl_len)
    }

    /// `fixmedins_code`.
    #[inline]
    #[must_use]
    pub fn institution(&self, text: TextRef) -> &[u8] {
        self.slice(text, usize::from(text.psn_len) + usize::from(text.setl_len), text.inst_len)
    }

    /// `init_setl_id`; empty when the row is no reversal.
    #[inline]
    #[must_use]
    pub fn init_setl_id(&self, text: TextRef) -> &[u8] {
        let skip = usize::from(text.psn_len) + usize::from(text.setl_len) + usize::from(text.inst_len);
        self.slice(text, skip, text.init_len)
    }

    /// `mdtrt_id`; empty when missing, or when ingestion was not asked for it.
    #[inline]
    #[must_use]
    pub fn mdtrt_id(&self, text: TextRef) -> &[u8] {
        let skip = [text.psn_len, text.setl_len, text.inst_len, text.init_len].map(usize::from).iter().sum();
        self.slice(text, skip, text.mdtrt_len)
    }
}

/// One accepted row, typed; codes are symbols of the rule book's vocabularies.
#[derive(Clone, Debug)]
pub struct Claim {
    /// `psn_no, setl_id, fixmedins_code, init_setl_id, mdtrt_id`.
    pub text: TextRef,
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// The institution's number in [`Institutions`](super::reference::Institutions), or [`Claim::NO_INSTITUTION`].
    pub institution: u32,
    /// `setl_time`.
    pub setl_time: Time,
    /// `begndate`, or `enddate` where it is missing.
    pub begndate: Date,
    /// `enddate`: discharge or service date, the deciding date.
    pub enddate: Date,
    /// `brdy`; `None` when missing.
    pub brdy: Option<Date>,
    /// `insuplc_admdvs` 参保地.
    pub insured: Admdvs,
    /// `mdtrtarea_admvs` 就医地.
    pub treated: Admdvs,
    /// `insutype`.
    pub insutype: Insutype,
    /// `psn_type`.
    pub psn_type: CodeAndParent,
    /// `med_type`.
    pub med_type: CodeAndParent,
    /// `sp_psn_type`.
    pub identity: Sym,
    /// `clct_grde`.
    pub grade: Sym,
    /// The longest listed beginning of `dise_codg`.
    pub disease: Sym,
    /// `hosp_lv` of the claim; empty when missing.
    pub hosp_lv: Sym,
    /// `dedc_hosp_lv` of the claim; empty when missing.
    pub dedc_hosp_lv: Sym,
    /// `out_fil_type` of the claim.
    pub filing_type: Sym,
    /// Flags.
    pub flags: Flags,
    /// The five bill amounts and the hospital's part.
    pub bill: Bill,
}

impl Claim {
    /// The institution is not in the table, or there is no table.
    pub const NO_INSTITUTION: u32 = u32::MAX;
}
