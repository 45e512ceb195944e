//! `tongchou ledger`

mod replay;
mod rules;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};

use super::persons::PersonsArgs;
use super::rules::as_json;
use super::work::WorkArgs;
use super::{CommonArgs, Exit, fail};
use crate::audit::ledger_sums;
use crate::ledger::store::{self, Access, Ledger};
use crate::pipeline::night::open_item_ages;
use crate::pipeline::{RunError, compact, person};
use crate::report::ledger::{self, Status};

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Compare every file with the manifests, the manifests with each other, and all sums with what settlements moved
    Verify(VerifyArgs),
    /// Show the nights: days, rows, money, rules, open items, size on the disk
    Status(StatusArgs),
    /// Show what the ledger knows of a person: balance, accumulators, admissions, settlements, open items
    Show(ShowArgs),
    /// Merge the state of all nights, so that the next night opens faster; no night is changed
    Compact(CompactArgs),
    /// Take the nights after one of them out of the ledger, and keep them aside
    Rollback(RollbackArgs),
    /// Adjudicate nights again, as one, and say what each party would owe
    Replay(Box<replay::ReplayArgs>),
    /// Show which packs the nights had, and what another one would change on days that are settled
    Rules(rules::RulesArgs),
}

/// Which ledger.
#[derive(Debug, Clone, Args)]
struct LedgerArgs {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR")]
    ledger: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 everything is whole, 1 findings, 2 there is no ledger that could be looked at.")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    of: LedgerArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 shown, 2 the ledger cannot be used.")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    of: LedgerArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 the state of all nights is merged, 2 the ledger cannot be used, or somebody writes."
)]
pub(super) struct CompactArgs {
    #[command(flatten)]
    of: LedgerArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 that night is the last one now, 2 the ledger cannot be used, or somebody writes."
)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    of: LedgerArgs,
    /// The night that becomes the last one; 0 for none
    #[arg(long, value_name = "NIGHT")]
    to: u32,
}

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 shown, 2 the person is not known or the ledger cannot be used.")]
pub(super) struct ShowArgs {
    /// Person number, psn_no
    #[arg(value_name = "PSN_NO")]
    person: String,
    #[command(flatten)]
    of: LedgerArgs,
    /// As it was after this night; by default the last one
    #[arg(long, value_name = "NIGHT")]
    night: Option<u32>,
    #[command(flatten)]
    shown: PersonsArgs,
}

pub(super) fn ledger(command: &LedgerCommand, cancel: &AtomicBool) -> Exit {
    let (of, result) = match command {
        LedgerCommand::Verify(args) => (&args.of, verify_ledger(&args.of)),
        LedgerCommand::Status(args) => (&args.of, status(&args.of)),
        LedgerCommand::Show(args) => (&args.of, show_person(args)),
        LedgerCommand::Compact(args) => (&args.of, compact_ledger(args, cancel)),
        LedgerCommand::Rollback(args) => (&args.of, roll_back(&args.of, args.to)),
        LedgerCommand::Replay(args) => return replay::run(args, cancel),
        LedgerCommand::Rules(args) => return rules::run(args, cancel),
    };
    result.unwrap_or_else(|error| fail(&error, of.common.lang()))
}

fn verify_ledger(of: &LedgerArgs) -> Result<Exit, RunError> {
    let done = store::verify(&of.ledger, &[&ledger_sums::check])?;
    let json = || {
        let mut value = ledger::verification_to_json(&done);
        value["found"] = done.found.iter().map(|found| as_json(found, of.common.lang())).collect();
        value
    };
    of.common.show(|lang| ledger::render_verification(&done, lang), json);
    Ok(if done.found.is_empty() { Exit::Success } else { Exit::Attention })
}

fn status(of: &LedgerArgs) -> Result<Exit, RunError> {
    let ledger = Ledger::open(&of.ledger, Access::Read)?;
    let ages = open_item_ages(&ledger)?;
    let status = Status::of(&ledger, ledger.usage()?, ages);
    of.common.show(|lang| status.render(lang), || status.to_json());
    Ok(Exit::Success)
}

fn show_person(args: &ShowArgs) -> Result<Exit, RunError> {
    let ledger = Ledger::open(&args.of.ledger, Access::Read)?;
    let mut state = person::read(&ledger, &args.person, args.night)?;
    state.person = args.shown.persons()?.person(&state.person);
    args.of.common.show(|lang| state.render(lang), || state.to_json());
    Ok(Exit::Success)
}

fn compact_ledger(args: &CompactArgs, cancel: &AtomicBool) -> Result<Exit, RunError> {
    let of = &args.of;
    let done = args.work.run(of.common.lang(), |progress| compact::compact(&of.ledger, progress, cancel))?;
    args.work.show(&of.common, |lang| done.render(lang), || done.to_json());
    Ok(Exit::Success)
}

fn roll_back(of: &LedgerArgs, to: u32) -> Result<Exit, RunError> {
    let done = store::rollback(&of.ledger, to, "tongchou ledger rollback")?;
    of.common.show(|lang| ledger::render_rollback(&done, lang), || ledger::rollback_to_json(&done));
    Ok(Exit::Success)
}
