//! The sections of a kernel autoencoder in a model file: kinds 60 and 61 are which landmarks took each item, as offsets (u64) and
//! landmarks (u32) of sparse rows, 62 how many items each landmark took (u32), 63 the
//! weights (f32, items x landmarks, row-major), 64 the number of landmarks (u64).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_linalg::{CsrMatrix, PanelMatrix};

use super::{KernelAutoencoder, KernelAutoencoderParams};
use crate::Shape;

const OFFSETS: Section = Section { kind: 60, name: "taker offsets" };
const TAKERS: Section = Section { kind: 61, name: "takers" };
const LENGTHS: Section = Section { kind: 62, name: "landmark lengths" };
const WEIGHTS: Section = Section { kind: 63, name: "landmark weights" };

const COUNT: Section = Section { kind: 64, name: "number of landmarks" };

pub(super) const SECTIONS: &[Section] = &[OFFSETS, TAKERS, LENGTHS, WEIGHTS, COUNT];

/// Sums over landmarks of weights times kernels have to fit into an f32; a fit gives weights of about 1.
const LARGEST: f32 = 1e20;

pub(super) fn save(model: &KernelAutoencoder, file: &mut Writer) {
    file.array(OFFSETS, model.takers.offsets().iter().map(|&offset| offset as u64));
    file.array(TAKERS, model.takers.columns().iter().copied());
    file.array(COUNT, [model.lengths.len() as u64]);
    file.array(LENGTHS, model.lengths.iter().copied());
    file.array(WEIGHTS, model.weights.to_rows());
}

pub(super) fn load(
    params: &KernelAutoencoderParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<KernelAutoencoder, ContainerError> {
    let offsets = file.array::<u64>(OFFSETS, shape.items.checked_add(1))?;
    let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
    let offsets = offsets.map_err(|_| OFFSETS.corrupt("an offset beyond this machine's memory"))?;
    let entries = offsets.last().copied();
    let takers = file.array::<u32>(TAKERS, entries)?;
    let count = file.array::<u64>(COUNT, Some(1))?.first().and_then(|&count| usize::try_from(count).ok());
    let count = count.filter(|&count| count <= shape.users.min(params.landmarks));
    let lengths = file.array::<u32>(LENGTHS, Some(count.ok_or_else(|| COUNT.corrupt("more landmarks than users"))?))?;
    let values = vec![1.0; takers.len()];
    let takers = CsrMatrix::new(lengths.len(), offsets, takers, values)
        .map_err(|_| OFFSETS.corrupt("rows that are not a valid sparse matrix"))?;
    let mut counted = vec![0u32; lengths.len()];
    takers.columns().iter().for_each(|&taker| counted[taker as usize] += 1);
    if counted != lengths {
        return Err(LENGTHS.corrupt("a number of items that the takers do not give"));
    }
    let weights = file.array::<f32>(WEIGHTS, shape.items.checked_mul(lengths.len()))?;
    WEIGHTS.check_at_most(&weights, LARGEST)?;
    let weights = PanelMatrix::new(shape.items, lengths.len(), &weights);
    Ok(KernelAutoencoder { depth: params.depth, positive: params.positive, takers, lengths, weights })
}
