"""A notebook's cells as HTTP endpoints: where the service is better than compatible."""
import http.client, json, os, re, signal, subprocess, sys, threading, time
import urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import PROGRAM, ROOT, medians, real_data, run
from notebooks import Notebook, is_alive, kernels_of, within, write
from test_tutorial import USER_400, USER_500

CELLS = [
    "import json, os, time\ncount = 0",
    "# POST /echo\nprint(json.dumps(json.loads(REQUEST)['body']))",
    "# POST /decoded-twice\nrequest = json.loads(REQUEST)\nprint(json.loads(request['body'])['a'])",
    "# POST /decoded-once\nrequest = json.loads(REQUEST)\nprint(request['body']['a'])",
    "# GET /count\ncount += 1\nprint(count)",
    "# GET /pid\nprint(os.getpid())",
    "# GET /sleep/{seconds}\ntime.sleep(float(json.loads(REQUEST)['path']['seconds']))\nprint('slept')",
    "# GET /stubborn\nwhile True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass",
    "# GET /exit\nos._exit(3)",
    "# GET /info/text\nprint('x')",
    "# ResponseInfo GET /info/text\nprint('no JSON')",
    "# GET /info/status\nprint('x')",
    "# ResponseInfo GET /info/status\nprint(json.dumps({'status': 999}))",
    "# GET /info/error\nprint('x')",
    "# ResponseInfo GET /info/error\nraise ValueError('broken')",
    "# GET /input\ninput()",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("notebook") / "better.ipynb", *CELLS)


@pytest.fixture(scope="module")
def served(file):
    service = Notebook(file, "--time-out", 60)
    yield service
    service.stop()


def reason(reply):
    status, _, text = reply
    return status, json.loads(text)["reason"], json.loads(text)["message"]


def test_json_with_a_charset_is_parsed(served):
    reply = served.call("/echo", "POST", b'{"a": [1]}', content_type="application/json; charset=utf-8")
    assert json.loads(reply[2]) == {"a": [1]}
    assert json.loads(served.call("/echo", "POST", b"{a", content_type="application/json")[2]) == "{a"


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_cell_may_use_the_body_as_an_object_or_decode_it_itself(served, kind):
    assert served.call("/decoded-once", "POST", {"a": 1})[2] == "1\n"
    assert served.call("/decoded-twice", "POST", b'{"a": 1}', content_type=kind)[2] == "1\n"


def test_forms_become_objects_of_lists(served):
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    assert json.loads(served.call("/echo", "POST", b"a=1&a=2&b=", content_type=kind)[2]) == {"a": ["1", "2"], "b": [""]}
    part = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n%s\r\n'
    body = (part % "1" + part % "é" + "--B--\r\n").encode()
    assert json.loads(served.call("/echo", "POST", body, content_type="multipart/form-data; boundary=B")[2]) == {
        "a": ["1", "é"]}
    assert reason(served.call("/echo", "POST", b"x", content_type="multipart/form-data"))[0] == 400


def test_one_kernel_shares_its_state_and_several_do_not(served, file):
    first = int(served.get("/count"))
    assert [int(served.get("/count")) for _ in range(2)] == [first + 1, first + 2]
    several = Notebook(file, "--kernels", 2)
    assert [several.get("/count") for _ in range(4)] == ["1\n", "1\n", "2\n", "2\n"]
    several.stop()


@pytest.mark.parametrize("path, expected", [
    ("/info/text", "it printed \"no JSON\\n\", expected JSON"), ("/info/status", "the status is 999, allowed are 200 to 599")])
def test_invalid_response_info_is_a_500_that_says_so(served, path, expected):
    status, name, message = reason(served.call(path))
    assert (status, name) == (500, "Internal Server Error") and expected in message, message


def test_an_error_in_response_info_is_the_cells_error(served):
    assert served.call("/info/error")[::2] == (500, "Error ValueError: broken")


def test_head_is_answered_where_get_is(served):
    status, headers, text = served.call("/pid", "HEAD")
    assert (status, text) == (200, "") and int(headers["content-length"]) > 1


