//! Processes that a kernel started and that left its process group, as `setsid` has them do.

/// In the environment of a kernel, and so of all that it starts.
pub(super) const VARIABLE: &str = "FORETASTE_KERNEL";

/// Kills every process that has `mark` in the environment that it was started with. One that was started without, or as
/// another user, is not found; nor is any where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn kill(mark: &str) {
    // What one of them starts in the last moment is found by another look.
    (0..LOOKS).take_while(|_| kill_once(mark)).for_each(drop);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kill(_mark: &str) {}

/// Most looks for processes.
#[cfg(target_os = "linux")]
const LOOKS: usize = 5;

/// Whether there was one.
#[cfg(target_os = "linux")]
fn kill_once(mark: &str) -> bool {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    let wanted = format!("{VARIABLE}={mark}");
    let mut killed = false;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        // Held first: the number could mean another process by the time it is signalled.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()) {
            // It may have ended meanwhile.
            killed |= pidfd_send_signal(&process, Signal::KILL).is_ok();
        }
    }
    killed
}
