//! A search sees training rows alone, is the same whether broken off or not, and finds what is better than the defaults.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use foretaste::dataset::Dataset;
use foretaste::models::Dimension;
use foretaste_eval::tune::{Goal, Head, Line, Origin, Search, State, StateError, TrainOnly, Trial, Validation, tune};
use foretaste_eval::{EvalError, Fold, Metric, Protocol, Split};

const SPLIT: Split = Split::Random { share: 0.2 };
const GOAL: Goal = Goal::List(Metric::Ndcg, 10);

fn demo() -> Dataset {
    Dataset::demo().unwrap()
}

fn cut(fold: Fold) -> Validation {
    TrainOnly::of(fold).cut(SPLIT, 7).unwrap()
}

fn validation() -> Validation {
    cut(SPLIT.part(&demo(), 0, 1).unwrap())
}

fn search(model: &str, fixed: &[&str], ranges: &[&str], trials: usize) -> Search {
    let fixed: Vec<String> = fixed.iter().map(|&setting| setting.to_owned()).collect();
    let ranges: Vec<Dimension> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Search::new(model, &fixed, &ranges, &validation().shape(), GOAL, trials, 1).unwrap()
}

/// All tries after those that there are, without times.
fn tried(search: &Search, mut trials: Vec<Trial>) -> Vec<Trial> {
    let mut told = |_: &Trial| Ok::<(), EvalError>(());
    tune(&validation(), search, None, &mut trials, &|| Duration::ZERO, &mut told).unwrap();
    trials
}

#[test]
fn what_is_held_out_for_the_test_changes_nothing_that_a_search_sees() {
    let fold = SPLIT.part(&demo(), 0, 1).unwrap();
    let mut test = (*fold.test).clone();
    for wanted in &mut test.users {
        wanted.values.iter_mut().for_each(|value| *value = 1.0);
        wanted.items.reverse();
    }
    test.users.truncate(3);
    let other = Fold { test: Arc::new(test), ..fold.clone() };
    assert_eq!(cut(fold.clone()).hash(), cut(other).hash());
    // Rows of the training part count: the hash can differ.
    let rows = fold.train.interactions.subset(|entry| entry != 5);
    let fewer = Fold { train: Arc::new(fold.train.about("train", rows)), ..fold.clone() };
    assert_ne!(cut(fold).hash(), cut(fewer).hash());
}

#[test]
fn the_cut_is_of_the_same_kind_as_the_split() {
    for (split, expected) in [
        ("random=0.3", "random=0.3"),
        ("folds=5", "rows=0.2"),
        ("rows=0.1", "rows=0.1"),
        ("last", "last"),
        ("time=0.9", "time=0.9"),
        ("time=2001-05-01", "time=0.8"),
    ] {
        assert_eq!(split.parse::<Split>().unwrap().within_train().to_string(), expected);
    }
    let named = Protocol::ALL
        .map(|protocol| protocol.split().map_or_else(|| "none".to_owned(), |split| split.within_train().to_string()));
    assert_eq!(named, ["rows=0.2", "rows=0.2", "rows=0.2", "rows=0.1", "random=0.2", "last", "time=0.9", "none"]);
}

#[test]
fn the_defaults_come_first_then_what_was_published_then_points_then_steps() {
    let trials = tried(&search("ease", &[], &[], 12), Vec::new());
    let origins: Vec<Origin> = trials.iter().map(|trial| trial.from).collect();
    let [published, halton, step] = [2, 6, 3].map(|count| count);
    let expected =
        [(Origin::Default, 1), (Origin::Published, published), (Origin::Halton, halton), (Origin::Step, step)];
    let expected: Vec<Origin> = expected.into_iter().flat_map(|(from, count)| vec![from; count]).collect();
    assert_eq!(origins, expected);
    assert_eq!(trials[0].set["lambda"], 500.0);
    assert!(trials.iter().enumerate().all(|(at, trial)| trials[..at].iter().all(|before| before.set != trial.set)));
    // Each step changes one parameter of the best before it.
    for at in 9..12 {
        let best = GOAL.best(&trials[..at]).unwrap();
        let changed = trials[at].set.iter().filter(|&(name, value)| best.set[name] != *value).count();
        assert_eq!(changed, 1, "{at}");
    }
}

#[test]
fn the_best_is_no_worse_than_the_defaults_and_better_where_they_are_bad() {
    let trials = tried(&search("ease", &["positive=4"], &["lambda=1..500:log"], 10), Vec::new());
    let best = GOAL.best(&trials).unwrap();
    assert!(best.figure > trials[0].figure, "{best:?} {:?}", trials[0]);
}

#[test]
fn a_search_goes_on_as_if_it_had_not_been_broken_off() {
    let search = search("item_knn", &[], &["weighting=[binary,bm25]"], 9);
    let whole = tried(&search, Vec::new());
    for kept in [1, 4, 8, 9] {
        assert_eq!(tried(&search, whole[..kept].to_vec()), whole, "after {kept}");
    }
    let head = Head::of(&search, &validation(), "random=0.2");
    let lines = std::iter::once(Line::Search(head.clone())).chain(whole.iter().cloned().map(Line::Trial));
    let lines: Vec<String> = lines.map(|line| line.text()).collect();
    assert_eq!(State::read(&lines, &head).unwrap().trials, whole);
    assert_eq!(State::read(&[], &head).unwrap(), State::default());
}

