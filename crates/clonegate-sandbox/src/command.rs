//! Runs other programs: in a process group of their own, without this process' `PG*` variables, with a
//! bound on time, and gone when nobody waits for them any more.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// A program that could not be run to a good end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It is not there, or may not be executed.
    #[error("can't start {what}")]
    Start {
        /// The program, and what it was to do.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The connection to it broke.
    #[error("can't talk to {what}")]
    Talk {
        /// The program, and what it was to do.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It was ended because it took too long.
    #[error("{what} did not end within {} s", limit.as_secs())]
    TooSlow {
        /// The program, and what it was to do.
        what: String,
        /// The time it had.
        limit: Duration,
    },
    /// It reported a failure.
    #[error("{what} failed ({status}){}", indented(stderr))]
    Failed {
        /// The program, and what it was to do.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said on stderr.
        stderr: String,
    },
}

/// A command that begins from a clean state.
pub(crate) fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        // libpq and the server take PGHOST, PGOPTIONS, PGDATA, … from there; none of them is meant for us.
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
    command
        .env("PGCLIENTENCODING", "UTF8")
        // Messages are shown as they come; this keeps them in one language.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// A child whose whole process group is ended when it is dropped before it was waited for.
pub(crate) struct Group {
    pub(crate) child: Child,
    group: Option<Pid>,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command, what: &str) -> Result<Self, CommandError> {
        let child = command
            .spawn()
            .map_err(|source| CommandError::Start { what: what.to_owned(), source })?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, group })
    }

    /// Waits for the end, collecting what is still connected of stdout and stderr.
    pub(crate) async fn end(
        mut self,
        what: &str,
        input: &[u8],
        limit: Duration,
    ) -> Result<String, CommandError> {
        let talk = |source| CommandError::Talk { what: what.to_owned(), source };
        let stdin = self.child.stdin.take();
        let stdout = self.child.stdout.take();
        let stderr = self.child.stderr.take();
        let work = async {
            // All three at once: a program that can't write doesn't read.
            let (_, out, err, status) = tokio::try_join!(
                feed(stdin, input),
                slurp(stdout),
                slurp(stderr),
                self.child.wait()
            )?;
            Ok((out, err, status))
        };
        let (out, err, status) = tokio::time::timeout(limit, work)
            .await
            .map_err(|_| CommandError::TooSlow { what: what.to_owned(), limit })?
            .map_err(talk)?;
        self.group = None;
        if status.success() {
            Ok(String::from_utf8_lossy(&out).into_owned())
        } else {
            let stderr = tail(&String::from_utf8_lossy(&err));
            Err(CommandError::Failed { what: what.to_owned(), status, stderr })
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended by itself meanwhile; there is nothing to do then.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn feed(stdin: Option<tokio::process::ChildStdin>, input: &[u8]) -> io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    match stdin.write_all(input).await {
        // It stopped reading because it failed, and its status will say so.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

async fn slurp(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut bytes).await?;
    }
    Ok(bytes)
}

/// Runs a command to its end and gives its stdout.
pub(crate) async fn run(
    mut command: Command,
    what: &str,
    input: &[u8],
    limit: Duration,
) -> Result<String, CommandError> {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    Group::spawn(&mut command, what)?.end(what, input, limit).await
}

/// The last lines of a log, which say why something failed.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut last = lines[lines.len().saturating_sub(20)..].join("\n");
    let mut cut = last.len().saturating_sub(4096);
    while !last.is_char_boundary(cut) {
        cut += 1;
    }
    last.split_off(cut)
}

pub(crate) fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "\n  " + line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        clean(command)
    }

    #[tokio::test]
    async fn says_how_a_program_failed_and_what_it_said() {
        let error =
            run(shell("echo no such thing >&2; exit 3"), "sh", b"", Duration::from_secs(10))
                .await
                .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.contains("no such thing"), "{text}");
    }

    #[tokio::test]
    async fn ends_the_whole_group_of_a_program_that_takes_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        let error = run(shell(&script), "sh", b"", Duration::from_millis(500)).await.unwrap_err();
        assert!(matches!(error, CommandError::TooSlow { .. }), "{error}");
        let pid = std::fs::read_to_string(&file).unwrap();
        let begin = std::time::Instant::now();
        while alive(pid.trim()) {
            assert!(begin.elapsed() < Duration::from_secs(10), "the grandchild lives on");
            std::thread::yield_now();
        }
    }

    fn alive(pid: &str) -> bool {
        let state =
            std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
        // A zombie waits for its parent; it does nothing any more.
        !state.stdout.is_empty() && !state.stdout.starts_with(b"Z")
    }

    #[test]
    fn a_tail_is_cut_between_characters() {
        let text = "ä".repeat(5000);
        assert!(tail(&text).len() <= 4096);
    }
}
