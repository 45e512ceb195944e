//! The layout of a rule pack: every table, every column, what it may hold. Stated once; the reader, the
//! compiler, the lint, the schemas and the docs all follow it.

/// What a cell may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The row's name, unique in its table.
    RuleId,
    /// A key of six-digit pool codes: exact, list, province, or `*`.
    PoolKey,
    /// A key of open words: exact, list, or `*`.
    Key,
    /// A key of fixed words: exact, list, or `*`.
    WordKey(&'static [&'static str]),
    /// A key of disease codes that match by their beginning; empty is any.
    PrefixKey,
    /// A number of a layer, from 1.
    LayerNumber,
    /// A six-digit place code.
    Place,
    /// An open word; never empty.
    Word,
    /// A fixed word; never empty.
    OneOf(&'static [&'static str]),
    /// A fixed word, or empty.
    OneOfOrEmpty(&'static [&'static str]),
    /// Fixed words joined with `|`; never empty.
    WordsOf(&'static [&'static str]),
    /// Open words joined with `|`; empty or `*` is any.
    Words,
    /// `0`, `1`, or empty for 0.
    Flag,
    /// Yuan, not negative; empty is none.
    Money,
    /// Yuan, not negative, never empty.
    MoneyRequired,
    /// A fraction 0..=1; empty is none.
    Rate,
    /// A fraction 0..=1, never empty.
    RateRequired,
    /// A fraction -1..=1; empty is 0.
    Points,
    /// A factor from 0 up; empty is 1.
    Factor,
    /// A whole number; empty is none.
    Integer,
    /// A whole number, never empty.
    IntegerRequired,
    /// `none`, or layer numbers joined with `|`; empty is all earlier layers.
    Minus,
    /// `MM-DD`.
    MonthDay,
    /// A day; empty is open.
    Day,
    /// A row of `sources.csv`.
    SourceId,
    /// Anything.
    Free,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// What a cell may hold.
    pub kind: Kind,
    /// Whether a file may do without it.
    pub optional: bool,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Name of the table: the file without `.csv`.
    pub name: &'static str,
    /// Whether a pack may do without it.
    pub optional: bool,
    /// Columns in their usual order.
    pub columns: &'static [Column],
}

impl Layout {
    /// The header line that has every column.
    #[must_use]
    pub fn header(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",")
    }

    /// Position of a column. The name must be one of the layout's.
    #[must_use]
    pub fn position(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .unwrap_or_else(|| panic!("{}.csv has no column {name}", self.name))
    }
}

/// The tables, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Table {
    /// `sources.csv`
    Sources,
    /// `places.csv`
    Places,
    /// `tiers.csv`
    Tiers,
    /// `visit_classes.csv`
    VisitClasses,
    /// `filing_types.csv`
    FilingTypes,
    /// `schemes.csv`
    Schemes,
    /// `person_classes.csv`
    PersonClasses,
    /// `neighbours.csv`
    Neighbours,
    /// `channels.csv`
    Channels,
    /// `benefits.csv`
    Benefits,
    /// `bands.csv`
    Bands,
    /// `layers.csv`
    Layers,
    /// `accounts.csv`
    Accounts,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 13] = [
        Self::Sources,
        Self::Places,
        Self::Tiers,
        Self::VisitClasses,
        Self::FilingTypes,
        Self::Schemes,
        Self::PersonClasses,
        Self::Neighbours,
        Self::Channels,
        Self::Benefits,
        Self::Bands,
        Self::Layers,
        Self::Accounts,
    ];

    /// Its layout.
    #[must_use]
    pub const fn layout(self) -> &'static Layout {
        &LAYOUTS[self as usize]
    }
}

