//! Properties of items and users over HTTP, and the same filters on every list.

use std::sync::Arc;

use foretaste::catalogue::{ItemsOptions, read_items, read_users};
use foretaste::dataset::Dataset;
use foretaste::interactions::{ReadOptions, read_interactions};
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste::table::Source;
use serde_json::json;

use crate::client::{Running, any_port, start_with};

/// A shop of four products, one of which nobody has bought.
fn shop() -> Running {
    let never = &mut |_| std::ops::ControlFlow::Continue(());
    let ratings = "user,item,rating\n1,1,5\n1,2,3\n2,2,1\n2,3,4\n3,1,2\n3,3,5\n";
    let items = "item,title,category,price,in_stock,added_at\n\
        1,Mug (2001),Kitchen,9.5,true,2024-05-01T12:00:00Z\n2,Lamp,\"Light, Living\",30,false,\n\
        3,Pan,Kitchen,12,true,2024-05-02\n4,New,\"Kitchen, Light\",,true,\n";
    let users = "user,country\n1,DE\n2,DE\n9,FR\n8,FR\n";
    let (interactions, _) = read_interactions(Source::bytes(ratings), &ReadOptions::default(), never).unwrap();
    let options = ItemsOptions::default();
    let (catalogue, _) = read_items(Source::bytes(items), interactions.items(), &options).unwrap();
    let (users, _) = read_users(Source::bytes(users), interactions.users(), &options).unwrap();
    let data = Dataset { catalogue, users, ..Dataset::new("shop", interactions) };
    let params = ModelParams::default().with(&["rank=2"]).unwrap();
    let never = &mut |_| std::ops::ControlFlow::Continue(());
    start_with(any_port(), Recommender::fit(Arc::new(data), &params, jiff::Timestamp::UNIX_EPOCH, never).unwrap().0)
}

#[test]
fn an_item_has_all_of_its_properties_whether_rated_or_not() {
    let server = shop();
    let mug = server.get("/v1/items/1").body;
    let expected = r#"{"model_version":"v1","id":"1","title":"Mug (2001)","genres":["Kitchen"],"year":2001,"ratings":2,"mean_rating":3.5,"properties":{"category":["Kitchen"],"price":9.5,"in_stock":true,"added_at":"2024-05-01T12:00:00Z"}}"#;
    assert_eq!(mug, expected);
    let new = server.get("/v1/items/4").json();
    assert_eq!((&new["ratings"], &new["mean_rating"]), (&json!(0), &json!(null)));
    assert_eq!(new["properties"], json!({"category": ["Kitchen", "Light"], "in_stock": true}));
    assert_eq!(server.get("/v1/items/5").fault(), "404 unknown_item");
}

#[test]
fn a_user_has_properties_with_ratings_or_without() {
    let server = shop();
    let expected = r#"{"model_version":"v1","id":"1","ratings":2,"properties":{"country":"DE"}}"#;
    assert_eq!(server.get("/v1/users/1").body, expected);
    assert_eq!(server.get("/v1/users/3").body, r#"{"model_version":"v1","id":"3","ratings":2}"#);
    assert_eq!(server.get("/v1/users/9").json()["ratings"], 0);
    assert_eq!(server.get("/v1/users/7").fault(), "404 unknown_user");
}

#[test]
fn the_schema_lists_properties_with_their_evidence() {
    let schema = shop().get("/v1/schema").json();
    let of = |who: &str| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        schema[who].as_array().unwrap().iter().map(|entry| (text(&entry["name"]), text(&entry["type"]))).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|&(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    };
    let items = [
        ("title", "text"),
        ("category", "set"),
        ("year", "number"),
        ("price", "number"),
        ("in_stock", "bool"),
        ("added_at", "time"),
    ];
    assert_eq!((of("items"), of("users")), (pairs(&items), pairs(&[("country", "string")])));
    assert_eq!(schema["items"][3]["evidence"], "every value is a number");
    assert_eq!((&schema["items"][3]["known"], &schema["items"][3]["rows"]), (&json!(3), &json!(4)));
}

#[test]
fn every_list_takes_the_same_filters_and_names_values_that_nothing_has() {
    let server = shop();
    let ids = |target: &str| -> Vec<String> {
        let body = server.get(target).json();
        body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("/v1/popular"), ["1", "2", "3"]);
    assert_eq!(ids("/v1/popular?genre=kitchen&exclude=1"), ["3"]);
    assert_eq!(ids("/v1/popular?min_year=2000"), ["1"]);
    assert_eq!(ids("/v1/items/1/similar?genre=light"), ["2"]);
    assert_eq!(ids("/v1/items/1/similar?only=3&only=4"), ["3"]);
    assert_eq!(ids("/v1/users/1/recommendations?genre=Kitchen"), ["3"]);
    let unknown = json!([{"parameter": "genre", "value": "Garden"}]);
    for target in ["/v1/popular", "/v1/items/1/similar", "/v1/users/1/recommendations"] {
        let body = server.get(&format!("{target}?genre=Garden&exclude=x")).json();
        assert_eq!((&body["unknown_values"], &body["unknown_items"]), (&unknown, &json!(["x"])), "{target}");
        assert_eq!(server.get(&format!("{target}?exclude=1,2")).fault(), "400 invalid_parameter");
        assert_eq!(server.get(&format!("{target}?genre=Light,Kitchen")).fault(), "400 invalid_parameter");
    }
    for name in ["genre", "genres"] {
        let body = json!({"history": [{"item": "1", "rating": 5}], name: ["kitchen", "Garden"]}).to_string();
        let list = server.post_json("/v1/recommendations", &body).json();
        assert_eq!((&list["items"][0]["id"], &list["unknown_values"]), (&json!("3"), &unknown));
    }
    assert_eq!(server.get("/v1/popular?limit=0").fault(), "422 invalid_limit");
    assert_eq!(server.get("/v1/popular?category=x").fault(), "400 invalid_parameter");
    let whole = server.get("/v1/popular").body;
    assert!(!whole.contains("unknown"), "{whole}");
}
