//! `tongchou ledger rules`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::{Value, json};

use super::super::work::ThreadArgs;
use super::super::{Exit, fail};
use super::LedgerArgs;
use crate::diagnostic::Lang;
use crate::pipeline::RunError;
use crate::pipeline::rules_changed::{foresee, packs};
use crate::report::rules_changed::{packs_to_json, render_packs};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "The ledger is not touched. Exit status: 0 shown, and no settled day is touched; 1 the pack changes rules on settled days; 2 the ledger or the pack cannot be used."
)]
pub(in crate::cli) struct RulesArgs {
    #[command(flatten)]
    of: LedgerArgs,
    /// A pack that the next night may have: what it changes on days that are settled
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

pub(in crate::cli) fn run(args: &RulesArgs, cancel: &AtomicBool) -> Exit {
    show(args, cancel).unwrap_or_else(|error| fail(&error, args.of.common.lang()))
}

fn show(args: &RulesArgs, cancel: &AtomicBool) -> Result<Exit, RunError> {
    let packs = packs(&args.of.ledger)?;
    let found = match &args.rules {
        None => None,
        Some(rules) => args.threads.run(|| foresee(&args.of.ledger, rules, cancel))?,
    };
    let value = || {
        let mut value = json!({"packs": packs_to_json(&packs)});
        if args.rules.is_some() {
            value["changed"] = found.as_ref().map_or(Value::Null, |found| found.to_json_with_rows());
        }
        value
    };
    let text = |lang| {
        let changed = match (&found, args.rules.is_some()) {
            (Some(found), _) => format!("\n{}", found.render_foreseen(lang)),
            (None, true) => match lang {
                Lang::En => "\n  the pack is that of the last night, or there is no night yet\n".to_owned(),
                Lang::Zh => "\n  该规则包与最后一批相同，或尚无批次\n".to_owned(),
            },
            (None, false) => String::new(),
        };
        render_packs(&packs, lang) + &changed
    };
    args.of.common.show(text, value);
    let touches = found.is_some_and(|found| !found.rows.is_empty());
    Ok(if touches { Exit::Attention } else { Exit::Success })
}
