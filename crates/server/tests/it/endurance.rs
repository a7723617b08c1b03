//! Slow clients, hot swaps under load, and stops without loss.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, any_port, recommender, start, start_with};
use foretaste_server::{Limits, ServerConfig};

/// Three slow clients and a good one: all slow ones are closed within `most`, none before `least`.
fn slow_clients_are_closed(server: &crate::client::Running, least: Duration, most: Duration) {
    let address = server.address;
    let first_bytes: [&'static str; 3] = [
        "",
        "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        "POST /v1/models HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
    ];
    let slow: Vec<_> = first_bytes
        .into_iter()
        .map(|first| {
            std::thread::spawn(move || {
                let begun = Instant::now();
                let mut client = Client::to(address);
                client.socket.write_all(first.as_bytes()).unwrap();
                let mut writer = client.socket.try_clone().unwrap();
                let drip = std::thread::spawn(move || {
                    // The first says nothing; the others a byte at a time.
                    while !first.is_empty() && writer.write_all(b" ").is_ok() && begun.elapsed() < most {
                        std::thread::sleep(most / 60);
                    }
                });
                assert!(client.is_closed(), "`{first}` was not closed");
                let took = begun.elapsed();
                drip.join().unwrap();
                (first, took)
            })
        })
        .collect();
    let mut good = server.client();
    while !slow.iter().all(std::thread::JoinHandle::is_finished) {
        assert_eq!(good.send("POST", "/recommended?param=u5", &[], b"").status, 200);
        std::thread::sleep(Duration::from_millis(10));
    }
    for client in slow {
        let (first, took) = client.join().unwrap();
        assert!((least..most).contains(&took), "`{first}` was closed after {took:?}");
    }
}

#[test]
fn three_kinds_of_slow_client_are_closed_by_short_limits() {
    let second = Duration::from_millis(500);
    let limits = Limits { header: second, body: second, ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    slow_clients_are_closed(&server, second, Duration::from_secs(2));
}

#[test]
fn three_kinds_of_slow_client_are_closed_in_six_seconds_by_default() {
    slow_clients_are_closed(&start(), Duration::from_millis(4_900), Duration::from_secs(6));
}

#[test]
fn an_idle_connection_outlives_the_header_limit_and_not_its_own() {
    let limits = Limits { header: Duration::from_millis(200), idle: Duration::from_millis(800), ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let mut client = server.client();
    for _ in 0..2 {
        assert_eq!(client.send("GET", "/healthz", &[], b"").status, 200);
        std::thread::sleep(Duration::from_millis(400));
    }
    let begun = Instant::now();
    assert!(client.is_closed());
    assert!(begun.elapsed() < Duration::from_millis(1_500));
}

#[test]
fn a_client_that_does_not_read_is_closed() {
    let limits = Limits { write: Duration::from_millis(500), ..Limits::default() };
    let server = start_with(ServerConfig { limits, ..any_port() }, recommender(12, 3));
    let mut client = server.client();
    client.socket.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let begun = Instant::now();
    // Asks for large replies and takes none, until both sides' buffers are full.
    let ended = loop {
        match client.socket.write_all(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n") {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => break true,
            _ if begun.elapsed() > Duration::from_secs(10) => break false,
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(ended, "the connection was still open after 10 s");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn two_hundred_swaps_under_load_mix_no_versions() {
    let server = start();
    // Ranks alternate: an odd version is of rank 3, an even one of rank 9.
    let lists: HashMap<bool, String> = [(true, 3), (false, 9)]
        .map(|(odd, rank)| {
            let recommender = recommender(12, rank);
            let ranked = recommender.recommend(&foretaste::recommend::Request::for_user("u5")).unwrap();
            (odd, ranked.items.iter().map(|scored| format!("{}\n", recommender.title(scored.item))).collect())
        })
        .into();
    assert_ne!(lists[&true], lists[&false], "the lists must tell the versions apart");
    let (done, replies) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (mut client, lists) = (server.client(), lists.clone());
            let (done, replies) = (Arc::clone(&done), Arc::clone(&replies));
            std::thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let reply = client.send("POST", "/recommended?param=u5", &[], b"");
                    assert_eq!(reply.status, 200);
                    let number: u64 = reply.header("x-model-version").unwrap()[1..].parse().unwrap();
                    assert_eq!(reply.body, lists[&(number % 2 == 1)], "version {number}");
                    replies.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut swapper = server.client();
    for swap in 0..200 {
        let rank = if swap % 2 == 0 { 9 } else { 3 };
        assert_eq!(swapper.send("POST", &format!("/recompute_svd?param={rank}"), &[], b"").status, 200);
    }
    done.store(true, Ordering::Relaxed);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    assert!(replies.load(Ordering::Relaxed) > 200);
    assert_eq!(server.get("/v1/models").json()["active"], "v201");
}

#[test]
fn a_stop_under_load_loses_no_request() {
    for _ in 0..5 {
        let mut server = start();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let mut client = server.client();
                std::thread::spawn(move || {
                    let mut answered = 0;
                    // A connection is told that it ends, with an answer, before it does.
                    loop {
                        let reply = client.try_send("POST", "/recommended?param=u5", &[], b"").unwrap();
                        assert_eq!(reply.status, 200);
                        answered += 1;
                        if reply.header("connection") == Some("close") {
                            break;
                        }
                    }
                    answered
                })
            })
            .collect();
        let slow = {
            let mut client = server.client();
            std::thread::spawn(move || client.send("POST", "/recompute_svd?param=7", &[], b"").status)
        };
        std::thread::sleep(Duration::from_millis(100));
        server.signal();
        let begun = Instant::now();
        assert!(clients.into_iter().all(|client| client.join().unwrap() > 0));
        assert_eq!(slow.join().unwrap(), 200);
        assert!(server.wait().is_ok());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn an_idle_connection_gets_one_more_answer_after_the_signal_and_a_silent_one_is_closed() {
    let mut server = start();
    let (mut late, mut silent) = (server.client(), server.client());
    for client in [&mut late, &mut silent] {
        assert_eq!(client.send("GET", "/healthz", &[], b"").status, 200);
    }
    server.signal();
    std::thread::sleep(Duration::from_millis(300));
    let reply = late.send("GET", "/healthz", &[], b"");
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    let begun = Instant::now();
    assert!(late.is_closed());
    assert!(silent.is_closed());
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
}
