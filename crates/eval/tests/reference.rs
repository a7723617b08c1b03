//! Metrics against figures that an independent program made in float64: ties, empty truths, short lists, unscored items.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test fails by panicking, and says a skip"
)]

use std::path::{Path, PathBuf};

use foretaste_eval::{Difference, Exposure, Hits, Metric, RatingErrors, auc, intra_list_diversity};
use serde_json::Value;

fn reference() -> Option<Value> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models-ref");
    let path = std::env::var_os("FORETASTE_TEST_REFERENCE").map_or(default, PathBuf::from).join("metrics.json");
    if let Ok(text) = std::fs::read(&path) {
        return Some(serde_json::from_slice(&text).unwrap());
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "no reference figures at {}", path.display());
    eprintln!("skipped: no reference figures at {}", path.display());
    None
}

fn indices(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|index| u32::try_from(index.as_u64().unwrap()).unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-12, "{what}: {found}, expected {expected}");
}

#[test]
fn every_metric_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 40);
    let mut compared = 0;
    for case in cases {
        let (list, truth) = (indices(&case["ranked"]), indices(&case["truth"]));
        let name = case["name"].as_str().unwrap();
        for (k, expected) in case["at"].as_object().unwrap() {
            let Some(hits) = Hits::of(&list, &truth) else {
                assert!(expected.is_null(), "{name}: a user without truth has no figures");
                continue;
            };
            for (metric, key) in [
                (Metric::Ndcg, "ndcg"),
                (Metric::Recall, "recall"),
                (Metric::Precision, "precision"),
                (Metric::Hr, "hit"),
                (Metric::Map, "map"),
                (Metric::Mrr, "mrr"),
            ] {
                let found = hits.metric(metric, k.parse().unwrap());
                near(found, expected[key].as_f64().unwrap(), &format!("{name}, {key}@{k}"));
                compared += 1;
            }
        }
    }
    assert!(compared > 800, "{compared} figures");
}

#[test]
fn the_area_under_the_curve_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    for case in reference["cases"].as_array().unwrap() {
        let (seen, truth) = (indices(&case["seen"]), indices(&case["truth"]));
        let candidates = (0u32..).zip(case["scores"].as_array().unwrap()).filter(|(item, _)| !seen.contains(item));
        // What cannot be scored ranks below everything.
        let scored =
            candidates.map(|(item, score)| (score.as_f64().map_or(-1e18, |x| x as f32), truth.contains(&item)));
        let scored: Vec<(f32, bool)> = scored.collect();
        let name = case["name"].as_str().unwrap();
        match (auc(scored), case["auc"].as_f64()) {
            (Some(found), Some(expected)) => near(found, expected, name),
            (found, expected) => assert_eq!(found, expected, "{name}"),
        }
    }
}

#[test]
fn what_lists_show_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let beyond = &reference["beyond_accuracy"];
    let popularity: Vec<u64> = indices(&beyond["popularity"]).into_iter().map(u64::from).collect();
    let users = usize::try_from(beyond["users"].as_u64().unwrap()).unwrap();
    let mut exposure = Exposure::new(popularity.len());
    for list in beyond["lists"].as_array().unwrap() {
        exposure.show(indices(list), |item| popularity[item as usize], users);
    }
    for (found, key) in [
        (exposure.coverage(), "coverage"),
        (exposure.gini(), "gini"),
        (exposure.popularity(), "arp_mean_popularity"),
        (exposure.novelty(), "novelty_minus_log2_share"),
    ] {
        near(found, beyond[key].as_f64().unwrap(), key);
    }
    let similarity: Vec<Vec<f64>> = beyond["similarity"].as_array().unwrap().iter().map(numbers).collect();
    let lists = beyond["lists"].as_array().unwrap().iter().map(indices);
    let of = |list: Vec<u32>| {
        intra_list_diversity(&list, |one, other| Some(similarity[one as usize][other as usize])).unwrap()
    };
    let diversities: Vec<f64> = lists.map(of).collect();
    let mean = diversities.iter().sum::<f64>() / diversities.len() as f64;
    near(mean, beyond["ild_1_minus_cosine"].as_f64().unwrap(), "ild");
}

#[test]
fn errors_of_ratings_are_those_of_the_reference() {
    let Some(reference) = reference() else { return };
    let rating = &reference["rating"];
    let pairs = numbers(&rating["truth"]).into_iter().zip(numbers(&rating["clipped"]));
    // The predictions of the reference have two digits, which f32 holds to seven.
    let errors = RatingErrors::of(pairs.map(|(rating, prediction)| (rating as f32, prediction as f32)));
    assert!((errors.rmse - rating["rmse"].as_f64().unwrap()).abs() < 1e-7);
    assert!((errors.mae - rating["mae"].as_f64().unwrap()).abs() < 1e-7);
}

#[test]
fn a_difference_has_the_error_and_the_interval_of_the_reference() {
    let Some(reference) = reference() else { return };
    let paired = &reference["paired"];
    let differences: Vec<f64> =
        numbers(&paired["a"]).into_iter().zip(numbers(&paired["b"])).map(|(a, b)| a - b).collect();
    let found = Difference::of(&differences, 7).unwrap();
    let (mean, error) = (paired["mean_difference"].as_f64().unwrap(), paired["standard_error"].as_f64().unwrap());
    near(found.mean, mean, "mean");
    near(found.standard_error, error, "standard error");
    let (low, high) = (mean - 1.96 * error, mean + 1.96 * error);
    let slack = 0.05 * (high - low);
    assert!((found.low - low).abs() < slack && (found.high - high).abs() < slack, "{found:?}");
    assert!(!found.is_clear() && found.p > 0.5, "{found:?}");
}
