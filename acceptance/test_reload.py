"""A running service reads its source again: rows that were added are served, a bad source leaves the model where it is."""
import json, signal, subprocess, time

import pytest

from conftest import PROGRAM, Service

ROWS = [f"{user},{item},{1 + user * item % 5}" for user in range(8) for item in range(8) if (user + item) % 3]


def write(path, *more):
    path.write_text("\n".join(["user,item,rating", *ROWS, *more, ""]))


@pytest.fixture
def served(tmp_path):
    path = tmp_path / "ratings.csv"
    write(path)
    service = Service(path, "--rank", "3")
    yield service, path
    service.stop()


def until(what, is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def ended(service, job):
    until(f"{job} ends", lambda: service.json(f"/v1/jobs/{job}")["state"] in ("succeeded", "failed"))
    return service.json(f"/v1/jobs/{job}")


def ratings(service, user):
    status, _, text = service.call(f"/v1/users/{user}/ratings")
    return json.loads(text)["total"] if status == 200 else status


def test_a_hang_up_reads_the_source_again(served):
    service, path = served
    assert ratings(service, "new") == 404
    write(path, "new,1,5", "new,2,4")
    service.process.send_signal(signal.SIGHUP)
    until("the new user is served", lambda: ratings(service, "new") == 2)
    jobs = service.json("/v1/jobs")["jobs"]
    assert [(job["state"], job["params"]["rank"], job["rows_added"]) for job in jobs] == [("succeeded", 3, 2)]


def test_a_hang_up_without_a_change_keeps_the_model(served):
    service, _ = served
    service.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert service.process.poll() is None
    assert service.json("/v1/models")["active"] == "v1" and service.json("/v1/jobs")["jobs"] == []


def test_a_bad_source_leaves_the_model_where_it_is(served):
    service, path = served
    for damage in (lambda: path.write_text("nothing\n"), path.unlink):
        before = len(service.json("/v1/jobs")["jobs"])
        damage()
        service.process.send_signal(signal.SIGHUP)
        until("a job", lambda: len(service.json("/v1/jobs")["jobs"]) > before)
        job = ended(service, service.json("/v1/jobs")["jobs"][0]["id"])
        assert (job["state"], job["error"]["code"]) == ("failed", "source_unreadable"), job
        assert path.name in job["error"]["message"], job
        assert service.json("/v1/users/5/recommendations")["model_version"] == "v1"
    write(path, "new,1,5")
    job = ended(service, service.json("/v1/models", "POST", {"rank": 2})["id"])
    assert (job["state"], job["rows_added"]) == ("succeeded", 1), job


def test_a_model_file_that_was_replaced_is_served_as_it_is(tmp_path):
    ratings_file, model = tmp_path / "ratings.csv", tmp_path / "m.foretaste"
    write(ratings_file)
    fit = [PROGRAM, "fit", ratings_file, "--out", model, "--rank"]
    subprocess.run([*fit, "3"], check=True, capture_output=True)
    service = Service(model)
    write(ratings_file, "new,1,5")
    subprocess.run([*fit, "2"], check=True, capture_output=True)
    service.process.send_signal(signal.SIGHUP)
    until("the new model serves", lambda: service.json("/v1/models")["active"] == "v2")
    assert service.json("/v1/models")["models"][-1]["params"]["rank"] == 2 and ratings(service, "new") == 1
    service.stop()


def test_an_end_of_the_terminal_ends_the_service(tmp_path):
    """A hang-up that comes because the terminal was closed is not a request to reload."""
    import os, pty

    path = tmp_path / "ratings.csv"
    write(path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [str(PROGRAM), "serve", str(path), "--rank", "2", "--listen", "127.0.0.1:0"])
    text = b""
    while b"All endpoints" not in text:
        text += os.read(terminal, 4096)
    os.close(terminal)
    deadline = time.monotonic() + 20
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "it goes on without a terminal"
        time.sleep(0.05)
