//! What every model promises, asked of each of them.

use std::ops::ControlFlow;

use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::container::{Reader, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{IdTable, ItemIx, UserIx};
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::CsrMatrix;
use foretaste_models::{Candidates, FitError, History, Model, ModelParams, Scorer, Shape};

pub(crate) const USERS: usize = 40;
pub(crate) const ITEMS: usize = 25;

/// Ratings 1 to 5 in two groups of taste, with times; no user is empty. An item's genres are those of its group.
pub(crate) fn data() -> Dataset {
    rated(4)
}

/// The same, where a user rates so many per cent of the items of the other group, 1 to 3.
fn rated(others: u32) -> Dataset {
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let (mut offsets, mut columns, mut values, mut times) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    for user in 0..USERS {
        for item in 0..ITEMS {
            let alike = user % 2 == item % 2;
            if item == user % ITEMS || random() % 100 < if alike { 60 } else { others } {
                columns.push(item as u32);
                values.push((1 + random() % 3 + if alike { 2 } else { 0 }) as f32);
                times.push(1_600_000_000_000 + i64::from(random() % 8_000) * 1_000_000);
            }
        }
        offsets.push(columns.len());
    }
    let ids = |count: usize| (0..count).map(|id| id.to_string()).collect::<Vec<_>>();
    let table = |ids: &[String]| IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap();
    let matrix = CsrMatrix::new(ITEMS, offsets, columns, values).unwrap();
    let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
    let interactions =
        Interactions::new(table(&ids(USERS)), table(&ids(ITEMS)), matrix, Some(times), feedback).unwrap();
    let genres = [["odd", "strange"], ["even", "smooth"]];
    let items = (0..ITEMS).map(|item| Item {
        title: None,
        genres: genres[item % 2][..1 + item / 2 % 2].to_vec(),
        year: Some((1990 + item % 2 * 10 + item / 2 % 4) as u16),
    });
    Dataset { catalogue: Catalogue::from_items(items).unwrap(), ..Dataset::new("groups", interactions) }
}

/// Each model with parameters that suit the small data.
pub(crate) fn models() -> Vec<ModelParams> {
    let small = |name: &str| match name {
        "svd" => vec!["rank=5"],
        "item_knn" => vec!["neighbours=6"],
        "scaled_svd" => vec!["factors=5", "user_exponent=0.3"],
        "kernel_autoencoder" => vec!["depth=2", "lambda=1", "landmarks=30"],
        "ials" => vec!["factors=6", "epochs=4"],
        "random_walk" => vec!["neighbours=6", "beta=0.4"],
        "sequential_rules" => vec!["window=3", "neighbours=9"],
        "two_scale_linear" => vec!["short_lambda=5", "long_lambda=10"],
        "sasrec" => vec!["width=8", "blocks=1", "length=6", "epochs=20", "batch=8", "learning_rate=0.01"],
        "sansa" => vec!["lambda=5", "factor_nonzeros=6", "neighbours=12"],
        "plsa" => vec!["tastes=3", "smoothing=5"],
        "slim" => vec!["l1=0.5", "l2=2"],
        "user_knn" => vec!["neighbours=8"],
        "feature_factors" => vec!["factors=5", "lambda=1"],
        "blend" => vec!["members=ease(lambda=5) + 0.5 ials(factors=6, epochs=4) + 0.1 scaled_svd(factors=5)"],
        "biased_mf" => vec!["factors=4", "epochs=8"],
        "svd_plus_plus" => vec!["factors=4", "epochs=8", "count_exponent=0.8"],
        "bayesian_fm" => vec!["factors=3", "sweeps=40", "burn_in=10", "samples=10"],
        "ease" => vec!["lambda=5", "dropout=0.2", "user_exponent=0.5"],
        _ => Vec::new(),
    };
    let of = |name: &str, more: &[&str]| ModelParams::of(name).unwrap().with(&[&small(name), more].concat()).unwrap();
    let all = ModelParams::MODELS.iter().map(|&(name, _)| of(name, &[]));
    all.chain([of("ials", &["features=items", "feature_penalty=1"])]).collect()
}

pub(crate) fn fit(params: &ModelParams, data: &Dataset) -> Model {
    params.fit(data, &mut |_| ControlFlow::Continue(())).unwrap().model
}

fn file(model: &Model) -> Vec<u8> {
    let mut file = Writer::default();
    model.save(&mut file).unwrap();
    file.finish(2)
}

pub(crate) fn history(data: &Dataset, user: u32) -> History<'_> {
    let (items, values) = data.interactions.of(UserIx(user));
    History { items, values, times: data.interactions.times_of(UserIx(user)) }
}

