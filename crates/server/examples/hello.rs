//! The least that a service can do here: one route, two words, by the same HTTP library. What a machine gives to it is a measure for all else.
//!
//! ```text
//! cargo run --release --example hello -- 127.0.0.1:0 THREADS
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool to measure with, not a part of the product")]

use axum::Router;
use axum::routing::post;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, threads] = &args[..] else {
        println!("usage: hello ADDRESS THREADS");
        std::process::exit(2);
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads.parse().unwrap()).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/hello", post(|| async { "hello world" }));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = TowerToHyperService::new(routes.clone());
            tokio::spawn(async move {
                let _ = Builder::new(TokioExecutor::new())
                    .http1_only()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
}
