//! A server on a free port, and an HTTP client of few words.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use foretaste::dataset::Dataset;
use foretaste::interactions::ReadOptions;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste_server::{Origin, Server, ServerConfig, ServerError};
use tokio::sync::oneshot;

/// A running server; dropping it shuts it down.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

/// The same recommender, of which no refit reaches the tolerance.
pub(crate) fn unreachable(items: usize, rank: usize) -> Recommender {
    let fitted = recommender(items, rank);
    let mut provenance = fitted.provenance().clone();
    provenance.params = provenance.params.with(&["tolerance=1e-30"]).unwrap();
    Recommender::from_parts(Arc::clone(fitted.dataset()), fitted.model().clone(), provenance).unwrap()
}

/// Ratings of `items` items by twice as many users, with ids that need care; deterministic.
pub(crate) fn dataset(items: usize) -> Dataset {
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("foretaste-server-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut ratings = String::from("userId,movieId,rating,timestamp\n");
    for user in 0..2 * items {
        for item in 0..items {
            if (user * 7 + item * 5) % 3 != 0 {
                let rating = 1 + (user * item + user + 2 * item) % 5;
                ratings += &format!("{},{},{rating},0\n", user_id(user), item_id(item));
            }
        }
    }
    let mut movies = String::from("movieId,title,genres\n");
    for item in 0..items {
        let genre = ["Drama", "Comedy|Drama", "Western"][item % 3];
        movies += &format!("{},Film {item} ({}),{genre}\n", item_id(item), 1980 + item);
    }
    std::fs::write(folder.join("ratings.csv"), ratings).unwrap();
    std::fs::write(folder.join("movies.csv"), movies).unwrap();
    let read = Dataset::load(&folder, None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    std::fs::remove_dir_all(&folder).unwrap();
    read.unwrap()
}

fn user_id(user: usize) -> String {
    match user {
        0 => "a/b c".to_owned(),
        1 => "日本".to_owned(),
        other => format!("u{other}"),
    }
}

fn item_id(item: usize) -> String {
    match item {
        0 => "x/y z".to_owned(),
        1 => "映画".to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn recommender(items: usize, rank: usize) -> Recommender {
    let params = ModelParams::default().with(&[format!("rank={rank}")]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    Recommender::fit(Arc::new(dataset(items)), &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap().0
}

pub(crate) fn any_port() -> ServerConfig {
    ServerConfig { listen: ([127, 0, 0, 1], 0).into(), threads: 2, ..ServerConfig::default() }
}

/// Twelve items, rank 3, defaults.
pub(crate) fn start() -> Running {
    start_with(any_port(), recommender(12, 3))
}

pub(crate) fn start_with(config: ServerConfig, first: Recommender) -> Running {
    start_from(config, first, Origin::memory())
}

pub(crate) fn start_from(config: ServerConfig, first: Recommender, origin: Origin) -> Running {
    let train = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let server = Server::bind(config, first, origin, train).unwrap();
    let (address, admin) = (server.local_addr(), server.admin_addr());
    let (shutdown, told) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        server.run(async {
            let _ = told.await;
        })
    });
    Running { address, admin, shutdown: Some(shutdown), thread: Some(thread) }
}

impl Running {
    pub(crate) fn signal(&mut self) {
        drop(self.shutdown.take());
    }

    pub(crate) fn wait(mut self) -> Result<(), ServerError> {
        self.signal();
        self.thread.take().unwrap().join().unwrap()
    }

    /// The job once it has ended, well or not.
    pub(crate) fn ended(&self, job: &str) -> serde_json::Value {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let view = self.get(&format!("/v1/jobs/{job}")).json();
            if view["state"] == "succeeded" || view["state"] == "failed" {
                return view;
            }
            assert!(Instant::now() < until, "the job has not ended: {view}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address)
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.client().send("GET", target, &[], b"")
    }

    pub(crate) fn post(&self, target: &str) -> Reply {
        self.client().send("POST", target, &[], b"")
    }

    pub(crate) fn post_json(&self, target: &str, body: &str) -> Reply {
        self.client().send("POST", target, &["content-type: application/json"], body.as_bytes())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Reply {
        self.try_send(method, target, headers, body).expect("no answer")
    }

    pub(crate) fn try_send(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Option<Reply> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n");
        headers.iter().for_each(|header| head += &format!("{header}\r\n"));
        if !body.is_empty() || method == "POST" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        // A server that refuses early closes before it has read everything.
        let _ = self.socket.write_all(&bytes);
        self.read(method == "HEAD")
    }

    /// The next reply, or `None` when the connection ends without one.
    pub(crate) fn read(&mut self, no_body: bool) -> Option<Reply> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.unread[..end].to_vec()).unwrap();
        self.unread.drain(..end + 4);
        let (first, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let reply = Reply { status: first[9..12].parse().unwrap(), headers: headers.to_owned(), body: String::new() };
        let length = reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let length: usize = if no_body { 0 } else { length };
        while self.unread.len() < length {
            self.more()?;
        }
        let body = self.unread.drain(..length).collect();
        Some(Reply { body: String::from_utf8(body).unwrap(), ..reply })
    }

    fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 16 * 1024];
        match self.socket.read(&mut buffer) {
            Ok(0) | Err(_) => None,
            Ok(bytes) => {
                self.unread.extend_from_slice(&buffer[..bytes]);
                Some(())
            }
        }
    }

    /// Whether the server closes the connection before the read time-out.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.split_once(": ").filter(|(found, _)| *found == name)).map(|(_, v)| v)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// `status code`, having checked that the body has the form of every error.
    pub(crate) fn fault(&self) -> String {
        let body = self.json();
        let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["code", "message"], "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        format!("{} {}", self.status, body["code"].as_str().unwrap())
    }
}
