//! A finished run against what was paid, on one page: the run's inputs read and folded again, compared settlement by
//! settlement, every difference asked for its cause, and written down.
//!
//! ```text
//! OUT/manifest.json ──digests──► inputs ──load, fold──► computed ──┐
//! claims' paid columns, or --paid ──read──► by setl_id ────────────┴──compare, name causes──► reconciliation.parquet
//!                                                                     └──summed by polars──► totals
//! ```
//!
//! An audit rides on the same pass: its checks see every person with what was computed, paid and named as a cause.

mod findings;
mod reports;
mod side;
mod view;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use hashbrown::HashSet;
use serde_json::{Value, json};

pub(super) use self::findings::read_thresholds;
use self::side::Sides;
use self::write::{Wrote, check_totals, write_totals};
use super::archived::Archived;
use super::explain::EarlierRun;
use super::load::{self, Loaded};
use super::manifest::engine;
use super::{RunError, RunPlan, Stage, Watch, check};
use crate::audit::details::Terms;
use crate::audit::findings::Audit;
use crate::audit::findings::thresholds::Limits;
use crate::audit::findings::view::World;
use crate::audit::paid_side::PaidSide;
use crate::audit::totals;
use crate::columnar::reconciled::{FIELDS, FieldSet};
use crate::diagnostic::Lang;
use crate::ingest::paid::{PaidRows, read_own, read_paid};
use crate::ingest::{self, InputFile, InputPath, ReadOptions};
use crate::model::money::Fen;
use crate::publish::{Folder, LoneFile, Staging, Written, file_to_json};
use crate::report::audit_page::Looked;
use crate::report::balance::Tally;
use crate::report::findings::FindingsReport;
use crate::report::privacy::Persons;
use crate::report::reconciled::{ReconcileReport, measured};

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

/// What an audit said.
pub struct Audited {
    /// The reconciliation; `None` where nobody says what was paid.
    pub reconciled: Option<ReconcileReport>,
    /// The findings.
    pub findings: FindingsReport,
}

