//! Nothing of what is held out reaches what a model is fitted to.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::{IdTable, UserIx};
use foretaste::interactions::{Feedback, Interactions};
use foretaste_eval::{Cut, Fold, Folds, Split, SplitError, at_least, core};
use foretaste_linalg::CsrMatrix;

/// The demo, with times: later for higher items, and equal for four entries in turn.
fn timed() -> Dataset {
    let all = Dataset::demo().unwrap();
    let demo = all.interactions.clone();
    let times = (0i64..).take(demo.nnz()).map(|entry| (entry * 7919) % 50_021 / 4 * 1000).collect();
    let parts = demo.into_parts();
    let timed = Interactions::new(parts.users, parts.items, parts.matrix, Some(times), parts.feedback).unwrap();
    all.about("timed", timed)
}

/// User, item, value and time of every entry, by id.
fn rows(all: &Interactions) -> BTreeSet<(String, String, u32, i64)> {
    let mut rows = BTreeSet::new();
    for (row, user) in (0u32..).zip(all.users().iter()) {
        let (items, values) = all.of(UserIx(row));
        let times = all.times_of(UserIx(row)).unwrap();
        for ((&item, value), &time) in items.iter().zip(values).zip(times) {
            rows.insert((user.to_owned(), all.items().name(item).to_owned(), value.to_bits(), time));
        }
    }
    rows
}

/// User and item of what is held out.
fn held(fold: &Fold) -> BTreeSet<(String, String)> {
    let name = |user: UserIx, item: u32| {
        (fold.train.interactions.users().name(user.0).to_owned(), fold.train.interactions.items().name(item).to_owned())
    };
    let users = fold.test.users.iter();
    users.flat_map(|wanted| wanted.items.iter().map(move |&item| name(wanted.user, item))).collect()
}

const ALL: [Split; 5] = [
    Split::Random { share: 0.2 },
    Split::Rows { share: 0.1 },
    Split::Folds { folds: 5 },
    Split::Last,
    Split::Time(Cut::Quantile(0.8)),
];

#[test]
fn no_row_is_on_both_sides_and_none_is_lost() {
    let all = timed();
    let whole = rows(&all.interactions);
    for split in ALL {
        for number in 0..split.folds() {
            let fold = split.part(&all, number, 3).unwrap();
            let (train, held) = (rows(&fold.train.interactions), held(&fold));
            assert!(train.is_subset(&whole), "{split}");
            assert!(train.iter().all(|(user, item, ..)| !held.contains(&(user.clone(), item.clone()))), "{split}");
            let left = fold.test.left_out;
            let out = left.rows_of_users_without_train + left.rows_of_unknown_items + left.rows_in_train;
            assert_eq!(train.len() + held.len() + out, whole.len(), "{split}");
            assert_eq!(held.len(), fold.test.rows(), "{split}");
        }
    }
}

#[test]
fn what_is_held_out_changes_no_byte_of_the_training_data() {
    let all = timed();
    for split in ALL {
        let fold = split.part(&all, 0, 3).unwrap();
        // The same rows, each with another value where it is held out.
        let held = held(&fold);
        let mut parts = all.interactions.clone().into_parts();
        let mut values = parts.matrix.values().to_vec();
        let mut changed = 0;
        for (row, user) in parts.users.iter().enumerate() {
            let span = parts.matrix.offsets()[row]..parts.matrix.offsets()[row + 1];
            for entry in span {
                let item = parts.items.name(parts.matrix.columns()[entry]).to_owned();
                if held.contains(&(user.to_owned(), item)) {
                    values[entry] = 6.0 - values[entry];
                    changed += 1;
                }
            }
        }
        assert!(changed > 0, "{split}");
        let (columns, offsets) = (parts.matrix.columns().to_vec(), parts.matrix.offsets().to_vec());
        parts.matrix = CsrMatrix::new(parts.items.len(), offsets, columns, values).unwrap();
        let other = Interactions::new(parts.users, parts.items, parts.matrix, parts.times, parts.feedback).unwrap();
        let other = all.about("other", other);
        assert_eq!(split.part(&other, 0, 3).unwrap().train.hash(), fold.train.hash(), "{split}");
    }
}

#[test]
fn no_user_or_item_of_the_training_data_is_known_from_held_out_rows_alone() {
    let all = timed();
    for split in ALL {
        let train = &split.part(&all, 0, 3).unwrap().train.interactions;
        assert!((0..train.users().len()).all(|user| !train.matrix().row(user).0.is_empty()), "{split}");
        assert!((0..train.items().len()).all(|item| !train.by_item().row(item).0.is_empty()), "{split}");
    }
}

