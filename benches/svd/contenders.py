"""Whoever takes part: each runs in a process of its own, on one matrix, at one rank after the other."""

import json
import multiprocessing
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import matrices
import memory
from matrices import Matrix
from peers import PEERS, residual


class Failed(Exception):
    """A contender gave no answer; the text says why."""


@dataclass(frozen=True)
class Sample:
    wall_ms: float
    cpu_ms: float


class PythonPeer:
    highest_rank = None

    def __init__(self, name: str, matrix: Matrix):
        self.name, self.matrix = name, matrix
        self.label, self.precision = PEERS[name].label, PEERS[name].precision
        self._context = multiprocessing.get_context("spawn")
        self._process = self._pipe = None

    def run(self, rank: int) -> Sample:
        return Sample(*self._ask(rank))

    def quality(self) -> dict:
        return self._ask(None)

    def close(self):
        if self._process:
            self._pipe.close()
            self._process.join()

    def _ask(self, question):
        if not self._process:
            self._pipe, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_answer, args=(theirs, self.name, self.matrix.csr), daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send(question)
            answer = self._pipe.recv()
        except (EOFError, BrokenPipeError):
            self._process = None
            raise Failed("its process died, perhaps for want of memory") from None
        if isinstance(answer, Failed):
            raise answer
        return answer


def _answer(pipe, name: str, csr: Path):
    """The peer's own process: a rank is a call to time, None asks how good the last answer was."""
    peer = PEERS[name]
    a = matrices.load(csr, peer.dtype)
    if peer.dense:
        a = a.toarray()
    triplets = peak = None
    while True:
        try:
            rank = pipe.recv()
        except EOFError:
            return
        try:
            if rank is None:
                u, s, vt = triplets
                exact = matrices.load(csr, np.float64)
                pipe.send({"residual": residual(exact, u, s, vt), "values": s.astype(float).tolist(), "peak_mib": peak})
                del exact
                continue
            triplets = None
            memory.forget_peak()
            wall, cpu = time.perf_counter(), time.process_time()
            triplets = peer.solve(a, rank)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            peak = memory.peak_mib()
            pipe.send((1e3 * wall, 1e3 * cpu))
        except Exception as error:  # whatever a rival throws is its result
            pipe.send(Failed(f"{type(error).__name__}: {error}"))


class Irlba:
    """single-svdlib's IRLBA in float32."""

    precision = "float32"
    # Beyond, it takes ten times as long as its rivals, and then minutes.
    highest_rank = 100

    def __init__(self, program: Path, matrix: Matrix, tolerance: float):
        self.program, self.matrix, self.tolerance = program, matrix, tolerance
        self.name = f"irlba_f32_{tolerance:.0e}"
        self.label = f"irlba f32 (single-svdlib, tol {tolerance:.0e})"
        self._process = self._rank = self._peak = None
        self._out = tempfile.NamedTemporaryFile(suffix=".triplets")

    def run(self, rank: int) -> Sample:
        if not self._process:
            command = [self.program, self.matrix.csr]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        memory.forget_peak(self._process.pid)
        print(rank, self.tolerance, self._out.name, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            why, self._process = self._process.stderr.read(), None
            raise Failed(why.strip() or "its process died")
        self._rank, self._peak = rank, memory.peak_mib(self._process.pid)
        wall, cpu = map(float, line.split())
        return Sample(1e3 * wall, 1e3 * cpu)

    def quality(self) -> dict:
        (nrows, ncols), k = self.matrix.shape, self._rank
        u, s, vt = np.split(np.fromfile(self._out.name, "<f4"), [nrows * k, nrows * k + k])
        exact = matrices.load(self.matrix.csr, np.float64)
        worst = residual(exact, u.reshape(nrows, k), s, vt.reshape(k, ncols))
        return {"residual": worst, "values": s.astype(float).tolist(), "peak_mib": self._peak}

    def close(self):
        if self._process:
            self._process.communicate()
        self._out.close()


class Foretaste:
    precision = "float64"
    highest_rank = None

    def __init__(self, program: str, matrix: Matrix, tolerance: float, name: str, threads: int = 1):
        self.program, self.matrix, self.tolerance, self.name, self.threads = program, matrix, tolerance, name, threads
        self.label = f"foretaste {tolerance:.2g}"
        self._last = {}

    def run(self, rank: int) -> Sample:
        # Short calls several times in one process, as its rivals keep theirs from turn to turn: the first few pay for fresh memory.
        again = self._last.get("rank") == rank and self._last["cpu_ms"] < 500
        options = {"ranks": rank, "tolerance": self.tolerance, "threads": self.threads, "runs": 11 if again else 1}
        if self.matrix.rows:
            options["rows"] = self.matrix.rows
        command = [self.program, "bench", "svd", str(self.matrix.ratings), "--values"]
        done = subprocess.run(command + [f"--{key}={value}" for key, value in options.items()], capture_output=True, text=True)
        if done.returncode or not done.stdout:
            raise Failed(done.stderr.strip() or f"exit code {done.returncode}")
        self._last = json.loads(done.stdout)
        found, wanted = (*self._last["shape"], self._last["nnz"]), (*self.matrix.shape, self.matrix.nnz)
        if found != wanted:
            raise Failed(f"it read another matrix: {found}, expected {wanted}")
        return Sample(self._last["wall_ms"], self._last["cpu_ms"])

    def quality(self) -> dict:
        return {key: self._last[key] for key in ("residual", "values", "peak_mib", "solver", "columns")}

    def close(self):
        pass
