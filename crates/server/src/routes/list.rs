//! The wire forms of ranked lists.

use foretaste::recommend::{Fallback, Ranked, Recommender, Scored, ShortfallReason, Source};
use serde::{Deserialize, Serialize};

use crate::registry::Version;

/// An item of a list.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Entry<'a> {
    /// The item's id.
    id: &'a str,
    /// The item's title, or its id where it has none.
    title: &'a str,
    /// What the list is ordered by.
    score: f32,
}

/// Where the scores of a list come from.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SourceName {
    /// The user's trained factors: scores are predicted ratings.
    Model,
    /// The history folded in: scores are predicted ratings.
    FoldIn,
    /// Popularity, for want of a history: scores are numbers of ratings.
    Popular,
}

impl From<Source> for SourceName {
    fn from(source: Source) -> Self {
        match source {
            Source::Model => Self::Model,
            Source::FoldIn => Self::FoldIn,
            Source::Popular => Self::Popular,
        }
    }
}

/// What a user without a history gets.
#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FallbackName {
    /// Popular items.
    #[default]
    Popular,
    /// An error, 404.
    None,
}

impl From<FallbackName> for Fallback {
    fn from(name: FallbackName) -> Self {
        match name {
            FallbackName::Popular => Self::Popular,
            FallbackName::None => Self::None,
        }
    }
}

/// Why fewer items came back than were asked for.
#[derive(Serialize, utoipa::ToSchema)]
struct Shortfall {
    /// Items asked for.
    requested: usize,
    /// Items in the list.
    returned: usize,
    /// What kept the others out.
    reason: Reason,
}

/// What kept items out of a list.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Reason {
    /// Every other item is rated already.
    AllRated,
    /// Every other item fails `exclude`, `only` or a filter.
    Filtered,
}

/// Recommended items, best first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Recommendations<'a> {
    /// The version of the model that all of the reply comes from.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// Where the scores come from.
    source: SourceName,
    /// The items; equal scores rank by id, numbers by value before other ids.
    items: Vec<Entry<'a>>,
    /// Ids of the request that the model does not know.
    unknown_items: Vec<String>,
    /// Present when fewer items came back than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Shortfall>,
}

pub(super) fn entries<'a>(recommender: &'a Recommender, scored: &[Scored]) -> Vec<Entry<'a>> {
    let entry = |scored: &Scored| Entry {
        id: recommender.item_id(scored.item),
        title: recommender.title(scored.item),
        score: scored.score,
    };
    scored.iter().map(entry).collect()
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
            source: ranked.source.into(),
            items: entries(&version.recommender, &ranked.items),
            unknown_items: ranked.unknown_items,
            shortfall: ranked.shortfall.map(|shortfall| Shortfall {
                requested: shortfall.requested,
                returned: shortfall.returned,
                reason: match shortfall.reason {
                    ShortfallReason::AllRated => Reason::AllRated,
                    ShortfallReason::Filtered => Reason::Filtered,
                },
            }),
        }
    }
}
