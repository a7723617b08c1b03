"""Services with a store, clients that write to them, and what is found in a store afterwards."""
import http.client, itertools, json, os, sqlite3, subprocess, threading, urllib.parse

from conftest import ROOT, Service


class Stored(Service):
    """`foretaste serve demo` with a store, a small model and extra variables."""

    def __init__(self, folder, *args, **environment):
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            super().__init__("demo", "--rank", 2, "--data-dir", folder, *args)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Writer(threading.Thread):
    """Sends one event after the other, each under a name of its own, until the service is gone or refuses."""

    def __init__(self, url, name):
        super().__init__(daemon=True)
        self.address, self.name_of = urllib.parse.urlsplit(url).netloc, name
        self.acknowledged, self.flying, self.refused = [], None, None

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            for number in itertools.count():
                name = f"{self.name_of}-{number}"
                event = {"user": f"w{number % 7}", "item": str(1 + number % 400), "type": "rating", "value": 4, "event_id": name}
                self.flying = name
                connection.request("POST", "/v1/events", json.dumps(event), {"content-type": "application/json"})
                reply = connection.getresponse()
                text = reply.read()
                if reply.status != 200:
                    self.refused = reply.status, json.loads(text)["code"]
                    return
                self.acknowledged.append(name)
                self.flying = None
        except (OSError, http.client.HTTPException):
            pass


def names_in(folder):
    """How often each name of an event stands in a store that no service has open."""
    with sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True) as store:
        return [name for name, in store.execute("SELECT id FROM events WHERE id IS NOT NULL")]


def check(found, writers):
    """What was acknowledged is there, and of the rest nothing but what was on its way."""
    assert len(found) == len(set(found)), "an event is there twice"
    acknowledged = {name for writer in writers for name in writer.acknowledged}
    flying = {writer.flying for writer in writers} - {None}
    assert acknowledged <= set(found), f"lost: {sorted(acknowledged - set(found))[:5]}"
    assert set(found) <= acknowledged | flying, f"nobody sent: {sorted(set(found) - acknowledged - flying)[:5]}"


def shim(folder):
    """The library that makes calls fail."""
    library = folder / "fault.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, ROOT / "acceptance" / "fault.c", "-ldl"], check=True)
    return library
