//! The models on a 30 x 20 matrix: every number of theirs.

use foretaste_data::ids::ItemIx;
use foretaste_data::interactions::Interactions;
use foretaste_linalg::{Cholesky, Dense, gram};
use serde_json::Value;

use super::{fit, interactions};
use crate::bias::BiasParams;
use crate::biased_mf::{BiasedMf, BiasedMfParams};
use crate::co_clustering::{CoClusteringParams, Groups};
use crate::delegate::Delegate;
use crate::ease::{EaseParams, to_weights, weighted_gram};
use crate::ials::{Ials, IalsParams, IalsSolver, Side, loss};
use crate::item_knn::ItemKnnParams;
use crate::kernel_autoencoder::KernelAutoencoderParams;
use crate::popularity::PopularityParams;
use crate::random_walk::RandomWalkParams;
use crate::rating_equations;
use crate::scaled_svd::ScaledSvdParams;
use crate::slim::{SlimParams, descend};
use crate::svd::SvdParams;
use crate::two_scale_linear::TwoScaleLinearParams;
use crate::user_knn::UserKnnParams;
use crate::{Candidates, FoldIn, History, Model, ModelParams, Positive, Weighting};

/// The outputs, if they are there.
fn reference() -> Option<Value> {
    super::reference("toy.json")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

/// The ratings of the reference; users `0..30`, items `0..20`.
fn toy(reference: &Value) -> Interactions {
    let row =
        |row| (0u32..).zip(numbers(row)).filter(|&(_, value)| value != 0.0).map(|(item, value)| (item, value as f32));
    let rows: Vec<Vec<(u32, f32)>> = reference["R"].as_array().unwrap().iter().map(|of| row(of).collect()).collect();
    interactions(20, &rows)
}

/// The scores of the first three users.
fn scores(model: &Model, interactions: &Interactions) -> Vec<f64> {
    let mut all = Vec::new();
    for user in (0..3).map(foretaste_data::ids::UserIx) {
        let (items, values) = interactions.of(user);
        let mut scores = vec![0f32; 20];
        model.scorer().score_user(user, History { items, values, times: None }, Candidates::All, &mut scores);
        all.extend(scores.into_iter().map(f64::from));
    }
    all
}

/// Sparse weights, with their zeros.
fn dense<'a>(of: impl Fn(ItemIx) -> (&'a [u32], &'a [f32])) -> Vec<f64> {
    let mut weights = vec![0f64; 400];
    for from in 0..20u32 {
        let (items, values) = of(ItemIx(from));
        items.iter().zip(values).for_each(|(&to, &value)| weights[(from * 20 + to) as usize] = f64::from(value));
    }
    weights
}

#[track_caller]
fn assert_near(found: &[f64], expected: &Value, tolerance: f64, what: &str) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{what}[{at}]: {found}, not {expected}"
        );
    }
}

#[test]
fn the_bias_baseline_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let Model::Bias(model) = fit(ModelParams::Bias(BiasParams::default()), &toy(&reference)) else { unreachable!() };
    let expected = &reference["bias"];
    assert_near(&[model.mean()], &expected["mu"], 1e-9, "mean");
    assert_near(model.item_biases(), &expected["b_i"], 1e-9, "item biases");
    assert_near(model.user_biases(), &expected["b_u"], 1e-9, "user biases");
}

#[test]
fn popularity_without_times_is_the_number_of_users() {
    let Some(reference) = reference() else { return };
    let params = ModelParams::Popularity(PopularityParams::default());
    let Model::Popularity(model) = fit(params, &toy(&reference)) else { unreachable!() };
    assert_near(model.scores(), &reference["popularity"], 0.0, "popularity");
}

#[test]
fn ease_and_edlae_are_those_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    for name in ["ease", "edlae", "edlae_user_weight"] {
        let expected = &reference[name];
        let number = |name: &str| expected[name].as_f64().unwrap();
        let params = EaseParams {
            lambda: number("lambda"),
            dropout: number("p"),
            user_exponent: number("user_exponent"),
            positive: Positive::default(),
        };
        let x = params.positive.matrix(&data).unwrap();
        let mut weights = Cholesky::new(weighted_gram(&x, &params)).unwrap().inverse();
        to_weights(&mut weights);
        assert_near(weights.values(), &expected["B"], 1e-9, name);
        let model = fit(ModelParams::Ease(params), &data);
        assert_near(&scores(&model, &data), &expected["scores_users_0_2"], 1e-5, name);
    }
}

