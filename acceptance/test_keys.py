"""Keys: how they are made and revoked, where they are asked for, and what each role may do."""
import json, os, pathlib, re, socket, subprocess, sys, time

import pytest

from conftest import PROGRAM, Service, run
from notebooks import Notebook, write


@pytest.fixture
def keys(tmp_path):
    """Makes keys in a file of their own: `keys("shop", "read")` is one."""
    def add(name, role, *more):
        return run("keys", "add", name, "--role", role, "--keys", add.file, *more).strip()
    add.file = tmp_path / "keys.json"
    return add


def refused(*args, **environment):
    """Standard error and status of a call that must fail."""
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode != 0 and not done.stdout, done
    return done.stderr, done.returncode


def bearer(key):
    return {"authorization": f"Bearer {key}"}


def test_a_key_is_shown_once_kept_as_a_hash_and_two_are_valid_for_rotation(keys):
    first, second = keys("shop", "read"), keys("shop", "read", "--expires", "90d", "--rate", "100/s")
    assert re.fullmatch(r"ftk_[0-9a-z]{32}", first) and first != second
    text = keys.file.read_text()
    assert first[4:] not in text and second[4:] not in text and keys.file.stat().st_mode & 0o777 == 0o600
    listed = json.loads(run("keys", "list", "--keys", keys.file, "--json"))
    assert [(key["name"], key["role"], key["rate"]) for key in listed] == [("shop", "read", None), ("shop", "read", "100/s")]
    assert listed[0]["expires"] is None and listed[1]["expires"] > listed[1]["created"]
    assert first not in run("keys", "list", "--keys", keys.file)
    said, status = refused("keys", "add", "shop", "--role", "read", "--keys", keys.file)
    assert status == 2 and f"revoke one of {listed[0]['id']}, {listed[1]['id']}" in said
    for words, status, why in [
        (["add", "a b", "--role", "read"], 2, "`a b` is no name"),
        (["add", "x", "--role", "boss"], 2, "`boss` is no role"),
        (["add", "x", "--role", "read", "--expires", "2020-01-01"], 2, "it has passed"),
        (["add", "x", "--role", "read", "--expires", "-5d"], 2, "it has passed"),
        (["add", "x", "--role", "read", "--rate", "many"], 2, "`many` is no rate"),
        (["revoke", "nobody-has-it"], 4, "there is no key `nobody-has-it`; there are shop"),
        (["revoke", "shop", "00000000"], 4, "no key with the id"),
    ]:
        said, found = refused("keys", *words, "--keys", keys.file)
        assert (found, why in said) == (status, True), (words, said)
    assert keys.file.read_text() == text, "a refusal changes nothing"


