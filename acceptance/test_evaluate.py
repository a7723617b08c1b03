"""The figures of `evaluate` are those of the lists that a service gives, reckoned anew; and those of published protocols."""
import collections, csv, datetime, gzip, json, math, random, statistics, struct, subprocess

import pyarrow.parquet
import pytest

from conftest import PROGRAM, Service, real_data, run

MODELS = ["--model", "item_knn", "--set", "neighbours=20", "--model", "ease", "--set", "lambda=30", "--model", "bias"]


@pytest.fixture(scope="module")
def parted(tmp_path_factory):
    """Ratings of 60 users and 40 items in two files, some held-out rows of users, items or both that training does not have."""
    folder, draw = tmp_path_factory.mktemp("parted"), random.Random(11)
    rows = [(f"u{u}", f"i{i}", draw.randint(1, 5)) for u in range(60) for i in draw.sample(range(40), 15)]
    draw.shuffle(rows)
    held = rows[:200] + [("u1", "new", 5), ("stranger", "i3", 4), ("stranger", "new", 2)]
    parts = {"train": rows[200:], "test": held}
    for name, part in parts.items():
        text = "user,item,rating\n" + "".join(f"{u},{i},{r}\n" for u, i, r in part)
        (folder / f"{name}.csv").write_text(text)
    return folder, parts["train"], held


def evaluated(folder, *args):
    return json.loads(run("evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv", *args, "--json"))


def without_times(report):
    for model in report["models"]:
        model.pop("fit_cpu_seconds"), model.pop("list_microseconds")
    report.pop("command")
    return report


def reckoned(lists, truth, k):
    """Metrics of lists by user, the mean over users with something to find."""
    sums = dict.fromkeys(["ndcg", "recall", "precision", "hr", "map", "mrr"], 0.0)
    for user, wanted in truth.items():
        hits = [item in wanted for item in lists[user][:k]]
        best = min(k, len(wanted))
        ranks = [rank for rank, hit in enumerate(hits, 1) if hit]
        sums["ndcg"] += sum(1 / math.log2(rank + 1) for rank in ranks) / sum(1 / math.log2(rank + 1) for rank in range(1, best + 1))
        sums["recall"] += len(ranks) / len(wanted)
        sums["precision"] += len(ranks) / k
        sums["hr"] += bool(ranks)
        sums["map"] += sum(nth / rank for nth, rank in enumerate(ranks, 1)) / best
        sums["mrr"] += 1 / ranks[0] if ranks else 0
    return {name: total / len(truth) for name, total in sums.items()}


@pytest.mark.parametrize("model", [["ease", "lambda=30"], ["item_knn", "neighbours=20"], ["svd", "rank=7"]])
def test_the_figures_are_those_of_the_lists_that_a_service_gives(parted, model):
    folder, train, held = parted
    name, setting = model
    report = evaluated(folder, "--model", name, "--set", setting, "--at", "5,10")
    known = {user for user, _, _ in train}, {item for _, item, _ in train}
    seen = {(user, item) for user, item, _ in train}
    truth = {}
    for user, item, _ in held:
        if user in known[0] and item in known[1] and (user, item) not in seen:
            truth.setdefault(user, set()).add(item)
    assert report["users"] == len(truth) and report["rows"] == sum(map(len, truth.values()))
    assert report["left_out"]["rows_of_users_without_train"] == 2 and report["left_out"]["rows_of_unknown_items"] == 1
    service = Service(folder / "train.csv", "--model", name, "--set", setting)
    try:
        lists = {}
        for user in truth:
            status, _, text = service.call(f"/v1/users/{user}/recommendations?limit=10")
            assert status == 200
            lists[user] = [item["id"] for item in json.loads(text)["items"]]
    finally:
        service.stop()
    figures = report["models"][0]["metrics"]
    for k in (5, 10):
        for metric, expected in reckoned(lists, truth, k).items():
            assert figures[f"{metric}@{k}"] == pytest.approx(expected, abs=1e-12), (metric, k)
        assert figures[f"coverage@{k}"] == len({item for shown in lists.values() for item in shown[:k]}) / len(known[1])


def test_ratings_are_predicted_as_predict_does(parted):
    folder, _, held = parted
    report = evaluated(folder, "--model", "bias")
    scores = run("predict", folder / "train.csv", "--model", "bias", "--pairs", folder / "test.csv", "--json").splitlines()
    pairs = [(rating, json.loads(line)["score"]) for (_, _, rating), line in zip(held, scores) if json.loads(line).get("score") is not None]
    errors = [score - rating for rating, score in pairs]
    figures = report["models"][0]["metrics"]
    assert len(errors) == report["rows"]
    assert figures["rmse"] == pytest.approx(math.sqrt(sum(e * e for e in errors) / len(errors)), abs=1e-6)
    assert figures["mae"] == pytest.approx(sum(map(abs, errors)) / len(errors), abs=1e-6)


