//! A model file comes back as it was written, and nothing but a complete, undamaged one is read.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use foretaste::artifact::{self, ArtifactError, ContainerError};
use foretaste::catalogue::{Catalogue, Item, ItemsOptions, read_items, read_users};
use foretaste::dataset::Dataset;
use foretaste::interactions::{ReadOptions, read_interactions};
use foretaste::models::ModelParams;
use foretaste::recommend::{Recommender, Request};
use foretaste::table::Source;
use proptest::prelude::*;

const RATINGS: &str = "u,i,r\n1,10,5\n1,日本,3\n2,10,4\n2,a/b c,1\nx,日本,2\nx,30,5\n7,30,4\n7,10,2.5\n";

fn small() -> Recommender {
    let (ratings, _) =
        read_interactions(Source::bytes(RATINGS), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let items = ratings.items().iter().map(|id| match id {
        "10" => Item { title: Some("Ten (1979)"), genres: vec!["Comedy", "Numbers"], year: Some(1979) },
        "日本" => Item { title: Some("日本 (2001)"), genres: vec!["Travel"], year: None },
        _ => Item::default(),
    });
    let catalogue = Catalogue::from_items(items).unwrap();
    fit(Dataset { catalogue, ..Dataset::new("small", ratings) }, 2)
}

fn fit(data: Dataset, rank: usize) -> Recommender {
    let params = ModelParams::default().with(&[format!("rank={rank}")]).unwrap();
    let at = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    Recommender::fit(Arc::new(data), &params, at, &mut |_| ControlFlow::Continue(())).unwrap().0
}

#[test]
fn a_model_answers_the_same_after_a_round_trip() {
    let before = small();
    let after = artifact::from_bytes(&artifact::to_bytes(&before).unwrap()).unwrap();
    assert_eq!(after.provenance(), before.provenance());
    assert_eq!(after.dataset().catalogue, before.dataset().catalogue);
    for user in ["1", "2", "x", "7"] {
        let request = Request::for_user(user);
        assert_eq!(after.recommend(&request).unwrap(), before.recommend(&request).unwrap());
        assert_eq!(after.rated(user).unwrap(), before.rated(user).unwrap());
    }
    assert_eq!(after.similar("日本", 3).unwrap(), before.similar("日本", 3).unwrap());
    assert_eq!(artifact::to_bytes(&after).unwrap(), artifact::to_bytes(&before).unwrap());
}

#[test]
fn properties_of_any_name_and_items_and_users_without_interactions_come_back() {
    let interactions = small().dataset().interactions.clone();
    let options = ItemsOptions::default();
    let items = "i,title,price,tags,seen_at\n10,Ten,1.5,a|b,2024-01-01\n99,New,,b,\n";
    let users = "user,country,adult\n1,DE,true\nghost,DE,false\n";
    let (catalogue, _) = read_items(Source::bytes(items), interactions.items(), &options).unwrap();
    let (users, _) = read_users(Source::bytes(users), interactions.users(), &options).unwrap();
    let before = fit(Dataset { catalogue, users, ..Dataset::new("small", interactions) }, 2);
    let after = artifact::from_bytes(&artifact::to_bytes(&before).unwrap()).unwrap();
    let (before, after) = (before.dataset(), after.dataset());
    assert_eq!((&after.catalogue, &after.users), (&before.catalogue, &before.users));
    assert_eq!((after.catalogue.unrated().len(), after.users.unrated().len()), (1, 1));
    assert_eq!(after.catalogue.schema().len(), 4);
}

#[test]
fn equal_data_and_parameters_give_equal_bytes() {
    assert_eq!(artifact::to_bytes(&small()).unwrap(), artifact::to_bytes(&small()).unwrap());
}

#[test]
fn every_truncation_is_refused_by_name() {
    let bytes = artifact::to_bytes(&small()).unwrap();
    for length in 0..bytes.len() {
        let error = artifact::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(error, ArtifactError::Content(ContainerError::Truncated { .. })), "{length} bytes: {error}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(artifact::from_bytes(&longer), Err(ArtifactError::Content(ContainerError::Truncated { .. }))));
}

#[test]
fn every_flipped_byte_is_refused() {
    let mut bytes = artifact::to_bytes(&small()).unwrap();
    for at in 0..bytes.len() {
        for mask in [0x01, 0x80, 0xff] {
            bytes[at] ^= mask;
            assert!(artifact::from_bytes(&bytes).is_err(), "byte {at} xor {mask:#x} went unnoticed");
            bytes[at] ^= mask;
        }
    }
    assert!(artifact::from_bytes(&bytes).is_ok());
}

#[test]
fn other_files_are_told_from_models() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ratings.csv");
    std::fs::write(&path, RATINGS).unwrap();
    assert!(!artifact::is_model_file(&path));
    assert!(matches!(artifact::read(&path), Err(ArtifactError::Content(ContainerError::Magic))));
    assert!(matches!(artifact::read(Path::new("no/such/file")), Err(ArtifactError::Io { .. })));
}

#[test]
fn a_newer_version_is_named() {
    let mut bytes = artifact::to_bytes(&small()).unwrap();
    bytes[8] = 3;
    assert!(matches!(
        artifact::from_bytes(&bytes),
        Err(ArtifactError::Content(ContainerError::Version { found: 3, newest: 2 }))
    ));
}

#[test]
fn writing_replaces_the_file_whole_and_leaves_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.foretaste");
    std::fs::write(&path, "what was there before").unwrap();
    let length = artifact::write(&path, &small()).unwrap();
    assert!(artifact::is_model_file(&path));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
    assert_eq!(artifact::read(&path).unwrap().provenance(), small().provenance());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = folder.path().join("no/such/folder/m.foretaste");
    assert!(matches!(artifact::write(&missing, &small()), Err(ArtifactError::Io { action: "write", .. })));
}

