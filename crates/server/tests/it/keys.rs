//! Who may do what: every route of the document with every role.

use std::sync::Arc;

use foretaste_keys::{Keys, Role, Secret};
use foretaste_net::Access;
use foretaste_server::ServerConfig;
use jiff::Timestamp;
use serde_json::Value;

use crate::client::{Reply, Running, any_port, recommender, start, start_with};

/// A server with a key of each role, named as its role.
fn keyed(open_metrics: bool) -> (Running, [(Role, Secret); 3]) {
    let mut keys = Keys::default();
    let secrets = Role::ALL.map(|role| (role, keys.add(role.name(), role, None, None, Timestamp::now()).unwrap().0));
    let access = Access::default().with_keys(Arc::new(keys), open_metrics);
    (start_with(ServerConfig { access, ..any_port() }, recommender(12, 3)), secrets)
}

fn ask(server: &Running, method: &str, path: &str, key: Option<&str>) -> Reply {
    let headers: Vec<String> = key.iter().map(|key| format!("authorization: Bearer {key}")).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    server.client().send(method, path, &headers, b"")
}

/// Every operation of the document, with the role that it states; `None` where it states none.
fn operations(document: &Value) -> Vec<(String, String, Option<Role>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let requirement = operation["security"].as_array().and_then(|all| all.last());
            let role = requirement.map(|one| one["api_key"][0].as_str().unwrap().parse().unwrap());
            all.push((method.to_uppercase(), path.clone(), role));
        }
    }
    all
}

#[test]
fn every_route_lets_in_those_roles_alone_that_the_document_states() {
    let (server, secrets) = keyed(false);
    let document = server.get("/openapi.json").json();
    let operations = operations(&document);
    assert_eq!(operations.len(), 22, "{operations:?}");
    let stated = |method: &str, path: &str| {
        operations.iter().find(|(a, b, _)| a == method && b == path).unwrap_or_else(|| panic!("{method} {path}")).2
    };
    for (method, path, role) in [
        ("POST", "/recommended", Some(Role::Read)),
        ("POST", "/viewed", Some(Role::Read)),
        ("GET", "/metrics", Some(Role::Read)),
        ("POST", "/v1/recommendations", Some(Role::Read)),
        ("POST", "/v1/score", Some(Role::Read)),
        ("POST", "/v1/events", Some(Role::Write)),
        ("POST", "/v1/ratings", Some(Role::Write)),
        ("POST", "/recompute_svd", Some(Role::Admin)),
        ("POST", "/v1/models", Some(Role::Admin)),
        ("POST", "/v1/models/{version}/activate", Some(Role::Admin)),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
    ] {
        assert_eq!(stated(method, path), role, "{method} {path}");
    }
    for (method, template, needed) in &operations {
        let path = template.replace(['{', '}'], "");
        let anonymous = ask(&server, method, &path, None);
        let Some(needed) = needed else {
            assert_eq!(anonymous.status, 200, "{method} {path}");
            continue;
        };
        assert_eq!(anonymous.fault(), "401 missing_key", "{method} {path}");
        assert_eq!(anonymous.header("www-authenticate"), Some("Bearer realm=\"foretaste\""));
        let unknown = ask(&server, method, &path, Some("ftk_00000000000000000000000000000000"));
        assert_eq!(unknown.fault(), "401 unknown_key", "{method} {path}");
        for (role, secret) in &secrets {
            let reply = ask(&server, method, &path, Some(secret.reveal()));
            if role >= needed {
                assert!(
                    ![401, 403, 404, 405].contains(&reply.status) || reply.body.contains("unknown_"),
                    "{method} {path} {role}: {}",
                    reply.fault()
                );
            } else {
                assert_eq!(reply.fault(), "403 insufficient_role", "{method} {path} {role}");
                assert!(reply.body.contains(&format!("has role {role}, this needs role {needed}")), "{}", reply.body);
            }
        }
    }
}

#[test]
fn pages_are_open_and_all_else_is_closed() {
    let (server, secrets) = keyed(false);
    for path in ["/", "/docs", "/docs/", "/docs/index.css", "/openapi.json", "/healthz", "/readyz"] {
        for method in ["GET", "HEAD"] {
            let status = ask(&server, method, path, None).status;
            assert!([200, 308].contains(&status), "{method} {path}: {status}");
        }
    }
    let key = Some(secrets[0].1.reveal());
    for (method, path) in [
        ("GET", "/nowhere"),
        ("DELETE", "/v1/models"),
        ("OPTIONS", "/v1/models"),
        ("POST", "/"),
        ("GET", "//v1/models"),
        ("GET", "/v1/../metrics"),
        ("GET", "/docs/../metrics"),
        ("HEAD", "/metrics"),
    ] {
        if path.starts_with("/docs/") {
            assert_eq!(ask(&server, method, path, None).fault(), "404 unknown_route", "{path}");
            continue;
        }
        assert_eq!(ask(&server, method, path, None).status, 401, "{method} {path}");
        assert_ne!(ask(&server, method, path, key).status, 401, "{method} {path}");
    }
    let (open, _) = keyed(true);
    assert_eq!(ask(&open, "GET", "/metrics", None).status, 200);
    assert_eq!(ask(&open, "GET", "/v1/models", None).status, 401);
}

#[test]
fn a_body_that_nobody_may_send_is_not_needed_for_the_refusal() {
    let (server, secrets) = keyed(false);
    let mut client = server.client();
    let body = vec![b'x'; 300_000];
    let first = client.send("POST", "/v1/recommendations", &["content-type: application/json"], &body);
    assert_eq!(first.fault(), "401 missing_key");
    let key = format!("x-api-key: {}", secrets[0].1.reveal());
    let second = client.send("POST", "/v1/recommendations", &["content-type: application/json", &key], b"{}");
    assert_eq!(second.status, 422, "the connection goes on: {}", second.body);
}

#[test]
fn a_key_with_a_rate_is_told_what_is_left() {
    let mut keys = Keys::default();
    let (secret, _) = keys.add("few", Role::Read, None, "3/h".parse().ok(), Timestamp::now()).unwrap();
    let access = Access::default().with_keys(Arc::new(keys), false);
    let server = start_with(ServerConfig { access, ..any_port() }, recommender(12, 3));
    let key = Some(secret.reveal());
    for left in [2, 1, 0] {
        let reply = ask(&server, "GET", "/v1/popular", key);
        assert_eq!((reply.status, reply.header("ratelimit-policy")), (200, Some("\"key\";q=3;w=3600")));
        assert!(reply.header("ratelimit").unwrap().starts_with(&format!("\"key\";r={left};t=")));
    }
    let reply = ask(&server, "GET", "/v1/popular", key);
    assert_eq!(reply.fault(), "429 rate_limited");
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1195..=1200).contains(&wait) && reply.header("ratelimit").is_some(), "{}", reply.headers);
    assert_eq!(ask(&server, "GET", "/healthz", key).status, 200, "what is open costs nothing");
}

#[test]
fn without_keys_nothing_is_asked_for_and_the_document_says_so() {
    let server = start();
    let document = server.get("/openapi.json").json();
    let security = &document["paths"]["/recompute_svd"]["post"]["security"];
    assert_eq!(security[0], serde_json::json!({}), "{security}");
    assert_eq!(ask(&server, "POST", "/recompute_svd?param=2", None).status, 200);
    assert_eq!(ask(&server, "POST", "/recompute_svd?param=2", Some("whatever")).status, 200);
}
