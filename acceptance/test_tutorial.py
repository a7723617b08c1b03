"""The tutorial's data through the program, held against numpy and against the tutorial's own lists."""
import json

import numpy as np
import pytest

from conftest import Service, real_data, run

USER_500 = """Toy Story (1995)
Silence of the Lambs, The (1991)
Sleeping Beauty (1959)
West Side Story (1961)
Toy Story 2 (1999)
Lady and the Tramp (1955)
Best in Show (2000)
Star Wars: Episode IV - A New Hope (1977)
Bug's Life, A (1998)
Saving Private Ryan (1998)
"""
USER_400 = """Shawshank Redemption, The (1994)
Star Wars: Episode IV - A New Hope (1977)
Saving Private Ryan (1998)
Star Wars: Episode VI - Return of the Jedi (1983)
Pulp Fiction (1994)
Terminator, The (1984)
Toy Story (1995)
Breakfast Club, The (1985)
Airplane! (1980)
E.T. the Extra-Terrestrial (1982)
"""


@pytest.fixture(scope="module")
def service():
    service = Service(real_data("ml-1m"), "--rows", 200_000)
    yield service
    service.stop()


def predictions(matrix, decomposition, rank):
    u, s, vt = decomposition
    return (u[:, :rank] * s[:rank]) @ vt[:rank] + matrix.mean(axis=1, keepdims=True)


def best_titles(tutorial, decomposition, user, rank):
    matrix, users, items, titles = tutorial
    row = int(np.searchsorted(users, user))
    scores = np.where(matrix[row] > 0, -np.inf, predictions(matrix, decomposition, rank)[row])
    return "".join(titles[str(items[at])] + "\n" for at in np.argsort(-scores, kind="stable")[:10])


def test_the_ten_titles_of_users_500_and_400_are_the_tutorials(service):
    assert service.call("/recommended?param=500", "POST")[2] == USER_500
    assert service.call("/recommended?param=400", "POST")[2] == USER_400
    assert service.call("/recommended", "POST", {"args": {"param": ["500"]}})[2] == USER_500


def test_viewed_lists_what_the_user_rated_best_first(service, tutorial):
    matrix, users, items, titles = tutorial
    most = users[np.argmax((matrix > 0).sum(axis=1))]
    for user in (500, most):
        row = matrix[int(np.searchsorted(users, user))]
        order = [at for at in np.argsort(-row, kind="stable") if row[at] > 0]
        expected = [titles[str(items[at])] for at in order]
        assert service.call(f"/viewed?param={user}", "POST")[2].splitlines() == expected


@pytest.mark.parametrize("rank", [10, 50, 300])
def test_a_thousand_predictions_agree_with_numpy(rank, tutorial, decomposition, tmp_path):
    matrix, users, items, _ = tutorial
    model, pairs = tmp_path / "m.foretaste", tmp_path / "pairs.csv"
    run("fit", real_data("ml-1m"), "--rows", 200_000, "--rank", rank, "--out", model)
    random = np.random.default_rng(rank)
    rows, columns = random.integers(0, len(users), 1000), random.integers(0, len(items), 1000)
    pairs.write_text("user,item\n" + "".join(f"{users[r]},{items[c]}\n" for r, c in zip(rows, columns)))
    lines = run("predict", model, "--pairs", pairs).splitlines()
    found = np.array([float(line.split(",")[2]) for line in lines[1:]])
    expected = predictions(matrix, decomposition, rank)[rows, columns]
    assert len(found) == 1000 and np.abs(found - expected).max() <= 1e-4


def test_histories_folded_in_score_as_trained_for_every_user(service, tutorial):
    matrix, users, items, _ = tutorial
    for row, user in enumerate(users):
        history = [{"item": str(items[at]), "rating": float(matrix[row, at])} for at in np.flatnonzero(matrix[row])]
        trained = service.json(f"/v1/users/{user}/recommendations?limit=1000")
        folded = service.json("/v1/recommendations", "POST", {"history": history, "limit": 1000})
        assert (trained["source"], folded["source"]) == ("model", "fold_in")
        expected = {item["id"]: item["score"] for item in trained["items"]}
        found = {item["id"]: item["score"] for item in folded["items"]}
        shared = expected.keys() & found.keys()
        # At the end of a list two scores that are equal up to rounding may change places.
        assert len(shared) >= 995, f"user {user}"
        assert max(abs(expected[item] - found[item]) for item in shared) <= 1e-4, f"user {user}"


def test_a_recompute_takes_effect_and_is_counted(service, tutorial, decomposition):
    status, _, text = service.call("/recompute_svd?param=100", "POST")
    assert (status, text) == (200, "100\n")
    assert service.call("/recommended?param=500", "POST")[2] == best_titles(tutorial, decomposition, 500, 100)
    metrics = json.loads(service.call("/metrics")[2])
    assert metrics["requests"] == 1 and len(metrics["last_calls"]) == 1
    assert metrics["average"] == metrics["total_time"] == metrics["last_calls"][0]
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    status, headers, text = service.call("/metrics", accept=accept)
    assert "text" in headers["content-type"] and "# TYPE" in text and "recompute" in text
    assert service.call("/recompute_svd?param=50", "POST")[2] == "50\n"
    assert service.call("/recommended?param=500", "POST")[2] == USER_500


def test_all_of_ml_latest_small_and_ml_100k_load_and_serve():
    for folder, user, least in [("ml-latest-small", "414", 9_700), ("ml-100k", "196", 1_682)]:
        service = Service(real_data(folder), "--rank", 20)
        reply = service.json(f"/v1/users/{user}/recommendations")
        assert len(reply["items"]) == 10 and all(item["title"] for item in reply["items"])
        assert service.json("/v1/models")["models"][0]["items"] >= least
        service.stop()
