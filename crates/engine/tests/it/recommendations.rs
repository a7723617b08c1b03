//! What a recommender answers, on data small enough to check by hand.

use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::catalogue::{Catalogue, Item};
use foretaste::dataset::Dataset;
use foretaste::ids::UserIx;
use foretaste::interactions::{ReadOptions, read_interactions};
use foretaste::models::{FitError, ModelParams};
use foretaste::recommend::{
    Fallback, Filter, MAX_LIMIT, RecommendError, Recommender, Request, Scored, Selection, ShortfallReason, Source,
};

/// Two groups of users with nothing in common: a, b like 1..3; c, d like 4..6. Item 7 only c has seen.
const RATINGS: &str = "user,item,rating\n\
    a,1,5\na,2,4\nb,1,4\nb,2,5\nb,3,4\n\
    c,4,5\nc,5,5\nc,7,5\nd,4,4\nd,5,4\nd,6,3\n";

fn data() -> Arc<Dataset> {
    let source = foretaste::table::Source::bytes(RATINGS);
    let (ratings, _) = read_interactions(source, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let items = ratings.items().iter().map(|id| Item {
        title: None,
        genres: vec![if id < "4" { "Low" } else { "High" }],
        year: id.parse::<u16>().ok().filter(|id| id % 2 == 0).map(|id| 2000 + id),
    });
    let catalogue = Catalogue::from_items(items).unwrap();
    Arc::new(Dataset { catalogue, ..Dataset::new("groups", ratings) })
}

fn svd(rank: usize) -> ModelParams {
    ModelParams::default().with(&[format!("rank={rank}")]).unwrap()
}

fn fit(rank: usize) -> Result<Recommender, FitError> {
    let fitted = Recommender::fit(data(), &svd(rank), jiff::Timestamp::UNIX_EPOCH, &mut |_| ControlFlow::Continue(()));
    fitted.map(|(recommender, _)| recommender)
}

fn filtered(filter: Filter<'_>) -> Selection<'_> {
    Selection { filter, ..Selection::default() }
}

fn ids(recommender: &Recommender, items: &[Scored]) -> Vec<String> {
    items.iter().map(|scored| recommender.item_id(scored.item).to_owned()).collect()
}

#[test]
fn an_unrated_item_of_the_same_group_comes_first() {
    let recommender = fit(2).unwrap();
    let ranked = recommender.recommend(&Request::for_user("a")).unwrap();
    assert_eq!(ranked.source, Source::Model);
    assert_eq!(ids(&recommender, &ranked.items)[0], "3");
    assert!(ranked.items[0].score > ranked.items[1].score + 0.5);
}

#[test]
fn at_full_rank_a_prediction_is_the_rating_plus_the_mean_over_all_items() {
    let recommender = fit(4).unwrap();
    let mean = 9.0 / 7.0;
    assert!((recommender.predict("a", "1").unwrap() - (5.0 + mean)).abs() < 1e-5);
    assert!((recommender.predict("a", "6").unwrap() - mean).abs() < 1e-5);
}

#[test]
fn a_history_folded_in_scores_as_the_user_it_was_taken_from() {
    let recommender = fit(2).unwrap();
    for (user, history) in [("a", vec![("1", 5.0), ("2", 4.0)]), ("c", vec![("7", 5.0), ("4", 5.0), ("5", 5.0)])] {
        let trained = recommender.recommend(&Request::for_user(user)).unwrap();
        let folded = recommender.recommend(&Request::for_history(history)).unwrap();
        assert_eq!(folded.source, Source::FoldIn);
        assert_eq!(ids(&recommender, &trained.items), ids(&recommender, &folded.items));
        for (a, b) in trained.items.iter().zip(&folded.items) {
            assert!((a.score - b.score).abs() < 1e-5);
        }
    }
}

#[test]
fn the_last_rating_of_an_item_named_twice_counts_and_unknown_items_are_named() {
    let recommender = fit(2).unwrap();
    let twice = Request::for_history(vec![("1", 1.0), ("nowhere", 3.0), ("2", 4.0), ("1", 5.0)]);
    let ranked = recommender.recommend(&twice).unwrap();
    let once = recommender.recommend(&Request::for_history(vec![("1", 5.0), ("2", 4.0)])).unwrap();
    assert_eq!(ranked.items, once.items);
    assert_eq!(ranked.unknown_items, ["nowhere"]);
}

#[test]
fn who_has_no_history_gets_popular_items_or_an_error() {
    let recommender = fit(2).unwrap();
    let request = Request { limit: 4, ..Request::for_user("nobody") };
    let ranked = recommender.recommend(&request).unwrap();
    assert_eq!(ranked.source, Source::Popular);
    assert_eq!(ids(&recommender, &ranked.items), ["1", "2", "4", "5"], "equal counts rank by rising index");
    assert!((ranked.items[0].score - 2.0).abs() < f32::EPSILON, "the score is the number of ratings");
    let strict = Request { fallback: Fallback::None, ..request };
    assert_eq!(recommender.recommend(&strict), Err(RecommendError::UnknownUser { user: "nobody".into() }));
    let strangers = Request { fallback: Fallback::None, ..Request::for_history(vec![("x", 1.0)]) };
    assert_eq!(recommender.recommend(&strangers), Err(RecommendError::UnknownHistory { given: 1 }));
}

#[test]
fn lists_and_filters_bound_what_comes_back_and_the_shortfall_says_why() {
    let recommender = fit(2).unwrap();
    let everything = recommender.recommend(&Request { limit: 7, ..Request::for_user("a") }).unwrap();
    assert_eq!((everything.items.len(), everything.shortfall.unwrap().reason), (5, ShortfallReason::AllRated));
    let excluding = Selection { exclude: vec!["3"], ..Selection::default() };
    let without = Request { limit: 5, selection: excluding, ..Request::for_user("a") };
    let without = recommender.recommend(&without).unwrap();
    assert!(!ids(&recommender, &without.items).contains(&"3".to_owned()));
    assert_eq!(without.shortfall.unwrap().reason, ShortfallReason::Filtered);
    let selection = Selection { only: Some(vec!["6", "1", "?"]), ..Selection::default() };
    let only = Request { selection, ..Request::for_user("a") };
    let only = recommender.recommend(&only).unwrap();
    assert_eq!((ids(&recommender, &only.items), only.unknown_items), (vec!["6".to_owned()], vec!["?".to_owned()]));
    let genre = Filter { genres: vec!["low"], ..Filter::default() };
    let low = recommender.recommend(&Request { selection: filtered(genre), ..Request::for_user("c") }).unwrap();
    assert_eq!(ids(&recommender, &low.items).len(), 3);
    let years = Filter { min_year: Some(2003), max_year: Some(2006), ..Filter::default() };
    let dated = recommender.recommend(&Request { selection: filtered(years), ..Request::for_user("nobody") }).unwrap();
    assert_eq!(ids(&recommender, &dated.items), ["4", "6"], "an item without a year fails a filter on years");
}

#[test]
fn rated_items_come_best_first_and_similar_items_leave_out_the_item() {
    let recommender = fit(2).unwrap();
    let rated = recommender.rated("d").unwrap();
    assert_eq!(ids(&recommender, &rated), ["4", "5", "6"]);
    let similar = recommender.similar("4", 10).unwrap();
    // Items of the other group have nothing in common with it.
    assert!(ids(&recommender, &similar).len() < 6, "{similar:?}");
    assert_eq!(ids(&recommender, &similar)[0], "5");
    assert!(similar.iter().all(|scored| scored.score != 0.0), "{similar:?}");
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_bounds() {
    let recommender = fit(2).unwrap();
    for found in [0, MAX_LIMIT + 1] {
        let request = Request { limit: found, ..Request::for_user("a") };
        assert_eq!(recommender.recommend(&request), Err(RecommendError::Limit { found, most: MAX_LIMIT }));
    }
    for found in [f32::NAN, f32::INFINITY] {
        let error = recommender.recommend(&Request::for_history(vec![("1", found)])).unwrap_err();
        assert!(matches!(error, RecommendError::Rating { .. }), "{error}");
    }
    assert!(matches!(recommender.predict("a", "99"), Err(RecommendError::UnknownItem { .. })));
    for found in [0, 5] {
        assert!(
            matches!(fit(found), Err(FitError::Parameter { name: "rank", found: named, .. }) if named == found.to_string())
        );
    }
}

#[test]
fn a_fit_can_be_cancelled() {
    let params = svd(2);
    let cancelled = Recommender::fit(data(), &params, jiff::Timestamp::UNIX_EPOCH, &mut |_| ControlFlow::Break(()));
    assert!(matches!(cancelled, Err(FitError::Cancelled)));
}

#[test]
fn progress_is_told_right_before_and_right_after_the_factorisation() {
    let (params, mut told) = (svd(2), Vec::new());
    let fitted = Recommender::fit(data(), &params, jiff::Timestamp::UNIX_EPOCH, &mut |at| {
        told.push(at.done.to_string());
        ControlFlow::Continue(())
    });
    assert!(fitted.is_ok());
    assert!(told.len() >= 2 && told[0] == "0" && told[told.len() - 1] == "1", "{told:?}");
    let mut calls = 0;
    let stopped_at_the_end = Recommender::fit(data(), &params, jiff::Timestamp::UNIX_EPOCH, &mut |_| {
        calls += 1;
        if calls == told.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped_at_the_end, Err(FitError::Cancelled)));
}

#[test]
fn a_refit_shares_what_follows_from_the_ratings_alone() {
    let data = data();
    let refit = |rank| {
        let params = svd(rank);
        let never = &mut |_| ControlFlow::Continue(());
        Recommender::fit(Arc::clone(&data), &params, jiff::Timestamp::UNIX_EPOCH, never).unwrap().0
    };
    let (first, second) = (refit(2), refit(3));
    let facts = |of: &Recommender| {
        let ratings = &of.dataset().interactions;
        (ratings.item_stats().as_ptr(), ratings.by_popularity().as_ptr())
    };
    assert_eq!(facts(&first), facts(&second));
    let stats = data.interactions.item_stats();
    assert_eq!(stats.iter().map(|stats| stats.count).collect::<Vec<_>>(), [2, 2, 1, 2, 2, 1, 1]);
    let popular: Vec<u32> = data.interactions.by_popularity().iter().map(|item| item.0).collect();
    assert_eq!(popular, [0, 1, 3, 4, 2, 5, 6]);
    assert_eq!(first.provenance().data_hash, data.hash());
}

#[test]
fn lists_for_many_users_at_once_are_those_of_each_alone_for_every_model_and_a_user_without_a_direction() {
    let source = foretaste::table::Source::bytes(format!("{RATINGS}e,1,0\n"));
    let (ratings, _) = read_interactions(source, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let data = Arc::new(Dataset { catalogue: data().catalogue.clone(), ..Dataset::new("groups", ratings) });
    for (params, settings) in
        [("svd", "rank=2"), ("ials", "factors=3"), ("scaled_svd", "factors=2"), ("ease", "lambda=2")]
    {
        let params = ModelParams::of(params).unwrap().with(&[settings]).unwrap();
        let epoch = jiff::Timestamp::UNIX_EPOCH;
        let (recommender, _) =
            Recommender::fit(Arc::clone(&data), &params, epoch, &mut |_| ControlFlow::Continue(())).unwrap();
        let users: Vec<UserIx> = [4, 0, 1, 2, 3, 0].map(UserIx).to_vec();
        for limit in [1, 3, 10] {
            let lists = recommender.recommend_each(&users, limit).unwrap();
            for (user, list) in users.iter().zip(lists) {
                let user = recommender.dataset().interactions.users().name(user.0);
                let alone = recommender.recommend(&Request { limit, ..Request::for_user(user) }).unwrap();
                assert_eq!(list, alone.items, "{} of {user} by {}", limit, params.name());
            }
        }
        assert!(matches!(recommender.recommend_each(&users, 0), Err(RecommendError::Limit { .. })));
    }
}
