//! A notebook as a service: which interpreter runs it, and where its data lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use directories::ProjectDirs;
use foretaste_deploy::emit::{Invocation, Probes};
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::{Images, Specification};
use foretaste_notebook::Notebook;
use serde::Deserialize;

use super::engine;
use super::options::{Options, Words, worded};
use super::work::{Limits, Planned, beside, home_expanded, operand, text_of, usage};
use crate::args::Command;
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

/// Keys that are no flags: the data that a notebook is told of; and one that its engine has, which is taken from the first
/// version on.
const OWN: [&str; 2] = ["data", "rows"];
/// The flag of the interpreter, which in a container is that of its image.
const PYTHON: &str = "python";

/// How a notebook is served.
pub(super) fn work(specification: &Specification, path: &Path) -> Result<Planned> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let (options, others) = (Options::of("notebook"), Options::of("serve"));
    let (own, flags) = specification.work.split(|stated| OWN.contains(&stated.key()));
    let is_the_engines = |key: &str| others.have(key) || super::keys::Keys::are_of_the_model(key);
    if let Some(foreign) = flags.stated().find(|stated| !options.have(stated.key()) && is_the_engines(stated.key())) {
        return Err(usage(&format!("`{}` is for the native engine, image `{}`", foreign.key(), engine::IMAGE)));
    }
    let known = || options.keys().chain(OWN.map(str::to_owned)).collect();
    let (python, placed) = flags.split(|stated| stated.key() == PYTHON);
    let Words { mut here, container, files: beside_it, secrets, tls } = options.words(&placed, folder, &known)?;
    let image = specification.image.as_deref();
    let stated = python.stated().next().map(|python| python.read::<String>()).transpose().exit_with(Exit::Data)?;
    let (python, mut notes) = match stated {
        Some(python) => (Some(folder.join(home_expanded(&python))), Vec::new()),
        None => interpreter(image)?,
    };
    if own.states("rows") {
        notes.push("`rows` is for the native engine: a notebook reads its data itself".to_owned());
    }
    let name = path.file_name().map(PathBuf::from).context("a notebook has a name")?;
    let stated: Option<String> =
        own.stated().find(|stated| stated.key() == "data").map(|data| data.read()).transpose().exit_with(Exit::Data)?;
    let stated = stated.as_deref().map(home_expanded);
    let mut files = vec![name.clone()];
    files.extend(beside_it);
    files.extend(stated.as_ref().filter(|data| folder.join(data).exists()).map(PathBuf::from));
    // What does not lie beside the notebook has to be mounted there.
    let mounted =
        stated.as_ref().map(|data| format!("/srv/{}", Path::new(data).file_name().unwrap_or_default().display()));
    let limits = Limits::of(specification, &flags);
    let threads = flags.stated().find(|stated| stated.key() == "threads");
    let product_threads = threads.and_then(|threads| threads.read().ok()).unwrap_or(1);
    // With a thread for each CPU, the sparse and small products of a notebook take two to three times as long.
    if threads.is_none() && specification.cpu.is_some_and(|cpu| cpu.threads() > 1) && !sets_threads(specification) {
        notes.push(
            "libraries of numbers get 1 thread for a product (OMP_NUM_THREADS); `threads:` or `env:` gives more"
                .to_owned(),
        );
    }
    // The specification came out of it: it can be read.
    let imports = Notebook::read(path).map(|notebook| notebook.imports()).unwrap_or_default();
    let line =
        |file: String, flags: Vec<String>| [vec!["notebook".to_owned(), operand(file)], flags, limits.flags()].concat();
    if let Some(python) = python.as_deref() {
        here.extend(worded("--python", text_of(python)?));
    }
    let here = line(text_of(path)?, here);
    if let Command::Notebook(args) = Options::parsed(&here, &flags)? {
        args.access.access().map_err(|error| coded(Exit::Data, error))?;
        args.body_bytes().and(args.output_bytes())?;
    }
    let container = line(text_of(&name)?, [container, worded("--python", "python3".to_owned())].concat());
    let worker = Worker {
        arguments: [here.clone(), vec!["--inherit".to_owned()]].concat(),
        here: Invocation {
            arguments: here,
            environment: place_of_data(stated.as_deref(), path)?.into_iter().collect(),
        },
        container: Invocation {
            arguments: container,
            environment: mounted.into_iter().map(|place| (DATA.to_owned(), place)).collect(),
        },
        files,
        secrets,
        tls,
        python: Some(packages(image, imports)),
        product_threads,
        probes: Probes { alive: "/_api/health", ready: "/_api/ready" },
    };
    Ok(Planned { worker, notes })
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

/// Whether the specification says by itself how many threads a product gets.
fn sets_threads(specification: &Specification) -> bool {
    specification.env.keys().any(|name| name.ends_with("_NUM_THREADS"))
}

/// Python packages for a container of that image, and those that the notebook imports.
fn packages(image: Option<&str>, imports: Vec<String>) -> Vec<String> {
    let named: &[&str] = match image {
        Some("scipy") => &["numpy", "scipy"],
        Some("python") | None => &[],
        Some(other) => &[other],
    };
    let mut packages: Vec<String> = std::iter::once(KERNEL).chain(named.iter().copied()).map(str::to_owned).collect();
    packages.extend(imports.into_iter().filter(|import| import != KERNEL && !named.contains(&import.as_str())));
    packages
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
            ("kernels: 0", "line 2: `kernels`: 0 is not in 1..=1024"),
            ("kernels: 1025", "line 2: `kernels`: 1025 is not in 1..=1024"),
            ("time_out: soon", "line 2: `time_out`: `soon` is no time"),
            ("kernls: 2", "line 2: unknown key `kernls` (did you mean `kernels`?)"),
        ] {
            let error = planned(&format!("titan: v1\n{key}\n")).map(|_| key).expect_err(key);
            assert_eq!(code_of(&error), Exit::Data);
            assert!(error.to_string().contains(says), "{error}");
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
