//! The sections of iALS in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 24 | ials user factors | f32, users x factors, row-major |
//! | 25 | ials item factors | f32, items x factors, row-major |
//! | 163 | ials weights of items | f32, factors: those of all items with positives in the equations of a user; with features only |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_linalg::Dense;

use super::{Ials, IalsFeatures, IalsParams};
use crate::Shape;

const USER_FACTORS: Section = Section { kind: 24, name: "ials user factors" };
const ITEM_FACTORS: Section = Section { kind: 25, name: "ials item factors" };

const WEIGHTS: Section = Section { kind: 163, name: "ials weights of items" };

/// Products of factors have to fit into an f32, and so have their sums; a fit gives factors below 10.
const LARGEST: f32 = 1e15;

pub(super) const SECTIONS: &[Section] = &[USER_FACTORS, ITEM_FACTORS, WEIGHTS];

pub(super) fn save(model: &Ials, file: &mut Writer) {
    file.array(USER_FACTORS, model.user_factors.iter().copied());
    file.array(ITEM_FACTORS, model.item_factors().to_rows());
    if model.features == IalsFeatures::Items {
        file.array(WEIGHTS, model.penalties.iter().copied());
    }
}

pub(super) fn load(params: &IalsParams, shape: &Shape, file: &Reader<'_>) -> Result<Ials, ContainerError> {
    let factors = params.factors;
    if params.is_refused() {
        return Err(ITEM_FACTORS.corrupt("parameters that no fit allows"));
    }
    let user_factors = file.array::<f32>(USER_FACTORS, shape.users.checked_mul(factors))?;
    let item_factors = file.array::<f32>(ITEM_FACTORS, shape.items.checked_mul(factors))?;
    USER_FACTORS.check_at_most(&user_factors, LARGEST)?;
    ITEM_FACTORS.check_at_most(&item_factors, LARGEST)?;
    let items = Dense::new(shape.items, factors, item_factors);
    let penalties = match params.features {
        IalsFeatures::None => Ials::weights_of(params, &items),
        IalsFeatures::Items => {
            let weights = file.array::<f32>(WEIGHTS, Some(factors))?;
            WEIGHTS.check_finite(&weights)?;
            if weights.iter().any(|&weight| weight < 0.0) {
                return Err(WEIGHTS.corrupt("a weight below 0"));
            }
            weights
        }
    };
    Ok(Ials::new(params, user_factors, &items, penalties))
}