/// Compares a finished run with what was paid and publishes the outputs, all at once or not at all.
///
/// # Errors
/// The run's inputs are not what they were, the paid side cannot be used, or see [`RunError`].
///
/// # Panics
/// If the sums of what is written and of what was counted differ: then the program is wrong.
pub fn reconcile(plan: &ReconcilePlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<ReconcileReport, RunError> {
    let held = sit(plan, None, watch, cancel)?;
    Ok(held.reconciled.expect("without anything paid a reconciliation fails"))
}

/// Reconciles, and looks for findings with the thresholds of a file.
///
/// # Errors
/// As [`reconcile`]; the file cannot be used. That nothing was paid is none.
///
/// # Panics
/// As [`reconcile`].
pub fn audit(
    plan: &ReconcilePlan,
    config: Option<&Path>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Audited, RunError> {
    let held = sit(plan, Some(read_thresholds(config)?), watch, cancel)?;
    Ok(Audited { reconciled: held.reconciled, findings: held.findings.expect("an audit has findings, if only none") })
}

fn sit(
    plan: &ReconcilePlan,
    limits: Option<Vec<Limits>>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<Held, RunError> {
    let staging = Staging::begin(&plan.out, plan.overwrite)?;
    let national = plan.write_3202.as_deref().map(|path| LoneFile::begin(path, plan.overwrite)).transpose()?;
    let earlier = EarlierRun::read(&plan.run)?;
    let ledger = earlier.ledger()?;
    let archived = ledger.as_ref().map(|(ledger, night)| Archived::restore(ledger, *night, *night)).transpose()?;
    let inputs = archived.as_ref().map_or(&earlier.inputs, |archived| &archived.inputs);
    let night = archived.as_ref().map(Archived::night_input).transpose()?;
    let with_visits = night.is_some() || national.is_some();
    let loaded = load::load_with(inputs, None, night, with_visits, plan.memory, watch, cancel)?;
    earlier.compare(&loaded)?;
    let sitting = Sitting {
        loaded: &loaded,
        adjudicated: plan.run.join("adjudicated.parquet"),
        paid: &plan.paid,
        tolerance: plan.tolerance,
        limits,
        persons: &plan.persons,
        lang: plan.lang,
        of_run: plan.run.display().to_string(),
        out: plan.out.display().to_string(),
    };
    let (held, national) = sitting.hold(&staging.root(), national, watch, cancel)?;
    check(cancel)?;
    staging.publish()?;
    national.map(LoneFile::publish).transpose()?;
    Ok(held)
}

/// Audits a run that is still in memory, and writes what an audit of its output folder would write.
///
/// # Errors
/// What the claims run into when they are read again; what [`RunError`] says of writing.
pub(super) fn audit_in_memory(
    loaded: &Loaded,
    plan: &RunPlan,
    limits: Vec<Limits>,
    adjudicated: PathBuf,
    folder: &Folder,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Audited, Vec<Written>), RunError> {
    let of_run = plan.out.as_deref().unwrap_or_else(|| Path::new("."));
    let sitting = Sitting {
        loaded,
        adjudicated,
        paid: &[],
        tolerance: [Fen::ZERO; FIELDS],
        limits: Some(limits),
        persons: &plan.persons,
        lang: plan.lang,
        of_run: of_run.display().to_string(),
        out: of_run.join("audit").display().to_string(),
    };
    let (held, _) = sitting.hold(folder, None, watch, cancel)?;
    let findings = held.findings.expect("an audit has findings, if only none");
    Ok((Audited { reconciled: held.reconciled, findings }, held.outputs))
}

/// A run in memory, beside what was paid.
struct Sitting<'a> {
    loaded: &'a Loaded,
    /// What the run wrote.
    adjudicated: PathBuf,
    /// Files that say what was paid; none: the claims' own columns.
    paid: &'a [PathBuf],
    tolerance: [Fen; FIELDS],
    /// The thresholds of an audit; `None`: only reconciled.
    limits: Option<Vec<Limits>>,
    persons: &'a Persons,
    lang: Lang,
    of_run: String,
    out: String,
}

/// What came out of it.
struct Held {
    reconciled: Option<ReconcileReport>,
    findings: Option<FindingsReport>,
    outputs: Vec<Written>,
}

impl Sitting<'_> {
    /// Compares, names causes, looks for findings, and writes.
    fn hold(
        mut self,
        folder: &Folder,
        national: Option<LoneFile>,
        watch: &dyn Watch,
        cancel: &AtomicBool,
    ) -> Result<(Held, Option<LoneFile>), RunError> {
        let loaded = self.loaded;
        let replaced = side::replaced(loaded);
        let options = ReadOptions { cancel: Some(cancel), ..ReadOptions::default() };
        let Paid { side, own, unpaid, terms } = read_sides(&self, &replaced, &options)?;
        let paid = Tally {
            rows: side.rows.rows.len() as u64,
            total_fen: side.rows.rows.iter().map(|row| i128::from(row.amounts[measured(terms.fields)].0)).sum(),
        };
        let has_total = side.rows.rows.iter().any(|row| row.total.is_some());
        let sides = Sides::new(loaded, side, own, replaced, terms);
        check(cancel)?;
        let repeated = sides.repeated();
        let world = World {
            words: loaded.words(),
            institutions: loaded.institutions.as_ref(),
            rows: &loaded.rows,
            persons: &loaded.persons,
            repeated: &repeated,
            tolerance: terms.tolerance,
            paid: terms.fields,
        };
        let audit = self.limits.take().map(|limits| Audit::new(limits, sides.has()));
        let looking = audit.as_ref().map(|audit| (audit, &world));
        let Wrote { found, mut outputs, totals, balance, overview, national, gathered } =
            write::write(&sides, looking, self.persons, folder, national, watch, cancel)?;
        // What was folded now must be what the run wrote.
        watch.begin(Stage::Verify, None);
        totals::verify(&self.adjudicated, &balance)?;
        let run = sides.rows_of_run();
        let reconciled = if terms.fields.is_empty() {
            None
        } else {
            check_totals(&totals, &found, &terms, &balance);
            outputs.extend(write_totals(&totals, folder, &terms, has_total)?);
            let report = self.report(&sides, found, run, paid, unpaid);
            assert!(report.is_balanced(), "every row of both sides has one result: {:?}", report.found.by_code);
            Some(report)
        };
        let mut inputs = self.inputs(&sides);
        self.persons.note(inputs.as_object_mut().expect("an object"));
        let looked = audit.as_ref().zip(gathered).map(|(audit, gathered)| {
            let found = audit.finish(gathered, &world);
            let report = audit.report(&found);
            (found, report)
        });
        let write_report = |reconciled: Option<&ReconcileReport>| {
            watch.begin(Stage::Report, None);
            let reconciled = reconciled.map(|report| reports::Reconciled {
                report,
                overview: &overview,
                totals: &totals,
                has_total,
            });
            let material = reports::Material {
                persons: self.persons,
                lang: self.lang,
                of_run: &self.of_run,
                run,
                has_paid_files: !self.paid.is_empty(),
                sides: &sides,
                reconciled,
                looked: looked.as_ref().map(|(findings, report)| Looked { findings, report }),
            };
            reports::write(&material, folder)
        };
        if let Some((found, report)) = &looked {
            let own_report = if reconciled.is_none() { Some(write_report(None)?) } else { None };
            let own_report = own_report.as_ref().map(|files| &files[..]);
            findings::write(found, report, &inputs, own_report, self.persons, folder, &mut outputs)?;
        }
        if let Some(report) = &reconciled {
            assert!(
                overview.is_closed() && overview.paid == report.paid.total_fen,
                "from computed to paid: {:?}",
                overview.steps
            );
            outputs.extend(write_report(Some(report))?);
            let checks = looked.as_ref().map(|(_, report)| report);
            let manifest = manifest(report, checks, inputs, &outputs);
            outputs.push(folder.write("reconcile.json", manifest.as_bytes())?);
        }
        Ok((Held { reconciled, findings: looked.map(|(_, report)| report), outputs }, national))
    }

    fn report(
        &self,
        sides: &Sides,
        found: crate::report::reconciled::Found,
        run: Tally,
        paid: Tally,
        unpaid: u64,
    ) -> ReconcileReport {
        let paid_rows = &sides.paid.rows;
        ReconcileReport {
            found,
            run,
            run_without_number: run.rows - sides.numbered,
            run_rejected_total: self.loaded.rejected.total_fen,
            paid,
            paid_without_number: paid_rows.without_number,
            unpaid,
            paid_files: if self.paid.is_empty() { Vec::new() } else { shown(&paid_rows.files) },
            fields: sides.terms.fields,
            tolerance: sides.terms.tolerance,
            of_run: self.of_run.clone(),
            out: self.out.clone(),
        }
    }

    /// Digests of everything that was read.
    fn inputs(&self, sides: &Sides) -> Value {
        let file = |file: &InputFile| file_to_json(&file.shown, file.bytes, &file.sha256);
        let list = |files: &[InputFile]| files.iter().map(file).collect::<Vec<Value>>();
        let mut inputs = json!({"engine": engine()});
        inputs["rules_sha256"] = json!(self.loaded.rules.sha256);
        inputs["claims"] = json!(list(self.loaded.claims_files()));
        let is_own = self.paid.is_empty();
        inputs["paid_files"] = if is_own { Value::Null } else { json!(list(&sides.paid.rows.files)) };
        inputs
    }
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

fn read_sides(sitting: &Sitting, replaced: &HashSet<(u32, u32)>, options: &ReadOptions) -> Result<Paid, RunError> {
    let path = |file: &InputFile| InputPath { path: file.path.clone(), shown: file.shown.clone(), format: file.format };
    let claims: Vec<InputPath> = sitting.loaded.files.iter().map(path).collect();
    let from_files = !sitting.paid.is_empty();
    let is_audit = sitting.limits.is_some();
    let mut own = read_own(&claims, !from_files, is_audit, options)?;
    let mut unpaid = 0;
    let (rows, own) = if from_files {
        (read_paid(&ingest::expand(sitting.paid)?, options)?, Some(own))
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
    // An audit looks at claims of which nobody says what was paid, too.
    if fields.is_empty() && (from_files || !is_audit) {
        return Err(RunError::NothingPaid { from_files });
    }
    let terms = Terms { fields, tolerance: sitting.tolerance };
    Ok(Paid { side: PaidSide::new(rows), own, unpaid, terms })
}

/// `reconcile.json`: no clock, no speed.
fn manifest(
    report: &ReconcileReport,
    findings: Option<&FindingsReport>,
    mut whole: Value,
    outputs: &[Written],
) -> String {
    whole["reconciliation"] = report.to_json();
    if let Some(findings) = findings {
        whole["checks"] = findings.to_json();
    }
    // The folder it is published to is no part of what was found.
    whole["outputs"] = outputs.iter().map(Written::to_json).collect();
    format!("{whole:#}\n")
}
