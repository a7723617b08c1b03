//! The subject of a list, resolved: a user of the training data, or a history that is folded in.

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_data::interactions::Feedback;
use foretaste_models::{Candidates, FoldIn, History, Scorer};

use super::{Observed, RecommendError, Recommender, Request, Source, Subject};

/// The history that a request states or changes: known items that rise, each once, with the last value given. Of one that is
/// stated the times are the places in the request, which tell the order to models of sequences.
#[derive(Debug, Default)]
pub(super) struct Given {
    items: Vec<u32>,
    values: Vec<f32>,
    times: Option<Vec<i64>>,
    /// Items named, known or not.
    named: usize,
    /// What of it a user of the training data is scored by.
    of_user: OfUser,
}

/// What a user of the training data is scored by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OfUser {
    /// What the fit found.
    #[default]
    Trained,
    /// The history in the training data, folded in.
    Folded,
    /// That history, changed by the request.
    Changed,
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
    /// Looks up the items of a history, and changes it as the request says; those that are not known go to `unknown`.
    ///
    /// # Errors
    /// A value that is not finite, or an item to be removed that is not there.
    pub(super) fn read(
        recommender: &Recommender,
        request: &Request<'_>,
        unknown: &mut Vec<String>,
    ) -> Result<Self, RecommendError> {
        let mut given = match &request.subject {
            Subject::History(stated) => {
                let mut known = Known::new(recommender, unknown);
                stated.iter().try_for_each(|&(id, value)| known.add(id, value))?;
                let mut read = Self { times: Some(Vec::new()), named: stated.len(), ..Self::default() };
                known.last_of_each().into_iter().for_each(|(item, value, place)| read.put(item, value, place));
                read
            }
            Subject::User(_) if request.explain.is_some() => Self { of_user: OfUser::Folded, ..Self::default() },
            Subject::User(_) => Self::default(),
        };
        given.observe(recommender, request);
        let Some(what_if) = &request.what_if else { return Ok(given) };
        let mut whose = "the history".to_owned();
        if let Subject::User(id) = request.subject {
            if given.of_user != OfUser::Changed {
                // Of a user who is not known there is nothing to change; the basis says so.
                let Ok(user) = recommender.user(id) else { return Ok(given) };
                given = Self::of(recommender, user);
            }
            whose = format!("the history of user `{id}`");
        }
        what_if.remove.iter().try_for_each(|id| given.remove(recommender, id, &whose))?;
        let mut added = Known::new(recommender, unknown);
        let usual = match recommender.dataset().interactions.feedback() {
            Feedback::Explicit { most, .. } => most,
            Feedback::Implicit => 1.0,
        };
        what_if.add.iter().try_for_each(|&(id, value)| added.add(id, value.unwrap_or(usual)))?;
        given.named += what_if.add.len();
        let latest = given.times.iter().flatten().max().copied();
        for (item, value, place) in added.last_of_each() {
            given.put(item, value, latest.map_or(place, |latest| latest.saturating_add(1 + place)));
        }
        Ok(given)
    }

    /// The history of a user in the training data, about to be changed.
    fn of(recommender: &Recommender, user: UserIx) -> Self {
        let History { items, values, times } = recommender.history_of(user);
        let times = times.map(<[i64]>::to_vec);
        Self { items: items.to_vec(), values: values.to_vec(), times, named: items.len(), of_user: OfUser::Changed }
    }

    /// Adds what the subject did since the data were taken, where the model can fold it in.
    fn observe(&mut self, recommender: &Recommender, request: &Request<'_>) {
        let Subject::User(id) = request.subject else { return };
        if recommender.model().scorer().fold_in().is_none() {
            return;
        }
        let known =
            |observed: &Observed| Some((recommender.item(&observed.item).ok()?.0, observed.value?, observed.time));
        let mut observed = request.live.iter().filter_map(known).peekable();
        if observed.peek().is_none() {
            return;
        }
        *self = match recommender.user(id) {
            Ok(user) => Self::of(recommender, user),
            Err(_) => Self { times: Some(Vec::new()), of_user: OfUser::Changed, ..Self::default() },
        };
        observed.for_each(|(item, value, time)| self.put(item, value, time));
        self.named = self.items.len();
    }

    /// The known items, rising.
    pub(super) fn items(&self) -> &[u32] {
        &self.items
    }

    /// Whether times are times, not places in the request.
    pub(super) fn has_times(&self) -> bool {
        self.of_user != OfUser::Trained
    }

    /// The items of a user's history that the request changes, rising.
    pub(super) fn changed(&self) -> Option<&[u32]> {
        (self.of_user == OfUser::Changed).then_some(&self.items)
    }

    fn history(&self) -> History<'_> {
        History { items: &self.items, values: &self.values, times: self.times.as_deref() }
    }

    /// # Errors
    /// The item is not there.
    fn remove(&mut self, recommender: &Recommender, id: &str, whose: &str) -> Result<(), RecommendError> {
        let item = recommender.item(id).ok();
        let Some(at) = item.and_then(|item| self.items.binary_search(&item.0).ok()) else {
            return Err(RecommendError::NotInHistory { item: id.to_owned(), history: whose.to_owned() });
        };
        self.items.remove(at);
        self.values.remove(at);
        if let Some(times) = &mut self.times {
            times.remove(at);
        }
        Ok(())
    }

    /// Adds an item, or gives one that is there another value and time.
    fn put(&mut self, item: u32, value: f32, time: i64) {
        match self.items.binary_search(&item) {
            Ok(at) => {
                self.values[at] = value;
                self.times.iter_mut().for_each(|times| times[at] = time);
            }
            Err(at) => {
                self.items.insert(at, item);
                self.values.insert(at, value);
                self.times.iter_mut().for_each(|times| times.insert(at, time));
            }
        }
    }
}

