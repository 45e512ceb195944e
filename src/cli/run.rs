//! `tongchou run`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;

use super::persons::PersonsArgs;
use super::terminal::{self, Progress, ProgressMode};
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
    /// Threads; all cores by default. The outputs are the same at any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Most memory that rows may take, such as 8GiB; three quarters of the machine by default
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressMode,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
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
        memory: args.memory.unwrap_or_else(|| machine_memory() / 4 * 3),
        persons,
    };
    let progress = Progress::new(args.progress, args.quiet, lang);
    let result = with_threads(args.threads, || pipeline::run(&plan, &progress, cancel));
    progress.finish();
    let (summary, night) = match result {
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
    if args.common.json {
        terminal::print(&format!("{:#}\n", summary::to_json(&report)));
    } else if !args.quiet {
        terminal::print(&summary::render(&report, lang));
    }
    let unfinished = summary.balance.of(Status::Pended).rows + summary.balance.of(Status::Rejected).rows;
    if unfinished > 0 { Exit::Attention } else { Exit::Success }
}

/// Runs `work` on so many threads.
pub(super) fn with_threads<R: Send>(threads: Option<usize>, work: impl FnOnce() -> R + Send) -> R {
    match threads {
        None => work(),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
            pool.expect("threads can be started").install(work)
        }
    }
}

/// Memory of the machine in bytes; 4 GiB where it cannot be told.
pub(super) fn machine_memory() -> u64 {
    let told = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    told.map_or(4 << 30, |kibibytes| kibibytes * 1024)
}

/// The most memory this process has had resident, in bytes; `None` where it cannot be told.
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// `2GiB`, `500MB`, `1048576`.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(format!("`{text}` is not a size: write 2GiB, 500MB or a number of bytes")),
    };
    let number: u64 =
        number.parse().map_err(|_| format!("`{text}` is not a size: write 2GiB, 500MB or a number of bytes"))?;
    number.checked_mul(unit).ok_or_else(|| format!("`{text}` is too large"))
}
