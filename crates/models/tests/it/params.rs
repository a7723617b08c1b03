//! Parameters as mappings and as settings.

use foretaste_models::{ModelParams, Shape};

const SHAPE: Shape = Shape { users: 100, items: 50, entries: 1000 };

fn parsed(json: &str) -> Result<ModelParams, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn a_mapping_names_its_model_and_what_differs_from_the_defaults() {
    let ease = parsed(r#"{"model": "ease", "lambda": 42.5}"#).unwrap();
    assert_eq!(ease, ModelParams::of("ease").unwrap().with(&["lambda=42.5"]).unwrap());
    assert_eq!(parsed(r#"{"rank": 30}"#).unwrap(), ModelParams::default().with(&["rank=30"]).unwrap());
    assert_eq!(parsed("{}").unwrap(), ModelParams::default());
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
    let expected = ModelParams::of("ials").unwrap().with(&["factors=32", "unobserved_weight=1"]).unwrap();
    assert_eq!(parsed(r#"{"model": "ials", "factors": 32.0, "unobserved_weight": 1e0}"#).unwrap(), expected);
    let blend = r#"{"model": "blend", "members": [{"model": "svd", "rank": RANK}, {"model": "popularity"}]}"#;
    assert_eq!(parsed(&blend.replace("RANK", "5.0")).unwrap(), parsed(&blend.replace("RANK", "5")).unwrap());
    assert!(parsed(r#"{"rank": -0.0}"#).unwrap().check(&SHAPE).is_err());
    assert!(parsed(r#"{"rank": 1e300}"#).unwrap_err().contains("expected a whole number"));
}

#[test]
fn every_model_reads_back_what_it_writes_and_its_defaults_are_in_range() {
    for (name, purpose) in ModelParams::MODELS {
        let params = ModelParams::of(name).unwrap();
        params.check(&SHAPE).unwrap();
        params.check_for_any_data().unwrap();
        let json = serde_json::to_string(&params).unwrap();
        assert!(json.starts_with(&format!("{{\"model\":\"{name}\"")), "{json}");
        assert_eq!(parsed(&json).unwrap(), params, "{json}");
        assert!(!purpose.is_empty());
    }
}

#[test]
fn what_came_later_is_written_where_it_differs_from_the_default_and_can_always_be_set() {
    let ials = ModelParams::of("ials").unwrap();
    let written = |params: &ModelParams| serde_json::to_value(params).unwrap();
    assert!(written(&ials).get("features").is_none() && written(&ials).get("feature_penalty").is_none());
    assert!(ials.settings().contains(&"features \"none\"".to_owned()), "{:?}", ials.settings());
    assert_eq!(ials.value("features"), Some("none".into()));
    let featured = ials.clone().with(&["features=items"]).unwrap();
    assert_eq!(written(&featured)["features"], "items");
    assert_eq!(serde_json::from_value::<ModelParams>(written(&featured)).unwrap(), featured);
    assert_eq!(featured.with(&["features=none"]).unwrap(), ials);
    let error = ials.with(&["features=users"]).unwrap_err().to_string();
    assert!(error.contains("found `users`, expected") && error.contains("`items`"), "{error}");
}

#[test]
fn what_is_no_parameter_is_named_with_what_there_is() {
    for (json, expected) in [
        (r#"{"model": "eese"}"#, "there is no model `eese`, did you mean `ease`?; there are svd, popularity, trending"),
        (r#"{"model": 3}"#, "there is no model `3`"),
        (r#"{"model": "ease", "lamda": 3}"#, "the model `ease` has no parameter `lamda`, did you mean `lambda`?"),
        (
            r#"{"model": "ease", "lambda": "x"}"#,
            "parameter `lambda` of the model `ease`: found string \"x\", expected a",
        ),
        (r#"{"rank": -3}"#, "parameter `rank` of the model `svd`: found `-3`, expected a whole number"),
        (r#"{"rank": 2.5}"#, "parameter `rank` of the model `svd`: found `2.5`, expected a whole number"),
    ] {
        let error = parsed(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
    let error = ModelParams::default().with(&["rank"]).unwrap_err().to_string();
    assert_eq!(error, "`rank` is no setting, expected NAME=VALUE such as `lambda=500`");
}

#[test]
fn values_out_of_range_are_refused_without_work() {
    for (model, setting, expected) in [
        ("svd", "rank=51", "rank 51 was asked for, allowed are 1 to 50 for 100 users x 50 items"),
        ("svd", "tolerance=0", "tolerance 0 was asked for, allowed are numbers above 0"),
        ("ease", "lambda=-1", "lambda -1 was asked for, allowed are numbers above 0"),
        ("ease", "dropout=1", "dropout 1 was asked for, allowed are 0 to 0.99"),
        ("item_knn", "neighbours=0", "neighbours 0 was asked for, allowed are whole numbers from 1 on"),
        ("ials", "factors=0", "factors 0 was asked for, allowed are whole numbers from 1 to 4096"),
        ("ials", "epochs=0", "epochs 0 was asked for, allowed are whole numbers from 1 on"),
        ("ials", "unobserved_weight=0", "unobserved_weight 0 was asked for, allowed are 0.00001 to 1000"),
        ("ials", "regularization=0", "regularization 0 was asked for, allowed are numbers above 0"),
        ("ials", "frequency_exponent=2", "frequency_exponent 2 was asked for, allowed are 0 to 1"),
        ("ials", "feature_penalty=0", "feature_penalty 0 was asked for, allowed are numbers above 0"),
        ("random_walk", "neighbours=0", "neighbours 0 was asked for, allowed are whole numbers from 1 on"),
        ("random_walk", "alpha=3", "alpha 3 was asked for, allowed are 0 to 2"),
        ("random_walk", "beta=-1", "beta -1 was asked for, allowed are 0 to 2"),
        ("sequential_rules", "window=0", "window 0 was asked for, allowed are whole numbers from 1 to 1000"),
        ("sequential_rules", "decay=0", "decay 0 was asked for, allowed are above 0 to 1"),
        ("sequential_rules", "history_decay=1.5", "history_decay 1.5 was asked for, allowed are above 0 to 1"),
        ("sequential_rules", "candidate_exponent=3", "candidate_exponent 3 was asked for, allowed are 0 to 2"),
        ("sequential_rules", "neighbours=0", "neighbours 0 was asked for, allowed are whole numbers from 1 on"),
        ("two_scale_linear", "short_decay=1", "short_decay 1 was asked for, allowed are 0.01 to 0.99"),
        ("two_scale_linear", "long_lambda=0", "long_lambda 0 was asked for, allowed are numbers above 0"),
        ("two_scale_linear", "targets=0", "targets 0 was asked for, allowed are whole numbers from 1 to 100"),
        ("sasrec", "width=0", "width 0 was asked for, allowed are whole numbers from 1 to 1024"),
        ("sasrec", "length=3000", "length 3000 was asked for, allowed are whole numbers from 1 to 2000"),
        ("sasrec", "dropout=1", "dropout 1 was asked for, allowed are 0 to 0.9"),
        ("sasrec", "learning_rate=0", "learning_rate 0 was asked for, allowed are above 0 to 1"),
        ("sasrec", "patience=10001", "patience 10001 was asked for, allowed are whole numbers from 0 to 10000"),
        ("sasrec", "negatives=1000001", "negatives 1000001 was asked for, allowed are whole numbers from 0 to 1000000"),
        ("slim", "l1=-1", "l1 -1 was asked for, allowed are numbers from 0 on"),
        ("slim", "iterations=0", "iterations 0 was asked for, allowed are whole numbers from 1 on"),
        ("slim", "tolerance=0", "tolerance 0 was asked for, allowed are above 0 to 0.1"),
        ("user_knn", "neighbours=0", "neighbours 0 was asked for, allowed are whole numbers from 1 on"),
        ("user_knn", "power=0", "power 0 was asked for, allowed are above 0 to 10"),
        ("bayesian_fm", "factors=0", "factors 0 was asked for, allowed are whole numbers from 1 to 1024"),
        ("bayesian_fm", "sweeps=0", "sweeps 0 was asked for, allowed are whole numbers from 1 on"),
        (
            "bayesian_fm",
            "burn_in=500",
            "burn_in 500 was asked for, allowed are 0 to 448, so that 64 samples can be kept of 512 sweeps",
        ),
        ("bias", "item_shrinkage=-2", "item_shrinkage -2 was asked for, allowed are numbers from 0 on"),
        ("sansa", "lambda=0", "lambda 0 was asked for, allowed are numbers above 0"),
        ("sansa", "factor_nonzeros=0", "factor_nonzeros 0 was asked for, allowed are whole numbers from 1 on"),
        ("plsa", "tastes=1001", "tastes 1001 was asked for, allowed are 1 to 1000"),
        ("plsa", "smoothing=-1", "smoothing -1 was asked for, allowed are numbers from 0 on"),
        ("biased_mf", "factors=0", "factors 0 was asked for, allowed are whole numbers from 1 to 1024"),
        ("biased_mf", "epochs=0", "epochs 0 was asked for, allowed are whole numbers from 1 on"),
        ("biased_mf", "regularization=0", "regularization 0 was asked for, allowed are 0.000001 to 1000000"),
        ("biased_mf", "bias_shrinkage=-1", "bias_shrinkage -1 was asked for, allowed are 0 to 1000000000"),
        ("svd_plus_plus", "factors=1025", "factors 1025 was asked for, allowed are whole numbers from 1 to 1024"),
        ("svd_plus_plus", "epochs=0", "epochs 0 was asked for, allowed are whole numbers from 1 on"),
        ("svd_plus_plus", "regularization=0", "regularization 0 was asked for, allowed are 0.000001 to 1000000"),
        (
            "svd_plus_plus",
            "implicit_regularization=0",
            "implicit_regularization 0 was asked for, allowed are 0.000001 to 1000000000",
        ),
        (
            "svd_plus_plus",
            "bias_regularization=-1",
            "bias_regularization -1 was asked for, allowed are 0.000001 to 1000000",
        ),
        ("svd_plus_plus", "count_exponent=2", "count_exponent 2 was asked for, allowed are 0 to 1"),
        ("co_clustering", "user_groups=0", "user_groups 0 was asked for, allowed are 1 to 1000"),
        ("co_clustering", "sweeps=0", "sweeps 0 was asked for, allowed are whole numbers from 1 on"),
        ("kernel_ridge", "lambda=0", "lambda 0 was asked for, allowed are numbers above 0"),
        ("kernel_ridge", "degree=17", "degree 17 was asked for, allowed are 1 to 16"),
        ("trending", "fast=14", "fast 14 was asked for, allowed are above 0 to less than slow, which is 14"),
        ("trending", "prior=0", "prior 0 was asked for, allowed are numbers above 0"),
        ("feature_factors", "factors=51", "factors 51 was asked for, allowed are 1 to 50 for 100 users x 50 items"),
        ("feature_factors", "trust=-1", "trust -1 was asked for, allowed are numbers from 0 on"),
        ("blend", "members=", "members 0 was asked for, allowed are 1 to 8"),
        ("blend", "members=ease + blend", "members a blend was asked for, allowed are other models"),
        ("blend", "members=ease + svd(rank=51)", "rank 51 was asked for, allowed are 1 to 50"),
        ("blend", "rank_constant=0", "rank_constant 0 was asked for, allowed are numbers above 0"),
        ("popularity", "half_life=0", "half_life 0 was asked for, allowed are numbers above 0"),
    ] {
        let params = ModelParams::of(model).unwrap().with(&[setting]).unwrap();
        let error = params.check(&SHAPE).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{model} {setting}: {error}");
    }
}

#[test]
fn without_data_only_what_no_data_allow_is_refused() {
    let params = parsed(r#"{"model": "two_scale_linear"}"#).unwrap();
    assert!(params.check(&Shape { items: 1_000_000, ..SHAPE }).is_err(), "a catalogue that is too large");
    let wrong = parsed(r#"{"model": "two_scale_linear", "targets": 0}"#).unwrap();
    assert!(wrong.check_for_any_data().unwrap_err().to_string().contains("targets"));
    assert!(parsed(r#"{"model": "svd", "rank": 0}"#).unwrap().check_for_any_data().is_err());
}

#[test]
fn a_catalogue_that_is_too_large_is_refused_before_any_work() {
    let shape = Shape { items: 10_001, ..SHAPE };
    let error = ModelParams::of("two_scale_linear").unwrap().check(&shape).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "the model `two_scale_linear` needs a catalogue of at most 10000 items, and the data have 10001"
        ),
        "{error}"
    );
}