#[test]
fn nothing_is_learnt_from_the_moment_of_the_cut_on() {
    let all = timed();
    let times = all.interactions.times().unwrap();
    for cut in [Cut::Quantile(0.8), Cut::At(jiff::Timestamp::from_millisecond(9_000_000).unwrap())] {
        let fold = Split::Time(cut).part(&all, 0, 0).unwrap();
        let first = match cut {
            Cut::At(moment) => moment.as_millisecond(),
            Cut::Quantile(share) => {
                let mut sorted = times.to_vec();
                sorted.sort_unstable();
                sorted[(sorted.len() as f64 * share) as usize]
            }
        };
        assert!(fold.train.interactions.times().unwrap().iter().all(|&time| time < first));
        assert_eq!(
            fold.train.interactions.nnz(),
            times.iter().filter(|&&time| time < first).count(),
            "ties are on one side"
        );
    }
}

#[test]
fn the_last_row_of_a_user_is_the_latest() {
    let all = timed();
    let fold = Split::Last.part(&all, 0, 0).unwrap();
    let train = rows(&fold.train.interactions);
    let whole = rows(&all.interactions);
    for (user, item) in held(&fold) {
        let time = |wanted: &str| whole.iter().find(|row| row.0 == user && row.1 == wanted).unwrap().3;
        let latest = train.iter().filter(|row| row.0 == user).map(|row| row.3).max().unwrap();
        assert!(time(&item) >= latest, "{user} {item}");
    }
}

#[test]
fn folds_hold_every_row_out_once_and_a_seed_decides_which() {
    let all = Arc::new(timed());
    let split = Split::Folds { folds: 5 };
    let folds = Folds::Split { all: Arc::clone(&all), split, seed: 3 };
    assert_eq!(folds.len(), 5);
    let mut seen = BTreeSet::new();
    for number in 0..5 {
        let fold = folds.fold(number).unwrap();
        let rows = held(&fold);
        assert!(fold.train.interactions.nnz().abs_diff(all.interactions.nnz() * 4 / 5) <= 1);
        assert!(rows.iter().all(|row| seen.insert(row.clone())), "a row is held out twice");
    }
    assert_eq!(seen.len(), all.interactions.nnz());
    let of_seed = |seed| split.part(&all, 0, seed).unwrap().train.hash();
    assert_eq!(of_seed(3), of_seed(3));
    assert_ne!(of_seed(3), of_seed(4));
}

fn some(rows: &[(&str, &str, f32)]) -> Interactions {
    let ids = |mut ids: Vec<&str>| {
        ids.sort_unstable();
        ids.dedup();
        IdTable::from_sorted(ids).unwrap()
    };
    let (users, items) = (ids(rows.iter().map(|row| row.0).collect()), ids(rows.iter().map(|row| row.1).collect()));
    let mut entries: Vec<_> =
        rows.iter().map(|row| (users.index(row.0).unwrap(), items.index(row.1).unwrap(), row.2)).collect();
    entries.sort_by_key(|entry| (entry.0, entry.1));
    let offsets = (0..=users.len()).map(|user| entries.iter().filter(|entry| (entry.0 as usize) < user).count());
    let offsets = offsets.collect();
    let (columns, values) = entries.iter().map(|entry| (entry.1, entry.2)).unzip();
    let matrix = CsrMatrix::new(items.len(), offsets, columns, values).unwrap();
    Interactions::new(users, items, matrix, None, Feedback::Explicit { least: 1.0, most: 5.0 }).unwrap()
}

#[test]
fn what_cannot_be_asked_about_is_counted() {
    let train = some(&[("a", "x", 5.0), ("a", "y", 4.0), ("b", "x", 3.0)]);
    let held = some(&[("a", "x", 1.0), ("a", "z", 5.0), ("b", "y", 4.0), ("c", "x", 5.0), ("c", "y", 5.0)]);
    let fold = Fold::given(Arc::new(Dataset::new("train", train)), &held);
    let left = fold.test.left_out;
    assert_eq!((left.users_without_train, left.rows_of_users_without_train), (1, 2));
    assert_eq!((left.rows_of_unknown_items, left.rows_in_train), (1, 1));
    let users: Vec<_> = fold.test.users.iter().map(|wanted| (wanted.user, wanted.items.clone())).collect();
    assert_eq!(users, [(UserIx(1), vec![1])]);
}

