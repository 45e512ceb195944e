//! `tongchou reconcile`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde_json::Value;

use super::persons::PersonsArgs;
use super::progress::Progress;
use super::work::{MemoryArgs, WorkArgs};
use super::{CommonArgs, Exit, fail};
use crate::columnar::reconciled::{COMPARED, FIELDS};
use crate::diagnostic::{Lang, did_you_mean};
use crate::model::money::Fen;
use crate::pipeline::RunError;
use crate::pipeline::reconcile::{ReconcilePlan, reconcile};

/// Arguments of the command; `audit` has the same and more.
#[derive(Debug, Args)]
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
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    memory: MemoryArgs,
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

impl ReconcileArgs {
    /// What is meant.
    fn plan(&self) -> Result<ReconcilePlan, RunError> {
        let mut tolerance = [Fen::ZERO; FIELDS];
        self.tolerance.iter().for_each(|&(field, fen)| tolerance[field] = fen);
        Ok(ReconcilePlan {
            run: self.run.clone(),
            paid: self.paid.clone(),
            out: self.out.clone(),
            tolerance,
            overwrite: self.overwrite,
            write_3202: self.write_3202.clone(),
            memory: self.memory.bytes(),
            persons: self.shown.persons()?,
            lang: self.common.lang(),
        })
    }

    /// Does the work of a plan as it was asked for.
    pub(super) fn at_work<R: Send>(
        &self,
        work: impl FnOnce(&ReconcilePlan, &Progress) -> Result<R, RunError> + Send,
    ) -> Option<R> {
        let lang = self.common.lang();
        let done = self.plan().and_then(|plan| self.work.run(lang, |progress| work(&plan, progress)));
        done.map_err(|error| fail(&error, lang)).ok()
    }

    /// Shows what came of it.
    pub(super) fn show(&self, text: impl FnOnce(Lang) -> String, value: impl FnOnce() -> Value) {
        self.work.show(&self.common, text, value);
    }
}

pub(super) fn run(args: &ReconcileArgs, cancel: &AtomicBool) -> Exit {
    let Some(report) = args.at_work(|plan, progress| reconcile(plan, progress, cancel)) else {
        return Exit::NotReconciled;
    };
    args.show(|lang| report.render(lang), || report.to_json());
    Exit::Reconciled(report.exit_bits())
}
