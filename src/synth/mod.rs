//! Claims that never were: settlement records and reference tables of any size, drawn from the nation's
//! published figures and settled by the kernel itself.
//!
//! ```text
//! rule pack ──► pools, schemes, kinds of persons ──► menus: what the rules answer
//!                     │                                │
//! seed ──► persons ───┴──► visits: care, place, filing, institution, bill, drawn until the rules answer
//!                              │
//!                              ▼        one block of persons at a time, blocks in parallel, written in order
//!          kernel (fold_person) ──► paid columns ──► claims.csv | claims.parquet
//!                              └──► enrolments, filings, marks, accounts;  institutions once
//! ```
//!
//! **Aims** (the figures and their sources stand in `national.rs`): employees 28.6 % of persons; settlements a person, stays a
//! hundred persons, and the mix of visits as in the nation, as far as the pack has rules for them; mean stay 11,707 yuan
//! (employees) and 7,674 (residents); 85 % of an inpatient bill in scope, so that the funds' share of it comes
//! near the published 84.6 % (employees) and 68.1 % (residents) where the pack's rates are the nation's;
//! 5 % of stays in another province, as many in another city; reversals 2.6 % of rows, both halves flagged;
//! under 2 % of rows pended (0.5 % deliberately, of kinds few packs answer), about 1 % denied.
//!
//! **The same bytes** for the same plan, whatever the machine and its threads: draws are integers of one ChaCha
//! stream a block, a block's share of persons and rows follows from the plan, blocks are written in order.
//!
//! **Any size**: a block holds about 65,536 rows, shuffled, and is forgotten when it is written. Institutions are the
//! only thing kept, and grow with persons far more slowly.
//!
//! Every row passes ingestion. A person is never in two places at once, is covered on nearly every day of
//! service and has no early return to a hospital, so that what an audit finds was planted or is chance.

mod bill;
mod block;
mod cells;
mod claims;
mod dice;
mod draw;
mod faults;
mod menu;
mod mix;
mod national;
mod output;
mod persons;
mod places;
mod row;
mod schemes;
mod settle;
mod tables;
#[cfg(test)]
mod tests;
mod timeline;
mod visits;
mod year;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde_json::json;
use thiserror::Error;

pub use mix::{Mix, MixCell};

use crate::diagnostic::{Failure, Text};
use crate::pipeline::RunError;
use crate::pipeline::rules_dir::{Rules, load_rules};
use crate::publish::{PublishError, Staging};
use crate::rules::book::RuleBook;
use crate::rules::compile::compile;
use crate::rules::layout::Table;
use block::Share;
use dice::{Dice, Stream};
use faults::quirks;
use output::{ClaimsFile, Encoded};
use places::Places;
use schemes::Schemes;
use year::{YEARS, Year};

/// Format of the claims table. The reference tables are CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `claims.csv`
    #[default]
    Csv,
    /// `claims.parquet`
    Parquet,
}

impl Format {
    /// Name of the claims file.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Csv => "claims.csv",
            Self::Parquet => "claims.parquet",
        }
    }
}

/// What is to be made.
#[derive(Clone, Debug)]
pub struct SynthPlan {
    /// Rows of the claims table, reversals included.
    pub rows: u64,
    /// Persons insured; some have no claim.
    pub persons: u64,
    /// Seed of all draws.
    pub seed: u64,
    /// Output folder: must not exist, or be empty.
    pub out: PathBuf,
    /// Replace the folder whole.
    pub overwrite: bool,
    /// Folder of the rule pack.
    pub rules: PathBuf,
    /// Share of rows with a planted fault, in millionths.
    pub faults: u32,
    /// Format of the claims.
    pub format: Format,
    /// Calendar year of service.
    pub year: i32,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct SynthReport {
    /// Persons.
    pub persons: u64,
    /// Name of each file with its data rows.
    pub tables: Vec<(String, u64)>,
    /// Counts.
    pub mix: Mix,
}

impl SynthReport {
    /// For the command's `--json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let tables: serde_json::Map<String, serde_json::Value> =
            self.tables.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
        json!({ "persons": self.persons, "tables": tables, "mix": self.mix.to_json() })
    }
}

