//! What is asked of a recommender, and what it answers.

use foretaste_data::ids::ItemIx;

use super::{Observed, Taste, Why};

/// Most items that one request may ask for.
pub const MAX_LIMIT: usize = 1000;

/// Most entries of a history that an item may be explained by.
pub const MAX_TERMS: usize = 100;

/// A request for a ranked list.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The user or the history that the list is for.
    pub subject: Subject<'a>,
    /// Number of items wanted, `1..=`[`MAX_LIMIT`].
    pub limit: usize,
    /// Which items may be in the list.
    pub selection: Selection<'a>,
    /// What to do for a user without a history.
    pub fallback: Fallback,
    /// How many entries of the history each item of the list is explained by, `1..=`[`MAX_TERMS`]; none where it is not asked
    /// for. What is explained is the folded-in score, so that of a user of the training data is folded in too.
    pub explain: Option<usize>,
    /// What the subject did since the data were taken: it is folded in. Of an item that is named twice the last counts, an item
    /// that the model does not know counts for nothing.
    pub live: &'a [Observed],
    /// What the history is changed by before it is folded in, for this request alone.
    pub what_if: Option<WhatIf<'a>>,
}

/// A change of the history of a request, as if: what is removed goes first, what is added replaces what is there.
#[derive(Clone, Debug, Default)]
pub struct WhatIf<'a> {
    /// Items with their values; of an item named twice the last value counts. Without a value an item gets the highest of the
    /// scale, or 1 where values are not opinions. They come after the latest entry of the history, in their order.
    pub add: Vec<(&'a str, Option<f32>)>,
    /// Items of the history.
    pub remove: Vec<&'a str>,
}

impl<'a> Request<'a> {
    /// Ten items for a user of the training data, popular ones for any other.
    #[must_use]
    pub fn for_user(user: &'a str) -> Self {
        Self::new(Subject::User(user))
    }

    /// Ten items for a history.
    #[must_use]
    pub fn for_history(history: Vec<(&'a str, f32)>) -> Self {
        Self::new(Subject::History(history))
    }

    fn new(subject: Subject<'a>) -> Self {
        let (selection, fallback) = (Selection::default(), Fallback::Popular);
        Self { subject, limit: 10, selection, fallback, explain: None, live: &[], what_if: None }
    }
}

/// What a list is for: a user or a history.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// A user by id.
    User(&'a str),
    /// A history, with its ratings; of an item named twice the last rating counts. Ratings are finite.
    History(Vec<(&'a str, f32)>),
}

/// Which items may be in a list; the default allows every item.
#[derive(Clone, Debug, Default)]
pub struct Selection<'a> {
    /// Items that must not be in the list.
    pub exclude: Vec<&'a str>,
    /// When given, only these items may be in the list.
    pub only: Option<Vec<&'a str>>,
    /// Further conditions on the items.
    pub filter: Filter<'a>,
}

/// Conditions on the items of a list; all of them must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// At least one of these genres, compared without regard to ASCII case; empty allows every item. They are values of
    /// [`genre_property`](foretaste_data::catalogue::Catalogue::genre_property).
    pub genres: Vec<&'a str>,
    /// The first year allowed; an item without a year fails.
    pub min_year: Option<u16>,
    /// The last year allowed; an item without a year fails.
    pub max_year: Option<u16>,
}

/// What a user without a history gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// The items with most ratings.
    #[default]
    Popular,
    /// An error.
    None,
}

/// An item and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The item.
    pub item: ItemIx,
    /// Its score: a ranking score, a predicted rating, a rating, a likeness or a count, as the method says.
    pub score: f32,
}

/// A ranked list.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Best first; equal scores by rising item index.
    pub items: Vec<Scored>,
    /// Where the scores come from.
    pub source: Source,
    /// Why each of the items has its score; empty where that was not asked for.
    pub why: Vec<Why>,
    /// The largest tastes of the history, where that was asked for and the model knows any.
    pub tastes: Vec<Taste>,
    /// Set when fewer items came back than were asked for.
    pub shortfall: Option<Shortfall>,
    /// Ids of the request that the model does not know, in the order in which they were named.
    pub unknown_items: Vec<String>,
    /// Values of filters that no item has, in the order in which they were named.
    pub unknown_values: Vec<UnknownValue>,
}

