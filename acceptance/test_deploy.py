"""Services: limits seen from outside, redeployment under load, kills of every process, artefacts for elsewhere."""
import http.client, json, os, pathlib, shutil, signal, subprocess, sys, threading, time

import pytest
import yaml

from conftest import PROGRAM, ROOT, Service, medians, real_data
from notebooks import is_alive, within, write
from services import Load, ask, machine


def test_a_specification_becomes_a_service_and_ends_with_nothing_left(machine):
    machine.environment["SECRET"] = "x"
    service = machine.deploy("films", env="{A: 1}")
    environment = pathlib.Path(f"/proc/{service['pids'][0]}/environ").read_text().split("\0")
    assert "A=1" in environment and "SECRET=x" not in environment
    assert (service["name"], service["state"], service["revision"]) == ("films", "running", 1)
    assert ask(service["url"] + "/readyz")[0] == 200
    assert "films" in machine.run("services")
    assert "worker 1 is ready" in machine.run("logs", "films")
    stopped = json.loads(machine.run("stop", "films", "--json"))
    assert [entry["state"] for entry in stopped] == ["stopped"]
    within(2, lambda: not any(is_alive(pid) for pid in [*service["pids"], service["supervisor"]]))
    assert "does not run" in machine.run("stop", "films", code=4)
    # The same service again, on the same port.
    again = machine.deploy("films")
    assert (again["url"], again["revision"]) == (service["url"], 2)


def test_the_limits_are_visible_from_outside(machine):
    service = machine.deploy("films", cpu=0.5, memory="256MiB")
    (pid,) = service["pids"]
    groups = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    if service["memory_limit"].startswith("cgroup"):
        assert "/foretaste/films." in groups
        paths = [line.split(":", 2) for line in groups.splitlines() if "/foretaste/films." in line]
        found = {}
        for _, controllers, path in paths:
            for controller in controllers.split(",") or [""]:
                root = pathlib.Path("/sys/fs/cgroup") / controller
                folder = next(p for p in (root / path.lstrip("/"), root / "foretaste" / path.rsplit("/", 1)[1]) if p.exists())
                for name in ["memory.limit_in_bytes", "memory.max", "cpu.cfs_quota_us", "cpu.max", "pids.max"]:
                    if (folder / name).exists():
                        found[name] = (folder / name).read_text().strip()
        assert found.get("memory.limit_in_bytes", found.get("memory.max")) == str(256 << 20)
        assert found.get("cpu.cfs_quota_us", found.get("cpu.max", "").split()[:1]) in ("50000", ["50000"])
        assert found.get("pids.max", "4096") == "4096"
        assert "pids.max" in found or not any("pids" in line for line in groups.splitlines())
    else:
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert str(256 << 20) in next(line for line in limits.splitlines() if line.startswith("Max data size"))
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert next(line.split()[1] for line in status.splitlines() if line.startswith("Cpus_allowed_list")).isdigit()
    # Half a CPU: a second of work takes two.
    def used():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    if service["cpu_limit"].startswith("cgroup"):
        before, begun = used(), time.monotonic()
        while time.monotonic() - begun < 3:
            ask(service["url"] + "/recompute_svd?param=100", "POST")
        assert (used() - before) / (time.monotonic() - begun) < 0.65


def test_too_much_for_the_memory_fails_cleanly_while_the_neighbour_serves(machine):
    data = real_data("ml-1m")
    small = machine.deploy("small", data=data, memory="256MB", rank=10)
    neighbour = machine.deploy("neighbour")
    status, text = ask(small["url"] + "/recompute_svd?param=3000", "POST")
    assert status == 422 and json.loads(text)["code"] == "not_enough_memory", text
    assert ask(small["url"] + "/recommended?param=500", "POST")[0] == 200
    # What fits beside the model that serves is never refused for the older ones: those give way. Memory of earlier fits
    # goes back to the system.
    for rank in [300, 400, 401, 402, 403]:
        assert ask(small["url"] + f"/recompute_svd?param={rank}", "POST", timeout=60)[0] == 200
    kept = json.loads(ask(small["url"] + "/v1/models")[1])["models"]
    assert len(kept) < 5 and kept[-1]["version"] == "v6" and kept[-1]["active"], kept
    refused = machine.run("deploy", machine.specification("huge", data=data, memory="100MB", rank=2000), code=1)
    assert "needs" in refused and "deployment 1 did not get ready" in refused
    assert machine.service("huge")["state"] == "failed"
    assert machine.service("small")["restarts"] == 0
    assert ask(neighbour["url"] + "/recommended?param=3", "POST")[0] == 200


