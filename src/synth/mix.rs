//! What has been made, in numbers that can be held against the nation's.

use serde_json::{Value as Json, json};

use super::World;
use super::national::Care;
use super::row::Row;
use crate::adjudicate::person::Fold;
use crate::model::outcome::{Reason, Status};
use crate::model::place::{Filing, Place};

/// Sums of one kind of care under one kind of scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MixCell {
    /// Rows that are no reversals.
    pub rows: u64,
    /// Of them, paid ones; the money below is theirs.
    pub paid: u64,
    /// Bills, in fen.
    pub total: i128,
    /// In scope, in fen.
    pub in_scope: i128,
    /// Paid by the basic fund, in fen.
    pub basic: i128,
    /// Paid by all funds, in fen.
    pub funds: i128,
}

/// Counts over all rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mix {
    /// All rows.
    pub rows: u64,
    /// Rows with an `init_setl_id`.
    pub reversals: u64,
    /// By status of the kernel, in the order of [`Status::ALL`].
    pub by_status: [u64; 5],
    /// By reason, in the order of [`Reason::ALL`].
    pub by_reason: [u64; Reason::ALL.len()],
    /// By place, of computed rows.
    pub by_place: [u64; 3],
    /// By filing, of computed rows away from home.
    pub by_filing: [u64; 5],
    /// By kind of care; residents, then employees.
    pub cells: [[MixCell; 2]; 5],
}

impl Mix {
    /// Counts one person's rows.
    pub(super) fn add(&mut self, world: &World, rows: &[Row], fold: &Fold) {
        // Broken rows stand behind the others and have no outcome.
        let broken = (rows.len() - fold.outcomes.len()) as u64;
        self.rows += broken;
        self.by_status[Status::Rejected as usize] += broken;
        for (row, outcome) in rows.iter().zip(&fold.outcomes) {
            self.rows += 1;
            self.by_status[outcome.status as usize] += 1;
            outcome.reasons.iter().for_each(|reason| self.by_reason[reason as usize] += 1);
            if row.init.is_some() {
                self.reversals += 1;
                continue;
            }
            if let Some((derived, _)) = &outcome.seen {
                self.by_place[derived.keys.place as usize] += 1;
                if derived.keys.place != Place::Local {
                    self.by_filing[derived.keys.filing as usize] += 1;
                }
            }
            let employee = world.schemes.list[usize::from(row.scheme)].employee;
            let cell = &mut self.cells[row.care as usize][usize::from(employee)];
            cell.rows += 1;
            if outcome.status == Status::Paid {
                cell.paid += 1;
                cell.total += i128::from(row.claim.bill.total.0);
                cell.in_scope += i128::from(row.claim.bill.in_scope.0);
                cell.basic += i128::from(outcome.amounts.basic.0);
                cell.funds += i128::from(outcome.amounts.funds().0);
            }
        }
    }

    /// Adds another count.
    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.reversals += other.reversals;
        add_all(&mut self.by_status, &other.by_status);
        add_all(&mut self.by_reason, &other.by_reason);
        add_all(&mut self.by_place, &other.by_place);
        add_all(&mut self.by_filing, &other.by_filing);
        for (ours, theirs) in self.cells.iter_mut().flatten().zip(other.cells.iter().flatten()) {
            ours.rows += theirs.rows;
            ours.paid += theirs.paid;
            ours.total += theirs.total;
            ours.in_scope += theirs.in_scope;
            ours.basic += theirs.basic;
            ours.funds += theirs.funds;
        }
    }

    /// As part of `synth.json`; shares in whole millionths, so that no float is written.
    pub(super) fn to_json(&self) -> Json {
        let named = |names: Vec<&str>, counts: &[u64]| -> Json {
            names
                .into_iter()
                .zip(counts)
                .filter(|&(_, &count)| count > 0)
                .map(|(name, &count)| (name.to_owned(), json!(count)))
                .collect()
        };
        let mut cares = serde_json::Map::new();
        for (care, cells) in Care::ALL.into_iter().zip(&self.cells) {
            for (scheme, cell) in ["residents", "employees"].into_iter().zip(cells) {
                if cell.rows > 0 {
                    cares.insert(format!("{} {scheme}", format!("{care:?}").to_lowercase()), cell.to_json());
                }
            }
        }
        json!({
            "rows": self.rows,
            "reversals": self.reversals,
            "status": named(Status::ALL.iter().map(|status| status.word()).collect(), &self.by_status),
            "reasons": named(Reason::ALL.iter().map(|reason| reason.word()).collect(), &self.by_reason),
            "place": named(Place::ALL.iter().map(|place| place.word()).collect(), &self.by_place),
            "filing_away": named(Filing::ALL.iter().map(|filing| filing.word()).collect(), &self.by_filing),
            "care": cares,
        })
    }
}

impl MixCell {
    fn to_json(self) -> Json {
        let share = |part: i128, whole: i128| if whole == 0 { 0 } else { (part * 1_000_000 / whole) as i64 };
        json!({
            "rows": self.rows,
            "paid": self.paid,
            "mean_total_fen": share(self.total, i128::from(self.paid) * 1_000_000),
            "in_scope_of_total_millionths": share(self.in_scope, self.total),
            "basic_of_in_scope_millionths": share(self.basic, self.in_scope),
            "funds_of_in_scope_millionths": share(self.funds, self.in_scope),
            "funds_of_total_millionths": share(self.funds, self.total),
        })
    }
}

fn add_all(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
}
