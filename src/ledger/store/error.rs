//! What can go wrong around the folder of a ledger: one variant for each thing that is not as it must be. `verify`
//! reports the same values as findings, so both have a code, a text and a hint.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::layout::{FORMAT, FORMAT_FILE};
use crate::diagnostic::{Diagnostic, Failure, Location, Text};
use crate::model::date::Date;
use crate::publish::PublishError;

/// Something that was attempted, in both languages: `cannot {en} PATH`, `无法{zh} PATH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

impl Action {
    pub(super) const CREATE: Self = Self { en: "create", zh: "创建" };
    pub(super) const LIST: Self = Self { en: "list", zh: "列出" };
    pub(super) const LOCK: Self = Self { en: "lock", zh: "锁定" };
    pub(super) const OPEN: Self = Self { en: "open", zh: "打开" };
    pub(super) const READ: Self = Self { en: "read", zh: "读取" };
    pub(super) const REMOVE: Self = Self { en: "remove", zh: "删除" };
    pub(super) const RENAME: Self = Self { en: "rename", zh: "改名" };
    pub(super) const SYNC: Self = Self { en: "sync", zh: "同步到磁盘" };
    pub(super) const WRITE: Self = Self { en: "write", zh: "写入" };
}

/// Who holds the lock of a ledger, as far as the lock file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Process; 0 where the file does not tell.
    pub pid: u32,
    /// Machine.
    pub host: String,
    /// What it does.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("?");
        }
        write!(f, "`{}` (pid {}, host {})", self.command, self.pid, self.host)
    }
}

/// Why a ledger cannot be used, or what is wrong with it.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The folder holds something else.
    #[error("{} is not empty and no ledger: it has no {FORMAT_FILE}", .folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
    },
    /// There is nothing to read.
    #[error("there is no ledger at {}", .folder.display())]
    Absent {
        /// The folder.
        folder: PathBuf,
    },
    /// Made by another version.
    #[error("{}: format {found} is not known; this program knows format {FORMAT}", .path.display())]
    Format {
        /// `ledger.json`.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// Another process writes.
    #[error("the ledger {} is in use by {holder}", .folder.display())]
    Locked {
        /// The ledger.
        folder: PathBuf,
        /// Who.
        holder: Holder,
    },
    /// The world failed.
    #[error("cannot {} {}", .action.en, .path.display())]
    Io {
        /// What was attempted.
        action: Action,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A night could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A manifest does not say what it must.
    #[error("{}: {}", .path.display(), .reason.en)]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: Text,
    },
    /// A night is not there.
    #[error("{}: night {expected} is missing; the next one there is night {found}", .folder.display())]
    Gap {
        /// The folder of nights.
        folder: PathBuf,
        /// The first number that is missing.
        expected: u32,
        /// The number that follows the gap.
        found: u32,
    },
    /// A manifest names another predecessor than the one that is there.
    #[error("{}: it follows a manifest with SHA-256 {expected}, the one that is there has {found}", .path.display())]
    Chain {
        /// The later manifest.
        path: PathBuf,
        /// What it says.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A base goes further than the nights.
    #[error("{}: it holds nights to {through}, the last night is {last}", .path.display())]
    BaseBeyond {
        /// The base.
        path: PathBuf,
        /// Its last night.
        through: u32,
        /// The ledger's last night.
        last: u32,
    },
    /// A file that a manifest names is not there.
    #[error("{} is missing", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is there that no manifest names.
    #[error("{} is named in no manifest", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A file has another size.
    #[error("{}: it has {found} bytes, the manifest says {expected}", .path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes on the disk.
        found: u64,
    },
    /// A file has other content.
    #[error("{}: its SHA-256 is {found}, the manifest says {expected}", .path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// By the manifest, or by its name in the archive.
        expected: String,
        /// Of the content.
        found: String,
    },
    /// An archived file cannot be decompressed.
    #[error("{} is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decompressor says.
        #[source]
        source: io::Error,
    },
    /// An input is not what was read a moment ago.
    #[error("{} changed while it was being archived: its SHA-256 was {expected} and is {found}", .path.display())]
    InputChanged {
        /// The input.
        path: PathBuf,
        /// When it was read.
        expected: String,
        /// Now.
        found: String,
    },
    /// A night's rows or money do not add up.
    #[error("{}: {what}: {found}, expected {expected}", .path.display())]
    Unbalanced {
        /// The manifest.
        path: PathBuf,
        /// Which sum.
        what: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A night before the last one.
    #[error("a night of {given} cannot follow night {night} of {last}")]
    DateGoesBack {
        /// The day asked for.
        given: Date,
        /// The last night.
        night: u32,
        /// Its day.
        last: Date,
    },
    /// A night that is not there.
    #[error("there is no night {night}: the last one is {last}")]
    NoSuchNight {
        /// The number asked for.
        night: u32,
        /// The last one.
        last: u32,
    },
    /// No night is of a day or later.
    #[error("there is no night of {day} or later: the last one is {last}")]
    NoNightSince {
        /// The day.
        day: Date,
        /// The last night.
        last: u32,
    },
}

