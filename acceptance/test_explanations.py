"""Explanations and what-if over HTTP: for every model, 1,000 random pairs of a user and an item of the demo."""
import csv, hashlib, json, random
from datetime import UTC, datetime

import pytest

from conftest import Service, run

# Those of which a contribution does not depend on the other entries, as the reply has to say.
ADDITIVE = {"svd", "ease", "slim", "sansa", "item_knn"}
MODELS = [
    ("svd", {}), ("ease", {"lambda": 50}), ("ease", {"lambda": 50, "dropout": 0.3}), ("slim", {}), ("item_knn", {}),
    ("item_knn", {"weighting": "values"}), ("scaled_svd", {}), ("ials", {"factors": 16, "epochs": 4}), ("user_knn", {}),
    ("random_walk", {}), ("kernel_autoencoder", {}), ("bias", {}), ("popularity", {}), ("sequential_rules", {}),
    ("sansa", {"lambda": 50}), ("plsa", {"tastes": 8}),
    ("two_scale_linear", {}), ("feature_factors", {}), ("kernel_ridge", {}), ("content", {}),
    ("blend", {"members": "ease(lambda=50) + 0.5 ials(factors=16, epochs=4) - 0.1 item_knn"}),
    ("blend", {"members": "ease(lambda=50) + 0.5 kernel_autoencoder"}),
]
BEGIN = 1_600_000_000
# By themselves or as a member of a blend.
LEAVE_ONE_OUT = {"kernel_autoencoder", "content"}


def close(found, expected):
    return abs(found - expected) <= 1e-5 * max(1, abs(expected))


