//! A notebook as a service: which interpreter runs it, and where its data lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use directories::ProjectDirs;
use foretaste_deploy::emit::{Invocation, Probes};
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::{Images, Specification};
use foretaste_notebook::{GatewayConfig, Notebook};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::engine;
use super::keys::OneOrMore;
use super::task::{Limits, Task, Work};
use super::work::{Planned, beside, keys, text_of, usage, within};
use crate::args::{AccessArgs, InheritArg, NotebookArgs, ThreadArgs, WorkerArgs, size};
use crate::data::{self, Place};
use crate::exit::{Exit, ExitWith, coded};

/// Names the table of images.
const IMAGES: &str = "FORETASTE_IMAGES";
/// Tells a notebook where its data lies.
const DATA: &str = "FORETASTE_DATA";
/// What every Python that runs notebooks needs.
const KERNEL: &str = "ipykernel";

/// The specification that a notebook holds.
pub(super) fn specification(path: &Path) -> Result<String> {
    let notebook = Notebook::read(path).exit_with(Exit::Data)?;
    notebook.specification().ok_or_else(|| {
        usage(&format!(
            "{} holds no specification: a markdown cell with a fenced yaml block that begins with `titan: v1` or `foretaste: v1`",
            path.display()
        ))
    })
}

/// What a body or a reply may have however little memory there is.
const MOST_FOR_THE_LEAST: u64 = 1 << 20;
/// What a body and a reply may have where the memory allows it.
const BODY: u64 = 100_000_000;
const OUTPUT: u64 = 16 << 20;

/// A size as the flags take it, or a number of bytes.
#[derive(Debug, Clone, Copy)]
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a size such as 100MB")]
        enum Stated {
            Bytes(u64),
            Text(String),
        }
        let text = match Stated::deserialize(deserializer)? {
            Stated::Bytes(bytes) => bytes.to_string(),
            Stated::Text(text) => text,
        };
        size(&text).map(Self).map_err(D::Error::custom)
    }
}

/// What a specification may state about a notebook.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// Data that the notebook is told of: a file, a folder, or the name of a data set.
    data: Option<String>,
    /// Kernels: 1 (the default) shares one state, more answer in parallel, each with its own.
    kernels: Option<u64>,
    /// The largest body of a request.
    max_body: Option<Size>,
    /// The most that the cells of a request may print, display and return.
    max_output: Option<Size>,
    /// Names by which it may be called.
    #[serde(default)]
    host: OneOrMore,
    /// Origins whose pages may call it.
    #[serde(default)]
    cors_origin: OneOrMore,
    /// Not used by notebooks, but accepted from the first version on.
    rows: Option<u64>,
}

/// What a notebook's service is, complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotebookSpec {
    pub(super) file: String,
    /// The interpreter; `None` is the kernel that the notebook names.
    pub(super) python: Option<String>,
    pub(super) kernels: u16,
    /// Bytes of a body, and of a reply; records of before have none.
    #[serde(default = "first_bytes")]
    pub(super) max_body: u64,
    #[serde(default = "first_bytes")]
    pub(super) max_output: u64,
    #[serde(default)]
    pub(super) access: AccessArgs,
}

/// The part of the memory that a body or a reply may be: the gateway and the kernel hold each several times.
const PART: u64 = 32;

/// What held before a specification could say it.
fn first_bytes() -> u64 {
    1 << 20
}

/// A number of bytes, from what is stated or as a share of the memory.
fn bytes_of(key: &str, stated: Option<Size>, memory: u64, default: u64) -> Result<u64> {
    let most = (memory / PART).max(MOST_FOR_THE_LEAST);
    match stated {
        None => Ok(default.min(most)),
        Some(Size(found)) if found <= most => Ok(found),
        Some(Size(found)) => {
            let allowed = "allowed is a 32nd of the memory";
            let message =
                format!("`{key}` is {found} bytes, {allowed}, {most} bytes; state more `memory` or a smaller `{key}`");
            Err(coded(Exit::Data, anyhow!(message)))
        }
    }
}

