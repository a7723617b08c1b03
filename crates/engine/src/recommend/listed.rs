//! An item of a list, as it is printed and sent.

use serde::Serialize;

use super::{Recommender, Scored};

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
}
