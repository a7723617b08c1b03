"""Logs: bounded whoever writes, private, read in order, without a line for each request."""
import json, re, subprocess, threading, time

from conftest import PROGRAM, Service
from notebooks import within
from services import machine

LONGEST = 16 << 20


def sizes(folder):
    return {path.name: path.stat().st_size for path in folder.glob("log*")}


def test_a_log_stays_within_two_files_whoever_writes_and_is_read_in_order(machine):
    service = machine.deploy("films")
    folder = machine.folder / "s" / "films"
    follower = subprocess.Popen([PROGRAM, "logs", "films", "--follow"], stdout=subprocess.PIPE, text=True, env=machine.environment)
    followed = []
    threading.Thread(target=lambda: followed.extend(line for line in follower.stdout if "line" in line), daemon=True).start()
    # What a worker or a kernel's child has as its standard error: a file that is only ever appended to.
    with open(f"/proc/{service['pids'][0]}/fd/2", "ab", buffering=0) as held:
        most = {}
        for at in range(1000):
            held.write(b"".join(b"line %07d %s\n" % (at * 1000 + k, b"x" * 60) for k in range(1000)))
            for name, size in sizes(folder).items():
                most[name] = max(size, most.get(name, 0))
            time.sleep(0.004)
        held.write(b"the end\n")
    assert set(most) == {"log", "log.1"} and all(size <= LONGEST for size in most.values()), most
    assert most["log"] > LONGEST / 2
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.glob("log*"))
    # Both files, in order; at most a few lines are lost to a cut.
    last = machine.run("logs", "films", "--lines", 12_000).splitlines()
    numbers = [int(line.split()[1]) for line in last if line.startswith("line")]
    assert numbers == sorted(numbers) and numbers[-1] == 999_999 and last[-1] == "the end"
    within(5, lambda: followed and followed[-1].startswith("line 0999999"))
    follower.terminate()
    seen = [int(re.match(r"line (\d{7})", line).group(1)) for line in followed if re.match(r"line \d{7} x{60}$", line)]
    assert seen == sorted(seen) and len(seen) > 990_000, len(seen)


def test_the_end_of_both_files_is_printed(machine):
    machine.deploy("films")
    folder = machine.folder / "s" / "films"
    with open(folder / "log", "ab", buffering=0) as held:
        held.write(b"old\n" * (4 << 20))
        within(5, lambda: sizes(folder)["log"] < 1000)
        held.write(b"new\n")
    assert machine.run("logs", "films", "--lines", 3) == "old\nold\nnew\n"
    # A deployment that fails still says why.
    assert "100" in machine.run("deploy", machine.specification("films", rank=100_000), code=1)


def test_what_serves_already_is_activated_without_a_word():
    service = Service("demo", "--rank", 5)
    service.call("/recompute_svd?param=6", "POST")
    for version in ["v1", "v1", "v1", "v2", "v2"]:
        assert service.call(f"/v1/models/{version}/activate", "POST")[0] == 200
    service.stop()
    service.log.seek(0)
    logged = [line for line in service.log if "activated" in line]
    assert len(logged) == 2 and "v1" in logged[0] and "v2" in logged[1]


def test_lines_that_repeat_are_counted(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("userId,movieId,rating\n1,10,5\n1,11,3\n2,10,4\n2,12,2\n")
    service = Service(path, "--rank", 2, "--log-format", "json")
    for _ in range(20):
        service.process.send_signal(1)
        time.sleep(0.02)
    time.sleep(0.2)
    service.stop()
    service.log.seek(0)
    lines = [json.loads(line) for line in service.log if "reload" in line]
    assert len(lines) == 2 and "repeated" not in lines[0], lines
    assert 5 <= lines[1]["repeated"] <= 19 and lines[1]["message"] == lines[0]["message"]
