//! Puts load on a running service and prints what came back, as one JSON line.
//!
//! ```text
//! cargo run --release --example load -- ADDRESS PATH RATE CONNECTIONS SECONDS
//! cargo run --release --example load -- 127.0.0.1:8080 '/recommended?param={}' 20000 64 5
//! ```
//!
//! `{}` in the path becomes 1, 2, .. 1000. RATE is in requests a second, sent whether or not earlier ones were answered
//! in time (open loop): latency counts from the moment at which a request was due. RATE 0 sends as fast as answers come.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool to measure with, not a part of the product")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct Load {
    address: String,
    path: String,
    rate: f64,
    connections: u32,
    length: Duration,
}

/// Latencies of replies, in seconds: of successes, of 503s; and the number of all others.
#[derive(Default)]
struct Seen {
    accepted: Vec<f64>,
    refused: Vec<f64>,
    others: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, rate, connections, seconds] = &args[..] else {
        println!("usage: load ADDRESS PATH RATE CONNECTIONS SECONDS");
        std::process::exit(2);
    };
    let load = Load {
        address: address.clone(),
        path: path.clone(),
        rate: rate.parse().unwrap(),
        connections: connections.parse().unwrap(),
        length: Duration::from_secs_f64(seconds.parse().unwrap()),
    };
    let begin = Instant::now() + Duration::from_millis(200);
    let mut all = Seen::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..load.connections)
            .map(|number| {
                scope.spawn({
                    let load = &load;
                    move || client(load, number, begin)
                })
            })
            .collect();
        for client in clients {
            let seen = client.join().unwrap();
            all.accepted.extend(seen.accepted);
            all.refused.extend(seen.refused);
            all.others += seen.others;
        }
    });
    let seconds = load.length.as_secs_f64();
    println!(
        "{{\"offered\":{},\"accepted_per_s\":{:.0},\"refused_per_s\":{:.0},\"others\":{},\"accepted_ms\":{},\"refused_ms\":{}}}",
        load.rate,
        all.accepted.len() as f64 / seconds,
        all.refused.len() as f64 / seconds,
        all.others,
        quantiles(&mut all.accepted),
        quantiles(&mut all.refused),
    );
}

/// One connection, one request after the other, each at its due time or as soon after it as the one before is answered.
fn client(load: &Load, number: u32, begin: Instant) -> Seen {
    let mut socket = TcpStream::connect(&load.address).unwrap();
    socket.set_nodelay(true).unwrap();
    let (mut seen, mut buffer) = (Seen::default(), vec![0; 1 << 16]);
    let method = if load.path.starts_with("/v1/") || load.path.starts_with("/healthz") { "GET" } else { "POST" };
    for turn in 0u32.. {
        let order = turn * load.connections + number;
        let due = match load.rate {
            rate if rate > 0.0 => begin + Duration::from_secs_f64(f64::from(order) / rate),
            _ => Instant::now().max(begin),
        };
        if due >= begin + load.length {
            break;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let path = load.path.replace("{}", &(order % 1000 + 1).to_string());
        write!(socket, "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n").unwrap();
        let status = read_reply(&mut socket, &mut buffer);
        let took = due.elapsed().as_secs_f64();
        match status {
            200 => seen.accepted.push(took),
            503 => seen.refused.push(took),
            _ => seen.others += 1,
        }
    }
    seen
}

/// The status of the next reply; its body is read and dropped.
fn read_reply(socket: &mut TcpStream, buffer: &mut [u8]) -> u16 {
    let mut filled = 0;
    loop {
        let bytes = socket.read(&mut buffer[filled..]).unwrap();
        assert!(bytes > 0, "the service closed the connection");
        filled += bytes;
        let text = String::from_utf8_lossy(&buffer[..filled]);
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text[..head].lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if filled >= head + 4 + length.parse::<usize>().unwrap() {
                return text[9..12].parse().unwrap();
            }
        }
    }
}

fn quantiles(seconds: &mut [f64]) -> String {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds.get((seconds.len() as f64 * share) as usize).map_or(0.0, |seconds| seconds * 1e3);
    format!("{{\"p50\":{:.2},\"p99\":{:.2},\"p999\":{:.2}}}", at(0.5), at(0.99), at(0.999))
}
