"""The loss of both on implicit's objective against CPU time, and its picture."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of a back end without a screen)
from matplotlib.ticker import NullFormatter  # noqa: E402
import numpy as np  # noqa: E402

OURS, OURS_CG, CG, CHOLESKY = "#d1495b", "#edae49", "#1b6ca8", "#5b6770"


def loss(positives, users, items, alpha, regularization):
    """sum over positives alpha (1 - s)^2 + sum over the other pairs s^2 + regularization (|users|^2 + |items|^2), in float64."""
    users, items = users.astype(np.float64), items.astype(np.float64)
    rows, columns = positives.nonzero()
    scores = np.concatenate([np.einsum("ij,ij->i", users[rows[at : at + 50_000]], items[columns[at : at + 50_000]]) for at in range(0, len(rows), 50_000)])
    everything = np.sum((users.T @ users) * (items.T @ items))
    return float(alpha * np.sum((1 - scores) ** 2) + everything - np.sum(scores**2) + regularization * (np.sum(users**2) + np.sum(items**2)))


def factors(file, shape, width, scale=1.0):
    numbers = np.fromfile(file, np.float32).astype(np.float64) * scale
    return numbers[: shape[0] * width].reshape(-1, width), numbers[shape[0] * width :].reshape(-1, width)


def below(ours, rival):
    """Our loss at the end of each epoch over the rival's, interpolated (in the logarithm of neither) at our CPU time."""
    seconds, losses = zip(*rival, strict=True)
    return [loss / np.interp(at, seconds, losses) for at, loss in ours]


def draw(panels, path):
    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(1, len(panels), figsize=(7.5 * len(panels), 5.2), layout="constrained", squeeze=False)
    for axis, (title, curves) in zip(axes[0], panels, strict=True):
        least = min(loss for points in curves.values() for _, loss in points)
        for (name, points), colour in zip(curves.items(), (OURS, OURS_CG, CG, CHOLESKY), strict=True):
            seconds, losses = zip(*points, strict=True)
            above = [loss / least - 1 + 1e-6 for loss in losses]
            axis.plot(seconds, above, "o-", color=colour, label=name, linewidth=2.5 if colour in (OURS, OURS_CG) else 1.5, markersize=5)
        axis.set(title=title, xlabel="CPU seconds, one thread", ylabel="loss above the least of all, as a share of it", xscale="log", yscale="log")
        # The end of the longest line is the least of all.
        axis.set(xlim=(None, 2 * curves["foretaste"][-1][0]), ylim=(1e-2, None))
        axis.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.grid(color="#e6e6e6")
        axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
