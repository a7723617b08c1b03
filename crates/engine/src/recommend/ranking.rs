//! The four lists: recommended, rated, similar, popular.

use std::cell::RefCell;

use super::eligible::{Eligible, Unknown};
use super::explain::check_terms;
use super::subject::{Basis, Given};
use super::top_n::{MASKED, top_n};
use super::{
    Fallback, ItemList, MAX_LIMIT, Ranked, RecommendError, Recommender, Request, Scored, Selection, Shortfall,
    ShortfallReason, Source, Subject,
};
use foretaste_data::ids::ItemIx;
use foretaste_models::{Candidates, Model};

impl Recommender {
    /// The items with the highest scores among those that are not in the subject's history and that the request allows.
    ///
    /// What a score is [`meaning`](Self::meaning) says; where the list falls back to popularity it is a number of
    /// interactions. A subject whose history tells the model nothing, such as ratings that are all 0, gets the fallback.
    /// Equal scores are ordered by rising item index.
    ///
    /// # Errors
    /// A limit or a number of terms out of range, a value that is not finite, an item to be removed that is not there, values
    /// joined by commas, or a subject without a history that the model can use when the request wants no fallback.
    pub fn recommend(&self, request: &Request<'_>) -> Result<Ranked, RecommendError> {
        check_limit(request.limit)?;
        request.explain.map_or(Ok(()), check_terms)?;
        let mut unknown = Unknown::default();
        let given = Given::read(self, request, &mut unknown.items)?;
        let hidden = self.hidden(request.live);
        let eligible = Eligible::without(self, &request.selection, &hidden, &mut unknown)?;
        let basis = self.basis_or_fallback(request, &given)?;
        let rated = self.seen(request, &given, basis.as_ref());
        let (mut items, source) = match &basis {
            Some(basis) => (self.best_unrated(basis, &eligible, request.limit), basis.source()),
            None => {
                let allowed = self
                    .by_popularity()
                    .filter(|scored| rated.binary_search(&scored.item.0).is_err() && eligible.contains(scored.item));
                (allowed.take(request.limit).collect(), Source::Popular)
            }
        };
        let why =
            request.explain.map_or_else(Vec::new, |terms| self.explain((basis.as_ref(), &given), &mut items, terms));
        let tastes = request.explain.map_or_else(Vec::new, |terms| self.tastes(basis.as_ref(), terms));
        let shortfall = self.shortfall(request.limit, items.len(), rated.len());
        let Unknown { items: unknown_items, values: unknown_values } = unknown;
        Ok(Ranked { items, source, why, tastes, shortfall, unknown_items, unknown_values })
    }

    /// What scores for the subject of a request are made from; `None` for popularity.
    ///
    /// # Errors
    /// A subject without a history that the model can use when the request wants no fallback; scores for a history that the
    /// model cannot fold in, where they were asked for.
    pub(super) fn basis_or_fallback<'a>(
        &'a self,
        request: &Request<'_>,
        given: &'a Given,
    ) -> Result<Option<Basis<'a>>, RecommendError> {
        let folds = self.model().scorer().fold_in().is_some();
        match (self.basis(&request.subject, given), request.fallback) {
            (Ok(basis), _) => Ok(Some(basis)),
            (Err(_), Fallback::Popular) if folds || (request.explain.is_none() && request.what_if.is_none()) => {
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The items that the subject has in its history, rising: they are in no list.
    pub(super) fn seen<'a>(&'a self, request: &Request<'_>, given: &'a Given, basis: Option<&Basis<'a>>) -> &'a [u32] {
        match (basis, &request.subject) {
            (Some(basis), _) => basis.history().items,
            (None, Subject::User(user)) => given
                .changed()
                .unwrap_or_else(|| self.user(user).map_or(&[][..], |user| self.dataset().interactions.of(user).0)),
            (None, Subject::History(_)) => given.items(),
        }
    }

    /// Everything that a user rated, best first, equal ratings by rising item index; the score is the rating.
    ///
    /// # Errors
    /// An unknown user.
    pub fn rated(&self, user: &str) -> Result<Vec<Scored>, RecommendError> {
        self.rated_by(user, &[])
    }

    /// The items most like an item by the model's own rule, the item itself left out; the score is that likeness, for the
    /// svd the cosine. Items that cannot be compared with it are left out too.
    ///
    /// Equal scores are ordered by rising item index.
    ///
    /// # Errors
    /// An unknown item, a limit out of range, or a model that cannot compare items.
    pub fn similar(&self, item: &str, limit: usize) -> Result<Vec<Scored>, RecommendError> {
        Ok(self.similar_among(item, limit, &Selection::default())?.items)
    }

    /// As [`similar`](Self::similar), among the items that a selection allows.
    ///
    /// # Errors
    /// An unknown item, a limit out of range, values joined by commas, or a model that cannot compare items.
    pub fn similar_among(&self, item: &str, limit: usize, among: &Selection<'_>) -> Result<ItemList, RecommendError> {
        check_limit(limit)?;
        let (item, mut unknown) = (self.item(item)?, Unknown::default());
        let Some(similar) = self.model.scorer().similar() else {
            return Err(RecommendError::NotSupported { what: "similar items", model: self.model_name() });
        };
        let eligible = Eligible::new(self, among, &mut unknown)?;
        let items = with_scores(&self.model, |scores| {
            similar.similar_to(item, scores);
            scores[item.0 as usize] = MASKED;
            eligible.mask(scores);
            top_n(scores, limit)
        });
        Ok(ItemList { items, unknown_items: unknown.items, unknown_values: unknown.values })
    }

    /// The items with most ratings; the score is their number. Equal numbers are ordered by rising item index.
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
    pub(super) fn by_popularity(&self) -> impl Iterator<Item = Scored> {
        #[allow(clippy::cast_precision_loss, reason = "a count is shown as a score; the order is that of the counts")]
        let scored = |&item: &ItemIx| Scored { item, score: self.item_stats(item).count as f32 };
        self.data.interactions.by_popularity().iter().map(scored)
    }

    fn best_unrated(&self, basis: &Basis<'_>, eligible: &Eligible, limit: usize) -> Vec<Scored> {
        self.screened(basis, eligible, limit).unwrap_or_else(|| self.best_of_all_scores(basis, eligible, limit))
    }

    pub(super) fn best_of_all_scores(&self, basis: &Basis<'_>, eligible: &Eligible, limit: usize) -> Vec<Scored> {
        with_scores(&self.model, |scores| {
            basis.score(self.model.scorer(), Candidates::All, scores);
            let rated = basis.history().items;
            rated.iter().for_each(|&item| scores[item as usize] = MASKED);
            eligible.mask(scores);
            top_n(scores, limit)
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
