"""Models on MovieLens 100K from file to answer, held against pandas: predicted ratings and decayed popularity."""
import csv
import json

import numpy as np
import pandas as pd

import fm_reference
from conftest import Service, real_data, run

COLUMNS = ["user", "item", "rating", "time"]


def ratings(*parts):
    return pd.read_csv(real_data("ml-100k", *parts), sep="\t", names=COLUMNS, dtype={"user": str, "item": str})


def test_the_bias_baseline_predicts_the_test_part_u1_as_its_formula_does(tmp_path):
    test = ratings("u1.test")
    known = pd.MultiIndex.from_frame(test[["user", "item"]])
    whole = ratings("u.data")
    train = whole[~pd.MultiIndex.from_frame(whole[["user", "item"]]).isin(known)]
    assert (len(train), len(test)) == (80_000, 20_000)
    train.to_csv(tmp_path / "train.csv", index=False)
    test[["user", "item"]].to_csv(tmp_path / "pairs.csv", index=False)
    told = run("predict", tmp_path / "train.csv", "--model", "bias", "--pairs", tmp_path / "pairs.csv")
    rows = list(csv.DictReader(told.splitlines()))
    mean = train["rating"].mean()
    above = train.assign(above=train["rating"] - mean)
    # Regularised means with 5 and 2, as Koren, "Factor in the neighbors", TKDD 2010, section 2.1 has them.
    of_item = above.groupby("item")["above"].agg(lambda x: x.sum() / (5 + len(x)))
    above["above"] -= above["item"].map(of_item)
    of_user = above.groupby("user")["above"].agg(lambda x: x.sum() / (2 + len(x)))
    expected = mean + test["user"].map(of_user) + test["item"].map(of_item)
    expected = expected.clip(1, 5)  # the scale of the ratings
    unknown = ~test["item"].isin(of_item.index)
    assert [row["reason"] == "unknown_item" for row in rows] == unknown.tolist()
    predicted = pd.Series([float(row["score"] or "nan") for row in rows])
    assert np.abs(predicted - expected)[~unknown].max() < 1e-5
    # Of the 32 items that are not in the training part, the formula knows the mean and the user.
    predicted[unknown] = mean + test["user"].map(of_user)[unknown]
    rmse = np.sqrt(((predicted - test["rating"]) ** 2).mean())
    assert abs(rmse - 0.957642) < 5e-7, rmse


def test_decayed_popularity_is_the_sum_of_halved_interactions(tmp_path):
    data = ratings("u.data")
    data.to_csv(tmp_path / "ratings.csv", index=False)
    for half_life in [7.0, 30.0]:
        age = (data["time"].max() - data["time"]) / 86_400
        expected = data.assign(weight=np.exp2(-age / half_life)).groupby("item")["weight"].sum()
        told = run("recommend", tmp_path / "ratings.csv", "--model", "popularity", "--set", f"half_life={half_life}",
                   "--user", "1", "--limit", "1000", "--json")
        items = json.loads(told)["items"]
        unseen = expected.drop(data["item"][data["user"] == "1"])
        # Equal scores rank by id, a number by its value.
        ranked = sorted(unseen.index, key=lambda item: (-np.float32(unseen[item]), int(item)))
        assert len(items) == 1000
        scores = np.array([item["score"] for item in items])
        assert np.abs(scores / unseen[[item["id"] for item in items]] - 1).max() < 1e-5
        assert np.abs(scores / unseen[ranked[:1000]] - 1).to_numpy().max() < 1e-5
        assert [item["id"] for item in items[:100]] == ranked[:100]


