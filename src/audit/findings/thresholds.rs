//! The thresholds of the checks: what each of them has, what `audit.toml` says instead, and what is in force.
//!
//! A check declares its own; the file has a section for each check, `[A205]`. Nothing in the file is passed over: a
//! section, key or value that means nothing is an error with its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Location, Text, did_you_mean};
use crate::model::money::Rate;

/// A threshold of a check.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// Its key in the check's section.
    pub key: &'static str,
    /// What it is, and without a file.
    pub setting: Setting,
    /// What it means, in English.
    pub en: &'static str,
    /// What it means, in Chinese.
    pub zh: &'static str,
}

/// The kind of a threshold, and its default.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    /// A whole number from `least` to `most`.
    Whole {
        /// Without a file.
        default: i64,
        /// The smallest that makes sense.
        least: i64,
        /// The largest that makes sense.
        most: i64,
    },
    /// A number with at most six decimals, in millionths, from `least` to `most`.
    Decimal {
        /// Without a file.
        default: Rate,
        /// The smallest that makes sense.
        least: Rate,
        /// The largest that makes sense.
        most: Rate,
    },
    /// A list of codes or beginnings of codes.
    Words {
        /// Without a file.
        default: &'static [&'static str],
    },
}

/// A value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A whole number.
    Whole(i64),
    /// A number in millionths.
    Decimal(Rate),
    /// Codes.
    Words(Vec<Box<str>>),
}

impl Setting {
    fn default(&self) -> Limit {
        match *self {
            Self::Whole { default, .. } => Limit::Whole(default),
            Self::Decimal { default, .. } => Limit::Decimal(default),
            Self::Words { default } => Limit::Words(default.iter().map(|&word| word.into()).collect()),
        }
    }

    fn expected(&self) -> Text {
        match self {
            Self::Whole { least, most, .. } => {
                Text::new(format!("a whole number from {least} to {most}"), format!("{least} 至 {most} 的整数"))
            }
            Self::Decimal { least, most, .. } => Text::new(
                format!("a number from {least} to {most} with at most six decimals"),
                format!("{least} 至 {most} 的数，至多六位小数"),
            ),
            Self::Words { .. } => Text::new(
                "a list of codes between quotation marks, such as [\"M07803\", \"Z49\"]",
                "带引号的代码列表，如 [\"M07803\", \"Z49\"]",
            ),
        }
    }

    fn read(&self, value: &DeValue) -> Option<Limit> {
        match *self {
            Self::Whole { least, most, .. } => {
                let number: i64 = whole(value)?;
                (least..=most).contains(&number).then_some(Limit::Whole(number))
            }
            Self::Decimal { least, most, .. } => {
                let rate = match value {
                    DeValue::Float(float) => Rate::parse(float.as_str().as_bytes())?,
                    other => Rate(whole(other)?.checked_mul(Rate::ONE.0)?),
                };
                (least..=most).contains(&rate).then_some(Limit::Decimal(rate))
            }
            Self::Words { .. } => {
                let word = |item: &Spanned<DeValue>| item.get_ref().as_str().map(str::trim).map(Box::from);
                let words: Vec<Box<str>> = value.as_array()?.iter().map(word).collect::<Option<_>>()?;
                // An empty beginning would be that of every code.
                words.iter().all(|word| !word.is_empty()).then_some(Limit::Words(words))
            }
        }
    }
}

fn whole(value: &DeValue) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

impl Limit {
    /// As the file would say it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Decimal(rate) => rate.to_string(),
            Self::Words(words) => format!("[{}]", words.join(", ")),
        }
    }
}

