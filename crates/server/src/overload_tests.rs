//! What happens when handlers burn time or panic: tests that need routes which the product does not have.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use foretaste::dataset::Dataset;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;

use crate::api::ScoredPaths;
use crate::app::Shared;
use crate::error::ApiError;
use crate::routes::{openapi, router_with, scored_paths};
use crate::{Origin, Server, ServerConfig};

/// Whether a thread is [`hold`]ing, and whether it may go on.
static HOLDS: AtomicBool = AtomicBool::new(false);
static RELEASED: AtomicBool = AtomicBool::new(false);

/// A server that scores on one thread and has routes to burn 2 ms there, to hold it, and to panic there and here.
fn start() -> (SocketAddr, tokio::sync::oneshot::Sender<()>, std::thread::JoinHandle<()>) {
    let params = ModelParams::default().with(&["rank=2"]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    let first =
        Recommender::fit(Arc::new(Dataset::demo().unwrap()), &params, jiff::Timestamp::UNIX_EPOCH, &mut progress);
    let train = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let config = ServerConfig { listen: ([127, 0, 0, 1], 0).into(), threads: 1, queue: 16, ..ServerConfig::default() };
    let mut server = Server::bind(config, first.unwrap().0, Origin::memory(), train).unwrap();
    let more = Router::<Shared>::new()
        .route("/burn", get(|State(app): State<Shared>| async move { app.score(|_| burn()).await }))
        .route("/hold", get(|State(app): State<Shared>| async move { app.score(|_| hold()).await }))
        .route("/panic-there", get(|State(app): State<Shared>| async move { app.score(|_| fail()).await }))
        .route("/panic-here", get(|| async { fail() }));
    server.routes = router_with(Arc::clone(&server.app), more);
    let address = server.local_addr();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || server.run(async { drop(stopped.await) }).unwrap());
    (address, stop, thread)
}

fn burn() -> Result<&'static str, ApiError> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    Ok("burnt")
}

/// Holds the scoring thread until [`RELEASED`].
fn hold() -> Result<&'static str, ApiError> {
    HOLDS.store(true, Ordering::Relaxed);
    while !RELEASED.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok("held")
}

fn fail() -> Result<&'static str, ApiError> {
    panic!("on purpose")
}

fn ask(socket: &mut TcpStream, path: &str) -> String {
    send(socket, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
}

fn send(socket: &mut TcpStream, request: &str) -> String {
    socket.write_all(request.as_bytes()).unwrap();
    let mut buffer = [0; 4096];
    let bytes = socket.read(&mut buffer).unwrap();
    String::from_utf8(buffer[..bytes].to_vec()).unwrap()
}

#[test]
fn a_panic_is_one_500_and_the_connection_goes_on() {
    let (address, stop, thread) = start();
    let mut socket = TcpStream::connect(address).unwrap();
    for path in ["/panic-there", "/panic-here", "/panic-there"] {
        let reply = ask(&mut socket, path);
        assert!(reply.starts_with("HTTP/1.1 500 ") && reply.contains("\"code\":\"internal\""), "{path}: {reply}");
        assert!(ask(&mut socket, "/burn").starts_with("HTTP/1.1 200 "));
    }
    drop(socket);
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn a_request_too_many_is_refused_with_a_time_to_come_back_and_the_others_are_answered() {
    const WANTED: usize = 100;
    let (address, stop, thread) = start();
    let (accepted, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let until = Instant::now() + Duration::from_secs(60);
    // More clients than the queue of 16 and the thread can hold.
    let clients: Vec<_> = (0..64)
        .map(|_| {
            let (accepted, refused) = (Arc::clone(&accepted), Arc::clone(&refused));
            std::thread::spawn(move || {
                let mut socket = TcpStream::connect(address).unwrap();
                while accepted.load(Ordering::Relaxed) < WANTED || refused.load(Ordering::Relaxed) < WANTED {
                    assert!(Instant::now() < until, "{accepted:?} accepted, {refused:?} refused");
                    let reply = ask(&mut socket, "/burn");
                    if reply.starts_with("HTTP/1.1 200 ") {
                        accepted.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("retry-after: 1"), "{reply}");
                        assert!(reply.contains("\"code\":\"overloaded\""), "{reply}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn a_full_pool_refuses_what_it_would_score_before_it_is_read_and_nothing_else() {
    let (address, stop, thread) = start();
    let mut held: Vec<TcpStream> = (0..17).map(|_| TcpStream::connect(address).unwrap()).collect();
    let until = Instant::now() + Duration::from_secs(20);
    for socket in &mut held {
        socket.write_all(b"GET /hold HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        while !HOLDS.load(Ordering::Relaxed) {
            assert!(Instant::now() < until);
        }
    }
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // One runs, and sixteen wait as soon as an unreadable request is no longer found unreadable.
    while ask(&mut socket, "/v1/users/1/recommendations?limit=no").starts_with("HTTP/1.1 422 ") {
        assert!(Instant::now() < until);
    }
    let refused = |reply: &str| {
        reply.starts_with("HTTP/1.1 503 ")
            && ["retry-after: 1", "content-type: application/json", "x-request-id: ", "\"code\":\"overloaded\""]
                .iter()
                .all(|part| reply.contains(part))
    };
    let begun = Instant::now();
    for path in
        ["/recommended?param=1", "/v1/users/1/recommendations", "/v1/items/1/similar", "/v1/popular", "/v1/schema"]
    {
        let reply = ask(&mut socket, path);
        assert!(refused(&reply), "{path}: {reply}");
    }
    // Each is held back by 150 us for each of 18 connections, so that those who ask again at once do it slowly.
    assert!(begun.elapsed() >= 5 * 18 * Duration::from_micros(150), "{:?}", begun.elapsed());
    // A body is taken in, so that the connection goes on, framed either way.
    let post = "POST /v1/recommendations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let body = " ".repeat(100_000);
    for body in [
        format!("content-length: {}\r\n\r\n{body}", body.len()),
        format!("transfer-encoding: chunked\r\n\r\n186a0\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let reply = send(&mut socket, &format!("{post}{body}"));
        assert!(refused(&reply) && !reply.contains("connection: close"), "{reply}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/v1/jobs", "/v1/models"] {
        let reply = ask(&mut socket, path);
        assert!(reply.starts_with("HTTP/1.1 200 "), "{path}: {reply}");
    }
    // A client that asks for permission to send a body does not get it, and could send what it likes next.
    let reply = send(&mut socket, &format!("{post}expect: 100-continue\r\ncontent-length: 9\r\n\r\n"));
    assert!(refused(&reply) && reply.contains("connection: close"), "{reply}");
    RELEASED.store(true, Ordering::Relaxed);
    for mut socket in held {
        let reply = send(&mut socket, "");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn the_scoring_pool_answers_the_routes_that_may_be_overloaded_and_no_others() {
    let scored = ScoredPaths::new(&scored_paths());
    let document: serde_json::Value = serde_json::from_str(&openapi()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let may_be = operations.to_string().contains("`overloaded`");
        // Events wait for the store, not for a scoring thread.
        let writes = ["/v1/events", "/v1/ratings"].contains(&path.as_str());
        assert_eq!(scored.contain(path) || writes, may_be, "{path}");
        assert!(!(scored.contain(path) && writes), "{path}");
    }
}
