//! The section of SASRec in a model file: kind 120 is all numbers of the network, f32: items, places, blocks, the last norm.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{SasRec, SasRecParams};
use crate::Shape;

const NETWORK: Section = Section { kind: 120, name: "sasrec network" };

/// Sums of products of four layers have to fit into an f32; a fit gives numbers of about 1.
const LARGEST: f32 = 1e4;

pub(super) const SECTIONS: &[Section] = &[NETWORK];

pub(super) fn save(model: &SasRec, file: &mut Writer) {
    file.array(NETWORK, model.weights.iter().copied());
}

pub(super) fn load(params: &SasRecParams, shape: &Shape, file: &Reader<'_>) -> Result<SasRec, ContainerError> {
    let layout = params.layout(shape);
    let weights = file.array::<f32>(NETWORK, Some(layout.len()))?;
    NETWORK.check_at_most(&weights, LARGEST)?;
    Ok(SasRec { layout, weights, positive: params.positive })
}
