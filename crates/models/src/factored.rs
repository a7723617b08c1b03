//! Scores that are products of a vector with a vector of each item: the largest of them found without all of them.

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::{PanelMatrix, Screen};

use crate::{Candidates, History};

/// Items from which on their vectors are kept a second time, a byte a number, for a screened search.
pub const SCREENED_FROM: usize = 1 << 13;

/// What is added to products to leave them as they are, zeros of both signs included.
pub(crate) const NOTHING: f32 = -0.0;

/// A model whose scores are products of vectors, and a number that is added to all.
pub trait Factored {
    /// The vectors of the items.
    fn item_vectors(&self) -> &ItemVectors;

    /// What the item vectors are multiplied with for a user of the training data, and what is added: its products have the
    /// bits of [`Scorer::score_user`](crate::Scorer::score_user).
    ///
    /// # Panics
    /// When the user is out of range.
    fn of_user(&self, user: UserIx, history: History<'_>) -> (Vec<f32>, f32);

    /// The same for a history, with the bits of [`FoldIn::score_history`](crate::FoldIn::score_history).
    ///
    /// # Panics
    /// When an item is out of range.
    fn of_history(&self, history: History<'_>) -> (Vec<f32>, f32);
}

/// The vectors of all items, and from [`SCREENED_FROM`] items on the copy that searches read first.
///
/// Memory: 4 bytes a number, the items rounded up to 16; 1 more and 8 an item with the copy, the items rounded up to 64.
#[derive(Clone, Debug)]
pub struct ItemVectors {
    rows: PanelMatrix,
    screen: Option<Screen>,
}

impl ItemVectors {
    /// Makes the copy, where there are items enough. O(items x width).
    pub(crate) fn new(rows: PanelMatrix) -> Self {
        let screen = (rows.nrows() >= SCREENED_FROM).then(|| Screen::new(&rows)).flatten();
        Self { rows, screen }
    }

    /// The bytes of the vectors and their copy.
    pub(crate) fn bytes(items: usize, width: usize) -> u64 {
        let rows = 4 * width as u64 * items.next_multiple_of(16) as u64;
        rows + if items >= SCREENED_FROM { Screen::bytes(items, width) } else { 0 }
    }

    /// The vectors, items x width.
    #[must_use]
    pub fn rows(&self) -> &PanelMatrix {
        &self.rows
    }

    /// Whether there is a copy to search.
    #[must_use]
    pub fn is_screened(&self) -> bool {
        self.screen.is_some()
    }

    /// Scores the candidates: each product rounded, and then `plus` added.
    pub(crate) fn score(&self, (x, plus): (&[f32], f32), candidates: Candidates<'_>, scores: &mut [f32]) {
        match candidates {
            Candidates::All => self.rows.times_plus(x, plus, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.rows.row_times(item, x) + plus),
        }
    }

    /// The `most` highest scores of the items that are `allowed`, to the bit what all scores and a sort give: they fall, equal
    /// ones by rising item. `None` where there is no copy or where it does not tell enough items apart.
    ///
    /// Reads a quarter of what all scores take; `allowed` is asked of few items, which rise.
    ///
    /// # Panics
    /// When `x` is not as wide as a vector.
    pub fn best(
        &self,
        (x, plus): (&[f32], f32),
        most: usize,
        allowed: &mut dyn FnMut(ItemIx) -> bool,
    ) -> Option<Vec<(ItemIx, f32)>> {
        #[expect(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
        let item = |row: usize| ItemIx(row as u32);
        let found = self.screen.as_ref()?.largest(&self.rows, (x, plus), most, &mut |row| allowed(item(row)))?;
        Some(found.into_iter().map(|(row, score)| (item(row), score)).collect())
    }
}