impl LedgerError {
    /// A stable code, listed in `docs/errors.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "N-FOREIGN",
            Self::Absent { .. } => "N-ABSENT",
            Self::Format { .. } => "N-FORMAT",
            Self::Locked { .. } => "N-LOCKED",
            Self::Io { .. } | Self::Publish(_) => "N-IO",
            Self::Manifest { .. } => "N-MANIFEST",
            Self::Gap { .. } => "N-GAP",
            Self::Chain { .. } => "N-CHAIN",
            Self::BaseBeyond { .. } => "N-BASE",
            Self::Missing { .. } => "N-MISSING",
            Self::Unknown { .. } => "N-UNKNOWN",
            Self::Size { .. } => "N-SIZE",
            Self::Digest { .. } => "N-DIGEST",
            Self::Damaged { .. } => "N-DAMAGED",
            Self::InputChanged { .. } => "N-CHANGED",
            Self::Unbalanced { .. } => "N-BALANCE",
            Self::DateGoesBack { .. } => "N-DATE",
            Self::NoSuchNight { .. } | Self::NoNightSince { .. } => "N-NIGHT",
        }
    }

    /// What to do about it, if there is something to say.
    #[must_use]
    pub fn hint(&self) -> Text {
        let (en, zh) = match self {
            Self::Foreign { .. } => {
                ("name a new or empty folder, or the folder of a ledger", "请指定新文件夹、空文件夹或账本文件夹")
            }
            Self::Absent { .. } => ("the first run with this --ledger makes it", "首次以该 --ledger 运行时创建"),
            Self::Format { .. } => ("use the version of the program that made it", "请使用创建该账本的程序版本"),
            Self::Locked { .. } => ("wait until that run has ended", "请等待该次运行结束"),
            Self::Io { .. } | Self::Publish(_) => (
                "see to the disk, its space and its rights, then run again: the ledger is as it was",
                "请检查磁盘空间和权限后重新运行：账本未被改动",
            ),
            Self::NoSuchNight { .. } | Self::NoNightSince { .. } => {
                ("`tongchou ledger status` lists the nights", "`tongchou ledger status` 列出现有各批")
            }
            Self::Manifest { .. }
            | Self::Gap { .. }
            | Self::Chain { .. }
            | Self::Missing { .. }
            | Self::Size { .. }
            | Self::Digest { .. }
            | Self::Damaged { .. }
            | Self::Unbalanced { .. } => (
                "nothing was computed from it; restore the file from a backup, then run `tongchou ledger verify`; docs/ledger.md says what else is possible",
                "未据此计算任何结果；请从备份恢复该文件，再运行 `tongchou ledger verify`；其他办法见 docs/ledger.md",
            ),
            Self::BaseBeyond { .. } => (
                "move the base out of the ledger: it is made again from the nights",
                "请将该基线移出账本：可由各批重新生成",
            ),
            Self::Unknown { .. } => ("move it out of the ledger", "请将其移出账本"),
            Self::InputChanged { .. } => ("run again when nobody writes to it", "请在无人写入该文件时重新运行"),
            Self::DateGoesBack { .. } => {
                ("give the day of tonight, or roll back the later nights first", "请给出本批日期，或先回退其后的各批")
            }
        };
        Text::new(en, zh)
    }

    /// The file or folder it is about, if it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Foreign { folder }
            | Self::Absent { folder }
            | Self::Locked { folder, .. }
            | Self::Gap { folder, .. } => Some(folder),
            Self::Format { path, .. }
            | Self::Io { path, .. }
            | Self::Manifest { path, .. }
            | Self::Chain { path, .. }
            | Self::BaseBeyond { path, .. }
            | Self::Missing { path }
            | Self::Unknown { path }
            | Self::Size { path, .. }
            | Self::Digest { path, .. }
            | Self::Damaged { path, .. }
            | Self::InputChanged { path, .. }
            | Self::Unbalanced { path, .. } => Some(path),
            Self::Publish(_) | Self::DateGoesBack { .. } | Self::NoSuchNight { .. } | Self::NoNightSince { .. } => None,
        }
    }
}