def test_the_kernel_ends_what_takes_more_than_its_memory_and_the_message_says_so(machine):
    service = machine.deploy("films", memory="64MB")
    if not service["memory_limit"].startswith("cgroup"):
        pytest.skip("no control group can be made here")
    (pid,) = service["pids"]
    group = next(line.split(":", 2)[2] for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines() if "/foretaste/films." in line and ("memory" in line or line.startswith("0::")))
    doors = [p for p in pathlib.Path("/sys/fs/cgroup").glob("**/cgroup.procs") if str(p.parent).endswith(group.rsplit("/", 2)[-2] + "/" + group.rsplit("/", 1)[1]) and "cpu/" not in str(p) and "/pids/" not in str(p)]
    hog = "import os\nopen(os.environ['DOOR'], 'w').write(str(os.getpid()))\nx = []\nwhile True: x.append(bytearray(os.urandom(1 << 20)))"
    done = subprocess.run(["python3", "-c", hog], env={**os.environ, "DOOR": str(doors[0])}, timeout=60)
    assert done.returncode != 0
    # The kernel takes whom it likes: if that was the hog alone, the service never noticed.
    within(10, lambda: machine.service("films")["state"] == "running")
    after = machine.service("films")
    assert after["restarts"] == 0 or "memory limit of 64 MB was hit" in after["message"]
    assert ask(after["url"] + "/readyz")[0] == 200


def test_fifty_redeployments_under_load_lose_no_request(machine):
    service = machine.deploy("films", cpu=2)
    with Load(service["url"], "/recommended?param=3") as load:
        for at in range(50):
            assert machine.deploy("films", rank=10 + at % 2, cpu=2)["revision"] == at + 2
    assert load.failures == [] and len(load.answers) > 500, (len(load.answers), load.failures[:5])
    within(15, lambda: len(machine.service("films")["pids"]) == 1)


def test_a_deployed_service_answers_as_fast_as_one_that_is_run_by_hand(machine):
    """Medians of 1,000, interleaved, over kept connections: nothing stands between a client and the workers."""
    by_hand = Service("demo", "--rank", 10)

    def asking(url):
        connection = http.client.HTTPConnection(url[7:])

        def ask_once():
            connection.request("POST", "/recommended?param=3")
            assert connection.getresponse().read()
        return ask_once

    taken = medians(1000, deployed=asking(machine.deploy("films")["url"]), by_hand=asking(by_hand.url))
    by_hand.stop()
    assert taken["deployed"] - taken["by_hand"] < 0.2, taken


def test_what_does_not_get_ready_leaves_the_old_one_in_place(machine):
    service = machine.deploy("films")
    with Load(service["url"], "/recommended?param=3") as load:
        refused = machine.run("deploy", machine.specification("films", rank=100_000), code=1)
    assert "deployment 2 did not get ready" in refused and "100000" in refused.replace(",", "")
    assert load.failures == [] and load.answers
    after = machine.service("films")
    assert (after["state"], after["revision"], after["pids"]) == ("running", 1, service["pids"])


def test_rollback_deploys_what_worked_before(machine):
    machine.deploy("films", rank=11)
    machine.deploy("films", rank=12)
    rolled = json.loads(machine.run("rollback", "films", "--json"))
    assert rolled["revision"] == 3
    assert json.loads(ask(rolled["url"] + "/v1/models")[1])["models"][0]["params"]["rank"] == 11
    assert "does not run" in machine.run("rollback", "nobody", code=4)


def test_a_killed_service_is_back_within_two_seconds_and_a_connection_waits_for_it(machine):
    service = machine.deploy("films")
    for _ in range(3):
        (pid,) = machine.service("films")["pids"]
        os.kill(pid, signal.SIGKILL)
        begun = time.monotonic()
        # The socket outlives the service: who connects now is answered late, and not refused.
        assert ask(service["url"] + "/readyz")[0] == 200
        assert time.monotonic() - begun < 2
        within(2, lambda: machine.service("films")["pids"] not in ([], [pid]))
    assert machine.service("films")["restarts"] == 3


