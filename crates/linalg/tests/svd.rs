//! What the truncated SVD promises, on matrices that are easy to get wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;

use foretaste_linalg::{CsrMatrix, Dense, Solver, Svd, SvdError, SvdParams, truncated_svd_sparse};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{prop_assert, prop_assert_eq};

fn sparse(nrows: usize, ncols: usize, entry: impl Fn(usize, usize) -> f32) -> CsrMatrix {
    let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
    for row in 0..nrows {
        for column in 0..ncols {
            let value = entry(row, column);
            if value != 0.0 {
                columns.push(u32::try_from(column).unwrap());
                values.push(value);
            }
        }
        offsets.push(columns.len());
    }
    CsrMatrix::new(ncols, offsets, columns, values).unwrap()
}

/// A fixed scrambling of two indices to 0..1000.
fn scrambled(row: usize, column: usize) -> u64 {
    let mut x = (row as u64) << 32 | column as u64;
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
    }
    x % 1000
}

/// About one entry in twenty, one to five.
fn ratings(nrows: usize, ncols: usize) -> CsrMatrix {
    sparse(nrows, ncols, |row, column| {
        let x = scrambled(row, column);
        if x < 50 { (x % 5 + 1) as f32 } else { 0.0 }
    })
}

fn solve(matrix: &CsrMatrix, params: &SvdParams) -> Result<Svd, SvdError> {
    truncated_svd_sparse(matrix, params, &mut |_| ControlFlow::Continue(()))
}

fn rank(rank: usize) -> SvdParams {
    SvdParams { rank, tolerance: 1e-9, ..SvdParams::default() }
}

fn distance_from_orthonormal(matrix: &Dense) -> f64 {
    let width = matrix.ncols();
    assert!(matrix.values().iter().all(|x| x.is_finite()));
    let mut gram = vec![0f64; width * width];
    for row in 0..matrix.nrows() {
        let row = matrix.row(row);
        for (i, x) in row.iter().enumerate() {
            for (j, y) in row.iter().enumerate() {
                gram[i * width + j] += x * y;
            }
        }
    }
    let distance = |(at, x): (usize, &f64)| (x - if at % (width + 1) == 0 { 1.0 } else { 0.0 }).abs();
    gram.iter().enumerate().map(distance).fold(0.0, f64::max)
}

/// The residual, computed here from the definition.
fn residual(matrix: &CsrMatrix, svd: &Svd) -> f64 {
    let mut worst = 0f64;
    for at in 0..svd.s.len() {
        let mut back = vec![0f64; matrix.ncols()];
        let mut forth = 0f64;
        for row in 0..matrix.nrows() {
            let (columns, values) = matrix.row(row);
            let mut sum = 0f64;
            for (&column, &value) in columns.iter().zip(values) {
                sum += f64::from(value) * svd.v.row(column as usize)[at];
                back[column as usize] += f64::from(value) * svd.u.row(row)[at];
            }
            forth += (sum - svd.s[at] * svd.u.row(row)[at]).powi(2);
        }
        let back: f64 = back.iter().enumerate().map(|(i, x)| (x - svd.s[at] * svd.v.row(i)[at]).powi(2)).sum();
        worst = worst.max(forth.max(back).sqrt());
    }
    if svd.s[0] > 0.0 { worst / svd.s[0] } else { worst }
}

/// Asserts everything that a result promises whatever the matrix, and returns it. What the default tolerance promises is
/// asserted too, by comparison.
fn checked(matrix: &CsrMatrix, params: &SvdParams) -> Svd {
    let svd = asserted(matrix, params, 1e-12, 1e-13);
    let usual = SvdParams { tolerance: SvdParams::default().tolerance, ..params.clone() };
    let usual = asserted(matrix, &usual, 1e-5, 2e-7);
    for (at, (usual, exact)) in usual.s.iter().zip(&svd.s).enumerate() {
        let allowed = if *exact >= 2e-3 * svd.s[0] { 1e-9 * exact } else { 1e-6 * svd.s[0] };
        assert!((usual - exact).abs() <= allowed, "s_{at} of {}: {usual} for {exact}", params.rank);
    }
    svd
}

