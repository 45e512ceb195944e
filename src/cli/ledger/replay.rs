//! `tongchou ledger replay`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::super::persons::PersonsArgs;
use super::super::run::{machine_memory, parse_size};
use super::super::terminal::{self, Progress, ProgressMode};
use super::super::{CommonArgs, Exit, ReferenceArgs, fail, parse_day};
use crate::pipeline::replay::{From, ReplayPlan, replay};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "The ledger is not touched. Exit status: 0 nothing differs, 1 something does, 2 the replay failed and nothing was written."
)]
pub(in crate::cli) struct ReplayArgs {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR")]
    ledger: PathBuf,
    /// The first night to adjudicate again: its number, or a day (the first night of that day or later)
    #[arg(long, value_name = "NIGHT|DATE", value_parser = parse_from)]
    from: From,
    /// Other rules than those of the last night
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the output folder whole, in one step
    #[arg(long)]
    overwrite: bool,
    /// Most memory that rows may take, such as 8GiB; three quarters of the machine by default
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressMode,
    #[command(flatten)]
    shown: PersonsArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// `12` or `2026-01-31`.
fn parse_from(text: &str) -> Result<From, String> {
    if let Ok(night) = text.parse() {
        return Ok(From::Night(night));
    }
    parse_day(text).map(From::Day).map_err(|_| format!("`{text}` is neither a night nor a day: write 12 or yyyy-MM-dd"))
}

pub(in crate::cli) fn run(args: &ReplayArgs, cancel: &AtomicBool) -> Exit {
    let lang = args.common.lang();
    let inputs = args.reference.inputs(PathBuf::new(), Vec::new());
    let persons = match args.shown.persons() {
        Ok(persons) => persons,
        Err(error) => return fail(&error, lang),
    };
    let plan = ReplayPlan {
        ledger: args.ledger.clone(),
        from: args.from,
        rules: args.rules.clone(),
        reference: inputs.reference,
        out: args.out.clone(),
        overwrite: args.overwrite,
        lang,
        memory: args.memory.unwrap_or_else(|| machine_memory() / 4 * 3),
        persons,
    };
    let progress = Progress::new(args.progress, false, lang);
    let result = replay(&plan, &progress, cancel);
    progress.finish();
    match result {
        Err(error) => fail(&error, lang),
        Ok((_, report)) => {
            if args.common.json {
                terminal::print(&format!("{:#}\n", report.to_json()));
            } else {
                terminal::print(&report.render(lang));
            }
            if report.delta.changed > 0 { Exit::Attention } else { Exit::Success }
        }
    }
}