#[test]
fn item_knn_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let default = ItemKnnParams { neighbours: 5, shrink: 0.0, ..ItemKnnParams::default() };
    for (name, params) in [
        ("item_knn_cosine", ItemKnnParams { shrink: 2.0, ..default.clone() }),
        ("item_knn_asymmetric", ItemKnnParams { asymmetry: 0.3, ..default.clone() }),
        ("item_knn_bm25", ItemKnnParams { weighting: Weighting::Bm25, ..default }),
    ] {
        let model = fit(ModelParams::ItemKnn(params), &data);
        let Model::ItemKnn(knn) = &model else { unreachable!() };
        assert_near(&dense(|from| knn.inner().of(from)), &reference[name]["W"], 1e-5, name);
        if name == "item_knn_cosine" {
            assert_near(&scores(&model, &data), &reference[name]["scores_users_0_2"], 1e-5, name);
        }
    }
}

#[test]
fn user_knn_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let params = UserKnnParams { neighbours: 5, power: 1.0, ..UserKnnParams::default() };
    let model = fit(ModelParams::UserKnn(params), &data);
    assert_near(&scores(&model, &data), &reference["user_knn_cosine"]["scores_users_0_2"], 1e-6, "scores");
}

#[test]
fn random_walks_are_those_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    for name in ["p3alpha", "rp3beta"] {
        let number = |parameter: &str| reference[name][parameter].as_f64().unwrap();
        let neighbours = number("k_per_row") as usize;
        let (alpha, beta) = (number("alpha"), number("beta"));
        let params = RandomWalkParams { neighbours, alpha, beta, ..RandomWalkParams::default() };
        let model = fit(ModelParams::RandomWalk(params), &data);
        let Model::RandomWalk(walk) = &model else { unreachable!() };
        assert_near(&dense(|from| walk.inner().of(from)), &reference[name]["W"], 1e-7, name);
        assert_near(&scores(&model, &data), &reference[name]["scores_users_0_2"], 1e-6, name);
    }
}

#[test]
fn slim_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let expected = &reference["slim"];
    let number = |parameter: &str| expected[parameter].as_f64().unwrap();
    let (l1, l2) = (number("l1"), number("l2"));
    let params = SlimParams { l1, l2, iterations: 20_000, tolerance: 1e-13, ..SlimParams::default() };
    let x = params.positive.matrix(&data).unwrap();
    let gram = gram(&x, &x.transpose(), None);
    let mut weights = vec![0f64; 400];
    for candidate in 0..20 {
        let solved = descend(&gram, candidate, &params, &mut Default::default());
        assert!(solved.converged, "candidate {candidate}");
        solved.weights.iter().for_each(|&(item, weight)| weights[item as usize * 20 + candidate] = weight);
    }
    assert_near(&weights, &expected["W"], 1e-9, "descent");
    let fitted = fit(ModelParams::Slim(params), &data);
    let Model::Slim(slim) = &fitted else { unreachable!() };
    assert_near(&dense(|from| slim.inner().of(from)), &expected["W"], 1e-6, "weights");
}

#[test]
fn the_svd_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let model = fit(ModelParams::Svd(SvdParams { rank: 3, ..SvdParams::default() }), &data);
    let Model::Svd(svd) = &model else { unreachable!() };
    let expected = &reference["svd_plain"];
    assert_near(svd.singular_values(), &expected["singular_values"], 1e-9, "singular values");
    // The tutorial adds each user's mean over all items.
    let means: Vec<f64> = data.matrix().row_sums().iter().map(|sum| sum / 20.0).collect();
    let raw: Vec<f64> = scores(&model, &data).iter().enumerate().map(|(at, score)| score - means[at / 20]).collect();
    assert_near(&raw, &expected["scores_users_0_2"], 1e-5, "scores");
}

