//! The binary `foretaste`: reads the command line, runs one command, turns its outcome into an exit code.

mod args;
mod commands;
mod data;
mod exit;
mod machine;
mod output;
mod signals;

use std::process::ExitCode;

/// Keeps what one fit gave back for the next one, where the system's would ask for fresh pages each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = args::typed();
    signals::outlive_limits_of_files();
    match commands::run(cli.command) {
        Ok(()) => exit::Exit::Success.into(),
        Err(error) => exit::report(&error),
    }
}
