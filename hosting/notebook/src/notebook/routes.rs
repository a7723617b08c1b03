//! The endpoints of a notebook, and which of them answers a request.

use super::annotation::Verb;
use super::body_use::decodes_body;
use super::file::NotebookError;
use super::magic::{begins_with_magic, runnable};
use super::pattern::Pattern;

/// An endpoint: the cells that answer one method on one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: String,
    pub(crate) pattern: Pattern,
    pub(crate) cells: Vec<usize>,
    /// What runs for a request.
    pub(crate) source: String,
    /// What runs after it and prints status and headers.
    pub(crate) info: Option<String>,
    /// Whether the cells decode the body themselves, so that it is to be given as a text.
    pub(crate) body_as_text: bool,
    /// Cells whose magic stands in the middle of the code, as another cell of the route goes before.
    lost_magics: Vec<usize>,
}

impl Route {
    /// The method.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The path as the notebook has it, with `:name` or `{name}` for parameters.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The numbers of the cells that run for a request, in order, counted from 1.
    #[must_use]
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }
}

/// Every endpoint, the one to be asked first first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes(Vec<Route>);

/// What there is for a method and a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// The route's place, and the values of its parameters.
    Route(usize, Vec<(&'a str, String)>),
    /// The path is known; these are the methods that it answers.
    OtherVerbs(Vec<Verb>),
    Nothing,
}

impl Routes {
    pub(crate) fn all(&self) -> &[Route] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an endpoint's cell; cells of one method and path are joined.
    pub(super) fn add(&mut self, cell: usize, verb: Verb, path: &str, source: &str) -> Result<(), NotebookError> {
        let pattern =
            Pattern::parse(path).map_err(|reason| NotebookError::Path { cell, verb, path: path.to_owned(), reason })?;
        match self.of_shape(verb, &pattern) {
            Some(route) if route.pattern == pattern => {
                if begins_with_magic(source) {
                    route.lost_magics.push(cell);
                }
                join(&mut route.source, source);
                route.cells.push(cell);
            }
            Some(route) => {
                let other_cell = route.cells.first().copied().unwrap_or_default();
                let (path, other) = (path.to_owned(), route.path.clone());
                return Err(NotebookError::Ambiguous { cell, verb, path, other_cell, other });
            }
            None => {
                let (path, source) = (path.to_owned(), runnable(source).to_owned());
                self.0.push(Route {
                    verb,
                    path,
                    pattern,
                    cells: vec![cell],
                    source,
                    info: None,
                    body_as_text: false,
                    lost_magics: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// Adds a cell that describes the responses of an endpoint; `false` when there is no such endpoint.
    pub(super) fn add_info(&mut self, cell: usize, verb: Verb, pattern: &Pattern, source: &str) -> bool {
        let Some(route) = self.of_shape(verb, pattern) else { return false };
        match &mut route.info {
            Some(info) => join(info, source),
            None => route.info = Some(runnable(source).to_owned()),
        }
        route.cells.push(cell);
        true
    }

    /// What is wrong with cells that begin with a magic and are joined to another.
    pub(super) fn lost_magics(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|Route { verb, path, cells, lost_magics, .. }| {
            let first = cells.first().copied().unwrap_or_default();
            lost_magics.iter().map(move |cell| {
                format!(
                    "cell {cell} of `{verb} {path}` begins with a magic, which counts only in the route's first cell, here cell \
                     {first}"
                )
            })
        })
    }

    /// Looks, in Python code, how the endpoints use the request's body.
    pub(super) fn note_body_use(&mut self) {
        for route in &mut self.0 {
            route.body_as_text = decodes_body(&route.source);
        }
    }

    /// Sorts by precedence; endpoints of the same stay in the notebook's order.
    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|route| route.pattern.precedence());
    }

    /// What answers a request.
    pub(crate) fn find(&self, verb: Option<Verb>, path: &str) -> Found<'_> {
        let mut others = Vec::new();
        for (at, route) in self.0.iter().enumerate() {
            let Some(values) = route.pattern.matched(path) else { continue };
            if Some(route.verb) == verb {
                return Found::Route(at, values);
            }
            others.push(route.verb);
        }
        others.sort_unstable();
        others.dedup();
        if others.is_empty() { Found::Nothing } else { Found::OtherVerbs(others) }
    }

    fn of_shape(&mut self, verb: Verb, pattern: &Pattern) -> Option<&mut Route> {
        self.0.iter_mut().find(|route| route.verb == verb && route.pattern.same_shape(pattern))
    }
}

fn join(source: &mut String, more: &str) {
    source.push('\n');
    source.push_str(more);
}
