//! The `losscope` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    losscope::cli::main()
}
