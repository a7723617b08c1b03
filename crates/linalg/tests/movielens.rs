//! The truncated SVD of real ratings: accurate at every rank, and the same bytes for every number of threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;

use foretaste_linalg::{CsrMatrix, Dense, Svd, SvdParams, truncated_svd_sparse};

const TUTORIAL: [(usize, f64); 7] = [
    (0, 844.0464955551223),
    (1, 300.0471799133035),
    (9, 149.81918560634637),
    (49, 79.83445509482812),
    (99, 67.14932788566313),
    (499, 28.94955047362457),
    (999, 10.022673247402558),
];
const MOVIELENS_1M: [(usize, f64); 5] = [
    (0, 1893.210558689347),
    (1, 671.3435653757869),
    (9, 316.08860249061564),
    (49, 147.25027844987432),
    (99, 120.36620658070738),
];

/// The first rows of MovieLens 1M, users and items sorted by number; `None` where the data are absent on purpose.
fn ratings(rows: usize) -> Option<CsrMatrix> {
    let folder = std::env::var_os("FORETASTE_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = folder.join("ml-1m/ratings.csv.gz");
    if !path.exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{} is missing", path.display());
        eprintln!("skipped: {} is missing", path.display());
        return None;
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut entries: Vec<(u32, u32, f32)> = text.lines().skip(1).take(rows).map(entry).collect();
    let (users, items) = (distinct(entries.iter().map(|e| e.0)), distinct(entries.iter().map(|e| e.1)));
    entries.sort_by_key(|e| (e.0, e.1));
    let starts = users.iter().map(|&user| entries.partition_point(|e| e.0 < user));
    let offsets = starts.chain([entries.len()]).collect();
    let columns = entries.iter().map(|e| u32::try_from(items.binary_search(&e.1).unwrap()).unwrap()).collect();
    let values = entries.iter().map(|e| e.2).collect();
    Some(CsrMatrix::new(items.len(), offsets, columns, values).unwrap())
}

fn entry(line: &str) -> (u32, u32, f32) {
    let mut fields = line.split(';');
    let mut next = || fields.next().unwrap();
    (next().parse().unwrap(), next().parse().unwrap(), next().parse().unwrap())
}

fn distinct(ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut ids: Vec<u32> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn solve(matrix: &CsrMatrix, rank: usize, tolerance: f64) -> Svd {
    let params = SvdParams { rank, tolerance, ..SvdParams::default() };
    truncated_svd_sparse(matrix, &params, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn bytes(svd: &Svd) -> Vec<u64> {
    let all = svd.u.values().iter().chain(&svd.s).chain(svd.v.values()).chain([&svd.residual]);
    all.map(|x| x.to_bits()).collect()
}

/// The largest |x_i . x_j| of different columns and | |x_i|² - 1 |, on every seventh column.
fn distance_from_orthonormal(matrix: &Dense) -> f64 {
    let picked: Vec<usize> = (0..matrix.ncols()).rev().step_by(7).collect();
    let mut gram = vec![0f64; picked.len() * matrix.ncols()];
    for row in 0..matrix.nrows() {
        let row = matrix.row(row);
        for (gram, &i) in gram.chunks_exact_mut(matrix.ncols()).zip(&picked) {
            for (gram, x) in gram.iter_mut().zip(row) {
                *gram += row[i] * x;
            }
        }
    }
    for (gram, &i) in gram.chunks_exact_mut(matrix.ncols()).zip(&picked) {
        gram[i] -= 1.0;
    }
    gram.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// Singular values by LAPACK (numpy.linalg.svd of the dense float64 matrix).
fn assert_values(svd: &Svd, expected: &[(usize, f64)], precision: f64) {
    for &(at, expected) in expected {
        if at < svd.s.len() {
            assert!((svd.s[at] / expected - 1.0).abs() < precision, "s_{at} is {}, LAPACK has {expected}", svd.s[at]);
        }
    }
}

#[test]
fn the_tutorials_matrix_is_decomposed_at_every_rank() {
    let Some(matrix) = ratings(200_000) else { return };
    assert_eq!((matrix.nrows(), matrix.ncols(), matrix.nnz()), (1228, 3463, 200_000));
    for rank in [10, 50, 100, 500, 1000] {
        for (tolerance, orthonormal, values) in [(1e-6, 1e-5, 1e-9), (1e-9, 1e-12, 1e-10)] {
            let svd = solve(&matrix, rank, tolerance);
            assert!(svd.residual <= tolerance, "k = {rank}: residual {:e}", svd.residual);
            let (u, v) = (distance_from_orthonormal(&svd.u), distance_from_orthonormal(&svd.v));
            assert!(u < orthonormal && v < orthonormal, "k = {rank}: U is {u:e} and V {v:e} from orthonormal");
            assert_values(&svd, &TUTORIAL, values);
        }
    }
}

#[test]
fn all_of_movielens_1m_is_decomposed() {
    let Some(matrix) = ratings(usize::MAX) else { return };
    assert_eq!((matrix.nrows(), matrix.ncols(), matrix.nnz()), (6040, 3706, 1_000_209));
    for rank in [10, 50, 100] {
        for (tolerance, values) in [(1e-6, 1e-9), (1e-9, 1e-10)] {
            let svd = solve(&matrix, rank, tolerance);
            assert!(svd.residual <= tolerance, "k = {rank}: residual {:e}", svd.residual);
            assert_values(&svd, &MOVIELENS_1M, values);
        }
    }
}

#[test]
fn the_bytes_are_the_same_for_every_number_of_threads() {
    for (rows, ranks) in [(200_000, &[10, 50, 300, 800][..]), (usize::MAX, &[20, 200][..])] {
        let Some(matrix) = ratings(rows) else { return };
        for (rank, tolerance) in ranks.iter().flat_map(|&rank| [(rank, 1e-6), (rank, 1e-9)]) {
            let all = [1, 2, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                bytes(&pool.install(|| solve(&matrix, rank, tolerance)))
            });
            assert!(all[0] == all[1] && all[0] == all[2], "k = {rank}, {tolerance:e}, of {} ratings", matrix.nnz());
        }
    }
}
