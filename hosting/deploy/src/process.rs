//! Processes that are not our children: who they are, whether they live, when they end.

use std::io;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use serde::{Deserialize, Serialize};

/// A process, told from a later one with the same number by when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// Clock ticks between the machine's start and its own.
    pub started: u64,
}

impl Identity {
    /// The process with this number; `None` when there is none, or when it has ended and was not waited for.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let (state, started) = state(pid)?;
        (!matches!(state, 'Z' | 'X')).then_some(Self { pid, started })
    }

    /// This process.
    #[must_use]
    pub fn own() -> Self {
        let pid = std::process::id();
        Self::of(pid).unwrap_or(Self { pid, started: 0 })
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Blocks until it has ended; at once when it is not there.
    pub(crate) fn wait(self) {
        let Some(pid) = self.number() else { return };
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        // Only now is it sure whose descriptor this is.
        if !self.is_alive() {
            return;
        }
        let mut polled = [rustix::event::PollFd::new(&descriptor, rustix::event::PollFlags::IN)];
        while let Err(rustix::io::Errno::INTR) = rustix::event::poll(&mut polled, None) {}
    }

    /// Asks it to end.
    pub(crate) fn terminate(self) {
        self.signal(Signal::TERM);
    }

    /// Ends it, and all that it started in its process group: workers lead their own. Nothing happens once its number may be
    /// another's; as long as it was not waited for, it is its own.
    pub(crate) fn kill(self) {
        if let Some(pid) = self.number()
            && state(self.pid).is_some_and(|(_, started)| started == self.started)
        {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    fn signal(self, signal: Signal) {
        if let Some(pid) = self.number()
            && self.is_alive()
        {
            let _ = kill_process(pid, signal);
        }
    }

    fn number(self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.pid).ok()?)
    }
}

/// The state of the process with a number, and when it started.
fn state(pid: u32) -> Option<(char, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the state is the first field after it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some((fields.next()?.chars().next()?, fields.nth(18)?.parse().ok()?))
}

/// The processes of this user in whose environment a variable has that value, each with the value of another.
pub(crate) fn with_variable(name: &str, value: &Path, other: &str) -> Vec<(Identity, Option<String>)> {
    let mut wanted = format!("{name}=").into_bytes();
    wanted.extend_from_slice(value.as_os_str().as_encoded_bytes());
    let other = format!("{other}=");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // Those of others cannot be read, and those that end meanwhile are gone.
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        let mut variables = environment.split(|&byte| byte == 0);
        if variables.clone().any(|variable| variable == wanted)
            && let Some(identity) = Identity::of(pid)
        {
            let text = variables.find_map(|variable| variable.strip_prefix(other.as_bytes()));
            found.push((identity, text.map(|text| String::from_utf8_lossy(text).into_owned())));
        }
    }
    found
}

/// Makes this process the leader of a session: it outlives the terminal that it was started from.
pub(crate) fn leave_terminal() -> io::Result<()> {
    match rustix::process::setsid() {
        // A process that leads a group already needs no change.
        Ok(_) | Err(rustix::io::Errno::PERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Takes off the limits of the worker that this process was started by: on memory, and on CPUs.
pub(crate) fn shed_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::thread::{CpuSet, sched_setaffinity};
    let maximum = getrlimit(Resource::Data).maximum;
    let _ = setrlimit(Resource::Data, Rlimit { current: maximum, maximum });
    let mut all = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|cpu| all.set(cpu));
    // The kernel leaves out those that are not there or not ours.
    let _ = sched_setaffinity(None, &all);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn the_processes_of_a_service_are_found_by_their_environment() {
        let folder = tempfile::tempdir().unwrap();
        let started = |value: &Path| {
            let mut command = Command::new("sleep");
            command.arg("30").env("FORETASTE_TEST_SERVICE", value).env("FORETASTE_TEST_WORKER", "7").spawn().unwrap()
        };
        let (mut own, mut other) = (started(folder.path()), started(&folder.path().join("other")));
        let identity = Identity::of(own.id()).unwrap();
        // A process that was just started still has the environment of this one.
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let found = with_variable("FORETASTE_TEST_SERVICE", folder.path(), "FORETASTE_TEST_WORKER");
            if found == [(identity, Some("7".to_owned()))] {
                break;
            }
            assert!(Instant::now() < until, "{found:?}");
        }
        for child in [&mut own, &mut other] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(with_variable("FORETASTE_TEST_SERVICE", folder.path(), "FORETASTE_TEST_WORKER"), []);
    }

    #[test]
    fn a_group_is_ended_with_its_leader_and_never_by_a_number_that_is_anothers() {
        use std::os::unix::process::CommandExt;
        let mut leader = Command::new("sh").args(["-c", "sleep 30 & exec sleep 30"]).process_group(0).spawn().unwrap();
        let identity = Identity::of(leader.id()).unwrap();
        let members = || {
            let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let own = |stat: &String| {
                let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
                fields.get(2) == Some(&&*identity.pid.to_string()) && fields.first() != Some(&"Z")
            };
            let all =
                std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
            all.map(stat).filter(own).count()
        };
        let until = Instant::now() + Duration::from_secs(20);
        while members() < 2 {
            assert!(Instant::now() < until);
        }
        Identity { started: identity.started + 1, ..identity }.kill();
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(members(), 2, "an earlier process had the number");
        identity.terminate();
        identity.wait();
        // It has ended and was not waited for: the number is still its own, and its group is ended.
        identity.kill();
        while members() > 0 {
            assert!(Instant::now() < until);
        }
        leader.wait().unwrap();
    }

    #[test]
    fn a_process_is_known_until_it_ends() {
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert!(identity.is_alive());
        let other = Identity { started: identity.started + 1, ..identity };
        assert!(!other.is_alive(), "a later process with the same number is another one");
        other.terminate();
        let begun = Instant::now();
        let waiter = std::thread::spawn(move || identity.wait());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiter.is_finished(), "the signal for another process must not have come");
        identity.terminate();
        waiter.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(!identity.is_alive(), "what is left of it does not run");
        child.wait().unwrap();
    }
}
