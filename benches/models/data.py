"""What the contenders are given: positives of MovieLens 1M, and vectors to search."""

import gzip
from pathlib import Path

import numpy as np
import scipy.sparse as sp

POSITIVE = 4


def movielens(folder: Path, cache: Path):
    """Ratings of 4 and 5 as a table for foretaste and as a matrix for its rivals, users and items in the order of their numbers."""
    table, matrix = cache / "ml-1m.csv", cache / "ml-1m.npz"
    with gzip.open(folder / "ml-1m" / "ratings.csv.gz", "rt") as file:
        rows = np.loadtxt(file, delimiter=";", skiprows=1, usecols=(0, 1, 2))
    rows = rows[rows[:, 2] >= POSITIVE][:, :2].astype(np.int64)
    np.savetxt(table, rows, fmt="%d", delimiter=",", header="user,item", comments="")
    users, items = (np.unique(column, return_inverse=True) for column in rows.T)
    found = sp.csr_matrix((np.ones(len(rows), np.float32), (users[1], items[1])), shape=(len(users[0]), len(items[0])))
    sp.save_npz(matrix, found)
    return table, matrix, found


def gaussian(cache: Path, rows: int, columns: int):
    """Normal vectors, all of the same length; and 64 queries."""
    random = np.random.default_rng(7)
    vectors = random.standard_normal((rows, columns), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = random.standard_normal((64, columns), dtype=np.float32)
    files = cache / f"gaussian-{rows}.f32", cache / "gaussian-queries.f32"
    vectors.tofile(files[0])
    queries.tofile(files[1])
    return files