/// How a notebook is served.
pub(super) fn work(specification: &Specification, path: &Path) -> Result<Planned> {
    let keys: Keys =
        keys::<_, super::keys::Keys>(specification, &format!("the native engine, image `{}`", engine::IMAGE))?;
    let kernels = within("kernels", keys.kernels.unwrap_or(1), 1, 64)? as u16;
    let access = AccessArgs { host: keys.host.0, cors_origin: keys.cors_origin.0 };
    access.access()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let image = specification.image.as_deref();
    let (python, mut notes) = interpreter(image)?;
    if keys.rows.is_some() {
        notes.push("`rows` is for the native engine: a notebook reads its data itself".to_owned());
    }
    let limits = Limits::of(specification);
    let name = path.file_name().map(PathBuf::from).context("a notebook has a name")?;
    let stated = keys.data.as_deref();
    let mut files = vec![name.clone()];
    files.extend(stated.filter(|data| folder.join(data).exists()).map(PathBuf::from));
    // What does not lie beside the notebook has to be mounted there.
    let mounted = stated.map(|data| format!("/srv/{}", Path::new(data).file_name().unwrap_or_default().display()));
    let (file, python) = (text_of(path)?, python.as_deref().map(text_of).transpose()?);
    let max_body = bytes_of("max_body", keys.max_body, limits.memory, BODY)?;
    let max_output = bytes_of("max_output", keys.max_output, limits.memory, OUTPUT)?;
    let here = NotebookSpec { file, python, kernels, max_body, max_output, access };
    let container = NotebookSpec { file: text_of(&name)?, python: Some("python3".to_owned()), ..here.clone() };
    let worker = Worker {
        here: Invocation {
            arguments: here.arguments(limits),
            environment: place_of_data(stated, path)?.into_iter().collect(),
        },
        container: Invocation {
            arguments: container.arguments(limits),
            environment: mounted.into_iter().map(|place| (DATA.to_owned(), place)).collect(),
        },
        arguments: Task { work: Work::Notebook(here), limits }.arguments()?,
        files,
        python: Some(packages(image)),
        probes: Probes { alive: "/_api/health", ready: "/_api/ready" },
    };
    Ok(Planned { worker, notes })
}

impl NotebookSpec {
    /// The same as flags, for artefacts that people read.
    pub(super) fn arguments(&self, limits: Limits) -> Vec<String> {
        // A name that begins with a dash would be taken for a flag.
        let dashed = self.file.starts_with('-');
        let file = if dashed { format!("./{}", self.file) } else { self.file.clone() };
        let mut arguments = vec!["notebook".to_owned(), file];
        arguments.extend(self.python.iter().flat_map(|python| ["--python".to_owned(), python.clone()]));
        arguments.extend(["--kernels".to_owned(), self.kernels.to_string()]);
        for (flag, bytes) in [("--max-body", self.max_body), ("--max-output", self.max_output)] {
            arguments.extend([flag.to_owned(), bytes.to_string()]);
        }
        arguments.extend(self.access.flags());
        arguments.extend(["--threads".to_owned(), limits.threads.to_string()]);
        arguments
    }

    /// The same as the command `notebook` takes it, on the socket of a supervisor.
    pub(super) fn args(self, limits: Limits, worker: &WorkerArgs) -> NotebookArgs {
        let default = GatewayConfig::default();
        NotebookArgs {
            file: self.file.into(),
            listen: ([127, 0, 0, 1], 0).into(),
            inherit: InheritArg { inherit: true },
            python: self.python.map(PathBuf::from),
            kernels: self.kernels,
            queue: default.queue,
            time_out: default.time_out,
            max_body: self.max_body,
            max_output: self.max_output,
            source: default.source,
            access: self.access,
            threads: ThreadArgs::at_most(limits.threads),
            log_format: worker.log_format,
        }
    }
}

/// The interpreter of an image, from the table; without one the notebook's own kernel is taken, and the user is told.
fn interpreter(image: Option<&str>) -> Result<(Option<PathBuf>, Vec<String>)> {
    let Some(image) = image else { return Ok((None, Vec::new())) };
    let chosen = std::env::var_os(IMAGES).map(PathBuf::from);
    let table = chosen
        .or_else(|| ProjectDirs::from("", "", "foretaste").map(|folders| folders.config_dir().join("images.yaml")))
        .with_context(|| format!("this user has no home folder; name the table of images with {IMAGES}"))?;
    let text = match std::fs::read_to_string(&table) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("cannot read {}", table.display()))?,
    };
    let folder = table.parent().unwrap_or(Path::new("/"));
    let images = Images::parse(&text, folder).with_context(|| format!("{}", table.display())).exit_with(Exit::Data)?;
    if let Some(python) = images.interpreter(image) {
        return Ok((Some(python.to_owned()), Vec::new()));
    }
    let activated = std::env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("bin/python"));
    let taken = activated.as_ref().map_or_else(
        || "the kernel that the notebook names".to_owned(),
        |python| format!("the activated environment's {}", python.display()),
    );
    Ok((activated, vec![format!("image `{image}` is not in {}: {taken} is taken", table.display())]))
}