/// A list of items that is for nobody in particular: similar ones, popular ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemList {
    /// Best first; equal scores by rising item index.
    pub items: Vec<Scored>,
    /// Ids of the request that the model does not know, in the order in which they were named.
    pub unknown_items: Vec<String>,
    /// Values of filters that no item has, in the order in which they were named.
    pub unknown_values: Vec<UnknownValue>,
}

/// A value of a filter that no item has, so that nobody wonders why a list is empty.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UnknownValue {
    /// The parameter: `genre`; or `min_year`, `max_year` where no item has a year.
    pub parameter: &'static str,
    /// The value, as it was given.
    pub value: String,
}

/// Where the scores of a list come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The model, for a user of its training data.
    Model,
    /// The model, for a history that was folded in.
    FoldIn,
    /// Popularity, for want of a history that the model can use; the score is the number of interactions.
    Popular,
}

/// Why a list is shorter than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shortfall {
    /// Number of items asked for.
    pub requested: usize,
    /// Number of items in the list.
    pub returned: usize,
    /// What kept the others out.
    pub reason: ShortfallReason,
}

/// What kept items out of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShortfallReason {
    /// Every other item is in the history already.
    AllRated,
    /// The list holds every item there is.
    NoMoreItems,
    /// Every other unrated item fails `exclude`, `only` or a filter.
    Filtered,
}

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecommendError {
    /// The user is not in the training data.
    #[error("user `{user}` is not known")]
    UnknownUser {
        /// The id.
        user: String,
    },
    /// The item is not in the training data.
    #[error("item `{item}` is not known")]
    UnknownItem {
        /// The id.
        item: String,
    },
    /// The item stands in the catalogue, but nobody has rated it.
    #[error("item `{item}` has no rating, so that the model knows nothing of it")]
    UnratedItem {
        /// The id.
        item: String,
    },
    /// Nothing in the history is known and no fallback was asked for.
    #[error("none of the {given} items of the history is known")]
    UnknownHistory {
        /// Number of items in the history.
        given: usize,
    },
    /// Nothing that the user did counts for the model, and no fallback was asked for.
    #[error(
        "none of the {interactions} interactions of {whose} counts for this model: their values are 0 or too small"
    )]
    NoDirection {
        /// The user or the history.
        whose: String,
        /// Number of interactions.
        interactions: usize,
    },
    /// The model cannot do what was asked for.
    #[error("the model `{model}` gives no {what}; fit another one, such as `svd`")]
    NotSupported {
        /// What was asked for.
        what: &'static str,
        /// The name of the model.
        model: &'static str,
    },
    /// Too many items, or none, were asked for.
    #[error("limit {found} was asked for, allowed are 1 to {most}")]
    Limit {
        /// The limit asked for.
        found: usize,
        /// The largest limit allowed.
        most: usize,
    },
    /// An id or a genre is not known, but a part of it before or behind a comma is.
    #[error(
        "`{parameter}` names `{value}`, which is not known, but `{part}` is: a comma does not separate values, name each \
         one by itself"
    )]
    Joined {
        /// The parameter: `exclude`, `only` or `genre`.
        parameter: &'static str,
        /// The value, as it was given.
        value: String,
        /// The first part that is known.
        part: String,
    },
    /// Too many entries, or none, were to explain an item.
    #[error("{found} entries of the history were to explain each item, allowed are 1 to {most}")]
    Terms {
        /// The number asked for.
        found: usize,
        /// The largest number allowed.
        most: usize,
    },
    /// An item that is to be removed is not in the history.
    #[error("item `{item}` is not in {history}, so that it cannot be removed from it")]
    NotInHistory {
        /// The item.
        item: String,
        /// The history.
        history: String,
    },
    /// A rating of the history cannot be used.
    #[error("the rating of item `{item}` is {found}, expected a finite number")]
    Rating {
        /// The item.
        item: String,
        /// The rating found.
        found: f32,
    },
}