def test_a_cell_cannot_wait_for_input(served):
    status, _, text = served.call("/input")
    assert status == 500 and text.startswith("Error StdinNotImplementedError: ")


def test_openapi_3_is_served_beside_swagger(served):
    document = json.loads(served.get("/openapi.json"))
    assert document == json.loads(served.get("/_api/spec/openapi.json"))
    operation = document["paths"]["/sleep/{seconds}"]["get"]
    assert document["openapi"].startswith("3.") and operation["parameters"][0]["name"] == "seconds"
    assert set(operation["responses"]) == {"200", "500", "502", "503", "504"}


def test_health_readiness_and_metrics_are_served_where_the_notebook_has_none(served):
    for path, expected in [("/healthz", "ok"), ("/readyz", "ready"), ("/_api/health", "ok"), ("/_api/ready", "ready")]:
        assert json.loads(served.get(path)) == {"status": expected}
    served.get("/pid")
    for path in ["/metrics", "/_api/metrics"]:
        text = served.get(path)
        for name in ['http_replies_total{status="200"}', "endpoint_seconds_count", "kernels_alive 1",
                     "kernels_lost_total 0", "waiting 0"]:
            assert f"foretaste_notebook_{name}" in text, text


def test_a_path_of_the_notebook_goes_before_the_services_own(tmp_path):
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /metrics\nprint('mine')", "# GET /:any\nprint('any')"))
    assert (service.get("/metrics"), service.get("/healthz")) == ("mine\n", "any\n")
    assert json.loads(service.get("/_api/health")) == {"status": "ok"}
    service.stop()


def test_a_second_address_has_health_and_figures_whatever_the_notebook_answers(tmp_path):
    keys = tmp_path / "keys.json"
    key = run("keys", "add", "me", "--role", "read", "--keys", keys).strip()
    file = write(tmp_path / "n.ipynb", "# GET /metrics\nprint('mine')", "# GET /mine\nprint('mine')")
    service = Notebook(file, "--keys", keys, "--admin-listen", "127.0.0.1:0")
    second = re.search(r"health and metrics also on (\S+)", service.process.stdout.readline())[1]

    def status(path, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(second + path, headers=headers), timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    mine = {"Authorization": f"Bearer {key}"}
    assert status("/healthz")[0] == status("/_api/ready")[0] == 200
    assert status("/metrics")[0] == 401 and "foretaste_" in status("/metrics", **mine)[1]
    assert service.get("/metrics", **mine) == "mine\n"
    assert status("/mine", **mine)[0] == 404
    service.stop()


def test_files_in_public_beside_the_notebook_are_served(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "page.html").write_text("<p>hello")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public" / "link.txt").symlink_to(tmp_path / "secret.txt")
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /a\nprint(1)"))
    status, headers, text = service.call("/public/page.html")
    assert (status, headers["content-type"], text) == (200, "text/html; charset=utf-8", "<p>hello")
    for path in ["/public/link.txt", "/public/../secret.txt", "/public/%2e%2e/secret.txt", "/public/none", "/public/"]:
        assert service.call(path)[0] == 404, path
    service.stop()


def test_a_request_that_takes_too_long_is_504_and_the_kernel_goes_on(file):
    service = Notebook(file, "--time-out", 1)
    first = service.get("/count")
    begun = time.monotonic()
    status, name, message = reason(service.call("/sleep/60"))
    assert (status, name) == (504, "Gateway Timeout") and "longer than the 1 s allowed" in message
    assert time.monotonic() - begun < 2
    assert int(service.get("/count")) == int(first) + 1, "the kernel was interrupted, not replaced"
    service.stop()


def test_a_cell_that_cannot_be_interrupted_costs_the_kernel(file):
    service = Notebook(file, "--time-out", 1)
    before, again = service.get("/pid"), service.get("/count")
    assert service.call("/stubborn")[0] == 504
    within(10, lambda: service.call("/pid")[0] == 200 and service.get("/pid") != before)
    assert service.get("/count") == again == "1\n", "the new kernel was seeded"
    service.stop()


def test_a_full_queue_is_503_with_retry_after(file):
    service = Notebook(file, "--queue", 1)
    with ThreadPoolExecutor(2) as threads:
        slow = [threads.submit(service.get, "/sleep/2") for _ in range(2)]
        within(5, lambda: "notebook_waiting 1" in service.get("/_api/metrics"))
        begun = time.monotonic()
        refused = service.call("/pid")
        assert time.monotonic() - begun < 0.5 and refused[1]["retry-after"] == "1"
        status, name, message = reason(refused)
        assert (status, name) == (503, "Service Unavailable") and "1 requests wait" in message
        assert [future.result() for future in slow] == ["slept\n"] * 2
    service.stop()


def test_a_killed_kernel_is_noticed_restarted_and_seeded_within_five_seconds(file):
    service = Notebook(file)
    pid = int(service.get("/pid"))
    service.get("/count")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: (service.call("/sleep/60"), time.monotonic()))
        time.sleep(1)
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        reply, answered = waiting.result()
    status, name, message = reason(reply)
    assert (status, name) == (502, "Bad Gateway") and "it was ended by signal 9" in message
    assert answered - killed < 0.5
    # Who comes meanwhile waits for the new kernel.
    assert service.get("/count") == "1\n", "the new kernel was seeded"
    took = time.monotonic() - killed
    print(f"back after {took:.2f} s")
    assert took < 5
    assert "kernels_lost_total 1" in service.get("/metrics")
    service.stop()


