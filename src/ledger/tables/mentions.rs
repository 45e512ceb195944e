//! Which rows of a night have a settlement number, or name it as the one they reverse.

use hashbrown::HashMap;

use crate::model::settlement::Flags;
use crate::shuffle::group::{Entry, Persons, Rows};

/// How a row mentions a settlement number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    /// It is its own.
    Has(Entry),
    /// It is that of its original.
    Names,
}

/// Rows a person has at which an index starts to pay: nearly all have a handful.
const FEW: usize = 8;

/// Mentions by settlement number.
type Index<'a> = HashMap<&'a [u8], Vec<Mention>>;

/// The rows of a night by what they mention.
pub(super) struct Mentions<'a> {
    rows: &'a Rows,
    persons: &'a Persons,
    /// For persons of more than [`FEW`] rows.
    indexes: HashMap<u32, Index<'a>>,
}

impl<'a> Mentions<'a> {
    pub(super) fn new(rows: &'a Rows, persons: &'a Persons) -> Self {
        Self { rows, persons, indexes: HashMap::new() }
    }

    /// Hands every mention of a number by a person's rows to `sink`.
    pub(super) fn of(&mut self, person: u32, number: &[u8], sink: &mut dyn FnMut(Mention)) {
        let (rows, entries) = (self.rows, self.persons.entries_of(person as usize));
        if entries.len() > FEW {
            let index = self.indexes.entry(person).or_insert_with(|| {
                let mut index: Index<'a> = HashMap::with_capacity(entries.len());
                for &entry in entries {
                    mentions(rows, entry, &mut |text, mention| index.entry(text).or_default().push(mention));
                }
                index
            });
            return index.get(number).into_iter().flatten().copied().for_each(sink);
        }
        for &entry in entries {
            mentions(rows, entry, &mut |text, mention| {
                if text == number {
                    sink(mention);
                }
            });
        }
    }
}

fn mentions<'a>(rows: &'a Rows, entry: Entry, sink: &mut dyn FnMut(&'a [u8], Mention)) {
    let text = rows.text(entry);
    sink(rows.arenas.setl_id(text), Mention::Has(entry));
    let claim = |entry: Entry| &rows.claims[entry.batch as usize][entry.index as usize];
    if entry.index < Entry::GHOSTS && claim(entry).flags.has(Flags::REVERSAL) {
        sink(rows.arenas.init_setl_id(text), Mention::Names);
    }
}
