//! What the process may use of the machine and what it used: CPUs, CPU time, memory.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

/// CPUs that this process may run on.
pub(crate) fn cpus() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Bounds the CPU of the whole process: every thread started later inherits it, so call it before the first.
///
/// The CPUs are those from the one we run on upwards, so that two processes started side by side do not share one
/// while another idles. Returns how many CPUs are left; where the kernel refuses, or has no such call, only the pools'
/// sizes bound the CPU.
#[cfg(target_os = "linux")]
pub(crate) fn restrict_to(threads: usize) -> usize {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    let Ok(allowed) = sched_getaffinity(None) else { return cpus() };
    let here = sched_getcpu();
    let mut chosen = CpuSet::new();
    let mut ordered = (here..CpuSet::MAX_CPU).chain(0..here).filter(|&cpu| allowed.is_set(cpu));
    for cpu in ordered.by_ref().take(threads) {
        chosen.set(cpu);
    }
    // Nothing to do when every CPU is chosen anyway; a refusal leaves the pools as the only bound.
    if ordered.next().is_some() {
        let _ = sched_setaffinity(None, &chosen);
    }
    cpus()
}

/// Bounds nothing on this platform: the pools' sizes alone bound the CPU.
#[cfg(not(target_os = "linux"))]
pub(crate) fn restrict_to(_threads: usize) -> usize {
    cpus()
}

/// CPU time of all threads of this process so far.
pub(crate) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

/// Bytes of memory that the machine has, where the system tells.
#[cfg(target_os = "linux")]
pub(crate) fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    kib.trim().trim_end_matches(" kB").parse::<u64>().ok()?.checked_mul(1024)
}

/// The most memory this process ever held, in MiB; 0 where the system does not tell.
pub(crate) fn peak_mib() -> u64 {
    status_mib("VmHWM:")
}

/// The most MiB that the process grows by when it asks the allocator for `bytes` bytes: large blocks come with some room,
/// and what one thread gave back is not at once another's.
pub(crate) fn held_for_mib(bytes: u64) -> u64 {
    (bytes + bytes / 8).div_ceil(1 << 20) + 32
}

/// Bytes that may be asked of the allocator by a process that may hold `bytes`: the inverse of [`held_for_mib`].
pub(crate) fn room_in(bytes: u64) -> u64 {
    bytes.saturating_sub(32 << 20) / 9 * 8
}

/// The memory this process holds, in MiB; 0 where the system does not tell.
pub(crate) fn held_mib() -> u64 {
    status_mib("VmRSS:")
}

/// Makes the peak what is held now. Where the system refuses, the peak stays that of the whole process.
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn status_mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Lowers the priority of the calling thread (on Linux of it alone), so that others go first when CPUs are short.
pub(crate) fn give_way() {
    // Half-way down the scale: about a tenth of a CPU's time while another thread wants it.
    const NICENESS: i32 = 10;
    // Where the system refuses, the thread competes as an equal.
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_moves_when_work_is_done() {
        let before = cpu_time();
        let mut sum = 0u64;
        while cpu_time() - before < Duration::from_millis(5) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        assert!(cpu_time() > before);
    }

    #[test]
    fn one_thread_leaves_one_cpu() {
        // In a thread of its own: the mask of the test runner's other threads stays as it is.
        let left = std::thread::spawn(|| restrict_to(1)).join().unwrap();
        assert_eq!(left, 1);
    }
}