/// Words of the `place` key.
pub const PLACES: &[&str] = &["local", "province", "cross"];
/// Words of the `filing` key.
pub const FILINGS: &[&str] = &["resident", "referral", "emergency", "temporary", "none"];
/// What the places are called, in Chinese and in English, in the order of [`PLACES`].
pub const PLACE_TITLES: [(&str, &str); 3] =
    [("本统筹区", "home"), ("省内异地", "elsewhere in the province"), ("跨省", "another province")];
/// What the filings are called, in Chinese and in English, in the order of [`FILINGS`].
pub const FILING_TITLES: [(&str, &str); 5] = [
    ("长期异地备案", "long-term filing"),
    ("转诊备案", "referral"),
    ("急诊", "emergency"),
    ("其他临时备案", "other temporary filing"),
    ("未备案", "no filing"),
];
/// Words of `filing_types.filing`.
pub const FILING_CLASSES: &[&str] = &["resident", "referral", "emergency", "temporary"];
/// Words of `tiers.level_field`, in the order in which they are tried.
pub const LEVEL_FIELDS: &[&str] = &["inst_class", "dedc_hosp_lv", "hosp_lv"];
/// Words of `layers.payer`, in the order of the output columns.
pub const PAYERS: &[&str] = &["cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"];
/// Words of `layers.includes`.
pub const BURDEN_PARTS: &[&str] = &["deductible", "coinsurance", "over_base", "over_cap", "prepay", "preselfpay"];
/// Words of `benefits.deductible_basis`.
pub const DEDUCTIBLE_BASES: &[&str] = &["none", "visit", "year"];
/// Words of `benefits.band_basis`.
pub const BAND_BASES: &[&str] = &["visit_net", "visit_gross", "year_net", "year_gross"];
/// Words of `accounts.pays_for`.
pub const PAYS_FOR: &[&str] = &["none", "in_scope", "all"];
/// Words of `sources.trust`.
pub const TRUSTS: &[&str] = &["G", "Q", "A", "AI", "R", "calc"];

const fn must(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: false }
}

const fn may(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: true }
}

const VALID_FROM: Column = must("valid_from", Kind::Day);
const VALID_TO: Column = must("valid_to", Kind::Day);
const SOURCE: Column = must("source_id", Kind::SourceId);
const NOTE: Column = must("note", Kind::Free);
const ID: Column = must("rule_id", Kind::RuleId);
const POOL: Column = must("pool", Kind::PoolKey);

