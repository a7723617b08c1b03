//! From a specification to what the supervisor is asked to run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use foretaste_deploy::Order;
use foretaste_deploy::emit::Service;
use foretaste_deploy::spec::{Cpu, Specification};

use super::work::text_of;
use super::{native, notebook};
use crate::args::DeployArgs;
use crate::exit::{Exit, ExitWith};

/// What a service gets that does not state its machine.
const CPU: &str = "1";
const MEMORY: &str = "1024MB";

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
    let is_native = specification.image.as_deref() == Some(native::IMAGE);
    let work = if is_notebook && !is_native {
        notebook::work(&specification, &path, cpu)?
    } else {
        native::work(&specification, &folder, cpu, memory)?
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
        environment: passed_on().chain(here).collect(),
        cpu,
        memory,
        port: specification.port,
        replicas: specification.replicas.unwrap_or(1),
        patience: Duration::from_secs(args.patience),
    };
    Ok(Planned { name, order, elsewhere, notes: work.notes })
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

/// What a service gets of the environment that it is deployed from: what programs need to find their way, and nothing else.
fn passed_on() -> impl Iterator<Item = (String, String)> {
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
    std::env::vars_os().filter_map(move |(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        known(&name).then_some((name, value))
    })
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
