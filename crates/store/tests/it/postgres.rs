//! The suite on a Postgres that the tests start, and what is of a server.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

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
        "postgres://me:secret@/db?sslmode=require",
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
    with_database(|_, url| {
        let mut other = Client::connect(url, NoTls).unwrap();
        let name: String = other.query_one("SELECT current_database()", &[]).unwrap().get(0);
        other.batch_execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
        let _store = PostgresStore::open(url).unwrap();
        // The session says itself how it commits: what it wrote is flushed when it returns.
        let store_is_behind = |client: &mut Client| -> bool {
            client.query_one("SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()", &[]).unwrap().get(0)
        };
        for n in 0..50 {
            _store.append(&[event("a", "1", "rating", 1.0, n, None)]).unwrap();
            assert!(!store_is_behind(&mut other), "event {n} was acknowledged before it was on the disk");
        }
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
    let stop = AtomicBool::new(false);
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
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
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
