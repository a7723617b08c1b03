//! Built-in names: downloads from a server that behaves, and from servers that do not.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::program::{Program, Run};
use md5::{Digest, Md5};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a path answers.
#[derive(Clone)]
struct Page {
    status: u16,
    body: Vec<u8>,
    /// Announced, but not sent.
    missing: usize,
    /// Waited for before each tenth of the body.
    pause: Duration,
}

impl Page {
    fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), missing: 0, pause: Duration::ZERO }
    }
}

/// A folder on the web.
struct Mirror {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    fn serving(pages: impl IntoIterator<Item = (&'static str, Page)>) -> Self {
        let pages: HashMap<String, Page> = pages.into_iter().map(|(path, page)| (path.to_owned(), page)).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/movielens", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let path = answer(stream.unwrap(), &pages);
                log.lock().unwrap().push(path);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, pages: &HashMap<String, Page>) -> String {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let path = first.split(' ').nth(1).unwrap().trim_start_matches("/movielens/").to_owned();
    for line in lines.by_ref() {
        if line.unwrap().is_empty() {
            break;
        }
    }
    let nothing = Page { status: 404, ..Page::new("not here") };
    let page = pages.get(&path).unwrap_or(&nothing);
    let length = page.body.len() + page.missing;
    let head = format!("HTTP/1.1 {} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n", page.status);
    // The client may hang up early: that is its right.
    let _ = stream.write_all(head.as_bytes());
    for part in page.body.chunks(page.body.len().div_ceil(10).max(1)) {
        thread::sleep(page.pause);
        let _ = stream.write_all(part);
    }
    path
}

/// An archive in the layout of ml-latest-small, with files that are not wanted and one that must not leave its folder.
fn archive() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("ml-latest-small/README.txt", "conditions of use"),
        (
            "ml-latest-small/ratings.csv",
            "userId,movieId,rating,timestamp\n1,10,4.0,1\n1,20,3.5,2\n2,10,5.0,3\n2,30,1.0,4\n",
        ),
        (
            "ml-latest-small/movies.csv",
            "movieId,title,genres\n10,\"One, The (1999)\",Drama\n20,Two (2000),Comedy\n30,Three (2001),Drama\n",
        ),
        ("ml-latest-small/tags.csv", "userId,movieId,tag,timestamp\n"),
        ("../../escaped.csv", "x"),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sum_of(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sum_file(bytes: &[u8]) -> Page {
    Page::new(format!("MD5 (ml-latest-small.zip) = {}\n", sum_of(bytes)))
}

/// Nothing but finished downloads is in the cache.
fn assert_cache_is_empty(program: &Program) {
    let left: Vec<_> = std::fs::read_dir(program.cache()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "left in the cache: {left:?}");
}

fn inspect(program: &Program, name: &str, mirror: &str) -> Run {
    program.run(&["inspect", name, "--json", "--mirror", mirror])
}

#[test]
fn a_good_archive_is_unpacked_once_and_then_read_from_the_cache() {
    let (program, zip) = (Program::new(), archive());
    let mirror =
        Mirror::serving([("ml-latest-small.zip.md5", sum_file(&zip)), ("ml-latest-small.zip", Page::new(zip))]);
    let first = inspect(&program, "ml-latest-small", &mirror.url);
    assert!(first.stderr.contains("downloading http://") && first.stderr.contains("README"), "{}", first.stderr);
    let first = first.json();
    assert_eq!(mirror.asked(), ["ml-latest-small.zip.md5", "ml-latest-small.zip"]);
    let second = inspect(&program, "ml-latest-small", "http://127.0.0.1:1/nothing-listens-here");
    assert_eq!(second.stderr, "");
    assert_eq!(second.json(), first);
    let mut kept: Vec<_> = std::fs::read_dir(program.cache().join("ml-latest-small"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    assert_eq!(kept, ["README.txt", "movies.csv", "ratings.csv"]);
    assert!(!program.folder().join("escaped.csv").exists());
    assert_eq!(std::fs::read_dir(program.cache()).unwrap().count(), 1, "nothing partial is left");
}

#[test]
fn an_archive_with_another_checksum_is_refused_and_removed() {
    let (program, zip) = (Program::new(), archive());
    let mirror = Mirror::serving([
        ("ml-latest-small.zip.md5", sum_file(b"something else")),
        ("ml-latest-small.zip", Page::new(zip.clone())),
        ("ml-100k.zip", Page::new(zip.clone())),
    ]);
    let message = inspect(&program, "ml-latest-small", &mirror.url).fails(5);
    assert!(message.contains(&sum_of(&zip)) && message.contains(&sum_of(b"something else")), "{message}");
    assert_cache_is_empty(&program);
    let message = inspect(&program, "ml-100k", &mirror.url).fails(5);
    assert!(message.contains("0e33842e24a9c977be4e0107933c0723"), "the pinned sum is named: {message}");
    assert_cache_is_empty(&program);
}

#[test]
fn an_archive_that_breaks_off_is_refused_and_removed() {
    let (program, zip) = (Program::new(), archive());
    let cut = Page { missing: 100, ..Page::new(zip[..zip.len() - 100].to_vec()) };
    let mirror = Mirror::serving([("ml-latest-small.zip.md5", sum_file(&zip)), ("ml-latest-small.zip", cut)]);
    let message = inspect(&program, "ml-latest-small", &mirror.url).fails(5);
    assert!(message.contains("broke off after"), "{message}");
    assert_cache_is_empty(&program);
}

#[test]
fn a_missing_archive_and_a_failing_server_are_told_apart() {
    let program = Program::new();
    let mirror = Mirror::serving([("ml-1m.zip", Page { status: 503, ..Page::new("busy") })]);
    let message = inspect(&program, "ml-100k", &mirror.url).fails(5);
    assert!(message.contains("ml-100k.zip does not exist (404)"), "{message}");
    let message = inspect(&program, "ml-1m", &mirror.url).fails(5);
    assert!(message.contains("status 503"), "{message}");
    assert_cache_is_empty(&program);
}

#[test]
fn without_network_the_message_says_what_works() {
    let program = Program::new();
    let message = inspect(&program, "ml-100k", "http://127.0.0.1:1/movielens").fails(5);
    assert!(message.contains("cannot reach http://127.0.0.1:1/movielens/ml-100k.zip"), "{message}");
    assert!(message.contains("`demo`") && message.contains("--mirror"), "{message}");
}

#[test]
fn without_a_published_checksum_nothing_is_downloaded() {
    let (program, zip) = (Program::new(), archive());
    let mirror = Mirror::serving([
        ("ml-latest-small.zip.md5", Page::new("<html>no such file</html>")),
        ("ml-latest-small.zip", Page::new(zip)),
    ]);
    let message = inspect(&program, "ml-latest-small", &mirror.url).fails(5);
    assert!(message.contains("holds no MD5 sum"), "{message}");
    assert_eq!(mirror.asked(), ["ml-latest-small.zip.md5"]);
}

#[test]
fn something_that_is_no_archive_is_refused_even_with_the_right_checksum() {
    let program = Program::new();
    let mirror = Mirror::serving([
        ("ml-latest-small.zip.md5", sum_file(b"not a zip")),
        ("ml-latest-small.zip", Page::new("not a zip")),
    ]);
    let message = inspect(&program, "ml-latest-small", &mirror.url).fails(5);
    assert!(message.contains("damaged"), "{message}");
    assert_cache_is_empty(&program);
}

#[test]
fn a_slow_download_draws_no_bar_into_a_pipe() {
    let (program, zip) = (Program::new(), archive());
    let slow = Page { pause: Duration::from_millis(130), ..Page::new(zip.clone()) };
    let mirror = Mirror::serving([("ml-latest-small.zip.md5", sum_file(&zip)), ("ml-latest-small.zip", slow)]);
    let run = inspect(&program, "ml-latest-small", &mirror.url);
    assert!(!run.stderr.contains(['\r', '\u{1b}']), "{:?}", run.stderr);
    run.json();
}
