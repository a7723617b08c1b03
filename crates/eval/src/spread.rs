//! How much of a figure is the seed's: models that differ in nothing else, together.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::report::{MeanAndDeviation, ModelReport, Spread};

/// The setting that a random model draws from.
pub(crate) const SEED: &str = "seed";

/// Models that differ in their seed alone, where there are two or more of them with figures.
pub(crate) fn spreads(models: &[ModelReport]) -> Vec<Spread> {
    let without_seed = |model: &ModelReport| -> Map<String, Value> {
        model
            .params
            .iter()
            .filter(|(name, _)| *name != SEED)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut groups: Vec<(&str, Map<String, Value>, Vec<usize>)> = Vec::new();
    let seeded =
        models.iter().enumerate().filter(|(_, model)| model.stopped.is_none() && model.params.contains_key(SEED));
    for (place, model) in seeded {
        let others = without_seed(model);
        match groups.iter_mut().find(|(name, params, _)| *name == model.model && *params == others) {
            Some((.., places)) => places.push(place),
            None => groups.push((&model.model, others, vec![place])),
        }
    }
    let several = groups.into_iter().map(|(.., places)| places).filter(|places| places.len() > 1);
    several.map(|places| Spread { metrics: metrics(models, &places), models: places }).collect()
}

fn metrics(models: &[ModelReport], places: &[usize]) -> BTreeMap<String, MeanAndDeviation> {
    let count = places.len() as f64;
    let of = |name: &String| {
        let figures: Vec<f64> = places.iter().filter_map(|&place| models[place].metrics.get(name).copied()).collect();
        let mean = figures.iter().sum::<f64>() / count;
        let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
        MeanAndDeviation { mean, deviation: (squares / (count - 1.0)).sqrt() }
    };
    let names = places.first().into_iter().flat_map(|&first| models[first].metrics.keys());
    names.map(|name| (name.clone(), of(name))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    fn model(name: &str, params: Value, ndcg: f64) -> ModelReport {
        serde_json::from_value(json!({
            "model": name, "summary": name, "params": params, "metrics": {"ndcg@10": ndcg}, "users": 1,
            "fit_cpu_seconds": null, "list_microseconds": null,
        }))
        .unwrap()
    }

    #[test]
    fn models_that_differ_in_their_seed_alone_are_taken_together() {
        let models = [
            model("ials", json!({"seed": 1, "factors": 8}), 0.2),
            model("ease", json!({"lambda": 5}), 0.9),
            model("ials", json!({"seed": 2, "factors": 8}), 0.3),
            model("ials", json!({"seed": 2, "factors": 9}), 0.7),
            model("ials", json!({"seed": 3, "factors": 8}), 0.7),
        ];
        let [spread] = &spreads(&models)[..] else { panic!("one group") };
        assert_eq!(spread.models, [0, 2, 4]);
        let MeanAndDeviation { mean, deviation } = spread.metrics["ndcg@10"];
        // The squares are 0.04, 0.01 and 0.09.
        assert!((mean - 0.4).abs() < 1e-15 && (deviation - 0.07f64.sqrt()).abs() < 1e-15, "{mean} {deviation}");
    }
}
