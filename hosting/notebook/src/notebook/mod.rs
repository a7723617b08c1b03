//! A notebook as a service: which cells answer which requests, and which run first.

mod annotation;
mod body_use;
mod file;
mod imports;
pub(crate) mod json_text;
pub(crate) mod language;
mod magic;
mod near_miss;
mod pattern;
mod routes;
mod specification;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use annotation::Verb;
pub use file::NotebookError;
pub(crate) use file::name_shown;
pub use pattern::PatternError;
pub use routes::Route;

use annotation::Annotation;
use file::{NotebookFile, SourceCell};
use language::Language;
use near_miss::near_misses;
use pattern::Pattern;
pub(crate) use routes::{Found, Routes};

/// A notebook whose cells can be served.
#[derive(Debug, Clone)]
pub struct Notebook {
    pub(crate) path: PathBuf,
    /// The file as it was read, for clients that may download it.
    pub(crate) bytes: Vec<u8>,
    /// The kernelspec that the notebook names.
    pub(crate) kernel: Option<String>,
    pub(crate) language: Language,
    pub(crate) routes: Routes,
    /// What runs once in every kernel, in order.
    pub(crate) seeds: Vec<Seed>,
    /// What is allowed but looks like a mistake.
    pub(crate) doubts: Vec<String>,
    specification: Option<String>,
    /// What its cells import, without what Python brings.
    imports: BTreeSet<String>,
}

/// A cell that runs at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seed {
    /// Its number, from 1.
    pub(crate) cell: usize,
    pub(crate) source: String,
}

impl Notebook {
    /// Reads a notebook file of version 3 or 4 and finds its endpoints.
    ///
    /// # Errors
    /// The file cannot be read or is not a notebook; an endpoint's path makes no sense; two endpoints answer the same
    /// requests; there is no endpoint.
    pub fn read(path: &Path) -> Result<Self, NotebookError> {
        let bytes = std::fs::read(path).map_err(|error| NotebookError::read(path, error))?;
        // The kernel runs in the notebook's folder: the path must not depend on ours.
        let path = std::path::absolute(path).map_err(|error| NotebookError::read(path, error))?;
        Self::parse(path, bytes)
    }

    fn parse(path: PathBuf, bytes: Vec<u8>) -> Result<Self, NotebookError> {
        let NotebookFile { cells, kernel, language } = NotebookFile::parse(&bytes)?;
        let language = Language::named(language.as_deref().unwrap_or("python"));
        let (mut routes, mut seeds, mut doubts) = (Routes::default(), Vec::new(), Vec::new());
        let (mut infos, mut specification, mut unfenced, mut near) = (Vec::new(), None, None, Vec::new());
        let count = cells.len();
        let mut imports = BTreeSet::new();
        for (cell, source) in (1..).zip(cells) {
            let source = match source {
                SourceCell::Code(source) => {
                    if language.is_python() {
                        imports.extend(imports::of(&source));
                    }
                    source
                }
                SourceCell::Markdown(text) => {
                    specification = specification.or_else(|| specification::in_markdown(&text));
                    unfenced = unfenced.or_else(|| specification::unfenced(&text));
                    continue;
                }
                SourceCell::Raw => continue,
            };
            near.extend(near_misses(cell, &source, language.comment()).iter().map(ToString::to_string));
            match Annotation::of(&source, language.comment()) {
                Some(Annotation::Endpoint(verb, path)) => routes.add(cell, verb, path, &source)?,
                Some(Annotation::ResponseInfo(verb, path)) => infos.push((cell, verb, path.to_owned(), source)),
                other => {
                    if let Some(Annotation::UnknownVerb(verb, path)) = other {
                        doubts.push(format!(
                            "cell {cell} runs at the start: `{verb} {path}` is no endpoint, which are GET, PUT, POST, DELETE"
                        ));
                    }
                    seeds.push(Seed { cell, source });
                }
            }
        }
        if routes.is_empty() {
            return Err(NotebookError::NoEndpoint { cells: count, prefix: language.comment(), near });
        }
        doubts.extend(near);
        for (cell, verb, path, source) in infos {
            let pattern = Pattern::parse(&path).map_err(|reason| NotebookError::Path {
                cell,
                verb,
                path: path.clone(),
                reason,
            })?;
            if !routes.add_info(cell, verb, &pattern, &source) {
                doubts.push(format!("cell {cell} is never used: there is no endpoint `{verb} {path}`"));
            }
        }
        doubts.extend(routes.lost_magics());
        if language.is_python() {
            routes.note_body_use();
        }
        routes.sort();
        let specification = specification.or(unfenced);
        Ok(Self { path, bytes, kernel, language, routes, seeds, doubts, specification, imports })
    }

    /// The packages that its cells import, by the names under which they are installed, in order; none of Python's own, and none
    /// that lies beside the notebook.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let is_beside = |name: &str| folder.join(name).is_dir() || folder.join(format!("{name}.py")).is_file();
        let installed = self.imports.iter().filter(|name| !is_beside(name));
        installed.map(|name| imports::package_of(name).to_owned()).collect()
    }

    /// The text inside the first fenced YAML block of the notebook's markdown cells, or the first of them that is a
    /// specification by itself.
    #[must_use]
    pub fn specification(&self) -> Option<String> {
        self.specification.clone()
    }

    /// The endpoints, in the order in which they are asked whether they match.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        self.routes.all()
    }
}

#[cfg(test)]
mod tests;
