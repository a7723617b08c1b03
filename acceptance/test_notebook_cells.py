"""A notebook's cells as HTTP endpoints: what they display, what their threads do, and what is in the log."""
import base64, http.client, json, os, signal, socket, time
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebooks import Notebook, is_alive, within, write

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

CELLS = [
    "import json, sys, threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
    "from IPython.display import HTML, JSON, Image, display\nworkers = ThreadPoolExecutor(1)",
    "# GET /html\ndisplay(HTML('<b>x</b>'))",
    f"# GET /image\ndisplay(Image(data={PNG!r}, format='png'))",
    "# GET /json\ndisplay(JSON({'a': [1, 'é']}))",
    "# GET /bytes\ndisplay({'application/octet-stream': 'AP+A'}, raw=True)",
    "# GET /two\ndisplay(HTML('one'))\ndisplay(HTML('two'))",
    "# GET /printed\nprint('p')\ndisplay(HTML('one'))",
    "# GET /value\ndisplay(HTML('one'))\n1 + 1",
    "# GET /silenced\ndisplay(HTML('one'))\n1 + 1;",
    "# GET /csv\ndisplay({'text/csv': 'a,b'}, raw=True)",
    "# ResponseInfo GET /csv\nprint(json.dumps({'headers': {'Content-Type': 'text/x-own'}, 'status': 201}))",
    "# GET /thread\ndef work():\n    time.sleep(1)\n    print('SECRET of the first', flush=True)\n"
    "    display(HTML('SECRET shown'))\nthreading.Thread(target=work).start()\nprint('started')",
    "# GET /slow\ntime.sleep(2)\nprint('mine')",
    "# GET /slow-shown\ntime.sleep(2)\ndisplay(HTML('mine'))",
    "# GET /joined\nthread = threading.Thread(target=print, args=['from my thread'])\nthread.start()\nthread.join()",
    "# GET /worker\nworkers.submit(print, 'from my worker').result()",
    "# GET /quit\nprint('bye'); quit()",
    "# GET /alive\ntime.sleep(.1); print('alive')",
    "# GET /time\n%%time\nprint('hi')",
    "# GET /close\nprint('closed')\nsys.stdout.close()\nprint('still here')",
    "# GET /replace\nimport io\nsys.stdout = io.StringIO()\nsys.stdout.close()",
    "# GET /remove\nsys.stdout = None",
    "# GET /stderr\nprint('one\\x1b[31m red\\ttab\\x07', file=sys.stderr)\nprint('two', file=sys.stderr, end='')\nprint('out')",
    "# GET /fail\ndef deep():\n    raise ValueError('broken\\nline \\x1b[1mtwo')\ndeep()",
    "# GET /forever\nprint('begun', file=sys.stderr, flush=True)\nwhile True: pass",
    "# POST /size\nbody = json.loads(REQUEST)['body']\nprint(len(body))",
    "# POST /bytes\nbody = json.loads(REQUEST)['body']\nprint(list(body.encode('utf-8', 'surrogateescape')))",
    "# POST /args\nprint(json.loads(REQUEST)['args'].get('param'))",
    "# GET /print/:n\nfor at in range(int(json.loads(REQUEST)['path']['n'])): print('x' * (1 << 20))",
    "# GET /text/:n\n'z' * (int(json.loads(REQUEST)['path']['n']) << 20)",
    "# GET /raise/:n\nraise ValueError('z' * (int(json.loads(REQUEST)['path']['n']) << 20))",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("notebook") / "cells.ipynb", *CELLS)


@pytest.fixture(scope="module")
def served(file):
    service = Notebook(file, "--time-out", 60)
    yield service
    service.stop()


