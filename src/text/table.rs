//! A small text table, whole: rule tables and examples.

use thiserror::Error;

use super::encoding::{Encoding, LineDecoder, Utf16Decoder};
use super::fields::{Splitter, delimiter_of};
use super::lines::{Line, Lines};
use super::{MAX_LINE_BYTES, RowProblem};

/// A text table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTable {
    /// Headings, trimmed.
    pub header: Vec<String>,
    /// Physical line of the header, from 1.
    pub header_line: u64,
    /// Every line behind the header that is not blank.
    pub rows: Vec<TextRow>,
    /// How the file is written.
    pub encoding: Encoding,
    /// The character between two fields.
    pub delimiter: u8,
}

/// One line of a text table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// Physical line, from 1.
    pub line: u64,
    /// Fields, trimmed; none where the line could not be split.
    pub fields: Vec<String>,
    /// Why the line is not a record.
    pub problem: Option<RowProblem>,
}

/// Why bytes are not a text table at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// There is no line that could be the header.
    #[error("the file is empty: it has no header line")]
    Empty,
    /// The header line is not a record.
    #[error("line {line}: the header cannot be read: {}", .problem.text().en)]
    Header {
        /// Physical line, from 1.
        line: u64,
        /// Why.
        problem: RowProblem,
    },
}

impl TextError {
    /// The error in both languages.
    #[must_use]
    pub fn text(self) -> crate::diagnostic::Text {
        let zh = match self {
            Self::Empty => "文件为空：没有表头行".to_owned(),
            Self::Header { line, problem } => format!("第 {line} 行：表头无法读取：{}", problem.text().zh),
        };
        crate::diagnostic::Text::new(self.to_string(), zh)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> crate::diagnostic::Text {
        match self {
            Self::Empty => crate::diagnostic::Text::new(
                "give it a header line with the names of its columns",
                "请写入由列名组成的表头行",
            ),
            Self::Header { problem, .. } => problem.hint(),
        }
    }

    /// The physical line it stands on; 0: the file as a whole.
    #[must_use]
    pub const fn line(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Header { line, .. } => line,
        }
    }
}

/// Reads a text table: any encoding of [`Encoding`], any line end, the delimiter found in the header.
///
/// A line that is not a record becomes a row with a problem: nothing is dropped but blank lines. Small tables are
/// written in spreadsheets, whose cells may hold line breaks: where a quote is open at the end of a line and the
/// following lines complete a record of the right number of fields, they are that record.
///
/// # Errors
/// Without a header line, or with one that cannot be read.
pub fn parse(bytes: &[u8]) -> Result<TextTable, TextError> {
    let mut utf8 = Vec::new();
    let (encoding, text) = match Encoding::from_bom(bytes) {
        Some((encoding, mark)) if encoding.is_utf16() => {
            let mut decoder = Utf16Decoder::new(encoding);
            decoder.push(&bytes[mark..], &mut utf8);
            decoder.finish(&mut utf8);
            (encoding, &utf8[..])
        }
        Some((encoding, mark)) => (encoding, &bytes[mark..]),
        None => (Encoding::Ascii.look(bytes), bytes),
    };
    let lines: Vec<Line<'_>> = Lines::new(text, 1).collect();
    let first = lines.iter().position(|line| !line.is_blank()).ok_or(TextError::Empty)?;
    let header = lines[first];
    let delimiter = delimiter_of(header.bytes);
    let mut reader = RowReader { encoding, decoder: LineDecoder::default(), splitter: Splitter::new(delimiter) };
    let header_fields = reader.fields(header).map_err(|problem| TextError::Header { line: header.number, problem })?;
    let mut rows = Vec::new();
    let mut rest = &lines[first + 1..];
    while let Some((&line, after)) = rest.split_first() {
        rest = after;
        if line.is_blank() {
            continue;
        }
        let row = reader.row(line, header_fields.len());
        if row.problem == Some(RowProblem::UnclosedQuote)
            && let Some((joined, lines)) = reader.joined(line, after, header_fields.len())
        {
            rows.push(joined);
            rest = &after[lines..];
        } else {
            rows.push(row);
        }
    }
    Ok(TextTable { header: header_fields, header_line: header.number, rows, encoding, delimiter })
}

struct RowReader {
    encoding: Encoding,
    decoder: LineDecoder,
    splitter: Splitter,
}

