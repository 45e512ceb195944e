//! What is told to whoever watches a run.

/// The stages of a run, for those who watch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading claims.
    Ingest,
    /// Grouping rows by person.
    Group,
    /// Reading tables by person.
    Reference,
    /// Adjudicating and writing.
    Adjudicate,
    /// Writing rows that are kept whole.
    Keep,
    /// Reading back and summing up.
    Verify,
    /// Merging nights into a base.
    Compact,
    /// Making invented claims.
    Synthesise,
    /// Comparing with what was paid.
    Reconcile,
    /// Drawing an audit sample.
    Sample,
    /// Writing what people open.
    Report,
    /// Comparing regions, packs, values.
    Compare,
}

impl Stage {
    /// Its name in a profile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Group => "group",
            Self::Reference => "reference",
            Self::Adjudicate => "adjudicate",
            Self::Keep => "keep",
            Self::Verify => "verify",
            Self::Compact => "compact",
            Self::Synthesise => "synthesise",
            Self::Reconcile => "reconcile",
            Self::Sample => "sample",
            Self::Report => "report",
            Self::Compare => "compare",
        }
    }
}

/// Parts of the work of a stage that threads do at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Setting rows down on the disk.
    SetDown,
    /// Taking a range of persons up again, and grouping it.
    TakeUp,
    /// Adjudicating a chunk of persons.
    Fold,
    /// A chunk's outcomes as encoded columns.
    Encode,
    /// Appending and hashing what was encoded.
    Append,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::SetDown, Self::TakeUp, Self::Fold, Self::Encode, Self::Append];

    /// Its name in a profile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SetDown => "set_down",
            Self::TakeUp => "take_up",
            Self::Fold => "fold",
            Self::Encode => "encode",
            Self::Append => "append",
        }
    }
}

/// Somebody who watches a run. The clock is the watcher's: nothing else here may read one.
pub trait Watch: Sync {
    /// A stage begins; `rows` is how many it will take, if that is known.
    fn begin(&self, stage: Stage, rows: Option<u64>);
    /// So many more rows are done.
    fn advance(&self, rows: u64);
    /// About so many rows the stage will take, as far as can be told by now.
    fn expect(&self, _rows: u64) {}
    /// So many bytes of rows have gone to the disk in all.
    fn on_disk(&self, _bytes: u64) {}
    /// The watcher's clock, in nanoseconds.
    fn clock(&self) -> u64 {
        0
    }
    /// A thread has done a step that began at a time of the watcher's clock.
    fn spent(&self, _step: Step, _since: u64) {}
}
