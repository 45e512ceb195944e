//! Things that are counted on two sides, under keys: what is expected, and what was found. polars sums both up.

use std::sync::Arc;

use hashbrown::HashMap;
use polars::prelude::{Column, DataFrame, Expr, IntoLazy, PolarsError, col, lit};

use crate::audit::exact::wide;
use crate::diagnostic::{Diagnostic, Location, Text as Both};
use crate::ledger::store::layout::{BASES, base_name};
use crate::report::balance::yuan;

/// Text that several entries share.
pub(super) type Text = Arc<str>;

/// A scheme and year: pool and insurance type as words, see [`Entries::word`].
pub(super) type Key = (u32, u32, i32);

/// Findings that are told one by one; a ledger in which everything is wrong has millions.
const MOST_FOUND: usize = 10_000;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Settlement,
    Newest,
    Scheme,
    Bucket,
    Month,
    Layer,
    Admission,
    Balance,
    Last,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Settlement,
        Self::Newest,
        Self::Scheme,
        Self::Bucket,
        Self::Month,
        Self::Layer,
        Self::Admission,
        Self::Balance,
        Self::Last,
    ];

    /// Kinds of rows of `accumulators.parquet`.
    pub(super) const USED: [Self; 4] = [Self::Scheme, Self::Bucket, Self::Month, Self::Layer];

    /// As the table writes it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Bucket => "bucket",
            Self::Month => "month",
            Self::Layer => "layer",
            _ => "",
        }
    }

    /// The table that is looked at.
    const fn table(self) -> &'static str {
        match self {
            Self::Settlement => "movements.parquet",
            Self::Newest | Self::Scheme | Self::Bucket | Self::Month | Self::Layer => "accumulators.parquet",
            Self::Admission => "admissions.parquet",
            Self::Balance | Self::Last => "persons.parquet",
        }
    }

    /// What the five numbers of an entry are: a column and whether it is money.
    const fn columns(self) -> [(&'static str, bool); 5] {
        let count = match self {
            Self::Settlement | Self::Last => "rows",
            Self::Newest => "night",
            _ => "admissions",
        };
        let paid = if matches!(self, Self::Balance) { "balc" } else { "paid_amt" };
        let deductible = if matches!(self, Self::Admission) { "act_pay_dedc" } else { "deductible_amt" };
        [(count, false), (deductible, true), ("base_amt", true), ("pool_base_amt", true), (paid, true)]
    }
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Re-derived.
    Expected,
    /// As recorded.
    Found,
}

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    /// 0: state against movements; else the base against its nights.
    against: u32,
    person: u32,
    kind: Kind,
    key: Key,
    accumulator: u32,
    month: i32,
    layer: i32,
    name: Text,
}

impl At {
    /// Of a scheme and year.
    pub(super) fn of(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// With accumulator, month and layer, or what stands in their place.
    pub(super) fn numbers(self, accumulator: u32, month: i32, layer: i32) -> Self {
        Self { accumulator, month, layer, ..self }
    }

    /// With a settlement.
    pub(super) fn name(self, name: &Text) -> Self {
        Self { name: Arc::clone(name), ..self }
    }
}

/// Columns of the key that are numbers, and the one that is text.
const KEYS: [&str; 9] = ["against", "person", "kind", "pool", "insutype", "year", "accumulator", "month", "layer"];
const NAME: &str = "name";

/// Columns of the five numbers on both sides.
fn sums() -> [[String; 5]; 2] {
    ["expected", "found"].map(|side| std::array::from_fn(|index| format!("{side} {index}")))
}

/// A key, and the five sums of either side.
type Difference = (At, [[i128; 5]; 2]);

/// Entries of some persons.
#[derive(Default)]
pub(super) struct Entries {
    persons: Vec<Box<str>>,
    words: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    at: Vec<At>,
    /// Expected, then found.
    amounts: [[Vec<i128>; 5]; 2],
    empty: Option<Text>,
    /// Findings that were not told.
    untold: u64,
}

impl Entries {
    /// Goes on with the next person.
    pub(super) fn begin(&mut self, person: &str) {
        self.persons.push(person.into());
        if self.words.is_empty() {
            // Words are numbered from 1: 0 is none.
            self.words.push("".into());
            self.numbers.insert("".into(), 0);
        }
    }

    /// A word as a number.
    pub(super) fn word(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = u32::try_from(self.words.len()).expect("few words");
        self.words.push(word.into());
        self.numbers.insert(word.into(), number);
        number
    }

    /// A scheme and year.
    pub(super) fn key(&mut self, pool: &str, insutype: &str, year: i32) -> Key {
        (self.word(pool), self.word(insutype), year)
    }