fn asserted(matrix: &CsrMatrix, params: &SvdParams, orthonormal: f64, measured: f64) -> Svd {
    let svd = solve(matrix, params).unwrap();
    let k = params.rank;
    assert_eq!((svd.u.nrows(), svd.u.ncols()), (matrix.nrows(), k));
    assert_eq!((svd.v.nrows(), svd.v.ncols()), (matrix.ncols(), k));
    assert_eq!(svd.s.len(), k);
    assert!(svd.s.is_sorted_by(|a, b| a >= b) && svd.s.iter().all(|&s| s >= 0.0), "{:?}", svd.s);
    let (u, v) = (distance_from_orthonormal(&svd.u), distance_from_orthonormal(&svd.v));
    assert!(u < orthonormal && v < orthonormal, "U is {u:e} and V {v:e} from orthonormal ({:?}, k = {k})", svd.solver);
    let found = residual(matrix, &svd);
    assert!(found <= params.tolerance, "residual {found:e} ({:?}, k = {k})", svd.solver);
    assert!((found - svd.residual).abs() <= measured, "reported residual {:e}, found {found:e}", svd.residual);
    for at in 0..k {
        let longer = if matrix.nrows() > matrix.ncols() { &svd.u } else { &svd.v };
        let column: Vec<f64> = (0..longer.nrows()).map(|row| longer.row(row)[at]).collect();
        let largest = column.iter().fold(0f64, |most, x| most.max(x.abs()));
        let first = column.iter().find(|x| x.abs() >= largest * (1.0 - 1e-6)).unwrap();
        assert!(*first > 0.0, "the sign of triplet {at}");
    }
    svd
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1e-3), "{found} for {expected}");
    }
}

#[test]
fn one_entry_is_its_own_decomposition() {
    for value in [3.0f32, -2.5, 1e-30, -1e30, f32::MAX, f32::MIN_POSITIVE / 1e6] {
        let svd = checked(&sparse(1, 1, |_, _| value), &rank(1));
        assert_close(&[svd.s[0] / f64::from(value).abs()], &[1.0]);
        assert_close(&[svd.u.row(0)[0], svd.v.row(0)[0]], &[f64::from(value.signum()), 1.0]);
    }
}

#[test]
fn one_row_and_one_column_have_their_length_as_singular_value() {
    let length = (1..=40).map(|x| f64::from(x * x)).sum::<f64>().sqrt();
    assert_close(&checked(&sparse(1, 40, |_, at| (at + 1) as f32), &rank(1)).s, &[length]);
    assert_close(&checked(&sparse(40, 1, |at, _| (at + 1) as f32), &rank(1)).s, &[length]);
}

#[test]
fn every_rank_of_tall_wide_and_square_matrices_works() {
    for (nrows, ncols) in [(1, 7), (7, 1), (2, 2), (30, 30), (30, 80), (80, 30), (500, 17)] {
        let matrix = ratings(nrows, ncols);
        let full = checked(&matrix, &rank(nrows.min(ncols)));
        for k in 1..nrows.min(ncols) {
            let part = checked(&matrix, &rank(k));
            for (part, full) in part.s.iter().zip(&full.s) {
                assert!((part - full).abs() <= 1e-10 * full.max(1e-3), "{nrows} x {ncols}, k = {k}: {part} for {full}");
            }
        }
    }
}

#[test]
fn all_solvers_agree_from_both_sides() {
    let (wide, tall) = (ratings(500, 900), ratings(500, 900).transpose());
    let solvers = [Solver::Lanczos, Solver::Gram, Solver::Dense];
    let all = solvers.map(|solver| checked(&wide, &SvdParams { rank: 12, solver: Some(solver), ..rank(12) }));
    for (solver, svd) in solvers.iter().zip(&all) {
        assert_eq!(svd.solver, *solver);
        assert_close(&svd.s, &all[2].s);
        for (x, y) in svd.u.values().iter().zip(all[2].u.values()) {
            assert!((x - y).abs() < 1e-6, "{solver:?}: {x} for {y}");
        }
        let other = checked(&tall, &SvdParams { solver: Some(*solver), ..rank(12) });
        assert_eq!(other.solver, *solver);
        assert_close(&other.s, &svd.s);
    }
}

#[test]
fn a_zero_matrix_has_zero_values_and_orthonormal_vectors() {
    for (nrows, ncols) in [(1, 1), (5, 3), (3, 5), (600, 700)] {
        let matrix = CsrMatrix::new(ncols, vec![0; nrows + 1], vec![], vec![]).unwrap();
        for k in [1, nrows.min(ncols).min(20)] {
            let svd = checked(&matrix, &rank(k));
            assert!(svd.s.iter().all(|s| s.abs() < f64::MIN_POSITIVE));
        }
    }
}

#[test]
fn a_deficient_matrix_is_completed_with_orthonormal_vectors() {
    // Rank three, and every fourth row and fifth column empty.
    let low = |nrows: usize, ncols: usize| {
        sparse(nrows, ncols, |row, column| {
            let product: usize = (1..4).map(|at| (row * at % 7) * (column * at % 5)).sum();
            if row % 4 == 0 || column % 5 == 0 { 0.0 } else { product as f32 }
        })
    };
    for (nrows, ncols, k) in [(40, 60, 40), (60, 40, 10), (600, 700, 8), (700, 600, 50)] {
        let svd = checked(&low(nrows, ncols), &rank(k));
        let rank = svd.s.iter().filter(|&&s| s > 1e-10 * svd.s[0]).count();
        assert!((1..=6).contains(&rank), "rank {rank}");
    }
}