/// The thresholds of one check, with the values in force.
#[derive(Clone, Debug, Default)]
pub struct Limits(Vec<(&'static Threshold, Limit)>);

impl Limits {
    /// Those of a check without a file.
    #[must_use]
    pub fn defaults(thresholds: &'static [Threshold]) -> Self {
        Self(thresholds.iter().map(|threshold| (threshold, threshold.setting.default())).collect())
    }

    /// Every threshold with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Threshold, &Limit)> {
        self.0.iter().map(|(threshold, limit)| (*threshold, limit))
    }

    fn limit(&self, key: &str) -> &Limit {
        let found = self.0.iter().find(|(threshold, _)| threshold.key == key);
        &found.unwrap_or_else(|| panic!("the check has no threshold `{key}`")).1
    }

    /// A whole number.
    ///
    /// # Panics
    /// If the check has no such threshold, here and below: keys are constants of the check's own file.
    #[must_use]
    pub fn whole(&self, key: &str) -> i64 {
        match self.limit(key) {
            Limit::Whole(number) => *number,
            other => panic!("`{key}` is {other:?}"),
        }
    }

    /// A number in millionths.
    ///
    /// # Panics
    /// As [`whole`](Self::whole).
    #[must_use]
    pub fn decimal(&self, key: &str) -> Rate {
        match self.limit(key) {
            Limit::Decimal(rate) => *rate,
            other => panic!("`{key}` is {other:?}"),
        }
    }

    /// Codes.
    ///
    /// # Panics
    /// As [`whole`](Self::whole).
    #[must_use]
    pub fn words(&self, key: &str) -> &[Box<str>] {
        match self.limit(key) {
            Limit::Words(words) => words,
            other => panic!("`{key}` is {other:?}"),
        }
    }
}

/// What has thresholds: a code and what it declares.
pub type Section = (&'static str, &'static [Threshold]);

/// Reads a file; the values in force, section by section.
///
/// # Errors
/// Everything in it that means nothing.
pub fn read(shown: &str, text: &str, sections: &[Section]) -> Result<Vec<Limits>, Vec<Diagnostic>> {
    let file = File { shown, text };
    let mut limits: Vec<Limits> = sections.iter().map(|(_, thresholds)| Limits::defaults(thresholds)).collect();
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let at = file.at(error.span().map_or(0, |span| span.start), "");
            let message = Text::new(
                format!("this is no TOML: {}", error.message()),
                format!("不是有效的 TOML：{}", error.message()),
            );
            let hint = Text::new(
                "write a section for each check, such as [A205], and key = value below it",
                "每项检查写一节，如 [A205]，其下逐行写 键 = 值",
            );
            return Err(vec![Diagnostic::error("T-SYNTAX", at, message).hint(hint)]);
        }
    };
    let mut wrong = Vec::new();
    for (name, content) in &table {
        let (start, word) = (name.span().start, name.get_ref().as_ref());
        let Some(number) = sections.iter().position(|(code, _)| *code == word) else {
            wrong.push(file.unknown_section(start, word, sections));
            continue;
        };
        let Some(keys) = content.get_ref().as_table() else {
            wrong.push(file.no_section(start, word));
            continue;
        };
        let (code, thresholds) = sections[number];
        for (key, value) in keys {
            let (start, word) = (key.span().start, key.get_ref().as_ref());
            let Some(place) = thresholds.iter().position(|threshold| threshold.key == word) else {
                wrong.push(file.unknown_key(start, code, word, thresholds));
                continue;
            };
            match thresholds[place].setting.read(value.get_ref()) {
                Some(limit) => limits[number].0[place].1 = limit,
                None => wrong.push(file.bad_value(value.span(), code, &thresholds[place])),
            }
        }
    }
    if wrong.is_empty() {
        return Ok(limits);
    }
    wrong.sort_by(|a, b| a.at.cmp(&b.at));
    Err(wrong)
}

