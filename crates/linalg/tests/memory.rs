//! Memory that is announced beside memory that is asked of the allocator.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;

use foretaste_linalg::{CsrMatrix, SvdParams, svd_memory, truncated_svd_sparse};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What does not depend on the matrix: packing buffers of dense products (4 MiB a thread), partial sums, threads.
const BASE: f64 = 20e6;

/// `each` entries of one to five a row at scattered places.
fn matrix(nrows: usize, ncols: usize, each: usize) -> CsrMatrix {
    let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
    for row in 0..nrows as u64 {
        let mut places: Vec<u64> = (0..each as u64).map(|at| scrambled(row << 32 | at) % ncols as u64).collect();
        places.sort_unstable();
        places.dedup();
        values.extend(places.iter().map(|&place| (1 + scrambled(place << 32 | row) % 5) as f32));
        columns.extend(places.into_iter().map(|place| u32::try_from(place).unwrap()));
        offsets.push(columns.len());
    }
    columns.shrink_to_fit();
    values.shrink_to_fit();
    CsrMatrix::new(ncols, offsets, columns, values).unwrap()
}

fn scrambled(mut x: u64) -> u64 {
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_add(0x9E37_79B9).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
    }
    x
}

#[test]
fn peaks_are_a_fifth_from_what_was_announced_for_every_shape_and_rank() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let mut wrong = Vec::new();
    for (nrows, ncols, each) in [
        (60, 40, 10),
        (943, 1682, 110),
        (1682, 943, 60),
        (300, 20_000, 2000),
        (20_000, 300, 30),
        (2000, 2000, 50),
        (8000, 2500, 100),
        (2500, 8000, 300),
        (60_000, 12_000, 12),
    ] {
        let matrix = matrix(nrows, ncols, each);
        let short = nrows.min(ncols);
        let mut ranks =
            vec![1, 10, 17, 50, 100, 200, 400, short / 2, short * 8 / 10, short * 95 / 100, short - 1, short];
        ranks.retain(|&rank| rank <= short && (short <= 2000 || rank <= 100));
        ranks.sort_unstable();
        ranks.dedup();
        for tolerance in [1e-6, 1e-9] {
            for &rank in &ranks {
                let params = SvdParams { rank, tolerance, ..SvdParams::default() };
                ALLOCATED.reset_peak_usage();
                let svd = pool
                    .install(|| truncated_svd_sparse(&matrix, &params, &mut |_| ControlFlow::Continue(())))
                    .unwrap();
                assert!(svd.residual <= tolerance);
                let peak = ALLOCATED.peak_usage() as u64;
                let memory = svd_memory(nrows, ncols, matrix.nnz(), &params);
                assert_eq!(memory.given, (8 * (matrix.nnz() + nrows + 1)) as u64, "the matrix");
                assert_eq!(memory.factors, (8 * rank * (nrows + ncols)) as u64, "the result");
                let total = memory.total() as f64;
                let allowed = 0.8 * total..=1.2 * total + BASE;
                if !allowed.contains(&(peak as f64)) {
                    wrong.push(format!("{nrows} x {ncols}, rank {rank}, {tolerance:e}: {peak} for {memory:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The name of the test below, which runs itself again under a limit.
#[cfg(target_os = "linux")]
const LIMITED: &str = "a_small_fit_works_under_a_limit_of_data_whatever_cache_the_machine_reports";

#[cfg(target_os = "linux")]
#[test]
fn a_small_fit_works_under_a_limit_of_data_whatever_cache_the_machine_reports() {
    if std::env::var_os("LIMITED").is_some() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(8).stack_size(1 << 20).build().unwrap();
        let matrix = matrix(943, 1682, 110);
        for tolerance in [1e-6, 1e-9] {
            let params = SvdParams { rank: 50, tolerance, ..SvdParams::default() };
            let svd = pool.install(|| truncated_svd_sparse(&matrix, &params, &mut |_| ControlFlow::Continue(())));
            assert!(svd.unwrap().residual <= tolerance);
        }
        return;
    }
    // Eight threads that multiply, in 200 MB of data: twice a cache of 32 MiB for each of them would be 512 MiB.
    let run = "ulimit -d 200000 && exec \"$0\" --exact \"$1\" --test-threads 1";
    let test = std::env::current_exe().unwrap();
    let mut shell = std::process::Command::new("sh");
    let output = shell.args(["-c", run]).arg(test).arg(LIMITED).env("LIMITED", "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("1 passed"), "the test ran: {printed}");
}
