//! Which items may be in a list.

use super::Recommender;
use super::request::{Filter, Request};
use super::top_n::MASKED;
use foretaste_data::ids::ItemIx;

/// The items that a request itself rules out, apart from what the user has rated.
#[derive(Debug)]
pub(super) struct Eligible<'a> {
    recommender: &'a Recommender,
    /// Sorted.
    exclude: Vec<u32>,
    /// Sorted.
    only: Option<Vec<u32>>,
    filter: &'a Filter<'a>,
}

impl<'a> Eligible<'a> {
    /// Looks up the ids; those that are not known go to `unknown`, for nothing can rank them anyway.
    pub(super) fn new(recommender: &'a Recommender, request: &'a Request<'_>, unknown: &mut Vec<String>) -> Self {
        let mut known = |ids: &[&str]| {
            let mut indices = Vec::with_capacity(ids.len());
            for id in ids {
                match recommender.item(id) {
                    Ok(item) => indices.push(item.0),
                    Err(_) => unknown.push((*id).to_owned()),
                }
            }
            indices.sort_unstable();
            indices
        };
        let exclude = known(&request.exclude);
        let only = request.only.as_deref().map(known);
        Self { recommender, exclude, only, filter: &request.filter }
    }

    /// Whether every item may be in the list.
    pub(super) fn is_everything(&self) -> bool {
        self.exclude.is_empty() && self.only.is_none() && self.filter.is_empty()
    }

    /// Whether one item may be in the list.
    pub(super) fn contains(&self, item: ItemIx) -> bool {
        self.exclude.binary_search(&item.0).is_err()
            && self.only.as_ref().is_none_or(|only| only.binary_search(&item.0).is_ok())
            && (self.filter.is_empty() || self.passes_filter(item))
    }

    /// Masks the scores of the items that may not be in the list.
    pub(super) fn mask(&self, scores: &mut [f32]) {
        if self.is_everything() {
            return;
        }
        for (item, score) in (0u32..).zip(scores) {
            if !self.contains(ItemIx(item)) {
                *score = MASKED;
            }
        }
    }

    fn passes_filter(&self, item: ItemIx) -> bool {
        let catalogue = &self.recommender.dataset().catalogue;
        let years = self.filter.min_year.unwrap_or(0)..=self.filter.max_year.unwrap_or(u16::MAX);
        let any_year = self.filter.min_year.is_none() && self.filter.max_year.is_none();
        let wanted = |genre: &str| self.filter.genres.iter().any(|name| name.eq_ignore_ascii_case(genre));
        (any_year || catalogue.year(item).is_some_and(|year| years.contains(&year)))
            && (self.filter.genres.is_empty() || catalogue.genres(item).any(wanted))
    }
}

impl Filter<'_> {
    /// Whether the filter lets every item through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.genres.is_empty() && self.min_year.is_none() && self.max_year.is_none()
    }
}
