//! iALS with features of items: each solution against the equations it is of, in double precision.

use std::ops::ControlFlow;

use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::container::{Reader, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{IdTable, UserIx};
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_data::random::Random;
use foretaste_linalg::{Cholesky, CsrMatrix, Dense, normal};

use super::{Ials, IalsFeatures, IalsParams, IalsSolver, Side, loss};
use crate::features::features;
use crate::{Candidates, Family, FitReport, FoldIn, History, Scorer, Shape, SimilarItems};

const USERS: usize = 60;
const ITEMS: usize = 40;
const GENRES: [&str; 4] = ["comedy", "drama", "horror", "war"];

/// Users like one or two genres; no user has taken items 36 to 39, of which 39 is unknown.
fn data() -> Dataset {
    let mut random = Random::new(7);
    let mut chance = |of: f64| random.unit() < of;
    let (mut offsets, mut columns) = (vec![0], vec![]);
    for user in 0..USERS {
        for item in 0..36usize {
            let likes = item % 4 == user % 4 || item % 4 == user / 4 % 4;
            if chance(if likes { 0.6 } else { 0.1 }) {
                columns.push(u32::try_from(item).unwrap());
            }
        }
        offsets.push(columns.len());
    }
    let table = |count: usize| {
        let ids: Vec<String> = (0..count).map(|id| id.to_string()).collect();
        IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap()
    };
    let values = vec![1.0; columns.len()];
    let matrix = CsrMatrix::new(ITEMS, offsets, columns, values).unwrap();
    let interactions = Interactions::new(table(USERS), table(ITEMS), matrix, None, Feedback::Implicit).unwrap();
    let items = (0..ITEMS).map(|item| Item {
        title: None,
        genres: if item == 39 { vec![] } else { GENRES[item % 4..][..1].to_vec() },
        year: (item < 39).then(|| u16::try_from(1990 + item / 4).unwrap()),
    });
    Dataset { catalogue: Catalogue::from_items(items).unwrap(), ..Dataset::new("genres", interactions) }
}

fn params() -> IalsParams {
    let features = IalsFeatures::Items;
    IalsParams { factors: 5, frequency_exponent: 0.7, regularization: 0.03, features, ..IalsParams::default() }
}

fn fit(params: &IalsParams, data: &Dataset) -> Ials {
    Ials::fit(params, data, &mut FitReport::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

/// What solves a symmetric system.
fn solved(matrix: Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    let (size, mut b) = (b.len(), Dense::new(b.len(), 1, b));
    Cholesky::new(Dense::new(size, size, matrix)).unwrap().solve(&mut b);
    b.into_values()
}

fn wide(row: &[f32]) -> Vec<f64> {
    row.iter().map(|&x| f64::from(x)).collect()
}

/// Both sides after some epochs of `solver`, and what was asked for after each part of them: the loss.
fn sides<'a>(
    [by_user, by_item]: [&'a CsrMatrix; 2],
    data: &Dataset,
    params: &IalsParams,
    epochs: usize,
) -> ([Side<'a>; 2], Vec<f64>) {
    let of = features("ials", &data.catalogue, ITEMS, false).unwrap();
    let mut users = Side::new(by_user, Dense::zeros(USERS, params.factors));
    let mut items = Side::new(by_item, normal(ITEMS, params.factors, 0.1, 3)).with_features(of, params, USERS);
    let mut losses = vec![];
    for _ in 0..epochs {
        users.solve(&mut items, params, params.solver, &mut |_| Ok(())).unwrap();
        losses.push(loss(&users, &items, params));
        items.solve(&mut users, params, params.solver, &mut |_| Ok(())).unwrap();
        losses.push(loss(&users, &items, params));
        items.learn();
        losses.push(loss(&users, &items, params));
    }
    ([users, items], losses)
}

#[test]
fn items_and_what_features_say_are_the_solutions_of_their_equations() {
    let data = data();
    let params = IalsParams { feature_penalty: 0.4, ..params() };
    let by_user = params.positive.matrix(&data.interactions).unwrap();
    let by_item = by_user.transpose();
    let ([mut users, mut items], _) = sides([&by_user, &by_item], &data, &params, 2);
    items.solve(&mut users, &params, IalsSolver::Exact, &mut |_| Ok(())).unwrap();
    let width = params.factors;
    let of = features("ials", &data.catalogue, ITEMS, false).unwrap();
    let penalty = |count: usize| {
        params.regularization * (count as f64 + params.unobserved_weight * USERS as f64).powf(params.frequency_exponent)
    };
    let mean = |items: &Side<'_>, item: usize| {
        let mut mean = vec![0f64; width];
        let (names, values) = of.row(item);
        for (&name, &value) in names.iter().zip(values) {
            let row = items.prior.as_ref().unwrap().weights.row(name as usize);
            mean.iter_mut().zip(row).for_each(|(to, &x)| *to += f64::from(value) * f64::from(x));
        }
        mean
    };
    let u: Vec<Vec<f64>> = (0..USERS).map(|user| wide(users.factors.row(user))).collect();
    for item in 0..ITEMS {
        let (known, _) = by_item.row(item);
        let own = penalty(known.len());
        let mut matrix = vec![0f64; width * width];
        let mut b: Vec<f64> = mean(&items, item).iter().map(|mean| own * mean).collect();
        for (user, u) in u.iter().enumerate() {
            let is_known = known.contains(&u32::try_from(user).unwrap());
            let weight = params.unobserved_weight + f64::from(u8::from(is_known));
            for (at, &x) in u.iter().enumerate() {
                (0..width).for_each(|other| matrix[at * width + other] += weight * x * u[other]);
                b[at] += if is_known { x } else { 0.0 };
            }
        }
        matrix.iter_mut().step_by(width + 1).for_each(|diagonal| *diagonal += own);
        let expected = if known.is_empty() { vec![0.0; width] } else { solved(matrix, b) };
        for (found, expected) in items.factors.row(item).iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 2e-5, "item {item}: {found}, not {expected}");
        }
    }
    items.learn();
    let known: Vec<usize> = (0..ITEMS).filter(|&item| !by_item.row(item).0.is_empty()).collect();
    assert_eq!(known.len(), 36);
    let penalties: Vec<f64> = known.iter().map(|&item| penalty(by_item.row(item).0.len())).collect();
    let own = params.feature_penalty * penalties.iter().sum::<f64>() / penalties.len() as f64;
    let count = of.ncols();
    let mut matrix = vec![0f64; count * count];
    let mut b = vec![vec![0f64; count]; width];
    for (&item, penalty) in known.iter().zip(&penalties) {
        let mut row = vec![0f64; count];
        let (names, values) = of.row(item);
        names.iter().zip(values).for_each(|(&name, &value)| row[name as usize] = f64::from(value));
        for (at, x) in row.iter().enumerate() {
            (0..count).for_each(|other| matrix[at * count + other] += penalty * x * row[other]);
            (0..width).for_each(|factor| b[factor][at] += penalty * x * f64::from(items.factors.row(item)[factor]));
        }
    }
    matrix.iter_mut().step_by(count + 1).for_each(|diagonal| *diagonal += own);
    for (factor, b) in b.into_iter().enumerate() {
        for (name, expected) in solved(matrix.clone(), b).into_iter().enumerate() {
            let found = f64::from(items.prior.as_ref().unwrap().weights.row(name)[factor]);
            assert!((found - expected).abs() < 1e-5, "feature {name}, factor {factor}: {found}, not {expected}");
        }
    }
    // Items without a positive: what the features say.
    let means: Vec<Vec<f64>> = (36..ITEMS).map(|item| mean(&items, item)).collect();
    let factors = items.into_factors();
    for (item, mean) in (36..ITEMS).zip(&means) {
        let same = factors.row(item).iter().zip(mean).all(|(&x, mean)| (f64::from(x) - mean).abs() < 1e-6);
        assert!(same && (mean[0] != 0.0) == (item < 39), "item {item}: {:?}, not {mean:?}", factors.row(item));
    }
}

#[test]
fn no_part_of_an_epoch_makes_the_loss_larger() {
    let data = data();
    for solver in [IalsSolver::Exact, IalsSolver::Cg] {
        for feature_penalty in [0.01, 1.0, 100.0] {
            let params = IalsParams { solver, feature_penalty, ..params() };
            let by_user = params.positive.matrix(&data.interactions).unwrap();
            let by_item = by_user.transpose();
            let (_, losses) = sides([&by_user, &by_item], &data, &params, 8);
            let falls = losses.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6));
            assert!(falls && losses[23] < 0.9 * losses[0], "{solver:?}, {feature_penalty}: {losses:?}");
        }
    }
}

