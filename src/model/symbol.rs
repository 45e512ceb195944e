//! Words as small dense numbers, so that rule look-ups index arrays instead of comparing text.

use hashbrown::HashMap;

/// A word of one column's vocabulary. Numbers are dense from 0 within one [`Vocabulary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

impl Sym {
    /// No value.
    pub const EMPTY: Self = Self(0);
    /// A value that no rule names: only `*` matches it.
    pub const OTHER: Self = Self(1);
    /// First number of words that come from elsewhere than the rules and must be told apart all the same.
    pub const UNLISTED: u32 = 0x8000_0000;

    /// The value, or another one where there is none.
    #[inline]
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        std::hint::select_unpredictable(self == Self::EMPTY, other, self)
    }

    /// The position in a table indexed by symbol.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The words of one column. Frozen before claims are read, so that it can be shared between threads.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    by_word: HashMap<Box<[u8]>, Sym>,
    words: Vec<Box<str>>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { by_word: HashMap::new(), words: vec!["".into(), "".into()] }
    }
}

impl Vocabulary {
    /// The symbol of a word, made if it is new.
    pub fn intern(&mut self, word: &str) -> Sym {
        if word.is_empty() {
            return Sym::EMPTY;
        }
        if let Some(&sym) = self.by_word.get(word.as_bytes()) {
            return sym;
        }
        let sym = Sym(u32::try_from(self.words.len()).expect("fewer than 2^32 words"));
        self.by_word.insert(word.as_bytes().into(), sym);
        self.words.push(word.into());
        sym
    }

    /// The symbol of a word: [`Sym::EMPTY`] for none, [`Sym::OTHER`] for one that is not listed.
    #[inline]
    #[must_use]
    pub fn find(&self, word: &[u8]) -> Sym {
        if word.is_empty() {
            return Sym::EMPTY;
        }
        self.by_word.get(word).copied().unwrap_or(Sym::OTHER)
    }

    /// The symbol of the longest listed word that `text` begins with.
    #[must_use]
    pub fn find_longest_prefix(&self, text: &[u8]) -> Sym {
        if text.is_empty() {
            return Sym::EMPTY;
        }
        (1..=text.len()).rev().find_map(|end| self.by_word.get(&text[..end]).copied()).unwrap_or(Sym::OTHER)
    }

    /// The word of a symbol; empty for the two reserved ones.
    #[must_use]
    pub fn word(&self, sym: Sym) -> &str {
        &self.words[sym.index()]
    }

    /// How many symbols there are, the two reserved ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether no word was interned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.len() == 2
    }

    /// Every word with its symbol, in the order of interning.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &str)> {
        self.words.iter().enumerate().skip(2).map(|(index, word)| (Sym(index as u32), &**word))
    }
}
