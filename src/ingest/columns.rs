//! The columns of the input tables, and which heading of a file stands for which.
//!
//! Names, aliases, kinds and which columns must be there come from `schemas/input/*.schema.json`, the same
//! files that describe the tables to people.

use std::sync::LazyLock;

use hashbrown::HashMap;
use serde_json::Value as Json;

use super::error::Diagnostics;
use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Kept letter for letter.
    Identifier,
    /// A code, a flag, a place or a word: `310.0` is `310`.
    Code,
    /// A day.
    Date,
    /// A second.
    Time,
    /// Money, yuan.
    Money,
}

impl Kind {
    /// What a value of it looks like.
    pub(super) fn expected(self) -> Text {
        match self {
            Self::Identifier | Self::Code => Text::new("text", "文本"),
            Self::Date => Text::new("a day as yyyy-MM-dd or yyyyMMdd", "yyyy-MM-dd 或 yyyyMMdd 形式的日期"),
            Self::Time => Text::new("a time as yyyy-MM-dd HH:mm:ss or a day", "yyyy-MM-dd HH:mm:ss 形式的时间，或日期"),
            Self::Money => Text::new("an amount of yuan with at most 2 decimals", "至多两位小数、以元为单位的金额"),
        }
    }
}

/// What is said of a value that its column does not take.
pub(super) fn not_held(found: &str, expected: &Text) -> Text {
    Text::new(
        format!("`{found}` is not what the column holds; expected {}", expected.en),
        format!("`{found}` 不符合该列要求；应为{}", expected.zh),
    )
}

/// One column of a table.
#[derive(Debug)]
pub struct Field {
    /// Canonical name.
    pub name: String,
    /// Chinese name.
    pub title_zh: String,
    /// What its values are.
    pub kind: Kind,
    /// Whether a file must have the column.
    pub column_required: bool,
    /// Whether every row must have a value.
    pub value_required: bool,
    /// Other headings that mean this column.
    pub aliases: Vec<String>,
    /// Headings that look alike and mean something else, and why.
    not_aliases: Vec<(String, Text)>,
}

/// One input table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the schema.
    pub fields: Vec<Field>,
    /// Folded heading to field, for canonical names and for aliases.
    by_heading: HashMap<String, (usize, Rank)>,
}

/// How directly a heading names a field; the smaller wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Canonical,
    Alias,
}

/// Which of a file's columns are which of the table's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headings {
    /// For each field of the table, the position of its column in the file.
    pub positions: Vec<Option<usize>>,
    /// Headings that mean nothing here, in file order.
    pub extra: Vec<String>,
}

impl Table {
    /// A table from its schema file.
    ///
    /// # Panics
    /// If the schema, which is part of the program, is not as expected; a test reads all of them.
    fn from_schema(schema: &str) -> Self {
        let schema: Json = serde_json::from_str(schema).expect("a schema file is JSON");
        let fields: Vec<Field> = schema["fields"].as_array().expect("fields").iter().map(Field::from_json).collect();
        let mut by_heading = HashMap::new();
        for (index, field) in fields.iter().enumerate() {
            by_heading.insert(fold(&field.name), (index, Rank::Canonical));
        }
        for (index, field) in fields.iter().enumerate() {
            for alias in &field.aliases {
                by_heading.entry(fold(alias)).or_insert((index, Rank::Alias));
            }
        }
        Self { name: schema["name"].as_str().expect("a name").to_owned(), fields, by_heading }
    }

    /// Whether a heading names a field.
    pub(super) fn names(&self, heading: &str) -> bool {
        self.by_heading.contains_key(&fold(heading))
    }

    /// The position of a field by its canonical name.
    ///
    /// # Panics
    /// If there is none: the names are constants of this program.
    #[must_use]
    pub fn index(&self, name: &str) -> usize {
        self.fields.iter().position(|field| field.name == name).expect("a column of the table")
    }

