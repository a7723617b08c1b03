"""Protocol P5 on the running service: MovieLens 1M, full ranking, the five published test parts of Anelli et al., "Top-N
recommendation algorithms: a quest for the state-of-the-art", UMAP 2022.

    python benches/models/p5.py [--folds 5] [--model ease] [--set lambda=239] [--data ../shared/data/ml-1m]

Ratings of at least 4 are kept, then users and items of fewer than 10 are dropped until none is left; a fold's training
part is what is not in its test part. Each fold is fitted and served by foretaste, and every user is asked for over HTTP:
what is measured is what is served. nDCG@10 is the mean over users with at least one test item; relevance is yes or no,
the ideal list holds min(10, test items).
"""

import argparse
import csv
import gzip
import http.client
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 10


def core(pairs, least=10):
    """Drops users and items of fewer than `least` pairs until every one has as many."""
    while True:
        users, items = {}, {}
        for user, item in pairs:
            users[user] = users.get(user, 0) + 1
            items[item] = items.get(item, 0) + 1
        kept = [(user, item) for user, item in pairs if users[user] >= least and items[item] >= least]
        if len(kept) == len(pairs):
            return kept
        pairs = kept


def positives(data):
    with gzip.open(data / "ratings.csv.gz", "rt") as file:
        rows = csv.DictReader(file, delimiter=";")
        return core([(row["userId"], row["movieId"]) for row in rows if float(row["rating"]) >= 4])


def test_part(data, fold):
    with gzip.open(data / "splits" / "anelli-2022" / f"test{fold}.csv.gz", "rt") as file:
        return {(row["userId"], row["movieId"]) for row in csv.DictReader(file)}


def serve(program, train, model):
    command = [program, "serve", str(train), "--listen", "127.0.0.1:0", *model]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = []
    for line in process.stdout:
        told.append(line)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return process, int(found[1])
    raise SystemExit("the service did not start:\n" + "".join(told))


def ndcg(listed, relevant):
    gain = sum(1 / math.log2(rank + 2) for rank, item in enumerate(listed) if item in relevant)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(LIMIT, len(relevant))))


def fold_ndcg(program, folder, pairs, test, model):
    train = folder / "train.csv"
    with open(train, "w") as file:
        file.write("user,item\n")
        file.writelines(f"{user},{item}\n" for user, item in pairs if (user, item) not in test)
    relevant = {}
    for user, item in test:
        relevant.setdefault(user, set()).add(item)
    process, port = serve(program, train, model)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        figures = []
        for user in sorted(relevant):
            connection.request("GET", f"/v1/users/{user}/recommendations?limit={LIMIT}")
            reply = json.load(connection.getresponse())
            figures.append(ndcg([item["id"] for item in reply["items"]], relevant[user]))
        return statistics.fmean(figures)
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("FORETASTE", str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/foretaste")))
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data/ml-1m")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--model", default="ease")
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args()
    settings = args.set or (["lambda=239"] if args.model == "ease" else [])
    model = ["--model", args.model] + [word for setting in settings for word in ("--set", setting)]
    pairs = positives(args.data)
    print(f"P5: {len(pairs)} positives, {' '.join(model)}")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(args.folds):
            test = test_part(args.data, fold)
            figures.append(fold_ndcg(args.program, pathlib.Path(folder), pairs, test, model))
            print(f"fold {fold}: nDCG@10 {figures[-1]:.4f}", flush=True)
    print(f"mean nDCG@10 {statistics.fmean(figures):.4f}")


if __name__ == "__main__":
    main()
