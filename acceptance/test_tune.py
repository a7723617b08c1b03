"""A search that is killed goes on to the same end; it finds what is no worse than the defaults, and prints no test figure before it is frozen."""
import json, re, signal, subprocess, time

import pytest

from conftest import PROGRAM, run

SEARCH = ["tune", "demo", "--model", "ials", "--set", "factors=16", "--set", "epochs=4", "--trials", "12"]


def without_times(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line.get("trial", {}).pop("cpu_seconds", None)
    return lines


def tuned(folder, *args):
    return json.loads(run(*SEARCH, "--state", folder / "state", *args, "--json"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder / "state", tuned(folder, "--threads", "1")


def test_a_search_that_is_killed_goes_on_to_the_same_end(tmp_path, whole):
    state, expected = whole
    found = tmp_path / "state"
    for lines in (3, 7):
        search = subprocess.Popen([PROGRAM, *SEARCH, "--state", found], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 120
            while not found.exists() or found.read_bytes().count(b"\n") < lines:
                assert time.monotonic() < end and search.poll() is None
                time.sleep(0.002)
        finally:
            search.send_signal(signal.SIGKILL)
            search.wait()
    # As a power cut may leave it.
    with open(found, "ab") as file:
        file.write(b'{"trial":{"trial":')
    assert len(without_times_of_whole_lines(found)) < len(without_times(state))
    resumed = tuned(tmp_path)
    assert without_times(found) == without_times(state)
    assert resumed["settings"] == expected["settings"] and resumed["best"]["figure"] == expected["best"]["figure"]


def without_times_of_whole_lines(path):
    return path.read_bytes().split(b"\n")[:-1]


def test_threads_change_nothing(tmp_path, whole):
    state, _ = whole
    tuned(tmp_path, "--threads", "2")
    assert without_times(tmp_path / "state") == without_times(state)


def test_the_best_is_no_worse_than_the_defaults_and_the_command_that_is_printed_evaluates_it(whole):
    _, found = whole
    figures = [trial["figure"] for trial in found["trials"]]
    assert len(figures) == 12 and found["best"]["figure"] == max(figures) >= figures[0]
    assert found["trials"][0]["from"] == "default"
    words = found["command"].split()
    assert words[:3] == ["foretaste", "evaluate", "demo"] and "--trials" not in words
    report = json.loads(run(*words[1:], "--json"))
    assert report["models"][0]["params"]["regularization"] == found["best"]["set"]["regularization"]


def test_test_figures_are_those_of_evaluate_and_come_with_the_end_of_the_search(tmp_path):
    search = ["tune", "demo", "--model", "ease", "--trials", "4", "--state", tmp_path / "state"]
    assert "ndcg@10" not in run(*search).split("test rows")[1]
    assert json.loads(run(*search, "--json"))["test"] is None
    frozen = json.loads(run(*search, "--freeze", "--json"))
    report = json.loads(run(*frozen["command"].split()[1:], "--json"))
    assert frozen["test"] == pytest.approx(report["models"][0]["metrics"], rel=1e-11)
    kept = (tmp_path / "state").read_bytes()
    refused = subprocess.run([PROGRAM, *search], capture_output=True, text=True)
    assert refused.returncode == 2 and "was frozen" in refused.stderr
    assert json.loads(run(*search, "--freeze", "--json"))["test"] == frozen["test"]
    assert (tmp_path / "state").read_bytes() == kept


@pytest.mark.parametrize("change, named", [
    (["--trials", "13"], "number of trials"), (["--seed", "2"], "hash of the data"), (["--metric", "recall@10"], "metric"),
    (["--space", "unobserved_weight=0.1..0.9"], "space"), (["--set", "positive=4"], "fixed parameters"), (["--split", "rows=0.1"], "split")])
def test_a_state_of_another_search_is_refused_by_name(whole, change, named):
    state, _ = whole
    kept = state.read_bytes()
    words = SEARCH[:-2] if change[0] == "--trials" else SEARCH
    refused = subprocess.run([PROGRAM, *words, *change, "--state", state], capture_output=True, text=True)
    assert refused.returncode == 2 and f"its {named} is" in refused.stderr, refused.stderr
    assert state.read_bytes() == kept


def test_training_data_alone_are_enough_until_the_end(tmp_path):
    rows = [f"u{u},i{(u * 7 + i * i) % 40},{1 + (u + i) % 5}" for u in range(60) for i in range(12)]
    (tmp_path / "train.csv").write_text("\n".join(["user,item,rating", *(row for at, row in enumerate(rows) if at % 4)]) + "\n")
    (tmp_path / "test.csv").write_text("\n".join(["user,item,rating", *rows[::4]]) + "\n")
    search = ["tune", "--train", tmp_path / "train.csv", "--model", "item_knn", "--trials", "5", "--state", tmp_path / "state"]
    assert "--test FILE" in run(*search)
    refused = subprocess.run([PROGRAM, *search, "--freeze"], capture_output=True, text=True)
    assert refused.returncode == 2 and "--test" in refused.stderr
    assert "frozen; on the test rows: ndcg@10" in run(*search, "--freeze", "--test", tmp_path / "test.csv")


BLEND = ["tune", "demo", "--blend", "ease(lambda=200)", "--blend", ".5 ials(factors=16, epochs=4)", "--blend", "item_knn"]


def test_the_rate_and_the_time_left_are_shown_while_a_search_runs(tmp_path):
    search = subprocess.run([PROGRAM, *SEARCH, "--state", tmp_path / "state"], capture_output=True, text=True, check=True)
    form = r"trial (\d+) of 12: ndcg@10 0\.\d{4} with .*; best (0\.\d{4}); (\d+\.\d) trials a minute, (\d+(?:\.\d+)?) (ms|s|min) left"
    lines = [re.search(form, line) for line in search.stderr.splitlines() if "trial" in line]
    assert [int(line[1]) for line in lines] == list(range(1, 13)), search.stderr
    for line in lines:
        left = float(line[4]) * {"ms": 1e-3, "s": 1, "min": 60}[line[5]]
        assert left == pytest.approx((12 - int(line[1])) / float(line[3]) * 60, rel=0.02, abs=0.01), line[0]
    assert float(lines[-1][4]) == 0 and float(lines[-1][2]) == max(float(line[2]) for line in lines)
    # Median and worst say what a careless choice costs.
    best, median, worst = (float(re.search(rf"^{name} +(0\.\d+)", search.stdout, re.M)[1]) for name in ("best", "median", "worst"))
    assert best >= median >= worst and best > worst and "within 1 % of the best: " in search.stdout


def test_weights_that_are_found_are_those_of_the_blend_that_is_evaluated(tmp_path):
    first = json.loads(run(*BLEND, "--state", tmp_path / "state", "--json"))
    figures = [trial["figure"] for trial in first["trials"]]
    assert [trial["from"] for trial in first["trials"][:5]] == ["given", "alone", "alone", "alone", "halton"]
    assert first["best"]["figure"] == max(figures) > max(figures[1:4]) and first["test"] is None
    assert first["validation"]["users"] == first["validation"]["of_users"] and "test" not in (tmp_path / "state").read_text()
    frozen = json.loads(run(*BLEND, "--state", tmp_path / "state", "--freeze", "--json"))
    assert without_times_of(frozen) == without_times_of(first)
    words = re.fullmatch(r"foretaste evaluate demo --model blend --set '(members=[^']*)'", frozen["command"])
    report = json.loads(run("evaluate", "demo", "--model", "blend", "--set", words[1], "--json"))
    assert frozen["test"] == pytest.approx(report["models"][0]["metrics"], rel=1e-11)


def without_times_of(found):
    return [{**trial, "cpu_seconds": 0} for trial in found["trials"]]


def test_a_search_of_weights_that_is_killed_goes_on_and_draws_users_where_memory_is_short(tmp_path):
    search = [*BLEND, "--memory", "3MiB"]
    whole = json.loads(run(*search, "--state", tmp_path / "whole", "--json"))
    cut = whole["validation"]
    assert 0 < cut["users"] < cut["of_users"] == 1000
    lines = (tmp_path / "whole").read_bytes().split(b"\n")
    (tmp_path / "killed").write_bytes(b"\n".join(lines[:20]) + b"\n" + lines[20][:9])
    resumed = run(*search, "--state", tmp_path / "killed", "--threads", "1")
    assert f"{cut['users']} users of 1000, drawn, asked for" in resumed
    assert without_times(tmp_path / "killed") == without_times(tmp_path / "whole")
    refused = subprocess.run([PROGRAM, *BLEND, "--state", tmp_path / "whole"], capture_output=True, text=True)
    assert refused.returncode == 2 and "its hash of the data is" in refused.stderr


def test_halving_makes_many_cheap_fits_and_few_whole_ones(tmp_path, whole):
    found = tuned(tmp_path, "--halving")
    shares = [trial.get("share") for trial in found["trials"]]
    assert shares == [0.25] * 6 + [0.5] * 3 + [None] * 3
    assert "share" not in found["best"] and "halving" not in found["command"]
    # The defaults are fitted whole, and their figure is that of a search without halving.
    assert found["trials"][9]["set"] == found["trials"][0]["set"] and found["trials"][9]["figure"] == whole[1]["trials"][0]["figure"]
    refused = subprocess.run([PROGRAM, *SEARCH, "--state", tmp_path / "state"], capture_output=True, text=True)
    assert refused.returncode == 2 and "its halving is true, asked for is false" in refused.stderr


def test_cold_items_are_tuned_on_items_that_are_cold_in_the_training_data(tmp_path):
    search = ["tune", "demo", "--protocol", "p16", "--model", "kernel_ridge", "--trials", "6", "--state", tmp_path / "state"]
    text = run(*search, "--freeze")
    assert "judged by ndcg@10 on split cold items of the training data" in text and "frozen; on the test rows: ndcg@10" in text
    popularity = json.loads(run("evaluate", "demo", "--protocol", "p16", "--model", "popularity", "--json"))
    found = json.loads(run(*search, "--freeze", "--json"))
    assert found["test"]["ndcg@10"] > popularity["models"][0]["metrics"]["ndcg@10"]
