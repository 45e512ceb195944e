//! Claims made by `synth` from the sample pack, kept from bench to bench.

use std::path::PathBuf;
use std::process::Command;

/// The folder with claims of a format and the tables beside them.
pub fn made(name: &str, rows: usize, persons: usize, format: &str) -> PathBuf {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !data.join("claims").with_extension(format).exists() {
        let made = Command::new(env!("CARGO_BIN_EXE_tongchou"))
            .args(["synth", "--rows", &rows.to_string(), "--persons", &persons.to_string(), "--seed", "1"])
            .args(["--format", format, "--out"])
            .arg(&data)
            .status()
            .expect("synth starts");
        assert!(made.success(), "synth failed");
    }
    data
}
