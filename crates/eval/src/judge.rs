//! What a recommender shows the test users, and how much of it they wanted: asked as a service asks it.

use std::time::{Duration, Instant};

use foretaste::ids::ItemIx;
use foretaste::interactions::Interactions;
use foretaste::models::Meaning;
use foretaste::recommend::{MAX_LIMIT, RecommendError, Recommender, Request, Selection};
use rayon::prelude::*;

use crate::{Calibration, Exposure, Hits, Metric, RatingErrors, Test, TestUser};

/// The longest list that can be judged: one place more is asked for, to see ties.
pub const LONGEST: usize = MAX_LIMIT - 1;

/// The lists of all test users, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// For each test user, in their order.
    pub users: Vec<JudgedUser>,
    /// Errors of the predicted ratings, for a model that predicts any.
    pub errors: Option<RatingErrors>,
    /// Whether the ratings are predicted as surely as they can be, for a model that says how sure it is.
    pub calibration: Option<Calibration>,
    /// What one list took, on average, with nothing else for its thread to do; `None` where none was asked for.
    pub list_took: Option<Duration>,
    /// Whether the lists have scores, so that a tie can be seen.
    pub has_scores: bool,
}

/// The list of one user.
#[derive(Clone, Debug)]
pub struct JudgedUser {
    /// Items with their scores, best first; one more than the longest list that is judged.
    pub list: Vec<(u32, f32)>,
    hits: Hits,
}

/// Asks for the `longest` best items for each test user, and for the ratings that were held out where the model predicts
/// ratings. O(users x the cost of a list), in the pool of threads that this is called in.
///
/// # Errors
/// A list cannot be made.
///
/// # Panics
/// When `longest` is 0 or above [`LONGEST`].
pub fn judge(recommender: &Recommender, test: &Test, longest: usize) -> Result<Judged, RecommendError> {
    judge_beside(recommender, test, longest, None)
}

/// As [`judge`], but what a user has in `known`, which has the same users and items, is in no list either.
pub(crate) fn judge_beside(
    recommender: &Recommender,
    test: &Test,
    longest: usize,
    known: Option<&Interactions>,
) -> Result<Judged, RecommendError> {
    assert!((1..=LONGEST).contains(&longest), "a list of {longest}");
    let items = recommender.dataset().interactions.items();
    let candidates: Option<Vec<&str>> =
        test.candidates.as_ref().map(|items_of| items_of.iter().map(|item| items.name(item.0)).collect());
    // Ratings of users that a model was not fitted to are not asked for.
    let predicts = matches!(recommender.meaning(), Meaning::Rating { .. }) && test.newcomers.is_none();
    let judged = test.users.par_iter().map(|wanted| {
        let begun = Instant::now();
        let list = list(recommender, (test, wanted), (candidates.as_ref(), known), longest)?;
        let took = begun.elapsed();
        Ok((list, took, if predicts { predictions(recommender, wanted)? } else { Vec::new() }))
    });
    let judged: Vec<_> = judged.collect::<Result<_, RecommendError>>()?;
    let (mut users, mut took, mut pairs, mut sure) = (Vec::new(), Duration::ZERO, Vec::new(), Vec::new());
    for ((list, list_took, predicted), wanted) in judged.into_iter().zip(&test.users) {
        took += list_took;
        let (means, calibrations): (Vec<f32>, Vec<Option<Calibration>>) = predicted.into_iter().unzip();
        pairs.extend(wanted.values.iter().copied().zip(means));
        sure.extend(calibrations.into_iter().flatten());
        users.extend(JudgedUser::new(list, &wanted.items));
    }
    let errors = predicts.then(|| RatingErrors::of(pairs));
    let list_took = took / u32::try_from(users.len()).unwrap_or(u32::MAX).max(1);
    let calibration = Calibration::mean(&sure);
    Ok(Judged { users, errors, calibration, list_took: Some(list_took), has_scores: true })
}

