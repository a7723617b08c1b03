//! Every row of the error table, and that each is documented.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod client;

use client::start;

#[test]
fn what_is_wrong_with_a_get_has_its_code() {
    let server = start();
    let rows = [
        ("/nowhere", "404 unknown_route"),
        ("/v1/users//ratings", "404 unknown_route"),
        ("/docs/nowhere", "404 unknown_route"),
        ("/v1/users/nobody/ratings", "404 unknown_user"),
        ("/v1/items/nothing", "404 unknown_item"),
        ("/v1/items/nothing/similar", "404 unknown_item"),
        ("/v1/jobs/j9", "404 unknown_job"),
        ("/v1/users/%FF/ratings", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?limit=ten", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?limit=-1", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?limit=", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?limit=1&limit=2", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?colour=red", "400 invalid_parameter"),
        ("/v1/users/u5/recommendations?min_year=70000", "400 invalid_parameter"),
        ("/v1/users/u5/recommendations?fallback=perhaps", "400 invalid_parameter"),
        ("/healthz?x=1", "400 invalid_parameter"),
        ("/v1/users/u5/ratings?limit=0", "422 invalid_limit"),
        ("/v1/users/u5/ratings?limit=1001", "422 invalid_limit"),
        ("/v1/users/u5/recommendations?limit=1000000000", "422 invalid_limit"),
        ("/v1/items/2/similar?limit=18446744073709551616", "422 invalid_limit"),
    ];
    for (target, fault) in rows {
        assert_eq!(server.get(target).fault(), fault, "GET {target}");
    }
}

#[test]
fn what_is_wrong_with_a_tutorial_call_has_its_code() {
    let server = start();
    let rows = [
        ("/recommended", "400 missing_parameter"),
        ("/viewed", "400 missing_parameter"),
        ("/recompute_svd", "400 missing_parameter"),
        ("/recommended?param=nobody", "404 unknown_user"),
        ("/viewed?param=nobody", "404 unknown_user"),
        ("/viewed?param=", "404 unknown_user"),
        ("/viewed?parm=1", "400 invalid_parameter"),
        ("/recompute_svd?param=many", "400 invalid_parameter"),
        ("/recompute_svd?param=-1", "400 invalid_parameter"),
        ("/recompute_svd?param=", "400 invalid_parameter"),
        ("/recompute_svd?param=1.5", "400 invalid_parameter"),
        ("/recompute_svd?param=0", "422 invalid_rank"),
        ("/recompute_svd?param=13", "422 invalid_rank"),
        ("/recompute_svd?param=99999999999999999999999", "422 invalid_rank"),
        ("/v1/models/v9/activate", "404 unknown_model"),
    ];
    for (target, fault) in rows {
        assert_eq!(server.post(target).fault(), fault, "POST {target}");
    }
    assert_eq!(server.get("/metrics").json()["requests"], 0, "a refused recompute is not counted");
}

#[test]
fn what_is_wrong_with_a_body_has_its_code() {
    let server = start();
    let deep = "[".repeat(100_000);
    let many = format!(r#"{{"history": [], "exclude": [{}"x"]}}"#, "\"x\",".repeat(10_000));
    let rows = [
        ("/recommended", "{", "400 malformed_json"),
        ("/recommended", "{}", "422 invalid_body"),
        ("/recommended", r#"{"args": {"param": []}}"#, "400 missing_parameter"),
        ("/recommended", r#"{"args": {"param": [5]}}"#, "422 invalid_body"),
        ("/recommended", &deep, "422 invalid_body"),
        ("/v1/models", "", "400 malformed_json"),
        ("/v1/models", r#"{"rank": "many"}"#, "422 invalid_body"),
        ("/v1/models", r#"{"rank": -1}"#, "422 invalid_body"),
        ("/v1/models", r#"{"rank": 3, "colour": 1}"#, "422 invalid_body"),
        ("/v1/models", r#"{"rank": 0}"#, "422 invalid_rank"),
        ("/v1/models", r#"{"rank": 13}"#, "422 invalid_rank"),
        ("/v1/recommendations", r#"{"history": [], "colour": 1}"#, "422 invalid_body"),
        ("/v1/recommendations", r#"{"history": [{"item": "2"}]}"#, "422 invalid_body"),
        ("/v1/recommendations", r#"{"history": [{"item": "2", "rating": -1}]}"#, "422 invalid_rating"),
        ("/v1/recommendations", r#"{"history": [{"item": "2", "rating": 1e39}]}"#, "422 invalid_rating"),
        ("/v1/recommendations", r#"{"history": [{"item": "2", "rating": NaN}]}"#, "400 malformed_json"),
        ("/v1/recommendations", r#"{"history": [], "limit": 0}"#, "422 invalid_limit"),
        ("/v1/recommendations", &many, "422 too_many_entries"),
    ];
    for (target, body, fault) in rows {
        let shown: String = body.chars().take(60).collect();
        assert_eq!(server.post_json(target, body).fault(), fault, "POST {target} {shown}");
    }
    let text = ["content-type: text/plain"];
    for target in ["/v1/models", "/v1/recommendations", "/recommended"] {
        let reply = server.client().send("POST", target, &text, b"rank 3");
        assert_eq!(reply.fault(), "415 unsupported_media_type", "POST {target}");
    }
    let packed = ["content-type: application/json", "content-encoding: gzip"];
    let reply = server.client().send("POST", "/v1/models", &packed, br#"{"rank": 3}"#);
    assert_eq!(reply.fault(), "415 unsupported_media_type");
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let server = start();
    for (method, target, allow) in [
        ("GET", "/recommended", "POST"),
        ("DELETE", "/v1/models", "GET,HEAD,POST"),
        ("PATCH", "/healthz", "GET,HEAD"),
        ("PUT", "/docs/", "GET,HEAD"),
    ] {
        let reply = server.client().send(method, target, &[], b"");
        assert_eq!((reply.fault().as_str(), reply.header("allow")), ("405 method_not_allowed", Some(allow)));
    }
}

#[test]
fn what_is_too_large_is_refused_and_closed() {
    let server = start();
    let long = server.get(&format!("/v1/items/{}", "x".repeat(9_000)));
    assert_eq!((long.fault().as_str(), long.header("connection")), ("414 uri_too_long", Some("close")));
    let json = ["content-type: application/json"];
    let large = server.client().send("POST", "/v1/models", &json, &vec![b' '; 2 * 1024 * 1024]);
    assert_eq!(large.fault(), "413 body_too_large");
    let header = format!("x-large: {}", "x".repeat(100_000));
    assert_eq!(server.client().send("GET", "/healthz", &[&header], b"").status, 431);
    let many: Vec<String> = (0..150).map(|number| format!("x-{number}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(server.client().send("GET", "/healthz", &many, b"").status, 431);
}

#[test]
fn a_chunked_body_cannot_hide_its_size() {
    use std::io::Write;
    let server = start();
    let mut client = server.client();
    let head =
        "POST /v1/models HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    client.socket.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..17 {
        let _ = client.socket.write_all(chunk.as_bytes());
    }
    assert_eq!(client.read(false).unwrap().fault(), "413 body_too_large");
}

#[test]
fn every_status_of_these_tests_is_documented() {
    let document: serde_json::Value = serde_json::from_str(&foretaste_server::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 15);
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            for status in ["400", "405", "413", "414", "431", "500"] {
                assert!(statuses.iter().any(|found| *found == status), "{method} {path} lacks {status}");
            }
            if method == "post" && !path.ends_with("/activate") {
                assert!(statuses.iter().any(|found| *found == "415"), "{method} {path} lacks 415");
            }
        }
    }
}
