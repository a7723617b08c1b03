//! What a subject did after the data were taken, in its next list.

use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::models::ModelParams;
use foretaste::recommend::{Fallback, KeptOut, Observed, Recommender, Request, Scored, Source, WhatIf};

fn fitted(model: &str) -> Recommender {
    let data = Arc::new(Dataset::demo().unwrap());
    let params = ModelParams::of(model).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap().0
}

fn observed(item: &str, value: Option<f32>) -> Observed {
    Observed { item: item.to_owned(), value, time: 2_000_000_000_000 }
}

fn best<'a>(recommender: &'a Recommender, request: &Request<'_>) -> Vec<&'a str> {
    recommender.recommend(request).unwrap().items.iter().map(|scored| recommender.item_id(scored.item)).collect()
}

#[test]
fn it_is_folded_in_and_in_no_list() {
    let recommender = fitted("svd");
    let before = Request::for_user("7");
    let [first, second, third] = best(&recommender, &before)[..3] else { panic!("the demo has more items") };
    let live = [observed(first, Some(5.0)), observed(second, None), observed("no such item", Some(1.0))];
    let request = Request { live: &live, ..before.clone() };
    let ranked = recommender.recommend(&request).unwrap();
    assert_eq!(ranked.source, Source::FoldIn);
    assert!(ranked.unknown_items.is_empty(), "it was not named in the request");
    let listed: Vec<&str> = ranked.items.iter().map(|scored| recommender.item_id(scored.item)).collect();
    assert!(!listed.contains(&first) && !listed.contains(&second), "{listed:?}");
    // The same as if the request said so, what was only seen left out.
    let what_if = WhatIf { add: vec![(first, Some(5.0))], remove: Vec::new() };
    let mut said = Request { what_if: Some(what_if), ..before.clone() };
    said.selection.exclude = vec![second];
    assert_eq!(recommender.recommend(&said).unwrap().items, ranked.items);
    // A change comes on top of it.
    let removed = WhatIf { add: Vec::new(), remove: vec![first] };
    let taken_back = Request { what_if: Some(removed), live: &live[..1], ..before };
    assert!(best(&recommender, &taken_back).contains(&first));
    let standings = recommender.standings(&request, &[first, second, third], None).unwrap();
    let reasons: Vec<Option<KeptOut>> = standings.items.iter().map(|standing| standing.reason).collect();
    assert_eq!(reasons, [Some(KeptOut::Seen), Some(KeptOut::Seen), None]);
}

#[test]
fn a_new_user_is_folded_in_after_one_event() {
    let recommender = fitted("ease");
    let live = [observed("1", Some(5.0))];
    let request = Request { live: &live, fallback: Fallback::None, ..Request::for_user("new") };
    let stated = Request { fallback: Fallback::None, ..Request::for_history(vec![("1", 5.0)]) };
    assert_eq!(recommender.recommend(&request).unwrap(), recommender.recommend(&stated).unwrap());
    // What was only seen is no taste.
    let seen = [observed("1", None)];
    let request = Request { live: &seen, ..Request::for_user("new") };
    let ranked = recommender.recommend(&request).unwrap();
    assert_eq!(ranked.source, Source::Popular);
    assert!(!best(&recommender, &request).contains(&"1"));
}

#[test]
fn a_model_that_folds_nothing_in_leaves_it_out_all_the_same() {
    let recommender = fitted("popularity");
    let other = fitted("co_clustering");
    for recommender in [&recommender, &other] {
        let first = best(recommender, &Request::for_user("7"))[0];
        let live = [observed(first, Some(5.0))];
        let request = Request { live: &live, ..Request::for_user("7") };
        assert!(!best(recommender, &request).contains(&first));
    }
}

#[test]
fn the_ratings_of_a_user_have_the_latest() {
    let recommender = fitted("svd");
    let before = recommender.rated("7").unwrap();
    let worst = *before.last().unwrap();
    let id = recommender.item_id(worst.item);
    let live = [observed(id, Some(9.0)), observed("no such item", Some(9.0))];
    let now = recommender.rated_by("7", &live).unwrap();
    assert_eq!((now.len(), now[0]), (before.len(), Scored { score: 9.0, ..worst }));
    assert_eq!(recommender.rated_by("new", &live[..1]).unwrap(), [Scored { score: 9.0, ..worst }]);
    assert!(recommender.rated_by("new", &[]).is_err());
}
