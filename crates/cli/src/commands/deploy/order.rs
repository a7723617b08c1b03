//! From a specification to what is run: the one place that knows which command serves what.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use foretaste_deploy::Order;
use foretaste_deploy::emit::Service;
use foretaste_deploy::spec::{Cpu, Memory, Specification};

use super::notebook;
use crate::args::DeployArgs;
use crate::data;
use crate::exit::{Exit, ExitWith, coded};

/// What a service gets that does not state its machine.
const CPU: &str = "1";
const MEMORY: &str = "1024MB";
/// The image that is this program.
const NATIVE: &str = "foretaste";

/// A service that can be deployed.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) order: Order,
    /// The same, as others run it.
    pub(super) elsewhere: Service,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// Reads the source and plans its service.
pub(super) fn plan(args: &DeployArgs) -> Result<Planned> {
    let source = &args.source;
    let shown = source.display();
    let path = std::path::absolute(source)?;
    let folder = path.parent().context("a folder cannot be deployed")?.to_owned();
    let is_notebook = path.extension().is_some_and(|extension| extension == "ipynb");
    let text = if is_notebook {
        notebook::specification(&path)?
    } else {
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}")).exit_with(Exit::Data)?
    };
    let mut specification =
        Specification::parse(&text).with_context(|| format!("cannot deploy {shown}")).exit_with(Exit::Data)?;
    overrule(&mut specification, args)?;
    let cpu = specification.cpu.map_or_else(|| CPU.parse(), Ok)?;
    let memory = specification.memory.map_or_else(|| MEMORY.parse(), Ok)?;
    let name = specification.name.clone().unwrap_or_else(|| name_of(&path));
    let work = if is_notebook {
        notebook::work(&specification, &path, cpu)?
    } else {
        native(&specification, &folder, cpu, memory)?
    };
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = vec![text_of(&program)?];
    command.extend(work.here.iter().cloned());
    command.push("--inherit".to_owned());
    let stated = environment(&specification, cpu, work.python.is_some());
    let with = |told: BTreeMap<String, String>| -> BTreeMap<String, String> {
        told.into_iter().chain(stated.clone()).collect()
    };
    let here = with(work.environment_here);
    let elsewhere = Service {
        name: name.clone(),
        arguments: work.inside,
        arguments_here: work.here,
        files: work.files,
        directory: folder.clone(),
        program,
        python: work.python,
        cpu,
        memory,
        port: specification.port,
        environment: with(work.environment),
        environment_here: here.clone(),
        replicas: specification.replicas.unwrap_or(1),
        probes: work.probes,
    };
    let order = Order {
        source: shown.to_string(),
        command,
        directory: folder,
        environment: here,
        cpu,
        memory,
        port: specification.port,
        replicas: specification.replicas.unwrap_or(1),
        patience: Duration::from_secs(args.patience),
    };
    Ok(Planned { name, order, elsewhere, notes: work.notes })
}

/// What answers, and what it needs.
pub(super) struct Work {
    /// Arguments of this program, with paths of this machine.
    pub(super) here: Vec<String>,
    /// The same with the paths inside a container.
    pub(super) inside: Vec<String>,
    /// What has to be in the container, by paths from the specification's folder.
    pub(super) files: Vec<PathBuf>,
    /// What it is told about a container, and about this machine.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) environment_here: BTreeMap<String, String>,
    /// Python packages, where Python runs it.
    pub(super) python: Option<Vec<String>>,
    /// Paths that answer 200 while the process works, and while it is ready.
    pub(super) probes: (&'static str, &'static str),
    pub(super) notes: Vec<String>,
}

/// What the command line says goes before what the file says.
fn overrule(specification: &mut Specification, args: &DeployArgs) -> Result<()> {
    if let Some(name) = &args.name {
        specification.name = Some(name.clone());
    }
    if let Some(cpu) = &args.cpu {
        specification.cpu = Some(cpu.parse().exit_with(Exit::Usage)?);
    }
    if let Some(memory) = &args.memory {
        specification.memory = Some(memory.parse().exit_with(Exit::Usage)?);
    }
    if let Some(data) = &args.data {
        // Typed by somebody who stands elsewhere than the file.
        let here = std::path::absolute(data)?;
        specification.data = Some(if here.exists() { text_of(&here)? } else { data.clone() });
    }
    if let Some(port) = args.port {
        specification.port = Some(port);
    }
    Ok(())
}

/// The native engine.
fn native(specification: &Specification, folder: &Path, cpu: Cpu, memory: Memory) -> Result<Work> {
    if let Some(image) = specification.image.as_deref().filter(|&image| image != NATIVE) {
        return Err(usage(&format!(
            "image `{image}` runs notebooks; a specification by itself needs image `{NATIVE}`"
        )));
    }
    if specification.kernels.is_some() {
        return Err(usage("`kernels` is for notebooks"));
    }
    let data = specification.data.as_deref();
    let data =
        data.ok_or_else(|| usage(&format!("`data` is missing: a file, a folder, or one of {}", data::names())))?;
    let items = specification.items.as_deref();
    let command = |place: &dyn Fn(&str) -> String| {
        let mut command = vec!["serve".to_owned(), place(data)];
        let mut flag = |name: &str, value: Option<String>| {
            command.extend(value.into_iter().flat_map(|value| [format!("--{name}"), value]));
        };
        flag("items", items.map(place));
        flag("rows", specification.rows.map(|rows| rows.to_string()));
        flag("rank", specification.rank.map(|rank| rank.to_string()));
        flag("threads", Some(cpu.threads().to_string()));
        flag("memory", Some(memory.bytes().to_string()));
        command
    };
    let files = [Some(data), items].into_iter().flatten().filter(|file| folder.join(file).exists());
    Ok(Work {
        here: command(&|stated| beside(folder, stated)),
        inside: command(&str::to_owned),
        files: files.map(PathBuf::from).collect(),
        environment: BTreeMap::new(),
        environment_here: BTreeMap::new(),
        python: None,
        probes: ("/healthz", "/readyz"),
        notes: Vec::new(),
    })
}

pub(super) fn usage(message: &str) -> anyhow::Error {
    coded(Exit::Usage, anyhow!("{message}"))
}

pub(super) fn text_of(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.display()))
}

/// A path from the specification's folder where there is such a file, else what it says: the name of a data set.
pub(super) fn beside(folder: &Path, stated: &str) -> String {
    let path = folder.join(stated);
    if path.exists() { path.to_string_lossy().into_owned() } else { stated.to_owned() }
}

/// The environment: what is stated, and for Python the number of threads of the libraries that ask.
fn environment(specification: &Specification, cpu: Cpu, python: bool) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    if python {
        let threads = cpu.threads().to_string();
        let pools = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];
        environment.extend(pools.map(|name| (name.to_owned(), threads.clone())));
    }
    environment.extend(specification.env.clone());
    environment
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
