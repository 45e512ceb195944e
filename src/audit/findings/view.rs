//! What a check sees: a person with all settlements in the order of time, what was computed and paid of each, and
//! the tables beside them. Nothing in it belongs to the kernel: a check reads results, it does not compute them.

use hashbrown::HashSet;

use crate::audit::cause::Cause;
use crate::columnar::reconciled::{COMPARED, FIELDS, FieldSet, field};
use crate::columnar::words::Words;
use crate::diagnostic::Text;
use crate::model::date::Date;
use crate::model::money::Fen;
use crate::model::outcome::{Reasons, Status};
use crate::model::place::Admdvs;
use crate::model::reference::{Institutions, PersonFacts};
use crate::model::settlement::{Claim, Flags};
use crate::model::symbol::Sym;
use crate::rules::book::BenefitKeys;
use crate::rules::values::SchemeValue;
use crate::shuffle::group::{Entry, Persons, Rows};

/// What is there to look at: columns of the claims and paid files, tables, whole benefit years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Has {
    /// Compared fields in which some paid row has a value.
    pub paid: FieldSet,
    /// Some file of claims has `dise_codg`.
    pub disease: bool,
    /// Some file of claims has `refd_setl_flag`.
    pub refund_flag: bool,
    /// Some file of claims has `begndate`.
    pub begin: bool,
    /// Some file of claims has `hosp_lv` or `dedc_hosp_lv`.
    pub level: bool,
    /// The enrolments table was given.
    pub enrolments: bool,
    /// The institutions table was given.
    pub institutions: bool,
    /// The settlements of whole benefit years: not only those of one night.
    pub years: bool,
}

/// What a check cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A paid column, by its position among the compared ones.
    Paid(usize),
    /// `fund_pay_sumamt`, or else `hifp_pay`.
    PaidFund,
    /// `dise_codg`
    Disease,
    /// `refd_setl_flag`
    RefundFlag,
    /// `begndate`
    Begin,
    /// `hosp_lv` or `dedc_hosp_lv`
    Level,
    /// The enrolments table.
    Enrolments,
    /// The institutions table.
    Institutions,
    /// Whole benefit years.
    Years,
}

impl Has {
    /// Whether it is there.
    #[must_use]
    pub const fn has(&self, need: Need) -> bool {
        match need {
            Need::Paid(field) => self.paid.has(field),
            Need::PaidFund => self.paid.has(field::FUNDS) || self.paid.has(field::BASIC),
            Need::Disease => self.disease,
            Need::RefundFlag => self.refund_flag,
            Need::Begin => self.begin,
            Need::Level => self.level,
            Need::Enrolments => self.enrolments,
            Need::Institutions => self.institutions,
            Need::Years => self.years,
        }
    }
}

impl Need {
    /// What is missing, in words.
    #[must_use]
    pub fn missing(self) -> Text {
        let column = |name: &str| Text::new(format!("column {name}"), format!("列 {name}"));
        match self {
            Self::Paid(field) => {
                let name = COMPARED[field];
                Text::new(format!("paid column {name}"), format!("支付列 {name}"))
            }
            Self::PaidFund => {
                Text::new("paid column fund_pay_sumamt or hifp_pay", "支付列 fund_pay_sumamt 或 hifp_pay")
            }
            Self::Disease => column("dise_codg"),
            Self::RefundFlag => column("refd_setl_flag"),
            Self::Begin => column("begndate"),
            Self::Level => Text::new("column hosp_lv or dedc_hosp_lv", "列 hosp_lv 或 dedc_hosp_lv"),
            Self::Enrolments => Text::new("table enrolments", "参保表 enrolments"),
            Self::Institutions => Text::new("table institutions", "定点机构表 institutions"),
            Self::Years => Text::new(
                "the settlements of the whole benefit year (this is one night of a ledger)",
                "整个待遇年度的结算（本次仅为账本的一夜）",
            ),
        }
    }
}

/// What all persons share.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Rules, and the words that numbers stand for.
    pub words: Words<'a>,
    /// The institutions table.
    pub institutions: Option<&'a Institutions>,
    /// The rows of the run.
    pub rows: &'a Rows,
    /// By person.
    pub persons: &'a Persons,
    /// Settlement numbers that stand more than once in the run.
    pub repeated: &'a HashSet<&'a [u8]>,
    /// What each field may be off by.
    pub tolerance: [Fen; FIELDS],
    /// Compared fields in which some paid row has a value.
    pub paid: FieldSet,
}

impl World<'_> {
    /// `psn_no` of a person.
    #[must_use]
    pub fn psn_no(&self, person: u32) -> &[u8] {
        self.rows.arenas.person(self.persons.name(person))
    }

    /// `setl_id` of a row.
    #[must_use]
    pub fn setl_id(&self, entry: Entry) -> &[u8] {
        self.rows.arenas.setl_id(self.rows.text(entry))
    }

    /// A claim.
    #[must_use]
    pub fn claim(&self, entry: Entry) -> &Claim {
        &self.rows.claims[entry.batch as usize][entry.index as usize]
    }
}

/// Bytes that were read as UTF-8, as text.
#[must_use]
pub fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into()
}

