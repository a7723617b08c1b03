"""A deployed notebook: its log, and the bounds of its bodies and replies."""
import http.client, json, re, sys, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebooks import within, write
from services import machine  # noqa: F401, a fixture

CELLS = [
    "import json, sys",
    "# GET /nearly\nprint('first')\n# GET /below\nprint('second')",
    "# GET /stderr\nprint('shown to \\x1b[31mthe kernel', file=sys.stderr)",
    "# GET /fail\n1 / 0",
    "# POST /args\nprint(json.loads(REQUEST)['args']['param'])",
    "# POST /size\nprint(len(json.loads(REQUEST)['body']))",
    "# GET /print/:n\nprint('x' * int(json.loads(REQUEST)['path']['n']))",
    "# GET /eat\nprint('hungry', file=sys.stderr, flush=True)\nkept = [bytearray(1 << 20) for _ in range(2000)]",
]


def ask(url, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers={"content-type": "text/plain", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def deployed(machine, *keys):
    specification = "\n".join(["foretaste: v1", "name: cells", "image: python", "cpu: 1", *keys])
    write(machine.folder / "cells.ipynb", f"md:```yaml\n{specification}\n```", *CELLS)
    images = machine.folder / "images.yaml"
    images.write_text(f"python: {sys.executable}\n")
    machine.environment["FORETASTE_IMAGES"] = str(images)
    return json.loads(machine.run("deploy", machine.folder / "cells.ipynb", "--json"))["url"]


def logged(machine):
    return machine.run("logs", "cells", "--lines", 400)


def test_what_a_kernel_would_have_shown_is_in_the_log(machine):  # noqa: F811
    url = deployed(machine, "memory: 512MB")
    assert ask(f"{url}/stderr", x_request_id="mine-1") == (200, "")
    assert ask(f"{url}/fail", x_request_id="mine-2")[0] == 500
    text = logged(machine)
    assert "cell 3, line 3: `# GET /below` makes no endpoint" in text
    shown, = [line for line in text.splitlines() if "shown to" in line]
    assert "shown to the kernel" in shown and 'request_id="mine-1"' in shown and 'cells="4"' in shown
    assert re.search(r'a cell failed: ZeroDivisionError: division by zero.*request_id="mine-2" cells="5"', text), text
    assert all(c.isprintable() for c in text.replace("\n", "")), text


def test_arguments_may_come_in_the_body(machine):  # noqa: F811
    url = deployed(machine, "memory: 512MB")
    assert ask(f"{url}/args", b'{"args": {"param": ["400"]}}', content_type="application/json") == (200, "['400']\n")


def test_bodies_and_replies_are_bounded_by_the_memory_or_by_keys(machine):  # noqa: F811
    url = deployed(machine, "memory: 512MB")
    assert ask(f"{url}/size", b"x" * 16_000_000) == (200, "16000000\n")
    assert ask(f"{url}/size", b"x" * 16_000_001)[0] == 413
    url = deployed(machine, "memory: 512MB", "max_body: 2MB", "max_output: 1MiB")
    assert ask(f"{url}/size", b"x" * 2_000_000) == (200, "2000000\n")
    assert ask(f"{url}/size", b"x" * 2_000_001)[0] == 413
    assert ask(f"{url}/print/1000000")[0] == 200
    assert "OutputTooLarge" in ask(f"{url}/print/1100000")[1]


def test_as_many_large_bodies_as_there_are_do_not_exhaust_the_memory(machine):  # noqa: F811
    url = deployed(machine, "memory: 256MB")
    before = machine.service("cells")["pids"]
    with ThreadPoolExecutor(16) as threads:
        found = [status for status, _ in threads.map(lambda _: ask(f"{url}/size", b"x" * 8_000_000), range(32))]
    print({status: found.count(status) for status in set(found)})
    assert set(found) <= {200, 503} and 200 in found
    assert machine.service("cells")["pids"] == before and "was lost" not in logged(machine)


def test_a_bound_that_the_memory_does_not_allow_is_refused(machine):  # noqa: F811
    write(machine.folder / "n.ipynb", "md:```yaml\nforetaste: v1\nmemory: 256MB\nmax_body: 100MB\n```", *CELLS)
    error = machine.run("deploy", machine.folder / "n.ipynb", code=3)
    assert "`max_body` is 100000000 bytes, allowed is a 32nd of the memory, 8000000 bytes; state more `memory`" in error


def test_a_kernel_that_hits_the_memory_limit_is_told_from_other_ends(machine):  # noqa: F811
    url = deployed(machine, "memory: 256MB")
    if "cgroup" not in machine.service("cells")["memory_limit"]:
        pytest.skip("memory is not limited by a control group here")
    try:
        status, text = ask(f"{url}/eat", x_request_id="eater")
        assert status == 502 and "as its memory limit was hit" in text
    except (OSError, http.client.HTTPException):
        # With version 2 the gateway ends with its kernel, and the supervisor says why.
        pass
    within(10, lambda: "memory limit" in logged(machine))
    text = logged(machine)
    assert re.search(r'hungry.*request_id="eater" cells="9" stream="stderr"', text), text
    if "its memory limit of " not in text:
        assert re.search(r'request_id="eater".*cells=\[9\] reason="kernel 1 was lost.*as its memory limit was hit', text), text
    within(10, lambda: ask(f"{url}/stderr") == (200, ""))