#[test]
fn repeated_values_are_all_found() {
    for k in [1, 10, 50, 600] {
        assert_close(&checked(&sparse(600, 600, |i, j| f32::from(u8::from(i == j))), &rank(k)).s, &vec![1.0; k]);
    }
    // Forty copies of one block: each of its values comes forty times, more often than a Lanczos block is wide.
    let block = [[4.0, 1.0, 0.0], [1.0, 3.0, 2.0], [0.0, 0.5, 1.0]];
    for solver in [None, Some(Solver::Lanczos)] {
        let copies = 200;
        let matrix = sparse(3 * copies, 3 * copies, |i, j| if i / 3 == j / 3 { block[i % 3][j % 3] } else { 0.0 });
        let one = checked(&sparse(3, 3, |i, j| block[i][j]), &rank(3)).s;
        let svd = checked(&matrix, &SvdParams { solver, ..rank(90) });
        assert_close(&svd.s, &vec![one[0]; 90]);
        let matrix = sparse(3 * copies, 3 * copies, |i, j| {
            if i / 3 != j / 3 { 0.0 } else { block[i % 3][j % 3] * if i < 120 { 2.0 } else { 1.0 } }
        });
        let svd = checked(&matrix, &SvdParams { solver, ..rank(60) });
        let expected: Vec<f64> =
            (0..60).map(|at| if at < 40 { 2.0 * one[0] } else { (2.0 * one[1]).max(one[0]) }).collect();
        assert_close(&svd.s, &expected);
    }
}

#[test]
fn a_value_repeated_more_often_than_a_block_is_wide_is_not_cut_short() {
    // Too large for the Gram matrix, so that Lanczos has to find the forty copies itself.
    let diagonal = |at: usize| if at % 200 == 7 && at < 8000 { 50.0 } else { 40.0 * 0.9f32.powi((at % 61) as i32) };
    let size = 8400;
    let values: Vec<f32> = (0..size).map(diagonal).collect();
    let columns = (0..u32::try_from(size).unwrap()).collect();
    let matrix = CsrMatrix::new(size, (0..=size).collect(), columns, values.clone()).unwrap();
    let svd = checked(&matrix, &rank(44));
    let mut expected: Vec<f64> = values.iter().map(|&x| f64::from(x)).collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    assert_close(&svd.s, &expected[..44]);
    assert_eq!(svd.solver, Solver::Lanczos);
}

#[test]
fn values_of_very_different_size_do_not_overflow() {
    let wild = |i: usize, j: usize| match scrambled(i, j) {
        x @ 0..100 => 10f32.powi(x as i32 * 60 / 99 - 30) * if x % 2 == 0 { 1.0 } else { -1.0 },
        _ => 0.0,
    };
    for (nrows, ncols, k) in [(50, 80, 50), (50, 80, 3), (500, 700, 10), (700, 500, 60)] {
        checked(&sparse(nrows, ncols, wild), &rank(k));
    }
    for size in [1e-30f32, 1e30] {
        let small = ratings(450, 500);
        let values: Vec<f32> = small.values().iter().map(|x| x * size).collect();
        let scaled = CsrMatrix::new(500, small.offsets().to_vec(), small.columns().to_vec(), values).unwrap();
        let (one, other) = (checked(&small, &rank(10)), checked(&scaled, &rank(10)));
        for (one, other) in one.s.iter().zip(&other.s) {
            assert!((other / (one * f64::from(size)) - 1.0).abs() < 1e-6);
        }
    }
}

/// Few triplets with this many entries for each row of the shorter side are found in one pass over the rows at a time.
#[test]
fn few_triplets_of_long_matrices_are_right_whatever_they_hold() {
    let (short, long) = (300, 6000);
    let same = |row: usize, column: usize| if row % short == column { 3.0 } else { 0.0 };
    let low = |row: usize, column: usize| ((row % 7) * (column % 5) + (row % 3) * (column % 2)) as f32;
    let wild = |row, column| match scrambled(row, column) {
        x @ 0..60 => 10f32.powi(x as i32 - 30) * if x % 2 == 0 { 1.0 } else { -1.0 },
        _ => 0.0,
    };
    let popular =
        |row, column| if scrambled(row, column) < 900 / (1 + column as u64 / 4) { 1.0 + (row % 5) as f32 } else { 0.0 };
    let matrices: [&dyn Fn(usize, usize) -> f32; 4] = [&same, &low, &wild, &popular];
    for entry in matrices {
        let matrix = sparse(long, short, entry);
        for k in [1, 10, 16] {
            let tall = checked(&matrix, &rank(k));
            assert_close(&checked(&matrix.transpose(), &rank(k)).s, &tall.s);
        }
    }
}

