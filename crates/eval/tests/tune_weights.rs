//! Weights are judged as the blend that is served would be, go in steps of one weight, and members are fitted once.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use foretaste::dataset::Dataset;
use foretaste::recommend::Recommender;
use foretaste_eval::tune::{
    Goal, Head, Origin, Search, SearchError, State, StateError, Told, TrainOnly, Trial, Validation, tune,
};
use foretaste_eval::{EvalError, Fold, Metric, Split, judge};
use jiff::Timestamp;

const SPLIT: Split = Split::Random { share: 0.2 };
const GOAL: Goal = Goal::List(Metric::Ndcg, 10);
const MEMBERS: &str = "ease + .5 item_knn + .3 ials(factors=16) + .2 popularity";

fn train() -> Arc<Dataset> {
    SPLIT.part(&Dataset::demo().unwrap(), 0, 1).unwrap().train
}

fn validation() -> Validation {
    TrainOnly::given(train()).cut(SPLIT, 7).unwrap()
}

fn search(members: &str, fixed: &[&str], trials: usize) -> Result<Search, SearchError> {
    let fixed: Vec<String> = fixed.iter().map(|&setting| setting.to_owned()).collect();
    Search::blend(members.parse().unwrap(), &fixed, &validation().shape(), GOAL, trials, 1)
}

/// All tries after those that there are, without times, and how many members were fitted for them.
fn tried(validation: &Validation, search: &Search, mut trials: Vec<Trial>) -> (Vec<Trial>, usize) {
    let mut fitted = 0;
    let mut told = |told: Told<'_>| {
        fitted += usize::from(matches!(told, Told::Member(_)));
        Ok::<(), EvalError>(())
    };
    tune(validation, search, None, &mut trials, &|| Duration::ZERO, &mut told).unwrap();
    (trials, fitted)
}

#[test]
fn a_try_has_the_figure_of_the_blend_that_is_served() {
    let Fold { train, test } = SPLIT.part(&train(), 0, 7).unwrap();
    for votes in ["votes=z_score", "votes=reciprocal_rank"] {
        let search = search(MEMBERS, &[votes], 12).unwrap();
        for trial in tried(&validation(), &search, Vec::new()).0 {
            let params = search.params(&trial.set).unwrap();
            let mut going = |_| ControlFlow::Continue(());
            let (served, _) = Recommender::fit(train.clone(), &params, Timestamp::UNIX_EPOCH, &mut going).unwrap();
            let expected = judge(&served, &test, 10).unwrap().mean(Metric::Ndcg, 10);
            let found = trial.figure.unwrap();
            assert!((found - expected).abs() < 1e-9, "{}: {found} is not {expected}", params.summary());
        }
    }
}

#[test]
fn what_was_given_comes_first_then_each_member_alone_then_points_then_steps_of_one_weight() {
    let (trials, _) = tried(&validation(), &search(MEMBERS, &[], 24).unwrap(), Vec::new());
    let origins: Vec<Origin> = trials.iter().map(|trial| trial.from).collect();
    assert_eq!(origins[..5], [Origin::Given, Origin::Alone, Origin::Alone, Origin::Alone, Origin::Alone]);
    assert_eq!(origins[5..11], [Origin::Halton; 6]);
    assert!(origins[11..].iter().all(|from| *from == Origin::Step));
    assert_eq!(trials[0].set["item_knn"], 0.5);
    for at in 5..trials.len() {
        let best = GOAL.best(&trials[..at]).unwrap();
        // Ratios to the greatest weight of the best.
        let greatest = best.set.values().filter_map(|weight| weight.as_f64()).fold(0.0, f64::max);
        let differs = |name: &str, weight: f64| (best.set[name].as_f64().unwrap() / greatest - weight).abs() > 1e-3;
        let changed = trials[at].set.iter().filter(|&(name, value)| differs(name, value.as_f64().unwrap())).count();
        assert!(trials[at].from == Origin::Halton || changed <= 1, "{at}");
        assert!(trials[at].set.values().all(|weight| (-0.2..=1.0).contains(&weight.as_f64().unwrap())));
        assert!(trials[..at].iter().all(|before| before.set != trials[at].set));
    }
}

#[test]
fn a_search_ends_where_no_step_is_better_and_then_fits_nothing() {
    let search = search("ease + item_knn", &[], 10_000).unwrap();
    let (whole, fitted) = tried(&validation(), &search, Vec::new());
    assert!(whole.len() < 300 && fitted == 2, "{} tries, {fitted} fits", whole.len());
    let best = GOAL.best(&whole).unwrap().figure.unwrap();
    assert!(whole[..3].iter().all(|trial| trial.figure.unwrap() <= best));
    assert_eq!(tried(&validation(), &search, whole.clone()), (whole.clone(), 0));
    for kept in [1, 5, whole.len() - 1] {
        assert_eq!(tried(&validation(), &search, whole[..kept].to_vec()), (whole.clone(), 2), "after {kept}");
    }
}

#[test]
fn tries_are_the_same_at_any_number_of_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tried(&validation(), &search(MEMBERS, &[], 9).unwrap(), Vec::new()).0)
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn users_are_drawn_where_all_need_more_memory() {
    let all = validation();
    let (users, items) = (all.users(), all.shape().items as u64);
    assert_eq!(all.clone().for_votes(4, 1 << 30, 7).hash(), all.hash());
    let some = all.clone().for_votes(4, 20 * items * 100 + 1, 7);
    assert_eq!(some.users(), 100);
    assert_eq!(some.hash(), all.clone().for_votes(4, 20 * items * 100, 7).hash());
    assert_ne!(some.hash(), all.clone().for_votes(4, 20 * items * 100, 8).hash());
    assert_eq!(all.for_votes(4, 1, 7).users(), 1);
    let (trials, _) = tried(&some, &search(MEMBERS, &[], 5).unwrap(), Vec::new());
    assert!(users > 100 && trials.iter().all(|trial| trial.figure.is_some()));
}

#[test]
fn a_state_of_other_members_is_refused() {
    let head = |members: &str| Head::of(&search(members, &[], 9).unwrap(), &validation(), "random=0.2");
    let (one, other) = (head("ease + item_knn"), head("ease + .5 item_knn"));
    let lines = [foretaste_eval::tune::Line::Search(one.clone()).text()];
    assert!(State::read(&lines, &one).is_ok());
    let error = State::read(&lines, &other).unwrap_err();
    assert!(matches!(error, StateError::Other { what: "list of members", .. }), "{error}");
}

#[test]
fn what_is_no_blend_to_search_is_refused() {
    let error = |members: &str, fixed: &[&str]| search(members, fixed, 9).unwrap_err().to_string();
    assert!(error("ease", &[]).contains("1 members, allowed are 2 to 5"));
    assert!(error("ease + ials + slim + item_knn + user_knn + popularity", &[]).contains("allowed are 2 to 5"));
    assert!(error("ease + ease(lambda=3)", &[]).contains("two members that are ease"));
    assert!(error("ease - .3 ials", &[]).contains("the weight -0.3 of ials, allowed are -0.2 to 1"));
    assert!(error("0 ease - .1 ials", &[]).contains("no weight above 0"));
    assert!(error("ease + ials", &["members=slim"]).contains("members by --blend alone"));
    assert!(error("ease + ials", &["vote=1"]).contains("no parameter `vote`"));
    assert!(error("ease(lambda=0) + ials", &[]).contains("lambda"));
    let of_ratings = Search::blend("ease + ials".parse().unwrap(), &[], &validation().shape(), Goal::Rmse, 9, 1);
    assert!(of_ratings.unwrap_err().to_string().contains("metrics of lists"));
}
