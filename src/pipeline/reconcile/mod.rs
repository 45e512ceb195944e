//! A finished run against what was paid, on one page: the run's inputs read and folded again, compared settlement by
//! settlement, every difference asked for its cause, and written down.
//!
//! ```text
//! OUT/manifest.json ──digests──► inputs ──load, fold──► computed ──┐
//! claims' paid columns, or --paid ──read──► by setl_id ────────────┴──compare, name causes──► reconciliation.parquet
//!                                                                     └──summed by polars──► totals
//! ```

mod reports;
mod side;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use hashbrown::HashSet;
use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::errors::ParquetError;
use rayon::prelude::*;
use serde_json::{Value, json};

use self::side::{Chunk, Sides};
use super::archived::Archived;
use super::explain::EarlierRun;
use super::load::{self, Loaded};
use super::{RunError, Stage, Watch, check};
use crate::audit::cause::Inquest;
use crate::audit::details::{self, Terms};
use crate::audit::overview;
use crate::audit::paid_side::PaidSide;
use crate::audit::reconciled_totals::{Summands, Totals};
use crate::audit::totals::{self, TotalsError};
use crate::columnar::reconciled::{self, FIELDS, FieldSet};
use crate::columnar::row_groups::{Encoder, RowGroups};
use crate::diagnostic::Lang;
use crate::ingest::paid::{PaidRows, read_own, read_paid};
use crate::ingest::{self, InputFile, InputPath, ReadOptions};
use crate::ledger::fold;
use crate::ledger::person::Desk;
use crate::ledger::store::{Access, Ledger, LedgerError};
use crate::model::money::Fen;
use crate::publish::{LoneFile, OutputFile, Staging, Written};
use crate::report::balance::{Balance, Tally};
use crate::report::overview::{Audited, Overview};
use crate::report::privacy::Persons;
use crate::report::reconciled::{Found, Outcome, ReconcileReport, measured};

/// A reconciliation as it was meant.
#[derive(Clone, Debug)]
pub struct ReconcilePlan {
    /// Output folder of the run, or a night of a ledger.
    pub run: PathBuf,
    /// Files that say what was paid; none: the claims' own columns.
    pub paid: Vec<PathBuf>,
    /// Where the outputs go.
    pub out: PathBuf,
    /// What each field may be off by.
    pub tolerance: [Fen; FIELDS],
    /// Replace what stands there.
    pub overwrite: bool,
    /// Write the computed side as the national 3202 text, too.
    pub write_3202: Option<PathBuf>,
    /// Most bytes that rows may take in memory.
    pub memory: u64,
    /// How person numbers are shown in what people read.
    pub persons: Persons,
    /// The language in which reports open.
    pub lang: Lang,
}

