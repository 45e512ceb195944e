//! What stands behind an option of the command line.

/// The value of `--name VALUE`, or of nothing.
pub fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

/// Threads: those of `--threads`, or all cores.
pub fn threads() -> usize {
    let asked = option("--threads").map(|text| text.parse().expect("a number of threads"));
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into))
}
