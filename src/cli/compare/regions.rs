//! `tongchou compare regions`

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::{OutputArgs, explain};
use crate::cli::{Exit, ReferenceArgs};
use crate::pipeline::compare::regions::{RegionsPlan, regions};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 written or explained, 1 the row to explain was rejected, 2 failed and nothing was written."
)]
pub(in crate::cli) struct RegionsArgs {
    /// Folder of the rule pack
    #[arg(long, value_name = "DIR")]
    rules: PathBuf,
    /// Claims: files, folders or patterns; CSV, TSV and Parquet mix
    #[arg(long, value_name = "PATH", required_unless_present = "basket", num_args = 1..)]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reference: ReferenceArgs,
    /// Folder of standard cases to price: cases.csv and claims.csv
    #[arg(long, value_name = "DIR")]
    basket: Option<PathBuf>,
    /// Pools whose rules are asked, by code or name; every pool that the pack names by default
    #[arg(long, value_name = "CODE|NAME", num_args = 1.., value_delimiter = ',')]
    pools: Vec<String>,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR", required_unless_present = "explain")]
    out: Option<PathBuf>,
    /// Show how a case of the basket, or a settlement of the claims, is computed in one pool, and write nothing
    #[arg(long, value_name = "CASE|SETL_ID", requires = "pool", conflicts_with = "out")]
    explain: Option<String>,
    /// The pool of --explain: a code, or a name of places.csv
    #[arg(long, value_name = "CODE|NAME", requires = "explain")]
    pool: Option<String>,
    #[command(flatten)]
    how: OutputArgs,
}

pub(super) fn run(args: &RegionsArgs, cancel: &AtomicBool) -> Exit {
    if let (Some(what), Some(pool)) = (&args.explain, &args.pool) {
        let inputs = args.reference.inputs(args.rules.clone(), args.claims.clone());
        return explain::run(&inputs, args.basket.as_deref(), what, pool, &args.how, cancel);
    }
    args.how.run(args.out.as_deref().unwrap_or(Path::new("")), |output, progress| {
        let plan = RegionsPlan {
            inputs: args.reference.inputs(args.rules.clone(), args.claims.clone()),
            basket: args.basket.clone(),
            pools: args.pools.clone(),
            output,
        };
        regions(&plan, progress, cancel)
    })
}
