//! Division codes (`admdvs`), and the relation of the treatment place to the insured place.

use std::fmt;

/// A six-digit division code as a number: `440300`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Admdvs(pub u32);

impl Admdvs {
    /// Parses exactly six digits.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != 6 {
            return None;
        }
        text.iter()
            .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
            .map(Self)
    }

    /// The first two digits.
    #[inline]
    #[must_use]
    pub fn province_digits(self) -> u32 {
        self.0 / 10_000
    }

    /// `pp0000`.
    #[inline]
    #[must_use]
    pub fn province(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }

    /// `ppcc00`.
    #[inline]
    #[must_use]
    pub fn city(self) -> Self {
        Self(self.0 / 100 * 100)
    }

    /// Whether the code names a whole province (`pp0000`).
    #[must_use]
    pub fn is_province(self) -> bool {
        self.0.is_multiple_of(10_000)
    }

    /// Beijing, Tianjin, Shanghai, Chongqing: the province is the city.
    #[must_use]
    pub fn is_municipality(self) -> bool {
        matches!(self.province_digits(), 11 | 12 | 31 | 50)
    }
}

impl fmt::Display for Admdvs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:06}", self.0))
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word of the tables.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// The value of a word of the tables.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where treatment took place, seen from the insured pool.
    Place {
        /// In the insured pool.
        Local = "local",
        /// In another pool of the same province.
        Province = "province",
        /// In another province.
        Cross = "cross",
    }
}

words! {
    /// The filing (备案) that holds for a visit, best first.
    Filing {
        /// A long-term resident elsewhere.
        Resident = "resident",
        /// A referral.
        Referral = "referral",
        /// An emergency, filed or not.
        Emergency = "emergency",
        /// Another temporary absence.
        Temporary = "temporary",
        /// No filing.
        None = "none",
    }
}
