//! A notebook file of any version as its cells.

use std::io;
use std::path::{Path, PathBuf};

use nbformat::v4::Cell;
use serde_json::{Map, Value, json};

use super::annotation::Verb;
use super::pattern::PatternError;

/// Why a notebook cannot be served. Cells are counted from 1, those of every kind.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// The file cannot be read.
    #[error("cannot read the notebook {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file is of a version that cannot be read.
    #[error("the notebook is of version {found}, allowed are 3 and 4.0 to 4.5")]
    Version {
        /// Its version, as `major.minor`.
        found: String,
    },
    /// The file is not a notebook.
    #[error("not a Jupyter notebook: {reason}")]
    Format {
        /// What is wrong with it.
        reason: String,
    },
    /// An endpoint's path makes no sense.
    #[error("cell {cell}: `{verb} {path}` is no endpoint: {reason}")]
    Path {
        /// The cell.
        cell: usize,
        /// The endpoint's method.
        verb: Verb,
        /// The endpoint's path.
        path: String,
        /// What is wrong with it.
        #[source]
        reason: PatternError,
    },
    /// Two endpoints answer the same requests.
    #[error("cell {cell}: `{verb} {path}` and `{verb} {other}` of cell {other_cell} answer the same requests")]
    Ambiguous {
        /// The later cell.
        cell: usize,
        /// The method of both.
        verb: Verb,
        /// Its path.
        path: String,
        /// The earlier cell.
        other_cell: usize,
        /// The path of the earlier one.
        other: String,
    },
    /// No cell is an endpoint.
    #[error(
        "none of the {cells} cells is an endpoint: one begins with `{prefix} GET /path`, where GET may also be PUT, POST \
        or DELETE{}",
        nearly(near)
    )]
    NoEndpoint {
        /// How many cells there are.
        cells: usize,
        /// What a comment of the notebook's language begins with.
        prefix: &'static str,
        /// Lines that look like one.
        near: Vec<String>,
    },
}

fn nearly(near: &[String]) -> String {
    near.iter().map(|miss| format!("; {miss}")).collect()
}

/// What of a notebook file matters here.
#[derive(Debug)]
pub(super) struct NotebookFile {
    pub(super) cells: Vec<SourceCell>,
    /// The kernelspec's name.
    pub(super) kernel: Option<String>,
    pub(super) language: Option<String>,
}

/// A cell that is code or text.
#[derive(Debug)]
pub(super) enum SourceCell {
    Code(String),
    Markdown(String),
    Raw,
}

impl NotebookFile {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NotebookError> {
        let broken = |reason: String| NotebookError::Format { reason };
        let mut value: Value = serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
        let Some(major) = value.get("nbformat").and_then(Value::as_i64) else {
            return Err(broken("it has no `nbformat` number".to_owned()));
        };
        let minor = value.get("nbformat_minor").and_then(Value::as_i64).unwrap_or(0);
        let numbered = major == 4 && minor >= 5;
        lighten(&mut value, numbered);
        let notebook = match nbformat::parse_notebook(&value.to_string()) {
            Ok(nbformat::Notebook::V4(notebook)) => Ok(notebook),
            // Cells without an id are no obstacle.
            Ok(nbformat::Notebook::V4QuirksMode(notebook)) => Ok(notebook.repair()),
            Ok(nbformat::Notebook::Legacy(old)) => nbformat::upgrade_legacy_notebook(old).map_err(|e| e.to_string()),
            Ok(nbformat::Notebook::V3(old)) => nbformat::upgrade_v3_notebook(old).map_err(|e| e.to_string()),
            Ok(_) | Err(nbformat::NotebookError::UnsupportedVersion(..)) => {
                return Err(NotebookError::Version { found: format!("{major}.{minor}") });
            }
            Err(error) => Err(error.to_string()),
        };
        let notebook = notebook.map_err(broken)?;
        let spec = notebook.metadata.kernelspec;
        let stated = spec.as_ref().and_then(|spec| spec.language.clone());
        let language = stated.or_else(|| notebook.metadata.language_info.map(|info| info.name));
        let cells = notebook.cells.into_iter().map(SourceCell::from).collect();
        Ok(Self { cells, kernel: spec.map(|spec| spec.name), language })
    }
}

impl From<Cell> for SourceCell {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Code { source, .. } => Self::Code(source.concat()),
            Cell::Markdown { source, .. } => Self::Markdown(source.concat()),
            Cell::Raw { .. } => Self::Raw,
        }
    }
}