/// The best of all items, or of the candidates, as far as the user has not taken them, also not in `known`.
fn list(
    recommender: &Recommender,
    (test, wanted): (&Test, &TestUser),
    (candidates, known): (Option<&Vec<&str>>, Option<&Interactions>),
    longest: usize,
) -> Result<Vec<(u32, f32)>, RecommendError> {
    let rows = &recommender.dataset().interactions;
    let name = |item: u32| rows.items().name(item);
    let (request, known) = match &test.newcomers {
        Some(newcomers) => {
            let history = newcomers.history(wanted.user).iter().map(|&(item, value)| (name(item), value));
            (Request::for_history(history.collect()), &[][..])
        }
        None => {
            let known = known.map(|known| known.of(wanted.user).0).unwrap_or_default();
            (Request::for_user(rows.users().name(wanted.user.0)), known)
        }
    };
    let exclude = known.iter().map(|&item| name(item)).collect();
    let selection = Selection { only: candidates.cloned(), exclude, ..Selection::default() };
    let ranked = recommender.recommend(&Request { limit: longest + 1, selection, ..request })?;
    Ok(ranked.items.iter().map(|scored| (scored.item.0, scored.score)).collect())
}

/// The ratings predicted for what was held out by a model that predicts ratings, each as of its time, and how sure they are.
fn predictions(
    recommender: &Recommender,
    wanted: &TestUser,
) -> Result<Vec<(f32, Option<Calibration>)>, RecommendError> {
    let user = recommender.dataset().interactions.users().name(wanted.user.0);
    let rated = wanted.items.iter().zip(&wanted.values).enumerate();
    let predicted = |(at, (&item, &value)): (usize, (&u32, &f32))| {
        let time = wanted.times.as_ref().map(|times| times[at]);
        let predicted = recommender.rating(user, ItemIx(item), time)?;
        Ok((predicted.mean as f32, Calibration::of(value, &predicted)))
    };
    rated.map(predicted).collect()
}

impl JudgedUser {
    /// Judges a list, best first, by the items wanted, rising; `None` where nothing is wanted.
    #[must_use]
    pub fn new(list: Vec<(u32, f32)>, wanted: &[u32]) -> Option<Self> {
        Hits::of(list.iter().map(|(item, _)| item), wanted).map(|hits| Self { list, hits })
    }

    /// A metric of the first `k` places.
    #[must_use]
    pub fn metric(&self, metric: Metric, k: usize) -> f64 {
        self.hits.metric(metric, k)
    }

    /// Whether the item of place `k` and the next have equal scores, so that ids decided which of them is in.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "a tie is equal bits")]
    pub fn ties_at(&self, k: usize) -> bool {
        matches!((self.list.get(k.wrapping_sub(1)), self.list.get(k)), (Some(last), Some(next)) if last.1 == next.1)
    }
}

impl Judged {
    /// Judges the lists of all test users, in their order; `has_scores` says whether what stands beside an item is one.
    pub(crate) fn of_lists(lists: impl IntoIterator<Item = Vec<(u32, f32)>>, test: &Test, has_scores: bool) -> Self {
        let users =
            lists.into_iter().zip(&test.users).filter_map(|(list, wanted)| JudgedUser::new(list, &wanted.items));
        Self { users: users.collect(), errors: None, calibration: None, list_took: None, has_scores }
    }

    /// A metric of the first `k` places, the mean over users; 0 without users.
    #[must_use]
    pub fn mean(&self, metric: Metric, k: usize) -> f64 {
        let sum: f64 = self.users.iter().map(|user| user.metric(metric, k)).sum();
        sum / self.users.len().max(1) as f64
    }

    /// What the first `k` places of all lists show, of a catalogue in which item `i` has `popularity[i]` users of `users`.
    #[must_use]
    pub fn exposure(&self, k: usize, popularity: &[u64], users: usize) -> Exposure {
        let mut exposure = Exposure::new(popularity.len());
        for user in &self.users {
            exposure.show(user.list.iter().take(k).map(|(item, _)| item), |item| popularity[item as usize], users);
        }
        exposure
    }

    /// The share of users in whose list ids decided over the last of `k` places.
    #[must_use]
    pub fn ties(&self, k: usize) -> f64 {
        self.users.iter().filter(|user| user.ties_at(k)).count() as f64 / self.users.len().max(1) as f64
    }
}
