//! Every rule of the judge for scripts, in one place.

use std::fmt;

/// What a broken rule leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; shown where somebody asks for it.
    Note,
    /// The script is run, and somebody should look at this.
    Warning,
    /// The script is not run.
    Refused,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Refused => "refused",
        })
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident, $id:literal, $severity:ident, $description:literal, $example:literal, $instead:literal;)+) => {
        /// The rules for scripts. Their names are part of the interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ScriptRule {
            $(#[doc = $description] $variant,)+
        }

        impl ScriptRule {
            /// All of them, in the order of the documentation.
            pub const ALL: &[ScriptRule] = &[$(ScriptRule::$variant,)+];

            /// The stable name, in kebab case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(ScriptRule::$variant => $id,)+ }
            }

            /// What breaking it leads to, at most.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(ScriptRule::$variant => Severity::$severity,)+ }
            }

            /// One line: what it is about, and why.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(ScriptRule::$variant => $description,)+ }
            }

            /// A text that breaks it.
            #[must_use]
            pub fn example(self) -> &'static str {
                match self { $(ScriptRule::$variant => $example,)+ }
            }

            /// What to write instead.
            #[must_use]
            pub fn instead(self) -> &'static str {
                match self { $(ScriptRule::$variant => $instead,)+ }
            }
        }
    };
}

