"""iALS with features of items against its objective in NumPy: both from first factors of their own, until nothing moves."""
import json
import subprocess

import numpy as np
import pytest

from conftest import PROGRAM, run

USERS, ITEMS, NEW = 40, 24, 3
WEIGHT, REGULARIZATION = 0.15, 0.05


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Files; users x items of what is positive, of which the last items have nothing; the features, rows of length 1."""
    folder, rng = tmp_path_factory.mktemp("ials"), np.random.default_rng(11)
    kinds = rng.random((ITEMS, 5)) < 0.4
    kinds[:, 0] |= ~kinds.any(axis=1)
    likes = rng.random((USERS, 5)) < 0.4
    taken = rng.random((USERS, ITEMS)) < 0.1 + 0.3 * np.minimum(likes.astype(float) @ kinds.T, 2)
    values = np.where(taken, 5, np.where(rng.random((USERS, ITEMS)) < 0.1, 2, 0))
    values[:, -NEW:] = np.minimum(values[:, -NEW:], 2)
    rows = [f"u{user:02},i{item:02},{values[user, item]}" for user, item in zip(*np.nonzero(values))]
    (folder / "ratings.csv").write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    lines = [f"i{item:02},{'|'.join(f'k{kind}' for kind in np.nonzero(kinds[item])[0])}" for item in range(ITEMS)]
    (folder / "items.csv").write_text("item,kinds\n" + "\n".join(lines) + "\n")
    assert (values != 0).any(axis=0).all() and (values == 5).any(axis=0).sum() == ITEMS - NEW
    return folder, (values == 5).astype(float), kinds / np.sqrt(kinds.sum(axis=1, keepdims=True))


def scores(taken, features, feature_penalty, exponent, epochs=600):
    """The objective of `docs/models.md`, lowered in turn for users, for items, and for what features say."""
    old, width = taken.any(axis=0), ITEMS
    items = np.where(old[:, None], np.random.default_rng(1).normal(0, 0.1, (ITEMS, width)), 0)
    of_user = REGULARIZATION * (taken.sum(axis=1) + WEIGHT * ITEMS) ** exponent
    of_item = REGULARIZATION * (taken.sum(axis=0) + WEIGHT * USERS) ** exponent
    rows, penalties, said = features[old], of_item[old], np.zeros((features.shape[1], width))
    left = rows.T * penalties @ rows + feature_penalty * penalties.mean() * np.eye(len(said))

    def solve(positives, given, penalty, mean):
        system = (given.T * (positives + WEIGHT)) @ given + penalty * np.eye(width)
        return np.linalg.solve(system, given.T @ positives + penalty * mean)

    for epoch in range(epochs + 1):
        users = np.array([solve(taken[user], items, of_user[user], 0) for user in range(USERS)])
        if epoch < epochs:
            for item in np.nonzero(old)[0]:
                items[item] = solve(taken[:, item], users, of_item[item], features[item] @ said)
            said = np.linalg.solve(left, rows.T * penalties @ items[old])
    return users @ np.where(old[:, None], items, features @ said).T


@pytest.mark.parametrize("solver", ["exact", "cg"])
@pytest.mark.parametrize("feature_penalty, exponent", [(0.5, 1), (5, 0.5)])
def test_scores_are_those_of_the_objective_where_it_is_least(data, solver, feature_penalty, exponent):
    folder, taken, features = data
    expected = scores(taken, features, feature_penalty, exponent)
    settings = dict(factors=ITEMS, epochs=600, positive=4, features="items", feature_penalty=feature_penalty, solver=solver,
                    frequency_exponent=exponent, regularization=REGULARIZATION, unobserved_weight=WEIGHT)
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    run("fit", folder / "ratings.csv", "--items", folder / "items.csv", "--model", "ials", *words, "--out", folder / "model")
    new = []
    for user in range(0, USERS, 3):
        told = json.loads(run("recommend", folder / "model", "--user", f"u{user:02}", "--limit", ITEMS, "--json"))
        for item in told["items"]:
            place = int(item["id"][1:])
            assert item["score"] == pytest.approx(expected[user, place], abs=2e-3), (user, place)
            new += [item["score"]] if place >= ITEMS - NEW else []
    assert len(new) > 10 and max(map(abs, new)) > 0.05


def test_a_catalogue_without_properties_is_refused_with_both_ways_out(data):
    told = subprocess.run([PROGRAM, "recommend", data[0] / "ratings.csv", "--user", "u01", "--model", "ials", "--set", "features=items"],
                          capture_output=True, text=True)
    assert told.returncode != 0 and "--items" in told.stderr and "features=none" in told.stderr