def test_an_idle_kernel_that_is_killed_is_replaced_before_anyone_asks(file):
    service = Notebook(file)
    pid = int(service.get("/pid"))
    os.kill(pid, signal.SIGKILL)
    within(1, lambda: service.call("/readyz")[0] == 503)
    within(10, lambda: service.call("/readyz")[0] == 200)
    assert int(service.get("/pid")) != pid
    service.stop()


def test_a_cell_that_ends_its_kernel_is_502(file):
    service = Notebook(file)
    status, _, message = reason(service.call("/exit"))
    assert status == 502 and "it ended with status 3" in message
    assert service.get("/count") == "1\n"
    service.stop()


def test_a_client_that_leaves_does_not_harm_the_next(served):
    connection = http.client.HTTPConnection(served.url[7:])
    connection.request("GET", "/sleep/1")
    time.sleep(0.2)
    connection.close()
    assert served.get("/sleep/0") == "slept\n"


@pytest.mark.parametrize("language", ["python", "bash"])
def test_kill_9_of_the_service_leaves_no_kernel(tmp_path, language):
    busy = {"python": "while True: pass", "bash": "while true; do :; done"}[language]
    service = Notebook(write(tmp_path / "n.ipynb", f"# GET /busy\n{busy}", language=language, kernel="bash"),
                       "--kernels", 2, JUPYTER_PATH=str(bash(tmp_path)))
    kernels = kernels_of(service.process.pid)
    assert len(kernels) == 2
    threading.Thread(target=lambda: quietly(service.get, "/busy"), daemon=True).start()
    time.sleep(0.5)
    service.process.kill()
    service.process.wait()
    took = within(5, lambda: not any(map(is_alive, kernels)))
    print(f"gone after {took:.2f} s")


def quietly(call, *args):
    try:
        call(*args)
    except Exception:
        pass


def test_a_stop_lets_a_request_finish_and_leaves_no_kernel(file):
    service = Notebook(file)
    kernels = kernels_of(service.process.pid)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(service.get, "/sleep/2")
        time.sleep(0.5)
        service.stop()
        assert slow.result() == "slept\n"
    within(1, lambda: not any(map(is_alive, kernels)))


