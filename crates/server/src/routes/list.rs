//! The wire forms of ranked lists.

use foretaste::recommend::{
    Moved, Place, Ranked, RecommendedItem, Recommender, Scored, Shift, Shortfall, Source, Taste, UnknownValue,
};
use foretaste_service::Version;
use serde::Serialize;

/// Recommended items, best first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Recommendations<'a> {
    /// The version of the model that all of the reply comes from.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// Where the scores come from.
    source: Source,
    /// Events of the user that the model was not fitted to and that count all the same; present when there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    live_events: Option<usize>,
    /// The items; equal scores are ordered by id, numbers by value before other ids.
    items: Vec<RecommendedItem<'a>>,
    /// The largest tastes of the history. Present with `explain` where the model knows tastes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tastes: Vec<Taste>,
    /// Ids of the request that the model does not know.
    unknown_items: Vec<String>,
    /// Values of filters that no item has; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_values: Vec<UnknownEntry>,
    /// Present when fewer items came back than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Shortfall>,
    /// Items that are in the list because of `add` and `remove`, with their place. Present with `diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    entered: Option<Vec<PlacedItem<'a>>>,
    /// Items that are not in the list because of `add` and `remove`, with the place that they had. Present with `diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Vec<PlacedItem<'a>>>,
    /// Items that are at another place because of `add` and `remove`. Present with `diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<Vec<MovedItem<'a>>>,
}

/// An item and its place in a list.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PlacedItem<'a> {
    /// The item's id.
    id: &'a str,
    /// The item's title, or its id where it has none.
    title: &'a str,
    /// Its place, from 1.
    rank: usize,
}

/// An item and its places in two lists.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MovedItem<'a> {
    /// The item's id.
    id: &'a str,
    /// The item's title, or its id where it has none.
    title: &'a str,
    /// The place that it had, from 1.
    from: usize,
    /// The place that it has.
    to: usize,
}

/// A value of a filter that no item has.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct UnknownEntry {
    /// The parameter: `genre`; or `min_year`, `max_year` where no item has a year.
    #[schema(example = "genre")]
    parameter: &'static str,
    /// The value, as it was given.
    #[schema(example = "Fantasy")]
    value: String,
}

impl UnknownEntry {
    pub(super) fn of(values: Vec<UnknownValue>) -> Vec<Self> {
        values.into_iter().map(|UnknownValue { parameter, value }| Self { parameter, value }).collect()
    }
}

/// The titles, one a line, the last line ended too.
pub(super) fn titles(recommender: &Recommender, scored: &[Scored]) -> String {
    let mut text = String::with_capacity(scored.len() * 40);
    for scored in scored {
        text.push_str(recommender.title(scored.item));
        text.push('\n');
    }
    text
}

impl<'a> Recommendations<'a> {
    pub(super) fn new(version: &'a Version, ranked: Ranked) -> Self {
        Self {
            model_version: &version.name,
            source: ranked.source,
            live_events: None,
            items: version.recommender.recommended(&ranked),
            tastes: ranked.tastes,
            unknown_items: ranked.unknown_items,
            unknown_values: UnknownEntry::of(ranked.unknown_values),
            shortfall: ranked.shortfall,
            entered: None,
            left: None,
            moved: None,
        }
    }

    /// The same with the number of events that the model was not fitted to.
    pub(super) fn and(mut self, live_events: usize) -> Self {
        self.live_events = (live_events > 0).then_some(live_events);
        self
    }

    /// The same with how the list differs from another one.
    pub(super) fn with(mut self, version: &'a Version, shift: Option<&Shift>) -> Self {
        let Some(shift) = shift else { return self };
        let named = |item| (version.recommender.item_id(item), version.recommender.title(item));
        let placed = |places: &[Place]| {
            let place = |&Place { item, rank }: &Place| {
                let (id, title) = named(item);
                PlacedItem { id, title, rank }
            };
            Some(places.iter().map(place).collect())
        };
        let moved = |&Moved { item, from, to }: &Moved| {
            let (id, title) = named(item);
            MovedItem { id, title, from, to }
        };
        self.entered = placed(&shift.entered);
        self.left = placed(&shift.left);
        self.moved = Some(shift.moved.iter().map(moved).collect());
        self
    }
}
