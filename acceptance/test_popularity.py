"""Popularity that fades and trends, against their formulae in docs/models.md, a few lines each."""
import csv, json, random

import pytest

from conftest import run

DAY, ITEMS = 86_400, 30


def counts(log, half_life):
    """An interaction of age t counts 2^(-t / half-life); now is the time of the latest."""
    now = max(time for _, _, time in log)
    return {item: sum(2 ** (-(now - time) / DAY / half_life) for _, of, time in log if of == item) for item in range(ITEMS)}


def popularity(log, half_life=30):
    return counts(log, half_life)


def popularity_of_all_time(log):
    return {item: sum(of == item for _, of, _ in log) for item in range(ITEMS)}


def trending(log, fast=1, slow=14, prior=1):
    late, before = counts(log, fast), counts(log, slow)
    expected = {item: before[item] * fast / slow for item in before}
    return {item: (late[item] - expected[item]) / (expected[item] + prior) ** .5 for item in late}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Interactions of 90 days in no order of time, half of those with every third item in the last 3 days; times in whole seconds."""
    draw, path, begin = random.Random(8), tmp_path_factory.mktemp("log") / "log.csv", 1_600_000_000
    rows = []
    for user in range(80):
        for item in draw.sample(range(ITEMS), draw.randrange(3, 15)):
            age = draw.random() * (3 if item % 3 == 0 and draw.random() < .5 else 90)
            rows.append((user, item, begin + int((90 - age) * DAY)))
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("user", "item", "timestamp"), *rows])
    (path.parent / "pairs.csv").write_text("user,item\n" + "".join(f"0,{item}\n" for item in range(ITEMS)))
    return path, rows


@pytest.mark.parametrize("model, formula, settings", [
    ("popularity", popularity, {}),
    ("popularity", popularity, {"half_life": 2.5}),
    ("popularity", popularity, {"half_life": 400}),
    ("popularity", popularity_of_all_time, {"all_time": True}),
    ("trending", trending, {}),
    ("trending", trending, {"fast": 3, "slow": 30, "prior": .2}),
    ("trending", trending, {"fast": .25, "slow": 7, "prior": 10}),
])
def test_scores_and_their_order_are_those_of_the_formula(log, model, formula, settings):
    path, rows = log
    expected = formula(rows, **{name: value for name, value in settings.items() if name != "all_time"})
    assert max(expected.values()) - min(expected.values()) > .1, "the test could not fail"
    flags = ["--model", model, *[word for name, value in settings.items() for word in ("--set", f"{name}={str(value).lower()}")]]
    told = run("predict", path, *flags, "--pairs", path.parent / "pairs.csv")
    found = {int(row["item"]): float(row["score"]) for row in csv.DictReader(told.splitlines())}
    assert found == pytest.approx(expected, rel=2e-7, abs=1e-7)  # scores are single precision
    for user in (0, 41):
        told = json.loads(run("recommend", path, *flags, "--user", user, "--limit", ITEMS, "--json"))["items"]
        taken = {item for of, item, _ in rows if of == user}
        ranked = sorted(set(range(ITEMS)) - taken, key=lambda item: (-expected[item], item))
        assert [int(item["id"]) for item in told] == ranked
        assert {int(item["id"]): item["score"] for item in told} == {item: found[item] for item in ranked}
