//! The eigenpairs of a symmetric tridiagonal matrix by divide and conquer.
//!
//! Cuppen, J. J. M.: A divide and conquer method for the symmetric tridiagonal eigenproblem (1981), Numer. Math. 36: a
//! tridiagonal matrix is two smaller ones and a change of rank one.

use faer::diag::DiagRef;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd;
use faer::{Mat, MatMut, Par};

use super::NoEigenpairs;
use super::merge::{Merge, Update, rising};
use crate::scalar::Real;

/// Matrices up to this size are solved by QR iterations.
const LEAF: usize = 20;
/// Entries below the diagonal, relative to the largest of all, that do no more than disturb: their squares vanish.
const NEGLIGIBLE: f64 = 1e-30;
/// Matrices below this size are not worth a thread.
const TASK: usize = 128;

/// The `count` largest eigenvalues, falling, and their eigenvectors, one a column.
///
/// Takes the diagonal and the entries below it, `diagonal.len() - 1` of them. At most 4/3 n³ flops, of which the last
/// merge, n² count of them at most, makes wanted columns only. In double precision but for what that merge multiplies.
pub(super) fn largest<T: Real>(
    mut diagonal: Vec<f64>,
    mut below: Vec<f64>,
    count: usize,
) -> Result<(Vec<f64>, Mat<T>), NoEigenpairs> {
    let n = diagonal.len();
    let norm = diagonal.iter().chain(&below).fold(0f64, |max, x| max.max(x.abs()));
    for coupling in &mut below {
        if coupling.abs() <= NEGLIGIBLE * norm {
            *coupling = 0.0;
        }
    }
    let below = &below[..];
    let mut vectors = Mat::zeros(n, n);
    if n <= LEAF {
        leaf(&mut diagonal, below, vectors.as_mut())?;
        let order: Vec<usize> = rising(&diagonal).into_iter().rev().take(count).collect();
        let values = order.iter().map(|&at| diagonal[at]).collect();
        return Ok((values, Mat::from_fn(n, count, |i, j| T::from_f64(vectors[(i, order[j])]))));
    }
    let update = halves(&mut diagonal, below, vectors.as_mut(), Mat::zeros(n, n).as_mut())?;
    let merge = Merge::new(&mut diagonal, update, vectors.as_mut());
    Ok(merge.largest(count, vectors))
}

/// Replaces the diagonal by the eigenvalues, in no order, and fills in the eigenvectors where zeros were.
fn solve(
    diagonal: &mut [f64],
    below: &[f64],
    mut vectors: MatMut<'_, f64>,
    mut work: MatMut<'_, f64>,
) -> Result<(), NoEigenpairs> {
    if diagonal.len() <= LEAF {
        return leaf(diagonal, below, vectors);
    }
    let update = halves(diagonal, below, vectors.as_mut(), work.as_mut())?;
    Merge::new(diagonal, update, vectors.as_mut()).all(diagonal, vectors, work);
    Ok(())
}

/// Solves both halves and tells the change of rank one that makes them whole.
fn halves(
    diagonal: &mut [f64],
    below: &[f64],
    vectors: MatMut<'_, f64>,
    work: MatMut<'_, f64>,
) -> Result<Update, NoEigenpairs> {
    let half = diagonal.len() / 2;
    let coupling = below[half - 1];
    // The change is |coupling| v vᵀ with ones of the coupling's sign in v at both sides of the cut.
    diagonal[half - 1] -= coupling.abs();
    diagonal[half] -= coupling.abs();
    let parallel = diagonal.len() >= TASK;
    let (left, right) = diagonal.split_at_mut(half);
    let (left_vectors, _, _, right_vectors) = vectors.split_at_mut(half, half);
    let (left_work, _, _, right_work) = work.split_at_mut(half, half);
    let first = || solve(left, &below[..half - 1], left_vectors, left_work);
    let second = || solve(right, &below[half..], right_vectors, right_work);
    let (first, second) = if parallel { rayon::join(first, second) } else { (first(), second()) };
    first.and(second)?;
    Ok(Update { half, coupling })
}

/// Eigenpairs of a small matrix.
fn leaf(diagonal: &mut [f64], below: &[f64], mut vectors: MatMut<'_, f64>) -> Result<(), NoEigenpairs> {
    let n = diagonal.len();
    let below: Vec<f64> = below.iter().copied().chain([0.0]).collect();
    let scratch = evd::self_adjoint_evd_scratch::<f64>(n, evd::ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let mut values = Mat::zeros(n, 1);
    evd::tridiagonal_self_adjoint_evd(
        DiagRef::from_slice(diagonal),
        DiagRef::from_slice(&below),
        values.as_mut().col_mut(0).as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| NoEigenpairs)?;
    for (j, value) in diagonal.iter_mut().enumerate() {
        *value = values[(j, 0)];
    }
    Ok(())
}
