//! A second, sparse pass: single rows of the claims again, whole, for the outputs that keep them.

use std::io::{Seek as _, SeekFrom};

use super::cell::{Row, Typed, padded_level};
use super::columns::{CLAIMS, Column, Kind};
use super::error::IngestError;
use super::open::{Content, InputFile, Mark, OpenFile, RowSink, open_all, unchanged};
use super::paths::InputPath;
use super::source::{Blocks, Limits};
use super::text_file::TextFile;
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::ordered::in_order;
use crate::text::RowProblem;

/// A row of the claims, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
    /// Physical line of a text file; the row number in Parquet.
    pub line: u64,
    /// The row as it stands in the file, as in [`Reject::raw`](super::Reject::raw), where it was asked for.
    pub raw: String,
    /// One value for each [`Column`], in their order.
    values: Vec<Value>,
}

/// A value of a recalled row, normalised: codes trimmed and without `.0`, `hosp_lv` in two digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value, or no such column.
    Missing,
    /// An identifier or a code.
    Text(String),
    /// Money.
    Money(Fen),
    /// A day.
    Day(Date),
    /// A second.
    Second(Time),
    /// Not of its column's type, as it stands in the file. Accepted rows have none.
    Bad(String),
}

impl Recalled {
    /// The value of a column.
    #[must_use]
    pub fn value(&self, column: Column) -> &Value {
        &self.values[column.index()]
    }

    /// The text of a column, as it stands in the file where it is wrong; empty where it is missing or no text.
    #[must_use]
    pub fn cell(&self, column: Column) -> &str {
        match self.value(column) {
            Value::Text(text) | Value::Bad(text) => text,
            _ => "",
        }
    }

    fn new(row: &impl Row, file: u32, number: u32, line: u64, with_raw: bool) -> Self {
        let values = Column::ALL.iter().map(|&column| value_of(row, column)).collect();
        let raw = if with_raw { row.raw() } else { String::new() };
        Self { file, row: number, line, raw, values }
    }
}

fn value_of(row: &impl Row, column: Column) -> Value {
    let index = column.index();
    let cell = row.cell(index);
    let text = |text: &[u8]| Value::Text(String::from_utf8_lossy(text).into_owned());
    let value = match CLAIMS.fields[index].kind {
        Kind::Identifier => typed(cell.text(), text),
        Kind::Code if column == Column::HospLv => typed(cell.code(), |code| {
            let mut padded = [0; 2];
            text(if padded_level(code, &mut padded) { &padded } else { code })
        }),
        Kind::Code => typed(cell.code(), text),
        Kind::Date => typed(cell.date(), Value::Day),
        Kind::Time => typed(cell.time(), Value::Second),
        Kind::Money => typed(cell.money(), Value::Money),
    };
    value.unwrap_or_else(|| Value::Bad(row.show(index)))
}

fn typed<T>(value: Typed<T>, wrap: impl FnOnce(T) -> Value) -> Option<Value> {
    match value {
        Typed::Missing => Some(Value::Missing),
        Typed::Is(value) => Some(wrap(value)),
        Typed::Bad => None,
    }
}

/// Reads single rows again. `wanted` are pairs of file number and row, ascending and each once; the rows reach
/// `sink` in that order, `with_raw` text or without. Only the blocks and row groups that hold them are read, so many
/// parts at a time, in parallel: whole rows are large.
///
/// A row that was no record comes with its line, its raw text and no values.
///
/// # Errors
/// If a file is not what it was in the first pass, cannot be read, or `sink` fails.
///
/// # Panics
/// If `wanted` is not ascending or names a file that was not read.
pub fn recall(
    files: &[InputFile],
    wanted: &[(u32, u32)],
    with_raw: bool,
    parts: usize,
    sink: &mut dyn FnMut(Recalled) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    assert!(wanted.is_sorted_by(|a, b| a < b), "the rows to read again are not in ascending order");
    for run in wanted.chunk_by(|a, b| a.0 == b.0) {
        let file = run[0].0;
        let input = &files[file as usize];
        unchanged(&input.path, input.bytes, input.modified)?;
        let path = InputPath { path: input.path.clone(), shown: input.shown.clone(), format: input.format };
        let opened = open_all(&[path], &CLAIMS)?;
        let rows: Vec<u32> = run.iter().map(|&(_, row)| row).collect();
        let tasks = match &opened[0].content {
            Content::Text(_) => tasks(&rows, &input.marks),
            Content::Parquet(parquet) => {
                let groups = parquet.group_ends();
                let group = |row: u32| groups.partition_point(|&end| end < u64::from(row));
                let in_groups = rows.chunk_by(|&a, &b| group(a) == group(b));
                in_groups.flat_map(|rows| rows.chunks(TASK_ROWS)).map(|rows| Task { rows, mark: None }).collect()
            }
        };
        let work = |task: Task<'_>| pick(&opened[0], (file, input), &task, with_raw);
        in_order(tasks, parts, work, |rows: Result<Vec<Recalled>, IngestError>| {
            rows?.into_iter().try_for_each(&mut *sink)
        })?;
        unchanged(&input.path, input.bytes, input.modified)?;
    }
    Ok(())
}

