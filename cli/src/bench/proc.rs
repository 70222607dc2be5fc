//! Reading what the system tells of processes, of its processors and of waiting for disks: `/proc` of Linux.
//! Elsewhere nothing of it is known.

use std::fs;

/// What the system tells of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// Seconds of processor time since it began, its own and the system's for it.
    pub(crate) cpu_s: f64,
    /// Memory in use: what several processes share, such as the program itself, is divided among them.
    pub(crate) memory_bytes: u64,
    /// The most it ever was, with all that it shares.
    pub(crate) peak_bytes: u64,
    /// Bytes it had written to disks; 0 if the system does not tell.
    pub(crate) written_bytes: u64,
}

/// A thread, and its seconds of processor time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thread {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) cpu_s: f64,
}

/// What all processors have done since the machine began, in ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ticks {
    pub(crate) all: u64,
    pub(crate) idle: u64,
}

/// How many ticks the system counts a second.
pub(crate) fn ticks_a_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// What a process has used so far; none if it has ended, or if the system does not tell.
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let cpu = cpu_ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(Usage {
        cpu_s: cpu as f64 / ticks_a_second(),
        memory_bytes: memory(pid).unwrap_or(0),
        peak_bytes: bytes_of(&status, "VmHWM:").unwrap_or(0),
        // Only whoever owns a process may read this.
        written_bytes: fs::read_to_string(format!("/proc/{pid}/io"))
            .ok()
            .and_then(|io| written(&io))
            .unwrap_or(0),
    })
}

/// Memory a process uses now: its proportional set size. A page that two processes share counts half for each,
/// so the sum over all processes of a shop is the memory that it takes.
pub(crate) fn memory(pid: u32) -> Option<u64> {
    // Only whoever owns a process may read this.
    let shared_out = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok();
    let status = || fs::read_to_string(format!("/proc/{pid}/status")).ok();
    shared_out.and_then(|rollup| bytes_of(&rollup, "Pss:")).or_else(|| bytes_of(&status()?, "VmRSS:"))
}

/// The threads of a process.
pub(crate) fn threads(pid: u32) -> Vec<Thread> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let read = |task: std::io::Result<fs::DirEntry>| {
        let task = task.ok()?;
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        let cpu_s = cpu_ticks(&stat)? as f64 / ticks_a_second();
        Some(Thread { id: task.file_name().to_str()?.parse().ok()?, name: name_of(&stat)?.to_owned(), cpu_s })
    };
    tasks.filter_map(read).collect()
}

/// What all processors have done.
pub(crate) fn processors() -> Option<Ticks> {
    ticks(&fs::read_to_string("/proc/stat").ok()?)
}

/// For how long something waited for a disk since the machine began, in microseconds.
pub(crate) fn disk_waits_us() -> Option<u64> {
    waits_us(&fs::read_to_string("/proc/pressure/io").ok()?)
}

/// The fields of `/proc/PID/stat` behind the name, which may hold anything: the first is the third of all.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}

fn name_of(stat: &str) -> Option<&str> {
    Some(stat.split_once('(')?.1.rsplit_once(')')?.0)
}

/// The 14th and the 15th field together.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = fields(stat)?.skip(11);
    let (own, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    own.checked_add(system)
}

/// A line of `/proc/PID/status` such as `VmRSS: 1234 kB`, with blanks or tabs between.
fn bytes_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// `write_bytes: 1234` of `/proc/PID/io`, less what was never written because the file went first.
fn written(io: &str) -> Option<u64> {
    let number = |name| io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some(number("write_bytes:")?.saturating_sub(number("cancelled_write_bytes:").unwrap_or(0)))
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal. What comes behind
/// is contained in user and nice.
fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let numbers: Vec<u64> = line.split_whitespace().take(8).map_while(|number| number.parse().ok()).collect();
    let idle = numbers.get(3)?.checked_add(numbers.get(4).copied().unwrap_or(0))?;
    Some(Ticks { all: numbers.iter().sum(), idle })
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123` of `/proc/pressure/io`.
fn waits_us(pressure: &str) -> Option<u64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 150 27 7 8 20 0 1 0 987654 1000 20 0";

    #[test]
    fn the_time_of_a_process_is_read_behind_any_name() {
        assert_eq!((cpu_ticks(STAT), name_of(STAT)), (Some(177), Some("a) b (c")));
        for wrong in ["", "42 (a", "42 (a) S 1 2", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x y"] {
            assert_eq!(cpu_ticks(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tshopd\nVmHWM:\t   2048 kB\nVmRSS:\t    100 kB\n";
        assert_eq!(
            (bytes_of(status, "VmRSS:"), bytes_of(status, "VmHWM:")),
            (Some(102_400), Some(2_097_152))
        );
        assert_eq!(bytes_of("VmRSS: many kB", "VmRSS:"), None);
        assert_eq!(bytes_of("", "VmRSS:"), None);
    }

    #[test]
    fn what_was_written_is_what_reached_a_disk() {
        let io =
            "rchar: 1\nwchar: 900\nsyscw: 3\nread_bytes: 0\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n";
        assert_eq!((written(io), written("wchar: 900\n")), (Some(4096), None));
    }

    #[test]
    fn waiting_for_a_disk_counts_as_idle_and_guests_are_not_counted_twice() {
        let stat = "cpu  100 5 50 800 20 1 2 22 7 9\ncpu0 1 2 3\nintr 5\n";
        assert_eq!(ticks(stat), Some(Ticks { all: 1000, idle: 820 }));
        assert_eq!(ticks("cpu0 1 2 3"), None);
    }

    #[test]
    fn waits_for_disks_are_read_from_the_line_that_counts_any_of_them() {
        let text = "some avg10=0.10 avg60=0.00 avg300=0.00 total=4711\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(waits_us(text), Some(4711));
        assert_eq!(waits_us("full total=1"), None);
    }

    #[test]
    fn this_process_has_used_something_if_the_system_tells() {
        let me = std::process::id();
        let Some(usage) = usage(me) else { return };
        assert!(usage.memory_bytes > 0 && usage.peak_bytes >= usage.memory_bytes, "{usage:?}");
        assert!(memory(me).is_some() && !threads(me).is_empty() && processors().is_some());
        assert_eq!(super::usage(0), None);
    }
}
