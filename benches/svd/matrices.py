"""The matrices of the comparison, and the one file format in which every rival gets them."""

import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse as sp

TUTORIAL_ROWS = 200_000
# The shape and the number of ratings of MovieLens 20M.
FULL_USERS, FULL_ITEMS, FULL_RATINGS = 138_493, 26_744, 20_000_000
RATINGS_FILES = ("ratings.csv.gz", "ratings.csv", "ratings.dat")


@dataclass(frozen=True)
class Matrix:
    """Ratings as foretaste reads them, and the same ratings in CSR form for its rivals."""

    name: str
    ratings: Path
    rows: int | None  # take only the first ones
    csr: Path
    shape: tuple[int, int]
    nnz: int


def find_ml1m(folder: Path) -> Path:
    for name in RATINGS_FILES:
        if (found := folder / "ml-1m" / name).exists():
            return found
    raise SystemExit(f"no ratings of MovieLens 1M in {folder / 'ml-1m'}: give the folder that holds ml-1m with --data or FORETASTE_TEST_DATA")


def can_generate(foretaste: str) -> bool:
    return subprocess.run([foretaste, "generate", "--help"], capture_output=True).returncode == 0


def generate(foretaste: str, cache: Path, ratings: int) -> Path:
    """A file of invented ratings, as dense as the full one; made once and kept."""
    shrink = (ratings / FULL_RATINGS) ** 0.5
    users, items = round(FULL_USERS * shrink), round(FULL_ITEMS * shrink)
    path = cache / f"generated-{users}x{items}-{ratings}.csv"
    if not path.exists():
        shape = ["--users", str(users), "--items", str(items), "--ratings", str(ratings)]
        subprocess.run([foretaste, "generate", str(path), *shape], check=True)
    return path


def prepare(name: str, ratings: Path, rows: int | None, cache: Path) -> Matrix:
    users, items, values = _read_ratings(ratings, rows)
    matrix = sp.csr_matrix((values, (users, items)), dtype=np.float32)
    csr = cache / f"{name}.csr"
    with csr.open("wb") as out:
        np.array([*matrix.shape, matrix.nnz], "<u8").tofile(out)
        matrix.indptr.astype("<u8").tofile(out)
        matrix.indices.astype("<u4").tofile(out)
        matrix.data.astype("<f4").tofile(out)
    return Matrix(name, ratings, rows, csr, matrix.shape, matrix.nnz)


def load(csr: Path, dtype) -> sp.csr_matrix:
    with csr.open("rb") as file:
        nrows, ncols, nnz = map(int, np.fromfile(file, "<u8", 3))
        indptr = np.fromfile(file, "<u8", nrows + 1).astype(np.int32)
        indices = np.fromfile(file, "<u4", nnz).astype(np.int32)
        values = np.fromfile(file, "<f4", nnz).astype(dtype, copy=False)
    return sp.csr_matrix((values, indices, indptr), shape=(nrows, ncols))


def reference(matrix: Matrix, cache: Path) -> np.ndarray:
    """All singular values by LAPACK in float64, falling; computed once and kept."""
    known = cache / f"{matrix.name}-{matrix.shape[0]}x{matrix.shape[1]}-{matrix.nnz}.npy"
    if not known.exists():
        dense = load(matrix.csr, np.float64).toarray()
        np.save(known, scipy.linalg.svdvals(dense, overwrite_a=True, check_finite=False))
    return np.load(known)


def _read_ratings(path: Path, rows: int | None):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        first = file.readline()
        double = "::" in first
        separator = next(mark for mark in ("::", ";", ",", "\t") if mark in first)
        if first.split(separator)[0].strip().isdigit():
            file.seek(0)
        lines = (line.replace("::", ";") for line in file) if double else file
        delimiter = ";" if double else separator
        table = np.loadtxt(lines, delimiter=delimiter, usecols=(0, 1, 2), max_rows=rows)
    users = np.unique(table[:, 0], return_inverse=True)[1]
    items = np.unique(table[:, 1], return_inverse=True)[1]
    return users, items, table[:, 2]
