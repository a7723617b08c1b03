//! How much of the work of a factorisation is done: an estimate from the columns multiplied, not from the residual,
//! of which nothing is known for the first half.

use foretaste_linalg::{CsrMatrix, Solver, SvdProgress};

use super::SvdParams;

/// The share of the work that is the iteration; what follows are the vectors of the longer side and the residual.
const ITERATION: f64 = 0.9;
/// The share of the Gram matrix itself; its eigendecomposition takes the larger part.
const GRAM: f64 = 0.25;

/// The work of one factorisation. The share never falls, also when one solver gives up and the next one begins.
#[derive(Debug)]
pub(super) struct Work {
    /// Krylov columns that a problem of this size is expected to need.
    expected: f64,
    /// Whether the Gram matrix was seen to be there.
    is_formed: bool,
    /// The largest share told.
    told: f64,
}

impl Work {
    /// The work that a factorisation of `ratings` with these parameters is expected to be.
    ///
    /// The number of columns is the one that the choice of a solver is based on: what the MovieLens matrices need for a
    /// rank and a number of decimal digits, bounded by the shorter side.
    pub(super) fn of(ratings: &CsrMatrix, params: &SvdParams) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "ranks and sides are far below 2^53")]
        let (short, rank) = (ratings.nrows().min(ratings.ncols()) as f64, params.rank as f64);
        let digits = -params.tolerance.log10().clamp(-16.0, 0.0);
        let free = 2.0 * rank + (20.0 + 2.0 * digits) * rank.sqrt();
        let expected = short * (1.0 - (-free / short.max(1.0)).exp());
        Self { expected: expected.max(1.0), is_formed: false, told: 0.0 }
    }

    /// The share done, 0 to 1, after a step.
    pub(super) fn done(&mut self, step: &SvdProgress) -> f64 {
        let share = match step.solver {
            Solver::Lanczos => {
                #[allow(clippy::cast_precision_loss, reason = "columns are far below 2^53")]
                let of_expected = step.columns as f64 / self.expected;
                // More columns than expected come ever closer to the end, and never stand still.
                let beyond = 0.09 * (1.0 - of_expected.max(1.0).recip());
                ITERATION * of_expected.min(1.0) + beyond
            }
            Solver::Gram | Solver::Dense if step.columns == 0 => 0.0,
            Solver::Gram if !std::mem::replace(&mut self.is_formed, true) => GRAM,
            Solver::Gram => ITERATION,
            Solver::Dense => GRAM,
        };
        self.told = self.told.max(share);
        self.told
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the shares are constants")]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    use foretaste_data::dataset::Dataset;
    use foretaste_data::ids::IdTable;
    use foretaste_data::interactions::{Feedback, Interactions};

    use crate::{FitProgress, ModelParams};

    /// A sparse matrix of ratings without structure, of whose singular values few stand apart.
    fn ratings(users: usize, items: usize) -> CsrMatrix {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for _ in 0..users {
            for item in 0..items {
                if next() % 10 == 0 {
                    columns.push(u32::try_from(item).unwrap());
                    values.push(1.0 + (next() % 5) as f32);
                }
            }
            offsets.push(columns.len());
        }
        CsrMatrix::new(items, offsets, columns, values).unwrap()
    }

    fn shares(params: &SvdParams) -> Vec<f64> {
        let mut told = Vec::new();
        let ids = |count: usize| (0..count).map(|id| id.to_string()).collect::<Vec<_>>();
        let table = |ids: &[String]| IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap();
        let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
        let matrix = ratings(600, 500);
        let interactions = Interactions::new(table(&ids(600)), table(&ids(500)), matrix, None, feedback).unwrap();
        let fitted = ModelParams::Svd(params.clone()).fit(
            &Dataset::new("ratings", interactions),
            &mut |FitProgress { done }| {
                told.push(done);
                ControlFlow::Continue(())
            },
        );
        fitted.unwrap();
        told
    }

    #[test]
    fn the_share_rises_with_the_work_and_stands_nowhere_for_half_of_the_reports() {
        for rank in [5, 20, 60] {
            let told = shares(&SvdParams { rank, ..SvdParams::default() });
            assert_eq!((told[0], told[told.len() - 1]), (0.0, 1.0));
            assert!(told.is_sorted(), "{told:?}");
            assert!(told.len() > 6, "{told:?}");
            let standing = told.chunk_by(|a, b| (a - b).abs() < 1e-9).map(<[f64]>::len).max().unwrap();
            assert!(2 * standing < told.len(), "{told:?}");
            let middle = told[told.len() / 2];
            assert!((0.2..0.95).contains(&middle), "half-way it says {middle}: {told:?}");
        }
    }

    #[test]
    fn a_gram_matrix_is_a_quarter_of_the_work() {
        let step = |columns| SvdProgress { solver: Solver::Gram, columns, residual: None };
        let mut work = Work { expected: 100.0, is_formed: false, told: 0.0 };
        assert_eq!([0, 50, 50].map(|columns| work.done(&step(columns))), [0.0, GRAM, ITERATION]);
    }
}
