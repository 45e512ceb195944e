//! Cells of rule tables as values. One grammar for each kind; `check` says what is wrong, the typed
//! readers take cells that passed it.

use super::layout::Kind;
use crate::diagnostic::{Text, did_you_mean, meant};
use crate::model::date::{Date, days_in_month};
use crate::model::money::{Fen, PPM, Rate};
use crate::model::place::Admdvs;

/// A key cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `*`
    Any,
    /// One value.
    One(Box<str>),
    /// `a|b`
    List(Vec<Box<str>>),
}

impl Pattern {
    /// Reads a key cell that passed [`check`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.is_empty() || text == "*" {
            Self::Any
        } else if text.contains('|') {
            Self::List(text.split('|').map(|item| item.trim().into()).collect())
        } else {
            Self::One(text.into())
        }
    }

    /// The values it names; none for `*`.
    #[must_use]
    pub fn items(&self) -> &[Box<str>] {
        match self {
            Self::Any => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::List(items) => items,
        }
    }

    /// Rank of an open key: exact over list over `*`.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Any => 0,
            Self::List(_) => 2,
            Self::One(_) => 3,
        }
    }

    /// Whether one value can match both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            _ => self.items().iter().any(|item| other.items().contains(item)),
        }
    }
}

/// What is wrong with a cell, and what to do about it.
type Wrong = (Text, Text);

/// What is wrong with a cell, and a hint; `None` when it is right.
#[must_use]
pub fn check(kind: Kind, text: &str) -> Option<Wrong> {
    match kind {
        Kind::Free | Kind::SourceId => None,
        Kind::RuleId => text.is_empty().then(|| {
            let hint =
                Text::new("give the row a name that no other row of the table has", "请为该行取一个表内不重复的名称");
            expected(text, "a word", "一个词", hint)
        }),
        Kind::Word => text.is_empty().then(|| expected(text, "a word", "一个词", like("inpatient"))),
        Kind::PoolKey => check_items(text, "a six-digit pool code", "六位统筹区代码", |item| {
            Admdvs::parse(item.as_bytes()).is_some()
        }),
        Kind::Key => check_items(text, "a value", "一个值", |_| true),
        Kind::PrefixKey if text.is_empty() => None,
        Kind::PrefixKey => check_items(text, "a disease code", "病种编码", |_| true),
        Kind::WordKey(words) => check_words(text, words, true),
        Kind::OneOf(words) => check_words(text, words, false),
        Kind::OneOfOrEmpty(words) => {
            if text.is_empty() {
                None
            } else {
                check_words(text, words, false)
            }
        }
        Kind::WordsOf(words) => text.split('|').find_map(|item| check_words(item.trim(), words, false)),
        Kind::Words if text.is_empty() => None,
        Kind::Words => check_items(text, "a value", "一个值", |_| true),
        Kind::LayerNumber => match text.parse::<u32>() {
            Ok(1..) => None,
            _ => Some(expected(text, "a layer number: 1, 2, ...", "险层序号：1、2……", like("1"))),
        },
        Kind::Place => Admdvs::parse(text.as_bytes())
            .is_none()
            .then(|| expected(text, "a six-digit place code", "六位医保区划代码", like("440300"))),
        Kind::Flag => (!matches!(text, "" | "0" | "1")).then(|| {
            let hint = Text::new("write `1` for yes and `0` for no", "是写 `1`，否写 `0`");
            expected(text, "`0` or `1`", "`0` 或 `1`", hint)
        }),
        Kind::Money => {
            if text.is_empty() {
                None
            } else {
                check_money(text)
            }
        }
        Kind::MoneyRequired => check_money(text),
        Kind::Rate => {
            if text.is_empty() {
                None
            } else {
                check_rate(text, 0, PPM)
            }
        }
        Kind::RateRequired => check_rate(text, 0, PPM),
        Kind::Points => {
            if text.is_empty() {
                None
            } else {
                check_rate(text, -PPM, PPM)
            }
        }
        Kind::Factor => {
            if text.is_empty() {
                None
            } else {
                check_rate(text, 0, 1000 * PPM)
            }
        }
        Kind::Integer if text.is_empty() => None,
        Kind::Integer | Kind::IntegerRequired => {
            text.parse::<i32>().is_err().then(|| expected(text, "a whole number", "整数", like("3")))
        }
        Kind::Minus => check_minus(text),
        Kind::MonthDay => parse_month_day(text)
            .is_none()
            .then(|| expected(text, "a day of the year, `MM-DD`", "月日，`MM-DD`", like("01-01"))),
        Kind::Day => (!text.is_empty() && Date::parse(text.as_bytes()).is_none())
            .then(|| expected(text, "a day, `yyyy-MM-dd`", "日期，`yyyy-MM-dd`", like("2024-01-31"))),
    }
}

/// The hint that shows how such a cell is written.
fn like(example: &str) -> Text {
    Text::new(format!("write it as in `{example}`"), format!("写法如 `{example}`"))
}

fn expected(found: &str, en: &str, zh: &str, hint: Text) -> Wrong {
    let message = if found.is_empty() {
        Text::new(format!("the cell is empty; expected {en}"), format!("单元格为空；应为{zh}"))
    } else {
        Text::new(format!("`{found}` is not {en}"), format!("`{found}` 不是{zh}"))
    };
    (message, hint)
}