/// Drops the outputs, which do not matter and may be large or odd, adds what tools leave out, and gives every cell an id of
/// its own where the version has ids (`numbered`): a cell that was copied has that of its original.
fn lighten(notebook: &mut Value, numbered: bool) {
    let worksheets = notebook.get_mut("worksheets").and_then(Value::as_array_mut);
    if let Some(worksheets) = worksheets {
        worksheets.iter_mut().for_each(|sheet| lighten(sheet, numbered));
    }
    if let Some(notebook) = notebook.as_object_mut() {
        let metadata = notebook.entry("metadata").or_insert_with(|| json!({}));
        if let Some(spec) = metadata.get_mut("kernelspec").and_then(Value::as_object_mut) {
            name_shown(spec);
        }
    }
    let Some(cells) = notebook.get_mut("cells").and_then(Value::as_array_mut) else { return };
    for (at, cell) in cells.iter_mut().enumerate() {
        let Some(cell) = cell.as_object_mut() else { continue };
        cell.entry("metadata").or_insert_with(|| json!({}));
        if numbered {
            cell.insert("id".to_owned(), json!(format!("cell-{at}")));
        }
        if cell.get("cell_type").is_some_and(|kind| kind == "code") {
            cell.insert("outputs".to_owned(), json!([]));
        }
    }
}

/// Gives a kernelspec a name to be shown by, which some tools leave out: its own.
pub(crate) fn name_shown(spec: &mut Map<String, Value>) {
    if !spec.get("display_name").is_some_and(Value::is_string) {
        let name = spec.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        spec.insert("display_name".to_owned(), Value::from(name));
    }
}

impl NotebookError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        NotebookFile::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_notebook_is_refused_with_what_was_found() {
        assert!(error("{").starts_with("not a Jupyter notebook: EOF"));
        assert_eq!(error("{}"), "not a Jupyter notebook: it has no `nbformat` number");
        assert_eq!(
            error(r#"{"nbformat": 5, "cells": []}"#),
            "the notebook is of version 5.0, allowed are 3 and 4.0 to 4.5"
        );
        assert_eq!(error(r#"{"nbformat": 2}"#), "the notebook is of version 2.0, allowed are 3 and 4.0 to 4.5");
        let odd = r#"{"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "odd", "source": ""}]}"#;
        assert!(error(odd).contains("odd"), "{}", error(odd));
    }

    #[test]
    fn every_version_gives_the_same_cells() {
        let v4 = |minor: u8, id: &str| {
            format!(
                r##"{{"nbformat": 4, "nbformat_minor": {minor}, "metadata": {{"kernelspec": {{"name": "k",
                "display_name": "K", "language": "R"}}}}, "cells": [
                {{"cell_type": "code", {id} "metadata": {{}}, "source": ["# GET /a\n", "x"], "execution_count": null,
                "outputs": [{{"output_type": "odd"}}]}}, {{"cell_type": "markdown", "source": "text"}}]}}"##
            )
        };
        let v3 = r##"{"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [
            {"cell_type": "code", "input": ["# GET /a\n", "x"], "language": "python", "metadata": {}, "outputs": []},
            {"cell_type": "markdown", "metadata": {}, "source": ["text"]}]}]}"##;
        for text in [v4(5, r#""id": "a1","#), v4(5, ""), v4(4, ""), v4(0, ""), v3.to_owned()] {
            let file = NotebookFile::parse(text.as_bytes()).unwrap();
            let [SourceCell::Code(code), SourceCell::Markdown(markdown)] = &file.cells[..] else {
                panic!("{:?}", file.cells)
            };
            assert_eq!((code.as_str(), markdown.as_str()), ("# GET /a\nx", "text"));
        }
        let file = NotebookFile::parse(v4(4, "").as_bytes()).unwrap();
        assert_eq!((file.kernel.as_deref(), file.language.as_deref()), (Some("k"), Some("R")));
    }

    #[test]
    fn copied_ids_and_a_kernelspec_without_a_name_to_show_are_no_obstacle() {
        let text = r##"{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3"}}, "cells": [
            {"id": "a", "cell_type": "code", "metadata": {}, "source": "x", "execution_count": null, "outputs": []},
            {"id": "a", "cell_type": "code", "metadata": {}, "source": "y", "execution_count": null, "outputs": []}]}"##;
        let file = NotebookFile::parse(text.as_bytes()).unwrap();
        assert_eq!((file.cells.len(), file.kernel.as_deref()), (2, Some("python3")));
    }
}
