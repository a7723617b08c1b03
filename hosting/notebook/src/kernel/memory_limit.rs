//! How often the system has killed a process of this one's group because the group's memory limit was hit.

use std::fs;
use std::path::{Path, PathBuf};

/// Where Linux shows control groups.
const GROUPS: &str = "/sys/fs/cgroup";

/// The count, where the system tells it.
pub(super) fn kills() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    files(Path::new(GROUPS), &own).iter().find_map(|file| count(&fs::read_to_string(file).ok()?))
}

/// The files that may have it: of version 1 (`N:memory:/path`), of version 2 (`0::/path`), each also where the group is the
/// root of what this process sees.
fn files(root: &Path, own: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (folder, file) = if controllers.split(',').any(|controller| controller == "memory") {
            (root.join("memory"), "memory.oom_control")
        } else if controllers.is_empty() {
            (root.to_owned(), "memory.events")
        } else {
            continue;
        };
        files.extend([folder.join(path.trim_start_matches('/')).join(file), folder.join(file)]);
    }
    files
}

fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_both_versions() {
        assert_eq!(count("low 0\noom 1\noom_kill 2\noom_group_kill 1\n"), Some(2));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), Some(3));
        assert_eq!(count("oom_kill_disable 0\n"), None);
        let of = |own| files(Path::new("/g"), own).iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(of("5:cpu:/x\n4:memory:/a/b\n")[0], "/g/memory/a/b/memory.oom_control");
        assert_eq!(of("0::/a\n"), ["/g/a/memory.events", "/g/memory.events"]);
    }
}
