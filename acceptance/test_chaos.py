"""A little of each of the campaigns of chaos.py, which says how to run more."""
import shutil, subprocess

import pytest

import chaos


def test_kills_at_every_step_of_a_rollout_leave_what_is_recorded_and_nothing_after_a_stop():
    if not shutil.which("strace"):
        pytest.skip("strace is missing, and cannot be installed here")
    head, rows, failures = chaos.kills(30, 20261128, at_once=5)
    counted = sum(sum(row[2:5]) for row in rows[:-1])
    assert failures == 0 and counted >= 24, "\n" + chaos.table(head, rows)


def test_a_full_disk_loses_no_request_and_leaves_nothing(tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    subprocess.run(["umount", tmp_path], check=True)
    head, rows, failures = chaos.disk(4, 20261128, 1)
    assert failures == 0, "\n" + chaos.table(head, rows)


@pytest.mark.parametrize("what", [chaos.stops, chaos.redeploys])
def test_stops_and_deployments_under_load_lose_nothing(what):
    head, rows, failures = what(6, 20261128, 1)
    assert failures == 0 and rows[0][1] > 10, "\n" + chaos.table(head, rows)
