//! Which interactions count as positive, for models that know only yes and no.

use serde::{Deserialize, Serialize};

use crate::History;
use foretaste_data::interactions::Interactions;
use foretaste_linalg::CsrMatrix;

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
    pub(crate) fn matrix(self, interactions: &Interactions) -> Result<CsrMatrix, foretaste_linalg::CsrError> {
        let all = interactions.matrix();
        let mut offsets = Vec::with_capacity(all.nrows() + 1);
        let mut columns = Vec::with_capacity(all.nnz());
        offsets.push(0);
        for row in 0..all.nrows() {
            let (items, values) = all.row(row);
            columns.extend(items.iter().zip(values).filter(|&(_, &value)| self.holds(value)).map(|(&item, _)| item));
            offsets.push(columns.len());
        }
        let values = vec![1.0; columns.len()];
        CsrMatrix::new(all.ncols(), offsets, columns, values)
    }
}
