"""Builds what the checks share: the program, the real data, and a running service."""
import gzip, json, os, pathlib, re, signal, subprocess, tempfile, time, urllib.error, urllib.parse, urllib.request

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
PROGRAM = pathlib.Path(os.environ.get("FORETASTE", TARGET / "ci" / "foretaste"))
DATA = pathlib.Path(os.environ.get("FORETASTE_TEST_DATA", ROOT.parent / "shared" / "data"))


def real_data(*parts):
    """The path of real data; without it the check fails where CI=true and is skipped elsewhere."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        message = f"real data is not at {path}"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return path


def run(*args, **kwargs):
    return subprocess.run([PROGRAM, *map(str, args)], check=True, capture_output=True, text=True, **kwargs).stdout


def medians(count, **ways):
    """Milliseconds that each way takes, the median of `count` calls in turn, after a tenth as many that do not count."""
    times = {name: [] for name in ways}
    for _ in range(count + count // 10):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begun)
    return {name: sorted(taken[count // 10:])[count // 2] * 1000 for name, taken in times.items()}


class Service:
    """`foretaste serve` on a free port, stopped with SIGTERM, which must end it with status 0."""

    def __init__(self, *args, listen="127.0.0.1:0"):
        self.log = tempfile.TemporaryFile("w+")
        command = [PROGRAM, "serve", *map(str, args), "--listen", listen]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            found = re.search(r"listening on (https?)://[^ ]+:(\d+),", line)
            if found:
                self.url = f"{found[1]}://127.0.0.1:{found[2]}"
                return
        self.log.seek(0)
        raise RuntimeError(f"no address was printed: {self.log.read()}")

    def call(self, path, method="GET", body=None, **headers):
        """Status, headers and text of the reply."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body).encode(), {"content-type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def json(self, path, method="GET", body=None, **headers):
        status, _, text = self.call(path, method, body, accept="application/json", **headers)
        assert 200 <= status < 300, f"{status}: {text}"
        return json.loads(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        assert self.process.wait(timeout=15) == 0


@pytest.fixture(scope="module")
def demo():
    """The demo, fresh for every file, since checks may refit it."""
    service = Service("demo")
    yield service
    service.stop()


@pytest.fixture(scope="session")
def tutorial():
    """The tutorial's data as numpy sees it: dense matrix, user ids, item ids, titles."""
    with gzip.open(real_data("ml-1m", "ratings.csv.gz"), "rt") as lines:
        next(lines)
        triples = np.array([next(lines).strip().split(";") for _ in range(200_000)], dtype=np.int64)
    users, rows = np.unique(triples[:, 0], return_inverse=True)
    items, columns = np.unique(triples[:, 1], return_inverse=True)
    matrix = np.zeros((len(users), len(items)))
    matrix[rows, columns] = triples[:, 2]
    lines = real_data("ml-1m", "movies.dat").read_text(encoding="latin-1").splitlines()
    titles = dict(line.split("::")[:2] for line in lines)
    return matrix, users, items, titles


@pytest.fixture(scope="session")
def decomposition(tutorial):
    return np.linalg.svd(tutorial[0], full_matrices=False)
