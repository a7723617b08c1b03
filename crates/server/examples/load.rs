//! Puts load on a running service and prints what came back, as one JSON line.
//!
//! ```text
//! cargo run --release --example load -- ADDRESS PATH RATE CONNECTIONS SECONDS [EVENTS]
//! cargo run --release --example load -- 127.0.0.1:8080 '/recommended?param={}' 20000 64 5
//! cargo run --release --example load -- 127.0.0.1:8080 /v1/events 0 4 5 100
//! ```
//!
//! With EVENTS each request has a body of that many events, each under a name of its own.
//! `{}` in the path becomes 1, 2, .. 1000. RATE is in requests a second, each due at its time whether or not earlier ones
//! were answered (open loop); latency counts from that time. A request whose connection waits for an answer when it is due
//! is not sent, and counted. RATE 0 sends as fast as answers come.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool to measure with, not a part of the product")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Load {
    address: String,
    path: String,
    rate: f64,
    connections: u32,
    length: Duration,
    events: u32,
    /// Tells the names of this run from those of others.
    run: u128,
}

impl Load {
    /// The body of a request of that number.
    fn body(&self, order: u32) -> String {
        let event = |nth: u32| {
            // Spread over 100,000 users and 5,000 items.
            let number = u64::from(order) * u64::from(self.events) + u64::from(nth);
            let (user, item) = (number * 7919 % 100_000, number * 104_729 % 5000);
            format!(
                "{{\"user\":\"{user}\",\"item\":\"{item}\",\"type\":\"rating\",\"value\":4,\"event_id\":\"{}-{number}\"}}",
                self.run
            )
        };
        match self.events {
            0 => String::new(),
            events => format!("[{}]", (0..events).map(event).collect::<Vec<_>>().join(",")),
        }
    }
}

/// Latencies of replies, in seconds: of successes, of 503s; and the numbers of all others and of requests that were not sent.
#[derive(Default)]
struct Seen {
    accepted: Vec<f64>,
    refused: Vec<f64>,
    others: usize,
    unsent: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, rate, connections, seconds, more @ ..] = &args[..] else {
        println!("usage: load ADDRESS PATH RATE CONNECTIONS SECONDS [EVENTS]");
        std::process::exit(2);
    };
    let load = Load {
        address: address.clone(),
        path: path.clone(),
        rate: rate.parse().unwrap(),
        connections: connections.parse().unwrap(),
        length: Duration::from_secs_f64(seconds.parse().unwrap()),
        events: more.first().map_or(0, |events| events.parse().unwrap()),
        run: std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros(),
    };
    // One thread, so that a client costs little beside the service that it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begin = Instant::now() + Duration::from_millis(200);
    let (load, mut all) = (Arc::new(load), Seen::default());
    runtime.block_on(async {
        let clients: Vec<_> =
            (0..load.connections).map(|number| tokio::spawn(client(Arc::clone(&load), number, begin))).collect();
        for client in clients {
            let seen = client.await.unwrap();
            all.accepted.extend(seen.accepted);
            all.refused.extend(seen.refused);
            all.others += seen.others;
            all.unsent += seen.unsent;
        }
    });
    // The last answers come after the last request.
    let seconds = begin.elapsed().max(load.length).as_secs_f64();
    println!(
        "{{\"offered\":{},\"unsent_per_s\":{:.0},\"accepted_per_s\":{:.0},\"refused_per_s\":{:.0},\"others\":{},\"accepted_ms\":{},\"refused_ms\":{}}}",
        load.rate,
        all.unsent as f64 / seconds,
        all.accepted.len() as f64 / seconds,
        all.refused.len() as f64 / seconds,
        all.others,
        quantiles(&mut all.accepted),
        quantiles(&mut all.refused),
    );
}

/// One connection, one request after the other: each at its due time, or as soon as the one before is answered where none is due.
async fn client(load: Arc<Load>, number: u32, begin: Instant) -> Seen {
    let mut socket = TcpStream::connect(&load.address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let (mut seen, mut buffer, mut free) = (Seen::default(), vec![0; 1 << 16], begin);
    let method = if load.events > 0 {
        "POST"
    } else if load.path.starts_with("/v1/") || load.path.starts_with("/healthz") {
        "GET"
    } else {
        "POST"
    };
    for turn in 0u32.. {
        let order = turn * load.connections + number;
        let due = match load.rate {
            rate if rate > 0.0 => begin + Duration::from_secs_f64(f64::from(order) / rate),
            _ => Instant::now().max(begin),
        };
        if due >= begin + load.length {
            break;
        }
        if due < free {
            seen.unsent += 1;
            continue;
        }
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let path = load.path.replace("{}", &(order % 1000 + 1).to_string());
        let body = load.body(order);
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{kind}content-length: {length}\r\n\r\n{body}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let status = read_reply(&mut socket, &mut buffer).await;
        free = Instant::now();
        let took = (free - due).as_secs_f64();
        match status {
            200 => seen.accepted.push(took),
            503 => seen.refused.push(took),
            _ => seen.others += 1,
        }
    }
    seen
}

/// The status of the next reply; its body is read and dropped.
async fn read_reply(socket: &mut TcpStream, buffer: &mut [u8]) -> u16 {
    let (mut filled, mut reply) = (0, None);
    loop {
        let bytes = socket.read(&mut buffer[filled..]).await.unwrap();
        assert!(bytes > 0, "the service closed the connection");
        filled += bytes;
        reply = reply.or_else(|| head(&buffer[..filled]));
        match reply {
            Some((status, length)) if filled >= length => return status,
            _ => {}
        }
    }
}

/// The status and the length of a reply whose head is there.
fn head(reply: &[u8]) -> Option<(u16, usize)> {
    let end = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&reply[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    Some((head[9..12].parse().unwrap(), end + 4 + length.parse::<usize>().unwrap()))
}

fn quantiles(seconds: &mut [f64]) -> String {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| seconds.get((seconds.len() as f64 * share) as usize).map_or(0.0, |seconds| seconds * 1e3);
    format!("{{\"p50\":{:.2},\"p99\":{:.2},\"p999\":{:.2}}}", at(0.5), at(0.99), at(0.999))
}
