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
use crate::report;
use crate::rules::diff::diff;
use crate::rules::lint::lint;
use crate::rules::show::{Query, show};

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Find errors and doubtful rows, with file, line, column and a hint
    Check(CheckArgs),
    /// Show what applies to a pool, insurance type and day, as a table
    Show(ShowArgs),
    /// Compare two packs, row by row and value by value
    Diff(DiffArgs),
    /// Adjudicate the pack's examples.csv and say what differs, line by line
    Test(TestArgs),
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 usable, 1 warnings under --deny-warnings, 2 errors: the pack cannot be used.")]
pub(super) struct CheckArgs {
    /// Folder of the rule pack
    #[arg(value_name = "DIR")]
    rules: PathBuf,
    /// Warn of rules that have all ended by this day
    #[arg(long, value_name = "yyyy-MM-dd", value_parser = super::parse_day)]
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

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 shown, 2 the pack or a word of the question cannot be used.")]
pub(super) struct ShowArgs {
    /// Folder of the rule pack
    #[arg(value_name = "DIR")]
    rules: PathBuf,
    /// Pool: a place code, or a name of places.csv
    #[arg(long, value_name = "CODE|NAME")]
    pool: String,
    /// Insurance type: a code, or `employee`, `resident`
    #[arg(long, value_name = "CODE")]
    insutype: String,
    /// Deciding day: discharge or service
    #[arg(long, value_name = "yyyy-MM-dd", value_parser = super::parse_day)]
    date: Date,
    /// Person class
    #[arg(long, value_name = "WORD")]
    psn_class: Option<String>,
    /// Visit class
    #[arg(long, value_name = "WORD")]
    med_class: Option<String>,
    /// Hospital tier
    #[arg(long, value_name = "WORD")]
    tier: Option<String>,
    /// Place: local, province, cross
    #[arg(long, value_name = "WORD")]
    place: Option<String>,
    /// Filing: resident, referral, emergency, temporary, none
    #[arg(long, value_name = "WORD")]
    filing: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 no difference, 1 the packs differ, 2 a pack cannot be used.")]
pub(super) struct DiffArgs {
    /// Folder of the older pack
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Folder of the newer pack
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 every example comes out, 1 some differ, 2 the pack cannot be used.")]
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
        RulesCommand::Show(args) => show_rules(args),
        RulesCommand::Diff(args) => diff_packs(args),
        RulesCommand::Test(args) => test(args, cancel),
    }
}

/// A diagnostic as JSON.
pub(super) fn as_json(diagnostic: &Diagnostic, lang: Lang) -> serde_json::Value {
    json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity.word(Lang::En),
        "file": diagnostic.at.file,
        "line": diagnostic.at.line,
        "column_number": diagnostic.at.column_number,
        "column": diagnostic.at.column,
        "message": diagnostic.message.get(lang),
        "hint": diagnostic.hint.get(lang),
    })
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
    let text = |lang| {
        let shown = found.iter().filter(|diagnostic| !args.quiet || diagnostic.is_error());
        let lines: String = shown.map(|diagnostic| diagnostic.render(lang) + "\n").collect();
        let total = match lang {
            Lang::En => format!("{errors} errors, {warnings} warnings\n"),
            Lang::Zh => format!("{errors} 个错误，{warnings} 个警告\n"),
        };
        lines + &total
    };
    let list = || found.iter().map(|diagnostic| as_json(diagnostic, lang)).collect::<Vec<_>>();
    args.common.show(text, || json!({"errors": errors, "warnings": warnings, "found": list()}));
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
            terminal::complain_error(&error, lang);
            return Exit::Failure;
        }
    };
    let (examples, rows, compared) = (tested.examples, tested.rows, tested.compared);
    let text = |lang| {
        let lines: String = tested.differences.iter().map(|found| found.render(lang) + "\n").collect();
        let differ = tested.differences.len();
        let total = match lang {
            Lang::En => format!("{examples} examples, {rows} rows, {compared} values compared, {differ} differ\n"),
            Lang::Zh => format!("{examples} 个算例，{rows} 行，比对 {compared} 个值，{differ} 个不一致\n"),
        };
        lines + &total
    };
    let list = || tested.differences.iter().map(|found| as_json(found, lang)).collect::<Vec<_>>();
    args.common.show(text, || json!({"examples": examples, "rows": rows, "compared": compared, "differences": list()}));
    if tested.differences.is_empty() { Exit::Success } else { Exit::Attention }
}

fn show_rules(args: &ShowArgs) -> Exit {
    let lang = args.common.lang();
    let rules = match load_rules(&args.rules) {
        Ok(rules) => rules,
        Err(error) => return fail(&error, lang),
    };
    let query = Query {
        pool: args.pool.clone(),
        insutype: args.insutype.clone(),
        day: args.date,
        psn_class: args.psn_class.clone(),
        med_class: args.med_class.clone(),
        tier: args.tier.clone(),
        place: args.place.clone(),
        filing: args.filing.clone(),
    };
    match show(&rules.pack, &rules.book, &query) {
        Ok(shown) => {
            args.common.show(
                |lang| report::show::render(&shown, &rules.pack, &rules.book, lang, terminal::width()),
                || report::show::to_json(&shown, &rules.pack, &rules.book),
            );
            Exit::Success
        }
        Err(wrong) => {
            terminal::complain_all(&wrong, 0, lang);
            Exit::Failure
        }
    }
}

fn diff_packs(args: &DiffArgs) -> Exit {
    let lang = args.common.lang();
    let (old, new) = match (load_rules(&args.old), load_rules(&args.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => return fail(&error, lang),
    };
    let found = diff(&old.pack, &new.pack);
    args.common.show(
        |lang| report::rules_diff::render(&found, &old.pack, &new.pack, lang),
        || report::rules_diff::to_json(&found, &old.pack, &new.pack),
    );
    if found.is_empty() { Exit::Success } else { Exit::Attention }
}
