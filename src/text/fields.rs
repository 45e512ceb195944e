//! One line into its fields.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{RowProblem, trim};

/// The character between two fields, found in the header line.
///
/// Tab, comma or semicolon: the one that occurs most often outside quotes; a comma if none does.
#[must_use]
pub fn delimiter_of(header: &[u8]) -> u8 {
    let mut counts = [0_usize; 3];
    let mut quoted = false;
    for &byte in header {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => counts[0] += 1,
            b'\t' if !quoted => counts[1] += 1,
            b';' if !quoted => counts[2] += 1,
            _ => {}
        }
    }
    // The first of the largest, so that a tie is a comma.
    let best = (1..3).fold(0, |best, other| if counts[other] > counts[best] { other } else { best });
    b",\t;"[best]
}

/// Splits lines into fields. Holds the buffers, so that a line costs no allocation.
#[derive(Debug)]
pub struct Splitter {
    delimiter: u8,
    reader: Reader,
    /// Unquoted text of a line that has quotes.
    unquoted: Vec<u8>,
    /// Ends of the fields in `unquoted`, as csv-core reports them.
    ends: Vec<usize>,
    /// First and last byte of each field.
    spans: Vec<(u32, u32)>,
}

/// The fields of one line.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    text: &'a [u8],
    spans: &'a [(u32, u32)],
}

impl<'a> Fields<'a> {
    /// How many there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The field at a position, trimmed; empty where the line has no such field.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> &'a [u8] {
        match self.spans.get(index) {
            Some(&(start, end)) => trim(&self.text[start as usize..end as usize]),
            None => b"",
        }
    }

    /// All fields, trimmed.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let text = self.text;
        self.spans.iter().map(move |&(start, end)| trim(&text[start as usize..end as usize]))
    }
}

impl Splitter {
    /// A splitter for one delimiter.
    #[must_use]
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            unquoted: Vec::new(),
            ends: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// The fields of a line (without its line end).
    ///
    /// # Errors
    /// [`RowProblem::UnclosedQuote`], and [`RowProblem::TooLong`] for more than 2^32 bytes.
    #[inline]
    pub fn split<'a>(&'a mut self, line: &'a [u8]) -> Result<Fields<'a>, RowProblem> {
        u32::try_from(line.len()).map_err(|_| RowProblem::TooLong)?;
        self.spans.clear();
        // Without a quote a record is what lies between delimiters; a test below holds this to csv-core. Fields
        // are short, so looking at eight bytes at a time beats a search that has to start anew at every field.
        let (delimiters, quotes) = (repeat(self.delimiter), repeat(b'"'));
        let mut start = 0;
        let (words, tail) = line.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            if zero_bytes(word ^ quotes) != 0 {
                return self.split_quoted(line);
            }
            let mut found = zero_bytes(word ^ delimiters);
            while found != 0 {
                let at = index as u32 * 8 + found.trailing_zeros() / 8;
                self.spans.push((start, at));
                start = at + 1;
                found &= found - 1;
            }
        }
        for (index, &byte) in tail.iter().enumerate() {
            if byte == b'"' {
                return self.split_quoted(line);
            }
            if byte == self.delimiter {
                let at = (words.len() * 8 + index) as u32;
                self.spans.push((start, at));
                start = at + 1;
            }
        }
        self.spans.push((start, line.len() as u32));
        Ok(Fields { text: line, spans: &self.spans })
    }

    fn split_quoted<'a>(&'a mut self, line: &[u8]) -> Result<Fields<'a>, RowProblem> {
        self.spans.clear();
        self.reader.reset();
        // Unquoting never lengthens a line, and there is one field more than there are delimiters. One more
        // byte for the line end that an unclosed quote takes in.
        self.unquoted.resize(self.unquoted.len().max(line.len() + 1), 0);
        self.ends.resize(self.ends.len().max(line.len() + 2), 0);
        let (_, read, written, mut fields) = self.reader.read_record(line, &mut self.unquoted, &mut self.ends);
        debug_assert_eq!(read, line.len(), "csv-core reads a line whole");
        let (result, _, _, more) =
            self.reader.read_record(b"\n", &mut self.unquoted[written..], &mut self.ends[fields..]);
        // Inside a quote the line end is text, and the record is not complete.
        if result != ReadRecordResult::Record {
            return Err(RowProblem::UnclosedQuote);
        }
        fields += more;
        let mut start = 0;
        for &end in &self.ends[..fields] {
            self.spans.push((start, end as u32));
            start = end as u32;
        }
        Ok(Fields { text: &self.unquoted, spans: &self.spans })
    }
}

/// A byte in all eight places of a word.
const fn repeat(byte: u8) -> u64 {
    byte as u64 * 0x0101_0101_0101_0101
}

/// The high bit of every byte of `word` that is zero, and no other bit.
const fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = repeat(0x7f);
    !(((word & LOW) + LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Result<Vec<String>, RowProblem> {
        let mut splitter = Splitter::new(b',');
        let fields = splitter.split(line.as_bytes())?;
        Ok(fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
    }

    #[test]
    fn quotes() {
        assert_eq!(split("a, b ,").unwrap(), ["a", "b", ""]);
        assert_eq!(split(r#""a,""b""",c"#).unwrap(), [r#"a,"b""#, "c"]);
        assert_eq!(split(r#"a"b,c"#).unwrap(), [r#"a"b"#, "c"]);
        assert_eq!(split(r#"a,"b,c"#), Err(RowProblem::UnclosedQuote));
        assert_eq!(split("\"\"").unwrap(), [""]);
        assert_eq!(split(",").unwrap(), ["", ""]);
    }

    #[test]
    fn an_unclosed_quote_does_not_reach_the_next_line() {
        let mut splitter = Splitter::new(b'\t');
        assert!(splitter.split(b"a\t\"b").is_err());
        assert_eq!(splitter.split(b"\"c\"\td").unwrap().iter().collect::<Vec<_>>(), [b"c", b"d"]);
    }

    #[test]
    fn delimiters() {
        assert_eq!(delimiter_of(b"a,b"), b',');
        assert_eq!(delimiter_of(b"a\tb"), b'\t');
        assert_eq!(delimiter_of(b"a;b;c"), b';');
        assert_eq!(delimiter_of(b"\"a;b;c\",b"), b',');
        assert_eq!(delimiter_of(b"a"), b',');
    }

    proptest::proptest! {
        #[test]
        fn the_fast_way_agrees_with_csv_core(line in "[a,; \t-]{1,12}[a,; \t\"-]{0,30}") {
            let mut splitter = Splitter::new(b',');
            let fast: Option<Vec<Vec<u8>>> =
                splitter.split(line.as_bytes()).ok().map(|fields| fields.iter().map(<[u8]>::to_vec).collect());
            let slow: Option<Vec<Vec<u8>>> =
                splitter.split_quoted(line.as_bytes()).ok().map(|fields| fields.iter().map(<[u8]>::to_vec).collect());
            proptest::prop_assert_eq!(fast, slow);
        }
    }
}
