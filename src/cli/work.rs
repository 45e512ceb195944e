//! What commands that work for a while have in common: threads, memory, and how far they are.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::CommonArgs;
use super::progress::{Progress, ProgressMode};
use super::terminal::complain;
use crate::diagnostic::Lang;
use crate::pipeline::memory;

/// How many threads work.
#[derive(Debug, Clone, Args)]
pub(super) struct ThreadArgs {
    /// Threads; all cores by default. The outputs are the same at any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl ThreadArgs {
    /// Runs `work` on so many threads.
    pub(super) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.threads {
            None => work(),
            Some(threads) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
                pool.expect("threads can be started").install(work)
            }
        }
    }
}

/// How a command works, and what it says meanwhile.
#[derive(Debug, Clone, Args)]
pub(super) struct WorkArgs {
    #[command(flatten)]
    threads: ThreadArgs,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressMode,
    /// Write into this file where the time went: seconds and rows by stage, what threads did, memory, as JSON
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

impl WorkArgs {
    /// Runs `work` on the threads that were asked for and shows how far it is.
    pub(super) fn run<R: Send>(&self, lang: Lang, work: impl FnOnce(&Progress) -> R + Send) -> R {
        let progress = Progress::new(self.progress, self.quiet, lang);
        let result = self.threads.run(|| work(&progress));
        progress.finish();
        if let Some(path) = &self.profile {
            let text = format!("{:#}\n", progress.profile());
            if let Err(error) = std::fs::write(path, text) {
                // The work itself is done, and stays done.
                let path = path.display();
                complain(&match lang {
                    Lang::En => format!("cannot write the profile {path}: {error}"),
                    Lang::Zh => format!("无法写入耗时文件 {path}：{error}"),
                });
            }
        }
        result
    }

    /// Shows what came of it; nothing where nothing but errors is to be said. JSON was asked for and is shown.
    pub(super) fn show(&self, common: &CommonArgs, text: impl FnOnce(Lang) -> String, value: impl FnOnce() -> Value) {
        if common.json || !self.quiet {
            common.show(text, value);
        }
    }
}

/// How much memory a command may take.
#[derive(Debug, Clone, Args)]
pub(super) struct MemoryArgs {
    /// Most memory to use, such as 8GiB; three quarters of the machine by default. `run` keeps rows that do not fit on the disk, beside its output; other commands refuse more rows than fit
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,
}

impl MemoryArgs {
    /// In bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.memory.unwrap_or_else(|| memory::of_machine() / 4 * 3)
    }
}

/// `2GiB`, `500MB`, `1048576`.
fn parse_size(text: &str) -> Result<u64, String> {
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(format!("`{text}` is not a size: write 2GiB, 500MB or a number of bytes")),
    };
    let number: u64 =
        number.parse().map_err(|_| format!("`{text}` is not a size: write 2GiB, 500MB or a number of bytes"))?;
    number.checked_mul(unit).ok_or_else(|| format!("`{text}` is too large"))
}
