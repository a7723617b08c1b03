//! The neural tangent kernel, and its matrix for some histories.

use std::f64::consts::PI;

use foretaste_linalg::{CsrMatrix, Dense};
use rayon::prelude::*;

use super::cosine;

/// The neural tangent kernel of two histories at a cosine, for a network of `depth` hidden layers of ReLU.
pub(super) fn tangent(cosine: f64, depth: usize) -> f64 {
    let (mut sigma, mut theta) = (cosine, cosine);
    for _ in 0..depth {
        let angle = sigma.clamp(-1.0, 1.0).acos();
        let next = (sigma * (PI - angle) + (1.0 - sigma * sigma).max(0.0).sqrt()) / PI;
        theta = theta * (1.0 - angle / PI) + next;
        sigma = next;
    }
    theta
}

/// The kernel of each row of `rows`, of 0 and 1, with each other; `columns` is its transpose. Symmetric to the bit; the lower
/// triangle is what is made, and mirrored. The sum over columns of their lengths squared, and rows² kernels; parallel.
pub(super) fn matrix(rows: &CsrMatrix, columns: &CsrMatrix, depth: usize) -> Dense<f32> {
    let count = rows.nrows();
    let length = |row: usize| u32::try_from(rows.row(row).0.len()).unwrap_or(u32::MAX);
    let mut kernel = Dense::zeros(count, count);
    let chunks = kernel.values_mut().par_chunks_exact_mut(count.max(1)).enumerate();
    chunks.for_each_init(
        || vec![0u32; count],
        |common, (row, to)| {
            common[..=row].fill(0);
            let items = rows.row(row).0;
            for &item in items {
                let takers = columns.row(item as usize).0;
                takers
                    .iter()
                    .take_while(|&&other| other as usize <= row)
                    .for_each(|&other| common[other as usize] += 1);
            }
            for (other, (to, &common)) in to.iter_mut().zip(&common[..=row]).enumerate() {
                #[expect(clippy::cast_possible_truncation, reason = "a kernel is stored as f32 on purpose")]
                let kernel = tangent(cosine(common, length(other), items.len()), depth) as f32;
                *to = kernel;
            }
        },
    );
    kernel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_rises_with_the_cosine_and_is_that_of_equal_histories_at_1() {
        for depth in [1, 2, 5] {
            let values: Vec<f64> = (0..=100).map(|cosine| tangent(f64::from(cosine) / 100.0, depth)).collect();
            assert!(values.is_sorted(), "depth {depth}");
            // At 1 each layer adds 1 to the kernel, and passes the cosine on.
            assert!((values[100] - (depth as f64 + 1.0)).abs() < 1e-12, "depth {depth}: {}", values[100]);
            assert!(values[0] > 0.0, "even histories without a common item have something in common: their offsets");
        }
    }
}
