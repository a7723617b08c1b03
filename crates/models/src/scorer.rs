//! What models can do: score items for a user; and, some of them, for a history, or items like an item, or say why.

use foretaste_data::ids::{ItemIx, UserIx};

use crate::{Explain, Factored, Prediction};

/// Scores items for one user. One call a request, so dynamic dispatch costs nothing.
pub trait Scorer: Send + Sync {
    /// Number of items, the length of a list of all scores.
    fn items(&self) -> usize;

    /// What a score of this model is.
    fn meaning(&self) -> Meaning;

    /// Scores the candidates for a user of the training data; `history` is what the user did there.
    ///
    /// A score has the same bits whatever the other candidates are, and costs no more than its own.
    ///
    /// # Panics
    /// When the user or an item is out of range, or `scores` does not hold a number for each candidate.
    fn score_user(&self, user: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]);

    /// Scores all items for several users of the training data, in pieces: `visit` gets the place of a user in `users`, the
    /// first item of a piece and its scores, which have the bits of [`score_user`](Self::score_user). The pieces of a user come
    /// in the order of the items.
    ///
    /// Models of factors multiply them for all users together, at several times the speed of one after another.
    ///
    /// # Panics
    /// When a user or an item is out of range.
    fn score_users(&self, users: &[(UserIx, History<'_>)], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        let mut scores = vec![0.0; self.items()];
        for (at, &(user, history)) in users.iter().enumerate() {
            self.score_user(user, history, Candidates::All, &mut scores);
            visit(at, 0, &scores);
        }
    }

    /// Whether this history tells the model anything: without a direction all scores would be equal, and their order
    /// the order of ids.
    fn has_direction(&self, history: History<'_>) -> bool {
        history.values.iter().any(|&value| value != 0.0)
    }

    /// Scores for histories that are not in the training data, where the model can.
    fn fold_in(&self) -> Option<&dyn FoldIn> {
        None
    }

    /// Items like an item, where the model has a rule for that.
    fn similar(&self) -> Option<&dyn SimilarItems> {
        None
    }

    /// The vectors whose products the scores are, where they are: the best of many items are then found without all scores.
    fn factored(&self) -> Option<&dyn Factored> {
        None
    }

    /// Single ratings with how sure they are, and when they are given, where the model knows of that.
    fn predictive(&self) -> Option<&dyn Predictive> {
        None
    }

    /// What each entry of a history adds to a score, where the model adds up. A model that folds histories in and has none is
    /// explained by leaving out each entry in turn: see [`explanations`](crate::explanations).
    fn explain(&self) -> Option<&dyn Explain> {
        None
    }
}

/// Scores items for a history that need not be in the training data.
pub trait FoldIn {
    /// Scores the candidates. For a user's own training history this equals [`Scorer::score_user`] up to rounding.
    ///
    /// # Panics
    /// When an item is out of range, or `scores` does not hold a number for each candidate.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]);
}

/// Scores how alike items are, by the model's own rule.
pub trait SimilarItems {
    /// What the likeness is, such as `cosine`.
    fn measure(&self) -> &'static str;

    /// The likeness of one item and of every item; minus infinity for those that cannot be compared with it, such as
    /// items that the model knows nothing of.
    ///
    /// # Panics
    /// When the item is out of range, or `scores` does not hold a number for each item.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]);
}

/// Predicts single ratings: how likely each is, and at what time.
pub trait Predictive {
    /// The rating of an item by a user of the training data, at a time in milliseconds since 1970 (UTC). Without a time its mean
    /// is [`Scorer::score_user`]'s, up to rounding: a rating given when the training data end.
    ///
    /// # Panics
    /// When user or item is out of range.
    fn predict(&self, user: UserIx, item: ItemIx, time: Option<i64>) -> Prediction;

    /// The ratings of some items by the user of a history that need not be in the training data, given when those end. Their means
    /// are those of [`FoldIn::score_history`], up to rounding.
    ///
    /// # Panics
    /// When an item is out of range.
    fn predict_history(&self, history: History<'_>, items: &[ItemIx]) -> Vec<Prediction>;
}

/// A history: items that rise, each once, with what was observed of each.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The items.
    pub items: &'a [u32],
    /// The value of each.
    pub values: &'a [f32],
    /// When each was last done, in milliseconds since 1970 (UTC), where that is known. Of a history that a request states,
    /// whose order alone is known, the place of each. Models of sequences read nothing of it but the order; to them, equal times
    /// and unknown ones are in the order of the items.
    pub times: Option<&'a [i64]>,
}

impl<'a> History<'a> {
    /// The items with their values.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> + use<'a> {
        self.items.iter().zip(self.values).map(|(&item, &value)| (item as usize, value))
    }
}

/// The items that are to be scored.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'a> {
    /// All of them, by rising index.
    All,
    /// These, in this order.
    Items(&'a [ItemIx]),
}

impl Candidates<'_> {
    /// Writes a score for each candidate, each made on its own.
    pub(crate) fn score_each(self, scores: &mut [f32], mut score: impl FnMut(usize) -> f32) {
        match self {
            Self::All => scores.iter_mut().enumerate().for_each(|(item, to)| *to = score(item)),
            Self::Items(items) => {
                assert_eq!(items.len(), scores.len(), "a score for each candidate");
                items.iter().zip(scores).for_each(|(item, to)| *to = score(item.0 as usize));
            }
        }
    }
}

/// What a score is.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// A number whose order ranks items and that means nothing else.
    RankingScore,
    /// A predicted rating.
    Rating {
        /// The least rating of the scale; a prediction below it counts as it.
        least: f32,
        /// The greatest rating of the scale.
        most: f32,
    },
    /// A number of interactions, those long ago counting less.
    Count,
}