#[test]
fn what_cannot_be_computed_is_a_typed_error() {
    let matrix = ratings(20, 30);
    assert_eq!(solve(&matrix, &rank(0)).unwrap_err(), SvdError::RankOutOfRange { found: 0, most: 20 });
    assert_eq!(solve(&matrix, &rank(21)).unwrap_err(), SvdError::RankOutOfRange { found: 21, most: 20 });
    let empty = CsrMatrix::new(4, vec![0], vec![], vec![]).unwrap();
    assert_eq!(solve(&empty, &rank(1)).unwrap_err(), SvdError::Empty { nrows: 0, ncols: 4 });
    let strict = SvdParams { tolerance: 1e-300, ..rank(5) };
    assert!(matches!(solve(&matrix, &strict), Err(SvdError::NotConverged { .. })));
    for tolerance in [0.0, -1.0, f64::NAN] {
        assert!(matches!(solve(&matrix, &SvdParams { tolerance, ..rank(5) }), Err(SvdError::Tolerance { .. })));
    }
}

#[test]
fn breaking_from_the_progress_callback_cancels() {
    for (matrix, k) in [(ratings(20, 30), 5), (ratings(600, 700), 10)] {
        let found = truncated_svd_sparse(&matrix, &rank(k), &mut |_| ControlFlow::Break(()));
        assert_eq!(found.unwrap_err(), SvdError::Cancelled);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_matrices_of_any_values_are_decomposed(
        nrows in 1usize..12, ncols in 1usize..12, seed in any::<u32>(), spread in 0i32..30, fill in 0u64..1000,
    ) {
        let matrix = sparse(nrows, ncols, |i, j| {
            let x = scrambled(i + seed as usize, j);
            if scrambled(j, i + seed as usize) < fill { 10f32.powi(x as i32 % (2 * spread + 1) - spread) } else { 0.0 }
        });
        let k = 1 + seed as usize % nrows.min(ncols);
        let svd = checked(&matrix, &rank(k));
        prop_assert_eq!(svd.s.len(), k);
        prop_assert!(svd.s[0].is_finite());
    }
}

/// A residual below rounding, of values that lie close, on a side too long for the other solvers.
#[test]
fn a_tolerance_that_is_not_reached_is_an_error_with_the_residual_and_the_way_out() {
    let size = 12_000;
    let values: Vec<f32> = (0..size).map(|at| 1.0 + at as f32 * 1e-7).collect();
    let matrix = CsrMatrix::new(size, (0..=size).collect(), (0..size as u32).collect(), values).unwrap();
    let params = SvdParams { rank: 3, tolerance: 1e-15, ..SvdParams::default() };
    let error = solve(&matrix, &params).map(|svd| svd.residual).unwrap_err();
    let SvdError::NotConverged { residual, columns, .. } = error else { panic!("{error}") };
    assert!(residual.is_finite() && residual > 1e-15 && columns > 100, "{residual:e} after {columns}");
    assert!(error.to_string().contains("--tolerance"), "{error}");
}

/// Equal values at the cut: which of their vectors are found is the seed's to decide, but not the values, the residual or
/// the projection on what lies above.
#[test]
fn the_seed_moves_no_value_and_no_product_of_what_lies_above_equal_values_at_the_cut() {
    // Five values above 60 equal ones, then some below.
    let values: Vec<f32> =
        (0..90).map(|at| [9.0, 8.0, 7.0, 6.0, 5.0].get(at).map_or(if at < 65 { 3.0 } else { 1.0 }, |&x| x)).collect();
    let matrix = sparse(90, 90, |i, j| if i == j { values[i] } else { 0.0 });
    let seeds: Vec<Svd> =
        (0..4).map(|seed| solve(&matrix, &SvdParams { rank: 10, seed, ..SvdParams::default() }).unwrap()).collect();
    for svd in &seeds {
        for (at, s) in svd.s.iter().enumerate() {
            assert!((s / f64::from(values[at]) - 1.0).abs() < 1e-9, "s_{at} is {s}");
        }
        // The scores U S Vᵀ: above the equal values those of the matrix; of these, the part of a projection of rank 5.
        let score = |i: usize, j: usize| (0..10).map(|k| svd.u.row(i)[k] * svd.s[k] * svd.v.row(j)[k]).sum::<f64>();
        for (at, &value) in values.iter().enumerate().take(5) {
            assert!((score(at, at) - f64::from(value)).abs() < 1e-5, "score {at}");
        }
        let trace: f64 = (5..65).map(|at| score(at, at)).sum();
        assert!((trace - 15.0).abs() < 1e-5, "five of the sixty equal values: {trace}");
    }
}
