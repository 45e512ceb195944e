//! What a rule row says once it is chosen: the value columns, typed.

use super::cell;
use super::layout::{BAND_BASES, BURDEN_PARTS, DEDUCTIBLE_BASES, PAYERS, PAYS_FOR};
use super::pack::PackTable;
use super::vocabulary::Vocabularies;
use crate::model::money::{Fen, Rate};
use crate::model::place::{Filing, Place};
use crate::model::symbol::Sym;

/// No cap.
pub const NO_CAP: Fen = Fen(i64::MAX);

/// `tiers.csv`
#[derive(Clone, Debug)]
pub struct TierValue {
    /// The tier.
    pub tier: Sym,
}

/// `visit_classes.csv`
#[derive(Clone, Debug)]
pub struct VisitValue {
    /// The visit class.
    pub med_class: Sym,
    /// Counts as an admission.
    pub is_admission: bool,
    /// Is an emergency.
    pub is_emergency: bool,
}

/// `filing_types.csv`
#[derive(Clone, Debug)]
pub struct FilingTypeValue {
    /// The filing class.
    pub filing: Filing,
    /// Months a filing without an end holds; `None`: without end.
    pub default_months: Option<i32>,
}

/// `schemes.csv`
#[derive(Clone, Debug)]
pub struct SchemeValue {
    /// Month and day on which the benefit year starts.
    pub year_start: (u32, u32),
    /// Ceiling of basic payments a benefit year.
    pub fund_cap_year: Fen,
    /// Whether filings are looked for at home too.
    pub local_filing: bool,
    /// Whether that fund's paid `fund_pay_sumamt` includes the account.
    pub fund_total_has_account: bool,
}

/// `person_classes.csv`
#[derive(Clone, Debug)]
pub struct ClassValue {
    /// Smallest first.
    pub priority: i32,
    /// The class.
    pub psn_class: Sym,
    /// One of these marks must be in force; `None`: any.
    pub marks: Option<Vec<Sym>>,
    /// Youngest age in full years.
    pub age_min: Option<i32>,
    /// Oldest age in full years.
    pub age_max: Option<i32>,
    /// It asks for no mark and no age.
    pub is_plain: bool,
}

impl ClassValue {
    /// Whether an age, where one is asked for, lies within the limits.
    #[inline]
    pub fn ages_hold(&self, age: impl FnOnce() -> Option<i32>) -> bool {
        (self.age_min.is_none() && self.age_max.is_none())
            || age().is_some_and(|age| {
                self.age_min.is_none_or(|least| least <= age) && self.age_max.is_none_or(|most| age <= most)
            })
    }
}

/// `neighbours.csv`
#[derive(Clone, Debug)]
pub struct NeighbourValue {
    /// The place that the treatment pool counts as.
    pub place: Place,
}

/// Whether the transfer prepayment is taken before or after the deductible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrepayOrder {
    /// Of everything in scope.
    Before,
    /// Of what is left behind the deductible.
    After,
}

/// `channels.csv`
#[derive(Clone, Debug)]
pub struct ChannelValue {
    /// The channel denies.
    pub deny: bool,
    /// Replaces the deductible.
    pub deductible: Option<Fen>,
    /// Multiplies the deductible.
    pub deductible_factor: Option<Rate>,
    /// The deductible as a share of the whole bill.
    pub deductible_rate: Option<Rate>,
    /// At least.
    pub deductible_min: Fen,
    /// At most.
    pub deductible_max: Fen,
    /// Share borne first.
    pub prepay_rate: Rate,
    /// When it is taken; `None`: not at all.
    pub prepay_order: Option<PrepayOrder>,
    /// Points off every band's rate (negative: a bonus).
    pub rate_points: Rate,
    /// Factor on every band's rate, after the points.
    pub rate_factor: Rate,
}

/// What the deductible is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeductibleBasis {
    /// None.
    None,
    /// Each visit, by the ordinal of the admission.
    Visit,
    /// Once a year.
    Year,
}

/// Where on the bands an amount lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandBasis {
    /// `(0, E]`
    VisitNet,
    /// `(D, D+E]`
    VisitGross,
    /// `(C, C+E]`
    YearNet,
    /// `(G+D, G+D+E]`
    YearGross,
}

/// Caps by visit, calendar month and benefit year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caps {
    /// Each settlement.
    pub visit: Fen,
    /// Each calendar month of `enddate`.
    pub month: Fen,
    /// Each benefit year.
    pub year: Fen,
}

impl Caps {
    /// No caps.
    pub const NONE: Self = Self { visit: NO_CAP, month: NO_CAP, year: NO_CAP };
}

