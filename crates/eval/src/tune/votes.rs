//! What the members of a blend vote for each user of a cut, kept, so that weights are judged without another fit.

use std::time::Duration;

use foretaste::ids::{ItemIx, UserIx};
use foretaste::models::blend::BlendParams;
use foretaste::models::{History, Scorer};
use rayon::prelude::*;

use super::train_only::Validation;
use super::{Told, limited};
use crate::TestUser;
use crate::judge::Judged;
use crate::run::EvalError;

/// Users whose scores are made together.
const TOGETHER: usize = 64;

/// The votes of all members.
pub(super) struct Votes<'a> {
    validation: &'a Validation,
    users: Vec<OfUser>,
}

/// The votes for a user's items.
struct OfUser {
    /// Items that may be in the list, rising.
    items: Vec<u32>,
    /// For each member a vote for each of them.
    votes: Vec<Vec<f32>>,
    /// For each member whether the history tells it anything.
    has_direction: Vec<bool>,
}

/// Bytes that the votes of some members take for each user.
pub(super) fn bytes_of_user(items: usize, members: usize) -> u64 {
    4 * items as u64 * (members as u64 + 1)
}

impl<'a> Votes<'a> {
    /// Fits each member once, one after the other, and keeps what it votes for. One model is held at a time.
    ///
    /// Memory: 4 bytes for each user, item and member, and 4 more for each user and item.
    pub(super) fn cast<E: From<EvalError>>(
        validation: &'a Validation,
        blend: &BlendParams,
        limit: Option<Duration>,
        told: &mut dyn FnMut(Told<'_>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let asked = validation.held();
        let mut users: Vec<OfUser> = asked.users.par_iter().map(|user| OfUser::new(validation, user)).collect();
        for member in &blend.members.0 {
            let model = &member.model;
            told(Told::Member(&model.summary()))?;
            let failed = |source| EvalError::Fit { model: model.summary(), source };
            let fitted = model.fit(validation.train(), &mut limited(limit)).map_err(failed)?;
            let all = users.par_chunks_mut(TOGETHER).zip(asked.users.par_chunks(TOGETHER));
            all.for_each(|(users, asked)| add_votes(users, asked, fitted.model.scorer(), validation, blend));
        }
        Ok(Self { validation, users })
    }

    /// The lists of the members with these weights, judged, to the `longest` place.
    pub(super) fn judged(&self, weights: &[f64], longest: usize) -> Judged {
        let asked = self.validation.held();
        let lists: Vec<_> = self.users.par_iter().map(|user| user.list(self.validation, weights, longest)).collect();
        Judged::of_lists(lists, asked, true)
    }
}

/// Adds the votes of a member for some users.
fn add_votes(
    users: &mut [OfUser],
    asked: &[TestUser],
    scorer: &dyn Scorer,
    validation: &Validation,
    blend: &BlendParams,
) {
    let subjects: Vec<(UserIx, History<'_>)> =
        asked.iter().map(|user| (user.user, history(validation, user.user))).collect();
    // Pieces of the scores of several users come in turn, and votes need all scores of a user.
    let items = scorer.items();
    let mut scores = vec![0f32; items * subjects.len()];
    scorer.score_users(&subjects, &mut |at, first, piece| {
        scores[at * items + first..][..piece.len()].copy_from_slice(piece);
    });
    for (at, (user, (_, history))) in users.iter_mut().zip(subjects).enumerate() {
        let (mut sums, has_direction) = (vec![0.0; items], scorer.has_direction(history));
        if has_direction {
            blend.votes.add(blend.rank_constant, 1.0, &scores[at * items..][..items], &mut sums);
        }
        user.add(has_direction, &sums);
    }
}

fn history(validation: &Validation, user: UserIx) -> History<'_> {
    let rows = &validation.train().interactions;
    let (items, values) = rows.of(user);
    History { items, values, times: rows.times_of(user) }
}

impl OfUser {
    fn new(validation: &Validation, asked: &TestUser) -> Self {
        let rows = &validation.train().interactions;
        let seen = rows.of(asked.user).0;
        let is_new = |item: &u32| seen.binary_search(item).is_err();
        let items = match &validation.held().candidates {
            Some(candidates) => candidates.iter().map(|item| item.0).filter(is_new).collect(),
            None => (0u32..).take(rows.items().len()).filter(is_new).collect(),
        };
        Self { items, votes: Vec::new(), has_direction: Vec::new() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "votes are kept as scores are")]
    fn add(&mut self, has_direction: bool, sums: &[f64]) {
        self.votes.push(self.items.iter().map(|&item| sums[item as usize] as f32).collect());
        self.has_direction.push(has_direction);
    }

    /// The best items by the sum of the votes, equal ones by rising item; what is popular where the history tells no member
    /// anything.
    fn list(&self, validation: &Validation, weights: &[f64], longest: usize) -> Vec<(u32, f32)> {
        let voting =
            || weights.iter().zip(&self.votes).zip(&self.has_direction).filter(|((weight, _), _)| **weight != 0.0);
        if voting().all(|(_, has_direction)| !has_direction) {
            let popular = validation.train().interactions.by_popularity().iter();
            let allowed = popular.filter(|ItemIx(item)| self.items.binary_search(item).is_ok());
            return allowed.take(longest).map(|item| (item.0, 0.0)).collect();
        }
        let mut sums = vec![0f64; self.items.len()];
        for ((&weight, votes), _) in voting() {
            sums.iter_mut().zip(votes).for_each(|(sum, &vote)| *sum += weight * f64::from(vote));
        }
        best(&self.items, &sums, longest)
    }
}

/// The items with the highest sums, best first, equal ones by rising item, as sums are when they are scores.
#[expect(clippy::cast_possible_truncation, reason = "sums are ranked as the scores that they become")]
fn best(items: &[u32], sums: &[f64], longest: usize) -> Vec<(u32, f32)> {
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(longest + 1);
    for (&item, &sum) in items.iter().zip(sums) {
        let score = sum as f32;
        let is_in = best.len() < longest || best.last().is_some_and(|(_, last)| score.total_cmp(last).is_gt());
        if is_in && score > f32::NEG_INFINITY {
            let place = best.partition_point(|(_, before)| before.total_cmp(&score).is_ge());
            best.insert(place, (item, score));
            best.truncate(longest);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_equal_ones_by_rising_item() {
        let sums = [1.0, 3.0, f64::NEG_INFINITY, 3.0, 2.0, 3.0];
        assert_eq!(best(&[0, 2, 3, 5, 7, 9], &sums, 3), [(2, 3.0), (5, 3.0), (9, 3.0)]);
        assert_eq!(best(&[0, 2, 3, 5, 7, 9], &sums, 10).len(), 5);
    }
}