def raw(service, path, method="GET", body=None, **headers):
    """Status, headers and bytes of the reply."""
    connection = http.client.HTTPConnection(service.url[7:], timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


def test_what_a_cell_displays_is_the_reply_when_it_prints_nothing(served):
    for path, kind, body in [
        ("/html", "text/html; charset=utf-8", b"<b>x</b>"), ("/image", "image/png", PNG),
        ("/json", "application/json", b'{"a": [1, "\\u00e9"]}'), ("/bytes", "application/octet-stream", b"\0\xff\x80"),
        ("/two", "text/html; charset=utf-8", b"two"), ("/printed", "text/plain", b"p\n"),
        ("/value", "text/plain", b'{"text/plain": "2"}'), ("/silenced", "text/html; charset=utf-8", b"one")]:
        status, headers, found = raw(served, path)
        assert (status, headers["content-type"], found) == (200, kind, body), path
    assert raw(served, "/html")[1]["vary"] == "accept"
    text = raw(served, "/html", accept="text/plain")
    assert (text[1]["content-type"], text[2]) == ("text/plain; charset=utf-8", b"<IPython.core.display.HTML object>")
    status, headers, found = raw(served, "/csv")
    assert (status, headers["content-type"], found) == (201, "text/x-own", b"a,b")


@pytest.mark.parametrize("path, mine", [("/slow", "mine\n"), ("/slow-shown", "mine")])
def test_what_a_thread_prints_is_in_no_other_reply_and_in_the_log(served, path, mine):
    assert served.call("/thread", x_request_id="first-one")[2] == "started\n"
    assert served.get(path) == mine
    line, = [line for line in served.logged().splitlines() if "SECRET of the first" in line][-1:]
    assert 'request_id="first-one"' in line and 'cells="12"' in line and "stdout after the reply" in line, line


def test_what_a_thread_prints_when_all_is_idle_is_in_the_log(file):
    service = Notebook(file)
    assert service.get("/thread") == "started\n"
    within(5, lambda: "SECRET of the first" in service.logged())
    service.stop()


def test_a_thread_that_ends_with_its_request_prints_to_its_reply(served):
    for _ in range(3):
        assert served.get("/joined") == "from my thread\n"
        assert served.get("/worker") == "from my worker\n"


def test_a_cell_that_ends_its_kernel_costs_no_other_request(file):
    service = Notebook(file)
    for _ in range(2):
        assert service.call("/quit")[::2] == (200, "bye\n")
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(service.get, ["/alive"] * 4)) == ["alive\n"] * 4
    assert "asked it to end" in service.logged()
    assert "kernels_lost_total 2" in service.get("/metrics")
    service.stop()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_what_a_kernel_started_in_another_session_ends_with_it(tmp_path, end):
    start = "subprocess.Popen(['sleep', '1000'], start_new_session=True)"
    service = Notebook(write(tmp_path / "n.ipynb", "import os, subprocess", f"# GET /start\nprint({start}.pid)",
                             "# GET /pid\nprint(os.getpid())"))
    stray, kernel = int(service.get("/start")), int(service.get("/pid"))
    if end == "kill":
        os.kill(kernel, signal.SIGKILL)
        within(5, lambda: not is_alive(stray))
        assert int(service.get("/pid")) != kernel
    service.stop()
    within(1, lambda: not is_alive(stray))


def test_a_cell_magic_stands_below_the_annotation(served):
    status, _, text = served.call("/time")
    assert status == 200 and text.startswith("hi\n") and "Wall time" in text


@pytest.mark.parametrize("path", ["/close", "/replace", "/remove"])
def test_a_cell_that_closes_standard_output_harms_no_later_request(file, path):
    service = Notebook(file)
    first = service.call(path)
    if path == "/close":
        assert first[::2] == (200, "closed\nstill here\n")
    for _ in range(2):
        assert service.call("/alive")[::2] == (200, "alive\n")
    assert service.call("/quit")[::2] == (200, "bye\n"), "the kernel can still end"
    assert service.get("/alive") == "alive\n"
    service.stop()


def test_standard_error_is_in_the_log_with_its_request_and_cell(served):
    status, headers, text = served.call("/stderr")
    assert (status, text) == (200, "out\n")
    request = headers["x-request-id"]
    mine = [line for line in served.logged().splitlines() if f'request_id="{request}"' in line]
    one, two = mine
    assert "one red tab" in one and "two" in two and 'stream="stderr"' in one and 'cells="23"' in one and "kernel=1" in one
    assert not any(ord(c) < 32 for line in mine for c in line), mine


