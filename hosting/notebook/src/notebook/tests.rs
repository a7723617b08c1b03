//! Which cells become endpoints, and which of them answers.

use super::*;

fn notebook(cells: &[&str]) -> Result<Notebook, NotebookError> {
    notebook_in("python", cells)
}

fn notebook_in(language: &str, cells: &[&str]) -> Result<Notebook, NotebookError> {
    let cell = |source: &&str| match source.strip_prefix("md:") {
        Some(text) => serde_json::json!({"cell_type": "markdown", "source": text}),
        None => serde_json::json!({"cell_type": "code", "source": source, "execution_count": null}),
    };
    let cells: Vec<_> = cells.iter().map(cell).collect();
    let file = serde_json::json!({"nbformat": 4, "nbformat_minor": 4, "cells": cells,
        "metadata": {"kernelspec": {"name": "k", "display_name": "K", "language": language}}});
    Notebook::parse(PathBuf::from("/n.ipynb"), file.to_string().into_bytes())
}

fn found(notebook: &Notebook, verb: Verb, path: &str) -> String {
    match notebook.routes.find(Some(verb), path) {
        Found::Route(at, values) => format!("{} {values:?}", notebook.routes()[at].path()),
        other => format!("{other:?}"),
    }
}

#[test]
fn cells_of_one_route_are_joined_and_the_rest_runs_first() {
    let cells = ["x = 1", "# GET /a\none", "y = 2", "# POST /a\npost", "# GET /a\ntwo", "# ResponseInfo GET /a\ninfo"];
    let notebook = notebook(&cells).unwrap();
    let [get, post] = notebook.routes() else { panic!("{:?}", notebook.routes()) };
    assert_eq!((get.verb(), get.path(), get.cells()), (Verb::Get, "/a", &[2, 5, 6][..]));
    assert_eq!(get.source, "# GET /a\none\n# GET /a\ntwo");
    assert_eq!(get.info.as_deref(), Some("# ResponseInfo GET /a\ninfo"));
    assert_eq!((post.cells(), &post.info), (&[4][..], &None));
    let seeds: Vec<usize> = notebook.seeds.iter().map(|seed| seed.cell).collect();
    assert_eq!(seeds, [1, 3]);
    assert!(notebook.doubts.is_empty());
}

#[test]
fn a_literal_path_answers_before_a_parameter_and_a_known_path_names_its_methods() {
    let notebook = notebook(&["# GET /u/:id", "# GET /u/me", "# GET /:a/me", "# PUT /u/{id}"]).unwrap();
    assert_eq!(found(&notebook, Verb::Get, "/u/me"), "/u/me []");
    assert_eq!(found(&notebook, Verb::Get, "/u/7"), r#"/u/:id [("id", "7")]"#);
    assert_eq!(found(&notebook, Verb::Get, "/x/me"), r#"/:a/me [("a", "x")]"#);
    assert_eq!(found(&notebook, Verb::Put, "/u/me"), r#"/u/{id} [("id", "me")]"#);
    assert_eq!(found(&notebook, Verb::Post, "/u/7"), "OtherVerbs([Get, Put])");
    assert_eq!(found(&notebook, Verb::Get, "/nothing"), "Nothing");
}

#[test]
fn a_mistake_is_refused_with_the_number_of_its_cell() {
    let error = |cells: &[&str]| notebook(cells).unwrap_err().to_string();
    assert_eq!(
        error(&["x = 1", "md:# GET /a"]),
        "none of the 2 cells is an endpoint: one begins with `# GET /path`, where GET may also be PUT, POST or DELETE"
    );
    assert!(error(&["x", "# GET /:a/:a"]).starts_with("cell 2: `GET /:a/:a` is no endpoint: the parameter `a`"));
    assert_eq!(
        error(&["# GET /:a", "# GET /{b}"]),
        "cell 2: `GET /{b}` and `GET /:a` of cell 1 answer the same requests"
    );
    assert!(notebook_in("scala", &["# GET /a"]).unwrap_err().to_string().contains("`// GET /path`"));
}

#[test]
fn what_looks_like_a_mistake_is_allowed_and_told() {
    let notebook = notebook(&["# PATCH /a", "# GET /a", "# ResponseInfo POST /a"]).unwrap();
    assert_eq!(notebook.doubts.len(), 2, "{:?}", notebook.doubts);
    assert_eq!(notebook.seeds.len(), 1);
}

#[test]
fn the_specification_is_the_first_one_in_a_markdown_cell() {
    let cells =
        ["md:# Title", "# GET /a\n```yaml\nno: 1\n```", "md:text\n ```yaml\n a: 1\n ```", "md:```yaml\nb: 2\n```"];
    assert_eq!(notebook(&cells).unwrap().specification().as_deref(), Some("a: 1\n"));
    assert_eq!(notebook(&["# GET /a"]).unwrap().specification(), None);
}

#[test]
fn a_magic_below_the_annotation_is_the_first_line_that_runs() {
    let notebook = notebook(&[
        "# GET /time\n%%time\nx",
        "# GET /two\none",
        "# GET /two\n%%time\ntwo",
        "# ResponseInfo GET /time\n\n%%capture a\ny",
    ])
    .unwrap();
    let [time, two] = notebook.routes() else { panic!("{:?}", notebook.routes()) };
    assert_eq!((time.source.as_str(), time.info.as_deref()), ("%%time\nx", Some("%%capture a\ny")));
    assert_eq!(two.source, "# GET /two\none\n# GET /two\n%%time\ntwo");
    let told = "cell 3 of `GET /two` begins with a magic, which counts only in the route's first cell, here cell 2";
    assert_eq!(notebook.doubts, [told]);
}

#[test]
fn cells_that_are_nearly_endpoints_are_named() {
    let doubts = notebook(&["#GET /a\nx", "# GET /b", "\n# GET /c"]).unwrap().doubts;
    assert!(doubts[0].starts_with("cell 1, line 1: `#GET /a` makes no endpoint"), "{doubts:?}");
    assert!(doubts[1].starts_with("cell 3, line 2: `# GET /c` makes no endpoint"), "{doubts:?}");
    let error = notebook(&["# get /a"]).unwrap_err().to_string();
    assert!(error.contains("or DELETE; cell 1, line 1: `# get /a` makes no endpoint"), "{error}");
}
