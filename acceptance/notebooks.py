"""Notebooks as files, and the program that serves them, on the kernels of the Python that runs the checks."""
import json, os, re, subprocess, sys, tempfile, time

from conftest import PROGRAM, Service


def write(path, *cells, language="python", kernel="python3"):
    """A notebook of these cells; one that begins with `md:` is text."""
    def cell(at, source):
        if source.startswith("md:"):
            return {"id": f"c{at}", "cell_type": "markdown", "metadata": {}, "source": source[3:]}
        return {"id": f"c{at}", "cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True),
                "execution_count": None, "outputs": []}
    spec = {"name": kernel, "display_name": kernel, "language": language}
    file = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec},
            "cells": [cell(at, source) for at, source in enumerate(cells)]}
    path.write_text(json.dumps(file))
    return path


class Notebook(Service):
    """`foretaste notebook` on a free port."""

    def __init__(self, file, *args, python=sys.executable, **environment):
        self.log = tempfile.TemporaryFile("w+")
        choice = ["--python", python] if python else []
        command = [PROGRAM, "notebook", file, *choice, *map(str, args), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, **environment})
        self.printed = ""
        for line in self.process.stdout:
            self.printed += line
            found = re.search(r"https?://127\.0\.0\.1:\d+", line)
            if found:
                self.url = found.group()
                return
        raise RuntimeError(f"no address was printed: {self.logged()}")

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def get(self, path, **headers):
        return self.call(path, **headers)[2]


def kernels_of(process):
    """The ids of the processes that a process started and that live."""
    children = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == process and state != "Z":
            children.append(int(pid))
    return children


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds, condition):
    """How long it took until the condition held; it must within these seconds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - begun
