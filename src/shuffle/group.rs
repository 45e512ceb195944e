//! Grouping in memory: a fixed hash deals the rows into shards, each shard finds its persons, then the
//! persons are sorted by number. The result does not depend on the number of threads.

use std::cmp::Ordering;

use hashbrown::HashTable;
use rayon::prelude::*;

use crate::model::settlement::{Arenas, Claim, TextRef};

/// Number of shards; a power of two, large enough for what a shard is grouped with to stay in the cache.
const SHARDS: usize = 512;

/// A rejected row that names a settlement: it keeps a later row with the same name from being accepted.
#[derive(Clone, Copy, Debug)]
pub struct Ghost {
    /// `psn_no` and `setl_id`.
    pub text: TextRef,
    /// Number of the input file.
    pub file: u32,
    /// Data row in that file, from 1.
    pub row: u32,
}

/// A row of a batch: a claim, or (from [`Entry::GHOSTS`] up) a ghost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Number of the batch.
    pub batch: u32,
    /// Position in its claims or ghosts.
    pub index: u32,
}

impl Entry {
    /// First index of the ghosts.
    pub const GHOSTS: u32 = 0x8000_0000;
}

/// All accepted rows and ghosts of a run.
#[derive(Debug, Default)]
pub struct Rows {
    /// Claims, batch by batch.
    pub claims: Vec<Vec<Claim>>,
    /// Ghosts, batch by batch.
    pub ghosts: Vec<Vec<Ghost>>,
    /// Text, batch by batch.
    pub arenas: Arenas,
}

impl Rows {
    /// The text of an entry.
    #[inline]
    #[must_use]
    pub fn text(&self, entry: Entry) -> TextRef {
        let batch = entry.batch as usize;
        if entry.index >= Entry::GHOSTS {
            self.ghosts[batch][(entry.index - Entry::GHOSTS) as usize].text
        } else {
            self.claims[batch][entry.index as usize].text
        }
    }

    /// The entries of a batch: its claims, then its ghosts.
    ///
    /// # Panics
    /// If there is no such batch.
    pub fn entries_of_batch(&self, batch: usize) -> impl Iterator<Item = Entry> + use<> {
        let number = u32::try_from(batch).expect("fewer than 2^32 batches");
        let claims = 0..self.claims[batch].len() as u32;
        let ghosts = (0..self.ghosts[batch].len() as u32).map(|index| index + Entry::GHOSTS);
        claims.chain(ghosts).map(move |index| Entry { batch: number, index })
    }

    /// Brings rows near. They lie where they arrived, far from the other rows of their person: who works on one after
    /// the other waits for each, while a loop that only asks for them has many on their way at a time.
    pub fn fetch(&self, entries: &[Entry]) {
        let near = entries.iter().fold(0_u64, |near, &entry| {
            let text = self.text(entry);
            let whole = self.arenas.whole(text);
            let ends = whole.first().zip(whole.last()).map_or(0, |(&first, &last)| u64::from(first ^ last));
            let bill = match self.claims[entry.batch as usize].get(entry.index as usize) {
                Some(claim) => (claim.bill.total.0 ^ claim.bill.in_scope.0) as u64 ^ u64::from(claim.flags.0),
                None => 0,
            };
            near ^ ends ^ bill
        });
        std::hint::black_box(near);
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.claims.iter().map(Vec::len).sum::<usize>() + self.ghosts.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ghosts of persons with these numbers, in batches of seven.
    #[cfg(test)]
    pub(crate) fn of_persons(numbers: &[Vec<u8>]) -> Self {
        let mut rows = Self::default();
        for (batch, numbers) in numbers.chunks(7).enumerate() {
            let (mut ghosts, mut text) = (Vec::new(), Vec::new());
            for (row, number) in numbers.iter().enumerate() {
                let (offset, psn_len) = (text.len() as u32, number.len() as u16);
                text.extend_from_slice(number);
                let text = TextRef { arena: batch as u32, offset, psn_len, ..TextRef::default() };
                ghosts.push(Ghost { text, file: 0, row: row as u32 });
            }
            rows.claims.push(Vec::new());
            rows.ghosts.push(ghosts);
            rows.arenas.0.push(text);
        }
        rows
    }
}

/// Rows by person; person numbers are ranks of `psn_no` in byte order.
#[derive(Debug, Default)]
pub struct Persons {
    /// Entries, person by person; within a person in input order.
    pub entries: Vec<Entry>,
    /// First entry of each person, and one past the last.
    pub starts: Vec<u32>,
    /// A row of each person, for its number's text.
    names: Vec<TextRef>,
    /// Each person's number, to find it without its text.
    keys: Vec<Key>,
    shards: Vec<HashTable<u32>>,
}

/// The first bytes of a number, padded, and how many they are: keys compare like the numbers, and most numbers are no
/// longer than a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key([u64; 4]);

impl Key {
    /// Bytes of the number; the last of all says how many of them there are, or that there are more.
    const BYTES: usize = 31;

