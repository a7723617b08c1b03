//! The sections of a truncated SVD in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 10 | user factors | f32, users x k, row-major: `U S` |
//! | 11 | item factors | f32, items x k, row-major: `V` |
//! | 12 | singular values | f64, k, falling |
//! | 13 | user means | f32, users: the mean of each user's row; a file of format 1 has none, and the interactions give them |
//! | 14 | residual | f64, 1; likewise |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_linalg::PanelMatrix;

use super::{Parts, SvdParams, TruncatedSvd};
use crate::Shape;

const USER_FACTORS: Section = Section { kind: 10, name: "user factors" };
const ITEM_FACTORS: Section = Section { kind: 11, name: "item factors" };
const SINGULAR_VALUES: Section = Section { kind: 12, name: "singular values" };
const USER_MEANS: Section = Section { kind: 13, name: "user means" };
const RESIDUAL: Section = Section { kind: 14, name: "residual" };

pub(super) const SECTIONS: &[Section] = &[USER_FACTORS, ITEM_FACTORS, SINGULAR_VALUES, USER_MEANS, RESIDUAL];

pub(super) fn save(model: &TruncatedSvd, file: &mut Writer) {
    file.array(USER_FACTORS, model.user_factors.iter().copied());
    file.array(ITEM_FACTORS, model.item_factors().to_rows());
    file.array(SINGULAR_VALUES, model.singular_values.iter().copied());
    file.array(USER_MEANS, model.user_means.iter().copied());
    file.array(RESIDUAL, [model.residual]);
}

pub(super) fn load(params: &SvdParams, shape: &Shape, file: &Reader<'_>) -> Result<TruncatedSvd, ContainerError> {
    let user_means = file.array::<f32>(USER_MEANS, Some(shape.users))?;
    USER_MEANS.check_finite(&user_means)?;
    let residual = file.array::<f64>(RESIDUAL, Some(1))?.into_iter().next().unwrap_or(f64::NAN);
    load_with(params, shape, file, user_means, residual)
}

/// Rows of `V`, whose columns are orthonormal, have at most length 1; rounding adds a little.
const LONGEST_ITEM: f64 = 1.01;
/// A score is a product of a row of `U S` and one of `V`: it has to fit into an f32, and so has every sum on the way.
const LONGEST_USER: f64 = f32::MAX as f64 / 16.0;
/// It is added to such a product.
const LARGEST_MEAN: f32 = f32::MAX / 4.0;

/// The length of the longest row.
fn longest(rows: &[f32], width: usize) -> f64 {
    let squares = rows.chunks(width).map(|row| row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>());
    squares.fold(0.0, f64::max).sqrt()
}

/// Reads a model whose means and residual are known from elsewhere, as format 1 has it.
///
/// # Errors
/// When a section is missing, of the wrong length, or holds a number that is not finite.
pub fn load_with(
    params: &SvdParams,
    shape: &Shape,
    file: &Reader<'_>,
    user_means: Vec<f32>,
    residual: f64,
) -> Result<TruncatedSvd, ContainerError> {
    let rank = params.rank;
    if !(1..=shape.users.min(shape.items)).contains(&rank) {
        return Err(SINGULAR_VALUES.corrupt("a rank that the users and items do not allow"));
    }
    let user_factors = file.array::<f32>(USER_FACTORS, shape.users.checked_mul(rank))?;
    let item_factors = file.array::<f32>(ITEM_FACTORS, shape.items.checked_mul(rank))?;
    let singular_values = file.array::<f64>(SINGULAR_VALUES, Some(rank))?;
    USER_FACTORS.check_finite(&user_factors)?;
    ITEM_FACTORS.check_finite(&item_factors)?;
    SINGULAR_VALUES.check_finite(&singular_values)?;
    if !residual.is_finite() {
        return Err(RESIDUAL.corrupt("a number that is not finite"));
    }
    USER_MEANS.check_at_most(&user_means, LARGEST_MEAN)?;
    if longest(&user_factors, rank) >= LONGEST_USER {
        return Err(USER_FACTORS.corrupt("a row so long that scores are no numbers"));
    }
    if longest(&item_factors, rank) > LONGEST_ITEM {
        return Err(ITEM_FACTORS.corrupt("a row longer than 1, which columns of length 1 at right angles cannot have"));
    }
    let item_factors = PanelMatrix::new(shape.items, rank, &item_factors);
    let parts = Parts { user_factors, user_means, item_factors, singular_values, residual };
    Ok(TruncatedSvd::new(parts))
}