/// The variable that tells a notebook where the data of its specification lies on this machine; a published data set is
/// downloaded once.
fn place_of_data(stated: Option<&str>, path: &Path) -> Result<Option<(String, String)>> {
    let Some(stated) = stated else { return Ok(None) };
    let here = beside(path.parent().unwrap_or(Path::new("/")), stated)?;
    let place = match data::resolve(&here)? {
        Place::BuiltIn(archive) => text_of(&data::obtain(archive, None)?)?,
        _ => here,
    };
    Ok(Some((DATA.to_owned(), place)))
}

/// The same for a notebook that is run by hand, whose specification counts for nothing else: nothing where it has none, or
/// where the variable is set already.
pub(in crate::commands) fn data_by_hand(notebook: &Notebook, path: &Path) -> Result<Option<(String, String)>> {
    if std::env::var_os(DATA).is_some() {
        return Ok(None);
    }
    /// The one key that counts here, whatever the others are for.
    #[derive(Deserialize)]
    struct Data {
        data: Option<String>,
    }

    let specification = notebook.specification().and_then(|text| Specification::parse(&text).ok()).unwrap_or_default();
    let stated = specification.work::<Data>().ok().and_then(|keys| keys.data);
    place_of_data(stated.as_deref(), &std::path::absolute(path)?)
}

/// Python packages for a container of that image.
fn packages(image: Option<&str>) -> Vec<String> {
    let named: &[&str] = match image {
        Some("scipy") => &["numpy", "scipy"],
        Some("python") | None => &[],
        Some(other) => &[other],
    };
    std::iter::once(KERNEL).chain(named.iter().copied()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::code_of;

    fn planned(text: &str) -> Result<Planned> {
        work(&Specification::parse(text)?, Path::new("/nowhere/books.ipynb"))
    }

    #[test]
    fn keys_of_the_engine_are_refused_by_name_and_rows_with_a_note() {
        for key in ["model: svd", "rank: 3", "items: x.csv", "tolerance: 1", "params: {}"] {
            let error = planned(&format!("titan: v1\n{key}\n")).map(|_| key).expect_err(key);
            assert_eq!(code_of(&error), Exit::Usage);
            assert!(error.to_string().ends_with("is for the native engine, image `foretaste`"), "{error}");
        }
        let planned = planned("titan: v1\nrows: 5\n").unwrap();
        assert!(planned.notes.iter().any(|note| note.contains("`rows`")), "{:?}", planned.notes);
    }

    #[test]
    fn a_number_of_kernels_out_of_range_and_an_unknown_key_are_refused() {
        for (key, says) in [
            ("kernels: 0", "`kernels` is 0, expected 1 to 64"),
            ("kernels: 65", "`kernels` is 65"),
            ("kernls: 2", "line 2: unknown key `kernls` (did you mean `kernels`?)"),
        ] {
            let error = planned(&format!("titan: v1\n{key}\n")).map(|_| key).expect_err(key);
            assert_eq!(code_of(&error), Exit::Data);
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn bodies_and_replies_are_bounded_by_the_memory() {
        let flags = |text: &str| {
            let line = planned(text).unwrap().worker.here.arguments.join(" ");
            let flag = |name: &str| line.split_once(name).unwrap().1.split(' ').nth(1).unwrap().parse().unwrap();
            (flag("--max-body"), flag("--max-output"))
        };
        assert_eq!(flags("titan: v1\nmemory: 256MB\n"), (8_000_000, 8_000_000));
        assert_eq!(flags("titan: v1\nmemory: 8GB\n"), (100_000_000, 16 << 20));
        assert_eq!(flags("titan: v1\nmemory: 8GB\nmax_body: 250MB\nmax_output: 2000\n"), (250_000_000, 2000));
        for (key, says) in [
            (
                "max_body: 9MB",
                "`max_body` is 9000000 bytes, allowed is a 32nd of the memory, 8000000 bytes; state more `memory`",
            ),
            ("max_output: lots", "`lots` is no size, allowed are 1KiB to 1GiB"),
        ] {
            let error = planned(&format!("titan: v1\nmemory: 256MB\n{key}\n")).map(|_| key).expect_err(key);
            assert_eq!(code_of(&error), Exit::Data);
            assert!(format!("{error:#}").contains(says), "{error:#}");
        }
    }

    #[test]
    fn a_notebook_is_told_where_its_data_lie_here_and_in_a_container() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("films")).unwrap();
        let specification = Specification::parse("titan: v1\ndata: films\n").unwrap();
        let worker = work(&specification, &folder.path().join("books.ipynb")).unwrap().worker;
        assert_eq!(Path::new(&worker.here.environment[DATA]), folder.path().join("films"));
        assert_eq!(worker.container.environment[DATA], "/srv/films");
        assert_eq!(worker.files, [Path::new("books.ipynb"), Path::new("films")]);
    }
}
