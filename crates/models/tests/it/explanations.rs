//! What every model promises of explanations, asked of each of them.

use foretaste_data::ids::ItemIx;
use foretaste_models::{Candidates, ExplanationKind, History, Model, ModelParams, explanations};

use crate::contract::{ITEMS, USERS, data, fit, history, models};

const ALL: [ItemIx; ITEMS] = {
    let mut all = [ItemIx(0); ITEMS];
    let mut item = 0;
    while item < ITEMS {
        all[item] = ItemIx(item as u32);
        item += 1;
    }
    all
};

/// The models of the contract, and more that are explained in a way of their own.
fn explained() -> Vec<ModelParams> {
    let more = [
        ("item_knn", vec!["neighbours=6", "weighting=values"]),
        ("user_knn", vec!["neighbours=8", "weighting=values", "power=2"]),
        ("user_knn", vec!["neighbours=8", "weighting=bm25", "positive=3"]),
        ("ease", vec!["lambda=5", "positive=3"]),
        ("ials", vec!["factors=3", "epochs=2", "positive=4"]),
        ("scaled_svd", vec!["factors=5", "positive=3"]),
    ];
    let more = more.iter().map(|(name, set)| ModelParams::of(name).unwrap().with(set).unwrap());
    models().into_iter().chain(more).collect()
}

fn folded(model: &Model, history: History<'_>) -> [f32; ITEMS] {
    let mut scores = [f32::NAN; ITEMS];
    model.scorer().fold_in().unwrap().score_history(history, Candidates::All, &mut scores);
    scores
}

/// A history without one of its entries.
fn without(history: History<'_>, left_out: usize) -> (Vec<u32>, Vec<f32>, Vec<i64>) {
    let (mut items, mut values) = (history.items.to_vec(), history.values.to_vec());
    let mut times = history.times.unwrap().to_vec();
    items.remove(left_out);
    values.remove(left_out);
    times.remove(left_out);
    (items, values, times)
}

fn assert_close(found: f64, expected: f32, what: &str) {
    let expected = f64::from(expected);
    assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
}

#[test]
fn contributions_and_parts_sum_to_the_folded_in_score() {
    let data = data();
    for params in explained() {
        let model = fit(&params, &data);
        for user in 0..USERS as u32 {
            let history = history(&data, user);
            let scores = folded(&model, history);
            let explained = explanations(model.scorer(), history, &ALL).unwrap();
            assert_eq!(explained.len(), ITEMS);
            for (item, (explanation, score)) in explained.iter().zip(scores).enumerate() {
                let what = format!("{} user {user} item {item}", params.summary());
                assert_close(f64::from(explanation.score), score, &what);
                assert_eq!(explanation.entries.len(), history.items.len(), "{what}");
                assert_eq!(explanation.kind == ExplanationKind::Parts, !explanation.parts.is_empty(), "{what}");
                if explanation.kind != ExplanationKind::LeaveOneOut {
                    let parts: f64 = explanation.parts.iter().map(|&(_, part)| part).sum();
                    let sum = explanation.entries.iter().sum::<f64>() + parts;
                    assert_close(sum, score, &what);
                    assert_eq!((sum as f32).to_bits(), explanation.score.to_bits(), "{what}");
                }
            }
        }
    }
}

#[test]
fn without_an_entry_the_score_of_an_additive_model_falls_by_its_contribution() {
    let data = data();
    let mut additive = Vec::new();
    for params in explained() {
        let model = fit(&params, &data);
        if !model.scorer().explain().is_some_and(foretaste_models::Explain::additive) {
            continue;
        }
        additive.push(params.name());
        for user in 0..USERS as u32 {
            let whole = history(&data, user);
            let explained = explanations(model.scorer(), whole, &ALL).unwrap();
            for entry in 0..whole.items.len() {
                let (items, values, times) = without(whole, entry);
                let rest = folded(&model, History { items: &items, values: &values, times: Some(&times) });
                for (explanation, score) in explained.iter().zip(rest) {
                    assert!(explanation.additive);
                    let left = f64::from(explanation.score) - explanation.entries[entry];
                    assert_close(left, score, &format!("{} user {user} without {entry}", params.summary()));
                }
            }
        }
    }
    additive.dedup();
    assert_eq!(additive, ["svd", "item_knn", "ease", "slim", "sansa", "item_knn", "ease"]);
}

#[test]
fn other_models_are_explained_by_leaving_out_each_entry() {
    let data = data();
    let mut others = 0;
    for params in models() {
        let model = fit(&params, &data);
        let (scorer, whole) = (model.scorer(), history(&data, 3));
        for explanation in explanations(scorer, whole, &[ItemIx(4), ItemIx(24)]).unwrap() {
            assert_eq!(explanation.kind == ExplanationKind::LeaveOneOut, scorer.explain().is_none());
        }
        if scorer.explain().is_some() {
            continue;
        }
        others += 1;
        let scores = folded(&model, whole);
        let explained = explanations(scorer, whole, &ALL).unwrap();
        for entry in 0..whole.items.len() {
            let (items, values, times) = without(whole, entry);
            let rest = folded(&model, History { items: &items, values: &values, times: Some(&times) });
            for ((explanation, score), rest) in explained.iter().zip(scores).zip(rest) {
                assert!(!explanation.additive);
                let fall = f64::from(score) - f64::from(rest);
                assert!((explanation.entries[entry] - fall).abs() < 1e-12, "{}: {fall}", params.name());
            }
        }
        let (items, values) = (&whole.items[..1], &whole.values[..1]);
        let alone = History { items, values, times: None };
        let only = &explanations(scorer, alone, &[ItemIx(4)]).unwrap()[0];
        // Where nothing is left to go by, all of it falls.
        let nothing = History { items: &[], values: &[], times: None };
        let rest = if scorer.has_direction(nothing) { f64::from(folded(&model, nothing)[4]) } else { 0.0 };
        let fall = f64::from(only.score) - rest;
        assert!((only.entries[0] - fall).abs() < 1e-12, "{}: {fall}", params.name());
    }
    assert!(others > 0, "no model is explained so");
}

#[test]
fn the_contributions_to_an_item_do_not_depend_on_the_other_items() {
    let data = data();
    for params in explained() {
        let model = fit(&params, &data);
        let history = history(&data, 7);
        let all = explanations(model.scorer(), history, &ALL).unwrap();
        let alone = explanations(model.scorer(), history, &[ItemIx(9)]).unwrap();
        assert_eq!(alone[0], all[9], "{}", params.summary());
        assert!(explanations(model.scorer(), history, &[]).unwrap().is_empty());
        let empty = History { items: &[], values: &[], times: None };
        assert!(explanations(model.scorer(), empty, &[ItemIx(9)]).unwrap()[0].entries.is_empty());
    }
}
