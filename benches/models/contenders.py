"""The processes that are measured, and turns taken between them."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Process:
    def __init__(self, command):
        nice = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([*nice, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line: str):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"no answer to {line}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Foretaste(Process):
    def __init__(self, *data):
        super().__init__([os.environ["MEASURE"], *data])


class Peer(Process):
    def __init__(self):
        super().__init__([sys.executable, HERE / "peer.py"])

    def do(self, what: str, **arguments):
        return self.ask(json.dumps({"do": what, **arguments}))


class Times:
    """CPU seconds of each turn of each contender."""

    def __init__(self):
        self.of: dict[str, list[float]] = {}

    def take(self, turns: int, contenders: dict, warm_up: bool = True):
        """Everyone once a turn, one after the other, so that what else the machine does hits them alike."""
        for turn in range(-warm_up, turns):
            for name, measure in contenders.items():
                took = measure()
                if turn >= 0:
                    self.of.setdefault(name, []).append(took)
        return self

    def median(self, name):
        return statistics.median(self.of[name])

    def spread(self):
        """The largest half distance between the quartiles, beside the median."""
        def one(times):
            if len(times) < 4:
                return (max(times) - min(times)) / 2 / statistics.median(times)
            low, _, high = statistics.quantiles(times, n=4)
            return (high - low) / 2 / statistics.median(times)

        return max(map(one, self.of.values()))
