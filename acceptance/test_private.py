"""What belongs to one user: no bit for others on anything that services and kernels make, no link followed, nothing left."""
import os, pathlib, signal, stat, subprocess, tempfile, time

import pytest

from notebooks import Notebook, kernels_of, within, write
from services import machine

NOBODY = 65534


def for_others(folder):
    """What has a bit for the group or for others below a folder, which itself is the check's."""
    return {
        str(path.relative_to(folder)): stat.filemode(path.lstat().st_mode)
        for path in folder.rglob("*")
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    }


def made(folder):
    return sorted(path.name for path in folder.rglob("*"))


@pytest.fixture(params=["short", "long"])
def temporary(request):
    """A folder for temporary files; in the path of a long one no socket has room, so that kernels listen on ports."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ft", dir="/tmp"))
    inner = folder / ("t" if request.param == "short" else "t" * 100)
    inner.mkdir(mode=0o777)
    inner.chmod(0o1777)
    yield inner
    subprocess.run(["rm", "-rf", folder], check=True)


def test_nothing_that_a_service_makes_has_a_bit_for_others(machine):
    machine.environment["TMPDIR"] = str(machine.folder)
    before = os.umask(0)
    try:
        machine.deploy("films")
        machine.deploy("films", rank=11)
    finally:
        os.umask(before)
    state = machine.folder / "s"
    assert {"log", "lock", "service.json", "control.sock", "notify.sock"} <= set(made(state))
    assert for_others(state) == {} and not state.stat().st_mode & 0o077


def test_nothing_that_a_kernel_is_given_has_a_bit_for_others_and_nothing_is_left(temporary, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(temporary))
    before = os.umask(0)
    try:
        service = Notebook(write(tmp_path / "n.ipynb", "# GET /one\nprint(1)"))
    finally:
        os.umask(before)
    assert service.call("/one")[0] == 200
    ours = [path for path in temporary.iterdir() if path.name.startswith("foretaste-kernel-")]
    assert len(ours) == 1 and "connection.json" in made(ours[0])
    assert (ours[0] / "s-1").exists() == (len(str(temporary)) < 60), "a socket where there is room, otherwise a port"
    # The kernel makes its sockets by itself; the folder keeps others out.
    for path in [ours[0], ours[0] / "connection.json"]:
        assert not path.stat().st_mode & 0o077, path
    # What a killed gateway leaves is swept by the next that starts.
    kernels = kernels_of(service.process.pid)
    assert kernels
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    within(5, lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in kernels))
    assert ours[0].exists()
    os.utime(ours[0], (time.time() - 300,) * 2)
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /one\nprint(1)"))
    assert not ours[0].exists()
    service.stop()
    assert made(temporary) == []


def test_a_link_in_the_place_of_a_file_is_refused_and_what_it_points_to_stays(machine):
    precious = machine.folder / "precious"
    precious.write_text("precious")
    folder = machine.folder / "s" / "films"
    folder.mkdir(parents=True, mode=0o700)
    for name in ["log", "lock"]:
        (folder / name).symlink_to(precious)
    refused = machine.run("deploy", machine.specification("films"), code=1)
    assert "is a symbolic link, expected a file of your own" in refused
    (folder / "log").unlink()
    machine.run("deploy", machine.specification("films"), code=1)
    assert "lock is a symbolic link" in machine.run("logs", "films")
    assert precious.read_text() == "precious"
    (folder / "lock").unlink()
    machine.deploy("films")


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can make what belongs to another user")
def test_a_folder_of_another_user_or_open_to_others_is_refused_by_name(machine):
    folder = machine.folder / "s" / "films"
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, NOBODY, -1)
    assert f"films belongs to user {NOBODY}, expected user 0" in machine.run("deploy", machine.specification("films"), code=1)
    os.chown(folder, 0, -1)
    folder.chmod(0o777)
    refused = machine.run("deploy", machine.specification("films"), code=1)
    assert "others may write to" in refused and f"chmod go-rwx {folder}" in refused
    assert made(folder) == []
    folder.chmod(0o755)
    machine.deploy("films")
    assert folder.stat().st_mode & 0o777 == 0o700
