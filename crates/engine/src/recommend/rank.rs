//! The four lists: recommended, rated, similar, popular.

use std::cell::RefCell;

use super::eligible::{Eligible, Unknown};
use super::top_n::{MASKED, best_first, top_n};
use super::{
    Fallback, ItemList, MAX_LIMIT, Ranked, RecommendError, Recommender, Request, Scored, Selection, Shortfall,
    ShortfallReason, Source, Subject,
};
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_models::Model;

/// What the scores of a request are made from.
enum Basis<'a> {
    User(UserIx),
    History(&'a [(ItemIx, f32)]),
}

impl Recommender {
    /// The items with the highest scores among those the subject has not rated and the request allows.
    ///
    /// Scores are predicted ratings, or numbers of ratings where the list falls back to popularity; equal scores rank
    /// by rising item index. O(items x rank).
    ///
    /// # Errors
    /// A limit out of range, a rating that is negative or not finite, values joined by commas, or a subject without a
    /// known history when the request wants no fallback.
    pub fn recommend(&self, request: &Request<'_>) -> Result<Ranked, RecommendError> {
        check_limit(request.limit)?;
        let mut unknown = Unknown::default();
        let history = match &request.subject {
            Subject::User(_) => Vec::new(),
            Subject::History(given) => self.known_history(given, &mut unknown.items)?,
        };
        let eligible = Eligible::new(self, &request.selection, &mut unknown)?;
        let basis = match &request.subject {
            Subject::User(user) => self.user(user).map(Basis::User),
            Subject::History(given) if history.is_empty() => Err(RecommendError::UnknownHistory { given: given.len() }),
            Subject::History(_) => Ok(Basis::History(&history)),
        };
        let (items, source, rated) = match (basis, request.fallback) {
            (Ok(basis), _) => self.best_unrated(&basis, &eligible, request.limit),
            (Err(_), Fallback::Popular) => {
                let allowed = self.by_popularity().filter(|scored| eligible.contains(scored.item));
                (allowed.take(request.limit).collect(), Source::Popular, 0)
            }
            (Err(error), Fallback::None) => return Err(error),
        };
        let shortfall = self.shortfall(request.limit, items.len(), rated);
        Ok(Ranked { items, source, shortfall, unknown_items: unknown.items, unknown_values: unknown.values })
    }

    /// Everything that a user rated, best first, equal ratings by rising item index; the score is the rating.
    ///
    /// # Errors
    /// An unknown user.
    pub fn rated(&self, user: &str) -> Result<Vec<Scored>, RecommendError> {
        let row = self.user(user)?.0 as usize;
        let (items, ratings) = self.data.interactions.matrix().row(row);
        let mut rated: Vec<Scored> =
            items.iter().zip(ratings).map(|(&item, &score)| Scored { item: ItemIx(item), score }).collect();
        rated.sort_by(best_first);
        Ok(rated)
    }

    /// The items whose factors point most nearly the same way, the item itself left out; the score is the cosine.
    ///
    /// Equal cosines rank by rising item index. O(items x rank).
    ///
    /// # Errors
    /// An unknown item, or a limit out of range.
    pub fn similar(&self, item: &str, limit: usize) -> Result<Vec<Scored>, RecommendError> {
        Ok(self.similar_among(item, limit, &Selection::default())?.items)
    }

    /// As [`similar`](Self::similar), among the items that a selection allows.
    ///
    /// # Errors
    /// An unknown item, a limit out of range, or values joined by commas.
    pub fn similar_among(&self, item: &str, limit: usize, among: &Selection<'_>) -> Result<ItemList, RecommendError> {
        check_limit(limit)?;
        let (item, mut unknown) = (self.item(item)?, Unknown::default());
        let eligible = Eligible::new(self, among, &mut unknown)?;
        let items = with_scores(&self.model, |cosines| {
            self.model.scorer().item_cosines(item, cosines);
            cosines[item.0 as usize] = MASKED;
            eligible.mask(cosines);
            top_n(cosines, limit)
        });
        Ok(ItemList { items, unknown_items: unknown.items, unknown_values: unknown.values })
    }