#[test]
fn the_scaled_svd_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let expected = &reference["svd_scaled"];
    let number = |name: &str| expected[name].as_f64().unwrap();
    let params = ScaledSvdParams {
        factors: 3,
        user_exponent: number("user_exponent"),
        item_exponent: number("item_exponent"),
        tolerance: 1e-9,
        ..ScaledSvdParams::default()
    };
    let model = fit(ModelParams::ScaledSvd(params), &data);
    let Model::ScaledSvd(svd) = &model else { unreachable!() };
    // The scaled matrix is stored in f32.
    assert_near(svd.singular_values(), &expected["singular_values"], 1e-6, "singular values");
    assert_near(&scores(&model, &data), &expected["scores_users_0_2"], 1e-5, "scores");
}

#[test]
fn the_kernel_autoencoder_is_that_of_the_reference() {
    let Some(reference) = reference() else { return };
    let data = toy(&reference);
    let expected = &reference["kernel_autoencoder"];
    let depth = usize::try_from(expected["depth"].as_u64().unwrap()).unwrap();
    let lambda = expected["lambda_times_mean_diagonal"].as_f64().unwrap();
    let params = KernelAutoencoderParams { depth, lambda, ..KernelAutoencoderParams::default() };
    let model = fit(ModelParams::KernelAutoencoder(params), &data);
    assert_near(&scores(&model, &data), &expected["scores_users_0_2"], 1e-5, "scores");
}

/// The first factors of the reference, of which number `k` is made of `k` alone.
fn first_factors(rows: u64, width: u64, start: u64) -> Dense<f32> {
    let of = |at: u64| {
        let k = start + at;
        let random = ((48271 * k * k + 11 * k) % 2_147_483_647) as f64 / 2_147_483_647.0 - 0.5;
        (0.1 / (width as f64).sqrt() * random) as f32
    };
    Dense::new(rows as usize, width as usize, (0..rows * width).map(of).collect())
}

#[test]
fn ials_has_the_loss_of_the_reference_after_every_half_of_an_epoch() {
    let Some(reference) = reference() else { return };
    let (data, expected) = (toy(&reference), &reference["ials"]);
    let number = |name: &str| expected[name].as_f64().unwrap();
    let params = IalsParams {
        factors: number("factors") as usize,
        regularization: number("reg"),
        unobserved_weight: number("unobserved_weight"),
        frequency_exponent: number("nu"),
        ..IalsParams::default()
    };
    let by_user = params.positive.matrix(&data).unwrap();
    let by_item = by_user.transpose();
    let width = params.factors as u64;
    let mut users = Side::new(&by_user, first_factors(30, width, 1));
    let mut items = Side::new(&by_item, first_factors(20, width, 1_000_003));
    let mut losses = vec![];
    for half in 0..6 {
        if half % 2 == 0 {
            users.solve(&mut items, &params, IalsSolver::Exact, &mut |_| Ok(())).unwrap();
        } else {
            items.solve(&mut users, &params, IalsSolver::Exact, &mut |_| Ok(())).unwrap();
        }
        losses.push(loss(&users, &items, &params));
    }
    let given = numbers(&expected["loss_per_half_step"]);
    assert_eq!(losses.len() + 1, given.len());
    for (half, (found, given)) in losses.iter().zip(&given[1..]).enumerate() {
        assert!((found - given).abs() < 1e-6 * given, "half {half}: {found}, not {given}");
    }
    let mut scores = vec![];
    for user in 0..3 {
        let score = |item| users.factors.row(user).iter().zip(items.factors.row(item)).map(|(u, v)| f64::from(u * v));
        scores.extend((0..20).map(|item| score(item).sum::<f64>()));
    }
    assert_near(&scores, &expected["scores_users_0_2"], 1e-5, "scores");
    // As a fit does before it ends.
    users.solve(&mut items, &params, IalsSolver::Exact, &mut |_| Ok(())).unwrap();
    let penalties = Ials::weights_of(&params, &items.factors);
    let model = Ials::new(&params, users.factors.into_values(), &items.factors, penalties);
    let history: Vec<u32> = numbers(&expected["fold_in_items"]).into_iter().map(|item| item as u32).collect();
    let history = History { items: &history, values: &vec![1.0; history.len()], times: None };
    let mut folded = vec![0f32; 20];
    model.score_history(history, Candidates::All, &mut folded);
    let folded: Vec<f64> = folded.into_iter().map(f64::from).collect();
    assert_near(&folded, &expected["fold_in_scores"], 1e-5, "fold-in");
}

