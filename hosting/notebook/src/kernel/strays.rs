//! Processes that a kernel started and that left its process group, as `setsid` has them do.

/// In the environment of a kernel, and so of all that it starts.
pub(super) const VARIABLE: &str = "FORETASTE_KERNEL";

/// When the process with a number started, by the system's clock; none where the system does not tell.
pub(super) fn started(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; 19 fields follow it before the one that is meant.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Kills every process that has `mark` in the environment that it was started with, and was not started before `since`.
/// One that was started without, or as another user, is not found; nor is any where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn kill(mark: &str, since: Option<u64>) {
    // What one of them starts in the last moment is found by another look.
    (0..LOOKS).take_while(|_| kill_once(mark, since)).for_each(drop);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn kill(_mark: &str, _since: Option<u64>) {}

/// Most looks for processes.
#[cfg(target_os = "linux")]
const LOOKS: usize = 5;

/// Whether there was one.
#[cfg(target_os = "linux")]
fn kill_once(mark: &str, since: Option<u64>) -> bool {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    let wanted = format!("{VARIABLE}={mark}");
    let mut killed = false;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        // Held first: the number could mean another process by the time it is signalled.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        // The environment of a process that the system keeps from running can take long to read: that of others is left.
        if started(pid.as_raw_nonzero().get()) < since {
            continue;
        }
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()) {
            // It may have ended meanwhile.
            killed |= pidfd_send_signal(&process, Signal::KILL).is_ok();
        }
    }
    killed
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn only_a_younger_process_with_the_mark_is_killed() {
        let sleeper =
            |mark: &str| Command::new("sleep").arg("100").env(VARIABLE, mark).stdin(Stdio::null()).spawn().unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let since = started(own);
        assert!(since.is_some_and(|since| since > 0));
        let (mut other, mut stray) = (sleeper("another kernel"), sleeper("this kernel"));
        let later = started(i32::try_from(stray.id()).unwrap()).map(|started| started + 1);
        kill("this kernel", later);
        assert_eq!(stray.try_wait().unwrap(), None, "it is older than what is asked for");
        kill("this kernel", since);
        assert!(!stray.wait().unwrap().success());
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
