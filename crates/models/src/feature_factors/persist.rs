//! The section of features to factors in a model file: kind 87 is the factors, f32, items x factors, row-major.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{FeatureFactors, FeatureFactorsParams};
use crate::Shape;

const FACTORS: Section = Section { kind: 87, name: "factors by features" };

/// Sums of products of factors have to fit into an f32; a fit gives factors of at most about 1.
const LARGEST: f32 = 1e6;

pub(super) const SECTIONS: &[Section] = &[FACTORS];

pub(super) fn save(model: &FeatureFactors, file: &mut Writer) {
    file.array(FACTORS, (0..model.factors.nrows()).flat_map(|item| model.row(item)));
}

pub(super) fn load(
    params: &FeatureFactorsParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<FeatureFactors, ContainerError> {
    if !(1..=shape.users.min(shape.items)).contains(&params.factors) {
        return Err(FACTORS.corrupt("a number of factors that the users and items do not allow"));
    }
    let factors = file.array::<f32>(FACTORS, shape.items.checked_mul(params.factors))?;
    FACTORS.check_at_most(&factors, LARGEST)?;
    Ok(FeatureFactors::new(shape.items, params.factors, &factors, params.positive))
}
