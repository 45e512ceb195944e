//! The whole job on a file of millions of rows, beside a plain copy of the same file in the same run.
//!
//! `cargo bench --bench end_to_end` (rows: `TONGCHOU_BENCH_ROWS`, 5,000,000 by default; rounds: `TONGCHOU_BENCH_ROUNDS`).
//! The copy reads every column of the claims with arrow-rs and writes them with the same Parquet properties, on one
//! thread. Figures are medians; the ratio is what to look at, as these machines are noisy.

mod support {
    pub mod command;
    pub mod made;
}

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use support::command::{data, median, number, run};

fn copy(from: &Path, to: &Path) -> f64 {
    let started = Instant::now();
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(from).expect("claims")).expect("parquet");
    let reader = builder.with_batch_size(65_536).build().expect("reader");
    let properties = tongchou::columnar::row_groups::properties();
    let target = File::create(to).expect("copy");
    let mut writer = ArrowWriter::try_new(target, reader.schema(), Some(properties)).expect("writer");
    use arrow::array::RecordBatchReader as _;
    for batch in reader {
        writer.write(&batch.expect("batch")).expect("write");
    }
    writer.close().expect("close");
    started.elapsed().as_secs_f64()
}

fn job(data: &Path, out: &Path, threads: Option<usize>) -> (f64, u64) {
    let mut command = run(data, &data.join("claims.parquet"));
    command.arg("--overwrite").arg("--out").arg(out);
    if let Some(threads) = threads {
        command.arg("--threads").arg(threads.to_string());
    }
    let output = command.output().expect("the job starts");
    let text = String::from_utf8(output.stdout).expect("JSON");
    let summary: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (summary["seconds"].as_f64().expect("seconds"), summary["peak_memory_bytes"].as_u64().expect("peak memory"))
}

fn main() {
    let rows = number("TONGCHOU_BENCH_ROWS", 5_000_000);
    let rounds = number("TONGCHOU_BENCH_ROUNDS", 3);
    let data = data(rows);
    let scratch = tempfile::tempdir().expect("scratch");
    let (mut copies, mut jobs, mut singles, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 1..=rounds {
        copies.push(copy(&data.join("claims.parquet"), &scratch.path().join("copy.parquet")));
        let (seconds, memory) = job(&data, &scratch.path().join("out"), None);
        let (single, _) = job(&data, &scratch.path().join("out"), Some(1));
        jobs.push(seconds);
        singles.push(single);
        peak = peak.max(memory);
        println!("round {round}: copy {:.2} s, job {seconds:.2} s, one thread {single:.2} s", copies[round - 1]);
    }
    let (copies, jobs, singles) = (median(copies), median(jobs), median(singles));
    println!("rows                {rows}");
    println!("plain copy          {copies:.2} s");
    println!("whole job           {jobs:.2} s   {:.2} x the copy   {:.0} rows/s", jobs / copies, rows as f64 / jobs);
    println!("one thread          {singles:.2} s   {:.2} x two threads' time", singles / jobs);
    println!("peak memory         {:.0} MiB", peak as f64 / f64::from(1 << 20));
}