#[test]
fn a_new_item_goes_to_users_of_its_genre_and_a_history_folds_in_to_what_its_user_has() {
    let data = data();
    for solver in [IalsSolver::Exact, IalsSolver::Cg] {
        let params = IalsParams { solver, feature_penalty: 1.0, ..params() };
        let model = fit(&params, &data);
        let mut file = Writer::default();
        model.save(&mut file).unwrap();
        let bytes = file.finish(2);
        let reader = Reader::open(&bytes, 2, &[]).unwrap();
        let model = Ials::load(&params, &Shape::of(&data.interactions), &reader).unwrap();
        let mut ordered = 0;
        for user in 0..USERS {
            let (items, values) = data.interactions.of(UserIx(user as u32));
            let history = History { items, values, times: None };
            let (mut own, mut folded) = (vec![0f32; ITEMS], vec![0f32; ITEMS]);
            model.score_user(UserIx(user as u32), history, Candidates::All, &mut own);
            model.score_history(history, Candidates::All, &mut folded);
            assert!(own.iter().zip(&folded).all(|(a, b)| (a - b).abs() < 1e-5), "user {user}: {own:?} {folded:?}");
            let is_liked = |item: usize| item % 4 == user % 4 || item % 4 == user / 4 % 4;
            let of = |liked: bool| (36..39).filter(move |&item| is_liked(item) == liked).map(|item| own[item]);
            let (least, most) = (of(true).fold(f32::INFINITY, f32::min), of(false).fold(f32::NEG_INFINITY, f32::max));
            ordered += usize::from(least > most);
            assert!(own[39] == 0.0, "nothing is known of an item");
        }
        // A user takes some of other genres by chance.
        assert!(ordered >= USERS * 9 / 10, "{ordered} of {USERS}");
        let mut scores = vec![0f32; ITEMS];
        model.similar_to(foretaste_data::ids::ItemIx(36), &mut scores);
        assert!(scores[32] > scores[33] && scores[39] == f32::NEG_INFINITY, "{scores:?}");
    }
}

