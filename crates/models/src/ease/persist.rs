//! The section of EASE in a model file: kind 20 is the weights, f32, items x items, row-major.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Ease, EaseParams};
use crate::Shape;

const WEIGHTS: Section = Section { kind: 20, name: "item weights" };

/// Sums of weights times ratings have to fit into an f32; a fit gives weights of about 1.
const LARGEST: f32 = 1e7;

pub(super) const SECTIONS: &[Section] = &[WEIGHTS];

pub(super) fn save(model: &Ease, file: &mut Writer) {
    file.array(WEIGHTS, model.weights.iter().copied());
}

pub(super) fn load(params: &EaseParams, shape: &Shape, file: &Reader<'_>) -> Result<Ease, ContainerError> {
    let weights = file.array::<f32>(WEIGHTS, shape.items.checked_mul(shape.items))?;
    WEIGHTS.check_at_most(&weights, LARGEST)?;
    Ok(Ease { items: shape.items, weights, positive: params.positive })
}
