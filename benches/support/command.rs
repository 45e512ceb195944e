//! The program as its users run it, for what is measured from outside.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::made::made;

/// A number from the environment.
pub fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The value in the middle.
#[allow(dead_code, reason = "not every bench that runs commands repeats them")]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// So many made claims, as Parquet.
pub fn data(rows: usize) -> PathBuf {
    made(&format!("bench-{rows}"), rows, (rows / 6).max(1), "parquet")
}

/// A run on claims, with all tables that stand in a folder.
#[allow(dead_code, reason = "not every bench that has claims runs the program")]
pub fn run(data: &Path, claims: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongchou"));
    command.args(["run", "--json", "--quiet", "--rules", "sample_data/rules"]);
    command.arg("--claims").arg(claims);
    for table in ["enrolments", "filings", "institutions", "marks", "accounts"] {
        let path =
            ["parquet", "csv"].map(|end| data.join(table).with_extension(end)).into_iter().find(|path| path.exists());
        if let Some(path) = path {
            command.arg(format!("--{table}")).arg(path);
        }
    }
    command
}
