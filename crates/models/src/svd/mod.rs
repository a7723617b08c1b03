//! The truncated SVD of the zero-filled ratings matrix (PureSVD), the tutorial's model.

mod progress;

use std::ops::ControlFlow;

use foretaste_linalg::{CsrMatrix, PanelMatrix, Svd, SvdError, SvdParams, truncated_svd_sparse};
use rayon::prelude::*;

use crate::{FitError, FitParams, FitProgress, Scorer};
use foretaste_data::ids::{ItemIx, UserIx};

/// Rows that are worth a task.
const ROWS: usize = 64;

/// `R ~ U S Vᵀ` with the ratings zero-filled and not centred.
///
/// The score of item `i` for user `u` is `(U S Vᵀ)[u, i] + mean(R[u, :])`, the mean taken over all items, unrated ones
/// counting as 0. Because `U S = R V`, a history `r` folded in as `r V Vᵀ` scores exactly as if it had been trained on.
/// Source: Cremonesi, Koren, Turrin, "Performance of recommender algorithms on top-N recommendation tasks",
/// RecSys 2010, section 3.2 (PureSVD).
#[derive(Clone, Debug)]
pub struct TruncatedSvd {
    /// users x k: the rows of `U S`.
    user_factors: Vec<f32>,
    /// users: the mean of each row of R.
    user_means: Vec<f32>,
    /// items x k: the rows of `V`.
    item_factors: PanelMatrix,
    /// items x k: the rows of `V S`, each scaled to length 1.
    item_directions: PanelMatrix,
    singular_values: Vec<f64>,
    residual: f64,
}

impl TruncatedSvd {
    pub(crate) fn fit(
        ratings: &CsrMatrix,
        params: &FitParams,
        progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
    ) -> Result<Self, FitError> {
        let svd_params = SvdParams { rank: params.rank, tolerance: params.tolerance, seed: params.seed, solver: None };
        let mut at = |done| progress(FitProgress { done });
        if at(0.0).is_break() {
            return Err(FitError::Cancelled);
        }
        let mut work = progress::Work::of(ratings, params);
        let svd = truncated_svd_sparse(ratings, &svd_params, &mut |step| at(work.done(&step)));
        let svd = svd.map_err(|error| match error {
            SvdError::RankOutOfRange { found, most } => {
                FitError::Rank { found, most, users: ratings.nrows(), items: ratings.ncols() }
            }
            SvdError::Cancelled => FitError::Cancelled,
            other => FitError::Svd(other),
        })?;
        if at(1.0).is_break() {
            return Err(FitError::Cancelled);
        }
        Self::from_svd(ratings, &svd)
    }

    fn from_svd(ratings: &CsrMatrix, svd: &Svd) -> Result<Self, FitError> {
        let user_factors = by_rows(svd.u.values(), svd.s.len(), |from, to| {
            to.iter_mut().zip(from).zip(&svd.s).for_each(|((to, x), s)| *to = narrow(x * s));
        });
        let item_factors = by_rows(svd.v.values(), svd.s.len(), |from, to| {
            to.iter_mut().zip(from).for_each(|(to, &x)| *to = narrow(x));
        });
        Self::from_parts(ratings, user_factors, item_factors, svd.s.clone(), svd.residual)
    }

    /// Builds the model from what a model file holds: `user_factors` is users x k (`U S`), `item_factors` items x k
    /// (`V`), both row-major; `singular_values` has k entries.
    ///
    /// # Errors
    /// When a number is not finite.
    ///
    /// # Panics
    /// When the lengths do not belong together.
    pub fn from_parts(
        ratings: &CsrMatrix,
        user_factors: Vec<f32>,
        item_factors: Vec<f32>,
        singular_values: Vec<f64>,
        residual: f64,
    ) -> Result<Self, FitError> {
        let rank = singular_values.len();
        assert_eq!(user_factors.len(), ratings.nrows() * rank, "user factors are users x k");
        assert_eq!(item_factors.len(), ratings.ncols() * rank, "item factors are items x k");
        for (part, array) in [("user factors", &user_factors), ("item factors", &item_factors)] {
            if let Some(at) = array.iter().position(|x| !x.is_finite()) {
                return Err(FitError::NotFinite { part, at });
            }
        }
        if let Some(at) = singular_values.iter().position(|x| !x.is_finite()) {
            return Err(FitError::NotFinite { part: "singular values", at });
        }
        #[allow(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
        let items = ratings.ncols() as f64;
        Ok(Self {
            user_means: ratings.row_sums().iter().map(|sum| narrow(sum / items)).collect(),
            item_directions: PanelMatrix::new(ratings.ncols(), rank, &directions(&item_factors, &singular_values)),
            item_factors: PanelMatrix::new(ratings.ncols(), rank, &item_factors),
            user_factors,
            singular_values,
            residual,
        })
    }