def test_a_killed_supervisor_is_followed_within_a_second_and_no_request_is_lost(machine):
    service = machine.deploy("films", replicas=2)
    with Load(service["url"], "/recommended?param=3") as load:
        for _ in range(3):
            before = machine.service("films")
            os.kill(before["supervisor"], signal.SIGKILL)
            within(1, lambda: machine.service("films")["supervisor"] not in (None, before["supervisor"]))
            after = machine.service("films")
            assert after["pids"] == before["pids"], "the workers went on"
    assert load.failures == [] and load.answers
    # The one that followed looks after everything: a worker, a deployment, the end.
    os.kill(after["pids"][0], signal.SIGKILL)
    within(5, lambda: machine.service("films")["ready"] == 2)
    assert machine.deploy("films", rank=11)["state"] == "running"
    # It is not inside of what it limits.
    within(15, lambda: len(machine.service("films")["pids"]) == 1)
    service = machine.service("films")
    for pid in [service["supervisor"], *service["pids"]]:
        groups = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        assert all(line.count("/foretaste/") == (pid != service["supervisor"]) for line in groups if "/foretaste" in line), groups


def test_a_stop_goes_on_after_a_kill_of_the_supervisor_and_loses_no_request(notebooks):
    path = write(notebooks.folder / "slow.ipynb", SPECIFICATION, "import time", "# GET /slow\ntime.sleep(2)\nprint('done')")
    service = json.loads(notebooks.run("deploy", path, "--json"))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(service["url"] + "/slow")))
    asking.start()
    time.sleep(0.3)
    stop = subprocess.Popen([PROGRAM, "stop", "slow"], stderr=subprocess.DEVNULL, env=notebooks.environment)
    within(1, lambda: notebooks.service("slow")["state"] == "stopping")
    os.kill(service["supervisor"], signal.SIGKILL)
    assert stop.wait() == 0
    within(10, lambda: notebooks.service("slow")["state"] == "stopped")
    asking.join()
    assert answers == [(200, "done\n")]
    assert not any(is_alive(pid) for pid in service["pids"])


def test_after_a_kill_of_everything_the_service_can_be_deployed_again(machine):
    service = machine.deploy("films")
    for pid in [service["supervisor"], *service["pids"]]:
        os.kill(pid, signal.SIGKILL)
    within(3, lambda: machine.service("films")["state"] == "failed")
    again = machine.deploy("films")
    assert again["state"] == "running" and again["url"] == service["url"]


def test_what_cannot_be_deployed_is_named(machine):
    for keys, code, says in [
        ({"cpu": 4096}, 2, "this machine has"),
        ({"memory": "900TB"}, 2, "this machine has"),
        ({"memry": "5MB"}, 3, "memry"),
        ({"image": "scipy"}, 2, "runs notebooks"),
        ({"data": None}, 2, "`data` is missing"),
        ({"env": '{"": x}'}, 3, "no name of a variable"),
        ({"env": '{"A=B": x}'}, 3, "no name of a variable"),
        ({"env": '{A: "x\\0y"}'}, 3, "NUL"),
        ({"foretaste": "v9"}, 3, "expected `titan: v1` or `foretaste: v1`"),
    ]:
        assert says in machine.run("deploy", machine.specification("films", **keys), code=code), keys
    assert machine.run("services") == "no services\n"


def emitted(machine, artefact, **keys):
    specification = machine.specification("films", cpu=1.5, replicas=2, env='{A: "1"}', **keys)
    return machine.run("deploy", specification, "--emit", artefact)


def test_the_kubernetes_manifests_are_valid(machine):
    import kubernetes_validate

    documents = list(yaml.safe_load_all(emitted(machine, "kubernetes")))
    assert [document["kind"] for document in documents] == ["Deployment", "Service"]
    for document in documents:
        kubernetes_validate.validate(document, "1.33", strict=True)


