//! How long SASRec trains: to its patience, or all passes that were asked for.

use std::ops::ControlFlow;

use foretaste_models::ModelParams;

use crate::contract::data;

/// Passes that were made, and after which of them the network was best.
fn passes(patience: usize) -> (f64, f64) {
    let params = ModelParams::of("sasrec").unwrap();
    let patience = format!("patience={patience}");
    let settings = ["width=8", "blocks=1", "length=6", "batch=8", "learning_rate=0.05", "epochs=40", &patience];
    let fitted = params.with(&settings).unwrap().fit(&data(), &mut |_| ControlFlow::Continue(())).unwrap();
    let figure = |wanted: &str| fitted.report.figures.iter().find(|&&(name, _)| name == wanted).unwrap().1;
    (figure("epochs"), figure("best_epoch"))
}

#[test]
#[allow(clippy::float_cmp, reason = "whole numbers")]
fn a_patience_of_zero_makes_all_passes_and_keeps_the_last() {
    let (made, best) = passes(2);
    assert!(
        made < 40.0 && made == best + 2.0,
        "of 40 passes {made} were made, the best was {best}: nothing is stopped here"
    );
    assert_eq!(passes(0), (40.0, 40.0));
}
