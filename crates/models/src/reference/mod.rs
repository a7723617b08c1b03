//! The models against outputs that an independent program made, in float64 with numpy alone.
#![allow(clippy::print_stderr, reason = "a skip is said")]

mod ml100k;
mod plsa;
mod sansa;
mod toy;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::CsrMatrix;
use serde_json::Value;

use crate::{Model, ModelParams};

/// A file of a shared folder, or of the one that a variable names; none where it is absent on purpose.
fn shared(variable: &str, folder: &str, file: &str) -> Option<String> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(folder);
    let path = std::env::var_os(variable).map_or(default, PathBuf::from).join(file);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Some(text);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// The outputs in one file of the reference.
fn reference(file: &str) -> Option<Value> {
    shared("FORETASTE_TEST_REFERENCE", "models-ref", file).map(|text| serde_json::from_str(&text).unwrap())
}

/// The ratings of a matrix in rows, (item, value) each; items rise.
fn interactions(items: usize, rows: &[Vec<(u32, f32)>]) -> Interactions {
    let entries = || rows.iter().flatten();
    let offsets = std::iter::once(0).chain(rows.iter().scan(0, |end, row| {
        *end += row.len();
        Some(*end)
    }));
    let values: Vec<f32> = entries().map(|&(_, value)| value).collect();
    let table = |count: usize| {
        let ids: Vec<String> = (0..count).map(|id| id.to_string()).collect();
        IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap()
    };
    let feedback = Feedback::explicit(&values);
    let columns = entries().map(|&(item, _)| item).collect();
    let matrix = CsrMatrix::new(items, offsets.collect(), columns, values).unwrap();
    Interactions::new(table(rows.len()), table(items), matrix, None, feedback).unwrap()
}

fn fit(params: impl Into<ModelParams>, interactions: &Interactions) -> Model {
    let data = Dataset::new("reference", interactions.clone());
    params.into().fit(&data, &mut |_| ControlFlow::Continue(())).unwrap().model
}
