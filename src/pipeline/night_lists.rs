//! What a night lists beside its outputs: settlements that came late, and open items with the night since which they
//! are open.

use std::path::Path;

use arrow::array::RecordBatch;
use hashbrown::{HashMap, HashSet};

use super::RunError;
use super::lines::Lines;
use super::load::Loaded;
use super::night_tables::OPEN_ITEMS as OPEN_ITEMS_FILE;
use super::rows::RowFile;
use super::write::NightTables;
use crate::adjudicate::person::Outcome;
use crate::columnar::columns::{self, integer, text};
use crate::ingest::{Column, Recalled};
use crate::ledger::tables::read::TableFile;
use crate::ledger::tables::schema::{OPEN_ITEMS, plain};
use crate::model::outcome::Reasons;
use crate::model::settlement::{Arenas, Claim};
use crate::publish::{Staging, Written};
use crate::report::privacy::Persons;

/// A pended row as the ledger keeps it beside `pended.parquet`.
struct OpenItem {
    psn_no: String,
    setl_id: String,
    since: u32,
    reasons: Reasons,
}

fn batch(items: &[OpenItem]) -> RecordBatch {
    let arrays = vec![
        text(items.iter().map(|item| &item.psn_no)),
        text(items.iter().map(|item| &item.setl_id)),
        integer(items.iter().map(|item| item.since as i32)),
        text(items.iter().map(|item| item.reasons.joined())),
    ];
    columns::rows(plain(&OPEN_ITEMS), arrays)
}

/// `open_items.parquet` in the making: a row for each of `pended.parquet`, with the night since which it is open.
pub(super) struct OpenItems {
    file: RowFile<OpenItem>,
    night: u32,
    /// Number of the input file that holds the open items of earlier nights.
    carried: Option<u32>,
    /// The night since which each of its rows is open.
    since: Vec<u32>,
    /// The same of rows whose place a new row took, by person and settlement.
    replaced: HashMap<(String, String), u32>,
    /// Whoever hands rows on has no way to fail: a full disk waits here.
    failed: Option<RunError>,
}

impl OpenItems {
    /// Begins the file; `replaced` are the rows of earlier nights' open items whose place a new row took.
    pub(super) fn begin(
        staging: &Staging,
        night: &NightTables,
        loaded: &Loaded,
        replaced: &HashSet<u32>,
    ) -> Result<Self, RunError> {
        let mut items = Self {
            file: RowFile::begin(staging, OPEN_ITEMS_FILE, plain(&OPEN_ITEMS), batch)?,
            night: night.number,
            carried: loaded.sources.carried.as_ref().map(|(file, _)| *file),
            since: Vec::new(),
            replaced: HashMap::new(),
            failed: None,
        };
        if let Some(path) = night.open_items {
            items.read_earlier(path, replaced)?;
        }
        Ok(items)
    }

    fn read_earlier(&mut self, path: &Path, replaced: &HashSet<u32>) -> Result<(), RunError> {
        TableFile::open(path)?.visit(&["psn_no", "setl_id", "since_night"], &mut |batch| {
            let (persons, ids, nights) = (batch.text("psn_no")?, batch.text("setl_id")?, batch.integer("since_night")?);
            for row in 0..batch.rows() {
                let since = nights.value(row) as u32;
                self.since.push(since);
                if replaced.contains(&(self.since.len() as u32)) {
                    self.replaced.insert((persons.value(row).to_owned(), ids.value(row).to_owned()), since);
                }
            }
            Ok(())
        })
    }

    /// One more row of `pended.parquet`.
    pub(super) fn put(&mut self, row: &Recalled, reasons: Reasons) {
        let (psn_no, setl_id) = (row.cell(Column::PsnNo), row.cell(Column::SetlId));
        let since = if self.carried == Some(row.file) {
            self.since.get(row.row as usize - 1).copied()
        } else {
            self.replaced.get(&(psn_no.to_owned(), setl_id.to_owned())).copied()
        };
        let (psn_no, setl_id) = (psn_no.to_owned(), setl_id.to_owned());
        let item = OpenItem { psn_no, setl_id, since: since.unwrap_or(self.night), reasons };
        if self.failed.is_none() {
            self.failed = self.file.put(item).err();
        }
    }

    /// Finishes the file.
    pub(super) fn finish(self) -> Result<Written, RunError> {
        self.failed.map_or(Ok(()), Err)?;
        self.file.finish()
    }
}

/// The headings of `late.csv`.
pub const LATE_COLUMNS: [&str; 11] = [
    "psn_no",
    "setl_id",
    "setl_time",
    "last_setl_time",
    "last_setl_id",
    "status",
    "fund_pay_sumamt",
    "acct_pay",
    "psn_cash_pay",
    "src_file",
    "src_row",
];

/// A line of `late.csv`.
pub(super) struct LateRow([String; 11]);

impl LateRow {
    /// Of a settlement whose place lies before the last one of earlier nights.
    pub(super) fn of(claim: &Claim, outcome: &Outcome, arenas: &Arenas, loaded: &Loaded) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let person = arenas.person(claim.text);
        let rank = loaded.persons.find(&loaded.rows.arenas, person).expect("a person of the run");
        let opening = loaded.opening.as_ref().expect("a night");
        let last = opening.last_of(rank).expect("a late claim comes before a settlement");
        let (file, row) = loaded.sources.of(claim.file, claim.row);
        Self([
            text(person),
            text(arenas.setl_id(claim.text)),
            claim.setl_time.to_string(),
            last.time.to_string(),
            text(&last.setl_id),
            outcome.status.word().to_owned(),
            outcome.amounts.funds().to_string(),
            outcome.amounts.account.to_string(),
            outcome.amounts.cash().to_string(),
            file.to_owned(),
            row.to_string(),
        ])
    }
}

/// `late.csv` in the making: settlements adjudicated on the accumulators as they stand, though their place lies
/// earlier.
pub(super) struct Late<'a> {
    lines: Lines,
    persons: &'a Persons,
    rows: u64,
}

impl<'a> Late<'a> {
    /// Begins the file; `persons` says how their numbers are shown.
    pub(super) fn begin(staging: &Staging, persons: &'a Persons) -> Result<Self, RunError> {
        Ok(Self { lines: Lines::begin(staging.create("late.csv")?, &LATE_COLUMNS)?, persons, rows: 0 })
    }

    /// More rows.
    pub(super) fn put(&mut self, rows: Vec<LateRow>) -> Result<(), RunError> {
        self.rows += rows.len() as u64;
        rows.into_iter().try_for_each(|LateRow(mut row)| {
            row[0] = self.persons.person(&row[0]);
            self.lines.put(&row)
        })
    }

    /// Finishes the file, and says how many rows it has.
    pub(super) fn finish(self) -> Result<(Written, u64), RunError> {
        Ok((self.lines.finish()?, self.rows))
    }
}
