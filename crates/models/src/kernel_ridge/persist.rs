//! The section of kernel ridge in a model file: kind 86 is the weights, f32, items x items, row-major.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{KernelRidge, KernelRidgeParams};
use crate::Shape;

const WEIGHTS: Section = Section { kind: 86, name: "weights by features" };

/// Sums of weights have to fit into an f32; a fit gives weights of about 1.
const LARGEST: f32 = 1e7;

pub(super) const SECTIONS: &[Section] = &[WEIGHTS];

pub(super) fn save(model: &KernelRidge, file: &mut Writer) {
    file.array(WEIGHTS, model.weights.iter().copied());
}

pub(super) fn load(
    params: &KernelRidgeParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<KernelRidge, ContainerError> {
    let weights = file.array::<f32>(WEIGHTS, shape.items.checked_mul(shape.items))?;
    WEIGHTS.check_at_most(&weights, LARGEST)?;
    Ok(KernelRidge { items: shape.items, weights, positive: params.positive })
}