    /// The items with most ratings; the score is their number. Equal numbers rank by rising item index.
    ///
    /// # Errors
    /// A limit out of range.
    pub fn popular(&self, limit: usize) -> Result<Vec<Scored>, RecommendError> {
        Ok(self.popular_among(limit, &Selection::default())?.items)
    }

    /// As [`popular`](Self::popular), among the items that a selection allows.
    ///
    /// # Errors
    /// A limit out of range, or values joined by commas.
    pub fn popular_among(&self, limit: usize, among: &Selection<'_>) -> Result<ItemList, RecommendError> {
        check_limit(limit)?;
        let mut unknown = Unknown::default();
        let eligible = Eligible::new(self, among, &mut unknown)?;
        let items = self.by_popularity().filter(|scored| eligible.contains(scored.item)).take(limit).collect();
        Ok(ItemList { items, unknown_items: unknown.items, unknown_values: unknown.values })
    }

    /// All items, most ratings first; the score is their number.
    fn by_popularity(&self) -> impl Iterator<Item = Scored> {
        #[allow(clippy::cast_precision_loss, reason = "a count is shown as a score; the order is that of the counts")]
        let scored = |&item: &ItemIx| Scored { item, score: self.item_stats(item).count as f32 };
        self.data.interactions.by_popularity().iter().map(scored)
    }

    /// The known part of a history, each item once with its last rating, by rising item index.
    fn known_history(
        &self,
        given: &[(&str, f32)],
        unknown: &mut Vec<String>,
    ) -> Result<Vec<(ItemIx, f32)>, RecommendError> {
        let mut known = Vec::with_capacity(given.len());
        for &(id, rating) in given {
            if !rating.is_finite() || rating < 0.0 {
                return Err(RecommendError::Rating { item: id.to_owned(), found: rating });
            }
            match self.item(id) {
                Ok(item) => known.push((item, rating)),
                Err(_) => unknown.push(id.to_owned()),
            }
        }
        known.reverse();
        known.sort_by_key(|&(item, _)| item);
        known.dedup_by_key(|&mut (item, _)| item);
        Ok(known)
    }

    fn best_unrated(&self, basis: &Basis<'_>, eligible: &Eligible, limit: usize) -> (Vec<Scored>, Source, usize) {
        with_scores(&self.model, |scores| {
            let (source, rated) = match *basis {
                Basis::User(user) => {
                    self.model.scorer().score_user(user, scores);
                    let (rated, _) = self.data.interactions.matrix().row(user.0 as usize);
                    rated.iter().for_each(|&item| scores[item as usize] = MASKED);
                    (Source::Model, rated.len())
                }
                Basis::History(history) => {
                    self.model.scorer().score_history(history, scores);
                    history.iter().for_each(|&(item, _)| scores[item.0 as usize] = MASKED);
                    (Source::FoldIn, history.len())
                }
            };
            eligible.mask(scores);
            (top_n(scores, limit), source, rated)
        })
    }

    fn shortfall(&self, requested: usize, returned: usize, rated: usize) -> Option<Shortfall> {
        let unrated = self.data.interactions.items().len() - rated;
        let reason = match (returned == unrated, rated) {
            (false, _) => ShortfallReason::Filtered,
            (true, 0) => ShortfallReason::NoMoreItems,
            (true, _) => ShortfallReason::AllRated,
        };
        (returned < requested).then_some(Shortfall { requested, returned, reason })
    }
}

/// Lends a buffer with one score an item, kept by each thread so that a request allocates none.
pub(super) fn with_scores<T>(model: &Model, use_scores: impl FnOnce(&mut [f32]) -> T) -> T {
    thread_local! {
        static SCORES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    }
    SCORES.with_borrow_mut(|scores| {
        scores.resize(model.scorer().items(), 0.0);
        use_scores(scores)
    })
}

/// Refuses a limit that is not in `1..=`[`MAX_LIMIT`].
///
/// # Errors
/// [`RecommendError::Limit`].
pub fn check_limit(limit: usize) -> Result<(), RecommendError> {
    if (1..=MAX_LIMIT).contains(&limit) { Ok(()) } else { Err(RecommendError::Limit { found: limit, most: MAX_LIMIT }) }
}
