//! `process_*`: what the operating system says of this process, read from `/proc` at each scrape.
//!
//! They stand apart from the recorder because the recorder's counters are whole numbers and CPU
//! seconds are not. Where there is no `/proc`, they are absent.

use std::fmt::Write as _;
use std::fs;

/// Clock ticks per second in `/proc`: 100 on every Linux architecture that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;

/// The figures in the exposition format, empty where `/proc` can't be read.
pub(super) fn render() -> String {
    let mut text = String::new();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    if let Some(seconds) = cpu_seconds(&stat) {
        append(&mut text, "process_cpu_seconds_total", "counter", "CPU time used.", seconds);
    }
    let boot = fs::read_to_string("/proc/stat").unwrap_or_default();
    if let Some(start) = start_seconds(&stat, &boot) {
        let help = "Start of the process since the Unix epoch.";
        append(&mut text, "process_start_time_seconds", "gauge", help, start);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kibibytes) = status_figure(&status, "VmRSS:") {
        let help = "Memory held in RAM.";
        append(&mut text, "process_resident_memory_bytes", "gauge", help, kibibytes * 1024.0);
    }
    if let Some(threads) = status_figure(&status, "Threads:") {
        append(&mut text, "process_threads", "gauge", "Threads of the process.", threads);
    }
    if let Some(count) = open_files() {
        append(&mut text, "process_open_fds", "gauge", "Open file descriptors.", count);
    }
    text
}

fn append(text: &mut String, name: &str, form: &str, help: &str, value: f64) {
    // Writing to a String can't fail.
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {form}\n{name} {value}\n\n");
}

/// Field `number` of `/proc/self/stat`, counted from 1 as in `proc(5)`.
///
/// The second field is the program's name in brackets and may hold anything, brackets too.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    let (user, system) = (stat_field(stat, 14)?, stat_field(stat, 15)?);
    Some((user + system) / TICKS_PER_SECOND)
}

fn start_seconds(stat: &str, boot: &str) -> Option<f64> {
    let booted: f64 =
        boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(booted + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

fn status_figure(status: &str, key: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

/// The descriptor that lists the directory is among those counted, so it is taken off.
fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(|count| f64::from(count) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 1000 9 9";

    #[test]
    fn program_name_with_brackets_does_not_shift_the_fields() {
        assert_eq!(cpu_seconds(STAT), Some(3.0));
        assert_eq!(start_seconds(STAT, "cpu 1\nbtime 1700000000\n"), Some(1_700_000_010.0));
    }

    #[test]
    fn unreadable_figures_are_absent_and_not_zero() {
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(start_seconds(STAT, ""), None);
        assert_eq!(status_figure("VmRSS:\tmany kB", "VmRSS:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_threads_and_files() {
        let text = render();

        for name in ["process_cpu_seconds_total ", "process_start_time_seconds "] {
            assert!(text.contains(name), "{name} is absent");
        }
        for name in ["process_resident_memory_bytes ", "process_threads ", "process_open_fds "] {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            assert!(line.parse::<f64>().unwrap() >= 1.0, "{name}{line}");
        }
    }
}
