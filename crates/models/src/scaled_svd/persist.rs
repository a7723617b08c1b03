//! The sections of a scaled SVD in a model file: kind 70 is the rows of `V` (f32, items x factors, row-major), 71 the singular
//! values (f64, falling), 72 how many users took each item (u32).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Parts, ScaledSvd, ScaledSvdParams};
use crate::Shape;

const FACTORS: Section = Section { kind: 70, name: "item factors" };
const SINGULAR_VALUES: Section = Section { kind: 71, name: "singular values" };
const COUNTS: Section = Section { kind: 72, name: "item counts" };

pub(super) const SECTIONS: &[Section] = &[FACTORS, SINGULAR_VALUES, COUNTS];

/// Entries of `V`, whose columns are of length 1, are at most 1; rounding adds a little.
const LARGEST: f32 = 1.01;

pub(super) fn save(model: &ScaledSvd, file: &mut Writer) {
    file.array(FACTORS, model.factors.iter().copied());
    file.array(SINGULAR_VALUES, model.singular_values.iter().copied());
    file.array(COUNTS, model.counts.iter().copied());
}

pub(super) fn load(params: &ScaledSvdParams, shape: &Shape, file: &Reader<'_>) -> Result<ScaledSvd, ContainerError> {
    if !(1..=shape.users.min(shape.items)).contains(&params.factors) {
        return Err(SINGULAR_VALUES.corrupt("a number of factors that the users and items do not allow"));
    }
    let factors = file.array::<f32>(FACTORS, shape.items.checked_mul(params.factors))?;
    let singular_values = file.array::<f64>(SINGULAR_VALUES, Some(params.factors))?;
    let counts = file.array::<u32>(COUNTS, Some(shape.items))?;
    FACTORS.check_at_most(&factors, LARGEST)?;
    SINGULAR_VALUES.check_finite(&singular_values)?;
    Ok(ScaledSvd::new(Parts { factors, counts, singular_values }, params))
}
