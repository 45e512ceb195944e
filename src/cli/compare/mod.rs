//! `tongchou compare observed|regions|packs|sweep`

mod explain;
mod packs;
mod regions;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};

use super::persons::PersonsArgs;
use super::progress::Progress;
use super::work::{MemoryArgs, WorkArgs};
use super::{CommonArgs, Exit, fail};
use crate::pipeline::RunError;
use crate::pipeline::compare::Output;
use crate::pipeline::compare::observed::observed;
use crate::report::compared::ComparedReport;

#[derive(Debug, Subcommand)]
pub(super) enum CompareCommand {
    /// Tell a finished run as it is: by pool, class, level and place, flows, months, beside the national figures
    Observed(ObservedArgs),
    /// Put the same claims, and a basket of standard cases, under the rules of every pool
    Regions(regions::RegionsArgs),
    /// Put the same claims under two packs: what every fund pays, who wins and who loses, and why
    Packs(packs::PacksArgs),
    /// Step a value of the pack from one number to another: what funds and persons pay along the way
    Sweep(packs::SweepArgs),
}

/// Where outputs go, and how the command works.
#[derive(Debug, Args)]
struct OutputArgs {
    /// Replace the outputs whole, in one step
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

impl OutputArgs {
    /// Does the work, with its outputs in `out`, and shows what came of it.
    fn run(&self, out: &Path, work: impl FnOnce(Output, &Progress) -> Result<ComparedReport, RunError> + Send) -> Exit {
        let output = self.shown.persons().map(|shown| Output {
            out: out.to_owned(),
            overwrite: self.overwrite,
            memory: self.memory.bytes(),
            shown,
            lang: self.common.lang(),
        });
        match output.and_then(|output| self.work.run(self.common.lang(), |progress| work(output, progress))) {
            Err(error) => fail(&error, self.common.lang()),
            Ok(report) => {
                self.work.show(&self.common, |lang| report.render(lang), || report.to_json());
                Exit::Success
            }
        }
    }
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written, 2 failed and nothing was written.")]
pub(super) struct ObservedArgs {
    /// Output folder of a finished run, or a night of a ledger
    #[arg(long, value_name = "OUT")]
    run: PathBuf,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    how: OutputArgs,
}

pub(super) fn compare(command: &CompareCommand, cancel: &AtomicBool) -> Exit {
    match command {
        CompareCommand::Observed(args) => {
            args.how.run(&args.out, |output, progress| observed(&args.run, &output, progress, cancel))
        }
        CompareCommand::Regions(args) => regions::run(args, cancel),
        CompareCommand::Packs(args) => packs::run(args, cancel),
        CompareCommand::Sweep(args) => packs::sweep_along(args, cancel),
    }
}
