"""A search that is killed goes on to the same end; it finds what is no worse than the defaults, and prints no test figure before it is frozen."""
import json, signal, subprocess, time

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
