//! A search sees training rows alone, is the same whether broken off or not, and finds what is better than the defaults.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use foretaste::dataset::Dataset;
use foretaste::models::Dimension;
use foretaste_eval::tune::{
    Goal, Head, Line, Origin, Search, State, StateError, Told, TrainOnly, Trial, Validation, tune,
};
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
    let mut told = |_: Told<'_>| Ok::<(), EvalError>(());
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
    let named = Protocol::ALL.map(|protocol| protocol.within_train().to_string());
    let expected = ["rows=0.2", "rows=0.2", "rows=0.2", "rows=0.1", "random=0.2", "last", "time=0.9", "cold items"];
    assert_eq!(named, expected);
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
            share: None,
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
    let mut told = |_: Told<'_>| Ok::<(), EvalError>(());
    tune(&validation, &search, None, &mut trials, &|| Duration::ZERO, &mut told).unwrap();
    assert_eq!(trials.len(), 4);
    assert!(trials[0].figure.is_some());
    assert!(trials[1..].iter().all(|trial| trial.figure.is_none() && trial.stopped.is_some()));
}

#[test]
fn halving_goes_from_many_cheap_fits_to_few_whole_ones_and_keeps_the_defaults() {
    for (model, fixed, cheap) in [("ials", vec!["factors=8", "epochs=8"], "epochs"), ("ease", vec![], "items")] {
        let search = search(model, &fixed, &[], 16).halving().unwrap();
        let trials = tried(&search, Vec::new());
        let count = |share| trials.iter().filter(|trial| trial.share == share).count();
        assert_eq!((trials.len(), count(Some(0.25)), count(Some(0.5))), (16, 8, 4), "{cheap}");
        let whole: Vec<&Trial> = trials.iter().filter(|trial| trial.share.is_none()).collect();
        assert_eq!(whole[0].set, trials[0].set, "the defaults");
        // What did best at half of the work is fitted whole.
        let half = trials.iter().filter(|trial| trial.share == Some(0.5));
        let best = half.max_by(|one, other| one.figure.unwrap().total_cmp(&other.figure.unwrap())).unwrap();
        assert!(whole.iter().any(|trial| trial.set == best.set), "{cheap}");
        assert_eq!(
            trials.iter().filter(|trial| trial.from == Origin::Step).count(),
            whole.len() - 3 + usize::from(best.set == trials[0].set)
        );
        // The best is one of whole fits, whose figures are those of a search without halving.
        let found = GOAL.best(&trials).unwrap();
        assert!(found.share.is_none() && found.figure >= whole[0].figure);
        let unhalved = self::search(model, &fixed, &[], 1);
        assert_eq!(tried(&unhalved, Vec::new())[0].figure, whole[0].figure);
        for kept in [1, 7, 9, 13] {
            assert_eq!(tried(&search, trials[..kept].to_vec()), trials, "{cheap} after {kept}");
        }
    }
}

#[test]
fn a_cheap_fit_has_a_share_of_the_epochs() {
    // With all epochs spent on a quarter, a quarter of 8 is what 2 epochs reach.
    let halved = tried(&search("ials", &["factors=8", "epochs=8"], &[], 8).halving().unwrap(), Vec::new());
    let whole = tried(&search("ials", &["factors=8", "epochs=2"], &[], 1), Vec::new());
    assert_eq!((halved[0].share, halved[0].figure), (Some(0.25), whole[0].figure));
}

#[test]
fn what_cannot_be_halved_is_refused() {
    let error =
        |model: &str, ranges: &[&str], trials| search(model, &[], ranges, trials).halving().unwrap_err().to_string();
    assert!(error("item_knn", &[], 16).contains("item_knn declares no cheap fit"));
    assert!(error("ials", &["epochs=2..9:whole"], 16).contains("epochs is varied"));
    assert!(error("ease", &[], 7).contains("at least 8 trials"));
}

#[test]
fn cold_items_are_cut_from_the_training_items_of_the_protocol() {
    let demo = Arc::new(demo());
    let fold = Protocol::P16.folds(demo, std::path::Path::new("")).unwrap().fold(0).unwrap();
    let test: Vec<String> = fold
        .test
        .candidates
        .iter()
        .flatten()
        .map(|item| fold.train.interactions.items().name(item.0).to_owned())
        .collect();
    assert!(test.iter().all(|id| id.parse::<u64>().unwrap() % 5 == 3));
    let validation = TrainOnly::of(fold).cut(Protocol::P16.within_train(), 7).unwrap();
    let search =
        Search::new("content", &[], &["rarity=[true,false]".parse().unwrap()], &validation.shape(), GOAL, 3, 1);
    let mut trials = Vec::new();
    let mut told = |_: Told<'_>| Ok::<(), EvalError>(());
    tune(&validation, &search.unwrap(), None, &mut trials, &|| Duration::ZERO, &mut told).unwrap();
    assert!(trials.iter().all(|trial| trial.figure.unwrap() > 0.0), "{trials:?}");
}
