//! A small cache in front of a vocabulary: a file repeats the same few codes millions of times.

/// Direct-mapped cache from short texts to values. One column, one thread.
#[derive(Debug)]
pub(super) struct CodeCache<T> {
    slots: Box<[(u64, T)]>,
}

/// Slots of one cache: more than the codes that make up nearly all rows of a column.
const SLOTS: usize = 256;

impl<T: Copy> CodeCache<T> {
    /// An empty cache; `filler` is never returned.
    pub(super) fn new(filler: T) -> Self {
        Self { slots: vec![(0, filler); SLOTS].into_boxed_slice() }
    }

    /// The value of a text: from the cache, or computed (and kept, where the text is short).
    #[inline]
    pub(super) fn get(&mut self, text: &[u8], compute: impl FnOnce(&[u8]) -> T) -> T {
        let Some(key) = key(text) else { return compute(text) };
        // Fibonacci hashing: the top eight bits choose one of 256 slots.
        let slot = &mut self.slots[(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize];
        if slot.0 != key {
            *slot = (key, compute(text));
        }
        slot.1
    }
}

/// A text of 1 to 7 bytes and its length as one number, never 0.
#[inline]
fn key(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 7 {
        return None;
    }
    let mut bytes = [0; 8];
    bytes[..text.len()].copy_from_slice(text);
    bytes[7] = text.len() as u8;
    Some(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_gets_its_own_value() {
        let mut cache = CodeCache::new(0);
        for _ in 0..2 {
            for number in 0..5_000_u32 {
                let text = number.to_string();
                assert_eq!(
                    cache.get(text.as_bytes(), |text| text.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'))),
                    number
                );
            }
        }
        assert_ne!(key(b"1"), key(b"1\0"));
        assert_eq!(key(b"12345678"), None);
    }
}
