//! Decomposes a matrix from a file and prints what it took, as one line of JSON a run: for comparisons with other solvers.
//!
//! `decompose FILE RANK TOLERANCE RUNS`. The file: three u64 (rows, columns, entries), row offsets (u64), columns (u32) and
//! values (f32), all little-endian. Set `RAYON_NUM_THREADS`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::ops::ControlFlow;

use foretaste_linalg::{CsrMatrix, SvdParams, truncated_svd_sparse};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, rank, tolerance, runs] = &arguments[..] else {
        return Err("usage: decompose FILE RANK TOLERANCE RUNS".into());
    };
    let matrix = read(&std::fs::read(file)?)?;
    let params = SvdParams { rank: rank.parse()?, tolerance: tolerance.parse()?, ..SvdParams::default() };
    for _ in 0..runs.parse()? {
        let before = cpu_seconds();
        let svd = truncated_svd_sparse(&matrix, &params, &mut |_| ControlFlow::Continue(()))?;
        println!(
            r#"{{"cpu_seconds":{:.6},"residual":{:e},"columns":{},"solver":"{:?}","s":{:?}}}"#,
            cpu_seconds() - before,
            svd.residual,
            svd.columns,
            svd.solver,
            svd.s
        );
    }
    Ok(())
}

fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn read(bytes: &[u8]) -> Result<CsrMatrix, Box<dyn Error>> {
    let (numbers, _) = bytes.as_chunks::<8>();
    let number = |at: usize| usize::try_from(u64::from_le_bytes(numbers[at]));
    let (nrows, ncols, nnz) = (number(0)?, number(1)?, number(2)?);
    let offsets = (3..4 + nrows).map(number).collect::<Result<Vec<usize>, _>>()?;
    let (words, _) = bytes[8 * (4 + nrows)..].as_chunks::<4>();
    let columns = words[..nnz].iter().map(|&word| u32::from_le_bytes(word)).collect();
    let values = words[nnz..2 * nnz].iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(CsrMatrix::new(ncols, offsets, columns, values)?)
}
