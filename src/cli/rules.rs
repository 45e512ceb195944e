//! `tongchou rules check|show|test|diff`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use serde_json::json;

use super::terminal;
use super::{CommonArgs, Exit, fail};
use crate::diagnostic::{Diagnostic, Lang};
use crate::pipeline::examples::{ExamplesError, test_examples};

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Adjudicate the pack's examples.csv and say what differs, line by line
    Test(TestArgs),
}

/// Exit status: 0 every example comes out, 1 some differ, 2 the pack cannot be used.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Folder of the rule pack
    #[arg(value_name = "DIR")]
    rules: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) fn rules(command: &RulesCommand, cancel: &AtomicBool) -> Exit {
    match command {
        RulesCommand::Test(args) => test(args, cancel),
    }
}

/// A diagnostic as JSON.
fn as_json(diagnostic: &Diagnostic, lang: Lang) -> serde_json::Value {
    json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity.word(Lang::En),
        "file": diagnostic.at.file,
        "line": diagnostic.at.line,
        "column_number": diagnostic.at.column_number,
        "column": diagnostic.at.column,
        "message": diagnostic.message.get(lang),
        "hint": diagnostic.hint.as_ref().map(|hint| hint.get(lang)),
    })
}

fn test(args: &TestArgs, cancel: &AtomicBool) -> Exit {
    let lang = args.common.lang();
    let tested = match test_examples(&args.rules, cancel) {
        Ok(tested) => tested,
        Err(ExamplesError::Run(error)) => return fail(&error, lang),
        Err(error) => {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            terminal::complain(&format!("error: {error}{cause}"));
            return Exit::Failure;
        }
    };
    if args.common.json {
        let differences: Vec<_> = tested.differences.iter().map(|found| as_json(found, lang)).collect();
        terminal::print(&format!(
            "{:#}\n",
            json!({"examples": tested.examples, "rows": tested.rows, "compared": tested.compared, "differences": differences})
        ));
    } else {
        let lines: Vec<String> = tested.differences.iter().map(|found| found.render(lang) + "\n").collect();
        let (examples, rows, compared, differ) = (tested.examples, tested.rows, tested.compared, tested.differences.len());
        let total = match lang {
            Lang::En => format!("{examples} examples, {rows} rows, {compared} values compared, {differ} differ\n"),
            Lang::Zh => format!("{examples} 个算例，{rows} 行，比对 {compared} 个值，{differ} 个不一致\n"),
        };
        terminal::print(&(lines.concat() + &total));
    }
    if tested.differences.is_empty() { Exit::Success } else { Exit::Attention }
}
