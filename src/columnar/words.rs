//! The words that numbers stand for, for everything that is written.

use std::sync::Arc;

use crate::model::outcome::Status;
use crate::model::place::Admdvs;
use crate::model::settlement::{Arenas, Insutype};
use crate::model::symbol::Sym;
use crate::rules::book::RuleBook;

/// Where the open items of earlier nights came from first, row by row.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    files: Vec<String>,
    rows: Vec<(u32, u32)>,
}

impl Origins {
    /// File and row of the next one.
    ///
    /// # Panics
    /// If they come from 2^32 files.
    pub fn push(&mut self, file: &str, row: u32) {
        let last = self.rows.last().map(|&(last, _)| last).filter(|&last| self.files[last as usize] == file);
        let number = last.unwrap_or_else(|| {
            let known = self.files.iter().position(|known| known == file).unwrap_or_else(|| {
                self.files.push(file.to_owned());
                self.files.len() - 1
            });
            u32::try_from(known).expect("fewer than 2^32 files")
        });
        self.rows.push((number, row));
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// File and row that a row, from 1, came from.
    fn of(&self, row: u32) -> (&str, u32) {
        let (file, row) = self.rows[row as usize - 1];
        (&self.files[file as usize], row)
    }
}

/// Where rows came from, as `src_file` and `src_row` say it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Input files by number.
    pub files: Vec<String>,
    /// The file that holds the open items of earlier nights, and where its rows came from first.
    pub carried: Option<(u32, Arc<Origins>)>,
}

impl Sources {
    /// File and data row, from 1, of a row.
    #[must_use]
    pub fn of(&self, file: u32, row: u32) -> (&str, u32) {
        if let Some((carried, rows)) = &self.carried
            && *carried == file
        {
            return rows.of(row);
        }
        (&self.files[file as usize], row)
    }
}

/// What an earlier night's output said of a settlement beside its money: a reversal repeats it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// `pool`.
    pub pool: Admdvs,
    /// `benefit_year`.
    pub benefit_year: i32,
    /// The columns of [`Recorded::COLUMNS`].
    pub texts: [Box<str>; 10],
}

impl Recorded {
    /// Text columns that a reversal takes over, in the order of the output.
    pub const COLUMNS: [&'static str; 10] = [
        "psn_class",
        "med_class",
        "tier",
        "place",
        "filing",
        "scheme_rule",
        "class_rule",
        "channel_rule",
        "benefit_rule",
        "layer_rules",
    ];

    /// Statuses that can be reversed.
    pub const STATUSES: [Status; 2] = [Status::Paid, Status::Denied];
}

/// The words of a run.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The compiled pack.
    pub book: &'a RuleBook,
    /// Text of the claims.
    pub arenas: &'a Arenas,
    /// Insurance types the pack does not name, from [`Insutype::UNLISTED`] up.
    pub unlisted_insutypes: &'a [Box<str>],
    /// Accumulators of earlier nights that the pack does not name, from [`Sym::UNLISTED`] up.
    pub unlisted_accumulators: &'a [Box<str>],
    /// Where rows came from.
    pub sources: &'a Sources,
    /// Settlements of earlier nights, by the numbers of [`Original`](crate::adjudicate::opening::Original).
    pub recorded: &'a [Recorded],
}

impl<'a> Words<'a> {
    /// The insurance type as written.
    #[inline]
    #[must_use]
    pub fn insutype(&self, insutype: Insutype) -> &'a str {
        if insutype.0 >= Insutype::UNLISTED {
            &self.unlisted_insutypes[(insutype.0 - Insutype::UNLISTED) as usize]
        } else {
            self.book.vocab.insutype.word(insutype.sym())
        }
    }

    /// The name of an accumulator.
    #[inline]
    #[must_use]
    pub fn accumulator(&self, accumulator: Sym) -> &'a str {
        if accumulator.0 >= Sym::UNLISTED {
            &self.unlisted_accumulators[(accumulator.0 - Sym::UNLISTED) as usize]
        } else {
            self.book.vocab.accumulator.word(accumulator)
        }
    }
}
