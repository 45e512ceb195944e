//! `tongchou compare packs` and `tongchou compare sweep`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::OutputArgs;
use crate::cli::{Exit, ReferenceArgs};
use crate::pipeline::compare::packs::{PacksPlan, packs};
use crate::pipeline::compare::sweep::{SweepPlan, sweep};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written, 2 failed and nothing was written.")]
pub(in crate::cli) struct PacksArgs {
    /// Folder of the base pack
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// Folder of the new pack; may be left out where --set says what is new
    #[arg(value_name = "NEW", required_unless_present = "set")]
    new: Option<PathBuf>,
    /// A cell of the new pack, such as benefits:r123.deductible_1=500; may be given several times
    #[arg(long, value_name = "TABLE:RULE_ID.COLUMN=VALUE")]
    set: Vec<String>,
    /// Claims: files, folders or patterns; CSV, TSV and Parquet mix
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    how: OutputArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written, 2 failed and nothing was written.")]
pub(in crate::cli) struct SweepArgs {
    /// Folder of the rule pack
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,
    /// The cell that is stepped, such as benefits:r123.deductible_1: an amount, a rate or a whole number
    #[arg(long, value_name = "TABLE:RULE_ID.COLUMN")]
    set: String,
    /// First value
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    from: String,
    /// Last value
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    to: String,
    /// Number of values, both ends included
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u32).range(2..=1000))]
    steps: u32,
    /// Claims: files, folders or patterns; CSV, TSV and Parquet mix
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    how: OutputArgs,
}

pub(super) fn run(args: &PacksArgs, cancel: &AtomicBool) -> Exit {
    args.how.run(&args.out, |output, progress| {
        let plan = PacksPlan {
            inputs: args.reference.inputs(args.base.clone(), args.claims.clone()),
            new: args.new.clone(),
            set: args.set.clone(),
            output,
        };
        packs(&plan, progress, cancel)
    })
}

pub(super) fn sweep_along(args: &SweepArgs, cancel: &AtomicBool) -> Exit {
    args.how.run(&args.out, |output, progress| {
        let plan = SweepPlan {
            inputs: args.reference.inputs(args.rules.clone(), args.claims.clone()),
            cell: args.set.clone(),
            from: args.from.clone(),
            to: args.to.clone(),
            steps: args.steps,
            output,
        };
        sweep(&plan, progress, cancel)
    })
}
