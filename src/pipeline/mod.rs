//! The whole way on one page: inputs and rules in, adjudicated rows, pended rows, rejects and a manifest out.
//!
//! ```text
//! rules/ ──read, check, compile──────────────► RuleBook ─────────────┐
//! institutions ──────────────────────────────► by code ──────────────┤
//! claims ──ingest──► accepted rows ──group by person──┐              │
//!            └─────► rejects                          ├──fold────────┴──► adjudicated.parquet, pended.parquet
//! enrolments, filings, marks, accounts ──by person────┘                  └─read back, sums re-derived──► manifest.json
//! ```

pub mod archived;
mod arrivals;
mod balances;
pub mod compact;
pub mod compare;
mod earlier;
pub mod examples;
pub mod explain;
pub mod kept;
mod lines;
pub mod load;
pub mod manifest;
pub mod memory;
pub mod night;
pub mod night_lists;
mod night_tables;
mod on_disk;
mod origin;
pub mod person;
pub mod persons;
pub mod reconcile;
pub mod rejects;
pub mod replay;
mod rows;
pub mod rules_changed;
pub mod rules_dir;
pub mod sample;
mod tables;
mod watch;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use crate::audit::findings::thresholds::Limits;
use crate::audit::sample::SampleError;
use crate::audit::totals::TotalsError;
use crate::diagnostic::{Diagnostic, Failure, Lang, Text};
use crate::ingest::IngestError;
use crate::publish::{PublishError, Staging, Written};
use crate::report::balance::Summary;
use crate::report::night::NightReport;
use crate::report::privacy::Persons;

use crate::shuffle::shelf::ShelfError;

use crate::ledger::store::LedgerError;
use crate::ledger::tables::TableError;

use self::arrivals::Room;
use self::manifest::Manifest;
use self::night::NightPlan;
use self::reconcile::Audited;
use self::write::{Target, Wrote};

pub use self::watch::{Stage, Step, Watch};

/// The tables that are given beside the claims.
#[derive(Clone, Debug, Default)]
pub struct ReferencePaths {
    /// Spans of cover.
    pub enrolments: Option<PathBuf>,
    /// Filings.
    pub filings: Option<PathBuf>,
    /// Institutions.
    pub institutions: Option<PathBuf>,
    /// Balances of personal accounts.
    pub accounts: Option<PathBuf>,
    /// Marks.
    pub marks: Option<PathBuf>,
}

impl ReferencePaths {
    /// Names of the tables.
    pub const NAMES: [&'static str; 5] = ["enrolments", "filings", "institutions", "marks", "accounts"];

    /// The path that was given for a table.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&Path> {
        let path = match name {
            "enrolments" => &self.enrolments,
            "filings" => &self.filings,
            "institutions" => &self.institutions,
            "marks" => &self.marks,
            "accounts" => &self.accounts,
            _ => &None,
        };
        path.as_deref()
    }
}

/// What is read.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Folder of the rule pack.
    pub rules: PathBuf,
    /// Files, folders and patterns of claims.
    pub claims: Vec<PathBuf>,
    /// Reference tables.
    pub reference: ReferencePaths,
}

/// A run as it was meant.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// What is read.
    pub inputs: Inputs,
    /// Where outputs go; may be left out of a night, which keeps its own.
    pub out: Option<PathBuf>,
    /// The ledger to go on top of.
    pub night: Option<NightPlan>,
    /// Replace what stands there.
    pub overwrite: bool,
    /// Language of `rejects.csv`.
    pub lang: Lang,
    /// Most bytes that rows may take in memory.
    pub memory: u64,
    /// How person numbers are shown in what people read.
    pub persons: Persons,
}