fn check_items(text: &str, en: &str, zh: &str, good: impl Fn(&str) -> bool) -> Option<Wrong> {
    if text == "*" {
        return None;
    }
    for item in text.split('|').map(str::trim) {
        if item == "*" {
            let message =
                Text::new(format!("`*` stands inside the list `{text}`"), format!("`*` 出现在列表 `{text}` 中"));
            let hint = Text::new("write `*` alone, or list the values", "单独写 `*`，或逐一列出取值");
            return Some((message, hint));
        }
        if item.is_empty() || !good(item) {
            let hint =
                Text::new("a key is a value, a list `a|b`, or `*` for any", "键为一个值、列表 `a|b`，或表示任意的 `*`");
            return Some(expected(item, en, zh, hint));
        }
    }
    None
}

fn check_words(text: &str, words: &[&str], is_key: bool) -> Option<Wrong> {
    let bad = |item: &str| {
        let list = words.join("`, `");
        let message = if item.is_empty() {
            Text::new(format!("the cell is empty; expected one of `{list}`"), format!("单元格为空；应为 `{list}` 之一"))
        } else {
            Text::new(format!("`{item}` is not one of `{list}`"), format!("`{item}` 不是 `{list}` 之一"))
        };
        let as_listed = || {
            Text::new(
                "write one of these words as it stands; docs/rule_authors.md says what they mean",
                "请原样写其中一个词；含义见 docs/rule_authors.md",
            )
        };
        Some((message, did_you_mean(item, words.iter().copied()).map_or_else(as_listed, meant)))
    };
    if !is_key {
        return if words.contains(&text) { None } else { bad(text) };
    }
    if let Some(problem) = check_items(text, "a word", "一个词", |_| true) {
        return Some(problem);
    }
    if text == "*" {
        return None;
    }
    text.split('|').map(str::trim).find(|item| !words.contains(item)).and_then(bad)
}

fn check_money(text: &str) -> Option<Wrong> {
    match Fen::parse_yuan(text.as_bytes()) {
        Some(fen) if fen >= Fen::ZERO => None,
        Some(_) => {
            let hint = Text::new(
                "no amount of a rule is below 0: write it without the sign",
                "规则中的金额不为负：请去掉负号",
            );
            Some(expected(text, "an amount of 0 or more", "不小于 0 的金额", hint))
        }
        None => {
            let hint = Text::new(
                "digits with at most two decimals, no thousands mark: `12000.50`",
                "数字，最多两位小数，不带千分位：`12000.50`",
            );
            Some(expected(text, "an amount of yuan", "以元为单位的金额", hint))
        }
    }
}

fn check_rate(text: &str, least: i64, most: i64) -> Option<Wrong> {
    let Some(rate) = Rate::parse(text.as_bytes()) else {
        let hint = Text::new("write 85 % as `0.85`", "85% 写作 `0.85`");
        return Some(expected(text, "a fraction with at most six decimals", "最多六位小数的比例", hint));
    };
    if (least..=most).contains(&rate.0) {
        return None;
    }
    let (least, most) = (Rate(least), Rate(most));
    let message =
        Text::new(format!("`{text}` is outside {least}..{most}"), format!("`{text}` 超出 {least}..{most} 的范围"));
    let hint = if rate.0 > PPM && rate.0 <= 100 * PPM {
        let fraction = Rate(rate.0 / 100);
        Text::new(
            format!("rates are fractions: did you mean `{fraction}`?"),
            format!("比例以小数书写：是否应为 `{fraction}`？"),
        )
    } else {
        Text::new(
            format!("write a fraction from {least} to {most}: 85 % is `0.85`"),
            format!("请写 {least} 至 {most} 之间的小数：85% 写作 `0.85`"),
        )
    };
    Some((message, hint))
}

fn check_minus(text: &str) -> Option<Wrong> {
    if matches!(text, "" | "none") || text.split('|').all(|item| matches!(item.trim().parse::<u32>(), Ok(1..))) {
        return None;
    }
    Some(expected(
        text,
        "empty (all earlier layers), `none`, or layer numbers joined with `|`",
        "空（所有在前险层）、`none`，或以 `|` 连接的险层序号",
        like("1|2"),
    ))
}

/// Reads `MM-DD`.
#[must_use]
pub fn parse_month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    if month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // 2000 is a leap year: 02-29 may be written.
    ((1..=12).contains(&month) && (1..=days_in_month(2000, month)).contains(&day)).then_some((month, day))
}

/// Reads a money cell that passed [`check`].
#[must_use]
pub fn money(text: &str) -> Option<Fen> {
    (!text.is_empty()).then(|| Fen::parse_yuan(text.as_bytes()).expect("a checked money cell"))
}

/// Reads a rate, points or factor cell that passed [`check`].
#[must_use]
pub fn rate(text: &str) -> Option<Rate> {
    (!text.is_empty()).then(|| Rate::parse(text.as_bytes()).expect("a checked rate cell"))
}

/// Reads a whole number that passed [`check`].
#[must_use]
pub fn integer(text: &str) -> Option<i32> {
    (!text.is_empty()).then(|| text.parse().expect("a checked whole number"))
}

/// Reads a day that passed [`check`].
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    (!text.is_empty()).then(|| Date::parse(text.as_bytes()).expect("a checked day"))
}

/// Reads a `|` list; empty or `*` is `None`: any.
#[must_use]
pub fn words(text: &str) -> Option<Vec<&str>> {
    (!text.is_empty() && text != "*").then(|| text.split('|').map(str::trim).collect())
}
