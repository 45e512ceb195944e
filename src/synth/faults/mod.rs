//! Faults on purpose, each written down in `planted.csv`, so that an audit's hits can be counted.
//!
//! Of the rows asked for, about a third are things done (`anomalies`, `scripts`: a bill settled twice, two
//! hospitals at once, people who travel together ...), a twelfth are malformed (`broken`), the rest are right
//! claims wrongly paid (`payments`: one thing changed, computed by the kernel itself). Institutions with a habit
//! (`quirks`: costly, invented amounts, very short stays) come on top.

pub(super) mod anomalies;
pub(super) mod broken;
pub(super) mod payments;
pub(super) mod quirks;
pub(super) mod scripts;

use std::borrow::Cow;

use super::cells::put_whole_fen;
use super::dice::{Dice, Stream};
use super::national::Care;
use super::persons::Person;
use super::row::{Row, SetlId};
use crate::model::money::Fen;
use anomalies::Anomaly;

/// A line of `planted.csv`: a column of a row that was changed.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    /// The row.
    pub(super) id: SetlId,
    /// Its person.
    pub(super) person: [u8; 22],
    /// Cause or finding.
    pub(super) code: Cow<'static, str>,
    /// Column.
    pub(super) field: &'static str,
    /// Before.
    pub(super) right: Option<Fen>,
    /// After.
    pub(super) planted: Option<Fen>,
    /// In words.
    pub(super) note: Cow<'static, str>,
    /// What must hold once the kernel has settled the person, else the line is dropped.
    pub(super) only_if: OnlyIf,
}

/// A condition that is known after the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnlyIf {
    /// None.
    Always,
    /// The row pended.
    Pended,
    /// The person's basic payments of the year reached the fund's ceiling.
    CeilingReached,
}

impl Planted {
    /// A fault of a row without money.
    pub(super) fn of(
        row: &Row,
        who: &Person,
        code: impl Into<Cow<'static, str>>,
        field: &'static str,
        note: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: row.id,
            person: who.number,
            code: code.into(),
            field,
            right: None,
            planted: None,
            note: note.into(),
            only_if: OnlyIf::Always,
        }
    }

    /// The same with the money before and after.
    pub(super) fn money(self, right: Fen, planted: Fen) -> Self {
        Self { right: Some(right), planted: Some(planted), ..self }
    }

    /// Appends the line.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.text());
        out.push(b',');
        out.extend_from_slice(&self.person);
        out.push(b',');
        out.extend_from_slice(self.code.as_bytes());
        out.push(b',');
        out.extend_from_slice(self.field.as_bytes());
        for amount in [self.right, self.planted] {
            out.push(b',');
            if let Some(amount) = amount {
                put_whole_fen(out, amount);
            }
        }
        // The only text of ours with commas; it has no quotes.
        out.extend_from_slice(b",\"");
        out.extend_from_slice(self.note.as_bytes());
        out.extend_from_slice(b"\"\n");
    }
}

/// Header of `planted.csv`.
pub(super) const HEADER: &str = "setl_id,psn_no,code,field,right_fen,planted_fen,note\n";

/// Shares of the rows asked for, in a thousandth.
const ANOMALIES: u64 = 230;
const BROKEN: u64 = 80;
const SCRIPTS: u64 = 60;
const PAYMENTS: u64 = 500;

/// What is planted in a block, and with which draws.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    /// Draws.
    pub(super) dice: Dice,
    /// Share of rows, in millionths.
    share: u32,
    /// Whether the claims are text, in which anything can be written.
    pub(super) text: bool,
    /// Rows that could have been paid wrongly, and those that were.
    seen: u64,
    mispaid: u64,
}

impl Faults {
    /// The faults of a block; `None` when none are asked for.
    pub(super) fn new(seed: u64, block: u64, share: u32, text: bool) -> Option<Self> {
        (share > 0).then(|| Self { dice: Dice::new(seed, Stream::Faults(block)), share, text, seen: 0, mispaid: 0 })
    }

    fn part(&self, thousandth: u64) -> u32 {
        (u64::from(self.share) * thousandth / 1_000) as u32
    }

    /// An anomaly to start from the next settlement, with the rows it needs beside it.
    pub(super) fn anomaly(&mut self, care: Care, left: u32) -> Option<(Anomaly, u32)> {
        // Stays are few, and most anomalies are theirs.
        let share = self.part(ANOMALIES) * if care.is_stay() { 4 } else { 1 };
        if !self.dice.chance(share) {
            return None;
        }
        let anomaly = anomalies::draw(&mut self.dice, care);
        let rows = anomaly.extra_rows();
        (rows <= left).then_some((anomaly, rows))
    }

    /// Whether the next row is to be broken.
    pub(super) fn breaks(&mut self, left: u32) -> bool {
        let share = self.part(BROKEN);
        left > 0 && self.dice.chance(share)
    }

    /// Whether the next row is to be paid wrongly; the more likely where more can go wrong: elsewhere, with layers.
    /// The share of the block is kept all the same.
    pub(super) fn mispays(&mut self, rich: bool) -> bool {
        let share = self.part(PAYMENTS);
        self.seen += 1;
        let room = self.mispaid * 1_000_000 < self.seen * u64::from(share);
        let wanted = room && self.dice.chance(share.saturating_mul(if rich { 8 } else { 2 }).min(900_000));
        self.mispaid += u64::from(wanted);
        wanted
    }

    /// Whether the next denied row is to be paid all the same; denied rows are few, so more of them.
    pub(super) fn mispays_denied(&mut self) -> bool {
        let share = self.part(PAYMENTS).saturating_mul(20).min(500_000);
        self.dice.chance(share)
    }

    /// Rows of a block that scripts may take.
    pub(super) fn scripted(&self, rows: u32) -> u32 {
        (u64::from(rows) * u64::from(self.part(SCRIPTS)) / 1_000_000) as u32
    }
}