def fails(file, *args, code, python=sys.executable, **environment):
    command = [PROGRAM, "notebook", file, *(["--python", python] if python else []), *args, "--listen", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
    assert done.returncode == code, done.stderr
    return done.stderr


def test_a_cell_that_fails_at_the_start_shows_its_traceback(tmp_path):
    file = write(tmp_path / "n.ipynb", "md:# Title", "x = 1", "def f():\n    raise ValueError('broken')\nf()",
                 "# GET /a\nprint(1)")
    error = fails(file, code=3)
    assert "cell 3 failed at the start: ValueError: broken" in error
    assert "Traceback (most recent call last)" in error and "in f()" in error and "\x1b" not in error


def test_a_notebook_that_cannot_be_served_is_refused_with_its_cell(tmp_path):
    assert "none of the 2 cells is an endpoint" in fails(write(tmp_path / "n.ipynb", "x = 1", "md:# GET /a"), code=3)
    assert "cell 2: `GET /:a/:a`" in fails(write(tmp_path / "n.ipynb", "x = 1", "# GET /:a/:a"), code=3)
    (tmp_path / "old.ipynb").write_text('{"nbformat": 2}')
    assert "version 2.0, allowed are 3 and 4.0 to 4.5" in fails(tmp_path / "old.ipynb", code=3)
    assert "cannot read the notebook" in fails(tmp_path / "none.ipynb", code=3)


def test_a_python_without_ipykernel_is_told(tmp_path):
    file = write(tmp_path / "n.ipynb", "# GET /a\nprint(1)")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named ipykernel_launcher >&2\nexit 1\n")
    python.chmod(0o755)
    said = fails(file, code=1, python=python)
    assert "No module named ipykernel_launcher" in said and f"`{python} -m pip install ipykernel` installs it" in said, said
    assert "there is no interpreter at" in fails(file, code=2, python=tmp_path / "none")


def test_a_kernel_that_is_not_installed_is_told_with_those_that_are(tmp_path):
    file = write(tmp_path / "n.ipynb", "# GET /a\nprint(1)", language="klingon", kernel="iklingon")
    error = fails(file, code=1, python=None, JUPYTER_PATH=str(bash(tmp_path)))
    assert "`iklingon` for klingon is not installed; installed are:" in error and "bash" in error


def installed(folder, name, **spec):
    """A Jupyter data folder with a kernel of that name."""
    place = folder / "data" / "kernels" / name
    place.mkdir(parents=True)
    spec["argv"] = [sys.executable, "-m", *spec["argv"], "-f", "{connection_file}"]
    (place / "kernel.json").write_text(json.dumps({"display_name": name, **spec}))
    return folder / "data"


def bash(folder):
    pytest.importorskip("bash_kernel")
    return installed(folder, "bash", argv=["bash_kernel"], language="bash", env={"PS1": "$"})


def test_any_installed_kernel_serves(tmp_path):
    file = write(tmp_path / "n.ipynb", "greeting=hello", "# GET /hello/:name\necho $greeting; echo \"$REQUEST\"",
                 language="bash", kernel="bash")
    service = Notebook(file, python=None, JUPYTER_PATH=str(bash(tmp_path)))
    name = "$(touch harm) `touch harm` \"'; touch harm #\\"
    path = "/hello/" + "".join(f"%{byte:02x}" for byte in name.encode())
    status, _, text = service.call(path)
    first, _, request = text.partition("\n")
    assert (status, first, json.loads(request)["path"]) == (200, "hello", {"name": name})
    assert not (tmp_path / "harm").exists()
    service.stop()


@pytest.mark.parametrize("lacks", ["get_ipython().events.register", "get_ipython().kernel", "get_ipython"])
def test_a_python_kernel_that_cannot_take_a_request_along_is_given_it_first(tmp_path, lacks):
    """As with kernels for Python that are not ipykernel, or an old one."""
    argv = ["ipykernel_launcher", f"--IPKernelApp.exec_lines={lacks} = None"]
    data = installed(tmp_path, "other", argv=argv, language="python")
    file = write(tmp_path / "n.ipynb", "# GET /q\nimport json\nprint(json.loads(REQUEST)['args'])", "# GET /names\ndir()",
                 kernel="other")
    service = Notebook(file, python=None, JUPYTER_PATH=str(data))
    for word in ["one", "two"]:
        assert service.get(f"/q?w={word}") == f"{{'w': ['{word}']}}\n"
    assert "_receive" not in service.get("/names")
    service.stop()


def test_a_kernel_keeps_neither_requests_nor_what_was_printed(served):
    """Left alone, Python's kernel keeps every statement and all output for ever: here, 80 MB more."""
    kernel, = kernels_of(served.process.pid)

    def held():
        with open(f"/proc/{kernel}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def ask(count):
        for at in range(count):
            assert served.call("/echo", "POST", f"{at}{'x' * 100_000}".encode(), content_type="text/plain")[0] == 200
    ask(50)
    before = held()
    ask(400)
    assert held() - before < 10, f"{before:.0f} MiB became {held():.0f} MiB"


def test_a_notebook_that_is_run_by_hand_is_told_where_its_data_lies(tmp_path):
    file = write(tmp_path / "n.ipynb", "md:```yaml\nforetaste: v1\ndata: cups.csv\n```",
                 "# GET /data\nimport os\nprint(os.environ['FORETASTE_DATA'])")
    (tmp_path / "cups.csv").write_text("user,item,rating\nann,tea,5\n")
    for variables, expected in [({}, tmp_path / "cups.csv"), ({"FORETASTE_DATA": "/elsewhere"}, "/elsewhere")]:
        service = Notebook(file, **variables)
        assert service.get("/data") == f"{expected}\n"
        service.stop()


def test_a_large_reply_is_not_held_up(tmp_path):
    """Segments larger than the send buffer, which loopback allows, would have every one of them wait for 40 ms."""
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /large\nprint('x' * 10_000_000)"))
    begun = time.perf_counter()
    assert len(service.get("/large")) == 10_000_001
    assert time.perf_counter() - begun < 2
    service.stop()


def test_the_tutorials_notebook_gives_the_tutorials_lists():
    folder = real_data("ml-1m")
    service = Notebook(ROOT / "examples" / "tutorial.ipynb", FORETASTE_DATA=str(folder))
    status, headers, text = service.call("/recommended?param=500", "POST")
    assert (status, text, headers["content-type"]) == (200, USER_500, "text/plain; charset=utf-8")
    assert service.call("/recommended", "POST", {"args": {"param": ["400"]}})[2] == USER_400
    viewed = service.call("/viewed?param=500", "POST")[2].splitlines()
    assert len(viewed) > 10 and not set(viewed) & set(USER_500.splitlines())
    assert service.call("/recommended?param=9999", "POST")[::2] == (404, "there is no user 9999\n")
    assert service.call("/recommended", "POST")[0] == 422
    assert json.loads(service.get("/metrics")) == {"requests": 0, "average": 0, "total_time": 0, "last_calls": []}
    assert service.call("/recompute_svd?param=20", "POST")[2] == "20\n"
    assert service.call("/recommended?param=500", "POST")[2] != USER_500, "a recompute takes effect"
    metrics = json.loads(service.get("/metrics"))
    assert metrics["requests"] == 1 and metrics["total_time"] == metrics["last_calls"][0] == metrics["average"]
    service.stop()


def test_the_round_trip_costs_little_more_than_the_bare_protocol(tmp_path):
    """Medians of 200, interleaved: a request over HTTP against the same cell by jupyter_client on a kernel of its own.

    The request goes to the kernel along with the cell, in one exchange; in two it would be 1.5 times the bare one."""
    from jupyter_client.manager import start_new_kernel
    manager, client = start_new_kernel()
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /a\nprint(1)"))
    connection = http.client.HTTPConnection(service.url[7:])

    def served():
        connection.request("GET", "/a")
        assert connection.getresponse().read() == b"1\n"

    def bare():
        sent = client.execute("print(1)", store_history=False)
        while True:
            message = client.get_iopub_msg(timeout=10)
            if message["parent_header"].get("msg_id") == sent and message["content"].get("execution_state") == "idle":
                break
        client.get_shell_msg(timeout=10)

    taken = medians(200, served=served, bare=bare)
    print(", ".join(f"{name} {median:.2f} ms" for name, median in taken.items()))
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    service.stop()
    assert taken["served"] <= 1.5 * taken["bare"], taken
