"""Events over HTTP: written for good, and counted in the next list."""
import json, subprocess, time

import pytest

from conftest import PROGRAM, Service, run
from stores import Stored, Writer, names_in


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    service = Stored(tmp_path_factory.mktemp("store") / "data")
    yield service
    service.stop()


def post(service, body, path="/v1/events", **headers):
    status, _, text = service.call(path, "POST", body, **headers)
    return status, json.loads(text)


def listed(service, user, path="recommendations"):
    return json.loads(service.call(f"/v1/users/{user}/{path}")[2])


def event(user, item, kind="rating", value=5, **more):
    return {"user": user, "item": item, "type": kind, "value": value, **more}


def test_an_event_counts_in_the_next_answer(served):
    before = listed(served, 7)
    first, second = (item["id"] for item in before["items"][:2])
    assert "live_events" not in before
    assert post(served, event(7, first))[1]["accepted"] == 1
    assert post(served, event("7", second, "view", 1))[1]["accepted"] == 1
    after = listed(served, 7)
    assert (after["live_events"], after["source"]) == (2, "fold_in")
    assert not {first, second} & {item["id"] for item in after["items"]}
    # As if the request had said so.
    said = {"user": "7", "add": [{"item": first, "value": 5}], "exclude": [second]}
    assert post(served, said, "/v1/recommendations")[1]["items"] == after["items"]
    assert {"id": first, "score": 5.0} in [
        {"id": item["id"], "score": item["score"]} for item in listed(served, 7, "ratings?limit=1000")["items"]]


def test_a_new_user_gets_a_list_after_one_event(served):
    assert listed(served, "fresh")["source"] == "popular"
    assert served.call("/v1/users/fresh")[0] == 404
    post(served, {"user": "fresh", "item": "3", "rating": 4}, "/v1/ratings")
    after = listed(served, "fresh")
    assert (after["source"], after["live_events"]) == ("fold_in", 1)
    assert listed(served, "fresh", "ratings")["total"] == 1 and served.call("/v1/users/fresh")[0] == 200


def test_what_is_wrong_is_named_and_nothing_of_it_is_written(served):
    right = event("atomic", "1", event_id="atomic-1")
    for wrong, says in [
        ({"user": "u", "item": "1"}, "`events[1]` has no `type`"),
        (event("u", "1", "gaze"), "`events[1].type` is `gaze`, allowed are rating, "),
        (event("", "1"), "`events[1].user` has 0 bytes, allowed are 1 to 512"),
        (event("u", "x" * 513), "`events[1].item` has 513 bytes"),
        (event("u", "a\u0007"), "`events[1].item` has a control character"),
        ({"user": "u", "item": "1", "type": "rating"}, "is a rating and has no `value`"),
        (event("u", "1", value=1e31), "`events[1].value` is "),
        (event("u", "1", time="yesterday"), "expected a time as RFC 3339"),
        (event("u", "1", time=-1), "expected a time as RFC 3339"),
        (event("u", "1", colour="red"), "`events[1]` has a field `colour`"),
        ("text", "`events[1]` is"),
    ]:
        status, reply = post(served, [right, wrong])
        assert (status, reply["code"]) == (422, "invalid_event") and says in reply["message"], (wrong, reply)
    assert listed(served, "atomic")["source"] == "popular"
    status, reply = post(served, [right, {"user": "u"}, right], "/v1/events?mode=each")
    assert (status, reply["accepted"], reply["duplicates"]) == (200, 1, 1)
    assert [rejected["index"] for rejected in reply["rejected"]] == [1]
    assert post(served, [event("u", "1")] * 10_001)[1]["code"] == "too_many_entries"
    assert post(served, b"[{", content_type="application/json")[1]["code"] == "malformed_json"
    assert post(served, [])[1] == {"accepted": 0, "duplicates": 0, "last_sequence": None}


def test_lines_are_events_too(served):
    lines = "\n".join(json.dumps(event("lines", str(n), time="2026-01-31T12:00:00+01:00")) for n in (1, 2, 3)) + "\n\n"
    status, reply = post(served, lines.encode(), content_type="application/x-ndjson")
    assert (status, reply["accepted"]) == (200, 3)
    status, _, text = served.call("/v1/events", "POST", lines.encode(), content_type="text/plain")
    assert status == 415 and "application/x-ndjson" in text


def test_a_refit_holds_the_events_and_items_that_were_turned_down_stay_out(served):
    disliked = listed(served, 9)["items"][0]["id"]
    post(served, [event(9, disliked, "dislike", 1), event(9, "1", value=1), event(9, "no item of the data")])
    assert listed(served, 9)["live_events"] == 3
    users = json.loads(served.call("/v1/models")[2])["models"][-1]["users"]
    assert served.call("/recompute_svd?param=3", "POST")[0] == 200
    after = listed(served, 9)
    assert after["model_version"] != "v1" and "live_events" not in after
    assert disliked not in [item["id"] for item in after["items"]]
    newest = json.loads(served.call("/v1/models")[2])["models"][-1]
    assert newest["users"] > users and newest["version"] == after["model_version"]
    # An older version knows less, and is told the rest again while it is remembered.
    served.call("/v1/models/v1/activate", "POST")
    assert json.loads(served.call("/v1/items/no%20item%20of%20the%20data")[2])["code"] == "unknown_item"
    served.call(f"/v1/models/{after['model_version']}/activate", "POST")
    assert served.call("/v1/items/no%20item%20of%20the%20data")[0] == 200