/// Compares a finished run with what was paid and publishes the outputs, all at once or not at all.
///
/// # Errors
/// The run's inputs are not what they were, the paid side cannot be used, or see [`RunError`].
pub fn reconcile(plan: &ReconcilePlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<ReconcileReport, RunError> {
    let staging = Staging::begin(&plan.out, plan.overwrite)?;
    let national = plan.write_3202.as_deref().map(|path| LoneFile::begin(path, plan.overwrite)).transpose()?;
    let earlier = EarlierRun::read(&plan.run)?;
    let ledger = earlier.night.as_ref();
    let ledger = ledger.map(|(folder, night)| Ok::<_, LedgerError>((Ledger::open(folder, Access::Read)?, *night)));
    let ledger = ledger.transpose()?;
    let archived = ledger.as_ref().map(|(ledger, night)| Archived::restore(ledger, *night, *night)).transpose()?;
    let inputs = archived.as_ref().map_or(&earlier.inputs, |archived| &archived.inputs);
    let night = archived.as_ref().map(Archived::night_input).transpose()?;
    let with_visits = night.is_some() || national.is_some();
    let loaded = load::load_with(inputs, None, night, with_visits, plan.memory, watch, cancel)?;
    earlier.compare(&loaded)?;
    let replaced = side::replaced(&loaded);
    let options = ReadOptions { person: None, progress: None, cancel: Some(cancel) };
    let Paid { side, own, unpaid, terms } = read_sides(plan, &loaded, &replaced, &options)?;
    let paid_tally = tally(&side.rows, measured(terms.fields));
    let has_total = side.rows.rows.iter().any(|row| row.total.is_some());
    let sides = Sides::new(&loaded, side, own, replaced, terms);
    check(cancel)?;
    let Wrote { found, mut outputs, totals, balance, overview, national } =
        write(&sides, plan, &staging, national, watch, cancel)?;
    // What was folded now must be what the run wrote.
    watch.begin(Stage::Verify, None);
    totals::verify(&plan.run.join("adjudicated.parquet"), &balance)?;
    check_totals(&totals, &found, &terms, &balance);
    outputs.extend(write_totals(&totals, &staging, &terms, has_total)?);
    let (numbered, replaced) = sides.rows_of_run();
    let run =
        Tally { rows: loaded.rows_in.rows - replaced.rows, total_fen: loaded.rows_in.total_fen - replaced.total_fen };
    let paid_rows = &sides.paid.rows;
    let report = ReconcileReport {
        found,
        run,
        run_without_number: run.rows - numbered,
        run_rejected_total: loaded.rejected.total_fen,
        paid: paid_tally,
        paid_without_number: paid_rows.without_number,
        unpaid,
        paid_files: if plan.paid.is_empty() { Vec::new() } else { shown(&paid_rows.files) },
        fields: terms.fields,
        tolerance: terms.tolerance,
        of_run: plan.run.display().to_string(),
        out: plan.out.display().to_string(),
    };
    assert!(report.is_balanced(), "every row of both sides has one result: {:?}", report.found.by_code);
    assert!(
        overview.is_closed() && overview.paid == report.paid.total_fen,
        "from computed to paid: {:?}",
        overview.steps
    );
    watch.begin(Stage::Report, None);
    let audited = Audited::default();
    let material = reports::Material {
        plan,
        report: &report,
        sides: &sides,
        overview: &overview,
        totals: &totals,
        has_total,
        audited: &audited,
    };
    outputs.extend(reports::write(&material, &staging)?);
    let mut file = staging.create("reconcile.json")?;
    file.put(manifest(&report, plan, &loaded, &paid_rows.files, &outputs).as_bytes())?;
    file.finish()?;
    check(cancel)?;
    staging.publish()?;
    national.map(LoneFile::publish).transpose()?;
    Ok(report)
}

/// Rows of the paid side, and the sum of a field.
fn tally(paid: &PaidRows, field: usize) -> Tally {
    let total_fen = paid.rows.iter().map(|row| i128::from(row.amounts[field].0)).sum();
    Tally { rows: paid.rows.len() as u64, total_fen }
}

fn shown(files: &[InputFile]) -> Vec<String> {
    files.iter().map(|file| file.shown.clone()).collect()
}

/// The paid side as it was read.
struct Paid {
    side: PaidSide,
    /// What the claims say of their groups, where the paid side is files of its own.
    own: Option<PaidRows>,
    /// Claims that say nothing of what was paid.
    unpaid: u64,
    terms: Terms,
}

fn read_sides(
    plan: &ReconcilePlan,
    loaded: &Loaded,
    replaced: &HashSet<(u32, u32)>,
    options: &ReadOptions,
) -> Result<Paid, RunError> {
    let path = |file: &InputFile| InputPath { path: file.path.clone(), shown: file.shown.clone(), format: file.format };
    let claims: Vec<InputPath> = loaded.files.iter().map(path).collect();
    let from_files = !plan.paid.is_empty();
    let mut own = read_own(&claims, !from_files, options)?;
    let mut unpaid = 0;
    let (rows, own) = if from_files {
        (read_paid(&ingest::expand(&plan.paid)?, options)?, Some(own))
    } else {
        own.rows.retain(|row| {
            let is_row = !replaced.contains(&(row.file, row.row));
            let is_paid = !row.given.is_empty();
            unpaid += u64::from(is_row && !is_paid);
            is_row && is_paid
        });
        (own, None)
    };
    let fields = rows.rows.iter().fold(FieldSet::NONE, |fields, row| fields.or(row.given));
    if fields.is_empty() {
        return Err(RunError::NothingPaid { from_files });
    }
    let terms = Terms { fields, tolerance: plan.tolerance };
    Ok(Paid { side: PaidSide::new(rows), own, unpaid, terms })
}

/// A chunk on its way into the files.
struct Encoded {
    group: Option<Vec<ArrowColumnChunk>>,
    differences: Vec<u8>,
    national: Vec<u8>,
    summands: Summands,
    overview: Overview,
    found: Found,
    balance: Balance,
    rows: u64,
}

/// What was written.
struct Wrote {
    found: Found,
    outputs: Vec<Written>,
    totals: Totals,
    balance: Balance,
    overview: Overview,
    national: Option<LoneFile>,
}

fn parquet_failed(error: ParquetError) -> RunError {
    RunError::Parquet { file: "reconciliation.parquet", error }
}

/// Writes the details, chunk by chunk, and sums up the totals.
fn write(
    sides: &Sides,
    plan: &ReconcilePlan,
    staging: &Staging,
    mut national: Option<LoneFile>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Wrote, RunError> {
    let mut file =
        RowGroups::begin(staging.create("reconciliation.parquet")?, reconciled::details()).map_err(parquet_failed)?;
    let mut differences = staging.create("differences.csv")?;
    differences.put(csv_line(&reconciled::detail_names()).as_slice())?;
    let (mut found, mut totals, mut balance) = (Found::default(), Totals::default(), Balance::default());
    let mut overview = Overview::default();
    watch.begin(Stage::Reconcile, Some(sides.loaded.rows.len() as u64));
    let mut ranges = fold::chunks(&sides.loaded.persons);
    if ranges.is_empty() {
        ranges.push(0..0);
    }
    let numbered: Vec<(usize, &std::ops::Range<usize>)> = ranges.iter().enumerate().collect();
    for window in numbered.chunks(2 * rayon::current_num_threads()) {
        check(cancel)?;
        let encoder = file.encoder();
        let encoded: Vec<Result<Encoded, RunError>> = window
            .par_iter()
            .map_init(
                || (Desk::default(), Inquest::new(&sides.loaded.rules.pack)),
                |(desk, inquest), &(number, range)| {
                    let is_last = number + 1 == ranges.len();
                    let chunk = sides.chunk(range.clone(), number == 0, is_last, national.is_some(), desk, inquest);
                    encode(chunk, sides, &plan.persons, &encoder)
                },
            )
            .collect();
        for chunk in encoded {
            let chunk = chunk?;
            if let Some(group) = chunk.group {
                file.append(group).map_err(parquet_failed)?;
            }
            differences.put(&chunk.differences)?;
            if let Some(national) = &mut national {
                national.put(&chunk.national)?;
            }
            let sum = |error| TotalsError::Sum { path: staging.path("totals.parquet"), error };
            totals.add(chunk.summands).map_err(sum)?;
            found.merge(chunk.found);
            overview.merge(chunk.overview);
            balance.merge(&chunk.balance);
            watch.advance(chunk.rows);
        }
    }
    let outputs = vec![file.finish().map_err(parquet_failed)?.finish()?, differences.finish()?];
    overview.keep_the_largest();
    Ok(Wrote { found, outputs, totals, balance, overview, national })
}

fn encode(chunk: Chunk, sides: &Sides, persons: &Persons, encoder: &Encoder) -> Result<Encoded, RunError> {
    let vocab = &sides.loaded.rules.book.vocab;
    let mut found = Found::default();
    let mut writer = csv_writer();
    for line in &chunk.lines {
        line.count(&mut found, &sides.terms, vocab);
        if line.outcome != Outcome::Agrees {
            line.write_csv(vocab, persons, &mut writer);
        }
    }
    let group = if chunk.lines.is_empty() {
        None
    } else {
        Some(encoder.encode(&details::batch(&chunk.lines, vocab)).map_err(parquet_failed)?)
    };
    Ok(Encoded {
        group,
        differences: writer.into_inner().expect(INFALLIBLE),
        national: chunk.national,
        summands: Summands::of(&chunk.lines),
        overview: overview::of(&chunk.lines, &sides.terms, vocab),
        found,
        balance: chunk.balance,
        rows: chunk.rows,
    })
}

const INFALLIBLE: &str = "writing to memory does not fail";

fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

fn csv_line(fields: &[String]) -> Vec<u8> {
    let mut writer = csv_writer();
    writer.write_record(fields).expect(INFALLIBLE);
    writer.into_inner().expect(INFALLIBLE)
}

/// The totals were summed by polars, the details by the loop that wrote them, the balance by the fold.
fn check_totals(totals: &Totals, found: &Found, terms: &Terms, balance: &Balance) {
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

fn write_totals(totals: &Totals, staging: &Staging, terms: &Terms, has_total: bool) -> Result<[Written; 2], RunError> {
    let failed = |error| RunError::Parquet { file: "totals.parquet", error };
    let mut file = RowGroups::begin(staging.create("totals.parquet")?, reconciled::totals()).map_err(failed)?;
    if !totals.is_empty() {
        let group = file.encoder().encode(&totals.batch(terms.fields, has_total)).map_err(failed)?;
        file.append(group).map_err(failed)?;
    }
    let file: OutputFile = file.finish().map_err(failed)?;
    let mut lines = staging.create("totals.csv")?;
    lines.put(&csv_line(&reconciled::total_names()))?;
    for line in totals.lines(terms.fields, has_total) {
        lines.put(&csv_line(&line))?;
    }
    Ok([file.finish()?, lines.finish()?])
}

/// `reconcile.json`: no clock, no speed.
fn manifest(
    report: &ReconcileReport,
    plan: &ReconcilePlan,
    loaded: &Loaded,
    paid: &[InputFile],
    outputs: &[Written],
) -> String {
    let file = |file: &InputFile| json!({"file": file.shown, "bytes": file.bytes, "sha256": file.sha256});
    let list = |files: &[InputFile]| files.iter().map(file).collect::<Vec<Value>>();
    let mut whole = json!({"engine": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}});
    whole["rules_sha256"] = json!(loaded.rules.sha256);
    whole["claims"] = json!(list(loaded.claims_files()));
    whole["paid_files"] = if plan.paid.is_empty() { Value::Null } else { json!(list(paid)) };
    plan.persons.note(whole.as_object_mut().expect("an object"));
    whole["reconciliation"] = report.to_json();
    // The folder it is published to is no part of what was found.
    let written = outputs.iter().map(|file| json!({"file": file.name, "bytes": file.bytes, "sha256": file.sha256}));
    whole["outputs"] = written.collect();
    let mut text = serde_json::to_string_pretty(&whole).expect("a manifest is JSON");
    text.push('\n');
    text
}
