//! The eigenvectors of a rank-one update `diag(poles) + rho z zᵀ` from its roots, in f64.
//!
//! Gu, M. and Eisenstat, S. C.: A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem (1995), SIAM J.
//! Matrix Anal. Appl. 16, section 3: the computed roots are the exact ones of a nearby `z`, which a formula of Löwner
//! gives, and the eigenvectors of that update are orthogonal however close the roots.

use faer::MatMut;
use pulp::{Arch, Simd, WithSimd};

use super::secular::Root;
use crate::scalar::Real;

/// Factors multiplied together before a division; more might underflow.
const FACTORS: usize = 4;

/// The moduli of the entries `first..` of the `z` that has these roots exactly, times `sqrt(rho)`. O(poles) each.
pub(super) fn exact_z(poles: &[f64], roots: &[Root], first: usize, z: &mut [f64]) {
    z.copy_from_slice(&poles[first..][..z.len()]);
    Arch::new().dispatch(ExactZ { poles, roots, z });
}

/// Writes the unit eigenvector of each root in a column: `z_i / (poles_i - root)`. The order of the poles is free.
pub(super) fn eigenvectors<T: Real>(poles: &[f64], z: &[f64], roots: &[Root], vectors: MatMut<'_, T>) {
    Arch::new().dispatch(Vectors { poles, z, roots, vectors });
}

struct ExactZ<'a> {
    poles: &'a [f64],
    roots: &'a [Root],
    /// Some of the poles, to be replaced by their entries.
    z: &'a mut [f64],
}

impl WithSimd for ExactZ<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { poles, roots, z } = self;
        let (registers, rest) = S::as_mut_simd_f64s(z);
        for z in registers {
            *z = factors(simd, poles, roots, *z);
        }
        if !rest.is_empty() {
            simd.partial_store_f64s(rest, factors(simd, poles, roots, simd.partial_load_f64s(rest)));
        }
        for z in z {
            *z = z.abs().sqrt();
        }
    }
}

/// `prod_j (at - root_j) / prod_{poles_j != at} (at - poles_j)`, for a register of poles `at`.
#[inline(always)]
fn factors<S: Simd>(simd: S, poles: &[f64], roots: &[Root], at: S::f64s) -> S::f64s {
    let one = simd.splat_f64s(1.0);
    let mut product = one;
    for (poles, roots) in poles.chunks(FACTORS).zip(roots.chunks(FACTORS)) {
        let (mut above, mut below) = (one, one);
        for (&pole, root) in poles.iter().zip(roots) {
            let distance = simd.sub_f64s(at, simd.splat_f64s(pole));
            let to_root = simd.sub_f64s(simd.sub_f64s(at, simd.splat_f64s(root.pole)), simd.splat_f64s(root.offset));
            above = simd.mul_f64s(above, to_root);
            let same = simd.equal_f64s(distance, simd.splat_f64s(0.0));
            below = simd.mul_f64s(below, simd.select_f64s(same, one, distance));
        }
        product = simd.mul_f64s(product, simd.div_f64s(above, below));
    }
    product
}

struct Vectors<'a, T> {
    poles: &'a [f64],
    z: &'a [f64],
    roots: &'a [Root],
    vectors: MatMut<'a, T>,
}

impl<T: Real> WithSimd for Vectors<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut vector = vec![0f64; self.poles.len()];
        for (root, column) in self.roots.iter().zip(self.vectors.col_iter_mut()) {
            let scale = 1.0 / unscaled(simd, self.poles, self.z, *root, &mut vector).sqrt();
            let Some(column) = column.try_as_col_major_mut() else { continue };
            for (to, &from) in column.as_slice_mut().iter_mut().zip(&vector) {
                *to = T::from_f64(from * scale);
            }
        }
    }
}

/// Writes an eigenvector and returns the square of its length.
#[inline(always)]
fn unscaled<S: Simd>(simd: S, poles: &[f64], z: &[f64], root: Root, vector: &mut [f64]) -> f64 {
    let ((poles, pole_rest), (z, z_rest)) = (S::as_simd_f64s(poles), S::as_simd_f64s(z));
    let (entries, entry_rest) = S::as_mut_simd_f64s(vector);
    let (pole_lanes, offset_lanes) = (simd.splat_f64s(root.pole), simd.splat_f64s(root.offset));
    let mut squares = simd.splat_f64s(0.0);
    for ((&pole, &z), entry) in poles.iter().zip(z).zip(entries) {
        *entry = simd.div_f64s(z, simd.sub_f64s(simd.sub_f64s(pole, pole_lanes), offset_lanes));
        squares = simd.mul_add_f64s(*entry, *entry, squares);
    }
    let mut square = simd.reduce_sum_f64s(squares);
    for ((pole, z), entry) in pole_rest.iter().zip(z_rest).zip(entry_rest) {
        *entry = z / ((pole - root.pole) - root.offset);
        square = entry.mul_add(*entry, square);
    }
    square
}
