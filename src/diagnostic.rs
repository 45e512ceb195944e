//! What is wrong with an input, said once and well: code, severity, place, message, hint, in Chinese and English.
//!
//! Wrong data is a value, not an error: readers return what they could read and a list of these.

use std::fmt;

/// The language of everything a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Text {
    /// A text from its two versions.
    #[must_use]
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The version in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// A failure of the world: what was attempted, and on what. What lies below it in the chain of causes is said by
/// the system or a library, in words of their own.
pub trait Failure: std::error::Error {
    /// The failure without its causes. Its English is what `Display` says.
    fn text(&self) -> Text;
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// It can be used, but somebody should look.
    Warning,
}

impl Severity {
    /// The word shown to a reader.
    #[must_use]
    pub const fn word(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Error, Lang::En) => "error",
            (Self::Error, Lang::Zh) => "错误",
            (Self::Warning, Lang::En) => "warning",
            (Self::Warning, Lang::Zh) => "警告",
        }
    }
}

/// Where it is: a file, its physical line (from 1) and the column's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file as the user knows it.
    pub file: String,
    /// Physical line of a text file, row of a Parquet file; 0: the file as a whole.
    pub line: u64,
    /// Position of the column, from 1; 0: the line as a whole.
    pub column_number: usize,
    /// Name of the column; empty: the line as a whole.
    pub column: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, documented in the error reference.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub at: Location,
    /// What is wrong, with the value and what was expected.
    pub message: Text,
    /// What to do about it.
    pub hint: Text,
}

/// A diagnostic without its hint. Nobody is told what is wrong without being told what to do: only
/// [`hint`](Finding::hint) makes it a [`Diagnostic`].
#[derive(Clone, Debug)]
pub struct Finding {
    code: &'static str,
    severity: Severity,
    at: Location,
    message: Text,
}

impl Finding {
    /// The diagnostic with what to do about it.
    #[must_use]
    pub fn hint(self, hint: Text) -> Diagnostic {
        let Self { code, severity, at, message } = self;
        Diagnostic { code, severity, at, message, hint }
    }

    /// The diagnostic with the word that was probably meant, or else with `otherwise`.
    #[must_use]
    pub fn near_or(self, near: Option<&str>, otherwise: impl FnOnce() -> Text) -> Diagnostic {
        self.hint(near.map_or_else(otherwise, meant))
    }
}

impl Diagnostic {
    /// An error, of which it must still be said what to do.
    #[must_use]
    pub fn error(code: &'static str, at: Location, message: Text) -> Finding {
        Finding { code, severity: Severity::Error, at, message }
    }

    /// A warning, of which it must still be said what to do.
    #[must_use]
    pub fn warning(code: &'static str, at: Location, message: Text) -> Finding {
        Finding { code, severity: Severity::Warning, at, message }
    }

    /// Whether the input cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `file:line:column: error[code]: message`, and the hint on a line of its own.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let (message, hint) = (self.message.get(lang), self.hint.get(lang));
        let before_hint = match lang {
            Lang::En => "hint: ",
            Lang::Zh => "建议：",
        };
        format!("{}: {}[{}]: {message}\n  {before_hint}{hint}", self.at, self.severity.word(lang), self.code)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column_number > 0 {
            write!(f, ":{}", self.column_number)?;
        }
        if !self.column.is_empty() {
            write!(f, " ({})", self.column)?;
        }
        Ok(())
    }
}

/// The hint that names the word that was probably meant.
#[must_use]
pub fn meant(near: &str) -> Text {
    Text::new(format!("did you mean `{near}`?"), format!("是否应为 `{near}`？"))
}

/// The listed word nearest to a misspelt one, if it is near enough to be what was meant.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
