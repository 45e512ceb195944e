//! `tongchou sample`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::progress::{Progress, ProgressMode};
use super::{CommonArgs, Exit, fail};
use crate::audit::sample::evaluate::FEW_ERRORS;
use crate::audit::sample::{Method, Sample, StrataBy, Terms};
use crate::columnar::schema::{ADJUDICATED, Kind};
use crate::diagnostic::did_you_mean;
use crate::model::money::{Fen, PPM, Rate};
use crate::pipeline::sample::{SamplePlan, evaluate_sample, sample};
use crate::report::sample::{DrawReport, Evaluation, EvaluationReport, Sums};

/// Arguments of the command.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "The draw depends on the seed and the settlements alone; docs/sampling.md says how to repeat it. Exit status: 0 drawn, 2 nothing was written."
)]
pub(super) struct SampleArgs {
    #[command(subcommand)]
    command: Option<SampleCommand>,
    #[command(flatten)]
    draw: DrawArgs,
}

#[derive(Debug, Subcommand)]
enum SampleCommand {
    /// Project the errors that were found in a sample, with a confidence bound
    Evaluate(EvaluateArgs),
}

/// What must be given is an option here, since nothing must be beside a subcommand.
#[derive(Debug, Args)]
struct DrawArgs {
    /// Output folder of a finished run, or a night of a ledger
    #[arg(long, value_name = "OUT", required = true)]
    run: Option<PathBuf>,
    /// How settlements are drawn
    #[arg(long, value_enum, required = true)]
    method: Option<MethodArg>,
    /// How many: settlements, or money units
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required = true)]
    size: Option<u32>,
    /// The draw is repeated with the same seed
    #[arg(long, value_name = "S", required = true)]
    seed: Option<u64>,
    /// The money column that is audited
    #[arg(long, value_name = "COLUMN", default_value = "fund_pay_sumamt", value_parser = parse_measure)]
    measure: &'static str,
    /// Strata by amount: ranges with about the same money in each
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    strata: u32,
    /// Strata by the values of columns, such as insutype,med_class
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', value_parser = parse_by, conflicts_with = "strata")]
    by: Vec<&'static str>,
    /// Where the working paper goes: must not exist, or be empty
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// Replace the output folder whole, in one step
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodArg {
    /// Money units: every fen has the same chance, large payments are certain to be drawn
    Mus,
    /// So many settlements from each stratum
    Stratified,
    /// Settlements, each with the same chance
    Random,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 evaluated, 1 the bound is above --tolerable, 2 the paper cannot be used.")]
struct EvaluateArgs {
    /// Folder that `tongchou sample` wrote
    #[arg(value_name = "DIR")]
    sample: PathBuf,
    /// The working paper as it was filled in; by default that of the folder
    #[arg(long, value_name = "FILE")]
    paper: Option<PathBuf>,
    /// Level of confidence of each bound, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = parse_confidence)]
    confidence: Rate,
    /// The error that can be borne, in yuan: above it the exit status is 1
    #[arg(long, value_name = "YUAN", value_parser = parse_yuan)]
    tolerable: Option<Fen>,
    #[command(flatten)]
    common: CommonArgs,
}

fn parse_measure(text: &str) -> Result<&'static str, String> {
    column(text, |kind| kind == Kind::Money)
}

fn parse_by(text: &str) -> Result<&'static str, String> {
    column(text, |kind| matches!(kind, Kind::Text | Kind::Word))
}

/// A column of `adjudicated.parquet`.
fn column(text: &str, fits: impl Fn(Kind) -> bool) -> Result<&'static str, String> {
    let columns = || ADJUDICATED.iter().filter(|(_, kind)| fits(*kind)).map(|(name, _)| *name);
    columns().find(|name| *name == text).ok_or_else(|| {
        let near = did_you_mean(text, columns()).map(|near| format!("; did you mean `{near}`?"));
        format!("`{text}` is none of the columns that can stand here{}", near.unwrap_or_default())
    })
}

