//! `tongchou ledger replay`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::super::persons::PersonsArgs;
use super::super::work::{MemoryArgs, WorkArgs};
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
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    memory: MemoryArgs,
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
        memory: args.memory.bytes(),
        persons,
    };
    match args.work.run(lang, |progress| replay(&plan, progress, cancel)) {
        Err(error) => fail(&error, lang),
        Ok((_, report)) => {
            args.work.show(&args.common, |lang| report.render(lang), || report.to_json());
            if report.delta.changed > 0 { Exit::Attention } else { Exit::Success }
        }
    }
}
