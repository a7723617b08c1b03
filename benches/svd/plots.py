"""Cost against the rank, a picture a matrix; cost against the number of ratings."""

from pathlib import Path

import matplotlib

from classes import CLASSES

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of a back end without a screen)
from matplotlib.ticker import LogLocator  # noqa: E402

OURS = "#d1495b"
RIVALS = ["#1b6ca8", "#2a9d8f", "#8f6bb3", "#c98a1b", "#5b6770", "#7a9e2e", "#a0522d"]
# (title, foretaste's cell, the rivals' cells); a rival has the same colour in every picture.
PANELS = [
    ("Class T: residual 1e-6, rivals in float32", "foretaste_T", ["tutorial", "arpack_f32", "propack_f32", "gram_f32", "gram_subset_f32", "irlba_f32_1e-06"]),
    ("Class E: residual 1e-9, rivals in float64", "foretaste_E", ["arpack_f64", "propack_f64", "gram_f64", "gram_subset_f64"]),
]
NAMES = {"tutorial": "tutorial's call", "arpack": "arpack", "propack": "propack", "gram": "Gram + eigh", "gram_subset": "Gram + eigh(subset)", "irlba": "irlba"}
plt.rcParams.update({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False})


def draw(found: list[dict], out: Path):
    cells = [record for record in found if "error" not in record]
    for matrix in dict.fromkeys(cell["matrix"] for cell in cells if cell["study"] == "ranks"):
        _against_rank([cell for cell in cells if cell["study"] == "ranks" and cell["matrix"] == matrix], matrix, out / f"cost-{matrix}.png")
    sizes = [cell for cell in cells if cell["study"] == "sizes"]
    if sizes:
        _against_size(sizes, out / "cost-against-size.png")


def _against_rank(cells: list[dict], matrix: str, path: Path):
    figure, panels = plt.subplots(1, 2, figsize=(15, 6.5), sharey=True, layout="constrained")
    for axes, (title, ours, rivals) in zip(panels, PANELS, strict=True):
        ends = []
        for name in [*rivals, ours]:
            points = sorted((cell["rank"], cell["cpu_ms"]) for cell in cells if cell["contender"] == name)
            if points:
                ends.append(_line(axes, points, name, name == ours))
            # Too inexact for the class: a hollow point.
            limit = CLASSES[ours[-1]].rivals
            loose = [(cell["rank"], cell["cpu_ms"]) for cell in cells if cell["contender"] == name and cell["residual"] > limit]
            if loose:
                axes.plot(*zip(*loose, strict=True), "o", color=ends[-1][3], markerfacecolor="white", markersize=7, zorder=4)
        _log(axes, sorted({cell["rank"] for cell in cells}))
        axes.set(title=title, xlabel="rank k")
        axes.tick_params(labelleft=True)
        axes.label_ends = ends
    panels[0].set_ylabel("CPU milliseconds, one thread")
    shape, nnz = cells[0]["shape"], cells[0]["nnz"]
    figure.suptitle(f"Truncated SVD of {matrix}: {shape[0]:,} x {shape[1]:,}, {nnz:,} ratings (hollow: less exact than the class)")
    _save(figure, panels, path)


def _against_size(cells: list[dict], path: Path):
    figure, axes = plt.subplots(figsize=(9, 6.5), layout="constrained")
    ends = []
    for name in ("arpack_f32", "foretaste_T"):
        points = sorted((cell["nnz"] / 1e6, cell["cpu_ms"]) for cell in cells if cell["contender"] == name)
        if points:
            ends.append(_line(axes, points, name, name == "foretaste_T"))
    _log(axes, sorted({cell["nnz"] / 1e6 for cell in cells}))
    axes.set(title=f"Truncated SVD at rank {cells[0]['rank']}: generated ratings of equal density", xlabel="million ratings", ylabel="CPU milliseconds, one thread")
    axes.label_ends = ends
    _save(figure, [axes], path)


def _line(axes, points: list[tuple], name: str, ours: bool):
    family = name.split("_f")[0]
    colour = OURS if ours else RIVALS[list(NAMES).index(family)]
    x, y = zip(*points, strict=True)
    axes.plot(x, y, "o-", color=colour, linewidth=3.5 if ours else 1.6, markersize=7 if ours else 4, zorder=3 if ours else 2)
    return x[-1], y[-1], "foretaste" if ours else NAMES[family], colour, ours


def _log(axes, ticks: list):
    axes.set(xscale="log", yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.minorticks_off()
    axes.set_xticks(ticks, [f"{tick:,.4g}" for tick in ticks])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.grid(color="#e6e6e6")


def _save(figure, panels, path: Path):
    figure.canvas.draw()
    for axes in panels:
        _label(axes)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _label(axes):
    """Names the lines at their right ends, moved apart where they would overlap; those that stop early, where they stop."""
    last = max(x for x, *_ in axes.label_ends)
    for x, y, label, colour, _ in axes.label_ends:
        if x < last:
            axes.annotate(label, (x, y), (0, 8), textcoords="offset points", color=colour, ha="center")
    ends = sorted((end for end in axes.label_ends if end[0] == last), key=lambda end: end[1])
    low, high = axes.get_window_extent().extents[[1, 3]]
    apart = 17 * axes.figure.dpi / 72
    heights = [axes.transData.transform((x, y))[1] for x, y, *_ in ends]
    for _ in range(200):
        for below in range(len(heights) - 1):
            missing = apart - (heights[below + 1] - heights[below])
            if missing > 0:
                heights[below] -= missing / 2
                heights[below + 1] += missing / 2
    for (x, y, label, colour, bold), height in zip(ends, heights, strict=True):
        place = (height - low) / (high - low)
        axes.annotate(label, (x, y), (1.03, place), textcoords="axes fraction", color=colour, va="center", weight="bold" if bold else "normal",
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6})  # fmt: skip