    #[inline]
    fn of(number: &[u8]) -> Self {
        let mut bytes = [0; Self::BYTES + 1];
        let length = number.len().min(Self::BYTES);
        bytes[..length].copy_from_slice(&number[..length]);
        bytes[Self::BYTES] = number.len().min(Self::BYTES + 1) as u8;
        let (words, _) = bytes.as_chunks::<8>();
        Self(std::array::from_fn(|word| u64::from_be_bytes(words[word])))
    }

    /// Whether it is the whole number.
    #[inline]
    const fn is_whole(self) -> bool {
        self.0[3] as u8 as usize <= Self::BYTES
    }

    /// How a number, whose key this is, compares with another one: texts are asked for only where both are longer.
    #[inline]
    fn compare<'a>(
        self,
        other: Self,
        number: impl FnOnce() -> &'a [u8],
        other_number: impl FnOnce() -> &'a [u8],
    ) -> Ordering {
        self.cmp(&other).then_with(|| if self.is_whole() { Ordering::Equal } else { number().cmp(other_number()) })
    }
}

/// A fixed hash of a number's text: the same in every run and on every machine.
#[inline]
#[must_use]
pub fn text_hash(number: &[u8]) -> u64 {
    let mut hash: u64 = 0x9E37_79B9_7F4A_7C15 ^ number.len() as u64;
    let mut chunks = number.chunks_exact(8);
    for chunk in &mut chunks {
        hash = mix(hash ^ u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    }
    let mut last = [0_u8; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(hash ^ u64::from_le_bytes(last))
}

#[inline]
fn mix(value: u64) -> u64 {
    let wide = u128::from(value) * 0xD6E8_FEB8_6659_FD93_u128;
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[inline]
fn shard_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SHARDS.ilog2())) as usize
}

/// One person of one shard: a row that names it, and its entries.
struct Found {
    key: Key,
    hash: u64,
    name: TextRef,
    start: u32,
    count: u32,
}

impl Persons {
    /// Groups rows by person.
    #[must_use]
    pub fn group(rows: &Rows) -> Self {
        let dealt: Vec<Dealt> = (0..rows.claims.len()).into_par_iter().map(|batch| deal(rows, batch)).collect();
        let shards: Vec<(Vec<Found>, Vec<Entry>)> = (0..SHARDS)
            .into_par_iter()
            .map(|shard| {
                let parts =
                    dealt.iter().map(|(entries, starts)| &entries[starts[shard] as usize..starts[shard + 1] as usize]);
                gather(rows, parts)
            })
            .collect();
        drop(dealt);
        let (found, entries): (Vec<_>, Vec<_>) = shards.into_iter().unzip();
        let mut found: Vec<Found> = found.into_iter().flatten().collect();
        let number = |person: &Found| rows.arenas.person(person.name);
        found.par_sort_unstable_by(|a, b| a.key.compare(b.key, || number(a), || number(b)));
        let entries_of = |person: &Found| {
            let entries = &entries[shard_of(person.hash)];
            entries[person.start as usize..(person.start + person.count) as usize].iter().copied()
        };
        let laid = || -> Vec<Entry> {
            let parts = found.par_chunks(1 << 14).map(|some| some.iter().flat_map(entries_of).collect());
            parts.collect::<Vec<Vec<Entry>>>().concat()
        };
        let told = || (starts(&found), found.iter().map(|person| (person.name, person.key)).unzip());
        let (shards, (entries, (starts, (names, keys)))) = rayon::join(|| index(&found), || rayon::join(laid, told));
        Self { entries, starts, names, keys, shards }
    }

