//! An item of a list, as it is printed and sent.

use foretaste_models::ExplanationKind;
use jiff::Timestamp;
use serde::Serialize;

use super::{Ranked, Recommender, Scored, Term, Why};

/// An item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedItem<'a> {
    /// The item's id.
    pub id: &'a str,
    /// The item's title, or its id where it has none.
    pub title: &'a str,
    /// What the list is ordered by.
    pub score: f32,
}

/// A recommended item, with what explains its score where that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecommendedItem<'a> {
    /// The item's id.
    pub id: &'a str,
    /// The item's title, or its id where it has none.
    pub title: &'a str,
    /// What the list is ordered by.
    pub score: f32,
    /// Why the item has its score: the entries of the history that contribute most, by falling size whatever the sign, equal
    /// ones by rising item. An entry that contributes nothing is not among them. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Vec<TermItem<'a>>>,
    /// All other entries of the history. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<Others>,
    /// What no entry of the history gave the score: for the bias model the mean and the item's difference from it, for
    /// popularity the count. Present where there is any, with `explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What the contributions are. `contributions`: they sum to the score; `parts`: they and `parts` do; `leave_one_out`: how far the
    /// score falls without the entry, which is approximate and no sum. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "contributions"))]
    pub kind: Option<ExplanationKind>,
    /// Whether a history without one of its entries scores lower by that entry's contribution. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additive: Option<bool>,
}

/// An entry of a history and what it contributes to a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TermItem<'a> {
    /// The id of the entry's item.
    pub item: &'a str,
    /// Its title, or its id where it has none.
    pub title: &'a str,
    /// The value of the entry.
    pub value: f32,
    /// When it was, present where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub time: Option<Timestamp>,
    /// What it contributes to the score.
    pub contribution: f32,
    /// The size of that, whatever its sign, among the sizes of all contributions, from 0 to 1.
    pub share: f32,
}

/// The entries of a history that are not named.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Others {
    /// Their number.
    pub count: usize,
    /// The sum of their contributions.
    pub sum: f32,
}

/// What no entry of a history gave a score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part {
    /// What it is: `mean`, `item` or `count`.
    pub name: &'static str,
    /// What it adds to the score.
    pub value: f32,
}

impl Recommender {
    /// Items with their ids and titles, in the order given.
    ///
    /// # Panics
    /// When an item is out of range.
    #[must_use]
    pub fn listed(&self, scored: &[Scored]) -> Vec<ListedItem<'_>> {
        let list =
            |&Scored { item, score }: &Scored| ListedItem { id: self.item_id(item), title: self.title(item), score };
        scored.iter().map(list).collect()
    }

    /// The items of a ranked list with their ids and titles, and with what explains them.
    ///
    /// # Panics
    /// When an item is out of range.
    #[must_use]
    pub fn recommended<'a>(&'a self, ranked: &Ranked) -> Vec<RecommendedItem<'a>> {
        let item = |(at, scored): (usize, ListedItem<'a>)| {
            let why = ranked.why.get(at);
            RecommendedItem {
                id: scored.id,
                title: scored.title,
                score: scored.score,
                because: why.map(|why| self.because(why)),
                others: why.map(Why::others),
                parts: why.map_or_else(Vec::new, Why::parts),
                kind: why.map(|why| why.kind),
                additive: why.map(|why| why.additive),
            }
        };
        self.listed(&ranked.items).into_iter().enumerate().map(item).collect()
    }

    /// The entries that explain a score, with ids and titles.
    #[must_use]
    pub fn because<'a>(&'a self, why: &Why) -> Vec<TermItem<'a>> {
        let term = |&Term { item, value, time, contribution, share }: &Term| TermItem {
            item: self.item_id(item),
            title: self.title(item),
            value,
            time: time.and_then(|time| Timestamp::from_millisecond(time).ok()),
            contribution,
            share,
        };
        why.terms.iter().map(term).collect()
    }
}

impl Why {
    /// The entries that are not among the terms.
    #[must_use]
    pub fn others(&self) -> Others {
        Others { count: self.others, sum: self.sum_of_others }
    }

    /// What no entry of the history gave the score.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.parts.iter().map(|&(name, value)| Part { name, value }).collect()
    }
}
