//! Control groups, of either version, written as the files they are.
//!
//! Where: below the own group when the process may make groups there, else below the mount (which root may). A controller
//! that cannot be used this way is left out, and the caller holds that limit otherwise. Kernel documentation:
//! admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{Enforcement, Holder};
use crate::process::Identity;
use crate::spec::{Cpu, Memory};

/// The kernel counts CPU time over periods of this many microseconds.
const PERIOD: u64 = 100_000;
/// Processes and threads that a worker may have, its kernels included: enough for every kernel that a notebook can be given, and
/// no way to take the machine's.
const MOST_PROCESSES: &str = "4096";
/// The folder that all our groups lie in.
const FOLDER: &str = "foretaste";

/// Where groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cgroups {
    cpu: Option<Place>,
    memory: Option<Place>,
    /// Where processes are counted, if not with the others.
    processes: Option<Place>,
}

/// A folder in which groups can be made, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    version: Holder,
    folder: PathBuf,
}

impl Cgroups {
    /// What this process may use, found by trying.
    pub(crate) fn find() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self::of(&read("/proc/self/mounts"), &read("/proc/self/cgroup"), std::process::id())
    }

    fn of(mounts: &str, own: &str, pid: u32) -> Self {
        let unified = unified(mounts, own, pid);
        let place = |controller| unified.clone().or_else(|| legacy(controller, mounts, own, pid));
        let processes = if unified.is_some() { None } else { legacy("pids", mounts, own, pid) };
        Self { cpu: place("cpu"), memory: place("memory"), processes }
    }

    pub(crate) fn enforcement(&self) -> Enforcement {
        let version = |place: &Option<Place>, other| place.as_ref().map_or(other, |place| place.version);
        Enforcement { cpu: version(&self.cpu, Holder::Affinity), memory: version(&self.memory, Holder::Rlimit) }
    }

    /// Makes the group of one worker, with its limits.
    ///
    /// # Errors
    /// What the kernel says to a file that is written.
    pub(crate) fn make(&self, name: &str, cpu: Cpu, memory: Memory) -> io::Result<Group> {
        let mut group = Group { folders: Vec::new(), memory: None };
        let made = self.fill(name, cpu, memory, &mut group);
        if made.is_err() {
            group.remove();
        }
        made.map(|()| group)
    }

    /// Takes away the empty groups whose names begin so; in those that are in use nothing changes.
    pub(crate) fn sweep(&self, prefix: &str) {
        for place in [&self.cpu, &self.memory, &self.processes].into_iter().flatten() {
            for entry in fs::read_dir(&place.folder).into_iter().flatten().flatten() {
                if entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) {
                    removed(&entry.path());
                }
            }
        }
    }

    fn fill(&self, name: &str, cpu: Cpu, memory: Memory, group: &mut Group) -> io::Result<()> {
        let quota = (cpu.get() * PERIOD as f64).round() as u64;
        if let Some(place) = &self.cpu {
            let folder = group.enter(place, name)?;
            if place.version == Holder::CgroupV2 {
                fs::write(folder.join("cpu.max"), format!("{quota} {PERIOD}"))?;
                optional(&folder.join("pids.max"), MOST_PROCESSES)?;
            } else {
                fs::write(folder.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                fs::write(folder.join("cpu.cfs_quota_us"), quota.to_string())?;
            }
        }
        if let Some(place) = &self.memory {
            let folder = group.enter(place, name)?;
            let bytes = memory.bytes().to_string();
            if place.version == Holder::CgroupV2 {
                fs::write(folder.join("memory.max"), &bytes)?;
                // Swapping is no way to keep a promise; kernels without swap lack the file.
                optional(&folder.join("memory.swap.max"), "0")?;
                optional(&folder.join("memory.oom.group"), "1")?;
            } else {
                // Never above the bound on memory with swap, which an older group of this name may have.
                optional(&folder.join("memory.memsw.limit_in_bytes"), "-1")?;
                fs::write(folder.join("memory.limit_in_bytes"), &bytes)?;
                optional(&folder.join("memory.memsw.limit_in_bytes"), &bytes)?;
            }
            group.memory = Some(Place { version: place.version, folder });
        }
        if let Some(place) = &self.processes {
            fs::write(group.enter(place, name)?.join("pids.max"), MOST_PROCESSES)?;
        }
        Ok(())
    }
}

/// Writes a file that not every kernel has.
fn optional(file: &Path, text: &str) -> io::Result<()> {
    if file.exists() { fs::write(file, text) } else { Ok(()) }
}