def test_a_traceback_is_in_the_log_with_its_request_and_cell(served):
    status, headers, text = served.call("/fail", x_request_id="the-failing")
    assert (status, headers["x-request-id"]) == (500, "the-failing")
    assert text.startswith("Error ValueError: broken")
    mine = [line for line in served.logged().splitlines() if 'request_id="the-failing"' in line]
    assert any("WARN" in line and "a cell failed: ValueError: broken line two" in line for line in mine), mine
    assert any("raise ValueError" in line and 'stream="traceback"' in line for line in mine), mine
    assert all('cells="24"' in line for line in mine), mine
    assert not any(ord(c) < 32 for line in mine for c in line), mine


def test_what_a_cell_says_before_it_is_interrupted_is_in_the_log(file):
    service = Notebook(file, "--time-out", 1)
    assert service.call("/forever", x_request_id="endless")[0] == 504
    within(5, lambda: "KeyboardInterrupt" in service.logged())
    mine = [line for line in service.logged().splitlines() if 'request_id="endless"' in line]
    assert any("begun" in line for line in mine) and any("longer than the 1 s allowed" in line for line in mine), mine
    service.stop()


def test_cells_that_are_nearly_endpoints_are_named_at_the_start(tmp_path):
    service = Notebook(write(tmp_path / "n.ipynb", "#GET /nospace\nprint(1)", "# get /lower\nprint(1)", "\n# GET /blank\nprint(1)",
                             "# lists films\n# GET /comment\nprint(1)", "#@title Serve\n# GET /title\nprint(1)",
                             "# GET /ok\nprint('ok')"))
    logged = service.logged()
    for cell, line, text in [(1, 1, "#GET /nospace"), (2, 1, "# get /lower"), (3, 2, "# GET /blank"),
                             (4, 2, "# GET /comment"), (5, 2, "# GET /title")]:
        assert f"cell {cell}, line {line}: `{text}` makes no endpoint" in logged, logged
    assert service.get("/ok") == "ok\n"
    service.stop()


def test_a_cell_that_looks_for_a_request_at_the_start_is_told_what_is_missing(tmp_path):
    file = write(tmp_path / "n.ipynb", "import json", "# get /lower\nprint(json.loads(REQUEST))", "# GET /ok\nprint('ok')")
    with pytest.raises(RuntimeError) as error:
        Notebook(file)
    assert "cell 2, line 1: `# get /lower` makes no endpoint" in str(error.value)
    assert "name 'REQUEST' is not defined; only a cell that begins with a line such as `# GET /path` has a" in str(error.value)


def test_a_response_info_cell_that_cannot_be_used_is_in_the_log(tmp_path):
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /a\nprint(1)", "# ResponseInfo GET /a\nprint('no')"))
    assert service.call("/a", x_request_id="odd")[0] == 500
    line, = [line for line in service.logged().splitlines() if 'request_id="odd"' in line]
    assert "a ResponseInfo cell cannot be used" in line and "expected JSON" in line
    service.stop()


def test_clients_cannot_fill_the_log(file):
    service = Notebook(file)
    begun = time.monotonic()
    for _ in range(300):
        assert service.call("/fail")[0] == 500
    whiles = 1 + (time.monotonic() - begun) // 10
    lines = service.logged().splitlines()
    print(f"{len(lines)} lines in {whiles:.0f} times 10 s")
    assert len(lines) < 1010 * (whiles + 1)
    assert any("what follows is left out" in line for line in lines) or whiles > 1
    service.stop()


def test_cells_with_one_id_and_a_kernelspec_without_a_name_to_show_are_served(tmp_path):
    path = write(tmp_path / "n.ipynb", "x = 1", "# GET /ok\nprint('ok', x)")
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["id"] = "a"
    del notebook["metadata"]["kernelspec"]["display_name"]
    path.write_text(json.dumps(notebook))
    service = Notebook(path)
    assert service.get("/ok") == "ok 1\n"
    service.stop()


