//! From a specification and its worker to what the supervisor runs, and to the same elsewhere.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::emit::{Invocation, Probes, Secret, Service};
use crate::home::{self, HomeError};
use crate::order::Order;
use crate::spec::Specification;

/// Libraries of numbers that ask how many threads to start.
const POOLS: [&str; 3] = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

/// What answers in a service, and what it needs. Only the caller that makes it knows what that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Arguments of the program with which it takes the supervisor's socket.
    pub arguments: Vec<String>,
    /// How it is run by hand on this machine.
    pub here: Invocation,
    /// How it is run in a container.
    pub container: Invocation,
    /// Files and folders that it reads, by their paths from the specification's folder.
    pub files: Vec<PathBuf>,
    /// Files that it reads and that are not for an image.
    pub secrets: Vec<Secret>,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Python packages, where Python runs it.
    pub python: Option<Vec<String>>,
    /// Threads that libraries of numbers may start for one product, where Python runs it.
    pub product_threads: usize,
    /// Where to ask how it is.
    pub probes: Probes,
}

/// Where and how a service is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The file that states the service, as it was typed.
    pub shown: String,
    /// The same file, from the root.
    pub path: PathBuf,
    /// The program of the worker.
    pub program: PathBuf,
    /// The environment that is deployed from; see [`Setting::passed_on`].
    pub environment: Vec<(OsString, OsString)>,
    /// How long a replica may take until it is ready.
    pub patience: Duration,
}

/// A service that can be deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// What the supervisor of this machine is asked to run.
    pub order: Order,
    /// The same, as others run it.
    pub elsewhere: Service,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The name is none.
    #[error(transparent)]
    Name(HomeError),
    /// The specification has no folder.
    #[error("{} is a folder, which cannot be deployed", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
    },
    /// A path that an order cannot hold.
    #[error("the path {} is not UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
}

/// Plans a service: every replica gets what is stated of the machine, or one CPU and 1,024 MB.
///
/// # Errors
/// [`PlanError`]
pub fn plan(specification: &Specification, setting: &Setting, worker: Worker) -> Result<Plan, PlanError> {
    let folder = setting.path.parent().ok_or_else(|| PlanError::Folder { path: setting.path.clone() })?;
    let name = specification.name.clone().unwrap_or_else(|| name_of(&setting.path));
    if !home::is_name(&name) {
        return Err(PlanError::Name(HomeError::Name { found: name }));
    }
    let program = setting.program.to_str().ok_or_else(|| PlanError::NotUtf8 { path: setting.program.clone() })?;
    let (cpu, memory) = (specification.cpu.unwrap_or_default(), specification.memory.unwrap_or_default());
    let replicas = specification.replicas.unwrap_or(1);
    let stated = |invocation: Invocation| {
        let pools = POOLS.iter().filter(|_| worker.python.is_some());
        let pools = pools.map(|&name| (name.to_owned(), worker.product_threads.to_string()));
        let told = invocation.environment.into_iter().chain(pools).chain(specification.env.clone());
        Invocation { environment: told.collect(), ..invocation }
    };
    let here = stated(worker.here);
    let order = Order {
        source: setting.shown.clone(),
        command: std::iter::once(program.to_owned()).chain(worker.arguments).collect(),
        directory: folder.to_owned(),
        environment: setting.passed_on().chain(here.environment.clone()).collect(),
        cpu,
        memory,
        port: specification.port,
        replicas,
        tls: worker.tls,
        patience: setting.patience,
    };
    let elsewhere = Service {
        name: name.clone(),
        here,
        container: stated(worker.container),
        files: worker.files,
        secrets: worker.secrets,
        tls: worker.tls,
        directory: folder.to_owned(),
        program: setting.program.clone(),
        python: worker.python,
        cpu,
        memory,
        port: specification.port,
        replicas,
        probes: worker.probes,
    };
    Ok(Plan { name, order, elsewhere })
}

impl Setting {
    /// What a service gets of the environment that it is deployed from: what programs need to find their way, and nothing
    /// else.
    pub fn passed_on(&self) -> impl Iterator<Item = (String, String)> {
        const NAMES: [&str; 12] = [
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "TZ",
            "TMPDIR",
            "VIRTUAL_ENV",
            "LD_LIBRARY_PATH",
            "FORETASTE_CACHE",
            "FORETASTE_LOG",
        ];
        const FAMILIES: [&str; 5] = ["LC_", "XDG_", "PYTHON", "CONDA_", "JUPYTER_"];
        let known = |name: &str| NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family));
        self.environment.iter().filter_map(move |(name, value)| {
            let (name, value) = (name.to_str()?, value.to_str()?);
            known(name).then(|| (name.to_owned(), value.to_owned()))
        })
    }
}