def total(item):
    terms = sum(term["contribution"] for term in item["because"])
    return terms + item["others"]["sum"] + sum(part["value"] for part in item.get("parts", []))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The demo as files with a time for each row, and its histories, oldest entry first."""
    folder, draw = tmp_path_factory.mktemp("data"), random.Random(0)
    demo = Service("demo")
    users = {}
    for user in range(1, 2000):
        status, _, text = demo.call(f"/v1/users/{user}/ratings?limit=1000")
        if status == 200:
            rated = json.loads(text)["items"]
            draw.shuffle(rated)
            users[str(user)] = {item["id"]: item["score"] for item in rated}
    assert len(users) > 100
    items = [demo.json(f"/v1/items/{item}") for item in sorted({item for rated in users.values() for item in rated})]
    demo.stop()
    with open(folder / "ratings.csv", "w") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "item", "rating", "time"])
        rows.writerows((user, item, rating, BEGIN + place) for user, rated in users.items()
                       for place, (item, rating) in enumerate(rated.items()))
    with open(folder / "items.csv", "w") as file:
        rows = csv.writer(file)
        rows.writerow(["item", "title", "genres", "year"])
        rows.writerows((item["id"], item["title"], "|".join(item["genres"]), item["year"]) for item in items)
    return [folder / "ratings.csv", "--items", folder / "items.csv"], users


def pairs(users, seed, count):
    """Random users, each with ten random items."""
    draw = random.Random(seed)
    items = sorted({item for history in users.values() for item in history})
    for _ in range(count // 10):
        yield draw.choice(list(users)), draw.sample(items, 10), draw


def flags(params):
    return [flag for name, value in params.items() for flag in ("--set", f"{name}={value}")]


@pytest.mark.parametrize("model, params", MODELS, ids=lambda value: value if isinstance(value, str) else None)
def test_contributions_sum_to_the_score_and_removals_move_it_by_them(source, model, params):
    data, users = source
    service = Service(*data, "--model", model, *flags(params))
    moved = 0
    for user, items, draw in pairs(users, 1, 1000):
        asked = {"user": user, "items": items, "explain": 100}
        reply = service.json("/v1/score", "POST", asked)
        assert [item["id"] for item in reply["items"]] == items and reply["source"] == "fold_in"
        for item in reply["items"]:
            assert item["additive"] == (model in ADDITIVE), item
            assert len(item["because"]) + item["others"]["count"] == len(users[user])
            assert item["kind"] == ("leave_one_out" if any(name in f"{model} {params}" for name in LEAVE_ONE_OUT) else
                                    "parts" if model in ("bias", "popularity") else "contributions")
            if item["kind"] != "leave_one_out":
                assert close(total(item), item["score"]), (user, item)
        # The score that is explained is the one that a history in the request gets.
        history = [{"item": item, "rating": rating} for item, rating in users[user].items()]
        folded = service.json("/v1/score", "POST", {"history": history, "items": items})
        for item, plain in zip(reply["items"], folded["items"]):
            assert close(item["score"], plain["score"]), (user, item, plain)
        # Without an entry of the history: what the reply says, or, where it does not say it, only that it is answered.
        entry = draw.choice(list(users[user]))
        without = service.json("/v1/score", "POST", {**asked, "remove": [entry]})
        for before, after in zip(reply["items"], without["items"]):
            of_entry = [term["contribution"] for term in before["because"] if term["item"] == entry]
            # An entry that is not named adds nothing, unless there are more than the 100 that are named.
            complete = len(before["because"]) < 100
            if before["additive"] and after["kind"] == before["kind"] and (of_entry or complete):
                moved += 1
                assert close(before["score"] - sum(of_entry), after["score"]), (user, entry, before, after)
            if before["kind"] == "leave_one_out" and of_entry:
                moved += 1
                assert close(before["score"] - of_entry[0], after["score"]), (user, entry, before, after)
    service.stop()
    assert moved > 900 or model not in ADDITIVE, moved


def test_a_list_is_explained_as_its_items_are(source):
    data, users = source
    service = Service(*data, "--model", "svd")
    for user, _, _ in pairs(users, 2, 200):
        plain = service.json(f"/v1/users/{user}/recommendations")
        why = service.json(f"/v1/users/{user}/recommendations?explain=3")
        body = service.json("/v1/recommendations", "POST", {"user": user, "explain": 3})
        assert why == body
        assert [item["id"] for item in why["items"]] == [item["id"] for item in plain["items"]]
        assert set(plain["items"][0]) == {"id", "title", "score"}
        scores = service.json("/v1/score", "POST",
                              {"user": user, "items": [item["id"] for item in why["items"]], "explain": 3})
        for rank, (listed, scored) in enumerate(zip(why["items"], scores["items"]), 1):
            assert (scored.pop("rank"), scored.pop("reason")) == (rank, None)
            assert scored == listed
            sizes = [abs(term["contribution"]) for term in listed["because"]]
            assert sizes == sorted(sizes, reverse=True) and len(sizes) == 3
            for term in listed["because"]:
                place = list(users[user]).index(term["item"])
                time = datetime.fromtimestamp(BEGIN + place, UTC).isoformat().replace("+00:00", "Z")
                assert (term["value"], term["time"]) == (users[user][term["item"]], time)
    service.stop()


@pytest.fixture(scope="module")
def kept(source, tmp_path_factory):
    """A service of a model file, with what is on its disk."""
    data, users = source
    model = tmp_path_factory.mktemp("model") / "films.model"
    run("fit", *data, "--model", "ease", "--out", model)
    service = Service(model)
    yield service, [data[0], data[2], model], users
    service.stop()


def digest(files):
    return [(hashlib.sha256(file.read_bytes()).hexdigest(), sorted(file.parent.iterdir())) for file in files]


def test_a_what_if_writes_nothing(kept):
    service, files, users = kept
    before, lists = digest(files), {user: service.json(f"/v1/users/{user}/recommendations") for user in list(users)[:50]}
    for user, items, draw in pairs(users, 3, 10_000):
        change = {"user": user, "add": [{"item": items[0], "value": 4}, {"item": items[1]}],
                  "remove": [draw.choice(list(users[user]))], "diff": True}
        reply = service.json("/v1/recommendations", "POST", change)
        folded = service.json("/v1/recommendations", "POST", {"user": user, "diff": True})
        old, new = ([item["id"] for item in found["items"]] for found in (folded, reply))
        assert folded["entered"] == folded["left"] == folded["moved"] == []
        assert not {items[0], items[1]} & set(new)
        assert [(item["id"], item["rank"]) for item in reply["entered"]] == [
            (item, rank) for rank, item in enumerate(new, 1) if item not in old]
        assert [(item["id"], item["rank"]) for item in reply["left"]] == [
            (item, rank) for rank, item in enumerate(old, 1) if item not in new]
        assert [(item["id"], item["from"], item["to"]) for item in reply["moved"]] == [
            (item, old.index(item) + 1, rank) for rank, item in enumerate(new, 1)
            if item in old and old.index(item) + 1 != rank]
    assert digest(files) == before
    assert lists == {user: service.json(f"/v1/users/{user}/recommendations") for user in lists}


def test_why_not_is_what_the_whole_list_says(kept):
    service, _, users = kept
    for user, items, draw in pairs(users, 4, 300):
        exclude, only = draw.sample(items, 2), draw.sample(items, 8)
        for query in ({}, {"exclude": exclude}, {"only": only}, {"exclude": exclude, "only": only}):
            listed = service.json("/v1/recommendations", "POST", {"user": user, "limit": 1000, **query})
            order = [item["id"] for item in listed["items"]]
            reply = service.json("/v1/score", "POST", {"user": user, "items": [*items, "stranger"], "limit": 5, **query})
            assert reply["unknown_items"] == ["stranger"]
            for item in reply["items"]:
                expected = ("seen" if item["id"] in users[user] else
                            "excluded" if item["id"] in query.get("exclude", []) else
                            "only" if "only" in query and item["id"] not in only else
                            "limit" if order.index(item["id"]) >= 5 else None)
                assert item["reason"] == expected, (user, query, item)
                better = [other for other in listed["items"] if other["score"] > item["score"]]
                if item["id"] in order:
                    assert item["rank"] == order.index(item["id"]) + 1
                else:
                    assert len(better) < item["rank"] <= len(order) + 1


def test_refusals_name_what_is_allowed(kept):
    service, _, users = kept
    user = next(iter(users))
    absent = next(item for item in users[list(users)[1]] if item not in users[user])

    def refused(path, body=None):
        status, _, text = service.call(path, "POST" if body is not None else "GET", body)
        return status, json.loads(text)["code"], json.loads(text)["message"]

    for path, body in [(f"/v1/users/{user}/recommendations?explain=%s", None), ("/v1/recommendations", {}),
                       ("/v1/score", {"items": []})]:
        for explain in (0, 101, 10**30):
            found = refused(path % explain if body is None else path,
                            body if body is None else {"user": user, "explain": explain, **body})
            assert found[:2] == (422, "invalid_explain") and "allowed are 1 to 100" in found[2], found
    for path in ("/v1/recommendations", "/v1/score"):
        more = {"items": ["1"]} if path == "/v1/score" else {}
        assert refused(path, {"user": user, "remove": [absent], **more})[:2] == (422, "not_in_history")
        assert refused(path, {"user": user, "history": [], **more})[:2] == (422, "invalid_body")
        assert refused(path, more) == (422, "invalid_body", "the body has no `history` and no `user`, expected one of them")
        assert refused(path, {"user": "stranger", "fallback": "none", **more})[:2] == (404, "unknown_user")
        assert refused(path, {"user": user, "add": [{"item": "1", "value": 1e31}], **more})[:2] == (422, "invalid_rating")
    assert refused("/v1/score", {"user": user, "items": ["1"] * 1001}) == (
        422, "too_many_entries", "`items` has 1001 entries, allowed are 1000")
    assert refused("/v1/score", {"user": user}) == (422, "invalid_body", "the body has no `items`, expected an object with `items`")


def test_the_command_line_explains_as_http_does(kept):
    service, files, users = kept
    user = next(iter(users))
    told = json.loads(run("recommend", files[-1], "--user", user, "--explain=4", "--json"))["items"]
    assert told == service.json(f"/v1/users/{user}/recommendations?explain=4")["items"]
    text = run("recommend", files[-1], "--user", user, "--explain")
    assert "because" in text
    for item in told:
        assert f"{item['because'][0]['contribution']:+.3f}" in text
    assert "because" not in run("recommend", files[-1], "--user", user)
