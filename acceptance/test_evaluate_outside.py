"""Lists, scores and model files that were made elsewhere are judged as a model's lists are, and refused by name where they could be misread."""
import csv, json, random, subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import PROGRAM, run
from test_evaluate import parted, reckoned  # noqa: F401 (a fixture)


def evaluated(folder, *args):
    return json.loads(run("evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv", *args, "--json"))


def refused(folder, *args):
    words = [PROGRAM, "evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv", *args]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode in (2, 3, 4) and not done.stdout, done
    return done.stderr


def written(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([*([header] if header else []), *rows])
    return path


@pytest.fixture(scope="module")
def outside(parted):
    """Scores of another program, with ties, for every user and item; the lists that they make; the truth."""
    folder, train, held = parted
    known = {u for u, _, _ in train}, {i for _, i, _ in train}
    seen = {(u, i) for u, i, _ in train}
    draw = random.Random(5)
    scores = {(u, i): draw.randint(0, 30) / 8 for u in sorted(known[0]) for i in sorted(known[1])}
    truth = {}
    for u, i, _ in held:
        if u in known[0] and i in known[1] and (u, i) not in seen:
            truth.setdefault(u, set()).add(i)
    lists = {u: sorted((i for i in known[1] if (u, i) not in seen), key=lambda i: (-scores[u, i], i)) for u in known[0]}
    return folder, scores, lists, truth


def test_scores_are_ranked_by_the_rule_of_ties_and_lists_are_taken_as_they_are(outside, tmp_path):
    folder, scores, lists, truth = outside
    rows = [(u, i, s) for (u, i), s in scores.items()]
    random.Random(2).shuffle(rows)
    files = [
        ("--scores", written(tmp_path / "scores.csv", ["user", "item", "score"], rows)),
        ("--scores", written(tmp_path / "bare.csv", None, rows)),
        ("--lists", written(tmp_path / "lists.csv", None, [(u, i) for u in lists for i in lists[u]])),
        ("--lists", written(tmp_path / "ranks.csv", ["rank", "itemId", "userId"], [(r, i, u) for u in lists for r, i in enumerate(lists[u], 1)][::-1])),
        ("--lists", written(tmp_path / "scored.csv", ["user", "item", "score"], rows)),
    ]
    (tmp_path / "lists.tsv").write_text("user\titem\n" + "".join(f"{u}\t{i}\n" for u in lists for i in lists[u]))
    pq.write_table(pa.table({"user": [r[0] for r in rows], "item": [r[1] for r in rows], "score": [r[2] for r in rows]}), tmp_path / "scores.parquet")
    files += [("--lists", tmp_path / "lists.tsv"), ("--scores", tmp_path / "scores.parquet")]
    report = evaluated(folder, *(word for file in files for word in file), "--at", "5,10")
    assert [model["model"] for model in report["models"]] == ["lists"] * 4 + ["scores"] * 3 + ["popularity"]
    for k in (5, 10):
        expected = reckoned(lists, truth, k)
        for model in report["models"][:-1]:
            assert {name: model["metrics"][f"{name}@{k}"] for name in expected} == pytest.approx(expected, abs=1e-12), model["file"]
    ties = sum(scores[u, lists[u][4]] == scores[u, lists[u][5]] for u in truth) / len(truth)
    assert ties > 0 and report["models"][-2]["metrics"]["ties@5"] == pytest.approx(ties)
    assert all(model["fit_cpu_seconds"] is None for model in report["models"][:-1])
    assert report["models"][6]["taken"]["rows_in_train"] == sum(1 for u, i in scores if u in truth and i not in lists[u])
    assert {difference["best"] for difference in report["differences"]}


def test_what_cannot_be_shown_is_left_out_and_counted(outside, tmp_path):
    folder, _, lists, truth = outside
    user, other = sorted(truth)[:2]
    seen = next(i for i in {i for list_ in lists.values() for i in list_} if i not in lists[user])
    clean = [(user, i) for i in lists[user][:12]]
    noisy = [clean[0], (user, "nothing"), (user, seen), clean[0], *clean[1:], ("stranger", "i3"), clean[3]]
    found = evaluated(folder, "--lists", written(tmp_path / "clean.csv", None, clean), "--lists", written(tmp_path / "noisy.csv", None, noisy))["models"]
    assert found[0]["metrics"] == found[1]["metrics"] and found[0]["metrics"]["ndcg@10"] > 0
    assert {name: n for name, n in found[1]["taken"].items() if n} == {
        "rows": 17, "rows_of_unknown_users": 1, "rows_of_unknown_items": 1, "rows_in_train": 1, "rows_said_twice": 2, "users_without_a_list": len(truth) - 1}
    text = run("evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv", "--lists", tmp_path / "noisy.csv")
    assert "1 row left out: of items that the user has in the training data" in text and "2 rows left out: of an item that the user's rows had before" in text


def test_predictions_have_the_errors_of_the_model_that_made_them(parted, tmp_path):
    folder, _, _ = parted
    lines = run("predict", folder / "train.csv", "--model", "bias", "--pairs", folder / "test.csv").splitlines()
    rows = [line.split(",")[:3] for line in lines[1:]]
    file = written(tmp_path / "predictions.csv", ["user", "item", "prediction"], [row for row in rows if row[2]])
    bias, outside, _ = evaluated(folder, "--model", "bias", "--scores", file)["models"]
    assert outside["metrics"] == {name: bias["metrics"][name] for name in ("rmse", "mae")}
    # What has no lists has no figures of them.
    assert "interval" not in outside and "by_activity" not in outside
    beyond = written(tmp_path / "beyond.csv", ["user", "item", "prediction"], [(u, i, 99 if at == 0 else s) for at, (u, i, s) in enumerate(r for r in rows if r[2])])
    found = evaluated(folder, "--scores", beyond)["models"][0]
    assert found["taken"]["predictions_held_to_the_scale"] == 1 and found["metrics"]["rmse"] != outside["metrics"]["rmse"]
    short = written(tmp_path / "short.csv", ["user", "item", "prediction"], [row for row in rows if row[2]][1:])
    assert f"has no prediction of 1 of {len([r for r in rows if r[2]])} held-out rows, the first is of user `{rows[0][0]}`" in refused(folder, "--scores", short)
    # Ranked, scores of the held-out rows alone would be lists of hits alone.
    alone = written(tmp_path / "alone.csv", ["user", "item", "score"], [row for row in rows if row[2]])
    assert "every place of every list would be a hit" in refused(folder, "--scores", alone)


def test_what_could_be_read_in_two_ways_is_refused_by_name(parted, tmp_path):
    folder, _, _ = parted
    for flag, header, rows, says in [
        ("--lists", None, [("u1", "i1", 1)], "may be a rank or a score: name the columns in a header"),
        ("--lists", ["user", "item", "rating"], [("u1", "i1", 1)], "names predicted ratings"),
        ("--lists", ["user", "item", "rank"], [("u1", "i1", 0)], "line 2: `0`, expected a rank: 1 or a greater whole number"),
        ("--lists", ["user", "item", "rank"], [("u1", "i1", 1), ("u1", "i2", 1)], None),
        ("--lists", ["user", "item"], [("u1", "")], 'line 2: the field "", expected an item'),
        ("--scores", ["user", "item", "score"], [("u1", "i1", "nan")], "line 2: `nan`, expected a score: a finite number"),
        ("--scores", ["user", "item", "score", "prediction"], [("u1", "i1", 1, 2)], "names a score and a predicted rating"),
        ("--scores", ["user", "item"], [("u1", "i1")], "names neither a column `score` nor a column `prediction`"),
        ("--scores", ["user", "item", "prediction"], [("u1", "i1", 1), ("u1", "i1", 2)], None),
        ("--lists", ["user", "item"], [], None),
    ]:
        file = written(tmp_path / "file.csv", header, rows)
        words = [PROGRAM, "evaluate", "--train", folder / "train.csv", "--test", folder / "test.csv", flag, file]
        done = subprocess.run(words, capture_output=True, text=True)
        if says:
            assert done.returncode == 3 and says in done.stderr and "file.csv" in done.stderr, (header, done.stderr)
    assert "cannot read" in refused(folder, "--lists", tmp_path / "none.csv")


def test_of_several_folds_a_column_says_which(outside, tmp_path):
    folder, scores, _, _ = outside
    known = [(u, i, s) for (u, i), s in scores.items()]
    words = [PROGRAM, "evaluate", folder / "train.csv", "--split", "folds=2", "--json", "--scores"]
    one = written(tmp_path / "one.csv", ["user", "item", "score"], known)
    done = subprocess.run([*words, one], capture_output=True, text=True)
    assert done.returncode == 2 and "has no column `fold`, and this evaluation has 2 folds" in done.stderr
    rows = [(u, i, s if fold == 1 else -s, fold) for u, i, s in known for fold in (1, 2)]
    both = json.loads(run(*words[1:], written(tmp_path / "both.csv", ["user", "item", "score", "fold"], rows)))["models"][0]
    assert both["taken"]["rows"] == len(rows) and len(both["by_fold"]) == 2
    done = subprocess.run([*words, written(tmp_path / "zero.csv", ["user", "item", "score", "fold"], [("u1", "i1", 1, 0)])], capture_output=True, text=True)
    assert done.returncode == 3 and "line 2: `0`, expected a fold from 1 to 2" in done.stderr


def test_a_model_file_of_the_training_data_has_the_figures_of_its_fit_and_any_other_is_refused(parted, tmp_path):
    folder, _, _ = parted
    run("fit", folder / "train.csv", "--model", "ease", "--set", "lambda=30", "--out", tmp_path / "ease.model")
    fitted, loaded, _ = evaluated(folder, "--model", "ease", "--set", "lambda=30", "--model-file", tmp_path / "ease.model")["models"]
    assert fitted["metrics"] == loaded["metrics"] and fitted["params"] == loaded["params"]
    assert loaded["fit_cpu_seconds"] is None and loaded["file"].endswith("ease.model") and loaded["list_microseconds"] > 0
    report = json.loads(run("fit", folder / "test.csv", "--model", "ease", "--out", tmp_path / "other.model", "--json"))
    says = refused(folder, "--model-file", tmp_path / "other.model")
    assert "was fitted to data with the hash" in says and says.count("hash") == 2 and "--train and --test" in says
    assert report.get("data_hash", "was fitted") in says
    done = subprocess.run([PROGRAM, "evaluate", folder / "train.csv", "--split", "folds=3", "--model-file", tmp_path / "ease.model"], capture_output=True, text=True)
    assert done.returncode == 2 and "was fitted once, and this evaluation fits to 3 folds" in done.stderr
    (tmp_path / "no.model").write_text("not a model")
    assert "cannot read the model" in refused(folder, "--model-file", tmp_path / "no.model")


def test_a_model_that_would_hold_too_much_memory_is_left_out_and_the_table_goes_on(parted):
    folder, _, _ = parted
    report = json.loads(run("evaluate", "demo", "--model", "ease", "--memory", "2MiB", "--json"))
    ease, popularity = report["models"]
    assert ease["metrics"] == {} and ease["stopped"].endswith(" bytes, allowed are 2097152") and popularity["metrics"]["ndcg@10"] > 0
    assert "stopped" not in popularity and report["differences"] == []
    assert json.loads(run("evaluate", "demo", "--model", "ease", "--memory", "1GB", "--json"))["models"][0]["metrics"]["ndcg@10"] > 0
    assert "is no amount of memory" in refused(folder, "--model", "ease", "--memory", "much")
