//! A text file as a sequence of blocks of whole physical lines, hashed while it is read.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::text::encoding::{Encoding, Utf16Decoder};
use crate::text::lines::last_line_end;

/// How much is read at a time and how long a line may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a block, before it is cut at a line end.
    pub(super) block: usize,
    /// Bytes of the longest line; of a longer one only this many and one more are kept.
    pub(super) line: usize,
}

impl Limits {
    /// The limits of a run.
    pub(super) const RUN: Self = Self { block: 2 << 20, line: crate::text::MAX_LINE_BYTES };
    /// For reading no more than a header.
    pub(super) const HEADER: Self = Self { block: 64 << 10, line: crate::text::MAX_LINE_BYTES };
}

/// Whole physical lines, with their line ends.
#[derive(Debug)]
pub(super) struct Block {
    /// UTF-8 or GB18030 text. A line longer than the limit may be cut, to one byte more than the limit.
    pub(super) bytes: Vec<u8>,
    /// The encoding as far as it is known: that of every line in this block.
    pub(super) encoding: Encoding,
    /// Where in the file it starts (0 for the first, byte order mark or not); in UTF-16 only the first is exact.
    pub(super) offset: u64,
    /// Bytes of the file that were read for it.
    pub(super) read: u64,
}

/// Blocks of a text file.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    source: R,
    limits: Limits,
    hash: Option<Sha256>,
    /// Bytes read from the source.
    read: u64,
    /// Bytes read when the last block was given out.
    reported: u64,
    started: bool,
    ended: bool,
    encoding: Encoding,
    utf16: Option<Utf16Decoder>,
    /// The beginning of a line whose end is not read yet.
    carry: Vec<u8>,
}

impl<R: Read> Blocks<R> {
    /// Blocks of a file from its beginning. `known` is the encoding, where it was found out before.
    pub(super) fn new(source: R, limits: Limits, known: Encoding, with_hash: bool) -> Self {
        Self {
            source,
            limits,
            hash: with_hash.then(Sha256::new),
            read: 0,
            reported: 0,
            started: false,
            ended: false,
            encoding: known,
            utf16: None,
            carry: Vec::new(),
        }
    }

    /// Blocks from the beginning of a line at `offset`, where the source stands.
    pub(super) fn resume(source: R, limits: Limits, known: Encoding, offset: u64) -> Self {
        Self { read: offset, reported: offset, started: true, ..Self::new(source, limits, known, false) }
    }

    /// The digest of everything read, once the file has been read to its end.
    pub(super) fn digest(&mut self) -> Option<[u8; 32]> {
        self.hash.take().map(|hash| hash.finalize().into())
    }

