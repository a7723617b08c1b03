"""A shop's log from file to served recommendations, held against pandas: weights, repeats, times, codes for no rating."""
import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from conftest import PROGRAM, Service, run

WEIGHTS = {"view": 1.0, "cart": 3.0, "purchase": 5.0}
VALUE = ",".join(f"{word}={weight:g}" for word, weight in WEIGHTS.items())


def shop(rows, users, items, seed):
    """Visitors, articles, events and times to the millisecond, in no order; many pairs and some times repeat."""
    random = np.random.default_rng(seed)
    time = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(random.integers(0, 40 * 86_400, rows) * 500, unit="ms")
    return pd.DataFrame({
        "visitor": np.char.add("v", random.integers(0, users, rows).astype(str)),
        "sku": np.char.add("sku-", (items * random.random(rows) ** 2).astype(int).astype(str)),
        "event": random.choice(list(WEIGHTS), rows, p=[0.8, 0.15, 0.05]),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z",
    })


def combined(log, repeat):
    """One value for each visitor and article, as pandas has it."""
    if "event" in log:
        log = log.assign(value=log["event"].map(WEIGHTS))
    log = log.assign(at=pd.to_datetime(log["time"], format="ISO8601")).sort_values("at", kind="stable")
    return log.groupby(["visitor", "sku"])["value"].agg(repeat)


def served(service, visitors):
    """The same as the service has it, for some visitors."""
    found = {}
    for visitor in visitors:
        rated = service.json(f"/v1/users/{visitor}/ratings?limit=1000")["items"]
        found.update({(visitor, item["id"]): item["score"] for item in rated})
    return found


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    log = shop(20_000, 300, 120, seed=5)
    path = tmp_path_factory.mktemp("shop") / "log.csv"
    log.to_csv(path, index=False)
    return log, path


@pytest.mark.parametrize("repeat", ["last", "first", "max", "sum", "count"])
def test_repeats_and_times_are_those_of_pandas(log, repeat):
    log, path = log
    expected = combined(log, repeat)
    service = Service(path, "--value", VALUE, "--repeat", repeat, "--rank", 5)
    try:
        visitors = sorted(log["visitor"].unique())[:40]
        found = served(service, visitors)
    finally:
        service.stop()
    wanted = {pair: float(value) for pair, value in expected.items() if pair[0] in visitors}
    assert found == wanted
    report = json.loads(run("inspect", path, "--value", VALUE, "--repeat", repeat, "--json"))["data"]["report"]["ratings"]
    assert (report["rows"], report["accepted"]) == (len(log), len(log))
    assert report["duplicates"] == len(log) - len(expected)


def test_a_log_is_served_with_one_flag(tmp_path):
    log = shop(1_000_000, 20_000, 3_000, seed=6)
    path = tmp_path / "log.csv"
    log.to_csv(path, index=False)
    service = Service(path, "--value", VALUE)
    try:
        visitor = log["visitor"].iloc[0]
        reply = service.json(f"/v1/users/{visitor}/recommendations?limit=10")
        seen = set(log.loc[log["visitor"] == visitor, "sku"])
        found = served(service, [visitor])
    finally:
        service.stop()
    assert reply["source"] == "model" and len(reply["items"]) == 10
    assert not seen & {item["id"] for item in reply["items"]}
    expected = combined(log, "sum")
    assert found == {pair: value for pair, value in expected.items() if pair[0] == visitor}


def test_the_report_says_what_was_taken_for_what(log):
    _, path = log
    text = run("inspect", path, "--value", VALUE)
    for line in [
        "columns: user = 1 `visitor` (by name), item = 2 `sku` (by name), value = 3 `event` (by name), "
        "time = 4 `time` (by name)",
        "values are added up",
        "times: ISO 8601",
    ]:
        assert line in text
    bare = run("inspect", path)
    assert "no rating column: each row counts 1" in bare and "--value WORD=NUMBER" in bare


def test_a_code_for_no_rating_is_suggested_and_taken(tmp_path):
    path = tmp_path / "anime.csv"
    rows = [(user, item, -1 if (user + item) % 4 == 0 else 1 + (user * item) % 10) for user in range(20) for item in range(20)]
    frame = pd.DataFrame(rows, columns=["user_id", "anime_id", "rating"])
    frame.to_csv(path, index=False)
    assert "add `--missing -1`" in run("inspect", path)
    data = json.loads(run("inspect", path, "--missing", "-1", "--json"))["data"]
    rated = frame[frame["rating"] != -1]
    assert (data["ratings"], data["report"]["ratings"]["missing"]) == (len(rated), len(frame) - len(rated))
    assert data["mean"] == pytest.approx(rated["rating"].mean(), abs=1e-9)


def test_a_refusal_names_the_flag_that_cures_it(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("visitor,Product nr,event\na,x,view\n")
    refused = subprocess.run([PROGRAM, "inspect", path], capture_output=True, text=True)
    assert refused.returncode != 0 and "--item-column 'Product nr'" in refused.stderr
    run("inspect", path, "--item-column", "Product nr")
