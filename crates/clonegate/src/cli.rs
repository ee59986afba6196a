//! The commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A safety gate for work on PostgreSQL clones: proves that production was untouched, and that the
/// clone is isolated, seeded, bounded and reversible.
///
/// Exit codes: 0 PASS; 1 unexpected error; 2 usage or configuration; 3 INCONCLUSIVE; 4 nothing was
/// checked; 5 another run holds the clone; 6 a query was refused; 100 FAIL.
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
    /// Print the run record, a status, a query's answer, or what differs, as JSON instead of tables.
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
    /// Take entry and hand the clone over, for work with other tools until `close`.
    ///
    /// No process waits: the clone carries the run's mark, and other runs are turned away from it with exit
    /// code 5. The profile's scripts are not run. Exit codes: 0 the run is open; else as for `gate`.
    Open(Open),
    /// List the runs in the store: ended, open, in progress, killed; or show one of them.
    Status(Status),
    /// Go on with a run that was killed, where its journal and the server say that it was.
    ///
    /// A script that is committed is not run again. Where it is not safe (the profile, a script or a database
    /// is another one, or what became of a script is not known) it says why with exit code 3, and the run
    /// stays as it is.
    Resume(OfRun),
    /// Complete a run that is open or was killed: rehearsal, proof, exit, verdict. No script is run.
    Close(OfRun),
    /// End a run that is open or was killed without its exit: INCONCLUSIVE, exit code 3.
    Abandon(Abandon),
    /// Show who has the clone, and free it if that is known to be gone.
    ///
    /// Exit codes: 0 it is free; 5 it is not, because somebody lives or may live who has it.
    Unlock(Unlock),
    /// Run the profile's rollback script on the clone, for real.
    Rollback(Config),
    /// Take a snapshot of one of the profile's databases, by itself.
    ///
    /// It has the definitions, the rows' number and age, digests, sequences, and the manifest of what was
    /// covered. `clonegate diff` compares two of them. Of the profile, production needs [production]
    /// only, and the clone [clone] besides; checks are not asked.
    ///
    /// Exit codes: 0 written, and everything is covered; 2 usage or configuration, or the file is there
    /// already; 3 it could not be read, or the file says what could not be covered.
    Snapshot(Snapshot),
    /// Compare two snapshots of one database: what differs, where, and what could not be established.
    ///
    /// Nothing is connected to. Whether rows were changed is known if the second was read against the
    /// first (`snapshot --since`), if both have digests with one key, or if no transaction completed in
    /// between; else it is named and the exit code is 3.
    ///
    /// Exit codes: 0 equal, or declared by the profile; 2 usage, or a file is missing or damaged; 3 not
    /// comparable, or something could not be established; 100 different.
    Diff(Diff),
    /// Compare the clone with production, both read now: definitions, contents by digest, sequences.
    ///
    /// Exit codes: 0 equal; 2 usage or configuration; 3 something could not be established; 100
    /// different.
    Compare(Compare),
    /// Print what an authorization of the profile's build has to name: expiry and digests.
    ///
    /// Nothing is connected to. Read the scripts, then paste it into [build.authorization].
    Authorize(Authorize),
    /// Ask production one question, read-only, bounded and audited.
    ///
    /// The statement is judged, recorded in the audit log, read in a READ ONLY transaction behind a
    /// guard, and rolled back. What the profile's [query] says bounds rows, bytes and time.
    ///
    /// Exit codes: 0 answered; 1 the audit log can't be written, so nothing is answered; 2 usage or
    /// configuration; 3 no answer (an error of the server, a bound, no connection, cancelled); 6
    /// refused by the judge, the allowlist or the role's attestation, and not sent; 100 something was
    /// written.
    Query(Query),
    /// Check the audit log of what production was asked.
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Let agents read production: an MCP server over standard input and output.
    Mcp(Config),
    /// Render a run's report again.
    Report(Report),
    /// Judge scripts and checks without connecting to anything, and show every place with its rule.
    ///
    /// Without files it takes what the profile names: its scripts, its rollback script, its marker and
    /// its checks. Exit codes: 0 nothing is refused; 2 usage or files; 4 there was nothing to judge;
    /// 100 something is refused, or there is a warning under --deny-warnings.
    Lint(Lint),
    /// Print the SQL that makes production's role one that may only read.
    ///
    /// A script for psql, to be read and then run by a superuser: it connects to each database in turn. What it
    /// takes from PUBLIC, others lose too; its comments say whom that affects. It has no password.
    RoleSql(RoleSql),
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