/// A person.
#[derive(Clone, Copy)]
pub struct Person<'p> {
    /// What all persons share.
    pub world: &'p World<'p>,
    /// Rank of `psn_no`.
    pub rank: u32,
    /// `psn_no`
    pub number: &'p [u8],
    /// Spans of cover, filings, marks.
    pub facts: PersonFacts<'p>,
    /// Settlements in the order of time and number; rejected rows are not among them.
    pub settlements: &'p [Settlement<'p>],
}

/// What a settlement was for, by the rules in force on its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// The visit class.
    pub med_class: Sym,
    /// It counts as an admission.
    pub is_admission: bool,
    /// The visit class or the claim says emergency.
    pub is_emergency: bool,
}

/// What an adjudicated settlement is by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The insured pool.
    pub pool: Admdvs,
    /// Calendar year in which the benefit year starts.
    pub benefit_year: i32,
    /// Person class, visit class, place, filing, tier.
    pub keys: BenefitKeys,
    /// Row of `channels.csv`.
    pub channel: u32,
    /// Row of `benefits.csv`.
    pub benefit: u32,
    /// What entered the pool.
    pub pool_base: Fen,
}

/// What was paid of a settlement.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// Fields that its file has.
    pub columns: FieldSet,
    /// The compared fields; 0 where there is no column.
    pub amounts: [Fen; FIELDS],
}

/// A settlement.
#[derive(Clone, Copy)]
pub struct Settlement<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// Where it is.
    pub entry: Entry,
    /// `setl_id`
    pub setl_id: &'a [u8],
    /// `fixmedins_code`
    pub institution: &'a [u8],
    /// `dise_codg` as it was written; empty where it is missing.
    pub disease: &'a str,
    /// `refd_setl_flag` says 1; `None` where it says nothing.
    pub is_flagged: Option<bool>,
    /// What became of it.
    pub status: Status,
    /// Why.
    pub reasons: Reasons,
    /// An accepted reversal names it.
    pub is_reversed: bool,
    /// What it was for; `None` where the rules do not say.
    pub care: Option<Care>,
    /// What it is by the rules; `None` where it is pended, or takes back a settlement of an earlier night.
    pub seen: Option<Seen>,
    /// What was computed; 0 where it is pended.
    pub computed: [Fen; FIELDS],
    /// Whether fund totals of its scheme include the account.
    pub has_account: bool,
    /// What was paid; `None`: nobody says, or rows of several settlements say it under one number.
    pub paid: Option<Payment>,
    /// The first cause of the difference, where amounts differ.
    pub cause: Option<Cause>,
}

impl Settlement<'_> {
    /// It takes another one back.
    #[must_use]
    pub fn is_reversal(&self) -> bool {
        self.claim.flags.has(Flags::REVERSAL)
    }

    /// It stands: no reversal, not reversed, not flagged as refunded.
    #[must_use]
    pub fn stands(&self) -> bool {
        !self.is_reversal() && !self.is_reversed && self.is_flagged != Some(true)
    }

    /// It is an admission that stands.
    #[must_use]
    pub fn is_stay(&self) -> bool {
        self.stands() && self.care.is_some_and(|care| care.is_admission)
    }

    /// It is a visit or a purchase, no admission, and stands.
    #[must_use]
    pub fn is_visit(&self) -> bool {
        self.stands() && self.care.is_some_and(|care| !care.is_admission)
    }

    /// A paid field, where it has a value.
    #[must_use]
    pub fn paid(&self, field: usize) -> Option<Fen> {
        self.paid.filter(|paid| paid.columns.has(field)).map(|paid| paid.amounts[field])
    }

    /// Fund money that was paid, without the account: `fund_pay_sumamt`, else the sum of the funds.
    #[must_use]
    pub fn paid_fund(&self) -> Option<Fen> {
        let paid = self.paid?;
        if paid.columns.has(field::FUNDS) {
            return Some(self.without_account(&paid.amounts));
        }
        let parts = field::BASIC..field::FUNDS;
        paid.columns.has(field::BASIC).then(|| parts.fold(Fen::ZERO, |sum, part| sum + paid.amounts[part]))
    }

    /// Fund money that was computed, without the account.
    #[must_use]
    pub fn computed_fund(&self) -> Fen {
        self.without_account(&self.computed)
    }

    fn without_account(&self, amounts: &[Fen; FIELDS]) -> Fen {
        if self.has_account { amounts[field::FUNDS] - amounts[field::ACCOUNT] } else { amounts[field::FUNDS] }
    }

    /// Fund money: paid, or, where nobody says what was paid, computed.
    #[must_use]
    pub fn fund(&self) -> Fen {
        self.paid_fund().unwrap_or_else(|| self.computed_fund())
    }

    /// Whether a compared field is off by more than its tolerance.
    #[must_use]
    pub fn differs(&self, world: &World, field: usize) -> bool {
        self.paid(field).is_some_and(|paid| {
            (i128::from(paid.0) - i128::from(self.computed[field].0)).abs() > i128::from(world.tolerance[field].0)
        })
    }

    /// The scheme whose ceiling it counts to.
    #[must_use]
    pub fn scheme<'w>(&self, world: &World<'w>) -> Option<&'w SchemeValue> {
        let book = world.words.book;
        book.scheme(book.pool_of(self.claim.insured), self.claim.insutype, self.claim.enddate).map(|row| row.value)
    }

    /// The day on which it was settled.
    #[must_use]
    pub fn settled_on(&self) -> Date {
        self.claim.setl_time.day()
    }
}
