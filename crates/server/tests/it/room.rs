//! What clients may take together: places for connections, and bytes.

use std::io::Write;
use std::time::{Duration, Instant};

use foretaste_net::Budget;
use foretaste_server::{Limits, ServerConfig};

use crate::client::{Client, Running, any_port, recommender, start_with};

/// A connection whose request is never complete: all but the last byte of a body of that length.
fn unfinished(server: &Running, bytes: usize) -> Client {
    let mut client = server.client();
    let head = format!(
        "POST /v1/recommendations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"
    );
    client.socket.write_all(head.as_bytes()).unwrap();
    // The service may refuse it before all is sent.
    let _ = client.socket.write_all(&vec![b' '; bytes - 1]);
    client
}

/// Waits until a request is answered as it should be.
fn answers(server: &Running, status: u16) {
    let until = Instant::now() + Duration::from_secs(5);
    while server.client().try_send("GET", "/healthz", &[], b"").map(|reply| reply.status) != Some(status) {
        assert!(Instant::now() < until, "no {status} within 5 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_idle_connection_gives_way_to_a_new_one() {
    let limits = Limits { connections_per_ip: 3, ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let mut open: Vec<Client> = (0..3).map(|_| server.client()).collect();
    for client in &mut open {
        assert_eq!(client.send("GET", "/healthz", &[], b"").status, 200);
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..20 {
        assert_eq!(server.client().send("GET", "/v1/popular", &[], b"").status, 200);
    }
    assert!(open[0].is_closed(), "the one that is idle longest goes first");
}

#[test]
fn connections_beyond_the_cap_are_turned_away_while_all_are_busy() {
    let limits = Limits { connections_per_ip: 2, ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let busy: Vec<Client> = (0..2).map(|_| unfinished(&server, 1000)).collect();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.client().read(false).unwrap().fault(), "503 too_many_connections");
    drop(busy);
    answers(&server, 200);
}

#[test]
fn bodies_of_all_clients_are_held_within_one_budget() {
    let budget = Budget::new(1 << 20);
    let server = start_with(ServerConfig { budget, ..any_port() }, recommender(12, 3));
    let mut large: Vec<Client> = (0..8).map(|_| unfinished(&server, 300_000)).collect();
    let refused = |client: &mut Client| {
        client.socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut byte = [0];
        client.socket.peek(&mut byte).is_ok()
    };
    std::thread::sleep(Duration::from_millis(300));
    let told: Vec<usize> = (0..8).filter(|&at| refused(&mut large[at])).collect();
    assert!((4..8).contains(&told.len()), "{} of 8 are refused: three fit", told.len());
    let reply = large[told[0]].read(false).unwrap();
    assert_eq!(reply.fault(), "503 overloaded");
    assert_eq!(reply.header("retry-after"), Some("1"));
    // A small request needs no room, and what was refused or is gone takes none.
    let small = server.post_json("/v1/recommendations", r#"{"history": [{"item": "2", "rating": 5}]}"#);
    assert_eq!(small.status, 200, "{}", small.body);
    drop(large);
    let until = Instant::now() + Duration::from_secs(5);
    let body = format!(r#"{{"history": []{}}}"#, " ".repeat(900_000));
    while server.post_json("/v1/recommendations", &body).status == 503 {
        assert!(Instant::now() < until, "the room was not given back");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn replies_that_nobody_reads_are_in_the_budget() {
    let budget = Budget::new(2 << 20);
    let server = start_with(ServerConfig { budget, ..any_port() }, recommender(12, 3));
    let ask = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut unread: Vec<Client> = (0..4).map(|_| server.client()).collect();
    for client in &mut unread {
        // More than the buffers of both sides hold.
        client.socket.write_all(&ask.repeat(20)).unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.get("/docs/swagger-ui-bundle.js").status, 503);
    assert_eq!(server.get("/v1/popular").status, 200);
    drop(unread);
    let until = Instant::now() + Duration::from_secs(5);
    while server.get("/docs/swagger-ui-bundle.js").status != 200 {
        assert!(Instant::now() < until, "the room was not given back");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_body_that_stops_coming_gives_its_room_back_however_large_it_is() {
    let limits = Limits { body: Duration::from_millis(400), ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let begun = Instant::now();
    // At 64 KiB a second a body of this size would have 14 s.
    let reply = unfinished(&server, 900_000).read(false).unwrap();
    assert_eq!(reply.fault(), "408 timeout");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
