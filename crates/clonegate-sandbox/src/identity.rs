//! Which process is the server of a data folder, and ending it. A process number alone proves nothing: it
//! may have been given to somebody else since it was written down.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to end before it is killed.
const END_LIMIT: Duration = Duration::from_secs(15);

/// The server that runs on a data folder, if one does.
pub(crate) fn server_of(data: &Path) -> Option<Pid> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    // The single-user server that initdb runs writes its number as a negative one (miscinit.c).
    let number: i32 = file.lines().next()?.trim().parse().ok()?;
    let pid = Pid::from_raw(number.checked_abs()?)?;
    is_server_of(pid, data).then_some(pid)
}

/// A server works in its data folder, and is the process that the folder's lock file names.
#[cfg(target_os = "linux")]
fn is_server_of(pid: Pid, data: &Path) -> bool {
    let Ok(data) = data.canonicalize() else { return false };
    // A zombie has no folder any more, and so counts as gone.
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid())).is_ok_and(|folder| folder == data)
}

/// Elsewhere the command line tells: the server is started with `-D` and the data folder.
#[cfg(not(target_os = "linux"))]
fn is_server_of(pid: Pid, data: &Path) -> bool {
    let ps = std::process::Command::new("ps")
        .args(["-o", "command=", "-p", &pid.as_raw_pid().to_string()])
        .output();
    ps.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        line.contains("postgres") && line.contains(&*data.to_string_lossy())
    })
}

/// Ends the server of a data folder at once, without a checkpoint, and waits until it is gone.
pub(crate) fn end_server_of(data: &Path) -> io::Result<()> {
    let Some(pid) = server_of(data) else { return Ok(()) };
    // SIGQUIT is PostgreSQL's immediate shutdown: the postmaster ends its children and then itself.
    for signal in [Signal::QUIT, Signal::KILL] {
        match kill_process(pid, signal) {
            Ok(()) => {}
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
        let begin = Instant::now();
        while begin.elapsed() < END_LIMIT {
            if !is_server_of(pid, data) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Err(io::Error::other(format!("process {} does not end", pid.as_raw_pid())))
}

/// Kills what else works in a server's folder: an initdb whose owner was killed would go on filling it.
/// Somebody who looks around there with a shell is spared.
#[cfg(target_os = "linux")]
pub(crate) fn kill_all_in(folder: &Path) {
    let (Ok(folder), Ok(processes)) = (folder.canonicalize(), fs::read_dir("/proc")) else {
        return;
    };
    for process in processes.flatten() {
        let number = process.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = number.and_then(Pid::from_raw)
            && fs::read_to_string(process.path().join("comm"))
                .is_ok_and(|name| matches!(name.trim_end(), "initdb" | "postgres"))
            && fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder))
        {
            // It may have ended by itself meanwhile.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Elsewhere an orphaned initdb fails by itself when its folder is gone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn kill_all_in(_folder: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_a_process_is_no_server() {
        let data = tempfile::tempdir().unwrap();
        for text in ["", "0", "-2147483648", "many", "4194305"] {
            fs::write(data.path().join("postmaster.pid"), text).unwrap();
            assert_eq!(server_of(data.path()), None, "{text:?}");
        }
    }

    #[test]
    fn a_process_that_only_has_the_number_is_left_alone() {
        let data = tempfile::tempdir().unwrap();
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        fs::write(data.path().join("postmaster.pid"), format!("{}\n", other.id())).unwrap();
        assert_eq!(server_of(data.path()), None);
        end_server_of(data.path()).unwrap();
        assert!(other.try_wait().unwrap().is_none(), "a foreign process was ended");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