def test_the_compose_file_is_valid(machine):
    text = emitted(machine, "compose")
    service = yaml.safe_load(text)["services"]["films"]
    assert service["deploy"]["resources"]["limits"] == {"cpus": "1.5", "memory": "256000000b"}
    file = machine.folder / "compose.yaml"
    file.write_text(text)
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file]
    checked = subprocess.run(check, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        subprocess.run(["docker", "compose", "-f", file, "config", "-q"], check=True)


def test_the_dockerfile_is_clean(machine):
    hadolint = pathlib.Path(sys.executable).with_name("hadolint")
    checked = subprocess.run([hadolint, "-"], input=emitted(machine, "dockerfile"), capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_systemd_unit_is_valid(machine):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    unit = machine.folder / "films.service"
    unit.write_text(emitted(machine, "systemd"))
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    complaints = [line for line in checked.stderr.splitlines() if "films" in line]
    assert complaints == [], checked.stderr


@pytest.fixture
def notebooks(machine):
    """The machine with a table of images, and the tutorial's data where downloads would be."""
    table = machine.folder / "images.yaml"
    table.write_text(f"scipy: {sys.executable}\n")
    cache = machine.folder / "cache"
    cache.mkdir()
    (cache / "ml-1m").symlink_to(real_data("ml-1m"))
    machine.environment |= {"FORETASTE_IMAGES": str(table), "FORETASTE_CACHE": str(cache)}
    return machine


def test_the_tutorials_notebook_deploys_and_lists_the_tutorials_titles(notebooks):
    from test_tutorial import USER_400, USER_500

    service = json.loads(notebooks.run("deploy", ROOT / "examples" / "tutorial.ipynb", "--json"))
    assert (service["name"], service["cpu"], service["memory_bytes"]) == ("tutorial", 2.0, 1_024_000_000)
    assert ask(service["url"] + "/recommended?param=500", "POST")[1] == USER_500
    assert ask(service["url"] + "/recommended?param=400", "POST")[1] == USER_400
    assert ask(service["url"] + "/viewed?param=500", "POST")[0] == 200
    assert ask(service["url"] + "/recompute_svd?param=10", "POST", timeout=60)[1] == "10\n"
    assert json.loads(ask(service["url"] + "/metrics")[1])["requests"] == 1


@pytest.mark.parametrize("specification", [
    "# Demo\n```yaml\ntitan: v1\nimage: scipy\ncpu: 1\nmemory: 512MB\n```",
    "A fence after a space:\n ```yaml\ntitan: v1\nservice:\n  image: scipy\n  machine:\n    cpu: 1\n    memory: 512MB\n ```\nand more",
])
def test_either_shape_of_specification_in_a_notebook_deploys_with_prints_and_a_mocked_request(notebooks, specification):
    path = write(
        notebooks.folder / "shapes.ipynb", "md:" + specification,
        "import json, os\nREQUEST = json.dumps({'body': '', 'args': {'q': ['mock']}})",
        "# GET /q\nrequest = json.loads(REQUEST)\nprint(request['args']['q'][0], os.environ['OMP_NUM_THREADS'])",
    )
    service = json.loads(notebooks.run("deploy", path, "--json"))
    assert (service["cpu"], service["memory_bytes"]) == (1.0, 512_000_000)
    assert ask(service["url"] + "/q?q=real") == (200, "real 1\n")


SPECIFICATION = "md:```yaml\ntitan: v1\nimage: scipy\ncpu: 1\nmemory: 512MB\n```"


def test_a_notebook_that_fails_to_start_is_a_failed_deploy_with_its_traceback(notebooks):
    path = write(notebooks.folder / "broken.ipynb", SPECIFICATION, "1 / 0", "# GET /x\nprint(1)")
    said = notebooks.run("deploy", path, code=1)
    assert "ZeroDivisionError" in said and "did not get ready" in said
    assert notebooks.service("broken")["state"] == "failed"


def test_kills_of_a_notebooks_kernel_gateway_and_supervisor_are_made_good_and_leave_nothing(notebooks):
    path = write(notebooks.folder / "kernels.ipynb", SPECIFICATION, "import os", "# GET /pid\nprint(os.getpid())")
    service = json.loads(notebooks.run("deploy", path, "--json"))

    def kernel():
        status, text = ask(service["url"] + "/pid")
        return int(text) if status == 200 else None

    first = kernel()
    os.kill(first, signal.SIGKILL)
    within(10, lambda: kernel() not in (None, first))
    second, (gateway,) = kernel(), notebooks.service("kernels")["pids"]
    os.kill(gateway, signal.SIGKILL)
    within(2, lambda: not is_alive(second))
    within(15, lambda: kernel() not in (None, second))
    supervisor = notebooks.service("kernels")["supervisor"]
    os.kill(supervisor, signal.SIGKILL)
    within(1, lambda: notebooks.service("kernels")["supervisor"] not in (None, supervisor))
    third = kernel()
    notebooks.run("stop", "kernels")
    within(2, lambda: not is_alive(third))
