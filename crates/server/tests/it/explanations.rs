//! Explanations, what-if and why-not over HTTP.

use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use serde_json::{Value, json};

use crate::client::{any_port, dataset, start, start_with};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn a_list_is_explained_only_where_that_is_asked_for() {
    let server = start();
    let plain = server.get("/v1/users/u5/recommendations").json();
    let why = server.get("/v1/users/u5/recommendations?explain=2").json();
    assert_eq!(ids(&plain["items"]), ids(&why["items"]));
    assert_eq!((&plain["source"], &why["source"]), (&json!("model"), &json!("fold_in")));
    for (plain, why) in plain["items"].as_array().unwrap().iter().zip(why["items"].as_array().unwrap()) {
        assert_eq!(plain.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "score", "title"]);
        assert_eq!((&why["kind"], &why["additive"]), (&json!("contributions"), &json!(true)));
        let terms = why["because"].as_array().unwrap();
        assert_eq!(terms.len() as u64 + why["others"]["count"].as_u64().unwrap(), 8);
        let named: f64 = terms.iter().map(|term| term["contribution"].as_f64().unwrap()).sum();
        let (sum, score) = (named + why["others"]["sum"].as_f64().unwrap(), why["score"].as_f64().unwrap());
        assert!((sum - score).abs() <= 1e-5 * score.abs().max(1.0), "{why}");
    }
    let body = json!({"user": "u5", "explain": 2}).to_string();
    assert_eq!(server.post_json("/v1/recommendations", &body).json(), why);
    let plainly = server.post_json("/v1/recommendations", r#"{"user": "u5"}"#);
    assert_eq!(plainly.body, server.get("/v1/users/u5/recommendations").body);
}

#[test]
fn a_what_if_is_answered_and_forgotten() {
    let server = start();
    let before = server.get("/v1/users/u5/recommendations").body;
    let first = server.get("/v1/users/u5/recommendations?limit=2").json();
    let added = ids(&first["items"])[0].to_owned();
    let body = json!({"user": "u5", "add": [{"item": added}], "diff": true, "limit": 2}).to_string();
    let reply = server.post_json("/v1/recommendations", &body).json();
    assert_eq!((ids(&reply["left"])[0], &reply["left"][0]["rank"]), (added.as_str(), &json!(1)));
    assert_eq!(ids(&reply["entered"]).len(), ids(&reply["left"]).len());
    assert!(!ids(&reply["items"]).contains(&added.as_str()));
    assert_eq!(server.get("/v1/users/u5/recommendations").body, before);
    let body = json!({"user": "u5", "remove": [added]}).to_string();
    let refused = server.post_json("/v1/recommendations", &body);
    assert_eq!(refused.fault(), "422 not_in_history");
}

