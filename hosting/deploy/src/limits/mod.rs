//! What a worker may use, held by the kernel where it allows that.

mod cgroup;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use cgroup::{Cgroups, Group};

/// What holds a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A control group of the unified hierarchy.
    CgroupV2,
    /// A control group of the hierarchy of one controller.
    CgroupV1,
    /// The CPUs that the process may run on: whole ones.
    Affinity,
    /// The most private memory that each process may map.
    Rlimit,
}

impl fmt::Display for Holder {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::CgroupV2 => "cgroup v2",
            Self::CgroupV1 => "cgroup v1",
            Self::Affinity => "affinity",
            Self::Rlimit => "rlimit",
        })
    }
}

/// How the limits of a service are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// Its CPUs.
    pub cpu: Holder,
    /// Its memory.
    pub memory: Holder,
}

impl fmt::Display for Enforcement {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cpu == self.memory { self.cpu.fmt(to) } else { write!(to, "{}, {}", self.cpu, self.memory) }
    }
}