def test_a_body_may_be_large_within_a_bound(served, file):
    assert raw(served, "/size", "POST", b"x" * 30_000_000, content_type="text/plain")[::2] == (200, b"30000000\n")
    small = Notebook(file, "--max-body", "2MB")
    assert raw(small, "/size", "POST", b"x" * 2_000_000, content_type="text/plain")[2] == b"2000000\n"
    status, _, text = raw(small, "/size", "POST", b"x" * 2_000_001, content_type="text/plain")
    assert status == 413 and b"2000000 bytes allowed" in text and b"--max-body" in text, text
    small.stop()


def test_all_bodies_together_are_bounded(file):
    service = Notebook(file, "--max-body", "1MB", "--max-output", "1MB")
    host, port = service.url[7:].split(":")
    held = []
    for _ in range(2):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(b"POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 999_000)
        held.append(connection)
    time.sleep(0.5)
    status, headers, text = raw(service, "/size", "POST", b"x" * 500_000, content_type="text/plain")
    assert (status, headers["retry-after"]) == (503, "1") and b"the bodies of all requests have the 2000000 bytes" in text
    held[0].sendall(b"x" * 1000)
    assert held[0].recv(1000).startswith(b"HTTP/1.1 200")
    within(5, lambda: raw(service, "/size", "POST", b"x" * 500_000, content_type="text/plain")[0] == 200)
    for connection in held:
        connection.close()
    service.stop()


@pytest.mark.parametrize("sent", [b"\x89PNG\r\n\x1a\n\xff\x00", "é".encode(), b"\xc3", bytes(range(256))])
def test_bytes_that_are_not_utf_8_are_kept(served, sent):
    for kind in ["application/octet-stream", "text/plain"]:
        assert json.loads(raw(served, "/bytes", "POST", sent, content_type=kind)[2]) == list(sent)


def test_arguments_may_come_in_the_body(served):
    assert served.call("/args", "POST", {"args": {"param": ["400"]}})[2] == "['400']\n"
    assert served.call("/args?param=5", "POST", {"args": {"param": ["400"]}})[2] == "['5']\n"
    form = "application/x-www-form-urlencoded"
    assert served.call("/args", "POST", b'{"args": {"param": 20}}', content_type=form)[2] == "['20']\n"
    assert served.call("/args", "POST", {"other": 1})[2] == "None\n"


@pytest.mark.parametrize("path", ["/print/30", "/text/30", "/raise/30"])
def test_a_reply_is_bounded_over_all_its_messages(served, path):
    status, _, text = served.call(path)
    assert status == 500 and text.startswith("Error OutputTooLarge: the cells gave more than the 16777216 bytes"), text[:200]
    assert "`--max-output`" in text
    assert served.get("/alive") == "alive\n"


def test_a_reply_that_is_too_large_takes_little_memory(file):
    service = Notebook(file)

    def held():
        with open(f"/proc/{service.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    before = held()
    for path in ["/text/100", "/raise/40"]:
        assert service.call(path)[0] == 500
    print(f"{before:.0f} MiB became {held():.0f} MiB")
    assert held() - before < 60
    service.stop()


def test_the_bound_of_a_reply_is_a_flag(file):
    service = Notebook(file, "--max-output", "1MiB")
    assert service.call("/print/1")[0] == 500
    service.stop()
    service = Notebook(file, "--max-output", "40MiB")
    assert len(service.get("/print/30")) == 30 * (1 << 20) + 30
    service.stop()


def test_the_first_page_lists_the_endpoints_with_forms(served, tmp_path):
    for path in ["/", "/docs", "/_api/docs"]:
        status, headers, text = served.call(path)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "script-src 'self'" in headers["content-security-policy"] and headers["x-frame-options"] == "DENY"
        assert 'data-verb="POST" data-path="/size"' in text and 'data-parameter="n"' in text
        assert "surrogateescape" not in text, "the source is not for everyone"
    assert "javascript" in served.call("/_api/docs.js")[1]["content-type"]
    own = Notebook(write(tmp_path / "n<b>.ipynb", "# GET /\nprint('mine')", "# GET /a\nsource_text = 1"), "--source")
    assert own.get("/") == "mine\n"
    assert "source_text" in own.get("/docs") and "n<b>" not in own.get("/docs")
    own.stop()