    /// How many persons there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A row of a person, for its number's text.
    #[inline]
    #[must_use]
    pub fn name(&self, person: u32) -> TextRef {
        self.names[person as usize]
    }

    /// The rank of a person number, if it has rows.
    #[inline]
    #[must_use]
    pub fn find(&self, arenas: &Arenas, number: &[u8]) -> Option<u32> {
        let (hash, key) = (text_hash(number), Key::of(number));
        let is_it = |&rank: &u32| self.compare(arenas, rank, key, number) == Ordering::Equal;
        self.shards.get(shard_of(hash))?.find(hash, is_it).copied()
    }

    /// The first rank from one on whose number does not come before this one, and whether it is this one.
    #[must_use]
    pub fn seek(&self, arenas: &Arenas, from: u32, number: &[u8]) -> (u32, bool) {
        let key = Key::of(number);
        let mut ranks = from..self.len() as u32;
        let compared = ranks.find_map(|rank| {
            let order = self.compare(arenas, rank, key, number);
            (order != Ordering::Less).then_some((rank, order == Ordering::Equal))
        });
        compared.unwrap_or((self.len() as u32, false))
    }

    /// How a person's number compares with one whose key this is.
    #[inline]
    fn compare(&self, arenas: &Arenas, rank: u32, key: Key, number: &[u8]) -> Ordering {
        self.keys[rank as usize].compare(key, || arenas.person(self.name(rank)), || number)
    }

    /// The entries of some persons from a rank on, at most so many.
    #[must_use]
    pub fn entries_from(&self, person: u32, persons: u32, most: usize) -> &[Entry] {
        let start = |person: usize| self.starts[person.min(self.len())] as usize;
        let first = start(person as usize);
        &self.entries[first..start(person as usize + persons as usize).min(first + most)]
    }

    /// A person's entries.
    #[inline]
    #[must_use]
    pub fn entries_of(&self, person: usize) -> &[Entry] {
        &self.entries[self.starts[person] as usize..self.starts[person + 1] as usize]
    }
}

/// First entry of each person, and one past the last.
fn starts(found: &[Found]) -> Vec<u32> {
    let counts = found.iter().scan(0_u32, |count, person| {
        *count = count.checked_add(person.count).expect("fewer than 2^32 rows in memory");
        Some(*count)
    });
    std::iter::once(0).chain(counts).collect()
}

/// The ranks of each shard's persons by their numbers.
fn index(found: &[Found]) -> Vec<HashTable<u32>> {
    let ranks = found.iter().enumerate().map(|(rank, person)| (shard_of(person.hash), rank as u32));
    let (ranks, starts) = dealt(ranks.collect(), SHARDS);
    let hash = |&rank: &u32| found[rank as usize].hash;
    (0..SHARDS)
        .into_par_iter()
        .map(|shard| {
            let ranks = &ranks[starts[shard] as usize..starts[shard + 1] as usize];
            let mut table = HashTable::with_capacity(ranks.len());
            ranks.iter().for_each(|rank| {
                table.insert_unique(hash(rank), *rank, hash);
            });
            table
        })
        .collect()
}

/// A batch's entries with their hashes, in shard order, and where each shard starts.
type Dealt = (Vec<(u64, Entry)>, Vec<u32>);

/// The entries of a batch in shard order, each with its hash, and where each shard starts.
fn deal(rows: &Rows, batch: usize) -> Dealt {
    let hashed = rows.entries_of_batch(batch).map(|entry| {
        let hash = text_hash(rows.arenas.person(rows.text(entry)));
        (shard_of(hash), (hash, entry))
    });
    dealt(hashed.collect(), SHARDS)
}

/// Items in the order of the parts they belong to, and where each part begins.
pub(super) fn dealt<T: Copy>(items: Vec<(usize, T)>, parts: usize) -> (Vec<T>, Vec<u32>) {
    let mut starts = vec![0_u32; parts + 1];
    for &(part, _) in &items {
        starts[part + 1] += 1;
    }
    for part in 0..parts {
        starts[part + 1] += starts[part];
    }
    let mut next = starts.clone();
    let Some(&(_, any)) = items.first() else { return (Vec::new(), starts) };
    let mut dealt = vec![any; items.len()];
    for (part, item) in items {
        dealt[next[part] as usize] = item;
        next[part] += 1;
    }
    (dealt, starts)
}