#[test]
fn without_features_items_without_a_positive_have_no_factors_and_a_file_says_nothing_of_features() {
    let data = data();
    let params = IalsParams { features: IalsFeatures::None, ..params() };
    let unknown = Dataset { catalogue: Catalogue::unknown(ITEMS), ..data.clone() };
    let files = [&data, &unknown].map(|data| {
        let mut file = Writer::default();
        let model = fit(&params, data);
        model.save(&mut file).unwrap();
        let mut factors = vec![1f32; params.factors];
        model.item_factors().row(37, &mut factors);
        assert!(factors.iter().all(|&x| x == 0.0));
        file.finish(2)
    });
    assert_eq!(files[0], files[1]);
    let written = serde_json::to_string(&crate::ModelParams::Ials(params.clone())).unwrap();
    assert!(!written.contains("feature"), "{written}");
    let written =
        serde_json::to_string(&crate::ModelParams::Ials(IalsParams { feature_penalty: 3.0, ..params })).unwrap();
    assert!(written.contains("\"feature_penalty\":3.0") && !written.contains("features"), "{written}");
    let asked =
        Ials::fit(&super::tests::params(), &unknown, &mut FitReport::default(), &mut |_| ControlFlow::Continue(()));
    let error = asked.unwrap_err().to_string();
    assert!(error.contains("--items") && error.contains("features=none"), "{error}");
}
