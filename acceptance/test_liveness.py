"""What hangs: a worker is replaced, a supervisor hangs no command, and what only waits is left alone."""
import json, os, signal, socket, subprocess, threading, time

import pytest

from conftest import PROGRAM
from notebooks import is_alive, within, write
from services import ask, machine
from test_deploy import SPECIFICATION, notebooks


def wait_in_time(machine, *args):
    """A command that must not hang: its exit code, what it printed, and how long it took."""
    begun = time.monotonic()
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, env=machine.environment, timeout=20)
    return done.returncode, done.stdout + done.stderr, time.monotonic() - begun


def test_what_hangs_is_replaced_and_what_is_paused_or_busy_is_not(notebooks):
    path = write(notebooks.folder / "kernels.ipynb", SPECIFICATION, "import os", "# GET /pid\nprint(os.getpid())")
    gateway = json.loads(notebooks.run("deploy", path, "--json"))
    hung = notebooks.deploy("hung", replicas=2)
    paused, busy = notebooks.deploy("paused"), notebooks.deploy("busy", cpu=0.25)
    stopped = [gateway["pids"][0], hung["pids"][0]]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    # The machine stands still for one service: neither its supervisor nor its worker runs.
    for pid in [paused["supervisor"], *paused["pids"]]:
        os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + 14

    def fit():
        while time.monotonic() < until:
            ask(busy["url"] + "/recompute_svd?param=150", "POST", timeout=60)
    fitting = [threading.Thread(target=fit) for _ in range(3)]
    for thread in fitting:
        thread.start()
    within(20, lambda: not any(map(is_alive, stopped)))
    for pid in [*paused["pids"], paused["supervisor"]]:
        os.kill(pid, signal.SIGCONT)
    for name, replicas in [("kernels", 1), ("hung", 2)]:
        within(10, lambda: notebooks.service(name)["ready"] == replicas)
        found = notebooks.service(name)
        assert (found["state"], found["restarts"]) == ("running", 1)
        assert found["message"] == "it was hung: it said nothing for 9 s and was ended"
    assert ask(gateway["url"] + "/pid")[0] == 200
    for thread in fitting:
        thread.join()
    time.sleep(4)
    for service in [paused, busy]:
        found = notebooks.service(service["name"])
        assert (found["pids"], found["restarts"], found["message"]) == (service["pids"], 0, None)


def test_a_hung_supervisor_hangs_no_command_and_nothing_is_left_to_be_done(machine):
    other, third = machine.deploy("others"), machine.deploy("third")
    machine.deploy("films", rank=11)
    machine.deploy("films")
    within(15, lambda: len(machine.service("films")["pids"]) == 1)
    service = machine.service("films")
    supervisor = service["supervisor"]
    for pid in [supervisor, third["supervisor"]]:
        os.kill(pid, signal.SIGSTOP)
    asked = {
        "deploy": ["deploy", machine.specification("films", rank=12)],
        "rollback": ["rollback", "films"],
        "stop": ["stop", "films"],
    }
    answers = {}
    threads = [threading.Thread(target=lambda k=k, a=a: answers.update({k: wait_in_time(machine, *a)})) for k, a in asked.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, (code, said, seconds) in answers.items():
        assert code == 1 and seconds < 8, (name, code, seconds)
        assert f"the supervisor of `films`, process {supervisor}, has said nothing for 5 s" in said and f"kill -9 {supervisor}" in said
    code, said, seconds = wait_in_time(machine, "services", "--json")
    listed = {entry["name"]: entry for entry in json.loads(said)}
    assert code == 0 and seconds < 8 and listed["others"]["state"] == "running"
    assert (listed["films"]["state"], listed["films"]["pids"]) == ("running", service["pids"])
    assert f"process {supervisor}" in listed["films"]["message"]
    for pid in [supervisor, third["supervisor"]]:
        os.kill(pid, signal.SIGCONT)
    within(5, lambda: machine.run("logs", "films").count("a request was dropped, because its client is gone") == 4)
    found = machine.service("films")
    assert (found["state"], found["revision"], found["pids"]) == ("running", 2, service["pids"])
    # What the message names is a way out.
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    assert machine.deploy("films", rank=12)["revision"] == 3
    assert machine.service("others")["pids"] == other["pids"]


def test_a_deployment_that_takes_long_is_waited_for(notebooks):
    path = write(notebooks.folder / "slow.ipynb", SPECIFICATION, "import time\ntime.sleep(7)", "# GET /x\nprint(1)")
    assert json.loads(notebooks.run("deploy", path, "--json"))["state"] == "running"


def test_a_port_in_use_is_named_with_its_address(machine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = machine.run("deploy", machine.specification("films", port=port), code=1)
    assert f"cannot listen on 127.0.0.1:{port}" in refused and "--port" in refused
    assert machine.deploy("films", port=port)["url"] == f"http://127.0.0.1:{port}"