/// `benefits.csv`
#[derive(Clone, Debug)]
pub struct BenefitValue {
    /// Bucket of everything but the deductible.
    pub accumulator: Sym,
    /// Bucket of admissions and the deductible.
    pub deductible_accumulator: Sym,
    /// What the deductible is counted by.
    pub deductible_basis: DeductibleBasis,
    /// By ordinal 1..=8 (and more); gaps filled with the one before.
    pub deductibles: [Fen; 8],
    /// Cap of the year's deductibles.
    pub deductible_cap_year: Fen,
    /// Where on the bands.
    pub band_basis: BandBasis,
    /// The band set's number.
    pub bands: u32,
    /// Caps of the amount that enters.
    pub base_caps: Caps,
    /// Caps of the payment.
    pub pay_caps: Caps,
    /// Ceiling that replaces the scheme's.
    pub fund_cap_year: Option<Fen>,
    /// What caps took off is reported as the expense above the cap.
    pub over_cap_as_expense: bool,
    /// Floor payment as a share of the in-scope cost.
    pub floor_rate: Option<Rate>,
    /// Whether the payment counts to the fund cap.
    pub counts_to_fund_cap: bool,
}

/// The fund of a layer; the number is its position among the output columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Payer {
    /// `cvlserv_pay`
    CivilServant,
    /// `hifes_pay`
    Enterprise,
    /// `hifmi_pay`
    ResidentCritical,
    /// `hifob_pay`
    EmployeeLarge,
    /// `maf_pay`
    Aid,
    /// `oth_pay`
    Other,
}

impl Payer {
    /// All payers in the order of the output columns.
    pub const ALL: [Self; 6] =
        [Self::CivilServant, Self::Enterprise, Self::ResidentCritical, Self::EmployeeLarge, Self::Aid, Self::Other];

    /// Name of the output column.
    #[must_use]
    pub const fn column(self) -> &'static str {
        PAYERS[self as usize]
    }
}

/// Parts of the burden, in the order of [`BURDEN_PARTS`], one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts(pub u8);

/// `layers.csv`
#[derive(Clone, Debug)]
pub struct LayerValue {
    /// Number of the layer.
    pub layer: u32,
    /// The fund.
    pub payer: Payer,
    /// Burden parts it looks at.
    pub includes: Parts,
    /// Layers whose payments are taken off; `None`: all earlier ones.
    pub minus: Option<Vec<u32>>,
    /// Whether its base cumulates over the year.
    pub by_year: bool,
    /// The band set's number.
    pub bands: u32,
    /// Cap a settlement.
    pub pay_cap_visit: Fen,
    /// Cap a benefit year.
    pub pay_cap_year: Fen,
}

/// What a personal account may pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaysFor {
    /// Nothing.
    None,
    /// The person's part within scope.
    InScope,
    /// Everything the person pays.
    All,
}

/// `accounts.csv`
#[derive(Clone, Debug)]
pub struct AccountValue {
    /// What it may pay for.
    pub pays_for: PaysFor,
    /// Whether `acct_used_flag` = 0 keeps it shut.
    pub uses_flag: bool,
}

/// One band: from an amount (exclusive) on, a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Where it begins.
    pub from: Fen,
    /// Its rate.
    pub rate: Rate,
}

/// Numbers of band sets by name.
pub(super) type BandNumbers<'a> = hashbrown::HashMap<&'a str, u32>;

/// Reads the value columns of one row of a table whose cells passed their checks.
pub(super) struct Reader<'a> {
    pub table: &'a PackTable,
    pub row: usize,
}