    /// Number of singular triplets.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.singular_values.len()
    }

    /// The singular values, falling.
    #[must_use]
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// The residual measured after the fit, `max_j max(|A v_j - s_j u_j|, |Aᵀ u_j - s_j v_j|) / s_1`.
    #[must_use]
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// Rows of `U S`, users x k, row-major.
    #[must_use]
    pub fn user_factors(&self) -> &[f32] {
        &self.user_factors
    }

    /// Rows of `V`, items x k.
    #[must_use]
    pub fn item_factors(&self) -> &PanelMatrix {
        &self.item_factors
    }
}

impl Scorer for TruncatedSvd {
    fn items(&self) -> usize {
        self.item_factors.nrows()
    }

    fn score_user(&self, user: UserIx, scores: &mut [f32]) {
        let (rank, user) = (self.rank(), user.0 as usize);
        self.item_factors.times(&self.user_factors[user * rank..(user + 1) * rank], scores);
        shift(scores, self.user_means[user]);
    }

    fn score_history(&self, history: &[(ItemIx, f32)], scores: &mut [f32]) {
        let mut factor = vec![0f64; self.rank()];
        let mut row = vec![0f32; self.rank()];
        let mut sum = 0f64;
        for &(item, rating) in history {
            self.item_factors.row(item.0 as usize, &mut row);
            sum += f64::from(rating);
            for (total, &x) in factor.iter_mut().zip(&row) {
                *total += f64::from(rating) * f64::from(x);
            }
        }
        let factor: Vec<f32> = factor.into_iter().map(narrow).collect();
        self.item_factors.times(&factor, scores);
        #[allow(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
        shift(scores, narrow(sum / self.items() as f64));
    }

    fn item_cosines(&self, item: ItemIx, cosines: &mut [f32]) {
        let mut direction = vec![0f32; self.rank()];
        self.item_directions.row(item.0 as usize, &mut direction);
        self.item_directions.times(&direction, cosines);
    }
}

fn shift(scores: &mut [f32], by: f32) {
    for score in scores {
        *score += by;
    }
}

/// Rounds to the f32 that is stored; the sums behind it ran in f64.
#[allow(clippy::cast_possible_truncation, reason = "factors are stored as f32 on purpose")]
fn narrow(x: f64) -> f32 {
    x as f32
}

/// A row of single-precision numbers for each row of a matrix with `width` columns, in parallel.
fn by_rows<T: Sync>(rows: &[T], width: usize, make: impl Fn(&[T], &mut [f32]) + Sync) -> Vec<f32> {
    let mut out = vec![0f32; rows.len()];
    let pairs = out.par_chunks_exact_mut(width).zip(rows.par_chunks_exact(width));
    pairs.with_min_len(ROWS).for_each(|(to, from)| make(from, to));
    out
}

/// Rows of `V S`, each divided by its length; a row of zeros stays one.
fn directions(item_factors: &[f32], singular_values: &[f64]) -> Vec<f32> {
    by_rows(item_factors, singular_values.len(), |from, to| {
        let scaled = || from.iter().zip(singular_values).map(|(&x, s)| f64::from(x) * s);
        let length = scaled().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if length > 0.0 { length.recip() } else { 0.0 };
        to.iter_mut().zip(scaled()).for_each(|(to, x)| *to = narrow(x * scale));
    })
}
