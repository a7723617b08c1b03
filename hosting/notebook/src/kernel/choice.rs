//! Which program is the kernel of a notebook: an interpreter that was named, an installed kernelspec, or Python.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jupyter_protocol::JupyterKernelspec;
use serde_json::Value;

use crate::notebook::language::Language;
use crate::notebook::{Notebook, name_shown};

/// Stands in a kernelspec for the path of the connection file.
const CONNECTION_FILE: &str = "{connection_file}";

/// A kernel that can be started, as far as files tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KernelChoice {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
    pub(crate) environment: HashMap<String, String>,
    /// Whether it is interrupted by a message instead of a signal.
    pub(crate) interrupt_by_message: bool,
    pub(crate) language: Language,
}

/// Why there is no kernel for a notebook.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// The interpreter is not a file.
    #[error("there is no interpreter at {}", path.display())]
    NoInterpreter {
        /// Where it should be.
        path: PathBuf,
    },
    /// No kernelspec of that name is installed.
    #[error(
        "the notebook's kernel `{name}` for {language} is not installed; installed are: {}; looked in {}",
        list(installed),
        paths(folders)
    )]
    NotInstalled {
        /// The kernelspec that the notebook names.
        name: String,
        /// Its language.
        language: String,
        /// Those there are.
        installed: Vec<String>,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// A kernelspec that says nothing to run.
    #[error("the kernelspec {} cannot be used: {reason}", path.display())]
    Kernelspec {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither a kernelspec nor Python.
    #[error(
        "no kernel for Python: no kernelspec `{name}` in {}, and no `python3` on the PATH; name an interpreter that has \
        ipykernel",
        paths(folders)
    )]
    NoPython {
        /// The kernelspec that was looked for.
        name: String,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
}

/// The kernel of `notebook`. An `interpreter` is for notebooks in Python; for one in another language it says where
/// kernelspecs are looked for first.
pub(crate) fn kernel_of(notebook: &Notebook, interpreter: Option<&Path>) -> Result<KernelChoice, ChoiceError> {
    let language = &notebook.language;
    if let Some(path) = interpreter {
        // The kernel runs in another folder; a link must stay one, since it tells Python its environment.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if !path.is_file() {
            return Err(ChoiceError::NoInterpreter { path });
        }
        if language.is_python() {
            return Ok(ipykernel(&path, language));
        }
    }
    let folders = data_folders(interpreter);
    let name = notebook.kernel.clone().unwrap_or_else(|| "python3".to_owned());
    if let Some(choice) = installed(&name, &folders, language)? {
        return Ok(choice);
    }
    if !language.is_python() {
        let installed = names_in(&folders);
        return Err(ChoiceError::NotInstalled { name, language: language.name().to_owned(), installed, folders });
    }
    match on_path("python3") {
        Some(path) => Ok(ipykernel(&path, language)),
        None => Err(ChoiceError::NoPython { name, folders }),
    }
}

fn ipykernel(python: &Path, language: &Language) -> KernelChoice {
    let python = python.to_string_lossy().into_owned();
    let argv = [python.as_str(), "-m", "ipykernel_launcher", "-f", CONNECTION_FILE].map(str::to_owned).to_vec();
    let language = language.clone();
    KernelChoice { argv, environment: HashMap::new(), interrupt_by_message: false, language }
}

fn installed(name: &str, folders: &[PathBuf], language: &Language) -> Result<Option<KernelChoice>, ChoiceError> {
    // A name with a slash could lead anywhere.
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return Ok(None);
    }
    for folder in folders {
        let path = folder.join("kernels").join(name).join("kernel.json");
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let broken = |reason: String| ChoiceError::Kernelspec { path: path.clone(), reason };
        let spec = kernelspec(&bytes).map_err(|error| broken(error.to_string()))?;
        let mut argv = spec.argv;
        let Some(program) = argv.first_mut() else { return Err(broken("its `argv` is empty".to_owned())) };
        // An installed spec says `python` and means the one that it was installed beside.
        if matches!(program.as_str(), "python" | "python3")
            && let Some(beside) = beside(folder).map(|bin| bin.join(&program)).filter(|beside| beside.is_file())
        {
            *program = beside.to_string_lossy().into_owned();
        }
        let resources = path.parent().unwrap_or(folder).to_string_lossy().into_owned();
        for argument in &mut argv {
            *argument = argument.replace("{resource_dir}", &resources);
        }
        // What the notebook's own metadata say goes before: cells are annotated in that language.
        let language = if language.is_python() { Language::named(&spec.language) } else { language.clone() };
        return Ok(Some(KernelChoice {
            argv,
            environment: spec.env.unwrap_or_default(),
            interrupt_by_message: spec.interrupt_mode.as_deref() == Some("message"),
            language,
        }));
    }
    Ok(None)
}

