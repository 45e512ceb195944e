//! The whole job under limits of the memory, and with ten times the rows: does it keep the limit, and is it linear?
//!
//! `cargo bench --bench memory` (sizes: `TONGCHOU_BENCH_SIZES`, `1000000,10000000` by default; limits:
//! `TONGCHOU_BENCH_LIMITS`, `512MiB,1GiB,2GiB,16GiB`; rounds: `TONGCHOU_BENCH_ROUNDS`, 1). Times are medians. What a limit
//! costs is its time over that of the last limit; what ten times the rows cost is the time over that of the size before.

mod support {
    pub mod command;
    pub mod made;
}

use support::command::{data, median, number, run};

fn list(name: &str, default: &str) -> Vec<String> {
    std::env::var(name).unwrap_or_else(|_| default.to_owned()).split(',').map(str::to_owned).collect()
}

fn main() {
    let rounds = number("TONGCHOU_BENCH_ROUNDS", 1);
    let limits = list("TONGCHOU_BENCH_LIMITS", "512MiB,1GiB,2GiB,16GiB");
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("scratch");
    println!(
        "{:>12} {:>8} {:>9} {:>11} {:>10} {:>12} {:>10}",
        "rows", "limit", "seconds", "rows/s", "peak MiB", "spilled MiB", "x before"
    );
    let mut before: Vec<Option<f64>> = vec![None; limits.len()];
    for rows in list("TONGCHOU_BENCH_SIZES", "1000000,10000000") {
        let rows: usize = rows.parse().expect("a number of rows");
        let data = data(rows);
        for (limit, before) in limits.iter().zip(&mut before) {
            let (mut times, mut peak, mut spilled) = (Vec::new(), 0, 0);
            for _ in 0..rounds {
                let mut command = run(&data, &data.join("claims.parquet"));
                command.args(["--memory", limit, "--overwrite", "--out"]).arg(scratch.path().join("out"));
                let output = command.output().expect("the job starts");
                let text = String::from_utf8(output.stdout).expect("JSON");
                let summary: serde_json::Value = serde_json::from_str(&text)
                    .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
                let bytes = |name: &str| summary[name].as_u64().expect("bytes");
                times.push(summary["seconds"].as_f64().expect("seconds"));
                peak = peak.max(bytes("peak_memory_bytes"));
                spilled = spilled.max(bytes("spilled_bytes"));
            }
            let seconds = median(times);
            let ratio = before.map_or(String::new(), |before| format!("{:.2}", seconds / before));
            let rate = rows as f64 / seconds;
            println!(
                "{rows:>12} {limit:>8} {seconds:>9.2} {rate:>11.0} {:>10} {:>12} {ratio:>10}",
                peak >> 20,
                spilled >> 20
            );
            *before = Some(seconds);
        }
    }
}
