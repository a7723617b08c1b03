//! What happens when handlers burn time or panic: tests that need routes which the product does not have.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use foretaste::dataset::Dataset;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;

use crate::app::Shared;
use crate::error::ApiError;
use crate::routes::router_with;
use crate::{Origin, Server, ServerConfig};

/// A server that scores on one thread and has routes to burn 2 ms there, and to panic there and here.
fn start() -> (SocketAddr, tokio::sync::oneshot::Sender<()>, std::thread::JoinHandle<()>) {
    let params = ModelParams::default().with(&["rank=2"]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    let first =
        Recommender::fit(Arc::new(Dataset::demo().unwrap()), &params, jiff::Timestamp::UNIX_EPOCH, &mut progress);
    let train = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let config = ServerConfig { listen: ([127, 0, 0, 1], 0).into(), threads: 1, ..ServerConfig::default() };
    let mut server = Server::bind(config, first.unwrap().0, Origin::memory(), train).unwrap();
    let more = Router::<Shared>::new()
        .route("/burn", get(|State(app): State<Shared>| async move { app.score(|_| burn()).await }))
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

fn fail() -> Result<&'static str, ApiError> {
    panic!("on purpose")
}

fn ask(socket: &mut TcpStream, path: &str) -> String {
    socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n").as_bytes()).unwrap();
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
