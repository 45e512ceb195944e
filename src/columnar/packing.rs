//! Bytes made small by zstd. Each thread keeps what it works with: setting it up costs more than a small page does.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

thread_local! {
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Bytes made small, at a level of zstd.
///
/// # Errors
/// zstd has no memory, or no such level.
pub fn pack(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let (at, compressor) = match kept.take() {
            Some(kept_one) => kept.insert(kept_one),
            None => kept.insert((level, Compressor::new(level)?)),
        };
        if *at != level {
            compressor.set_compression_level(level)?;
            *at = level;
        }
        compressor.compress(bytes)
    })
}

/// What was made small; it had so many bytes.
///
/// # Errors
/// It is not what [`pack`] made of so many bytes.
pub fn unpack(packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept.take() {
            Some(kept_one) => kept.insert(kept_one),
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress(packed, size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_any_level() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        for level in [1, -3, 1, 3, -3] {
            let packed = pack(&bytes, level).expect("memory");
            assert!(packed.len() < bytes.len());
            assert_eq!(unpack(&packed, bytes.len()).expect("the bytes"), bytes);
            assert!(unpack(&packed, bytes.len() - 1).is_err(), "more bytes than were told");
        }
        assert!(unpack(b"no frame", 8).is_err());
        assert_eq!(unpack(&pack(b"", 1).expect("memory"), 0).expect("nothing"), b"");
    }
}