/// Why a run failed. Nothing was published.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub enum RunError {
    /// The rule pack has errors.
    Rules {
        /// The pack.
        folder: PathBuf,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// A question that cannot be put to the rules: a cell, a pool, a case of the basket.
    Asked {
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// A small file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Something could not be read.
    #[error(transparent)]
    Ingest(IngestError),
    /// Something could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A Parquet file could not be written.
    Parquet {
        /// Which one.
        file: &'static str,
        /// Why.
        #[source]
        error: parquet::errors::ParquetError,
    },
    /// A written file could not be read back, or does not add up.
    #[error(transparent)]
    Totals(#[from] TotalsError),
    /// The rows do not fit the memory that was allowed.
    Memory {
        /// Rows read so far.
        rows: u64,
        /// The limit.
        limit: u64,
    },
    /// The settlement asked for is not there.
    NoSuchSettlement {
        /// The number asked for.
        setl_id: String,
    },
    /// The ledger knows nothing of a person.
    NoSuchPerson {
        /// The number asked for.
        psn_no: String,
    },
    /// A file of an earlier run is not what it was.
    EarlierRun {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Text,
    },
    /// The paid side has none of the compared fields.
    NothingPaid {
        /// Whether files of their own were given.
        from_files: bool,
    },
    /// A file of thresholds has errors.
    Thresholds {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No sample could be drawn.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A table of the ledger cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The secret that pseudonyms are made with cannot be used.
    PseudonymKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Text,
    },
    /// A workbook cannot be made.
    Workbook {
        /// Why.
        #[source]
        error: rust_xlsxwriter::XlsxError,
    },
    /// Rows that do not fit the memory cannot be kept on the disk.
    #[error(transparent)]
    Disk(#[from] ShelfError),
    /// The user stopped the run.
    Cancelled,
}

impl Failure for RunError {
    fn text(&self) -> Text {
        match self {
            Self::Rules { folder, .. } => Text::new(
                format!("the rule pack in {} cannot be used", folder.display()),
                format!("{} 中的规则包不可用", folder.display()),
            ),
            Self::Asked { .. } => Text::new("what was asked for cannot be computed", "所提问题无法计算"),
            Self::Unreadable { path, .. } => {
                Text::new(format!("cannot read {}", path.display()), format!("无法读取 {}", path.display()))
            }
            Self::Ingest(error) => error.text(),
            Self::Publish(error) => error.text(),
            Self::Parquet { file, .. } => Text::new(format!("cannot write {file}"), format!("无法写入 {file}")),
            Self::Totals(error) => error.text(),
            Self::Memory { rows, limit } => Text::new(
                format!("{rows} rows need more than the {limit} bytes allowed by --memory"),
                format!("{rows} 行所需内存超过 --memory 允许的 {limit} 字节"),
            ),
            Self::NoSuchSettlement { setl_id } => Text::new(
                format!("no row with setl_id `{setl_id}` in the claims"),
                format!("结算记录中没有 setl_id 为 `{setl_id}` 的行"),
            ),
            Self::NoSuchPerson { psn_no } => {
                Text::new(format!("the ledger has no person `{psn_no}`"), format!("账本中没有人员 `{psn_no}`"))
            }
            Self::Workbook { .. } => Text::new("cannot make the workbook", "无法生成工作簿"),
            Self::EarlierRun { path, reason } | Self::PseudonymKey { path, reason } => {
                Text::new(format!("{}: {}", path.display(), reason.en), format!("{}：{}", path.display(), reason.zh))
            }
            Self::NothingPaid { from_files: false } => Text::new(
                "nothing to compare with: no row of the claims says what was paid; name files that do with --paid",
                "没有可比对的内容：结算记录中没有任何支付金额；请用 --paid 指定支付明细文件",
            ),
            Self::NothingPaid { from_files: true } => Text::new(
                "nothing to compare with: the files given by --paid have no value in any of the compared fields",
                "没有可比对的内容：--paid 指定的文件在各比对字段中均无取值",
            ),
            Self::Thresholds { path, .. } => Text::new(
                format!("the thresholds in {} cannot be used", path.display()),
                format!("{} 中的阈值不可用", path.display()),
            ),
            Self::Ledger(error) => error.text(),
            Self::Table(error) => error.text(),
            Self::Sample(error) => error.text(),
            Self::Disk(error) => error.text(),
            Self::Cancelled => Text::new("stopped; nothing was written", "已停止；未写出任何内容"),
        }
    }
}

impl From<IngestError> for RunError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Cancelled => Self::Cancelled,
            error => Self::Ingest(error),
        }
    }
}