/// The persons of one shard, and its entries person by person.
fn gather<'a>(rows: &Rows, parts: impl Iterator<Item = &'a [(u64, Entry)]>) -> (Vec<Found>, Vec<Entry>) {
    let dealt: Vec<(u64, Entry)> = parts.flatten().copied().collect();
    // Rows lie far apart: loops that do nothing else ask for many of them at a time instead of waiting for each.
    let names: Vec<TextRef> = dealt.iter().map(|&(_, entry)| rows.text(entry)).collect();
    let keys: Vec<Key> = names.iter().map(|&name| Key::of(rows.arenas.person(name))).collect();
    let mut table: HashTable<u32> = HashTable::with_capacity(dealt.len() / 4);
    let mut found: Vec<Found> = Vec::new();
    let mut person_of = Vec::with_capacity(dealt.len());
    for ((&(hash, _), &name), &key) in dealt.iter().zip(&names).zip(&keys) {
        let is_it = |&person: &u32| {
            let known = &found[person as usize];
            let text = |name| move || rows.arenas.person(name);
            key.compare(known.key, text(name), text(known.name)) == Ordering::Equal
        };
        let slot = table.entry(hash, is_it, |&person| found[person as usize].hash);
        let person = match slot {
            hashbrown::hash_table::Entry::Occupied(slot) => *slot.get(),
            hashbrown::hash_table::Entry::Vacant(slot) => {
                let person = found.len() as u32;
                slot.insert(person);
                found.push(Found { key, hash, name, start: 0, count: 0 });
                person
            }
        };
        found[person as usize].count += 1;
        person_of.push(person);
    }
    let mut start = 0;
    for person in &mut found {
        person.start = start;
        start += person.count;
    }
    let mut next: Vec<u32> = found.iter().map(|person| person.start).collect();
    let mut entries = vec![Entry { batch: 0, index: 0 }; person_of.len()];
    for (&(_, entry), &person) in dealt.iter().zip(&person_of) {
        entries[next[person as usize] as usize] = entry;
        next[person as usize] += 1;
    }
    (found, entries)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Numbers that agree in their first bytes, end where others go on, and are longer than a key.
    fn number() -> impl Strategy<Value = Vec<u8>> {
        let beginning = prop_oneof![Just(0_usize), Just(1), Just(29), Just(30), Just(31), Just(32), Just(33), Just(40)];
        (beginning, proptest::collection::vec(prop_oneof![Just(0_u8), Just(b'1'), Just(0xff)], 0..3))
            .prop_map(|(beginning, end)| [vec![b'7'; beginning], end].concat())
    }

    proptest! {
        #[test]
        fn rows_stand_by_person_in_the_order_of_numbers(numbers in proptest::collection::vec(number(), 0..120)) {
            let rows = Rows::of_persons(&numbers);
            let persons = Persons::group(&rows);
            let entries = (0..rows.claims.len()).flat_map(|batch| rows.entries_of_batch(batch));
            let mut expected: BTreeMap<&[u8], Vec<Entry>> = BTreeMap::new();
            numbers.iter().zip(entries).for_each(|(number, entry)| expected.entry(number).or_default().push(entry));
            prop_assert_eq!(persons.len(), expected.len());
            for (rank, (number, entries)) in expected.iter().enumerate() {
                prop_assert_eq!(rows.arenas.person(persons.name(rank as u32)), *number);
                prop_assert_eq!(persons.entries_of(rank), &entries[..]);
                prop_assert_eq!(persons.find(&rows.arenas, number), Some(rank as u32));
                prop_assert_eq!(persons.seek(&rows.arenas, 0, number), (rank as u32, true));
                prop_assert_eq!(persons.seek(&rows.arenas, rank as u32, number), (rank as u32, true));
                let longer = [*number, b"2"].concat();
                prop_assert_eq!(persons.find(&rows.arenas, &longer), None);
                let behind = expected.keys().filter(|known| ***known < *longer).count();
                prop_assert_eq!(persons.seek(&rows.arenas, rank as u32, &longer), (behind as u32, false));
                rows.fetch(persons.entries_from(rank as u32, 3, 5));
            }
            prop_assert_eq!(persons.entries_from(0, u32::MAX, usize::MAX).len(), numbers.len());
        }
    }
}