/// Where each mount of a kind lies: (options, folder).
fn mounted<'a>(mounts: &'a str, kind: &'a str) -> impl Iterator<Item = (&'a str, PathBuf)> {
    mounts.lines().filter_map(move |line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, folder, found, options, ..] = fields.as_slice() else { return None };
        (*found == kind).then(|| (*options, PathBuf::from(folder.replace("\\040", " "))))
    })
}

/// The unified hierarchy, if it has both controllers for us.
fn unified(mounts: &str, own: &str, pid: u32) -> Option<Place> {
    let (_, mount) = mounted(mounts, "cgroup2").next()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    candidates(&mount, own).into_iter().find_map(|base| {
        let offered = fs::read_to_string(base.join("cgroup.controllers")).ok()?;
        let offers = |name| offered.split_ascii_whitespace().any(|offer| offer == name);
        if !offers("cpu") || !offers("memory") {
            return None;
        }
        let folder = base.join(FOLDER);
        let wanted = if offers("pids") { "+cpu +memory +pids" } else { "+cpu +memory" };
        let opened = fs::write(base.join("cgroup.subtree_control"), wanted)
            .and_then(|()| made(&folder))
            .and_then(|()| fs::write(folder.join("cgroup.subtree_control"), wanted));
        (opened.is_ok() && can_move(&folder, &base, pid)).then_some(Place { version: Holder::CgroupV2, folder })
    })
}

/// The hierarchy of one controller.
fn legacy(controller: &str, mounts: &str, own: &str, pid: u32) -> Option<Place> {
    let has = |list: &str| list.split(',').any(|name| name == controller);
    let (_, mount) = mounted(mounts, "cgroup").find(|(options, _)| has(options))?;
    let own = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        has(controllers).then_some(path)
    })?;
    candidates(&mount, own).into_iter().find_map(|base| {
        let folder = base.join(FOLDER);
        (made(&folder).is_ok() && can_move(&folder, &base, pid)).then_some(Place { version: Holder::CgroupV1, folder })
    })
}

/// The own group, if the mount shows it, and the mount. A supervisor that a worker has started is in the worker's group, and
/// belongs beside it.
fn candidates(mount: &Path, own: &str) -> Vec<PathBuf> {
    let own = own.split_once(&format!("/{FOLDER}/")).map_or(own, |(outside, _)| outside);
    let inner = mount.join(own.trim_start_matches('/'));
    let mut places = vec![mount.to_owned()];
    if inner != *mount && inner.is_dir() {
        places.insert(0, inner);
    }
    places
}

fn made(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Whether processes may be moved there: this one goes and comes back.
fn can_move(folder: &Path, back: &Path, pid: u32) -> bool {
    let trial = folder.join(format!("trial-{pid}"));
    let went = made(&trial).and_then(|()| fs::write(trial.join("cgroup.procs"), pid.to_string()));
    // Where the way back is closed, the trial group is as good a place as the old one.
    let _ = fs::write(back.join("cgroup.procs"), pid.to_string());
    let _ = fs::remove_dir(&trial);
    went.is_ok()
}

/// The control group of one worker: one folder, or one for each controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    folders: Vec<PathBuf>,
    memory: Option<Place>,
}

impl Group {
    fn enter(&mut self, place: &Place, name: &str) -> io::Result<PathBuf> {
        let folder = place.folder.join(name);
        made(&folder)?;
        if !self.folders.contains(&folder) {
            self.folders.push(folder.clone());
        }
        Ok(folder)
    }

    /// The files that a process writes its number to, to be in the group.
    pub(crate) fn cgroup_files(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs")).collect()
    }

