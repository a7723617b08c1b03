"""Asks a foretaste binary all that `recorded/cli.yaml` and `recorded/http.yaml` ask, and gives its answers by id."""
import concurrent.futures, os, pathlib, re, resource, shutil, signal, socket, subprocess, tempfile, threading

import yaml

from recorded import inputs
from recorded.ways import PATIENCE, WAYS, Shed, message, pipelined

FOLDER = pathlib.Path(__file__).resolve().parent / "recorded"
# Seconds without an answer after which a client gives up.
SOCKET = 40


def questions(kind):
    return yaml.safe_load((FOLDER / f"{kind}.yaml").read_text())


def ids():
    """Every id, in the order of the files."""
    lines = [entry[0] for entry in questions("cli")]
    return lines + [request[0] for scene in questions("http") for request in scene["requests"]]


class Program:
    """The binary in a folder of its own, with nothing of the user's environment but PATH."""

    def __init__(self, binary, data):
        self.binary, self.data = pathlib.Path(binary).resolve(), pathlib.Path(data)
        self.folder = pathlib.Path(inputs.write(tempfile.mkdtemp(prefix="ft-recorded-")))
        self.places = [(str(self.binary), "<program>"), (str(self.folder), "<folder>"), (str(self.data), "<data>")]
        cache, state = str(self.folder / "cache"), str(self.folder / "state")
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
                            "FORETASTE_CACHE": cache, "FORETASTE_STATE": state}

    def words(self, words):
        """Words of a command line; `<data>` is where the real data are."""
        return [str(self.binary), *(str(word).replace("<data>", str(self.data)) for word in words)]

    def has(self, entry):
        """Whether what an entry needs is here: real data are not everywhere."""
        needed = entry.get("needs")
        return needed is None or (self.data / needed).exists()

    def tell(self, text):
        for place, name in self.places:
            text = text.replace(place, name)
        return text

    def line(self, words, stdin="", env=None, until=None, needs=None):
        """Exit code and what was printed; with `until`, the process gets SIGTERM once it has printed that."""
        environment, pipe = {**self.environment, **(env or {})}, subprocess.PIPE
        process = subprocess.Popen(self.words(words), cwd=self.folder, env=environment,
                                   stdin=pipe, stdout=pipe, stderr=pipe)
        if until:
            seen = b""
            while until.encode() not in seen and (line := process.stdout.readline()):
                seen += line
            process.send_signal(signal.SIGTERM)
            rest, error = process.communicate(timeout=PATIENCE)
            out = seen + rest
        else:
            out, error = process.communicate(stdin.encode(), timeout=PATIENCE)
        texts = [self.tell(text.decode(errors="backslashreplace")) for text in (out, error)]
        return {"exit": process.returncode, "stdout": texts[0], "stderr": texts[1]}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Service:
    """`foretaste serve` in the program's folder, on free ports."""

    def __init__(self, program, scene):
        words = program.words(["serve", *scene["serve"], "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        self.program, self.log = program, tempfile.TemporaryFile()
        self.process = subprocess.Popen(words, cwd=program.folder, env=program.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.ports = []
        for line in self.process.stdout:
            self.ports += [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", line)[:1]]
            if len(self.ports) == 2:
                break
        else:
            self.log.seek(0)
            raise RuntimeError(f"{words} did not start: {self.log.read().decode()}")
        # What follows must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def connect(self, admin=False):
        return socket.create_connection(("127.0.0.1", self.ports[admin]), timeout=SOCKET)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def act(program, scene):
    """The answers of one service, asked in order; all of them anew where a request was shed that should not be."""
    for left in reversed(range(10)):
        try:
            return attempt(program, scene)
        except Shed:
            if not left:
                raise


def attempt(program, scene):
    """One try at that."""
    service = Service(program, scene)
    try:
        answers, together = {}, []
        for name, method, target, *how in scene["requests"]:
            how = dict(how[0]) if how else {}
            if how.get("way") == "pipelined":
                together.append((name, message(method, target, **how)))
                continue
            way = WAYS[how.pop("way", "plain")]
            answers[name] = way(service, method=method, target=target, **how)
        if together:
            answers.update(pipelined(service, together))
        return {name: {**answer, "body": program.tell(answer["body"])} for name, answer in answers.items()}
    finally:
        service.stop()


def answers(binary, data):
    """The answers of `binary` by id, unmasked; those that need real data that are not there are left out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    program = Program(binary, data)
    try:
        heavy = ["generate", "heavy.csv", "--users", "1500", "--items", "12000", "--ratings", "120000"]
        assert program.line(heavy)["exit"] == 0
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            scenes = [pool.submit(act, program, scene) for scene in questions("http") if program.has(scene)]
            found = {}
            for name, words, *how in questions("cli"):
                how = how[0] if how else {}
                if program.has(how):
                    found[name] = program.line(words, **how)
            for scene in scenes:
                found.update(scene.result())
        return found
    finally:
        program.close()
