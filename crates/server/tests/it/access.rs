//! By which names the service may be called, and what pages of other origins may do.

use std::io::Write;

use foretaste_net::Access;
use foretaste_server::ServerConfig;

use crate::client::{Client, Reply, Running, any_port, recommender, start, start_with};

/// Sends a head as it stands.
fn raw(server: &Running, first: &str, headers: &[&str]) -> Reply {
    let mut client = Client::to(server.address);
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    client.socket.write_all(format!("{first} HTTP/1.1\r\n{headers}\r\n").as_bytes()).unwrap();
    client.read(first.starts_with("HEAD")).unwrap()
}

fn shared_with(hosts: &[&str], origins: &[&str]) -> Running {
    let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let access = Access::new(&texts(hosts), &texts(origins)).unwrap();
    start_with(ServerConfig { access, ..any_port() }, recommender(12, 3))
}

#[test]
fn a_name_that_was_made_to_point_here_is_no_name_of_the_service() {
    let server = start();
    for first in ["GET /v1/users/1/recommendations", "POST /recompute_svd?param=2", "GET /nowhere", "OPTIONS /v1/jobs"]
    {
        let reply = raw(&server, first, &["host: evil.example:8080", "content-length: 0"]);
        assert_eq!(reply.fault(), "421 misdirected_request", "{first}");
        assert!(reply.body.contains("`--host evil.example:8080` would allow it"), "{}", reply.body);
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(reply.header("x-request-id").is_some() && reply.header("x-content-type-options") == Some("nosniff"));
    }
    assert_eq!(
        raw(&server, "GET http://evil.example/v1/jobs", &["host: localhost"]).fault(),
        "421 misdirected_request"
    );
    for probe in ["GET /healthz", "HEAD /readyz"] {
        assert_eq!(raw(&server, probe, &["host: evil.example"]).status, 200, "{probe}");
    }
    for host in ["localhost:9", "127.0.0.1", "[::1]:80"] {
        assert_eq!(raw(&server, "GET /v1/jobs", &[&format!("host: {host}")]).status, 200, "{host}");
    }
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 0, "no fit was asked for");
    let named = shared_with(&["shop.example"], &[]);
    assert_eq!(raw(&named, "GET /v1/jobs", &["host: shop.example"]).status, 200);
    assert_eq!(raw(&named, "GET /v1/jobs", &["host: evil.example"]).status, 421);
}

#[test]
fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let server = start();
    let head = "POST /v1/recommendations";
    for headers in [
        &["content-length: 0"][..],
        &["host: localhost", "host: localhost", "content-length: 0"],
        &["host: localhost", "transfer-encoding: chunked, chunked"],
        &["host: localhost", "transfer-encoding: chunked", "transfer-encoding: chunked"],
    ] {
        let reply = raw(&server, head, headers);
        assert_eq!(reply.fault(), "400 ambiguous_request", "{headers:?}");
        assert_eq!(reply.header("connection"), Some("close"));
    }
}

#[test]
fn nothing_can_be_expected_but_to_go_on() {
    let server = start();
    let expecting = |what: &str| raw(&server, "GET /v1/popular", &["host: localhost", &format!("expect: {what}")]);
    assert_eq!(expecting("200-ok").fault(), "417 expectation_failed");
    assert_eq!(expecting("100-Continue").status, 200);
}

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let server = start();
    let foreign: [&[&str]; 3] = [
        &["host: localhost", "content-length: 0", "origin: http://evil.example"],
        &["host: localhost", "content-length: 0", "origin: null", "sec-fetch-site: cross-site"],
        &["host: localhost", "content-length: 0", "sec-fetch-site: cross-site"],
    ];
    for headers in foreign {
        for first in
            ["POST /recompute_svd?param=2", "POST /v1/models", "POST /v1/models/v1/activate", "DELETE /v1/jobs"]
        {
            let reply = raw(&server, first, headers);
            assert_eq!(reply.fault(), "403 foreign_origin", "{first} {headers:?}");
            assert!(!reply.headers.contains("access-control-"), "{}", reply.headers);
        }
        let read = raw(&server, "GET /v1/jobs", headers);
        assert!(read.status == 200 && !read.headers.contains("access-control-"), "{}", read.headers);
    }
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 0, "no fit was asked for");
    let own = ["host: localhost:80", "content-length: 0", "origin: http://localhost", "sec-fetch-site: same-origin"];
    assert_eq!(raw(&server, "POST /recompute_svd?param=2", &own).status, 200);
}

#[test]
fn a_page_of_an_allowed_origin_may_call_and_read() {
    let server = shared_with(&[], &["https://shop.example"]);
    let page = ["host: localhost", "content-length: 0", "origin: https://shop.example", "sec-fetch-site: cross-site"];
    let asked = [
        "host: localhost",
        "origin: https://shop.example",
        "access-control-request-method: POST",
        "access-control-request-headers: content-type,x-request-id",
        "access-control-request-private-network: true",
    ];
    let preflight = raw(&server, "OPTIONS /v1/models", &asked);
    assert_eq!((preflight.status, preflight.body.as_str()), (204, ""));
    for (name, value) in [
        ("access-control-allow-origin", "https://shop.example"),
        ("access-control-allow-headers", "content-type,x-request-id"),
        ("access-control-allow-private-network", "true"),
        ("access-control-max-age", "600"),
        ("vary", "origin"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{name}");
    }
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    for first in ["POST /recompute_svd?param=2", "GET /v1/popular", "GET /nowhere"] {
        let reply = raw(&server, first, &page);
        assert_ne!(reply.status, 403, "{first}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"), "{first}");
        assert!(reply.header("access-control-expose-headers").unwrap().contains("x-model-version"));
    }
    // What is refused by its head alone can be read, too.
    let ambiguous = ["host: localhost", "content-length: 0", "origin: https://shop.example", "expect: 200-ok"];
    let refused = raw(&server, "GET /v1/popular", &ambiguous);
    assert_eq!(refused.fault(), "417 expectation_failed");
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://shop.example"));
    // Another page gets neither, and caches are told that it depends.
    let other = ["host: localhost", "content-length: 0", "origin: https://evil.example"];
    assert_eq!(raw(&server, "POST /recompute_svd?param=2", &other).fault(), "403 foreign_origin");
    let read = raw(&server, "GET /v1/popular", &other);
    assert_eq!((read.header("access-control-allow-origin"), read.header("vary")), (None, Some("origin")));
    let asked = ["host: localhost", "origin: https://evil.example", "access-control-request-method: POST"];
    assert_eq!(raw(&server, "OPTIONS /v1/models", &asked).header("access-control-allow-origin"), None);
    let all = shared_with(&[], &["*"]);
    assert_eq!(raw(&all, "GET /v1/popular", &other).header("access-control-allow-origin"), Some("*"));
}

#[test]
fn options_names_the_methods_of_a_path() {
    let server = start();
    for (path, allow) in [("/recommended", "POST, OPTIONS"), ("/v1/models", "GET,HEAD,POST, OPTIONS")] {
        let reply = raw(&server, &format!("OPTIONS {path}"), &["host: localhost"]);
        assert_eq!((reply.status, reply.header("allow"), reply.body.as_str()), (204, Some(allow), ""));
    }
    assert_eq!(raw(&server, "OPTIONS /nowhere", &["host: localhost"]).fault(), "404 unknown_route");
}
