//! SANSA beside EASE: where nothing is left out the sparse approximate inverse is the inverse.

use foretaste_data::ids::UserIx;

use super::{fit, interactions};
use crate::delegate::Delegate;
use crate::ease::EaseParams;
use crate::sansa::{Sansa, SansaParams};
use crate::{Candidates, History, Model, ModelParams};

const ITEMS: usize = 18;

/// Sixty users of two thirds of the items each, so that all items share users.
fn dense() -> foretaste_data::interactions::Interactions {
    let row = |user: u32| {
        let taken = |item: &u32| ((user * 32 + item).wrapping_mul(0x9E37_79B9) >> 8) % 13 < 8;
        (0..ITEMS as u32).filter(taken).map(|item| (item, 1.0)).collect::<Vec<(u32, f32)>>()
    };
    interactions(ITEMS, &(0..60).map(row).collect::<Vec<_>>())
}

fn scores(model: &Model, data: &foretaste_data::interactions::Interactions) -> Vec<f32> {
    let mut all = Vec::new();
    for user in (0..60).map(UserIx) {
        let (items, values) = data.of(user);
        let mut scores = vec![0f32; ITEMS];
        let history = History { items, values, times: None };
        model.scorer().score_user(user, history, Candidates::All, &mut scores);
        all.extend(scores);
    }
    all
}

#[test]
fn a_whole_pattern_gives_ease() {
    let data = dense();
    for (lambda, dropout, user_exponent) in [(5.0, 0.0, 0.0), (20.0, 0.4, 0.0), (5.0, 0.3, 0.5)] {
        let ease =
            fit(ModelParams::Ease(EaseParams { lambda, dropout, user_exponent, ..EaseParams::default() }), &data);
        let whole = SansaParams { lambda, dropout, user_exponent, ..SansaParams::default() };
        let sansa = fit(ModelParams::Sansa(whole.clone()), &data);
        let (expected, found) = (scores(&ease, &data), scores(&sansa, &data));
        for (expected, found) in expected.iter().zip(&found) {
            assert!((expected - found).abs() < 2e-5, "{lambda}, {dropout}, {user_exponent}: {expected}, {found}");
        }
        // And a pattern that is not whole does not.
        let sparse = fit(ModelParams::Sansa(SansaParams { factor_nonzeros: 3, ..whole }), &data);
        assert!(scores(&sparse, &data).iter().zip(&expected).any(|(a, b)| (a - b).abs() > 1e-3));
    }
}

#[test]
fn of_each_candidate_the_largest_weights_are_kept() {
    let data = dense();
    let params = SansaParams { lambda: 5.0, ..SansaParams::default() };
    let few = SansaParams { neighbours: 4, ..params.clone() };
    let (Model::Sansa(all), Model::Sansa(few)) =
        (fit(ModelParams::Sansa(params), &data), fit(ModelParams::Sansa(few), &data))
    else {
        unreachable!()
    };
    for candidate in 0..ITEMS as u32 {
        let of = |model: &Sansa| -> Vec<(u32, f32)> {
            let weight = |from: u32| {
                let (to, weights) = model.inner().of(foretaste_data::ids::ItemIx(from));
                to.iter().position(|&to| to == candidate).map(|at| (from, weights[at]))
            };
            (0..ITEMS as u32).filter_map(weight).collect()
        };
        let (all, kept) = (of(&all), of(&few));
        assert!(kept.len() == 4 && kept.iter().all(|weight| all.contains(weight)), "candidate {candidate}: {kept:?}");
        let least = kept.iter().map(|(_, weight)| weight.abs()).fold(f32::INFINITY, f32::min);
        let left = all.iter().filter(|weight| !kept.contains(weight)).map(|(_, weight)| weight.abs());
        assert!(left.fold(0.0, f32::max) <= least, "candidate {candidate}: {kept:?} of {all:?}");
    }
}
