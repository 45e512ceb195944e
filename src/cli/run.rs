//! `tongchou run`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;

use super::work::{MemoryArgs, WorkArgs};
use super::{CommonArgs, Exit, ReferenceArgs, fail};
use crate::model::date::Date;
use crate::model::outcome::Status;
use crate::pipeline::night::NightPlan;
use crate::pipeline::{self, ReferencePaths, RunPlan};
use crate::report::summary::{self, RunReport};

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
    /// Replace the output folder whole, in one step
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) fn run(args: &RunArgs, cancel: &AtomicBool) -> Exit {
    let started = Instant::now();
    let lang = args.common.lang();
    let plan = RunPlan {
        inputs: args.reference.inputs(args.rules.clone(), args.claims.clone()),
        out: args.out.clone(),
        night: args.ledger.clone().map(|ledger| NightPlan { ledger, date: args.night }),
        overwrite: args.overwrite,
        lang,
        memory: args.memory.bytes(),
    };
    let (summary, night) = match args.work.run(lang, |progress| pipeline::run(&plan, progress, cancel)) {
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
        peak_memory_bytes: peak_memory(),
    };
    args.work.show(&args.common, |lang| summary::render(&report, lang), || summary::to_json(&report));
    let unfinished = summary.balance.of(Status::Pended).rows + summary.balance.of(Status::Rejected).rows;
    if unfinished > 0 { Exit::Attention } else { Exit::Success }
}

/// The most memory this process has had resident, in bytes; `None` where it cannot be told.
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
