//! `foretaste bench svd`: the truncated SVD alone, one JSON line a rank.

use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use foretaste_linalg::{CsrMatrix, Dense, Svd, SvdParams, svd_memory, truncated_svd_sparse};
use serde::Serialize;

use super::{hundredths, median};
use crate::args::SvdArgs;
use crate::commands::{pool_of, threads};
use crate::data::load_ratings;
use crate::exit::{Exit, coded};
use crate::machine;
use crate::output::{self, count};

/// One measurement; the fields and their order are those of the comparison script.
#[derive(Serialize)]
struct Cell {
    peer: &'static str,
    /// Users, items.
    shape: [usize; 2],
    nnz: usize,
    rank: usize,
    /// The largest residual that was allowed.
    tolerance: f64,
    threads: usize,
    /// Median over the runs.
    wall_ms: f64,
    /// Median over the runs, of all threads.
    cpu_ms: f64,
    /// max_j max(|A v_j - s_j u_j|, |Aᵀ u_j - s_j v_j|) / s_1, measured here and not by the solver.
    residual: f64,
    /// The solver whose result this is.
    solver: String,
    /// Columns that it multiplied by the matrix and its transpose.
    columns: usize,
    /// The most memory the process held while it factorised, the data included.
    peak_mib: u64,
    /// By how much it grew for that.
    grown_mib: u64,
    /// By how much it was announced to grow at most.
    announced_mib: u64,
    /// The singular values, when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<f64>>,
}

pub(super) fn run(args: &SvdArgs) -> Result<()> {
    let threads = threads(args.threads);
    let pool = pool_of(threads)?;
    let dataset = pool.install(|| load_ratings(&args.data))?;
    let matrix = dataset.interactions.matrix();
    let most = matrix.nrows().min(matrix.ncols());
    if args.ranks.contains(&0) {
        return Err(coded(Exit::Usage, anyhow!("rank 0 was asked for, allowed are 1 to {}", count(most))));
    }
    for &rank in &args.ranks {
        if rank > most {
            output::note(&format!("rank {} is left out: the largest of these data is {}", count(rank), count(most)));
            continue;
        }
        output::json_line(&pool.install(|| measure(matrix, rank, threads, args))?)?;
    }
    Ok(())
}

fn measure(matrix: &CsrMatrix, rank: usize, threads: usize, args: &SvdArgs) -> Result<Cell> {
    let default = foretaste::models::svd::SvdParams::default();
    let (tolerance, seed) = (args.tolerance.unwrap_or(default.tolerance), default.seed);
    let params = SvdParams { rank, tolerance, seed, ..SvdParams::default() };
    let memory = svd_memory(matrix.nrows(), matrix.ncols(), matrix.nnz(), &params);
    output::note(&format!("rank {}: at most {} MiB: {memory}", count(rank), machine::held_for_mib(memory.total())));
    machine::forget_peak();
    let before = machine::held_mib();
    let (mut wall, mut cpu, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..args.runs {
        drop(last.take());
        let (wall_before, cpu_before) = (Instant::now(), machine::cpu_time());
        let svd = truncated_svd_sparse(matrix, &params, &mut |_| ControlFlow::Continue(()))
            .with_context(|| format!("rank {} failed", count(rank)))?;
        wall.push(wall_before.elapsed().as_secs_f64() * 1e3);
        cpu.push((machine::cpu_time() - cpu_before).as_secs_f64() * 1e3);
        last = Some(svd);
    }
    let svd = last.context("no run was asked for")?;
    let peak_mib = machine::peak_mib();
    Ok(Cell {
        peer: "foretaste",
        shape: [matrix.nrows(), matrix.ncols()],
        nnz: matrix.nnz(),
        rank,
        tolerance,
        threads,
        wall_ms: hundredths(median(wall)),
        cpu_ms: hundredths(median(cpu)),
        residual: three_figures(residual(matrix, &svd)),
        solver: format!("{:?}", svd.solver).to_lowercase(),
        columns: svd.columns,
        peak_mib,
        grown_mib: peak_mib.saturating_sub(before),
        announced_mib: machine::held_for_mib(memory.total() - memory.given),
        values: args.values.then_some(svd.s),
    })
}

fn three_figures(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// The largest residual of all triplets, relative to the largest singular value. O(nnz x rank), in one thread.
fn residual(matrix: &CsrMatrix, svd: &Svd) -> f64 {
    let forward = side(matrix, &svd.v, &svd.u, &svd.s);
    let backward = side(&matrix.transpose(), &svd.u, &svd.v, &svd.s);
    let most = forward.into_iter().chain(backward).fold(0.0, f64::max);
    most.sqrt() / svd.s.first().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE)
}

/// |A from_j - s_j to_j|² for every j.
fn side(a: &CsrMatrix, from: &Dense, to: &Dense, s: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; s.len()];
    let mut product = vec![0.0; s.len()];
    for row in 0..a.nrows() {
        product.fill(0.0);
        let (columns, values) = a.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let factors = from.row(column as usize);
            product.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += f64::from(value) * factor);
        }
        for (j, square) in squares.iter_mut().enumerate() {
            *square += (product[j] - s[j] * to.row(row)[j]).powi(2);
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_sees_a_wrong_singular_value() {
        let matrix = CsrMatrix::new(2, vec![0, 1, 2], vec![0, 1], vec![2.0, 1.0]).unwrap();
        let params = SvdParams { rank: 2, ..SvdParams::default() };
        let mut svd = truncated_svd_sparse(&matrix, &params, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(residual(&matrix, &svd) < 1e-12);
        svd.s[1] = 1.5;
        assert!((residual(&matrix, &svd) - 0.25).abs() < 1e-12);
    }
}