def test_an_address_of_more_than_this_machine_asks_for_keys(keys, tmp_path):
    said, status = refused("serve", "demo", "--listen", "0.0.0.0:0", HOME=str(tmp_path), XDG_CONFIG_HOME="")
    assert status == 2 and "`foretaste keys add NAME --role read` makes one" in said and "--insecure-no-keys" in said
    said, _ = refused("serve", "demo", "--listen", "0.0.0.0:0", "--keys", keys.file)
    assert f"`foretaste keys add NAME --role read --keys {keys.file}` makes one" in said
    said, _ = refused("serve", "demo", "--admin-listen", "0.0.0.0:0", HOME=str(tmp_path), XDG_CONFIG_HOME="")
    assert "0.0.0.0:0 can be reached from elsewhere" in said
    key = keys("shop", "read")
    service = Service("demo", "--rank", 5, "--keys", keys.file, listen="0.0.0.0:0")
    try:
        assert service.call("/v1/popular")[0] == 401
        assert service.call("/v1/popular", **bearer(key))[0] == 200
        assert service.call("/v1/popular", x_api_key=key, host="shop.example")[0] == 200, "where keys stand, a host is free"
        assert [service.call(path)[0] for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/"]] == [200] * 5
        # What is added or revoked counts without a restart.
        admin = keys("nightly", "admin")
        run("keys", "revoke", "shop", "--keys", keys.file)
        deadline = time.monotonic() + 5
        while service.call("/v1/popular", **bearer(key))[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert service.call("/v1/popular", **bearer(key))[0] == 401
        assert service.call("/recompute_svd?param=3", "POST", **bearer(admin))[0] == 200
    finally:
        service.stop()
    service = Service("demo", "--rank", 5, "--insecure-no-keys", listen="0.0.0.0:0")
    try:
        assert service.call("/v1/popular")[0] == 200
        service.log.seek(0)
        assert "WARNING: no key is asked for" in service.log.read()
    finally:
        service.stop()


def test_a_notebook_asks_for_the_same_keys(keys, tmp_path):
    key, writes = keys("shop", "read"), keys("team", "write")
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /one\nprint(1)", "# POST /two\nprint(2)"), "--keys", str(keys.file))
    def status(path, method="GET", **headers):
        return service.call(path, method, **headers)[0]
    try:
        assert status("/one") == 401 and status("/_api/source") == 401 and status("/nowhere") == 401
        assert status("/one", **bearer(key)) == 200 and status("/two", "POST", **bearer(key)) == 403
        assert status("/two", "POST", **{"x-api-key": writes}) == 200
        assert [status(path) for path in ["/healthz", "/readyz", "/openapi.json"]] == [200] * 3
    finally:
        service.stop()


def test_a_cell_at_the_path_of_a_page_is_a_cell(keys, tmp_path):
    file = write(tmp_path / "n.ipynb", "# GET /:page\nprint('cell')", "# POST /metrics\nprint('cell')", "# POST /:page\nprint('cell')")
    keys("shop", "read")
    service = Notebook(file, "--keys", str(keys.file), "--open-metrics")
    try:
        for path, method in [("/metrics", "GET"), ("/metrics", "POST"), ("/healthz", "GET"), ("/docs", "GET")]:
            assert service.call(path, method)[0] == 401, (path, method)
        assert service.call("/_api/metrics")[0] == 200 and service.call("/_api/health")[0] == 200
    finally:
        service.stop()
    service = Notebook(file)
    try:
        for path, method in [("/healthz", "GET"), ("/healthz", "POST"), ("/metrics", "GET")]:
            assert service.call(path, method, host="evil.example")[0] == 421, (path, method)
        assert service.call("/_api/health", host="evil.example")[0] == 200
    finally:
        service.stop()


def test_the_access_log_has_a_line_for_each_request_and_only_if_asked_for(keys):
    key = keys("shop", "read")
    logs = []
    for more in [[], ["--access-log"]]:
        service = Service("demo", "--rank", 5, "--keys", keys.file, *more)
        service.call("/v1/popular?limit=3", x_request_id="abc-1", **bearer(key))
        service.call("/v1/popular%0a%1b[31m")
        service.stop()
        service.log.seek(0)
        logs.append([line for line in service.log.read().splitlines() if "edge" in line])
    assert logs[0] == []
    assert len(logs[1]) == 2, logs[1]
    for part in ["abc-1", "GET", "/v1/popular?limit=3", "status=200", 'key="shop"']:
        assert part in logs[1][0], logs[1][0]
    assert "status=401" in logs[1][1] and "/v1/popular%0a%1b[31m" in logs[1][1]


@pytest.mark.parametrize("words", [["--listen", "localhost:{}"], ["--listen", ":{}"], ["--port", "{}"]])
def test_a_port_is_one_of_this_machine(words):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.format(port) for word in words]
    process = subprocess.Popen([PROGRAM, "serve", "demo", "--rank", "5", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert any(f"listening on http://127.0.0.1:{port}," in line for line in iter(process.stdout.readline, ""))
    finally:
        process.terminate()
        process.wait()


ROLES = ["read", "write", "admin"]


@pytest.mark.parametrize("role", [None, *ROLES])
def test_generated_requests_of_a_role_do_what_the_document_lets_it_do(keys, tmp_path, role):
    secrets = {name: keys(name, name) for name in ROLES}
    service = Service("demo", "--rank", 5, "--keys", keys.file, "--access-log")
    try:
        document = json.loads(service.call("/openapi.json")[2])
        command = [pathlib.Path(sys.executable).parent / "schemathesis", "run", f"{service.url}/openapi.json", "--no-color"]
        command += ["--checks", "not_a_server_error,status_code_conformance,response_schema_conformance"]
        command += ["--max-examples", "15", "--seed", "77"]
        # Without a key of its own, schemathesis would send some that it makes up.
        command += ["-H", f"Authorization: Bearer {secrets[role] if role else 'ftk_none'}"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    finally:
        service.stop()
    service.log.seek(0)
    found = re.findall(r'method=(\w+) target="([^"?]*)[^"]*" status=(\d+)', service.log.read())
    routes = [(method.upper(), re.compile(re.sub(r"\{[^}]*\}", "[^/]*", path)), operation.get("security"))
              for path, item in document["paths"].items() for method, operation in item.items()]
    succeeded, refused = 0, 0
    for method, path, status in found:
        security = next((security for verb, route, security in routes if verb == method and route.fullmatch(path)), [{"bearer": ["read"]}])
        if path in ["/", "/openapi.json"] or security is None:
            continue
        needed = security[0]["bearer"][0]
        may = role is not None and ROLES.index(role) >= ROLES.index(needed)
        assert may or status in ["401", "403", "400", "413", "414", "421"], (method, path, status)
        assert not may or status not in ["401", "403"], (method, path, status)
        succeeded += status.startswith("2")
        refused += status in ["401", "403"]
    assert len(found) > 100 and (role is None or succeeded > 10) and (role == "admin" or refused > 10), (len(found), succeeded, refused)
