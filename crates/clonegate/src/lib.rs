//! The command line of clonegate, as a library and a binary.
//!
//! [`run`] takes the arguments of one command and gives an [`Exit`]; [`main`] does nothing else than
//! that. Data goes to standard output, progress and errors to standard error.
//!
//! What a command does is in the crates that it calls; here is only how it is asked for and shown.

mod cli;
mod commands;
mod console;
mod signals;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clonegate_model::Exit;

/// What the binary's `main` is: one command from the process' arguments.
#[must_use]
pub fn main() -> ExitCode {
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(_) => return ExitCode::from(Exit::Unexpected.code()),
        };
    let exit = runtime.block_on(run(std::env::args_os()));
    // A read of standard input that nobody waits for must not keep the process alive.
    runtime.shutdown_background();
    ExitCode::from(exit.code())
}

/// Runs one command, with the program's name as the first argument.
pub async fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match cli::Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, everything else is a mistake.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Pass };
            return if error.print().is_ok() { exit } else { Exit::Unexpected };
        }
    };
    let console = console::Console::new(arguments.quiet, arguments.json);
    console.start_logging();
    match commands::dispatch(arguments.command, &arguments.store, &console).await {
        Ok(exit) => exit,
        Err(failure) => {
            console.failure(&failure);
            failure.exit()
        }
    }
}
