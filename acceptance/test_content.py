"""Models of content and blends against their formulae in NumPy, on made-up properties of every kind."""
import json
import subprocess

import numpy as np
import pytest

from conftest import PROGRAM, real_data, run

USERS, ITEMS = 40, 30


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Files of ratings and of items; and what they hold: users x items of 0 and 1, and the features of items."""
    folder, rng = tmp_path_factory.mktemp("content"), np.random.default_rng(5)
    taken = rng.random((USERS, ITEMS)) < 0.3
    taken[np.arange(ITEMS), np.arange(ITEMS)] = True
    rows = [f"u{user:02},i{item:02},{rng.integers(3, 6)}" for user, item in zip(*np.nonzero(taken))]
    (folder / "ratings.csv").write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    kinds, colours = [[f"k{kind}" for kind in np.nonzero(rng.random(5) < 0.4)[0]] for _ in range(ITEMS)], rng.integers(0, 4, ITEMS)
    prices = rng.permutation(ITEMS) * 3 + 10
    lines = [f"i{item:02},{'|'.join(kinds[item])},c{colours[item]},{prices[item]}" for item in range(ITEMS)]
    (folder / "items.csv").write_text("item,kinds,colour,price\n" + "\n".join(lines) + "\n")
    features = [np.array([[f"k{kind}" in of for kind in range(5)] for of in kinds]), np.eye(4)[colours]]
    for parts in (8, 24):
        edges = np.unique([sorted(prices)[part * ITEMS // parts] for part in range(1, parts)])
        features.append(np.eye(len(edges) + 1)[np.searchsorted(edges, prices, side="right")])
    features = np.hstack(features).astype(float)
    return folder, taken.astype(float), features[:, features.any(axis=0)]


def scores(folder, user, *model):
    told = run("recommend", folder / "ratings.csv", "--items", folder / "items.csv", "--user", f"u{user:02}", "--limit", ITEMS, "--json",
               *model)
    return {int(item["id"][1:]): item["score"] for item in json.loads(told)["items"]}


def rows_of_length_1(features):
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-300)


def content(taken, features):
    rows = rows_of_length_1(features * np.log(len(features) / features.sum(axis=0)))
    return rows_of_length_1(taken @ rows) @ rows.T


def kernel_ridge(taken, features, penalty=10.0, degree=2):
    rows = rows_of_length_1(features)
    kernel = (rows @ rows.T) ** degree
    return taken @ np.linalg.solve(kernel + penalty * np.eye(len(kernel)), kernel)


def feature_factors(taken, features, count=20, penalty=10.0, trust=5.0):
    rows, vectors = rows_of_length_1(features), np.linalg.svd(taken, full_matrices=False)[2][:count].T
    said = rows @ np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ vectors)
    share = (taken.sum(axis=0) / (taken.sum(axis=0) + trust))[:, None]
    factors = share * vectors + (1 - share) * said
    return taken @ factors @ factors.T


def z_scores(scores):
    return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)


def reciprocal_ranks(scores, constant=10):
    places = np.argsort(np.argsort(-scores.astype(np.float32), axis=1, kind="stable"), axis=1) + 1
    return 1 / (constant + places)


CASES = {
    ("--model", "content"): content,
    ("--model", "kernel_ridge"): kernel_ridge,
    ("--model", "kernel_ridge", "--set", "degree=3", "--set", "lambda=.5"): lambda *data: kernel_ridge(*data, 0.5, 3),
    ("--model", "feature_factors"): feature_factors,
    ("--model", "feature_factors", "--set", "factors=3", "--set", "trust=50"): lambda *data: feature_factors(*data, 3, 10.0, 50.0),
    ("--model", "blend", "--set", "members=2 content - .5 kernel_ridge"):
        lambda *data: 2 * z_scores(content(*data)) - 0.5 * z_scores(kernel_ridge(*data)),
    ("--model", "blend", "--set", "members=content + .3 kernel_ridge", "--set", "votes=reciprocal_rank"):
        lambda *data: reciprocal_ranks(content(*data)) + 0.3 * reciprocal_ranks(kernel_ridge(*data)),
}


@pytest.mark.parametrize("model", CASES, ids=" ".join)
def test_scores_are_those_of_the_formula(data, model):
    folder, taken, features = data
    expected = CASES[model](taken, features)
    for user in range(0, USERS, 7):
        found = scores(folder, user, *model)
        assert set(found) == set(np.nonzero(taken[user] == 0)[0])
        for item, score in found.items():
            assert score == pytest.approx(expected[user, item], abs=2e-6, rel=1e-5), (model, user, item)


def test_cold_items_are_found_by_what_is_known_of_them():
    for folder, rows, least in [("ml-100k", 11_999, 0.21), ("ml-1m", 124_612, 0.17)]:
        report = json.loads(run("evaluate", real_data(folder), "--protocol", "p16", "--model", "kernel_ridge", "--model", "ease", "--json"))
        assert report["rows"] == rows
        ridge, ease = (model["metrics"]["ndcg@10"] for model in report["models"][:2])
        assert ridge >= least > 0.1 > ease, (folder, ridge, ease)


def test_items_without_properties_are_refused_with_a_way_out(data, tmp_path):
    told = subprocess.run([PROGRAM, "recommend", data[0] / "ratings.csv", "--user", "u01", "--model", "content"],
                          capture_output=True, text=True)
    assert told.returncode != 0 and "needs properties of items" in told.stderr and "--items" in told.stderr