def test_the_bayesian_factorisation_machine_has_the_posterior_mean_of_a_plain_sampler(tmp_path):
    rng, shape = np.random.default_rng(2), (9, 7)
    taste, kind = rng.normal(size=shape[0]), rng.normal(size=shape[1])
    level = 3 + 1.2 * np.outer(taste, kind) + 0.7 * rng.normal(size=shape)
    users, items = np.nonzero(rng.random(shape) < 0.7)
    values = level[users, items].clip(1, 5).round(2)
    table = pd.DataFrame({"user": users, "item": items, "rating": values})
    table.to_csv(tmp_path / "ratings.csv", index=False)
    pairs = pd.DataFrame([(u, i) for u in range(shape[0]) for i in range(shape[1])], columns=["user", "item"])
    pairs.to_csv(tmp_path / "pairs.csv", index=False)

    def predicted(model, *settings):
        flags = [flag for setting in settings for flag in ("--set", setting)]
        told = run("predict", tmp_path / "ratings.csv", "--model", model, *flags, "--pairs", tmp_path / "pairs.csv")
        return np.array([float(row["score"]) for row in csv.DictReader(told.splitlines())]).reshape(shape)

    plain = [fm_reference.posterior_mean(users, items, values, shape, 1, 1200, 200, seed) for seed in range(4)]
    expected = np.mean(plain, 0).clip(values.min(), values.max())
    error = np.sqrt(np.mean(np.var(plain, 0, ddof=1)) / len(plain))  # of the mean of the chains
    found = predicted("bayesian_fm", "output=normal", "factors=1", "sweeps=40000", "burn_in=500", "samples=1000")
    distance = np.sqrt(np.mean((found - expected) ** 2))
    assert distance < 3 * error, (distance, error)
    assert np.sqrt(np.mean((predicted("bias") - expected) ** 2)) > 10 * error, "the test could not fail"


def test_how_sure_a_rating_is_has_one_answer_over_http_and_on_the_command_line(tmp_path):
    rng = np.random.default_rng(3)
    taste, kind = rng.normal(size=40), rng.normal(size=25)
    values = (3 + 1.2 * np.outer(taste, kind) + 0.5 * rng.normal(size=(40, 25))).clip(1, 5).round()
    known = rng.random(values.shape) < 0.5
    rows = [f"u{user},i{item},{values[user, item]:.0f}" for user, item in zip(*np.nonzero(known))]
    (tmp_path / "ratings.csv").write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    held = list(zip(*np.nonzero(~known)))
    pairs = "".join(f"u{user},i{item}\n" for user, item in [*held, (99, 3)])
    (tmp_path / "pairs.csv").write_text("user,item\n" + pairs)
    run("fit", tmp_path / "ratings.csv", "--model", "bayesian_fm", "--set", "factors=2", "--out", tmp_path / "model")
    told = run("predict", tmp_path / "model", "--pairs", tmp_path / "pairs.csv", "--distribution")
    *table, unknown = csv.DictReader(told.splitlines())
    assert (unknown["reason"], unknown["deviation"]) == ("unknown_user", "")
    lines = [json.loads(line) for line in run("predict", tmp_path / "model", "--pairs", tmp_path / "pairs.csv", "--distribution",
                                              "--json").splitlines()]
    assert "rating" not in lines[-1]
    service, inside = Service(tmp_path / "model"), 0
    for user in range(0, 40):
        of_user = [(row, line) for row, line in zip(table, lines) if row["user"] == f"u{user}"]
        items = [row["item"] for row, _ in of_user]
        scored = service.json("/v1/score", "POST", {"user": f"u{user}", "items": items, "distribution": True})["items"]
        for (row, line), item in zip(of_user, scored):
            rating = item["rating"]
            assert line["rating"] == rating and line["score"] == item["score"]
            assert [float(row[name]) for name in ("deviation", "low90", "high90")] == [rating["deviation"], *rating["interval90"]]
            levels = np.array([[level["rating"], level["probability"]] for level in rating["probabilities"]])
            mean = levels[:, 0] @ levels[:, 1]
            assert abs(mean - rating["mean"]) < 1e-5 and abs(rating["mean"] - item["score"]) < 1e-5
            assert abs(np.sqrt((levels[:, 0] - mean) ** 2 @ levels[:, 1]) - rating["deviation"]) < 1e-4
            low, high = rating["interval90"]
            assert levels[(levels[:, 0] >= low) & (levels[:, 0] <= high), 1].sum() > 0.9 - 1e-6
            inside += low <= values[user, int(item["id"][1:])] <= high
    service.stop()
    # Of ratings that were made with noise as the model assumes it nine in ten are inside, and the ends of an interval are whole levels.
    assert 0.85 < inside / len(held) < 1, inside / len(held)
    assert max(float(row["high90"]) - float(row["low90"]) for row in table) > min(float(row["high90"]) - float(row["low90"]) for row in table)
    told = run("predict", tmp_path / "ratings.csv", "--model", "bias", "--pairs", tmp_path / "pairs.csv", "--distribution")
    assert all(row["score"] and row["high90"] == "" for row in list(csv.DictReader(told.splitlines()))[:-1])
