//! The wire forms of ranked lists.

use foretaste::recommend::{ListedItem, Ranked, Recommender, Scored, Shortfall, Source, UnknownValue};
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
    /// The items; equal scores are ordered by id, numbers by value before other ids.
    items: Vec<ListedItem<'a>>,
    /// Ids of the request that the model does not know.
    unknown_items: Vec<String>,
    /// Values of filters that no item has; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_values: Vec<UnknownEntry>,
    /// Present when fewer items came back than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Shortfall>,
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
            items: version.recommender.listed(&ranked.items),
            unknown_items: ranked.unknown_items,
            unknown_values: UnknownEntry::of(ranked.unknown_values),
            shortfall: ranked.shortfall,
        }
    }
}
