//! What an audit reads of claims that adjudication does not keep: the disease as it was written, the refund flag, and
//! which columns there are.

use hashbrown::HashMap;

use super::columns::CLAIMS;
use super::open::OpenFile;

/// What an audit reads of claims that adjudication does not keep.
#[derive(Debug, Default)]
pub struct Notes {
    /// Some file has `dise_codg`.
    pub has_disease: bool,
    /// Some file has `refd_setl_flag`.
    pub has_refund_flag: bool,
    /// Some file has `begndate`.
    pub has_begin: bool,
    /// Some file has `hosp_lv` or `dedc_hosp_lv`.
    pub has_level: bool,
    /// `dise_codg` by number; the first is none.
    diseases: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    /// Of every data row of every file.
    of: Vec<Vec<Note>>,
}

/// What is noted of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Note {
    disease: u32,
    /// Whether `refd_setl_flag` is 1.
    is_refunded: Option<bool>,
}

impl Notes {
    /// Nothing read yet of some files.
    pub(super) fn of_files(files: &[OpenFile]) -> Self {
        let has = |name: &str| files.iter().any(|file| file.has(CLAIMS.index(name)));
        Self {
            has_disease: has("dise_codg"),
            has_refund_flag: has("refd_setl_flag"),
            has_begin: has("begndate"),
            has_level: has("hosp_lv") || has("dedc_hosp_lv"),
            diseases: vec![Box::default()],
            numbers: HashMap::new(),
            of: vec![Vec::new(); files.len()],
        }
    }

    /// Takes in the next part of a file.
    pub(super) fn take(&mut self, file: u32, part: PartNotes) {
        let mut words: Vec<(Box<str>, u32)> = part.diseases.into_iter().collect();
        words.sort_unstable_by_key(|&(_, number)| number);
        let mut numbers = vec![0];
        for (word, _) in words {
            let next = u32::try_from(self.diseases.len()).expect("fewer than 2^32 codes");
            numbers.push(*self.numbers.entry(word).or_insert_with_key(|word| {
                self.diseases.push(word.clone());
                next
            }));
        }
        let known = &mut self.of[file as usize];
        known.extend(part.rows.iter().map(|note| Note { disease: numbers[note.disease as usize], ..*note }));
    }

    fn note(&self, file: u32, row: u32) -> Note {
        let note = self.of.get(file as usize).and_then(|rows| rows.get(row as usize - 1));
        note.copied().unwrap_or_default()
    }

    /// `dise_codg` of a row; empty where it says none.
    #[must_use]
    pub fn disease(&self, file: u32, row: u32) -> &str {
        &self.diseases[self.note(file, row).disease as usize]
    }

    /// Whether `refd_setl_flag` of a row is 1; `None` where it says nothing.
    #[must_use]
    pub fn is_refunded(&self, file: u32, row: u32) -> Option<bool> {
        self.note(file, row).is_refunded
    }
}

/// Notes of a part of a file.
#[derive(Debug, Default)]
pub(super) struct PartNotes {
    rows: Vec<Note>,
    /// `dise_codg`, from 1.
    diseases: HashMap<Box<str>, u32>,
}

impl PartNotes {
    /// Notes the next row.
    pub(super) fn push(&mut self, disease: &[u8], is_refunded: Option<bool>) {
        let next = self.diseases.len() as u32 + 1;
        let disease = match disease {
            b"" => 0,
            code => *self.diseases.entry_ref(&*String::from_utf8_lossy(code)).or_insert(next),
        };
        self.rows.push(Note { disease, is_refunded });
    }
}