def test_figures_are_the_same_at_any_number_of_threads_and_popularity_stands_in_every_table(parted):
    folder, _, _ = parted
    reports = [without_times(evaluated(folder, *MODELS, "--threads", threads)) for threads in (1, 2)]
    assert reports[0] == reports[1]
    assert [model["model"] for model in reports[0]["models"]] == ["item_knn", "ease", "bias", "popularity"]
    assert {difference["best"] for difference in reports[0]["differences"]} == {max(
        range(4), key=lambda at: reports[0]["models"][at]["metrics"]["ndcg@10"])}


def test_a_setting_belongs_to_the_model_before_it_and_a_slow_or_wrong_one_is_named(parted):
    folder, _, _ = parted
    models = evaluated(folder, "--model", "ease", "--set", "lambda=7", "--model", "ease", "--set", "dropout=.5", "--model", "ease")["models"]
    assert [(model["params"]["lambda"], model["params"]["dropout"]) for model in models[:3]] == [(7, 0), (models[2]["params"]["lambda"], .5), (models[2]["params"]["lambda"], 0)]
    files = ["evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv"]
    for args, says in [
        (["--set", "lambda=7", "--model", "ease"], "stands before every --model"),
        (["--model", "eas"], "did you mean `ease`?"),
        (["--model", "ease", "--at", "0"], "allowed are 1 to 999"),
        ([], "--model <MODEL>"),
    ]:
        done = subprocess.run([PROGRAM, *files, *args], capture_output=True, text=True)
        assert done.returncode == 2 and says in done.stderr, done.stderr
    done = subprocess.run([PROGRAM, "evaluate", "demo", "--split", "last", "--model", "ease"], capture_output=True, text=True)
    assert done.returncode != 0 and "the data have no times" in done.stderr


def test_protocol_5_has_its_published_figures():
    data = real_data("ml-1m")
    report = json.loads(run("evaluate", data, "--protocol", "p5", "--model", "ease", "--set", "lambda=239",
                            "--model", "ease", "--set", "lambda=300", "--set", "dropout=0.65",
                            "--model", "ease", "--set", "lambda=300", "--set", "dropout=0.65", "--set", "user_exponent=0.5",
                            "--model", "scaled_svd", "--json"))
    assert report["folds"] == 5 and report["rows"] == 5 * 116_671
    found = [model["metrics"] for model in report["models"]]
    for metrics, ndcg in zip(found, [0.3343, 0.3421, 0.3443, 0.3245, 0.1594]):
        assert metrics["ndcg@10"] == pytest.approx(ndcg, abs=5e-4)
    published = {"recall@10": 0.1920, "precision@10": 0.2733, "hr@10": 0.8795}
    assert {name: found[0][name] for name in published} == pytest.approx(published, abs=5e-4)


def test_protocols_1_and_15_have_the_figures_of_other_programs():
    data = real_data("ml-100k")
    ratings = json.loads(run("evaluate", data, "--protocol", "p1", "--model", "bias", "--json"))
    assert ratings["folds"] == 5 and ratings["rows"] + ratings["left_out"]["rows_of_unknown_items"] == 100_000
    assert ratings["models"][0]["metrics"]["rmse"] == pytest.approx(0.9436, abs=1e-3)
    later = json.loads(run("evaluate", data, "--protocol", "p15", "--time-column", "4", "--json",
                           "--model", "popularity", "--set", "half_life=30", "--model", "popularity", "--set", "all_time=true",
                           "--model", "ease", "--set", "lambda=300", "--set", "dropout=.5"))
    assert later["users"] == 72
    found = [model["metrics"]["ndcg@10"] for model in later["models"]]
    assert found == pytest.approx([0.2130, 0.1440, 0.1726], abs=5e-4)


def test_protocol_13_asks_for_the_last_item_of_every_published_sequence():
    data = real_data("ml-1m")
    with gzip.open(data / "sequences/ml1m_seq.txt.gz", "rt") as lines:
        sequences = [line.split() for line in lines]
    users = collections.Counter(item for sequence in sequences for item in sequence[:-1])
    ranked = sorted(users, key=lambda item: (-users[item], int(item)))
    ranks = []
    for *known, last in sequences:
        known = set(known)
        ranks.append([item for item in ranked if item not in known].index(last) + 1)
    report = json.loads(run("evaluate", data, "--protocol", "p13", "--model", "popularity", "--set", "all_time=true", "--json"))
    assert report["rows"] == report["users"] == len(sequences) == 6040
    assert sum(map(len, sequences)) == 999_611 and set(report["left_out"].values()) == {0}
    found = report["models"][0]["metrics"]
    assert found["hr@10"] == pytest.approx(sum(rank <= 10 for rank in ranks) / len(ranks), abs=1e-12)
    assert found["ndcg@10"] == pytest.approx(sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10) / len(ranks), abs=1e-12)


