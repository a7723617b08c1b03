//! The sections of item-kNN in a model file: kinds 21, 22 and 23 are the offsets (u64), candidates (u32) and weights
//! (f32) of the items x items matrix in sparse rows.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_linalg::CsrMatrix;

use super::{ItemKnn, ItemKnnParams, Weighting};
use crate::Shape;

const OFFSETS: Section = Section { kind: 21, name: "neighbour offsets" };
const ITEMS: Section = Section { kind: 22, name: "neighbour items" };
const WEIGHTS: Section = Section { kind: 23, name: "neighbour weights" };

/// Sums of weights times ratings have to fit into an f32.
const LARGEST: f32 = 1e20;

pub(super) const SECTIONS: &[Section] = &[OFFSETS, ITEMS, WEIGHTS];

pub(super) fn save(model: &ItemKnn, file: &mut Writer) {
    file.array(OFFSETS, model.weights.offsets().iter().map(|&offset| offset as u64));
    file.array(ITEMS, model.weights.columns().iter().copied());
    file.array(WEIGHTS, model.weights.values().iter().copied());
}

pub(super) fn load(params: &ItemKnnParams, shape: &Shape, file: &Reader<'_>) -> Result<ItemKnn, ContainerError> {
    let offsets = file.array::<u64>(OFFSETS, shape.items.checked_add(1))?;
    let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
    let offsets = offsets.map_err(|_| OFFSETS.corrupt("an offset beyond this machine's memory"))?;
    let entries = offsets.last().copied();
    let items = file.array::<u32>(ITEMS, entries)?;
    let weights = file.array::<f32>(WEIGHTS, entries)?;
    WEIGHTS.check_at_most(&weights, LARGEST)?;
    let weights = CsrMatrix::new(shape.items, offsets, items, weights)
        .map_err(|_| OFFSETS.corrupt("rows that are not a valid sparse matrix"))?;
    Ok(ItemKnn { weights, positive: params.positive, by_value: params.weighting == Weighting::Values })
}
