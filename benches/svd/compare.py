"""Runs foretaste's truncated SVD and its rivals side by side; writes cells.jsonl, table.md and plots. README.md says what is measured."""

import argparse
import os
import statistics
import sys
from pathlib import Path

import numpy as np

import matrices
import plots
import records
import table
from classes import CLASSES, MATCHED
from contenders import Failed, Foretaste, Irlba, PythonPeer
from peers import PEERS

HERE = Path(__file__).resolve().parent
IRLBA = HERE / "irlba/target/release/irlba-peer"
RANKS = {"tutorial": [10, 50, 100, 500, 1000], "ml-1m": [10, 50, 100, 500, 1000], "generated": [10, 50, 100, 200]}
THREAD_RANKS = [100, 500, 1000]
SIZES_RANK = 50
# The first call of a contender only warms it up, unless it takes longer than this.
WARM_UP_MS = 2_000
# A call this long is not repeated.
LONG_MS = 60_000


def arguments():
    numbers = lambda text: [int(number) for number in text.split(",")]  # noqa: E731
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("FORETASTE_TEST_DATA"), help="folder that holds ml-1m [default: $FORETASTE_TEST_DATA]")
    parser.add_argument("--matrices", default="tutorial,ml-1m,generated", help="which of %(default)s")
    parser.add_argument("--ranks", type=numbers, help="the same ranks for every matrix, such as 10,50")
    parser.add_argument("--runs", type=int, default=5, help="calls of each contender, of which the median counts; those over 60 s run once")
    parser.add_argument("--quick", action="store_true", help="the tutorial's matrix only, 2 runs")
    parser.add_argument("--generated", type=Path, metavar="FILE", help="ratings to take as the generated matrix")
    parser.add_argument("--sizes", type=numbers, default=[1, 2, 5, 10, 20], help="millions of generated ratings of the plot against size")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for the results")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="folder for matrices made once")
    parser.add_argument("--render", action="store_true", help="measure nothing, draw again what --out holds")
    args = parser.parse_args()
    args.matrices = args.matrices.split(",")
    if unknown := set(args.matrices) - set(RANKS):
        parser.error(f"unknown matrices: {', '.join(sorted(unknown))}")
    if args.quick:
        args.matrices, args.runs = ["tutorial"], 2
    return args


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    args.cache.mkdir(parents=True, exist_ok=True)
    cells = args.out / "cells.jsonl"
    if not args.render:
        program = os.environ["FORETASTE"]
        with records.Writer(cells) as writer:
            writer.add(records.machine(program))
            measure(args, program, writer)
    found = records.read(cells)
    text = table.render(found)
    (args.out / "table.md").write_text(text)
    plots.draw(found, args.out)
    print(text)


def measure(args, program: str, writer):
    for name in args.matrices:
        if not (matrix := prepare(name, args, program)):
            continue
        ranks = [rank for rank in args.ranks or RANKS[name] if rank < min(matrix.shape)]
        exact = None
        if name != "generated":
            note(f"{name}: all singular values by LAPACK")
            exact = matrices.reference(matrix, args.cache)
        contenders = entrants(program, matrix)
        for rank in ranks:
            compare(writer, "ranks", contenders, rank, args.runs, exact)
        for contender in contenders:
            contender.close()
        if name == "ml-1m":
            both = [Foretaste(program, matrix, CLASSES["T"].ours, f"foretaste_T_{n}", n) for n in (1, 2)]
            for rank in args.ranks or THREAD_RANKS:
                compare(writer, "threads", both, rank, args.runs, exact)
        if name == "generated" and not args.generated:
            for million in args.sizes:
                sized = matrices.prepare("sized", matrices.generate(program, args.cache, million * 1_000_000), None, args.cache)
                both = [Foretaste(program, sized, CLASSES["T"].ours, "foretaste_T"), PythonPeer("arpack_f32", sized)]
                compare(writer, "sizes", both, SIZES_RANK, min(args.runs, 3), None)
                both[1].close()


