//! Singular values of heavy-tailed counts keep the digits that are promised, beside LAPACK-like ones of the matrix written
//! out, which share no step with the solvers for sparse matrices.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;

use faer::Mat;
use foretaste_linalg::{CsrMatrix, Solver, SvdParams, truncated_svd_sparse};

/// Uniform numbers in (0, 1), from a counter (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
struct Uniform(u64);

impl Iterator for Uniform {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some((((x ^ (x >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64)
    }
}

/// How counts are spread.
#[derive(Clone, Copy, Debug)]
enum Tail {
    /// `floor(1 / x^(1/a))`: Pareto, of index `a`.
    Pareto(f64),
    /// `floor(exp(a n)) + 1` with `n` normal.
    LogNormal(f64),
    /// Pareto, times a popularity of the column that falls by the power `a`.
    Popular(f64),
}

/// Counts at a part `density` of all places.
fn counts(nrows: usize, ncols: usize, density: f64, tail: Tail, seed: u64) -> CsrMatrix {
    let mut uniform = Uniform(seed << 32);
    let mut next = || uniform.next().unwrap();
    let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
    for _ in 0..nrows {
        for column in 0..ncols {
            if next() >= density {
                continue;
            }
            let count = match tail {
                Tail::Pareto(a) => next().powf(-1.0 / a),
                Tail::LogNormal(a) => {
                    (a * (-2.0 * next().ln()).sqrt() * (std::f64::consts::TAU * next()).cos()).exp() + 1.0
                }
                Tail::Popular(a) => 1.0 + next().powf(-0.8) * 1e4 / (1.0 + column as f64).powf(a),
            };
            columns.push(u32::try_from(column).unwrap());
            values.push(count.floor().min(1e7) as f32);
        }
        offsets.push(columns.len());
    }
    CsrMatrix::new(ncols, offsets, columns, values).unwrap()
}

/// The singular values of the matrix written out.
fn reference(matrix: &CsrMatrix) -> Vec<f64> {
    let mut whole: Mat<f64> = Mat::zeros(matrix.nrows(), matrix.ncols());
    for row in 0..matrix.nrows() {
        let (columns, values) = matrix.row(row);
        columns.iter().zip(values).for_each(|(&column, &value)| whole[(row, column as usize)] = f64::from(value));
    }
    let mut values = whole.singular_values().unwrap();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// The largest relative error of the values down to 0.002 of the largest, and what it was of.
fn worst(matrix: &CsrMatrix, expected: &[f64], params: &SvdParams) -> (f64, String) {
    let svd = truncated_svd_sparse(matrix, params, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(svd.residual <= params.tolerance);
    let mut worst = (0.0, String::new());
    for (at, (found, expected)) in svd.s.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / expected;
        if *expected >= 2e-3 * svd.s[0] && error > worst.0 {
            let (rank, part) = (params.rank, expected / svd.s[0]);
            worst = (error, format!("s_{at} of {rank}, {part:.1e} of the largest, {:?}", svd.solver));
        }
    }
    worst
}

const TAILS: [Tail; 8] = [
    Tail::Pareto(0.6),
    Tail::Pareto(0.8),
    Tail::Pareto(1.0),
    Tail::Pareto(1.5),
    Tail::LogNormal(1.5),
    Tail::LogNormal(2.5),
    Tail::Popular(0.7),
    Tail::Popular(1.5),
];

#[test]
fn singular_values_of_heavy_tailed_counts_are_right_to_nine_digits() {
    let mut all = Vec::new();
    for seed in [0, 3] {
        for (which, tail) in TAILS.into_iter().enumerate() {
            for (nrows, ncols, density) in [(60, 40, 0.12), (200, 150, 0.08), (120, 300, 0.05), (500, 300, 0.04)] {
                let matrix = counts(nrows, ncols, density, tail, seed * 100 + which as u64 * 8 + nrows as u64);
                let expected = reference(&matrix);
                let short = nrows.min(ncols);
                for rank in [5, 30, 40, 70, 100, 150].into_iter().filter(|&rank| rank < short) {
                    for (matrix, side) in [(&matrix, "as is"), (&matrix.transpose(), "transposed")] {
                        for solver in [None, Some(Solver::Lanczos), Some(Solver::Gram)] {
                            let params = SvdParams { rank, solver, ..SvdParams::default() };
                            let (error, what) = worst(matrix, &expected, &params);
                            let matrix = format!("{tail:?}, {nrows} x {ncols} {side}, seed {seed}");
                            all.push((error, format!("{error:.1e} of {matrix}: {what}, asked {solver:?}")));
                        }
                    }
                }
            }
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let wrong: Vec<&String> = all.iter().filter(|(error, _)| *error > 1e-9).map(|(_, what)| what).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
