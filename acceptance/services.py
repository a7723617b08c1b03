"""A folder of services, clients that ask them all the time, and one question."""
import json, os, pathlib, shutil, socket, subprocess, tempfile, threading, time, urllib.error, urllib.request

import pytest

from conftest import PROGRAM
from notebooks import is_alive


class Machine:
    """A folder of services of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ft"))
        self.environment = {**os.environ, "FORETASTE_STATE": str(self.folder / "s")}

    def run(self, *args, code=0):
        done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, env=self.environment, timeout=120)
        assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def specification(self, name, **keys):
        path = self.folder / f"{name}.yaml"
        keys = {"foretaste": "v1", "name": name, "data": "demo", "rank": 10, "cpu": 1, "memory": "256MB", **keys}
        path.write_text("".join(f"{key}: {value}\n" for key, value in keys.items() if value is not None))
        return path

    def deploy(self, name, **keys):
        return json.loads(self.run("deploy", self.specification(name, **keys), "--json"))

    def service(self, name):
        return next(entry for entry in json.loads(self.run("services", "--json")) if entry["name"] == name)

    def close(self):
        self.run("stop", "--all")
        shutil.rmtree(self.folder)


@pytest.fixture
def machine():
    machine = Machine()
    yield machine
    machine.close()


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


def fill(path):
    """Writes a file until its disk is full to the last byte."""
    with open(path, "wb", buffering=0) as file:
        for size in [4096, 1]:
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def ask(url, method="GET", timeout=10):
    request = urllib.request.Request(url, method=method, headers={"accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Load:
    """Clients that ask all the time, on connections that they keep and on new ones; every answer counts."""

    def __init__(self, url, path, clients=4):
        host, port = url.removeprefix("http://").split(":")
        self.address, self.path = (host, int(port)), path
        self.stop, self.answers, self.failures = threading.Event(), [], []
        self.threads = [threading.Thread(target=self.client, args=(at % 2 == 0,), daemon=True) for at in range(clients)]
        for thread in self.threads:
            thread.start()

    def client(self, keeps):
        connection = None
        while not self.stop.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(self.address, timeout=10)
                head = f"POST {self.path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"
                connection.sendall(head.encode())
                reply = b""
                while b"\r\n\r\n" not in reply:
                    part = connection.recv(65536)
                    if not part:
                        raise ConnectionError(f"closed after {reply!r}")
                    reply += part
                head, body = reply.split(b"\r\n\r\n", 1)
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
                while len(body) < int(fields[b"content-length"]):
                    body += connection.recv(65536)
                status = int(head.split()[1])
                if status == 200:
                    self.answers.append(status)
                else:
                    self.failures.append((status, body))
                if not keeps or fields.get(b"connection") == b"close":
                    connection.close()
                    connection = None
            except OSError as error:
                self.failures.append(repr(error))
                connection = None
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
