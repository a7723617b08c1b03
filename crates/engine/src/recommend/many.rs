//! Lists for many users of the training data at once.

use super::top_n::best_first;
use super::{RecommendError, Recommender, Request, Scored, check_limit};
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_models::History;

/// Users whose scores are made together.
const TOGETHER: usize = 64;
/// Scores that are compared with the worst place of a list at a time.
const RUN: usize = 16;

impl Recommender {
    /// The `limit` best items for each of some users of the training data, those of their history left out: the lists that
    /// [`recommend`](Self::recommend) gives each of them, to the bit, at a fraction of the cost where the model has factors.
    ///
    /// One thread; memory: the lists, and what 64 users' factors or one user's scores take.
    ///
    /// # Errors
    /// A limit out of range.
    ///
    /// # Panics
    /// When a user is out of range.
    pub fn recommend_each(&self, users: &[UserIx], limit: usize) -> Result<Vec<Vec<Scored>>, RecommendError> {
        check_limit(limit)?;
        let scorer = self.model().scorer();
        let mut lists: Vec<Vec<Scored>> = vec![Vec::new(); users.len()];
        for (lists, users) in lists.chunks_mut(TOGETHER).zip(users.chunks(TOGETHER)) {
            let subjects: Vec<(UserIx, History<'_>)> =
                users.iter().map(|&user| (user, self.history_of(user))).collect();
            let mut best: Vec<Best<'_>> = subjects.iter().map(|(_, history)| Best::new(history.items, limit)).collect();
            scorer.score_users(&subjects, &mut |at, first, scores| best[at].offer(first, scores));
            for ((list, best), &(user, history)) in lists.iter_mut().zip(best).zip(&subjects) {
                *list = if scorer.has_direction(history) {
                    best.sorted()
                } else {
                    let user = self.dataset().interactions.users().name(user.0);
                    self.recommend(&Request { limit, ..Request::for_user(user) })?.items
                };
            }
        }
        Ok(lists)
    }
}

/// The best of the scores seen so far, those of some items left out.
struct Best<'a> {
    /// Those of the left out items that were not seen yet; they rise.
    left_out: &'a [u32],
    limit: usize,
    /// The best so far and some that were: at most twice the limit.
    kept: Vec<Scored>,
    /// The worst place of a full list; only higher scores of later items can enter it.
    bound: f32,
}

impl<'a> Best<'a> {
    fn new(left_out: &'a [u32], limit: usize) -> Self {
        Self { left_out, limit, kept: Vec::new(), bound: f32::NEG_INFINITY }
    }

    /// Takes the scores of the next items, from `first` on.
    fn offer(&mut self, first: usize, scores: &[f32]) {
        let mut at = first;
        for run in scores.chunks(RUN) {
            let end = at + run.len();
            if run.iter().fold(false, |any, &score| any | (score > self.bound)) {
                self.look_at(at, run);
            }
            at = end;
        }
        let seen = self.left_out.iter().take_while(|&&item| (item as usize) < at).count();
        self.left_out = &self.left_out[seen..];
    }

    #[expect(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
    fn look_at(&mut self, first: usize, run: &[f32]) {
        for (at, &score) in run.iter().enumerate().filter(|&(_, &score)| score > self.bound) {
            let item = (first + at) as u32;
            let near = self.left_out.partition_point(|&left_out| left_out < item);
            if self.left_out.get(near) != Some(&item) {
                self.kept.push(Scored { item: ItemIx(item), score });
            }
        }
        if self.kept.len() >= 2 * self.limit + RUN {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.limit {
            self.kept.select_nth_unstable_by(self.limit - 1, best_first);
            self.kept.truncate(self.limit);
            let worst = self.kept[self.limit - 1].score;
            // Zeros of both signs have an order of their own, which no comparison of numbers sees.
            self.bound = if worst == 0.0 { -f32::from_bits(1) } else { worst };
        }
    }

    fn sorted(mut self) -> Vec<Scored> {
        self.cut();
        self.kept.sort_unstable_by(best_first);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::super::top_n::{MASKED, top_n};
    use super::*;

    #[test]
    fn the_best_of_pieces_are_those_of_all_scores_where_many_are_equal_or_zeros_of_either_sign() {
        let mut state = 7u32;
        for len in [0, 1, 15, 16, 47, 320, 1000] {
            let scores: Vec<f32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [((state >> 24) % 7) as f32 - 5.0, -0.0, 0.0, MASKED][((state >> 16) % 4) as usize]
                })
                .collect();
            let left_out: Vec<u32> = (0..len).filter(|item| item % 5 == 2).collect();
            for limit in [1, 10, 64, 2000] {
                for piece in [1, 7, 48, 1000] {
                    let mut best = Best::new(&left_out, limit);
                    scores.chunks(piece).enumerate().for_each(|(at, scores)| best.offer(at * piece, scores));
                    let bits = |list: &[Scored]| {
                        list.iter().map(|scored| (scored.item.0, scored.score.to_bits())).collect::<Vec<_>>()
                    };
                    let found = bits(&best.sorted());
                    let mut masked = scores.clone();
                    left_out.iter().for_each(|&item| masked[item as usize] = MASKED);
                    assert_eq!(found, bits(&top_n(&masked, limit)), "{limit} of {len} in pieces of {piece}");
                }
            }
        }
    }
}
