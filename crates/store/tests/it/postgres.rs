//! The suite on a Postgres that the tests start, and what is of a server.

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::postgres::{Client, NoTls};
use foretaste_data::dataset::Dataset;
use foretaste_store::{Appended, PostgresStore, Store, StoreError};

use crate::cluster::{Cluster, started};
use crate::suite::{self, event};

/// Runs a test on a database of its own; says so where there is no Postgres.
fn with_database<T>(test: impl FnOnce(&Cluster, &str) -> T) -> Option<T> {
    let cluster = started()?;
    let url = cluster.database();
    Some(test(cluster, &url))
}

fn on_suite<T>(test: impl FnOnce(suite::Open<'_>) -> T) -> Option<T> {
    with_database(|_, url| test(&|| Box::new(PostgresStore::open(url).unwrap())))
}

#[test]
fn what_was_imported_comes_back_as_it_was() {
    on_suite(suite::what_was_imported_comes_back_as_it_was);
}

#[test]
fn a_broken_import_goes_on() {
    on_suite(suite::a_broken_import_goes_on);
}

#[test]
fn events_are_found_again_and_those_of_a_known_name_are_not_written_twice() {
    on_suite(suite::events_are_found_again_and_those_of_a_known_name_are_not_written_twice);
}

#[test]
fn a_snapshot_is_what_a_file_of_the_same_events_is() {
    on_suite(suite::a_snapshot_is_what_a_file_of_the_same_events_is);
}

#[test]
fn the_same_events_in_any_order_are_the_same_data() {
    let hashes: std::collections::BTreeSet<String> = (0..5)
        .filter_map(|seed| on_suite(|open| suite::the_same_events_in_any_order_are_the_same_data(open, seed)))
        .collect();
    assert!(hashes.len() <= 1, "{hashes:?}");
}

fn demo(url: &str) -> PostgresStore {
    let store = PostgresStore::open(url).unwrap();
    store.import("demo", &Dataset::demo().unwrap(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    store
}

/// The schema as text: what a refused opening leaves as it was.
fn tables(url: &str) -> Vec<String> {
    let mut client = Client::connect(url, NoTls).unwrap();
    let find = "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";
    client.query(find, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

#[test]
fn a_second_process_is_told_who_has_it() {
    with_database(|_, url| {
        let store = demo(url);
        let error = PostgresStore::open(url).unwrap_err();
        let holder = format!("foretaste, process {}", std::process::id());
        assert!(matches!(&error, StoreError::InUse { holder: found, .. } if found.starts_with(&holder)), "{error}");
        // It is written to as before, and free when it is closed.
        assert_eq!(store.append(&[event("a", "1", "rating", 1.0, 1, None)]).unwrap().len(), 1);
        drop(store);
        PostgresStore::open(url).unwrap();
    });
}

#[test]
fn what_is_no_store_and_what_is_newer_is_refused_and_not_touched() {
    with_database(|_, url| {
        let mut other = Client::connect(url, NoTls).unwrap();
        other.batch_execute("CREATE SCHEMA foretaste; CREATE TABLE foretaste.recipes (x integer)").unwrap();
        let before = tables(url);
        let error = PostgresStore::open(url).unwrap_err();
        assert!(matches!(error, StoreError::NoStore { .. }), "{error}");
        assert_eq!(tables(url), before);

        other.batch_execute("DROP TABLE foretaste.recipes").unwrap();
        drop(PostgresStore::open(url).unwrap());
        other.batch_execute("UPDATE foretaste.format SET format = 99; DROP TABLE foretaste.about").unwrap();
        let before = tables(url);
        let error = PostgresStore::open(url).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
        assert_eq!(tables(url), before);
    });
}

#[test]
fn a_url_that_cannot_be_used_is_refused_without_its_password() {
    for url in [
        "postgres://me:secret@h/db?sslmode=require",
        "postgres://me:secret@/db",
        "postgres://me:sec@ret@host/db",
        "postgres://me:secret@h/d?x=y",
        "x",
    ] {
        let error = PostgresStore::open(url).unwrap_err();
        assert!(matches!(error, StoreError::Unusable(_)), "{error}");
        assert!(!error.to_string().contains("ret"), "{error}");
    }
    let error = PostgresStore::open("postgres://me:secret@127.0.0.1:1/db").unwrap_err();
    assert!(matches!(error, StoreError::Away(_)), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[test]
fn a_row_that_is_not_as_it_was_written_is_no_value() {
    with_database(|_, url| {
        let store = demo(url);
        let mut other = Client::connect(url, NoTls).unwrap();
        let changes = [
            ("events", "value = value + 1", "sequence"),
            ("events", "user_number = user_number + 1", "sequence"),
            ("users", "id = 'other'", "number"),
            ("items", "properties = '{}'", "number"),
        ];
        for (table, change, key) in changes {
            assert_eq!(store.check().unwrap(), []);
            let all: i64 = other.query_one(&format!("SELECT count(*) FROM foretaste.{table}"), &[]).unwrap().get(0);
            let (kept, which) = (format!("SELECT * FROM foretaste.{table}"), format!("{key} = {}", all / 2));
            other.batch_execute(&format!("CREATE TABLE public.kept AS {kept} WHERE {which}")).unwrap();
            other.batch_execute(&format!("UPDATE foretaste.{table} SET {change} WHERE {which}")).unwrap();
            assert_eq!(store.check().unwrap().len(), 1, "{table}: {change}");
            let read = store.snapshot(u64::MAX, &|| false);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{table}: {change}");
            other
                .batch_execute(&format!(
                    "DELETE FROM foretaste.{table} WHERE {which};
                INSERT INTO foretaste.{table} SELECT * FROM public.kept; DROP TABLE public.kept"
                ))
                .unwrap();
        }
    });
}

/// What a role or a database is set to does not make an acknowledgement come before the disk has it.
#[test]
fn it_is_durable_whatever_the_database_is_set_to() {
    // Its log is written to by this test alone.
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let mut other = Client::connect(&url, NoTls).unwrap();
    let name: String = other.query_one("SELECT current_database()", &[]).unwrap().get(0);
    other.batch_execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    let store = PostgresStore::open(&url).unwrap();
    let mut is_behind = || -> bool {
        let find = "SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()";
        other.query_one(find, &[]).unwrap().get(0)
    };
    // The first question reads what it needs, and may tidy it.
    is_behind();
    for n in 0..50 {
        store.append(&[event("a", "1", "rating", 1.0, n, None)]).unwrap();
        assert!(!is_behind(), "event {n} was acknowledged before it was on the disk");
    }
    drop(store);
    cluster.crash();
    cluster.resume_with("fsync=off");
    let error = PostgresStore::open(&url).unwrap_err();
    assert!(matches!(&error, StoreError::Unusable(why) if why.contains("fsync = off")), "{error}");
}

/// A connection that breaks without the server hearing of it: the session that it was holds the lock on.
#[test]
fn a_session_that_the_server_still_has_is_ended() {
    with_database(|cluster, url| {
        let folder = tempfile::tempdir().unwrap();
        let (near, far) = (folder.path().join(".s.PGSQL.5432"), cluster.socket());
        let listener = UnixListener::bind(near).unwrap();
        let url = url.replace(&far.parent().unwrap().display().to_string(), &folder.path().display().to_string());
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), UnixStream::connect(&far).unwrap());
                // The server's end of the connection that is cut stays open.
                kept.push(server.try_clone().unwrap());
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (mut client, mut server, cut) = (client, server, Arc::clone(&cut));
                std::thread::spawn(move || {
                    let mut bytes = [0; 8192];
                    while let Ok(count @ 1..) = client.read(&mut bytes) {
                        if cut.swap(false, Ordering::Relaxed) {
                            client.shutdown(std::net::Shutdown::Both).unwrap();
                            return;
                        }
                        server.write_all(&bytes[..count]).unwrap();
                    }
                });
            }
        });
        let store = PostgresStore::open(&url).unwrap();
        let append = |n| store.append(&[event("a", "1", "rating", 1.0, n, Some(&n.to_string()))]);
        assert_eq!(append(1).unwrap(), [Appended::New(1)]);
        is_cut.store(true, Ordering::Relaxed);
        // What was lost was a question: it is asked again on a connection that is made again.
        assert_eq!(append(2).unwrap(), [Appended::New(2)]);
        assert!(!is_cut.load(Ordering::Relaxed));
        assert_eq!(append(2).unwrap(), [Appended::Known]);
    });
}

/// Restarts of the server, as after a crash, while events are written: what was acknowledged is there, once.
#[test]
fn a_crash_of_the_server_loses_nothing() {
    let restarts: usize = std::env::var("FORETASTE_RESTARTS").map_or(3, |text| text.parse().unwrap());
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let store = demo(&url);
    let before = store.sequence();
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let named = |n: u64| {
        let (user, item, id) = (format!("u{}", n % 1000), format!("i{}", n % 100), format!("e{n}"));
        event(&user, &item, "view", 1.0, i64::try_from(n).unwrap(), Some(&id))
    };
    // Batches of ten; one whose fate is not known is sent again.
    let (sent, lost) = std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            let (mut sent, mut lost, mut acknowledged) = (0u64, 0u64, before);
            while !stop.load(Ordering::Relaxed) {
                let events: Vec<_> = (sent * 10..sent * 10 + 10).map(named).collect();
                match store.append(&events) {
                    Ok(appended) => {
                        let new = appended.iter().filter(|&&event| event != Appended::Known).count();
                        assert!(new == 10 || new == 0, "a part of a batch was there: {appended:?}");
                        acknowledged += 10;
                        assert_eq!(store.sequence(), acknowledged, "no gap, none twice");
                        sent += 1;
                        written.store(sent, Ordering::Relaxed);
                    }
                    Err(StoreError::Away(_)) => lost += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            (sent, lost)
        });
        let mut random = foretaste_data::random::Random::new(7);
        for _ in 0..restarts {
            std::thread::sleep(std::time::Duration::from_millis(50 + random.below(150) as u64));
            cluster.crash();
            cluster.resume();
            // It is written to again.
            let (before, begun) = (written.load(Ordering::Relaxed), std::time::Instant::now());
            while written.load(Ordering::Relaxed) == before && !writer.is_finished() {
                if begun.elapsed() > std::time::Duration::from_secs(30) {
                    stop.store(true, Ordering::Relaxed);
                    panic!("nothing was written after the server was there again");
                }
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    assert!(lost > 0, "no batch met a restart");
    let mut found = Vec::new();
    store.since(before, &mut |event| found.push(event)).unwrap();
    println!("{restarts} restarts: {} events acknowledged, {} found, {lost} refusals", sent * 10, found.len());
    assert!(found.iter().zip(before + 1..).all(|(event, sequence)| event.sequence == sequence));
    let names: Vec<_> = found.iter().map(|found| found.event.clone()).collect();
    // The batch that was in flight last may be there, and no other.
    let expected: Vec<_> = (0..found.len() as u64).map(named).collect();
    assert!(found.len() as u64 == sent * 10 || found.len() as u64 == sent * 10 + 10);
    assert_eq!(names, expected);
    assert_eq!(store.check().unwrap(), []);
}