fn all_scores(scorer: &dyn Scorer, data: &Dataset) -> Vec<f32> {
    let mut all = Vec::new();
    for user in 0..USERS as u32 {
        let mut scores = vec![f32::NAN; ITEMS];
        scorer.score_user(UserIx(user), history(data, user), Candidates::All, &mut scores);
        all.extend(scores);
    }
    all
}

#[test]
fn every_score_is_a_finite_number() {
    let data = data();
    for params in models() {
        let model = fit(&params, &data);
        assert_eq!(model.scorer().items(), ITEMS, "{}", params.name());
        let scores = all_scores(model.scorer(), &data);
        assert!(scores.iter().all(|score| score.is_finite()), "{}: {scores:?}", params.name());
        assert!(
            scores.iter().any(|&score| score.to_bits() != scores[0].to_bits()),
            "{}: all scores are equal",
            params.name()
        );
    }
}

#[test]
fn several_users_get_the_bits_that_each_gets_alone() {
    let data = data();
    for params in models() {
        let model = fit(&params, &data);
        let scorer = model.scorer();
        let asked: Vec<u32> = (0..USERS as u32).rev().chain([3, 3]).collect();
        let users: Vec<_> = asked.iter().map(|&user| (UserIx(user), history(&data, user))).collect();
        let mut found: Vec<Vec<f32>> = vec![Vec::new(); users.len()];
        scorer.score_users(&users, &mut |at, first, scores| {
            assert_eq!(first, found[at].len(), "{}: pieces in the order of the items", params.name());
            found[at].extend(scores);
        });
        for (&(user, history), found) in users.iter().zip(&found) {
            let mut alone = vec![f32::NAN; ITEMS];
            scorer.score_user(user, history, Candidates::All, &mut alone);
            let bits = |scores: &[f32]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(found), bits(&alone), "{}: user {}", params.name(), user.0);
        }
    }
}

#[test]
fn a_candidate_has_the_same_bits_alone_and_among_all() {
    let data = data();
    for params in models() {
        let model = fit(&params, &data);
        let all = all_scores(model.scorer(), &data);
        let candidates = [ItemIx(24), ItemIx(0), ItemIx(7), ItemIx(7)];
        for user in 0..USERS as u32 {
            let of_user = &all[user as usize * ITEMS..][..ITEMS];
            let expected: Vec<u32> = candidates.iter().map(|item| of_user[item.0 as usize].to_bits()).collect();
            let mut scores = [f32::NAN; 4];
            let scorer = model.scorer();
            scorer.score_user(UserIx(user), history(&data, user), Candidates::Items(&candidates), &mut scores);
            assert_eq!(scores.map(f32::to_bits).to_vec(), expected, "{} user {user}", params.name());
            if let Some(fold_in) = scorer.fold_in() {
                let (mut some, mut every) = ([0f32; 4], [0f32; ITEMS]);
                fold_in.score_history(history(&data, user), Candidates::Items(&candidates), &mut some);
                fold_in.score_history(history(&data, user), Candidates::All, &mut every);
                let expected = candidates.map(|item| every[item.0 as usize].to_bits());
                assert_eq!(some.map(f32::to_bits), expected, "{} folded in", params.name());
            }
        }
    }
}

