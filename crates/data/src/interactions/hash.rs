//! The content hash: equal for equal interactions, in whatever order, format or encoding they came.

use super::{Feedback, Interactions};

/// Begins what is hashed, so that no hash of one version is one of another.
const VERSION_2: &[u8] = b"foretaste interactions 2\n";
/// Numbers are turned to bytes this many at a time.
const BLOCK: usize = 1 << 14;

/// Version 1, which model files of format 1 hold: no version, no feedback kind, no times.
pub(super) fn version_1(interactions: &Interactions) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    content(&mut hasher, interactions);
    *hasher.finalize().as_bytes()
}

/// Version 2, see [`Interactions::hash`].
pub(super) fn version_2(interactions: &Interactions) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(VERSION_2);
    let implicit = matches!(interactions.feedback(), Feedback::Implicit);
    hasher.update(&[u8::from(implicit), u8::from(interactions.times().is_some())]);
    content(&mut hasher, interactions);
    numbers(&mut hasher, interactions.times().unwrap_or_default(), |time| time.to_le_bytes());
    *hasher.finalize().as_bytes()
}

fn content(hasher: &mut blake3::Hasher, interactions: &Interactions) {
    let matrix = interactions.matrix();
    for count in [interactions.users().len(), interactions.items().len(), interactions.nnz()] {
        hasher.update(&(count as u64).to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(1 << 16);
    for id in interactions.users().iter().chain(interactions.items().iter()) {
        bytes.extend_from_slice(&(id.len() as u64).to_le_bytes());
        bytes.extend_from_slice(id.as_bytes());
        drain_full(&mut bytes, hasher);
    }
    for pair in matrix.offsets().windows(2) {
        bytes.extend_from_slice(&((pair[1] - pair[0]) as u64).to_le_bytes());
        drain_full(&mut bytes, hasher);
    }
    hasher.update(&bytes);
    numbers(hasher, matrix.columns(), |column| column.to_le_bytes());
    numbers(hasher, matrix.values(), |value| value.to_le_bytes());
}

fn numbers<T: Copy, const N: usize>(hasher: &mut blake3::Hasher, all: &[T], bytes_of: fn(T) -> [u8; N]) {
    let mut bytes = Vec::with_capacity(BLOCK * N);
    for block in all.chunks(BLOCK) {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|&number| bytes_of(number)));
        hasher.update(&bytes);
    }
}

fn drain_full(bytes: &mut Vec<u8>, hasher: &mut blake3::Hasher) {
    if bytes.len() >= 1 << 15 {
        hasher.update(bytes);
        bytes.clear();
    }
}