#[test]
fn steps_of_conjugate_gradients_lower_the_loss_of_ials_to_that_of_exact_solutions() {
    let Some(reference) = reference() else { return };
    let (data, expected) = (toy(&reference), &reference["ials"]);
    let number = |name: &str| expected[name].as_f64().unwrap();
    let params = IalsParams {
        factors: number("factors") as usize,
        regularization: number("reg"),
        unobserved_weight: number("unobserved_weight"),
        frequency_exponent: number("nu"),
        solver: IalsSolver::Cg,
        ..IalsParams::default()
    };
    let by_user = params.positive.matrix(&data).unwrap();
    let by_item = by_user.transpose();
    let width = params.factors as u64;
    let mut users = Side::new(&by_user, first_factors(30, width, 1));
    let mut items = Side::new(&by_item, first_factors(20, width, 1_000_003));
    let given = numbers(&expected["loss_per_half_step"]);
    let mut before = f64::INFINITY;
    for half in 0..given.len() - 1 {
        if half % 2 == 0 {
            users.solve(&mut items, &params, params.solver, &mut |_| Ok(())).unwrap();
        } else {
            items.solve(&mut users, &params, params.solver, &mut |_| Ok(())).unwrap();
        }
        let found = loss(&users, &items, &params);
        assert!(found < before, "half {half}: {found} after {before}");
        before = found;
    }
    let exact = given[given.len() - 1];
    assert!(before < 1.02 * exact, "{before}, not {exact}");
}

/// A penalty on one of both scales that leaves nothing of it makes the model of one scale, of which the reference has every weight.
#[test]
fn the_two_scale_linear_model_without_one_scale_has_the_weights_of_the_reference() {
    let Some(reference) = reference() else { return };
    let reference = &reference["sequence_linear"];
    let sequences = reference["sequences"].as_array().unwrap().iter().map(numbers);
    let rows: Vec<Vec<(u32, f32)>> = sequences
        .map(|items| (1u8..).zip(items).map(|(place, item)| (item as u32, f32::from(place))).collect())
        .collect();
    // Places stand in for values until the items rise, then for times.
    let rising: Vec<Vec<(u32, f32)>> = rows
        .into_iter()
        .map(|mut row| {
            row.sort_by_key(|&(item, _)| item);
            row
        })
        .collect();
    let parts = interactions(20, &rising).into_parts();
    let times = parts.matrix.values().iter().map(|&place| place as i64).collect();
    let data = Interactions::new(parts.users, parts.items, parts.matrix, Some(times), parts.feedback).unwrap();
    let (rho, lambda) = (reference["rho"].as_f64().unwrap(), reference["lambda"].as_f64().unwrap());
    let params = TwoScaleLinearParams {
        short_decay: rho,
        short_lambda: lambda,
        long_lambda: 1e12,
        targets: 1,
        ..TwoScaleLinearParams::default()
    };
    let Model::TwoScaleLinear(model) = fit(ModelParams::TwoScaleLinear(params), &data) else { panic!("another model") };
    let weights = |scale: usize| {
        (0..20).flat_map(|item| model.weights(ItemIx(item))[scale].to_vec()).map(f64::from).collect::<Vec<_>>()
    };
    assert_near(&weights(0), &reference["B"], 1e-5, "weights of the only scale");
    assert!(weights(1).iter().all(|weight| weight.abs() < 1e-9), "nothing is left of the other");
}

