//! Which interactions count as positive, for models that know only yes and no.

use serde::{Deserialize, Serialize};

use crate::History;
use foretaste_data::interactions::Interactions;
use foretaste_linalg::{CsrError, CsrMatrix};

/// What counts as positive: values of at least `least`, or, where none is stated, values above 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Positive {
    /// The least value that counts.
    pub least: Option<f32>,
}

impl Positive {
    /// Whether a value counts.
    #[must_use]
    pub fn holds(self, value: f32) -> bool {
        self.least.map_or(value > 0.0, |least| value >= least)
    }

    /// Whether anything of a history counts.
    #[must_use]
    pub fn any(self, history: History<'_>) -> bool {
        history.values.iter().any(|&value| self.holds(value))
    }

    /// The users x items matrix with 1 where an interaction counts. O(entries).
    ///
    /// # Errors
    /// None that can happen: a part of a valid matrix is valid.
    pub(crate) fn matrix(self, interactions: &Interactions) -> Result<CsrMatrix, CsrError> {
        self.weighted(interactions, |_, _, _| 1.0)
    }

    /// The users x items matrix with a weight where an interaction counts, which `weigh` makes of how many of the user's
    /// count, the item and the value. O(entries); memory: the result.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub(crate) fn weighted(
        self,
        interactions: &Interactions,
        weigh: impl Fn(usize, u32, f32) -> f32,
    ) -> Result<CsrMatrix, CsrError> {
        let all = interactions.matrix();
        let counted = |values: &[f32]| values.iter().filter(|&&value| self.holds(value)).count();
        let entries = counted(all.values());
        let mut offsets = Vec::with_capacity(all.nrows() + 1);
        let (mut columns, mut weights) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        offsets.push(0);
        for row in 0..all.nrows() {
            let (items, values) = all.row(row);
            let count = counted(values);
            for (&item, &value) in items.iter().zip(values).filter(|&(_, &value)| self.holds(value)) {
                columns.push(item);
                weights.push(weigh(count, item, value));
            }
            offsets.push(columns.len());
        }
        CsrMatrix::new(all.ncols(), offsets, columns, weights)
    }
}
