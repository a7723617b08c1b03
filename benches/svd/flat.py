#!/usr/bin/env python3
"""foretaste's truncated SVD beside scipy's svds on flat spectra: random sparse matrices, whose values nearly repeat.

    benches/svd/flat                      # 100,000 x 20,000, 10 entries a row, k = 10, tolerance 1e-6, three turns

One thread each, CPU seconds of one call, contenders in turn. scipy runs `svds(k, tol=tolerance)` in float64; foretaste runs
through its library (`crates/linalg/examples/decompose.rs`), because a file of ratings has no values of mean zero. The
residual is max_j max(|A v_j - s_j u_j|, |A' u_j - s_j v_j|) / s_1: measured here in float64 for scipy, and by foretaste
for itself. Ends with 1 where foretaste's median is above scipy's or its residual above the tolerance.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds


def matrices(rows: int, columns: int, each: int, seed: int):
    """Entries at random places: ratings 1 to 5, and normal values of mean zero."""
    random = np.random.default_rng(seed)
    places = (np.repeat(np.arange(rows), each), random.integers(0, columns, rows * each))
    for name, values in (
        ("ratings 1..5", random.integers(1, 6, rows * each).astype(float)),
        ("mean zero", random.standard_normal(rows * each)),
    ):
        matrix = sp.csr_matrix((values, places), shape=(rows, columns))
        matrix.sort_indices()
        # The same numbers for both: foretaste stores float32.
        matrix.data = matrix.data.astype(np.float32).astype(np.float64)
        yield name, matrix


def write(matrix: sp.csr_matrix, path: Path) -> None:
    with path.open("wb") as file:
        np.array([*matrix.shape, matrix.nnz], dtype="<u8").tofile(file)
        matrix.indptr.astype("<u8").tofile(file)
        matrix.indices.astype("<u4").tofile(file)
        matrix.data.astype("<f4").tofile(file)


def residual(a: sp.csr_matrix, u, s, vt) -> float:
    forward = np.linalg.norm(a @ vt.T - u * s, axis=0).max()
    backward = np.linalg.norm(a.T @ u - vt.T * s, axis=0).max()
    return float(max(forward, backward) / s.max())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=10, help="entries a row")
    parser.add_argument("--rank", type=int, default=10)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for name, matrix in matrices(options.rows, options.columns, options.each, options.seed):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "matrix.bin"
            write(matrix, path)
            ours, theirs = [], []
            for _ in range(options.turns):
                command = [os.environ["DECOMPOSE"], path, str(options.rank), str(options.tolerance), "1"]
                ours.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
                start = time.process_time()
                u, s, vt = svds(matrix, k=options.rank, tol=options.tolerance)
                theirs.append(time.process_time() - start)
        mine, scipys = statistics.median(run["cpu_seconds"] for run in ours), statistics.median(theirs)
        off = float(np.abs(np.array(ours[0]["s"]) / np.sort(s)[::-1] - 1).max())
        print(f"{name}: {options.rows} x {options.columns}, {matrix.nnz} entries, k = {options.rank}, {options.tolerance:g}")
        print(f"  foretaste {mine:7.3f} s of CPU, residual {ours[0]['residual']:.1e}, {ours[0]['columns']} columns")
        print(f"  scipy f64 {scipys:7.3f} s of CPU, residual {residual(matrix, u, s, vt):.1e}")
        print(f"  ratio {scipys / mine:.2f}; singular values differ by {off:.1e} of themselves at most", flush=True)
        failed |= mine > scipys or ours[0]["residual"] > options.tolerance
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
