"""What is acknowledged is there, whatever the machine does: kills, a full disk, writes that fail. Campaigns take more trials."""
import json, os, random, subprocess, time

import pytest

from conftest import PROGRAM
from stores import Stored, Writer, check, names_in, shim

TRIALS = int(os.environ.get("FORETASTE_TRIALS", 40))


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    """At any instant of taking events, fitting, starting and importing."""
    chance, writers = random.Random(20), []
    Stored(tmp_path / "data").kill()
    for trial in range(TRIALS):
        started = time.monotonic()
        service = Stored(tmp_path / "data")
        assert time.monotonic() - started < 2, "it is to be up again in 2 s"
        own = [Writer(service.url, f"{trial}-{n}") for n in range(4)]
        [writer.start() for writer in own]
        if trial % 3 == 0:
            subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-X", "POST", f"{service.url}/recompute_svd?param=20"])
        time.sleep(chance.uniform(0.005, 0.2))
        service.kill()
        [writer.join() for writer in own]
        writers += own
    assert sum(len(writer.acknowledged) for writer in writers) > TRIALS * 10
    Stored(tmp_path / "data").stop()
    check(names_in(tmp_path / "data"), writers)


def test_a_kill_while_it_imports_is_gone_on_from(tmp_path):
    chance = random.Random(21)
    for trial in range(TRIALS):
        command = [PROGRAM, "serve", "demo", "--rank", "2", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / f"{trial}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.0, 0.12))
        process.kill()
        process.wait()
        service = Stored(tmp_path / f"{trial}")
        model = json.loads(service.call("/v1/models")[2])["models"][0]
        assert (model["users"], model["items"], model["ratings"]) == (1000, 500, 59_368)
        service.stop()


@pytest.mark.parametrize("forever", [False, True])
def test_a_write_that_fails_is_not_acknowledged_and_reading_goes_on(tmp_path, forever):
    library, writers = shim(tmp_path), []
    Stored(tmp_path / "data").stop()
    for at in range(2, 2 + TRIALS):
        fault = {"LD_PRELOAD": str(library), "FAULT_AT": str(at), "FAULT_IN": "store.sqlite"}
        try:
            service = Stored(tmp_path / "data", **fault, **({"FAULT_FOREVER": "1"} if forever else {}))
        except RuntimeError as refused:
            assert "error: the store cannot be written" in str(refused)
            continue
        writer = Writer(service.url, f"{at}-{forever}")
        writer.run()
        writers.append(writer)
        assert writer.refused == (503, "storage_failed")
        status, _, text = service.call("/readyz")
        assert (status, json.loads(text)["code"]) == (503, "storage_failed")
        assert service.call("/healthz")[0] == 200 and service.call("/v1/users/7/recommendations")[0] == 200
        again = Writer(service.url, f"again-{at}-{forever}")
        again.run()
        assert again.refused == (503, "storage_failed") and not again.acknowledged
        service.kill()
    assert len(writers) > TRIALS // 2, "most services began before the call that failed"
    Stored(tmp_path / "data").stop()
    check(names_in(tmp_path / "data"), writers)


def test_a_full_disk_refuses_writes_until_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        service, writers = Stored(disk / "data"), []
        for cycle in range(3):
            taken = os.statvfs(disk)
            (disk / "filler").write_bytes(b"x" * (taken.f_bavail * taken.f_frsize - 100_000))
            writer = Writer(service.url, f"full-{cycle}")
            writer.run()
            writers.append(writer)
            assert writer.refused == (507, "storage_full"), writer.refused
            assert service.call("/readyz")[0] == 200 and service.call("/v1/users/7/recommendations")[0] == 200
            (disk / "filler").unlink()
            freed = Writer(service.url, f"free-{cycle}")
            freed.start()
            until = time.monotonic() + 5
            while len(freed.acknowledged) < 3:
                assert time.monotonic() < until and freed.refused is None, freed.refused
                time.sleep(0.01)
            service.kill()
            freed.join()
            writers.append(freed)
            service = Stored(disk / "data")
        service.stop()
        check(names_in(disk / "data"), writers)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