def prepare(name: str, args, program: str) -> matrices.Matrix | None:
    note(f"{name}: reading")
    if name == "generated":
        if args.generated:
            return matrices.prepare(name, args.generated, None, args.cache)
        if matrices.can_generate(program):
            return matrices.prepare(name, matrices.generate(program, args.cache, matrices.FULL_RATINGS), None, args.cache)
        note(f"{name}: left out, {program} cannot generate ratings and --generated names no file")
        return None
    if not args.data:
        raise SystemExit("give the folder that holds ml-1m with --data or FORETASTE_TEST_DATA")
    rows = matrices.TUTORIAL_ROWS if name == "tutorial" else None
    return matrices.prepare(name, matrices.find_ml1m(args.data), rows, args.cache)


def entrants(program: str, matrix: matrices.Matrix) -> list:
    """Foretaste after every few rivals, so that what else the machine does hits them alike."""
    short = min(matrix.shape)
    rivals = [PythonPeer(name, matrix) for name, peer in PEERS.items() if not peer.longest_side or short <= peer.longest_side]
    rivals += [Irlba(IRLBA, matrix, tolerance) for tolerance in (CLASSES["T"].ours, CLASSES["A"].ours)]
    ours = [Foretaste(program, matrix, accuracy.ours, f"foretaste_{name}") for name, accuracy in CLASSES.items()]
    step = -(-len(rivals) // len(ours))
    return [one for at, own in enumerate(ours) for one in [own, *rivals[at * step : (at + 1) * step]]]


def compare(writer, study: str, contenders: list, rank: int, runs: int, exact):
    """All contenders in turn, `runs` times over, then how good their last answers were."""
    matrix = contenders[0].matrix
    contenders = [one for one in contenders if not one.highest_rank or rank <= one.highest_rank]
    samples, failures = in_turn(contenders, rank, runs)
    answers = {one.name: one.quality() for one in contenders if one.name not in failures}
    # The matrix too large for LAPACK: foretaste once more, at the accuracy that float32 ARPACK turned out to have.
    if study == "ranks" and matrix.name == "generated" and "arpack_f32" in answers:
        ours = next(one for one in contenders if isinstance(one, Foretaste))
        matched = Foretaste(ours.program, matrix, answers["arpack_f32"]["residual"], MATCHED)
        more, failed = in_turn([matched], rank, runs)
        contenders, samples, failures = [*contenders, matched], samples | more, failures | failed
        if MATCHED not in failures:
            answers[MATCHED] = matched.quality()
    named = "LAPACK f64"
    if exact is None and "arpack_f64" in answers:
        exact, named = np.array(answers["arpack_f64"]["values"]), "arpack f64"
    for one in contenders:
        cell = {
            "study": study, "matrix": matrix.name, "shape": matrix.shape, "nnz": matrix.nnz, "rank": rank, "contender": one.name,
            "label": one.label, "precision": one.precision, "tolerance": getattr(one, "tolerance", None), "threads": getattr(one, "threads", 1),
        }  # fmt: skip
        if one.name in failures:
            writer.add(cell | {"error": failures[one.name]})
            note(f"  {one.label}: {failures[one.name]}")
            continue
        wall, cpu = [s.wall_ms for s in samples[one.name]], [s.cpu_ms for s in samples[one.name]]
        cell |= {"runs": len(cpu), "wall_ms": statistics.median(wall), "cpu_ms": statistics.median(cpu), "cpu_least_ms": min(cpu), "cpu_most_ms": max(cpu)}
        answer = answers[one.name]
        values = np.array(answer.pop("values"))
        if exact is not None:
            answer |= {"sigma_error": float(np.max(np.abs(values - exact[:rank]) / exact[:rank])), "sigma_reference": named}
        writer.add(cell | answer)
        note(f"  {one.label}: {cell['cpu_ms']:.1f} ms, residual {answer['residual']:.1e}")


def in_turn(contenders: list, rank: int, runs: int):
    matrix = contenders[0].matrix
    samples, failures = {one.name: [] for one in contenders}, {}
    for turn in range(runs + 1):
        note(f"{matrix.name}, k = {rank}: turn {turn} of {runs}")
        for one in contenders:
            taken = samples[one.name]
            if one.name in failures or len(taken) == runs or (taken and max(s.cpu_ms for s in taken) > LONG_MS):
                continue
            try:
                sample = one.run(rank)
            except Failed as error:
                failures[one.name] = str(error)
                continue
            if turn > 0 or sample.cpu_ms > WARM_UP_MS:
                taken.append(sample)
    return samples, failures


def note(text: str):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