    /// The key of an entry of the person.
    pub(super) fn at(&mut self, against: u32, kind: Kind) -> At {
        let person = u32::try_from(self.persons.len() - 1).expect("some persons");
        let name = Arc::clone(self.empty.get_or_insert_with(|| "".into()));
        At { against, person, kind, key: (0, 0, 0), accumulator: 0, month: 0, layer: 0, name }
    }

    /// Adds to one side.
    pub(super) fn add(&mut self, at: &At, side: Side, amounts: [i128; 5]) {
        self.at.push(at.clone());
        for (own, columns) in [Side::Expected, Side::Found].into_iter().zip(&mut self.amounts) {
            for (column, amount) in columns.iter_mut().zip(amounts) {
                column.push(if own == side { amount } else { 0 });
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Sums up both sides, adds what differs to `found`, and forgets the entries.
    pub(super) fn compare(&mut self, found: &mut Vec<Diagnostic>) {
        match self.differences() {
            Err(error) => {
                let why = Both::new(format!("the sums cannot be derived: {error}"), format!("无法计算合计：{error}"));
                found.push(not_compared(why));
            }
            Ok(mut differences) => {
                differences.sort();
                for (at, numbers) in &differences {
                    if found.len() < MOST_FOUND {
                        found.extend(self.tell(at, numbers));
                    } else {
                        self.untold += 1;
                    }
                }
            }
        }
        self.persons.clear();
        self.at.clear();
        self.amounts.iter_mut().flatten().for_each(Vec::clear);
    }

    /// All entries, a column for each part of the key and each number of each side.
    fn frame(&self) -> Result<DataFrame, PolarsError> {
        let number = |name: &str, of: &dyn Fn(&At) -> i64| {
            Column::new(name.into(), self.at.iter().map(of).collect::<Vec<i64>>())
        };
        let mut columns = vec![
            number(KEYS[0], &|at| at.against.into()),
            number(KEYS[1], &|at| at.person.into()),
            number(KEYS[2], &|at| at.kind as i64),
            number(KEYS[3], &|at| at.key.0.into()),
            number(KEYS[4], &|at| at.key.1.into()),
            number(KEYS[5], &|at| at.key.2.into()),
            number(KEYS[6], &|at| at.accumulator.into()),
            number(KEYS[7], &|at| at.month.into()),
            number(KEYS[8], &|at| at.layer.into()),
            Column::new(NAME.into(), self.at.iter().map(|at| &*at.name).collect::<Vec<&str>>()),
        ];
        for (name, amounts) in sums().iter().flatten().zip(self.amounts.iter().flatten()) {
            columns.push(wide(name, amounts.clone()));
        }
        DataFrame::new(self.at.len(), columns)
    }

    /// Keys under which the sides differ, with both sums of each of the five numbers.
    fn differences(&self) -> Result<Vec<Difference>, PolarsError> {
        let names = sums();
        let keys: Vec<Expr> = KEYS.into_iter().chain([NAME]).map(col).collect();
        let totals: Vec<Expr> = names.iter().flatten().map(|name| col(name.as_str()).sum()).collect();
        let differs = names[0]
            .iter()
            .zip(&names[1])
            .fold(lit(false), |any, (expected, found)| any.or(col(expected.as_str()).neq(col(found.as_str()))));
        let groups = self.frame()?.lazy().group_by(keys).agg(totals).filter(differs).collect()?;
        let ids = groups.column(NAME)?.str()?.clone();
        let mut differences = Vec::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            let mut keys = [0_i64; KEYS.len()];
            for (key, name) in keys.iter_mut().zip(KEYS) {
                *key = groups.column(name)?.i64()?.get(row).expect("no key is null");
            }
            let [against, person, kind, pool, insutype, year, accumulator, month, layer] = keys;
            let at = At {
                against: against as u32,
                person: person as u32,
                kind: Kind::ALL[kind as usize],
                key: (pool as u32, insutype as u32, year as i32),
                accumulator: accumulator as u32,
                month: month as i32,
                layer: layer as i32,
                name: id.expect("no key is null").into(),
            };
            let mut numbers = [[0; 5]; 2];
            for (number, name) in numbers.iter_mut().flatten().zip(names.iter().flatten()) {
                *number = groups.column(name)?.decimal()?.phys.get(row).expect("a sum");
            }
            differences.push((at, numbers));
        }
        Ok(differences)
    }

    /// The key of a finding in words.
    fn about(&self, at: &At) -> Both {
        let word = |number: u32| &*self.words[number as usize];
        let mut about = Both::new(
            format!("person {}", self.persons[at.person as usize]),
            format!("人员 {}", self.persons[at.person as usize]),
        );
        let mut add = |en: String, zh: String| {
            about.en += &format!(", {en}");
            about.zh += &format!("，{zh}");
        };
        if at.key != (0, 0, 0) {
            let (pool, insutype, year) = (word(at.key.0), word(at.key.1), at.key.2);
            add(
                format!("pool {pool}, insurance type {insutype}, year {year}"),
                format!("统筹区 {pool}，险种 {insutype}，{year} 待遇年度"),
            );
        }
        if at.accumulator != 0 {
            add(format!("accumulator {}", word(at.accumulator)), format!("累计项 {}", word(at.accumulator)));
        }
        match at.kind {
            Kind::Month => add(format!("month {}", at.month), format!("月份 {}", at.month)),
            Kind::Layer => add(format!("layer {}", at.layer), format!("第 {} 层", at.layer)),
            Kind::Balance if at.against == 0 => {
                add(format!("account use in night {}", at.month), format!("第 {} 批个人账户支出", at.month));
            }
            Kind::Balance => add("balance".to_owned(), "账户余额".to_owned()),
            Kind::Last => add("last settlement".to_owned(), "最后一笔结算".to_owned()),
            Kind::Admission => add("admission".to_owned(), "住院".to_owned()),
            Kind::Newest => add("last night that touched it".to_owned(), "最后变动批次".to_owned()),
            Kind::Scheme => add("counted to the fund cap".to_owned(), "计入统筹封顶".to_owned()),
            Kind::Settlement if at.against > 0 => {
                add(format!("night {}, row {}", at.month, at.layer), format!("第 {} 批第 {} 行", at.month, at.layer));
            }
            Kind::Settlement | Kind::Bucket => {}
        }
        if !at.name.is_empty() {
            add(format!("settlement {}", at.name), format!("结算 {}", at.name));
        }
        about
    }

    /// A finding for each number that differs.
    fn tell(&self, at: &At, [expected, found]: &[[i128; 5]; 2]) -> Vec<Diagnostic> {
        let about = self.about(at);
        let file = match at.against {
            0 => at.kind.table().to_owned(),
            base => format!("{BASES}/{}/{}", base_name(base), at.kind.table()),
        };
        let code = match (at.against, at.kind) {
            (0, Kind::Settlement) => "N-TWICE",
            (0, _) => "N-SUM",
            _ => "N-BASE",
        };
        let mut told = Vec::new();
        for (((column, is_money), expected), found) in at.kind.columns().into_iter().zip(expected).zip(found) {
            if expected == found {
                continue;
            }
            let show = |number: i128| if is_money { yuan(number) } else { number.to_string() };
            let (expected, found) = (show(*expected), show(*found));
            let message = Both::new(
                format!("{}: {column} is {found}, expected {expected}", about.en),
                format!("{}：{column} 为 {found}，应为 {expected}", about.zh),
            );
            let at = Location { file: file.clone(), column: column.to_owned(), ..Location::default() };
            told.push(Diagnostic::error(code, at, message).hint(hint(code)));
        }
        told
    }

    /// How many findings were left out, said once.
    pub(super) fn rest(&self) -> Option<Diagnostic> {
        let untold = self.untold;
        (untold > 0).then(|| {
            let message = Both::new(format!("and {untold} more findings"), format!("另有 {untold} 项"));
            let at = Location { file: "ledger".to_owned(), ..Location::default() };
            Diagnostic::error("N-SUM", at, message).hint(hint("N-SUM"))
        })
    }
}

/// Sums that could not be compared at all.
pub(super) fn not_compared(why: Both) -> Diagnostic {
    let at = Location { file: "ledger".to_owned(), ..Location::default() };
    Diagnostic::error("N-TABLE", at, why)
        .hint(Both::new("restore the file from a backup, then verify again", "请从备份恢复该文件后重新核验"))
}

/// The files are what their manifests say, so nothing was damaged: something wrong was published.
fn hint(code: &str) -> Both {
    match code {
        "N-BASE" => Both::new(
            "the nights are right: move the base out of the ledger, then run `tongchou ledger compact`",
            "以各批为准：请将该基线移出账本，再运行 `tongchou ledger compact`",
        ),
        _ => Both::new(
            "the night was published so: find the first night that is wrong with `tongchou ledger show`, roll back to the night before it and run the nights again",
            "该批发布时即如此：请用 `tongchou ledger show` 找出首个有误的批次，回退到其前一批，再重新运行其后各批",
        ),
    }
}
