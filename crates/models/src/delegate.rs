//! Families whose fitted model is a scorer that other families have too, such as item-to-item weights: they only say where it is.

use foretaste_data::ids::UserIx;

use crate::{Candidates, Explain, Factored, FoldIn, History, Meaning, Predictive, Scorer, SimilarItems};

/// A model that scores, folds in, compares and explains as the scorer inside it does.
pub(crate) trait Delegate: Send + Sync {
    /// What it is inside.
    type Inner: Scorer;

    /// The scorer that answers for it.
    fn inner(&self) -> &Self::Inner;
}

// A method missing here would be the trait's default in place of the inner scorer's.
#[deny(clippy::missing_trait_methods)]
impl<M: Delegate> Scorer for M {
    fn items(&self) -> usize {
        self.inner().items()
    }

    fn meaning(&self) -> Meaning {
        self.inner().meaning()
    }

    fn score_user(&self, user: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.inner().score_user(user, history, candidates, scores);
    }

    fn score_users(&self, users: &[(UserIx, History<'_>)], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        self.inner().score_users(users, visit);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.inner().has_direction(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        self.inner().fold_in()
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        self.inner().similar()
    }

    fn factored(&self) -> Option<&dyn Factored> {
        self.inner().factored()
    }

    fn predictive(&self) -> Option<&dyn Predictive> {
        self.inner().predictive()
    }

    fn explain(&self) -> Option<&dyn Explain> {
        self.inner().explain()
    }
}
