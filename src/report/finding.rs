//! A finding of the audit, as programs and people read it: what was seen, on what grounds, and what would clear it.

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::diagnostic::{Lang, Text};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::publish::hex;

/// What a finding amounts to. Neither is a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// 疑点: a rule is broken on the face of the records; somebody must answer for it.
    Doubtful,
    /// 线索: unusual; a place to look at.
    Lead,
}

impl Standing {
    /// The word of the outputs, the same in every language.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Doubtful => "疑点",
            Self::Lead => "线索",
        }
    }

    /// The word for a reader.
    #[must_use]
    pub const fn shown(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (_, Lang::Zh) => self.word(),
            (Self::Doubtful, Lang::En) => "doubtful",
            (Self::Lead, Lang::En) => "lead",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectType {
    /// A settlement, `setl_id`.
    Claim,
    /// A person, `psn_no`.
    Person,
    /// An institution, `fixmedins_code`.
    Institution,
}

impl SubjectType {
    /// The word of the outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Person => "person",
            Self::Institution => "institution",
        }
    }

    /// The word for a reader.
    #[must_use]
    pub const fn shown(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (_, Lang::En) => self.word(),
            (Self::Claim, Lang::Zh) => "结算",
            (Self::Person, Lang::Zh) => "人员",
            (Self::Institution, Lang::Zh) => "机构",
        }
    }
}

/// A value that decided. Its kind says how it is written, and whether it must be masked.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A code or word.
    Text(Box<str>),
    /// A person number: masked in everything a person reads.
    Person(Box<str>),
    /// Money.
    Money(Fen),
    /// A count.
    Count(i64),
    /// A statistic; never money.
    Number(f64),
    /// A day.
    Day(Date),
    /// A second.
    Time(Time),
    /// Several of them.
    List(Vec<Self>),
}

impl Value {
    /// The value as JSON, with person numbers as `person` says them. Money is a decimal of yuan, as text.
    #[must_use]
    pub fn to_json(&self, person: &dyn Fn(&str) -> String) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Person(number) => json!(person(number)),
            Self::Money(fen) => json!(fen.to_string()),
            Self::Count(count) => json!(count),
            Self::Number(number) => json!(number),
            Self::Day(day) => json!(day.to_string()),
            Self::Time(time) => json!(time.to_string()),
            Self::List(values) => values.iter().map(|value| value.to_json(person)).collect(),
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check, such as `A201`.
    pub code: &'static str,
    /// 1 (for information) to 5 (money is at stake and a rule is broken).
    pub severity: u8,
    /// What it amounts to.
    pub standing: Standing,
    /// What it is about.
    pub subject_type: SubjectType,
    /// The number or code of that.
    pub subject: Box<str>,
    /// What tells several findings of one code about one subject apart, such as a benefit year; usually empty.
    pub case: Box<str>,
    /// Settlements it rests on, in the order of time.
    pub setl_ids: Vec<Box<str>>,
    /// The values that decided, by name.
    pub evidence: Vec<(&'static str, Value)>,
    /// Money at risk.
    pub amount: Fen,
    /// A question that says what would clear it. It never holds a person number: those stand in the evidence.
    pub message: Text,
    /// The rule or clause it rests on.
    pub basis: Text,
    /// The day on which the last of its settlements was settled: from then on it could be seen.
    pub first_seen: Date,
}

impl Finding {
    /// Stable number: a hash of code and subject.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.code, self.subject_type.word(), &self.subject, &self.case] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        format!("{}-{}", self.code, &hex(&hash.finalize())[..16])
    }

    /// The evidence as one JSON object.
    #[must_use]
    pub fn evidence_json(&self, person: &dyn Fn(&str) -> String) -> Json {
        let values = self.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.to_json(person)));
        Json::Object(values.collect::<Map<_, _>>())
    }
}
