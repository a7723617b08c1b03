//! Fitting the truncated SVD: parameters, memory, the factorisation.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_linalg::{PanelMatrix, Svd, SvdError, svd_memory, truncated_svd_sparse};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::progress::Work;
use super::{Parts, TruncatedSvd, by_rows, persist};
use crate::fit::{OnProgress, check_finite, check_range, narrow, tell};
use crate::{Dimension, Family, FitError, FitProgress, FitReport, ItemVectors, Memory, Number, Shape, Short};

/// Numbers that one task checks.
const CHECKED: usize = 1 << 14;

/// What the fit of a truncated SVD may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SvdParams {
    /// Number of singular triplets kept, `1..=min(users, items)`; 50 is the tutorial's default.
    pub rank: usize,
    /// Largest residual accepted, relative to the largest singular value; 1e-6 puts every score right to about six digits.
    pub tolerance: f64,
    /// Seed of the start block. Equal seeds give equal bytes; it moves no singular value by more than the tolerance, and where
    /// values beside the cut are equal it chooses which of their vectors are kept (`docs/svd.md`).
    pub seed: u64,
}

impl Default for SvdParams {
    fn default() -> Self {
        Self { rank: 50, tolerance: 1e-6, seed: 0 }
    }
}

impl SvdParams {
    /// The name of the parameter that the tutorial calls k.
    pub const K: &'static str = "rank";

    /// The parameters that a command line and a specification set without naming the model.
    pub const SHORT: &'static [Short] = &[
        Short {
            name: Self::K,
            value: "K",
            number: Number::Whole,
            about: "Rank of the svd, 1 to the smaller of users and items; short for --set rank=K [default: 50, or the \
                    largest]",
        },
        Short {
            name: "tolerance",
            value: "RESIDUAL",
            number: Number::Real,
            about: "Largest residual of a singular triplet, relative to the largest singular value [default: 1e-6]",
        },
        Short {
            name: "seed",
            value: "SEED",
            number: Number::Whole,
            about: "Seed of the factorisation; it moves no singular value by more than the tolerance [default: 0]",
        },
    ];

    fn linalg(&self) -> foretaste_linalg::SvdParams {
        let Self { rank, tolerance, seed } = *self;
        foretaste_linalg::SvdParams { rank, tolerance, seed, solver: None }
    }

    fn out_of_range(&self, shape: &Shape) -> FitError {
        let Shape { users, items, .. } = *shape;
        let allowed = format!("1 to {} for {users} users x {items} items", users.min(items));
        FitError::Parameter { name: Self::K, found: self.rank.to_string(), allowed }
    }
}

impl Family for TruncatedSvd {
    const NAME: &'static str = "svd";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = SvdParams;

    fn defaults_for(shape: &Shape) -> SvdParams {
        let default = SvdParams::default();
        SvdParams { rank: default.rank.min(shape.users.min(shape.items)).max(1), ..default }
    }

    fn summary(params: &SvdParams) -> String {
        format!("rank {}", params.rank)
    }

    fn space() -> Vec<Dimension> {
        vec![Dimension::whole_log(SvdParams::K, 5, 200)]
    }

    fn check(params: &SvdParams, shape: &Shape) -> Result<(), FitError> {
        if !(1..=shape.users.min(shape.items)).contains(&params.rank) {
            return Err(params.out_of_range(shape));
        }
        check_range("tolerance", params.tolerance, f64::MIN_POSITIVE, f64::INFINITY)
    }

    fn memory(params: &SvdParams, shape: &Shape) -> Memory {
        let (users, items, rank) = (shape.users as u64, shape.items as u64, params.rank as u64);
        // Both matrices of items are stored in panels of 16 rows.
        let vectors = ItemVectors::bytes(shape.items, params.rank);
        let model = 4 * rank * (users + items.next_multiple_of(16)) + vectors + 4 * users + 8 * rank;
        let factorisation = svd_memory(shape.users, shape.items, shape.entries, &params.linalg());
        // The result in f64 beside the users' factors; later the items' factors beside their panels.
        let packing = (4 * rank * (3 * users + 2 * items)).max(model + 4 * rank * items);
        let given = factorisation.given;
        Memory { fit: given + packing.max(factorisation.total() - given), model }
    }

    fn fit(
        params: &SvdParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        let matrix = interactions.matrix();
        let shape = Shape::of(interactions);
        tell(progress, 0.0)?;
        let mut work = Work::of(matrix, params);
        let svd = report.phase("factorise", || {
            truncated_svd_sparse(matrix, &params.linalg(), &mut |step| progress(FitProgress { done: work.done(&step) }))
        });
        let svd = svd.map_err(|error| match error {
            SvdError::RankOutOfRange { .. } => params.out_of_range(&shape),
            SvdError::Cancelled => FitError::Cancelled,
            other => FitError::Failed { what: "factorisation", source: Box::new(other) },
        })?;
        tell(progress, 1.0)?;
        report.figures.push(("residual", svd.residual));
        report.phase("pack", || {
            let Svd { u, s: singular_values, v, residual, .. } = svd;
            let rank = singular_values.len();
            let user_factors = by_rows(u.values(), rank, |from, to| {
                to.iter_mut().zip(from).zip(&singular_values).for_each(|((to, x), s)| *to = narrow(x * s));
            });
            drop(u);
            check_all_finite("user factors", &user_factors, |x| x)?;
            check_all_finite("item factors", v.values(), narrow)?;
            check_finite("singular values", singular_values.iter().copied())?;
            let item_factors = PanelMatrix::rounded(shape.items, rank, v.values());
            drop(v);
            #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
            let items = shape.items as f64;
            let user_means = interactions.user_sums().iter().map(|sum| narrow(sum / items)).collect();
            Ok(Self::new(Parts { user_factors, user_means, item_factors, singular_values, residual }))
        })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &SvdParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// [`check_finite`] of a large array, as it is rounded; in parallel until a number is not finite.
fn check_all_finite<T: Copy + Sync>(
    part: &'static str,
    numbers: &[T],
    rounded: impl Fn(T) -> f32 + Sync,
) -> Result<(), FitError> {
    // Without a way out of the loop, which the compiler turns into vector instructions.
    let finite = |numbers: &[T]| numbers.iter().fold(true, |all, &x| all & rounded(x).is_finite());
    if numbers.par_chunks(CHECKED).all(finite) {
        return Ok(());
    }
    check_finite(part, numbers.iter().map(|&x| f64::from(rounded(x))))
}
