"""Models of sequences against NumPy: the scores of users and of histories whose order a request states."""
import csv, json, random

import numpy as np
import pytest

import sequences
from conftest import Service, real_data, run

MODELS = [
    (sequences.sequential_rules, {}, {}),
    (sequences.sequential_rules, {"window": 3, "decay": .5, "history_decay": .9, "candidate_exponent": 0, "neighbours": 99},
     {"window": 3, "decay": .5, "history_decay": .9, "candidate_exponent": 0}),
    (sequences.two_scale_linear, {}, {}),
    (sequences.two_scale_linear, {"short_decay": .3, "long_decay": .8, "short_lambda": 2, "long_lambda": 5, "target_decay": 1, "targets": 2},
     {"decays": (.3, .8), "penalties": (2, 5), "target_decay": 1, "targets": 2}),
]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A shuffled log with times of 40 users and 30 items, who take them in runs, and the sequences in it."""
    draw, path = random.Random(5), tmp_path_factory.mktemp("log") / "log.csv"
    rows, all_items = [], []
    for user in range(40):
        items, item = [], draw.randrange(30)
        for _ in range(draw.randrange(2, 25)):
            item = (item + draw.choice([1, 1, 1, 2, 7])) % 30
            items += [item] if item not in items else []
        all_items.append(items)
        rows += [(user, item, 1, 1_600_000_000 + 1000 * user + 60 * place) for place, item in enumerate(items)]
    draw.shuffle(rows)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("user", "item", "rating", "timestamp"), *rows])
    return path, all_items


@pytest.mark.parametrize("reference, settings, arguments", MODELS)
def test_scores_are_those_of_numpy(log, reference, settings, arguments):
    path, all_items = log
    score = reference(all_items, 30, **arguments)
    model = ["--model", reference.__name__, *[word for name, value in settings.items() for word in ("--set", f"{name}={value}")]]
    for user in (0, 7, 39):
        told = json.loads(run("recommend", path, *model, "--user", str(user), "--limit", "30", "--json"))["items"]
        assert {int(item["id"]) for item in told} == set(range(30)) - set(all_items[user])
        expected = score(all_items[user])
        for item in told:
            assert item["score"] == pytest.approx(expected[int(item["id"])], rel=1e-5, abs=1e-6)
    service = Service(path, *model)
    try:
        for history in ([3, 9, 1], [1, 9, 3], [5]):
            body = {"history": [{"item": item, "rating": 1} for item in history], "limit": 30}
            told = service.json("/v1/recommendations", "POST", body)["items"]
            found = [item["score"] for item in told]
            assert found == pytest.approx([score(history)[int(item["id"])] for item in told], rel=1e-5, abs=1e-6)
            assert len(found) == 30 - len(history) and np.ptp(found) > 0
    finally:
        service.stop()


def test_protocol_13_has_the_figures_of_the_published_settings():
    report = json.loads(run("evaluate", real_data("ml-1m"), "--protocol", "p13", "--model", "sequential_rules",
                            "--model", "two_scale_linear", "--json"))
    rules, linear = (model["metrics"] for model in report["models"][:2])
    assert rules["ndcg@10"] >= .157 and rules["hr@10"] >= .271
    assert linear["ndcg@10"] >= .174 and linear["hr@10"] >= .290