/// A kernelspec, also without a name to be shown by, which plays no part here.
fn kernelspec(bytes: &[u8]) -> Result<JupyterKernelspec, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(bytes)?;
    if let Some(spec) = value.as_object_mut() {
        name_shown(spec);
    }
    serde_json::from_value(value)
}

/// Where the programs are that belong to the data folder `PREFIX/share/jupyter`.
fn beside(folder: &Path) -> Option<PathBuf> {
    let share = folder.parent().filter(|share| share.ends_with("share") && folder.ends_with("jupyter"))?;
    Some(share.parent()?.join("bin"))
}

/// The folders in which kernelspecs are installed, the first to be searched first.
fn data_folders(interpreter: Option<&Path>) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let of_program = |program: &Path| program.parent()?.parent().map(|prefix| prefix.join("share/jupyter"));
    folders.extend(interpreter.and_then(|path| of_program(&std::path::absolute(path).ok()?)));
    folders.extend(env::var_os("JUPYTER_PATH").iter().flat_map(env::split_paths));
    let home = env::var_os("HOME").map(PathBuf::from);
    let at_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
    let user = if cfg!(target_os = "macos") {
        at_home("Library/Jupyter")
    } else {
        let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(|| at_home(".local/share"));
        data.map(|data| data.join("jupyter"))
    };
    folders.extend(env::var_os("JUPYTER_DATA_DIR").map(PathBuf::from).or(user));
    folders.extend(env::var_os("VIRTUAL_ENV").map(|prefix| PathBuf::from(prefix).join("share/jupyter")));
    folders.extend(["jupyter", "python3"].iter().filter_map(|name| of_program(&on_path(name)?)));
    folders.extend(["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from));
    let mut seen = Vec::new();
    folders.retain(|folder| {
        !folder.as_os_str().is_empty() && !seen.contains(folder) && {
            seen.push(folder.clone());
            true
        }
    });
    folders
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path: OsString = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn names_in(folders: &[PathBuf]) -> Vec<String> {
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder.join("kernels")).ok()).flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.join("kernel.json").is_file()))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn paths(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl KernelChoice {
    /// Whether the kernel is known to listen on sockets that are files; every kernel listens on ports.
    pub(crate) fn can_ipc(&self) -> bool {
        self.argv.iter().any(|argument| matches!(argument.as_str(), "ipykernel_launcher" | "ipykernel"))
    }

    /// The command line with the connection file in its place.
    pub(crate) fn arguments(&self, connection: &Path) -> Vec<OsString> {
        let connection = connection.to_string_lossy();
        self.argv.iter().map(|argument| argument.replace(CONNECTION_FILE, &connection).into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(spec: &str) -> tempfile::TempDir {
        let prefix = tempfile::tempdir().unwrap();
        let kernel = prefix.path().join("share/jupyter/kernels/some");
        std::fs::create_dir_all(&kernel).unwrap();
        std::fs::create_dir_all(prefix.path().join("bin")).unwrap();
        std::fs::write(prefix.path().join("bin/python"), "").unwrap();
        std::fs::write(kernel.join("kernel.json"), spec).unwrap();
        prefix
    }

    #[test]
    fn a_kernelspec_is_found_and_its_python_is_the_one_beside_it() {
        let prefix = folder_with(
            r#"{"argv": ["python", "-m", "k", "{connection_file}", "{resource_dir}"], "display_name": "S",
            "language": "bash", "interrupt_mode": "message", "env": {"A": "1"}}"#,
        );
        let folders = [prefix.path().join("nothing"), prefix.path().join("share/jupyter")];
        let choice = installed("some", &folders, &Language::named("bash")).unwrap().unwrap();
        assert_eq!(choice.argv[0], prefix.path().join("bin/python").to_str().unwrap());
        assert!(choice.argv[4].ends_with("kernels/some"));
        assert!(choice.interrupt_by_message && choice.environment["A"] == "1");
        assert_eq!(choice.arguments(Path::new("/c.json"))[3], "/c.json");
        assert_eq!(installed("other", &folders, &Language::named("bash")).unwrap(), None);
        assert_eq!(installed("../kernels/some", &folders, &Language::named("bash")).unwrap(), None);
        assert_eq!(names_in(&folders), ["some"]);
    }

    #[test]
    fn a_kernelspec_without_a_name_to_show_is_found() {
        let prefix = folder_with(r#"{"argv": ["k"], "language": "bash"}"#);
        let found = installed("some", &[prefix.path().join("share/jupyter")], &Language::named("bash"));
        assert_eq!(found.unwrap().unwrap().argv, ["k"]);
    }

    #[test]
    fn a_kernelspec_without_a_program_is_refused_by_name() {
        let prefix = folder_with(r#"{"argv": [], "display_name": "S", "language": "bash"}"#);
        let folders = [prefix.path().join("share/jupyter")];
        let error = installed("some", &folders, &Language::named("bash")).unwrap_err().to_string();
        assert!(error.contains("kernel.json cannot be used: its `argv` is empty"), "{error}");
    }
}
