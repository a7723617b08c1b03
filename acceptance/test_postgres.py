"""A service whose store is in a real Postgres, run by an unprivileged user on a Unix socket."""
import glob, json, os, pathlib, shutil, subprocess, tempfile, time

import pytest

from conftest import PROGRAM, Service

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [path for path in [shutil.which("initdb")] if path]


class Cluster:
    """A server in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="foretaste-pg-"))
        self.bin = pathlib.Path(BINARIES[-1]).parent
        self.run_as = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.run_as:
            shutil.chown(self.folder, "postgres")
        self.call("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "shop", "--no-sync")
        self.start()
        self.url = f"postgres://shop@/postgres?host={self.folder}"

    def call(self, program, *args):
        subprocess.run([*self.run_as, self.bin / program, *map(str, args)], check=True, capture_output=True, timeout=60, cwd="/")

    def start(self):
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        self.call("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def crash(self):
        self.call("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def remove(self):
        subprocess.run([*self.run_as, self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop"],
                       capture_output=True, timeout=60, cwd="/")
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def cluster():
    if not BINARIES:
        message = "there is no Postgres: apt-get install postgresql"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    cluster = Cluster()
    yield cluster
    cluster.remove()


def post(service, name, item="42"):
    event = {"user": "ada", "item": item, "type": "rating", "value": 5, "event_id": name}
    status, _, text = service.call("/v1/events", "POST", event)
    return status, json.loads(text)


def test_a_service_keeps_its_events_in_postgres(cluster, monkeypatch):
    monkeypatch.setenv("FORETASTE_STORE", cluster.url.replace("shop@", "shop:secret@"))
    service = Service("demo", "--rank", 2)
    assert post(service, "first")[1]["accepted"] == 1
    assert json.loads(service.call("/v1/users/ada/recommendations")[2])["live_events"] == 1
    second = subprocess.run([PROGRAM, "serve", "demo", "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=20)
    assert second.returncode == 1 and f"process {service.process.pid}" in second.stderr and "secret" not in second.stderr
    # The server ends at once, and comes back.
    cluster.crash()
    status, reply = post(service, "second")
    assert (status, reply["code"]) == (503, "storage_away"), reply
    assert service.call("/v1/users/7/recommendations")[0] == 200 and service.call("/healthz")[0] == 200
    cluster.start()
    until = time.monotonic() + 10
    while post(service, "second")[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.1)
    service.process.kill()
    service.process.wait()
    service = Service("demo", "--rank", 2)
    assert [post(service, name)[1]["duplicates"] for name in ("first", "second", "third")] == [1, 1, 0]
    assert json.loads(service.call("/v1/users/ada/ratings")[2])["total"] == 1
    assert b"secret" not in pathlib.Path(f"/proc/{service.process.pid}/cmdline").read_bytes()
    service.stop()


def test_a_password_is_no_argument():
    refused = subprocess.run([PROGRAM, "serve", "demo", "--store", "postgres://a:secret@localhost/db"], capture_output=True, text=True)
    assert refused.returncode == 2 and "FORETASTE_STORE" in refused.stderr and "secret" not in refused.stderr
    both = subprocess.run([PROGRAM, "serve", "demo", "--store", "postgres:///db", "--data-dir", "x"], capture_output=True, text=True)
    assert both.returncode == 2
