//! The PLSA: what no iteration lowers, and where a folded-in mixture ends.

use std::ops::ControlFlow;

use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::UserIx;

use super::{fit, interactions};
use crate::plsa::{PlsaParams, Tastes};
use crate::{History, Model, ModelParams};

/// Forty users of two groups, each with its own half of twenty items and a few of the other.
fn groups() -> foretaste_data::interactions::Interactions {
    let row = |user: u32| {
        let taken = |item: &u32| {
            item % 2 == user % 2 && !(item + user).is_multiple_of(3) || (item * 7 + user * 5).is_multiple_of(19)
        };
        (0..20).filter(taken).map(|item| (item, 1.0)).collect::<Vec<(u32, f32)>>()
    };
    interactions(20, &(0..40).map(row).collect::<Vec<_>>())
}

#[test]
fn no_iteration_lowers_the_likelihood() {
    for smoothing in [0.0, 3.0] {
        let params = PlsaParams { tastes: 4, smoothing, ..PlsaParams::default() };
        let data = groups();
        let x = params.positive.matrix(&data).unwrap();
        let mut tastes = Tastes::new(&x, &params);
        let mut before = f64::NEG_INFINITY;
        for iteration in 0..40 {
            tastes.improve();
            let after = tastes.log_likelihood();
            assert!(after >= before - 1e-9 * before.abs(), "{smoothing}, {iteration}: {before} to {after}");
            before = after;
        }
    }
}

/// At the maximum of the likelihood of a history, `sum over positives of p(item | taste) / p(item)` is the number of positives for each
/// taste that has a share, and not more for the others (Karush, Kuhn, Tucker).
#[test]
fn a_folded_in_mixture_is_at_its_maximum() {
    let data = groups();
    let params = PlsaParams { tastes: 3, iterations: 400, smoothing: 20.0, ..PlsaParams::default() };
    let Model::Plsa(model) = fit(ModelParams::Plsa(params), &data) else { unreachable!() };
    for user in 0..40 {
        let (items, values) = data.of(UserIx(user));
        let history = History { items, values, times: None };
        let rows = model.rows(history);
        let mixture = model.mixture(&rows);
        assert!((mixture.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let gradient = |taste: usize| -> f64 {
            let row = |row: &[f64]| row[taste] / row.iter().zip(&mixture).map(|(a, b)| a * b).sum::<f64>();
            rows.chunks(3).map(row).sum::<f64>() / items.len() as f64
        };
        for (taste, &share) in mixture.iter().enumerate() {
            let found = gradient(taste);
            assert!(found < 1.001 && (share < 1e-3 || found > 0.999), "user {user}, taste {taste}: {share}, {found}");
        }
    }
}

#[test]
fn tastes_are_named_after_what_sets_them_apart_and_their_shares_sum_to_1() {
    let interactions = groups();
    let genres = [["even"], ["odd"]];
    let items = (0..20).map(|item| Item { title: None, genres: genres[item % 2].to_vec(), year: None });
    let data = Dataset { catalogue: Catalogue::from_items(items).unwrap(), ..Dataset::new("groups", interactions) };
    let params = PlsaParams { tastes: 2, iterations: 100, smoothing: 5.0, ..PlsaParams::default() };
    let model = ModelParams::Plsa(params).fit(&data, &mut |_| ControlFlow::Continue(())).unwrap().model;
    let tastes = |items: &[u32]| {
        let history = History { items, values: &vec![1.0; items.len()], times: None };
        let tastes = model.scorer().explain().unwrap().tastes(history);
        tastes.into_iter().map(|(name, share)| (name.to_owned(), share)).collect::<Vec<_>>()
    };
    for (items, name) in [([0, 2, 6, 8], "even: "), ([1, 3, 7, 9], "odd: ")] {
        let found = tastes(&items);
        assert!(found[0].0.starts_with(name) && found[0].1 > 0.7, "{found:?}");
        assert!((found.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-9, "{found:?}");
    }
    assert!(tastes(&[]).is_empty());
}