#[test]
fn the_history_of_a_trained_user_folds_in_to_the_trained_scores() {
    let data = data();
    for params in models() {
        let model = fit(&params, &data);
        let fold_in = model.scorer().fold_in().unwrap_or_else(|| panic!("{} folds nothing in", params.name()));
        let trained = all_scores(model.scorer(), &data);
        for user in 0..USERS as u32 {
            let mut folded = [f32::NAN; ITEMS];
            fold_in.score_history(history(&data, user), Candidates::All, &mut folded);
            for (folded, trained) in folded.iter().zip(&trained[user as usize * ITEMS..]) {
                assert!((folded - trained).abs() < 1e-5, "{} user {user}: {folded}, {trained}", params.name());
            }
        }
    }
}

#[test]
fn equal_fits_give_equal_bytes_at_any_number_of_threads() {
    let data = data();
    for params in models() {
        let expected = file(&fit(&params, &data));
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| file(&fit(&params, &data)));
            assert!(found == expected, "{} on {threads} threads", params.name());
        }
    }
}

#[test]
fn a_saved_model_is_read_back_with_the_same_bits() {
    let data = data();
    for params in models() {
        let model = fit(&params, &data);
        let bytes = file(&model);
        let sections = Reader::open(&bytes, 2, ModelParams::SECTIONS).unwrap();
        let read = params.load(&Shape::of(&data.interactions), &sections).unwrap();
        assert!(file(&read) == bytes, "{}", params.name());
        let bits = |model: &Model| all_scores(model.scorer(), &data).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(bits(&read) == bits(&model), "{}", params.name());
        let fold = |model: &Model| {
            let mut scores = [f32::NAN; ITEMS];
            model.scorer().fold_in().unwrap().score_history(history(&data, 3), Candidates::All, &mut scores);
            scores.map(f32::to_bits)
        };
        assert_eq!(fold(&read), fold(&model), "{}", params.name());
    }
}

#[test]
fn a_model_of_other_data_is_refused_by_name() {
    let data = data();
    for params in models() {
        let bytes = file(&fit(&params, &data));
        let sections = Reader::open(&bytes, 2, ModelParams::SECTIONS).unwrap();
        let other = Shape { users: USERS, items: ITEMS + 1, entries: data.interactions.nnz() };
        let error = params.load(&other, &sections).unwrap_err().to_string();
        assert!(error.contains("entries, expected"), "{}: {error}", params.name());
    }
    let empty = Writer::default().finish(2);
    let sections = Reader::open(&empty, 2, ModelParams::SECTIONS).unwrap();
    for params in models() {
        let error = params.load(&Shape::of(&data.interactions), &sections).unwrap_err().to_string();
        assert!(error.contains("is missing"), "{}: {error}", params.name());
    }
}

#[test]
fn a_fit_can_be_broken_off_and_its_progress_does_not_fall() {
    let data = data();
    for params in models() {
        let stopped = params.fit(&data, &mut |_| ControlFlow::Break(()));
        assert!(matches!(stopped, Err(FitError::Cancelled)), "{}", params.name());
        let mut seen = Vec::new();
        let fitted = params.fit(&data, &mut |progress| {
            seen.push(progress.done);
            ControlFlow::Continue(())
        });
        assert!(!fitted.unwrap().report.phases.is_empty(), "{} reports no phase", params.name());
        assert!(seen.is_sorted() && seen.iter().all(|done| (0.0..=1.0).contains(done)), "{}: {seen:?}", params.name());
    }
}

