//! `tongchou compare regions`

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::{Value, json};

use super::OutputArgs;
use crate::cli::progress::{Progress, ProgressMode};
use crate::cli::{Exit, ReferenceArgs, fail};
use crate::diagnostic::Lang;
use crate::pipeline::compare::basket::{ExplainedCase, explain_case};
use crate::pipeline::compare::regions::{RegionsPlan, regions};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 written or explained, 2 failed and nothing was written.")]
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
    /// Show how a case of the basket is computed in one pool, step by step, and write nothing
    #[arg(long, value_name = "CASE", requires_all = ["basket", "pool"], conflicts_with_all = ["claims", "out"])]
    explain: Option<String>,
    /// The pool of --explain: a code, or a name of places.csv
    #[arg(long, value_name = "CODE|NAME", requires = "explain")]
    pool: Option<String>,
    #[command(flatten)]
    how: OutputArgs,
}

pub(super) fn run(args: &RegionsArgs, cancel: &AtomicBool) -> Exit {
    let lang = args.how.common.lang();
    if let (Some(case), Some(pool), Some(basket)) = (&args.explain, &args.pool, &args.basket) {
        let quiet = Progress::new(ProgressMode::None, true, lang);
        return match explain_case(&args.rules, basket, case, pool, &quiet, cancel) {
            Err(error) => fail(&error, lang),
            Ok(explained) => {
                args.how.common.show(|lang| render(&explained, lang), || to_json(&explained, lang));
                Exit::Success
            }
        };
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

fn render(explained: &ExplainedCase, lang: Lang) -> String {
    let case = explained.case();
    let mut text = format!("{}  {}\n  {}\n", case.case_id, case.title.get(lang), case.note.get(lang));
    for explanation in explained.explanations() {
        text += &format!("\n{}", explanation.render(lang));
    }
    text
}

fn to_json(explained: &ExplainedCase, lang: Lang) -> Value {
    let case = explained.case();
    let settlements: Vec<Value> = explained.explanations().map(|one| one.to_json(lang)).collect();
    json!({"case_id": case.case_id, "title": case.title.get(lang), "settlements": settlements})
}
