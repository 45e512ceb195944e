//! The only room that touches stdout, stderr and the progress bar.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diagnostic::{Diagnostic, Failure, Lang};
use crate::pipeline::{Stage, Watch};
use crate::report::summary::grouped;

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ProgressMode {
    /// A bar on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// One line a stage and every ten seconds.
    Plain,
    /// Nothing.
    None,
}

/// Text to stdout. A reader that went away (a closed pipe) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Columns of the terminal that stdout is; `None` where it is none.
#[must_use]
pub fn width() -> Option<u16> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size()?;
    std::io::stdout().is_terminal().then_some(columns)
}

/// Text to stderr.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A failure and the chain of its causes to stderr, once. The causes are in the words of the system.
pub fn complain_error(failure: &dyn Failure, lang: Lang) {
    let (before, between) = match lang {
        Lang::En => ("error: ", ": "),
        Lang::Zh => ("错误：", "："),
    };
    let mut text = format!("{before}{}", failure.text().get(lang));
    let mut cause = failure.source();
    while let Some(inner) = cause {
        text += &format!("{between}{inner}");
        cause = inner.source();
    }
    complain(&text);
}

/// Diagnostics to stderr, at most `most`, and how many more there are.
pub fn complain_all(diagnostics: &[Diagnostic], more: usize, lang: Lang) {
    for diagnostic in diagnostics {
        complain(&diagnostic.render(lang));
    }
    if more > 0 {
        complain(&match lang {
            Lang::En => format!("... and {more} more"),
            Lang::Zh => format!("……另有 {more} 条"),
        });
    }
}

/// Shows how far a run is.
pub struct Progress {
    lang: Lang,
    how: How,
    stage: Mutex<Option<Running>>,
    rows: AtomicU64,
    told: AtomicU64,
}

enum How {
    Bar(ProgressBar),
    Plain,
    Nothing,
}

#[derive(Clone, Copy)]
struct Running {
    stage: Stage,
    since: Instant,
}

/// Between two plain lines of one stage.
const EVERY: Duration = Duration::from_secs(10);

impl Progress {
    /// Progress as asked for.
    #[must_use]
    pub fn new(mode: ProgressMode, quiet: bool, lang: Lang) -> Self {
        let how = match mode {
            _ if quiet => How::Nothing,
            ProgressMode::None => How::Nothing,
            ProgressMode::Auto if std::io::stderr().is_terminal() => {
                How::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5)))
            }
            _ => How::Plain,
        };
        Self { lang, how, stage: Mutex::new(None), rows: AtomicU64::new(0), told: AtomicU64::new(0) }
    }

    /// Ends the last stage.
    pub fn finish(&self) {
        self.end_stage();
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }

    fn end_stage(&self) {
        let running = self.stage.lock().expect("no thread panicked here").take();
        if let (How::Plain, Some(running)) = (&self.how, running) {
            self.tell(running);
        }
    }

    fn tell(&self, running: Running) {
        let rows = grouped(self.rows.load(Ordering::Relaxed));
        let seconds = running.since.elapsed().as_secs_f64();
        let name = stage_name(running.stage, self.lang);
        complain(&match self.lang {
            Lang::En => format!("{name}: {rows} rows, {seconds:.1} s"),
            Lang::Zh => format!("{name}：{rows} 行，{seconds:.1} 秒"),
        });
    }
}

const fn stage_name(stage: Stage, lang: Lang) -> &'static str {
    match (stage, lang) {
        (Stage::Ingest, Lang::En) => "read claims",
        (Stage::Ingest, Lang::Zh) => "读取结算记录",
        (Stage::Group, Lang::En) => "group by person",
        (Stage::Group, Lang::Zh) => "按人员归集",
        (Stage::Reference, Lang::En) => "read reference tables",
        (Stage::Reference, Lang::Zh) => "读取参考表",
        (Stage::Adjudicate, Lang::En) => "adjudicate and write",
        (Stage::Adjudicate, Lang::Zh) => "计算并写出",
        (Stage::Keep, Lang::En) => "keep pended and rejected rows",
        (Stage::Keep, Lang::Zh) => "保存待处理与退回记录",
        (Stage::Report, Lang::En) => "write reports",
        (Stage::Report, Lang::Zh) => "写报告",
        (Stage::Verify, Lang::En) => "read back and verify",
        (Stage::Verify, Lang::Zh) => "回读核对",
        (Stage::Reconcile, Lang::En) => "reconcile and write",
        (Stage::Reconcile, Lang::Zh) => "对账并写出",
        (Stage::Sample, Lang::En) => "draw a sample",
        (Stage::Sample, Lang::Zh) => "抽样",
        (Stage::Compare, Lang::En) => "compare and write",
        (Stage::Compare, Lang::Zh) => "比较并写出",
        (Stage::Compact, Lang::En) => "merge nights",
        (Stage::Compact, Lang::Zh) => "合并各批",
        (Stage::Synthesise, Lang::En) => "make and settle",
        (Stage::Synthesise, Lang::Zh) => "生成并结算",
    }
}

impl Watch for Progress {
    fn begin(&self, stage: Stage, rows: Option<u64>) {
        self.end_stage();
        self.rows.store(0, Ordering::Relaxed);
        self.told.store(0, Ordering::Relaxed);
        *self.stage.lock().expect("no thread panicked here") = Some(Running { stage, since: Instant::now() });
        if let How::Bar(bar) = &self.how {
            let template = match rows {
                Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} {elapsed} ({eta})",
                None => "{msg} {spinner} {human_pos} {elapsed} ({per_sec})",
            };
            bar.reset();
            bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
            bar.set_length(rows.unwrap_or(0));
            bar.set_message(stage_name(stage, self.lang));
        }
    }

    fn advance(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        match &self.how {
            How::Bar(bar) => bar.inc(rows),
            How::Nothing => {}
            How::Plain => {
                let Some(running) = *self.stage.lock().expect("no thread panicked here") else { return };
                let ticks = running.since.elapsed().as_secs() / EVERY.as_secs();
                if self.told.fetch_max(ticks, Ordering::Relaxed) < ticks {
                    self.tell(running);
                }
            }
        }
    }
}
