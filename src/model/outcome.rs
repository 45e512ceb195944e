//! What becomes of an input row: one status, and every reason for it, one enum value each.

use super::place::words;

words! {
    /// The status of an input row. Every row gets exactly one.
    Status {
        /// Adjudicated, even when the fund's part is 0.
        Paid = "paid",
        /// The person pays everything.
        Denied = "denied",
        /// The exact negative of an earlier settlement.
        Reversed = "reversed",
        /// Cannot be computed yet; kept whole.
        Pended = "pended",
        /// Not a usable record.
        Rejected = "rejected",
    }
}

words! {
    /// Why a row got its status, in the order in which reasons are reported.
    Reason {
        /// `vali_flag` says the row is void.
        Invalidated = "R-INVALIDATED",
        /// A value is not of its type, or the line is not a record.
        Parse = "R-PARSE",
        /// A required value is empty.
        Missing = "R-MISSING",
        /// A place code is not six digits.
        Domain = "R-DOMAIN",
        /// The total is not the sum of its four parts.
        Split = "R-SPLIT",
        /// A negative amount outside a reversal.
        Negative = "R-NEGATIVE",
        /// Dates out of order.
        DateOrder = "R-DATE",
        /// An earlier row has this settlement number and person.
        Duplicate = "R-DUPLICATE",
        /// The ledger has this settlement already.
        Settled = "R-SETTLED",
        /// No scheme row.
        NoScheme = "P-SCHEME",
        /// No person class.
        NoClass = "P-CLASS",
        /// No visit class.
        NoVisit = "P-VISIT",
        /// No hospital tier.
        NoTier = "P-TIER",
        /// No channel row.
        NoChannel = "P-CHANNEL",
        /// No benefit row.
        NoBenefit = "P-BENEFIT",
        /// The hospital's part is larger than the bill allows.
        HospitalPart = "P-HOSPITAL-PART",
        /// The reversed settlement is not known.
        ReversalUnknown = "P-REVERSAL-UNKNOWN",
        /// It is reversed already.
        ReversalTwice = "P-REVERSAL-TWICE",
        /// The amounts are not its negative.
        ReversalAmount = "P-REVERSAL-AMOUNT",
        /// No span of cover holds the day.
        NotEnrolled = "D-NOT-ENROLLED",
        /// Covered, but benefits have not begun.
        Waiting = "D-WAITING",
        /// The institution is unknown or not open.
        NotDesignated = "D-NOT-DESIGNATED",
        /// The channel says deny.
        ChannelDenies = "D-CHANNEL",
    }
}

/// A set of reasons, listed in the order of [`Reason`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reasons(pub u32);

impl Reasons {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// Adds a reason.
    #[inline]
    pub fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a reason is among them.
    #[must_use]
    pub fn has(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The reasons in reporting order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |&reason| self.has(reason))
    }

    /// Codes joined with `|`.
    #[must_use]
    pub fn joined(self) -> String {
        self.iter().map(Reason::word).collect::<Vec<_>>().join("|")
    }
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Self {
        Self(1 << reason as u8)
    }
}
