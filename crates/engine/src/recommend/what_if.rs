//! What a change of a history changes in its list.

use foretaste_data::ids::ItemIx;

use super::{RecommendError, Recommender, Request, Scored, WhatIf};

/// How one list differs from the one before: items by their place, counted from 1, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Items that were not in the list before, with their place now.
    pub entered: Vec<Place>,
    /// Items that no longer are in the list, with the place that they had.
    pub left: Vec<Place>,
    /// Items that are at another place now.
    pub moved: Vec<Moved>,
}

/// An item and its place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The item.
    pub item: ItemIx,
    /// Its place, from 1.
    pub rank: usize,
}

/// An item and its places in two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The item.
    pub item: ItemIx,
    /// The place it had, from 1.
    pub from: usize,
    /// The place it has.
    pub to: usize,
}

impl Shift {
    /// How `now` differs from `before`. O(both).
    #[must_use]
    pub fn between(before: &[Scored], now: &[Scored]) -> Self {
        let places = |list: &[Scored]| {
            let mut places: Vec<(ItemIx, usize)> = list.iter().map(|scored| scored.item).zip(1..).collect();
            places.sort_unstable();
            places
        };
        let find = |places: &[(ItemIx, usize)], item: ItemIx| {
            places.binary_search_by_key(&item, |&(item, _)| item).ok().map(|at| places[at].1)
        };
        let (places_before, places_now) = (places(before), places(now));
        let mut shift = Self::default();
        for (item, rank) in now.iter().map(|scored| scored.item).zip(1..) {
            match find(&places_before, item) {
                None => shift.entered.push(Place { item, rank }),
                Some(from) if from != rank => shift.moved.push(Moved { item, from, to: rank }),
                Some(_) => {}
            }
        }
        let gone = before.iter().map(|scored| scored.item).zip(1..).map(|(item, rank)| Place { item, rank });
        shift.left = gone.filter(|place| find(&places_now, place.item).is_none()).collect();
        shift
    }
}

impl Recommender {
    /// The list of a request with its [`what_if`](Request::what_if) and how it differs from the list without; both are scored
    /// by folding in. Nothing is written.
    ///
    /// # Errors
    /// Those of [`recommend`](Self::recommend).
    pub fn shift(&self, request: &Request<'_>, now: &[Scored]) -> Result<Shift, RecommendError> {
        let before = Request { what_if: Some(WhatIf::default()), explain: None, ..request.clone() };
        Ok(Shift::between(&self.recommend(&before)?.items, now))
    }
}