    /// Whether the kernel has ended a process of the group for its memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let Some(place) = &self.memory else { return false };
        let file = if place.version == Holder::CgroupV2 { "memory.events" } else { "memory.oom_control" };
        let text = fs::read_to_string(place.folder.join(file)).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count.trim() != "0"))
    }

    /// Ends what is left in the group and takes it away. What a process that was not yet waited for holds stays, for
    /// [`Cgroups::sweep`].
    pub(crate) fn remove(&self) {
        for file in self.cgroup_files() {
            for line in fs::read_to_string(file).unwrap_or_default().lines() {
                if let Some(left) = line.parse().ok().and_then(Identity::of) {
                    left.kill();
                }
            }
        }
        // A process that was killed leaves its group a little later.
        for _ in 0..20 {
            if self.folders.iter().filter(|folder| !removed(folder)).count() == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn removed(folder: &Path) -> bool {
    fs::remove_dir(folder).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like a mount of control groups; plain files take whatever is written.
    fn pretend(folders: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in folders {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        root
    }

    fn order() -> (Cpu, Memory) {
        ("1.5".parse().unwrap(), "256MiB".parse().unwrap())
    }

    #[test]
    fn version_two_is_taken_where_both_controllers_are() {
        let root = pretend(&["app"]);
        let at = |path: &str| root.path().join(path);
        for base in ["", "app"] {
            fs::write(at(base).join("cgroup.controllers"), "cpuset cpu io memory pids\n").unwrap();
        }
        let mounts = format!("cgroup2 {} cgroup2 rw,nosuid 0 0\n", root.path().display());
        let groups = Cgroups::of(&mounts, "0::/app\n", 77);
        assert_eq!(groups.enforcement(), Enforcement { cpu: Holder::CgroupV2, memory: Holder::CgroupV2 });
        assert_eq!(fs::read_to_string(at("app/cgroup.subtree_control")).unwrap(), "+cpu +memory +pids");
        let (cpu, memory) = order();
        let group = groups.make("films-1", cpu, memory).unwrap();
        let folder = at("app/foretaste/films-1");
        assert_eq!(group.cgroup_files(), [folder.join("cgroup.procs")]);
        assert_eq!(fs::read_to_string(folder.join("cpu.max")).unwrap(), "150000 100000");
        assert_eq!(fs::read_to_string(folder.join("memory.max")).unwrap(), "268435456");
        assert!(!folder.join("memory.swap.max").exists(), "a file that the kernel lacks is not made");
        assert!(!group.ran_out_of_memory());
        fs::write(folder.join("memory.events"), "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n").unwrap();
        assert!(group.ran_out_of_memory());
    }

    #[test]
    fn version_one_has_a_folder_for_each_controller() {
        let root = pretend(&["cpu", "memory/own", "pids"]);
        let at = |path: &str| root.path().join(path);
        let mounts = format!(
            "cgroup {0}/cpu cgroup rw,cpu,cpuacct 0 0\ncgroup {0}/memory cgroup rw,memory 0 0\ncgroup {0}/pids cgroup rw,pids 0 0\ncgroup2 {0}/none cgroup2 rw 0 0\n",
            root.path().display()
        );
        let groups = Cgroups::of(&mounts, "8:pids:/\n4:memory:/own\n1:cpu,cpuacct:/gone\n0::/\n", 77);
        let inside =
            "8:pids:/foretaste/films.1\n4:memory:/own/foretaste/films.1\n1:cpu,cpuacct:/gone/foretaste/films.1\n0::/\n";
        assert_eq!(Cgroups::of(&mounts, inside, 77), groups, "groups are never made inside a worker's");
        assert_eq!(groups.enforcement(), Enforcement { cpu: Holder::CgroupV1, memory: Holder::CgroupV1 });
        let (cpu, memory) = order();
        let group = groups.make("films-1", cpu, memory).unwrap();
        assert_eq!(fs::read_to_string(at("cpu/foretaste/films-1/cpu.cfs_quota_us")).unwrap(), "150000");
        assert_eq!(fs::read_to_string(at("memory/own/foretaste/films-1/memory.limit_in_bytes")).unwrap(), "268435456");
        assert_eq!(fs::read_to_string(at("pids/foretaste/films-1/pids.max")).unwrap(), MOST_PROCESSES);
        assert_eq!(group.cgroup_files().len(), 3);
        fs::write(at("memory/own/foretaste/films-1/memory.oom_control"), "oom_kill_disable 0\noom_kill 0\n").unwrap();
        assert!(!group.ran_out_of_memory());
    }

    #[test]
    fn what_cannot_be_made_is_held_otherwise() {
        let root = pretend(&["cpu"]);
        // Only one controller in the unified hierarchy, and no folder for the other.
        fs::write(root.path().join("cgroup.controllers"), "hugetlb\n").unwrap();
        let mounts = format!(
            "cgroup2 {0} cgroup2 rw 0 0\ncgroup {0}/cpu cgroup rw,cpu 0 0\ncgroup {0}/gone cgroup rw,memory 0 0\n",
            root.path().display()
        );
        let groups = Cgroups::of(&mounts, "0::/\n4:memory:/\n1:cpu:/\n", 77);
        assert_eq!(groups.enforcement(), Enforcement { cpu: Holder::CgroupV1, memory: Holder::Rlimit });
        assert_eq!(
            Cgroups::of("", "", 77).enforcement(),
            Enforcement { cpu: Holder::Affinity, memory: Holder::Rlimit }
        );
    }
}
