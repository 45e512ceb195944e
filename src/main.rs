//! The `tongchou` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tongchou::cli::main()
}
