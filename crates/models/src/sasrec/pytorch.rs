//! The network against the same one of PyTorch's own layers, in double precision: loss, gradient, scores.

use serde_json::Value;

use super::gradient::{Draw, gradient};
use super::layout::Layout;
use super::loss::Negatives;
use super::{SasRec, network::forward};
use crate::{Candidates, FoldIn, History, Positive};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn items(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|item| u32::try_from(item.as_u64().unwrap()).unwrap()).collect()
}

/// The outputs, made once by `reference/make_sasrec.py`.
fn reference() -> (Layout, Value) {
    let reference: Value = serde_json::from_str(include_str!("../reference/sasrec.json")).unwrap();
    let size = |name: &str| usize::try_from(reference[name].as_u64().unwrap()).unwrap();
    let layout = Layout { items: size("items"), width: size("width"), length: size("length"), blocks: size("blocks") };
    (layout, reference)
}

#[test]
fn loss_and_gradient_are_those_of_pytorch() {
    let (layout, reference) = reference();
    let sequences: Vec<Vec<u32>> = reference["sequences"].as_array().unwrap().iter().map(items).collect();
    let batch: Vec<&[u32]> = sequences.iter().map(Vec::as_slice).collect();
    let weights = numbers(&reference["weights"]);
    let draw = Draw { dropout: 0.0, seed: 0, step: 0 };
    let (loss, found) = gradient(layout, &weights, &batch, Negatives::All, draw);
    assert!((loss - reference["loss"].as_f64().unwrap()).abs() < 1e-12, "{loss}");
    let expected = numbers(&reference["gradient"]);
    assert_eq!((found.len(), weights.len()), (expected.len(), layout.len()));
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 1e-11, "number {at}: {found}, expected {expected}");
    }
}

#[test]
fn scores_of_a_history_are_those_of_pytorch_and_its_order_is_that_of_its_times() {
    let (layout, reference) = reference();
    let (wide, expected) = (numbers(&reference["weights"]), numbers(&reference["scores"]));
    let sequence = items(&reference["history"]);
    let output = forward(layout, &wide, &sequence, None).output;
    let last = &output[output.len() - layout.width..];
    for (item, expected) in wide[layout.items()].chunks_exact(layout.width).zip(&expected) {
        let score: f64 = item.iter().zip(last).map(|(x, y)| x * y).sum();
        assert!((score - expected).abs() < 1e-12, "{score}, expected {expected}");
    }
    let weights = wide.iter().map(|&x| x as f32).collect();
    let model = SasRec { layout, weights, positive: Positive::default() };
    let mut timed: Vec<(u32, i64)> = sequence.into_iter().zip(1..).collect();
    timed.sort_unstable();
    let (items, times): (Vec<u32>, Vec<i64>) = timed.into_iter().unzip();
    let history = History { items: &items, values: &[1.0; 3], times: Some(&times) };
    let mut scores = vec![0f32; layout.items];
    model.score_history(history, Candidates::All, &mut scores);
    for (score, expected) in scores.iter().zip(&expected) {
        assert!((f64::from(*score) - expected).abs() < 1e-5, "{score}, expected {expected}");
    }
}
