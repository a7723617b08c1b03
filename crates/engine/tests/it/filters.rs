//! Filters on every list: what comes back is what a look at every single item gives.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use foretaste::catalogue::{Catalogue, Item, ItemsOptions, read_items};
use foretaste::dataset::Dataset;
use foretaste::interactions::{Interactions, ReadOptions, read_interactions};
use foretaste::models::ModelParams;
use foretaste::recommend::{Filter, RecommendError, Recommender, Request, Scored, Selection, UnknownValue};
use foretaste::table::Source;

fn interactions(text: String) -> Interactions {
    read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap().0
}

fn fit(data: Dataset, rank: usize) -> Recommender {
    let params = ModelParams::default().with(&[format!("rank={rank}")]).unwrap();
    let never = &mut |_| ControlFlow::Continue(());
    Recommender::fit(Arc::new(data), &params, jiff::Timestamp::UNIX_EPOCH, never).unwrap().0
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

const GENRES: [&str; 6] = ["War", "Drama", "Sci-Fi", "Comedy", "Film-Noir", "Ünde"];

fn random_recommender(random: &mut Random, items: usize) -> Recommender {
    let mut text = String::from("user,item,rating\n");
    for item in 0..items {
        (0..1 + random.below(4))
            .for_each(|_| writeln!(text, "u{},{item},{}", random.below(9), random.below(5) + 1).unwrap());
    }
    let interactions = interactions(text);
    let cards = (0..items).map(|_| {
        let genres = GENRES.into_iter().filter(|_| random.below(4) == 0).collect();
        let year = (random.below(3) > 0).then(|| 1990 + random.below(10) as u16);
        Item { title: None, genres, year }
    });
    let catalogue = Catalogue::from_items(cards.collect::<Vec<_>>()).unwrap();
    fit(Dataset { catalogue, ..Dataset::new("random", interactions) }, 3)
}

/// Whether an item passes, by looking at it alone.
fn passes(recommender: &Recommender, scored: Scored, selection: &Selection<'_>) -> bool {
    let (id, card) = (recommender.item_id(scored.item), recommender.card(scored.item));
    let filter = &selection.filter;
    let bounded = filter.min_year.is_some() || filter.max_year.is_some();
    let years = filter.min_year.unwrap_or(0)..=filter.max_year.unwrap_or(u16::MAX);
    !selection.exclude.contains(&id)
        && selection.only.as_ref().is_none_or(|only| only.contains(&id))
        && (filter.genres.is_empty()
            || card.genres.iter().any(|genre| filter.genres.iter().any(|wanted| wanted.eq_ignore_ascii_case(genre))))
        && (!bounded || card.year.is_some_and(|year| years.contains(&year)))
}

#[test]
fn filtered_lists_are_the_whole_lists_without_the_items_that_fail() {
    let mut random = Random(5);
    let names: Vec<String> = (0..80).map(|item| item.to_string()).collect();
    let wanted = ["war", "DRAMA", "Sci-Fi", "none such", "Ünde", "ünde"];
    let (mut compared, mut shorter) = (0, 0);
    for round in 0..30 {
        let items = [1, 5, 63, 64, 65, 80][round % 6].max(3);
        let recommender = random_recommender(&mut random, items);
        for _ in 0..40 {
            let mut some = |share: usize| -> Vec<&str> {
                (0..random.below(12)).map(|_| names[random.below(names.len())].as_str()).take(share).collect()
            };
            let (exclude, only) = (some(12), some(12));
            let year = |random: &mut Random| (random.below(2) == 0).then(|| 1988 + random.below(14) as u16);
            let filter = Filter {
                genres: wanted.into_iter().filter(|_| random.below(5) == 0).collect(),
                min_year: year(&mut random),
                max_year: year(&mut random),
            };
            let only = (random.below(3) == 0).then_some(only);
            let selection = Selection { exclude, only, filter };
            let limit = 1 + random.below(20);
            let brute = |whole: Vec<Scored>| -> Vec<Scored> {
                whole.into_iter().filter(|&scored| passes(&recommender, scored, &selection)).take(limit).collect()
            };
            for user in ["u1", "nobody"] {
                let whole = recommender.recommend(&Request { limit: 1000, ..Request::for_user(user) }).unwrap().items;
                let request = Request { limit, selection: selection.clone(), ..Request::for_user(user) };
                let found = recommender.recommend(&request).unwrap();
                assert_eq!(found.items, brute(whole.clone()), "{request:?}");
                shorter += usize::from(found.items.len() < whole.len().min(limit));
            }
            let similar = recommender.similar_among("1", limit, &selection).unwrap().items;
            assert_eq!(similar, brute(recommender.similar("1", 1000).unwrap()), "{selection:?}");
            let popular = recommender.popular_among(limit, &selection).unwrap().items;
            assert_eq!(popular, brute(recommender.popular(1000).unwrap()), "{selection:?}");
            compared += 1;
        }
    }
    assert!(compared == 1200 && shorter > 500, "{shorter} lists were cut by the filters");
}

#[test]
fn values_that_no_item_has_are_named_in_the_order_of_the_request() {
    let recommender = random_recommender(&mut Random(1), 20);
    let filter = Filter { genres: vec!["war", "Fantasy", "None"], ..Filter::default() };
    let selection = Selection { filter, exclude: vec!["x", "1"], only: Some(vec!["y", "2"]) };
    let request = Request { selection: selection.clone(), ..Request::for_user("u1") };
    let ranked = recommender.recommend(&request).unwrap();
    assert_eq!(ranked.unknown_items, ["x", "y"]);
    let value = |parameter, value: &str| UnknownValue { parameter, value: value.to_owned() };
    assert_eq!(ranked.unknown_values, [value("genre", "Fantasy"), value("genre", "None")]);
    let listed = recommender.popular_among(10, &selection).unwrap();
    assert_eq!((listed.unknown_items, listed.unknown_values), (ranked.unknown_items, ranked.unknown_values));

    let dated = Selection { filter: Filter { min_year: Some(1990), ..Filter::default() }, ..Selection::default() };
    assert_eq!(recommender.popular_among(10, &dated).unwrap().unknown_values, []);
    let undated = fit(Dataset::new("bare", interactions("u,i,r\n1,1,5\n1,2,3\n2,2,1\n".to_owned())), 1);
    let listed = undated.popular_among(10, &dated).unwrap();
    assert_eq!((listed.items, listed.unknown_values), (vec![], vec![value("min_year", "1990")]));
}

#[test]
fn values_joined_by_commas_are_refused_where_a_part_is_known() {
    let recommender = random_recommender(&mut Random(2), 20);
    let joined = |selection: Selection<'_>| recommender.popular_among(10, &selection);
    let error = joined(Selection { exclude: vec!["99, 1"], ..Selection::default() }).unwrap_err();
    let (parameter, value, part) = ("exclude", "99, 1".to_owned(), "1".to_owned());
    assert_eq!(error, RecommendError::Joined { parameter, value, part });
    assert!(error.to_string().starts_with("`exclude` names `99, 1`, which is not known, but `1` is: a comma does not"));
    assert!(joined(Selection { only: Some(vec!["1,2"]), ..Selection::default() }).is_err());
    let filter = Filter { genres: vec!["War,Fantasy"], ..Filter::default() };
    let error = joined(Selection { filter, ..Selection::default() }).unwrap_err();
    assert!(matches!(error, RecommendError::Joined { parameter: "genre", .. }), "{error}");
    let unknown = joined(Selection { exclude: vec!["98,99"], ..Selection::default() }).unwrap();
    assert_eq!(unknown.unknown_items, ["98,99"], "nothing of it is known");
    // An id with a comma is an id.
    let with_comma = fit(Dataset::new("comma", interactions("u;i;r\n1;1;5\n1;2,1;3\n2;1;1\n".to_owned())), 1);
    let selection = Selection { exclude: vec!["2,1"], ..Selection::default() };
    assert_eq!(with_comma.popular_among(10, &selection).unwrap().items.len(), 1);
}

#[test]
fn genres_in_one_field_separated_by_commas_are_found_by_the_filter() {
    let items =
        "anime_id,name,genre\n10,Alpha,\"Drama, Romance\"\n11,Beta,\"Action, Comedy\"\n12,Gamma,\"Comedy, Drama\"\n";
    let interactions = interactions("userId,movieId,rating\n1,10,5\n1,11,3\n2,10,4\n2,12,2\n".to_owned());
    let (catalogue, _) = read_items(Source::bytes(items), interactions.items(), &ItemsOptions::default()).unwrap();
    let recommender = fit(Dataset { catalogue, ..Dataset::new("anime", interactions) }, 2);
    let filter = Filter { genres: vec!["Comedy"], ..Filter::default() };
    let selection = Selection { filter, ..Selection::default() };
    let ranked = recommender.recommend(&Request { selection, ..Request::for_user("1") }).unwrap();
    let found: Vec<&str> = ranked.items.iter().map(|scored| recommender.item_id(scored.item)).collect();
    assert_eq!((found, ranked.unknown_values), (vec!["12"], vec![]));
    assert_eq!(recommender.card(recommender.item("12").unwrap()).genres, ["Comedy", "Drama"]);
}

#[test]
fn an_item_that_nobody_rated_is_in_the_catalogue_and_in_no_list() {
    let interactions = interactions("u,i,r\n1,1,5\n1,2,3\n2,2,1\n".to_owned());
    let items = "item,title,price\n1,A,2\n7,New,9\n2,B,5\n";
    let (catalogue, _) = read_items(Source::bytes(items), interactions.items(), &ItemsOptions::default()).unwrap();
    let recommender = fit(Dataset { catalogue, ..Dataset::new("shop", interactions) }, 1);
    let row = recommender.catalogue_row("7").unwrap();
    assert_eq!(recommender.dataset().catalogue.title_of(row), Some("New"));
    assert_eq!(recommender.catalogue_row("2"), Ok(1));
    assert_eq!(recommender.catalogue_row("8"), Err(RecommendError::UnknownItem { item: "8".into() }));
    assert_eq!(recommender.popular(10).unwrap().len(), 2);
    let unrated = RecommendError::UnratedItem { item: "7".into() };
    assert_eq!(recommender.predict("1", "7"), Err(unrated.clone()));
    assert_eq!(recommender.similar("7", 5).unwrap_err(), unrated);
    assert_eq!(unrated.to_string(), "item `7` has no rating, so that the model knows nothing of it");
    let selection = Selection { exclude: vec!["7", "8"], ..Selection::default() };
    assert_eq!(recommender.popular_among(10, &selection).unwrap().unknown_items, ["8"]);
}
