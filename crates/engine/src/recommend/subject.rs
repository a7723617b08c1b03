//! The subject of a list, resolved: a user of the training data, or a history that is folded in.

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_models::{Candidates, FoldIn, History, Scorer};

use super::{RecommendError, Recommender, Source, Subject};

/// A history stated in a request: known items that rise, each once, with the last value given and the place of that in the
/// request, which tells the order to models of sequences.
#[derive(Debug, Default)]
pub(super) struct Given {
    items: Vec<u32>,
    values: Vec<f32>,
    places: Vec<i64>,
    /// Items named, known or not.
    named: usize,
}

/// What the scores of a request are made from.
#[derive(Clone, Copy)]
pub(super) enum Basis<'a> {
    /// A user of the training data, with what the data say.
    User(UserIx, History<'a>),
    /// A history from the request.
    History(&'a dyn FoldIn, History<'a>),
}

impl<'a> Basis<'a> {
    /// What the subject did; none of it is recommended again.
    pub(super) fn history(&self) -> History<'a> {
        match *self {
            Self::User(_, history) | Self::History(_, history) => history,
        }
    }

    /// Where scores on this basis come from.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::User(..) => Source::Model,
            Self::History(..) => Source::FoldIn,
        }
    }

    pub(super) fn score(&self, scorer: &dyn Scorer, candidates: Candidates<'_>, scores: &mut [f32]) {
        match *self {
            Self::User(user, history) => scorer.score_user(user, history, candidates, scores),
            Self::History(fold_in, history) => fold_in.score_history(history, candidates, scores),
        }
    }
}

impl Given {
    /// Looks up the items of a history; those that are not known go to `unknown`.
    ///
    /// # Errors
    /// A value that is not finite.
    pub(super) fn read(
        recommender: &Recommender,
        subject: &Subject<'_>,
        unknown: &mut Vec<String>,
    ) -> Result<Self, RecommendError> {
        let Subject::History(given) = subject else { return Ok(Self::default()) };
        let mut known: Vec<(ItemIx, f32, i64)> = Vec::with_capacity(given.len());
        for (place, &(id, rating)) in (0..).zip(given.iter()) {
            if !rating.is_finite() {
                return Err(RecommendError::Rating { item: id.to_owned(), found: rating });
            }
            match recommender.item(id) {
                Ok(item) => known.push((item, rating, place)),
                Err(_) => unknown.push(id.to_owned()),
            }
        }
        known.reverse();
        known.sort_by_key(|&(item, ..)| item);
        known.dedup_by_key(|&mut (item, ..)| item);
        let mut read = Self { named: given.len(), ..Self::default() };
        for (item, value, place) in known {
            read.items.push(item.0);
            read.values.push(value);
            read.places.push(place);
        }
        Ok(read)
    }

    /// The known items, rising.
    pub(super) fn items(&self) -> &[u32] {
        &self.items
    }

    fn history(&self) -> History<'_> {
        History { items: &self.items, values: &self.values, times: Some(&self.places) }
    }
}

impl Recommender {
    /// What a user of the training data did there.
    pub(super) fn history_of(&self, user: UserIx) -> History<'_> {
        let (items, values) = self.data.interactions.of(user);
        History { items, values, times: self.data.interactions.times_of(user) }
    }

    /// What scores for the subject can be made from.
    ///
    /// # Errors
    /// An unknown user, a history without a known item, or one that tells the model nothing.
    pub(super) fn basis<'a>(&'a self, subject: &Subject<'_>, given: &'a Given) -> Result<Basis<'a>, RecommendError> {
        let scorer = self.model.scorer();
        let (basis, whose) = match subject {
            Subject::User(id) => {
                let user = self.user(id)?;
                (Basis::User(user, self.history_of(user)), format!("user `{id}`"))
            }
            Subject::History(_) if given.items.is_empty() => {
                return Err(RecommendError::UnknownHistory { given: given.named });
            }
            Subject::History(_) => match scorer.fold_in() {
                Some(fold_in) => (Basis::History(fold_in, given.history()), "the history".to_owned()),
                None => {
                    return Err(RecommendError::NotSupported {
                        what: "scores for a history",
                        model: self.model_name(),
                    });
                }
            },
        };
        if scorer.has_direction(basis.history()) {
            return Ok(basis);
        }
        Err(RecommendError::NoDirection { whose, interactions: basis.history().items.len() })
    }
}
