//! The encoding of a text file, decided once per file, and its lines as UTF-8.

use encoding_rs::{DecoderResult, GB18030};

use super::lines::Lines;

/// How a file's text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Nothing but ASCII.
    #[default]
    Ascii,
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Bom,
    /// GB18030 (GBK and GB2312 are parts of it).
    Gb18030,
    /// UTF-16, little end first, with a byte order mark.
    Utf16Le,
    /// UTF-16, big end first, with a byte order mark.
    Utf16Be,
}

/// How many lines with non-ASCII bytes decide.
const SAMPLE_LINES: usize = 100;

impl Encoding {
    /// The name shown to a reader.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 BOM",
            Self::Gb18030 => "GB18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// The encoding that a byte order mark at the start of a file names, and the mark's length.
    #[must_use]
    pub fn from_bom(start: &[u8]) -> Option<(Self, usize)> {
        match start {
            [0xef, 0xbb, 0xbf, ..] => Some((Self::Utf8Bom, 3)),
            [0xff, 0xfe, ..] => Some((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Some((Self::Utf16Be, 2)),
            _ => None,
        }
    }

    /// Whether the file has to be turned into UTF-8 before lines can be found in it.
    #[must_use]
    pub const fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// The encoding after one more run of complete lines: the first lines with non-ASCII bytes decide, for good.
    ///
    /// Most of them being UTF-8 says UTF-8; else most being GB18030 says GB18030; else UTF-8, and they are bad rows.
    #[must_use]
    pub fn look(self, lines: &[u8]) -> Self {
        if self != Self::Ascii || lines.is_ascii() {
            return self;
        }
        let (mut seen, mut utf8, mut gb) = (0_usize, 0_usize, 0_usize);
        let mut decoder = LineDecoder::default();
        for line in Lines::new(lines, 1).filter(|line| !line.bytes.is_ascii()).take(SAMPLE_LINES) {
            seen += 1;
            utf8 += usize::from(std::str::from_utf8(line.bytes).is_ok());
            gb += usize::from(decoder.decode(Self::Gb18030, line.bytes).is_some());
        }
        if utf8 * 2 < seen && gb * 2 >= seen { Self::Gb18030 } else { Self::Utf8 }
    }
}

/// Turns single lines into UTF-8. Holds the buffer, so that a line costs no allocation.
#[derive(Debug, Default)]
pub struct LineDecoder {
    buffer: Vec<u8>,
}

impl LineDecoder {
    /// The line as UTF-8, or `None` if it is not valid in the encoding.
    ///
    /// Lines of a UTF-16 file come here after [`Utf16Decoder`], as UTF-8.
    #[inline]
    pub fn decode<'a>(&'a mut self, encoding: Encoding, line: &'a [u8]) -> Option<&'a [u8]> {
        if encoding == Encoding::Gb18030 && !line.is_ascii() {
            return self.decode_gb18030(line);
        }
        std::str::from_utf8(line).ok().map(str::as_bytes)
    }

    fn decode_gb18030(&mut self, line: &[u8]) -> Option<&[u8]> {
        let mut decoder = GB18030.new_decoder_without_bom_handling();
        let most = decoder.max_utf8_buffer_length_without_replacement(line.len())?;
        self.buffer.resize(self.buffer.len().max(most), 0);
        match decoder.decode_to_utf8_without_replacement(line, &mut self.buffer, true) {
            (DecoderResult::InputEmpty, _, written) => Some(&self.buffer[..written]),
            _ => None,
        }
    }
}

/// Turns a stream of UTF-16 into UTF-8.
///
/// What is no UTF-16 (half a pair, half a unit at the end) becomes bytes that are no UTF-8, so that the line
/// they stand on is found to be bad.
#[derive(Debug)]
pub struct Utf16Decoder {
    big_endian: bool,
    half_unit: Option<u8>,
    high: Option<u16>,
}

impl Utf16Decoder {
    /// A decoder for the text behind the byte order mark.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self { big_endian: encoding == Encoding::Utf16Be, half_unit: None, high: None }
    }

    /// Decodes the next bytes of the stream to the end of `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            let Some(first) = self.half_unit.take() else {
                self.half_unit = Some(byte);
                continue;
            };
            let pair = [first, byte];
            let unit = if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            self.unit(unit, out);
        }
    }

    /// The end of the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            push_surrogate(high, out);
        }
        if self.half_unit.take().is_some() {
            out.push(0xff);
        }
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let mut text = [0; 4];
        if let Some(high) = self.high.take() {
            if let Some(Ok(pair)) = char::decode_utf16([high, unit]).next() {
                out.extend_from_slice(pair.encode_utf8(&mut text).as_bytes());
                return;
            }
            push_surrogate(high, out);
        }
        match unit {
            0xd800..=0xdbff => self.high = Some(unit),
            0xdc00..=0xdfff => push_surrogate(unit, out),
            _ => {
                let single = char::from_u32(u32::from(unit)).expect("a unit that is no surrogate is a character");
                out.extend_from_slice(single.encode_utf8(&mut text).as_bytes());
            }
        }
    }
}