#[test]
fn tries_are_the_same_at_any_number_of_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tried(&search("ials", &["factors=8", "epochs=2"], &[], 6), Vec::new()))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_state_of_another_search_is_refused_by_what_differs() {
    let head = |search: &Search, split: &str| Head::of(search, &validation(), split);
    let wanted = head(&search("ease", &["positive=4"], &[], 8), "random=0.2");
    let ease = |fixed: &[&str], ranges: &[&str], trials| search("ease", fixed, ranges, trials);
    let shape = validation().shape();
    let of = |goal, seed| Search::new("ease", &["positive=4".to_owned()], &[], &shape, goal, 8, seed).unwrap();
    let version = Head { version: "0.0.0".to_owned(), ..wanted.clone() };
    let data = Head { data: "0".repeat(64), ..wanted.clone() };
    for (found, expected) in [
        (version, "version"),
        (data, "hash of the data"),
        (head(&search("slim", &["positive=4"], &[], 8), "random=0.2"), "model"),
        (head(&ease(&["positive=4"], &[], 8), "last"), "split"),
        (head(&ease(&["positive=3"], &[], 8), "random=0.2"), "fixed parameters"),
        (head(&ease(&["positive=4"], &["lambda=1..2"], 8), "random=0.2"), "space"),
        (head(&ease(&["positive=4"], &[], 9), "random=0.2"), "number of trials"),
        (head(&of(Goal::List(Metric::Recall, 10), 1), "random=0.2"), "metric"),
        (head(&of(GOAL, 2), "random=0.2"), "seed"),
    ] {
        let error = State::read(&[Line::Search(found).text()], &wanted).unwrap_err();
        assert!(matches!(error, StateError::Other { what, .. } if what == expected), "{expected}: {error}");
    }
}

#[test]
fn no_trial_follows_what_is_frozen_and_a_damaged_line_is_named() {
    let search = search("ease", &[], &[], 3);
    let head = Head::of(&search, &validation(), "random=0.2");
    let trial = |trial| {
        Line::Trial(Trial {
            trial,
            from: Origin::Default,
            set: search.next(&[]).unwrap().1,
            figure: Some(0.5),
            stopped: None,
            cpu_seconds: 0.0,
        })
    };
    let read = |lines: &[Line]| {
        let lines = std::iter::once(Line::Search(head.clone())).chain(lines.iter().cloned());
        State::read(&lines.map(|line| line.text()).collect::<Vec<_>>(), &head)
    };
    assert_eq!(read(&[trial(0), Line::Frozen(0)]).unwrap().frozen, Some(0));
    for (lines, at) in [
        (vec![trial(0), Line::Frozen(0), trial(1)], 4),
        (vec![trial(1)], 2),
        (vec![Line::Frozen(0)], 2),
        (vec![trial(0), Line::Test([].into())], 3),
        (vec![trial(0), Line::Search(head.clone())], 3),
    ] {
        let error = read(&lines).unwrap_err();
        assert!(matches!(error, StateError::Damaged { line, .. } if line == at), "{error}");
    }
    let torn = [Line::Search(head.clone()).text(), "{\"trial\":{\"tr".to_owned()];
    assert!(matches!(State::read(&torn, &head).unwrap_err(), StateError::Damaged { line: 2, .. }));
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let shape = validation().shape();
    let error = |model: &str, fixed: &[&str], ranges: &[&str]| {
        let fixed: Vec<String> = fixed.iter().map(|&setting| setting.to_owned()).collect();
        let ranges: Vec<Dimension> = ranges.iter().map(|range| range.parse().unwrap()).collect();
        Search::new(model, &fixed, &ranges, &shape, GOAL, 5, 1).unwrap_err().to_string()
    };
    assert!(error("eas", &[], &[]).contains("there is no model `eas`"));
    assert!(error("ease", &[], &["lamda=1..2"]).contains("no parameter `lamda`"));
    assert!(error("ease", &["lambda=0"], &[]).contains("lambda"));
    assert!(error("ease", &["lambda=3"], &["lambda=1..2"]).contains("fixed by --set"));
    assert!(error("slim", &["l1=1", "l2=3"], &[]).contains("it declares l1, l2"));
    assert!(error("blend", &[], &[]).contains("it declares no parameter"));
}

#[test]
fn whole_numbers_stay_below_what_the_data_can_have() {
    let shape = validation().shape();
    let search = search("scaled_svd", &[], &["factors=1..100000:whole"], 5);
    let highest = format!("1..{}:whole", shape.users.min(shape.items));
    assert!(search.space().iter().any(|along| along.name == "factors" && along.range.to_string() == highest));
}

#[test]
fn a_try_that_cannot_be_fitted_has_no_figure_and_the_search_goes_on() {
    let demo = demo();
    // Without times a half-life is refused.
    let parts = demo.interactions.clone().into_parts();
    let untimed =
        foretaste::interactions::Interactions::new(parts.users, parts.items, parts.matrix, None, parts.feedback);
    let untimed = untimed.unwrap();
    let validation = TrainOnly::given(Arc::new(demo.about("untimed", untimed))).cut(SPLIT, 7).unwrap();
    let search = Search::new("popularity", &[], &[], &validation.shape(), GOAL, 4, 1).unwrap();
    let mut trials = Vec::new();
    let mut told = |_: &Trial| Ok::<(), EvalError>(());
    tune(&validation, &search, None, &mut trials, &|| Duration::ZERO, &mut told).unwrap();
    assert_eq!(trials.len(), 4);
    assert!(trials[0].figure.is_some());
    assert!(trials[1..].iter().all(|trial| trial.figure.is_none() && trial.stopped.is_some()));
}