#[test]
fn an_item_that_is_not_in_a_list_is_told_why() {
    let server = start();
    let listed = server.get("/v1/users/u5/recommendations?limit=1000").json();
    let seen = server.get("/v1/users/u5/ratings").json();
    let (best, worst) = (ids(&listed["items"])[0], *ids(&listed["items"]).last().unwrap());
    let items = [best, worst, ids(&seen["items"])[0], "stranger"];
    let ask = |more: Value| {
        let mut body = json!({"user": "u5", "items": items});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.post_json("/v1/score", &body.to_string())
    };
    let reply = ask(json!({})).json();
    let of = |reply: &Value, field: &str| {
        reply["items"].as_array().unwrap().iter().map(|item| item[field].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(&reply, "reason"), [json!(null), json!(null), json!("seen")]);
    assert_eq!(of(&reply, "rank")[..2], [json!(1), json!(ids(&listed["items"]).len())]);
    assert_eq!(reply["unknown_items"], json!(["stranger"]));
    assert_eq!(of(&reply, "score")[0], listed["items"][0]["score"]);
    let reply = ask(json!({"exclude": [best], "limit": 1})).json();
    assert_eq!(of(&reply, "reason"), [json!("excluded"), json!("limit"), json!("seen")]);
    let reply = ask(json!({"only": [best], "explain": 1})).json();
    assert_eq!(of(&reply, "reason"), [json!(null), json!("only"), json!("seen")]);
    assert_eq!(of(&reply, "kind"), [json!("contributions"), json!("contributions"), json!("contributions")]);
    for (more, fault) in [
        (json!({"explain": 0}), "422 invalid_explain"),
        (json!({"explain": 101}), "422 invalid_explain"),
        (json!({"limit": 0}), "422 invalid_limit"),
        (json!({"user": "stranger", "fallback": "none"}), "404 unknown_user"),
    ] {
        assert_eq!(ask(more).fault(), fault);
    }
}

#[test]
fn how_sure_a_rating_is_is_said_where_it_is_asked_for_and_known() {
    let params = ModelParams::of("bayesian_fm").unwrap().with(&["factors=2", "sweeps=60", "burn_in=10", "samples=10"]);
    let data = Arc::new(dataset(12));
    let never = &mut |_| ControlFlow::Continue(());
    let fitted = Recommender::fit(data, &params.unwrap(), jiff::Timestamp::UNIX_EPOCH, never).unwrap().0;
    let server = start_with(any_port(), fitted);
    let ask = |body: Value| server.post_json("/v1/score", &body.to_string());
    let plain = ask(json!({"user": "u5", "items": ["2", "stranger", "5"]})).json();
    assert!(plain["items"].as_array().unwrap().iter().all(|item| item.get("rating").is_none()), "{plain}");
    let history = json!([{"item": "2", "rating": 5.0}, {"item": "4", "rating": 1.0}]);
    for (mut body, source) in [
        (json!({"user": "u5"}), "model"),
        (json!({"user": "u5", "explain": 2}), "fold_in"),
        (json!({"user": "u5", "add": [{"item": "3", "value": 1.0}]}), "fold_in"),
        (json!({"history": history}), "fold_in"),
    ] {
        body["items"] = json!(["2", "stranger", "5"]);
        body["distribution"] = json!(true);
        let reply = ask(body).json();
        assert_eq!(reply["source"], source);
        assert_eq!(ids(&reply["items"]), ["2", "5"]);
        for item in reply["items"].as_array().unwrap() {
            let of = |field: &str| item["rating"][field].as_f64().unwrap();
            let levels: Vec<(f64, f64)> = item["rating"]["probabilities"]
                .as_array()
                .unwrap()
                .iter()
                .map(|level| (level["rating"].as_f64().unwrap(), level["probability"].as_f64().unwrap()))
                .collect();
            assert_eq!(levels.iter().map(|level| level.0).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0]);
            let sum = |of: &dyn Fn(f64) -> f64| levels.iter().map(|&(rating, share)| share * of(rating)).sum::<f64>();
            let mean = sum(&|rating| rating);
            assert!((sum(&|_| 1.0) - 1.0).abs() < 1e-5 && (mean - of("mean")).abs() < 1e-4, "{item}");
            assert!((item["score"].as_f64().unwrap() - mean).abs() < 1e-4, "{item}");
            assert!((sum(&|rating| (rating - mean).powi(2)).sqrt() - of("deviation")).abs() < 1e-4, "{item}");
            let [low, high] = [0, 1].map(|end| item["rating"]["interval90"][end].as_f64().unwrap());
            let beyond = |out: &dyn Fn(f64) -> bool| sum(&|rating| f64::from(u8::from(out(rating))));
            assert!(beyond(&|rating| rating < low) < 0.05 && beyond(&|rating| rating <= low) > 0.05 - 1e-5, "{item}");
            assert!(beyond(&|rating| rating > high) < 0.05 + 1e-5 && beyond(&|rating| rating >= high) > 0.05, "{item}");
        }
    }
    let fault = ask(json!({"user": "u5", "items": [], "distribution": "yes"})).fault();
    assert_eq!(fault, "422 invalid_body");
    let fallback = ask(json!({"user": "stranger", "items": ["2"], "distribution": true})).json();
    assert_eq!((&fallback["source"], fallback["items"][0].get("rating")), (&json!("popular"), None));
    // The svd says nothing of it.
    let body = json!({"user": "u5", "items": ["2"], "distribution": true}).to_string();
    assert_eq!(start().post_json("/v1/score", &body).json()["items"][0].get("rating"), None);
}
