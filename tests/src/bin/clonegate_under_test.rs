//! The same as the `clonegate` binary, built as part of the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    clonegate::main()
}
