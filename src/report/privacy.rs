//! How person numbers are shown in what people read, and text cells that a spreadsheet must not take for formulas.
//!
//! Parquet holds exact numbers: machines join on them. Everything else goes through [`Persons`].

use std::borrow::Cow;

use hmac::{Hmac, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::finding::{Finding, SubjectType};
use crate::publish::hex;

/// The fewest bytes of a key of pseudonyms.
pub const LEAST_KEY: usize = 16;

/// Shorter numbers are masked whole: what is left of them would still find somebody.
const SHORT: usize = 12;

/// What a masked number keeps, from the left and from the right.
const KEPT: (usize, usize) = (3, 2);

/// How person numbers are shown.
#[derive(Clone, Debug, Default)]
pub enum Persons {
    /// A few characters at either end: a case at hand is recognised, nobody is found.
    #[default]
    Masked,
    /// `P-` and 16 hexadecimal digits: the same person has the same one wherever the key is the same.
    Pseudonyms(Key),
    /// As they are.
    Revealed,
}

/// A secret that pseudonyms are made with. It is never shown.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.fingerprint())
    }
}

impl Key {
    /// A key, if the secret has at least [`LEAST_KEY`] bytes.
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= LEAST_KEY).then(|| Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")))
    }

    /// Tells keys apart, and says nothing of them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.digits(&[b"fingerprint"])
    }

    /// 16 hexadecimal digits of what the key makes of some parts. No two lists of parts are signed as the same bytes.
    fn digits(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes()[..8])
    }

    /// HMAC-SHA256 of the number alone, so that anybody with the key can find a pseudonym again.
    fn pseudonym(&self, psn_no: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(psn_no.as_bytes());
        format!("P-{}", hex(&mac.finalize().into_bytes()[..8]))
    }
}

impl Persons {
    /// The word of the manifest.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Pseudonyms(_) => "pseudonyms",
            Self::Revealed => "revealed",
        }
    }

    /// A person number as it is shown.
    #[must_use]
    pub fn person(&self, psn_no: &str) -> String {
        match self {
            Self::Masked => masked(psn_no),
            Self::Pseudonyms(key) if !psn_no.is_empty() => key.pseudonym(psn_no),
            Self::Pseudonyms(_) => String::new(),
            Self::Revealed => psn_no.to_owned(),
        }
    }

    /// The same of bytes that were read.
    #[must_use]
    pub fn person_of(&self, psn_no: &[u8]) -> String {
        self.person(&String::from_utf8_lossy(psn_no))
    }

    /// What a finding is about.
    #[must_use]
    pub fn subject(&self, finding: &Finding) -> String {
        match finding.subject_type {
            SubjectType::Person => self.person(&finding.subject),
            SubjectType::Claim | SubjectType::Institution => finding.subject.to_string(),
        }
    }

    /// The number of a finding. That of a person's finding is a hash of the person number: whoever tries all numbers
    /// finds the person, so it is shown only to those who may see the number, and under a key as the key makes it.
    #[must_use]
    pub fn finding_id(&self, finding: &Finding) -> String {
        match (finding.subject_type, self) {
            (SubjectType::Claim | SubjectType::Institution, _) | (_, Self::Revealed) => finding.id(),
            (SubjectType::Person, Self::Masked) => String::new(),
            (SubjectType::Person, Self::Pseudonyms(key)) => {
                format!("{}-P-{}", finding.code, key.digits(&[b"finding", finding.id().as_bytes()]))
            }
        }
    }

    /// Says in a manifest how numbers were shown; never the key.
    pub fn note(&self, manifest: &mut Map<String, Value>) {
        manifest.insert("persons".to_owned(), json!(self.word()));
        if let Self::Pseudonyms(key) = self {
            manifest.insert("pseudonym_key_fingerprint".to_owned(), json!(key.fingerprint()));
        }
    }
}

fn masked(psn_no: &str) -> String {
    let characters: Vec<char> = psn_no.chars().collect();
    if characters.len() < SHORT {
        return if characters.is_empty() { String::new() } else { "***".to_owned() };
    }
    let (left, right) = (&characters[..KEPT.0], &characters[characters.len() - KEPT.1..]);
    left.iter().chain(&['*'; 6]).chain(right).collect()
}

/// A text cell of a CSV that people open: one that a spreadsheet would take for a formula gets an apostrophe in front.
/// Not for amounts and days that this program writes itself: `-12.34` is a number.
#[must_use]
pub fn formula_safe(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same of bytes that were read.
#[must_use]
pub fn formula_safe_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    if matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')) {
        Cow::Owned([b"'", text].concat())
    } else {
        Cow::Borrowed(text)
    }
}

/// A cell of which nobody says whether it is a text or a number: a plain number is left as it is.
#[must_use]
pub fn safe_cell(cell: &[u8]) -> Cow<'_, [u8]> {
    let digits = cell.strip_prefix(b"-").unwrap_or_default();
    let is_number = digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if is_number { Cow::Borrowed(cell) } else { formula_safe_bytes(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_numbers_keep_five_characters_at_most() {
        let persons = Persons::default();
        assert_eq!(persons.person("11010119800101000001"), "110******01");
        assert_eq!(persons.person("110101198001"), "110******01");
        assert_eq!(persons.person("11010119800"), "***");
        assert_eq!(persons.person("P1"), "***");
        assert_eq!(persons.person(""), "");
        assert_eq!(persons.person("身份证一二三四五六七八九十"), "身份证******九十");
        assert_eq!(Persons::Revealed.person("P1"), "P1");
    }

    #[test]
    fn pseudonyms_are_stable_and_turn_on_the_key() {
        let key = Key::new(b"0123456789abcdef").expect("long enough");
        let other = Key::new(b"0123456789abcdeF").expect("long enough");
        let persons = Persons::Pseudonyms(key.clone());
        // `printf %s 11010119800101000001 | openssl dgst -sha256 -hmac 0123456789abcdef`
        assert_eq!(persons.person("11010119800101000001"), PSEUDONYM);
        assert_ne!(Persons::Pseudonyms(other.clone()).person("11010119800101000001"), PSEUDONYM);
        assert_ne!(key.fingerprint(), other.fingerprint());
        assert_eq!(format!("{persons:?}"), format!("Pseudonyms(Key({}))", key.fingerprint()));
        assert!(Key::new(b"0123456789abcde").is_none());
    }

    const PSEUDONYM: &str = "P-7c740d9e3d479e71";

    #[test]
    fn texts_that_would_be_formulas_are_texts() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(formula_safe(text), format!("'{text}"));
            assert_eq!(*formula_safe_bytes(text.as_bytes()), *format!("'{text}").as_bytes());
        }
        for (cell, safe) in [("-12.34", "-12.34"), ("-1+1", "'-1+1"), ("-", "'-"), ("+1", "'+1"), ("1", "1"), ("", "")]
        {
            assert_eq!(*safe_cell(cell.as_bytes()), *safe.as_bytes());
        }
        for text in ["", "a=1", " =1", "'=1", "S0001"] {
            assert_eq!(formula_safe(text), text);
            assert_eq!(*formula_safe_bytes(text.as_bytes()), *text.as_bytes());
        }
    }
}