def test_lists_and_figures_of_users_are_kept_and_lead_to_the_same_report(tmp_path):
    lists, users = tmp_path / "lists.csv", tmp_path / "users.csv"
    asked = ["evaluate", "demo", "--split", "folds=2", "--at", "5,10"]
    report = json.loads(run(*asked, "--model", "ease", "--save-lists", lists, "--save-users", users, "--json"))
    ease, popularity = report["models"]
    rows = list(csv.DictReader(users.open()))
    assert len(rows) == ease["users"] + popularity["users"]
    for model in report["models"]:
        folds = [[row for row in rows if row["model"] == model["summary"] and row["fold"] == fold] for fold in "12"]
        for metric in ["ndcg@5", "ndcg@10", "recall@10", "mrr@5"]:
            means = [sum(float(row[metric]) for row in fold) / len(fold) for fold in folds]
            assert sum(means) / 2 == pytest.approx(model["metrics"][metric], abs=1e-12), (model["model"], metric)
    of_ease = [row for row in csv.DictReader(lists.open()) if row["model"] == ease["summary"]]
    assert [int(row["rank"]) for row in of_ease[:11]] == [*range(1, 11), 1]
    with (tmp_path / "again.csv").open("w") as again:
        again.write("fold,user,item,rank\n" + "".join(f"{row['fold']},{row['user']},{row['item']},{row['rank']}\n" for row in of_ease))
    second = json.loads(run(*asked, "--model", "popularity", "--lists", tmp_path / "again.csv", "--json"))
    judged = next(model for model in second["models"] if model["model"] == "lists")
    assert judged["metrics"]["ndcg@10"] == pytest.approx(ease["metrics"]["ndcg@10"], abs=1e-12)


def test_what_is_kept_as_parquet_is_what_is_kept_as_csv_and_is_read_again(tmp_path):
    asked = ["evaluate", "demo", "--split", "folds=2", "--at", "5,10", "--model", "popularity"]
    for end in ("csv", "parquet"):
        run(*asked, "--save-lists", tmp_path / f"lists.{end}", "--save-users", tmp_path / f"users.{end}")
    for name, types in [("lists", ["string", "int64", "string", "string", "int64", "float"]),
                        ("users", ["string", "int64", "string", *["double"] * 12])]:
        found = pyarrow.parquet.read_table(tmp_path / f"{name}.parquet")
        assert [str(field.type) for field in found.schema] == types
        rows = list(csv.DictReader((tmp_path / f"{name}.csv").open()))
        assert found.schema.names == list(rows[0]) and found.num_rows == len(rows) > 1000
        for column in found.schema.names:
            kind = str(found.schema.field(column).type)
            read = {"string": str, "int64": int, "float": lambda text: struct.unpack("f", struct.pack("f", float(text)))[0], "double": float}[kind]
            assert found[column].to_pylist() == [read(row[column]) for row in rows], column
    report = json.loads(run(*asked, "--lists", tmp_path / "lists.parquet", "--json"))
    popularity, lists = sorted(report["models"], key=lambda model: model["model"], reverse=True)
    assert lists["metrics"]["ndcg@10"] == pytest.approx(popularity["metrics"]["ndcg@10"], abs=1e-12)


