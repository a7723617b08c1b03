//! Why items have their scores, what would be if the history were another one, and why items are not in a list.

use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::ItemIx;
use foretaste::models::{ExplanationKind, Model, ModelParams, Scorer};
use foretaste::recommend::{
    Fallback, Filter, KeptOut, MAX_TERMS, Moved, Place, RecommendError, Recommender, Request, Scored, Selection, Shift,
    Source, Standings, Subject, WhatIf, Why,
};

fn fit(model: &str, set: &[&str]) -> Recommender {
    let params = ModelParams::of(model).unwrap().with(set).unwrap();
    let data = Arc::new(Dataset::demo().unwrap());
    let fitted =
        Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut |_| ControlFlow::Continue(())).unwrap();
    fitted.0
}

fn svd() -> Recommender {
    fit("svd", &["rank=8"])
}

fn explained<'a>(user: &'a str, terms: usize) -> Request<'a> {
    Request { explain: Some(terms), ..Request::for_user(user) }
}

fn sum(why: &Why) -> f64 {
    let terms: f64 = why.terms.iter().map(|term| f64::from(term.contribution)).sum();
    let parts: f64 = why.parts.iter().map(|&(_, part)| f64::from(part)).sum();
    terms + f64::from(why.sum_of_others) + parts
}

fn history_of<'a>(recommender: &'a Recommender, user: &str) -> Vec<(&'a str, f32)> {
    let (items, values) = recommender.dataset().interactions.of(recommender.user(user).unwrap());
    items.iter().map(|&item| recommender.item_id(ItemIx(item))).zip(values.iter().copied()).collect()
}

#[test]
fn the_terms_of_an_item_fall_in_size_and_sum_with_the_others_to_its_score() {
    for (model, set) in [("svd", &["rank=8"][..]), ("ials", &["factors=8"]), ("bias", &[]), ("popularity", &[])] {
        let recommender = fit(model, set);
        let length = history_of(&recommender, "7").len();
        for terms in [1, 3, MAX_TERMS] {
            let ranked = recommender.recommend(&explained("7", terms)).unwrap();
            assert_eq!((ranked.why.len(), ranked.source), (ranked.items.len(), Source::FoldIn), "{model}");
            for (scored, why) in ranked.items.iter().zip(&ranked.why) {
                assert!(why.terms.len() <= terms && why.terms.len() + why.others == length, "{model}: {why:?}");
                let sizes: Vec<f32> = why.terms.iter().map(|term| term.contribution.abs()).collect();
                assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes.iter().all(|&size| size > 0.0), "{model}: {why:?}");
                assert!(why.terms.iter().all(|term| 0.0 < term.share && term.share <= 1.0), "{model}: {why:?}");
                let score = f64::from(scored.score);
                assert!((sum(why) - score).abs() <= 1e-5 * score.abs().max(1.0), "{model}: {score}, {why:?}");
                assert_eq!(why.additive, model == "svd");
            }
        }
    }
}

#[test]
fn a_list_that_is_explained_holds_what_it_held() {
    let recommender = svd();
    for user in ["1", "7", "300"] {
        let plain = recommender.recommend(&Request::for_user(user)).unwrap();
        let why = recommender.recommend(&explained(user, 3)).unwrap();
        let ids = |items: &[Scored]| items.iter().map(|scored| scored.item).collect::<Vec<_>>();
        assert_eq!((plain.source, plain.why.len()), (Source::Model, 0));
        assert_eq!(ids(&plain.items), ids(&why.items));
        let listed = recommender.recommended(&why);
        let (because, others) = (listed[0].because.as_ref().unwrap(), listed[0].others.unwrap());
        assert_eq!((because.len(), listed[0].kind), (3, Some(ExplanationKind::Contributions)));
        assert_eq!(others.count + 3, history_of(&recommender, user).len());
        let value = history_of(&recommender, user).iter().find(|(id, _)| *id == because[0].item).unwrap().1;
        assert!((because[0].value - value).abs() < f32::EPSILON);
    }
}

#[test]
fn a_list_of_popular_items_is_explained_by_their_counts() {
    let recommender = svd();
    let ranked = recommender.recommend(&explained("stranger", 3)).unwrap();
    assert_eq!(ranked.source, Source::Popular);
    for (scored, why) in ranked.items.iter().zip(&ranked.why) {
        assert_eq!((why.kind, why.terms.len(), why.others), (ExplanationKind::Parts, 0, 0));
        assert_eq!(why.parts, [("count", scored.score)]);
    }
}

#[test]
fn a_number_of_terms_out_of_range_is_refused_with_the_range() {
    for found in [0, MAX_TERMS + 1, usize::MAX] {
        let error = svd().recommend(&explained("7", found)).unwrap_err();
        assert_eq!(error, RecommendError::Terms { found, most: MAX_TERMS });
        assert!(error.to_string().contains("1 to 100"), "{error}");
    }
}

