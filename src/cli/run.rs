//! `tongchou run`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;

use super::persons::PersonsArgs;
use super::work::{MemoryArgs, WorkArgs};
use super::{CommonArgs, Exit, ReferenceArgs, audit, fail};
use crate::model::date::Date;
use crate::model::outcome::Status;
use crate::pipeline::night::NightPlan;
use crate::pipeline::{self, ReferencePaths, RunPlan, memory};
use crate::report::summary::{self, Memory, RunReport};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 all rows adjudicated, 1 some pended or rejected, 2 the run failed and nothing was written."
)]
pub(super) struct RunArgs {
    /// Folder of the rule pack
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,
    /// Claims: files, folders or patterns; CSV, TSV and Parquet mix
    #[arg(long, value_name = "PATH", required_unless_present = "ledger", num_args = 1..)]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Where the outputs go: must not exist, or be empty. A night keeps its outputs in the ledger in any case
    #[arg(long, value_name = "DIR", required_unless_present = "ledger")]
    out: Option<PathBuf>,
    /// Ledger of earlier nights: go on from them and add this one. Made on first use
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Day of the night, such as 2026-01-31; by default that of the latest settlement
    #[arg(long, value_name = "DATE", requires = "ledger", value_parser = super::parse_day)]
    night: Option<Date>,
    /// Audit the run as well, into the folder `audit` of the outputs: reconcile with the claims' own paid columns, and look for what should not be
    #[arg(long, conflicts_with = "ledger")]
    audit: bool,
    /// Thresholds of the audit's checks, TOML
    #[arg(long, value_name = "FILE", requires = "audit")]
    config: Option<PathBuf>,
    /// Replace the output folder whole, in one step
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    shown: PersonsArgs,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) fn run(args: &RunArgs, cancel: &AtomicBool) -> Exit {
    let started = Instant::now();
    let lang = args.common.lang();
    let persons = match args.shown.persons() {
        Ok(persons) => persons,
        Err(error) => return fail(&error, lang),
    };
    let plan = RunPlan {
        inputs: args.reference.inputs(args.rules.clone(), args.claims.clone()),
        out: args.out.clone(),
        night: args.ledger.clone().map(|ledger| NightPlan { ledger, date: args.night }),
        overwrite: args.overwrite,
        lang,
        memory: args.memory.bytes(),
        persons,
    };
    let result = args.work.run(lang, |progress| {
        if args.audit {
            let (summary, audited) = pipeline::run_audited(&plan, args.config.as_deref(), progress, cancel)?;
            return Ok((summary, None, Some(audited), 0));
        }
        let (summary, night) = pipeline::run(&plan, progress, cancel)?;
        Ok((summary, night, None, progress.bytes_on_disk()))
    });
    let (summary, night, audited, spilled_bytes) = match result {
        Ok(done) => done,
        Err(error) => return fail(&error, lang),
    };
    let reference = &plan.inputs.reference;
    let gates_off: Vec<&'static str> =
        ReferencePaths::NAMES.into_iter().filter(|name| reference.given(name).is_none()).collect();
    let report = RunReport {
        summary: &summary,
        gates_off: &gates_off,
        night: night.as_ref(),
        out: &plan.out.as_ref().or(args.ledger.as_ref()).map(|folder| folder.display().to_string()).unwrap_or_default(),
        took: started.elapsed(),
        memory: Memory { limit_bytes: plan.memory, peak_bytes: memory::peak(), spilled_bytes },
    };
    let text = |lang| {
        let audited = audited.as_ref().map_or(String::new(), |audited| format!("\n{}", audit::render(audited, lang)));
        summary::render(&report, lang) + &audited
    };
    let value = || {
        let mut value = summary::to_json(&report);
        if let Some(audited) = &audited {
            value["audit"] = audit::to_json(audited);
        }
        value
    };
    args.work.show(&args.common, text, value);
    let unfinished = summary.balance.of(Status::Pended).rows + summary.balance.of(Status::Rejected).rows;
    if unfinished > 0 { Exit::Attention } else { Exit::Success }
}