/// Items that a request names with values, those that are known.
struct Known<'a> {
    recommender: &'a Recommender,
    unknown: &'a mut Vec<String>,
    known: Vec<(ItemIx, f32, i64)>,
    named: i64,
}

impl<'a> Known<'a> {
    fn new(recommender: &'a Recommender, unknown: &'a mut Vec<String>) -> Self {
        Self { recommender, unknown, known: Vec::new(), named: 0 }
    }

    /// # Errors
    /// The value is not finite.
    fn add(&mut self, id: &str, value: f32) -> Result<(), RecommendError> {
        if !value.is_finite() {
            return Err(RecommendError::Rating { item: id.to_owned(), found: value });
        }
        match self.recommender.item(id) {
            Ok(item) => self.known.push((item, value, self.named)),
            Err(_) => self.unknown.push(id.to_owned()),
        }
        self.named += 1;
        Ok(())
    }

    /// The items, rising, each with the last value given and the place of that.
    fn last_of_each(mut self) -> Vec<(u32, f32, i64)> {
        self.known.reverse();
        self.known.sort_by_key(|&(item, ..)| item);
        self.known.dedup_by_key(|&mut (item, ..)| item);
        self.known.into_iter().map(|(item, value, place)| (item.0, value, place)).collect()
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
        let folding = || {
            let error = RecommendError::NotSupported { what: "scores for a history", model: self.model_name() };
            scorer.fold_in().ok_or(error)
        };
        let (basis, whose) = match subject {
            Subject::User(id) => {
                let whose = format!("user `{id}`");
                let basis = match given.of_user {
                    OfUser::Trained => Basis::User(self.user(id)?, self.history_of(self.user(id)?)),
                    OfUser::Folded => Basis::History(folding()?, self.history_of(self.user(id)?)),
                    OfUser::Changed => Basis::History(folding()?, given.history()),
                };
                (basis, whose)
            }
            Subject::History(_) if given.items.is_empty() => {
                return Err(RecommendError::UnknownHistory { given: given.named });
            }
            Subject::History(_) => (Basis::History(folding()?, given.history()), "the history".to_owned()),
        };
        if scorer.has_direction(basis.history()) {
            return Ok(basis);
        }
        Err(RecommendError::NoDirection { whose, interactions: basis.history().items.len() })
    }
}
