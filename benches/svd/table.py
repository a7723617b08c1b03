"""The Markdown report."""

from collections.abc import Iterable
from math import exp, log

from classes import CLASSES, MATCHED, WORST_SIGMA

ABSENT = "–"


def render(found: list[dict]) -> str:
    about = next(record for record in found if record["study"] == "machine")
    cells = [record for record in found if record["study"] == "ranks"]
    parts = [_head(about)]
    for name in ("T", "E"):
        parts.append(_class(name, cells))
    parts += [_approximate(cells), _tutorial_means(cells), _threads(found), _generated(cells), _everything(cells)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(about: dict) -> str:
    return (
        f"# Truncated SVD: foretaste beside its rivals\n\n{about['date']}, {about['cpu']}, {about['system']}; {about['foretaste']}; Python {about['python']}, "
        f"{', '.join(about['packages'])}; {', '.join(about['blas'])}.\n\nTimes are CPU milliseconds of one call on one thread, medians, all contenders in turn in the "
        "same minutes. A ratio is the rival's time over foretaste's: above 1, foretaste is faster. residual = max_j max(|A v - s u|, |A' u - s v|) / s_1 and sigma = "
        "the largest relative error of a singular value, beside LAPACK's in float64 where that is affordable."
    )


def _class(name: str, cells: list[dict]) -> str:
    accuracy = CLASSES[name]
    rows, ratios = [], []
    for matrix, rank, group in _groups(cells):
        ours, tutorial = _ours(group, name), _one(group, "tutorial")
        best = _best(group, accuracy.rivals)
        ratios.append(_ratio(best, ours))
        rows.append([matrix, rank, *_measured(ours), best["label"] if best else "none", *_measured(best), _times(_ratio(best, ours)), *_time(tutorial), _times(_ratio(tutorial, ours))])
    head = ["matrix", "k", "foretaste ms", "residual", "sigma", "best rival", "ms", "residual", "sigma", "ratio", "tutorial's call ms", "ratio"]
    title = f"## Class {name}: {accuracy.meaning} (foretaste's tolerance {accuracy.ours:.0e}, rivals' residual up to {accuracy.rivals:.0e})"
    return f"{title}\n\n{_table(head, rows)}\n\nGeometric mean of the ratios to the best rival: {_times(_mean(ratios))}."


def _approximate(cells: list[dict]) -> str:
    accuracy, rows = CLASSES["A"], []
    for matrix, rank, group in _groups(cells):
        ours, sklearn, best = _ours(group, "A"), _one(group, "randomized"), _best(group, accuracy.rivals)
        fastest = [best["label"], *_measured(best), _times(_ratio(best, ours))] if best else ["none"] + 4 * [ABSENT]
        rows.append([matrix, rank, *_measured(ours), *_measured(sklearn), _times(_ratio(sklearn, ours)), *fastest])
    head = ["matrix", "k", "foretaste ms", "residual", "sigma", "randomized_svd ms", "residual", "sigma", "ratio", "best rival", "ms", "residual", "sigma", "ratio"]
    return f"## Class A: {accuracy.meaning} (residual up to {accuracy.rivals:.0e}), beside sklearn's randomized_svd\n\n{_table(head, rows)}"


def _tutorial_means(cells: list[dict]) -> str:
    lines = []
    for matrix in dict.fromkeys(cell["matrix"] for cell in cells):
        groups = [group for name, _, group in _groups(cells) if name == matrix]
        means = {name: _mean(_ratio(_one(group, "tutorial"), _ours(group, name)) for group in groups) for name in CLASSES}
        if any(means.values()):
            lines.append([matrix, *map(_times, means.values())])
    if not lines:
        return ""
    return f"## The tutorial's own call: geometric mean of the ratios over all ranks\n\n{_table(['matrix', *(f'class {name}' for name in CLASSES)], lines)}"


def _threads(found: list[dict]) -> str:
    rows = []
    for matrix, rank, group in _groups([record for record in found if record["study"] == "threads"]):
        one, two = _one(group, "foretaste_T_1"), _one(group, "foretaste_T_2")
        if one and two:
            rows.append([matrix, rank, f"{one['wall_ms']:.1f}", f"{two['wall_ms']:.1f}", _times(one["wall_ms"] / two["wall_ms"])])
    return "## foretaste on two threads: wall time, class T\n\n" + _table(["matrix", "k", "1 thread ms", "2 threads ms", "ratio"], rows) if rows else ""


def _generated(cells: list[dict]) -> str:
    rows = []
    for _, rank, group in _groups([cell for cell in cells if cell["matrix"] == "generated"]):
        ours, rival = _one(group, MATCHED), _one(group, "arpack_f32")
        if ours and rival:
            rows.append([rank, *_measured(ours), ours["peak_mib"], *_measured(rival), rival["peak_mib"], _times(_ratio(rival, ours))])
    if not rows:
        return ""
    head = ["k", "foretaste ms", "residual", "sigma", "peak MiB", "arpack f32 ms", "residual", "sigma", "peak MiB", "ratio"]
    return f"## The generated matrix: foretaste with float32 ARPACK's residual as its tolerance\n\n{_table(head, rows)}\n\nPeak memory is of the whole process; foretaste's includes reading the text file, ARPACK's a matrix that was read in binary form. Without LAPACK, sigma is beside arpack f64."


def _everything(cells: list[dict]) -> str:
    parts = []
    for matrix in dict.fromkeys(cell["matrix"] for cell in cells):
        groups = {rank: group for name, rank, group in _groups(cells) if name == matrix}
        labels = {cell["contender"]: cell["label"] for group in groups.values() for cell in group if cell["contender"] != MATCHED}
        order = sorted(labels, key=lambda name: not name.startswith("foretaste"))
        rows = [[labels[name], *(" ".join(_time(cell) + [f"({_power(cell['residual'])})"]) if (cell := _one(group, name)) else ABSENT for group in groups.values())] for name in order]
        shape = next(cell for cell in cells if cell["matrix"] == matrix)
        title = f"### {matrix}: {shape['shape'][0]:,} x {shape['shape'][1]:,}, {shape['nnz']:,} ratings"
        parts.append(f"{title}\n\n{_table(['', *(f'k = {rank}' for rank in groups)], rows)}")
    failures = [f"- {cell['matrix']}, k = {cell['rank']}, {cell['label']}: {cell['error'].splitlines()[0]}" for cell in cells if "error" in cell]
    if failures:
        parts.append("### Without an answer\n\n" + "\n".join(failures))
    return "## Every contender: CPU ms (residual)\n\n" + "\n\n".join(parts)


def _groups(cells: Iterable[dict]):
    groups: dict[tuple, list[dict]] = {}
    for cell in cells:
        groups.setdefault((cell["matrix"], cell["rank"]), []).append(cell)
    return [(matrix, rank, group) for (matrix, rank), group in groups.items()]


def _one(group: list[dict], name: str) -> dict | None:
    return next((cell for cell in group if cell["contender"] == name and "error" not in cell), None)


def _ours(group: list[dict], name: str) -> dict | None:
    """Foretaste's cell of a class, if it kept its promise."""
    cell = _one(group, f"foretaste_{name}")
    return cell if cell and cell["residual"] <= CLASSES[name].ours else None


def _best(group: list[dict], worst_residual: float) -> dict | None:
    rivals = [cell for cell in group if not cell["contender"].startswith("foretaste") and "error" not in cell]
    rivals = [cell for cell in rivals if cell["residual"] <= worst_residual and cell.get("sigma_error", 0) <= WORST_SIGMA]
    return min(rivals, key=lambda cell: cell["cpu_ms"], default=None)


def _ratio(rival: dict | None, ours: dict | None) -> float | None:
    return rival["cpu_ms"] / ours["cpu_ms"] if rival and ours else None


def _mean(ratios: Iterable[float | None]) -> float | None:
    logs = [log(ratio) for ratio in ratios if ratio]
    return exp(sum(logs) / len(logs)) if logs else None


def _time(cell: dict | None) -> list[str]:
    return [f"{cell['cpu_ms']:,.1f}" if cell["cpu_ms"] < 1000 else f"{cell['cpu_ms']:,.0f}"] if cell else [ABSENT]


def _measured(cell: dict | None) -> list[str]:
    return [*_time(cell), _power(cell["residual"]), _power(cell.get("sigma_error"))] if cell else 3 * [ABSENT]


def _power(number: float | None) -> str:
    return ABSENT if number is None else f"{number:.0e}"


def _times(ratio: float | None) -> str:
    return f"{ratio:.2f}" if ratio else ABSENT


def _table(head: list, rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