const LAYOUTS: [Layout; 13] = [
    Layout {
        name: "sources",
        optional: true,
        columns: &[
            must("source_id", Kind::RuleId),
            must("title", Kind::Free),
            must("document_no", Kind::Free),
            must("issuer", Kind::Free),
            must("published", Kind::Free),
            must("url", Kind::Free),
            must("trust", Kind::Free),
        ],
    },
    Layout {
        name: "places",
        optional: true,
        columns: &[
            must("admdvs", Kind::Place),
            must("pool", Kind::Place),
            must("name_zh", Kind::Free),
            must("name_en", Kind::Free),
        ],
    },
    Layout {
        name: "tiers",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("level_field", Kind::WordKey(LEVEL_FIELDS)),
            must("level", Kind::Key),
            must("tier", Kind::Word),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "visit_classes",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("med_type", Kind::Key),
            may("dise_codg", Kind::PrefixKey),
            must("med_class", Kind::Word),
            must("is_admission", Kind::Flag),
            must("is_emergency", Kind::Flag),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "filing_types",
        optional: true,
        columns: &[
            ID,
            POOL,
            must("out_fil_type", Kind::Key),
            must("filing", Kind::OneOf(FILING_CLASSES)),
            must("default_months", Kind::Integer),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "schemes",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("benefit_year_start", Kind::MonthDay),
            must("fund_cap_year", Kind::Money),
            may("local_filing", Kind::Flag),
            must("fund_total_has_account", Kind::Flag),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "person_classes",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("priority", Kind::IntegerRequired),
            must("psn_class", Kind::Word),
            must("psn_types", Kind::Words),
            must("identities", Kind::Words),
            must("grades", Kind::Words),
            may("marks", Kind::Words),
            must("age_min", Kind::Integer),
            must("age_max", Kind::Integer),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "neighbours",
        optional: true,
        columns: &[
            ID,
            POOL,
            must("treat_pool", Kind::PoolKey),
            must("place", Kind::OneOf(PLACES)),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "channels",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("psn_class", Kind::Key),
            must("med_class", Kind::Key),
            must("place", Kind::WordKey(PLACES)),
            must("filing", Kind::WordKey(FILINGS)),
            may("tier", Kind::Key),
            must("decision", Kind::OneOf(&["allow", "deny"])),
            must("deductible", Kind::Money),
            must("deductible_factor", Kind::Factor),
            must("deductible_rate", Kind::Rate),
            must("deductible_min", Kind::Money),
            must("deductible_max", Kind::Money),
            must("prepay_rate", Kind::Rate),
            must("prepay_order", Kind::OneOfOrEmpty(&["before", "after"])),
            must("rate_points", Kind::Points),
            must("rate_factor", Kind::Factor),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "benefits",
        optional: false,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("psn_class", Kind::Key),
            must("med_class", Kind::Key),
            must("place", Kind::WordKey(PLACES)),
            must("filing", Kind::WordKey(FILINGS)),
            must("tier", Kind::Key),
            must("accumulator", Kind::Word),
            may("deductible_accumulator", Kind::Free),
            must("deductible_basis", Kind::OneOf(DEDUCTIBLE_BASES)),
            must("deductible_1", Kind::Money),
            must("deductible_2", Kind::Money),
            must("deductible_3", Kind::Money),
            may("deductible_4", Kind::Money),
            may("deductible_5", Kind::Money),
            may("deductible_6", Kind::Money),
            may("deductible_7", Kind::Money),
            may("deductible_8", Kind::Money),
            must("deductible_cap_year", Kind::Money),
            must("band_basis", Kind::OneOf(BAND_BASES)),
            must("band_set", Kind::Word),
            must("base_cap_visit", Kind::Money),
            must("base_cap_month", Kind::Money),
            must("base_cap_year", Kind::Money),
            must("pay_cap_visit", Kind::Money),
            must("pay_cap_month", Kind::Money),
            must("pay_cap_year", Kind::Money),
            may("fund_cap_year", Kind::Money),
            may("over_cap_as", Kind::OneOfOrEmpty(&["payment", "expense"])),
            must("floor_rate", Kind::Rate),
            must("counts_to_fund_cap", Kind::Flag),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "bands",
        optional: false,
        columns: &[
            ID,
            must("band_set", Kind::Word),
            must("from_amount", Kind::MoneyRequired),
            must("rate", Kind::RateRequired),
            NOTE,
        ],
    },
    Layout {
        name: "layers",
        optional: true,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("psn_class", Kind::Key),
            must("med_class", Kind::Key),
            must("place", Kind::WordKey(PLACES)),
            must("filing", Kind::WordKey(FILINGS)),
            must("layer", Kind::LayerNumber),
            must("payer", Kind::OneOf(PAYERS)),
            must("includes", Kind::WordsOf(BURDEN_PARTS)),
            may("minus", Kind::Minus),
            must("band_basis", Kind::OneOf(&["visit", "year"])),
            must("band_set", Kind::Word),
            must("pay_cap_visit", Kind::Money),
            must("pay_cap_year", Kind::Money),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
    Layout {
        name: "accounts",
        optional: true,
        columns: &[
            ID,
            POOL,
            must("insutype", Kind::Key),
            must("psn_class", Kind::Key),
            must("med_class", Kind::Key),
            must("pays_for", Kind::OneOf(PAYS_FOR)),
            may("uses_flag", Kind::Flag),
            VALID_FROM,
            VALID_TO,
            SOURCE,
            NOTE,
        ],
    },
];
