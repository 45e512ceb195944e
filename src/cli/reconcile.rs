//! `tongchou reconcile`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::persons::PersonsArgs;
use super::run::{machine_memory, parse_size, with_threads};
use super::terminal::{self, Progress, ProgressMode};
use super::{CommonArgs, Exit, fail};
use crate::columnar::reconciled::{COMPARED, FIELDS};
use crate::diagnostic::did_you_mean;
use crate::model::money::Fen;
use crate::pipeline::reconcile::{ReconcilePlan, reconcile};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status, added up: 1 amounts differ, 2 only computed, 4 only paid, 8 duplicate numbers, 16 not computable; 0 all agree, 64 and up failed and nothing was written."
)]
pub(super) struct ReconcileArgs {
    /// Output folder of a finished run, or a night of a ledger; its inputs are read again and must be unchanged
    #[arg(long, value_name = "OUT")]
    run: PathBuf,
    /// Files that say what was paid, by setl_id: CSV, TSV, Parquet, or the national 3202 text, plain or in a ZIP. By default the claims' own paid columns
    #[arg(long, value_name = "PATH", num_args = 1..)]
    paid: Vec<PathBuf>,
    /// Where the outputs go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What a field may be off by, in fen, such as fund_pay_sumamt=1; 0 for every field not named
    #[arg(long, value_name = "FIELD=FEN", value_parser = parse_tolerance)]
    tolerance: Vec<(usize, Fen)>,
    /// Also write what was computed as the national 3202 text
    #[arg(long, value_name = "FILE")]
    write_3202: Option<PathBuf>,
    /// Replace the outputs whole, in one step
    #[arg(long)]
    overwrite: bool,
    /// Threads; all cores by default. The outputs are the same at any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Most memory that rows may take, such as 8GiB; three quarters of the machine by default
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressMode,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    shown: PersonsArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// `fund_pay_sumamt=1`
fn parse_tolerance(text: &str) -> Result<(usize, Fen), String> {
    let wrong = || format!("`{text}` is no tolerance: write FIELD=FEN, such as fund_pay_sumamt=1");
    let (name, fen) = text.split_once('=').ok_or_else(wrong)?;
    let fen: u32 = fen.trim().parse().map_err(|_| wrong())?;
    let name = name.trim();
    let field = COMPARED.iter().position(|known| *known == name).ok_or_else(|| {
        let near = did_you_mean(name, COMPARED).map(|near| format!("; did you mean `{near}`?"));
        format!("`{name}` is not compared{}", near.unwrap_or_default())
    })?;
    Ok((field, Fen(i64::from(fen))))
}

pub(super) fn run(args: &ReconcileArgs, cancel: &AtomicBool) -> Exit {
    let lang = args.common.lang();
    let mut tolerance = [Fen::ZERO; FIELDS];
    args.tolerance.iter().for_each(|&(field, fen)| tolerance[field] = fen);
    let persons = match args.shown.persons() {
        Ok(persons) => persons,
        Err(error) => {
            fail(&error, lang);
            return Exit::NotReconciled;
        }
    };
    let plan = ReconcilePlan {
        run: args.run.clone(),
        paid: args.paid.clone(),
        out: args.out.clone(),
        tolerance,
        overwrite: args.overwrite,
        write_3202: args.write_3202.clone(),
        memory: args.memory.unwrap_or_else(|| machine_memory() / 4 * 3),
        persons,
        lang,
    };
    let progress = Progress::new(args.progress, args.quiet, lang);
    let result = with_threads(args.threads, || reconcile(&plan, &progress, cancel));
    progress.finish();
    match result {
        Err(error) => {
            fail(&error, lang);
            Exit::NotReconciled
        }
        Ok(report) => {
            if args.common.json {
                terminal::print(&format!("{:#}\n", report.to_json()));
            } else if !args.quiet {
                terminal::print(&report.render(lang));
            }
            Exit::Reconciled(report.exit_bits())
        }
    }
}
