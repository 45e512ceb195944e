//! `tongchou rules check|show|test|diff`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use serde_json::json;

use super::terminal;
use super::{CommonArgs, Exit, fail};
use crate::diagnostic::{Diagnostic, Lang};
use crate::model::date::Date;
use crate::pipeline::RunError;
use crate::pipeline::examples::{ExamplesError, test_examples};
use crate::pipeline::rules_dir::load_rules;
use crate::rules::lint::lint;

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Find errors and doubtful rows, with file, line, column and a hint
    Check(CheckArgs),
    /// Adjudicate the pack's examples.csv and say what differs, line by line
    Test(TestArgs),
}

/// Exit status: 0 usable, 1 warnings under --deny-warnings, 2 errors: the pack cannot be used.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Folder of the rule pack
    #[arg(value_name = "DIR")]
    rules: PathBuf,
    /// Warn of rules that have all ended by this day
    #[arg(long, value_name = "yyyy-MM-dd", value_parser = parse_day)]
    as_of: Option<Date>,
    /// Warnings make the exit status 1
    #[arg(long)]
    deny_warnings: bool,
    /// Only the count, and errors
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    common: CommonArgs,
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
        RulesCommand::Check(args) => check(args),
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

fn parse_day(text: &str) -> Result<Date, String> {
    Date::parse(text.as_bytes()).ok_or_else(|| format!("`{text}` is not a day: write yyyy-MM-dd"))
}

fn check(args: &CheckArgs) -> Exit {
    let lang = args.common.lang();
    let found = match load_rules(&args.rules) {
        Ok(rules) => [rules.warnings.clone(), lint(&rules.pack, &rules.book, args.as_of)].concat(),
        Err(RunError::Rules { diagnostics, .. }) => diagnostics,
        Err(error) => return fail(&error, lang),
    };
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = found.len() - errors;
    if args.common.json {
        let list: Vec<_> = found.iter().map(|diagnostic| as_json(diagnostic, lang)).collect();
        terminal::print(&format!("{:#}\n", json!({"errors": errors, "warnings": warnings, "found": list})));
    } else {
        let shown = found.iter().filter(|diagnostic| !args.quiet || diagnostic.is_error());
        let lines: String = shown.map(|diagnostic| diagnostic.render(lang) + "\n").collect();
        let total = match lang {
            Lang::En => format!("{errors} errors, {warnings} warnings\n"),
            Lang::Zh => format!("{errors} 个错误，{warnings} 个警告\n"),
        };
        terminal::print(&(lines + &total));
    }
    match (errors, warnings) {
        (1.., _) => Exit::Failure,
        (0, 1..) if args.deny_warnings => Exit::Attention,
        _ => Exit::Success,
    }
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
