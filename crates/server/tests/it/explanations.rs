//! Explanations, what-if and why-not over HTTP.

use serde_json::{Value, json};

use crate::client::start;

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