impl RowReader {
    fn fields(&mut self, line: Line<'_>) -> Result<Vec<String>, RowProblem> {
        if line.bytes.len() > MAX_LINE_BYTES {
            return Err(RowProblem::TooLong);
        }
        let text = self.decoder.decode(self.encoding, line.bytes).ok_or(RowProblem::BadEncoding)?;
        let fields = self.splitter.split(text)?;
        // Fields of a UTF-8 line are UTF-8: quotes and delimiters are ASCII.
        Ok(fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
    }

    fn row(&mut self, line: Line<'_>, expected: usize) -> TextRow {
        match self.fields(line) {
            Ok(fields) => {
                let found = fields.len();
                let problem = (found != expected).then_some(RowProblem::Ragged { expected, found });
                TextRow { line: line.number, fields, problem }
            }
            Err(problem) => TextRow { line: line.number, fields: Vec::new(), problem: Some(problem) },
        }
    }
}

/// Most lines a record of a small table is looked for on.
const MOST_LINES: usize = 64;

impl RowReader {
    /// The record that begins on `line` and ends on a later one, and how many later lines it takes.
    fn joined(&mut self, line: Line<'_>, after: &[Line<'_>], expected: usize) -> Option<(TextRow, usize)> {
        let mut bytes = line.bytes.to_vec();
        for (taken, next) in after.iter().take(MOST_LINES).enumerate() {
            bytes.push(b'\n');
            bytes.extend_from_slice(next.bytes);
            let row = self.row(Line { bytes: &bytes, ..line }, expected);
            match row.problem {
                None => return Some((row, taken + 1)),
                Some(RowProblem::UnclosedQuote) => {}
                Some(_) => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &[u8]) -> (u64, Vec<u64>) {
        let table = parse(text).expect("a table");
        (table.header_line, table.rows.iter().map(|row| row.line).collect())
    }

    #[test]
    fn physical_line_numbers() {
        assert_eq!(lines_of(b"a,b\n1,2\n3,4"), (1, vec![2, 3]));
        assert_eq!(lines_of(b"a,b\r\n1,2\r\n\r\n3,4\r\n"), (1, vec![2, 4]));
        assert_eq!(lines_of(b"\n\n a,b\n\n1,2\n  \n3,4\n"), (3, vec![5, 7]));
        assert_eq!(lines_of(b"\xef\xbb\xbfa,b\r1,2\r\r3,4"), (1, vec![2, 4]));
    }

    #[test]
    fn a_bad_line_is_alone() {
        let long = "x".repeat(MAX_LINE_BYTES + 1);
        let text = ["a,b\n1,\"2\n3,4\n5\n", &long, "\n6,7\n"].concat();
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(b"\xe5\xbc\xa0,\xe4\n8,9\n");
        bytes.extend_from_slice("张,三\n李,四\n".as_bytes());
        let table = parse(&bytes).expect("a table");
        let problems: Vec<_> = table.rows.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(
            problems,
            [
                (2, Some(RowProblem::UnclosedQuote)),
                (3, None),
                (4, Some(RowProblem::Ragged { expected: 2, found: 1 })),
                (5, Some(RowProblem::TooLong)),
                (6, None),
                (7, Some(RowProblem::BadEncoding)),
                (8, None),
                (9, None),
                (10, None),
            ]
        );
    }

    #[test]
    fn a_cell_may_hold_line_breaks() {
        let table = parse(b"a,b\n1,\"two\nlines\"\n\n3,\"x\n\ny\"\n4,5\n").expect("a table");
        let rows: Vec<_> = table.rows.iter().map(|row| (row.line, row.fields[1].as_str(), row.problem)).collect();
        assert_eq!(rows, [(2, "two\nlines", None), (5, "x\n\ny", None), (8, "5", None)]);
    }

    #[test]
    fn encodings_and_delimiters() {
        let text = "人员编号\t姓名\r\n1\t 张三\u{3000}\r\n";
        let gb = encoding_rs::GB18030.encode(text).0.into_owned();
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (bytes, encoding) in [(gb, Encoding::Gb18030), (utf16, Encoding::Utf16Le), (text.into(), Encoding::Utf8)] {
            let table = parse(&bytes).expect("a table");
            assert_eq!(table.header, ["人员编号", "姓名"]);
            assert_eq!((table.encoding, table.delimiter), (encoding, b'\t'));
            assert_eq!(table.rows[0].fields, ["1", "张三"]);
        }
    }

    #[test]
    fn no_header() {
        assert_eq!(parse(b""), Err(TextError::Empty));
        assert_eq!(parse(b"\n \n"), Err(TextError::Empty));
        assert_eq!(parse(b"\"a,b\n1,2\n"), Err(TextError::Header { line: 1, problem: RowProblem::UnclosedQuote }));
    }
}
