//! The files in a ZIP, as far as the national interface makes them: stored or deflated, without encryption.

use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// Whether bytes begin like a ZIP.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(END)
}

const END: &[u8] = b"PK\x05\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// The files of a ZIP, name and content, in the order of its directory. `None`: it is damaged, or of a kind that the
/// national interface does not make.
pub(super) fn files(zip: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    // A comment of up to 64 KiB may stand behind the end record.
    let lowest = zip.len().saturating_sub(22 + 65_535);
    let end = (lowest..zip.len().checked_sub(21)?).rev().find(|&at| zip[at..].starts_with(END))?;
    let count = u16_at(zip, end + 10)?;
    let mut at = u32_at(zip, end + 16)?;
    let mut files = Vec::with_capacity(count);
    for _ in 0..count {
        let entry = zip.get(at..).filter(|entry| entry.starts_with(CENTRAL))?;
        let (flags, method, crc) = (u16_at(entry, 8)?, u16_at(entry, 10)?, u32_at(entry, 16)?);
        let (packed, size) = (u32_at(entry, 20)?, u32_at(entry, 24)?);
        let (name_len, extra_len, comment_len) = (u16_at(entry, 28)?, u16_at(entry, 30)?, u16_at(entry, 32)?);
        let name = String::from_utf8_lossy(entry.get(46..46 + name_len)?).into_owned();
        let local = zip.get(u32_at(entry, 42)?..).filter(|local| local.starts_with(LOCAL))?;
        let start = 30 + u16_at(local, 26)? + u16_at(local, 28)?;
        let data = local.get(start..start.checked_add(packed)?)?;
        at += 46 + name_len + extra_len + comment_len;
        if name.ends_with('/') {
            continue;
        }
        if flags & 1 != 0 {
            return None;
        }
        let content = match method {
            0 => data.to_vec(),
            8 => {
                let mut content = Vec::new();
                // One byte more than it says would be damage: no need to unpack further.
                DeflateDecoder::new(data).take(size as u64 + 1).read_to_end(&mut content).ok()?;
                content
            }
            _ => return None,
        };
        let mut sum = Crc::new();
        sum.update(&content);
        if content.len() != size || sum.sum() as usize != crc {
            return None;
        }
        files.push((name, content));
    }
    Some(files)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}
