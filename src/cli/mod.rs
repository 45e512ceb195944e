//! The command line: what was typed becomes what is meant; one file for each command.

mod audit;
mod compare;
mod explain;
mod ledger;
mod persons;
mod progress;
mod reconcile;
mod rules;
mod run;
mod sample;
mod synth;
pub mod terminal;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::Value;

use crate::diagnostic::Lang;
use crate::ingest::IngestError;
use crate::model::date::Date;
use crate::pipeline::{Inputs, ReferencePaths, RunError};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything as it should be.
    Success,
    /// Done, but something needs attention: rows pended or rejected, examples or packs that differ.
    Attention,
    /// Failed; nothing was written.
    Failure,
    /// Reconciled; a bit for each result that was found.
    Reconciled(u8),
    /// Not reconciled; nothing was written. No sum of the bits.
    NotReconciled,
}

/// What a command that says its results in bits ends with when it fails.
const ABOVE_THE_BITS: u8 = 64;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Attention => 1,
            Exit::Failure => 2,
            Exit::Reconciled(bits) => bits,
            Exit::NotReconciled => ABOVE_THE_BITS,
        })
    }
}

/// Exact, explained adjudication of Chinese medical-insurance settlements (医保结算).
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adjudicate claims: settlement records and rule tables in, payments out
    Run(run::RunArgs),
    /// Show how one settlement was computed, step by step
    Explain(explain::ExplainArgs),
    /// Compare a finished run with what was paid, and name the cause of every difference
    #[command(
        after_help = "Exit status, added up: 1 amounts differ, 2 only computed, 4 only paid, 8 duplicate numbers, 16 not computable; 0 all agree, 64 and up failed and nothing was written."
    )]
    Reconcile(reconcile::ReconcileArgs),
    /// Reconcile, and look for what stands in the records and should not
    #[command(
        after_help = "Exit status, added up: that of reconcile, and 32 when there are findings; 64 and up failed and nothing was written."
    )]
    Audit(audit::AuditArgs),
    /// Compare regions and rules: a run as it is, claims under other pools or other rules
    #[command(subcommand)]
    Compare(compare::CompareCommand),
    /// Check, show, test and compare rule packs
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Look after the ledger that `run --ledger` adds nights to
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Draw an audit sample with its working paper, and project the errors that were found
    Sample(Box<sample::SampleArgs>),
    /// Make realistic claims and reference tables of any size
    Synth(synth::SynthArgs),
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
struct CommonArgs {
    /// Language of everything a person reads
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LangArg {
    /// English
    En,
    /// 中文
    Zh,
}

impl CommonArgs {
    const fn lang(&self) -> Lang {
        match self.lang {
            LangArg::En => Lang::En,
            LangArg::Zh => Lang::Zh,
        }
    }

    /// Text on standard output, or the same as JSON.
    fn show(&self, text: impl FnOnce(Lang) -> String, value: impl FnOnce() -> Value) {
        if self.json {
            terminal::print(&format!("{:#}\n", value()));
        } else {
            terminal::print(&text(self.lang()));
        }
    }
}

/// The tables beside the claims, each optional: a missing one switches its gate off.
#[derive(Debug, Clone, Args)]
struct ReferenceArgs {
    /// Spans of cover: psn_no, insutype, insuplc_admdvs, psn_insu_date, paus_insu_date, bnft_begndate
    #[arg(long, value_name = "FILE")]
    enrolments: Option<PathBuf>,
    /// Filings 异地备案: psn_no, out_fil_type, rloc_admdvs, begndate, enddate
    #[arg(long, value_name = "FILE")]
    filings: Option<PathBuf>,
    /// Designated institutions: fixmedins_code, admdvs, hosp_lv, dedc_hosp_lv, inst_class, begndate, enddate
    #[arg(long, value_name = "FILE")]
    institutions: Option<PathBuf>,
    /// Balances of personal accounts before the first settlement: psn_no, balc
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Facts about persons that rules turn on: psn_no, mark, begndate, enddate
    #[arg(long, value_name = "FILE")]
    marks: Option<PathBuf>,
}

impl ReferenceArgs {
    fn inputs(&self, rules: PathBuf, claims: Vec<PathBuf>) -> Inputs {
        Inputs {
            rules,
            claims,
            reference: ReferencePaths {
                enrolments: self.enrolments.clone(),
                filings: self.filings.clone(),
                institutions: self.institutions.clone(),
                accounts: self.accounts.clone(),
                marks: self.marks.clone(),
            },
        }
    }
}

/// Runs the command that was typed.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // 2, as clap has it, would read as `only computed`.
        Err(error)
            if error.use_stderr()
                && std::env::args_os().nth(1).is_some_and(|word| word == "reconcile" || word == "audit") =>
        {
            terminal::complain(error.render().to_string().trim_end());
            return ExitCode::from(ABOVE_THE_BITS);
        }
        Err(error) => error.exit(),
    };
    let cancel = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&cancel);
    // A second Ctrl-C while the first is being honoured changes nothing: outputs are whole or absent anyway.
    let handled = ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed));
    if let Err(error) = handled {
        terminal::complain(&format!("cannot listen for Ctrl-C: {error}"));
    }
    let exit = match cli.command {
        Command::Run(args) => run::run(&args, &cancel),
        Command::Explain(args) => explain::explain(&args, &cancel),
        Command::Reconcile(args) => reconcile::run(&args, &cancel),
        Command::Audit(args) => audit::run(&args, &cancel),
        Command::Compare(command) => compare::compare(&command, &cancel),
        Command::Rules(command) => rules::rules(&command, &cancel),
        Command::Ledger(command) => ledger::ledger(&command, &cancel),
        Command::Sample(args) => sample::run(&args),
        Command::Synth(args) => synth::synth(&args, &cancel),
    };
    exit.into()
}

/// Says why a run failed, with every diagnostic and the chain of causes, once.
fn fail(error: &RunError, lang: Lang) -> Exit {
    match error {
        RunError::Rules { diagnostics, .. } | RunError::Asked { diagnostics } => {
            terminal::complain_all(diagnostics, 0, lang)
        }
        RunError::Ingest(IngestError::Rejected { diagnostics, more }) => {
            terminal::complain_all(diagnostics, *more, lang);
        }
        RunError::Thresholds { diagnostics, .. } => terminal::complain_all(diagnostics, 0, lang),
        RunError::Ledger(error) => {
            terminal::complain_all(&[error.into()], 0, lang);
            return Exit::Failure;
        }
        _ => {}
    }
    terminal::complain_error(error, lang);
    Exit::Failure
}

/// A day as the user types it.
fn parse_day(text: &str) -> Result<Date, String> {
    Date::parse(text.as_bytes()).ok_or_else(|| format!("`{text}` is not a day: write yyyy-MM-dd"))
}
