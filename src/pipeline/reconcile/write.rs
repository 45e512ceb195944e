//! What a reconciliation writes: details, differences and totals, chunk by chunk.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use parquet::errors::ParquetError;

use super::side::{Chunk, Sides};
use super::view::Auditor;
use crate::audit::cause::Inquest;
use crate::audit::details::{self, Terms};
use crate::audit::findings::view::World;
use crate::audit::findings::{Audit, Gathered};
use crate::audit::overview;
use crate::audit::reconciled_totals::{Summands, Totals};
use crate::audit::totals::TotalsError;
use crate::columnar::reconciled;
use crate::columnar::row_groups::{ColumnChunk, Encoder, RowGroups};
use crate::ledger::fold;
use crate::ledger::person::Desk;
use crate::ordered::in_order;
use crate::pipeline::lines::{self, Lines};
use crate::pipeline::{RunError, Stage, Watch, check};
use crate::publish::{Folder, LoneFile, OutputFile, Written};
use crate::report::balance::Balance;
use crate::report::overview::Overview;
use crate::report::privacy::Persons;
use crate::report::reconciled::{Found, Outcome, measured};

/// A chunk on its way into the files.
struct Encoded {
    group: Option<Vec<ColumnChunk>>,
    differences: Vec<u8>,
    national: Vec<u8>,
    summands: Summands,
    found: Found,
    balance: Balance,
    overview: Overview,
    gathered: Option<Gathered>,
    rows: u64,
}

/// What was written.
pub(super) struct Wrote {
    pub found: Found,
    pub outputs: Vec<Written>,
    pub totals: Totals,
    pub balance: Balance,
    pub overview: Overview,
    pub national: Option<LoneFile>,
    /// What the checks of an audit found and gathered.
    pub gathered: Option<Gathered>,
}

/// The files of the details.
struct Details {
    file: RowGroups,
    differences: Lines,
}

impl Details {
    fn begin(folder: &Folder) -> Result<Self, RunError> {
        let file = RowGroups::begin(folder.create("reconciliation.parquet")?, reconciled::details());
        let differences = Lines::begin(folder.create("differences.csv")?, &reconciled::detail_names())?;
        Ok(Self { file: file.map_err(parquet_failed)?, differences })
    }

    fn finish(self) -> Result<Vec<Written>, RunError> {
        Ok(vec![self.file.finish().map_err(parquet_failed)?.finish()?, self.differences.finish()?])
    }
}

fn parquet_failed(error: ParquetError) -> RunError {
    RunError::Parquet { file: "reconciliation.parquet", error }
}

