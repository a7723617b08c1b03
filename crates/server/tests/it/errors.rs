//! Every row of the error table, and that each is documented.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use foretaste_server::{Limits, ServerConfig};
use serde_json::Value;

use crate::client::{any_port, recommender, start, start_with, unreachable};

#[test]
fn what_is_wrong_with_a_get_has_its_code() {
    let server = start();
    let rows = [
        ("/nowhere", "404 unknown_route"),
        ("/v1/users//ratings", "404 unknown_user"),
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
        ("/recommended", r#"{"args": {"param": [5]}}"#, "404 unknown_user"),
        ("/recommended", &deep, "422 invalid_body"),
        ("/v1/models", "", "400 malformed_json"),
        ("/v1/models", r#"{"rank": "many"}"#, "422 invalid_model"),
        ("/v1/models", r#"{"rank": -1}"#, "422 invalid_model"),
        ("/v1/models", r#"{"rank": 3, "colour": 1}"#, "422 invalid_model"),
        ("/v1/models", r#"{"rank": 0}"#, "422 invalid_rank"),
        ("/v1/models", r#"{"rank": 13}"#, "422 invalid_rank"),
        ("/v1/recommendations", r#"{"history": [], "colour": 1}"#, "422 invalid_body"),
        ("/v1/recommendations", r#"{"history": [{"item": "2"}]}"#, "422 invalid_body"),
        ("/v1/recommendations", r#"{"history": [{"item": "2", "rating": 0}], "fallback": "none"}"#, "404 no_direction"),
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
    let huge = server.client().try_send("GET", "/healthz", &[&header], b"");
    // The rest of the head stays unread, so that a reset may overtake the answer.
    assert!(huge.is_none_or(|reply| reply.status == 431));
    let many: Vec<String> = (0..150).map(|number| format!("x-{number}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(server.client().send("GET", "/healthz", &many, b"").status, 431);
}

#[test]
fn a_chunked_body_cannot_hide_its_size() {
    let server = start();
    let mut client = server.client();
    let head = "POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    client.socket.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..17 {
        let _ = client.socket.write_all(chunk.as_bytes());
    }
    client.socket.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(client.read(false).unwrap().fault(), "413 body_too_large");
}

#[test]
fn a_body_that_is_not_framed_as_http_says_is_unreadable() {
    let server = start();
    let mut client = server.client();
    let head = "POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    client.socket.write_all(head.as_bytes()).unwrap();
    client.socket.write_all(b"zz\r\n{}\r\n").unwrap();
    assert_eq!(client.read(false).unwrap().fault(), "400 unreadable_body");
}

#[test]
fn a_body_that_is_too_slow_is_a_timeout() {
    let limits = Limits { body: Duration::from_millis(200), ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let mut client = server.client();
    let head =
        "POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    client.socket.write_all(head.as_bytes()).unwrap();
    assert_eq!(client.read(false).unwrap().fault(), "408 timeout");
}

/// A client that sends what it announced before it reads must get to the answer.
#[test]
fn a_body_that_is_too_large_is_taken_in_before_the_connection_is_closed() {
    let server = start();
    let piece = vec![b' '; 256 * 1024];
    let head = "POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    for chunked in [false, true] {
        let mut client = server.client();
        let framing = if chunked { "transfer-encoding: chunked" } else { "content-length: 2097152" };
        client.socket.write_all(format!("{head}{framing}\r\n\r\n").as_bytes()).unwrap();
        for _ in 0..8 {
            if chunked {
                client.socket.write_all(b"40000\r\n").unwrap();
            }
            client.socket.write_all(&piece).unwrap_or_else(|error| panic!("chunked {chunked}: {error}"));
            if chunked {
                client.socket.write_all(b"\r\n").unwrap();
            }
            // Time in which a connection that was closed is found to be.
            std::thread::sleep(Duration::from_millis(20));
        }
        if chunked {
            client.socket.write_all(b"0\r\n\r\n").unwrap();
        }
        assert_eq!(client.read(false).unwrap().fault(), "413 body_too_large", "chunked {chunked}");
    }
}

#[test]
fn a_fit_that_fails_is_told_and_the_model_that_served_goes_on() {
    let server = start_with(any_port(), unreachable(12, 3));
    let reply = server.post("/recompute_svd?param=4");
    assert_eq!(reply.fault(), "500 fit_failed");
    assert_eq!(server.post_json("/v1/models", r#"{"rank": 4}"#).status, 202);
    let job = server.ended("j2");
    assert_eq!((&job["state"], &job["error"]["code"]), (&"failed".into(), &"fit_failed".into()), "{job}");
    assert_eq!(server.post("/recommended?param=u5").header("x-model-version"), Some("v1"));
    let open_metrics = ["accept: application/openmetrics-text;version=1.0.0"];
    let scraped = server.client().send("GET", "/metrics", &open_metrics, b"").body;
    assert!(scraped.contains("\nforetaste_fits_failed_total 2\n"), "{scraped}");
}

#[test]
fn a_fit_without_the_memory_for_it_is_refused() {
    let server = start_with(ServerConfig { memory: Some(1000), ..any_port() }, recommender(12, 3));
    for reply in [server.post("/recompute_svd?param=4"), server.post_json("/v1/models", r#"{"rank": 4}"#)] {
        assert_eq!(reply.fault(), "422 not_enough_memory");
    }
}

#[test]
fn a_service_that_shuts_down_is_not_ready_and_says_when_to_come_back() {
    let mut server = start();
    let mut client = server.client();
    assert_eq!(client.send("GET", "/readyz", &[], b"").status, 200);
    server.signal();
    let until = Instant::now() + Duration::from_secs(20);
    let reply = loop {
        // An answer closes the connection, and only one that is open still gets one: it is asked once.
        std::thread::sleep(Duration::from_millis(200));
        match client.try_send("GET", "/readyz", &[], b"") {
            Some(reply) => break reply,
            None => assert!(Instant::now() < until, "no answer"),
        }
    };
    assert_eq!((reply.fault().as_str(), reply.header("retry-after")), ("503 shutting_down", Some("1")));
}

#[test]
fn what_the_model_that_serves_cannot_do_is_said() {
    let server = start();
    assert_eq!(server.post_json("/v1/models", r#"{"model": "popularity"}"#).status, 202);
    server.ended("j1");
    assert_eq!(server.get("/v1/items/2/similar").fault(), "422 not_supported");
    assert_eq!(server.get("/v1/users/u5/recommendations").status, 200);
}

/// What events may be refused with.
const EVENTS: [&str; 8] = [
    "409 no_store",
    "422 invalid_event",
    "422 too_many_entries",
    "503 overloaded",
    "503 shutting_down",
    "503 storage_away",
    "503 storage_failed",
    "507 storage_full",
];

/// What a list for a history, or a place in one, may be refused with.
const HISTORY: [&str; 10] = [
    "404 no_direction",
    "404 unknown_history",
    "404 unknown_user",
    "422 invalid_explain",
    "422 invalid_limit",
    "422 invalid_rating",
    "422 not_in_history",
    "422 not_supported",
    "422 too_many_entries",
    "503 overloaded",
];

#[test]
fn every_error_of_every_operation_is_documented_with_its_codes() {
    let document: Value = serde_json::from_str(&foretaste_server::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 21);
    // Routes by what they do, and the codes that each kind may answer.
    let any = [
        "400 ambiguous_request",
        "400 invalid_parameter",
        "417 expectation_failed",
        "421 misdirected_request",
        "405 method_not_allowed",
        "413 body_too_large",
        "414 uri_too_long",
        "500 internal",
    ];
    let body =
        ["400 malformed_json", "400 unreadable_body", "408 timeout", "415 unsupported_media_type", "422 invalid_body"];
    let fit =
        ["409 fit_queue_full", "422 invalid_model", "422 invalid_rank", "422 not_enough_memory", "503 shutting_down"];
    let more: [(&str, &[&str]); 22] = [
        ("viewed", &["400 missing_parameter", "404 unknown_user", "503 overloaded"]),
        ("recommended", &["400 missing_parameter", "404 unknown_user", "503 overloaded"]),
        ("recompute_svd", &["400 missing_parameter", "500 fit_failed"]),
        (
            "user_recommendations",
            &[
                "404 no_direction",
                "404 unknown_user",
                "422 invalid_explain",
                "422 invalid_limit",
                "422 not_supported",
                "422 too_many_entries",
                "503 overloaded",
            ],
        ),
        ("user_ratings", &["404 unknown_user", "422 invalid_limit", "503 overloaded"]),
        ("recommend_for_history", &HISTORY),
        ("score", &HISTORY),
        ("item", &["404 unknown_item", "503 overloaded"]),
        (
            "similar_items",
            &["404 unknown_item", "422 invalid_limit", "422 not_supported", "422 too_many_entries", "503 overloaded"],
        ),
        ("popular_items", &["422 invalid_limit", "422 too_many_entries", "503 overloaded"]),
        ("schema", &["503 overloaded"]),
        ("user", &["404 unknown_user", "503 overloaded"]),
        ("list_models", &[]),
        ("fit_model", &[]),
        ("activate_model", &["404 unknown_model"]),
        ("list_jobs", &[]),
        ("job", &["404 unknown_job"]),
        ("healthz", &[]),
        ("readyz", &["503 shutting_down", "503 storage_failed"]),
        ("write_events", &EVENTS),
        ("write_ratings", &EVENTS),
        ("metrics", &[]),
    ];
    let mut ids = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "`{id}` is the name of two operations");
            let mut expected: BTreeSet<&str> = any.into();
            if !["healthz", "readyz"].contains(&id) {
                expected.extend([
                    "401 missing_key",
                    "401 unknown_key",
                    "401 expired_key",
                    "403 insufficient_role",
                    "429 rate_limited",
                ]);
            }
            if method == "post" {
                expected.insert("403 foreign_origin");
            }
            if operation.get("requestBody").is_some() {
                expected.extend(body);
            }
            if ["fit_model", "recompute_svd"].contains(&id) {
                expected.extend(fit);
            }
            expected.extend(more.iter().find(|(name, _)| *name == id).unwrap_or_else(|| panic!("{method} {path}")).1);
            let mut found = BTreeSet::new();
            for (status, response) in operation["responses"].as_object().unwrap() {
                for part in response["description"].as_str().unwrap().split("; ").filter(|part| part.starts_with('`')) {
                    found.insert(format!("{status} {}", &part[1..part[1..].find('`').unwrap() + 1]));
                }
            }
            let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(found, expected, "{method} {path}");
            assert!(operation["responses"]["431"].is_object(), "{method} {path}");
        }
    }
    assert_eq!(ids.len(), more.len(), "an operation of the table is not in the document");
}
