"""The JSON-lines file: one line on the machine, then one for each (study, matrix, rank, contender)."""

import datetime
import importlib.metadata
import json
import platform
import subprocess
from pathlib import Path

import threadpoolctl

PACKAGES = ("numpy", "scipy", "scikit-learn")


class Writer:
    """Writes each line at once: what was measured survives a break."""

    def __init__(self, path: Path):
        self._file = path.open("w")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def add(self, record: dict):
        rounded = {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in record.items()}
        print(json.dumps(rounded), file=self._file, flush=True)


def machine(foretaste: str) -> dict:
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    blas = {f"{one['internal_api']} {one['version']} {one.get('architecture', '')}".strip() for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}
    return {
        "study": "machine",
        "date": datetime.date.today().isoformat(),
        "cpu": cpu,
        "system": platform.platform(terse=True),
        "foretaste": subprocess.run([foretaste, "--version"], capture_output=True, text=True, check=True).stdout.strip(),
        "python": platform.python_version(),
        "packages": [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES],
        "blas": sorted(blas),
    }


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