/// Writes the details, chunk by chunk, sums up the totals, and lets an audit look at every person. Where nothing was
/// paid there are no details.
pub(super) fn write(
    sides: &Sides,
    audit: Option<(&Audit, &World)>,
    persons: &Persons,
    folder: &Folder,
    mut national: Option<LoneFile>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Wrote, RunError> {
    let is_compared = !sides.terms.fields.is_empty();
    let mut details = is_compared.then(|| Details::begin(folder)).transpose()?;
    let (mut found, mut totals, mut balance) = (Found::default(), Totals::default(), Balance::default());
    let mut overview = Overview::default();
    let mut gathered = audit.map(|(audit, _)| audit.begin());
    let is_national = national.is_some();
    watch.begin(Stage::Reconcile, Some(sides.loaded.rows.len() as u64));
    let mut ranges = fold::chunks(&sides.loaded.persons);
    if ranges.is_empty() {
        ranges.push(0..0);
    }
    let encoder = details.as_ref().map(|details| details.file.encoder());
    let work = |(number, range): (usize, &Range<usize>)| {
        check(cancel)?;
        let ends = (number == 0, number + 1 == ranges.len());
        let mut auditor = audit.map(|(audit, world)| Auditor::new(audit, world));
        let mut inquest = Inquest::new(&sides.loaded.rules.pack);
        let chunk = sides.chunk(range.clone(), ends, is_national, auditor.as_mut(), &mut Desk::default(), &mut inquest);
        let gathered = auditor.map(|auditor| auditor.gathered);
        Ok(Encoded { gathered, ..encode(chunk, sides, persons, encoder.as_ref())? })
    };
    in_order(ranges.iter().enumerate(), rayon::current_num_threads(), work, |chunk: Result<Encoded, RunError>| {
        let chunk = chunk?;
        if let Some(details) = &mut details {
            if let Some(group) = chunk.group {
                details.file.append(group).map_err(parquet_failed)?;
            }
            details.differences.append(&chunk.differences)?;
        }
        if let Some(national) = &mut national {
            national.put(&chunk.national)?;
        }
        if let (Some(all), Some(later)) = (&mut gathered, chunk.gathered) {
            all.merge(later);
        }
        let sum = |error| TotalsError::Sum { path: folder.path("totals.parquet"), error };
        totals.add(chunk.summands).map_err(sum)?;
        found.merge(chunk.found);
        overview.merge(chunk.overview);
        balance.merge(&chunk.balance);
        watch.advance(chunk.rows);
        Ok::<(), RunError>(())
    })?;
    let outputs = details.map(Details::finish).transpose()?.unwrap_or_default();
    overview.keep_the_largest();
    Ok(Wrote { found, outputs, totals, balance, overview, national, gathered })
}

fn encode(chunk: Chunk, sides: &Sides, persons: &Persons, encoder: Option<&Encoder>) -> Result<Encoded, RunError> {
    let vocab = &sides.loaded.rules.book.vocab;
    let mut found = Found::default();
    let mut writer = lines::writer();
    for line in &chunk.lines {
        line.count(&mut found, &sides.terms, vocab);
        if line.outcome != Outcome::Agrees {
            line.write_csv(vocab, persons, &mut writer);
        }
    }
    let batch = (!chunk.lines.is_empty()).then(|| details::batch(&chunk.lines, vocab));
    let group = encoder.zip(batch).map(|(encoder, batch)| encoder.encode(&batch)).transpose();
    Ok(Encoded {
        group: group.map_err(parquet_failed)?,
        differences: lines::written(writer),
        national: chunk.national,
        summands: Summands::of(&chunk.lines),
        overview: overview::of(&chunk.lines, &sides.terms, vocab),
        found,
        balance: chunk.balance,
        gathered: None,
        rows: chunk.rows,
    })
}

/// The totals were summed by polars, the details by the loop that wrote them, the balance by the fold.
pub(super) fn check_totals(totals: &Totals, found: &Found, terms: &Terms, balance: &Balance) {
    let measure = reconciled::COMPARED[measured(terms.fields)];
    for (column, name) in reconciled::TOTALLED.into_iter().enumerate() {
        let (computed, paid) = totals.sum(column);
        if let Some(index) = crate::report::balance::money_column(name)
            && name != "fund_pay_sumamt"
        {
            assert_eq!(computed, balance.money_sum(index), "computed {name} in the totals and in the fold");
        }
        if name == measure {
            let of_details: i128 = found.by_code.iter().map(|tally| tally.paid.total_fen).sum();
            assert_eq!(paid, of_details, "paid {name} in the totals and in the details");
        }
    }
}

pub(super) fn write_totals(
    totals: &Totals,
    folder: &Folder,
    terms: &Terms,
    has_total: bool,
) -> Result<[Written; 2], RunError> {
    let failed = |error| RunError::Parquet { file: "totals.parquet", error };
    let mut file = RowGroups::begin(folder.create("totals.parquet")?, reconciled::totals()).map_err(failed)?;
    file.put(&totals.batch(terms.fields, has_total)).map_err(failed)?;
    let file: OutputFile = file.finish().map_err(failed)?;
    let mut lines = Lines::begin(folder.create("totals.csv")?, &reconciled::total_names())?;
    for line in totals.lines(terms.fields, has_total) {
        lines.put(&line)?;
    }
    Ok([file.finish()?, lines.finish()?])
}
