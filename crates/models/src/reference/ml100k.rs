//! The models on a fold of MovieLens 100K: how well they rank, and what they list.

use foretaste_data::ids::UserIx;
use foretaste_data::interactions::Interactions;

use super::{fit, interactions, reference, shared};
use crate::item_knn::ItemKnnParams;
use crate::random_walk::RandomWalkParams;
use crate::slim::SlimParams;
use crate::user_knn::UserKnnParams;
use crate::{Candidates, History, Model, ModelParams, Positive};

const USERS: usize = 943;
const ITEMS: usize = 1682;

type Rows = Vec<Vec<(u32, f32)>>;

/// Ratings by user, items rising.
fn rows(text: &str) -> Rows {
    let mut rows = vec![Vec::new(); USERS];
    for line in text.lines() {
        let numbers: Vec<u32> = line.split('\t').map(|number| number.parse().unwrap()).collect();
        rows[numbers[0] as usize - 1].push((numbers[1] - 1, numbers[2] as f32));
    }
    rows.iter_mut().for_each(|row| row.sort_unstable_by_key(|&(item, _)| item));
    rows
}

/// What is not in the first fold's test, and that test.
fn fold() -> Option<(Rows, Rows)> {
    let file = |name| shared("FORETASTE_TEST_DATA", "data", name);
    let (mut train, test) = (rows(&file("ml-100k/u.data")?), rows(&file("ml-100k/u1.test")?));
    for (train, test) in train.iter_mut().zip(&test) {
        train.retain(|(item, _)| test.iter().all(|(other, _)| other != item));
    }
    Some((train, test))
}

fn liked(row: &[(u32, f32)]) -> Vec<u32> {
    row.iter().filter(|&&(_, value)| value >= 4.0).map(|&(item, _)| item).collect()
}

/// Every item's score for a user, and the ten best that the user did not like in training.
fn ten(model: &Model, data: &Interactions, user: usize, known: &[u32]) -> (Vec<f32>, Vec<u32>) {
    let user = UserIx(u32::try_from(user).unwrap());
    let (items, values) = data.of(user);
    let mut scores = vec![0f32; ITEMS];
    model.scorer().score_user(user, History { items, values, times: None }, Candidates::All, &mut scores);
    let mut ranked: Vec<u32> = (0..ITEMS as u32).filter(|item| known.binary_search(item).is_err()).collect();
    ranked.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
    ranked.truncate(10);
    (scores, ranked)
}

#[test]
fn models_rank_a_fold_of_movielens_as_the_reference_does() {
    let (Some(reference), Some((train, test))) = (reference("ml100k.json"), fold()) else { return };
    let data = interactions(ITEMS, &train);
    let positive = Positive { least: Some(4.0) };
    let walk = RandomWalkParams { neighbours: 100, alpha: 1.2, beta: 0.0, positive };
    let item_knn = ItemKnnParams { neighbours: 100, shrink: 10.0, positive, ..ItemKnnParams::default() };
    let user_knn = UserKnnParams { neighbours: 80, power: 1.0, positive, ..UserKnnParams::default() };
    for (name, params) in [
        ("item_knn", ModelParams::ItemKnn(item_knn)),
        ("user_knn", ModelParams::UserKnn(user_knn)),
        ("p3alpha", ModelParams::RandomWalk(walk.clone())),
        ("rp3beta", ModelParams::RandomWalk(RandomWalkParams { beta: 0.5, ..walk })),
        ("slim", ModelParams::Slim(SlimParams { l1: 2.0, l2: 20.0, positive, ..SlimParams::default() })),
    ] {
        let model = fit(params, &data);
        let expected = &reference[name];
        let (mut sum, mut users) = (0.0, 0.0);
        for user in 0..USERS {
            let (known, truth) = (liked(&train[user]), liked(&test[user]));
            let (scores, ranked) = ten(&model, &data, user, &known);
            if let Some(list) = expected["top10_users_1_2_3_5_10"][(user + 1).to_string()].as_array() {
                // Near ties may change places in f32: the scores at each place are equal.
                for (&found, expected) in ranked.iter().zip(list) {
                    let expected = expected.as_u64().unwrap() as usize - 1;
                    let (found, expected) = (scores[found as usize], scores[expected]);
                    assert!((found - expected).abs() <= 1e-4 * found, "{name}, user {user}: {found}, {expected}");
                }
            }
            if !known.is_empty() && !truth.is_empty() {
                let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
                let best: f64 = (0..truth.len().min(10)).map(gain).sum();
                let hits = ranked.iter().enumerate().filter(|(_, item)| truth.contains(item));
                sum += hits.map(|(place, _)| gain(place)).sum::<f64>() / best;
                users += 1.0;
            }
        }
        let (found, expected) = (sum / users, expected["@10"]["ndcg"].as_f64().unwrap());
        assert!((found - expected).abs() < 5e-4, "{name}: nDCG@10 {found}, not {expected}");
    }
}
