//! Rows that ingestion rejected, reason by reason, in input order: in memory, or on the disk once they are many.

use std::sync::Arc;

use crate::diagnostic::Text;
use crate::ingest::{Column, Reject};
use crate::model::outcome::Reason;
use crate::shuffle::shelf::{Columns, Disk, Shape, Shelf, ShelfError};

/// A line of `rejects.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectLine {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// Physical line of a text file; the row number in Parquet.
    pub line: u64,
    /// The column; empty: the row as a whole.
    pub column: &'static str,
    /// The value as it stands in the file.
    pub value: String,
    /// The reason's code.
    pub reason: Reason,
    /// What exactly is wrong.
    pub message: Text,
    /// The row as it stands in the file.
    pub raw: Arc<str>,
}

impl RejectLine {
    /// The order of the output.
    #[must_use]
    pub const fn key(&self) -> (u32, u32, u8) {
        (self.file, self.row, self.reason as u8)
    }
}

impl From<&Reject> for RejectLine {
    fn from(reject: &Reject) -> Self {
        Self {
            file: reject.file,
            row: reject.row,
            line: reject.line,
            column: reject.column,
            value: reject.value.clone(),
            reason: reject.reason,
            message: reject.problem.text(),
            raw: Arc::clone(&reject.raw),
        }
    }
}

/// Columns of a line on the disk: the last four are the lengths of its texts but the last.
const SHAPE: Shape = Shape { small: 7, wide: 1 };
/// The number of no column.
const NO_COLUMN: u32 = u32::MAX;

/// Rejected rows.
#[derive(Debug)]
pub struct Rejects {
    shelf: Shelf,
    waiting: Vec<Reject>,
    bytes: usize,
}

impl Default for Rejects {
    fn default() -> Self {
        Self { shelf: Shelf::new(SHAPE), waiting: Vec::new(), bytes: 0 }
    }
}

impl Rejects {
    /// More of them.
    pub(super) fn append(&mut self, rejects: &mut Vec<Reject>) {
        self.bytes +=
            rejects.iter().map(|reject| size_of::<Reject>() + reject.value.len() + reject.raw.len()).sum::<usize>();
        self.waiting.append(rejects);
    }

    /// To the disk, if they are more than so many bytes.
    pub(super) fn make_room(&mut self, disk: &Disk, most: u64) -> Result<(), ShelfError> {
        if self.bytes as u64 <= most {
            return Ok(());
        }
        let mut columns = Columns::new(SHAPE);
        self.waiting.iter().for_each(|reject| set_down(&mut columns, &reject.into()));
        self.shelf.put(disk, &columns.pack())?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Those in memory: all, where no room was ever made.
    #[must_use]
    pub fn in_memory(&self) -> &[Reject] {
        &self.waiting
    }

    /// All of them, in input order.
    pub(super) fn each<E: From<ShelfError>>(
        &self,
        disk: Option<&Disk>,
        mut take: impl FnMut(RejectLine) -> Result<(), E>,
    ) -> Result<(), E> {
        for block in 0..self.shelf.blocks() {
            let disk = disk.expect("a disk, as rejected rows are on it");
            let columns = self.shelf.block(disk, block)?;
            (0..columns.len()).try_for_each(|row| take(taken_up(&columns, row)))?;
        }
        self.waiting.iter().try_for_each(|reject| take(reject.into()))
    }
}

fn set_down(columns: &mut Columns, line: &RejectLine) {
    let column = Column::ALL.iter().position(|column| column.name() == line.column);
    let texts = [line.value.as_bytes(), line.message.en.as_bytes(), line.message.zh.as_bytes(), line.raw.as_bytes()];
    let [value, en, zh, _] = texts.map(|text| text.len() as u32);
    let column = column.map_or(NO_COLUMN, |column| column as u32);
    columns.push(&texts, &[line.file, line.row, column, line.reason as u32, value, en, zh], &[line.line.cast_signed()]);
}

fn taken_up(columns: &Columns, row: usize) -> RejectLine {
    let [file, number, column, reason, value, en, zh] = std::array::from_fn(|column| columns.small(column)[row]);
    let mut rest = columns.text(row);
    let mut cut = |length: u32| {
        let (text, tail) = rest.split_at(length as usize);
        rest = tail;
        String::from_utf8(text.to_vec()).expect("text, as it was set down")
    };
    let (value, en, zh) = (cut(value), cut(en), cut(zh));
    let raw = cut(columns.text(row).len() as u32 - (value.len() + en.len() + zh.len()) as u32);
    RejectLine {
        file,
        row: number,
        line: columns.wide(0)[row].cast_unsigned(),
        column: Column::ALL.get(column as usize).map_or("", |column| column.name()),
        value,
        reason: Reason::ALL[reason as usize],
        message: Text::new(en, zh),
        raw: raw.into(),
    }
}