rules! {
    TooLarge, "too-large", Refused,
        "the text is larger, or nests deeper, than is read",
        "((((…))))", "split it into several scripts";
    Syntax, "syntax", Refused,
        "PostgreSQL's grammar does not accept the text, or a quote, comment or COPY data is never closed",
        "creat table a ();", "try the text in psql on a scratch database first";
    Empty, "empty", Refused,
        "there is no statement to run",
        "-- nothing", "take the script out of the profile's list";
    AmbiguousText, "ambiguous-text", Refused,
        "the judge, psql and the server could read this text differently",
        r"select 'a\'';", r"write E'…' with every backslash doubled, plain names, and line breaks as \n";

    MetaCommand, "meta-command", Refused,
        "a psql command that sends, describes or reformats, which the executor's psql does not run",
        r"select 1 \gexec", "use SQL, and end it with a semicolon";
    PsqlVariable, "psql-variable", Refused,
        "a psql variable is set or used; what it stands for is not known to the judge",
        "select * from :tab;", "write the value where it is used; in a slice or a JSON constructor put a blank behind the colon";
    PsqlConditional, "psql-conditional", Refused,
        "psql would decide which half of the script is run",
        r"\if :{?force}", "decide in SQL, for instance in a DO block";
    ConnectsElsewhere, "connects-elsewhere", Refused,
        "the rest of the script would run in another database",
        r"\connect production", "leave it out: the executor connects, to the clone only";
    OtherFile, "other-file", Refused,
        "another file is read or written, on the machine where psql runs",
        r"\i more.sql", "put the text into the script, or list the file in the profile";
    ShellCommand, "shell-command", Refused,
        "a program is started on the machine where psql runs",
        r"\! id", "leave it out: a script is SQL only";

    TransactionControl, "transaction-control", Refused,
        "the transaction is taken out of the executor's hands",
        "create table a ();\ncommit;", "leave it out: each script runs in one transaction of the executor's; one plain BEGIN … COMMIT around all of it is understood";
    PreparedTransaction, "prepared-transaction", Refused,
        "a prepared transaction outlives its session and holds its locks",
        "prepare transaction 'x';", "leave it out: the executor ends the transaction";
    OutsideTransactionBlock, "outside-transaction-block", Refused,
        "the server runs this only outside a transaction block",
        "create index concurrently i on a (b);", "use the form that runs in a transaction (without CONCURRENTLY; ANALYZE for VACUUM): nobody else is on the clone";

    SessionSetting, "session-setting", Refused,
        "a setting by which the judge, psql and the executor rely on reading the same text",
        "set standard_conforming_strings = off;", "leave it out: the executor sets it";
    SessionIdentity, "session-identity", Refused,
        "the session becomes somebody else",
        "set role postgres;", "run the whole script as the clone's role";

    DatabaseCommand, "database-command", Refused,
        "databases are made, altered or dropped",
        "drop database directus;", "leave it out: a script changes the clone's own database from inside";
    RoleCommand, "role-command", Refused,
        "roles are shared by all databases of the server, production's too if it is the same",
        "alter role app superuser;", "make roles by hand, before the run";
    RoleMembership, "role-membership", Refused,
        "who is a member of which role is shared by all databases of the server",
        "grant pg_read_all_data to app;", "grant privileges on objects of the clone instead";
    SharedObject, "shared-object", Refused,
        "a database, role, tablespace or setting that all databases share gets a privilege, comment or label",
        "grant connect on database directus to app;", "grant on schemas, tables and functions of the clone";
    ServerControl, "server-control", Refused,
        "the server itself is configured or controlled",
        "alter system set fsync = off;", "leave it to the server's administrators";
    Tablespace, "tablespace", Refused,
        "tablespaces are directories of the server, shared by all databases",
        "create table a () tablespace fast;", "leave the clause out: the clone's default is used";
    SystemCatalog, "system-catalog", Refused,
        "a system catalog is written or locked, which can reach or stall every database of the server",
        "lock table pg_authid;", "use the command for it (ALTER …), on objects of the clone";
    Subscription, "subscription", Refused,
        "a subscription connects to another server",
        "create subscription s connection 'host=db' publication p;", "copy the data into the clone before the run";
    Publication, "publication", Refused,
        "a publication lets other servers follow the clone's changes",
        "create publication p for all tables;", "leave it out on a clone";
    ForeignServer, "foreign-server", Refused,
        "a foreign server connects the clone with another database",
        "create server s foreign data wrapper postgres_fdw;", "copy the data into the clone before the run";
    RemoteConnection, "remote-connection", Refused,
        "a function that opens a connection to somewhere else",
        "select dblink_exec('dbname=directus', 'delete from a');", "copy what is needed into the clone before the run";
    CopyFile, "copy-file", Refused,
        "COPY reads or writes a file of the server's",
        "copy a to '/tmp/a';", r"COPY … FROM STDIN with the data in the script, closed by a line that is only \.";
    CopyProgram, "copy-program", Refused,
        "COPY starts a program on the server",
        "copy a from program 'curl x';", r"COPY … FROM STDIN with the data in the script, closed by a line that is only \.";
    ServerFile, "server-file", Refused,
        "a function that reads or writes files of the server's",
        "select pg_read_file('/etc/passwd');", "put the data into the script";
    LoadsCode, "loads-code", Refused,
        "a library is loaded into the server",
        "load 'auto_explain';", "leave it out";
    UntrustedLanguage, "untrusted-language", Refused,
        "a language in which a function can do whatever the server's account can",
        "create function f() returns int language plpython3u as 'return 1';", "use sql or plpgsql";
    Extension, "extension", Refused,
        "an extension that is not on the list of harmless ones",
        "create extension dblink;", "use one of the listed extensions, or have the clone made with it";
    Replication, "replication", Refused,
        "slots, origins and logical messages are seen by other servers and keep WAL from being removed",
        "select pg_create_physical_replication_slot('s');", "leave it out on a clone";
    EndsBackends, "ends-backends", Refused,
        "sessions of others are cancelled or ended",
        "select pg_terminate_backend(42);", "leave it out: the isolation watch reports foreign sessions";
    Notify, "notify", Refused,
        "other sessions are spoken with; a worker that listens would act outside the clone",
        "notify work;", "leave it out of a script; in a function that is only defined it is a warning";
    EventTrigger, "event-trigger", Refused,
        "an event trigger runs at everybody's commands, the executor's too",
        "create event trigger e on ddl_command_end execute function f();", "use triggers on tables";
    ScheduledJob, "scheduled-job", Refused,
        "a job would run after the gate has looked",
        "select cron.schedule('* * * * *', 'select 1');", "leave it out on a clone";

    DynamicSql, "dynamic-sql", Warning,
        "SQL that is put together at run time can't be judged; the role, the guards and the proof afterwards hold there",
        "do $$ begin execute 'drop table ' || 'a'; end $$;", "write the statement itself, or EXECUTE one literal";
    BodyNotJudged, "body-not-judged", Warning,
        "the body of a function could not be read by the judge",
        "create function f() returns int language plperl as 'return 1';", "use sql or plpgsql";
    SecurityDefiner, "security-definer", Warning,
        "the function runs with its owner's rights, whoever calls it",
        "create function f() returns int language sql security definer as 'select 1';", "leave SECURITY DEFINER out, or set search_path in the function";
    UndoesTimeout, "undoes-timeout", Warning,
        "a time-out of the executor's is replaced; only the script's own limit still holds",
        "set statement_timeout = 0;", "leave it out, and set the limits in the profile";
    BypassesTriggers, "bypasses-triggers", Warning,
        "triggers and foreign keys are not asked",
        "set session_replication_role = replica;", "let the triggers run, so that the clone stays consistent";
    ProcedureCommits, "procedure-commits", Warning,
        "a procedure that ends transactions fails when it is called in the executor's",
        "create procedure p() language plpgsql as $$ begin commit; end $$;", "leave COMMIT and ROLLBACK out of the procedure";

    TouchesExisting, "touches-existing", Warning,
        "something that no script of the set made is altered, written, dropped or referred to",
        "alter table orders add column note text;", "make a table of its own beside it, or name the relation in the profile as organic";
    MayReplace, "may-replace", Warning,
        "OR REPLACE takes over what was there before, and the rollback would not bring it back",
        "create or replace view v as select 1;", "CREATE without OR REPLACE: it fails where something is in the way";
    MissingMarker, "missing-marker", Warning,
        "something new has no comment with the marker, so nobody can tell whose it is",
        "create table a ();", "COMMENT ON … IS '<marker> …' in the script that makes it";
    MissingRollback, "missing-rollback", Warning,
        "something new is not dropped by the rollback script",
        "create table a ();", "DROP it in the rollback script";

    MayKeep, "may-keep", Note,
        "IF NOT EXISTS keeps what is there already, whatever it is",
        "create table if not exists a ();", "CREATE without IF NOT EXISTS: it fails where something is in the way";
    CallsProcedure, "calls-procedure", Note,
        "what a procedure does is not seen here",
        "call p();", "put the statements into the script";
}

impl fmt::Display for ScriptRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