/// A lone surrogate in the three bytes UTF-8 would have for it, which UTF-8 forbids.
fn push_surrogate(unit: u16, out: &mut Vec<u8>) {
    let low_six = |shift: u32| 0x80 | ((unit >> shift) & 0x3f) as u8;
    out.extend_from_slice(&[0xe0 | (unit >> 12) as u8, low_six(6), low_six(0)]);
}

/// Text that can be shown: `bytes` where they are UTF-8, else with the bytes that are not ASCII as `\xNN`.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn the_first_lines_that_are_not_ascii_decide() {
        assert_eq!(Encoding::Ascii.look(b"a,b\n"), Encoding::Ascii);
        assert_eq!(Encoding::Ascii.look("结算ID\n".as_bytes()), Encoding::Utf8);
        assert_eq!(Encoding::Ascii.look(&gb("结算ID,人员编号\n")), Encoding::Gb18030);
        assert_eq!(Encoding::Utf8.look(&gb("结算ID\n")), Encoding::Utf8, "decided is decided");
        assert_eq!(Encoding::Ascii.look("姓名\n张三\n\u{ff}x\n".as_bytes()), Encoding::Utf8);
        let one_bad = ["结算\n人员\n".as_bytes(), b"\xc3(\n"].concat();
        assert_eq!(Encoding::Ascii.look(&one_bad), Encoding::Utf8);
        assert_eq!(Encoding::Ascii.look(b"\xff\xff\n"), Encoding::Utf8, "neither: bad rows");
    }

    #[test]
    fn lines_are_decoded_or_refused() {
        let mut decoder = LineDecoder::default();
        let line = gb("张三,𠮷,12");
        assert_eq!(decoder.decode(Encoding::Gb18030, &line), Some("张三,𠮷,12".as_bytes()));
        assert_eq!(decoder.decode(Encoding::Gb18030, b"ab\xff"), None);
        assert_eq!(decoder.decode(Encoding::Gb18030, b"ab\x81"), None);
        assert_eq!(decoder.decode(Encoding::Utf8, b"ab\xff"), None);
    }

    #[test]
    fn utf16_in_any_slices() {
        let text = "结算ID,𠮷\r\n";
        for big_endian in [false, true] {
            let units =
                text.encode_utf16().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
            let bytes: Vec<u8> = units.collect();
            for size in 1..5 {
                let mut decoder = Utf16Decoder::new(if big_endian { Encoding::Utf16Be } else { Encoding::Utf16Le });
                let mut out = Vec::new();
                bytes.chunks(size).for_each(|chunk| decoder.push(chunk, &mut out));
                decoder.finish(&mut out);
                assert_eq!(std::str::from_utf8(&out), Ok(text));
            }
        }
    }

    #[test]
    fn broken_utf16_is_not_utf8() {
        for bytes in [&b"a\0\x00\xd8"[..], b"a\0\x00\xdcb\0", b"\x00\xd8a\0", b"a\0b"] {
            let mut decoder = Utf16Decoder::new(Encoding::Utf16Le);
            let mut out = Vec::new();
            decoder.push(bytes, &mut out);
            decoder.finish(&mut out);
            assert!(std::str::from_utf8(&out).is_err(), "{bytes:?} -> {out:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(escaped("好".as_bytes()), "好");
        assert_eq!(escaped(b"a\xff,b"), "a\\xFF,b");
    }
}