    /// How many bytes have been read.
    pub(super) const fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The next block, or `None` at the end of the file.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Block>> {
        // Carried bytes are file bytes one for one, except in UTF-16.
        let offset = self.read - (self.carry.len() as u64).min(self.read);
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.reserve(self.limits.block + 1);
        loop {
            self.fill(&mut bytes)?;
            if self.ended {
                break;
            }
            if let Some(end) = last_line_end(&bytes) {
                self.carry.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                break;
            }
            if bytes.len() > self.limits.line + 1 {
                self.skip_line(&mut bytes)?;
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        self.encoding = self.encoding.look(&bytes);
        let read = self.read - self.reported;
        self.reported = self.read;
        Ok(Some(Block { bytes, encoding: self.encoding, offset, read }))
    }

    /// Appends up to a block's bytes of text; notes the end of the file.
    fn fill(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        let start = out.len();
        let wanted = self.limits.block as u64;
        let read = (&mut self.source).take(wanted).read_to_end(out)? as u64;
        self.ended = read < wanted;
        self.read += read;
        if let Some(hash) = &mut self.hash {
            hash.update(&out[start..]);
        }
        if !self.started {
            self.started = true;
            if let Some((encoding, mark)) = Encoding::from_bom(&out[start..]) {
                self.encoding = encoding;
                out.drain(start..start + mark);
            }
        }
        if self.encoding.is_utf16() {
            let decoder = self.utf16.get_or_insert_with(|| Utf16Decoder::new(self.encoding));
            let units = out.split_off(start);
            decoder.push(&units, out);
            if self.ended {
                decoder.finish(out);
            }
        }
        Ok(())
    }

    /// Cuts an overlong line, and reads on behind its end without keeping the rest of it.
    fn skip_line(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        let mut rest = Vec::new();
        // A CR that was the last byte read may have its LF still to come.
        let mut after_cr = line.last() == Some(&b'\r');
        line.truncate(self.limits.line + 1);
        while !self.ended {
            rest.clear();
            self.fill(&mut rest)?;
            if after_cr && !rest.is_empty() {
                let skip = usize::from(rest[0] == b'\n');
                self.carry.extend_from_slice(&rest[skip..]);
                break;
            }
            let Some(at) = memchr::memchr2(b'\n', b'\r', &rest) else { continue };
            if rest[at] == b'\n' {
                self.carry.extend_from_slice(&rest[at + 1..]);
                break;
            }
            match rest.get(at + 1) {
                Some(&next) => {
                    self.carry.extend_from_slice(&rest[at + 1 + usize::from(next == b'\n')..]);
                    break;
                }
                None => after_cr = true,
            }
        }
        line.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lines::Lines;

    /// All lines of all blocks, cut behind the limit.
    fn lines(bytes: &[u8], limits: Limits) -> (Vec<Vec<u8>>, Encoding) {
        let mut blocks = Blocks::new(bytes, limits, Encoding::Ascii, true);
        let (mut lines, mut encoding, mut read) = (Vec::new(), Encoding::Ascii, 0);
        while let Some(block) = blocks.next_block().expect("bytes in memory") {
            lines.extend(whole(&block.bytes, limits.line));
            encoding = block.encoding;
            read += block.read;
        }
        assert_eq!(read, bytes.len() as u64);
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        assert_eq!(blocks.digest(), Some(digest));
        (lines, encoding)
    }

    fn whole(bytes: &[u8], line: usize) -> Vec<Vec<u8>> {
        Lines::new(bytes, 1).map(|text| text.bytes[..text.bytes.len().min(line + 1)].to_vec()).collect()
    }

    proptest::proptest! {
        #[test]
        fn blocks_hold_the_same_lines_at_any_size(
            bytes in proptest::collection::vec(proptest::sample::select(b"ab\n\r,".to_vec()), 0..200),
            block in 1_usize..20,
            line in 1_usize..12,
        ) {
            proptest::prop_assert_eq!(lines(&bytes, Limits { block, line }).0, whole(&bytes, line));
        }
    }

    #[test]
    fn marks_at_the_beginning() {
        let small = Limits { block: 3, line: 100 };
        assert_eq!(lines(b"\xef\xbb\xbfa\nb", small), (vec![b"a".to_vec(), b"b".to_vec()], Encoding::Utf8Bom));
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("编号\r\nb\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for block in 2..9 {
            let (lines, encoding) = lines(&utf16, Limits { block, line: 100 });
            assert_eq!((lines, encoding), (vec!["编号".as_bytes().to_vec(), b"b".to_vec()], Encoding::Utf16Le));
        }
    }

    #[test]
    fn reading_can_go_on_at_a_block() {
        let bytes = b"a\r\nbb\r\nccc\r\n\r\ndddd\r\ne";
        let mut blocks = Blocks::new(&bytes[..], Limits { block: 4, line: 50 }, Encoding::Ascii, false);
        let mut seen = Vec::new();
        while let Some(block) = blocks.next_block().expect("bytes in memory") {
            assert!(bytes[block.offset as usize..].starts_with(&block.bytes));
            seen.push(block.offset);
        }
        assert!(seen.len() > 3);
        for offset in seen {
            let rest = &bytes[offset as usize..];
            let mut again = Blocks::resume(rest, Limits { block: 4, line: 50 }, Encoding::Ascii, offset);
            assert_eq!(again.next_block().expect("bytes in memory").expect("a block").offset, offset);
        }
    }
}
