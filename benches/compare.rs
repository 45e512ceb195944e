//! The same claims under many pools, beside as many runs: what is saved by reading, typing and grouping once.
//!
//! `cargo bench --bench compare` (rows: `TONGCHOU_BENCH_ROWS`, 1,000,000 by default; pools: `TONGCHOU_BENCH_POOLS`, 20).
//! One run is measured and taken as often as there are pools: a run under another pool reads and groups the same rows.

mod support {
    pub mod command;
    pub mod made;
}

use std::path::Path;
use std::time::Instant;

use support::command::{data, median, number, run};
use tongchou::compare::population::pools_of;
use tongchou::pipeline::rules_dir::load_rules;

/// `compare regions` with the tables and claims of a run.
fn regions(data: &Path, out: &Path, pools: &[String]) -> f64 {
    let of_run = run(data, &data.join("claims.parquet"));
    let mut command = std::process::Command::new(of_run.get_program());
    // The arguments of the run behind the name of its command, less what the comparison does not know.
    let args: Vec<_> = of_run.get_args().skip(1).filter(|arg| *arg != "--json").collect();
    command.args(["compare", "regions"]).args(args).args(["--overwrite", "--out"]).arg(out);
    command.arg("--pools").args(pools);
    let started = Instant::now();
    let ended = command.status().expect("the comparison starts");
    assert!(ended.success(), "the comparison failed: {ended}");
    started.elapsed().as_secs_f64()
}

fn one_run(data: &Path, out: &Path) -> f64 {
    let mut command = run(data, &data.join("claims.parquet"));
    let started = Instant::now();
    let output = command.arg("--overwrite").arg("--out").arg(out).output().expect("the run starts");
    assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    started.elapsed().as_secs_f64()
}

fn main() {
    let rows = number("TONGCHOU_BENCH_ROWS", 1_000_000);
    let wanted = number("TONGCHOU_BENCH_POOLS", 20);
    let rounds = number("TONGCHOU_BENCH_ROUNDS", 3);
    let data = data(rows);
    let rules = load_rules(Path::new("sample_data/rules")).expect("the sample pack");
    let pools: Vec<String> = pools_of(&rules.pack).iter().take(wanted).map(ToString::to_string).collect();
    let scratch = tempfile::tempdir().expect("scratch");
    let (mut runs, mut compared) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        runs.push(one_run(&data, &scratch.path().join("run")));
        compared.push(regions(&data, &scratch.path().join("regions"), &pools));
        println!("round {round}: one run {:.2} s, comparison {:.2} s", runs[round - 1], compared[round - 1]);
    }
    let (one, compared) = (median(runs), median(compared));
    let all = one * pools.len() as f64;
    println!("rows                {rows}");
    println!("pools               {}", pools.len());
    println!("so many runs        {all:.2} s");
    println!(
        "one comparison      {compared:.2} s   {:.2} x one run   {:.0} % of the runs",
        compared / one,
        100.0 * compared / all
    );
}
