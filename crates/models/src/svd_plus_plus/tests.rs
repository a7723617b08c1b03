//! The objective of SVD++ by plain loops, and what a fit makes of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;

use foretaste_data::ids::IdTable;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_data::random::Random;
use foretaste_linalg::CsrMatrix;

use super::fit::{Found, solved};
use super::implicit::Implicit;
use super::{SvdPlusPlus, SvdPlusPlusParams, implicit};

const USERS: usize = 15;
const ITEMS: usize = 9;
const FACTORS: usize = 3;

fn params(epochs: usize) -> SvdPlusPlusParams {
    SvdPlusPlusParams {
        factors: FACTORS,
        epochs,
        regularization: 0.5,
        implicit_regularization: 0.8,
        bias_regularization: 0.3,
        count_exponent: 0.4,
        ..SvdPlusPlusParams::default()
    }
}

/// Ratings of 1 to 5; the last user and the last item have none.
fn ratings() -> CsrMatrix {
    let mut random = Random::new(4);
    let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
    for user in 0..USERS {
        for item in 0..ITEMS as u32 - 1 {
            if user + 1 < USERS && random.unit() < 0.6 {
                columns.push(item);
                values.push(1.0 + random.below(5) as f32);
            }
        }
        offsets.push(columns.len());
    }
    CsrMatrix::new(ITEMS, offsets, columns, values).unwrap()
}

/// All numbers in one list: of the users `p` and bias, of the items `q` and bias, `y`.
fn flat(ratings: &CsrMatrix, users: &[f64], items: &[f64], y: &[f64]) -> Vec<f64> {
    let mut own = users.to_vec();
    for (user, row) in own.chunks_exact_mut(FACTORS + 1).enumerate() {
        let sum = sum(ratings, user, y);
        row.iter_mut().zip(sum).for_each(|(to, sum)| *to -= sum);
    }
    [&own, items, y].concat()
}

fn sum(ratings: &CsrMatrix, user: usize, y: &[f64]) -> [f64; FACTORS] {
    let rated = ratings.row(user).0;
    let of = |factor: usize| rated.iter().map(|&item| y[item as usize * FACTORS + factor]).sum::<f64>();
    std::array::from_fn(|factor| of(factor) * implicit::share(rated.len()))
}

/// What a fit lowers, from its definition.
fn objective(ratings: &CsrMatrix, params: &SvdPlusPlusParams, all: &[f64]) -> f64 {
    let (users, rest) = all.split_at(USERS * (FACTORS + 1));
    let (items, y) = rest.split_at(ITEMS * (FACTORS + 1));
    let mean = ratings.values().iter().map(|&x| f64::from(x)).sum::<f64>() / ratings.nnz() as f64;
    let squares = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
    let of_row = |row: &[f64], count: usize| {
        let penalties =
            params.regularization * squares(&row[..FACTORS]) + params.bias_regularization * row[FACTORS].powi(2);
        penalties * (count as f64).powf(params.count_exponent)
    };
    let mut total = 0.0;
    for user in 0..USERS {
        let (own, sum) = (&users[user * (FACTORS + 1)..][..=FACTORS], sum(ratings, user, y));
        let (rated, values) = ratings.row(user);
        total += of_row(own, rated.len());
        for (&item, &value) in rated.iter().zip(values) {
            let item = &items[item as usize * (FACTORS + 1)..][..=FACTORS];
            let taste: f64 = (0..FACTORS).map(|factor| item[factor] * (own[factor] + sum[factor])).sum();
            total += (f64::from(value) - mean - own[FACTORS] - item[FACTORS] - taste).powi(2);
        }
    }
    let by_item = ratings.transpose();
    for item in 0..ITEMS {
        let count = by_item.row(item).0.len();
        total += of_row(&items[item * (FACTORS + 1)..][..=FACTORS], count);
        let of_count = (count.max(1) as f64).powf(params.count_exponent);
        total += params.implicit_regularization * of_count * squares(&y[item * FACTORS..][..FACTORS]);
    }
    total
}

/// The slope of the objective along one number, by central differences.
fn slope(ratings: &CsrMatrix, params: &SvdPlusPlusParams, all: &[f64], at: usize) -> f64 {
    let moved = |by: f64| {
        let mut all = all.to_vec();
        all[at] += by;
        objective(ratings, params, &all)
    };
    (moved(1e-4) - moved(-1e-4)) / 2e-4
}

fn fitted(ratings: &CsrMatrix, params: &SvdPlusPlusParams) -> Found {
    solved(params, ratings, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_gradient_of_what_is_said_by_having_rated_is_that_of_the_objective() {
    let (ratings, params, mut random) = (ratings(), params(1), Random::new(5));
    let by_item = ratings.transpose();
    let mean = ratings.values().iter().map(|&x| f64::from(x)).sum::<f64>() / ratings.nnz() as f64;
    let found = fitted(&ratings, &params);
    let items: Vec<f64> = found.items.iter().map(|x| x + 0.3 * random.normal()).collect();
    let mut implicit = Implicit::new(&params, &ratings, &by_item);
    implicit.improve(&found.users, &items, mean);
    let mut users: Vec<f64> = (0..USERS * (FACTORS + 1)).map(|_| random.normal()).collect();
    let downhill = implicit.downhill(&users, &items, mean);
    let y = implicit.into_vectors();
    assert!(y.iter().any(|&y| y.abs() > 0.01), "{y:?}");
    users = flat(&ratings, &users, &items, &y);
    for (at, downhill) in downhill.iter().enumerate() {
        let expected = slope(&ratings, &params, &users, (USERS + ITEMS) * (FACTORS + 1) + at);
        assert!((-2.0 * downhill - expected).abs() < 1e-6 * expected.abs().max(1.0), "{downhill}, {expected}");
    }
}

#[test]
fn users_of_the_model_are_those_that_the_fit_ends_with() {
    let (ratings, params) = (ratings(), params(3000));
    let ids = |count: usize| (10..10 + count).map(|id| id.to_string()).collect::<Vec<_>>();
    let table = |count: usize| IdTable::from_sorted(ids(count).iter().map(String::as_str)).unwrap();
    let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
    let data = Interactions::new(table(USERS), table(ITEMS), ratings.clone(), None, feedback).unwrap();
    let found = fitted(&ratings, &params);
    let model = SvdPlusPlus::of(&params, &found, &data, [1.0, 5.0]);
    assert!(found.users.iter().any(|x| x.abs() > 0.3), "{:?}", found.users);
    for (at, (folded, expected)) in model.users().iter().zip(&found.users).enumerate() {
        assert!((f64::from(*folded) - expected).abs() < 1e-5, "number {at}: {folded}, {expected}");
    }
}

#[test]
fn every_epoch_lowers_the_objective_and_many_leave_no_slope() {
    let ratings = ratings();
    let at = |epochs: usize| {
        let found = fitted(&ratings, &params(epochs));
        flat(&ratings, &found.users, &found.items, &found.implicit)
    };
    let objectives: Vec<f64> = (1..12).map(|epochs| objective(&ratings, &params(epochs), &at(epochs))).collect();
    assert!(objectives.is_sorted_by(|a, b| a > b), "{objectives:?}");
    let (params, all) = (params(3000), at(3000));
    let steepest = (0..all.len()).map(|at| slope(&ratings, &params, &all, at).abs()).fold(0.0, f64::max);
    assert!(steepest < 1e-5, "{steepest}");
    let first = objective(&ratings, &params, &vec![0.0; all.len()]);
    assert!(objective(&ratings, &params, &all) < 0.7 * first, "the fit found nothing");
}
