"""What accuracy is compared with what: residual = max_j max(|A v_j - s_j u_j|, |A' u_j - s_j v_j|) / s_1."""

from dataclasses import dataclass


# A residual of 1e-2 of the largest singular value may be half of a small one, or hide that one was missed: no answer for any use.
WORST_SIGMA = 0.1


@dataclass(frozen=True)
class Accuracy:
    ours: float  # the tolerance foretaste is given, and has to keep
    rivals: float  # the largest residual with which a rival counts
    meaning: str


CLASSES = {
    "T": Accuracy(1e-6, 3e-6, "what the tutorial's own float32 call delivers"),
    "E": Accuracy(1e-9, 1e-9, "exact for any use"),
    "A": Accuracy(1e-2, 1e-2, "what randomised methods deliver"),
}
# Foretaste with the residual of float32 ARPACK as its tolerance.
MATCHED = "foretaste_matched"
