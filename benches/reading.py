#!/usr/bin/env python3
"""Reads one ratings file with pandas and with foretaste, in turn, and prints CPU milliseconds and their ratios.

    cargo build --release --bins --examples
    python3 -m venv .venv && .venv/bin/pip install pandas scipy
    .venv/bin/python benches/reading.py RATINGS.csv[.gz] --sep ';'

Three comparisons, since "reading" means three things: the whole process (`foretaste inspect` against a script that calls
read_csv), read_csv alone against our reader (which also numbers the ids and builds the sparse matrix), and pandas with
the same result (ids factorised, scipy CSR built) against our reader.
"""
import argparse, os, pathlib, re, resource, statistics, subprocess, sys, time

TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))

args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
args.add_argument("ratings")
args.add_argument("--sep", default=",")
args.add_argument("--runs", type=int, default=7)
args = args.parse_args()

import numpy as np, pandas as pd, scipy.sparse as sp  # noqa: E402


def child(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), text


def pandas_alone():
    begun = time.process_time()
    frame = pd.read_csv(args.ratings, sep=args.sep)
    read = time.process_time()
    users, names = pd.factorize(frame.iloc[:, 0], sort=True)
    items, titles = pd.factorize(frame.iloc[:, 1], sort=True)
    values = frame.iloc[:, 2].to_numpy(np.float32)
    sp.csr_matrix((values, (users, items)), shape=(len(names), len(titles))).sort_indices()
    return 1e3 * (read - begun), 1e3 * (time.process_time() - begun)


script = f"import pandas; pandas.read_csv({args.ratings!r}, sep={args.sep!r})"
rows = []
for _ in range(args.runs):
    ours, _ = child(TARGET / "release/foretaste", "inspect", args.ratings)
    theirs, _ = child(sys.executable, "-c", script)
    _, text = child(TARGET / "release/examples/read", args.ratings, "9")
    inside = float(re.search(r"median ([0-9.]+)", text).group(1))
    rows.append((ours, theirs, inside, *pandas_alone()))
ours, theirs, inside, read_csv, same = (statistics.median(column) for column in zip(*rows))
print(f"whole process   foretaste inspect {ours:6.1f}   python with read_csv {theirs:6.1f}   ratio {ours / theirs:.2f}")
print(f"read_csv alone  our reader        {inside:6.1f}   read_csv             {read_csv:6.1f}   ratio {inside / read_csv:.2f}")
print(f"same result     our reader        {inside:6.1f}   read_csv, CSR built  {same:6.1f}   ratio {inside / same:.2f}")
