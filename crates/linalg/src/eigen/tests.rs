//! What the eigensolver promises, on matrices that are easy to get wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use faer::{Mat, Side};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Eigenpairs, NoEigenpairs, largest};
use crate::scalar::Real;

/// Sizes on both sides of where the solver changes its way.
const SIZES: [usize; 9] = [1, 2, 3, 20, 21, 64, 129, 200, 333];

fn random(n: usize) -> Mat<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(n as u64);
    let half = Mat::from_fn(n, n, |_, _| random.random_range(-1.0..1.0));
    &half + half.transpose()
}

/// `Q diag(values) Qᵀ` for a random orthogonal `Q`.
fn with_values(values: &[f64]) -> Mat<f64> {
    let n = values.len();
    let q = random(n).qr().compute_Q();
    &q * Mat::from_fn(n, n, |i, j| if i == j { values[i] } else { 0.0 }) * q.transpose()
}

fn tridiagonal(diagonal: &[f64], below: impl Fn(usize) -> f64) -> Mat<f64> {
    let n = diagonal.len();
    Mat::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => below(i.min(j)),
        _ => 0.0,
    })
}

/// Wilkinson's W21+: pairs of eigenvalues that agree to 15 digits.
fn wilkinson() -> Vec<f64> {
    (0..21).map(|at| (at as f64 - 10.0).abs()).collect()
}

/// Solves, compares all eigenvalues with faer's in f64, and checks residual and orthogonality.
fn check<T: Real>(name: &str, matrix: &Mat<f64>, count: usize) {
    let n = matrix.nrows();
    let given: Mat<T> =
        Mat::from_fn(n, n, |i, j| if i >= j { T::from_f64(matrix[(i, j)]) } else { T::from_f64(f64::NAN) });
    let rounded = Mat::from_fn(n, n, |i, j| given[(i.max(j), i.min(j))].to_f64());
    let Eigenpairs { values, vectors } = largest(given, count).unwrap();
    assert_eq!((values.len(), vectors.nrows(), vectors.ncols()), (count, n, count), "{name}");

    let mut expected = rounded.self_adjoint_eigenvalues(Side::Lower).unwrap();
    expected.reverse();
    let norm = expected.iter().fold(0f64, |max, x| max.max(x.abs()));
    let tolerance: f64 = 2.0 * (n as f64 + 8.0) * T::EPSILON.to_f64();
    for (at, (value, expected)) in values.iter().zip(&expected).enumerate() {
        let error = (value.to_f64() - expected).abs();
        assert!(error <= tolerance * norm, "{name}, n = {n}: value {at} is {value:?}, not {expected}");
    }
    let vectors = Mat::from_fn(n, count, |i, j| vectors[(i, j)].to_f64());
    let (image, gram) = (&rounded * &vectors, vectors.transpose() * &vectors);
    for j in 0..count {
        // Divided first, so that no square leaves the range.
        let of_row = |i: usize| (image[(i, j)] - values[j].to_f64() * vectors[(i, j)]) / norm.max(f64::MIN_POSITIVE);
        let residual = (0..n).map(|i| of_row(i).powi(2)).sum::<f64>().sqrt();
        assert!(residual <= tolerance, "{name}, n = {n}: residual {residual:e} |A| of pair {j}, |A| = {norm:e}");
        for i in 0..count {
            let error = (gram[(i, j)] - f64::from(u8::from(i == j))).abs();
            assert!(error <= tolerance, "{name}, n = {n}: vectors {i} and {j} are {error:e} from orthonormal");
        }
    }
}

/// Both precisions; one, some and all of the pairs.
fn check_all(name: &str, matrix: &Mat<f64>) {
    let n = matrix.nrows();
    for count in [1, n.div_ceil(3), n] {
        check::<f64>(name, matrix, count);
        check::<f32>(name, matrix, count);
    }
}

#[test]
fn random_matrices_of_every_size() {
    for n in SIZES {
        check_all("random", &random(n));
    }
}