impl Failure for LedgerError {
    fn text(&self) -> Text {
        let zh = match self {
            Self::Foreign { folder } => format!("{} 不为空，也不是账本：其中没有 {FORMAT_FILE}", folder.display()),
            Self::Absent { folder } => format!("{} 处没有账本", folder.display()),
            Self::Format { path, found } => {
                format!("{}：未知的格式 {found}；本程序支持格式 {FORMAT}", path.display())
            }
            Self::Locked { folder, holder } => format!("账本 {} 正被 {holder} 使用", folder.display()),
            Self::Io { action, path, .. } => format!("无法{} {}", action.zh, path.display()),
            Self::Publish(error) => format!("无法写入账本：{}", error.text().zh),
            Self::Manifest { path, reason } => format!("{}：{}", path.display(), reason.zh),
            Self::Gap { folder, expected, found } => {
                format!("{}：缺少第 {expected} 批；其后现存的是第 {found} 批", folder.display())
            }
            Self::Chain { path, expected, found } => {
                format!("{}：应接续 SHA-256 为 {expected} 的清单，现存清单为 {found}", path.display())
            }
            Self::BaseBeyond { path, through, last } => {
                format!("{}：包含至第 {through} 批，而最后一批是第 {last} 批", path.display())
            }
            Self::Missing { path } => format!("{} 不存在", path.display()),
            Self::Unknown { path } => format!("{} 未列入任何清单", path.display()),
            Self::Size { path, expected, found } => {
                format!("{}：现有 {found} 字节，清单为 {expected} 字节", path.display())
            }
            Self::Digest { path, expected, found } => {
                format!("{}：SHA-256 为 {found}，清单为 {expected}", path.display())
            }
            Self::Damaged { path, .. } => format!("{} 已损坏", path.display()),
            Self::InputChanged { path, expected, found } => {
                format!("{} 在存档时发生变化：SHA-256 原为 {expected}，现为 {found}", path.display())
            }
            Self::Unbalanced { path, what, expected, found } => {
                format!("{}：{what}：{found}，应为 {expected}", path.display())
            }
            Self::DateGoesBack { given, night, last } => {
                format!("{given} 不能接在第 {night} 批（{last}）之后")
            }
            Self::NoNightSince { day, last } => format!("{day} 及以后没有批次：最后一批是第 {last} 批"),
            Self::NoSuchNight { night, last } => format!("没有第 {night} 批：最后一批是第 {last} 批"),
        };
        Text::new(self.to_string(), zh)
    }
}

impl From<&LedgerError> for Diagnostic {
    /// The same as a finding: the path is its place, the causes stand in its message.
    fn from(error: &LedgerError) -> Self {
        let file = error.path().map(|path| path.display().to_string()).unwrap_or_default();
        let short = |text: String, colon: char| match text.strip_prefix(&file) {
            Some(rest) if !file.is_empty() => rest.trim_start_matches(colon).trim_start().to_owned(),
            _ => text,
        };
        let text = error.text();
        let mut message = Text::new(short(text.en, ':'), short(text.zh, '：'));
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            message.en += &format!(": {inner}");
            message.zh += &format!("：{inner}");
            cause = inner.source();
        }
        // What is about no file is about the ledger as a whole.
        let file = if file.is_empty() { "ledger".to_owned() } else { file };
        let at = Location { file, ..Location::default() };
        Self::error(error.code(), at, message).hint(error.hint())
    }
}

/// For `map_err`: what was attempted, on what.
pub(super) fn failed(action: Action, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io { action, path, source }
}
