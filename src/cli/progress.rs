//! How far a run is, and where its time went.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::terminal::{bar, complain};
use crate::diagnostic::Lang;
use crate::pipeline::{Stage, Step, Watch, memory};
use crate::report::summary::{bytes, grouped};

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

/// Shows how far a run is, and remembers how long each stage took.
pub struct Progress {
    lang: Lang,
    how: How,
    started: Instant,
    stage: Mutex<Option<Running>>,
    past: Mutex<Vec<Past>>,
    rows: AtomicU64,
    /// Rows that the stage will take; 0: nobody knows.
    expected: AtomicU64,
    told: AtomicU64,
    on_disk: AtomicU64,
    /// Nanoseconds of all threads by step.
    busy: [AtomicU64; Step::ALL.len()],
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

/// A stage that is over.
struct Past {
    stage: Stage,
    rows: u64,
    seconds: f64,
    resident: u64,
    peak: Option<u64>,
    on_disk: u64,
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
            ProgressMode::Auto => bar().map_or(How::Plain, How::Bar),
            ProgressMode::Plain => How::Plain,
        };
        Self {
            lang,
            how,
            started: Instant::now(),
            stage: Mutex::new(None),
            past: Mutex::new(Vec::new()),
            rows: AtomicU64::new(0),
            expected: AtomicU64::new(0),
            told: AtomicU64::new(0),
            on_disk: AtomicU64::new(0),
            busy: [const { AtomicU64::new(0) }; Step::ALL.len()],
        }
    }

    /// Ends the last stage.
    pub fn finish(&self) {
        self.end_stage();
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }

    /// Bytes of rows that went to the disk.
    #[must_use]
    pub fn bytes_on_disk(&self) -> u64 {
        self.on_disk.load(Ordering::Relaxed)
    }

    /// Where the time went: seconds by stage, and what threads did within them.
    #[must_use]
    pub fn profile(&self) -> Value {
        let round = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
        let past = self.past.lock().expect("no thread panicked here");
        let stages = past.iter().map(|past| {
            json!({
                "stage": past.stage.word(),
                "rows": past.rows,
                "seconds": round(past.seconds),
                "resident_bytes_at_end": past.resident,
                "peak_bytes_until_end": past.peak,
                "spilled_bytes_at_end": past.on_disk,
            })
        });
        let steps = Step::ALL.iter().zip(&self.busy).map(|(step, busy)| {
            json!({"step": step.word(), "busy_seconds": round(busy.load(Ordering::Relaxed) as f64 / 1e9)})
        });
        json!({
            "stages": stages.collect::<Vec<_>>(),
            "steps": steps.collect::<Vec<_>>(),
            "seconds": round(self.started.elapsed().as_secs_f64()),
            "threads": rayon::current_num_threads(),
            "peak_memory_bytes": memory::peak(),
            "spilled_bytes": self.bytes_on_disk(),
        })
    }

    fn end_stage(&self) {
        let Some(running) = self.stage.lock().expect("no thread panicked here").take() else { return };
        if matches!(self.how, How::Plain) {
            self.tell(running);
        }
        self.past.lock().expect("no thread panicked here").push(Past {
            stage: running.stage,
            rows: self.rows.load(Ordering::Relaxed),
            seconds: running.since.elapsed().as_secs_f64(),
            resident: memory::in_use(),
            peak: memory::peak(),
            on_disk: self.bytes_on_disk(),
        });
    }

    fn tell(&self, running: Running) {
        let rows = self.rows.load(Ordering::Relaxed);
        let seconds = running.since.elapsed().as_secs_f64();
        let name = stage_name(running.stage, self.lang);
        let (counted, rest) = (grouped(rows), self.rest(rows, seconds));
        // Not every stage counts rows.
        let done = match self.lang {
            _ if rows == 0 => String::new(),
            Lang::En => format!("{counted} rows, "),
            Lang::Zh => format!("{counted} 行，"),
        };
        complain(&match self.lang {
            Lang::En => format!("{name}: {done}{seconds:.1} s{rest}"),
            Lang::Zh => format!("{name}：{done}{seconds:.1} 秒{rest}"),
        });
    }

    /// Rate, time left, memory and disk, as far as they are worth a word.
    fn rest(&self, rows: u64, seconds: f64) -> String {
        let zh = self.lang == Lang::Zh;
        let mut text = String::new();
        if seconds >= 1.0 && rows > 0 {
            let rate = rows as f64 / seconds;
            text += &if zh {
                format!("，每秒 {} 行", grouped(rate as u64))
            } else {
                format!(", {} rows/s", grouped(rate as u64))
            };
            let left = self.expected.load(Ordering::Relaxed).saturating_sub(rows) as f64 / rate.max(1.0);
            if left >= 1.0 {
                text += &if zh { format!("，约剩 {left:.0} 秒") } else { format!(", about {left:.0} s left") };
            }
        }
        text + &self.memory(zh)
    }

    fn memory(&self, zh: bool) -> String {
        let mut text = match memory::in_use() {
            0 => String::new(),
            used if zh => format!("，内存 {}", bytes(used)),
            used => format!(", memory {}", bytes(used)),
        };
        let on_disk = self.bytes_on_disk();
        if on_disk > 0 {
            text += &if zh {
                format!("，已暂存磁盘 {}", bytes(on_disk))
            } else {
                format!(", spilled {}", bytes(on_disk))
            };
        }
        text
    }

    /// Once in [`EVERY`], by the first thread that comes by.
    fn is_time(&self, running: Running, every: Duration) -> bool {
        let ticks = (running.since.elapsed().as_millis() / every.as_millis()) as u64;
        self.told.fetch_max(ticks, Ordering::Relaxed) < ticks
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
        self.expected.store(rows.unwrap_or(0), Ordering::Relaxed);
        *self.stage.lock().expect("no thread panicked here") = Some(Running { stage, since: Instant::now() });
        if let How::Bar(bar) = &self.how {
            bar.reset();
            bar.set_style(style(rows.is_some()));
            bar.set_length(rows.unwrap_or(0));
            bar.set_message(stage_name(stage, self.lang));
        }
    }

    fn advance(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        let Some(running) = *self.stage.lock().expect("no thread panicked here") else { return };
        match &self.how {
            How::Bar(bar) => {
                bar.inc(rows);
                if self.is_time(running, Duration::from_millis(500)) {
                    bar.set_prefix(self.memory(self.lang == Lang::Zh));
                }
            }
            How::Nothing => {}
            How::Plain => {
                if self.is_time(running, EVERY) {
                    self.tell(running);
                }
            }
        }
    }

    fn expect(&self, rows: u64) {
        let before = self.expected.swap(rows, Ordering::Relaxed);
        if let How::Bar(bar) = &self.how {
            if before == 0 {
                bar.set_style(style(true));
            }
            bar.set_length(rows);
        }
    }

    fn on_disk(&self, bytes: u64) {
        self.on_disk.store(bytes, Ordering::Relaxed);
    }

    fn clock(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }

    fn spent(&self, step: Step, since: u64) {
        self.busy[step as usize].fetch_add(self.clock().saturating_sub(since), Ordering::Relaxed);
    }
}

fn style(is_known: bool) -> ProgressStyle {
    let template = if is_known {
        "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {elapsed} ({eta}){prefix}"
    } else {
        "{msg} {spinner} {human_pos} {elapsed} ({per_sec}){prefix}"
    };
    ProgressStyle::with_template(template).expect("a valid template")
}
