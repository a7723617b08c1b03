"""Services under faults: kills at the birth of a worker, a full disk, records that cannot be read, what failed and is left."""
import json, os, pathlib, random, signal, subprocess, time

import pytest

from conftest import PROGRAM
from notebooks import is_alive, within
from services import Load, ask, machine


def processes(folder):
    """The processes of a service: id and whether it is still being launched, by their environment."""
    wanted = f"FORETASTE_SERVICE={folder}".encode()
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if wanted not in file.read().split(b"\0"):
                    continue
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                found[int(pid)] = b"launch" in file.read().split(b"\0")
        except OSError:
            pass
    return {pid: launching for pid, launching in found.items() if is_alive(pid)}


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
        with open(fill, "wb", buffering=0) as file:
            for size in [4096, 1]:
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
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


@pytest.mark.parametrize("junk", ["{", "", "[]", "\x00\xff", '{"name": 7}'])
def test_a_record_that_cannot_be_read_is_named_and_the_others_stay_usable(machine, junk):
    machine.deploy("others")
    service = machine.deploy("films")
    record = machine.folder / "s" / "films" / "service.json"
    os.kill(service["supervisor"], signal.SIGKILL)
    record.write_text(junk)
    done = subprocess.run([PROGRAM, "services", "--json"], capture_output=True, text=True, env=machine.environment)
    # A supervisor that knew the service already has written it anew; else it is named.
    if [entry["name"] for entry in json.loads(done.stdout)] == ["others"]:
        assert "films: " in done.stderr
    assert ask(service["url"] + "/readyz")[0] == 200
    assert machine.deploy("others", rank=12)["state"] == "running"
    assert machine.deploy("films", rank=12)["state"] == "running"
    folder = record.parent
    within(20, lambda: set(processes(folder)) == recorded(machine, "films"))
    machine.run("stop", "--all")
    assert processes(folder) == {}
