//! Keys of lines, numbered in the order in which they were met.

use std::hash::Hash;

use hashbrown::HashMap;

/// Keys and their numbers. Neighbours often have the same key, so the last one is asked before the table.
#[derive(Debug)]
pub(super) struct Met<K> {
    keys: Vec<K>,
    number_of: HashMap<K, u32>,
    last: u32,
}

impl<K> Default for Met<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), number_of: HashMap::new(), last: 0 }
    }
}

impl<K: Copy + Eq + Hash> Met<K> {
    /// The number of a key.
    #[inline]
    pub fn number(&mut self, key: K) -> u32 {
        if self.keys.get(self.last as usize) != Some(&key) {
            let next = self.keys.len() as u32;
            self.last = *self.number_of.entry(key).or_insert(next);
            if self.last == next {
                self.keys.push(key);
            }
        }
        self.last
    }

    /// The keys, in the order of their numbers.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_numbers() {
        let mut met = Met::default();
        let numbers: Vec<u32> = ["b", "b", "a", "b", "c", "a"].into_iter().map(|key| met.number(key)).collect();
        assert_eq!(numbers, [0, 0, 1, 0, 2, 1]);
        assert_eq!(met.keys(), ["b", "a", "c"]);
    }
}
