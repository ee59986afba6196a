//! A program on this machine.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};

use super::{Ended, Event, Input, Process, StartError};

/// Of libpq's environment, only what authenticates goes along; where to connect is for the arguments.
fn goes_along(name: &str) -> bool {
    !name.starts_with("PG")
        || name.starts_with("PGSSL")
        || matches!(name, "PGPASSFILE" | "PGPASSWORD")
}

pub(super) fn start(argv: &[String]) -> Result<Process, StartError> {
    let [program, arguments @ ..] = argv else {
        unreachable!("a command line begins with a program")
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A terminal's Ctrl-C is the executor's to decide on, not psql's.
        .process_group(0)
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if !goes_along(&name.to_string_lossy()) {
            command.env_remove(&name);
        }
    }
    let spawned = command.spawn();
    let mut child =
        spawned.map_err(|source| StartError::Spawn { program: program.clone(), source })?;
    let (events, received) = mpsc::channel(32);
    let (input, queued) = mpsc::unbounded_channel();
    let (alive, dropped) = oneshot::channel();
    let stdin = child.stdin.take().expect("standard input is piped");
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let readers = [
        tokio::spawn(forward(stdout, events.clone(), Event::Stdout)),
        tokio::spawn(forward(stderr, events.clone(), Event::Stderr)),
    ];
    let writer = tokio::spawn(write(stdin, queued));
    tokio::spawn(async move {
        let ended = tokio::select! {
            status = child.wait() => match status {
                Ok(status) => status.code().map_or_else(
                    || Ended::Lost(format!("it was ended by a signal ({status})")),
                    Ended::Code,
                ),
                Err(e) => Ended::Lost(e.to_string()),
            },
            _ = dropped => {
                end(&mut child).await;
                Ended::Lost("it was ended".to_owned())
            }
        };
        writer.abort();
        // The streams normally end with the program; a grandchild that keeps them open is not waited for.
        let grace = tokio::time::sleep(Duration::from_secs(2));
        tokio::pin!(grace);
        for mut reader in readers {
            tokio::select! {
                _ = &mut reader => {}
                () = &mut grace => reader.abort(),
            }
        }
        let _ = events.send(Event::Ended(ended)).await;
    });
    Ok(Process::new(input, received, alive))
}

/// Ends the child with everything that it started. The group's id can't be another's: the child was not
/// waited for yet.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait().await;
}

async fn forward(
    mut stream: impl AsyncRead + Unpin,
    events: mpsc::Sender<Event>,
    event: fn(Vec<u8>) -> Event,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        // Nobody listens any more: the pipe is still emptied, so that the program can end.
        let _ = events.send(event(buffer[..read].to_vec())).await;
    }
}

async fn write(stdin: ChildStdin, mut queued: mpsc::UnboundedReceiver<Input>) {
    let mut stdin = stdin;
    while let Some(Input::Bytes(bytes, room)) = queued.recv().await {
        if stdin.write_all(&bytes).await.is_err() {
            break;
        }
        drop(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_environment_says_where_to_connect() {
        for name in ["PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PATH", "HOME"] {
            assert!(goes_along(name), "{name}");
        }
        for name in ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGOPTIONS", "PGUSER"] {
            assert!(!goes_along(name), "{name}");
        }
    }

    async fn collect(mut process: Process) -> (Vec<u8>, Vec<u8>, Ended) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        loop {
            match process.event().await {
                Event::Stdout(bytes) => out.extend(bytes),
                Event::Stderr(bytes) => err.extend(bytes),
                Event::Ended(ended) => return (out, err, ended),
            }
        }
    }

    #[tokio::test]
    async fn streams_and_status_come_apart_and_ten_megabytes_go_through_both_ways() {
        let argv = ["sh", "-c", "cat; echo no >&2; exit 7"].map(str::to_owned);
        let process = start(&argv).unwrap();
        let sent = vec![b'x'; 10 * 1024 * 1024];
        process.send(sent.clone());
        process.close_input();
        let (out, err, ended) = collect(process).await;
        assert_eq!(out.len(), sent.len());
        assert_eq!(err, b"no\n");
        assert_eq!(ended, Ended::Code(7));
    }

    #[tokio::test]
    async fn a_dropped_program_takes_its_children_along() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! >{}; echo up; wait", mark.display());
        let mut process = start(&["sh".to_owned(), "-c".to_owned(), script]).unwrap();
        assert!(matches!(process.event().await, Event::Stdout(_)));
        let pid: i32 = std::fs::read_to_string(&mark).unwrap().trim().parse().unwrap();
        drop(process);
        let pid = Pid::from_raw(pid).unwrap();
        for _ in 0..500 {
            if rustix::process::test_kill_process(pid).is_err() || is_zombie(pid) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("process {pid:?} is still there");
    }

    /// Without an init that reaps, the orphan stays as an entry in the process table.
    fn is_zombie(pid: Pid) -> bool {
        let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
        std::fs::read_to_string(stat).is_ok_and(|s| s.contains(") Z "))
    }
}
