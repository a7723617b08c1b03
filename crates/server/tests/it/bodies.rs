//! Bodies of every wrong shape: refused as `invalid_body`, in words of the API.

use serde_json::json;

use crate::client::{Running, start};

const RECOMMEND: &str = "/v1/recommendations";
const SCORE: &str = "/v1/score";

/// `status code: message` of a body that is refused.
fn refused(server: &Running, target: &str, body: &str) -> String {
    let reply = server.post_json(target, body);
    format!("{}: {}", reply.fault(), reply.json()["message"].as_str().unwrap())
}

#[test]
fn a_wrong_shape_is_named_with_its_place_and_what_is_expected_there() {
    let server = start();
    let rows = [
        (RECOMMEND, r#"[]"#, "the body is an array, expected an object"),
        (RECOMMEND, r#"null"#, "the body is null, expected an object"),
        (RECOMMEND, r#""history""#, "the body is \"history\", expected an object"),
        (RECOMMEND, r#"{}"#, "the body has no `history` and no `user`, expected one of them"),
        (RECOMMEND, r#"{"history": {}}"#, "`history` is an object, expected an array"),
        (
            RECOMMEND,
            r#"{"history": [["2", 5]]}"#,
            "`history[0]` is an array, expected an object with `item` and `rating`",
        ),
        (RECOMMEND, r#"{"history": ["2"]}"#, "`history[0]` is \"2\", expected an object with `item` and `rating`"),
        (
            RECOMMEND,
            r#"{"history": [{"item": "2", "rating": 1}, {"item": "2"}]}"#,
            "`history[1]` has no `rating`, expected an object with `item` and `rating`",
        ),
        (
            RECOMMEND,
            r#"{"history": [{"item": "2", "rating": "5"}]}"#,
            "`history[0].rating` is \"5\", expected a number",
        ),
        (RECOMMEND, r#"{"history": [{"item": 2.5, "rating": 5}]}"#, "`history[0].item` is 2.5, expected a string"),
        (RECOMMEND, r#"{"history": [{"item": null, "rating": 5}]}"#, "`history[0].item` is null, expected a string"),
        (
            RECOMMEND,
            r#"{"history": [{"item": "2", "rating": 5, "at": 0}]}"#,
            "`history[0]` has a field `at`, known are item, rating",
        ),
        (
            RECOMMEND,
            r#"{"history": [{"item": "2", "item": "3", "rating": 5}]}"#,
            "`history[0]` has the field `item` twice, once is allowed",
        ),
        (RECOMMEND, r#"{"history": [], "history": []}"#, "the body has the field `history` twice, once is allowed"),
        (RECOMMEND, r#"{"history": [], "limit": "3"}"#, "`limit` is \"3\", expected a whole number"),
        (RECOMMEND, r#"{"history": [], "limit": 2.5}"#, "`limit` is 2.5, expected a whole number"),
        (RECOMMEND, r#"{"history": [], "limit": -1}"#, "`limit` is -1, expected a whole number of at least 0"),
        (RECOMMEND, r#"{"history": [], "limit": null}"#, "`limit` is null, expected a whole number"),
        (
            RECOMMEND,
            r#"{"history": [], "min_year": 65536}"#,
            "`min_year` is 65536, expected a whole number from 0 to 65535",
        ),
        (RECOMMEND, r#"{"history": [], "exclude": "2"}"#, "`exclude` is \"2\", expected an array"),
        (RECOMMEND, r#"{"history": [], "exclude": [[]]}"#, "`exclude[0]` is an array, expected a string"),
        (RECOMMEND, r#"{"history": [], "only": {}}"#, "`only` is an object, expected an array"),
        (RECOMMEND, r#"{"history": [], "fallback": {}}"#, "`fallback` must be `popular` or `none`"),
        (RECOMMEND, r#"{"history": [], "fallback": 1}"#, "`fallback` must be `popular` or `none`"),
        (RECOMMEND, r#"{"history": [], "fallback": "some"}"#, "`fallback` must be `popular` or `none`"),
        (
            RECOMMEND,
            r#"{"history": [], "genres": [], "genre": []}"#,
            "`genre` and `genres` are one field, give one of them",
        ),
        (
            RECOMMEND,
            r#"{"history": [], "colour": 1}"#,
            "the body has a field `colour`, known are history, user, add, remove, diff, limit, exclude, only, genre, \
             min_year, max_year, fallback, explain",
        ),
        (RECOMMEND, r#"{"history": [], "user": "u5"}"#, "the body has `history` and `user`, expected one of them"),
        (RECOMMEND, r#"{"user": 2.5}"#, "`user` is 2.5, expected a string"),
        (RECOMMEND, r#"{"user": "u5", "add": ["2"]}"#, "`add[0]` is \"2\", expected an object with `item` and `value`"),
        (
            RECOMMEND,
            r#"{"user": "u5", "add": [{"item": "2", "value": "5"}]}"#,
            "`add[0].value` is \"5\", expected a number",
        ),
        (RECOMMEND, r#"{"user": "u5", "remove": [{"item": "2"}]}"#, "`remove[0]` is an object, expected a string"),
        (RECOMMEND, r#"{"user": "u5", "diff": "yes"}"#, "`diff` is \"yes\", expected true or false"),
        (RECOMMEND, r#"{"user": "u5", "explain": 2.5}"#, "`explain` is 2.5, expected a whole number"),
        (SCORE, r#"{"user": "u5"}"#, "the body has no `items`, expected an object with `items`"),
        (SCORE, r#"{"items": ["2"]}"#, "the body has no `history` and no `user`, expected one of them"),
        (SCORE, r#"{"user": "u5", "items": "2"}"#, "`items` is \"2\", expected an array"),
        ("/v1/models", r#"[20]"#, "the body is an array, expected an object"),
        ("/recommended", r#"[["5"]]"#, "the body is an array, expected an object"),
        ("/recommended", r#"{"args": [["5"]]}"#, "`args` is an array, expected an object with `param`"),
        ("/recommended", r#"{"args": {"param": "5"}}"#, "`args.param` is \"5\", expected an array"),
    ];
    for (target, body, message) in rows {
        assert_eq!(refused(&server, target, body), format!("422 invalid_body: {message}"), "{target} {body}");
    }
}

#[test]
fn no_message_speaks_of_types_of_rust() {
    let server = start();
    let values = ["null", "true", "-1", "2.5", "1e300", "1e400", "\"x\"", "[]", "[1]", "{}", "{\"a\": 1}", "[[[]]]"];
    let frames = [
        (RECOMMEND, "?"),
        (RECOMMEND, "{\"history\": ?}"),
        (RECOMMEND, "{\"history\": [?]}"),
        (RECOMMEND, "{\"history\": [{\"item\": ?, \"rating\": 5}]}"),
        (RECOMMEND, "{\"history\": [{\"item\": \"2\", \"rating\": ?}]}"),
        (RECOMMEND, "{\"history\": [], \"limit\": ?}"),
        (RECOMMEND, "{\"history\": [], \"exclude\": ?}"),
        (RECOMMEND, "{\"history\": [], \"only\": [?]}"),
        (RECOMMEND, "{\"history\": [], \"genre\": ?}"),
        (RECOMMEND, "{\"history\": [], \"min_year\": ?}"),
        (RECOMMEND, "{\"history\": [], \"fallback\": ?}"),
        (RECOMMEND, "{\"history\": [], \"explain\": ?}"),
        (RECOMMEND, "{\"history\": [], \"add\": ?}"),
        (RECOMMEND, "{\"history\": [], \"add\": [{\"item\": \"2\", \"value\": ?}]}"),
        (RECOMMEND, "{\"history\": [], \"remove\": ?}"),
        (RECOMMEND, "{\"history\": [], \"diff\": ?}"),
        (RECOMMEND, "{\"user\": ?}"),
        (SCORE, "?"),
        (SCORE, "{\"user\": \"u5\", \"items\": ?}"),
        ("/v1/models", "?"),
        ("/v1/models", "{\"rank\": ?}"),
        ("/viewed", "?"),
        ("/viewed", "{\"args\": ?}"),
        ("/viewed", "{\"args\": {\"param\": ?}}"),
    ];
    let mut refusals = 0;
    for (target, frame) in frames {
        for value in values {
            let body = frame.replace('?', value);
            let reply = server.post_json(target, &body);
            if reply.status == 200 || reply.status == 202 {
                continue;
            }
            let (fault, reply) = (reply.fault(), reply.json());
            let message = reply["message"].as_str().unwrap();
            assert_ne!(fault, "400 malformed_json", "{target} {body}: {message}");
            for word in
                ["struct", "enum", "usize", "u16", "u64", "f64", "sequence", "map", "variant", "unit", " at line "]
            {
                assert!(!message.contains(word), "{target} {body}: {message}");
            }
            refusals += 1;
        }
    }
    assert!(refusals > 120, "only {refusals} bodies were refused");
}

#[test]
fn only_what_is_no_json_is_malformed_json() {
    let server = start();
    for body in ["", "{", "history", "{\"history\": []", "{\"history\": [],}", "{\"history\": NaN}", "{} {}", "\u{1}"] {
        assert_eq!(server.post_json(RECOMMEND, body).fault(), "400 malformed_json", "{body}");
    }
    let deep = format!("{{\"history\": {}{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(server.post_json(RECOMMEND, &deep).fault(), "422 invalid_body");
}

#[test]
fn an_id_that_is_a_whole_number_stands_for_its_digits() {
    let server = start();
    for (text, number) in [
        (json!({"history": [{"item": "2", "rating": 5}]}), json!({"history": [{"item": 2, "rating": 5}]})),
        (
            json!({"history": [{"item": "2", "rating": 5}], "exclude": ["3"], "only": ["3", "4", "5"]}),
            json!({"history": [{"item": 2, "rating": 5}], "exclude": [3], "only": [3, "4", 5]}),
        ),
    ] {
        let expected = server.post_json(RECOMMEND, &text.to_string());
        assert_eq!(expected.status, 200, "{expected:?}");
        assert_eq!(server.post_json(RECOMMEND, &number.to_string()).body, expected.body, "{number}");
    }
    let whole = server.post_json(RECOMMEND, r#"{"history": [], "limit": 3.0}"#).json();
    assert_eq!(whole["items"].as_array().unwrap().len(), 3);
    assert_eq!(server.post_json("/recommended", r#"{"args": {"param": [7]}}"#).fault(), "404 unknown_user");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let server = start();
    let body = r#"{"history": [{"item": "2", "rating": 5}]}"#;
    let marked = server.post_json(RECOMMEND, &format!("\u{feff}{body}"));
    assert_eq!((marked.status, marked.body), (200, server.post_json(RECOMMEND, body).body));
    assert_eq!(server.post_json(RECOMMEND, "\u{feff}").fault(), "400 malformed_json");
}

#[test]
fn a_query_and_a_body_take_the_same_names() {
    let server = start();
    let only = server.get("/v1/users/u5/recommendations?only=3&only=4&only=nothing").json();
    assert_eq!(only["unknown_items"], json!(["nothing"]));
    assert!(only["items"].as_array().unwrap().len() <= 2, "{only}");
    let bodies = ["genre", "genres"].map(|name| {
        server.post_json(RECOMMEND, &format!(r#"{{"history": [{{"item": "2", "rating": 5}}], "{name}": ["Comedy"]}}"#))
    });
    assert_eq!(bodies[0].status, 200, "{:?}", bodies[0]);
    assert_eq!(bodies[0].body, bodies[1].body);
}

#[test]
fn a_model_is_refused_in_the_words_of_its_parameters() {
    let server = start();
    for (body, message) in [
        (r#"{"rank": "many"}"#, "parameter `rank` of the model `svd`: found string \"many\", expected a whole number"),
        (r#"{"rank": -1}"#, "parameter `rank` of the model `svd`: found `-1`, expected a whole number"),
        (r#"{"rank": 3, "colour": 1}"#, "the model `svd` has no parameter `colour`; it has rank, seed, tolerance"),
        (
            r#"{"model": "eese"}"#,
            "there is no model `eese`, did you mean `ease`?; there are svd, popularity, trending, bias",
        ),
        (r#"{"model": "ease", "lambda": 0}"#, "lambda 0 was asked for, allowed are numbers above 0"),
    ] {
        let refused = refused(&server, "/v1/models", body);
        assert!(refused.starts_with(&format!("422 invalid_model: {message}")), "{body}: {refused}");
    }
}