    /// Finds the table's columns among a file's headings.
    ///
    /// # Errors
    /// A diagnostic for each required column that is not there and each field that two headings of equal rank name.
    pub(super) fn resolve(&self, header: &[String], file: &str, line: u64) -> Result<Headings, Diagnostics> {
        let mut found: Vec<Option<(usize, Rank)>> = vec![None; self.fields.len()];
        let mut problems = Diagnostics::default();
        for (position, heading) in header.iter().enumerate() {
            let Some(&(field, rank)) = self.by_heading.get(&fold(heading)) else { continue };
            match found[field] {
                Some((first, other)) if other == rank => {
                    let at = location(file, line, position + 1, heading);
                    let message = twice(&self.fields[field], &header[first], heading);
                    problems.push(Diagnostic::error("I-COLUMN-TWICE", at, message).hint(Text::new(
                        format!("keep one of columns {} and {}", first + 1, position + 1),
                        format!("请只保留第 {} 列与第 {} 列之一", first + 1, position + 1),
                    )));
                }
                Some((_, other)) if other < rank => {}
                _ => found[field] = Some((position, rank)),
            }
        }
        for (field, found) in self.fields.iter().zip(&found) {
            if field.column_required && found.is_none() {
                problems.push(self.missing(field, header, file, line));
            }
        }
        let positions: Vec<Option<usize>> =
            found.into_iter().map(|found| found.map(|(position, _)| position)).collect();
        problems.none_or(|| {
            let used = |position: usize| positions.contains(&Some(position));
            let extra =
                header.iter().enumerate().filter(|&(position, _)| !used(position)).map(|(position, heading)| {
                    if heading.trim().is_empty() {
                        format!("(column {})", position + 1)
                    } else {
                        heading.trim().to_owned()
                    }
                });
            Headings { extra: extra.collect(), positions: positions.clone() }
        })
    }

    fn missing(&self, field: &Field, header: &[String], file: &str, line: u64) -> Diagnostic {
        let accepted = std::iter::once(&field.name).chain(&field.aliases).map(String::as_str).collect::<Vec<_>>();
        let message = Text::new(
            format!("the column `{}` is missing; accepted headings: {}", field.name, accepted.join(", ")),
            format!("缺少列 `{}`（{}）；可用的表头：{}", field.name, field.title_zh, accepted.join("、")),
        );
        let finding = Diagnostic::error("I-COLUMN-MISSING", location(file, line, 0, &field.name), message);
        let lookalike = field.not_aliases.iter().find(|(name, _)| header.iter().any(|other| fold(other) == fold(name)));
        if let Some((name, why)) = lookalike {
            let hint =
                Text::new(format!("`{name}` is something else: {}", why.en), format!("`{name}` 不是该列：{}", why.zh));
            return finding.hint(hint);
        }
        let unknown =
            header.iter().map(|other| other.trim()).filter(|other| !self.by_heading.contains_key(&fold(other)));
        let unknown: Vec<&str> = unknown.filter(|other| !other.is_empty()).collect();
        let near = accepted.iter().filter_map(|word| did_you_mean(word, unknown.iter().copied())).next();
        finding.hint(match near {
            Some(near) => Text::new(
                format!("the file has `{near}`: rename it if that is what it means"),
                format!("文件中有 `{near}`：若即为该列，请改名"),
            ),
            None => Text::new(
                "rename the column that means it, or export it, too",
                "请将含义相同的列改为上述表头之一，或补充导出该列",
            ),
        })
    }
}

fn twice(field: &Field, first: &str, second: &str) -> Text {
    Text::new(
        format!("the headings `{first}` and `{second}` both mean the column `{}`", field.name),
        format!("表头 `{first}` 与 `{second}` 都表示列 `{}`（{}）", field.name, field.title_zh),
    )
}

pub(super) fn location(file: &str, line: u64, column_number: usize, column: &str) -> Location {
    Location { file: file.to_owned(), line, column_number, column: column.to_owned() }
}