#[test]
fn graded_spectra() {
    for (name, base) in [("gently graded", 0.95f64), ("steeply graded", 0.3)] {
        let values: Vec<f64> = (0..150).map(|at| base.powi(at)).collect();
        check_all(name, &with_values(&values));
        let scaled = random(150);
        check_all(name, &Mat::from_fn(150, 150, |i, j| scaled[(i, j)] * base.powf((i + j) as f64 / 2.0)));
    }
}

#[test]
fn repeated_eigenvalues() {
    for distinct in [1, 2, 7] {
        let values: Vec<f64> = (0..170).map(|at| (at % distinct) as f64 - 1.0).collect();
        check_all("repeated", &with_values(&values));
    }
    // Rank one, as of a matrix of equal entries.
    check_all("ones", &Mat::from_fn(140, 140, |_, _| 1.0));
}

#[test]
fn nearly_equal_eigenvalues_of_wilkinson_matrices() {
    check_all("W21+", &tridiagonal(&wilkinson(), |_| 1.0));
    for glue in [1e-3, 1e-8, 1e-14] {
        let diagonal = wilkinson().repeat(9);
        check_all("glued W21+", &tridiagonal(&diagonal, |at| if at % 21 == 20 { glue } else { 1.0 }));
    }
}

#[test]
fn known_tridiagonal_matrices() {
    check_all("second difference", &tridiagonal(&[2.0; 257], |_| -1.0));
    check_all("decoupled", &tridiagonal(&wilkinson().repeat(5), |at| f64::from(u8::from(at % 2 == 0))));
}

#[test]
fn zero_and_diagonal_matrices() {
    for n in SIZES {
        check_all("zero", &Mat::zeros(n, n));
        check_all("identity", &Mat::identity(n, n));
        check_all("diagonal", &tridiagonal(&(0..n).map(|at| (at * 7 % 11) as f64 - 3.0).collect::<Vec<_>>(), |_| 0.0));
    }
}

#[test]
fn entries_whose_squares_leave_the_range_of_the_precision() {
    for scale in [1e-30, 1e30] {
        check_all("scaled", &(random(100) * faer::Scale(scale)));
    }
    check::<f64>("scaled", &(random(100) * faer::Scale(1e-300)), 100);
    check::<f64>("scaled", &(random(100) * faer::Scale(1e300)), 100);
}

#[test]
fn a_large_matrix_of_a_spectrum_with_gaps() {
    let values: Vec<f64> =
        (0..520).map(|at| if at < 20 { 100.0 + at as f64 } else { 1.0 / (1 + at % 250) as f64 }).collect();
    let matrix = with_values(&values);
    check::<f64>("large", &matrix, 400);
    check::<f32>("large", &matrix, 400);
}

#[test]
fn what_is_not_finite_is_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (row, column) in [(0, 0), (4, 4), (4, 0)] {
            let mut matrix = random(5);
            matrix[(row, column)] = bad;
            assert_eq!(largest(matrix, 2).err(), Some(NoEigenpairs), "{bad} at ({row}, {column})");
        }
    }
    assert_eq!(largest(random(5), 6).err(), Some(NoEigenpairs));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    fn bits<T: Real>(threads: usize, matrix: &Mat<f64>) -> Vec<u64> {
        let matrix: Mat<T> = Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| T::from_f64(matrix[(i, j)]));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let Eigenpairs { values, vectors } = pool.install(|| largest(matrix, 301).unwrap());
        let entries = vectors.col_iter().flat_map(|column| column.iter().copied());
        entries.chain(values).map(|x| x.to_f64().to_bits()).collect()
    }
    let matrix = random(401);
    assert!(bits::<f64>(1, &matrix) == bits::<f64>(2, &matrix));
    assert!(bits::<f32>(1, &matrix) == bits::<f32>(2, &matrix));
    assert!(bits::<f32>(1, &matrix) == bits::<f32>(3, &matrix));
}