/// Version 1 as it was first written. Never replace it: a later foretaste must go on reading it.
#[test]
fn the_golden_file_of_version_1_is_readable() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/version-1.foretaste");
    let recommender = artifact::read(&golden).unwrap();
    assert_eq!(recommender.provenance().dataset, "small");
    let reply = recommender.recommend(&Request::for_user("1")).unwrap();
    assert_eq!(reply.items.iter().map(|scored| recommender.item_id(scored.item)).collect::<Vec<_>>(), ["a/b c", "30"]);
    assert_eq!(recommender.title(recommender.item("10").unwrap()), "Ten (1979)");
}

#[test]
fn data_other_than_the_provenance_says_are_refused_though_all_checksums_hold() {
    let mut bytes = artifact::to_bytes(&small()).unwrap();
    let five = 5f32.to_le_bytes();
    let values: Vec<usize> = (0..bytes.len() - 4).step_by(4).filter(|&at| bytes[at..at + 4] == five).collect();
    // The first of the eight values, then the greatest of the scale.
    let &first = values.first().unwrap();
    bytes[first..first + 4].copy_from_slice(&4f32.to_le_bytes());
    seal(&mut bytes);
    let error = artifact::from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("other interactions than the provenance says"), "{error}");
}

#[test]
fn factors_of_which_scores_would_be_no_numbers_are_refused() {
    for (kind, number, says) in [
        (10u32, 3e38f32, "the user factors hold a row"),
        (11, 1e30, "the item factors hold a row"),
        (13, 3.4e38, "the user means hold a number too large"),
    ] {
        let mut bytes = artifact::to_bytes(&small()).unwrap();
        let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let entry =
            (0..count).map(|entry| 32 + 24 * entry).find(|&at| bytes[at..at + 4] == kind.to_le_bytes()).unwrap();
        let offset = u64::from_le_bytes(bytes[entry + 8..entry + 16].try_into().unwrap()) as usize;
        bytes[offset..offset + 4].copy_from_slice(&number.to_le_bytes());
        seal(&mut bytes);
        let error = artifact::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_fit_whose_numbers_overflow_is_refused_by_name() {
    let rows = (0..40).flat_map(|user| (0..40).map(move |item| format!("u{user},i{item},3e38\n")));
    let text = std::iter::once("u,i,r\n".to_owned()).chain(rows).collect::<String>();
    let (interactions, _) =
        read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let catalogue = Catalogue::from_items(interactions.items().iter().map(|_| Item::default())).unwrap();
    let data = Dataset { catalogue, ..Dataset::new("large", interactions) };
    let params = ModelParams::default().with(&["rank=1"]).unwrap();
    let now = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    let fitted = Recommender::fit(Arc::new(data), &params, now, &mut |_| ControlFlow::Continue(()));
    let error = fitted.map(|_| ()).unwrap_err();
    assert!(matches!(error, foretaste::models::FitError::NotFinite { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// With checksums that hold, the rules behind them are what is left to refuse a file.
    #[test]
    fn rewritten_sections_with_valid_checksums_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = artifact::to_bytes(&small()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        seal(&mut bytes);
        let _ = artifact::from_bytes(&bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_the_magic_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [b"foretast".to_vec(), tail].concat();
        prop_assert!(artifact::from_bytes(&bytes).is_err());
    }
}

/// Sets all checksums to what the content asks for, as far as the table can be followed.
fn seal(bytes: &mut [u8]) {
    let u64_at = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let count = (u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize).min((bytes.len() - 32) / 24);
    for entry in (0..count).map(|entry| 32 + 24 * entry) {
        let (offset, length) = (u64_at(bytes, entry + 8), u64_at(bytes, entry + 16));
        let end = length.checked_next_multiple_of(64).and_then(|length| offset.checked_add(length));
        if let Some(section) = end.and_then(|end| bytes.get(offset..end)) {
            let crc = crc32fast::hash(section).to_le_bytes();
            bytes[entry + 4..entry + 8].copy_from_slice(&crc);
        }
    }
    let header = [&bytes[..24], &bytes[28..32 + 24 * count]].concat();
    bytes[24..28].copy_from_slice(&crc32fast::hash(&header).to_le_bytes());
}
