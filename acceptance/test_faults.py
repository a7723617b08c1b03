"""Services under faults: kills at the birth of a worker, a full disk, records that cannot be read, what failed and is left."""
import json, os, pathlib, random, signal, subprocess, time

import pytest

from conftest import PROGRAM
from notebooks import is_alive, within, write
import services
from services import Load, ask, machine, processes
from test_deploy import SPECIFICATION, notebooks


def recorded(machine, name):
    record = json.loads((machine.folder / "s" / name / "service.json").read_text())
    return {worker["pid"] for worker in record["workers"]}


def test_a_supervisor_that_is_killed_at_the_birth_of_a_worker_leaves_none_that_is_not_recorded(machine):
    service = machine.deploy("films")
    folder, seed = machine.folder / "s" / "films", random.Random(20261127)
    hits = 0
    for at in range(12):
        within(5, lambda: is_alive(machine.service("films")["supervisor"] or 0))
        before = processes(folder)
        supervisor = machine.service("films")["supervisor"]
        path = machine.specification("films", rank=10 + at % 2)
        deploying = subprocess.Popen([PROGRAM, "deploy", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=machine.environment)
        # From the moment that the new process is there until a little after it runs.
        within(10, lambda: set(processes(folder)) - set(before))
        time.sleep(seed.uniform(0, 0.01))
        hits += any(processes(folder).values())
        os.kill(supervisor, signal.SIGKILL)
        deploying.wait(timeout=60)
        within(5, lambda: set(processes(folder)) == recorded(machine, "films"))
        assert ask(service["url"] + "/readyz")[0] == 200
    assert hits > 0, "no kill came while a worker was being launched"
    machine.run("stop", "films")
    assert processes(folder) == {}
    with pytest.raises(OSError):
        ask(service["url"] + "/healthz")


def test_a_worker_that_the_record_does_not_name_ends(machine):
    service = machine.deploy("films", replicas=2)
    path = machine.folder / "s" / "films" / "service.json"
    record = json.loads(path.read_text())
    forgotten = record["workers"].pop()["pid"]
    os.kill(service["supervisor"], signal.SIGSTOP)
    path.write_text(json.dumps(record))
    os.kill(service["supervisor"], signal.SIGKILL)
    within(5, lambda: not is_alive(forgotten))
    within(5, lambda: machine.service("films")["ready"] == 2)
    assert set(processes(path.parent)) == recorded(machine, "films")


@pytest.fixture
def small_disk(machine):
    """A state folder on a disk of 128 KiB, and what fills and clears it."""
    state = machine.folder / "s"
    state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", state], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    fill = state / "fill"

    def filled(is_full):
        if not is_full:
            return fill.unlink()
        services.fill(fill)
    yield filled
    subprocess.run([PROGRAM, "stop", "--all"], env=machine.environment, capture_output=True)
    subprocess.run(["umount", "-l", state], check=True)
    state.rmdir()


def test_a_full_disk_is_a_state_and_not_an_end(machine, small_disk):
    service = machine.deploy("films")
    folder = machine.folder / "s" / "films"
    with Load(service["url"], "/recommended?param=3") as load:
        small_disk(True)
        refused = machine.run("deploy", machine.specification("films", rank=12), code=1)
        assert "deployment 2 is refused: the record cannot be written: No space left on device" in refused
        within(5, lambda: set(processes(folder)) == set(service["pids"]))
        listed = machine.service("films")
        assert (listed["state"], listed["revision"], listed["supervisor"]) == ("running", 1, service["supervisor"])
        assert "No space left on device" in listed["message"]
        small_disk(False)
        within(5, lambda: machine.service("films")["message"] is None)
        assert machine.deploy("films", rank=12)["state"] == "running"
        # A supervisor that is killed on a full disk is followed without a storm of them.
        small_disk(True)
        os.kill(service["supervisor"], signal.SIGKILL)
        within(5, lambda: machine.service("films")["supervisor"] not in (None, service["supervisor"]))
        first = int(pathlib.Path("/proc/loadavg").read_text().split()[-1])
        time.sleep(2)
        assert int(pathlib.Path("/proc/loadavg").read_text().split()[-1]) - first < 200
    assert load.failures == [] and load.answers
    stopped = json.loads(machine.run("stop", "films", "--json"))
    assert stopped[0]["state"] == "stopped" and processes(folder) == {}


def test_a_corrected_specification_can_be_deployed_right_after_one_that_failed(machine):
    for at in range(6):
        name = f"race{at}"
        machine.run("deploy", machine.specification(name, rank=100_000), code=1)
        assert machine.deploy(name)["state"] == "running"
        machine.run("stop", name)


def test_what_failed_can_be_stopped_and_removed(machine):
    machine.run("deploy", machine.specification("films", rank=100_000), code=1)
    within(5, lambda: machine.service("films")["state"] == "failed")
    assert json.loads(machine.run("stop", "films", "--json"))[0]["state"] == "stopped"
    assert "does not run" in machine.run("stop", "films", code=4)
    machine.run("remove", "films")
    assert json.loads(machine.run("services", "--json")) == [] and not (machine.folder / "s" / "films").exists()
    assert "does not run" in machine.run("remove", "films", code=4)
    service = machine.deploy("films")
    assert "`foretaste stop films` first" in machine.run("remove", "films", code=1)
    assert ask(service["url"] + "/readyz")[0] == 200


JUNK = ["{", "", "[]", "\x00\xff", '{"name": 7}']


@pytest.mark.parametrize("junk", JUNK)
def test_a_record_that_cannot_be_read_is_rebuilt_with_the_processes_that_live(machine, junk):
    machine.deploy("others")
    service = machine.deploy("films", replicas=2)
    folder = machine.folder / "s" / "films"
    # A worker that crashed and was started again, so that the last state is that of one write alone.
    os.kill(service["pids"][0], signal.SIGKILL)
    within(10, lambda: service["pids"][0] not in machine.service("films")["pids"] and machine.service("films")["ready"] == 2)
    service = machine.service("films")
    os.kill(service["supervisor"], signal.SIGKILL)
    (folder / "service.json").write_text(junk)
    within(5, lambda: machine.service("films")["supervisor"] not in (None, service["supervisor"]))
    found = machine.service("films")
    assert [found[key] for key in ["state", "revision", "url", "ready"]] == ["running", 1, service["url"], 2]
    assert sorted(found["pids"]) == sorted(service["pids"]) and set(processes(folder)) == recorded(machine, "films")
    assert ask(service["url"] + "/readyz")[0] == 200
    assert machine.deploy("others", rank=12)["state"] == "running"
    assert machine.deploy("films", rank=12)["revision"] == 2
    within(20, lambda: set(processes(folder)) == recorded(machine, "films"))
    machine.run("stop", "--all")
    assert processes(folder) == {}


@pytest.mark.parametrize("at_once", [True, False])
def test_of_a_service_of_which_nothing_can_be_read_nothing_is_left(machine, at_once):
    machine.deploy("others")
    service = machine.deploy("films", replicas=2)
    folder = machine.folder / "s" / "films"
    # No follower gets ahead of the junk.
    for pid in service["pids"]:
        os.kill(pid, signal.SIGSTOP)
    os.kill(service["supervisor"], signal.SIGKILL)
    for name in ["service.json", "service.json.copy"]:
        (folder / name).write_text("{")
    for pid in service["pids"]:
        os.kill(pid, signal.SIGCONT)
    if not at_once:
        within(5, lambda: processes(folder) == {})
        within(5, lambda: machine.service("films")["state"] == "failed")
        assert "could not be read: it was set aside" in machine.service("films")["message"]
    assert json.loads(machine.run("stop", "films", "--json"))[0]["state"] == "stopped"
    assert processes(folder) == {}
    with pytest.raises(OSError):
        ask(service["url"] + "/healthz")
    assert machine.deploy("films")["state"] == "running" and machine.service("others")["state"] == "running"


def test_what_answered_between_its_ends_is_started_again_at_once(machine):
    machine.deploy("films")
    for at in range(4):
        within(5, lambda: machine.service("films")["ready"] == 1)
        time.sleep(1.2)
        (pid,) = machine.service("films")["pids"]
        os.kill(pid, signal.SIGKILL)
        within(5, lambda: machine.service("films")["restarts"] == at + 1)
    pauses = [line.split()[-2] for line in machine.run("logs", "films", "--lines", 500).splitlines() if "started again in" in line]
    assert pauses == ["100"] * 4


def test_what_a_failed_deployment_has_printed_commands_no_terminal(notebooks):
    path = write(notebooks.folder / "broken.ipynb", SPECIFICATION, "raise SystemError('\\x1b[2Jcleared\\x07')", "# GET /x\nprint(1)")
    said = notebooks.run("deploy", path, code=1)
    assert "cleared" in said and "did not get ready" in said and not any(sign in said for sign in "\x1b\x07")


def test_a_process_that_left_its_group_ends_with_its_worker(machine):
    service = machine.deploy("films")
    pid = service["pids"][0]
    environment = dict(part.split("=", 1) for part in pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0") if part)
    left = subprocess.Popen(["sleep", "60"], env=environment, start_new_session=True)
    os.kill(pid, signal.SIGKILL)
    assert left.wait(timeout=5) == -signal.SIGKILL
    within(5, lambda: machine.service("films")["ready"] == 1)
