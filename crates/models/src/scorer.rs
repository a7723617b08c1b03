//! What every model can do: score all items for one user.

use foretaste_data::ids::{ItemIx, UserIx};

/// Scores every item for one user. One call a request, so dynamic dispatch costs nothing.
pub trait Scorer: Send + Sync {
    /// Number of items, the length of every score list.
    fn items(&self) -> usize;

    /// Scores all items for a user of the training data, by rising item index.
    ///
    /// # Panics
    /// When the user is not one of the training data, or `scores` does not hold [`items`](Self::items) numbers.
    fn score_user(&self, user: UserIx, scores: &mut [f32]);

    /// Scores all items for a history that need not be in the training data; each item at most once.
    ///
    /// For a user's own training history this equals [`score_user`](Self::score_user) up to rounding.
    ///
    /// # Panics
    /// When an item is out of range, or `scores` does not hold [`items`](Self::items) numbers.
    fn score_history(&self, history: &[(ItemIx, f32)], scores: &mut [f32]);

    /// Cosine of the factors of one item and of every item; 0 where a factor is all zero.
    ///
    /// # Panics
    /// When the item is out of range, or `cosines` does not hold [`items`](Self::items) numbers.
    fn item_cosines(&self, item: ItemIx, cosines: &mut [f32]);
}
