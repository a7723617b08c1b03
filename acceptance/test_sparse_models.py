"""SANSA and PLSA against their formulae in NumPy."""
import json

import numpy as np
import pytest

from conftest import real_data, run

USERS, ITEMS = 60, 24


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A file of three groups of users, each with a third of the items and a few others; and users x items of 0 and 1."""
    file, rng = tmp_path_factory.mktemp("sparse") / "taken.csv", np.random.default_rng(11)
    own = np.arange(USERS)[:, None] % 3 == np.arange(ITEMS) % 3
    taken = rng.random((USERS, ITEMS)) < np.where(own, 0.7, 0.08)
    taken[np.arange(ITEMS), np.arange(ITEMS)] = True
    rows = [f"u{user:02},i{item:02}" for user, item in zip(*np.nonzero(taken))]
    file.write_text("user,item\n" + "\n".join(rows) + "\n")
    return file, taken.astype(float)


def scores(file, user, *model):
    told = run("recommend", file, "--user", f"u{user:02}", "--limit", ITEMS, "--json", *model)
    return {int(item["id"][1:]): item["score"] for item in json.loads(told)["items"]}


def sansa(taken, penalty=500.0, nonzeros=100, neighbours=500):
    """EASE from the factor of Kolotilina and Yeremin (1993), section 2, on the places of the largest correlation."""
    order = np.argsort(-taken.sum(axis=0), kind="stable")
    gram = taken[:, order].T @ taken[:, order]
    a, factor = gram + penalty * np.eye(ITEMS), np.zeros((ITEMS, ITEMS))
    for place in range(ITEMS):
        strength = gram[place, :place] ** 2 / np.diag(a)[:place]
        pattern = [other for other in np.argsort(-strength, kind="stable")[:nonzeros] if strength[other] > 0]
        pattern = sorted(pattern) + [place]
        solution = np.linalg.solve(a[np.ix_(pattern, pattern)], np.eye(len(pattern))[-1])
        factor[place, pattern] = solution / np.sqrt(solution[-1])
    inverse = factor.T @ factor
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    for candidate in weights.T:
        candidate[np.argsort(-abs(candidate), kind="stable")[neighbours:]] = 0
    return (taken[:, order] @ weights)[:, np.argsort(order)]


def plsa(taken, tastes=3, smoothing=300.0, iterations=3000):
    """Expectation and maximisation as Hofmann (2004), section 3.2, has them, all at once, from a start of its own."""
    popular, rng = taken.sum(axis=0) / taken.sum(), np.random.default_rng(3)
    users, items = np.full((USERS, tastes), 1 / tastes), popular * (0.2 + rng.random((tastes, ITEMS)))
    items /= items.sum(axis=1, keepdims=True)
    for _ in range(iterations):
        ratio = taken / (users @ items)
        users, items = users * (ratio @ items.T), items * (users.T @ ratio) + smoothing * popular
        users, items = (part / part.sum(axis=1, keepdims=True) for part in (users, items))
    return users @ items


CASES = {
    ("--model", "sansa", "--set", "lambda=5"): lambda taken: sansa(taken, 5.0),
    ("--model", "sansa", "--set", "lambda=5", "--set", "factor_nonzeros=4", "--set", "neighbours=7"):
        lambda taken: sansa(taken, 5.0, 4, 7),
    ("--model", "plsa", "--set", "tastes=3", "--set", "smoothing=20", "--set", "iterations=3000"):
        lambda taken: plsa(taken, 3, 20.0),
    ("--model", "plsa", "--set", "tastes=1", "--set", "iterations=3"): lambda taken: plsa(taken, 1, 300.0, 3),
}


@pytest.mark.parametrize("model", CASES, ids=" ".join)
def test_scores_are_those_of_the_formula(data, model):
    file, taken = data
    expected = CASES[model](taken)
    for user in range(0, USERS, 7):
        found = scores(file, user, *model)
        assert set(found) == set(np.nonzero(taken[user] == 0)[0])
        for item, score in found.items():
            assert score == pytest.approx(expected[user, item], abs=2e-6, rel=2e-5), (model, user, item)


def test_a_sparse_inverse_makes_lists_as_good_as_the_dense_one():
    report = json.loads(run("evaluate", real_data("ml-1m"), "--protocol", "p5", "--model", "sansa", "--set", "lambda=300",
                            "--set", "dropout=.65", "--set", "user_exponent=.5", "--threads", "2", "--json"))
    assert report["models"][0]["metrics"]["ndcg@10"] >= 0.3440
