//! The section of the two-scale linear model in a model file: kind 110 is the weights, f32, 2 items x items, row-major, first
//! the short scale.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{TwoScaleLinear, TwoScaleLinearParams, fading};
use crate::Shape;

const WEIGHTS: Section = Section { kind: 110, name: "two-scale weights" };

/// Sums of weights have to fit into an f32; a fit gives weights of about 1.
const LARGEST: f32 = 1e7;

pub(super) const SECTIONS: &[Section] = &[WEIGHTS];

pub(super) fn save(model: &TwoScaleLinear, file: &mut Writer) {
    file.array(WEIGHTS, model.weights.iter().copied());
}

pub(super) fn load(
    params: &TwoScaleLinearParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<TwoScaleLinear, ContainerError> {
    let expected = shape.items.checked_mul(shape.items).and_then(|square| square.checked_mul(2));
    let weights = file.array::<f32>(WEIGHTS, expected)?;
    WEIGHTS.check_at_most(&weights, LARGEST)?;
    let fading = [params.short_decay, params.long_decay].map(fading);
    Ok(TwoScaleLinear { items: shape.items, weights, fading, positive: params.positive })
}