impl<'a> Reader<'a> {
    pub fn text(&self, column: &str) -> &'a str {
        self.table.cell(self.row, column)
    }

    fn cap(&self, column: &str) -> Fen {
        cell::money(self.text(column)).unwrap_or(NO_CAP)
    }

    fn flag(&self, column: &str) -> bool {
        self.text(column) == "1"
    }

    fn word(&self, column: &str, words: &[&str]) -> usize {
        let text = self.text(column);
        words.iter().position(|word| *word == text).expect("a checked word")
    }

    pub fn scheme(&self) -> SchemeValue {
        SchemeValue {
            year_start: cell::parse_month_day(self.text("benefit_year_start")).expect("a checked day of the year"),
            fund_cap_year: self.cap("fund_cap_year"),
            local_filing: self.flag("local_filing"),
            fund_total_has_account: self.flag("fund_total_has_account"),
        }
    }

    pub fn tier(&self, vocab: &mut Vocabularies) -> TierValue {
        TierValue { tier: vocab.tier.intern(self.text("tier")) }
    }

    pub fn visit(&self, vocab: &mut Vocabularies) -> VisitValue {
        VisitValue {
            med_class: vocab.med_class.intern(self.text("med_class")),
            is_admission: self.flag("is_admission"),
            is_emergency: self.flag("is_emergency"),
        }
    }

    pub fn filing_type(&self) -> FilingTypeValue {
        FilingTypeValue {
            filing: Filing::from_word(self.text("filing")).expect("a checked filing"),
            default_months: cell::integer(self.text("default_months")),
        }
    }

    pub fn class(&self, vocab: &mut Vocabularies) -> ClassValue {
        let (age_min, age_max) = (cell::integer(self.text("age_min")), cell::integer(self.text("age_max")));
        let marks = cell::words(self.text("marks"));
        ClassValue {
            is_plain: marks.is_none() && age_min.is_none() && age_max.is_none(),
            priority: cell::integer(self.text("priority")).expect("a checked priority"),
            psn_class: vocab.psn_class.intern(self.text("psn_class")),
            marks: marks.map(|marks| marks.into_iter().map(|mark| vocab.mark.intern(mark)).collect()),
            age_min,
            age_max,
        }
    }

    pub fn neighbour(&self) -> NeighbourValue {
        NeighbourValue { place: Place::from_word(self.text("place")).expect("a checked place") }
    }

    pub fn channel(&self) -> ChannelValue {
        let rate = |column: &str| cell::rate(self.text(column));
        let prepay_rate = rate("prepay_rate");
        ChannelValue {
            deny: self.text("decision") == "deny",
            deductible: cell::money(self.text("deductible")),
            deductible_factor: rate("deductible_factor"),
            deductible_rate: rate("deductible_rate"),
            deductible_min: cell::money(self.text("deductible_min")).unwrap_or(Fen::ZERO),
            deductible_max: self.cap("deductible_max"),
            prepay_rate: prepay_rate.unwrap_or_default(),
            prepay_order: prepay_rate.and_then(|_| match self.text("prepay_order") {
                "before" => Some(PrepayOrder::Before),
                "after" => Some(PrepayOrder::After),
                _ => None,
            }),
            rate_points: rate("rate_points").unwrap_or_default(),
            rate_factor: rate("rate_factor").unwrap_or(Rate::ONE),
        }
    }

    pub fn benefit(&self, vocab: &mut Vocabularies, bands: &BandNumbers) -> BenefitValue {
        let accumulator = vocab.accumulator.intern(self.text("accumulator"));
        let own = self.text("deductible_accumulator");
        let mut deductibles = [Fen::ZERO; 8];
        let mut last = Fen::ZERO;
        for (slot, column) in deductibles.iter_mut().zip([
            "deductible_1",
            "deductible_2",
            "deductible_3",
            "deductible_4",
            "deductible_5",
            "deductible_6",
            "deductible_7",
            "deductible_8",
        ]) {
            last = cell::money(self.text(column)).unwrap_or(last);
            *slot = last;
        }
        BenefitValue {
            accumulator,
            deductible_accumulator: if own.is_empty() { accumulator } else { vocab.accumulator.intern(own) },
            deductible_basis: [DeductibleBasis::None, DeductibleBasis::Visit, DeductibleBasis::Year]
                [self.word("deductible_basis", DEDUCTIBLE_BASES)],
            deductibles,
            deductible_cap_year: self.cap("deductible_cap_year"),
            band_basis: [BandBasis::VisitNet, BandBasis::VisitGross, BandBasis::YearNet, BandBasis::YearGross]
                [self.word("band_basis", BAND_BASES)],
            bands: bands[self.text("band_set")],
            base_caps: self.caps("base_cap_visit", "base_cap_month", "base_cap_year"),
            pay_caps: self.caps("pay_cap_visit", "pay_cap_month", "pay_cap_year"),
            fund_cap_year: cell::money(self.text("fund_cap_year")),
            over_cap_as_expense: self.text("over_cap_as") == "expense",
            floor_rate: cell::rate(self.text("floor_rate")),
            counts_to_fund_cap: self.flag("counts_to_fund_cap"),
        }
    }

    fn caps(&self, visit: &str, month: &str, year: &str) -> Caps {
        Caps { visit: self.cap(visit), month: self.cap(month), year: self.cap(year) }
    }

    pub fn layer(&self, bands: &BandNumbers) -> LayerValue {
        let number = |text: &str| text.trim().parse::<u32>().expect("a checked layer number");
        let minus = self.text("minus");
        let includes = self.text("includes").split('|').fold(0, |bits, part| {
            let position = BURDEN_PARTS.iter().position(|word| *word == part.trim()).expect("a checked part");
            bits | 1 << position
        });
        LayerValue {
            layer: number(self.text("layer")),
            payer: Payer::ALL[self.word("payer", PAYERS)],
            includes: Parts(includes),
            minus: match minus {
                "" => None,
                "none" => Some(Vec::new()),
                _ => Some(minus.split('|').map(number).collect()),
            },
            by_year: self.text("band_basis") == "year",
            bands: bands[self.text("band_set")],
            pay_cap_visit: self.cap("pay_cap_visit"),
            pay_cap_year: self.cap("pay_cap_year"),
        }
    }

    pub fn account(&self) -> AccountValue {
        AccountValue {
            pays_for: [PaysFor::None, PaysFor::InScope, PaysFor::All][self.word("pays_for", PAYS_FOR)],
            uses_flag: self.flag("uses_flag"),
        }
    }
}
