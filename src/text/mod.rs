//! Text tables as bytes: encodings, physical lines, fields. No file is opened here.
//!
//! The contract, the same for claims, reference tables and rule tables: **one record per physical line**.
//! A line ends with LF, CRLF or a lone CR; blank lines are skipped but counted; an unclosed quote loses only
//! its own line (only a small table, [`table`], lets a quoted cell go on for several lines); a line that is not valid in the file's encoding is a bad row and is never decoded lossily.
//!
//! ```text
//! bytes --Encoding/Detector--> UTF-8 or GB18030 bytes --Lines--> lines --LineDecoder--> UTF-8 --Splitter--> fields
//! ```

pub mod encoding;
pub mod fields;
pub mod lines;
pub mod table;

use crate::diagnostic::Text;

/// The longest line that is read, in bytes; a longer one is one bad row.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Why a physical line is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowProblem {
    /// It has another number of fields than the header.
    Ragged {
        /// Fields of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// A quote is opened and not closed on the line.
    UnclosedQuote,
    /// Its bytes are not valid in the file's encoding.
    BadEncoding,
    /// It is longer than [`MAX_LINE_BYTES`].
    TooLong,
}

impl RowProblem {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> Text {
        match self {
            Self::Ragged { .. } => Text::new(
                "count the delimiters: a value that holds one stands in quotes, and an empty value keeps its place",
                "请核对分隔符个数：含分隔符的值须加引号，空值须保留其位置",
            ),
            Self::UnclosedQuote => Text::new(
                "close the quote; a quote inside a quoted value is written twice",
                "请补上引号；加引号的值内部的引号须写两次",
            ),
            Self::BadEncoding => Text::new(
                "write the whole file in one encoding: UTF-8 or GB18030",
                "整个文件须使用同一种编码：UTF-8 或 GB18030",
            ),
            Self::TooLong => Text::new("look for a line end or a quote that is lost", "请检查是否缺少换行或引号"),
        }
    }

    /// The problem in words.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Ragged { expected, found } => Text::new(
                format!("the line has {found} fields, the header has {expected}"),
                format!("该行有 {found} 个字段，表头有 {expected} 个"),
            ),
            Self::UnclosedQuote => {
                Text::new("a quote is opened and not closed on this line", "该行的引号没有闭合（一条记录只能占一行）")
            }
            Self::BadEncoding => {
                Text::new("the line is not valid in the encoding of the file", "该行含有不符合文件编码的字节")
            }
            Self::TooLong => Text::new(
                format!("the line is longer than {MAX_LINE_BYTES} bytes"),
                format!("该行超过 {MAX_LINE_BYTES} 字节"),
            ),
        }
    }
}

/// `text` without blanks at both ends: ASCII white space, and the other white space of Unicode (U+3000 among it).
#[inline]
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    match text {
        // Most fields have nothing to trim; see that without a loop.
        [first, .., last] if is_ink(*first) && is_ink(*last) => text,
        [only] if is_ink(*only) => text,
        [] => text,
        _ => trim_slow(text),
    }
}

#[inline]
const fn is_ink(byte: u8) -> bool {
    byte > b' ' && byte < 0x7f
}

#[inline(never)]
fn trim_slow(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_blanks_of_both_widths() {
        for (text, trimmed) in
            [("", ""), (" ", ""), ("a", "a"), (" a b\t", "a b"), ("\u{3000}男\u{a0}", "男"), ("男", "男")]
        {
            assert_eq!(trim(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
        }
        assert_eq!(trim(b" \xff "), b"\xff");
    }
}
