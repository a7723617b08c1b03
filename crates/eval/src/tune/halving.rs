//! Bad values sorted out by cheap fits: many at a quarter of the work, the better half of them at half of it, the better half of those
//! whole.
//!
//! Source: Jamieson, Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016, section 3.

use foretaste::models::Cheaper;

use super::trial::{Goal, Setting, Trial};

/// The shares of the work of the cheap fits, the cheapest first.
const SHARES: [f64; 2] = [0.25, 0.5];
/// The fewest tries that can be halved so.
pub(super) const FEWEST: usize = 8;

/// How a search halves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Halving {
    /// How fits become cheap.
    pub(super) cheaper: Cheaper,
    /// Tries of the search, of all sizes.
    trials: usize,
}

/// What a search that halves does next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// New values, at this share of the work.
    New(f64),
    /// Values that did well, at this share of the work, or whole.
    Again(Setting, Option<f64>),
    /// No cheap fit is left to be made.
    Whole,
}

impl Halving {
    pub(super) fn new(cheaper: Cheaper, trials: usize) -> Self {
        Self { cheaper, trials }
    }

    /// What follows these tries: half of all are the cheapest, a quarter are those of half the work, an eighth those whole, among
    /// which the first values always are. `has_new` says whether there are values that were not tried.
    pub(super) fn next(self, goal: Goal, tried: &[Trial], has_new: bool) -> Next {
        let at = |share: Option<f64>| tried.iter().filter(move |trial| trial.share == share).collect::<Vec<_>>();
        let [few, half] = SHARES.map(|share| at(Some(share)));
        // Values are new while nothing costs more.
        if half.is_empty() && at(None).is_empty() && few.len() < self.trials / 2 && has_new {
            return Next::New(SHARES[0]);
        }
        let is_in = |all: &[&Trial], set: &Setting| all.iter().any(|trial| trial.set == *set);
        if let Some(set) = best(goal, &few, self.trials / 4).into_iter().find(|set| !is_in(&half, set)) {
            return Next::Again(set, Some(SHARES[1]));
        }
        let whole = at(None);
        let first = tried.first().map(|trial| trial.set.clone());
        let promoted = first.into_iter().chain(best(goal, &half, self.trials / 8));
        match promoted.into_iter().find(|set| !is_in(&whole, set)) {
            Some(set) => Next::Again(set, None),
            None => Next::Whole,
        }
    }
}

/// The values of the best of some tries, of equals the first.
fn best(goal: Goal, tried: &[&Trial], count: usize) -> Vec<Setting> {
    let mut judged: Vec<(f64, &Setting)> = tried.iter().filter_map(|trial| Some((trial.figure?, &trial.set))).collect();
    judged.sort_by(|one, other| match goal {
        Goal::List(..) => other.0.total_cmp(&one.0),
        Goal::Rmse | Goal::Mae => one.0.total_cmp(&other.0),
    });
    judged.into_iter().take(count).map(|(_, set)| set.clone()).collect()
}
