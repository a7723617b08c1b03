//! Blend: several models that vote with weights, fitted, kept and served as one.
//!
//! With `z_score` the score is `sum over members m of w_m (s_m(u, i) - mean) / sd`, mean and standard deviation of the member's
//! scores of all items for this user, so that members with scores of other sizes have equal say; a member whose scores are
//! all equal says nothing. With `reciprocal_rank` it is `sum of w_m / (k + rank_m(i))`, where ranks count from 1 and equal
//! scores go to the lower item. Sources: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
//! rank learning methods", SIGIR 2009; Renda, Straccia, "Web metasearch: rank vs. score based rank aggregation methods", SAC
//! 2003, section 3.1, for z-scores.
//!
//! Every request scores all items with every member, also where a few candidates are asked for.

mod explain;
mod fit;
mod members;
mod persist;
mod votes;

use foretaste_data::ids::{ItemIx, UserIx};
use serde::{Deserialize, Serialize};

pub use members::{Member, Members};

use crate::{Candidates, Explain, FoldIn, History, Meaning, Model, Scorer, SimilarItems};

/// What the fit of a blend may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlendParams {
    /// The models and their weights: `ease(lambda=300) + .5 ials`, or a list of mappings, each the parameters of a model with
    /// a `weight`. 1 to 8 of them, none a blend.
    pub members: Members,
    /// How scores become votes.
    pub votes: Votes,
    /// What is added to ranks; above 0. Only `reciprocal_rank` uses it.
    pub rank_constant: f64,
}

/// How the scores of a member become its votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Votes {
    /// Scores less their mean, over their standard deviation.
    #[default]
    ZScore,
    /// One over the rank and a constant.
    ReciprocalRank,
}

impl Votes {
    /// Adds the votes of a member with a weight, by its scores of all items, to those of the others; `rank_constant` counts for
    /// [`ReciprocalRank`](Self::ReciprocalRank) alone. O(items), of ranks O(items log items).
    ///
    /// # Panics
    /// When there are fewer sums than scores.
    pub fn add(self, rank_constant: f64, weight: f64, scores: &[f32], sums: &mut [f64]) {
        match self {
            Self::ZScore => votes::add_z_scores(weight, scores, sums),
            Self::ReciprocalRank => votes::add_reciprocal_ranks(weight, rank_constant, scores, sums),
        }
    }
}

impl Default for BlendParams {
    fn default() -> Self {
        Self { members: Members::default(), votes: Votes::default(), rank_constant: 10.0 }
    }
}

/// Fitted members.
#[derive(Clone, Debug)]
pub struct Blend {
    members: Vec<(f64, Model)>,
    votes: Votes,
    rank_constant: f64,
}

impl Blend {
    /// The members, each with its weight.
    #[must_use]
    pub fn members(&self) -> &[(f64, Model)] {
        &self.members
    }

    /// Adds up the votes of all members, whose scores of all items `score` gives.
    fn vote(&self, candidates: Candidates<'_>, scores: &mut [f32], score: impl Fn(&dyn Scorer, &mut [f32])) {
        let items = self.items();
        let (mut own, mut sums) = (vec![0f32; items], vec![0f64; items]);
        for (weight, member) in &self.members {
            score(member.scorer(), &mut own);
            self.votes.add(self.rank_constant, *weight, &own, &mut sums);
        }
        candidates.score_each(scores, |item| crate::fit::narrow(sums[item]));
    }
}

impl Scorer for Blend {
    fn items(&self) -> usize {
        self.members.first().map_or(0, |(_, member)| member.scorer().items())
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, user: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.vote(candidates, scores, |member, own| {
            // A member to which the history says nothing has nothing to say.
            if member.has_direction(history) {
                member.score_user(user, history, Candidates::All, own);
            } else {
                own.fill(0.0);
            }
        });
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.members.iter().any(|(_, member)| member.scorer().has_direction(history))
    }

    /// Where every member can.
    fn fold_in(&self) -> Option<&dyn FoldIn> {
        self.members.iter().all(|(_, member)| member.scorer().fold_in().is_some()).then_some(self)
    }

    /// Where every member's score is a sum over the history, and votes are z-scores.
    fn explain(&self) -> Option<&dyn Explain> {
        self.adds_up().then_some(self)
    }

    /// Where any member with a weight above 0 can.
    fn similar(&self) -> Option<&dyn SimilarItems> {
        self.comparing().next().map(|_| self as &dyn SimilarItems)
    }
}

impl Blend {
    /// The members that compare items, with their weights.
    fn comparing(&self) -> impl Iterator<Item = (f64, &dyn SimilarItems)> {
        let voting = self.members.iter().filter(|(weight, _)| *weight > 0.0);
        voting.filter_map(|(weight, member)| Some((*weight, member.scorer().similar()?)))
    }
}

impl FoldIn for Blend {
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.vote(candidates, scores, |member, own| match member.fold_in().filter(|_| member.has_direction(history)) {
            Some(fold_in) => fold_in.score_history(history, Candidates::All, own),
            None => own.fill(0.0),
        });
    }
}

impl SimilarItems for Blend {
    fn measure(&self) -> &'static str {
        "reciprocal_rank"
    }

    /// Reciprocal ranks in what the members say of the item, whatever the votes are for lists, since members that compare items by
    /// cosines and by weights have no scale in common.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let (mut own, mut sums) = (vec![0f32; scores.len()], vec![0f64; scores.len()]);
        let mut is_compared = vec![false; scores.len()];
        for (weight, similar) in self.comparing() {
            similar.similar_to(item, &mut own);
            // The item is most like itself, and takes no place from others.
            own[item.0 as usize] = f32::INFINITY;
            votes::add_reciprocal_ranks(weight, self.rank_constant, &own, &mut sums);
            is_compared.iter_mut().zip(&own).for_each(|(is, &own)| *is |= own > f32::NEG_INFINITY);
        }
        for ((score, sum), is_compared) in scores.iter_mut().zip(sums).zip(is_compared) {
            *score = if is_compared { crate::fit::narrow(sum) } else { f32::NEG_INFINITY };
        }
    }
}