#[test]
fn a_predicted_rating_without_a_time_is_the_score_and_its_levels_are_a_distribution() {
    let data = data();
    let mut predicting = 0;
    for params in models() {
        let model = fit(&params, &data);
        let Some(predictive) = model.scorer().predictive() else { continue };
        predicting += 1;
        let scores = all_scores(model.scorer(), &data);
        let mut moved = 0f64;
        for (at, &score) in scores.iter().enumerate() {
            let (user, item) = (UserIx((at / ITEMS) as u32), ItemIx((at % ITEMS) as u32));
            let predicted = predictive.predict(user, item, None);
            assert!((predicted.mean - f64::from(score)).abs() < 1e-5, "{}: {predicted:?}, {score}", params.name());
            let total: f64 = predicted.levels.iter().map(|&(_, share)| share).sum();
            let mean: f64 = predicted.levels.iter().map(|&(level, share)| f64::from(level) * share).sum();
            assert!((total - 1.0).abs() < 1e-6 && (mean - predicted.mean).abs() < 1e-5, "{predicted:?}");
            assert!(predicted.deviation.is_some_and(|deviation| deviation > 0.1), "{predicted:?}");
            let other = predictive.predict(user, item, Some(1_604_000_000_000));
            moved = moved.max((other.mean - predicted.mean).abs());
            let [low, high] = predicted.interval90().unwrap();
            let within = |&&(level, _): &&(f32, f64)| (low..=high).contains(&f64::from(level));
            let inside: f64 = predicted.levels.iter().filter(within).map(|&(_, share)| share).sum();
            assert!(inside > 0.9 - 1e-9, "{predicted:?}");
        }
        // The same of a history: means are its scores, and an equal history has an equal distribution.
        let items: Vec<ItemIx> = (0..ITEMS as u32).map(ItemIx).collect();
        for user in (0..USERS as u32).map(UserIx) {
            let (items_of, values) = data.interactions.of(user);
            let history = History { items: items_of, values, times: data.interactions.times_of(user) };
            let predicted = predictive.predict_history(history, &items);
            let mut scores = [0f32; ITEMS];
            model.scorer().fold_in().unwrap().score_history(history, Candidates::All, &mut scores);
            for ((predicted, score), &item) in predicted.iter().zip(scores).zip(&items) {
                assert!((predicted.mean - f64::from(score)).abs() < 1e-5, "{predicted:?}, {score}");
                let trained = predictive.predict(user, item, None);
                for (a, b) in predicted.levels.iter().zip(&trained.levels) {
                    assert!(a.0.to_bits() == b.0.to_bits() && (a.1 - b.1).abs() < 1e-5, "{predicted:?}, {trained:?}");
                }
            }
        }
        assert!(moved > 1e-3, "{}: a day changes nothing", params.name());
    }
    assert_eq!(predicting, 1);
}

#[test]
fn most_items_are_most_like_one_of_their_group() {
    // What reads ratings alone has to see some of both groups by one user; which items are taken is nothing to it.
    let (taken, both) = (data(), rated(40));
    for params in models() {
        let model = fit(&params, if matches!(params.name(), "biased_mf" | "svd_plus_plus") { &both } else { &taken });
        let Some(similar) = model.scorer().similar() else { continue };
        let mut alike = 0;
        for item in 0..ITEMS {
            let mut scores = [f32::NAN; ITEMS];
            similar.similar_to(ItemIx(item as u32), &mut scores);
            assert!(scores.iter().all(|score| !score.is_nan()), "{}: {scores:?}", params.name());
            scores[item] = f32::NEG_INFINITY;
            let best = (0..ITEMS).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
            alike += usize::from(best % 2 == item % 2);
        }
        // Chance brings together a few of the 25 that are not.
        assert!(alike >= 22, "{}: {alike} of {ITEMS} are most like an item of their group", params.name());
    }
}

#[test]
fn the_memory_of_a_model_is_no_more_than_that_of_its_fit() {
    let data = data();
    for params in models() {
        let memory = params.memory(&Shape::of(&data.interactions));
        assert!(0 < memory.model && memory.model <= memory.fit, "{}: {memory:?}", params.name());
        let numbers: usize = file(&fit(&params, &data)).len();
        assert!(memory.model as usize <= 2 * numbers + 4096, "{}: {memory:?}, file {numbers}", params.name());
    }
}

#[test]
fn no_kind_of_section_has_two_meanings() {
    let mut names = std::collections::BTreeMap::new();
    for section in ModelParams::SECTIONS.iter().flat_map(|list| list.iter()) {
        let first = names.entry(section.kind).or_insert(section.name);
        assert_eq!(*first, section.name, "both are kind {}", section.kind);
    }
}