struct File<'a> {
    shown: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn at(&self, offset: usize, key: &str) -> Location {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Location { file: self.shown.to_owned(), line, column_number: column, column: key.to_owned() }
    }

    fn unknown_section(&self, start: usize, word: &str, sections: &[Section]) -> Diagnostic {
        let known: Vec<&str> =
            sections.iter().filter(|(_, thresholds)| !thresholds.is_empty()).map(|(code, _)| *code).collect();
        let message = Text::new(format!("`{word}` is no section of thresholds"), format!("`{word}` 不是阈值的节名"));
        let list = known.join(", ");
        Diagnostic::error("T-SECTION", self.at(start, word), message)
            .near_or(did_you_mean(word, known.iter().copied()), || {
                Text::new(format!("checks with thresholds: {list}"), format!("有阈值的检查：{list}"))
            })
    }

    fn no_section(&self, start: usize, word: &str) -> Diagnostic {
        let message = Text::new(format!("`{word}` is a section, not a key"), format!("`{word}` 是节名，不是键"));
        Diagnostic::error("T-SECTION", self.at(start, word), message).hint(Text::new(
            format!("write [{word}], and its thresholds below it"),
            format!("请写作 [{word}]，其下逐行写阈值"),
        ))
    }

    fn unknown_key(&self, start: usize, code: &str, word: &str, thresholds: &[Threshold]) -> Diagnostic {
        let known: Vec<&str> = thresholds.iter().map(|threshold| threshold.key).collect();
        let message = Text::new(format!("{code} has no threshold `{word}`"), format!("{code} 没有阈值 `{word}`"));
        let otherwise = || {
            if known.is_empty() {
                return Text::new("it has none: take the section out", "该检查没有阈值：请去掉该节");
            }
            let list = known.join(", ");
            Text::new(format!("its thresholds: {list}"), format!("其阈值：{list}"))
        };
        let near = did_you_mean(word, known.iter().copied());
        Diagnostic::error("T-KEY", self.at(start, word), message).near_or(near, otherwise)
    }

    fn bad_value(&self, span: std::ops::Range<usize>, code: &str, threshold: &Threshold) -> Diagnostic {
        let found = self.text.get(span.clone()).unwrap_or_default();
        let expected = threshold.setting.expected();
        let message = Text::new(
            format!("{code}: `{found}` cannot be `{}`; expected {}", threshold.key, expected.en),
            format!("{code}：`{}` 不能为 `{found}`；应为{}", threshold.key, expected.zh),
        );
        let default = threshold.setting.default().shown();
        Diagnostic::error("T-VALUE", self.at(span.start, threshold.key), message).hint(Text::new(
            format!("it means: {}; without a file it is {default}", threshold.en),
            format!("含义：{}；缺省为 {default}", threshold.zh),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::render;

    const SOME: &[Threshold] = &[
        Threshold {
            key: "within_days",
            setting: Setting::Whole { default: 15, least: 0, most: 366 },
            en: "days after a discharge",
            zh: "出院后天数",
        },
        Threshold {
            key: "score",
            setting: Setting::Decimal { default: Rate(3_500_000), least: Rate(0), most: Rate(100_000_000) },
            en: "robust z",
            zh: "稳健 z 值",
        },
        Threshold {
            key: "planned",
            setting: Setting::Words { default: &["M00503"] },
            en: "beginnings of disease codes",
            zh: "病种编码前缀",
        },
    ];
    const SECTIONS: &[Section] = &[("A201", &[]), ("A205", SOME)];

    #[test]
    fn what_the_file_says_and_what_it_leaves() {
        let limits = read("audit.toml", "[A205]\nscore = 4\nplanned = [\"Z49\", \" F \"]\n", SECTIONS).expect("good");
        assert_eq!(limits[1].whole("within_days"), 15);
        assert_eq!(limits[1].decimal("score"), Rate(4_000_000));
        assert_eq!(limits[1].words("planned"), [Box::from("Z49"), Box::from("F")]);
        let shown: Vec<String> = limits[1].iter().map(|(_, limit)| limit.shown()).collect();
        assert_eq!(shown, ["15", "4", "[Z49, F]"]);
        assert_eq!(read("audit.toml", "", SECTIONS).expect("nothing").len(), 2);
        let hexadecimal = read("audit.toml", "[A205]\nwithin_days = 0x10\nscore = 2.25", SECTIONS).expect("good");
        assert_eq!((hexadecimal[1].whole("within_days"), hexadecimal[1].decimal("score")), (16, Rate(2_250_000)));
    }

    #[test]
    fn everything_that_means_nothing() {
        let text = "A205 = 3\n[A204]\nx = 1\n[A201]\nx = 1\n";
        let found = read("audit.toml", text, SECTIONS).expect_err("wrong");
        insta::assert_snapshot!(render(&found));
        let text = "[A205]\nwithin_day = 3\nscore = \"4\"\nplanned = [\"\"]\nwithin_days = 400\n";
        let found = read("audit.toml", text, SECTIONS).expect_err("wrong");
        insta::assert_snapshot!(render(&found));
        let found = read("audit.toml", "[A205\n", SECTIONS).expect_err("no TOML");
        assert_eq!((found[0].code, found[0].at.line), ("T-SYNTAX", 1));
    }
}
