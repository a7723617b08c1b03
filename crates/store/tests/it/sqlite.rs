//! The suite on SQLite, and what is of its file.

use std::ops::ControlFlow;
use std::path::Path;

use foretaste_data::dataset::Dataset;
use foretaste_store::{SqliteStore, Store, StoreError};

use crate::suite::{self, event};

fn with_folder<T>(test: impl FnOnce(suite::Open<'_>) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    test(&|| Box::new(SqliteStore::open(&folder.path().join("data")).unwrap()))
}

#[test]
fn what_was_imported_comes_back_as_it_was() {
    with_folder(suite::what_was_imported_comes_back_as_it_was);
}

#[test]
fn a_broken_import_goes_on() {
    with_folder(suite::a_broken_import_goes_on);
}

#[test]
fn events_are_found_again_and_those_of_a_known_name_are_not_written_twice() {
    with_folder(suite::events_are_found_again_and_those_of_a_known_name_are_not_written_twice);
}

#[test]
fn a_snapshot_is_what_a_file_of_the_same_events_is() {
    with_folder(suite::a_snapshot_is_what_a_file_of_the_same_events_is);
}

#[test]
fn the_same_events_in_any_order_are_the_same_data() {
    let hashes: std::collections::BTreeSet<String> = (0..100)
        .map(|seed| with_folder(|open| suite::the_same_events_in_any_order_are_the_same_data(open, seed)))
        .collect();
    assert_eq!(hashes.len(), 1);
}

fn demo(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(folder).unwrap();
    store.import("demo", &Dataset::demo().unwrap(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    store
}

#[test]
fn a_second_process_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = demo(folder.path());
    let error = SqliteStore::open(folder.path()).unwrap_err();
    let holder = format!("process {}", std::process::id());
    assert!(matches!(&error, StoreError::InUse { holder: found, .. } if *found == holder), "{error}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
    drop(store);
    SqliteStore::open(folder.path()).unwrap();
}

#[test]
fn what_is_no_store_and_what_is_newer_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    std::fs::write(&file, "no store at all, but long enough to have been one: ".repeat(20)).unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(SqliteStore::open(folder.path()), Err(StoreError::NoStore { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), before);

    std::fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    assert!(matches!(SqliteStore::open(folder.path()), Err(StoreError::NoStore { .. })));

    std::fs::remove_file(&file).unwrap();
    drop(demo(folder.path()));
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let before = std::fs::read(&file).unwrap();
    let error = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a/b");
    let store = demo(&place);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "the file, its log, the lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(store);
}

/// A flipped bit is found when it is read, or changed nothing that is read.
#[test]
fn a_flipped_bit_is_no_wrong_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let store = demo(folder.path());
    store.append(&[event("500", "1", "rating", 5.0, 1, Some("named"))]).unwrap();
    let expected = store.snapshot(u64::MAX, &|| false).unwrap();
    drop(store);
    let sound = std::fs::read(&file).unwrap();
    let mut random = foretaste_data::random::Random::new(7);
    let (mut found, mut harmless) = (0, 0);
    for _ in 0..300 {
        let mut bytes = sound.clone();
        let at = random.below(sound.len());
        bytes[at] ^= 1 << random.below(8);
        std::fs::write(&file, &bytes).unwrap();
        let read = SqliteStore::open(folder.path())
            .and_then(|store| Ok((store.check()?, store.snapshot(u64::MAX, &|| false))));
        match read {
            Err(_) => found += 1,
            Ok((faults, Err(error))) => {
                assert!(!faults.is_empty(), "byte {at}: not named, but {error}");
                found += 1;
            }
            Ok((faults, Ok(data))) => {
                let is_same = data.hash() == expected.hash() && data.catalogue == expected.catalogue;
                assert!(is_same || !faults.is_empty(), "byte {at}: another value, and no fault");
                if is_same { harmless += 1 } else { found += 1 }
            }
        }
    }
    assert!(found > 100, "{found} found, {harmless} harmless");
}
