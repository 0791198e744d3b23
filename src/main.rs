//! The `losscope` program.

use std::process::ExitCode;

/// Networks allocate and free the same few large buffers over and over; glibc would hand their
/// pages back to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    losscope::cli::main()
}