/// Fails when the user asked to stop.
pub(crate) fn check(cancel: &AtomicBool) -> Result<(), RunError> {
    if cancel.load(Ordering::Relaxed) { Err(RunError::Cancelled) } else { Ok(()) }
}

/// Adjudicates everything and publishes the outputs, all at once or not at all.
///
/// # Errors
/// See [`RunError`]; the output folder is as it was.
///
/// # Panics
/// If the plan has neither an output folder nor a ledger.
pub fn run(plan: &RunPlan, watch: &dyn Watch, cancel: &AtomicBool) -> Result<(Summary, Option<NightReport>), RunError> {
    let staging = plan.out.as_ref().map(|out| Staging::begin(out, plan.overwrite)).transpose()?;
    if let Some(night) = &plan.night {
        let (summary, report) = night::run(plan, night, staging, watch, cancel)?;
        return Ok((summary, Some(report)));
    }
    let staging = staging.expect("a run without a ledger has an output folder");
    let (summary, _) = into_folder(plan, staging, None, watch, cancel)?;
    Ok((summary, None))
}

/// Adjudicates everything, audits it with the thresholds of a file, and publishes both at once: the audit in a folder
/// of its own inside the output folder.
///
/// # Errors
/// As [`run`]; the file cannot be used.
///
/// # Panics
/// If the plan has no output folder, or a ledger.
pub fn run_audited(
    plan: &RunPlan,
    config: Option<&Path>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Summary, Audited), RunError> {
    assert!(plan.night.is_none(), "a night is audited once it is in the ledger");
    let limits = reconcile::read_thresholds(config)?;
    let out = plan.out.as_ref().expect("a run without a ledger has an output folder");
    let staging = Staging::begin(out, plan.overwrite)?;
    let (summary, audited) = into_folder(plan, staging, Some(limits), watch, cancel)?;
    Ok((summary, audited.expect("the audit that was asked for")))
}

/// A run into an output folder, with an audit if there are thresholds for one.
fn into_folder(
    plan: &RunPlan,
    staging: Staging,
    limits: Option<Vec<Limits>>,
    watch: &dyn Watch,
    cancel: &AtomicBool,
) -> Result<(Summary, Option<Audited>), RunError> {
    // An audit looks at all persons at once.
    let room = if limits.is_some() { Room::from(plan.memory) } else { Room::with_disk(plan.memory, staging.folder()) };
    let mut loaded = load::load(&plan.inputs, None, None, room, watch, cancel)?;
    let target = Target { staging: &staging, night: None, persons: &plan.persons };
    let Wrote { summary, mut outputs, .. } = write::write(plan.lang, &mut loaded, &target, watch, cancel)?;
    let mut audited = None;
    if let Some(limits) = limits {
        let folder = staging.folder_within(AUDIT)?;
        let adjudicated = staging.path("adjudicated.parquet");
        let (said, written) = reconcile::audit_in_memory(&loaded, plan, limits, adjudicated, &folder, watch, cancel)?;
        outputs.extend(written.into_iter().map(|file| Written { name: format!("{AUDIT}/{}", file.name), ..file }));
        audited = Some(said);
    }
    let reference = &plan.inputs.reference;
    let manifest =
        Manifest { loaded: &loaded, reference, summary: &summary, outputs: &outputs, lang: plan.lang, ledger: None };
    staging.write("manifest.json", manifest::render(&manifest).as_bytes())?;
    check(cancel)?;
    staging.publish()?;
    Ok((summary, audited))
}

/// The folder of an audit inside a run's output folder.
const AUDIT: &str = "audit";
