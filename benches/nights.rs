//! A year at once, and night by night on a ledger, in the same run.
//!
//! `cargo bench --bench nights` (rows: `TONGCHOU_BENCH_ROWS`, 2,000,000 by default; nights: `TONGCHOU_BENCH_NIGHTS`, 12).
//! The year is cut by the time of settlement. What a ledger costs is the sum of the nights beside the year at once; what a
//! base saves is the last night beside the same night on a compacted ledger.

mod support {
    pub mod command;
    pub mod made;
}

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use arrow::array::{AsArray, BooleanArray, RecordBatch, RecordBatchReader as _};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use support::command::{data, number, run};

/// Moments of settlement, in microseconds.
fn times(batch: &RecordBatch) -> Vec<i64> {
    let column = batch.column_by_name("setl_time").expect("setl_time");
    let column = column.as_primitive_opt::<TimestampMicrosecondType>().expect("a moment");
    (0..column.len()).map(|row| column.value(row)).collect()
}

/// Cuts the claims into files of about the same number of rows, by time.
fn cut(claims: &Path, nights: usize, into: &Path) -> Vec<PathBuf> {
    let read = || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(claims).expect("claims")).expect("parquet");
        builder.with_batch_size(65_536).build().expect("reader")
    };
    let mut all: Vec<i64> = read().flat_map(|batch| times(&batch.expect("batch"))).collect();
    all.sort_unstable();
    let mut files = Vec::new();
    for night in 0..nights {
        let from = if night == 0 { i64::MIN } else { all[all.len() * night / nights] };
        let to = if night + 1 == nights { i64::MAX } else { all[all.len() * (night + 1) / nights] };
        let path = into.join(format!("night{night:03}.parquet"));
        let reader = read();
        let properties = tongchou::columnar::row_groups::properties();
        let target = File::create(&path).expect("a file");
        let mut writer = ArrowWriter::try_new(target, reader.schema(), Some(properties)).expect("writer");
        for batch in reader {
            let batch = batch.expect("batch");
            let mask: BooleanArray = times(&batch).into_iter().map(|time| Some(from <= time && time < to)).collect();
            writer.write(&filter_record_batch(&batch, &mask).expect("filtered")).expect("write");
        }
        writer.close().expect("close");
        files.push(path);
    }
    files
}

/// Seconds by the clock outside of the process, and the most memory it had.
fn timed(mut command: Command) -> (f64, u64) {
    let started = Instant::now();
    let output = command.output().expect("the command starts");
    let seconds = started.elapsed().as_secs_f64();
    assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (seconds, summary["peak_memory_bytes"].as_u64().unwrap_or_default())
}

fn ledger(ledger: &Path, action: &[&str]) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongchou"));
    command.arg("ledger").arg(action[0]).arg("--ledger").arg(ledger).args(&action[1..]);
    timed(command).0
}

fn main() {
    let rows = number("TONGCHOU_BENCH_ROWS", 2_000_000);
    let nights = number("TONGCHOU_BENCH_NIGHTS", 12);
    let data = data(rows);
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("scratch");
    let files = cut(&data.join("claims.parquet"), nights, scratch.path());
    let folder = scratch.path().join("ledger");
    let mut at_once = run(&data, &data.join("claims.parquet"));
    at_once.arg("--out").arg(scratch.path().join("out"));
    let (once, once_peak) = timed(at_once);
    let night = |file: &Path| {
        let mut command = run(&data, file);
        command.arg("--ledger").arg(&folder);
        timed(command)
    };
    let runs: Vec<(f64, u64)> = files.iter().map(|file| night(file)).collect();
    let sum: f64 = runs.iter().map(|(seconds, _)| seconds).sum();
    let peak = runs.iter().map(|(_, peak)| *peak).max().unwrap_or_default();
    let verify = ledger(&folder, &["verify"]);
    let before = nights.saturating_sub(1).to_string();
    ledger(&folder, &["rollback", "--to", &before]);
    let compact = ledger(&folder, &["compact"]);
    let (on_base, _) = night(files.last().expect("a night"));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("rows                {rows}, nights {nights}");
    println!("year at once        {once:.2} s   peak {:.0} MiB", mib(once_peak));
    println!("nights, summed      {sum:.2} s   {:.2} x the year at once   peak {:.0} MiB", sum / once, mib(peak));
    let (first, last) = (runs[0].0, runs[nights - 1].0);
    println!("first night         {first:.2} s");
    println!("last night          {last:.2} s   {:.2} x the first", last / first);
    println!("the same on a base  {on_base:.2} s   {:.2} x the first; compacting took {compact:.2} s", on_base / first);
    println!("ledger verify       {verify:.2} s, every byte and every sum");
}