#[test]
fn co_clustering_finds_the_groups_and_predictions_of_the_reference() {
    let Some(reference) = reference() else { return };
    let expected = &reference["co_clustering"];
    let data = toy(&reference);
    let (by_user, by_item) = (data.matrix(), data.matrix().transpose());
    let params = CoClusteringParams { user_groups: 3, item_groups: 3, sweeps: 6, seed: 0 };
    let (users, items) = ((0..30).map(|user| user / 10).collect(), (0..20).map(|item| item / 7).collect());
    let mut groups = Groups::new(by_user, &by_item, users, items, &params);
    let mut moved = Vec::new();
    for _ in 0..6 {
        moved.push(groups.sweep());
    }
    assert_eq!(moved, [true, true, true, true, true, false], "the error of the last sweep is that of the one before");
    let as_numbers = |groups: &[u32]| groups.iter().map(|&group| f64::from(group)).collect::<Vec<_>>();
    assert_near(&as_numbers(&groups.users), &expected["user_clusters"], 0.0, "groups of users");
    assert_near(&as_numbers(&groups.items), &expected["item_clusters"], 0.0, "groups of items");
    let model = Model::CoClustering(groups.into_model([1.0, 5.0]));
    assert_near(&scores(&model, &data), &expected["predictions_users_0_2"], 1e-6, "predictions");
    let mut errors = 0.0;
    for user in (0..30).map(foretaste_data::ids::UserIx) {
        let (items, values) = data.of(user);
        let mut scores = vec![0f32; 20];
        model.scorer().score_user(user, History { items, values, times: None }, Candidates::All, &mut scores);
        let error = |(&item, &value): (&u32, &f32)| f64::from(value - scores[item as usize]).powi(2);
        errors += items.iter().zip(values).map(error).sum::<f64>();
    }
    let last = numbers(&expected["squared_error_after_each_sweep"])[5];
    assert!((errors - last).abs() < 1e-3, "{errors}, not {last}");
}

#[test]
fn biased_mf_has_the_errors_and_predictions_of_the_reference() {
    let Some(reference) = reference() else { return };
    let expected = &reference["biased_als"];
    let data = toy(&reference);
    let (by_user, by_item) = (data.matrix(), data.matrix().transpose());
    let (factors, regularization) =
        (expected["factors"].as_u64().unwrap() as usize, numbers(&expected["reg_times_count"])[0]);
    let params = BiasedMfParams {
        factors,
        regularization,
        bias_regularization: regularization,
        bias_shrinkage: 0.0,
        ..BiasedMfParams::default()
    };
    let at = |row: usize, factor: usize| (row * factors + factor) as f64;
    let mut users = rating_equations::Side::new(by_user, factors, |user, factor| 0.3 * (1.0 + at(user, factor)).sin());
    let mut items = rating_equations::Side::new(&by_item, factors, |item, factor| 0.3 * (2.0 + at(item, factor)).cos());
    let penalties = params.penalties();
    let with = (&penalties, rating_equations::mean(by_user));
    let predicted =
        |users: &rating_equations::Side<'_>, items: &rating_equations::Side<'_>, user: usize, item: usize| {
            let (u, v) = (&users.rows[user * 3..][..3], &items.rows[item * 3..][..3]);
            with.1 + u[2] + v[2] + u[0] * v[0] + u[1] * v[1]
        };
    for rmse in numbers(&expected["train_rmse_per_epoch"]) {
        users.solve(&items, with, None, &mut |_| Ok(())).unwrap();
        items.solve(&users, with, None, &mut |_| Ok(())).unwrap();
        let mut squares = 0.0;
        for user in 0..30 {
            let (columns, values) = by_user.row(user);
            let error =
                |(&item, &value): (&u32, &f32)| f64::from(value) - predicted(&users, &items, user, item as usize);
            squares += columns.iter().zip(values).map(|pair| error(pair).powi(2)).sum::<f64>();
        }
        let found = (squares / by_user.nnz() as f64).sqrt();
        assert!((found - rmse).abs() < 1e-9, "{found}, not {rmse}");
    }
    let all: Vec<f64> = (0..60).map(|at| predicted(&users, &items, at / 20, at % 20)).collect();
    assert_near(&all, &expected["predictions_users_0_2"], 1e-9, "predictions");
    // What is served solves for the users once more.
    users.solve(&items, with, None, &mut |_| Ok(())).unwrap();
    let served = Model::BiasedMf(BiasedMf::of_items(&params, &items.rows, &data, [1.0, 5.0]));
    let all: Vec<f64> = (0..60).map(|at| predicted(&users, &items, at / 20, at % 20)).collect();
    for (found, expected) in scores(&served, &data).iter().zip(all) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}