#[test]
fn a_changed_history_scores_as_the_same_history_stated() {
    let recommender = svd();
    let mut history = history_of(&recommender, "7");
    let (gone, changed) = (history[1].0, history[2].0);
    let ranked = recommender.recommend(&Request::for_user("7")).unwrap();
    let new = recommender.item_id(ranked.items[0].item);
    let add = vec![(new, Some(2.0)), (changed, Some(1.0)), ("no such item", None), (new, None)];
    let what_if = Some(WhatIf { add, remove: vec![gone] });
    let as_if = recommender.recommend(&Request { what_if, ..explained("7", 3) }).unwrap();
    assert_eq!(as_if.unknown_items, ["no such item"]);
    history.remove(1);
    history[1].1 = 1.0;
    // The last value counts, and without one it is the highest of the scale.
    history.push((new, 5.0));
    let stated = recommender.recommend(&Request { explain: Some(3), ..Request::for_history(history.clone()) }).unwrap();
    assert_eq!(as_if.items, stated.items);
    assert!(as_if.items.iter().all(|scored| recommender.item_id(scored.item) != new), "what was added is seen");
    // The same change of a stated history.
    let what_if = Some(WhatIf { add: vec![(gone, Some(4.0))], remove: vec![new] });
    let request = Request { what_if, ..Request::for_history(history) };
    let mut back = history_of(&recommender, "7");
    back[1].1 = 4.0;
    back[2].1 = 1.0;
    assert_eq!(
        recommender.recommend(&request).unwrap().items,
        recommender.recommend(&Request::for_history(back)).unwrap().items
    );
}

#[test]
fn only_what_is_in_a_history_can_be_removed_from_it() {
    let recommender = svd();
    let new = recommender.recommend(&Request::for_user("7")).unwrap().items[0].item;
    for item in [recommender.item_id(new), "no such item"] {
        let what_if = Some(WhatIf { remove: vec![item], ..WhatIf::default() });
        let error = recommender.recommend(&Request { what_if, ..Request::for_user("7") }).unwrap_err();
        let expected = format!("item `{item}` is not in the history of user `7`, so that it cannot be removed from it");
        assert_eq!(error.to_string(), expected);
    }
    let twice = history_of(&recommender, "7")[0].0;
    let what_if = Some(WhatIf { remove: vec![twice, twice], ..WhatIf::default() });
    assert!(recommender.recommend(&Request { what_if, ..Request::for_user("7") }).is_err());
}

#[test]
fn a_user_without_what_is_removed_gets_the_fallback_or_an_error() {
    let recommender = svd();
    let history = history_of(&recommender, "7");
    let what_if = Some(WhatIf { remove: history.iter().map(|&(id, _)| id).collect(), ..WhatIf::default() });
    let popular = recommender.recommend(&Request { what_if: what_if.clone(), ..Request::for_user("7") }).unwrap();
    assert_eq!(popular.source, Source::Popular);
    let first = recommender.popular(10).unwrap();
    assert_eq!(popular.items, first, "nothing is seen");
    let request = Request { what_if, fallback: Fallback::None, ..Request::for_user("7") };
    assert!(matches!(recommender.recommend(&request), Err(RecommendError::NoDirection { .. })));
}

#[test]
fn the_shift_between_two_lists_names_what_entered_left_and_moved() {
    let scored =
        |items: &[u32]| items.iter().map(|&item| Scored { item: ItemIx(item), score: 0.0 }).collect::<Vec<_>>();
    let shift = Shift::between(&scored(&[1, 2, 3, 4]), &scored(&[1, 5, 2, 4]));
    assert_eq!(shift.entered, [Place { item: ItemIx(5), rank: 2 }]);
    assert_eq!(shift.left, [Place { item: ItemIx(3), rank: 3 }]);
    assert_eq!(shift.moved, [Moved { item: ItemIx(2), from: 2, to: 3 }]);
    let recommender = svd();
    let request = Request { what_if: Some(WhatIf::default()), ..Request::for_user("7") };
    let now = recommender.recommend(&request).unwrap().items;
    assert_eq!(recommender.shift(&request, &now).unwrap(), Shift::default(), "nothing is changed");
}

/// The scores of all items, and the places of those that may be in the list, by a full sort.
fn brute_force(model: &Model, history: &[(u32, f32)], may: impl Fn(u32) -> bool) -> (Vec<f32>, Vec<u32>) {
    let (items, values): (Vec<u32>, Vec<f32>) = history.iter().copied().unzip();
    let mut scores = vec![0.0; model.scorer().items()];
    let history = foretaste::models::History { items: &items, values: &values, times: None };
    let fold_in = Scorer::fold_in(model.scorer()).unwrap();
    fold_in.score_history(history, foretaste::models::Candidates::All, &mut scores);
    let mut order: Vec<u32> = (0..u32::try_from(scores.len()).unwrap()).filter(|&item| may(item)).collect();
    order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
    (scores, order)
}

fn standings(recommender: &Recommender, request: &Request<'_>, items: &[&str], limit: Option<usize>) -> Standings {
    recommender.standings(request, items, limit).unwrap()
}

