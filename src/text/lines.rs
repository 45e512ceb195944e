//! Physical lines of a run of bytes.

use memchr::{memchr2, memrchr, memrchr2};

/// One physical line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Physical number, from 1.
    pub number: u64,
    /// Its bytes, without the line end.
    pub bytes: &'a [u8],
}

impl Line<'_> {
    /// Whether the line holds nothing but spaces.
    #[inline]
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.bytes.iter().all(|&byte| byte == b' ')
    }
}

/// Iterator over the physical lines, blank ones included; LF, CRLF and a lone CR end a line.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    /// Number of the next line.
    next: u64,
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`, the first of which has the number `first`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], first: u64) -> Self {
        Self { rest: bytes, next: first }
    }

    /// The bytes not yet read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (end, after) = match memchr2(b'\n', b'\r', self.rest) {
            Some(at) if self.rest[at] == b'\r' && self.rest.get(at + 1) == Some(&b'\n') => (at, at + 2),
            Some(at) => (at, at + 1),
            None => (self.rest.len(), self.rest.len()),
        };
        let line = Line { number: self.next, bytes: &self.rest[..end] };
        self.rest = &self.rest[after..];
        self.next += 1;
        Some(line)
    }
}

/// Where the last complete line of `bytes` ends (behind its line end), or `None` if no line is complete.
///
/// A CR at the very end is not yet a line end: the LF that belongs to it may follow.
#[must_use]
pub fn last_line_end(bytes: &[u8]) -> Option<usize> {
    let at = memrchr2(b'\n', b'\r', bytes)?;
    if bytes[at] == b'\n' || at + 1 < bytes.len() {
        return Some(at + 1);
    }
    memrchr2(b'\n', b'\r', &bytes[..at]).map(|before| before + 1)
}

/// Whether the bytes hold a NUL, which no text table does (UTF-16 without a byte order mark has them).
#[must_use]
pub fn has_nul(bytes: &[u8]) -> bool {
    memrchr(0, bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, &str)> {
        Lines::new(text.as_bytes(), 1)
            .map(|line| (line.number, std::str::from_utf8(line.bytes).expect("UTF-8")))
            .collect()
    }

    #[test]
    fn every_line_end_counts_once() {
        assert_eq!(lines(""), []);
        assert_eq!(lines("a"), [(1, "a")]);
        assert_eq!(lines("a\n"), [(1, "a")]);
        assert_eq!(lines("a\r\nb\r\n"), [(1, "a"), (2, "b")]);
        assert_eq!(lines("a\rb\r"), [(1, "a"), (2, "b")]);
        assert_eq!(lines("a\n\n\r\n\rb"), [(1, "a"), (2, ""), (3, ""), (4, ""), (5, "b")]);
    }

    #[test]
    fn a_block_is_cut_behind_a_line_that_is_complete() {
        for (text, end) in [
            ("", None),
            ("ab", None),
            ("a\n", Some(2)),
            ("a\nb", Some(2)),
            ("a\r", None),
            ("a\rb", Some(2)),
            ("a\r\n", Some(3)),
            ("a\n\r", Some(2)),
            ("a\r\r", Some(2)),
        ] {
            assert_eq!(last_line_end(text.as_bytes()), end, "{text:?}");
        }
    }
}