/// Rows of one file to be read by one thread.
struct Task<'a> {
    rows: &'a [u32],
    /// Where reading begins, in a text file.
    mark: Option<Mark>,
}

/// Rows of one task in a row group.
const TASK_ROWS: usize = 8192;

fn tasks<'a>(rows: &'a [u32], marks: &[Mark]) -> Vec<Task<'a>> {
    if marks.is_empty() {
        return vec![Task { rows, mark: None }];
    }
    // The last block that begins before the row holds it.
    let block = |row: u32| marks.partition_point(|mark| mark.rows < u64::from(row)).saturating_sub(1);
    rows.chunk_by(|&a, &b| block(a) == block(b)).map(|rows| Task { rows, mark: Some(marks[block(rows[0])]) }).collect()
}

fn pick(
    opened: &OpenFile,
    (file, input): (u32, &InputFile),
    task: &Task<'_>,
    with_raw: bool,
) -> Result<Vec<Recalled>, IngestError> {
    let mut picker = Picker { file, wanted: task.rows, rows_before: 0, lines_before: 0, found: Vec::new(), with_raw };
    match (&opened.content, task.mark) {
        (Content::Text(text), Some(mark)) => pick_lines(opened, text, input, mark, &mut picker)?,
        (Content::Parquet(parquet), _) => {
            let mut every = Numbered { rows: task.rows, picker: &mut picker };
            parquet.visit_wanted(&opened.input, &opened.handle()?, task.rows, &mut every)?;
        }
        (Content::Text(_), None) => {}
    }
    if picker.found.len() != task.rows.len() {
        return Err(IngestError::Changed { path: input.path.clone() });
    }
    Ok(picker.found)
}

fn pick_lines(
    opened: &OpenFile,
    text: &TextFile,
    input: &InputFile,
    mark: Mark,
    picker: &mut Picker<'_>,
) -> Result<(), IngestError> {
    let failed = |source| IngestError::Read { path: input.path.clone(), source };
    let mut handle = opened.handle()?;
    let encoding = input.encoding.unwrap_or_default();
    let mut blocks = if mark.offset == 0 {
        Blocks::new(handle, Limits::RUN, encoding, false)
    } else {
        handle.seek(SeekFrom::Start(mark.offset)).map_err(failed)?;
        Blocks::resume(handle, Limits::RUN, encoding, mark.offset)
    };
    (picker.rows_before, picker.lines_before) = (mark.rows, mark.lines);
    let mut before_header = mark.before_header;
    while picker.found.len() < picker.wanted.len()
        && let Some(block) = blocks.next_block().map_err(failed)?
    {
        let stats = text.visit(&block, before_header, picker);
        before_header &= stats.blank == stats.lines;
        picker.rows_before += stats.rows;
        picker.lines_before += stats.lines;
    }
    Ok(())
}

/// Keeps the wanted rows of those that pass by.
struct Picker<'a> {
    file: u32,
    wanted: &'a [u32],
    rows_before: u64,
    lines_before: u64,
    found: Vec<Recalled>,
    with_raw: bool,
}

impl Picker<'_> {
    fn is_next(&self, number: u64) -> Option<u32> {
        self.wanted.get(self.found.len()).copied().filter(|&row| u64::from(row) == self.rows_before + number)
    }
}

impl RowSink for Picker<'_> {
    fn row<R: Row>(&mut self, row: &R, number: u64, line: u64) {
        if let Some(wanted) = self.is_next(number) {
            self.found.push(Recalled::new(row, self.file, wanted, self.lines_before + line, self.with_raw));
        }
    }

    fn broken(&mut self, _: RowProblem, number: u64, line: u64, raw: &dyn Fn() -> String) {
        if let Some(row) = self.is_next(number) {
            let values = vec![Value::Missing; Column::ALL.len()];
            self.found.push(Recalled { file: self.file, row, line: self.lines_before + line, raw: raw(), values });
        }
    }
}

/// Takes rows that are the wanted ones, one after the other.
struct Numbered<'a, 'b> {
    rows: &'a [u32],
    picker: &'a mut Picker<'b>,
}

impl RowSink for Numbered<'_, '_> {
    fn row<R: Row>(&mut self, row: &R, number: u64, _: u64) {
        if let Some(&wanted) = self.rows.get(number as usize - 1) {
            let Picker { file, with_raw, .. } = *self.picker;
            self.picker.found.push(Recalled::new(row, file, wanted, u64::from(wanted), with_raw));
        }
    }

    fn broken(&mut self, _: RowProblem, _: u64, _: u64, _: &dyn Fn() -> String) {}
}
