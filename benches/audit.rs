//! Reconciliation and findings over millions of rows, beside adjudicating the same rows in the same run.
//!
//! `cargo bench --bench audit` (rows: `TONGCHOU_BENCH_ROWS`, 5,000,000 by default; rounds: `TONGCHOU_BENCH_ROUNDS`).
//! All three read the claims' files and write all of their outputs, reports included. Figures are medians; the ratios
//! are what to look at, as these machines are noisy.

mod support {
    pub mod command;
    pub mod made;
}

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use support::command::{data, median, number, run};

fn timed(command: &mut Command, largest_exit: i32) -> f64 {
    let started = Instant::now();
    let output = command.output().expect("the command starts");
    let seconds = started.elapsed().as_secs_f64();
    let is_done = output.status.code().is_some_and(|code| code <= largest_exit);
    assert!(is_done, "{}", String::from_utf8_lossy(&output.stderr));
    seconds
}

fn look(name: &str, of_run: &Path, out: &Path) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongchou"));
    command.args([name, "--quiet", "--overwrite", "--run"]).arg(of_run).arg("--out").arg(out);
    timed(&mut command, 63)
}

fn main() {
    let rows = number("TONGCHOU_BENCH_ROWS", 5_000_000);
    let rounds = number("TONGCHOU_BENCH_ROUNDS", 3);
    let data = data(rows);
    let scratch = tempfile::tempdir().expect("scratch");
    let out = scratch.path().join("out");
    let (mut runs, mut reconciliations, mut audits) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let mut job = run(&data, &data.join("claims.parquet"));
        runs.push(timed(job.arg("--overwrite").arg("--out").arg(&out), 1));
        reconciliations.push(look("reconcile", &out, &scratch.path().join("reconciled")));
        audits.push(look("audit", &out, &scratch.path().join("audited")));
        let (run, reconcile, audit) = (runs[round - 1], reconciliations[round - 1], audits[round - 1]);
        println!("round {round}: run {run:.2} s, reconcile {reconcile:.2} s, audit {audit:.2} s");
    }
    let (runs, reconciliations, audits) = (median(runs), median(reconciliations), median(audits));
    let findings = audits - reconciliations;
    println!("rows                       {rows}");
    println!("run                        {runs:.2} s   {:.0} rows/s", rows as f64 / runs);
    println!("reconcile                  {reconciliations:.2} s   {:.2} x the run", reconciliations / runs);
    println!("audit                      {audits:.2} s   {:.2} x the run", audits / runs);
    println!("findings, the difference   {findings:.2} s   {:.2} x the run", findings / runs);
}
