//! This process, and whether another one is still there.

use clonegate_model::Owner;

/// What is known of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs on this machine.
    Alive,
    /// It ran on this machine and is gone for good.
    Gone,
    /// It belongs to another machine, or this one can't be asked.
    Unknown,
}

/// Who this process is.
#[must_use]
pub fn this_process() -> Owner {
    let pid = std::process::id();
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Owner::new(&host(), pid, &began(pid), &user.unwrap_or_default())
}

/// Whether a process is still there. The wall clock has no say in it: a process is told from a later one
/// of its number by the kernel's own count since the machine's start.
#[must_use]
pub fn life(owner: &Owner) -> Life {
    let here = this_process();
    let machine = |o: &Owner| o.began.rsplit_once('-').map(|(machine, _)| machine.to_owned());
    if owner.host != here.host || machine(owner).is_none() || machine(owner) != machine(&here) {
        return Life::Unknown;
    }
    // What it would be called today, if it were still there.
    if began(owner.pid) == owner.began { Life::Alive } else { Life::Gone }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The machine's name; a container's is its own.
fn host() -> String {
    let named = [read("/proc/sys/kernel/hostname"), read("/etc/hostname")];
    let named = named.into_iter().find(|name| !name.is_empty());
    named.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "unknown".to_owned())
}

/// The machine's start, the namespace of process numbers, and the kernel's ticks from the one to the
/// process' beginning (proc(5), field 22 of `stat`). Empty where there is no such thing.
fn began(pid: u32) -> String {
    let boot = read("/proc/sys/kernel/random/boot_id");
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let space: String = space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    if boot.is_empty() || space.is_empty() {
        return String::new();
    }
    let stat = read(&format!("/proc/{pid}/stat"));
    // The second field is the program's name in parentheses, which may contain anything.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    // A zombie is a process that ended.
    let ticks = match fields.first() {
        Some(&"Z") | None => "ended",
        Some(_) => fields.get(19).copied().unwrap_or("ended"),
    };
    format!("{}-{space}-{ticks}", boot.split('-').next().unwrap_or_default())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_one_that_ended_is_gone() {
        assert_eq!(life(&this_process()), Life::Alive);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner { pid: child.id(), began: began(child.id()), ..this_process() };
        assert_eq!(life(&owner), Life::Alive);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(life(&owner), Life::Gone);
    }

    #[test]
    fn of_another_machine_and_of_another_start_of_this_one_nothing_is_known() {
        let here = this_process();
        assert_eq!(life(&Owner { host: "elsewhere".to_owned(), ..here.clone() }), Life::Unknown);
        assert_eq!(life(&Owner { began: "0-0-1".to_owned(), ..here.clone() }), Life::Unknown);
        assert_eq!(life(&Owner { began: String::new(), ..here }), Life::Unknown);
    }

    #[test]
    fn a_later_process_of_the_same_number_is_another_one() {
        let here = this_process();
        let (machine, _) = here.began.rsplit_once('-').unwrap();
        let earlier = Owner { began: format!("{machine}-1"), ..here.clone() };
        assert_eq!(life(&earlier), Life::Gone);
    }
}