/// Why nothing was made. The output folder is as it was.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum SynthError {
    /// The plan cannot be carried out.
    Plan {
        /// Why.
        reason: Text,
    },
    /// There is no rule pack.
    NoRules {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The pack answers nothing, or names too much.
    Pack {
        /// Why.
        reason: Text,
    },
    /// The pack has errors, or the user stopped.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The Parquet file could not be written.
    Parquet(#[from] parquet::errors::ParquetError),
}

impl Failure for SynthError {
    fn text(&self) -> Text {
        match self {
            Self::Plan { reason } => reason.clone(),
            Self::NoRules { folder } => Text::new(
                format!(
                    "there is no rule pack in {}: name one with --rules, or run in the folder that has sample_data",
                    folder.display()
                ),
                format!("{} 中没有规则包：请用 --rules 指定，或在含有 sample_data 的文件夹中运行", folder.display()),
            ),
            Self::Pack { reason } => Text::new(
                format!("the rule pack cannot be drawn from: {}", reason.en),
                format!("无法根据该规则包生成数据：{}", reason.zh),
            ),
            Self::Run(error) => error.text(),
            Self::Publish(error) => error.text(),
            Self::Parquet(_) => Text::new("cannot write claims.parquet", "无法写入 claims.parquet"),
        }
    }
}

/// Everything that stands still while blocks are made.
pub(crate) struct World {
    rules: Rules,
    places: Places,
    schemes: Schemes,
    year: Year,
    seed: u64,
    faults: FaultsPlan,
    /// For each layer the same rules, in which it pays nothing; empty when no faults are planted.
    skipping: Vec<(u32, RuleBook)>,
}

/// What faults a world's blocks get.
#[derive(Clone, Copy, Debug)]
struct FaultsPlan {
    /// Share of rows, in millionths.
    share: u32,
    /// Whether the claims are text.
    text: bool,
}

/// Rows a block aims at.
const BLOCK_ROWS: u64 = 65_536;
/// Persons a block has at most.
const BLOCK_PERSONS: u64 = 100_000;
/// Rows a person may have on the mean: with more, a year has no room for them.
const MOST_ROWS_A_PERSON: u64 = 500;
/// Serial numbers have ten digits.
const MOST_ROWS: u64 = 10_000_000_000;

/// Makes the tables of a plan. `progress` is told how many more rows are written.
///
/// # Errors
/// See [`SynthError`]; the output folder is as it was.
pub fn synth(plan: &SynthPlan, progress: &dyn Fn(u64), cancel: &AtomicBool) -> Result<SynthReport, SynthError> {
    let year = check(plan)?;
    let world = world(plan, year)?;
    let staging = Staging::begin(&plan.out, plan.overwrite)?;
    let mut claims = ClaimsFile::begin(&staging, plan.format)?;
    let mut by_person = output::ByPerson::begin(&staging)?;
    let mut planted = if plan.faults > 0 { Some(output::PlantedFile::begin(&staging)?) } else { None };
    let mut mix = Mix::default();
    let shares = shares(plan);
    for wave in shares.chunks(2 * rayon::current_num_threads()) {
        if cancel.load(Ordering::Relaxed) {
            return Err(RunError::Cancelled.into());
        }
        let encode = |share: &Share| claims.encode(&world, block::make(&world, *share));
        let encoded: Vec<Result<Encoded, SynthError>> = wave.par_iter().map(encode).collect();
        for block in encoded {
            let block = block?;
            mix.merge(&block.mix);
            by_person.put(&block.tables)?;
            if let Some(planted) = &mut planted {
                planted.put(&block.planted)?;
            }
            progress(block.mix.rows);
            claims.append(block.claims)?;
        }
    }
    let mut tables = vec![(claims.finish()?, mix.rows)];
    tables.extend(by_person.finish()?);
    tables.push(output::institutions(&staging, &world.places)?);
    if let Some(planted) = planted {
        tables.push(planted.finish()?);
    }
    assert_eq!(mix.rows, plan.rows, "every row asked for was made");
    let report = SynthReport { persons: plan.persons, tables, mix };
    let mut file = staging.create("synth.json")?;
    file.put(format!("{:#}\n", to_json(plan, &world, &report)).as_bytes())?;
    file.finish()?;
    staging.publish()?;
    Ok(report)
}

fn check(plan: &SynthPlan) -> Result<Year, SynthError> {
    let fail = |en: String, zh: String| Err(SynthError::Plan { reason: Text::new(en, zh) });
    let (rows, persons) = (plan.rows, plan.persons);
    if rows == 0 || persons == 0 {
        return fail("there must be at least one row and one person".into(), "至少要有一行、一人".into());
    }
    if rows >= MOST_ROWS {
        return fail(
            format!("{rows} rows: serial numbers end at {MOST_ROWS}"),
            format!("{rows} 行：流水号至多到 {MOST_ROWS}"),
        );
    }
    if rows / persons > MOST_ROWS_A_PERSON {
        return fail(
            format!("{rows} rows for {persons} persons: at most {MOST_ROWS_A_PERSON} rows a person fit into a year"),
            format!("{persons} 人共 {rows} 行：一年内每人至多 {MOST_ROWS_A_PERSON} 行"),
        );
    }
    let Some(year) = Year::new(plan.year) else {
        let (year, first, last) = (plan.year, YEARS.start(), YEARS.end());
        return fail(
            format!("year {year}: from {first} to {last}"),
            format!("年份 {year}：应在 {first} 至 {last} 之间"),
        );
    };
    if !plan.rules.is_dir() {
        return Err(SynthError::NoRules { folder: plan.rules.clone() });
    }
    Ok(year)
}

fn world(plan: &SynthPlan, year: Year) -> Result<World, SynthError> {
    let rules = load_rules(&plan.rules)?;
    let mut dice = Dice::new(plan.seed, Stream::World);
    let places = Places::build(&rules.pack, &rules.book, year, plan.persons, &mut dice)?;
    let schemes = Schemes::build(&rules.pack, &rules.book, &places, year);
    if schemes.list.is_empty() {
        let reason = Text::new(
            format!("no scheme answers any kind of care in {}", plan.year),
            format!("{} 年没有险种规则可适用于任何就医类别", plan.year),
        );
        return Err(SynthError::Pack { reason });
    }
    let text = plan.format == Format::Csv;
    let none = FaultsPlan { share: 0, text };
    let mut world = World { rules, places, schemes, year, seed: plan.seed, faults: none, skipping: Vec::new() };
    if plan.faults > 0 {
        let busy = busy(&world, plan);
        let budget = (u128::from(plan.rows) * u128::from(plan.faults) / 1_000_000) as u64;
        quirks::assign(&mut world.places, &mut Dice::new(plan.seed, Stream::Habits), &busy, budget);
        world.skipping = skipping(&world.rules);
        world.faults = FaultsPlan { share: plan.faults, text };
    }
    Ok(world)
}

/// Settlements that each institution can expect: those of the first block without faults, times the blocks.
fn busy(world: &World, plan: &SynthPlan) -> Vec<u64> {
    let shares = shares(plan);
    let mut counts = vec![0_u64; world.places.institutions.len()];
    for row in block::make(world, shares[0]).rows {
        if let Some(count) = counts.get_mut(row.claim.institution as usize) {
            *count += 1;
        }
    }
    counts.iter_mut().for_each(|count| *count *= shares.len() as u64);
    counts
}

/// The rules with each layer in turn allowed nothing.
fn skipping(rules: &Rules) -> Vec<(u32, RuleBook)> {
    let layers = rules.pack.table(Table::Layers);
    let number = |row: usize| layers.cell(row, "layer").parse::<u32>().unwrap_or_default();
    let mut numbers: Vec<u32> = (0..layers.rows.len()).map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let cap = layers.layout().position("pay_cap_visit");
    numbers
        .into_iter()
        .filter_map(|layer| {
            let mut pack = rules.pack.clone();
            for (row, cells) in pack.tables[Table::Layers as usize].rows.iter_mut().enumerate() {
                if number(row) == layer {
                    cells.cells[cap] = "0".into();
                }
            }
            Some((layer, compile(&pack).ok()?))
        })
        .collect()
}

/// Cuts persons and rows into blocks, evenly.
fn shares(plan: &SynthPlan) -> Vec<Share> {
    let blocks = plan.rows.div_ceil(BLOCK_ROWS).max(plan.persons.div_ceil(BLOCK_PERSONS)).min(plan.persons);
    let border = |whole: u64, block: u64| (u128::from(whole) * u128::from(block) / u128::from(blocks)) as u64;
    (0..blocks)
        .map(|block| {
            let (first_person, first_row) = (border(plan.persons, block), border(plan.rows, block));
            Share {
                block,
                first_person,
                persons: (border(plan.persons, block + 1) - first_person) as u32,
                first_row,
                rows: (border(plan.rows, block + 1) - first_row) as u32,
            }
        })
        .collect()
}

fn to_json(plan: &SynthPlan, world: &World, report: &SynthReport) -> serde_json::Value {
    json!({
        "engine": concat!("tongchou ", env!("CARGO_PKG_VERSION")),
        "seed": plan.seed,
        "rows": plan.rows,
        "year": plan.year,
        "faults_millionths": plan.faults,
        "format": plan.format.file().rsplit('.').next().unwrap_or_default(),
        "rules_sha256": world.rules.sha256,
        "made": report.to_json(),
    })
}
