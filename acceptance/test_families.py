"""Every family of models that the program has, by name: fitted, saved, served, refitted over HTTP, and deployed."""
import json, random, shutil, subprocess, time

import pytest

from conftest import PROGRAM, Service, run
from services import ask, machine

HISTORY = [{"item": "i3", "rating": 5}, {"item": "i17", "rating": 1}, {"item": "i30", "rating": 4}]


def families():
    """The names that the program says it knows, so that a new family is in the test unasked."""
    refused = subprocess.run([PROGRAM, "fit", "demo", "--model", "no_such_family", "--out", "never"], capture_output=True, text=True)
    assert refused.returncode != 0
    names = refused.stderr.split("there are ", 1)[1].strip().split(", ")
    documented = json.loads(run("openapi"))["paths"]["/v1/models"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert documented["model"] in names and len(names) == len(set(names)) > 20, names
    return names


NAMES = families()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """What any family needs: ratings with times, and items with properties; and these as flags and as keys of a specification."""
    folder, draw, time_of = tmp_path_factory.mktemp("families"), random.Random(4), 1_600_000_000
    rows = ["user,item,rating,time"]
    for user in range(120):
        for item in draw.sample(range(80), 20):
            time_of += draw.randrange(40_000)
            rows.append(f"u{user},i{item},{draw.randint(1, 5)},{time_of}")
    (folder / "ratings.csv").write_text("\n".join(rows) + "\n")
    films = [f"i{item},Film {item},{draw.choice(['Drama', 'Crime'])}|{draw.choice(['War', 'Horror'])},{1930 + item}" for item in range(80)]
    (folder / "items.csv").write_text("\n".join(["item,title,genres,year", *films]) + "\n")
    return folder


@pytest.fixture(scope="module")
def refitted(data):
    """A service whose model is replaced again and again; it begins with another family than the first that it is asked for."""
    service = Service(data / "ratings.csv", "--items", data / "items.csv", "--model", NAMES[-1])
    yield service
    service.stop()


def lists(json_of):
    """What a service says to some users and, where the model can score one, to a history; with the scores, without the version."""
    bodies = [{"user": f"u{user}"} for user in range(0, 120, 13)] + [{"history": HISTORY}]
    replies = [json_of("/v1/recommendations", "POST", {**body, "limit": 10}) for body in bodies]
    for reply in replies[:-1]:
        assert reply["source"] == "model" and len(reply["items"]) == 10 and "shortfall" not in reply, reply
        assert len({item["id"] for item in reply["items"]}) == 10
    return [(reply["source"], reply["items"]) for reply in replies]


def served(*args):
    service = Service(*args)
    try:
        return service.json("/v1/models")["models"][0]["params"]["model"], lists(service.json)
    finally:
        service.stop()


def refit(service, name):
    job = service.json("/v1/models", "POST", {"model": name})["id"]
    deadline = time.monotonic() + 60
    while (state := service.json(f"/v1/jobs/{job}"))["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)
    assert state["state"] == "succeeded", state
    return state


@pytest.mark.parametrize("name", NAMES)
def test_a_family_is_fitted_saved_served_and_refitted_over_http_with_one_answer(data, refitted, name):
    file = data / f"{name}.model"
    run("fit", data / "ratings.csv", "--items", data / "items.csv", "--model", name, "--out", file)
    family, of_file = served(file)
    assert family == name
    before = refitted.json("/v1/models")
    assert next(model for model in before["models"] if model["active"])["params"]["model"] != name
    refit(refitted, name)
    after = refitted.json("/v1/models")
    assert after["active"] != before["active"] and after["models"][-1]["params"]["model"] == name
    assert lists(refitted.json) == of_file


def test_every_family_is_deployed_by_a_specification_that_names_it(machine, data):
    """One service, deployed again with one family after another."""
    file, of_all = data / "deployed.model", []
    for revision, name in enumerate(NAMES, 1):
        service = machine.deploy("films", data=data / "ratings.csv", items=data / "items.csv", model=name, rank=None)
        assert service["revision"] == revision
        run("fit", data / "ratings.csv", "--items", data / "items.csv", "--model", name, "--out", file)
        told = json.loads(run("recommend", file, "--user", "u7", "--limit", 10, "--json"))
        # What was accepted before the worker took over may still be answered by the one before.
        until = time.monotonic() + 5
        while True:
            (status, models), (listed, text) = [ask(service["url"] + path) for path in ("/v1/models", "/v1/users/u7/recommendations?limit=10")]
            assert status == listed == 200
            served = [model["params"]["model"] for model in json.loads(models)["models"]]
            if served == [name] and json.loads(text)["items"] == told["items"]:
                break
            assert time.monotonic() < until, (name, served, text)
            time.sleep(0.05)
        assert len(told["items"]) == 10, name
        of_all.append(json.dumps(told["items"]))
    assert len(set(of_all)) == len(NAMES), "two families have one list with the same scores"


def test_every_family_is_refitted_to_a_source_that_has_changed(data):
    """Then the fit is accepted before the data are read: no family may ask of them what is not known yet."""
    source = data / "growing.csv"
    shutil.copy(data / "ratings.csv", source)
    service = Service(source, "--items", data / "items.csv", "--model", "popularity")
    try:
        for row, name in enumerate(NAMES):
            with open(source, "a") as file:
                file.write(f"new{row},i5,4,{1_700_000_000 + row}\n")
            assert refit(service, name)["rows_added"] == 1
    finally:
        service.stop()