def test_without_a_store_events_are_refused():
    service = Service("demo", "--rank", 2)
    status, reply = post(service, event("1", "1"))
    assert (status, reply["code"]) == (409, "no_store") and "--data-dir" in reply["message"]
    service.stop()


def test_a_store_is_the_truth_after_a_restart_and_of_one_source(tmp_path):
    folder = tmp_path / "data"
    service = Stored(folder)
    post(service, event("later", "5", event_id="kept"))
    started = time.monotonic()
    second = subprocess.run([PROGRAM, "serve", "demo", "--data-dir", folder, "--listen", "127.0.0.1:0"],
                            capture_output=True, text=True, timeout=10)
    assert second.returncode == 1 and time.monotonic() - started < 1
    assert f"in use by process {service.process.pid}" in second.stderr and "--data-dir" in second.stderr
    service.kill()
    service = Stored(folder)
    assert post(service, event("later", "5", event_id="kept"))[1]["duplicates"] == 1
    assert listed(service, "later", "ratings")["total"] == 1
    service.stop()
    assert names_in(folder) == ["kept"]
    other = tmp_path / "other.csv"
    other.write_text("user,item,rating\n1,1,3\n2,2,4\n")
    refused = subprocess.run([PROGRAM, "serve", other, "--data-dir", folder], capture_output=True, text=True, timeout=10)
    assert refused.returncode == 2 and "holds demo, not" in refused.stderr
    model = tmp_path / "m.foretaste"
    run("fit", "demo", "--rank", 2, "--out", model)
    refused = subprocess.run([PROGRAM, "serve", model, "--data-dir", tmp_path / "new"], capture_output=True, text=True, timeout=10)
    assert refused.returncode == 2 and "is a model, which a store cannot hold" in refused.stderr


def version_within(service, seconds, expected):
    """The version that serves, once it is the one expected, or after so many seconds."""
    until = time.monotonic() + seconds
    while (found := json.loads(service.call("/v1/models")[2])["active"]) != expected and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_a_service_fits_anew_on_its_own(tmp_path):
    service = Stored(tmp_path / "data", "--refit-after", 3)
    post(service, [event("a", "1"), event("a", "2")])
    assert version_within(service, 2.5, "v2") == "v1"
    post(service, event("a", "3"))
    assert version_within(service, 5, "v2") == "v2"
    assert listed(service, "a")["source"] == "model"
    service.stop()
    service = Stored(tmp_path / "data", "--refit-every", "1s")
    assert version_within(service, 3, "v2") == "v1", "nothing has changed"
    post(service, event("a", "4"))
    assert version_within(service, 5, "v2") == "v2"
    service.stop()


def test_a_copy_is_taken_while_events_come_and_a_flipped_bit_is_named(tmp_path):
    folder, copy = tmp_path / "data", tmp_path / "copy"
    service = Stored(folder)
    writer = Writer(service.url, "copied")
    writer.start()
    while len(writer.acknowledged) < 100:
        time.sleep(0.01)
    before = len(writer.acknowledged)
    assert run("backup", folder, copy).endswith("every row is as it was written\n")
    assert copy.stat().st_mode & 0o777 == 0o700 and (copy / "store.sqlite").stat().st_mode & 0o777 == 0o600
    again = subprocess.run([PROGRAM, "backup", folder, copy], capture_output=True, text=True)
    assert again.returncode == 1 and "it is not empty" in again.stderr
    assert run("fsck", folder) == f"every row of {folder} is as it was written\n"
    service.kill()
    writer.join()
    found = names_in(copy)
    assert before <= len(found) <= len(writer.acknowledged) and set(found) <= set(writer.acknowledged)
    restored = Stored(copy)
    assert listed(restored, "w1", "ratings")["total"] > 0
    restored.stop()
    bytes_of = bytearray((copy / "store.sqlite").read_bytes())
    at = bytes_of.rindex(b"copied-7")
    bytes_of[at + 7] ^= 1
    (copy / "store.sqlite").write_bytes(bytes_of)
    damaged = subprocess.run([PROGRAM, "fsck", copy], capture_output=True, text=True)
    assert damaged.returncode == 3 and "is not as it was written" in damaged.stdout and "fault" in damaged.stderr
    nothing = subprocess.run([PROGRAM, "fsck", tmp_path / "nowhere"], capture_output=True, text=True)
    assert nothing.returncode == 3 and "is no store of foretaste" in nothing.stderr


def test_evidence_adds_up(tmp_path):
    views = tmp_path / "views.csv"
    views.write_text("user,item\n" + "".join(f"u{n % 40},i{n * 7 % 23}\n" for n in range(400)))
    service = Service(views, "--model", "popularity", "--data-dir", tmp_path / "data")
    before = {item["id"]: item["score"] for item in listed(service, "u1", "ratings?limit=100")["items"]}
    item = next(iter(before))
    assert post(service, [event("u1", item, "purchase", 1), event("u1", item, "view", 1)])[0] == 200
    after = {item["id"]: item["score"] for item in listed(service, "u1", "ratings?limit=100")["items"]}
    assert after == {**before, item: before[item] + 8 + 1}
    assert served_again(service) == after
    service.stop()


def served_again(service):
    """The same from the data of a refit."""
    reply = json.loads(service.call("/v1/models", "POST", {"model": "popularity"})[2])
    while json.loads(service.call(f"/v1/jobs/{reply['id']}")[2])["state"] not in ("succeeded", "failed"):
        time.sleep(0.02)
    return {item["id"]: item["score"] for item in listed(service, "u1", "ratings?limit=100")["items"]}