impl Field {
    fn from_json(json: &Json) -> Self {
        let text = |name: &str| json[name].as_str().expect("a text in the schema").to_owned();
        let list = |name: &str| json[name].as_array().map_or(&[][..], Vec::as_slice);
        let of = |json: &Json, name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            title_zh: text("title_zh"),
            kind: match json["logical_type"].as_str() {
                Some("identifier") => Kind::Identifier,
                Some("date") => Kind::Date,
                Some("time") => Kind::Time,
                Some("money") => Kind::Money,
                Some("code" | "flag" | "place" | "word") => Kind::Code,
                other => panic!("logical_type {other:?} is not known"),
            },
            column_required: json["column_required"].as_bool().expect("column_required"),
            value_required: json["constraints"]["required"].as_bool().unwrap_or(false),
            aliases: list("aliases").iter().map(|alias| alias.as_str().expect("an alias").to_owned()).collect(),
            not_aliases: list("not_aliases")
                .iter()
                .map(|other| (of(other, "heading"), Text::new(of(other, "why"), of(other, "why_zh"))))
                .collect(),
        }
    }
}

/// A heading as it is compared: trimmed, without case.
fn fold(heading: &str) -> String {
    heading.trim().to_lowercase()
}

macro_rules! tables {
    ($($(#[$meta:meta])* $name:ident = $file:literal;)+) => {
        $($(#[$meta])* pub static $name: LazyLock<Table> =
            LazyLock::new(|| Table::from_schema(include_str!(concat!("../../schemas/input/", $file))));)+
    };
}

tables! {
    /// Claims; its fields stand in the order of [`Column`].
    CLAIMS = "claims.schema.json";
    /// Enrolments.
    ENROLMENTS = "enrolments.schema.json";
    /// Filings.
    FILINGS = "filings.schema.json";
    /// Institutions.
    INSTITUTIONS = "institutions.schema.json";
    /// Marks.
    MARKS = "marks.schema.json";
    /// Balances of personal accounts.
    ACCOUNTS = "accounts_balances.schema.json";
    /// What was paid, settlement by settlement.
    PAID = "paid.schema.json";
    /// The working paper of an audit sample.
    WORKING_PAPER = "working_paper.schema.json";
}

macro_rules! columns {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A column of the claims table. The number is its position in [`CLAIMS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // the names say it, and the schema describes them
        #[repr(u8)]
        pub enum Column { $($variant),+ }

        impl Column {
            /// Every column, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The canonical name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

columns! {
    SetlId = "setl_id", PsnNo = "psn_no", Insutype = "insutype", PsnType = "psn_type",
    InsuplcAdmdvs = "insuplc_admdvs", MdtrtareaAdmvs = "mdtrtarea_admvs", FixmedinsCode = "fixmedins_code",
    HospLv = "hosp_lv", MedType = "med_type", Begndate = "begndate", Enddate = "enddate", SetlTime = "setl_time",
    MedfeeSumamt = "medfee_sumamt", FulamtOwnpayAmt = "fulamt_ownpay_amt", OverlmtSelfpay = "overlmt_selfpay",
    PreselfpayAmt = "preselfpay_amt", InscpScpAmt = "inscp_scp_amt", MdtrtId = "mdtrt_id", Brdy = "brdy",
    Gend = "gend", SpPsnType = "sp_psn_type", ClctGrde = "clct_grde", DedcHospLv = "dedc_hosp_lv",
    OutFilType = "out_fil_type", ErFlag = "er_flag", RefdSetlFlag = "refd_setl_flag", InitSetlId = "init_setl_id",
    DiseCodg = "dise_codg", AcctUsedFlag = "acct_used_flag", CvlservFlag = "cvlserv_flag",
    FlxempeFlag = "flxempe_flag", NwbFlag = "nwb_flag", PayLoc = "pay_loc", ClrType = "clr_type",
    ClrWay = "clr_way", ClrOptins = "clr_optins", HospPartAmt = "hosp_part_amt", ActPayDedc = "act_pay_dedc",
    HifpPay = "hifp_pay", CvlservPay = "cvlserv_pay", HifesPay = "hifes_pay", HifmiPay = "hifmi_pay",
    HifobPay = "hifob_pay", MafPay = "maf_pay", OthPay = "oth_pay", FundPaySumamt = "fund_pay_sumamt",
    PsnPartAmt = "psn_part_amt", AcctPay = "acct_pay", AcctMulaidPay = "acct_mulaid_pay",
    PsnCashPay = "psn_cash_pay", ValiFlag = "vali_flag",
}

impl Column {
    /// What was actually paid: checked to be money, never computed with.
    pub const PAID: [Self; 13] = [
        Self::ActPayDedc,
        Self::HifpPay,
        Self::CvlservPay,
        Self::HifesPay,
        Self::HifmiPay,
        Self::HifobPay,
        Self::MafPay,
        Self::OthPay,
        Self::FundPaySumamt,
        Self::PsnPartAmt,
        Self::AcctPay,
        Self::AcctMulaidPay,
        Self::PsnCashPay,
    ];

    /// The position in a table indexed by column.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What its values are.
    #[must_use]
    pub fn kind(self) -> Kind {
        CLAIMS.fields[self.index()].kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn errors(problems: Diagnostics) -> Vec<Diagnostic> {
        match problems.into_result() {
            Err(super::super::IngestError::Rejected { diagnostics, .. }) => diagnostics,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_columns_are_those_of_the_schema() {
        let names: Vec<&str> = CLAIMS.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, Column::ALL.iter().map(|column| column.name()).collect::<Vec<_>>());
        for column in Column::PAID {
            assert_eq!(column.kind(), Kind::Money, "{column:?}");
        }
    }

    #[test]
    fn no_heading_means_two_columns() {
        for table in [&CLAIMS, &ENROLMENTS, &FILINGS, &INSTITUTIONS, &MARKS, &ACCOUNTS, &PAID, &WORKING_PAPER] {
            for (index, field) in table.fields.iter().enumerate() {
                for heading in std::iter::once(&field.name).chain(&field.aliases) {
                    assert_eq!(table.by_heading[&fold(heading)].0, index, "{}: {heading}", table.name);
                }
            }
        }
    }

    #[test]
    fn headings_without_case_and_the_canonical_name_wins() {
        let found = ACCOUNTS.resolve(&header(" 人员编号 ,BALC,余额,x,"), "a.csv", 1).expect("headings");
        assert_eq!(found.positions, [Some(0), Some(1)]);
        assert_eq!(found.extra, ["余额", "x", "(column 5)"]);
    }

    #[test]
    fn two_headings_of_one_rank_are_an_error() {
        let problems = errors(ACCOUNTS.resolve(&header("psn_no,余额,账户余额"), "a.csv", 3).expect_err("twice"));
        assert_eq!((problems[0].code, problems[0].at.line, problems[0].at.column_number), ("I-COLUMN-TWICE", 3, 3));
    }

    #[test]
    fn a_missing_column_names_what_is_accepted_and_what_is_near() {
        let problems = errors(ACCOUNTS.resolve(&header("psn_no,balcc"), "a.csv", 1).expect_err("missing"));
        let text = problems[0].render(crate::diagnostic::Lang::En);
        assert!(text.starts_with("a.csv:1 (balc): error[I-COLUMN-MISSING]: the column `balc` is missing"), "{text}");
        assert!(text.contains("余额") && text.contains("the file has `balcc`"), "{text}");
        let problems = errors(CLAIMS.resolve(&header("poolarea_no"), "a.csv", 1).expect_err("missing"));
        let insured = problems.iter().find(|problem| problem.at.column == "insuplc_admdvs").expect("named");
        assert!(insured.hint.en.contains("poolarea_no"), "{insured:?}");
    }
}