def test_newcomers_are_asked_about_by_what_they_did_first_as_a_service_is(tmp_path):
    draw = random.Random(4)
    rows = [(f"u{u:02}", f"i{i}", draw.randint(1, 5), 1000 * u + place + 1_000_000_000) for u in range(60) for place, i in enumerate(draw.sample(range(30), 9))]
    begin = 1000 * 45 + 1_000_000_000
    text = "user,item,rating,time\n" + "".join(f"{u},{i},{r},{t}\n" for u, i, r, t in rows)
    (tmp_path / "all.csv").write_text(text)
    old = [row for row in rows if row[3] < begin]
    (tmp_path / "old.csv").write_text("user,item,rating,time\n" + "".join(f"{u},{i},{r},{t}\n" for u, i, r, t in old))
    model = ["--model", "ease", "--set", "lambda=30"]
    moment = datetime.datetime.fromtimestamp(begin, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = ["evaluate", tmp_path / "all.csv", "--split", f"arrival={moment}", *model, "--at", "5,10"]
    report = json.loads(run(*asked, "--save-lists", tmp_path / "lists.csv", "--curve", "--html", tmp_path / "report.html", "--json"))
    assert report["users"] == 15 and report["rows"] == 15 * 4 and not report["uses_the_future"]
    assert sum(group["users"] for group in report["activity"]) == 15 and report["activity"][0]["least"] == 5
    kept = collections.defaultdict(list)
    for row in csv.DictReader((tmp_path / "lists.csv").open()):
        if row["model"] == report["models"][0]["summary"]:
            kept[row["user"]].append(row["item"])
    service = Service(tmp_path / "old.csv", *model[:1], "ease", "--set", "lambda=30")
    try:
        lists, truth = {}, {}
        for user in {row[0] for row in rows if row[3] >= begin}:
            did = sorted((row for row in rows if row[0] == user), key=lambda row: row[3])
            body = {"history": [{"item": item, "rating": rating} for _, item, rating, _ in did[:5]], "limit": 10}
            lists[user] = [item["id"] for item in service.json("/v1/recommendations", "POST", body)["items"]]
            truth[user] = {item for _, item, _, _ in did[5:]}
    finally:
        service.stop()
    assert lists == {user: items[:10] for user, items in kept.items()}
    for k in (5, 10):
        for metric, expected in reckoned(lists, truth, k).items():
            assert report["models"][0]["metrics"][f"{metric}@{k}"] == pytest.approx(expected, abs=1e-12), (metric, k)


def test_csv_has_the_figures_of_the_report():
    asked = ["evaluate", "demo", "--split", "folds=2", "--model", "svd", "--set", "rank=5"]
    report = json.loads(run(*asked, "--json"))
    rows = list(csv.DictReader(run(*asked, "--csv").splitlines()))
    for model in report["models"]:
        for fold, figures in [("", model["metrics"]), ("1", model["by_fold"][0]), ("2", model["by_fold"][1])]:
            found = {row["metric"]: float(row["value"]) for row in rows if row["model"] == model["model"] and row["fold"] == fold}
            assert found == figures


def test_models_that_draw_are_fitted_with_several_seeds():
    asked = ["evaluate", "demo", "--model", "ials", "--set", "factors=8", "--model", "ease", "--seeds", "3", "--seed", "5"]
    report = json.loads(run(*asked, "--json"))
    assert [(model["model"], model["params"].get("seed")) for model in report["models"]] == [
        ("ials", 5), ("ials", 6), ("ials", 7), ("ease", None), ("popularity", None)]
    [spread] = report["spreads"]
    figures = [model["metrics"]["ndcg@10"] for model in report["models"][:3]]
    assert spread["models"] == [0, 1, 2] and len(set(figures)) == 3
    assert spread["metrics"]["ndcg@10"] == {"mean": pytest.approx(statistics.mean(figures), abs=1e-15),
                                            "deviation": pytest.approx(statistics.stdev(figures), abs=1e-15)}
    assert "over the seeds of 1, 2, 3: " in run(*asked)


def test_a_report_is_repeated_to_the_byte_or_what_differs_is_named(tmp_path):
    rows = "\n".join(f"u{user},i{(user * 3 + item * item) % 23},{1 + (user + item) % 5}" for user in range(30) for item in range(9))
    (tmp_path / "my data.csv").write_text("user,item,rating\n" + rows + "\n")
    report = tmp_path / "report.json"
    report.write_text(run("evaluate", "my data.csv", "--split", "folds=2", "--model", "blend", "--set", "members=ease + .5 ials(factors=4)",
                          "--threads", "1", "--json", cwd=tmp_path))
    assert run("evaluate", "--repeat", report, cwd=tmp_path) == report.read_text()

    def refused():
        told = subprocess.run([PROGRAM, "evaluate", "--repeat", report], capture_output=True, text=True, cwd=tmp_path)
        assert told.returncode != 0 and told.stdout == ""
        return told.stderr
    whole = json.loads(report.read_text())
    other = json.loads(report.read_text())
    other["models"][0]["metrics"]["recall@10"] += 0.001
    report.write_text(json.dumps(other))
    assert "/models/0/metrics/recall@10 is" in refused()
    report.write_text(json.dumps({**whole, "foretaste_version": "0.0.1"}))
    assert "foretaste 0.0.1 made it" in refused()
    report.write_text(json.dumps({**whole, "command": "foretaste stop --all"}))
    assert "is no evaluation" in refused()
    report.write_text(json.dumps(whole))
    (tmp_path / "my data.csv").write_text("user,item,rating\n" + rows.replace("u7,", "u8,") + "\n")
    assert "the data have the hash" in refused()
    report.write_text("{}")
    assert "is no report" in refused()