fn parse_confidence(text: &str) -> Result<Rate, String> {
    let percent = Rate::parse(text.trim_end_matches('%').trim().as_bytes()).map(|percent| percent.0);
    percent
        .filter(|percent| (50 * PPM..100 * PPM).contains(percent) && percent % 100 == 0)
        .map(|percent| Rate(percent / 100))
        .ok_or_else(|| format!("`{text}` is no level of confidence: write a percentage from 50 to 99.9999"))
}

fn parse_yuan(text: &str) -> Result<Fen, String> {
    Fen::parse_yuan(text.as_bytes())
        .filter(|fen| *fen >= Fen::ZERO)
        .ok_or_else(|| format!("`{text}` is no amount: write yuan with at most 2 decimals, such as 100000.00"))
}

pub(super) fn run(args: &SampleArgs) -> Exit {
    match &args.command {
        Some(SampleCommand::Evaluate(args)) => evaluate(args),
        None => draw(&args.draw),
    }
}

fn draw(args: &DrawArgs) -> Exit {
    let lang = args.common.lang();
    let given = "clap asks for it where there is no subcommand";
    let method = match args.method.expect(given) {
        MethodArg::Mus => Method::Mus,
        MethodArg::Stratified => Method::Stratified,
        MethodArg::Random => Method::Random,
    };
    let strata = if args.by.is_empty() { StrataBy::Amount(args.strata) } else { StrataBy::Columns(args.by.clone()) };
    let (size, seed) = (args.size.expect(given), args.seed.expect(given));
    let terms = Terms { method, strata, measure: args.measure, size, seed };
    let (run, out) = (args.run.clone().expect(given), args.out.clone().expect(given));
    let shown = out.display().to_string();
    let plan = SamplePlan { run, terms, out, overwrite: args.overwrite };
    let progress = Progress::new(ProgressMode::None, true, lang);
    match sample(&plan, &progress) {
        Err(error) => fail(&error, lang),
        Ok(sample) => {
            args.common.show(
                |lang| draw_report(&sample, &shown).render(lang),
                || serde_json::to_value(&sample).expect("a draw is JSON"),
            );
            Exit::Success
        }
    }
}

fn draw_report<'a>(sample: &'a Sample, out: &'a str) -> DrawReport<'a> {
    let fen = sample.drawn.iter().map(|drawn| drawn.book_fen).sum();
    DrawReport {
        out,
        method: sample.method.word(),
        measure: &sample.measure,
        seed: sample.seed,
        population: sample.population,
        zero: (sample.zero.settlements, sample.method != Method::Mus),
        credits: sample.credits,
        drawn: Sums { settlements: sample.drawn.len() as u64, fen },
        certain: sample.drawn.iter().filter(|drawn| drawn.certain).count() as u64,
        strata: sample.strata.iter().map(|one| (one.name.as_str(), one.all, one.drawn)).collect(),
    }
}

fn evaluate(args: &EvaluateArgs) -> Exit {
    let lang = args.common.lang();
    match evaluate_sample(&args.sample, args.paper.as_deref(), args.confidence) {
        Err(error) => fail(&error, lang),
        Ok((sample, evaluation)) => {
            let report = evaluation_report(&sample, &evaluation, args.tolerable);
            args.common.show(|lang| report.render(lang), || report.to_json());
            if report.is_tolerable() == Some(false) { Exit::Attention } else { Exit::Success }
        }
    }
}

fn evaluation_report<'a>(
    sample: &'a Sample,
    evaluation: &'a Evaluation,
    tolerable: Option<Fen>,
) -> EvaluationReport<'a> {
    EvaluationReport {
        method: sample.method.word(),
        measure: &sample.measure,
        population: sample.population,
        evaluation,
        is_few: evaluation.over.errors + evaluation.under.errors < FEW_ERRORS,
        tolerable,
    }
}
