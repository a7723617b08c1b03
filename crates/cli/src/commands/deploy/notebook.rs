//! A notebook as a service: which interpreter runs it, and where its data lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use directories::ProjectDirs;
use foretaste_deploy::spec::{Cpu, Images, Specification};
use foretaste_notebook::Notebook;

use super::work::{Work, beside, text_of, usage};
use crate::data::{self, Place};
use crate::exit::{Exit, ExitWith};

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

/// How a notebook is served.
pub(super) fn work(specification: &Specification, path: &Path, cpu: Cpu) -> Result<Work> {
    if specification.model.is_some() || specification.rank.is_some() || specification.items.is_some() {
        return Err(usage("`model`, `rank` and `items` are for the native engine"));
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let image = specification.image.as_deref();
    let (python, notes) = interpreter(image)?;
    let arguments = |file: String, python: Option<String>| {
        let mut arguments = vec!["notebook".to_owned(), file];
        arguments.extend(python.into_iter().flat_map(|python| ["--python".to_owned(), python]));
        arguments.extend(["--kernels".to_owned(), specification.kernels.unwrap_or(1).to_string()]);
        arguments.extend(["--threads".to_owned(), cpu.threads().to_string()]);
        arguments
    };
    let name = path.file_name().map(PathBuf::from).context("a notebook has a name")?;
    let stated = specification.data.as_deref();
    let mut files = vec![name.clone()];
    files.extend(stated.filter(|data| folder.join(data).exists()).map(PathBuf::from));
    // What does not lie beside the notebook has to be mounted there.
    let inside = stated.map(|data| format!("/srv/{}", Path::new(data).file_name().unwrap_or_default().display()));
    Ok(Work {
        here: arguments(text_of(path)?, python.as_deref().map(text_of).transpose()?),
        inside: arguments(text_of(&name)?, Some("python3".to_owned())),
        files,
        environment: inside.into_iter().map(|path| (DATA.to_owned(), path)).collect(),
        environment_here: place_of_data(specification, path)?.into_iter().collect(),
        python: Some(packages(image)),
        probes: ("/_api/health", "/_api/ready"),
        notes,
    })
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
fn place_of_data(specification: &Specification, path: &Path) -> Result<Option<(String, String)>> {
    let Some(stated) = &specification.data else { return Ok(None) };
    let here = beside(path.parent().unwrap_or(Path::new("/")), stated);
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
    let specification = notebook.specification().and_then(|text| Specification::parse(&text).ok()).unwrap_or_default();
    place_of_data(&specification, &std::path::absolute(path)?)
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