/// A service's name from a file's: lower-case letters, digits, dashes.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_lowercase();
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = stem.chars().map(legal).collect();
    let name: String = name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().take(40).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { "service".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn variables<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn worker(python: bool) -> Worker {
        let invocation = |place: &str, variable| Invocation {
            arguments: vec!["serve".to_owned(), place.to_owned()],
            environment: variables([("DATA", place), variable]),
        };
        Worker {
            arguments: vec!["serve".to_owned(), "--inherit".to_owned()],
            here: invocation("/home/me/x.csv", ("HERE", "1")),
            container: invocation("x.csv", ("A", "the worker's")),
            files: vec!["x.csv".into()],
            secrets: Vec::new(),
            tls: false,
            python: python.then(|| vec!["scipy".to_owned()]),
            product_threads: 1,
            probes: Probes { alive: "/a", ready: "/r" },
        }
    }

    fn setting(path: &str) -> Setting {
        Setting {
            shown: "films.yaml".to_owned(),
            path: path.into(),
            program: "/usr/bin/foretaste".into(),
            environment: [("PATH", "/bin"), ("SECRET", "x"), ("LC_ALL", "C"), ("A", "outside")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            patience: Duration::from_secs(7),
        }
    }

    fn planned(text: &str, python: bool) -> Plan {
        plan(&Specification::parse(text).unwrap(), &setting("/home/me/films.yaml"), worker(python)).unwrap()
    }

    #[test]
    fn the_supervisor_and_the_artefacts_are_given_the_same_service() {
        let Plan { name, order, elsewhere } =
            planned("titan: v1\ncpu: 1.5\nmemory: 64MB\nport: 81\nreplicas: 3\nenv: {A: mine}", false);
        assert_eq!((&*name, &*elsewhere.name), ("films", "films"));
        assert_eq!(order.command, ["/usr/bin/foretaste", "serve", "--inherit"]);
        assert_eq!((&*order.directory, &*elsewhere.directory), (Path::new("/home/me"), Path::new("/home/me")));
        assert_eq!((order.cpu.get(), order.memory.bytes(), order.port, order.replicas), (1.5, 64_000_000, Some(81), 3));
        assert_eq!(
            (elsewhere.cpu.get(), elsewhere.memory.bytes(), elsewhere.port, elsewhere.replicas),
            (1.5, 64_000_000, Some(81), 3)
        );
        assert_eq!(order.patience, Duration::from_secs(7));
        let here = variables([("DATA", "/home/me/x.csv"), ("HERE", "1"), ("A", "mine")]);
        assert_eq!(elsewhere.here.environment, here);
        let container = variables([("DATA", "x.csv"), ("A", "mine")]);
        assert_eq!(elsewhere.container.environment, container, "what is stated goes before what the worker says");
        assert_eq!(order.environment, variables([("PATH", "/bin"), ("LC_ALL", "C")]).into_iter().chain(here).collect());
    }

    #[test]
    fn libraries_of_python_are_told_their_threads_unless_the_specification_tells_them() {
        let Plan { order, elsewhere, .. } = planned("titan: v1\ncpu: 1.5\nenv: {OMP_NUM_THREADS: 3}", true);
        for environment in [order.environment, elsewhere.here.environment, elsewhere.container.environment] {
            assert_eq!((&*environment["OMP_NUM_THREADS"], &*environment["MKL_NUM_THREADS"]), ("3", "1"));
        }
        assert!(!planned("titan: v1", false).order.environment.contains_key("OMP_NUM_THREADS"));
    }

    #[test]
    fn a_machine_that_is_not_stated_is_one_cpu_and_1024_mb() {
        let order = planned("titan: v1", false).order;
        assert_eq!((order.cpu.get(), order.memory.bytes(), order.replicas), (1.0, 1_024_000_000, 1));
    }

    #[test]
    fn a_name_that_is_none_is_refused_for_artefacts_too() {
        let specification = Specification { name: Some("My Films".to_owned()), ..Specification::default() };
        let error = plan(&specification, &setting("/x.yaml"), worker(false)).unwrap_err().to_string();
        assert!(error.contains("`My Films`"), "{error}");
        assert!(matches!(plan(&Specification::default(), &setting("/"), worker(false)), Err(PlanError::Folder { .. })));
    }

    #[test]
    fn a_file_gives_its_service_a_name() {
        for (file, name) in [
            ("tutorial.ipynb", "tutorial"),
            ("My Films (v2).yaml", "my-films--v2"),
            ("2024.yml", "service"),
            ("日本.yaml", "service"),
            ("7up-x.yaml", "up-x"),
        ] {
            assert_eq!(name_of(Path::new(file)), name, "{file}");
        }
    }
}
