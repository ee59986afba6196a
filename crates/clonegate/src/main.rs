//! The `clonegate` binary; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    clonegate::main()
}