#[test]
fn a_core_is_what_is_left_when_no_user_and_item_is_too_rare() {
    let all =
        some(&[("a", "x", 5.0), ("a", "y", 5.0), ("b", "x", 5.0), ("b", "y", 5.0), ("c", "y", 5.0), ("c", "z", 5.0)]);
    // Without `z`, `c` has one item left and goes too.
    let left = core(all.clone(), 2);
    assert_eq!((left.users().len(), left.items().len(), left.nnz()), (2, 2, 4));
    assert_eq!(core(all.clone(), 1).hash(), all.hash());
    assert_eq!(core(all, 3).nnz(), 0);
    assert_eq!(at_least(&some(&[("a", "x", 5.0), ("a", "y", 3.5)]), 4.0).nnz(), 1);
}

#[test]
fn a_split_is_what_was_typed_or_refused_by_name() {
    for text in ["random=0.2", "rows=0.1", "folds=5", "last", "time=0.9", "time=2001-05-01T00:00:00Z", "arrival=0.9"] {
        assert_eq!(text.parse::<Split>().unwrap().to_string(), text);
    }
    assert_eq!("time=2001-05-01".parse::<Split>().unwrap().to_string(), "time=2001-05-01T00:00:00Z");
    for (text, says) in [
        (
            "shuffle",
            "the split `shuffle` is not known, allowed are random=SHARE, rows=SHARE, folds=NUMBER, last, time=SHARE",
        ),
        ("last=2", "the split `last=2` is not known"),
        ("random", "the split `random` is not known"),
        ("random=1", "the split `random` was given `1`, allowed are numbers between 0 and 1"),
        ("folds=1", "the split `folds` was given `1`, allowed are 2 to 1000"),
        ("time=soon", "the split `time` was given `soon`, allowed are a number between 0 and 1, a date"),
        ("time=nan", "the split `time` was given `nan`"),
    ] {
        let error = text.parse::<Split>().unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
    let untimed = some(&[("a", "x", 5.0), ("a", "y", 4.0)]);
    let error = Split::Last.part(&Dataset::new("untimed", untimed), 0, 0).unwrap_err();
    assert!(error.to_string().contains("the data have no times"), "{error}");
    let one = some(&[("a", "x", 5.0)]);
    let empty = Split::Random { share: 0.5 }.part(&Dataset::new("one", one), 0, 0).unwrap_err();
    assert_eq!(empty, SplitError::Empty { split: "random=0.5".into(), what: "find" });
}

#[test]
fn a_part_that_shares_nothing_with_the_other_is_refused() {
    let train = Arc::new(Dataset::new("train", some(&[("a", "x", 5.0), ("b", "y", 4.0)])));
    for (held, expected) in [
        (some(&[("c", "x", 5.0)]), "1 users have no training row"),
        (some(&[("a", "z", 5.0)]), "1 rows are of items without one"),
        (some(&[("a", "x", 5.0)]), "1 rows are in the training data as well"),
    ] {
        let given = Folds::Given(Fold::given(Arc::clone(&train), &held));
        let error = given.fold(0).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_held_out_keeps_its_times_also_where_only_the_whole_has_them() {
    let all = timed();
    let whole = rows(&all.interactions);
    let parted = Split::Folds { folds: 3 }.part(&all, 1, 3).unwrap();
    // The same fold as a file of users and items alone.
    let wanted = held(&parted);
    let names: Vec<(String, String)> = rows_in_order(&all.interactions);
    let held_out = all.interactions.subset(|entry| wanted.contains(&names[entry])).into_parts();
    let untimed = Interactions::new(held_out.users, held_out.items, held_out.matrix, None, held_out.feedback).unwrap();
    let given = Folds::Held { all: Arc::new(all), held: vec![untimed] }.fold(0).unwrap();
    for fold in [&parted, &given] {
        let (users, items) = (fold.train.interactions.users(), fold.train.interactions.items());
        assert!(fold.test.rows() > 100);
        for wanted in &fold.test.users {
            let times = wanted.times.as_ref().unwrap();
            assert_eq!(times.len(), wanted.items.len());
            for ((&item, value), &time) in wanted.items.iter().zip(&wanted.values).zip(times) {
                let (user, item) = (users.name(wanted.user.0).to_owned(), items.name(item).to_owned());
                assert!(whole.contains(&(user, item, value.to_bits(), time)));
            }
        }
    }
}

/// User and item of every entry, in the order of the matrix.
fn rows_in_order(all: &Interactions) -> Vec<(String, String)> {
    let users = (0u32..).zip(all.users().iter());
    let of = |(row, user): (u32, &str)| {
        let user = user.to_owned();
        all.of(UserIx(row)).0.iter().map(move |&item| (user.clone(), all.items().name(item).to_owned()))
    };
    users.flat_map(of).collect()
}
