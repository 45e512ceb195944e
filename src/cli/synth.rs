//! `tongchou synth`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::terminal;
use super::work::WorkArgs;
use super::{CommonArgs, Exit, fail};
use crate::diagnostic::Lang;
use crate::pipeline::{Stage, Watch};
use crate::report::summary::grouped;
use crate::synth::{self, Format, SynthError, SynthPlan, SynthReport};

/// The same plan gives the same bytes on every machine, at any number of threads. No row is about a real person.
#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Rows of the claims table
    #[arg(long, value_name = "N")]
    rows: u64,
    /// Persons insured; by default a sixth of the rows, as in the nation
    #[arg(long, value_name = "M")]
    persons: Option<u64>,
    /// Seed of all draws
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Where the tables go: must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the output folder whole, in one step
    #[arg(long)]
    overwrite: bool,
    /// Folder of the rule pack whose pools, classes and visits are drawn
    #[arg(long, value_name = "DIR", default_value = "sample_data/rules")]
    rules: PathBuf,
    /// Share of rows with a planted fault, such as 0.01; what was planted stands in planted.csv
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = parse_share)]
    faults: u32,
    /// Format of the claims; the other tables are CSV
    #[arg(long, value_enum, default_value_t = FormatArg::Csv)]
    format: FormatArg,
    /// Calendar year of service
    #[arg(long, value_name = "YEAR", default_value_t = 2024)]
    year: i32,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    /// claims.csv
    Csv,
    /// claims.parquet
    Parquet,
}

pub(super) fn synth(args: &SynthArgs, cancel: &AtomicBool) -> Exit {
    let started = Instant::now();
    let lang = args.common.lang();
    let plan = SynthPlan {
        rows: args.rows,
        persons: args.persons.unwrap_or((args.rows / 6).max(1)),
        seed: args.seed,
        out: args.out.clone(),
        overwrite: args.overwrite,
        rules: args.rules.clone(),
        faults: args.faults,
        format: match args.format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Parquet => Format::Parquet,
        },
        year: args.year,
    };
    let made = args.work.run(lang, |progress| {
        progress.begin(Stage::Synthesise, Some(plan.rows));
        synth::synth(&plan, &|rows| progress.advance(rows), cancel)
    });
    match made {
        Ok(report) => {
            let text = |lang| render(&report, &plan, started.elapsed().as_secs_f64(), lang);
            args.work.show(&args.common, text, || report.to_json());
            Exit::Success
        }
        Err(SynthError::Run(error)) => fail(&error, lang),
        Err(error) => {
            terminal::complain_error(&error, lang);
            Exit::Failure
        }
    }
}

fn render(report: &SynthReport, plan: &SynthPlan, seconds: f64, lang: Lang) -> String {
    let mut text = String::new();
    for (name, rows) in &report.tables {
        text += &format!("{:>14}  {}\n", grouped(*rows), plan.out.join(name).display());
    }
    text += &match lang {
        Lang::En => format!("{seconds:.1} s; invented data, no row is about a real person\n"),
        Lang::Zh => format!("{seconds:.1} 秒；均为虚构数据，不涉及任何真实个人\n"),
    };
    text
}

/// A share from 0 to 0.5, at most six decimals, in millionths.
fn parse_share(text: &str) -> Result<u32, String> {
    let share = crate::model::money::Rate::parse(text.as_bytes()).map(|rate| rate.0);
    match share {
        Some(share @ 0..=500_000) => Ok(share as u32),
        _ => Err(format!("`{text}` is not a share: write a number from 0 to 0.5, such as 0.01")),
    }
}