/// What `clonegate authorize` takes.
#[derive(Debug, Args)]
pub(crate) struct Authorize {
    /// The profile.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// How many hours it is to hold, from now.
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8784))]
    pub(crate) hours: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The profile.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Compare the contents of every relation too, and not only of those that the profile names.
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The run; all of them without it. Of one, the clone's server is asked who has the lock.
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OfRun {
    /// The run; the only one that it could be without it.
    pub(crate) run: Option<String>,
    /// The profile; the one that the run began with without it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Abandon {
    #[command(flatten)]
    pub(crate) of: OfRun,
    /// Why; it stands in the journal and in the report.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Unlock {
    /// The profile that names the clone.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Take the clone from whoever has it, and end its sessions.
    #[arg(long)]
    pub(crate) force: bool,
    /// Why; it stands in the journal.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The profile.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    /// Of which database.
    #[arg(value_enum, value_name = "DATABASE")]
    pub(crate) of: Of,
    /// The profile; of it only what is needed to read that database.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The file to be written; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// An earlier snapshot: count the rows that are newer, and take its digests again, with its key.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Take the digest of every relation's contents; against an earlier snapshot, of those that it has.
    #[arg(long)]
    pub(crate) deep: bool,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// One of the profile's databases.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Of {
    /// The one that must stay untouched.
    Production,
    /// The one on which the work is done.
    Clone,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The earlier snapshot.
    #[arg(value_name = "FIRST")]
    pub(crate) first: PathBuf,
    /// The later one.
    #[arg(value_name = "SECOND")]
    pub(crate) second: PathBuf,
    /// The profile that says what may change and what need not be covered; without it, nothing.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The profile; of it [production] and [clone].
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Compare owners too.
    #[arg(long)]
    pub(crate) owners: bool,
    /// Compare grants and default privileges too.
    #[arg(long)]
    pub(crate) grants: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RoleSql {
    /// The profile that names the role and the database; ./clonegate.toml without this and --role.
    #[arg(short, long, value_name = "FILE", conflicts_with = "role")]
    pub(crate) config: Option<PathBuf>,
    /// The role.
    #[arg(long, value_name = "NAME", requires = "database")]
    pub(crate) role: Option<String>,
    /// A database that it may read; can be repeated. The profile's one without it.
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Vec<String>,
    /// A schema that it may read; can be repeated.
    #[arg(long, value_name = "NAME", default_value = "public")]
    pub(crate) schema: Vec<String>,
    /// It may read every schema that is there when the script is run.
    #[arg(long, conflicts_with = "schema")]
    pub(crate) all_schemas: bool,
    /// How many connections it may have at once.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connection_limit: u16,
    /// Take from PUBLIC also the functions that a read-only transaction does not stop.
    #[arg(long)]
    pub(crate) strict: bool,
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
pub(crate) struct Query {
    /// The profile; of it only production is needed.
    #[arg(short, long, default_value = "clonegate.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The database; the first one that may be asked without this.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) database: Option<String>,
    /// Print CSV instead of a table; NULL is nothing, the empty text is "".
    #[arg(long)]
    pub(crate) csv: bool,
    /// The statement; - or nothing reads it from standard input.
    #[arg(value_name = "SQL")]
    pub(crate) sql: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check the chain from its first line to its last: exit 0 if it is intact, 100 if it is broken,
    /// 4 if it is empty, 2 if there is none.
    Verify {
        /// The log's files, the oldest first; the store's own without them.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A head that was noted earlier: proves that nothing was cut off since.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print the hash of the last line, to be noted where nobody who writes the log can change it.
    Head {
        /// The log's current file; the store's own without it.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
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

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Scripts, in the order in which they would be run.
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub(crate) files: Vec<PathBuf>,
    /// The profile; ./clonegate.toml without this and without files.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The rollback script that takes the files back.
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(crate) rollback: Option<PathBuf>,
    /// The text that the comment of everything new must contain.
    #[arg(long, value_name = "TEXT", requires = "files")]
    pub(crate) marker: Option<String>,
    /// As what.
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    pub(crate) format: LintFormat,
    /// Exit with 100 where there is a warning.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Show notes as well.
    #[arg(long)]
    pub(crate) notes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// Each place with its line, underlined.
    Text,
    /// SARIF 2.1.0, for code review.
    Sarif,
    /// JSON, format 1.
    Json,
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
