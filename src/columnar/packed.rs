//! Numbers as Parquet packs them: keys of a dictionary in runs and groups of eight, and differences in blocks.

/// Equal keys in a row that are worth a run of their own.
const RUN: usize = 16;

/// Values of a block of differences.
const BLOCK: usize = 128;
/// Values of a part of a block; each part has a width of its own.
const PART: usize = 32;

/// Bits that a number below `count` needs.
#[must_use]
pub fn width(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// Keys below 2^`width`, as `RLE`: equal ones as runs, the rest packed bit by bit in groups of eight.
pub fn keys(keys: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut packed, mut at) = (0, 0);
    while at < keys.len() {
        let equal = keys[at..].iter().take_while(|&&key| key == keys[at]).count();
        // A run begins behind whole groups: its first keys fill up the group before it.
        let fill = (8 - (at - packed) % 8) % 8;
        if equal >= fill + RUN {
            groups(&keys[packed..at + fill], width, out);
            varint((equal - fill) as u64 * 2, out);
            out.extend_from_slice(&keys[at].to_le_bytes()[..width.div_ceil(8) as usize]);
            packed = at + equal;
        }
        at += equal;
    }
    groups(&keys[packed..], width, out);
}

fn groups(keys: &[u32], width: u32, out: &mut Vec<u8>) {
    if keys.is_empty() {
        return;
    }
    let groups = keys.len().div_ceil(8);
    varint(groups as u64 * 2 + 1, out);
    let padding = std::iter::repeat_n(0, groups * 8 - keys.len());
    bits(keys.iter().map(|&key| u64::from(key)).chain(padding), width, out);
}

/// Numbers as `DELTA_BINARY_PACKED`. Differences wrap around at the width of the type, as readers undo them.
pub fn differences<T: Packable>(values: &[T], out: &mut Vec<u8>) {
    for number in [BLOCK, BLOCK / PART, values.len()] {
        varint(number as u64, out);
    }
    let mut last = values.first().map_or(0, |value| value.wide());
    varint(zigzag(last), out);
    let mut steps = [0_i64; BLOCK];
    for block in values.get(1..).unwrap_or_default().chunks(BLOCK) {
        for (step, value) in steps.iter_mut().zip(block) {
            *step = T::step(last, value.wide());
            last = value.wide();
        }
        let steps = &mut steps[..block.len()];
        let least = steps.iter().fold(i64::MAX, |least, &step| least.min(step));
        varint(zigzag(least), out);
        let widths = out.len();
        out.extend_from_slice(&[0; BLOCK / PART]);
        for (part, steps) in steps.chunks(PART).enumerate() {
            let above = steps.iter().map(|&step| T::above(least, step));
            let width = u64::BITS - above.clone().fold(0, |all, one| all | one).leading_zeros();
            out[widths + part] = width as u8;
            bits(above.chain(std::iter::repeat_n(0, PART - steps.len())), width, out);
        }
    }
}

/// A number that differences are taken of.
pub trait Packable: Copy + Ord {
    /// As 64 bits.
    fn wide(self) -> i64;
    /// From one number to the next, in the bits of the type.
    fn step(from: i64, to: i64) -> i64;
    /// How far a step is above the least one.
    fn above(least: i64, step: i64) -> u64;
    /// Its bytes as `PLAIN`.
    fn put(self, out: &mut Vec<u8>);
}

impl Packable for i64 {
    #[inline]
    fn wide(self) -> i64 {
        self
    }

    #[inline]
    fn step(from: i64, to: i64) -> i64 {
        to.wrapping_sub(from)
    }

    #[inline]
    fn above(least: i64, step: i64) -> u64 {
        step.wrapping_sub(least) as u64
    }

    #[inline]
    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Packable for i32 {
    #[inline]
    fn wide(self) -> i64 {
        i64::from(self)
    }

    #[inline]
    fn step(from: i64, to: i64) -> i64 {
        i64::from((to as i32).wrapping_sub(from as i32))
    }

    #[inline]
    fn above(least: i64, step: i64) -> u64 {
        u64::from((step as i32).wrapping_sub(least as i32) as u32)
    }

    #[inline]
    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

/// Numbers below 2^`width` one behind the other, the lowest bit first.
#[inline]
fn bits(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let (mut waiting, mut used) = (0_u128, 0);
    for value in values {
        waiting |= u128::from(value) << used;
        used += width;
        if used >= u64::BITS {
            out.extend_from_slice(&(waiting as u64).to_le_bytes());
            waiting >>= u64::BITS;
            used -= u64::BITS;
        }
    }
    out.extend_from_slice(&waiting.to_le_bytes()[..used.div_ceil(8) as usize]);
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        assert_eq!([0, 1, 2, 3, 4, 5, 256, 257].map(width), [0, 0, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn runs_and_groups() {
        let mut out = Vec::new();
        // Three keys, filled up to eight by five of the run; twenty are left of it.
        let all: Vec<u32> = [1, 2, 3].into_iter().chain([5; 25]).collect();
        keys(&all, 3, &mut out);
        assert_eq!(out, [0b11, 0b1101_0001, 0b1101_1010, 0b1011_0110, 40, 5]);
        out.clear();
        keys(&[0; 9], 0, &mut out);
        assert_eq!(out, [0b101]);
    }

    #[test]
    fn the_example_of_the_format() {
        let mut out = Vec::new();
        differences(&[7_i64, 5, 3, 1, 2, 3, 4, 5], &mut out);
        assert_eq!(out[..6], [0x80, 1, 4, 8, 14, 3]);
        assert_eq!(out[6..10], [2, 0, 0, 0]);
        assert_eq!(out[10..], [0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0]);
    }
}
