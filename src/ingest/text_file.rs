//! A CSV or TSV file: its header, and the rows of one block.

use std::fs::File;

use super::cell::{Cell, Row};
use super::columns::{Table, location};
use super::error::{Diagnostics, IngestError};
use super::open::{RowSink, RowStats};
use super::paths::InputPath;
use super::source::{Block, Blocks, Limits};
use crate::diagnostic::{Diagnostic, Text};
use crate::text::encoding::{Encoding, LineDecoder, escaped};
use crate::text::fields::{Fields, Splitter, delimiter_of};
use crate::text::lines::{Line, Lines, has_nul};
use crate::text::{MAX_LINE_BYTES, RowProblem};

/// What the header told.
#[derive(Debug)]
pub(super) struct TextFile {
    /// The encoding as far as the beginning of the file shows it.
    pub(super) encoding: Encoding,
    delimiter: u8,
    columns: usize,
    /// For each field of the table, the column's number in the file or [`ABSENT`].
    positions: Vec<u32>,
}

/// No such column in the file.
const ABSENT: u32 = u32::MAX;

/// Reads the header of a text file and finds the table's columns in it. Also returns the extra headings.
pub(super) fn open(
    input: &InputPath,
    file: File,
    table: &Table,
) -> Result<Result<(TextFile, Vec<String>), Diagnostics>, IngestError> {
    let mut blocks = Blocks::new(file, Limits::HEADER, Encoding::Ascii, false);
    let failed = |source| IngestError::Read { path: input.path.clone(), source };
    let mut next_line = 1;
    while let Some(block) = blocks.next_block().map_err(failed)? {
        let mut lines = Lines::new(&block.bytes, next_line);
        if let Some(line) = lines.find(|line| !line.is_blank()) {
            return Ok(header(input, &block, line, table));
        }
        next_line += Lines::new(&block.bytes, 1).count() as u64;
    }
    let message = Text::new("the file is empty: it has no header line", "文件为空：没有表头行");
    let hint = Text::new(
        "export it again, or leave it out; a table without rows still has its header line",
        "请重新导出，或不使用该文件；没有数据的表也须有表头行",
    );
    Ok(Err(one(Diagnostic::error("I-HEADER", location(&input.shown, 0, 0, ""), message).hint(hint))))
}

fn header(
    input: &InputPath,
    block: &Block,
    line: Line<'_>,
    table: &Table,
) -> Result<(TextFile, Vec<String>), Diagnostics> {
    let delimiter = delimiter_of(line.bytes);
    let unreadable = |why: Text| {
        let message = Text::new(format!("the header cannot be read: {}", why.en), format!("表头无法读取：{}", why.zh));
        one(Diagnostic::error("I-HEADER", location(&input.shown, line.number, 0, ""), message)
            .hint(Text::new("save the file as CSV in UTF-8", "请将文件另存为 UTF-8 编码的 CSV")))
    };
    let bad = |problem: RowProblem| unreadable(problem.text());
    // UTF-16 without its mark would otherwise be seventeen missing columns.
    if has_nul(line.bytes) {
        return Err(unreadable(Text::new(
            "it contains NUL bytes, as no text table does",
            "含有 NUL 字节，不是文本表格",
        )));
    }
    if line.bytes.len() > MAX_LINE_BYTES {
        return Err(bad(RowProblem::TooLong));
    }
    let mut decoder = LineDecoder::default();
    let text = decoder.decode(block.encoding, line.bytes).ok_or_else(|| bad(RowProblem::BadEncoding))?;
    let mut splitter = Splitter::new(delimiter);
    let fields = splitter.split(text).map_err(bad)?;
    let header: Vec<String> = fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let headings = table.resolve(&header, &input.shown, line.number)?;
    // A line of a million bytes has fewer than 2^32 fields.
    let positions = headings.positions.iter().map(|position| position.map_or(ABSENT, |at| at as u32)).collect();
    Ok((TextFile { encoding: block.encoding, delimiter, columns: header.len(), positions }, headings.extra))
}

fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut problems = Diagnostics::default();
    problems.push(diagnostic);
    problems
}

/// One line of a text file as a row.
struct LineRow<'a> {
    line: &'a [u8],
    fields: Fields<'a>,
    positions: &'a [u32],
}

impl Row for LineRow<'_> {
    #[inline]
    fn cell(&self, field: usize) -> Cell<'_> {
        match self.positions[field] {
            ABSENT => Cell::Missing,
            position => Cell::of_text(self.fields.get(position as usize)),
        }
    }

    fn show(&self, field: usize) -> String {
        match self.positions[field] {
            ABSENT => String::new(),
            position => String::from_utf8_lossy(self.fields.get(position as usize)).into_owned(),
        }
    }

    fn column_number(&self, field: usize) -> usize {
        match self.positions[field] {
            ABSENT => 0,
            position => position as usize + 1,
        }
    }

    fn raw(&self) -> String {
        String::from_utf8_lossy(self.line).into_owned()
    }
}

/// How much of a line that is too long is kept for the quarantine file.
const RAW_OF_LONG_LINE: usize = 1000;

impl TextFile {
    /// Whether the file has a column for a field of the table.
    pub(super) fn has(&self, field: usize) -> bool {
        self.positions[field] != ABSENT
    }

    /// Gives every row of a block to `sink`, rows and lines numbered within the block from 1.
    ///
    /// `with_header`: the first line that is not blank is the header.
    pub(super) fn visit(&self, block: &Block, with_header: bool, sink: &mut impl RowSink) -> RowStats {
        let mut stats = RowStats::default();
        let mut splitter = Splitter::new(self.delimiter);
        let mut decoder = LineDecoder::default();
        // One look at the whole block is cheaper than one at every line of it.
        let valid = block.encoding != Encoding::Gb18030 && std::str::from_utf8(&block.bytes).is_ok();
        let mut before_header = with_header;
        for line in Lines::new(&block.bytes, 1) {
            stats.lines += 1;
            if line.is_blank() {
                stats.blank += 1;
                continue;
            }
            if std::mem::take(&mut before_header) {
                continue;
            }
            stats.rows += 1;
            let text = if line.bytes.len() > MAX_LINE_BYTES {
                Err(RowProblem::TooLong)
            } else if valid {
                Ok(line.bytes)
            } else {
                decoder.decode(block.encoding, line.bytes).ok_or(RowProblem::BadEncoding)
            };
            match text.and_then(|text| Ok((text, self.split(&mut splitter, text)?))) {
                Ok((text, fields)) => {
                    sink.row(&LineRow { line: text, fields, positions: &self.positions }, stats.rows, line.number);
                }
                Err(problem) => sink.broken(problem, stats.rows, line.number, &|| raw_of(block.encoding, line.bytes)),
            }
        }
        stats
    }

    #[inline]
    fn split<'a>(&self, splitter: &'a mut Splitter, text: &'a [u8]) -> Result<Fields<'a>, RowProblem> {
        let fields = splitter.split(text)?;
        let found = fields.len();
        if found != self.columns {
            return Err(RowProblem::Ragged { expected: self.columns, found });
        }
        Ok(fields)
    }
}

/// A line that is no record, as text: decoded where it can be, its bytes escaped where it cannot.
fn raw_of(encoding: Encoding, line: &[u8]) -> String {
    let kept = if line.len() > MAX_LINE_BYTES { &line[..RAW_OF_LONG_LINE] } else { line };
    let mut decoder = LineDecoder::default();
    let mut text = decoder.decode(encoding, kept).map_or_else(|| escaped(kept), escaped);
    if kept.len() < line.len() {
        text.push('…');
    }
    text
}
