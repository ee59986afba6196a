//! The commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A safety gate for work on PostgreSQL clones: proves that production was untouched, and that the
/// clone is isolated, seeded, bounded and reversible.
///
/// Exit codes: 0 PASS; 1 unexpected error; 2 usage or configuration; 3 INCONCLUSIVE; 4 nothing was
/// checked; 5 another run holds the clone; 100 FAIL.
#[derive(Debug, Parser)]
#[command(name = "clonegate", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The folder of runs and their evidence.
    #[arg(
        long,
        global = true,
        default_value = ".clonegate",
        value_name = "DIR",
        env = "CLONEGATE_STORE"
    )]
    pub(crate) store: PathBuf,
    /// Print the run record as JSON instead of tables.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print errors and the verdict's line, and nothing else.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a profile through entry, build, rehearsal and exit, and write the report.
    Gate(Gate),
    /// List the runs in the store, and say which were killed.
    Status,
    /// Run the profile's rollback script on the clone, for real.
    Rollback(Config),
    /// Render a run's report again.
    Report(Report),
    /// Print the JSON schema of a file format, for editors.
    Schema {
        /// Which file.
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Look after disposable servers.
    Sandbox {
        #[command(subcommand)]
        command: Sandbox,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The profile.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Gate {
    /// The profile; ./clonegate.toml without this and --sandbox.
    #[arg(short, long, value_name = "FILE", conflicts_with = "sandbox")]
    pub(crate) config: Option<PathBuf>,
    /// Compare the contents of every relation too, and not only of those that the profile names.
    #[arg(long)]
    pub(crate) deep: bool,
    #[command(flatten)]
    pub(crate) sandbox: SandboxOptions,
}

/// Everything about a trial on disposable servers.
#[derive(Debug, Args)]
pub(crate) struct SandboxOptions {
    /// Try the gate on disposable servers, with the one-roof profile.
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Leave the servers running, and say how to connect.
    #[arg(long, requires = "sandbox")]
    pub(crate) keep: bool,
    /// Whether production and clone share one server.
    #[arg(long, value_enum, default_value_t = Topology::OneInstance, requires = "sandbox")]
    pub(crate) topology: Topology,
    /// How much data production has.
    #[arg(long, value_enum, default_value_t = Scale::Small, requires = "sandbox")]
    pub(crate) scale: Scale,
    /// Where the servers run.
    #[arg(long, value_enum, default_value_t = Backend::Auto, requires = "sandbox")]
    pub(crate) backend: Backend,
    /// The folder of initdb, postgres and psql; looked for where it is left out.
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    pub(crate) bin_dir: Option<PathBuf>,
    /// The image of servers in containers.
    #[arg(long, requires = "sandbox")]
    pub(crate) image: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Topology {
    /// Two databases in one server, as in the reference report.
    OneInstance,
    /// Two servers.
    TwoInstances,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Scale {
    /// About a thousand rows; loads in a second.
    Small,
    /// As large as the real one: 1.1 million births, 200,480 issues.
    Full,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Backend {
    /// Local binaries where there are any, else containers.
    Auto,
    /// Local binaries.
    Local,
    /// Containers.
    Containers,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The run; the latest one without it.
    pub(crate) run: Option<String>,
    /// As what.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// What report.md has.
    Markdown,
    /// What the gate shows.
    Terminal,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// clonegate.toml
    Profile,
    /// The header of a check file.
    Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Say which PostgreSQL a sandbox would run on; exit 3 if there is none.
    Check,
    /// Stop and remove every sandbox in the store, the kept ones too.
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
