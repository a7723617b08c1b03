//! Synthetic ratings: exactly what was asked for, always the same, with something to find.

use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::dataset::{
    Dataset, SyntheticError, SyntheticParams, SyntheticReport, write_synthetic, write_synthetic_file,
};
use foretaste::ids::ItemIx;
use foretaste::interactions::{ReadOptions, read_interactions};
use foretaste::models::ModelParams;
use foretaste::recommend::{Recommender, Request};
use foretaste::table::Source;
use jiff::Timestamp;

fn params(users: u32, items: u32, ratings: u64) -> SyntheticParams {
    SyntheticParams { users, items, ratings, seed: 1 }
}

fn written(params: &SyntheticParams) -> (String, SyntheticReport) {
    let mut text = Vec::new();
    let report = write_synthetic(params, &mut text, &mut |_| ControlFlow::Continue(())).unwrap();
    (String::from_utf8(text).unwrap(), report)
}

fn refused(params: &SyntheticParams) -> String {
    let mut text = Vec::new();
    let error = write_synthetic(params, &mut text, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(text.is_empty(), "something was written before the refusal");
    error.to_string()
}

#[test]
fn the_loaded_matrix_has_exactly_the_shape_asked_for() {
    let shapes = [(1, 1, 1), (1, 50, 50), (50, 1, 50), (30, 20, 600), (30, 20, 30), (20, 30, 30), (40, 60, 599)];
    for (users, items, ratings) in shapes.into_iter().chain([(2000, 500, 60_000)]) {
        let (text, report) = written(&params(users, items, ratings));
        let source = Source::bytes(text.clone());
        let (loaded, read) =
            read_interactions(source, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        let shape = (loaded.users().len() as u64, loaded.items().len() as u64, loaded.nnz() as u64);
        assert_eq!(shape, (u64::from(users), u64::from(items), ratings));
        assert_eq!((read.accepted, read.duplicates, read.rejected.total), (ratings, 0, 0));
        assert!(
            loaded.matrix().values().iter().all(|stars| (stars * 2.0).fract() == 0.0 && (0.5..=5.0).contains(stars))
        );
        let counts = loaded.item_stats().iter().map(|stats| u64::from(stats.count));
        assert_eq!(counts.max(), Some(report.per_item.max));
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_others_do_not() {
    let asked = params(300, 200, 9000);
    let (text, _) = written(&asked);
    assert_eq!(text, written(&asked).0);
    assert_ne!(text, written(&SyntheticParams { seed: 2, ..asked }).0);
    // Known bytes: the same on every platform and in every version.
    let start: Vec<&str> = text.lines().take(4).collect();
    assert_eq!(
        start,
        ["userId,movieId,rating,timestamp", "1,118,2.5,912448167", "1,47,4.0,912448178", "1,126,4.5,912448181"]
    );
    let sum = text.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    assert_eq!(sum, 16_665_005_410_225_367_818);
}

#[test]
fn the_times_of_a_user_rise_and_lie_in_the_years_of_movielens() {
    let (text, _) = written(&params(300, 200, 9000));
    let rows: Vec<(u64, u64)> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|fields| (fields[0].parse().unwrap(), fields[3].parse().unwrap()))
        .collect();
    for pair in rows.windows(2) {
        assert!(pair[0].0 < pair[1].0 || (pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1), "{pair:?}");
    }
    assert!(rows.iter().all(|&(_, time)| (789_609_600..1_430_000_000).contains(&time)));
    let starts: HashSet<u64> = rows.iter().map(|&(_, time)| time / 86_400).collect();
    assert!(starts.len() > 250, "{} users' first days", starts.len());
}

#[test]
fn few_items_and_users_have_most_of_the_ratings() {
    let (_, report) = written(&params(6000, 4000, 500_000));
    assert!((0.55..0.85).contains(&report.top_tenth), "top tenth has {}", report.top_tenth);
    let (users, items) = (&report.per_user, &report.per_item);
    assert_eq!(users.min, 20);
    assert!(users.max > 15 * users.median, "{users:?}");
    assert!(items.max > 30 * items.median && items.min >= 1, "{items:?}");
}

#[test]
fn a_factorisation_finds_ratings_that_were_hidden_better_than_popularity_does() {
    let (text, _) = written(&params(3000, 1000, 120_000));
    // The last rating of every fifth user is hidden: rows are in random order within a user.
    let lines: Vec<&str> = text.lines().collect();
    let user = |line: &str| line.split(',').next().unwrap().to_owned();
    let is_hidden = |at: usize| {
        let number = user(lines[at]);
        number.parse::<u32>().is_ok_and(|number| number % 5 == 0)
            && lines.get(at + 1).is_none_or(|next| user(next) != number)
    };
    let (hidden, shown): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(|&at| is_hidden(at));
    assert_eq!(hidden.len(), 600);
    let shown: String = shown.into_iter().map(|at| format!("{}\n", lines[at])).collect();
    let (ratings, _) =
        read_interactions(Source::bytes(shown), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let data = Arc::new(Dataset::new("shown", ratings));
    let rank = ModelParams::default().with(&["rank=10"]).unwrap();
    let (fitted, _) = Recommender::fit(data, &rank, Timestamp::UNIX_EPOCH, &mut |_| ControlFlow::Continue(())).unwrap();
    let popular: Vec<ItemIx> = fitted.popular(1000).unwrap().iter().map(|scored| scored.item).collect();
    let (mut found, mut found_popular) = (0, 0);
    for at in hidden {
        let fields: Vec<&str> = lines[at].split(',').collect();
        let Ok(item) = fitted.item(fields[1]) else { continue };
        let request = Request { limit: 10, ..Request::for_user(fields[0]) };
        found += u32::from(fitted.recommend(&request).unwrap().items.iter().any(|scored| scored.item == item));
        let rated: HashSet<ItemIx> = fitted.rated(fields[0]).unwrap().iter().map(|scored| scored.item).collect();
        let mut unrated = popular.iter().filter(|item| !rated.contains(item));
        found_popular += u32::from(unrated.by_ref().take(10).any(|&popular| popular == item));
    }
    println!("{found} of 600 by factors, {found_popular} by popularity");
    assert!(found > 60 && found * 5 > found_popular * 6, "{found} by factors, {found_popular} by popularity");
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    assert_eq!(refused(&params(0, 5, 5)), "0 users were asked for, expected at least 1");
    assert_eq!(refused(&params(5, 0, 5)), "0 items were asked for, expected at least 1");
    for ratings in [0, 5, 31] {
        let expected = format!(
            "{ratings} ratings were asked for, 5 users x 6 items allow 6 to 30: every user and item has one, and no \
             pair two"
        );
        assert_eq!(refused(&params(5, 6, ratings)), expected);
    }
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("r.csv"), folder.path().join("r.csv.gz"));
    let asked = params(300, 200, 9000);
    for path in [&plain, &packed] {
        write_synthetic_file(path, &asked, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    let text = std::fs::read(&plain).unwrap();
    assert_eq!(String::from_utf8(text.clone()).unwrap(), written(&asked).0);
    assert!(std::fs::read(&packed).unwrap().starts_with(&[0x1f, 0x8b]));
    let load = |path| Dataset::load(path, None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(load(&plain).hash(), load(&packed).hash());

    let other = SyntheticParams { seed: 2, ..asked };
    let stopped = write_synthetic_file(&plain, &other, &mut |at| {
        if at.rows > 4500 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(SyntheticError::Cancelled)));
    assert_eq!(std::fs::read(&plain).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "a temporary file was left");
}

#[test]
fn a_write_that_fails_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let failed = write_synthetic(&params(3, 4, 5), &mut Full, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(failed, Err(SyntheticError::Write(error)) if error.kind() == io::ErrorKind::StorageFull));
}