#[test]
fn how_items_stand_is_what_a_full_sort_finds() {
    let recommender = fit("ease", &["lambda=50"]);
    let catalogue = &recommender.dataset().catalogue;
    let genre = catalogue.item(ItemIx(3)).genres[0].to_owned();
    let seen = |item: u32| recommender.dataset().interactions.of(recommender.user("7").unwrap()).0.contains(&item);
    let all: Vec<&str> = (0..catalogue_len(&recommender)).map(|item| recommender.item_id(ItemIx(item))).collect();
    let (excluded, only) = (all[5], [all[5], all[8], all[9], all[10], all[11]]);
    let has_genre = |item: u32| catalogue.item(ItemIx(item)).genres.contains(&genre.as_str());
    let history: Vec<(u32, f32)> = {
        let (items, values) = recommender.dataset().interactions.of(recommender.user("7").unwrap());
        items.iter().copied().zip(values.iter().copied()).collect()
    };
    for (exclude, only, genres) in [
        (vec![], None, vec![]),
        (vec![excluded], None, vec![]),
        (vec![excluded], Some(only.to_vec()), vec![genre.as_str()]),
    ] {
        let allowed = |item: u32| {
            let id = recommender.item_id(ItemIx(item));
            let named = only.as_ref().is_none_or(|only| only.contains(&id));
            !exclude.contains(&id) && named && (genres.is_empty() || has_genre(item))
        };
        let (scores, order) = brute_force(recommender.model(), &history, |item| !seen(item) && allowed(item));
        let filter = Filter { genres: genres.clone(), ..Filter::default() };
        let selection = Selection { exclude: exclude.clone(), only: only.clone(), filter };
        let request = Request { selection, limit: 1000, ..Request::for_user("7") };
        let listed = recommender.recommend(&request).unwrap().items;
        for limit in [None, Some(4)] {
            let found = standings(&recommender, &request, &all, limit);
            assert_eq!((found.items.len(), found.source), (all.len(), Source::Model));
            for (item, standing) in (0u32..).zip(&found.items) {
                let score = standing.score.unwrap();
                assert!((score - scores[item as usize]).abs() < 1e-6, "{standing:?}");
                let id = standing.id.as_str();
                let better = |&&other: &&u32| {
                    let other_score = scores[other as usize];
                    other_score > scores[item as usize]
                        || (other_score.to_bits() == scores[item as usize].to_bits() && other < item)
                };
                let rank = order.iter().filter(better).count() + 1;
                assert_eq!(standing.rank, Some(rank), "{standing:?}");
                let expected = if seen(item) {
                    Some(KeptOut::Seen)
                } else if exclude.contains(&id) {
                    Some(KeptOut::Excluded)
                } else if only.as_ref().is_some_and(|only| !only.contains(&id)) {
                    Some(KeptOut::Only)
                } else if !(genres.is_empty() || has_genre(item)) {
                    Some(KeptOut::Filter)
                } else if limit.is_some_and(|limit| rank > limit) {
                    Some(KeptOut::Limit)
                } else {
                    None
                };
                assert_eq!(standing.reason, expected, "{standing:?}");
                if limit.is_none() {
                    let at = listed.iter().position(|scored| scored.item.0 == item);
                    assert_eq!(at.map(|at| at + 1), standing.reason.is_none().then_some(rank), "{standing:?}");
                }
            }
        }
    }
}

fn catalogue_len(recommender: &Recommender) -> u32 {
    u32::try_from(recommender.dataset().interactions.items().len()).unwrap()
}

#[test]
fn items_that_are_asked_about_are_explained_as_in_a_list_and_unknown_ones_are_named() {
    let recommender = svd();
    let request = explained("7", 3);
    let ranked = recommender.recommend(&request).unwrap();
    let ids: Vec<&str> = ranked.items.iter().map(|scored| recommender.item_id(scored.item)).collect();
    let mut asked = vec!["no such item"];
    asked.extend(&ids);
    let found = standings(&recommender, &request, &asked, Some(10));
    assert_eq!((found.unknown_items, found.source), (vec!["no such item".to_owned()], Source::FoldIn));
    for ((at, standing), why) in found.items.iter().enumerate().zip(&ranked.why) {
        assert_eq!((standing.rank, standing.reason, standing.why.as_ref()), (Some(at + 1), None, Some(why)));
    }
    for subject in [Subject::User("stranger"), Subject::History(Vec::new())] {
        let request = Request { subject, ..explained("", 2) };
        let popular = standings(&recommender, &request, &ids, None);
        let count = |id: &str| recommender.item_stats(recommender.item(id).unwrap()).count;
        assert_eq!(popular.source, Source::Popular);
        for standing in &popular.items {
            assert_eq!(standing.score, Some(count(&standing.id) as f32));
            let more = (0..catalogue_len(&recommender)).filter(|&other| {
                let stats = recommender.item_stats(ItemIx(other)).count;
                let own = (count(&standing.id), recommender.item(&standing.id).unwrap().0);
                stats > own.0 || (stats == own.0 && other < own.1)
            });
            assert_eq!(standing.rank, Some(more.count() + 1));
        }
        let strict = Request { fallback: Fallback::None, ..request };
        assert!(recommender.standings(&strict, &ids, None).is_err());
    }
}
