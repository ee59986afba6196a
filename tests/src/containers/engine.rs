//! The container engine: which images it has, and containers that don't outlive the tests.
//!
//! A container is removed when its [`Running`] is dropped. Those of a process that was killed are
//! removed at the next start: each carries a label with its owner, and an owner that is no more on
//! this machine is gone for good.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::process::{Command, Output};
use std::sync::Once;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use testcontainers::bollard::models::PortBinding;
use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

/// The label that names a container's owner: host, process, and when the process began.
const OWNER: &str = "clonegate.tests";

/// A host with sshd and a Docker client.
pub(super) const SSH_IMAGE: &str = "clonegate-ssh:1";

/// A container that is removed when this is dropped.
pub(super) struct Running {
    container: ContainerAsync<GenericImage>,
    name: String,
    port: u16,
}

impl Running {
    /// The name by which `docker exec` knows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Ends everything in it at once, as a power failure would.
    pub(super) async fn kill(&self) {
        self.container.stop_with_timeout(Some(0)).await.expect("the engine ends the container");
    }

    /// Runs a shell's command line in it.
    pub(super) fn shell(&self, line: &str) -> String {
        let output = docker(&["exec", &self.name, "sh", "-c", line]);
        assert!(output.status.success(), "{line} in {}: {}", self.name, said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Everything that it wrote to its log.
    pub(super) fn log(&self) -> String {
        said(&docker(&["logs", &self.name]))
    }
}

/// Starts a container of one of the images, the first that the engine has, and publishes its port on
/// the loopback address only. `what` is a part of its name.
pub(super) async fn start(
    images: &[&str],
    what: &str,
    port: u16,
    configure: impl FnOnce(ContainerRequest<GenericImage>) -> ContainerRequest<GenericImage>,
) -> Running {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(sweep);
    let image = images.iter().find(|image| is_there(image));
    let image = image.unwrap_or_else(|| {
        panic!("the engine has no image {}; `cargo xtask images` makes them", images.join(" or "))
    });
    let (repository, tag) = image.split_once(':').expect("an image is named with its tag");
    let name = format!("clonegate-tests-{what}-{:016x}", RandomState::new().hash_one(0));
    let request = GenericImage::new(repository, tag)
        .with_exposed_port(port.tcp())
        .with_container_name(&name)
        .with_label(OWNER, Owner::this_process().to_string())
        // The engine is shared with other tests, and may be busy with them.
        .with_startup_timeout(Duration::from_secs(120))
        .with_host_config_modifier(move |host| {
            let free = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: None };
            host.publish_all_ports = Some(false);
            host.port_bindings = Some(HashMap::from([(format!("{port}/tcp"), Some(vec![free]))]));
        });
    let container = configure(request).start().await;
    let container = container.unwrap_or_else(|e| panic!("{image} can't be started: {e}"));
    let port = container.get_host_port_ipv4(port.tcp()).await.expect("the port is published");
    Running { container, name, port }
}

/// The socket by which a container can speak with the engine that runs it.
pub(super) fn socket() -> String {
    // The name that testcontainers and others know, for engines in a virtual machine.
    if let Ok(path) = std::env::var("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE") {
        return path;
    }
    let host = docker(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    match host.strip_prefix("unix://") {
        Some(path) if cfg!(target_os = "linux") => path.to_owned(),
        _ => "/var/run/docker.sock".to_owned(),
    }
}

/// Whether the engine has an image.
pub(crate) fn is_there(image: &str) -> bool {
    docker(&["image", "inspect", "--format", "{{.Id}}", image]).status.success()
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("the docker command can be started")
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Removes the containers whose owner is gone.
fn sweep() {
    let format = format!("{{{{.ID}}}} {{{{.Label \"{OWNER}\"}}}}");
    let list = docker(&["ps", "--all", "--filter", &format!("label={OWNER}"), "--format", &format]);
    assert!(list.status.success(), "the container engine does not answer: {}", said(&list));
    for line in String::from_utf8_lossy(&list.stdout).lines() {
        if let Some((id, owner)) = line.split_once(' ')
            && Owner::parse(owner).is_some_and(|owner| owner.is_gone())
        {
            // Another process may be removing it, too.
            docker(&["rm", "--force", "--volumes", id]);
        }
    }
}

/// A process that owns containers.
#[derive(Debug, PartialEq, Eq)]
struct Owner {
    host: String,
    pid: i32,
    /// Tells it from a later process of the same number; empty where that can't be known.
    began: String,
}

impl Owner {
    fn this_process() -> Self {
        let pid = rustix::process::getpid().as_raw_pid();
        Self { host: host(), pid, began: began(pid) }
    }

    fn parse(label: &str) -> Option<Self> {
        let mut parts = label.split('/');
        let host = parts.next()?.to_owned();
        let pid = parts.next()?.parse().ok()?;
        Some(Self { host, pid, began: parts.next()?.to_owned() })
    }

    /// Whether it is known to be gone. Of another machine's processes nothing is known.
    fn is_gone(&self) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else { return false };
        self.host == host()
            && (test_kill_process(pid) == Err(Errno::SRCH) || began(self.pid) != self.began)
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.host, self.pid, self.began)
    }
}

/// This machine's name; a container's is its own.
fn host() -> String {
    let uname = Command::new("uname").arg("-n").output().expect("uname can be started");
    String::from_utf8_lossy(&uname.stdout).trim().replace('/', "-")
}

/// When a process began, in the kernel's ticks since the machine did (proc(5), field 22 of `stat`).
fn began(pid: i32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is the program's name in parentheses, which may contain anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    fields.split_whitespace().nth(19).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_of_a_process_that_is_gone_are_swept_and_others_are_not() {
        let create = |owner: &Owner| {
            let label = format!("{OWNER}={owner}");
            let output = docker(&["create", "--label", &label, SSH_IMAGE]);
            assert!(output.status.success(), "{}", said(&output));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let living = create(&Owner::this_process());
        let gone = create(&Owner { began: "1".to_owned(), ..Owner::this_process() });
        sweep();
        let is_there = |id: &str| docker(&["container", "inspect", id]).status.success();
        assert!(!is_there(&gone));
        assert!(is_there(&living));
        docker(&["rm", "--volumes", &living]);
    }

    #[test]
    fn an_owner_that_lives_is_not_gone_and_one_that_ended_is() {
        let this = Owner::this_process();
        assert_eq!(Owner::parse(&this.to_string()).as_ref(), Some(&this));
        assert!(!this.is_gone());
        let mut child = Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let owner = Owner { pid, began: began(pid), ..Owner::this_process() };
        child.wait().unwrap();
        assert!(owner.is_gone());
        assert!(!Owner { host: "another".to_owned(), ..owner }.is_gone());
    }
}
