//! What was measured on, and what this process and the server's take of it.

use std::fs;

/// One line about this machine.
pub(crate) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("model name"))?;
        Some(line.split(':').nth(1)?.trim().to_owned())
    });
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("MemTotal"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores{}{}, {} {}",
        cpu.map(|cpu| format!(" of {cpu}")).unwrap_or_default(),
        memory.map(|kib| format!(", {} GiB", kib.div_ceil(1 << 20))).unwrap_or_default(),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

/// What else the machine does: processes that ran or wanted to, on average over the last minute; `None` where
/// the system does not say.
pub(crate) fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split_whitespace().next()?.to_owned())
}

/// The largest resident memory of this process since [`reset_peak`], in KiB; `None` where the
/// system does not say.
pub(crate) fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Begins a new peak.
pub(crate) fn reset_peak() {
    // Linux resets the mark when a 5 is written here (proc(5)); elsewhere there is no mark.
    let _ = fs::write("/proc/self/clear_refs", "5");
}
