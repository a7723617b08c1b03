"""The rivals that are called from Python, as their users would call them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.linalg import svds
from sklearn.utils.extmath import randomized_svd

Triplets = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Peer:
    label: str
    dtype: type
    solve: Callable[[object, int], Triplets]
    dense: bool = False  # wants the matrix written out
    # Shorter side beyond which it takes hours or all memory.
    longest_side: int | None = None

    @property
    def precision(self) -> str:
        return np.dtype(self.dtype).name


def _arpack(a, rank):
    return _falling(svds(a, k=rank))


def _propack(a, rank):
    return _falling(svds(a, k=rank, solver="propack"))


def _randomized(a, rank):
    return randomized_svd(a, rank, random_state=0)


def _gram_full(a, rank):
    return _from_gram(a, rank, np.linalg.eigh)


def _gram_subset(a, rank):
    def largest(gram):
        n = len(gram)
        return scipy.linalg.eigh(gram, subset_by_index=[n - rank, n - 1], driver="evr", overwrite_a=True, check_finite=False)

    return _from_gram(a, rank, largest)


def _from_gram(a: sp.csr_matrix, rank: int, eigh) -> Triplets:
    wide = a.shape[0] <= a.shape[1]
    values, vectors = eigh((a @ a.T if wide else a.T @ a).toarray())
    s = np.sqrt(np.maximum(values[: -rank - 1 : -1], 0))
    short = vectors[:, : -rank - 1 : -1]
    long = (a.T @ short if wide else a @ short) / s
    return (short, s, long.T) if wide else (long, s, short.T)


def _falling(triplets: Triplets) -> Triplets:
    u, s, vt = triplets
    order = np.argsort(s)[::-1]
    return u[:, order], s[order], vt[order]


def _both(name: str, label: str, solve, **limits) -> dict[str, Peer]:
    return {
        f"{name}_f32": Peer(f"{label} f32", np.float32, solve, **limits),
        f"{name}_f64": Peer(f"{label} f64", np.float64, solve, **limits),
    }


PEERS = {
    "tutorial": Peer("tutorial's call (svds, dense f32)", np.float32, _arpack, dense=True, longest_side=10_000),
    **_both("arpack", "arpack", _arpack),
    **_both("propack", "propack", _propack),
    **_both("gram", "Gram + eigh", _gram_full, longest_side=10_000),
    **_both("gram_subset", "Gram + eigh(subset)", _gram_subset, longest_side=10_000),
    "randomized": Peer("sklearn randomized_svd f64", np.float64, _randomized),
}


def residual(a: sp.csr_matrix, u, s, vt) -> float:
    """max_j max(|A v_j - s_j u_j|, |A' u_j - s_j v_j|) / s_1 of a float64 matrix, a few columns at a time."""
    worst = 0.0
    for start in range(0, len(s), 50):
        part = slice(start, start + 50)
        left, values, right = u[:, part].astype(np.float64), s[part].astype(np.float64), vt[part].T.astype(np.float64)
        forward = np.linalg.norm(a @ right - left * values, axis=0).max()
        backward = np.linalg.norm(a.T @ left - right * values, axis=0).max()
        worst = max(worst, forward, backward)
    return float(worst / s[0])
